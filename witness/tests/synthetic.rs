//! Hand-written transactions on small states, and what their traces must show.

#![allow(missing_docs)]

mod common;

use alloy_eips::{eip2930::AccessListItem, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, TxKind, U256, keccak256};
use common::synthetic::{COINBASE, World, authorization, call, push, sstore};
use revm::bytecode::opcode as op;
use verbatim_witness::{
    chain::Fork,
    trace::{
        Access, AccountAccess, AccountRole, FrameKind, InstructionResult, NotRun, Outcome, StorageAccess, TxTrace,
    },
};

const A: Address = Address::repeat_byte(0xaa);
const B: Address = Address::repeat_byte(0xbb);
const C: Address = Address::repeat_byte(0xcc);

fn revert(length: u64) -> Vec<u8> {
    [push(&[U256::from(length), U256::ZERO]), vec![op::REVERT]].concat()
}

fn run(code: Vec<u8>, gas: u64) -> TxTrace {
    World::new(Fork::Osaka).contract(A, code).transaction(TxKind::Call(A), gas, 5, &[1, 2, 0]).run_one()
}

/// The accesses to storage.
fn storage(trace: &TxTrace) -> Vec<StorageAccess> {
    let slots = trace.accesses.iter().filter_map(|access| match access {
        Access::Storage(access) => Some(*access),
        _ => None,
    });
    slots.collect()
}

/// The accesses to accounts.
fn accounts(trace: &TxTrace) -> Vec<AccountAccess> {
    let accounts = trace.accesses.iter().filter_map(|access| match access {
        Access::Account(access) => Some(*access),
        _ => None,
    });
    accounts.collect()
}

#[test]
fn revert_of_a_transaction() {
    let log = [push(&[U256::from(3), U256::ZERO]), vec![op::LOG0]].concat();
    let trace = run([sstore(1, 2), log, revert(4)].concat(), 200_000);
    let frame = &trace.frames[0];
    assert_eq!((frame.outcome, frame.result, frame.reverted_by), (Outcome::Revert, InstructionResult::Revert, Some(0)));
    assert_eq!((frame.output.len(), frame.refund, trace.status), (4, 0, false));
    assert_eq!(trace.logs.len(), 1);
    assert_eq!((trace.logs[0].receipt_index, trace.logs[0].log.data.data.len()), (None, 3));
    assert_eq!(trace.steps[trace.logs[0].step as usize].log, Some(0));
    let contract = trace.account(A).unwrap();
    assert_eq!(contract.before, contract.after);
    assert_eq!((contract.slots[0].before, contract.slots[0].after), (U256::ZERO, U256::ZERO));
    assert_eq!(storage(&trace)[0].new, U256::from(2));
    let last = trace.steps.last().unwrap();
    assert_eq!((last.opcode, last.halt, last.gas_after), (op::REVERT, None, frame.gas_left));
    assert_eq!(trace.intrinsic_gas, 21_000 + 2 * 16 + 4);
    assert_eq!(trace.floor_gas, 21_000 + 9 * 10);
}

#[test]
fn environment_on_a_full_stack() {
    for opcode in [op::ADDRESS, op::ORIGIN, op::CALLER, op::CALLVALUE, op::CALLDATASIZE, op::GASPRICE, op::CHAINID] {
        let trace = run([vec![op::PUSH0; 1024], vec![opcode]].concat(), 200_000);
        let last = trace.steps.last().unwrap();
        assert_eq!((last.opcode, last.halt), (opcode, Some(InstructionResult::StackOverflow)));
    }
}

#[test]
fn out_of_gas_in_the_middle() {
    let code = [sstore(1, 2), push(&[U256::from(1u64 << 40)]), vec![op::MLOAD, op::STOP]].concat();
    let trace = run(code, 100_000);
    let last = trace.steps.last().unwrap();
    assert_eq!((last.opcode, last.halt), (op::MLOAD, Some(InstructionResult::MemoryOOG)));
    assert_eq!((last.gas_after, last.result_count, last.memory_words_after), (0, 0, 0));
    assert_eq!(trace.operands(last), [U256::from(1u64 << 40)]);
    assert_eq!((trace.frames[0].outcome, trace.frames[0].gas_left), (Outcome::Halt, 0));
    assert_eq!(trace.gas_used, 100_000);
}

#[test]
fn exceptional_halts() {
    for (code, why) in [
        (vec![op::ADD], InstructionResult::StackUnderflow),
        (vec![op::PUSH0, op::DUP2], InstructionResult::StackOverflow),
        (vec![op::PUSH0, op::SWAP1], InstructionResult::StackUnderflow),
        (vec![op::INVALID], InstructionResult::InvalidFEOpcode),
        (vec![op::PUSH0, op::JUMP], InstructionResult::InvalidJump),
        (vec![0x0c], InstructionResult::OpcodeNotFound),
        ([vec![op::JUMPDEST, op::PUSH0, op::PUSH0], vec![op::JUMP]].concat(), InstructionResult::StackOverflow),
    ] {
        let trace = run(code, 200_000);
        let last = trace.steps.last().unwrap();
        assert_eq!((last.halt, last.gas_after), (Some(why), 0));
        assert!(last.operand_count <= 2 && u16::from(last.operand_count) <= last.stack_height);
    }
}

#[test]
fn inner_call_failure() {
    let inner = [sstore(7, 8), call(op::CALL, C, 5000, Some(0), 0), vec![op::INVALID]].concat();
    let outer = [call(op::CALL, B, 60_000, Some(1), 40), sstore(1, 2)].concat();
    let world = World::new(Fork::Osaka).contract(A, outer).contract(B, inner).contract(C, vec![op::STOP]);
    let trace = world.transaction(TxKind::Call(A), 300_000, 0, &[]).run_one();
    let [top, failing, below] = &trace.frames[..] else { panic!("three frames") };
    assert_eq!((top.outcome, top.reverted_by), (Outcome::Success, None));
    assert_eq!((failing.kind, failing.outcome, failing.reverted_by), (FrameKind::Call, Outcome::Halt, Some(1)));
    assert_eq!((below.outcome, below.reverted_by, below.depth), (Outcome::Success, Some(1), 2));
    assert_eq!((failing.gas, failing.gas_left), (62_300, 0));
    assert_eq!((failing.caller, failing.address, failing.value), (A, B, U256::from(1)));
    assert_eq!(
        (failing.input_offset, failing.input_length, failing.return_offset, failing.return_length),
        (0, 40, 0, 32)
    );
    let step = trace.steps[failing.parent_step.unwrap() as usize];
    assert_eq!(trace.results(&step), [U256::ZERO]);
    assert_eq!((step.child.map(|child| child.get()), step.memory_words_after), (Some(1), 2));
    assert_eq!(step.gas_before - step.gas_after, 2600 + 9000 + 60_000 + 6);
    assert_eq!(
        (trace.account(A).unwrap().slots[0].after, trace.account(B).unwrap().slots[0].after),
        (U256::from(2), U256::ZERO)
    );
    assert!(!accounts(&trace)[0].warm_before);
    assert_eq!((accounts(&trace)[0].balance, accounts(&trace)[0].nonce), (U256::from(1000), 1));
}

#[test]
fn creations() {
    // Init code that deploys one zero byte: a creation with STOP as its code.
    let init = [push(&[U256::from(1), U256::ZERO]), vec![op::RETURN]].concat();
    let trace = World::new(Fork::Osaka).transaction(TxKind::Create, 100_000, 9, &init).run_one();
    let frame = &trace.frames[0];
    assert_eq!((frame.kind, frame.outcome, trace.to), (FrameKind::TransactionCreate, Outcome::Success, None));
    assert_eq!(trace.created_address, Some(trace.sender.create(0)));
    assert_eq!((frame.code.as_ref(), frame.code_hash, frame.output.as_ref()), (&init[..], keccak256(&init), &[0][..]));
    let created = trace.account(frame.address).unwrap();
    assert!(created.created && created.before.is_empty());
    assert_eq!(
        (created.after.nonce, created.after.balance, created.after.code_hash),
        (1, U256::from(9), keccak256([0]))
    );
    assert_eq!(trace.steps.last().unwrap().gas_after - frame.gas_left, 200);

    // The same init code, copied from the call data, by CREATE2, twice: the second one collides.
    let create = push(&[U256::from(42), U256::from(init.len()), U256::ZERO, U256::from(3)]);
    let copy = push(&[U256::from(init.len()), U256::ZERO, U256::ZERO]);
    let code = [copy, vec![op::CALLDATACOPY], create.clone(), vec![op::CREATE2], create, vec![op::CREATE2]].concat();
    let world = World::new(Fork::Osaka).contract(A, code);
    let trace = world.transaction(TxKind::Call(A), 1_000_000, 0, &init).run_one();
    let [_, first, second] = &trace.frames[..] else { panic!("three frames") };
    assert_eq!((first.kind, first.outcome, first.value), (FrameKind::Create2, Outcome::Success, U256::from(3)));
    assert_eq!(first.address, A.create2(B256::from(U256::from(42)), keccak256(&init)));
    assert_eq!((first.input_offset, first.input_length), (0, init.len() as u64));
    let access = first.created.unwrap();
    assert_eq!(
        (access.role, access.loaded, access.warm_before, access.is_empty()),
        (AccountRole::Created, true, false, true)
    );
    assert_eq!((second.outcome, second.not_run, second.gas_left), (Outcome::Halt, Some(NotRun::Collision), 0));
    let access = second.created.unwrap();
    assert_eq!((access.warm_before, access.nonce, access.created_in_transaction), (true, 1, true));
    assert_eq!(trace.account(A).unwrap().after.nonce, 3);
}

#[test]
fn static_call_forbids_changes() {
    let outer = call(op::STATICCALL, B, 50_000, None, 0);
    let world = World::new(Fork::Osaka).contract(A, outer).contract(B, sstore(1, 1));
    let trace = world.transaction(TxKind::Call(A), 200_000, 0, &[]).run_one();
    let frame = &trace.frames[1];
    assert_eq!((frame.kind, frame.is_static, frame.outcome), (FrameKind::StaticCall, true, Outcome::Halt));
    let step = trace.steps[frame.last_step.unwrap() as usize];
    assert_eq!(step.halt, Some(InstructionResult::StateChangeDuringStaticCall));
    assert_eq!((storage(&trace)[0].loaded, storage(&trace)[0].address), (false, B));
}

#[test]
fn delegate_call_keeps_the_context() {
    let outer = call(op::DELEGATECALL, B, 50_000, None, 0);
    let world = World::new(Fork::Osaka).contract(A, outer).contract(B, sstore(1, 6));
    let trace = world.transaction(TxKind::Call(A), 200_000, 5, &[]).run_one();
    let frame = &trace.frames[1];
    assert_eq!((frame.kind, frame.address, frame.code_address), (FrameKind::DelegateCall, A, B));
    assert_eq!((frame.caller, frame.value, frame.transferred), (trace.sender, U256::from(5), U256::ZERO));
    assert_eq!(trace.account(A).unwrap().slots[0].after, U256::from(6));
    assert!(trace.account(B).unwrap().slots.is_empty());
}

#[test]
fn storage_values_and_warmth() {
    let load = |key: u64| [push(&[U256::from(key)]), vec![op::SLOAD, op::POP]].concat();
    let code = [load(1), sstore(1, 0), sstore(1, 5), load(2), load(1)].concat();
    let list = vec![AccessListItem { address: A, storage_keys: vec![B256::from(U256::from(2))] }];
    let world = World::new(Fork::Osaka).contract(A, code).slot(A, 1, 5).slot(A, 2, 7);
    let trace = world.access_list_transaction(A, 200_000, list).run_one();
    let word = U256::from;
    let seen: Vec<_> = storage(&trace).iter().map(|s| (s.key, s.old, s.new, s.original, s.warm_before)).collect();
    assert_eq!(
        seen,
        [
            (word(1), word(5), word(5), word(5), false),
            (word(1), word(5), word(0), word(5), true),
            (word(1), word(0), word(5), word(5), true),
            (word(2), word(7), word(7), word(7), true),
            (word(1), word(5), word(5), word(5), true),
        ]
    );
    let refunds: Vec<_> = trace.steps.iter().filter(|s| s.opcode == op::SSTORE).map(|s| s.refund_after).collect();
    assert_eq!(refunds, [4800, 2800]);
    assert_eq!((trace.refund_counter, trace.gas_refunded), (2800, 2800));
    assert_eq!(trace.gas_used, trace.gas_spent - 2800);
}

#[test]
fn transient_storage() {
    let code =
        [push(&[U256::from(9), U256::from(4)]), vec![op::TSTORE], push(&[U256::from(4)]), vec![op::TLOAD]].concat();
    let trace = run(code, 100_000);
    let values: Vec<_> = trace
        .accesses
        .iter()
        .map(|access| match access {
            Access::Transient(access) => (access.address, access.old, access.new),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(values, [(A, U256::ZERO, U256::from(9)), (A, U256::from(9), U256::from(9))]);
}

#[test]
fn calls_that_never_run() {
    let rich = call(op::CALL, B, 1000, Some(1_000_000), 0);
    let world = World::new(Fork::Osaka).contract(A, rich).contract(B, vec![op::STOP]);
    let trace = world.transaction(TxKind::Call(A), 200_000, 0, &[]).run_one();
    let frame = &trace.frames[1];
    assert_eq!((frame.outcome, frame.not_run), (Outcome::Revert, Some(NotRun::Balance)));
    assert_eq!((frame.gas, frame.gas_left), (3300, 3300));

    let create = [push(&[U256::ZERO, U256::ZERO, U256::from(1_000_000)]), vec![op::CREATE]].concat();
    let trace = run(create, 200_000);
    assert_eq!((trace.frames[1].not_run, trace.frames[1].created), (Some(NotRun::Balance), None));
    assert_eq!(trace.account(A).unwrap().after.nonce, 1);
}

#[test]
fn depth_limit() {
    let recursive = [vec![op::PUSH0; 5], vec![op::ADDRESS, op::GAS, op::CALL, op::STOP]].concat();
    let mut world = World::new(Fork::Prague).contract(A, recursive);
    world.gas_limit = 1 << 40;
    let trace = world.transaction(TxKind::Call(A), 1 << 39, 0, &[]).run_one();
    assert_eq!(trace.frames.len(), 1026);
    let deepest = &trace.frames[1025];
    assert_eq!((deepest.depth, deepest.outcome, deepest.not_run), (1025, Outcome::Revert, Some(NotRun::Depth)));
    assert_eq!(deepest.gas, deepest.gas_left);
    assert!(trace.status);
}

#[test]
fn creation_with_the_greatest_nonce() {
    let create = [push(&[U256::ZERO, U256::ZERO, U256::ZERO]), vec![op::CREATE]].concat();
    let mut world = World::new(Fork::Osaka).contract(A, create);
    world.accounts.get_mut(&A).unwrap().nonce = u64::MAX;
    let trace = world.transaction(TxKind::Call(A), 200_000, 0, &[]).run_one();
    let frame = &trace.frames[1];
    assert_eq!((frame.outcome, frame.not_run, frame.gas_left), (Outcome::Revert, Some(NotRun::Nonce), frame.gas));
}

#[test]
fn precompile() {
    let identity = Address::with_last_byte(4);
    let code =
        [push(&[U256::from(77), U256::ZERO]), vec![op::MSTORE], call(op::STATICCALL, identity, 100, None, 32)].concat();
    let trace = run(code, 100_000);
    let frame = &trace.frames[1];
    assert!(frame.is_precompile && frame.first_step.is_none() && frame.code.is_empty());
    assert_eq!((frame.gas, frame.gas_left), (100, 100 - 18));
    assert_eq!((&frame.input, &frame.output), (&frame.output, &frame.input));
    assert_eq!(frame.input.len(), 32);
    assert!(accounts(&trace)[0].warm_before);
}

#[test]
fn selfdestruct_and_balances() {
    let balance =
        |address: Address| [push(&[U256::from_be_slice(address.as_slice())]), vec![op::BALANCE, op::POP]].concat();
    let target = push(&[U256::from_be_slice(B.as_slice())]);
    let code = [balance(COINBASE), balance(C), vec![op::SELFBALANCE], target, vec![op::SELFDESTRUCT]].concat();
    for fork in [Fork::Shanghai, Fork::Osaka] {
        let world = World::new(fork).contract(A, code.clone()).slot(A, 3, 3);
        let trace = world.transaction(TxKind::Call(A), 100_000, 5, &[]).run_one();
        let seen: Vec<_> = accounts(&trace).iter().map(|a| (a.role, a.warm_before, a.balance, a.loaded)).collect();
        assert_eq!(
            seen,
            [
                (AccountRole::Target, true, U256::ZERO, true),
                (AccountRole::Target, false, U256::ZERO, true),
                (AccountRole::Executing, true, U256::from(1005), true),
                (AccountRole::Target, false, U256::ZERO, true),
                (AccountRole::Executing, true, U256::from(1005), true),
            ]
        );
        let account = trace.account(A).unwrap();
        assert_eq!((account.destroyed, account.after.is_empty()), (fork == Fork::Shanghai, fork == Fork::Shanghai));
        assert_eq!(trace.account(B).unwrap().after.balance, U256::from(1005));
        assert_eq!(trace.steps.last().unwrap().halt, None);
        assert_eq!(trace.frames[0].result, InstructionResult::SelfDestruct);
    }
}

#[test]
fn delegation() {
    let (good, authority) = authorization(31337, B, 0);
    let (chain, _) = authorization(5, B, 0);
    let (nonce, _) = authorization(0, B, 3);
    let list = vec![good.clone(), good, chain, nonce];
    let world =
        World::new(Fork::Osaka).contract(B, sstore(1, 2)).contract(A, call(op::CALL, authority, 90_000, Some(0), 0));
    let trace = world.set_code_transaction(A, 400_000, list).run_one();
    let fates: Vec<_> = trace.authorizations.iter().map(|a| (a.applied, a.refunded)).collect();
    assert_eq!(fates, [(true, false), (false, false), (false, false), (false, false)]);
    assert_eq!(trace.authorizations[0].authority, Some(authority));
    assert_eq!(trace.intrinsic_gas, 21_000 + 4 * 25_000);
    let frame = &trace.frames[1];
    assert_eq!((frame.code_address, frame.delegate, frame.code_hash), (authority, Some(B), keccak256(sstore(1, 2))));
    let seen: Vec<_> = accounts(&trace).iter().map(|a| (a.role, a.address, a.warm_before)).collect();
    // The authority is warm because of its authorization.
    assert_eq!(seen, [(AccountRole::Target, authority, true), (AccountRole::Delegate, B, false)]);
    let change = trace.account(authority).unwrap();
    assert_eq!((change.after.nonce, change.slots[0].after), (1, U256::from(2)));
    let designator = [&[0xef, 1, 0][..], B.as_slice()].concat();
    assert_eq!(change.after.code_hash, keccak256(designator));
}

#[test]
fn withdrawals_and_order() {
    let mut world = World::new(Fork::Osaka).contract(A, sstore(1, 2));
    world = world.transaction(TxKind::Call(A), 100_000, 0, &[]).transaction(TxKind::Call(B), 21_000, 3, &[]);
    world.withdrawals = vec![
        Withdrawal { index: 5, validator_index: 6, address: C, amount: 7 },
        Withdrawal { index: 6, validator_index: 6, address: B, amount: 0 },
    ];
    let (outcome, traces) = world.run();
    assert_eq!(outcome.withdrawals[0].after.balance, U256::from(7_000_000_000u64));
    assert_eq!(outcome.withdrawals[1].before.balance, U256::from(3));
    // Two system calls come first.
    assert_eq!(traces.iter().map(|trace| trace.ordinal).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((traces[1].steps.len(), traces[1].frames.len(), traces[1].gas_used), (0, 1, 21_000));
    assert_eq!(traces[0].effective_gas_price, 1007);
}
