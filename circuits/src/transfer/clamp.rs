//! Where a copy begins in its source, for offsets of any size: those behind the end read zeros, and so do as well as the end
//! itself.
//!
//! Exactly one of three flags is one where bytes are copied.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | inside, behind, high is boolean | 2 | the offset is not behind the source's end, not before it, or exceeds 2^128 |
//! | one of three | 1 | if bytes are copied |
//! | inside: hi | 2 | an offset within the source is below 2^128 |
//! | inside: left | 2 | `size - offset` is not negative |
//! | range128: value in row 1 | 2 | nor is `offset - size` if behind, or `offset.hi - 1` if high |
//! | start | 2 | the offset, or the size |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Limb, Word, split};

use super::layout::Layout;
use crate::bus::Range128;

/// The flags: inside, behind, high.
#[derive(Debug)]
pub(super) struct Clamp([Bool; 3]);

impl Clamp {
    /// The flags, which come before the messages of their rows.
    pub(super) fn flags(chip: &mut ChipBuilder<'_>, cells: [Cell; 3]) -> Self {
        let [inside, behind, high] = cells;
        Self([("inside", inside), ("behind", behind), ("high", high)].map(|(label, cell)| chip.bool_at(label, cell)))
    }

    /// Holds them to the offset and the `size` of the source, and answers the cell that the start stands in. `limbs` are the
    /// rows of three checked cells.
    pub(super) fn constrain(
        &self,
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        copies: &Bool,
        (offset, size): (&Word, Cell),
        limbs: [i16; 3],
    ) {
        let [inside, behind, high] = &self.0;
        let outside = Bool::assume(behind + high, "at most one of three");
        chip.require_equal("one of three", inside + &outside, copies);
        chip.require_zero("inside: hi", inside * &offset.hi);
        chip.require_limbs16("inside: left", &limbs, inside * (size - &offset.lo));
        let beyond = behind * (&offset.lo - size) + high * (&offset.hi - 1);
        let value = Limb::assume(beyond, "this message checks it");
        chip.consume_if(&layout.range128, 1, &outside, &Range128 { value });
        chip.define("start", layout.step.b[1].shifted(1), inside * &offset.lo + outside * size);
    }

    /// Fills the flags of a step that copies.
    pub(super) fn fill(&self, offset: &U256, size: u64, row: &mut WindowWriter<'_>) {
        let (hi, lo) = split(offset);
        let flags = [hi == 0 && lo <= size.into(), hi == 0 && lo > size.into(), hi != 0];
        self.0.iter().zip(flags).for_each(|(flag, value)| row.set(flag, value));
    }
}
