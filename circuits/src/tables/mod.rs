//! Fixed tables.
