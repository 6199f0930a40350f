//! One transaction or system call.

use std::collections::BTreeMap;

use alloy_eips::eip2930::AccessListItem;
use alloy_primitives::{Address, B256, Bytes, Log, U256, address};

use super::{Access, Frame, Step};

/// A contract that the protocol calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemContract {
    /// Keeps the beacon roots (EIP-4788), called before the transactions from Cancun on.
    BeaconRoots,
    /// Keeps the block hashes (EIP-2935), called before the transactions from Prague on.
    HistoryStorage,
    /// Gives the withdrawal requests (EIP-7002), called after the transactions from Prague on.
    WithdrawalRequests,
    /// Gives the consolidation requests (EIP-7251), called after those.
    ConsolidationRequests,
}

impl SystemContract {
    /// Its address.
    pub const fn address(self) -> Address {
        match self {
            Self::BeaconRoots => address!("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
            Self::HistoryStorage => address!("0x0000F90827F1C53a10cb7A02335B175320002935"),
            Self::WithdrawalRequests => address!("0x00000961Ef480Eb55e80D19ad83579A64c007002"),
            Self::ConsolidationRequests => address!("0x0000BBdDc7CE488642fb579F8B00f3a590007251"),
        }
    }
}

/// What a trace is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TxKind {
    /// A call by the protocol. It has no fee, no intrinsic gas, no nonce, and leaves sender and coinbase alone.
    System(SystemContract),
    /// The transaction at this position in the block, from 0.
    Transaction(u32),
}

/// What a transaction or a system call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxTrace {
    /// Position among everything that the block executes, system calls included, from 0.
    pub ordinal: u32,
    /// What it is.
    pub kind: TxKind,
    /// Transaction type (EIP-2718), 0 to 4; 0 for a system call.
    pub tx_type: u8,
    /// Hash of the signed transaction; zero for a system call.
    pub tx_hash: B256,
    /// Chain id that was signed; `None` before EIP-155 and for a system call.
    pub chain_id: Option<u64>,
    /// Who signed.
    pub sender: Address,
    /// The recipient; `None` for a creation.
    pub to: Option<Address>,
    /// The transaction's nonce, equal to the sender's before; 0 for a system call.
    pub nonce: u64,
    /// Value sent, in wei.
    pub value: U256,
    /// Gas limit.
    pub gas_limit: u64,
    /// What GASPRICE gives, in wei: base fee and effective priority fee.
    pub effective_gas_price: u128,
    /// Fee cap per gas, in wei; the gas price for types 0 and 1.
    pub max_fee_per_gas: u128,
    /// Priority fee cap per gas, in wei; `None` for types 0 and 1.
    pub max_priority_fee_per_gas: Option<u128>,
    /// Fee cap per blob gas, in wei; `None` but for type 3.
    pub max_fee_per_blob_gas: Option<u128>,
    /// Call data, or init code.
    pub input: Bytes,
    /// Access list (EIP-2930).
    pub access_list: Vec<AccessListItem>,
    /// Authorizations (EIP-7702), with what became of each.
    pub authorizations: Vec<AuthorizationTrace>,
    /// Versioned hashes of the blobs (EIP-4844).
    pub blob_hashes: Vec<B256>,
    /// Gas taken before the first step.
    pub intrinsic_gas: u64,
    /// Least gas that is charged (EIP-7623); 0 before Prague.
    pub floor_gas: u64,
    /// Gas spent before the refund, intrinsic gas included.
    pub gas_spent: u64,
    /// Refund counter at the end, before the cap of EIP-3529: of frame 0, and of authorizations. 0 if frame 0 did not succeed,
    /// but for authorizations.
    pub refund_counter: i64,
    /// Gas refunded: the counter, capped to a fifth of the gas spent. The floor is not considered.
    pub gas_refunded: u64,
    /// Gas charged: the greater of `gas_spent - gas_refunded` and the floor.
    pub gas_used: u64,
    /// Whether frame 0 succeeded, the receipt's status.
    pub status: bool,
    /// Every log emitted, also by frames that failed, in order.
    pub logs: Vec<EmittedLog>,
    /// The contract that a creation made, if it succeeded.
    pub created_address: Option<Address>,
    /// Every executed opcode, in order.
    pub steps: Vec<Step>,
    /// Every call and creation, in order of beginning; frame 0 is always there.
    pub frames: Vec<Frame>,
    /// Arena of the steps' operands and results.
    pub words: Vec<U256>,
    /// Arena of the steps' accesses.
    pub accesses: Vec<Access>,
    /// The codes that EXTCODECOPY read, by their hashes.
    pub codes: BTreeMap<B256, Bytes>,
    /// Every account that was touched, ascending by address, with its touched slots.
    pub accounts: Vec<AccountChange>,
}

impl TxTrace {
    /// The operands of a step, the top of the stack first (see [`super::reads`]).
    pub fn operands(&self, step: &Step) -> &[U256] {
        slice(&self.words, step.operands, step.operand_count)
    }

    /// The results of a step (see [`super::writes`]).
    pub fn results(&self, step: &Step) -> &[U256] {
        slice(&self.words, step.results, step.result_count)
    }

    /// The word that a step pushes; zero if it pushes none.
    pub(crate) fn result(&self, step: &Step) -> U256 {
        self.results(step).first().copied().unwrap_or_default()
    }

    /// The accesses of a step.
    pub fn accesses(&self, step: &Step) -> &[Access] {
        slice(&self.accesses, step.accesses, step.access_count)
    }

    /// The change of an account, if it was touched.
    pub fn account(&self, address: Address) -> Option<&AccountChange> {
        let place = self.accounts.binary_search_by_key(&address, |account| account.address);
        place.ok().and_then(|place| self.accounts.get(place))
    }
}

fn slice<T>(arena: &[T], start: u32, count: u8) -> &[T] {
    let start = start as usize;
    arena.get(start..start + usize::from(count)).unwrap_or_default()
}

/// A log as it was emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmittedLog {
    /// The frame, an index into [`TxTrace::frames`].
    pub frame: u32,
    /// The step, an index into [`TxTrace::steps`].
    pub step: u32,
    /// Position in the receipt; `None` if the frame's effects were undone.
    pub receipt_index: Option<u32>,
    /// The log.
    pub log: Log,
}

/// An authorization (EIP-7702) and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationTrace {
    /// Chain id that was signed; 0 for any.
    pub chain_id: U256,
    /// The account to delegate to; zero to clear.
    pub address: Address,
    /// The authority's nonce that was signed.
    pub nonce: u64,
    /// Who signed; `None` if the signature is invalid.
    pub authority: Option<Address>,
    /// Whether it took effect: code set or cleared, nonce bumped.
    pub applied: bool,
    /// Whether it earned the refund for an authority that existed.
    pub refunded: bool,
}

/// An account's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Nonce.
    pub nonce: u64,
    /// Balance, in wei.
    pub balance: U256,
    /// Hash of the code; that of no code for an absent account.
    pub code_hash: B256,
}

impl Default for AccountState {
    /// The absent account.
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: alloy_consensus::constants::KECCAK_EMPTY }
    }
}

impl AccountState {
    /// Whether the account is absent, which is the same as empty (EIP-161).
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A touched account, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub address: Address,
    /// Its record before.
    pub before: AccountState,
    /// Its record after.
    pub after: AccountState,
    /// Whether it was created in this transaction (and the creation stands).
    pub created: bool,
    /// Whether it was destroyed at the end; all its storage, touched or not, is then empty.
    pub destroyed: bool,
    /// Its touched slots, ascending by key.
    pub slots: Vec<SlotChange>,
}

/// A touched slot, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot.
    pub key: U256,
    /// Its value before.
    pub before: U256,
    /// Its value after.
    pub after: U256,
}
