//! The `storage` circuit: honest steps hold, every constraint is needed, no cell is free, and no outcome can be taken for
//! another.

use halo2_proofs::arithmetic::Field;
use ruint::aliases::U256;
use verbatim_circuits::schedule::Fork;
use verbatim_circuits::storage::StorageChips;
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::chip::Derive;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};

use crate::fixture::{BALANCE, Case, EXTCODESIZE, SELFBALANCE, SLOAD, SSTORE, TRANSACTION, word};
use crate::store::{prices, written};
use crate::world::{failing, mock, shard};

fn load() -> Vec<Case> {
    let warm = Case::new(SLOAD);
    let cold = Case { warm: 0, cost: 2100, ..warm.clone() };
    let former = Case { warm: TRANSACTION - 50, reverted: true, fixed: true, ..cold.clone() };
    vec![warm.clone(), cold, former, Case { reverted: true, ..warm }]
}

fn account() -> Vec<Case> {
    let balance = Case::new(BALANCE);
    let size = Case { opcode: EXTCODESIZE, pushes: U256::from(24_576), reverted: true, ..balance.clone() };
    let cold = Case { warm: 0, cost: 2600, ..balance.clone() };
    let cold_size = Case { reverted: true, fixed: true, warm: 790, cost: 2600, ..size.clone() };
    let others = vec![balance, size, cold, cold_size, Case { cost: 5, ..Case::new(SELFBALANCE) }];
    others.into_iter().chain(low()).collect()
}

/// Accounts around the precompiles' addresses, which nobody has touched.
pub(crate) fn low() -> Vec<Case> {
    let at = |fork: Fork, key: U256, cost: i64| Case { fork, key, warm: 0, cost, ..Case::new(BALANCE) };
    let mut cases = Vec::new();
    for (fork, last, verify) in
        [(Fork::Shanghai, 9, 2600), (Fork::Cancun, 10, 2600), (Fork::Prague, 17, 2600), (Fork::Osaka, 17, 100)]
    {
        let costs = [(0, 2600), (1, 100), (last, 100), (last + 1, 2600), (18, 2600), (255, 2600), (256, verify)];
        cases.extend(costs.map(|(key, cost)| at(fork, U256::from(key), cost)));
    }
    // The bits above the address are ignored; others are none of its limbs.
    cases.push(at(Fork::Osaka, U256::MAX << 160 | U256::from(2), 100));
    cases.push(at(Fork::Osaka, word(1, 2), 2600));
    cases.push(at(Fork::Osaka, word(1 << 16, 256), 2600));
    cases.push(Case { warm: TRANSACTION, ..at(Fork::Osaka, U256::from(2), 100) });
    cases
}

/// Every way to fail, with its evidence.
pub(crate) fn faults() -> Vec<Case> {
    let mut cases = Vec::new();
    for (opcode, price) in [(SLOAD, 2100), (BALANCE, 2600), (EXTCODESIZE, 2600)] {
        let case = Case::new(opcode);
        // No operand; not even the gas of a warm access, without and with the token; not the gas of a cold one.
        cases.push(Case { height: 0, fault: Some((0, false)), ..case.clone() });
        cases.push(Case { gas: 60, fault: Some((39, false)), ..case.clone() });
        cases.push(Case { gas: 99, fault: Some((0, true)), ..case.clone() });
        cases.push(Case { gas: 100, warm: 5, reverted: true, fault: Some((price - 101, true)), ..case.clone() });
        cases.push(Case { gas: price - 1, warm: 0, fault: Some((0, true)), ..case });
    }
    for opcode in [SLOAD, BALANCE, EXTCODESIZE] {
        let price = if opcode == SLOAD { 2100 } else { 2600 };
        let case = Case { untouched: true, warm: 0, ..Case::new(opcode) };
        cases.push(Case { gas: price - 1, fault: Some((0, true)), ..case.clone() });
        cases.push(Case { gas: 100, reverted: true, fault: Some((price - 101, true)), ..case });
    }
    let precompile = Case { key: U256::from(4), untouched: true, warm: 0, ..Case::new(BALANCE) };
    cases.push(Case { gas: 99, fault: Some((0, true)), ..precompile });
    let precompile = Case { key: U256::from(4), warm: 0, ..Case::new(BALANCE) };
    cases.push(Case { gas: 99, fault: Some((0, true)), ..precompile });
    let store = Case::new(SSTORE);
    cases.push(Case { height: 1, fault: Some((0, false)), ..store.clone() });
    cases.push(Case { height: 0, fault: Some((1, false)), ..store.clone() });
    cases.push(Case { gas: 2300, fault: Some((0, false)), ..store.clone() });
    cases.push(Case { fixed: true, fault: Some((0, false)), ..store.clone() });
    cases.push(Case { fixed: true, height: 0, fault: Some((1, false)), ..store.clone() });
    let fresh = Case { value: U256::ZERO, original: U256::ZERO, ..store.clone() };
    cases.push(Case { gas: 19_999, fault: Some((0, true)), ..fresh.clone() });
    cases.push(Case { gas: 20_000, warm: 0, fault: Some((2099, true)), ..fresh });
    cases.push(Case { gas: 2899, original: store.value, fault: Some((0, true)), ..store });
    let own = Case::new(SELFBALANCE);
    cases.push(Case { gas: 4, fault: Some((0, false)), ..own.clone() });
    cases.push(Case { height: 1024, fault: Some((0, false)), ..own });
    cases
}

/// Steps that their row cannot tell from others, for the audit: what is wrong with them is the bus's to see. A success's next
/// position is what would be the evidence of a fault; there is no gas for it, or there are no operands.
fn edges() -> Vec<Case> {
    let store = Case { fixed: true, gas: 99, fault: Some((0, true)), ..Case::new(SSTORE) };
    let store_without_operands = Case { pc: 0, height: 0, gas: 98, ..Case::new(SSTORE) };
    let gas = [(SLOAD, 58), (BALANCE, 58), (SELFBALANCE, -37), (SSTORE, 2259)];
    let lacking = gas.map(|(opcode, gas)| Case { gas, ..Case::new(opcode) });
    [store, store_without_operands].into_iter().chain(lacking).collect()
}

/// Every success.
pub(crate) fn successes() -> Vec<Case> {
    let written = prices().into_iter().map(|price| written(&price));
    load().into_iter().chain(account()).chain(written).collect()
}

fn all() -> Vec<Case> {
    successes().into_iter().chain(faults()).collect()
}

#[test]
fn honest_steps_hold() {
    for case in all() {
        let grid = case.grid();
        let left = case.world().unbalanced(&[&grid]);
        assert!(left.is_empty(), "{case:?}: {left:#?}");
        case.world().holds(&[&grid]);
    }
    mock(&shard::<StorageChips>(all().iter().map(Case::event)));
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let mut grid = shard::<StorageChips>(all().into_iter().chain(edges()).map(|case| case.event()));
    let found = audit(&mut grid, usize::MAX);
    assert_eq!(found.matches(StorageChips::EXCEPTIONS), Ok(()));
}

/// SOUNDNESS class 37: no zero test can be answered falsely, with or without an inverse.
#[test]
fn class_37_zero_tests_are_determined() {
    for case in successes() {
        let grid = case.grid();
        let window = grid.windows[0];
        let chip = &grid.circuit.chips[window.chip];
        for (place, derive) in chip.derived.iter().enumerate() {
            let (Derive::IsZero(flag, _), Some(Derive::Inverse(inverse, _))) = (derive, chip.derived.get(place + 1))
            else {
                continue;
            };
            let mut forged = grid.clone();
            let answer = F::ONE - grid.read(*flag, window.row);
            forged.write(*flag, window.row, answer);
            if answer == F::ONE {
                forged.write(*inverse, window.row, F::ZERO);
            }
            let others = chip.derived.iter().enumerate().filter(|(other, _)| ![place, place + 1].contains(other));
            for (_, derive) in others {
                for (cell, value) in derive.values(|expr| forged.evaluate(expr, window.row)) {
                    forged.write(cell, window.row, value);
                }
            }
            let labels = failing(&forged);
            let right = if answer == F::ONE { "zero has no inverse" } else { "others have one" };
            assert!(labels.len() == 1 && labels[0].ends_with(right), "{case:?}: {labels:?}");
        }
    }
}

/// The ignored bits of an address are ignored, whatever they are.
#[test]
fn an_address_is_the_low_160_bits() {
    for key in [U256::ZERO, U256::MAX, U256::from(1) << 160, (U256::from(1) << 160) - U256::from(1), word(1 << 33, 5)] {
        let case = Case { key, ..Case::new(BALANCE) };
        case.world().holds(&[&case.grid()]);
    }
}

#[test]
fn the_layout_is_narrow() {
    let sheet = Sheet::<StorageChips>::new();
    let circuit = sheet.circuit();
    let width = circuit.main.len() + circuit.aux_columns();
    assert_eq!(width, 43);
    let heights: Vec<_> = circuit.chips.iter().map(|chip| (chip.name, chip.height * width)).collect();
    assert_eq!(heights, [("load", 86), ("store", 129), ("account", 129), ("self balance", 86)]);
}
