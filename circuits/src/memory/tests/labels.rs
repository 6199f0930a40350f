//! Every label has an assignment that only it rejects, and every cell is held by something.

use verbatim_gadgets::audit::audit;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::value::inverse_or_zero;

use super::semantics::{all, all_in_one};
use super::*;

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let found = audit(&mut all_in_one().grid(), usize::MAX);
    assert_eq!(found.matches(MemoryChips::EXCEPTIONS), Ok(()));
}

/// Cells by column and row, with their values.
type Cells = Vec<(&'static str, i16, F)>;

/// A case whose first event is filled with lies, so that one constraint alone fails.
struct Forgery {
    case: &'static str,
    event: usize,
    chip: &'static str,
    label: &'static str,
    /// Set before the cells that follow from others are derived.
    before: Cells,
    /// Set after that.
    after: Cells,
}

fn forgery(case: &'static str, chip: &'static str, label: &'static str, before: Cells, after: Cells) -> Forgery {
    Forgery { case, event: 0, chip, label, before, after }
}

fn int(value: i64) -> F {
    let size = F::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// A success twice over, with so little gas that the next program counter, 6, is also the evidence of a fault.
fn twice(case: &'static str, chip: &'static str, cost: i64) -> Forgery {
    forgery(case, chip, "ok is boolean", vec![("ok", 0, int(2)), ("gas", 0, int(cost - 1 - 6))], vec![])
}

fn step_forgeries() -> Vec<Forgery> {
    let minus = int(-1);
    let one = int(1);
    let sized = vec![("height", 2, minus), ("gas", 2, one), ("memory", 2, one), ("cost", 2, F::from(0))];
    let evidence = |value| vec![("next pc", 0, int(value))];
    vec![
        twice("aligned load", "access", 3),
        twice("code size", "code size", 2),
        twice("return size", "return size", 2),
        twice("addmod", "ternary", 8),
        twice("exp", "exp", 110),
        forgery("exp without operands", "exp", "popped is boolean", vec![("height", 1, int(2))], evidence(-2)),
        forgery(
            "load without operand",
            "access",
            "byte is boolean",
            vec![("ok", 1, int(2)), ("parameter", 0, int(-30))],
            vec![],
        ),
        forgery("aligned load without gas to expand", "access", "bytes sized is boolean", sized, evidence(3 - 5 - 1)),
        forgery(
            "load at 2^128",
            "access",
            "crosses only if sized",
            vec![("next height", 2, one), ("class", 1, one)],
            vec![],
        ),
        forgery(
            "return without gas to expand",
            "return",
            "data sized is boolean",
            vec![("gas", 2, minus), ("memory", 2, one), ("next height", 2, one), ("a.hi", 2, F::from(0))],
            evidence(-9 - 1),
        ),
        forgery(
            "return",
            "return",
            "data is of one kind",
            vec![("next height", 2, one)],
            vec![("cost", 2, int(2) * inverse_or_zero(int(40)))],
        ),
    ]
}

fn input_forgeries() -> Vec<Forgery> {
    let (minus, one, zero) = (int(-1), int(1), F::from(0));
    let [whole, part, behind, high] = ["height", "gas", "memory", "cost"];
    let load = "input load";
    let twice = vec![
        ("ok", 0, int(2)),
        ("gas", 0, int(3 - 1 - 6)),
        (behind, 2, one),
        ("result.hi", 0, zero),
        ("result.lo", 0, zero),
    ];
    vec![
        forgery("input, behind", load, "whole is boolean", vec![(whole, 2, minus), (high, 2, one)], vec![]),
        forgery(
            "input, behind",
            load,
            "part is boolean",
            vec![(part, 2, minus), (high, 2, one)],
            // Nobody finds this limb in range.
            vec![("gap b", 0, int(-31))],
        ),
        forgery("input, aligned", load, "behind is boolean", vec![(behind, 2, minus), (high, 2, one)], vec![]),
        forgery("input, aligned", load, "high is boolean", vec![(behind, 2, one), (high, 2, minus)], vec![]),
        forgery("input, aligned", load, "ok is boolean", twice, vec![]),
        forgery(
            "input, behind",
            load,
            "crosses only if sized",
            vec![("opcode", 2, one), ("class", 1, int(33))],
            vec![],
        ),
    ]
}

fn forgeries() -> Vec<Forgery> {
    let (minus, one, zero) = (int(-1), int(1), F::from(0));
    let [inside, behind, high] = ["next height", "gap c", "extra gas"];
    let jump = |label, values: [F; 3]| {
        let [a, b, c] = values;
        forgery("jump to data", "bad jump", label, vec![(inside, 0, a), (behind, 0, b), (high, 0, c)], vec![])
    };
    let condition = vec![("result.hi", 0, int(2))];
    let refresh = |label, stack, memory| {
        let flags = vec![("ok", 0, stack), ("next memory", 0, memory), ("extra gas", 0, one)];
        let gaps = vec![("gap a", 0, zero), ("gap b", 0, zero), ("gap c", 0, zero)];
        Forgery { event: 2, ..forgery("refresh", "refresh", label, [flags, gaps].concat(), vec![]) }
    };
    let mut all = vec![
        jump("inside is boolean", [minus, one, one]),
        jump("behind is boolean", [one, minus, one]),
        jump("high is boolean", [one, one, minus]),
        forgery("jump if to data", "bad jump", "if is boolean", vec![("next memory", 0, int(2))], condition),
        refresh("stack is boolean", minus, one),
        refresh("memory is boolean", one, minus),
    ];
    all.extend(step_forgeries());
    all.extend(input_forgeries());
    all
}

fn cell(column: &str, row: i16) -> Cell {
    let index = MACHINE.0.main.iter().position(|name| name == column).expect("a column of that name");
    Cell::main(index).shifted(row)
}

#[test]
fn each_label_alone_rejects_a_forgery() {
    let cases = all();
    for forgery in forgeries() {
        let case = cases.iter().find(|case| case.name == forgery.case).expect("a case of that name");
        let event = &case.events[forgery.event];
        let mut grid = Grid::new(Arc::clone(&MACHINE.0), K, Arc::clone(&FIXED));
        let row = grid.used();
        let write = |cells: &Cells, write: &mut dyn FnMut(Cell, F)| {
            cells.iter().for_each(|(column, row, value)| write(cell(column, *row), *value));
        };
        grid.place(MemoryChips::index(event), 0, |window| {
            MACHINE.1.fill(event, window);
            write(&forgery.before, &mut |cell, value| window.field(&cell.expr(), value));
        })
        .expect("room for a test");
        write(&forgery.after, &mut |cell, value| grid.write(cell, row, value));
        let failed = failures(&grid);
        let expected = BTreeSet::from([(forgery.chip, forgery.label.to_owned())]);
        assert_eq!(failed, expected, "{}: {}", forgery.case, forgery.label);
        if forgery.chip == "code size" {
            assert!(!mock(&grid), "MockProver agrees");
        }
    }
}
