//! SELFBALANCE.
//!
//! **Given** the account whose storage the call uses.
//! **Proves** that its balance is pushed. The record stays: a call made it warm. So there is nothing to undo or to count.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | job: reverted, undo, address | 1 | nothing to undo; the call's own account |
//! | job: warm_after | 1 | unchanged |
//! | extra gas, next memory | 1 | zero; unchanged |
//! | next pc | 2 | a success goes on at `pc + 1`; the cell holds the evidence of a fault |
//! | result: hi, result: lo | 1 | the balance |
//! | stack height | 1 | one word more |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter};

use super::Layout;
use crate::bus::{AccountJob, AccountJobNative, AccountNative, Context, ContextNative};
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The chip.
#[derive(Debug)]
pub struct SelfBalance {
    step: Step,
    context: Context,
    job: AccountJob,
    next_pc: Counter,
}

/// What a step of [`SelfBalance`] is filled from.
#[derive(Clone, Debug)]
pub struct SelfBalanceEvent {
    /// The step.
    pub step: StepEvent,
    /// The call's context.
    pub context: ContextNative,
    /// The call's account; its clock is not read. Not read where the step fails.
    pub account: AccountNative,
}

impl SelfBalanceEvent {
    /// The order that the step sends to the `state` circuit, if it succeeds.
    pub fn job(&self) -> Option<AccountJobNative> {
        let account = self.account.clone();
        self.step.fault.is_none().then_some(AccountJobNative {
            clock: self.step.state.clock,
            reverted: false,
            undo: 0,
            address: self.context.address,
            nonce: account.nonce,
            balance: account.balance,
            code: account.code,
            warm: account.warm,
            nonce_after: account.nonce,
            balance_after: account.balance,
            code_after: account.code,
            warm_after: account.warm,
        })
    }
}

impl Chip for SelfBalance {
    type Layout = Layout;
    type Event = SelfBalanceEvent;
    const NAME: &'static str = "self balance";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::SelfBalance);
        let context = chip.learn(&layout.context, 0);
        step.push(chip, slots, "a balance");
        let record = chip.peek(&layout.job, 0);
        let job = AccountJob {
            reverted: Bool::constant(false),
            undo: Counter::constant(0),
            address: context.address.clone(),
            warm_after: record.warm.clone(),
            ..record
        };
        chip.send_if(&layout.job, 0, &step.ok, &job);
        step.end(chip, slots, 1, &Needs::Nothing);
        chip.define("result: hi", slots.r[0], &job.balance.hi);
        chip.define("result: lo", slots.r[1], &job.balance.lo);
        for (label, cell, value) in
            [("extra gas", slots.extra, Expr::zero()), ("next memory", slots.next_memory, step.state.memory.expr())]
        {
            cell.into_iter().for_each(|cell| chip.define(label, cell, value.clone()));
        }
        let next_pc = Counter::assume(slots.next_pc, "constrained below");
        chip.require_equal_if("next pc", &step.ok, &next_pc, &step.state.pc + 1);
        Self { step, context, job, next_pc }
    }

    fn fill(&self, event: &SelfBalanceEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.message(&self.context, &event.context);
        if let Some(job) = event.job() {
            row.set(&self.next_pc, event.step.state.pc + 1);
            row.message(&self.job, &job);
        }
    }
}
