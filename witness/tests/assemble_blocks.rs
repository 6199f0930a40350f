//! Mainnet blocks, and blocks of rare cases: assembled and checked. The one in `testdata/corner-cases` is made here.

#![allow(missing_docs)]

mod common;

use alloy_eips::{eip2930::AccessListItem, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, TxKind, U256};
use common::assembly::holds;
use common::synthetic::{COINBASE, World, call, files, on, push};
use revm::bytecode::opcode as op;
use verbatim_witness::assemble::{Assembly, Steps};
use verbatim_witness::chain::Fork;
use verbatim_witness::input::BlockInput;

/// Assembles a block of the corpora.
fn check(number: u64) {
    let Some(input) = common::mainnet_block(&format!("block {number}"), number) else { return };
    holds(&input);
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
    holds(&world.transaction(TxKind::Call(main_address), 15_000_000, 0, &[1; 45]).settled());
}

/// A loop of 70,000 ticks and more, and then `code`.
fn later(code: &[u8]) -> Vec<u8> {
    let round = [vec![op::JUMPDEST, op::PUSH1, 1, op::SWAP1, op::SUB, op::DUP1], on(&[33], &[op::JUMPI])].concat();
    [on(&[12_000], &[]), round, vec![op::POP], code.to_vec()].concat()
}

/// Calls an identity of 64 bytes, and copies what it returns.
fn identity(operands: &[u64]) -> Vec<u8> {
    let call = call(op::CALL, Address::with_last_byte(4), 5000, Some(0), 64);
    [on(&[9, 31], &[op::MSTORE]), call, on(operands, &[op::RETURNDATACOPY]), on(&[70, 3], &[op::RETURN])].concat()
}

/// Hashes, copies and logs: those that succeed.
fn transfers() -> Vec<Vec<u8>> {
    let store = [on(&[0x1122_3344, 3], &[op::MSTORE]), on(&[u64::MAX, 40], &[op::MSTORE])].concat();
    let hashes = [[32, 0], [64, 32], [64, 64], [1, 31], [2, 31], [33, 5], [135, 1], [135, 0], [136, 0], [136, 7]];
    let more =
        [[1000, 3], [0, 0], [0, 1 << 50], [1, 2000], [100, 300], [70, 0], [70, 64], [100, 0], [100, 32], [130, 64]];
    let hash = |range: &[u64; 2]| on(range, &[op::KECCAK256, op::DUP1, op::PUSH0, op::MSTORE]);
    let high = push(&[U256::from(40), U256::MAX, U256::from(70)]);
    let edges = [[32, 0, 0], [32, 20, 5], [90, 39, 1], [33, 40, 200], [1, 41, 3], [64, 1 << 63, 9], [0, 7, 1 << 50]];
    let copies = |opcode| edges.iter().flat_map(|range| on(range, &[opcode])).collect::<Vec<u8>>();
    let log = |topics: u64, range: [u64; 2]| {
        let words: Vec<_> = (0..topics).map(|topic| topic + 7).chain(range).collect();
        on(&words, &[op::LOG0 + topics as u8])
    };
    let logs: Vec<u8> = (0..5)
        .flat_map(|topics| [log(topics, [0, 0]), log(topics, [77 + topics, 3]), log(topics, [64, 0])].concat())
        .collect();
    let hash_all: Vec<u8> = hashes.iter().chain(&more).flat_map(hash).collect();
    vec![
        [store.clone(), hash_all].concat(),
        [store.clone(), copies(op::CALLDATACOPY), high.clone(), vec![op::CALLDATACOPY], hash(&[120, 0])].concat(),
        [store.clone(), copies(op::CODECOPY), high, vec![op::CODECOPY], on(&[9, 99], &[op::RETURN])].concat(),
        [store.clone(), logs].concat(),
        [store.clone(), log(2, [100, 9]), on(&[40, 9], &[op::REVERT])].concat(),
        [later(&log(3, [40, 20])), log(1, [200, 0])].concat(),
        [later(&on(&[40, 0, 5], &[op::CALLDATACOPY])), hash(&[200, 0])].concat(),
        [store, later(&on(&[300, 5], &[op::KECCAK256]))].concat(),
        identity(&[64, 0, 3]),
        identity(&[20, 44, 33]),
        identity(&[0, 64, 0]),
        on(&[0, 0, 1 << 50], &[op::RETURNDATACOPY]),
    ]
}

/// Hashes, copies and logs that fail.
fn failing_transfers() -> Vec<Vec<u8>> {
    let (one, high) = (U256::from(1), U256::from(1) << 128);
    let mut cases =
        vec![identity(&[65, 0, 0]), identity(&[1, 64, 0]), identity(&[0, 65, 0]), identity(&[2, 63, 1 << 50])];
    for opcode in [op::CALLDATACOPY, op::CODECOPY, op::RETURNDATACOPY] {
        cases.push(vec![op::PUSH0, op::PUSH0, opcode]);
        for operands in
            [[high, U256::ZERO, U256::ZERO], [one, one, high], [one, high - one, one], [one, U256::MAX, high]]
        {
            cases.push([push(&operands), vec![opcode]].concat());
        }
        cases.push(on(&[1 << 19, 0, 1 << 20], &[opcode]));
        cases.push(on(&[1, 0, 1 << 42], &[opcode]));
        cases.push(on(&[(1 << 42) - 1, 0, 0], &[opcode]));
    }
    for opcode in [op::KECCAK256, op::LOG0, op::LOG2, op::LOG4] {
        cases.push(vec![op::PUSH0, op::PUSH0, op::PUSH0, op::POP, op::POP, opcode]);
        let below = push(&[one; 4]);
        for operands in [[high, one], [one, high], [high - one, high - one], [one, U256::from(1u64 << 42)]] {
            cases.push([below.clone(), push(&operands), vec![opcode]].concat());
        }
        cases.push([below.clone(), on(&[1 << 19, 64], &[opcode])].concat());
        cases.push([below, on(&[0, 0], &[opcode; 200])].concat());
    }
    cases.push(on(&[60_000, 0], &[op::LOG0]));
    cases
}

/// A block that calls each contract with 40 bytes, by both opcodes, and copies and logs what it returns.
fn holds_transfers(contracts: Vec<Vec<u8>>) {
    let mut world = World::new(Fork::Osaka);
    let mut main = on(&[u64::MAX, 3], &[op::MSTORE]);
    for (index, code) in contracts.into_iter().enumerate() {
        let address = Address::with_last_byte(0xa0).create(index as u64);
        world = world.contract(address, code);
        for (opcode, value) in [(op::CALL, Some(0)), (op::STATICCALL, None)] {
            main.extend(call(opcode, address, 200_000, value, 40));
            main.extend([op::RETURNDATASIZE, op::PUSH0, op::PUSH1, 2, op::RETURNDATACOPY]);
            main.extend([op::RETURNDATASIZE, op::PUSH0, op::LOG1]);
        }
    }
    let main_address = Address::repeat_byte(0xaa);
    let world = world.contract(main_address, main);
    let world = world.transaction(TxKind::Call(main_address), 16_000_000, 0, &[1; 45]);
    holds(&world.transaction(TxKind::Call(main_address), 16_000_000, 0, &[2; 33]).settled());
}

#[test]
fn transfers_hold() {
    holds_transfers(transfers());
}

#[test]
fn failing_transfers_hold() {
    let cases = failing_transfers();
    let (first, second) = cases.split_at(cases.len() / 2);
    holds_transfers(first.to_vec());
    holds_transfers(second.to_vec());
}

/// A step that cannot pay for a cold location, which a transaction before it has touched: its record is known.
#[test]
fn a_cold_fault_at_a_known_location() {
    let contract = Address::repeat_byte(0xaa);
    for opcode in [op::SLOAD, op::BALANCE, op::EXTCODESIZE] {
        let world = World::new(Fork::Osaka).contract(contract, on(&[300], &[opcode]));
        let call = TxKind::Call(contract);
        let world = world.transaction(call, 50_000, 0, &[]).transaction(call, 21_003 + 1500, 0, &[]);
        assert_eq!(holds(&world.settled()).steps(), Steps { total: 5, proven: 5 }, "{opcode:#x}");
    }
}

/// The opcodes of a code.
fn opcodes(code: &[u8]) -> Vec<u8> {
    let (mut opcodes, mut at) = (Vec::new(), 0);
    while let Some(opcode) = code.get(at) {
        opcodes.push(*opcode);
        at +=
            1 + usize::from((op::PUSH1..=op::PUSH32).contains(opcode)) * usize::from(opcode.saturating_sub(op::PUSH0));
    }
    opcodes
}

/// Accounts that no step can pay for: one that nobody touches, and one that the block's last transaction touches.
const UNTOUCHED: Address = Address::repeat_byte(0x77);
const TOUCHED_LATER: Address = Address::repeat_byte(0x78);

/// Codes that fail for the price of a cold location, and the gas that they are called with.
fn cold_faults() -> Vec<(u64, Vec<u8>)> {
    let on_account =
        |account: Address, opcode| [push(&[U256::from_be_slice(account.as_slice())]), vec![opcode]].concat();
    let of_account = |account: Address| {
        [
            (1000, on_account(account, op::BALANCE)),
            (103, on_account(account, op::EXTCODESIZE)),
            (1000, call(op::STATICCALL, account, 5, None, 0)),
            (2610, call(op::DELEGATECALL, account, 5, None, 70)),
            (11_000, call(op::CALL, account, 5, Some(1), 0)),
        ]
    };
    let slot = (1000, on(&[5], &[op::SLOAD]));
    std::iter::once(slot).chain([UNTOUCHED, TOUCHED_LATER].into_iter().flat_map(of_account)).collect()
}

/// What the contracts of the other blocks do, but for loops and what has no circuit; and creations that end in every way.
fn corner_cases() -> BlockInput {
    let without = [op::SUB, op::CALL, op::STATICCALL, op::CREATE, op::MCOPY, op::EXTCODECOPY];
    let codes = [rare_cases(), transfers(), failing_transfers()].concat();
    let codes: Vec<_> = codes.into_iter().filter(|code| !opcodes(code).iter().any(|o| without.contains(o))).collect();
    let poor = call(op::CALL, COINBASE, 1000, Some(1 << 40), 0);
    let huge = push(&[U256::from(1), U256::from(1) << 130, U256::ZERO, U256::ZERO, U256::ZERO, U256::ZERO, U256::MAX]);
    let far = U256::from(1) << 130;
    let one = U256::from(1);
    // In a static context it fails for three reasons.
    let wrong = push(&[one, far, one, far, one, U256::ZERO, U256::MAX]);
    let calls = [
        vec![op::CALL],
        on(&[1, 2, 3, 4, 5], &[op::STATICCALL]),
        [huge, vec![op::CALL]].concat(),
        [wrong, vec![op::CALL]].concat(),
        call(op::CALL, COINBASE, 0, Some(1), 1 << 20),
        call(op::DELEGATECALL, COINBASE, 1000, None, 1 << 21),
        [poor.clone(), call(op::CALL, Address::repeat_byte(0xdd), 1000, Some(1), 7)].concat(),
        [call(op::CALL, COINBASE, 1000, Some(1 << 40), 500), poor.clone()].concat(),
        [on(&[1, 600], &[op::MSTORE]), poor, call(op::CALL, Address::repeat_byte(0xdc), 0, Some(1 << 50), 900)]
            .concat(),
        call(op::CALL, COINBASE, 0, Some(1), 500),
        [on(&[1, 32], &[op::MSTORE]), on(&[40, 90, 64, 0, 1, 0xcb, 50_000], &[op::CALL])].concat(),
    ];
    let mut world = World::new(Fork::Osaka);
    let mut poor_calls = Vec::new();
    for (index, (gas, code)) in cold_faults().into_iter().enumerate() {
        let address = Address::repeat_byte(0xbc).create(index as u64);
        world = world.contract(address, code);
        poor_calls.push(call(op::CALL, address, gas, Some(0), 0));
    }
    let codes = [codes, calls.to_vec(), poor_calls].concat();
    world.gas_limit = 200_000_000;
    world.withdrawals = vec![Withdrawal { index: 3, validator_index: 5, address: COINBASE, amount: 7 }];
    let listed = vec![AccessListItem { address: Address::repeat_byte(0xee), storage_keys: vec![B256::ZERO] }];
    world = world.access_list_transaction(Address::repeat_byte(0xbb).create(0), 100_000, listed);
    for (group, codes) in codes.chunks(30).enumerate() {
        let main_address = Address::repeat_byte(0xaa).create(group as u64);
        let mut main = on(&[u64::MAX, 3], &[op::MSTORE]);
        for (index, code) in codes.iter().enumerate() {
            let address = Address::repeat_byte(0xbb).create((30 * group + index) as u64);
            world = world.contract(address, code.clone());
            for (opcode, value) in [(op::CALL, Some(0)), (op::STATICCALL, None)] {
                main.extend(call(opcode, address, 150_000, value, 40));
                main.extend([op::RETURNDATASIZE, op::PUSH0, op::PUSH1, 2, op::RETURNDATACOPY]);
                main.extend([op::RETURNDATASIZE, op::PUSH0, op::LOG1]);
            }
        }
        world = world.contract(main_address, main);
        world = world.transaction(TxKind::Call(main_address), 16_000_000, 0, &[1; 45]);
    }
    let creations: [(u64, Vec<u8>); 6] = [
        (200_000, on(&[40, 3], &[op::RETURN])),
        (200_000, on(&[0xef, 0], &[op::MSTORE8]).into_iter().chain(on(&[1, 0], &[op::RETURN])).collect()),
        (8_000_000, on(&[24_577, 0], &[op::RETURN])),
        (200_000, on(&[20_000, 0], &[op::RETURN])),
        (200_000, vec![op::STOP]),
        (200_000, on(&[7, 0], &[op::REVERT])),
    ];
    for (gas, code) in creations {
        world = world.transaction(TxKind::Create, gas, 1, &code);
    }
    world.transaction(TxKind::Call(TOUCHED_LATER), 30_000, 1, &[]).settled()
}

/// Compares a block that is made here with the one in `testdata`, which is written first if that is asked for, and assembles it.
fn is_in_testdata(name: &str, made: &BlockInput) -> Assembly {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name);
    if std::env::var_os("VERBATIM_WRITE_TESTDATA").is_some() {
        let (block, witness) = files(made);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("block.rlp"), block).unwrap();
        std::fs::write(folder.join("witness.json"), witness).unwrap();
    }
    let found = BlockInput::load(&folder, None).unwrap();
    assert_eq!(found.block, made.block);
    assert_eq!(found.witness, made.witness);
    let assembly = holds(&found);
    assert_eq!(assembly.unproven(), []);
    assert_eq!(assembly.public().check_statement(), Ok(()));
    assembly
}

/// `VERBATIM_WRITE_TESTDATA=1 cargo test --release -p verbatim-witness --test assemble_blocks testdata` writes the block.
#[test]
fn corner_cases_are_the_block_in_testdata() {
    let assembly = is_in_testdata("corner-cases", &corner_cases());
    assert_eq!(assembly.public().kinds()["public untouched"], 2, "an account and a slot");
}

/// Nothing happens in it: of Shanghai, so not even a system call.
#[test]
fn the_empty_block_is_the_one_in_testdata() {
    let assembly = is_in_testdata("empty", &World::new(Fork::Shanghai).settled());
    assert_eq!(assembly.steps().total, 0);
    assert_eq!(
        assembly.public().kinds().into_keys().collect::<Vec<_>>(),
        ["block end", "cursor", "public environment"]
    );
}
