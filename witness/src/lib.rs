//! From a block and its execution witness to the events that fill the circuits.
//!
//! This crate reads a block and its witness ([`input`]), executes the block with revm over a sparse trie of the witness'
//! nodes ([`trie`], [`execute`]), checks everything that the header claims, and records what every opcode did ([`trace`]).
//!
//! ```
//! use std::path::Path;
//!
//! use verbatim_witness::{execute::execute, input::BlockInput, trace::TxKind};
//!
//! /// Counts the steps of a block's transactions: of a folder with `block.rlp` and `witness.json`, or of `N.block.rlp`.
//! fn count_steps(path: &Path) -> Result<usize, Box<dyn std::error::Error>> {
//!     let input = BlockInput::load(path, None)?;
//!     let mut steps = 0;
//!     let outcome = execute(&input, |_block, trace| {
//!         if let TxKind::Transaction(_) = trace.kind {
//!             steps += trace.steps.len();
//!         }
//!         Ok(())
//!     })?;
//!     assert_eq!(outcome.state_root, input.block.header.state_root);
//!     Ok(steps)
//! }
//!
//! // Nothing lies there: a typed error, never a panic.
//! assert!(count_steps(Path::new("no-such-block")).is_err());
//! ```
//!
//! | module | concern | errors |
//! |---|---|---|
//! | [`chain`] | chain id, fork, blob parameters | [`chain::UnsupportedFork`] |
//! | [`input`] | files, RLP, JSON, ancestors | [`input::InputError`] |
//! | [`trie`] | sparse Merkle-Patricia tries | [`trie::TrieError`] |
//! | [`execute`] | running and checking a block | [`execute::ExecuteError`], [`execute::Mismatch`] |
//! | [`trace`] | what an execution did, as plain data | |

pub mod assemble;
pub mod chain;
pub mod execute;
pub mod input;
pub mod trace;
pub mod trie;
