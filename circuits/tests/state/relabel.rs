//! No outcome can be taken for another: success and fault, warm and cold, before and after. The tests are named after the
//! classes of SOUNDNESS.md.

use ruint::aliases::U256;
use verbatim_circuits::bus::{CodeLength, CodeLengthNative, Context};
use verbatim_circuits::bus::{PublicSlot, PublicSlotNative, Range128, Stack, Storage, StorageNative};
use verbatim_circuits::state::{EMPTY_CODE, SlotBoundaryEvent, StateChips, StateEvent};
use verbatim_circuits::storage::{StorageChips, StorageEvent};
use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::Message;

use crate::fixture::{BALANCE, CLOCK, Case, EXTCODESIZE, SCOPE, SELFBALANCE, SLOAD, SSTORE, TRANSACTION, WRITES, word};
use crate::steps::{faults, low, successes};
use crate::world::{World, failing, forge, rederive, shard};

/// What the evidence of a fault may be: without a price, and with it.
fn evidences(case: &Case) -> (Vec<i64>, Option<i64>) {
    let height = i64::try_from(case.height).expect("a small height");
    let price = Some(case.cost - case.gas - 1);
    match case.opcode {
        SELFBALANCE => (vec![4 - case.gas, height - 1024], None),
        SSTORE => (vec![1 - height, i64::from(case.fixed) - 1, 2300 - case.gas], price),
        _ => (vec![-height, 99 - case.gas], price),
    }
}

#[test]
fn class_02_a_success_is_no_fault() {
    for case in successes() {
        let (free, priced) = evidences(&case);
        let all = free.iter().map(|e| (*e, false)).chain(priced.map(|e| (e, true)));
        for fault in all {
            // The row allows it, but the fault chip does not: its evidence is negative.
            assert!(fault.0 < 0, "{case:?}");
            assert!(failing(&Case { fault: Some(fault), ..case.clone() }.grid()).is_empty(), "{case:?}: {fault:?}");
        }
        for fault in [(0, false), (1, false), (12_345, false), (0, true), (12_345, true)] {
            if case.opcode == SELFBALANCE && fault.1 {
                continue;
            }
            let label = if fault.1 { "evidence of the price" } else { "evidence" };
            let labels = failing(&Case { fault: Some(fault), ..case.clone() }.grid());
            assert_eq!(labels, [label], "{case:?}: {fault:?}");
        }
    }
}

/// What a fault costs if it is taken for a success.
fn cost(case: &Case) -> i64 {
    match (case.opcode, case.warm == TRANSACTION) {
        (SELFBALANCE, _) => 5,
        (SLOAD, false) => 2100,
        (BALANCE | EXTCODESIZE, false) if !case.precompile().is_some_and(|fact| fact.present) => 2600,
        (SSTORE, warm) => {
            let write = if case.value == U256::ZERO { 20_000 } else { 2900 };
            let first = !warm || case.value == case.original;
            i64::from(!warm) * 2100 + if first { write } else { 100 }
        }
        _ => 100,
    }
}

#[test]
fn class_02_a_fault_is_no_success() {
    for case in faults() {
        let cost = cost(&case);
        let success = Case { fault: None, cost, ..case.clone() };
        let grid = success.grid();
        let labels = failing(&grid);
        if case.opcode == SSTORE && case.fixed {
            assert_eq!(labels, ["not static"], "{case:?}");
            continue;
        }
        if case.untouched {
            assert_eq!(labels, ["untouched is priced"], "{case:?}");
            continue;
        }
        assert!(labels.is_empty(), "{case:?}: {labels:?}");
        // An operand from below the stack, a push above its limit, the stipend, or negative gas, which the call's end sees.
        let left = World::default().unbalanced(&[&grid]);
        let below = |slot: F| slot > F::from(1 << 20);
        let no_operand = || left.iter().any(|left| left.tag == Stack::TAG && below(left.tuple[1]));
        let stipend = || left.iter().any(|left| left.tag == Range128::TAG);
        let too_high = || left.iter().any(|left| left.tag.name == "range16");
        assert!(no_operand() || stipend() || too_high() || case.gas < cost, "{case:?}");
    }
}

/// The stipend is exceeded by one gas, not met.
#[test]
fn class_44_the_stipend_of_a_write() {
    let write = Case { original: word(9, 9), ..Case::new(SSTORE) };
    let at = |gas: i64| Case { gas, ..write.clone() };
    at(2301).world().holds(&[&at(2301).grid()]);
    let least = at(2300);
    assert_eq!(least.world().names(&[&least.grid()]), ["range128"]);
}

#[test]
fn class_12_warmth_is_the_tokens() {
    for opcode in [SLOAD, SSTORE, BALANCE, EXTCODESIZE] {
        let cold = if [SLOAD, SSTORE].contains(&opcode) { 2000 } else { 2500 };
        for (warm, other, change) in [(TRANSACTION, 0, cold), (0, TRANSACTION, -cold)] {
            let pushes = if opcode == EXTCODESIZE { U256::from(24_576) } else { word(3, 4) };
            let base = Case { opcode, warm, original: word(3, 4), pushes, ..Case::new(SLOAD) };
            let cost = 100 + if warm == 0 { cold } else { 0 };
            let case = match opcode {
                // Writing what is there costs no more than reading it.
                SSTORE => Case { new: base.value, cost: cost + if warm == 0 { 100 } else { 0 }, ..base },
                _ => Case { cost, ..base },
            };
            case.world().holds(&[&case.grid()]);
            // The other price alone.
            let mut grid = case.grid();
            let price = if change < 0 { -F::from(change.unsigned_abs()) } else { F::from(change.unsigned_abs()) };
            let honest = verbatim_gadgets::value::from_u128(cost.unsigned_abs().into());
            forge(&mut grid, 0, &[("extra gas", 0, honest + price)]);
            assert_eq!(failing(&grid), ["extra gas"], "{case:?}");
            // Another token: it is nobody's. Another transaction: the context knows better.
            let lie = Case { warm: other, ..case.clone() };
            let names = case.world().names(&[&lie.grid()]);
            let token = if [SLOAD, SSTORE].contains(&opcode) { "storage" } else { "account job" };
            assert_eq!(names, ["exec", token], "{case:?}");
        }
    }
}

/// Only a fault takes a location for one that nobody accesses, only for its cold price, and only if it is one.
#[test]
fn class_12_nobody_accesses_what_is_untouched() {
    for opcode in [SLOAD, BALANCE, EXTCODESIZE] {
        let (cell, row) = if opcode == SLOAD { ("b.hi", 0) } else { ("a.hi", 2) };
        let mut success = Case { warm: 0, cost: 2600, ..Case::new(opcode) }.grid();
        forge(&mut success, 0, &[(cell, row, 1)]);
        assert_eq!(failing(&success), ["untouched is priced"]);
        let mut warm = Case { gas: 99, fault: Some((0, true)), ..Case::new(opcode) }.grid();
        forge(&mut warm, 0, &[(cell, row, 1)]);
        assert_eq!(failing(&warm), ["untouched is cold"]);
        let lack = if opcode == SLOAD { 1599 } else { 2099 };
        let truth = Case { gas: 500, warm: TRANSACTION, fault: Some((lack, true)), ..Case::new(opcode) };
        let lie = Case { warm: 0, untouched: true, ..truth.clone() };
        assert!(failing(&lie.grid()).is_empty());
        assert!(truth.world().names(&[&lie.grid()]).contains(&"untouched"));
        // Another location is not this one.
        let other = Case { key: word(1, 78), ..lie.clone() };
        assert!(other.world().names(&[&lie.grid()]).contains(&"untouched"));
    }
}

/// A precompile is warm from the start, in the forks that have it; nothing else is.
#[test]
fn class_12_precompiles_are_warm() {
    for case in low() {
        let grid = case.grid();
        case.world().holds(&[&grid]);
        let Some(fact) = case.precompile() else { continue };
        // What the fork says of the address is the fact's to know.
        let mut lie = grid.clone();
        let price = if fact.present { 2600 } else { 100 };
        forge(&mut lie, 0, &[("b.hi", 0, u64::from(!fact.present))]);
        if case.warm != TRANSACTION {
            forge(&mut lie, 0, &[("extra gas", 0, price)]);
        }
        assert!(failing(&lie).is_empty(), "{case:?}");
        assert!(case.world().names(&[&lie]).contains(&"precompile"), "{case:?}");
        // An address that is listed cannot be taken for another, with its price.
        let mut lie = grid.clone();
        forge(&mut lie, 0, &[("b.lo", 0, 0), ("b.hi", 0, 0)]);
        forge(&mut lie, 0, &[("extra gas", 0, if case.warm == TRANSACTION { 100 } else { 2600 })]);
        rederive(&mut lie);
        let labels = failing(&lie);
        match fact.address == U256::from(256) {
            true => assert_eq!(labels, ["not P256VERIFY"], "{case:?}"),
            false => {
                assert!(labels.is_empty(), "{case:?}: {labels:?}");
                assert!(case.world().names(&[&lie]).contains(&"range128"), "{case:?}");
            }
        }
    }
}

/// An address that is not listed can neither be called so nor be called a precompile.
#[test]
fn class_12_other_addresses_are_no_precompiles() {
    for case in low().into_iter().filter(|case| case.precompile().is_none()) {
        let mut lie = case.grid();
        forge(&mut lie, 0, &[("b.lo", 0, 1), ("b.hi", 0, 1), ("extra gas", 0, 100)]);
        rederive(&mut lie);
        assert!(failing(&lie).is_empty(), "{case:?}");
        assert!(case.world().names(&[&lie]).contains(&"precompile"), "{case:?}");
        let mut lie = case.grid();
        forge(&mut lie, 0, &[("b.hi", 0, 1), ("extra gas", 0, 100)]);
        assert_eq!(failing(&lie), ["precompile is listed"], "{case:?}");
    }
    // A step that touches nothing looks nothing up.
    let mut lie = Case { height: 0, fault: Some((0, false)), ..Case::new(BALANCE) }.grid();
    forge(&mut lie, 0, &[("b.lo", 0, 1)]);
    rederive(&mut lie);
    assert_eq!(failing(&lie), ["listed where touched"]);
}

#[test]
fn class_12_a_fault_shows_coldness() {
    // 500 gas are enough for a warm access, whatever the fault says.
    for opcode in [SLOAD, BALANCE, EXTCODESIZE] {
        let lack = if opcode == SLOAD { 2100 - 501 } else { 2600 - 501 };
        let case = Case { gas: 500, warm: TRANSACTION, ..Case::new(opcode) };
        for priced in [false, true] {
            assert!(!failing(&Case { fault: Some((lack, priced)), ..case.clone() }.grid()).is_empty());
        }
        let lie = Case { warm: 0, fault: Some((lack, true)), ..case };
        let truth = Case { warm: TRANSACTION, ..lie.clone() };
        assert!(failing(&lie.grid()).is_empty());
        assert!(!truth.world().unbalanced(&[&lie.grid()]).is_empty());
    }
}

/// SLOAD leaves the value, and a write of another kind leaves what it does not write.
#[test]
fn class_13_each_step_leaves_the_rest_of_the_record() {
    let case = Case { reverted: true, ..Case::new(SLOAD) };
    for (cell, label) in [("result.hi", "value: hi"), ("result.lo", "value: lo")] {
        let mut grid = case.grid();
        forge(&mut grid, 0, &[(cell, 0, 9)]);
        assert_eq!(failing(&grid), [label]);
    }
    // The original value of a warm slot, and the transaction of the touch.
    let mut grid = Case::new(SSTORE).grid();
    let lie = Case { original: word(4, 4), ..Case::new(SSTORE) };
    assert!(Case::new(SSTORE).world().names(&[&lie.grid()]).contains(&"storage"));
    forge(&mut grid, 0, &[("next memory", 0, 8)]);
    assert_eq!(failing(&grid), ["next memory"]);
}

/// An absent account has no balance, and its code is the empty one, not no code.
#[test]
fn class_14_absent_accounts() {
    let balance = Case { value: U256::ZERO, pushes: U256::ZERO, ..Case::new(BALANCE) };
    balance.world().holds(&[&balance.grid()]);
    let size = Case { opcode: EXTCODESIZE, ..balance };
    let StorageEvent::Account(mut event) = size.event() else { panic!("an account step") };
    event.length = 0;
    let absent = event.account.as_mut().expect("it touches");
    (absent.nonce, absent.code) = (0, EMPTY_CODE);
    let mut world = World::default();
    let grid = shard::<StorageChips>([StorageEvent::Account(event.clone())]);
    let length = |world: &World| world.names(&[&grid]).contains(&"code length");
    assert!(length(&world));
    world.provides::<CodeLength>(&CodeLengthNative { hash: EMPTY_CODE, length: 0 });
    assert!(!length(&world));
    // A hash of zero names no code.
    event.account.as_mut().expect("it touches").code = U256::ZERO;
    let grid = shard::<StorageChips>([StorageEvent::Account(event)]);
    assert!(world.names(&[&grid]).contains(&"code length"));
}

#[test]
fn class_41_no_write_in_a_static_call() {
    let case = Case { fixed: true, ..Case::new(SSTORE) };
    assert_eq!(failing(&case.grid()), ["not static"]);
    // A context that says otherwise is not the call's.
    let lie = Case { fixed: false, ..case.clone() };
    let mut world = World::default();
    world.provides::<Context>(&case.context());
    assert!(world.names(&[&lie.grid()]).contains(&"context"));
}

#[test]
fn class_55_the_undoing_restores_the_record_before() {
    for opcode in [SLOAD, SSTORE] {
        let case = Case { reverted: true, cost: 2100, warm: 3, ..Case::new(opcode) };
        for (cell, row, value, label) in [
            ("undo", 0, CLOCK + 5, "undo"),
            ("undo", 0, SCOPE - WRITES - 1, "undo"),
            ("taken", 0, CLOCK + 1, "taken"),
            ("undone", 0, 0, "undone"),
        ] {
            let mut grid = case.grid();
            forge(&mut grid, 0, &[(cell, row, value)]);
            assert!(failing(&grid).contains(&label.to_owned()), "{cell}");
        }
        // What stays is not undone, and what is undone does not stay.
        let stays = Case { reverted: false, ..case.clone() };
        assert!(stays.world().names(&[&case.grid()]).contains(&"storage"));
        assert!(case.world().names(&[&stays.grid()]).contains(&"storage"));
    }
}

/// A slot is written twice in a call that fails, and read behind it: the writes are undone, the later one first. Only the
/// verifier's message and the boundary row stand behind the chain.
#[test]
fn a_slot_lives_through_a_failing_call() {
    let at = |case: &Case, clock: u64, writes: u64, slot: &StorageNative| {
        let mut event = case.event();
        let (state, token) = match &mut event {
            StorageEvent::Load(load) => (&mut load.state, &mut load.slot),
            StorageEvent::Store(store) => (&mut store.state, &mut store.slot),
            _ => unreachable!("a slot's step"),
        };
        state.step.state.clock = clock;
        state.tally.clock = clock - 1;
        state.tally.writes = writes;
        *token = Some(slot.clone());
        event
    };
    let case = Case { new: word(7, 7), reverted: true, ..Case::new(SSTORE) };
    let first = StorageNative { warm: 0, clock: 0, original: case.value, ..case.slot() };
    let second =
        StorageNative { warm: TRANSACTION, clock: 60_000, value: word(7, 7), original: case.value, ..case.slot() };
    let mut events = vec![
        at(&case, 60_000, 4, &first),
        at(&Case { new: word(8, 8), ..case.clone() }, 60_010, 5, &second),
        at(&Case::new(SLOAD), 71_001, 9, &StorageNative { clock: SCOPE - 4, ..first.clone() }),
    ];
    for (event, gap) in events.iter_mut().zip([0, SCOPE - 5 - 1 - 60_010]) {
        if let StorageEvent::Store(store) = event {
            store.undo_gap = u16::try_from(gap).expect("in reach");
        }
    }
    let public = PublicSlotNative { address: first.address, key: first.key, before: first.value, after: first.value };
    let boundary =
        SlotBoundaryEvent { public: public.clone(), original: first.value, warm: TRANSACTION, clock: 71_001 };
    let steps = shard::<StorageChips>(events);
    let locations = shard::<StateChips>([StateEvent::SlotBoundary(boundary)]);
    assert!(failing(&steps).is_empty() && failing(&locations).is_empty());
    let mut world = World::default();
    world.sends::<PublicSlot>(&public);
    let left = world.unbalanced(&[&steps, &locations]);
    let open: Vec<_> = left.iter().filter(|left| [Storage::TAG, PublicSlot::TAG].contains(&left.tag)).collect();
    assert!(open.is_empty(), "{open:#?}");
}
