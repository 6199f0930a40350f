//! What each opcode does, and that what it does not do is rejected.

use super::cases::*;
use super::*;
use crate::bus::*;
use crate::memory::*;

fn n(value: u64) -> U256 {
    U256::from(value)
}

/// Every case that the other tests perturb.
pub(super) fn all() -> Vec<Case> {
    let mut all = steps();
    all.extend(services());
    all
}

fn memory_steps() -> Vec<Case> {
    let load = |offset: U256| Setting::new(0x51, &[offset]).memory(4);
    let store = |offset: u64| Setting::new(0x52, &[n(offset), pattern(9)]).memory(4);
    let byte = |offset: u64| Setting::new(0x53, &[n(offset), pattern(9)]).memory(4);
    let far = U256::from(1u64 << 42) - n(32);
    vec![
        access("fast load", &load(n(64)), true),
        access("fast store", &store(96), true),
        access("fast store at zero", &store(0), true),
        access("aligned load", &load(n(96)), false),
        access("unaligned load", &load(n(33)), false),
        access("load with one byte of the second word", &load(n(65)), false),
        access("load that expands", &load(n(97)), false),
        access("load far behind", &load(n(1000)), false),
        access("load from nothing", &Setting::new(0x51, &[n(0)]), false),
        access("aligned store", &store(32), false),
        access("unaligned store", &store(63), false),
        access("store that expands by two", &store(160), false),
        access("byte store", &byte(31), false),
        access("byte store that expands", &byte(128), false),
        access("load without gas", &load(n(64)).gas(2), false),
        access("load without gas to expand", &load(n(97)).gas(5), false),
        access("aligned load without gas to expand", &load(n(128)).gas(5), false),
        access("store without gas to expand", &store(160).gas(8), false),
        access("store with just enough gas", &store(160).gas(9), false),
        access("load that costs more than any gas", &load(far - n(1)), false),
        access("load at the limit", &load(far), false),
        access("load behind the limit", &load(far + n(1)), false),
        access("load at 2^128 - 1", &load(big("ffffffffffffffffffffffffffffffff")), false),
        access("load at 2^128", &load(big("100000000000000000000000000000000")), false),
        access("load at 2^256 - 1", &load(U256::MAX), false),
        access("load without operand", &Setting::new(0x51, &[]).height(0), false),
        access("store without operands", &Setting::new(0x52, &[]).height(0), false),
        access("store with one operand", &Setting::new(0x52, &[]).height(1), false),
    ]
}

fn steps() -> Vec<Case> {
    let input = |offset: U256| Setting::new(0x35, &[offset]);
    let ends = |op: u8, offset: U256, length: U256| Setting::new(op, &[offset, length]).memory(3);
    let half = big("80000000000000000000000000000000");
    let mut cases = memory_steps();
    cases.extend([
        input_load("input, aligned", &input(n(4)), [28, 100]),
        input_load("input, unaligned", &input(n(4)), [0, 68]),
        input_load("input, in part", &input(n(60)), [5, 70]),
        input_load("input, in part over two words", &input(n(60)), [0, 70]),
        input_load("input, last byte", &input(n(69)), [0, 70]),
        input_load("input, behind", &input(n(70)), [0, 70]),
        input_load("input, none", &input(n(0)), [0, 0]),
        input_load("input, far behind", &input(half), [0, 70]),
        input_load("input, high", &input(U256::MAX), [0, 70]),
        input_load("input without gas", &input(n(0)).gas(1), [0, 70]),
        input_load("input without operand", &Setting::new(0x35, &[]).height(0), [0, 70]),
        returns("return", &ends(0xf3, n(7), n(40))),
        returns("return nothing", &ends(0xf3, U256::MAX, n(0))),
        returns("revert nothing", &ends(0xfd, n(5), n(0))),
        returns("revert and expand", &ends(0xfd, n(90), n(7))),
        returns("return without gas to expand", &ends(0xf3, n(10_000), n(1)).gas(9)),
        returns("return at the limit", &ends(0xf3, n((1 << 42) - 1), n(1))),
        returns("return below the limit", &ends(0xf3, n((1 << 42) - 2), n(1))),
        returns("return a high length", &ends(0xf3, n(0), half << 1)),
        returns("return from a high offset", &ends(0xf3, U256::MAX, n(1))),
        returns("return with a carry", &ends(0xf3, half + n(5), half)),
        returns("return with a high carry", &ends(0xf3, U256::MAX, U256::MAX)),
        returns("return without operands", &Setting::new(0xf3, &[]).height(1)),
        ends_case(0x00),
        ends_case(0xfe),
        ends_case(0x0c),
        size("return size", &Setting::new(0x3d, &[]), 999),
        size("return size, long ago", &Setting::new(0x3d, &[]), 1),
        size("return size without gas", &Setting::new(0x3d, &[]).gas(1), 999),
        size("return size without room", &Setting::new(0x3d, &[]).height(1024), 999),
        size("return size with just enough room", &Setting::new(0x3d, &[]).height(1023), 999),
        size("code size", &Setting::new(0x38, &[]), 0),
        size("code size without gas", &Setting::new(0x38, &[]).gas(0), 0),
        size("code size without room", &Setting::new(0x38, &[]).height(1024), 0),
        arithmetic("addmod", &Setting::new(0x08, &[n(5), n(6), n(7)])),
        arithmetic("mulmod", &Setting::new(0x09, &[pattern(1), pattern(2), pattern(3)])),
        arithmetic("mulmod without gas", &Setting::new(0x09, &[n(5), n(6), n(7)]).gas(7)),
        arithmetic("addmod without operands", &Setting::new(0x08, &[]).height(1)),
        arithmetic("exp", &Setting::new(0x0a, &[n(3), n(256)])),
        arithmetic("exp of zero", &Setting::new(0x0a, &[n(3), n(0)])),
        arithmetic("exp without gas", &Setting::new(0x0a, &[n(3), n(256)]).gas(109)),
        arithmetic("exp without operands", &Setting::new(0x0a, &[]).height(1)),
        bad_jump("jump to data", &Setting::new(0x56, &[n(50)])),
        bad_jump("jump behind", &Setting::new(0x56, &[n(100)])),
        bad_jump("jump to high", &Setting::new(0x56, &[U256::MAX])),
        bad_jump("jump if to data", &Setting::new(0x57, &[n(50), half << 1])),
    ]);
    cases
}

fn ends_case(opcode: u8) -> Case {
    ends(if opcode == 0 { "stop" } else { "invalid" }, opcode)
}

fn stack(slot: u64, clock: u64) -> StackNative {
    StackNative { call: CALL, slot, value: pattern(slot as u8), clock }
}

fn memory(index: u64, clock: u64) -> MemoryNative {
    MemoryNative { call: CALL, index, value: pattern(index as u8), clock }
}

fn services() -> Vec<Case> {
    let mut init = Case::new("init");
    init.takes::<MemoryInit>(&MemoryInitNative { call: CALL, from: 3, to: 5, clock: 50 });
    for (index, last_clock) in [(3, 50), (4, 99)] {
        let last = if last_clock == 50 { U256::ZERO } else { pattern(4) };
        init.events.push(MemoryEvent::Init(InitEvent { call: CALL, index, to: 5, clock: 50, last, last_clock }));
    }
    init.gives::<Memory>(&MemoryNative { value: U256::ZERO, ..memory(4, 50) });
    init.takes::<Memory>(&memory(4, 99));

    let mut refresh = Case::new("refresh");
    let (old, new) = (77, 77 + 70_001);
    refresh.takes::<Stack>(&stack(0, old));
    refresh.gives::<Stack>(&stack(0, new));
    refresh.takes::<Memory>(&memory(6, old));
    refresh.gives::<Memory>(&memory(6, new));
    refresh.takes::<Tally>(&tally(old));
    refresh.gives::<Tally>(&tally(new));
    refresh.events.extend([
        MemoryEvent::Refresh(RefreshEvent::Stack(stack(0, old), new)),
        MemoryEvent::Refresh(RefreshEvent::Memory(memory(6, old), new)),
        MemoryEvent::Refresh(RefreshEvent::Tally(tally(old), new)),
    ]);

    let mut discard = Case::new("discard");
    let tokens = [(5, 12), (4, 13), (0, 14)].map(|(slot, clock)| stack(slot, clock));
    tokens.iter().for_each(|token| discard.takes::<Stack>(token));
    discard.takes::<Memory>(&memory(8, 40));
    discard.takes::<Tally>(&tally(41));
    discard.events.extend([
        MemoryEvent::Discard(DiscardEvent::Stack(tokens[0].clone(), Some(tokens[1].clone()))),
        MemoryEvent::Discard(DiscardEvent::Stack(tokens[2].clone(), None)),
        MemoryEvent::Discard(DiscardEvent::Memory(memory(8, 40))),
        MemoryEvent::Discard(DiscardEvent::Tally(tally(41))),
    ]);

    let mut cost = Case::new("cost");
    for words in [0, 1, 22, 23, 1000, 1 << 37] {
        cost.events.push(MemoryEvent::Cost(CostEvent { words }));
    }
    vec![init, refresh, discard, cost]
}

#[test]
fn honest_steps_and_services_hold() {
    all().iter().for_each(|case| {
        case.holds();
    });
}

/// Whether a fault with this evidence is accepted by the fault chip.
fn not_negative(evidence: &F) -> bool {
    number(evidence).is_some()
}

/// The first event of a case, with another outcome.
fn relabelled(case: &Case) -> Option<MemoryEvent> {
    let mut event = case.events[0].clone();
    let step = match &mut event {
        MemoryEvent::Access(e) => &mut e.step,
        MemoryEvent::InputLoad(e) => &mut e.step,
        MemoryEvent::Return(e) => &mut e.step,
        MemoryEvent::ReturnSize(e) => &mut e.step,
        MemoryEvent::CodeSize(e) => &mut e.step,
        MemoryEvent::Ternary(e) => &mut e.step,
        MemoryEvent::Exp(e) => &mut e.step,
        // The others have one outcome, by a constraint.
        _ => return None,
    };
    step.fault = if step.fault.is_some() { None } else { Some(0) };
    Some(event)
}

/// SOUNDNESS classes 1 and 2: what succeeds cannot be claimed to fail, nor the other way round. A success that lacks gas
/// leaves with less than none, which the end of the call rejects.
#[test]
fn class_1_2_outcomes_cannot_be_exchanged() {
    let evidence = MACHINE.0.main.iter().position(|name| name == "next pc").expect("the column");
    let gas = MACHINE.0.slots.iter().position(|slot| slot.name == "leave").expect("the slot");
    for case in all() {
        let Some(event) = relabelled(&case) else { continue };
        let forged = Case { events: vec![event], ..case.clone() };
        let grid = forged.grid();
        let row = grid.windows[0].row;
        let fails = !failures(&grid).is_empty();
        let refuted = if grid.evaluate(&forged_ok(), row) == F::from(0) {
            fails || !not_negative(&grid.main[evidence][row])
        } else {
            let left = grid.evaluate(&MACHINE.0.slots[gas].fields[6], row);
            let popped = forged.objections(&grid).iter().any(|o| o.starts_with("stack [") || o.starts_with("range16"));
            fails || !not_negative(&left) || popped
        };
        assert!(refuted, "{}", case.name);
    }
}

fn forged_ok() -> verbatim_gadgets::expr::Expr {
    let ok = MACHINE.0.main.iter().position(|name| name == "ok").expect("the column");
    verbatim_gadgets::expr::Cell::main(ok).expr()
}

/// A call that ends with less gas than none, because an earlier step spent what it did not have.
#[test]
fn a_call_cannot_end_without_gas() {
    let mut stop = ends("stop without gas", 0);
    let mut returns = returns("return without gas", &Setting::new(0xf3, &[n(0), n(0)]));
    for (case, minus) in [(&mut stop, -1), (&mut returns, -1)] {
        match &mut case.events[0] {
            MemoryEvent::Stop(step) => step.state.gas = minus,
            MemoryEvent::Return(event) => event.step.state.gas = minus,
            _ => panic!("one of the two"),
        }
        let grid = case.grid();
        let objects = case.objections(&grid).iter().any(|o| o.starts_with("range128"));
        assert!(objects || failures(&grid).contains(&("return", "gas left".to_owned())), "{}", case.name);
    }
}

/// The aligned chips find no token for an address that is no multiple of 32, nor for a word that does not exist.
#[test]
fn the_aligned_chips_take_nothing_else() {
    let store = Setting::new(0x52, &[n(64), pattern(9)]).memory(4);
    let load = Setting::new(0x51, &[n(64)]).memory(4);
    for setting in [load, store] {
        for address in [n(65), n(128), U256::from(1) << 133] {
            let mut case = access("aligned", &setting, true);
            match &mut case.events[0] {
                MemoryEvent::Load(event) => event.offset.value = address,
                MemoryEvent::Store(event) => event.offset.value = address,
                _ => panic!("an aligned chip"),
            }
            let grid = case.grid();
            let tokens = case.objections(&grid).iter().any(|o| o.starts_with("memory ["));
            assert!(tokens || !failures(&grid).is_empty(), "{address}");
        }
    }
}

/// The word behind the first is not touched where no byte of it is meant, even if somebody claims so.
#[test]
fn the_size_of_memory_is_what_the_range_needs() {
    let setting = Setting::new(0x51, &[n(97)]).memory(4);
    let honest = access("expanding", &setting, false);
    let next_memory = MACHINE.0.main.iter().position(|name| name == "next memory").expect("the column");
    let mut grid = honest.holds();
    let row = grid.windows[0].row;
    assert_eq!(number(&grid.main[next_memory][row]), Some(5));
    grid.main[next_memory][row] = F::from(4);
    assert!(failures(&grid).contains(&("access", "next memory".to_owned())));
}

/// Two ends of one order's words: a chain that skips a word, or ends early, has messages without partners.
#[test]
fn an_order_is_served_whole() {
    let init = services().remove(0);
    for drop in [0, 1] {
        let mut case = init.clone();
        case.events.remove(drop);
        assert!(!case.objections(&case.grid()).is_empty());
    }
    let mut early = init;
    if let MemoryEvent::Init(event) = &mut early.events[0] {
        event.to = 4;
    }
    assert!(!early.objections(&early.grid()).is_empty());
}

/// The costs that an expansion consumes are what the cost chip provides, as often.
#[test]
fn costs_are_provided_as_often_as_they_are_consumed() {
    let mut case = access("load that expands", &Setting::new(0x51, &[n(97)]).memory(4), false);
    case.events.push(case.events[0].clone());
    case.events.extend([4, 5].map(|words| MemoryEvent::Cost(CostEvent { words })));
    let mut grid = case.grid();
    let mut counts = verbatim_gadgets::bus::FactCounts::default();
    counts.consume(&grid);
    counts.provide(&mut grid);
    let left = |grid: &Grid| {
        let mut balance = Balance::default();
        balance.add_grid(grid);
        balance.unbalanced().into_iter().filter(|u| u.tag.id == MemoryCost::TAG.id).count()
    };
    assert_eq!(left(&grid), 0);
    assert!(failures(&grid).is_empty());
    let clock = MACHINE.0.main.iter().position(|name| name == "clock").expect("the column");
    grid.main[clock][grid.windows[2].row] += F::from(1);
    assert_eq!(left(&grid), 1);
}

/// The events of every case, without the rest of the machine.
pub(super) fn all_in_one() -> Case {
    let mut one = Case::new("all");
    one.events = all().into_iter().flat_map(|case| case.events).collect();
    one
}

#[test]
fn a_mock_proof_of_all_of_them_holds() {
    assert!(mock(&all_in_one().grid()));
}
