//! CALLDATACOPY and CODECOPY.
//!
//! **Given** an offset in memory, one in the source, and a length on the stack, and how long the source is.
//! **Proves** that memory grows to hold the range, what that and the copy costs, and that a job is sent for the bytes. The
//! input is a slice of another memory, the caller's or the transaction's.
//!
//! Row 0 is the step, row 1 has the length, where the source begins, and for the input the context.
//! Beyond the constraints of a [`range`](super::range) and of a [`clamp`](super::clamp):
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | source | 1 | the schedule's parameter says that it is for this one |
//! | ok is boolean | 2 | |
//! | copies | 2 | a success with bytes |
//! | clock, call, height in row 1 | 1 | the length is the third operand, and the context that of the call |
//! | input: call, begin, length | 1 | of the context |
//! | stack height | 1 | three words less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack, or by how much the range is too large |
//! | evidence | 3 | that, or gas is short |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, from_u128};

use super::clamp::Clamp;
use super::layout::Layout;
use super::range::{Price, Range, extent};
use super::{End, short};
use crate::bus::{Context, ContextNative};
use crate::memory::expansion::Demand;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// Gas for each word that is copied (Yellow Paper, appendix G).
pub const GAS_PER_WORD: u64 = 3;

/// The chip, for the input or the code.
#[derive(Debug)]
pub struct Copy<const CODE: bool> {
    step: Step,
    operands: Vec<Operand>,
    clamp: Clamp,
    context: Option<Context>,
    size: Counter,
    range: Range,
    end: End,
}

/// What is copied.
#[derive(Clone, Debug)]
pub enum Source {
    /// The input: what is constant in the call.
    Input(ContextNative),
    /// The code: its length.
    Code(u64),
}

impl Source {
    fn size(&self) -> u64 {
        match self {
            Self::Input(context) => context.input_length,
            Self::Code(length) => *length,
        }
    }
}

/// What a step of [`Copy`] is filled from.
#[derive(Clone, Debug)]
pub struct CopyEvent {
    /// The step. Where it fails, its operands are popped unless the stack has too few.
    pub step: StepEvent,
    /// The offset in memory, that in the source, and the length, from the top of the stack on. Where the length is not
    /// zero and the step succeeds, a copy job is sent, for `clock +` [`JOB`](super::JOB): its source begins at the offset, or
    /// at the end of the source if the offset is behind it.
    pub operands: [OperandEvent; 3],
    /// What is copied.
    pub source: Source,
}

/// Pops three operands, the third of them in row 1.
pub(super) fn pop_three(chip: &mut ChipBuilder<'_>, layout: &Layout, step: &Step, flag: &Bool) -> Vec<Operand> {
    let slots = &layout.step;
    let mut operands = vec![step.pop_a_if(chip, slots, flag), step.pop_b_if(chip, slots, flag)];
    operands.append(&mut step.pop_below(chip, slots, 1, &[flag]));
    operands
}

impl<const CODE: bool> Chip for Copy<CODE> {
    type Layout = Layout;
    type Event = CopyEvent;
    const NAME: &'static str = if CODE { "code copy" } else { "input copy" };
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Copy);
        chip.require_equal("source", slots.parameter, Expr::from(u64::from(CODE)));
        let flags = [slots.height, slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost];
        let extent = extent(chip, flags.map(|cell| cell.shifted(2)));
        let clamp = Clamp::flags(chip, [slots.clock, slots.call, slots.parameter].map(|cell| cell.shifted(2)));
        let copies = slots.ok.shifted(2);
        chip.reserve(copies);
        chip.define("copies", copies, &step.ok * &extent.sized);
        let copies = Bool::assume(copies, "a conjunction");
        let operands = pop_three(chip, layout, &step, &extent.popped());
        let context = if CODE {
            chip.learn_if(&layout.code_length, 0, &copies);
            let job = chip.peek(&layout.code_copy_job, 0);
            chip.send_if(&layout.code_copy_job, 0, &copies, &job);
            None
        } else {
            let job = chip.peek(&layout.copy_job, 0);
            chip.send_if(&layout.copy_job, 0, &copies, &job);
            let context = chip.learn_if(&layout.context, 1, &copies);
            chip.define("input: call", layout.second[1], &context.input_call);
            chip.define("input: begin", slots.r[0], &context.input_offset);
            chip.define("input: length", slots.r[1], &context.input_length);
            Some(context)
        };
        let [target, source, length] = [0, 1, 2].map(|i| &operands[i]);
        clamp.constrain(chip, layout, &copies, (&source.value, slots.r[1]), [1, 2, 2]);
        let words = [&target.value, &length.value];
        let price = Price::Word(GAS_PER_WORD);
        let cells = [slots.code_cells[0], slots.code_cells[1]].map(|cell| cell.shifted(2));
        let range = Range::build(chip, layout, &step, extent, words, price, cells, [1, 1, 2]);
        layout.next_pc(chip, &step);
        let other = chip.store("other evidence", 2, range.evidence(&step, Expr::from(3), Expr::zero()));
        step.end(chip, slots, -3, &Needs::Either(other));
        let size = Counter::assume(slots.r[1], "the context's or the code's");
        Self { step, operands, clamp, context, size, range, end: End::new(layout) }
    }

    fn fill(&self, event: &CopyEvent, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        let other = short(state.height, 3);
        if other.is_some() {
            self.end.fill(&event.step, 0, other, row);
            return;
        }
        self.operands.iter().zip(&event.operands).for_each(|(operand, event)| operand.fill_popped(event, row));
        let [target, source, length] = event.operands.map(|operand| operand.value);
        let demand = Demand { offset: target, length };
        let extra = self.range.fill(&demand, state.memory, row);
        if event.step.fault.is_none() && demand.sized() {
            self.clamp.fill(&source, event.source.size(), row);
            row.set(&self.size, event.source.size());
            if let (Some(context), Source::Input(native)) = (&self.context, &event.source) {
                row.message(context, native);
            }
        }
        self.end.fill(&event.step, extra, demand.excess().map(|(low, _)| from_u128(low)), row);
    }
}
