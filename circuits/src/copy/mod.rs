//! Memory and copies.
