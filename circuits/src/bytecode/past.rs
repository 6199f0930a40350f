//! A position behind the end of a code, on demand: it reads as STOP, and as zeros.
//!
//! **Given** the length of a code, **this chip proves** that a position is not below it, and by no more than 127 above. It
//! provides the zero there, as an opcode or as push data, and, for a position that begins a lane, the lane: a word may end
//! behind the last lane.
//!
//! How much push data is due there is the filler's choice: a zero as push data is only consumed together with the PUSH in
//! front of it, which knows.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | the position is behind the end | 1 | `8 index = length + gap`: the counter table ranges the gap |
//! | code at byte 0: opcode | 1 | the byte is zero |
//! | lane: opcode | 1 | the lane is zero |
//!
//! Where the position begins no lane, `index` is no integer but `position / 8` in the field: a lane that nobody asks for.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Byte, inverse_or_zero};

use super::layout::{Layout, held, put, put_word};
use super::push;
use crate::bus::Code;

/// A position behind the end.
#[derive(Clone, Debug)]
pub struct PastEvent {
    /// The code.
    pub hash: U256,
    /// Its length.
    pub length: u64,
    /// The position: from `length` to `length + 32`.
    pub pc: u64,
    /// How many bytes of push data are due there: zero for an opcode.
    pub due: u8,
}

/// The chip.
#[derive(Debug)]
pub struct Past(Layout);

/// The slot of the counter table that ranges the gap.
const GAP: usize = 3;

impl Chip for Past {
    type Layout = Layout;
    type Event = PastEvent;
    const NAME: &'static str = "past";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let length = chip.learn(&layout.code_length, 0);
        let gap = chip.learn(&layout.steps[GAP], 0).before;
        chip.learn(&layout.steps[0], 0);
        let position = layout.index * Expr::from(8);
        chip.require_equal("the position is behind the end", position, &length.length + &gap);
        for (slot, fact) in [&layout.code[0], &layout.lane].map(|slot| (slot, held(chip, slot, 0))) {
            let multiplicity = chip.multiplicity(0);
            chip.provide(slot, 0, multiplicity, &Code { opcode: Byte::constant(0), ..fact });
        }
        Self(layout.clone())
    }

    fn fill(&self, event: &PastEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.0;
        let gap = (event.pc - event.length) as u8;
        put_word(row, layout.hash, 0, &event.hash);
        put(row, layout.length, 0, event.length);
        put(row, layout.before(GAP), 0, u64::from(gap));
        put(row, layout.counters[GAP], 0, u64::from(push::after(gap, 0)));
        put(row, layout.entry, 0, u64::from(event.due));
        put(row, layout.counters[0], 0, u64::from(push::after(event.due, 0)));
        put(row, layout.index, 0, F::from(event.pc) * inverse_or_zero(F::from(8)));
    }
}
