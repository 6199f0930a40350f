//! CALLDATALOAD.
//!
//! **Given** an offset of any size, and the [`Context`](crate::bus::Context) of the call.
//! **Proves** that the 32 bytes of the input from there on are pushed, zeros for those behind its end. The input is a slice of
//! another memory, the caller's or the transaction's, and is read in place.
//!
//! Row 0 is the step, row 1 the context and the word with the first byte, row 2 the word behind it. Exactly one of four flags
//! is one where the step succeeds. `left` stands for `input length - offset`.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | whole, part, behind, high is boolean | 2 | 32 bytes are left, fewer, none, or the offset exceeds 2^128 |
//! | one of four | 1 | if the step succeeds |
//! | inside: hi | 2 | an offset within the input is below 2^128 |
//! | left | 2 | `left >= 32` if whole, `left >= 1` if in part |
//! | part | 2 | `left <= 31` if in part |
//! | range128: value in row 2 | 2 | `left <= 0` if behind, `offset.hi >= 1` if high |
//! | outside (2) | 2 | zero is pushed |
//! | context: call in row 1 | 1 | the context is this call's |
//! | keep | 2 | 32, `left`, or 0 bytes of the input count |
//! | crosses ..., no word 2 (2), clock, index, call of word 1 and 2 (5), words: bytes | 1 to 2 | see [`pair`](super::pair) |
//! | word 1 and 2 stay (4) | 1 | the input is only read |
//! | extra gas, next memory | 1 | no expansion |
//! | stack height | 1 | unchanged |
//! | next pc | 2 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or the operand |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Limb, Word, split};

use super::pair::{Pair, Place, TokenEvent};
use super::{End, Layout, short};
use crate::bus::{Context, ContextNative, Range128};
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct InputLoad {
    step: Step,
    offset: Operand,
    result: Word,
    context: Context,
    /// Whole, part, behind, high.
    flags: [Bool; 4],
    pair: Pair,
    end: End,
}

/// What a step of [`InputLoad`] is filled from.
#[derive(Clone, Debug)]
pub struct InputLoadEvent {
    /// The step. Where it fails, nothing is popped.
    pub step: StepEvent,
    /// The top of the stack: the first byte of the input.
    pub offset: OperandEvent,
    /// What is pushed.
    pub result: U256,
    /// What is constant in the call.
    pub context: ContextNative,
    /// The word of the input's memory with the first byte, accessed at `clock + 2` and left as it is. Not read where the
    /// offset lies behind the input.
    pub first: TokenEvent,
    /// The word behind it. Not read where the input's bytes do not reach it.
    pub second: TokenEvent,
}

impl Chip for InputLoad {
    type Layout = Layout;
    type Event = InputLoadEvent;
    const NAME: &'static str = "input load";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::InputLoad);
        let places = [(slots.height, "whole"), (slots.gas, "part"), (slots.memory, "behind"), (slots.cost, "high")];
        let flags = places.map(|(cell, label)| chip.bool_at(label, cell.shifted(2)));
        let [whole, part, behind, high] = &flags;
        let crosses = chip.bool_at("crosses", slots.opcode_cell.shifted(2));
        let inside = Bool::assume(whole + part, "one of four");
        let outside = Bool::assume(behind + high, "one of four");
        let offset = step.pop_a(chip, slots);
        let result = step.push(chip, slots, "a slice of words, or zero");

        let mut context = chip.learn_if(&layout.context, 1, &step.ok);
        chip.define("context: call in row 1", slots.height.shifted(1), slots.call);
        context.call = step.state.call.clone();
        let keep = slots.parameter.shifted(1);
        let left = &context.input_length - &offset.value.lo;
        chip.define("keep", keep, whole * Expr::from(32) + part * &left);
        let place = Place {
            bytes: &context.input_offset + &offset.value.lo,
            keep: keep.expr(),
            sized: inside.clone(),
            first: inside.clone(),
            second: crosses.clone(),
            crosses,
        };
        let pair = Pair::build(chip, layout, &place);
        chip.learn_if(&layout.slice, 0, &inside);
        for row in [1, 2] {
            for (i, limb) in ["hi", "lo"].iter().enumerate() {
                let label = format!("word {row} stays: {limb}");
                chip.define(label, slots.b[i].shifted(row), slots.r[i].shifted(row));
            }
        }

        chip.require_equal("one of four", &inside + &outside, &step.ok);
        chip.require_zero("inside: hi", &inside * &offset.value.hi);
        chip.require_limbs16("left", &[1, 2, 2], whole * (&left - 32) + part * (&left - 1));
        chip.require_limbs16("part", &[0], part * (Expr::from(31) - &left));
        let beyond = Limb::assume(high * (&offset.value.hi - 1) - behind * left, "this message checks it");
        chip.consume_if(&layout.range128, 2, &outside, &Range128 { value: beyond });
        chip.require_zero("outside: hi", &outside * &result.hi);
        chip.require_zero("outside: lo", &outside * &result.lo);
        layout.keep_memory(chip);
        layout.next_pc(chip, &step);
        step.end(chip, slots, 0, &Needs::Words(1));
        Self { step, offset, result, context, flags, pair, end: End::new(layout) }
    }

    fn fill(&self, event: &InputLoadEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.end.fill(&event.step, 0, short(event.step.state.height, 1), row);
        if event.step.fault.is_some() {
            return;
        }
        self.offset.fill_popped(&event.offset, row);
        row.message(&self.context, &event.context);
        let (hi, lo) = split(&event.offset.value);
        let left = u128::from(event.context.input_length).saturating_sub(lo);
        let flags = [hi == 0 && left >= 32, hi == 0 && (1..32).contains(&left), hi == 0 && left == 0, hi > 0];
        self.flags.iter().zip(flags).for_each(|(cell, flag)| row.set(cell, flag));
        if flags[0] || flags[1] {
            let byte = event.context.input_offset + lo as u64;
            let crosses = self.pair.fill_address(byte, left.min(32) as u64, row);
            self.pair.fill_word(0, &event.first, row);
            if crosses {
                self.pair.fill_word(1, &event.second, row);
            }
            row.set(&self.result, event.result);
        }
    }
}
