//! The `verbatim` command line.
fn main() {}
