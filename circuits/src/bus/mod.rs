//! The inventory of the bus: every kind of message, who sends it, who receives it, and what its fields promise.
//!
//! *Linear* messages are sent once and received once. *Facts* are provided with a free multiplicity by a row that proves
//! them, and consumed. The type of a field is the range that its sender guarantees and its receiver may assume.
//!
//! Numbers of tags: 1-9 tables, 10-29 services, 30-49 code and hashes, 50-59 execution, 60-79 transactions, 80-99 memory
//! and copies, 100-119 state, 120-149 public messages, 150-159 public messages of logs. Each group is a file, which lists
//! its kinds in a constant; [`INVENTORY`] is all of them.

use verbatim_gadgets::message::Kind;

pub use verbatim_gadgets::message::{Range16, Range16Native};

mod code;
mod copy;
mod execution;
mod keccak;
mod memory;
mod public;
mod services;
mod state;
mod tables;
mod transaction;

pub use code::*;
pub use copy::*;
pub use execution::*;
pub use keccak::*;
pub use memory::*;
pub use public::*;
pub use services::*;
pub use state::*;
pub use tables::*;
pub use transaction::*;

/// The groups, by their numbers.
const GROUPS: [&[Kind]; 10] = [TABLES, SERVICES, CODE, KECCAK, EXECUTION, TRANSACTION, MEMORY, COPY, STATE, PUBLIC];

/// Every kind of message but `range16`, group by group.
pub const INVENTORY: &[Kind] = &join::<{ count() }>();

/// How many kinds there are.
const fn count() -> usize {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
}

/// The groups, one behind the other.
const fn join<const COUNT: usize>() -> [Kind; COUNT] {
    let mut kinds = [GROUPS[0][0]; COUNT];
    let (mut next, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut index = 0;
        while index < GROUPS[group].len() {
            kinds[next] = GROUPS[group][index];
            next += 1;
            index += 1;
        }
        group += 1;
    }
    kinds
}
