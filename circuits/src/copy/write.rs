//! A word that a copy writes to memory.
//!
//! **Given** a copy between two words, the next word of the source (of memory, or of a code), and the word of the target.
//! **Proves** that the job's bytes stand in that word one tick after the job's clock, and its other bytes are unchanged.
//!
//! The source's side is [`source`](super::source)'s. Beyond its constraints:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | splices, crosses is boolean | 2 | |
//! | fills the word | 2 | a row that is not the last goes to the end of its word |
//! | uses up the job | 2 | the last one uses the bytes that are left |
//! | within the word | 1 | no row goes beyond its word |
//! | not more than used | 1 | the source gives no more bytes than are used |
//! | zeros behind the end | 2 | and fewer only if it has no more |
//! | next shift | 1 | is between 0 and 31, so `crosses` is what it says |
//! | fetches only across | 2 | the next word is read only if this one is used to its end: else the wrong one is handed on |
//! | whole word | 2 | what is not spliced is a whole word |
//! | whole word: hi, lo | 2 | then it replaces the old one |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{U16, Word};

use super::Kind;
use super::cut::paste;
use super::layout::{Columns, Layout, flag, small};
use super::source::{Fetch, ReadEvent, Source, Turn, set_flag};
use crate::bus::CopyStateNative;

/// The chip, for a source in memory or in a code.
#[derive(Debug)]
pub struct Write<const CODE: bool> {
    at: Columns,
    source: Source,
    old: Word,
    after: Word,
    gap: U16,
}

/// What a row of `Write` is filled from.
#[derive(Clone, Debug)]
pub struct WriteEvent {
    /// The state before the row.
    pub state: CopyStateNative,
    /// The next word of the source, if it is read.
    pub fetched: Option<Fetch>,
    /// The word of the target, before.
    pub old: U256,
    /// The job's clock less the time of the last access to that word.
    pub gap: u16,
}

impl<const CODE: bool> Chip for Write<CODE> {
    type Layout = Layout;
    type Event = WriteEvent;
    const NAME: &'static str = if CODE { "copy code" } else { "copy memory" };

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let at = layout.at;
        let source = Source::build(chip, layout, if CODE { Kind::Code } else { Kind::Memory });
        let splices = flag(chip, "splices", at.splices);
        let old = chip.receive(&layout.take, 0).value;
        let gap = chip.checked(&layout.target_gap, 0);
        let after = chip.peek(&layout.give, 0);
        chip.send(&layout.give, 0, &after);
        chip.learn_if(&layout.splice, 0, &splices);

        let room = Expr::from(32) - at.target_shift - at.count;
        let zeros = at.count - at.keep;
        chip.require_zero("fills the word", source.last.not() * &room);
        chip.require_zero("uses up the job", &source.last * (at.left - at.count));
        small(chip, "within the word", room);
        small(chip, "not more than used", zeros.clone());
        chip.require_zero("zeros behind the end", zeros * (at.available - at.keep));
        let shift = at.shift + at.count - at.crosses * F::from(32);
        // 2048 times a number between -32 and 63 is below 2^16 only if the number is one of 0 to 31.
        small(chip, "next shift", shift * F::from(2048));
        let crosses = flag(chip, "crosses", at.crosses);
        chip.require_zero("fetches only across", &source.fetches * crosses.not());
        chip.require_zero("whole word", splices.not() * (at.count - 32));
        for (i, limb) in ["hi", "lo"].iter().enumerate() {
            chip.require_zero(format!("whole word: {limb}"), splices.not() * (at.after[i] - at.result[i]));
        }
        Self { at, source, old, after: after.value, gap }
    }

    fn fill(&self, event: &WriteEvent, row: &mut WindowWriter<'_>) {
        let (state, turn) = (&event.state, Turn::of(&event.state));
        let read = ReadEvent { state: state.clone(), fetched: event.fetched };
        let result = self.source.fill(&read, row);
        row.set(&self.old, event.old);
        row.set(&self.gap, event.gap);
        row.set(&self.after, paste(event.old, result, u64::from(state.target_shift), turn.count));
        set_flag(row, self.at.splices, turn.count != 32);
    }
}
