//! What may be wrong with a block or its witness.

use alloy_primitives::{Address, B256, Bloom, U256};
use revm::{context::result::InvalidTransaction, database_interface::DBErrorMarker};

use crate::{chain::UnsupportedFork, trace::SystemContract, trie::TrieError};

/// What a visitor returns to stop the execution.
pub type VisitError = Box<dyn std::error::Error + Send + Sync>;

/// The witness does not have what the execution asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A trie node is missing or malformed.
    #[error("account {address}: {source}")]
    Trie {
        /// The account that was looked up.
        address: Address,
        /// What is wrong.
        source: TrieError,
    },
    /// A code is missing.
    #[error("the witness lacks the code with hash {hash}")]
    MissingCode {
        /// Its hash.
        hash: B256,
    },
    /// BLOCKHASH asks for a block whose hash the witness' headers do not give.
    #[error("the witness lacks the header after block {number}, whose hash is needed")]
    MissingAncestor {
        /// The block asked for.
        number: u64,
    },
}

impl DBErrorMarker for StateError {}

/// A block could not be executed, or is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A fork without rules here.
    #[error(transparent)]
    UnsupportedFork(#[from] UnsupportedFork),
    /// The witness does not have what the execution asks for.
    #[error(transparent)]
    State(#[from] StateError),
    /// The block is not what its header says, or the header not what the protocol demands.
    #[error("block {number}: {mismatch}")]
    Mismatch {
        /// The block's number.
        number: u64,
        /// What does not match.
        mismatch: Mismatch,
    },
    /// A signature from which no sender can be recovered.
    #[error("transaction {index}: the signature is invalid")]
    InvalidSignature {
        /// Position in the block.
        index: usize,
    },
    /// A transaction that the protocol rejects.
    #[error("transaction {index}: {source}")]
    InvalidTransaction {
        /// Position in the block.
        index: usize,
        /// Why.
        source: InvalidTransaction,
    },
    /// A transaction whose gas limit exceeds what is left in the block.
    #[error("transaction {index}: its gas limit {gas_limit} exceeds the {available} left in the block")]
    BlockGasExceeded {
        /// Position in the block.
        index: usize,
        /// Its gas limit.
        gas_limit: u64,
        /// Gas left in the block.
        available: u64,
    },
    /// A request contract without code, or whose call failed (EIP-7002, EIP-7251).
    #[error("the system call to {contract:?} failed: {reason}")]
    SystemCall {
        /// Which.
        contract: SystemContract,
        /// Why.
        reason: String,
    },
    /// A deposit log that does not have the layout of EIP-6110.
    #[error("transaction {index}: a log of the deposit contract is malformed")]
    MalformedDeposit {
        /// Position in the block.
        index: usize,
    },
    /// revm failed for a reason that no block should cause.
    #[error("revm failed in {place}: {reason}")]
    Evm {
        /// Where.
        place: String,
        /// What it said.
        reason: String,
    },
    /// The visitor stopped the execution.
    #[error("stopped by the visitor: {0}")]
    Visitor(VisitError),
}

/// What a header has, and what the block or the protocol gives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The parent's number plus one.
    #[error("number: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    Number { expected: u64, found: u64 },
    /// The timestamp must be after the parent's (`expected` is the least possible).
    #[error("timestamp: expected at least {expected}, found {found}")]
    #[allow(missing_docs)]
    Timestamp { expected: u64, found: u64 },
    /// The gas limit must be at least 5000 and differ from the parent's by less than a 1024th of it.
    #[error("gas limit: expected {least} to {greatest}, found {found}")]
    #[allow(missing_docs)]
    GasLimit { least: u64, greatest: u64, found: u64 },
    /// The base fee (EIP-1559); `None` if the header has none.
    #[error("base fee: expected {expected}, found {found:?}")]
    #[allow(missing_docs)]
    BaseFee { expected: u128, found: Option<u64> },
    /// A field that must have a fixed value since the merge (EIP-3675): difficulty, nonce, ommers.
    #[error("{field}: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    Constant { field: &'static str, expected: B256, found: B256 },
    /// Extra data is at most 32 bytes long.
    #[error("extra data: expected at most 32 bytes, found {found}")]
    #[allow(missing_docs)]
    ExtraData { found: usize },
    /// A field that the fork demands or forbids.
    #[error("{field}: expected present = {expected}, found present = {found}")]
    #[allow(missing_docs)]
    Presence { field: &'static str, expected: bool, found: bool },
    /// A value too large to be reached on any chain, for which fees are not computed.
    #[error("{field}: expected at most {expected}, found {found}")]
    #[allow(missing_docs)]
    OutOfRange { field: &'static str, expected: u64, found: u64 },
    /// The length of the block's RLP (EIP-7934), in bytes.
    #[error("block length: expected at most {expected}, found {found}")]
    #[allow(missing_docs)]
    BlockLength { expected: usize, found: usize },
    /// Blob gas of all transactions.
    #[error("blob gas used: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    BlobGasUsed { expected: u64, found: u64 },
    /// Blob gas of a block has a maximum.
    #[error("blob gas used: expected at most {expected}, found {found}")]
    #[allow(missing_docs)]
    BlobGasLimit { expected: u64, found: u64 },
    /// The excess blob gas that follows from the parent.
    #[error("excess blob gas: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    ExcessBlobGas { expected: u128, found: u64 },
    /// Gas used: the header's is expected, execution's is found. So are the next ones.
    #[error("gas used: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    GasUsed { expected: u64, found: u64 },
    /// Root of the receipts.
    #[error("receipts root: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    ReceiptsRoot { expected: B256, found: B256 },
    /// Bloom filter of the logs.
    #[error("logs bloom: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    LogsBloom { expected: Box<Bloom>, found: Box<Bloom> },
    /// Root of the state after the block.
    #[error("state root: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    StateRoot { expected: B256, found: B256 },
    /// Root of the transactions.
    #[error("transactions root: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    TransactionsRoot { expected: B256, found: B256 },
    /// Root of the withdrawals.
    #[error("withdrawals root: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    WithdrawalsRoot { expected: B256, found: B256 },
    /// Hash of the requests (EIP-7685).
    #[error("requests hash: expected {expected}, found {found}")]
    #[allow(missing_docs)]
    RequestsHash { expected: B256, found: B256 },
}

impl Mismatch {
    /// A field that must have a fixed value.
    pub(super) fn constant(field: &'static str, expected: U256, found: U256) -> Self {
        Self::Constant { field, expected: expected.into(), found: found.into() }
    }
}
