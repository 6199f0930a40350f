//! Arith has slices and splices of eighths of a byte too. A step only asks for whole ones: here a shift or a number of bytes
//! is off by an eighth, and whatever arith is asked for, it answers.

use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::value::inverse_or_zero;

use super::semantics::all;
use super::*;

/// What objects to a case whose step has another value in a column of its row 1. Cells that follow from others are filled
/// again if `derived`.
fn objections(case: &Case, column: &str, change: F, derived: bool) -> BTreeSet<String> {
    let index = MACHINE.0.main.iter().position(|name| name == column).expect("a column of that name");
    let cell = Cell::main(index).shifted(1);
    let mut grid = case.grid();
    let row = grid.windows[0].row;
    let value = grid.read(cell, row) + change;
    if derived {
        grid = Grid::new(Arc::clone(&MACHINE.0), K, Arc::clone(&FIXED));
        let event = &case.events[0];
        let filled = grid.place(MemoryChips::index(event), 0, |window| {
            MACHINE.1.fill(event, window);
            window.field(&cell.expr(), value);
        });
        filled.expect("room for a test");
    }
    grid.write(cell, row, value);
    let mut balance = case.others.clone();
    balance.add_grid(&grid);
    let left = balance.unbalanced().into_iter().filter(|left| !is_true(left.tag.id, &left.tuple, left.sum));
    let left = left.filter(|left| ![Slice::TAG, Splice::TAG].contains(&left.tag));
    let labels = failures(&grid).into_iter().map(|(_, label)| label);
    labels.chain(left.map(|left| format!("bus: {}", left.tag.name))).collect()
}

#[test]
fn a_step_cuts_whole_bytes() {
    let cases = all();
    let names = [
        "aligned load",
        "unaligned load",
        "aligned store",
        "unaligned store",
        "byte store",
        "input, aligned",
        "input, unaligned",
        "input, in part",
        "input, in part over two words",
    ];
    for name in names {
        let case = cases.iter().find(|case| case.name == name).expect("a case of that name");
        for change in [inverse_or_zero(F::from(8)), -inverse_or_zero(F::from(8))] {
            for (column, objection) in [("class", "bus: words"), ("parameter", "keep")] {
                for derived in [false, true] {
                    let found = objections(case, column, change, derived);
                    assert!(found.contains(objection), "{name}: {column}: {found:?}");
                }
            }
        }
    }
}
