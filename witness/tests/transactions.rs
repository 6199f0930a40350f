//! Transactions as the circuit proves them: access lists, creations, senders, recipients, and those that it excludes.

#![allow(missing_docs)]

mod common;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_eips::{eip2930::AccessListItem, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, TxKind, U256};
use common::synthetic::{COINBASE, World, authorization, call, push, sstore};
use revm::bytecode::opcode as op;
use verbatim_circuits::bus::PublicAccess;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::Message;
use verbatim_witness::{
    assemble::{Assembly, Excluded, Unproven, UnprovenKind},
    chain::Fork,
    trace::TxTrace,
};

const A: Address = Address::repeat_byte(0xaa);
const B: Address = Address::repeat_byte(0xbb);
const C: Address = Address::repeat_byte(0xcc);

fn word(value: u64) -> U256 {
    U256::from(value)
}

fn load(key: u64) -> Vec<u8> {
    [push(&[word(key)]), vec![op::SLOAD, op::POP]].concat()
}

fn item(address: Address, keys: &[u64]) -> AccessListItem {
    AccessListItem { address, storage_keys: keys.iter().map(|key| B256::from(word(*key))).collect() }
}

/// The entries of access lists: the item of the block, the place, and whether it is absent.
fn entries(assembly: &Assembly) -> Vec<(F, F, bool)> {
    let messages = assembly.public().iter().filter(|message| message.tag == PublicAccess::TAG);
    messages
        .map(|message| {
            let tuple = &message.tuple;
            (tuple[0], tuple[1], tuple[6] == F::from(1))
        })
        .collect()
}

/// The transactions whose beginning and end are not proven.
fn unproven(assembly: &Assembly) -> Vec<(u32, Excluded)> {
    let of = |unproven: &Unproven| match unproven.what {
        UnprovenKind::Transaction(why) => Some((unproven.position.ordinal, why)),
        _ => None,
    };
    assembly.unproven().iter().filter_map(of).collect()
}

fn kind(assembly: &Assembly, name: &str) -> usize {
    assembly.public().kinds().get(name).copied().unwrap_or(0)
}

/// A location that a later transaction touches, or a withdrawal, is warmed by the lists before; one that nobody touches is absent.
#[test]
fn access_lists() {
    let precompile = Address::with_last_byte(4);
    let list = vec![
        item(A, &[1, 2, 1]),
        item(B, &[7]),
        item(C, &[5, 6]),
        item(precompile, &[0]),
        item(COINBASE, &[]),
        item(A, &[1]),
        item(Address::repeat_byte(0xdd), &[]),
    ];
    let mut world = World::new(Fork::Osaka)
        .contract(A, [load(1), sstore(1, 0)].concat())
        .contract(C, [load(5), sstore(5, 9), load(8)].concat())
        .slot(A, 1, 3)
        .slot(C, 5, 4);
    world = world.access_list_transaction(A, 200_000, list.clone()).access_list_transaction(C, 200_000, list);
    world.withdrawals =
        vec![Withdrawal { index: 0, validator_index: 0, address: Address::repeat_byte(0xdd), amount: 3 }];
    let (_, _, assembly) = world.assembled();
    assert_eq!(unproven(&assembly), []);
    let absent = [
        false, false, true, false, // A: 1 is touched, 2 is not
        true, true, // B
        false, false, true, // C: 5 is touched, 6 is not
        true, true,  // the precompile
        false, // the coinbase
        false, false, // A again
        false, // a withdrawal
    ];
    let expected = |index: u64| (0..).zip(absent).map(move |(place, absent)| (F::from(index), F::from(place), absent));
    // Two system calls come first.
    assert_eq!(entries(&assembly), expected(2).chain(expected(3)).collect::<Vec<_>>());
}

/// Creations of every fate, with a value and without.
#[test]
fn creations() {
    let give = |length: u64| [push(&[word(length), U256::ZERO]), vec![op::RETURN]].concat();
    let marked = [push(&[word(0xef), U256::ZERO]), vec![op::MSTORE8], give(3)].concat();
    let spend = [vec![op::JUMPDEST], push(&[U256::ZERO]), vec![op::JUMP]].concat();
    let cases = [
        (give(40), 200_000, true),
        ([sstore(1, 2), give(1)].concat(), 200_000, true),
        (give(0), 100_000, true),
        (Vec::new(), 100_000, true),
        (vec![op::PUSH0, op::PUSH0, op::REVERT], 100_000, false),
        ([sstore(1, 2), vec![op::INVALID]].concat(), 100_000, false),
        (give(1000), 150_000, false),
        (give(24_576), 6_000_000, true),
        (give(24_577), 6_000_000, false),
        (marked, 100_000, false),
        (spend, 60_000, false),
    ];
    for value in [0, 7] {
        let world = cases.iter().fold(World::new(Fork::Osaka), |world, (init, gas, _)| {
            world.transaction(TxKind::Create, *gas, value, init)
        });
        let (_, traces, assembly) = world.assembled();
        assert_eq!(unproven(&assembly), []);
        let fates: Vec<_> = traces.iter().map(|trace| trace.status).collect();
        assert_eq!(fates, cases.iter().map(|(_, _, stored)| *stored).collect::<Vec<_>>());
    }
}

/// Recipients without code, the sender itself, the coinbase; calls that fail with a value; words of input.
#[test]
fn calls() {
    let fails = [sstore(1, 2), sstore(2, 2), vec![op::PUSH0, op::PUSH0, op::REVERT]].concat();
    let mut world =
        World::new(Fork::Osaka).contract(A, fails).contract(B, vec![op::CALLDATASIZE]).contract(C, vec![op::INVALID]);
    for (to, value, length) in [(A, 5, 40), (A, 0, 0), (B, 3, 64), (B, 0, 1), (C, 1, 31), (COINBASE, 9, 0)] {
        world = world.transaction(TxKind::Call(to), 100_000, value, &vec![1; length]);
    }
    for to in [Address::ZERO, Address::with_last_byte(0x12), Address::from_word(word(0x101).into())] {
        world = world.transaction(TxKind::Call(to), 21_000, 1, &[]);
    }
    // Refunded to a fifth, and charged the floor.
    world = world.contract(Address::repeat_byte(1), [sstore(1, 0), sstore(2, 0)].concat());
    world = world.slot(Address::repeat_byte(1), 1, 3).slot(Address::repeat_byte(1), 2, 3);
    world = world.transaction(TxKind::Call(Address::repeat_byte(1)), 100_000, 0, &[]);
    world = world.transaction(TxKind::Call(B), 100_000, 0, &[3; 400]);
    let (_, traces, assembly) = world.assembled();
    assert_eq!(unproven(&assembly), []);
    assert_eq!(["context", "environment", "account job"].map(|name| kind(&assembly, name)), [0; 3]);
    let refunded = |trace: &TxTrace| trace.gas_refunded > 0 && trace.gas_refunded < trace.refund_counter as u64;
    assert!(traces.iter().any(refunded));
    assert!(traces.iter().any(|trace| trace.gas_used == trace.floor_gas && trace.floor_gas > 21_000));
}

/// A sender whose code is a delegation (EIP-7702) may send; two with the same code, too.
#[test]
fn senders_with_a_delegation() {
    let mut world = World::new(Fork::Osaka).contract(A, sstore(1, 2));
    world = world.transaction(TxKind::Call(A), 100_000, 0, &[]).transaction(TxKind::Call(A), 100_000, 1, &[]);
    for transaction in &world.transactions {
        let sender = world.accounts.get_mut(&transaction.recover_signer().unwrap()).unwrap();
        sender.code = [&[0xef, 1, 0][..], B.as_slice()].concat();
    }
    let (_, _, assembly) = world.assembled();
    assert_eq!(unproven(&assembly), []);
}

/// What the circuit excludes is listed, and the chain goes on behind it.
#[test]
fn excluded_transactions() {
    let destroys = |code: Vec<u8>| [code, push(&[word(3)]), vec![op::SELFDESTRUCT]].concat();
    let delegates = [&[0xef, 1, 0][..], B.as_slice()].concat();
    let authorized = vec![authorization(31337, B, 0).0];
    let call = |world: World, to: Address, value: u64| world.transaction(TxKind::Call(to), 100_000, value, &[7; 33]);
    let mut world = World::new(Fork::Osaka).contract(A, sstore(1, 2)).contract(B, load(1)).contract(C, delegates);
    world = call(world, A, 1);
    world = call(world, Address::with_last_byte(2), 2);
    world = call(world, C, 3);
    world = world.set_code_transaction(A, 200_000, authorized);
    world = call(world, A, 4);
    world = world.transaction(TxKind::Create, 100_000, 1, &destroys(Vec::new()));
    world = world.transaction(TxKind::Create, 100_000, 0, &[op::STOP]);
    let creator = world.transactions[6].recover_signer().unwrap();
    world = world.contract(creator.create(0), vec![op::STOP]);
    world = call(world, A, 5);
    let (_, _, assembly) = world.assembled();
    let expected = [
        (3, Excluded::Precompile),
        (4, Excluded::Marked),
        (5, Excluded::Authorizations),
        (7, Excluded::Destroys),
        (8, Excluded::Taken),
    ];
    assert_eq!(unproven(&assembly), expected);
    assert_eq!(kind(&assembly, "public receipt"), 3);
    // One for the beginning of the block, and two around each.
    assert_eq!(kind(&assembly, "cursor"), 11);
}

/// Before Prague there is no floor, and before Cancun no blob base fee; an account may be destroyed.
#[test]
fn older_forks() {
    for fork in [Fork::Shanghai, Fork::Cancun, Fork::Prague] {
        let mut world = World::new(fork).contract(A, sstore(1, 2));
        world = world.transaction(TxKind::Call(A), 100_000, 3, &[1; 300]);
        world.withdrawals = vec![Withdrawal { index: 0, validator_index: 0, address: A, amount: u64::MAX }];
        let (_, _, assembly) = world.assembled();
        assert_eq!(unproven(&assembly), []);
        assert_eq!(kind(&assembly, "public environment"), if fork == Fork::Shanghai { 8 } else { 9 });
    }
}

/// A block without transactions.
#[test]
fn empty_blocks() {
    let (_, _, assembly) = World::new(Fork::Shanghai).assembled();
    let kinds: Vec<_> = assembly.public().kinds().into_iter().collect();
    assert_eq!(kinds, [("block end", 1), ("cursor", 1), ("public environment", 8)]);
    // What a call is given to a contract that a system call looks up stays as it is.
    let world = World::new(Fork::Osaka).contract(A, call(op::STATICCALL, B, 5000, None, 0));
    assert_eq!(unproven(&world.assembled().2), []);
}
