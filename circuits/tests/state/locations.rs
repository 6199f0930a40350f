//! The `state` circuit: boundaries, accesses and refreshes make one chain for each location.

use ruint::aliases::U256;
use verbatim_circuits::bus::{
    Account, AccountJob, AccountJobNative, AccountNative, PublicAccount, PublicAccountNative, PublicSlot,
    PublicSlotNative, PublicUntouched, PublicUntouchedNative, Storage, StorageNative, Untouched, UntouchedNative,
};
use verbatim_circuits::state::{
    AccessEvent, AccountBoundaryEvent, AccountRefreshEvent, EMPTY_CODE, JUMP, SlotBoundaryEvent, SlotRefreshEvent,
    StateChips, StateEvent, jump,
};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::Message;

use crate::world::{World, failing, forge, mock, shard};

const ADDRESS: U256 = U256::from_limbs([7, 8, 0xffff_ffff, 0]);
/// The transaction of the accesses.
const TRANSACTION: u64 = 90;

fn job(clock: u64, balance: [u64; 2], warm: u64, undo: Option<u64>) -> AccountJobNative {
    AccountJobNative {
        clock,
        reverted: undo.is_some(),
        undo: undo.unwrap_or(0),
        address: ADDRESS,
        nonce: 4,
        balance: U256::from(balance[0]),
        code: EMPTY_CODE,
        warm,
        nonce_after: 5,
        balance_after: U256::from(balance[1]),
        code_after: EMPTY_CODE,
        warm_after: TRANSACTION,
    }
}

fn public_account(balance: [u64; 2], nonce_after: u64) -> PublicAccountNative {
    PublicAccountNative {
        address: ADDRESS,
        nonce_before: 4,
        balance_before: U256::from(balance[0]),
        code_before: EMPTY_CODE,
        nonce_after,
        balance_after: U256::from(balance[1]),
        code_after: EMPTY_CODE,
    }
}

fn public_slot() -> PublicSlotNative {
    PublicSlotNative { address: ADDRESS, key: U256::MAX, before: U256::from(1) << 200, after: U256::from(3) << 127 }
}

fn slot(value: U256, warm: u64, clock: u64) -> StorageNative {
    let PublicSlotNative { address, key, before, .. } = public_slot();
    StorageNative { address, key, value, original: before, warm, clock }
}

/// A location that nobody accesses.
fn untouched(slot: bool) -> PublicUntouchedNative {
    let key = if slot { U256::MAX } else { U256::ZERO };
    PublicUntouchedNative { address: ADDRESS, slot, key }
}

/// An account that rests, is accessed in vain, and then for good; a slot that rests and is written by somebody else.
fn events() -> Vec<StateEvent> {
    let first = job(JUMP * 3 + 100, [10, 20], 0, Some(JUMP * 3 + 150));
    let second = AccountJobNative { nonce_after: 4, ..job(JUMP * 3 + 160, [10, 30], 0, None) };
    let start =
        AccountNative { address: ADDRESS, nonce: 4, balance: U256::from(10), code: EMPTY_CODE, warm: 0, clock: 0 };
    let rests = jump(0, first.clock).expect("a long rest");
    let gap = u16::try_from(first.clock - 1 - JUMP * (u64::from(rests) + 1)).expect("in reach");
    let last = (TRANSACTION, second.clock);
    vec![
        StateEvent::AccountBoundary(AccountBoundaryEvent {
            public: public_account([10, 30], 4),
            warm: last.0,
            clock: last.1,
        }),
        StateEvent::AccountRefresh(AccountRefreshEvent { account: start, jump: rests }),
        StateEvent::Access(AccessEvent { job: first, gap, undo_gap: 49 }),
        StateEvent::Access(AccessEvent { job: second, gap: 9, undo_gap: 0 }),
        StateEvent::SlotBoundary(SlotBoundaryEvent {
            public: public_slot(),
            original: public_slot().before,
            warm: TRANSACTION,
            clock: JUMP + 1,
        }),
        StateEvent::SlotRefresh(SlotRefreshEvent { slot: slot(public_slot().before, 0, 0), jump: 0 }),
        StateEvent::Untouched(untouched(true)),
        StateEvent::Untouched(untouched(false)),
    ]
}

/// The verifier, the steps that ordered the accesses, and the step that wrote the slot.
fn world() -> World {
    let mut world = World::default();
    world.sends::<PublicAccount>(&public_account([10, 30], 4));
    world.sends::<PublicSlot>(&public_slot());
    [true, false].into_iter().for_each(|slot| world.sends::<PublicUntouched>(&untouched(slot)));
    for event in events() {
        if let StateEvent::Access(access) = event {
            world.sends::<AccountJob>(&access.job);
        }
    }
    world.receives::<Storage>(&slot(public_slot().before, 0, JUMP));
    world.sends::<Storage>(&slot(public_slot().after, TRANSACTION, JUMP + 1));
    world
}

fn grid() -> Grid {
    shard::<StateChips>(events())
}

#[test]
fn honest_chains_hold() {
    let grid = grid();
    world().holds(&[&grid]);
    mock(&grid);
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let found = audit(&mut grid(), usize::MAX);
    assert_eq!(found.matches(StateChips::EXCEPTIONS), Ok(()));
    assert_eq!(found.constraints.len(), 14);
}

/// Every constraint rejects a change of its own that no other constraint sees.
#[test]
fn each_constraint_alone_rejects_a_forgery() {
    let cases = [
        (0, "warm before", "give back: warm"),
        (0, "undo", "give back: clock"),
        (1, "gap", "taken at the tick before"),
        (1, "undo", "jump"),
        (4, "warm before", "give slot: warm"),
        (4, "undo", "give slot: clock"),
        (4, "nonce before", "give slot: original.hi"),
        (4, "nonce after", "give slot: original.lo"),
        (5, "code.hi before", "give slot: value.hi"),
        (5, "code.lo before", "give slot: value.lo"),
        (5, "warm before", "give slot: warm"),
        (5, "nonce before", "give slot: original.hi"),
        (5, "nonce after", "give slot: original.lo"),
        (5, "undo", "give slot: clock"),
    ];
    for (event, cell, label) in cases {
        let mut grid = grid();
        let chip = grid.circuit.chips[grid.windows[event].chip].name;
        let value = F::from(123_456);
        forge(&mut grid, event, &[(cell, 0, value)]);
        let failures = check(&grid).failures;
        assert!(failures.iter().all(|f| f.chip == chip && f.label == label), "{label}: {failures:?}");
        assert_eq!(failures.len(), 1, "{label}");
    }
}

/// SOUNDNESS class 10: an access that nobody ordered has a job without a sender.
#[test]
fn class_10_no_access_without_a_job() {
    let extra = job(JUMP * 3 + 170, [30, 999], TRANSACTION, None);
    let mut events = events();
    let last = extra.clock;
    events.push(StateEvent::Access(AccessEvent { job: AccountJobNative { nonce: 4, ..extra }, gap: 9, undo_gap: 0 }));
    if let StateEvent::AccountBoundary(boundary) = &mut events[0] {
        boundary.clock = last;
        boundary.public.balance_after = U256::from(999);
        boundary.public.nonce_after = 5;
    }
    let mut world = world();
    world.receives::<PublicAccount>(&public_account([10, 30], 4));
    world.sends::<PublicAccount>(&public_account([10, 999], 5));
    assert_eq!(world.names(&[&shard::<StateChips>(events)]), ["account job"]);
}

/// SOUNDNESS class 11: what a location holds first, and last, is what the verifier says.
#[test]
fn class_11_boundaries_hold_the_public_values() {
    for (event, cell, name) in [
        (0, "balance.lo before", "public account"),
        (0, "balance.lo after", "public account"),
        (0, "nonce after", "public account"),
        (0, "code.hi after", "public account"),
        (4, "code.lo before", "public slot"),
        (4, "balance.lo after", "public slot"),
    ] {
        let mut grid = grid();
        forge(&mut grid, event, &[(cell, 0, 77)]);
        let names = world().names(&[&grid]);
        assert!(names.contains(&name), "{cell}: {names:?}");
    }
}

/// SOUNDNESS class 12: a location is cold when the block begins.
#[test]
fn class_12_a_boundary_cannot_be_warm() {
    for (event, label) in [(0, "give back: warm"), (4, "give slot: warm")] {
        let mut grid = grid();
        forge(&mut grid, event, &[("warm before", 0, TRANSACTION)]);
        assert_eq!(failing(&grid), [label]);
    }
}

/// SOUNDNESS class 15: a location cannot begin twice, and no chain is closed.
#[test]
fn class_15_one_chain_for_a_location() {
    let mut events = events();
    let second = match &events[4] {
        StateEvent::SlotBoundary(boundary) => {
            SlotBoundaryEvent { original: boundary.public.before, warm: 0, clock: 0, ..boundary.clone() }
        }
        _ => unreachable!("the slot's boundary"),
    };
    events.push(StateEvent::SlotBoundary(second));
    assert_eq!(world().names(&[&shard::<StateChips>(events)]), ["storage", "public slot"]);

    // An access that receives what it sends has a gap of -1.
    let same = AccountJobNative { warm: TRANSACTION, nonce: 5, ..job(50, [9, 9], TRANSACTION, None) };
    let mut grid = shard::<StateChips>([StateEvent::Access(AccessEvent { job: same.clone(), gap: 0, undo_gap: 0 })]);
    forge(&mut grid, 0, &[("gap", 0, -F::from(1))]);
    let mut world = World::default();
    world.sends::<AccountJob>(&same);
    assert_eq!(world.names(&[&grid]), ["range16"]);
}

/// SOUNDNESS class 55: the record before and the one after are not each other.
#[test]
fn class_55_before_is_not_after() {
    let mut events = events();
    if let StateEvent::AccountBoundary(boundary) = &mut events[0] {
        boundary.public = public_account([30, 10], 4);
    }
    assert_eq!(world().names(&[&shard::<StateChips>(events)]), ["account", "public account"]);
    // The undoing restores the record before the access, not the one after.
    let mut grid = grid();
    let restored = AccountNative {
        address: ADDRESS,
        nonce: 5,
        balance: U256::from(20),
        code: EMPTY_CODE,
        warm: TRANSACTION,
        clock: JUMP * 3 + 150,
    };
    forge(&mut grid, 2, &[("balance.lo before", 0, 20), ("nonce before", 0, 5), ("warm before", 0, TRANSACTION)]);
    let left = world().unbalanced(&[&grid]);
    assert!(left.iter().any(|left| left.tuple == <Account as verbatim_gadgets::message::Message>::tuple(&restored)));
    assert!(left.iter().any(|left| left.tag.name == "account job"));
}

/// An access whose job is to be undone cannot be left standing, nor one that stays be undone.
#[test]
fn an_undoing_is_part_of_the_job() {
    for (event, reverted) in [(2, 0), (3, 1)] {
        let mut grid = grid();
        forge(&mut grid, event, &[("reverted", 0, reverted)]);
        assert!(failing(&grid).is_empty());
        let names = world().names(&[&grid]);
        assert_eq!(names, ["account", "account job"], "{names:?}");
    }
}

/// Whoever says that a location is untouched has it from the verifier, whose message comes once and says what it is.
#[test]
fn class_11_nothing_is_untouched_by_itself() {
    for slot in [true, false] {
        let honest = untouched(slot);
        let grid = shard::<StateChips>([StateEvent::Untouched(honest.clone())]);
        assert!(failing(&grid).is_empty());
        assert_eq!(World::default().names(&[&grid]), ["public untouched"]);
        let mut world = World::default();
        world.sends::<PublicUntouched>(&PublicUntouchedNative { slot: !slot, ..honest.clone() });
        assert_eq!(world.unbalanced(&[&grid]).len(), 2);
        // The fact is the message.
        let mut asked = grid.clone();
        forge(&mut asked, 0, &[("clock", 0, 3)]);
        let mut world = World::default();
        world.sends::<PublicUntouched>(&honest);
        let left = world.unbalanced(&[&asked]);
        let PublicUntouchedNative { address, slot, key } = honest;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].tuple, Untouched::tuple(&UntouchedNative { address, slot, key }));
    }
}

#[test]
fn a_location_is_cheap() {
    let sheet = Sheet::<StateChips>::new();
    let circuit = sheet.circuit();
    let cells = circuit.main.len() + circuit.aux_columns();
    assert_eq!(cells, 30, "a boundary row, an access and a refresh are one row each");
}
