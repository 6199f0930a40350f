//! What the assembler knows of a running call: its stack, with the times of the pushes.

use alloy_primitives::U256;

use super::tally::Counts;

/// A value on the bus with the time of its last access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) value: U256,
    pub(super) clock: u64,
}

/// A running or suspended call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its id: the clock of the step that made it.
    pub(super) id: u64,
    /// Its code's hash.
    pub(super) code: U256,
    pub(super) stack: Vec<Token>,
    /// What it counts.
    pub(super) counts: Counts,
}

impl Call {
    pub(super) fn new(id: u64, code: U256, counts: Counts) -> Self {
        Self { id, code, stack: Vec::new(), counts }
    }

    /// The slot that lies `depth` words below the top of the stack.
    pub(super) fn slot(&self, depth: usize) -> Option<usize> {
        self.stack.len().checked_sub(depth + 1)
    }
}
