//! Why a block cannot be turned into events.

/// Where in a block something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The transaction or system call, counted from 0 among all that the block executes.
    pub ordinal: u32,
    /// The step within it.
    pub step: usize,
    /// The program counter.
    pub pc: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "execution {}, step {}, pc {}", self.ordinal, self.step, self.pc)
    }
}

/// Why a block cannot be turned into events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// Our own execution of a step does not agree with revm's. A bug of ours: no proof would be valid.
    #[error("{position}: {what} is {ours} by our rules and {revm} by revm's")]
    Divergence {
        /// Where.
        position: Position,
        /// What was compared.
        what: &'static str,
        /// What our rules say.
        ours: String,
        /// What revm says.
        revm: String,
    },
    /// What our own execution makes of an account does not agree with the block's outcome. A bug of ours.
    #[error("account {address}: {what}: {ours} by our rules and {revm} by revm's")]
    Outcome {
        /// The account.
        address: alloy_primitives::Address,
        /// What was compared.
        what: &'static str,
        /// What our rules say.
        ours: String,
        /// What revm says.
        revm: String,
    },
    /// The trace is not one of revm's: a step without its frame, or an operand that nobody pushed.
    #[error("{position}: the trace has no {what}")]
    Trace {
        /// Where.
        position: Position,
        /// What is missing.
        what: &'static str,
    },
}
