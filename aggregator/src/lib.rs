//! The aggregation of shard proofs: the circuits that verify proofs.
//!
//! They are circuits of the framework like those of the execution, on a bus of their own. [`bus`] is the inventory of its
//! messages; [`curve`] multiplies and adds points of BN254's first group.

pub mod bus;
pub mod curve;
