//! CALL, STATICCALL and DELEGATECALL where the callee does not begin: the caller is too deep or too poor.
//!
//! **Given** an opcode of the class, and the caller's context and tally. **Proves** that the depth is 1024 or the
//! balance is less than the value; that the step succeeds with 0 on the stack, no return data, and all of its gas but
//! the cost, with the stipend; and that the target stays warm.
//!
//! What the head and the gadget for memory constrain stands there. Of the rest:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | extra gas | 2 | all that the step costs beyond the schedule's gas, without the stipend |
//! | static without value | 2 | |
//! | gas in hand | 1 | at least zero before the stipend comes back |
//! | poor is boolean | 2 | |
//! | too deep | 2 | unless the caller is poor |
//! | borrow is boolean | 2 | |
//! | account: ... in row 1 | 1 | the caller's account, read |
//! | range 10, 11: value in row 2 | 2 | the value is more than the balance |
//! | not delegated, code: ... | 1, 2 | the target's code does not begin with 0xef |
//! | next pc, stack height | 1 | |
//! | push: value.hi, push: value.lo | 1 | 0 |
//! | tally b: ... in row 3 | 1 | the caller's tally |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Limb, Word, split};

use super::enter::{DEPTH_LIMIT, STIPEND};
use super::head::{CallEvent, Head, Plan, Popped, fill_record, pop_gas};
use super::ranges::Ranges;
use super::{ADDRESS_ROW, CODE_ROW, INPUT_ROW, Layout, OUTPUT_ROW};
use crate::bus::{AccountJob, AccountNative, Code, Range128, Stack, Tally};

/// The chip.
#[derive(Debug)]
pub struct Refuse {
    head: Head,
    gas: Popped,
    first: Code,
    ranges: Ranges,
    poor: Bool,
    borrow: Bool,
    account: AccountJob,
}

/// What a call that does not begin is filled from.
#[derive(Clone, Debug)]
pub struct RefuseEvent {
    /// The operands, the caller and the target.
    pub call: CallEvent,
    /// The caller's account, which is behind the touch of the target, if its balance is less than the value; else it is
    /// too deep.
    pub account: Option<AccountNative>,
}

impl Chip for Refuse {
    type Layout = Layout;
    type Event = RefuseEvent;
    const NAME: &'static str = "refuse";
    const HEIGHT: usize = 5;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        Self::reserve(chip, layout);
        let head = Head::build(chip, layout, &Plan::proceeds());
        let gas = pop_gas(chip, layout);
        chip.require_zero("static without value", head.context.fixed.and(&head.has_value));
        let code = Head::not_delegated(chip, layout);
        for (label, place, value) in [
            ("code: hi", &code.hash.hi, head.account.code.hi.expr()),
            ("code: lo", &code.hash.lo, head.account.code.lo.expr()),
        ] {
            chip.define(label, place.expr().as_cell().expect("a cell"), value);
        }
        chip.define("code: pc", code.pc.expr().as_cell().expect("a cell"), Expr::zero());

        let ranges = Ranges::build(chip, layout, &head, CODE_ROW);
        let extra = layout.step.extra.expect("the shape is dynamic");
        let stipend = &head.has_value * F::from(STIPEND);
        chip.define("extra gas", extra, head.cost() + ranges.gas() - &stipend);
        let available = &head.step.state.gas - &head.step.opcode.gas - extra - stipend;
        chip.require_bits16("gas in hand", CODE_ROW, 4, available);

        let poor = chip.bool("poor", CODE_ROW);
        chip.require_zero("too deep", poor.not() * (&head.context.depth - DEPTH_LIMIT));
        let borrow = chip.bool("borrow", CODE_ROW);
        let account = Self::read(chip, layout, &head, &poor);
        let value = head.value();
        let hi = &value.hi - &account.balance.hi - &borrow;
        let lo = &value.lo - &account.balance.lo - 1 + &borrow * Expr::power_of_two(128);
        for (slot, limb) in layout.range128.iter().zip([hi, lo]) {
            let value = Limb::assume(&poor * limb, "this message checks it");
            chip.consume_if(slot, INPUT_ROW, &poor, &Range128 { value });
        }
        Self::go_on(chip, layout, &head);
        Self { head, gas, first: code, ranges, poor, borrow, account }
    }

    fn fill(&self, event: &RefuseEvent, row: &mut WindowWriter<'_>) {
        self.head.fill(&event.call, true, row);
        self.gas.fill(&event.call.gas, row);
        row.message(&self.first, &event.call.first);
        self.ranges.fill(&event.call, row);
        row.set(&self.poor, event.account.is_some());
        if let Some(account) = &event.account {
            fill_record(&self.account, account, row);
            let ((_, balance), (_, value)) = (split(&account.balance), split(&event.call.value.value));
            row.set(&self.borrow, value <= balance);
        }
    }
}

impl Refuse {
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        Head::reserve(chip, layout);
        Ranges::reserve(chip, layout);
        chip.peek(&layout.step.push, 0);
        chip.peek(&layout.account, ADDRESS_ROW);
        layout.range128.iter().for_each(|slot| drop(chip.peek(slot, INPUT_ROW)));
        chip.peek(&layout.tally_b, OUTPUT_ROW);
        chip.peek(&layout.code_push, CODE_ROW);
    }

    /// The caller's account stays what it is, so nothing of this access is ever undone.
    fn read(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, poor: &Bool) -> AccountJob {
        let record = chip.peek(&layout.account, ADDRESS_ROW);
        let job = AccountJob {
            clock: Counter::assume(&head.step.state.clock + 1, "a sub-time of the step"),
            reverted: Bool::constant(false),
            undo: Counter::constant(0),
            address: head.context.address.clone(),
            balance_after: record.balance.clone(),
            warm_after: record.warm.clone(),
            ..record
        };
        chip.send_if(&layout.account, ADDRESS_ROW, poor, &job);
        job
    }

    /// The caller goes on.
    fn go_on(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head) {
        let (slots, state) = (&layout.step, &head.step.state);
        chip.define("next pc", slots.next_pc, &state.pc + 1);
        chip.define("stack height", slots.next_height, head.height_after());
        chip.send(&slots.leave, 0, &head.step.after(slots));
        let zero = Stack {
            call: state.call.clone(),
            slot: Counter::assume(slots.next_height - 1, "six or seven words were popped"),
            value: Word { hi: Limb::constant(0), lo: Limb::constant(0) },
            clock: state.clock.clone(),
        };
        chip.send(&slots.push, 0, &zero);
        let tally = Tally {
            call: state.call.clone(),
            clock: state.clock.clone(),
            writes: head.writes(),
            refund: head.tally.refund.clone(),
            logs: head.tally.logs.clone(),
            returned: state.call.clone(),
            return_offset: Counter::constant(0),
            return_length: Counter::constant(0),
        };
        chip.send(&layout.tally_b, OUTPUT_ROW, &tally);
    }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;

    use super::super::CallsEvent;
    use super::super::fixture::{self, CALL, CLOCK, GAS, HEIGHT, PC, TRANSACTION, call, own_address};
    use super::super::testing::{Trial, audited};
    use super::*;
    use crate::bus::{AccountJobNative, Exec, ExecNative, StackNative, TallyNative};

    #[derive(Clone, Debug)]
    struct Case {
        event: RefuseEvent,
        cost: u64,
        memory: u64,
    }

    fn account(balance: U256) -> AccountNative {
        let (address, code) = (own_address(), fixture::caller_code());
        AccountNative { address, nonce: 9, balance, code, warm: TRANSACTION, clock: CLOCK }
    }

    /// A caller that is too deep.
    fn deep(parameter: u8, value: u64) -> Case {
        let mut call = call(parameter);
        call.context.depth = 1024;
        call.value.value = U256::from(value);
        let cost = 2600 + 9 + if value == 0 { 0 } else { 9000 };
        Case { event: RefuseEvent { call, account: None }, cost, memory: 5 }
    }

    /// A caller that is too poor.
    fn poor(value: U256, balance: U256) -> Case {
        let mut call = call(0);
        call.value.value = value;
        Case { event: RefuseEvent { call, account: Some(account(balance)) }, cost: 2600 + 9 + 9000, memory: 5 }
    }

    fn trial(case: &Case) -> Trial {
        let RefuseEvent { call, account } = &case.event;
        let paying = !call.value.value.is_zero();
        let mut trial = Trial::new([CallsEvent::Refuse(case.event.clone())]).with_call(call, case.memory);
        if let Some(AccountNative { address, nonce, balance, code, warm, .. }) = *account {
            trial = trial.received::<AccountJob>(&AccountJobNative {
                clock: CLOCK + 1,
                reverted: false,
                undo: 0,
                address,
                nonce,
                balance,
                code,
                warm,
                nonce_after: nonce,
                balance_after: balance,
                code_after: code,
                warm_after: warm,
            });
        }
        let height = HEIGHT - if call.step.parameter == 0 { 6 } else { 5 };
        let stipend = if paying { 2300 } else { 0 };
        let state = ExecNative {
            clock: CLOCK + 3,
            pc: PC + 1,
            height,
            gas: GAS - case.cost as i64 + stipend,
            memory: case.memory,
            ..call.step.state.clone()
        };
        let tally = TallyNative {
            clock: CLOCK,
            writes: call.tally.writes + 1,
            returned: CALL,
            return_offset: 0,
            return_length: 0,
            ..call.tally.clone()
        };
        trial
            .received::<Exec>(&state)
            .received::<Stack>(&StackNative { call: CALL, slot: height - 1, value: U256::ZERO, clock: CLOCK })
            .received::<Tally>(&tally)
    }

    fn cases() -> Vec<Case> {
        let one = U256::from(1);
        let mut low = deep(1, 0);
        low.event.call.address.value = one << 7;
        low.event.call.target.address = one << 7;
        let mut warm = poor(one, U256::ZERO);
        warm.event.call.target.warm = TRANSACTION;
        warm.cost -= 2500;
        let mut undone = poor((one << 128) + one, one << 128);
        (undone.event.call.context.reverted, undone.event.call.context.scope) = (true, 9000);
        let mut new = poor(U256::MAX, one);
        let code = fixture::no_code();
        (new.event.call.target.nonce, new.event.call.target.balance) = (0, U256::ZERO);
        (new.event.call.target.code, new.event.call.first.hash) = (code, code);
        new.cost += 25_000;
        let mut empty = deep(0, 0);
        (empty.event.call.input[1].value, empty.event.call.output[1].value) = (U256::ZERO, U256::ZERO);
        (empty.cost, empty.memory) = (2600, fixture::MEMORY);
        vec![
            empty,
            deep(0, 0),
            deep(1, 0),
            deep(2, 0),
            deep(0, 9),
            poor(one << 128, (one << 128) - one),
            low,
            warm,
            undone,
            new,
        ]
    }

    #[test]
    fn refusals_hold() {
        for case in cases() {
            trial(&case).holds();
        }
        trial(&cases()[5]).mock();
    }

    #[test]
    fn no_cell_is_free() {
        for case in cases() {
            // The borrow counts only where a balance is looked at.
            let free = trial(&case).free_cells(0);
            let deep = case.event.account.is_none();
            assert!(if deep { free.len() <= 1 } else { free.is_empty() }, "{free:?}");
        }
    }

    #[test]
    fn every_label_is_needed_and_nothing_is_a_choice() {
        let trials: Vec<Trial> = cases().iter().map(trial).collect();
        assert_eq!(audited(&trials), Ok(()));
    }

    /// Class 2: a call that could begin cannot be refused.
    #[test]
    fn class_2_a_caller_with_room_and_money_is_not_refused() {
        let mut shallow = deep(0, 9);
        shallow.event.call.context.depth = 1023;
        assert!(trial(&shallow).labels().contains("too deep"));
        let objections = trial(&poor(U256::from(5), U256::from(5))).objections();
        assert!(objections.iter().any(|o| o.starts_with("bus: range128")), "{objections:?}");
    }

    /// Class 44: what comes back is the stipend, if there was a value.
    #[test]
    fn class_44_the_stipend_comes_back_once() {
        for (mut case, wrong) in [(deep(0, 0), -2300), (deep(0, 9), 2300)] {
            case.cost = case.cost.checked_add_signed(wrong).expect("a small change");
            assert!(!trial(&case).objections().is_empty());
        }
    }
}
