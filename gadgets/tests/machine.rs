//! The list of chips that a circuit is.

use std::borrow::Borrow;

use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::CircuitBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::{Chip, Sheet, Workload};

/// Requires that its column holds 0 or 7.
#[derive(Debug)]
struct Small(Cell);

impl Chip for Small {
    type Layout = Cell;
    type Event = u64;
    const NAME: &'static str = "small";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Cell) -> Self {
        chip.require_zero("small", layout.expr() * (layout.expr() - Expr::from(7)));
        Self(*layout)
    }

    fn fill(&self, event: &u64, row: &mut WindowWriter<'_>) {
        row.field(&self.0.expr(), F::from(*event));
    }
}

/// A layout that contains that of [`Small`].
#[derive(Debug)]
struct Wide {
    small: Cell,
    other: Cell,
}

impl Borrow<Cell> for Wide {
    fn borrow(&self) -> &Cell {
        &self.small
    }
}

/// Requires that two columns hold the same.
#[derive(Debug)]
struct Equal;

impl Chip for Equal {
    type Layout = Wide;
    type Event = ();
    const NAME: &'static str = "equal";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Wide) -> Self {
        chip.require_equal("equal", layout.small, layout.other);
        Self
    }

    fn fill(&self, (): &(), _: &mut WindowWriter<'_>) {}
}

fn wide(builder: &mut CircuitBuilder) -> Wide {
    Wide { other: builder.main("other"), small: builder.main("small") }
}

verbatim_gadgets::chips! {
    /// Chips of two layouts.
    pub struct Both, BothEvent = "both", wide {
        Equal: Equal,
        Small: Small,
    }
}

#[test]
fn a_circuit_takes_in_a_chip_of_another_layout() {
    let failing = |number: u64| {
        let mut sheet: Sheet<Both> = Sheet::new();
        sheet.push(0, BothEvent::Equal(()));
        sheet.push(1, BothEvent::Small(number));
        let grid = (&sheet as &dyn Workload).grid(8, 0..2).expect("two rows");
        assert_eq!(grid.read(Cell::main(1), grid.windows[1].row), F::from(number));
        check(&grid).failures.into_iter().map(|failure| failure.label).collect::<Vec<_>>()
    };
    assert_eq!(failing(7), Vec::<String>::new());
    assert_eq!(failing(8), ["small"]);
}
