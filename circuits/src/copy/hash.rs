//! Thirty-two bytes that keccak absorbs.
//!
//! **Given** a hash's job between two words, and the next word of memory.
//! **Proves** that keccak is sent the bytes as lanes of eight, as many as the bytes need.
//!
//! A lane is the sum of four 16-bit limbs, two lanes in each of the two rows. A limb of the word is below 2^128, so that
//! it has exactly one pair of lanes.
//!
//! The source's side is [`source`](super::source)'s. Beyond its constraints:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | others use 32 bytes | 2 | all rows but the last |
//! | count, crosses | 1 | all bytes are the source's, and each row uses its word to the end |
//! | lanes: hi, lanes: lo | 1 | the lanes are the bytes |
//! | lane in row 0, in row 1 | 1 | four to a row |
//! | name: hi in row 1, name: lo in row 1 | 1 | they go to the same hash |
//! | lane 1, 2, 3 is boolean | 2 | whether it is sent |
//! | lane 2 behind 1, lane 3 behind 2 | 2 | and if it is, the ones before are too |
//! | bytes of the last lane | 1 | the last lane that is sent holds 1 to 8 of the bytes |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::Kind;
use super::layout::{Layout, flag};
use super::source::{ReadEvent, Source, Turn, set_flag};

/// The chip.
#[derive(Debug)]
pub struct Hash {
    source: Source,
    more: [Cell; 3],
}

impl Chip for Hash {
    type Layout = Layout;
    type Event = ReadEvent;
    const NAME: &'static str = "hash";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let at = layout.at;
        let source = Source::read(chip, layout, Kind::Hash);
        // The target's columns are free here.
        let more = [at.old[0], at.old[1], at.after[1]];
        let labels = ["lane 1", "lane 2", "lane 3"];
        let sent: [_; 3] = std::array::from_fn(|i| flag(chip, labels[i], more[i]));
        let full: Expr = sent.iter().map(|flag| flag * F::from(8)).sum();
        // 8192 times a number between -25 and 31 is below 2^16 only if the number is one of 0 to 7.
        chip.require_bits16("bytes of the last lane", 1, 1, (at.keep - full - 1) * F::from(8192));
        for (i, limb) in ["hi", "lo"].iter().enumerate() {
            let row = i as i16;
            let limbs = chip.require_bits16(&format!("lanes: {limb}"), row, 8, at.result[i]);
            let places =
                limbs.iter().zip(layout.limbs).all(|(limb, cell)| limb.expr().as_cell() == Some(cell.shifted(row)));
            assert!(places, "the gap and the last lane's bytes have left the columns that the lanes are made of");
            chip.define(format!("lane in row {row}"), at.lane().shifted(row), at.place * F::from(4) + 2 * i as u64);
            chip.define(format!("name: {limb} in row 1"), at.name[i].shifted(1), at.name[i]);
        }
        for (i, label) in [(1, "lane 2 behind 1"), (2, "lane 3 behind 2")] {
            chip.require_zero(label, &sent[i] * sent[i - 1].not());
        }
        let always = Bool::constant(true);
        for (i, row, flag) in [(0, 0, &always), (1, 0, &sent[0]), (0, 1, &sent[1]), (1, 1, &sent[2])] {
            let message = chip.peek(&layout.lanes[i], row);
            chip.send_if(&layout.lanes[i], row, flag, &message);
        }
        Self { source, more }
    }

    fn fill(&self, event: &ReadEvent, row: &mut WindowWriter<'_>) {
        self.source.fill(event, row);
        let keep = Turn::of(&event.state).keep;
        for (i, cell) in (1..).zip(self.more) {
            set_flag(row, cell, keep > 8 * i);
        }
    }
}
