//! LOG0 to LOG4.
//!
//! **Given** an offset, a length, and as many topics as the schedule's parameter says on the stack, the call's context and
//! its tally.
//! **Proves** that memory grows to hold the range, what that and the data costs, and that the transaction has one log more;
//! that the log is published if the call's effects stay, and a job is sent for its data; or that the step fails, be it
//! because the call may not write.
//!
//! Row 0 is the step with the tally, row 1 has the context and the first two topics, row 2 the others, row 3 the length's
//! range. The length is ranged though it is an operand and so not negative: that a log gives no gas then rests on nothing
//! else.
//! Beyond the constraints of a [`range`](super::range):
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | topic 1 to 4 is boolean | 2 | whether it is popped |
//! | topic i + 1 behind i (3) | 2 | a topic is popped only if the one above it is |
//! | topics | 2 | a success pops as many as the parameter says, a failure none |
//! | no topic 1 to 4: hi, lo | 2 | those that there are not are published as zeros |
//! | clock, call, height in row 1, 2 | 1 | the topics are the operands below the first two |
//! | length | 2 | below 2^48, where it is paid for: whatever the operand is, no log gives gas |
//! | not static | 2 | the call of a success may write |
//! | publishes | 2 | a success that is not undone |
//! | has data | 2 | and has bytes |
//! | stack height | 1 | two words and the topics less |
//! | next pc | 2 | `pc + 1` |
//! | other evidence | 2 | what is missing on the stack, by how much the range is too large, or that the call may not write |
//! | evidence | 3 | that, or gas is short |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, from_u128};

use super::layout::Layout;
use super::range::{Price, Range, extent};
use super::return_copy::TallyCells;
use super::{End, short};
use crate::bus::{Context, ContextNative, TallyNative, TransactionClock, TransactionClockNative};
use crate::memory::expansion::Demand;
use crate::schedule::Class;
use crate::step::{Needs, Operand, OperandEvent, Step, StepEvent};

/// Gas for each byte of data (Yellow Paper, appendix G).
pub const GAS_PER_BYTE: u64 = 8;

/// The chip.
#[derive(Debug)]
pub struct Log {
    step: Step,
    offset: Operand,
    length: Operand,
    topics: Vec<Operand>,
    popped: [Bool; 4],
    context: Context,
    tally: TallyCells,
    transaction: TransactionClock,
    range: Range,
    end: End,
}

/// What a step of `Log` is filled from.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// The step. Where it fails, its first two operands are popped unless the stack has too few words for all.
    pub step: StepEvent,
    /// The top of the stack.
    pub offset: OperandEvent,
    /// The word below it.
    pub length: OperandEvent,
    /// The topics, as many as the step's parameter says. Not read where the step fails.
    pub topics: Vec<OperandEvent>,
    /// What is constant in the call. A log that stays is published with the tally's number of logs before it, and with a
    /// log job for `clock +` [`JOB`](super::JOB) if its length is not zero.
    pub context: ContextNative,
    /// The tally as it is found, at most 2^32 ticks old. It is sent back at `clock` with one log more. Not read where the
    /// step fails.
    pub tally: TallyNative,
    /// The transaction. Not read where the log does not stay.
    pub transaction: TransactionClockNative,
}

impl Log {
    /// Holds the topics to the number of them.
    fn count(chip: &mut ChipBuilder<'_>, step: &Step, popped: &[Bool; 4], topics: &[Operand]) {
        for i in 1..4 {
            let label = format!("topic {} behind {i}", i + 1);
            chip.require_zero(label, &popped[i] * popped[i - 1].not());
        }
        let sum: Expr = popped.iter().map(Bool::expr).sum();
        chip.require_equal("topics", sum, &step.ok * &step.opcode.parameter);
        for (i, (popped, topic)) in (1..).zip(popped.iter().zip(topics)) {
            chip.require_zero(format!("no topic {i}: hi"), popped.not() * &topic.value.hi);
            chip.require_zero(format!("no topic {i}: lo"), popped.not() * &topic.value.lo);
        }
    }

    /// Publishes the log, if it stays.
    fn publish(chip: &mut ChipBuilder<'_>, layout: &Layout, publishes: &Bool, has_data: &Bool) -> TransactionClock {
        let transaction = chip.learn_if(&layout.transaction, 1, publishes);
        let log = chip.peek(&layout.public_log, 0);
        chip.send_if(&layout.public_log, 0, publishes, &log);
        let job = chip.peek(&layout.log_job, 0);
        chip.send_if(&layout.log_job, 0, has_data, &job);
        transaction
    }
}

impl Chip for Log {
    type Layout = Layout;
    type Event = LogEvent;
    const NAME: &'static str = "log";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Log);
        let flags = [slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost, slots.parameter];
        let extent = extent(chip, flags.map(|cell| cell.shifted(2)));
        let places = [slots.code_cells[0], slots.code_cells[1], slots.next_pc, slots.class].map(|cell| cell.shifted(2));
        let popped: [Bool; 4] = std::array::from_fn(|i| chip.bool_at(&format!("topic {}", i + 1), places[i]));
        let [publishes, has_data] = layout.first.map(|cell| cell.shifted(2));
        [publishes, has_data].into_iter().for_each(|cell| {
            chip.reserve(cell);
        });
        let context = chip.learn(&layout.context, 1);
        chip.define("publishes", publishes, &step.ok * context.reverted.not());
        chip.define("has data", has_data, &extent.sized * publishes);
        let [publishes, has_data] = [publishes, has_data].map(|cell| Bool::assume(cell, "a conjunction"));
        let offset = step.pop_a_if(chip, slots, &extent.popped());
        let length = step.pop_b_if(chip, slots, &extent.popped());
        let [first, second, third, fourth] = &popped;
        let mut topics = step.pop_below(chip, slots, 1, &[first, second]);
        topics.append(&mut step.pop_below(chip, slots, 2, &[third, fourth]));
        let tally = TallyCells::receive(chip, layout, &step.ok);
        let after = chip.peek(&layout.tally_log, 0);
        chip.send_if(&layout.tally_log, 0, &step.ok, &after);
        let transaction = Self::publish(chip, layout, &publishes, &has_data);

        Self::count(chip, &step, &popped, &topics);
        chip.require_zero("not static", &step.ok * &context.fixed);
        let operands = [&offset.value, &length.value];
        let cells = [slots.ok, slots.pc].map(|cell| cell.shifted(2));
        let price = Price::Byte(GAS_PER_BYTE);
        let range = Range::build(chip, layout, &step, extent, operands, price, cells, [1, 1, 2]);
        chip.require_limbs16("length", &[3, 3, 3], &range.extent.sized * &length.value.lo);
        let words = &step.opcode.parameter + Expr::from(2);
        chip.define("stack height", slots.next_height, &step.state.height - &words);
        layout.next_pc(chip, &step);
        chip.send_if(&slots.leave, 0, &step.ok, &step.after(slots));
        let other = chip.store("other evidence", 2, range.evidence(&step, words, context.fixed.expr()));
        step.or_fault(chip, slots, 0, &Needs::Either(other));
        let end = End::new(layout);
        Self { step, offset, length, topics, popped, context, tally, transaction, range, end }
    }

    fn fill(&self, event: &LogEvent, row: &mut WindowWriter<'_>) {
        let (state, ok) = (&event.step.state, event.step.fault.is_none());
        self.step.fill(&event.step, row);
        row.message(&self.context, &event.context);
        let other = short(state.height, 2 + u64::from(event.step.parameter));
        if other.is_some() {
            self.end.fill(&event.step, 0, other, row);
            return;
        }
        self.offset.fill_popped(&event.offset, row);
        self.length.fill_popped(&event.length, row);
        if ok {
            let cells = self.topics.iter().zip(&self.popped);
            for ((operand, popped), topic) in cells.zip(&event.topics).take(usize::from(event.step.parameter)) {
                operand.fill_popped(topic, row);
                row.set(popped, true);
            }
            self.tally.fill(&event.tally, state.clock, row);
            if !event.context.reverted {
                row.message(&self.transaction, &event.transaction);
            }
        }
        let demand = Demand { offset: event.offset.value, length: event.length.value };
        let extra = self.range.fill(&demand, state.memory, row);
        let excess = demand.excess().map(|(low, _)| from_u128(low));
        let other = excess.or(event.context.fixed.then(|| F::from(0)));
        self.end.fill(&event.step, extra, other, row);
    }
}
