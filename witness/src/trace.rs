//! What an execution did, as plain data: one [`TxTrace`] per transaction or system call.
//!
//! The trace is recorded by [`Recorder`], a revm inspector, and completed by [`crate::execute`]. It is a record of what
//! revm did, so that a consumer that executes the same steps with formulas of its own can compare each of them.

mod access;
mod block;
mod frame;
mod opcodes;
mod recorder;
mod step;
mod transaction;

pub use access::{Access, AccountAccess, AccountRole, StorageAccess, TransientAccess};
pub use block::BlockInfo;
pub use frame::{Frame, FrameKind, NotRun, Outcome};
pub use opcodes::{reads, writes};
pub use recorder::{Recorder, Recording};
pub use step::Step;
pub use transaction::{
    AccountChange, AccountState, AuthorizationTrace, EmittedLog, SlotChange, SystemContract, TxKind, TxTrace,
};

/// revm's reason for the end of a frame or a step.
pub use revm::interpreter::InstructionResult;
