//! Keccak-f and the sponge.

pub mod absorb;
pub mod block;
pub mod bytes;
pub mod frame;
pub mod lane;
pub mod lanes;
pub mod layout;
pub mod link;
pub mod permutations;
pub mod reference;
pub mod round;
pub mod sponge_layout;
pub mod tables;
pub mod theta;
pub mod transpose;
pub mod work;

pub use work::{KeccakSheets, KeccakWork, SHORT_LENGTH};

#[cfg(test)]
mod sponge_tests;
#[cfg(test)]
mod tests;
