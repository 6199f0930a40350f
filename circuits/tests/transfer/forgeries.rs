//! Steps that are wrong in several cells at once, so that only one constraint objects.

use std::collections::BTreeSet;

use ruint::aliases::U256;
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::Derive;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::value::inverse_or_zero;

use crate::world::{Case, grid};
use crate::{case, n};

/// Cells of one step that are forced; those that the chip derives from others follow, unless they are forced too.
pub(crate) struct Forgery {
    pub(crate) chip: &'static str,
    pub(crate) label: String,
    case: Case,
    cells: Vec<(&'static str, i16, F)>,
}

fn f(value: i64) -> F {
    let magnitude = F::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

pub(crate) fn column(grid: &Grid, name: &str) -> Cell {
    let index = grid.circuit.main.iter().position(|column| column == name);
    Cell::main(index.unwrap_or_else(|| panic!("no column {name}")))
}

/// Fills again what follows from other cells, but for those in `kept`.
pub(crate) fn derive(grid: &mut Grid, chip: usize, row: usize, kept: &BTreeSet<Cell>) {
    let circuit = std::sync::Arc::clone(&grid.circuit);
    let set = |grid: &mut Grid, cell: &Cell, value: F| {
        if !kept.contains(cell) {
            grid.write(*cell, row, value);
        }
    };
    for derive in &circuit.chips[chip].derived {
        match derive {
            Derive::Equal(cell, expr) => {
                let value = grid.evaluate(expr, row);
                set(grid, cell, value);
            }
            Derive::Inverse(cell, expr) => {
                let value = inverse_or_zero(grid.evaluate(expr, row));
                set(grid, cell, value);
            }
            Derive::Limbs16(cells, expr) => {
                let bytes = grid.evaluate(expr, row).to_bytes();
                for (i, cell) in cells.iter().enumerate() {
                    let limb = u64::from(bytes[2 * i]) | u64::from(bytes[2 * i + 1]) << 8;
                    set(grid, cell, F::from(limb));
                }
            }
            Derive::IsZero(..) | Derive::Less(..) => panic!("no chip of transfers has these"),
        }
    }
}

/// The grid of a forged step.
fn forged(forgery: &Forgery) -> Grid {
    let mut grid = grid(std::slice::from_ref(&forgery.case), 9);
    let window = grid.windows[0];
    let mut kept = BTreeSet::new();
    for (name, row, value) in &forgery.cells {
        let cell = column(&grid, name).shifted(*row);
        kept.insert(cell);
        grid.write(cell, window.row, *value);
    }
    derive(&mut grid, window.chip, window.row, &kept);
    grid
}

/// The labels of a forged step that object.
fn objections(forgery: &Forgery) -> Vec<(&'static str, String)> {
    check(&forged(forgery)).failures.into_iter().map(|failure| (failure.chip, failure.label)).collect()
}

/// The opcodes, with the names of their chips, and a stack with a given range.
fn opcodes() -> [(u8, &'static str); 5] {
    [(0x20, "hash long"), (0x37, "input copy"), (0x39, "code copy"), (0x3e, "return copy"), (0xa0, "log")]
}

fn with_range(opcode: u8, offset: U256, length: U256) -> Case {
    let copy = (0x30..0x40).contains(&opcode);
    Case::new(opcode, &if copy { vec![offset, n(0), length] } else { vec![offset, length] })
}

/// The columns of the flags of a range: empty, sized, high, and of memory that grows.
fn flags(opcode: u8) -> [&'static str; 4] {
    if opcode == 0xa0 { ["gas", "memory", "next height", "ok"] } else { ["height", "gas", "memory", "code.hi"] }
}

fn range_forgeries() -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    for (opcode, chip) in opcodes() {
        let [_, sized, high, grows] = flags(opcode);
        let mut add = |label: &str, case, cells| {
            forgeries.push(Forgery { chip, label: label.to_owned(), case, cells });
        };
        // The next opcode is at 1, which is also the evidence of a lack of gas.
        let cost = i64::from(verbatim_circuits::schedule::opcode(verbatim_circuits::schedule::Fork::Osaka, opcode).gas);
        let poor = Case { pc: 0, gas: cost - 2, returned: 0, reverted: true, ..with_range(opcode, n(7), n(0)) };
        add("ok is boolean", poor, vec![("ok", 0, f(2))]);
        // A range without bytes that makes memory grow from four words to seven.
        let cells = vec![(grows, 2, f(1)), ("next pc", 1, f(7)), ("extra gas", 1, f(0)), ("extra gas", 2, f(0))];
        let nothing = Case { returned: 0, ..with_range(opcode, n(7), n(0)) };
        add("memory grows only if it asks", nothing, cells);
        // A range that is too large, in two ways; the operands are popped twice.
        let far = with_range(opcode, n((1 << 42) + 9), n(1));
        let (height, needs) = (far.height as i64, far.stack.len() as i64);
        let cells = vec![(high, 2, f(1)), ("next pc", 0, f(10 + height - needs))];
        let cells = [cells, inverse(opcode, f(2))].concat();
        add("bytes is of one kind", far.clone(), cells);
        // The same, once, and paid for in the negative; a log also has less than no bytes, for their number is ranged.
        let (evidence, log) =
            if opcode == 0xa0 { (8, vec![("b.lo", 0, f(-1)), ("extra gas", 0, f(8))]) } else { (10, vec![]) };
        let cells = vec![(sized, 2, f(-1)), (high, 2, f(1)), ("next pc", 1, f(4)), ("next pc", 2, f(0))];
        let cells = [cells, vec![("next pc", 0, f(evidence))], log].concat();
        add("bytes sized is boolean", far, cells);
    }
    forgeries
}

/// The cell that shows a length of one not to be zero.
fn inverse(opcode: u8, value: F) -> Vec<(&'static str, i16, F)> {
    vec![(if opcode == 0xa0 { "parameter" } else { "cost" }, 2, value)]
}

fn clamp_forgeries() -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    // The input has 100 bytes, the code 90.
    for (opcode, chip, size) in [(0x37, "input copy", 100), (0x39, "code copy", 90)] {
        let mut add = |label: &str, source: u64, cells: [i64; 3]| {
            let names = ["clock", "call", "parameter"];
            let mut cells: Vec<_> = names.into_iter().zip(cells).map(|(name, value)| (name, 2, f(value))).collect();
            if label == "copies" {
                cells.push(("ok", 2, f(0)));
            }
            let case = case(opcode, &[0, source, 32]);
            forgeries.push(Forgery { chip, label: label.to_owned(), case, cells });
        };
        add("copies", 7, [0, 0, 0]);
        add("inside is boolean", size + 5, [-1, 1, 1]);
        add("behind is boolean", 7, [1, -1, 1]);
        add("high is boolean", 7, [1, 1, -1]);
    }
    forgeries
}

/// Where the pieces of a hash have their flags, their lengths and their values, and the words theirs.
const PIECES: [[&str; 6]; 2] = [
    ["memory", "code.lo", "result.hi", "result.lo", "first word.hi", "first word.lo"],
    ["next height", "parameter", "b.hi", "b.lo", "second word.hi", "second word.lo"],
];

fn piece_forgeries() -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    for i in 0..5_u64 {
        let (row, names) = (1 + i as i16 / 2, PIECES[i as usize % 2]);
        let mut add = |label: String, case: Case, cells| {
            forgeries.push(Forgery { chip: "hash bytes", label, case, cells });
        };
        let unsliced = |case: &Case, part: F| {
            let grid = grid(std::slice::from_ref(case), 9);
            let read = |name| part * grid.read(column(&grid, name).shifted(row), grid.windows[0].row);
            vec![(names[0], row, f(0)), (names[2], row, read(names[4])), (names[3], row, read(names[5]))]
        };
        // A part of a word, in the field.
        let part = Case { memory: 9, ..case(0x20, &[32, 32 * i + 4]) };
        add(format!("whole {i} or nothing"), part.clone(), unsliced(&part, f(4) * inverse_or_zero(f(32))));
        if i < 4 {
            let whole = Case { memory: 9, ..case(0x20, &[33, 32 * (i + 1)]) };
            add(format!("whole {i} is aligned"), whole.clone(), unsliced(&whole, f(1)));
            // A byte less from this word, and one more from the next.
            let (next, below) = (PIECES[(i as usize + 1) % 2], 1 + (i as i16 + 1) / 2);
            let bytes = if i == 3 { 4 } else { 6 };
            let cells = vec![(names[0], row, f(1)), (names[1], row, f(31)), (next[1], below, f(bytes + 1))];
            let both = Case { memory: 9, ..case(0x20, &[32, 32 * (i + 1) + bytes as u64]) };
            add(format!("slice {i} before slice {}", i + 1), both, cells);
        }
    }
    forgeries
}

fn topic_forgeries() -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    let columns = [
        [("a.hi", 1), ("a.lo", 1)],
        [("b.hi", 1), ("b.lo", 1)],
        [("a.hi", 2), ("a.lo", 2)],
        [("b.hi", 2), ("b.lo", 2)],
    ];
    let popped = ["code.hi", "code.lo", "next pc", "class"];
    let mut add = |label: String, count: i64, flags: [i64; 4]| {
        let topics = [n(3), n(4), n(5), n(6)];
        let count_of = count.min(4) as usize;
        let stack = [&[n(0), n(32)], &topics[..count_of]].concat();
        let case = Case::new(0xa0 + count_of as u8, &stack);
        let mut cells: Vec<_> = popped.into_iter().zip(flags).map(|(name, flag)| (name, 2, f(flag))).collect();
        for (columns, flag) in columns.iter().zip(flags) {
            if flag != 1 {
                cells.extend(columns.map(|(name, row)| (name, row, f(0))));
            }
        }
        cells.push(("parameter", 0, f(count)));
        forgeries.push(Forgery { chip: "log", label, case, cells });
    };
    add("topic 1 is boolean".to_owned(), 2, [2, 0, 0, 0]);
    add("topic 2 is boolean".to_owned(), 3, [1, 2, 0, 0]);
    add("topic 3 is boolean".to_owned(), 4, [1, 1, 2, 0]);
    // The schedule knows no log of five topics; if it did, it would have four.
    add("topic 4 is boolean".to_owned(), 5, [1, 1, 1, 2]);
    add("topic 2 behind 1".to_owned(), 1, [0, 1, 0, 0]);
    add("topic 3 behind 2".to_owned(), 2, [1, 0, 1, 0]);
    add("topic 4 behind 3".to_owned(), 3, [1, 1, 0, 1]);
    forgeries
}

/// Class 44: a call without gas goes on, GAS pushes by how much it is in debt, and a log of so few bytes that are undone
/// would pay the debt. The range ends where an honest one does.
fn debt_forgery() -> Forgery {
    let case = Case { reverted: true, ..Case::new(0xa0, &[n(5), n(40)]) };
    let cells = vec![("a.lo", 0, f(5 + 40 + 1000)), ("b.lo", 0, f(-1000))];
    Forgery { chip: "log", label: "length".to_owned(), case, cells }
}

/// What the debt's forgery would be worth: only the length's range objects.
#[test]
fn class_44_a_log_of_negative_length_would_give_gas() {
    let debt = debt_forgery();
    let honest = grid(std::slice::from_ref(&debt.case), 9);
    let forged = forged(&debt);
    let row = honest.windows[0].row;
    let spent = |grid: &Grid| grid.read(column(grid, "cost"), row) + grid.read(column(grid, "extra gas"), row);
    assert_eq!(spent(&honest), f(375 + 8 * 40));
    assert_eq!(spent(&forged), f(375 - 8 * 1000));
    assert_eq!(objections(&debt), [("log", "length".to_owned())]);
}

pub(crate) fn all() -> Vec<Forgery> {
    let lists = [range_forgeries(), clamp_forgeries(), piece_forgeries(), topic_forgeries(), vec![debt_forgery()]];
    lists.into_iter().flatten().collect()
}

#[test]
fn several_wrong_cells_are_rejected_by_one_constraint() {
    for forgery in all() {
        let expected = [(forgery.chip, forgery.label.clone())];
        assert_eq!(objections(&forgery), expected, "{:?}", forgery.case);
    }
}
