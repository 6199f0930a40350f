//! The tables of keccak: functions on numbers of [`SLICES`] digits, and bytes spread out.
//!
//! Given nothing, proves facts [`KeccakTable`]. There are no constraints: the entries are fixed.
//!
//! | function | input digits | output digits | entries |
//! |---|---|---|---|
//! | chi | 0 to 6: `2 (a + d) + b - c + 1` | `a xor d xor (not b and c)` | `7^n` |
//! | even | 0, 2, ..., 12 | 0 | `7^n` |
//! | bits | bits | bits (any pair of the two) | `4^n` |
//! | xor | 0 to 2: `a + b` | `a xor b` | `3^n` |
//! | spread | a byte | its bits, [`STRIDE_BITS`] apart | 256 |
//!
//! Chi is a function of that sum: for `b - c + 1` in 0, 1, 2 the bit `not b and c` is 1, 0, 0, and where two pairs `(a + d, b - c + 1)` give
//! one sum, `(s, 2)` and `(s + 1, 0)`, the outputs `s` and `s + 1 + 1` agree modulo two.

use std::iter;
use std::sync::LazyLock;

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{BLINDING_ROWS, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::{Chip, Sheet};

use super::layout::{BASE, SLICES, STRIDE_BITS};
use crate::bus::KeccakTable;

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// One bit of chi, with theta's.
    Chi = 1,
    /// The digits are even.
    Even = 2,
    /// The digits of both are bits.
    Bits = 3,
    /// The digits modulo two.
    Xor = 4,
    /// A byte's bits, far apart.
    Spread = 5,
}

/// The smallest shard that holds the tables: 18 for six slices, 16 for five.
pub const TABLE_K: u32 = {
    let count = 2 * 7usize.pow(SLICES as u32) + 4usize.pow(SLICES as u32) + 3usize.pow(SLICES as u32) + 256;
    (count + BLINDING_ROWS).next_power_of_two().ilog2()
};

/// All numbers whose digits are among `digits`, with what `map` makes of every digit.
fn numbers(digits: &[(u64, u64)]) -> impl Iterator<Item = (u64, u64)> + '_ {
    (0..digits.len().pow(SLICES as u32)).map(move |mut index| {
        let (mut input, mut output, mut weight) = (0, 0, 1);
        for _ in 0..SLICES {
            let digit = digits[index % digits.len()];
            input += weight * digit.0;
            output += weight * digit.1;
            index /= digits.len();
            weight *= BASE;
        }
        (input, output)
    })
}

/// The bits of `byte`, far apart.
pub fn spread(byte: u8) -> F {
    let stride = F::from(1 << STRIDE_BITS);
    (0..8).rev().fold(F::from(0), |sum, bit| sum * stride + F::from(u64::from(byte >> bit & 1)))
}

/// All entries, in order.
pub fn entries() -> &'static [[F; 3]] {
    static ENTRIES: LazyLock<Vec<[F; 3]>> = LazyLock::new(list_entries);
    &ENTRIES
}

fn list_entries() -> Vec<[F; 3]> {
    const CHI: [(u64, u64); 7] = [(0, 1), (1, 0), (2, 0), (3, 1), (4, 1), (5, 0), (6, 0)];
    const EVEN: [(u64, u64); 7] = [(0, 0), (2, 0), (4, 0), (6, 0), (8, 0), (10, 0), (12, 0)];
    const PAIRS: [(u64, u64); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];
    const XOR: [(u64, u64); 3] = [(0, 0), (1, 1), (2, 0)];
    let with = |function: Function, digits: &'static [(u64, u64)]| {
        numbers(digits).map(move |(input, output)| [F::from(input), F::from(output), F::from(function as u64)])
    };
    let spreads = (0..=255).map(|byte| [F::from(u64::from(byte)), spread(byte), F::from(Function::Spread as u64)]);
    with(Function::Chi, &CHI)
        .chain(with(Function::Even, &EVEN))
        .chain(with(Function::Bits, &PAIRS))
        .chain(with(Function::Xor, &XOR))
        .chain(spreads)
        .collect()
}

/// The columns.
#[derive(Clone, Debug)]
pub struct Layout {
    marked: Cell,
    slot: Slot<KeccakTable>,
    multiplicity: Cell,
}

/// Declares the columns.
pub fn layout(builder: &mut CircuitBuilder) -> Layout {
    let multiplicity = builder.main("multiplicity");
    let column = |index: usize| move |_| entries().iter().map(|entry| entry[index]).collect();
    let input = builder.fixed("input", column(0));
    let output = builder.fixed("output", column(1));
    let function = builder.fixed("function", column(2));
    let marked = builder.fixed("entry", |_| iter::repeat_n(F::from(1), entries().len()).collect());
    let slot = builder.slot("entry", vec![input.expr(), output.expr(), function.expr()]);
    Layout { marked, slot, multiplicity }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry;

impl Chip for Entry {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "entry";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marked)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let entry = chip.peek(&layout.slot, 0);
        chip.provide(&layout.slot, 0, layout.multiplicity, &entry);
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}

verbatim_gadgets::chips! {
    /// The chips of the keccak tables circuit.
    pub struct TableChips, TableEvent = "keccak-tables", layout {
        Entry: Entry,
    }
    size TABLE_K;
}

/// The tables' only shard: one window an entry.
pub fn sheet() -> Sheet<TableChips> {
    let mut sheet = Sheet::new();
    (0..entries().len() as u64).for_each(|row| sheet.push(row, TableEvent::Entry(())));
    sheet
}
