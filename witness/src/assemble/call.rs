//! What the assembler knows of a running call: its stack and its memory, with the times of their words.

use alloy_primitives::{Bytes, U256};
use verbatim_circuits::bus::FrameNative;

use super::memory::Memory;
use super::tally::Counts;

/// A value on the bus with the time of its last access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) value: U256,
    pub(super) clock: u64,
}

/// The return data of the last call within.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    /// The call whose memory holds it; the one that sees it if there is none.
    pub(super) owner: u64,
    /// Where it begins there.
    pub(super) offset: u64,
    pub(super) data: Bytes,
}

/// A running or suspended call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its id: the clock of the step that made it.
    pub(super) id: u64,
    /// Its code's hash.
    pub(super) code: U256,
    pub(super) stack: Vec<Token>,
    pub(super) memory: Memory,
    pub(super) returned: Returned,
    /// What else it counts.
    pub(super) counts: Counts,
    /// Where its own output lies in its memory, once it has ended, and how long it is.
    pub(super) output: (u64, u64),
    /// Its caller, if a chip has begun it. When its scope ends is not known yet.
    pub(super) frame: Option<FrameNative>,
}

impl Returned {
    /// No data, for the call `owner`.
    pub(super) fn nothing(owner: u64) -> Self {
        Self { owner, offset: 0, data: Bytes::new() }
    }
}

impl Call {
    pub(super) fn new(id: u64, code: U256, counts: Counts) -> Self {
        let (returned, memory) = (Returned::nothing(id), Memory::default());
        Self { id, code, stack: Vec::new(), memory, returned, counts, output: (0, 0), frame: None }
    }

    /// The slot that lies `depth` words below the top of the stack.
    pub(super) fn slot(&self, depth: usize) -> Option<usize> {
        self.stack.len().checked_sub(depth + 1)
    }
}
