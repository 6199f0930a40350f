//! Thirty-two bytes of a code, on demand.
//!
//! **Given** four lanes of a code, **this chip proves** the word that they make, when the first one begins a word.
//!
//! Bytes 0 to 3 hold a lane each: under the counters that only [whole lanes](super::layout::Layout) have, the slots of bytes
//! at four positions consume four lanes in succession.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | lanes before byte 0, lanes after byte i | 1 | the counter of a lane as a whole |
//!
//! The word's index is a quarter of the first lane's, in the field: where no word begins, it is one that nobody asks for.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::inverse_or_zero;

use super::layout::{LANE, Layout, held, put, put_word};

/// A word.
#[derive(Clone, Debug)]
pub struct WordEvent {
    /// The code.
    pub hash: U256,
    /// The index of the word.
    pub index: u64,
    /// Its bytes, zeros past the end.
    pub bytes: [u8; 32],
}

/// How many lanes a word has.
const LANES: usize = 4;

/// The chip.
#[derive(Debug)]
pub struct Word(Layout);

impl Chip for Word {
    type Layout = Layout;
    type Event = WordEvent;
    const NAME: &'static str = "word";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.require_equal("lanes before byte 0", layout.entry, LANE);
        for i in 0..LANES {
            chip.require_equal(format!("lanes after byte {i}"), layout.counters[i], LANE);
            chip.learn(&layout.code[i], 0);
        }
        let word = held(chip, &layout.code_word, 0);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.code_word, 0, multiplicity, &word);
        Self(layout.clone())
    }

    fn fill(&self, event: &WordEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.0;
        put_word(row, layout.hash, 0, &event.hash);
        put(row, layout.index, 0, F::from(event.index) * inverse_or_zero(F::from(2)));
        put(row, layout.entry, 0, LANE);
        for (i, lane) in event.bytes.chunks(8).enumerate() {
            let lane = lane.iter().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
            put(row, layout.bytes[i], 0, lane);
            put(row, layout.counters[i], 0, LANE);
        }
    }
}
