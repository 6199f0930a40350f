//! The messages to fold.

use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::Sheet;

use super::sponge::{Chain, Label};
use super::{StatementChips, event};
use crate::poseidon::Permutations;

/// Public messages in order, and the permutations that their hashes need.
#[derive(Debug, Default)]
pub struct StatementWork {
    /// A window for each message.
    pub messages: Sheet<StatementChips>,
    /// The permutations.
    pub permutations: Permutations,
    /// What they fold to.
    pub chain: Chain,
}

impl StatementWork {
    /// No message yet, of a block.
    pub fn new(label: &Label) -> Self {
        Self { chain: Chain::new(label), ..Self::default() }
    }

    /// Adds a message, as [`Chain::push`] does; `origin` is its place in the list.
    pub fn push(&mut self, origin: u64, tag: u64, multiplicity: i64, tuple: &[F]) -> Option<()> {
        let (kind, fold) = self.chain.fold(tag, multiplicity, tuple)?;
        for (state, two) in fold.states.iter().zip(fold.absorbed.chunks(2)) {
            let second = two.get(1).copied().unwrap_or_default();
            self.permutations.push([state[0], state[1] + two[0], state[2] + second]);
        }
        self.messages.push(origin, event(kind, fold)?);
        Some(())
    }
}
