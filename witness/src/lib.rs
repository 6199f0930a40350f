//! From a block and its execution witness to the events that fill the circuits.
pub mod chain;
pub mod execute;
pub mod input;
pub mod trace;
pub mod trie;
