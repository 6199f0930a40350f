//! Blocks that hold, and the audit of their rows.

use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::transaction::{Outcome, TransactionChips};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::check::check;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};

use crate::trial::Trial;
use crate::tx::{Tx, address, code, plain, word};
use crate::world::World;

/// A block with every kind of item.
pub(crate) fn block() -> Trial {
    items().finish()
}

/// The same, before it ends.
pub(crate) fn items() -> World {
    let mut world = World::new(address(5));
    world.account(address(2)).code = EMPTY_CODE;
    world.transaction(&plain().with(|tx| {
        (tx.public.system, tx.public.to) = (true, address(3));
        (tx.input, tx.public.input_length) = (vec![word(5, 6)], 32);
    }));
    world.transaction(&plain().with(|tx| (tx.first, tx.public.value) = (0, U256::from(77))));
    world.transaction(&plain().with(|tx| {
        tx.public.to = address(3);
        tx.access = vec![
            (false, address(4), U256::ZERO),
            (true, address(4), word(11, 12)),
            (true, address(4), word(13, 14)),
            (false, address(9), U256::ZERO),
            (false, word(0, 1), U256::ZERO),
            (true, word(0, 1), word(15, 16)),
        ];
        tx.absent = vec![4, 5];
        (tx.input, tx.public.input_length) = (vec![word(1, 2), word(3, 0)], 40);
        (tx.outcome.writes, tx.outcome.refund, tx.outcome.logs) = (5, 4800, 3);
    }));
    // A refund of more than a fifth.
    world.transaction(&plain().with(|tx| (tx.outcome.gas, tx.outcome.refund) = (60_003, 8_000)));
    // A call that fails, with a value that borrows, a counter, and logs.
    world.transaction(&plain().with(|tx| {
        (tx.outcome.success, tx.outcome.gas, tx.outcome.writes) = (false, 1234, 3);
        (tx.outcome.refund, tx.outcome.logs, tx.public.value) = (4800, 2, word(1, u128::MAX));
    }));
    // The floor, and an end without any gas.
    world.transaction(&plain().with(|tx| (tx.public.floor, tx.outcome.refund) = (45_001, 10)));
    world.transaction(&plain().with(|tx| (tx.outcome.success, tx.outcome.gas) = (false, 0)));
    // Recipients near the precompiles.
    for to in [word(0, 0), word(0, 0x12), word(0, 0x101), word(1, 3), word(1, 0x100), word(3, 0)] {
        world.transaction(&plain().with(|tx| tx.public.to = to));
    }
    creations(&mut world);
    world.transaction(&plain().with(|tx| (tx.public.sender, tx.delegate) = (address(4), Some(address(77)))));
    world.withdrawal(address(5), 1_000_000_000);
    world.withdrawal(word(0, 9), u128::from(u64::MAX) * 1_000_000_000);
    world.transaction(&plain().with(|tx| tx.public.system = true));
    world
}

/// Creations of every fate.
fn creations(world: &mut World) {
    let create = |number: u128| {
        plain().with(|tx| {
            (tx.public.create, tx.public.to) = (true, address(number));
            (tx.input, tx.public.input_length) = (vec![word(1, 2), word(3, 0)], 33);
            (tx.init, tx.deposited) = (code(100), (code(101), 0x60));
            (tx.outcome.returned, tx.outcome.writes) = ((64, 100), 2);
        })
    };
    let set = |outcome| move |tx: &mut Tx| tx.outcome.deposit = outcome;
    let long = |length| move |tx: &mut Tx| (tx.outcome.returned, tx.outcome.gas) = ((0, length), 99_999);
    world.transaction(&create(10));
    world.transaction(&create(11).with(|tx| (tx.public.value, tx.first) = (word(0, 44), 0xef)));
    world.transaction(&create(12).with(|tx| (tx.outcome.returned, tx.deposited) = ((0, 0), (EMPTY_CODE, 0))));
    world.transaction(&create(13).with(|tx| (tx.outcome.success, tx.outcome.gas) = (false, 7)));
    world.transaction(&create(14).with(|tx| tx.outcome.gas = 20_000));
    world.transaction(&create(15).with(set(Outcome::Poor)).with(|tx| tx.outcome.gas = 19_999));
    world.transaction(&create(16).with(set(Outcome::Large)).with(long(24_577)));
    world.transaction(&create(17).with(set(Outcome::Invalid)).with(|tx| tx.deposited.1 = 0xef));
    world.transaction(&create(18).with(set(Outcome::Poor)).with(|tx| {
        (tx.public.value, tx.outcome.gas) = (word(0, 45), 0);
    }));
    // What it has already does not stand in its way; no input.
    world.account(address(19)).balance = word(9, 9);
    world.transaction(&create(19).with(|tx| {
        (tx.input, tx.public.input_length, tx.init, tx.first) = (Vec::new(), 0, EMPTY_CODE, 0);
        (tx.outcome.returned, tx.deposited) = ((0, 0), (EMPTY_CODE, 0));
    }));
}

/// Sender, recipient and coinbase are one.
fn one_for_all() -> World {
    let mut world = World::new(address(1));
    world.transaction(&plain().with(|tx| (tx.public.to, tx.public.value) = (address(1), word(1, 5))));
    world.transaction(&plain().with(|tx| {
        (tx.public.to, tx.public.value) = (address(1), word(1, 5));
        (tx.outcome.success, tx.outcome.writes) = (false, 9);
    }));
    world
}

#[test]
fn honest_blocks_hold() {
    for trial in [block(), one_for_all().finish(), World::new(address(1)).finish()] {
        trial.holds();
        let (circuit, sum) = ShardCircuit::for_mock_prover(&trial.grid);
        let prover = MockProver::run(trial.grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
        prover.verify().expect("MockProver agrees");
    }
}

/// The state's circuit serves every access, and undoes those of calls that fail.
#[test]
fn the_state_agrees() {
    for world in [items(), one_for_all()] {
        let (grid, public) = world.state();
        let mut trial = world.finish();
        assert!(check(&grid).failures.is_empty());
        trial.others.merge(public);
        trial.others.add_grid(&grid);
        trial.holds();
    }
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let mut grid = block().grid;
    let found = audit(&mut grid, usize::MAX);
    assert_eq!(found.matches(TransactionChips::EXCEPTIONS), Ok(()));
}

#[test]
fn the_layout_is_narrow() {
    let sheet = Sheet::<TransactionChips>::new();
    let circuit = sheet.circuit();
    let columns = circuit.main.len() + circuit.aux_columns();
    assert!(columns <= 64, "a row takes {columns} cells");
}
