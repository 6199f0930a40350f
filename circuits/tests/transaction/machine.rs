//! Transfers, as four circuits prove them: transaction, state, memory (for STOP and what is left over) and opcodes.

use ruint::aliases::U256;
use verbatim_circuits::schedule::Fork;
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_gadgets::check::check;

use crate::trial::is_true;
use crate::tx::{Tx, address, plain, word};
use crate::world::World;

/// What a call leaves that is a STOP.
fn stop(tx: &mut Tx) {
    (tx.first, tx.outcome.ticks, tx.outcome.gas) = (0, 4, tx.public.gas as i64);
}

#[test]
fn transfers_hold_in_four_circuits() {
    let mut world = World::stopping(address(5));
    for number in 2..=4 {
        world.account(address(number)).code = EMPTY_CODE;
    }
    world.transaction(&plain().with(|tx| tx.public.value = word(1, 77)).with(stop));
    world.transaction(&plain().with(stop).with(|tx| {
        (tx.public.sender, tx.public.to) = (address(2), address(5));
        (tx.input, tx.public.input_length) = (vec![word(5, 6)], 32);
        tx.access = vec![(false, address(4), U256::ZERO), (false, address(1), U256::ZERO)];
    }));
    world.withdrawal(address(3), 1_000_000_000);
    let (grids, mut balance) = world.machine(Fork::Osaka);
    for grid in &grids {
        let report = check(grid);
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        balance.add_grid(grid);
    }
    let alone: Vec<_> = balance.unbalanced().into_iter().filter(|m| !is_true(m.tag.id, &m.tuple)).collect();
    assert!(alone.is_empty(), "{alone:?}");
}
