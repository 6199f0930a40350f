//! Arith has slices and splices of eighths of a byte too. A job only asks for whole ones: here a shift or a number of bytes
//! is off by an eighth, and whatever arith is asked for, it answers.

use std::collections::BTreeSet;

use verbatim_circuits::copy::Order;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;

use crate::{Run, code_copy, column, copy, deposit, hash, log, run, unbalanced};

/// Jobs of several rows, of which the first and the last are slices, with the name of their rows' chip.
fn jobs() -> [(Order, &'static str); 5] {
    [
        (copy((3, 70, 500), (4, 45), 50), "copy memory"),
        (code_copy(3, (4, 40), 60), "copy code"),
        (hash(7, 145), "hash"),
        (log(5, 70), "log"),
        (deposit(9, 70), "deposit"),
    ]
}

/// What objects, but for slices and splices.
fn objections(run: &Run) -> BTreeSet<String> {
    let labels = check(&run.grid).failures.into_iter().map(|failure| failure.label);
    let left = unbalanced(run).into_iter().filter(|name| !["slice", "splice"].contains(name));
    labels.chain(left.map(|name| format!("bus: {name}"))).collect()
}

/// Adds so many eighths of a byte to columns of rows.
fn tampered(order: &Order, cells: &[(&str, Rows, i64)]) -> BTreeSet<String> {
    let mut run = run(order.clone());
    let rows: Vec<_> = run.grid.windows.iter().map(|window| window.row).collect();
    for (name, which, eighths) in cells {
        let rows = match which {
            Rows::All => &rows[..],
            Rows::One(index) => &rows[*index..=*index],
            Rows::Last => &rows[rows.len() - 1..],
        };
        let size = F::from(eighths.unsigned_abs()) * F::from(8).invert().expect("not zero");
        let change = if *eighths < 0 { -size } else { size };
        let cell = column(&run.grid, name);
        for row in rows {
            let value = run.grid.read(cell, *row);
            run.grid.write(cell, *row, value + change);
        }
    }
    objections(&run)
}

/// Rows of a job.
#[derive(Clone, Copy)]
enum Rows {
    All,
    /// The head is row 0.
    One(usize),
    Last,
}

#[test]
fn a_shift_is_of_whole_bytes() {
    for (order, chip) in jobs() {
        // From the head on, so that all rows agree.
        let found = tampered(&order, &[("shift", Rows::All, 1)]);
        assert!(found.contains("bus: words"), "{chip}: {found:?}");
        assert!(!found.contains("bus: copy state"), "{chip}: {found:?}");
        // From some row on.
        let found = tampered(&order, &[("shift", Rows::Last, 1)]);
        assert!(found.contains("bus: copy state"), "{chip}: {found:?}");
        if chip.starts_with("copy") {
            // And into the target, where the first row takes so much less.
            let cells =
                [("target shift", Rows::One(0), 1), ("target shift", Rows::One(1), 1), ("count", Rows::One(1), -1)];
            let found = tampered(&order, &cells);
            assert!(found.contains("bus: words"), "{chip}: {found:?}");
            let found = tampered(&order, &[("shift", Rows::All, 1)]);
            assert!(found.contains("next shift"), "{chip}: {found:?}");
        }
    }
}

#[test]
fn a_row_takes_whole_bytes() {
    for (order, chip) in jobs() {
        let whole = |row| vec![("count", row, -1), ("keep", row, -1)];
        let cases = if chip.starts_with("copy") {
            vec![
                (whole(Rows::One(1)), "fills the word"),
                (whole(Rows::Last), "uses up the job"),
                (vec![("keep", Rows::One(1), -1)], "not more than used"),
                (vec![("keep", Rows::Last, -1)], "not more than used"),
            ]
        } else {
            vec![(whole(Rows::One(1)), "others use 32 bytes"), (whole(Rows::Last), "the last bytes are used")]
        };
        for (cells, objection) in cases {
            let found = tampered(&order, &cells);
            assert!(found.contains(objection), "{chip}: {objection}: {found:?}");
        }
    }
}
