//! A word of a transaction's input.
//!
//! **Given** the word, from the verifier, and the clock at which its transaction began.
//! **Proves** that it stands in the memory that is named by this clock, from then on; and, where it belongs to a
//! creation, that it is that word of the code which the transaction runs.
//!
//! There is no local constraint: the slots share their cells. Nobody writes to this memory, for no call has that name.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::bus::{PublicInput, PublicInputNative, TransactionClock, TransactionClockNative};

/// The chip.
#[derive(Debug)]
pub struct Input {
    public: PublicInput,
    clock: TransactionClock,
}

/// What a word of input is filled from. The token that it sends has the transaction's clock as its call and its time.
#[derive(Clone, Debug)]
pub struct InputEvent {
    /// The verifier's message.
    pub public: PublicInputNative,
    /// The clock at which the transaction began.
    pub clock: u64,
    /// The code that the transaction runs.
    pub code: U256,
}

impl Chip for Input {
    type Layout = Layout;
    type Event = InputEvent;
    const NAME: &'static str = "input";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let public = chip.receive(&layout.input, 0);
        let clock = chip.learn(&layout.clock, 0);
        chip.learn_if(&layout.code_word, 0, &public.code);
        let word = chip.peek(&layout.memory, 0);
        chip.send(&layout.memory, 0, &word);
        Self { public, clock }
    }

    fn fill(&self, event: &InputEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.public, &event.public);
        let index = event.public.index;
        row.message(&self.clock, &TransactionClockNative { index, clock: event.clock, code: event.code });
    }
}
