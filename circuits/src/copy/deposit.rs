//! Thirty-two bytes of memory that are a code's.
//!
//! **Given** a deposit's job between two words, and the next word of memory.
//! **Proves** that the code has these bytes at their index, and zeros behind its end.
//!
//! The source's side is [`source`](super::source)'s. Beyond its constraints:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | others use 32 bytes | 2 | all rows but the last |
//! | count, crosses | 1 | all bytes are the source's, and each row uses its word to the end |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Kind;
use super::layout::Layout;
use super::source::{ReadEvent, Source};

/// The chip.
#[derive(Debug)]
pub struct Deposit(Source);

impl Chip for Deposit {
    type Layout = Layout;
    type Event = ReadEvent;
    const NAME: &'static str = "deposit";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let source = Source::read(chip, layout, Kind::Deposit);
        chip.learn(&layout.deposited, 0);
        Self(source)
    }

    fn fill(&self, event: &ReadEvent, row: &mut WindowWriter<'_>) {
        self.0.fill(event, row);
    }
}
