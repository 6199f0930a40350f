//! Calls, their returns and their failures: assembled, and checked with every circuit.

#![allow(missing_docs)]

mod common;

use alloy_primitives::{Address, TxKind, U256, address};
use common::assembly::{holds, windows};
use common::synthetic::{World, authorization, call, on, push, sstore};
use revm::bytecode::opcode as op;
use verbatim_witness::{
    assemble::{Assembly, UnprovenKind},
    chain::Fork,
};

const MAIN: Address = Address::repeat_byte(0xaa);
const OWNER: Address = Address::repeat_byte(0xee);
const ABSENT: Address = Address::repeat_byte(0x77);

/// The contract number `index` of a world.
fn contract(index: usize) -> Address {
    Address::with_last_byte(0xb0 + index as u8)
}

/// Calls with ranges of input and output: offset and length.
fn ranged(opcode: u8, to: Address, gas: u64, value: Option<u64>, ranges: [u64; 4]) -> Vec<u8> {
    let [input, input_length, output, output_length] = ranges.map(U256::from);
    let mut words = vec![output_length, output, input_length, input];
    words.extend(value.map(U256::from));
    words.extend([U256::from_be_slice(to.as_slice()), U256::from(gas)]);
    [push(&words), vec![opcode]].concat()
}

/// A world with contracts, the block of one transaction to [`MAIN`] assembled.
fn run(world: World, main: Vec<u8>, codes: Vec<Vec<u8>>, gas: u64) -> Assembly {
    let mut world = world.contract(MAIN, main).contract(OWNER, Vec::new());
    for (index, code) in codes.into_iter().enumerate() {
        world = world.contract(contract(index), code);
    }
    holds(&world.transaction(TxKind::Call(MAIN), gas, 3, &[1; 45]).settled())
}

/// The windows of the circuit: enter, refuse, fail, fault, resume.
fn chips(assembly: &Assembly) -> [usize; 5] {
    let found = windows(assembly, "calls");
    ["enter", "refuse", "fail", "fault", "resume"].map(|name| found.get(name).copied().unwrap_or(0))
}

/// The steps that are not proven.
fn unproven(assembly: &Assembly) -> Vec<UnprovenKind> {
    let kinds = assembly.unproven().iter().map(|unproven| unproven.what);
    kinds.filter(|kind| !matches!(kind, UnprovenKind::Transaction(_))).collect()
}

/// How many messages of a kind the verifier adds.
fn public(assembly: &Assembly, kind: &str) -> usize {
    assembly.public().kinds().get(kind).copied().unwrap_or(0)
}

/// Returns 40 bytes from byte 3 on, of what the environment says.
fn speaker() -> Vec<u8> {
    let ask = [op::ADDRESS, op::CALLER, op::CALLVALUE, op::CALLDATASIZE, op::ORIGIN, op::PUSH0, op::CALLDATALOAD];
    [ask.to_vec(), vec![op::ADD; 5], on(&[5], &[op::MSTORE]), on(&[40, 3], &[op::RETURN])].concat()
}

/// Writes, pays the owner, and then does `end`.
fn payer(end: &[u8]) -> Vec<u8> {
    let before = [sstore(1, 7), call(op::CALL, OWNER, 5000, Some(1), 0), sstore(2, 9)];
    [before.concat(), end.to_vec()].concat()
}

#[test]
fn calls_and_returns_hold() {
    let again = on(&[3 * 33 + 5 * 33 + 11], &[op::JUMPI]);
    let to_itself = [
        vec![op::CALLDATASIZE],
        again,
        ranged(op::CALL, contract(4), 50_000, Some(2), [0, 1, 0, 0]),
        vec![op::STOP, op::JUMPDEST, op::STOP],
    ];
    let codes = vec![
        speaker(),
        payer(&on(&[40, 9], &[op::REVERT])),
        payer(&[op::INVALID]),
        [call(op::CALL, contract(2), 200_000, Some(1), 9), payer(&[op::STOP])].concat(),
        to_itself.concat(),
    ];
    let mut main = on(&[u64::MAX, 3], &[op::MSTORE]);
    for opcode in [op::CALL, op::STATICCALL, op::DELEGATECALL] {
        for (index, room) in [(0, 90), (0, 7), (0, 0), (1, 40), (2, 40), (3, 0), (4, 0)] {
            let value = (opcode == op::CALL).then_some(index as u64);
            main.extend(ranged(opcode, contract(index), 400_000, value, [1, 40, 66, room]));
            main.extend([op::RETURNDATASIZE, op::ADD]);
        }
        // No code, and all gas that there is: nobody, and somebody who is made thereby.
        for to in [OWNER, ABSENT, Address::ZERO] {
            let value = (opcode == op::CALL).then_some(1);
            main.extend([ranged(opcode, to, 100, value, [1 << 40, 0, 200, 3]), vec![op::POP]].concat());
        }
        let all = [push(&[U256::ZERO; 4]), value_of(opcode), push(&[word(OWNER), U256::MAX]), vec![opcode]];
        main.extend(all.concat());
    }
    let assembly = run(World::new(Fork::Osaka), main, codes, 16_000_000);
    assert_eq!(unproven(&assembly), []);
    let [enter, refuse, fail, fault, resume] = chips(&assembly);
    // A value is sent in a static call, once.
    assert_eq!((refuse, fail, enter), (0, 1, resume));
    assert!(enter > 40 && fault > 8, "{enter} {fault}");
    assert_eq!((public(&assembly, "halt"), public(&assembly, "context")), (0, 0));
}

fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

/// A value of zero for the opcode that has one.
fn value_of(opcode: u8) -> Vec<u8> {
    if opcode == op::CALL { push(&[U256::ZERO]) } else { Vec::new() }
}

/// One contract for each failure of a call, with the gas that it is given.
fn failures() -> Vec<(u64, Vec<u8>)> {
    let huge = push(&[U256::from(1), U256::from(1) << 130, U256::ZERO, U256::ZERO, U256::ZERO, word(OWNER)]);
    let far = ranged(op::STATICCALL, OWNER, 9, None, [1 << 43, 1, 0, 0]);
    vec![
        (100_000, vec![op::CALL]),
        (100_000, on(&[1, 2, 3, 4, 5, 6], &[op::CALL])),
        (100_000, on(&[1, 2, 3, 4, 5], &[op::STATICCALL])),
        (100_000, on(&[1, 2, 3, 4, 5], &[op::DELEGATECALL])),
        (100_000, [huge, push(&[U256::MAX]), vec![op::CALL]].concat()),
        (100_000, far),
        (100_000, call(op::CALL, OWNER, 0, Some(1), 1 << 20)),
        (90, call(op::STATICCALL, OWNER, 1000, None, 0)),
        (90, call(op::DELEGATECALL, Address::with_last_byte(2), 1000, None, 0)),
        (8000, call(op::CALL, OWNER, 1000, Some(1), 0)),
        (20_000, call(op::CALL, ABSENT, 1000, Some(1), 0)),
    ]
}

#[test]
fn failures_and_refusals_hold() {
    let (gas, mut codes): (Vec<_>, Vec<_>) = failures().into_iter().unzip();
    let failing = codes.len();
    // A value within a static call, and more than there is.
    codes.push([payer(&[]), vec![op::STOP]].concat());
    codes.push(call(op::CALL, OWNER, 1000, Some(1), 0));
    codes.push([sstore(5, 6), call(op::CALL, OWNER, 1000, Some(2000), 90), vec![op::ADD, op::INVALID]].concat());
    let mut main = Vec::new();
    for (index, gas) in gas.into_iter().enumerate() {
        main.extend([call(op::CALL, contract(index), gas, Some(0), 40), vec![op::POP]].concat());
    }
    main.extend(call(op::STATICCALL, contract(failing), 100_000, None, 40));
    main.extend(call(op::STATICCALL, contract(failing + 1), 100_000, None, 40));
    main.extend(call(op::CALL, contract(failing + 2), 100_000, Some(0), 40));
    main.extend(call(op::CALL, OWNER, 100_000, Some(5000), 40));
    main.extend([op::RETURNDATASIZE, op::ADD]);
    let assembly = run(World::new(Fork::Osaka), main, codes, 10_000_000);
    assert_eq!(unproven(&assembly), []);
    let [enter, refuse, fail, fault, resume] = chips(&assembly);
    // The first of those in a static call fails at its first write.
    assert_eq!((enter, resume, refuse, fail, fault), (failing + 3, failing + 3, 2, failing + 1, failing + 3));
}

#[test]
fn a_call_at_the_greatest_depth_is_refused() {
    let main = [call(op::CALL, MAIN, u64::MAX, Some(0), 0), vec![op::POP]].concat();
    let world = World { gas_limit: 1 << 38, ..World::new(Fork::Prague) };
    let assembly = run(world, main, Vec::new(), 1 << 37);
    assert_eq!(chips(&assembly), [1024, 1, 0, 0, 1024]);
}

/// Begun by a circuit and ended by the verifier, and the other way round.
#[test]
fn what_no_circuit_proves_stays_public() {
    let identity = Address::with_last_byte(4);
    let world = World::new(Fork::Osaka);
    let (signed, delegating) = authorization(0, contract(0), 0);
    let speaks = call(op::CALL, contract(0), 50_000, Some(0), 40);
    // Init code that calls, and is deposited: nothing.
    let creates = [on(&[0, 0], &[op::CALLDATACOPY]), on(&[0, 0, 0], &[op::CREATE])].concat();
    let copied = [vec![op::CALLDATASIZE], on(&[0, 0], &[op::CALLDATACOPY])].concat();
    let init = [copied, on(&[7], &[op::CALLDATASIZE, op::PUSH0, op::PUSH0, op::CREATE2])].concat();
    let codes = vec![
        speaker(),
        [speaks.clone(), call(op::STATICCALL, identity, 5000, None, 64), speaks.clone()].concat(),
        [speaks.clone(), call(op::CALL, delegating, 90_000, Some(1), 64), speaks.clone()].concat(),
        [speaks.clone(), call(op::CALLCODE, contract(0), 90_000, Some(1), 64), vec![op::INVALID]].concat(),
        [sstore(1, 2), on(&[5], &[op::SELFDESTRUCT])].concat(),
        [on(&[1, 2], &[op::CREATE])].concat(),
        [init, vec![op::RETURNDATASIZE]].concat(),
        [call(op::CALL, identity, 90, Some(0), 1 << 20)].concat(),
    ];
    let mut main = Vec::new();
    for index in 1..codes.len() {
        main.extend([call(op::CALL, contract(index), 400_000, Some(1), 40), vec![op::POP]].concat());
    }
    let mut world = world.contract(MAIN, [main, creates].concat()).contract(OWNER, Vec::new());
    for (index, code) in codes.into_iter().enumerate() {
        world = world.contract(contract(index), code);
    }
    let world = world.transaction(TxKind::Call(OWNER), 100_000, 0, &[]);
    let world = world.set_code_transaction(MAIN, 9_000_000, vec![signed]);
    let assembly = holds(&world.settled());
    let expected = [
        UnprovenKind::Precompile(identity),
        UnprovenKind::Delegation(delegating),
        UnprovenKind::Opcode(op::CALLCODE),
        UnprovenKind::Opcode(op::SELFDESTRUCT),
        UnprovenKind::Opcode(op::CREATE),
        UnprovenKind::Opcode(op::CREATE2),
    ];
    assert_eq!(unproven(&assembly), expected);
    let named: Vec<_> = assembly.unproven().iter().map(ToString::to_string).collect();
    assert!(named.iter().any(|name| name.ends_with(&format!("a call of the precompile {identity}"))), "{named:?}");
    let [enter, _, _, _, resume] = chips(&assembly);
    assert_eq!(enter, resume);
}

/// GAS pushes at most 32 bits; that it fails has a window whatever the gas.
#[test]
fn gas_beyond_32_bits_is_public() {
    let gas = |limit: u64, code: Vec<u8>| {
        let mut world = World::new(Fork::Shanghai);
        world.gas_limit = 1 << 34;
        run(world, code, Vec::new(), limit)
    };
    // Intrinsic: 21000, and 16 for each of 45 bytes of input. The second GAS follows one and a POP.
    let limit = 21_000 + 45 * 16 + (1 << 32) + 5;
    let twice = vec![op::GAS, op::POP, op::GAS, op::STOP];
    assert_eq!(unproven(&gas(limit, twice.clone())), [UnprovenKind::Large(op::GAS)]);
    assert_eq!(unproven(&gas(limit - 4, twice)), []);
    // The last one fails for lack of room on the stack.
    assert_eq!(unproven(&gas(limit + 4000, vec![op::GAS; 1025])).len(), 1024);
}

/// Addresses that are precompiles in another fork only have no chip either.
#[test]
fn no_precompile_of_any_fork_is_entered() {
    let lone = address!("0x0000000000000000000000000000000000000100");
    let bls = Address::with_last_byte(0x0b);
    let main = [lone, bls].map(|to| call(op::CALL, to, 5000, Some(0), 0)).concat();
    let assembly = run(World::new(Fork::Shanghai), main, Vec::new(), 200_000);
    assert_eq!(unproven(&assembly), [UnprovenKind::Precompile(lone), UnprovenKind::Precompile(bls)]);
    assert_eq!(chips(&assembly), [0; 5]);
}
