//! Keccak-f and the sponge.
