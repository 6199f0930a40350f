//! Arith has slices of eighths of a byte too. A hash only asks for whole ones: here a shift or a number of bytes is off by an
//! eighth, and whatever arith is asked for, it answers.

use std::collections::BTreeSet;

use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::value::inverse_or_zero;

use crate::forgeries::{column, derive};
use crate::world::grid;
use crate::{case, objections};

/// What objects to the hash of 70 bytes from byte 35 on, which are three slices, with cells that are off by so many eighths:
/// labels, and messages but for slices and what keccak says.
fn tampered(cells: &[(&str, i16, i64)]) -> BTreeSet<String> {
    let case = case(0x20, &[35, 70]);
    let mut grid = grid(std::slice::from_ref(&case), 9);
    let window = grid.windows[0];
    assert_eq!(grid.circuit.chips[window.chip].name, "hash bytes");
    let changed: Vec<_> = cells.iter().map(|(name, row, _)| column(&grid, name).shifted(*row)).collect();
    for (cell, (_, _, eighths)) in changed.iter().zip(cells) {
        let size = F::from(eighths.unsigned_abs()) * inverse_or_zero(F::from(8));
        let value = grid.read(*cell, window.row) + if *eighths < 0 { -size } else { size };
        grid.write(*cell, window.row, value);
    }
    derive(&mut grid, window.chip, window.row, &changed.into_iter().collect());
    let left = objections(&case, &grid).into_iter().filter(|left| !left.starts_with("slice "));
    let left = left.map(|left| left.split(" [").next().map_or_else(String::new, |name| format!("bus: {name}")));
    check(&grid).failures.into_iter().map(|failure| failure.label).chain(left).collect()
}

#[test]
fn a_hash_cuts_whole_bytes() {
    let [first, second] = ["code.lo", "parameter"];
    // The remainder of the offset, from which all shifts follow.
    let found = tampered(&[("class", 3, 1)]);
    assert!(found.contains("bus: words"), "{found:?}");
    // The shift of two words alone.
    let found = tampered(&[("code.hi", 1, 1)]);
    assert!(found.contains("shift in row 1"), "{found:?}");
    // Less of the last slice.
    let found = tampered(&[(first, 2, -1)]);
    assert!(found.contains("slices add up"), "{found:?}");
    // Less of the one before, and more of the last.
    let found = tampered(&[(second, 1, -1), (first, 2, 1)]);
    assert!(found.contains("slice 1 before slice 2"), "{found:?}");
    assert!(!found.contains("slices add up"), "{found:?}");
}
