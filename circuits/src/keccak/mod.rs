//! Keccak-f and the sponge.

pub mod absorb;
pub mod bytes;
pub mod frame;
pub mod lanes;
pub mod layout;
pub mod permutations;
pub mod reference;
pub mod round;
pub mod tables;
pub mod theta;
pub mod transpose;

#[cfg(test)]
mod tests;
