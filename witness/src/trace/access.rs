//! What a step read or wrote of the state.

use alloy_primitives::{Address, B256, U256};

/// An access of a step to the state. All values are those that the step saw, before its own effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// SLOAD or SSTORE.
    Storage(StorageAccess),
    /// TLOAD or TSTORE.
    Transient(TransientAccess),
    /// BALANCE, SELFBALANCE, EXTCODESIZE, EXTCODEHASH, EXTCODECOPY, CALL*, CREATE*, SELFDESTRUCT.
    Account(AccountAccess),
}

impl Access {
    /// Whether the location was looked up.
    pub fn loaded(&self) -> bool {
        match self {
            Self::Storage(access) => access.loaded,
            Self::Account(access) => access.loaded,
            Self::Transient(_) => true,
        }
    }

    /// Whether the location was warm before the step (EIP-2929). Transient storage has no such state: never.
    pub fn warm_before(&self) -> bool {
        match self {
            Self::Storage(access) => access.warm_before,
            Self::Account(access) => access.warm_before,
            Self::Transient(_) => false,
        }
    }
}

/// An access to a storage slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageAccess {
    /// The account whose storage it is.
    pub address: Address,
    /// The slot.
    pub key: U256,
    /// The value before the step; 0 and meaningless unless `loaded`.
    pub old: U256,
    /// The value after a successful step: what SSTORE writes, what SLOAD finds.
    pub new: U256,
    /// The value at the start of the transaction; 0 and meaningless unless `loaded`.
    pub original: U256,
    /// Whether the slot was warm before the step (EIP-2929).
    pub warm_before: bool,
    /// Whether the slot was looked up. A step that halts may fail before that: by a static call, by EIP-2200's gas
    /// guard, or because the gas did not pay for a cold access.
    pub loaded: bool,
}

/// An access to transient storage (EIP-1153).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransientAccess {
    /// The account whose transient storage it is.
    pub address: Address,
    /// The slot.
    pub key: U256,
    /// The value before the step.
    pub old: U256,
    /// The value after a successful step.
    pub new: U256,
}

/// Why a step touched an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountRole {
    /// The account that the step names: of BALANCE and EXTCODE*, the callee of CALL*, the beneficiary of SELFDESTRUCT.
    Target,
    /// The account whose code a callee delegates to (EIP-7702).
    Delegate,
    /// The executing account: of SELFBALANCE and SELFDESTRUCT.
    Executing,
    /// The account that CREATE or CREATE2 creates.
    Created,
}

/// An access to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountAccess {
    /// Why.
    pub role: AccountRole,
    /// The account.
    pub address: Address,
    /// Whether the account was warm before the step (EIP-2929).
    pub warm_before: bool,
    /// Whether the account was looked up (a step that halts may fail before that); if not, the fields below are those
    /// of an absent account, and meaningless.
    pub loaded: bool,
    /// Its nonce before the step.
    pub nonce: u64,
    /// Its balance before the step, in wei.
    pub balance: U256,
    /// The hash of its code, that of no code for an absent account (EXTCODEHASH gives 0 for an empty one).
    pub code_hash: B256,
    /// Whether it was created in this transaction (EIP-6780).
    pub created_in_transaction: bool,
}

impl AccountAccess {
    /// Whether the account is empty, which is the same as absent (EIP-161).
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == alloy_consensus::constants::KECCAK_EMPTY
    }
}
