//! Calls that begin, and lies about them.

use super::super::fixture::{self, CALL, CLOCK, HEIGHT, MEMORY, PC, call, own_address, word};
use super::super::testing::{Trial, audited};
use super::super::{CallsChips, CallsEvent};
use super::*;
use crate::bus::{
    self, AccountJob, AccountJobNative, ContextNative, EnvironmentNative, ExecNative, FrameNative, TallyNative,
};
use crate::step::OperandEvent;
use std::sync::Arc;
use verbatim_gadgets::chip::Role;
use verbatim_gadgets::machine::ChipSet;
use verbatim_gadgets::message::Message;

/// What follows from an event, written down by hand.
#[derive(Clone, Debug)]
struct Case {
    event: EnterEvent,
    /// Gas that the step costs.
    cost: u64,
    /// Gas that the callee is given, without the stipend.
    forwarded: u64,
    memory: u64,
}

fn case(parameter: u8) -> Case {
    let call = call(parameter);
    let record = |address| AccountNative {
        address,
        nonce: 9,
        balance: U256::from(1) << 128,
        code: fixture::caller_code(),
        warm: fixture::TRANSACTION,
        clock: CLOCK,
    };
    let receiver = AccountNative { warm: fixture::TRANSACTION, ..call.target.clone() };
    let inherited = [U256::from(0xca11e4), U256::from(12345)];
    let sender = record(own_address());
    let event = EnterEvent { call, scope: 0, address: own_address(), inherited, sender, receiver };
    // Five words of memory, two of which there were.
    Case { event, cost: 2600 + 9, forwarded: 50_000, memory: 5 }
}

/// CALL with a value.
fn paying(value: U256) -> Case {
    let mut case = case(0);
    case.event.call.value.value = value;
    case.cost += 9000;
    case
}

fn job(before: &AccountNative, balance: U256, clock: u64, undo: Option<u64>) -> AccountJobNative {
    AccountJobNative {
        clock,
        reverted: undo.is_some(),
        undo: undo.unwrap_or(0),
        address: before.address,
        nonce: before.nonce,
        balance: before.balance,
        code: before.code,
        warm: before.warm,
        nonce_after: before.nonce,
        balance_after: balance,
        code_after: before.code,
        warm_after: before.warm,
    }
}

fn trial(case: &Case) -> Trial {
    exchange(case, [CallsEvent::Enter(case.event.clone())]).received::<Frame>(&frame(case))
}

/// Where a range begins; zero if it is empty.
fn offset(range: &[OperandEvent; 2]) -> u64 {
    if range[1].value.is_zero() { 0 } else { range[0].value.to() }
}

/// The caller that waits.
fn frame(case: &Case) -> FrameNative {
    let call = &case.event.call;
    FrameNative {
        callee: CLOCK,
        call: CALL,
        code: fixture::caller_code(),
        pc: PC + 1,
        height: HEIGHT - if call.step.parameter == 0 { 6 } else { 5 },
        gas: call.step.state.gas as u64 - case.cost - case.forwarded,
        memory: case.memory,
        return_offset: offset(&call.output),
        return_length: call.output[1].value.to(),
        create: false,
        scope: case.event.scope,
        writes: call.tally.writes + 1,
        refund: call.tally.refund,
        logs: call.tally.logs,
    }
}

/// What others exchange with the call of `case`, but for the frame.
fn exchange(case: &Case, events: impl IntoIterator<Item = CallsEvent>) -> Trial {
    let EnterEvent { call, scope, inherited, sender, receiver, .. } = &case.event;
    let (parameter, value) = (call.step.parameter, call.value.value);
    let delegate = parameter == 2;
    let paid = !value.is_zero();
    let fails = *scope != 0;
    let (own_scope, reverted) = match (fails, call.context.reverted) {
        (true, _) => (*scope, true),
        (false, reverted) => (call.context.scope, reverted),
    };
    let first = if fails { 0 } else { call.tally.writes + 1 };
    let [caller, passed] = if delegate { *inherited } else { [own_address(), value] };
    let address = if delegate { own_address() } else { call.target.address };
    let length = call.input[1].value.to::<u64>();

    let mut trial =
        Trial::new(events).with_call(call, case.memory).provided::<Environment>(&env(CALL, ADDRESS, own_address()));
    if delegate {
        trial = trial.provided::<Environment>(&env(CALL, CALLER, inherited[0])).provided::<Environment>(&env(
            CALL,
            CALL_VALUE,
            inherited[1],
        ));
    }
    if paid {
        let undo = |index| reverted.then(|| own_scope - first - index);
        trial = trial
            .received::<AccountJob>(&job(sender, sender.balance - value, CLOCK + 1, undo(0)))
            .received::<AccountJob>(&job(receiver, receiver.balance + value, CLOCK + 2, undo(1)));
    }
    let gas = case.forwarded + if paid { 2300 } else { 0 };
    trial
        .received::<Exec>(&ExecNative {
            clock: CLOCK + 3,
            call: CLOCK,
            code: call.target.code,
            pc: 0,
            height: 0,
            gas: gas as i64,
            memory: 0,
        })
        .received::<Tally>(&TallyNative {
            call: CLOCK,
            clock: CLOCK,
            writes: first + if paid { 2 } else { 0 },
            refund: call.tally.refund,
            logs: call.tally.logs,
            returned: CLOCK,
            return_offset: 0,
            return_length: 0,
        })
        .consumed::<Context>(&ContextNative {
            call: CLOCK,
            transaction: fixture::TRANSACTION,
            address,
            fixed: call.context.fixed || parameter == 1,
            reverted,
            scope: own_scope,
            depth: call.context.depth + 1,
            input_call: CALL,
            input_offset: offset(&call.input),
            input_length: length,
        })
        .consumed::<Environment>(&env(CLOCK, ADDRESS, address))
        .consumed::<Environment>(&env(CLOCK, CALLER, caller))
        .consumed::<Environment>(&env(CLOCK, CALL_VALUE, passed))
        .consumed::<Environment>(&env(CLOCK, CALL_DATA_SIZE, U256::from(length)))
        .consumed::<Environment>(&env(CLOCK, TRANSACTION as u8, U256::from(fixture::TRANSACTION)))
}

fn env(owner: u64, opcode: u8, value: U256) -> EnvironmentNative {
    EnvironmentNative { owner, opcode, value }
}

/// Calls of every kind, by name.
fn cases() -> Vec<(&'static str, Case)> {
    let value = U256::from(7);
    let mut cases = vec![
        ("call", case(0)),
        ("static call", case(1)),
        ("delegate call", case(2)),
        ("call with value", paying(value)),
        ("call with a value that borrows and carries", paying((U256::from(1) << 128) - U256::from(1))),
    ];
    let mut add = |name, mut case: Case, change: &dyn Fn(&mut Case)| {
        change(&mut case);
        cases.push((name, case));
    };
    for (name, address) in [("low address", U256::from(0x12)), ("zero", U256::ZERO), ("high address", word(1, 1))] {
        add(name, case(1), &|c| {
            c.event.call.address.value = address;
            c.event.call.target.address = address;
        });
    }
    add("warm", case(0), &|c| {
        c.event.call.target.warm = fixture::TRANSACTION;
        c.cost -= 2500;
    });
    add("all gas", case(0), &|c| {
        c.event.call.gas.value = U256::MAX;
        c.forwarded = (200_000 - c.cost) - (200_000 - c.cost) / 64;
    });
    add("more gas than there is", case(1), &|c| {
        c.event.call.gas.value = U256::from(200_000);
        c.forwarded = (200_000 - c.cost) - (200_000 - c.cost) / 64;
    });
    add("no gas", paying(value), &|c| {
        c.event.call.gas.value = U256::ZERO;
        c.forwarded = 0;
    });
    add("no ranges", case(2), &|c| {
        c.event.call.input = [7, 0].map(|v| OperandEvent { value: U256::from(v), gap: 0 });
        c.event.call.output = [U256::MAX, U256::ZERO].map(|value| OperandEvent { value, gap: 0 });
        (c.cost, c.memory) = (2600, MEMORY);
    });
    add("memory for the input alone", case(0), &|c| {
        c.event.call.input[1].value = U256::from(200);
        (c.cost, c.memory) = (2600 + 3 * 5, 7);
    });
    add("new account", paying(value), &|c| {
        let code = fixture::no_code();
        c.event.call.target = AccountNative { nonce: 0, balance: U256::ZERO, code, ..c.event.call.target.clone() };
        c.event.call.first = crate::bus::CodeNative { hash: code, pc: 0, opcode: 0, push: U256::ZERO, next: 1 };
        c.event.receiver = AccountNative { warm: fixture::TRANSACTION, ..c.event.call.target.clone() };
        c.cost += 25_000;
    });
    add("no value to no account", case(0), &|c| {
        let code = fixture::no_code();
        c.event.call.target = AccountNative { nonce: 0, balance: U256::ZERO, code, ..c.event.call.target.clone() };
        c.event.call.first = crate::bus::CodeNative { hash: code, pc: 0, opcode: 0, push: U256::ZERO, next: 1 };
    });
    add("callee fails", paying(value), &|c| c.event.scope = 5000);
    add("caller fails", paying(value), &|c| {
        (c.event.call.context.reverted, c.event.call.context.scope) = (true, 9000);
    });
    add("both fail", paying(value), &|c| {
        (c.event.call.context.reverted, c.event.call.context.scope) = (true, 9000);
        c.event.scope = 5000;
    });
    add("static call in a static context", case(1), &|c| c.event.call.context.fixed = true);
    cases
}

#[test]
fn calls_hold() {
    for (name, case) in cases() {
        assert_eq!(trial(&case).objections(), Default::default(), "{name}");
    }
    trial(&cases()[3].1).mock();
}

#[test]
fn no_cell_is_free() {
    for (name, case) in cases() {
        let free = trial(&case).free_cells(0);
        assert_eq!(free, [""; 0], "{name}");
    }
}

#[test]
fn every_label_is_needed_and_nothing_is_a_choice() {
    let trials: Vec<Trial> = cases().iter().map(|(_, case)| trial(case)).collect();
    assert_eq!(audited(&trials), Ok(()));
}

fn holds_not(case: &Case, objection: &str) {
    let objections = trial(case).objections();
    assert!(objections.iter().any(|o| o.starts_with(objection)), "{objection}: {objections:?}");
}

/// The trial of a case with cells set otherwise, and what the chip derives from them.
fn labels_with(case: &Case, cells: &[(Expr, u64)]) -> Vec<String> {
    let cells: Vec<_> = cells.iter().map(|(cell, value)| (cell.clone(), F::from(*value))).collect();
    trial(case).labels_with(0, &cells)
}

fn enter() -> Enter {
    CallsChips::build().1.Enter
}

/// Class 2: what must be refused, or must halt, does not begin.
#[test]
fn class_2_no_call_begins_that_may_not() {
    let mut deep = case(0);
    deep.event.call.context.depth = 1024;
    holds_not(&deep, "not too deep");
    let mut poor = paying(U256::from(7));
    poor.event.sender.balance = U256::from(6);
    let objections = Trial::new([CallsEvent::Enter(poor.event.clone())]).objections();
    assert!(objections.iter().any(|o| o.starts_with("bus: range128")), "{objections:?}");
    let mut fixed = paying(U256::from(7));
    fixed.event.call.context.fixed = true;
    holds_not(&fixed, "static without value");
    let mut short = case(0);
    short.event.call.step.state.gas = 2600 + 9 - 1;
    let objections = Trial::new([CallsEvent::Enter(short.event.clone())]).objections();
    assert!(objections.iter().any(|o| o.starts_with("kept gas") || o.starts_with("rest")), "{objections:?}");
}

/// Classes 1 and 6: an opcode is what the schedule says, and has its number of operands.
#[test]
fn class_6_only_call_has_a_value() {
    let chip = enter();
    for (parameter, wrong) in [(0, 1), (1, 0), (2, 0), (1, 2)] {
        let mut other = case(parameter);
        other.event.call.step.parameter = wrong;
        let trial = Trial::new([CallsEvent::Enter(other.event)]);
        assert!(trial.objections().iter().any(|o| o.starts_with("bus: opcode")), "{parameter} as {wrong}");
    }
    let flags = [(chip.head.is_static.expr(), 1), (chip.head.is_delegate.expr(), 1)];
    assert!(labels_with(&case(0), &flags).contains(&"parameter".to_owned()));
    let value = [(chip.head.value().lo.expr(), 1)];
    assert!(labels_with(&case(1), &value).contains(&"no value: lo".to_owned()));
}

/// Class 10: writes are those of the transfer, in the scope that the guess says.
#[test]
fn class_10_the_callee_counts_the_transfer() {
    let chip = enter();
    let case = paying(U256::from(7));
    // The guess takes the context, the tally and both undo times with it: nothing but the bus objects.
    assert_eq!(labels_with(&case, &[(chip.scope.expr(), 5000)]), [""; 0]);
    let mut failing = case.clone();
    failing.event.scope = 5000;
    assert!(!exchange(&case, [CallsEvent::Enter(failing.event)]).objections().is_empty());
    for row in [1, 2] {
        let undo = column("account 2").shifted(row);
        assert!(labels_with(&case, &[(undo.expr(), 77)]).contains(&format!("account: undo in row {row}")));
    }
}

fn column(name: &str) -> Cell {
    let (circuit, _) = CallsChips::build();
    Cell::main(circuit.main.iter().position(|column| column == name).expect("a column"))
}

/// Class 12: warm is what was touched in this transaction, and nothing else.
#[test]
fn class_12_warm_is_not_a_choice() {
    let chip = enter();
    let (mut warm, cold) = (case(0), case(0));
    warm.event.call.target.warm = fixture::TRANSACTION;
    warm.cost -= 2500;
    for (case, flag) in [(warm, 0), (cold.clone(), 1)] {
        let labels = labels_with(&case, &[(chip.head.warm.expr(), flag)]);
        assert!(labels.iter().any(|label| label.starts_with("warm")), "{labels:?}");
    }
    // The record itself is the state's: another one has no partner.
    let mut wrong = cold;
    wrong.event.call.target.warm = fixture::TRANSACTION;
    let honest = case(0);
    let objections = Trial::new([CallsEvent::Enter(wrong.event)]).with_touch(&honest.event.call).objections();
    assert!(objections.iter().any(|o| o.starts_with("bus: account job")), "{objections:?}");
}

/// Class 14: an account without nonce, balance and code is empty, whatever else is said of it.
#[test]
fn class_14_empty_is_not_a_choice() {
    let chip = enter();
    for (name, case) in cases() {
        let honest = name == "new account" || name == "no value to no account";
        let labels = labels_with(&case, &[(chip.head.empty.expr(), u64::from(!honest))]);
        assert!(labels.contains(&"empty".to_owned()), "{name}: {labels:?}");
    }
}

/// Class 40: a call costs the same whether the callee has code or not.
#[test]
fn class_40_no_code_does_not_change_the_cost() {
    for (name, case) in cases().into_iter().filter(|(name, _)| name.contains("account")) {
        let extra = column("extra gas").expr();
        for cost in [0, case.cost - 1, case.cost + 1, case.cost + 25_000] {
            assert!(labels_with(&case, &[(extra.clone(), cost)]).contains(&"extra gas".to_owned()), "{name}");
        }
    }
}

/// Class 44: the callee gets what was asked for or all but one 64th, whichever is less, and the stipend only with a
/// value.
#[test]
fn class_44_forwarded_gas_is_not_a_choice() {
    let chip = enter();
    let ranged = |trial: Trial| trial.objections().iter().any(|o| o.starts_with("bus: range128"));
    for (name, case) in cases() {
        let labels = labels_with(&case, &[(chip.forwarded.gas.expr(), case.forwarded + 1)]);
        assert!(labels.contains(&"forwarded gas".to_owned()), "{name}: {labels:?}");
        let capped = chip.forwarded.capped.expr();
        let honest = trial(&case).grid;
        let row = honest.windows[0].row;
        let value = F::from(1) - honest.evaluate(&capped, row);
        let high = case.event.call.gas.value >> 128 != U256::ZERO;
        let spoiled = trial(&case).spoiled(0, &[(capped.clone(), value)]);
        let labels = spoiled.labels();
        assert!(ranged(spoiled) || (high && labels.contains("high gas is capped")), "{name}");
        for gas in [case.forwarded.wrapping_sub(1), case.forwarded + 1, case.forwarded + 2301] {
            let wrong = Case { forwarded: gas, ..case.clone() };
            assert!(gas == u64::MAX || !trial(&wrong).objections().is_empty(), "{name}");
        }
    }
}

/// No proof treats a precompile as an account.
#[test]
fn precompiles_are_not_called() {
    let chip = enter();
    for address in (1..=0x11).chain([0x100]) {
        let mut case = case(1);
        case.event.call.address.value = U256::from(7) << 160 | U256::from(address);
        case.event.call.target.address = U256::from(address);
        let objections = trial(&case).objections();
        let rejects = |o: &String| o.starts_with("bus: range128") || o == "not P256VERIFY";
        assert!(objections.iter().any(rejects), "{address:#x}: {objections:?}");
        let labels = labels_with(&case, &[(chip.head.target.low.expr(), 0)]);
        assert!(labels.contains(&"low addresses are looked at".to_owned()), "{address:#x}: {labels:?}");
    }
    for address in [word(0, 0x12), word(0, 0xff), word(0, 0x101), word(1, 0), word(1, 5), word(1, 0x100)] {
        let mut case = case(1);
        case.event.call.address.value = address;
        case.event.call.target.address = address;
        trial(&case).holds();
    }
}

/// No proof runs a delegation as if it were the code.
#[test]
fn delegated_code_is_not_called() {
    let mut case = case(0);
    case.event.call.first.opcode = 0xef;
    holds_not(&case, "not delegated");
}

/// A call whose callee halts exceptionally, from the step to the caller's next state.
#[test]
fn a_failing_call_comes_back() {
    use crate::bus::{Fault, FaultNative, HaltNative, Stack, StackNative};

    use super::super::{FaultEvent, ResumeEvent};

    let mut case = paying(U256::from(7));
    // Five writes of the callee's, two of them the transfer's, and the end at 2000.
    case.event.scope = 2006;
    let frame = frame(&case);
    let tally = TallyNative {
        call: CLOCK,
        clock: 1990,
        writes: 5,
        refund: F::from(0),
        logs: 9,
        returned: CLOCK,
        return_offset: 0,
        return_length: 0,
    };
    let fault = FaultNative { clock: 2000, call: CLOCK, evidence: F::from(3) };
    let halt = HaltNative { clock: 2000, call: CLOCK, success: false, gas: 0, offset: 0, length: 0 };
    let resume = ResumeEvent { halt, frame: frame.clone(), tally: tally.clone() };
    let events = [CallsEvent::Fault(FaultEvent { fault: fault.clone() }), CallsEvent::Resume(resume)];
    let caller = &case.event.call;
    let after = TallyNative {
        clock: 2000,
        writes: caller.tally.writes + 1,
        returned: CLOCK,
        return_offset: 0,
        return_length: 0,
        ..caller.tally.clone()
    };
    let state = ExecNative {
        clock: 2007,
        call: CALL,
        code: fixture::caller_code(),
        pc: PC + 1,
        height: HEIGHT - 6,
        gas: frame.gas as i64,
        memory: case.memory,
    };
    exchange(&case, [CallsEvent::Enter(case.event.clone())].into_iter().chain(events))
        .sent::<Fault>(&fault)
        .sent::<Tally>(&tally)
        .received::<Tally>(&after)
        .received::<Exec>(&state)
        .received::<Stack>(&StackNative { call: CALL, slot: HEIGHT - 7, value: U256::ZERO, clock: 2000 })
        .holds();
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Any gas, request, value and warmth: the callee and the caller share what is left by EIP-150.
    #[test]
    fn gas_is_shared(gas in 50_000u64..u64::MAX / 2, share in 0u128..1 << 70, value in 0u64..2, warm: bool) {
        let mut case = if value == 0 { case(0) } else { paying(U256::from(value)) };
        let call = &mut case.event.call;
        call.step.state.gas = gas as i64;
        call.gas.value = U256::from(share);
        if warm {
            call.target.warm = fixture::TRANSACTION;
            case.cost -= 2500;
        }
        let available = gas - case.cost;
        case.forwarded = share.min(u128::from(available - available / 64)) as u64;
        trial(&case).holds();
    }
}

/// The callee's name, in its frame, its context and its first state, is the clock of the step that calls.
#[test]
fn a_call_is_named_by_the_clock_of_its_step() {
    for (name, case) in cases() {
        let honest = trial(&case);
        let (window, circuit) = (honest.grid.windows[0], Arc::clone(&honest.grid.circuit));
        let clock = F::from(case.event.call.step.state.clock);
        let mut named = 0;
        for message in &circuit.chips[window.chip].messages {
            let slot = &circuit.slots[message.slot];
            let said = matches!(message.role, Role::Send | Role::Provide);
            let field = if said && [bus::Frame::TAG, bus::Context::TAG].contains(&slot.tag) {
                0
            } else if said && slot.tag == bus::Exec::TAG {
                1
            } else {
                continue;
            };
            let expr = slot.fields[field].shifted(message.row);
            assert_eq!(honest.grid.evaluate(&expr, window.row), clock, "{name}");
            for cell in expr.cells() {
                let mut wrong = honest.clone();
                wrong.grid.write(cell, window.row, clock + F::from(1));
                assert!(!wrong.objections().is_empty(), "{name}: {}", slot.name);
            }
            named += 1;
        }
        assert_eq!(named, 3, "{name}: frame, context and state");
    }
}
