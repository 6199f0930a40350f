//! Code by its hash.
