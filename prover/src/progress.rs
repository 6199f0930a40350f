//! Observing long work, and stopping it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A kind of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The first round: commitments to the main columns; counted in shards.
    Commit,
    /// The second round: proofs; counted in shards.
    Prove,
    /// Verification; counted in shards.
    Verify,
}

/// Told how far the work is. Calls may come from any thread.
pub trait Progress: Sync {
    /// `stage` begins and consists of `total` units.
    fn started(&self, stage: Stage, total: usize) {
        let _ = (stage, total);
    }

    /// One more unit of `stage` is done.
    fn advanced(&self, stage: Stage) {
        let _ = stage;
    }

    /// `stage` ended without an error.
    fn finished(&self, stage: Stage) {
        let _ = stage;
    }
}

/// Observes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}

/// The work was stopped through its [`Cancel`] token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// A token that stops work between two shards or rounds. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A token that nobody has used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop. It cannot be taken back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    ///
    /// [`Cancelled`] once [`Cancel::cancel`] was called.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}
