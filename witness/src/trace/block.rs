//! The environment of a block.

use std::collections::BTreeMap;

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B256};

use crate::chain::Fork;

/// What a block's transactions can see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Chain id (EIP-155).
    pub chain_id: u64,
    /// The fork whose rules hold.
    pub fork: Fork,
    /// Blob parameters; `None` exactly before Cancun.
    pub blob_params: Option<BlobParams>,
    /// Block number.
    pub number: u64,
    /// Timestamp, in seconds.
    pub timestamp: u64,
    /// Fee recipient, what COINBASE gives.
    pub coinbase: Address,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Base fee per gas, in wei.
    pub base_fee: u64,
    /// The beacon chain's randomness, what PREVRANDAO gives.
    pub prevrandao: B256,
    /// Excess blob gas; `None` exactly before Cancun.
    pub excess_blob_gas: Option<u64>,
    /// Base fee per blob gas, in wei, what BLOBBASEFEE gives; `None` exactly before Cancun.
    pub blob_base_fee: Option<u128>,
    /// Root of the parent beacon block (EIP-4788); `None` exactly before Cancun.
    pub parent_beacon_block_root: Option<B256>,
    /// Hash of the parent block.
    pub parent_hash: B256,
    /// Hash of this block.
    pub block_hash: B256,
    /// State root of the parent block.
    pub parent_state_root: B256,
    /// Hashes of blocks by number that the witness proves: an unbroken run of 1 to 256 that ends with the parent.
    pub ancestors: BTreeMap<u64, B256>,
}
