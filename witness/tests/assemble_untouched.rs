//! Faults for the price of a cold location: of one that nobody touches, that somebody touches later, and that an access list
//! names.

#![allow(missing_docs)]

mod common;

use alloy_eips::{eip2930::AccessListItem, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, TxKind, U256};
use common::assembly::{holds, windows};
use common::synthetic::{World, call, on, push};
use revm::bytecode::opcode as op;
use verbatim_circuits::bus::PublicUntouched;
use verbatim_gadgets::message::Message;
use verbatim_witness::assemble::{Assembly, NoStatement, PublicMessages};
use verbatim_witness::chain::Fork;

const MAIN: Address = Address::repeat_byte(0xaa);
/// The account that is not looked up.
const TARGET: Address = Address::repeat_byte(0x77);
/// The slot that is not looked up.
const KEY: u64 = 5;

fn probe(index: usize) -> Address {
    Address::with_last_byte(0xb0 + index as u8)
}

fn on_target(code: &[u8]) -> Vec<u8> {
    [push(&[U256::from_be_slice(TARGET.as_slice())]), code.to_vec()].concat()
}

/// Codes that fail for a cold price, with the gas that they are called with.
fn probes() -> Vec<(u64, Vec<u8>)> {
    vec![
        (1000, on(&[KEY], &[op::SLOAD])),
        (2600, on_target(&[op::BALANCE])),
        (103, on_target(&[op::EXTCODESIZE])),
        (1000, call(op::STATICCALL, TARGET, 5, None, 0)),
        (2610, call(op::DELEGATECALL, TARGET, 5, None, 70)),
        (1000, call(op::CALL, TARGET, 5, Some(0), 0)),
        (11_000, call(op::CALL, TARGET, 5, Some(1), 0)),
    ]
}

/// A transaction to a contract that calls all of them.
fn world(fork: Fork) -> World {
    let mut main = Vec::new();
    let mut world = World::new(fork);
    for (index, (gas, code)) in probes().into_iter().enumerate() {
        world = world.contract(probe(index), code);
        main.extend(call(op::CALL, probe(index), gas, Some(0), 0));
    }
    world.contract(MAIN, main).transaction(TxKind::Call(MAIN), 1_000_000, 0, &[])
}

fn untouched(assembly: &Assembly) -> usize {
    assembly.public().kinds().get("public untouched").copied().unwrap_or_default()
}

/// How many windows the chips fill that such faults belong to: of SLOAD, of BALANCE and EXTCODESIZE, and of calls that fail.
fn faults(assembly: &Assembly) -> [usize; 3] {
    let count = |circuit: &str, chip: &str| windows(assembly, circuit).get(chip).copied().unwrap_or_default();
    [count("storage", "load"), count("storage", "account"), count("calls", "fail")]
}

#[test]
fn nobody_touches_them() {
    for fork in [Fork::Shanghai, Fork::Cancun, Fork::Prague, Fork::Osaka] {
        let assembly = holds(&world(fork).settled());
        assert_eq!(assembly.unproven(), [], "{fork:?}");
        assert_eq!((untouched(&assembly), faults(&assembly)[1..].to_vec()), (2, vec![2, 4]), "{fork:?}");
        assert_eq!(assembly.public().check_statement(), Ok(()), "{fork:?}");
    }
}

/// The messages of a block, as the statement has them: in the order of the locations, an account before its slots.
#[test]
fn their_order_is_that_of_the_locations() {
    let world = world(Fork::Osaka).contract(Address::with_last_byte(0xaf), on(&[KEY - 1], &[op::SLOAD]));
    let first = call(op::CALL, Address::with_last_byte(0xaf), 1000, Some(0), 0);
    let second = call(op::CALL, probe(0), 1000, Some(0), 0);
    let again = Address::repeat_byte(0xac);
    let world = world.contract(again, [second, first].concat()).transaction(TxKind::Call(again), 500_000, 0, &[]);
    let assembly = holds(&world.settled());
    let tuples: Vec<_> =
        assembly.public().iter().filter(|m| m.tag.id == PublicUntouched::TAG.id).map(|m| m.tuple.clone()).collect();
    assert_eq!(tuples.len(), 3, "one for each location, whoever needs it");
    assert!(tuples.is_sorted(), "{tuples:?}");
}

/// A later transaction, or a withdrawal, touches what the faults did not look up: their price is that of its record.
#[test]
fn somebody_touches_them_later() {
    let reader = Address::repeat_byte(0xee);
    let other = Address::repeat_byte(0xef);
    let reads = |world: World| {
        let world = world.contract(reader, on_target(&[op::BALANCE]));
        world.transaction(TxKind::Call(reader), 100_000, 0, &[])
    };
    // The account is empty, exists, or is created by the value that it gets.
    for value in [0, 9] {
        let world = world(Fork::Osaka);
        let assembly = holds(&world.transaction(TxKind::Call(TARGET), 100_000, value, &[]).settled());
        assert_eq!((assembly.unproven(), untouched(&assembly)), ([].as_slice(), 1));
        assert_eq!(faults(&assembly)[1..], [2, 4]);
    }
    let exists = reads(world(Fork::Osaka).contract(TARGET, vec![op::STOP]));
    assert_eq!((holds(&exists.settled()).unproven(), untouched(&holds(&exists.settled()))), ([].as_slice(), 1));
    // The same faults twice, and the slot as well: the contract of the first calls the probe with enough gas.
    let loads = call(op::CALL, probe(0), 50_000, Some(0), 0);
    let both = reads(world(Fork::Osaka).contract(other, loads))
        .transaction(TxKind::Call(MAIN), 999_999, 0, &[])
        .transaction(TxKind::Call(other), 200_000, 0, &[]);
    let assembly = holds(&both.settled());
    assert_eq!((assembly.unproven(), untouched(&assembly)), ([].as_slice(), 0));
    let mut withdrawn = world(Fork::Osaka);
    withdrawn.withdrawals = vec![Withdrawal { index: 3, validator_index: 5, address: TARGET, amount: 7 }];
    let assembly = holds(&withdrawn.settled());
    assert_eq!((assembly.unproven(), untouched(&assembly)), ([].as_slice(), 1));
}

/// What the access list of another transaction names is warm to that one: the faults are not proven, and a statement that
/// says that nobody touches it is none.
#[test]
fn an_access_list_names_them() {
    let list = [
        AccessListItem { address: TARGET, storage_keys: vec![] },
        AccessListItem { address: probe(0), storage_keys: vec![B256::from(U256::from(KEY))] },
    ];
    let world = |index: usize, before: bool| {
        let list = vec![list[index].clone()];
        let to = Address::repeat_byte(0xed);
        match before {
            true => {
                let mut listed = World::new(Fork::Osaka).access_list_transaction(to, 100_000, list);
                let faults = world(Fork::Osaka);
                listed.accounts.extend(faults.accounts);
                listed.transactions.extend(faults.transactions);
                listed
            }
            false => world(Fork::Osaka).access_list_transaction(to, 100_000, list),
        }
    };
    for before in [false, true] {
        let account = holds(&world(0, before).settled());
        assert_eq!((account.unproven().len(), untouched(&account)), (6, 1));
        assert_eq!(account.public().kinds()["fault"], 6);
        assert_eq!(account.steps().total - account.steps().proven, 6);
        let slot = holds(&world(1, before).settled());
        assert_eq!((slot.unproven().len(), untouched(&slot)), (1, 1));
        assert_eq!(slot.unproven()[0].to_string().rsplit(": ").next(), Some("a failure of the opcode SLOAD"));
    }
    // An honest statement, with one message more.
    let honest = holds(&world(0, true).settled());
    let other = holds(&self::world(Fork::Osaka).settled());
    let kept = |assembly: &Assembly, kept: &dyn Fn(&str) -> bool| -> Vec<_> {
        assembly.public().iter().filter(|message| kept(message.tag.name)).cloned().collect()
    };
    let statement: Vec<&str> = PublicMessages::statement_kinds().collect();
    let mut messages = kept(&honest, &|name| statement.contains(&name) && name != "public untouched");
    let index = messages.len();
    assert_eq!(PublicMessages::from(messages.clone()).check_statement(), Ok(()));
    messages.extend(kept(&other, &|name| name == "public untouched"));
    let wrong = (index..index + 2).map(|index| Err(NoStatement::Touched { index }));
    let found = PublicMessages::from(messages).check_statement();
    assert!(wrong.into_iter().any(|wrong| wrong == found), "{found:?}");
}

/// The transaction's own call fails in this way.
#[test]
fn a_transaction_fails_for_them() {
    let code = on_target(&[op::BALANCE]);
    let calls = call(op::CALL, TARGET, 5, Some(1), 0);
    let (first, second) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xa2));
    let world = World::new(Fork::Osaka).contract(first, code).contract(second, calls);
    let world =
        world.transaction(TxKind::Call(first), 22_000, 3, &[]).transaction(TxKind::Call(second), 31_000, 3, &[]);
    let assembly = holds(&world.settled());
    assert_eq!((assembly.unproven(), untouched(&assembly)), ([].as_slice(), 1));
    let later = world.transaction(TxKind::Call(TARGET), 21_000, 3, &[]);
    let assembly = holds(&later.settled());
    assert_eq!((assembly.unproven(), untouched(&assembly)), ([].as_slice(), 0));
}
