//! The table of all numbers below 2^16, in the background of the verifier circuit: two halves side by side, so that shards of
//! 2^16 rows hold it.

use verbatim_gadgets::{
    chip::ChipBuilder,
    circuit::{ACTIVE, CircuitBuilder, Slot},
    expr::{Cell, Expr},
    grid::WindowWriter,
    machine::Chip,
    message::Range16,
};

use crate::{Fr, rom::background};

/// Rows of the table.
const ROWS: usize = 1 << 15;

/// The columns and slots.
#[derive(Debug)]
pub struct Layout {
    multiplicities: [Cell; 2],
    halves: [Slot<Range16>; 2],
}

impl Layout {
    /// Declares them.
    pub fn new(builder: &mut CircuitBuilder) -> Self {
        let values = |rows| background(rows, ROWS, |entry| Fr::from(entry as u64));
        let number = builder.fixed("number", values).expr();
        let high = &number + Expr::from(ROWS as u64);
        let halves = [builder.slot("range low", vec![number]), builder.slot("range high", vec![high])];
        let multiplicities = ["low", "high"].map(|half| builder.background(format!("multiplicity of range {half}")));
        Self { multiplicities, halves }
    }
}

/// The chip.
#[derive(Debug)]
pub struct Range;

impl Chip for Range {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "range";

    fn selector(_: &Layout) -> Option<Cell> {
        Some(Cell::fixed(ACTIVE))
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        for (slot, multiplicity) in layout.halves.iter().zip(layout.multiplicities) {
            let fact = chip.peek(slot, 0);
            chip.provide(slot, 0, multiplicity, &fact);
        }
        Self
    }

    fn fill(&self, (): &(), _: &mut WindowWriter<'_>) {}
}
