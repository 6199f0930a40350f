//! Storage and accounts.
