//! From the bytes of each permutation to the bits of all.
//!
//! Given a row in a turn `8 j` that begins a byte, proves that the next eight turns hold the bits of byte `j` of its lane.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `input bits` | 1 | `sum of 2^(24 i) input[turn i] = sum of BASE^p spread[turn p]` |
//! | `output bits` | 1 | the same of `output` |
//!
//! The right side is a number whose 24-bit digits have binary digits to [`BASE`], because spreads are outputs of a table. On the left, the
//! digits of `output` are bits and those of `input` lie in -1 to 2 ([`absorb`](super::absorb)). Two such representations of one number are equal:
//! their difference has digits between -2 and 2 to the base 16, and eight sums of them, each below 2^23 in absolute value, at
//! distances of 24 bits. The whole stays below 2^192, so nothing wraps around the field.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::{BASE, Layout, SLICES, STRIDE_BITS};

/// A row in a turn that begins a byte.
#[derive(Clone, Debug)]
pub struct Transpose;

impl Chip for Transpose {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "transpose";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.byte)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let columns = &layout.columns;
        // By Horner: a doubling costs as much as a multiplication, and so does a constant.
        let sum = |cell: Cell, count: usize, base: F| {
            let terms = (0..count).rev().map(|turn| cell.turned(turn as i8).expr());
            terms.reduce(|sum, term| sum * base + term).unwrap_or(Expr::zero())
        };
        let sides = [
            ("input bits", columns.input, columns.input_bytes.spread),
            ("output bits", columns.output, columns.output_bytes.spread),
        ];
        for (label, bits, spread) in sides {
            chip.require_equal(label, sum(bits, 8, F::from(1 << STRIDE_BITS)), sum(spread, SLICES, F::from(BASE)));
        }
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
