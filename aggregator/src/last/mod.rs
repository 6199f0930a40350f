//! The last circuit: it verifies one shard up to the pairing, and is the one that a contract verifies.
//!
//! It is a circuit of halo2-base: one gate, a lookup of small numbers, copies, and as few columns as hold its cells. Its
//! [engine](Halo2Engine) computes what [`crate::level::last`] does, or any other body. The arithmetic of the curve is its
//! own, made for many terms in one column; `limbs`, `point`, `table` and `sum` say why it is sound.
//!
//! The instance is one column: scalars of the statement, then the left and the right sum, each as x and y, each of these as
//! [`LIMBS`] limbs of [`LIMB_BITS`] bits, the lowest first. Whoever accepts a proof must check the pairing of these two points:
//! `e(left, [s]_2) = e(right, [1]_2)`.

mod accumulator;
mod cells;
mod circuit;
mod endomorphism;
mod engine;
mod limbs;
mod point;
mod poseidon;
mod proof;
mod sum;
mod table;

#[cfg(test)]
mod tests;

pub use accumulator::{ACCUMULATOR_LIMBS, COORDINATES, LIMB_BITS, LIMBS, accumulator};
pub use cells::Part;
pub use circuit::{LastCircuit, Pinning, verify_shard};
pub use engine::{Halo2Engine, Scalar};
pub use point::Point;
pub use proof::{Keys, ProofError, verify};
