//! Rows that are wrong in several cells at once.

use verbatim_circuits::copy::Order;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;

use crate::{code_copy, column, copy, deposit, hash, log, run, window};

/// Cells of one window that are wrong together, so that only one constraint objects.
pub(crate) struct Forgery {
    pub(crate) chip: &'static str,
    pub(crate) label: &'static str,
    order: Order,
    /// Which of the chip's windows.
    window: usize,
    /// Columns, rows and values.
    cells: Vec<(&'static str, i16, F)>,
}

fn fraction(a: i64, b: u64) -> F {
    let a = if a < 0 { -F::from(a.unsigned_abs()) } else { F::from(a.unsigned_abs()) };
    a * F::from(b).invert().expect("not zero")
}

/// A value of an honest window.
fn honest(order: &Order, chip: &str, index: usize, name: &str) -> F {
    let grid = run(order.clone()).grid;
    grid.read(column(&grid, name), window(&grid, chip, index))
}

fn head_forgeries() -> Vec<Forgery> {
    let f = |v: i64| fraction(v, 1);
    let head = |chip, label, order, cells| Forgery { chip, label, order, window: 0, cells };
    let flags = |a: i64, b: i64, c: i64| {
        vec![("last", 0, f(a)), ("slices", 0, f(b)), ("splices", 0, f(c)), ("kind", 0, f(3 * a + 4 * b + 5 * c))]
    };
    vec![
        head(
            "begin copy",
            "code is boolean",
            copy((3, 64, 64), (4, 33), 64),
            vec![("splices", 0, f(2)), ("kind", 0, f(3)), ("source", 0, f(0))],
        ),
        head(
            "begin copy",
            "fetches what is used",
            copy((3, 64, 500), (4, 33), 64),
            vec![("fetches", 0, f(0)), ("second.hi", 0, f(0)), ("second.lo", 0, f(0))],
        ),
        head("begin read", "hash is boolean", hash(64, 136), flags(-1, 1, 1)),
        head("begin read", "log is boolean", hash(64, 136), flags(1, -1, 1)),
        head("begin read", "deposit is boolean", hash(64, 136), flags(1, 1, -1)),
    ]
}

/// Rows that lack the next word, and rows that pass a part of a word for the whole.
fn source_forgeries() -> Vec<Forgery> {
    let zero = F::from(0);
    let unfetched = vec![("fetches", 0, zero), ("second.hi", 0, zero), ("second.lo", 0, zero)];
    let whole = |order: &Order, chip, window: usize| {
        let keep = honest(order, chip, window, "keep") * fraction(1, 32);
        let part = |name| honest(order, chip, window, name) * keep;
        vec![("slices", 0, zero), ("result.hi", 0, part("word.hi")), ("result.lo", 0, part("word.lo"))]
    };
    let cases = [
        ("copy memory", copy((3, 64, 500), (4, 32), 70), 2),
        ("copy code", code_copy(0, (4, 0), 69), 2),
        ("hash", hash(64, 48), 1),
        ("log", log(64, 70), 2),
        ("deposit", deposit(0, 70), 2),
    ];
    let mut forgeries = Vec::new();
    for (chip, order, last) in cases {
        let mut cells = whole(&order, chip, last);
        if chip == "hash" {
            // Sixteen bytes: lanes 2 and 3 are not sent, and their limb is no longer zero.
            let lane = cells[2].2 * shift();
            cells.push(("after.lo", 0, lane));
        }
        let first =
            Forgery { chip, label: "fetches what is used", order: order.clone(), window: 0, cells: unfetched.clone() };
        forgeries.push(first);
        forgeries.push(Forgery { chip, label: "whole or nothing", order, window: last, cells });
    }
    forgeries
}

fn write_forgeries() -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    for (chip, order, checked) in [
        ("copy memory", copy((3, 70, 500), (4, 45), 7), "checked 4"),
        ("copy code", code_copy(6, (4, 45), 7), "checked 3"),
    ] {
        let read = |name| honest(&order, chip, 0, name);
        // The shift is 6, and 7 bytes are used: 13/32 of a word leave a shift of 0.
        let crosses = fraction(13, 32);
        let rest = F::from(1) - crosses;
        let cells = vec![
            ("crosses", 0, crosses),
            (checked, 0, F::from(0)),
            ("second.hi", 0, rest * read("word.hi")),
            ("second.lo", 0, rest * read("word.lo")),
        ];
        let make = |label, cells| Forgery { chip, label, order: order.clone(), window: 0, cells };
        forgeries.push(make("crosses is boolean", cells));
        let cells =
            vec![("splices", 0, F::from(0)), ("after.hi", 0, read("result.hi")), ("after.lo", 0, read("result.lo"))];
        forgeries.push(make("whole word", cells));
    }
    forgeries
}

/// What brings the high lane of a limb down.
fn shift() -> F {
    (F::from(1 << 32) * F::from(1 << 32)).invert().expect("not zero")
}

fn lane_forgeries() -> Vec<Forgery> {
    // The last row's bytes, what is said of the lanes 1 to 3, and in eighths of one what is said of the last.
    let cases = [
        ("lane 1 is boolean", 20, [16, 0, 0]),
        ("lane 2 is boolean", 32, [8, 16, 0]),
        ("lane 3 is boolean", 24, [8, 8, 1]),
        ("lane 2 behind 1", 12, [0, 8, 0]),
        ("lane 3 behind 2", 20, [8, 0, 8]),
    ];
    let forgery = |(label, keep, eighths): (&'static str, i64, [i64; 3])| {
        let [a, b, c] = eighths.map(|value| fraction(value, 8));
        let rest = keep - eighths.iter().sum::<i64>() - 1;
        let mut cells =
            vec![("old.hi", 0, a), ("old.lo", 0, b), ("splices", 0, c), ("checked 1", 0, fraction(8192 * rest, 1))];
        let order = hash(64, 128 + keep as u64);
        // What is not sent for certain is zero.
        for (flag, limb, half) in [(a, "result.hi", "after.hi"), (c, "result.lo", "after.lo")] {
            if flag != F::from(1) {
                cells.push((half, 0, honest(&order, "hash", 4, limb) * shift()));
            }
        }
        Forgery { chip: "hash", label, order, window: 4, cells }
    };
    cases.map(forgery).into()
}

pub(crate) fn all() -> Vec<Forgery> {
    [head_forgeries(), source_forgeries(), write_forgeries(), lane_forgeries()].into_iter().flatten().collect()
}

#[test]
fn several_wrong_cells_are_rejected_by_one_constraint() {
    for forgery in all() {
        let mut grid = run(forgery.order.clone()).grid;
        let row = window(&grid, forgery.chip, forgery.window);
        for (name, at, value) in &forgery.cells {
            let cell = column(&grid, name);
            grid.write(cell.shifted(*at), row, *value);
        }
        let failures: Vec<_> = check(&grid).failures.into_iter().map(|f| (f.chip, f.label)).collect();
        assert_eq!(failures, [(forgery.chip, forgery.label.to_owned())]);
    }
}
