//! Lanes as bytes.
//!
//! Given a row in a turn `8 j + p`, proves that `spread` holds the bits of a byte, and `number` the numbers of eight turns before
//! (zero where `j` is 0) times 256 plus that byte: for `j = 7` the lane of permutation `p`, its first byte highest.
//!
//! There are no local constraints: the byte, `number - 256 number[turn -8]`, and its spread are an entry of the table `spread`, so the byte is
//! below 256, and the lane below 2^64.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::Layout;

/// A row in a turn that holds the first byte of lanes.
#[derive(Clone, Debug)]
pub struct FirstByte;

impl Chip for FirstByte {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "first byte";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.first_byte)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.columns.input_bytes.first, 0);
        chip.learn(&layout.columns.output_bytes.first, 0);
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}

/// A row in a turn that holds another byte of lanes.
#[derive(Clone, Debug)]
pub struct NextByte;

impl Chip for NextByte {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "next byte";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.next_byte)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.columns.input_bytes.next, 0);
        chip.learn(&layout.columns.output_bytes.next, 0);
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
