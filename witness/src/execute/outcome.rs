//! What a block's execution gives.

use std::collections::BTreeMap;

use alloy_consensus::ReceiptEnvelope;
use alloy_primitives::{Address, B256, Bytes, U256};

use crate::trace::AccountState;

/// What a block's execution gives, beyond its traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    /// Gas used by all transactions.
    pub gas_used: u64,
    /// The receipts, in order.
    pub receipts: Vec<ReceiptEnvelope>,
    /// The requests (EIP-7685): a type byte and data each, without empty ones; empty before Prague.
    pub requests: Vec<Bytes>,
    /// The withdrawals, in order.
    pub withdrawals: Vec<WithdrawalTrace>,
    /// Every account that the block touched, ascending by address, with its touched slots.
    pub accounts: Vec<TouchedAccount>,
    /// The block hashes that BLOCKHASH asked for, by number.
    pub block_hashes: BTreeMap<u64, B256>,
    /// Root of the state after the block.
    pub state_root: B256,
}

/// A withdrawal (EIP-4895): a plain addition to a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithdrawalTrace {
    /// Index among all withdrawals of the chain.
    pub index: u64,
    /// The validator.
    pub validator_index: u64,
    /// The recipient.
    pub address: Address,
    /// The amount, in wei (the block has it in gwei).
    pub amount: U256,
    /// The recipient before.
    pub before: AccountState,
    /// The recipient after.
    pub after: AccountState,
}

/// An account that a block touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedAccount {
    /// The account.
    pub address: Address,
    /// Its record before the block.
    pub before: AccountState,
    /// Its record after the block.
    pub after: AccountState,
    /// Whether it was created or destroyed during the block, so that slots that are not listed are 0 after it.
    pub storage_wiped: bool,
    /// Its touched slots, ascending by key.
    pub slots: Vec<TouchedSlot>,
}

/// A slot that a block touched. A slot first touched after its account was destroyed in the block counts as 0 before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchedSlot {
    /// The slot.
    pub key: U256,
    /// Its value before the block.
    pub before: U256,
    /// Its value after the block.
    pub after: U256,
}
