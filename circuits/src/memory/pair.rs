//! Two neighbouring words of a memory, for an access that need not be aligned: the first in row 1, the second in row 2.
//!
//! The words are found in the result columns, and left as the second operand's columns say. Where the access stays within
//! the first word, the second is not touched, need not exist, and counts as zero.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, Bool, U16, U64, Word};

use super::Layout;
use crate::bus::Words;

/// A word of memory that a step touches.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenEvent {
    /// The word as it is found.
    pub before: U256,
    /// The word as it is left.
    pub after: U256,
    /// The time of the access less one, less the time of the last one before.
    pub gap: u16,
}

/// What an access to two words is about.
#[derive(Debug)]
pub(super) struct Place {
    /// The first byte.
    pub(super) bytes: Expr,
    /// How many bytes: at most 32.
    pub(super) keep: Expr,
    /// Whether the address means anything.
    pub(super) sized: Bool,
    /// Whether the first word is touched.
    pub(super) first: Bool,
    /// Whether the second word is.
    pub(super) second: Bool,
    /// Whether the bytes reach into the second word.
    pub(super) crosses: Bool,
}

#[derive(Debug)]
pub(super) struct Pair {
    words: Words,
    before: [Word; 2],
    after: [Word; 2],
    gaps: [U16; 2],
    crosses: Bool,
}

/// The columns of the word that is found, or left, in a row.
fn word(cells: [Cell; 2], row: i16) -> Word {
    let [hi, lo] = cells.map(|cell| Any::assume(cell.shifted(row), "a token's or a fact's, which are words").expr());
    let limb = |expr| verbatim_gadgets::value::Limb::assume(expr, "as above");
    Word { hi: limb(hi), lo: limb(lo) }
}

impl Pair {
    /// Receives and sends the words. The caller constrains whose memory it is (`call` in row 1), and the words left.
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, place: &Place) -> Self {
        let slots = &layout.step;
        let held = chip.peek(&layout.expansion.words, 1);
        let bytes = U64::assume(place.bytes.clone(), "the fact is about numbers below 2^64");
        let words = Words { bytes, ..held };
        chip.consume_if(&layout.expansion.words, 1, &place.sized, &words);
        let mut gaps = Vec::new();
        for (row, flag) in [(1, &place.first), (2, &place.second)] {
            gaps.push(chip.checked_if(&layout.gap_c, row, flag));
            chip.receive_if(&layout.memory_in, row, flag);
            let after = chip.peek(&layout.memory_out, row);
            chip.send_if(&layout.memory_out, row, flag, &after);
            chip.define(format!("clock of word {row}"), slots.clock.shifted(row), slots.clock + 1);
            let byte = &words.words * Expr::from(32) + Expr::from(32 * (row as u64 - 1));
            chip.define(format!("index of word {row}"), slots.a[1].shifted(row), byte);
        }
        chip.define("call of word 2", slots.call.shifted(2), slots.call.shifted(1));
        let untouched = Expr::one() - &place.second;
        for (name, cell) in ["hi", "lo"].iter().zip(slots.r) {
            chip.require_zero(format!("no word 2: {name}"), &untouched * cell.shifted(2));
        }
        // shift + keep - 33 where the bytes reach further than the first word, else 32 - shift - keep.
        chip.require_zero("crosses only if sized", &place.crosses * (Expr::one() - &place.sized));
        let reach = &words.rest + &place.keep;
        let room = (&place.crosses * Expr::from(2) - 1) * reach - &place.crosses * Expr::from(65) + 32;
        chip.require_limbs16("crosses", &[1], room);
        let gaps = [gaps[0].clone(), gaps[1].clone()];
        let (before, after) = ([word(slots.r, 1), word(slots.r, 2)], [word(slots.b, 1), word(slots.b, 2)]);
        Self { words, before, after, gaps, crosses: place.crosses.clone() }
    }

    /// Fills the address and whether `keep` bytes cross into the second word. Answers that.
    pub(super) fn fill_address(&self, byte: u64, keep: u64, row: &mut WindowWriter<'_>) -> bool {
        row.set(&self.words.words, byte / 32);
        row.set(&self.words.rest, (byte % 32) as u8);
        let crosses = byte % 32 + keep > 32;
        row.set(&self.crosses, crosses);
        crosses
    }

    /// Fills a word that is touched: 0 is the first, 1 the second.
    pub(super) fn fill_word(&self, index: usize, token: &TokenEvent, row: &mut WindowWriter<'_>) {
        row.set(&self.before[index], token.before);
        row.set(&self.after[index], token.after);
        row.set(&self.gaps[index], token.gap);
    }

    /// Where the word that holds the last byte is, one past it: what memory must have, in words.
    pub(super) fn needed(&self) -> Expr {
        &self.words.words + 1 + &self.crosses
    }
}
