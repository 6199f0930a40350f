//! From a signed transaction to revm's environment and to a trace.

use std::collections::BTreeMap;

use alloy_consensus::{Transaction as _, Typed2718};
use alloy_eips::eip7702::{RecoveredAuthority, RecoveredAuthorization};
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{
    context::{TxEnv, either::Either, result::ExecutionResult},
    state::{Account, EvmState},
};

use super::{SYSTEM_ADDRESS, SYSTEM_CALL_GAS_LIMIT, authorization::REFUND_PER_AUTHORITY, recipient};
use crate::{
    execute::database::code_hash,
    input::Transaction,
    trace::{AccountChange, AccountState, AuthorizationTrace, Recording, SlotChange, SystemContract, TxKind, TxTrace},
};

/// revm's environment of a transaction, with authorities recovered.
pub(super) fn tx_env(transaction: &Transaction, sender: Address, authorizations: &[AuthorizationTrace]) -> TxEnv {
    let signed = transaction.authorization_list().unwrap_or_default();
    let authorization_list = signed
        .iter()
        .zip(authorizations)
        .map(|(signed, trace)| {
            let authority = trace.authority.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
            Either::Right(RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority))
        })
        .collect();
    TxEnv {
        tx_type: transaction.ty(),
        caller: sender,
        gas_limit: transaction.gas_limit(),
        gas_price: transaction.max_fee_per_gas(),
        kind: transaction.kind(),
        value: transaction.value(),
        data: transaction.input().clone(),
        nonce: transaction.nonce(),
        chain_id: transaction.chain_id(),
        access_list: transaction.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: transaction.max_priority_fee_per_gas(),
        blob_hashes: transaction.blob_versioned_hashes().unwrap_or_default().to_vec(),
        max_fee_per_blob_gas: transaction.max_fee_per_blob_gas().unwrap_or_default(),
        authorization_list,
    }
}

/// A trace with what the transaction itself says.
pub(super) fn of_transaction(index: usize, transaction: &Transaction, sender: Address, base_fee: u64) -> TxTrace {
    TxTrace {
        kind: TxKind::Transaction(index as u32),
        tx_type: transaction.ty(),
        tx_hash: *transaction.tx_hash(),
        chain_id: transaction.chain_id(),
        sender,
        to: recipient(transaction.kind()),
        nonce: transaction.nonce(),
        value: transaction.value(),
        gas_limit: transaction.gas_limit(),
        effective_gas_price: transaction.effective_gas_price(Some(base_fee)),
        max_fee_per_gas: transaction.max_fee_per_gas(),
        max_priority_fee_per_gas: transaction.max_priority_fee_per_gas(),
        max_fee_per_blob_gas: transaction.max_fee_per_blob_gas(),
        access_list: transaction.access_list().cloned().unwrap_or_default().0,
        blob_hashes: transaction.blob_versioned_hashes().unwrap_or_default().to_vec(),
        ..empty(TxKind::Transaction(index as u32), transaction.input().clone())
    }
}

/// A trace with what a system call is given.
pub(super) fn of_system_call(contract: SystemContract, input: Bytes) -> TxTrace {
    TxTrace {
        sender: SYSTEM_ADDRESS,
        to: Some(contract.address()),
        gas_limit: SYSTEM_CALL_GAS_LIMIT,
        ..empty(TxKind::System(contract), input)
    }
}

const fn empty(kind: TxKind, input: Bytes) -> TxTrace {
    TxTrace {
        ordinal: 0,
        kind,
        tx_type: 0,
        tx_hash: B256::ZERO,
        chain_id: None,
        sender: Address::ZERO,
        to: None,
        nonce: 0,
        value: U256::ZERO,
        gas_limit: 0,
        effective_gas_price: 0,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: None,
        max_fee_per_blob_gas: None,
        input,
        access_list: Vec::new(),
        authorizations: Vec::new(),
        blob_hashes: Vec::new(),
        intrinsic_gas: 0,
        floor_gas: 0,
        gas_spent: 0,
        refund_counter: 0,
        gas_refunded: 0,
        gas_used: 0,
        status: false,
        logs: Vec::new(),
        created_address: None,
        steps: Vec::new(),
        frames: Vec::new(),
        words: Vec::new(),
        accesses: Vec::new(),
        codes: BTreeMap::new(),
        accounts: Vec::new(),
    }
}

/// Adds what the execution gave.
pub(super) fn record(trace: &mut TxTrace, recording: Recording, result: &ExecutionResult, state: &EvmState) {
    let gas = result.gas();
    let top = recording.frames.first();
    trace.intrinsic_gas = top.map_or(0, |frame| trace.gas_limit.saturating_sub(frame.gas));
    trace.floor_gas = gas.floor_gas();
    trace.gas_spent = gas.total_gas_spent();
    trace.gas_refunded = gas.inner_refunded();
    trace.gas_used = result.tx_gas_used();
    let refunded = trace.authorizations.iter().filter(|authorization| authorization.refunded).count();
    trace.refund_counter = top.map_or(0, |frame| frame.refund) + refunded as i64 * REFUND_PER_AUTHORITY;
    trace.status = result.is_success();
    trace.created_address = match trace.to {
        None if trace.status => result.created_address(),
        _ => None,
    };
    trace.steps = recording.steps;
    trace.frames = recording.frames;
    trace.words = recording.words;
    trace.accesses = recording.accesses;
    trace.codes = recording.codes;
    trace.logs = recording.logs;
    trace.accounts = state.iter().map(|(address, account)| change(*address, account)).collect();
    trace.accounts.sort_unstable_by_key(|account| account.address);
}

fn change(address: Address, account: &Account) -> AccountChange {
    let destroyed = account.is_touched() && account.is_selfdestructed();
    let mut slots: Vec<_> = account
        .storage
        .iter()
        .map(|(key, slot)| SlotChange {
            key: *key,
            before: slot.original_value,
            after: if destroyed { U256::ZERO } else { slot.present_value },
        })
        .collect();
    slots.sort_unstable_by_key(|slot| slot.key);
    let info = |info: &revm::state::AccountInfo| AccountState {
        nonce: info.nonce,
        balance: info.balance,
        code_hash: code_hash(info.code_hash),
    };
    AccountChange {
        address,
        before: info(&account.original_info()),
        after: if destroyed { AccountState::default() } else { info(&account.info) },
        created: account.is_created(),
        destroyed,
        slots,
    }
}
