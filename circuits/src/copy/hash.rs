//! Thirty-two bytes that keccak absorbs.
//!
//! **Given** a hash's job between two words, and the next word of memory.
//! **Proves** that keccak is sent the bytes as lanes of eight, as many as the bytes need.
//!
//! A limb of the result is below 2^128, so that it is `first 2^64 + second` for exactly one pair of lanes below 2^64. Keccak,
//! which receives every lane that is sent, shows that it is below 2^64 ([`HashLane`](crate::bus::HashLane)). Where the first
//! lane of a limb is sent and the second is not, the second is zero here, so that the limb determines the first. Lanes of
//! which neither is sent are in no message.
//!
//! The source's side is [`source`](super::source)'s. Beyond its constraints:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | others use 32 bytes | 2 | all rows but the last |
//! | count, crosses | 1 | all bytes are the source's, and each row uses its word to the end |
//! | lane 1, 2, 3 is boolean | 2 | whether it is sent |
//! | lane 2 behind 1, lane 3 behind 2 | 2 | and if it is, the ones before are too |
//! | no lane 1, no lane 3 | 2 | it is zero if it is not sent |
//! | bytes of the last lane | 1 | the last lane that is sent holds 1 to 8 of the bytes |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U64};

use super::Kind;
use super::layout::{Columns, Layout, flag};
use super::source::{ReadEvent, Source, Turn, set_flag};

/// The chip.
#[derive(Debug)]
pub struct Hash {
    source: Source,
    at: Columns,
}

impl Chip for Hash {
    type Layout = Layout;
    type Event = ReadEvent;
    const NAME: &'static str = "hash";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let at = layout.at;
        let source = Source::read(chip, layout, Kind::Hash);
        let more = at.more_lanes();
        let labels = ["lane 1", "lane 2", "lane 3"];
        let sent: [_; 3] = std::array::from_fn(|i| flag(chip, labels[i], more[i]));
        let full: Expr = sent.iter().map(|flag| flag * F::from(8)).sum();
        // 8192 times a number between -25 and 31 is below 2^16 only if the number is one of 0 to 7.
        chip.require_bits16("bytes of the last lane", 0, 1, (at.keep - full - 1) * F::from(8192));
        for (i, label) in [(1, "lane 2 behind 1"), (2, "lane 3 behind 2")] {
            chip.require_zero(label, &sent[i] * sent[i - 1].not());
        }
        let [_, second, _, fourth] = at.lanes();
        chip.require_zero("no lane 1", sent[0].not() * second);
        chip.require_zero("no lane 3", sent[2].not() * fourth);
        let always = Bool::constant(true);
        for (slot, flag) in layout.lanes.iter().zip([&always].into_iter().chain(&sent)) {
            let message = chip.peek(slot, 0);
            chip.send_if(slot, 0, flag, &message);
        }
        Self { source, at }
    }

    fn fill(&self, event: &ReadEvent, row: &mut WindowWriter<'_>) {
        let result = self.source.fill(event, row);
        let [_, third, _, first] = *result.as_limbs();
        for (cell, lane) in self.at.halves().into_iter().zip([first, third]) {
            row.set(&U64::assume(cell, "keccak's"), lane);
        }
        let keep = Turn::of(&event.state).keep;
        for (i, cell) in (1..).zip(self.at.more_lanes()) {
            set_flag(row, cell, keep > 8 * i);
        }
    }
}
