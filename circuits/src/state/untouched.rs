//! A location that nobody accesses, although a step tried to: it lacked the gas for a cold access, and failed before the
//! record was looked up. Who executes the block need not know the record then, and an execution witness need not have it.
//!
//! **Given** the location, from the verifier, who names none that has a boundary row.
//! **Proves** that it is cold in every transaction, unless it is a precompile. Without a boundary row it has no token, and
//! every access receives one: that of a step, of an access list, and those to sender, recipient and coinbase.
//!
//! There is no local constraint: the slots share their cells.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use crate::bus::{PublicUntouched, PublicUntouchedNative};

/// The chip. Its event is the verifier's message.
#[derive(Debug)]
pub struct Untouched {
    public: PublicUntouched,
}

impl Chip for Untouched {
    type Layout = Layout;
    type Event = PublicUntouchedNative;
    const NAME: &'static str = "untouched";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let public = chip.receive(&layout.public_untouched, 0);
        let fact = chip.peek(&layout.untouched, 0);
        chip.provide(&layout.untouched, 0, layout.clock, &fact);
        Self { public }
    }

    fn fill(&self, event: &PublicUntouchedNative, row: &mut WindowWriter<'_>) {
        row.message(&self.public, event);
    }
}
