//! What the steps of this circuit share: the context, the tally, the undoing, and how they end.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean, priced is boolean | 2 | |
//! | a priced fault is no success | 2 | |
//! | untouched is boolean, untouched is priced | 2 | but for SSTORE: a fact stands for the location's token |
//! | undone | 2 | a success within a call, or a caller of it, that fails in the end |
//! | next memory | 1 | unchanged |
//! | next pc | 2 | a success goes on at `pc + 1`; the cell holds the evidence of a fault |
//! | stack height | 1 | |
//! | evidence | 3 | a fault that is not priced has one of two causes that do not depend on the state |
//! | evidence of the price | 2 | a priced fault lacks gas |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::Slot;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, Bool, Counter, U16};

use super::Layout;
use crate::bus::{Context, ContextNative, Fault, Tally, TallyNative, Untouched};
use crate::schedule::Class;
use crate::step::{Step, StepEvent};

/// The part of a chip that is the same for every step that is counted.
#[derive(Debug)]
pub(super) struct StateStep {
    pub(super) step: Step,
    pub(super) context: Context,
    pub(super) tally: Tally,
    /// Whether this is a fault that shows its price.
    pub(super) priced: Bool,
    /// Whether the step pops its operands and knows the location: a success or a priced fault.
    pub(super) touches: Bool,
    /// Whether it succeeds and is undone later.
    pub(super) undone: Bool,
    tally_gap: U16,
    next_pc: Counter,
}

/// The part of an event that every step of this circuit has that is counted.
#[derive(Clone, Debug)]
pub struct StateStepEvent {
    /// The step. Its evidence is that of the price where the event has a location's token, else another's.
    pub step: StepEvent,
    /// The call's context.
    pub context: ContextNative,
    /// The call's tally before the step, with the time of its last touch. Not read where the step fails.
    pub tally: TallyNative,
}

/// Ticks between a token's last access and one at `clock`, less one. More than 16 bits are for refreshes to bridge: they
/// are cut here, and the bus then has no such token.
pub(super) fn gap(clock: u64, token: u64) -> u16 {
    u16::try_from(clock.saturating_sub(1 + token)).unwrap_or(u16::MAX)
}

/// The gas that a step lacks, less one.
pub(super) fn lack(step: &Step, extra: impl Into<Expr>) -> Expr {
    &step.opcode.gas + extra.into() - &step.state.gas - 1
}

impl StateStep {
    /// Receives the state and the tally, and learns the context. The tally's refund counter behind the step is the
    /// chip's to constrain.
    pub(super) fn begin(chip: &mut ChipBuilder<'_>, layout: &Layout, class: Class) -> Self {
        let step = Step::begin(chip, &layout.step, class);
        let context = chip.learn(&layout.context, 0);
        let tally_gap = chip.checked_if(&layout.step.gap_b, 1, &step.ok);
        let tally = chip.receive_if(&layout.tally_in, 0, &step.ok);
        let next = Tally {
            clock: step.state.clock.clone(),
            writes: Counter::assume(&tally.writes + 1, "one write a step"),
            refund: Any::assume(layout.refund_after, "any field element"),
            ..tally.clone()
        };
        chip.send_if(&layout.tally_out, 0, &step.ok, &next);
        let priced = chip.bool_at("priced", layout.priced);
        chip.require_zero("a priced fault is no success", &step.ok * &priced);
        let touches = Bool::assume(&step.ok + &priced, "one at most is one");
        let undone = step.ok.and(&context.reverted);
        chip.define("undone", layout.undone, &undone);
        let undone = Bool::assume(layout.undone, "a product of two booleans");
        if let Some(memory) = layout.step.next_memory {
            chip.define("next memory", memory, &step.state.memory);
        }
        let next_pc = Counter::assume(layout.step.next_pc, "constrained below");
        chip.require_equal_if("next pc", &step.ok, &next_pc, &step.state.pc + 1);
        Self { step, context, tally, priced, touches, undone, tally_gap, next_pc }
    }

    /// Whether the fault shows its price without the location's token, because `fact` says that nobody accesses it. The cell
    /// is the chip's.
    pub(super) fn untouched(&self, chip: &mut ChipBuilder<'_>, cell: Cell, fact: &Slot<Untouched>) -> Bool {
        let untouched = chip.bool_at("untouched", cell);
        chip.learn_if(fact, 0, &untouched);
        chip.require_zero("untouched is priced", &untouched * (Expr::one() - &self.priced));
        untouched
    }

    /// Whether the step receives the location's token.
    pub(super) fn receives(&self, untouched: &Bool) -> Bool {
        Bool::assume(&self.touches - untouched, "what is untouched is priced, and so it touches")
    }

    /// When the step's write is undone, if it is: the later, the earlier it was counted.
    pub(super) fn undo_time(&self) -> Expr {
        &self.context.scope - &self.tally.writes
    }

    /// Sends the state behind the step, or the fault. `causes` are what the evidence of a fault that is not priced may be.
    pub(super) fn end(&self, chip: &mut ChipBuilder<'_>, layout: &Layout, change: i64, causes: [Expr; 2]) {
        let (slots, step) = (&layout.step, &self.step);
        step.resize(chip, slots, change);
        let after = step.after(slots);
        chip.send_if(&slots.leave, 0, &step.ok, &after);
        let evidence = Any::assume(slots.evidence, "constrained below");
        let fault = Fault { clock: after.clock, call: after.call, evidence };
        chip.send_if(&slots.fault, 0, &step.ok.not(), &fault);
        let [one, other] = causes.map(|cause| slots.evidence - cause);
        chip.require_zero("evidence", (Expr::one() - &self.touches) * one * other);
        let extra = slots.extra.map_or(Expr::zero(), |extra| extra.expr());
        chip.require_zero("evidence of the price", &self.priced * (slots.evidence - lack(step, extra)));
    }

    /// Fills what every step shares. `priced` says whether a fault shows its price.
    pub(super) fn fill(&self, event: &StateStepEvent, priced: bool, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        row.message(&self.context, &event.context);
        if event.step.fault.is_none() {
            row.set(&self.next_pc, state.pc + 1);
            row.message(&self.tally, &event.tally);
            row.set(&self.tally_gap, gap(state.clock, event.tally.clock));
        } else {
            row.set(&self.priced, priced);
        }
    }
}
