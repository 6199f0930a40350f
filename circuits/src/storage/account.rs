//! BALANCE and EXTCODESIZE.
//!
//! **Given** the account that the low 160 bits of the operand name, and the schedule's parameter: 0 for BALANCE, 1 for
//! EXTCODESIZE.
//! **Proves** that its balance, or the length of its code, is pushed, and that it is warm from now on. An absent account has
//! no balance and the empty code: see [the record of an absent account](crate::state).
//!
//! The account itself is accessed by the `state` circuit, by one [`AccountJob`](crate::bus::AccountJob) with its undoing.
//!
//! Besides those that [every step of this circuit](super::state_step) has:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | operand | 1 | the high limb is `high 2^32 + low`, with a `low` of two ranged limbs and a `high` below 2^128 |
//! | address | 1 | `low 2^128` and the operand's low limb |
//! | sized | 2 | a success of EXTCODESIZE asks for the code's length |
//! | listed ..., precompile is listed, high part: ..., low, in range: ..., not P256VERIFY | 1 to 3 | see [`precompile`](super::precompile) |
//! | warm: ... | 2 | the account was touched by this transaction; three constraints of a zero test |
//! | extra gas | 2 | EIP-2929: 100, or 2600 if it is neither that nor a precompile's |
//! | untouched is cold | 2 | |
//! | warm after | 2 | a success makes it warm |
//! | undo | 2 | a step that is undone is so at `scope - writes`; zero for others |
//! | refund | 1 | unchanged |
//! | result: hi, result: lo | 2 | the balance, or the length |
//!
//! `high 2^32` is below 2^160, so "operand" holds of numbers, not only modulo the field's prime: `low` is what is left of the
//! high limb by 2^32.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U16};

use super::precompile::Flags;
use super::state_step::{StateStep, StateStepEvent, lack};
use super::{COLD_ACCOUNT, Layout, WARM};
use crate::bus::{AccountJob, AccountJobNative, AccountNative, CodeLength, Range128};
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent};

/// The chip.
#[derive(Debug)]
pub struct Account {
    state: StateStep,
    operand: Operand,
    low: [U16; 2],
    high: Range128,
    job: AccountJob,
    length: CodeLength,
    precompile: Flags,
    untouched: Bool,
}

/// What a step of `Account` is filled from.
#[derive(Clone, Debug)]
pub struct AccountEvent {
    /// The step, its call's context and tally.
    pub state: StateStepEvent,
    /// The operand: the address, and 96 bits that are ignored.
    pub operand: OperandEvent,
    /// The account before the step; its clock is not read. Given where the step succeeds, and where its fault shows the
    /// price.
    pub account: Option<AccountNative>,
    /// Whether the fault shows the price without it: nobody accesses the account in the block.
    pub untouched: bool,
    /// Whether the block's fork has a precompile there.
    pub precompile: bool,
    /// The length of its code. Read by EXTCODESIZE only.
    pub length: u64,
}

impl AccountEvent {
    /// The order that the step sends to the `state` circuit.
    pub fn job(&self) -> Option<AccountJobNative> {
        let (step, account) = (&self.state.step, self.account.clone()?);
        let (ok, context) = (step.fault.is_none(), &self.state.context);
        let reverted = ok && context.reverted;
        Some(AccountJobNative {
            clock: step.state.clock,
            reverted,
            undo: if reverted { context.scope.saturating_sub(self.state.tally.writes) } else { 0 },
            address: account.address,
            nonce: account.nonce,
            balance: account.balance,
            code: account.code,
            warm: account.warm,
            nonce_after: account.nonce,
            balance_after: account.balance,
            code_after: account.code,
            warm_after: if ok { context.transaction } else { account.warm },
        })
    }
}

impl Chip for Account {
    type Layout = Layout;
    type Event = AccountEvent;
    const NAME: &'static str = "account";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let state = StateStep::begin(chip, layout, Class::Account);
        let operand = state.step.pop_a_if(chip, slots, &state.touches);
        state.step.push(chip, slots, "a balance, or a length");
        // There is no second operand and no token of a slot: their gaps are free.
        let low = [(&slots.gap_b, 0), (&slots.gap_a, 1)].map(|(gap, row)| chip.checked_if(gap, row, &state.touches));
        let high = chip.learn_if(&layout.in_range, 0, &state.touches);
        let untouched = state.untouched(chip, slots.a[0].shifted(2), &layout.untouched_account);
        let job = chip.peek(&layout.job, 0);
        chip.send_if(&layout.job, 0, &state.receives(&untouched), &job);
        let sizes = Bool::assume(&state.step.opcode.parameter, "0 or 1 by the schedule");
        chip.define("sized", layout.sized, state.step.ok.and(&sizes));
        let sized = Bool::assume(layout.sized, "a product of two booleans");
        let length = chip.learn_if(&layout.code_length, 0, &sized);
        let precompile = Flags::build(chip, layout, &state.touches);
        state.end(chip, layout, 0, [-state.step.state.height.expr(), lack(&state.step, WARM)]);
        let account = Self { state, operand, low, high, job, length, precompile, untouched };
        account.constrain(chip, layout);
        account
    }

    fn fill(&self, event: &AccountEvent, row: &mut WindowWriter<'_>) {
        let touches = event.account.is_some() || event.untouched;
        self.state.fill(&event.state, touches, row);
        if !touches {
            return;
        }
        self.operand.fill_popped(&event.operand, row);
        let limbs = event.operand.value.as_limbs();
        for (place, limb) in self.low.iter().zip([limbs[2] as u16, (limbs[2] >> 16) as u16]) {
            row.set(place, limb);
        }
        let high = event.operand.value >> 160usize;
        row.set(&self.high.value, (high & U256::from(u128::MAX)).to::<u128>());
        let address = event.operand.value & (U256::MAX >> 96usize);
        self.precompile.fill(&address, event.precompile, row);
        row.set(&self.untouched, event.untouched);
        let Some(account) = &event.account else { return };
        row.set(&self.job.nonce, account.nonce);
        row.set(&self.job.balance, account.balance);
        row.set(&self.job.code, account.code);
        row.set(&self.job.warm, account.warm);
        if event.state.step.parameter == 1 {
            row.set(&self.length.length, event.length);
        }
    }
}

impl Account {
    fn constrain(&self, chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let (state, job, slots) = (&self.state, &self.job, &layout.step);
        let low = &self.low[0] + &self.low[1] * Expr::power_of_two(16);
        let high = &self.high.value * Expr::power_of_two(32);
        chip.require_equal("operand", &self.operand.value.hi, high + &low);
        chip.define("address", layout.record.address, &low * Expr::power_of_two(128) + &self.operand.value.lo);

        let precompile = self.precompile.constrain(chip, layout, low, &self.operand.value.lo);
        let seen = chip.is_equal("warm", 1, &job.warm, &state.context.transaction);
        chip.require_zero("untouched is cold", &self.untouched * &seen);
        let cold = precompile.not().and(&seen.not());
        if let Some(extra) = slots.extra {
            chip.define("extra gas", extra, cold.select(COLD_ACCOUNT, WARM));
        }
        let touched = state.step.ok.select(&state.context.transaction, &job.warm);
        chip.define("warm after", layout.record.warm_after, touched);
        chip.define("undo", layout.undo, &state.undone * state.undo_time());
        chip.define("refund", layout.refund_after, &state.tally.refund);

        let sizes = Bool::assume(&state.step.opcode.parameter, "0 or 1 by the schedule");
        chip.define("result: hi", slots.r[0], sizes.select(Expr::zero(), &job.balance.hi));
        chip.define("result: lo", slots.r[1], sizes.select(&self.length.length, &job.balance.lo));
    }
}
