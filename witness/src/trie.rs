//! A sparse Merkle-Patricia trie over the nodes of a witness.
//!
//! A trie starts as a root hash. A node is looked up by its hash and decoded when a path first goes through it, so a
//! trie costs no more than what is touched. Keys are hashes (the "secure" tries of accounts and storage), so all have 64
//! nibbles and a branch never has a value.

mod node;
mod sparse;
mod state;

pub use sparse::{NodeStore, SparseTrie};
pub use state::{StateTrie, StorageChange};

use alloy_primitives::B256;
use alloy_trie::Nibbles;

/// A path could not be followed, or a node or value is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The witness lacks a node.
    #[error("the witness lacks the trie node {hash} at path {path:?}")]
    MissingNode {
        /// The node's hash.
        hash: B256,
        /// The nibbles from the root to the node.
        path: Nibbles,
    },
    /// A node is not valid RLP of a trie node, or does not fit keys of 64 nibbles.
    #[error("malformed trie node at path {path:?}: {reason}")]
    MalformedNode {
        /// The nibbles from the root to the node.
        path: Nibbles,
        /// What is wrong with it.
        reason: String,
    },
    /// A leaf's value is not an account or a storage value.
    #[error("malformed value at key {key}: {source}")]
    MalformedValue {
        /// The leaf's key, the hash of an address or a slot.
        key: B256,
        /// What is wrong with it.
        source: alloy_rlp::Error,
    },
}
