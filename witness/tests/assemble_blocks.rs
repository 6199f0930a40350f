//! Mainnet blocks, and a block of rare cases: assembled and checked.

#![allow(missing_docs)]

mod common;

use alloy_primitives::{Address, TxKind, U256};
use common::synthetic::{World, call, push};
use revm::bytecode::opcode as op;
use verbatim_gadgets::plan::Plan;
use verbatim_witness::assemble::{Assembler, Steps};
use verbatim_witness::chain::Fork;
use verbatim_witness::execute::{block_info, execute};
use verbatim_witness::input::BlockInput;

/// Assembles a block of the corpora.
fn check(number: u64) {
    let Some(input) = common::mainnet_block(&format!("block {number}"), number) else { return };
    holds(number, &input);
}

/// Assembles a block, and checks every constraint of every shard and the whole bus.
fn holds(number: u64, input: &BlockInput) -> Steps {
    let mut assembler = Assembler::new(block_info(input).unwrap().fork).with_codes(&input.witness.codes);
    let outcome = execute(input, |block, trace| Ok(assembler.transaction(block, &trace)?)).unwrap();
    let assembly = assembler.finish(&outcome).unwrap();
    println!("{number}: {:?} {:?}", assembly.steps(), assembly.public().kinds());
    let plan = Plan::new(assembly.workloads(), 18).unwrap();
    let report = plan.check(assembly.public().balance()).unwrap();
    let failures = &report.local.failures;
    assert!(failures.is_empty(), "{number}: {} {:?}", failures.len(), &failures[..failures.len().min(5)]);
    let left = &report.unbalanced;
    assert!(left.is_empty(), "{number}: {} {:?}", left.len(), &left[..left.len().min(8)]);
    assembly.steps()
}

#[test]
#[ignore = "minutes"]
fn osaka_block() {
    check(24628607);
}

#[test]
#[ignore = "minutes"]
fn older_blocks() {
    check(18884864);
    check(21429063);
}

/// `words` pushed, the last one on top, and then `code`.
fn on(words: &[u64], code: &[u8]) -> Vec<u8> {
    let words: Vec<_> = words.iter().map(|word| U256::from(*word)).collect();
    [push(&words), code.to_vec()].concat()
}

/// A loop so long that the words below it are too old for a step.
fn long_loop() -> Vec<u8> {
    let before = on(&[7, 5, 0], &[op::MSTORE]);
    let start = before.len() as u64 + 33;
    let round = [vec![op::JUMPDEST, op::PUSH1, 1, op::SWAP1, op::SUB, op::DUP1], on(&[start], &[op::JUMPI])].concat();
    [before, on(&[12_000], &[]), round, vec![op::POP], on(&[0], &[op::MLOAD, op::ADD, op::STOP])].concat()
}

/// What each contract does with the 40 bytes that it is given.
fn rare_cases() -> Vec<Vec<u8>> {
    let high = push(&[U256::from(1), U256::MAX]);
    let copy = |opcode| [on(&[40, 3, 5], &[opcode]), on(&[20], &[op::MLOAD]), on(&[33, 30], &[op::RETURN])].concat();
    vec![
        on(&[1], &[op::JUMP]),
        on(&[5000], &[op::JUMP]),
        [high.clone(), vec![op::JUMP]].concat(),
        on(&[9, 1], &[op::JUMPI]),
        [high.clone(), vec![op::MSTORE]].concat(),
        [high.clone(), vec![op::RETURN]].concat(),
        on(&[1 << 50], &[op::MLOAD]),
        on(&[1 << 20, 0], &[op::RETURN]),
        vec![op::MLOAD],
        vec![op::PUSH0, op::MSTORE8],
        vec![op::CALLDATALOAD],
        vec![op::REVERT],
        vec![op::ADDMOD],
        vec![op::EXP],
        vec![op::INVALID],
        vec![0x0c],
        [on(&[3, 4, 5], &[op::MULMOD]), on(&[300, 7], &[op::EXP]), vec![op::CODESIZE]].concat(),
        [0, 7, 8, 9, 20, 39, 40, 1 << 40].iter().flat_map(|at| on(&[*at], &[op::CALLDATALOAD])).collect(),
        [high, vec![op::CALLDATALOAD]].concat(),
        [on(&[1, 2], &[op::MSTORE8]), on(&[9, 31], &[op::MSTORE]), on(&[60, 4], &[op::REVERT])].concat(),
        [copy(op::CALLDATACOPY)].concat(),
        copy(op::CODECOPY),
        [on(&[99, 0], &[op::MSTORE]), copy(op::MCOPY)].concat(),
        [on(&[40, 3, 5, 0xc0], &[op::EXTCODECOPY]), on(&[7, 5], &[op::RETURN])].concat(),
        [on(&[9, 31], &[op::MSTORE]), call(op::STATICCALL, Address::with_last_byte(4), 5000, None, 64)].concat(),
        on(&[33, 3, 0], &[op::CREATE, op::RETURNDATASIZE]),
        [0, 1, 4, 17, 18, 255, 256, 257]
            .iter()
            .flat_map(|at| [on(&[*at], &[op::BALANCE]), on(&[*at], &[op::EXTCODESIZE])].concat())
            .collect(),
        [push(&[U256::MAX << 160 | U256::from(9)]), vec![op::BALANCE]].concat(),
        long_loop(),
    ]
}

#[test]
fn rare_cases_hold() {
    let address = |index: usize| Address::with_last_byte(0xa0 + index as u8);
    let mut world = World::new(Fork::Osaka);
    let mut main = on(&[u64::MAX, 3], &[op::MSTORE]);
    for (index, code) in rare_cases().into_iter().enumerate() {
        world = world.contract(address(index), code);
        main.extend(call(op::CALL, address(index), 400_000, Some(0), 40));
        main.extend([op::RETURNDATASIZE, op::RETURNDATASIZE, op::PUSH0, op::PUSH0, op::RETURNDATACOPY]);
        main.extend(on(&[1], &[op::MLOAD]));
    }
    let main_address = Address::repeat_byte(0xaa);
    let world = world.contract(main_address, main);
    holds(0, &world.transaction(TxKind::Call(main_address), 15_000_000, 0, &[1; 45]).settled());
}

/// A step that cannot pay for a cold location, which a transaction before it has touched: its record is known.
#[test]
fn a_cold_fault_at_a_known_location() {
    let contract = Address::repeat_byte(0xaa);
    for opcode in [op::SLOAD, op::BALANCE, op::EXTCODESIZE] {
        let world = World::new(Fork::Osaka).contract(contract, on(&[300], &[opcode]));
        let call = TxKind::Call(contract);
        let world = world.transaction(call, 50_000, 0, &[]).transaction(call, 21_003 + 1500, 0, &[]);
        assert_eq!(holds(0, &world.settled()), Steps { total: 5, proven: 5 }, "{opcode:#x}");
    }
}
