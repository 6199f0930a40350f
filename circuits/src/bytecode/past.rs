//! A position behind the end of a code, on demand: it reads as STOP, and as zeros.
//!
//! **Given** the length of a code, **this chip proves** that a position is not below it, and no more than 127 above. It
//! provides the opcode there, and, for a position that begins a lane, the lane: a word may end behind the last lane.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | the position is behind the end | 1 | `pc = length + gap`, with the gap 0 to 127: the counter table ranges it |
//! | code lane: bytes\[i\] | 1 | zeros; byte 7 is the opcode |
//! | code at byte 7: ... | 1 | STOP, which pushes nothing and is one byte long |
//! | the lane begins at the position | 1 | `8 index = pc` |
//!
//! Where the position begins no lane, `index` is no integer but `pc / 8` in the field: a lane that nobody asks for.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Byte, Counter, Word, inverse_or_zero};

use super::layout::{Layout, held, put, put_word};
use super::push;
use crate::bus::{Code, CodeLane};

/// A position behind the end.
#[derive(Clone, Debug)]
pub struct PastEvent {
    /// The code.
    pub hash: U256,
    /// Its length.
    pub length: u64,
    /// The position: from `length` to `length + 32`.
    pub pc: u64,
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
        let opcode = held(chip, &layout.code[1], 0);
        let lane = held(chip, &layout.code_lane, 0);
        chip.require_equal("the position is behind the end", &opcode.pc, &length.length + &gap);
        let multiplicities = [chip.multiplicity(0), chip.multiplicity(0)];
        let zero = || Byte::constant(0);
        let next = Counter::assume(&opcode.pc + 1, "one more than a position");
        let stop = Code { opcode: zero(), push: Word::constant(U256::ZERO), next, ..opcode.clone() };
        chip.require_equal("the lane begins at the position", &lane.index * Expr::from(8), &opcode.pc);
        let [.., last] = lane.bytes;
        let [a, b, c, d, e, f, g] = std::array::from_fn(|_| zero());
        let lane = CodeLane { bytes: [a, b, c, d, e, f, g, last], ..lane };
        chip.provide(&layout.code[1], 0, multiplicities[0], &stop);
        chip.provide(&layout.code_lane, 0, multiplicities[1], &lane);
        Self(layout.clone())
    }

    fn fill(&self, event: &PastEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.0;
        let gap = (event.pc - event.length) as u8;
        put_word(row, layout.hash, 0, &event.hash);
        put(row, layout.length, 0, event.length);
        put(row, layout.position, 0, F::from(event.pc) - F::from(1));
        put(row, layout.before(GAP), 0, u64::from(gap));
        put(row, layout.counters[GAP], 0, u64::from(push::after(gap, 0)));
        put(row, layout.index, 0, F::from(event.pc) * inverse_or_zero(F::from(8)));
    }
}
