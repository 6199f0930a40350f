//! The memory that a call reads its input from and writes its output to.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Counter, U64};

use super::head::{CallEvent, Head, Popped};
use super::{ADDRESS_ROW, CODE_ROW, INPUT_ROW, Layout, OUTPUT_ROW};
use crate::bus::Words;
use crate::memory::expansion::{Demand, Expansion, ExpansionCells, Request};
use crate::step::OperandEvent;

/// A range of memory that exists behind the step.
#[derive(Debug)]
pub(super) struct Range {
    sized: Bool,
    words: Words,
    /// Where it begins; zero if it is empty.
    pub(super) offset: Counter,
    /// How many bytes.
    pub(super) length: Counter,
}

impl Range {
    /// An empty range ignores its offset; any other has two operands below 2^128, and an end below 2^64 by the fact
    /// about its words.
    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, label: &str, operands: &[Popped; 2], row: i16) -> Self {
        let [offset, length] = operands.each_ref().map(|operand| &operand.value);
        let empty = chip.is_zero(&format!("{label} is empty"), CODE_ROW, &length.hi + &length.lo);
        let sized = empty.not();
        chip.require_zero(format!("{label}: high limbs"), &sized * (&offset.hi + &length.hi));
        let words = Words {
            bytes: U64::assume(&offset.lo + &length.lo + 31, "the fact is about numbers below 2^64"),
            ..chip.peek(&layout.expansion.words, row)
        };
        chip.consume_if(&layout.expansion.words, row, &sized, &words);
        let offset = Counter::assume(&sized * &offset.lo, "the end is below 2^64");
        let length = Counter::assume(length.lo.expr(), "zero, or the end is below 2^64");
        Self { sized, words, offset, length }
    }

    fn request(&self) -> Request {
        Request { flag: self.sized.clone(), words: self.words.words.expr() }
    }
}

/// Both ranges, and the memory that grows to hold them.
#[derive(Debug)]
pub(super) struct Ranges {
    pub(super) input: Range,
    pub(super) output: Range,
    expansion: Expansion,
    memory: Expr,
}

impl Ranges {
    /// Keeps scratch cells away from the slots.
    pub(super) fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        chip.peek(&layout.expansion.order, 0);
        for row in [INPUT_ROW, OUTPUT_ROW] {
            chip.peek(&layout.expansion.words, row);
        }
        for row in [ADDRESS_ROW, CODE_ROW] {
            chip.peek(&layout.expansion.cost, row);
        }
    }

    /// `flags` is a row whose spare columns hold nothing else.
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, flags: i16) -> Self {
        let (slots, steps) = (&layout.expansion, &layout.step);
        let [first, second, grows, creates] = layout.spare.map(|cell| cell.shifted(flags));
        let input = Range::build(chip, layout, "input", &head.input, INPUT_ROW);
        let output = Range::build(chip, layout, "output", &head.output, OUTPUT_ROW);
        let expansion = Expansion::two(
            chip,
            (slots, steps),
            &head.step,
            (ExpansionCells { grows, creates }, [first, second]),
            [&input.request(), &output.request()],
            [[0, 0, 0], [INPUT_ROW, OUTPUT_ROW, OUTPUT_ROW]],
            [CODE_ROW, ADDRESS_ROW],
        );
        let memory = steps.next_memory.expect("the shape is dynamic").expr();
        Self { input, output, expansion, memory }
    }

    /// What the new words cost.
    pub(super) fn gas(&self) -> Expr {
        self.expansion.gas()
    }

    /// Words of memory behind the step.
    pub(super) fn memory(&self) -> Counter {
        Counter::assume(self.memory.clone(), "the greatest of three sizes")
    }

    /// Answers what the new words cost.
    pub(super) fn fill(&self, event: &CallEvent, row: &mut WindowWriter<'_>) -> u128 {
        let fill = |range: &Range, [offset, length]: &[OperandEvent; 2], row: &mut WindowWriter<'_>| {
            let demand = Demand { offset: offset.value, length: length.value };
            let words = demand.words();
            if words.is_some() {
                let bytes = (offset.value + length.value).as_limbs()[0] + 31;
                row.set(&range.words.words, bytes / 32);
                row.set(&range.words.rest, (bytes % 32) as u8);
            }
            words
        };
        let requests = [fill(&self.input, &event.input, row), fill(&self.output, &event.output, row)];
        let memory = event.step.state.memory;
        self.expansion.fill(memory, &requests, row).1
    }
}
