//! Thirty-two bytes of a code, on demand.
//!
//! **Given** four lanes of a code, **this chip proves** the word that they make, when the first one begins a word.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | one code, ...: row r | 1 | hash is the same in all rows |
//! | the next lane: row r | 1 | index grows by one |
//! | four lanes a word | 1 | the first lane is four times the word's index |
//! | the high limb, the low limb | 1 | sixteen bytes each |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::{Layout, held, put, put_word};

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

/// The rows of a window.
const ROWS: i16 = 4;

/// The chip.
#[derive(Debug)]
pub struct Word(Layout);

impl Chip for Word {
    type Layout = Layout;
    type Event = WordEvent;
    const NAME: &'static str = "word";
    const HEIGHT: usize = ROWS as usize;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let lanes: Vec<Expr> = (0..ROWS)
            .map(|row| {
                let lane = chip.learn(&layout.code_lane, row);
                (0..8).map(|i| &lane.bytes[i] * Expr::power_of_two(56 - 8 * i as u32)).sum()
            })
            .collect();
        layout.same_hash(chip, ROWS);
        for row in 1..ROWS {
            let above = layout.index.shifted(row - 1);
            chip.require_equal(format!("the next lane: row {row}"), layout.index.shifted(row), above + 1);
        }
        let [index, hi, lo] = layout.word;
        chip.require_equal("four lanes a word", layout.index, index * Expr::from(4));
        let limb = |high: usize| &lanes[high] * Expr::power_of_two(64) + &lanes[high + 1];
        chip.require_equal("the high limb", hi, limb(0));
        chip.require_equal("the low limb", lo, limb(2));
        let word = held(chip, &layout.code_word, 0);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.code_word, 0, multiplicity, &word);
        Self(layout.clone())
    }

    fn fill(&self, event: &WordEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.0;
        let [index, hi, lo] = layout.word;
        for r in 0..ROWS {
            put_word(row, layout.hash, r, &event.hash);
            put(row, layout.index, r, 4 * event.index + r as u64);
            for (i, byte) in event.bytes.iter().skip(8 * r as usize).take(8).enumerate() {
                put(row, layout.bytes[i], r, u64::from(*byte));
            }
        }
        put(row, index, 0, event.index);
        put_word(row, [hi, lo], 0, &U256::from_be_bytes(event.bytes));
    }
}
