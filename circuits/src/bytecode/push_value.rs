//! What a PUSH pushes, on demand: eight bytes of data in a row.
//!
//! **Given** the bytes of a code at their positions, **this chip proves** the value of a PUSHn. Its rows end with its last
//! byte of data, wherever in a lane that is, so that the byte of weight `256^e` stands in the same place for every n.
//!
//! Let `due` be `e + 1` where that byte is data, else zero. It is the counter in front of the byte, so where it is not zero
//! the row consumes the byte at its position under the counters `e + 1` and `e`: no other byte has that fact but the one
//! that lies `e` bytes before the end of a PUSH's data. The opcode is consumed as a byte with n bytes due behind it and
//! none before it, as only a PUSHn has, n being how many `due` are not zero. The bytes from the opcode backwards have no
//! such fact, so the n bytes are those behind it, all of them.
//!
//! A fact that this chip provides is none that it consumes: the latter have a pushed value that exceeds 128 bits, and the
//! value of bytes does not. (By induction from the last position backwards, for data lie behind their opcode.)
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | one code, ... / the next eight: row r | 1 | hash is the same in all rows, and index grows by one |
//! | the count goes on: row r | 1 | the counter before byte 0 is the one after byte 7 of the row above |
//! | no byte is due behind the data | 1 | the counter after the last byte |
//! | byte i is data | 1 | `due`, for the bytes that every n has |
//! | byte i is data or not | 2 | `due` is `e + 1` or zero, for the others |
//! | byte i is zero before the data | 2 | so that the value is a sum of all bytes |
//! | the opcode | 1 | PUSH0 plus n |
//! | the high limb, the low limb | 1 | sixteen bytes each |
//!
//! The chip with one row takes n from 1 to 8. The one with four takes 9 to 32.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, inverse_or_zero};

use super::layout::{Layout, PUSH0, held, put, put_word};
use super::push;

/// The longest data that one row takes.
pub(super) const SHORT: u8 = 8;

/// A PUSH with its data.
#[derive(Clone, Debug)]
pub struct PushEvent {
    /// The code.
    pub hash: U256,
    /// The position of the opcode.
    pub pc: u64,
    /// The opcode.
    pub opcode: u8,
    /// What it pushes.
    pub value: U256,
}

/// The chip, for data in `ROWS` rows.
#[derive(Debug)]
pub struct PushValue<const ROWS: usize>(Layout);

/// A byte's place in a window.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its number in the window.
    i: usize,
    /// Its weight is `256^exponent`.
    exponent: usize,
    /// The byte.
    byte: Cell,
    /// How many bytes of push data are due before it; zero if it is no data.
    due: Cell,
}

impl<const ROWS: usize> PushValue<ROWS> {
    /// The last row.
    const LAST: i16 = ROWS as i16 - 1;

    /// How many bytes every PUSH of this chip has.
    const LEAST: usize = if ROWS == 1 { 1 } else { SHORT as usize + 1 };

    fn places(layout: &Layout) -> impl Iterator<Item = Place> {
        (0..8 * ROWS).map(|i| {
            let row = (i / 8) as i16;
            let (byte, due) = (layout.bytes[i % 8].shifted(row), layout.before(i % 8).shifted(row));
            Place { i, exponent: 8 * ROWS - 1 - i, byte, due }
        })
    }

    /// One window, eight bytes a row.
    fn rows(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        layout.same_hash(chip, ROWS as i16);
        for row in 1..ROWS as i16 {
            let above = layout.index.shifted(row - 1) + 1;
            chip.require_equal(format!("the next eight: row {row}"), layout.index.shifted(row), above);
            let count = layout.counters[7].shifted(row - 1);
            chip.require_equal(format!("the count goes on: row {row}"), layout.entry.shifted(row), count);
        }
        chip.require_zero("no byte is due behind the data", layout.counters[7].shifted(Self::LAST));
    }
}

impl<const ROWS: usize> Chip for PushValue<ROWS> {
    type Layout = Layout;
    type Event = PushEvent;
    const NAME: &'static str = if ROWS == 1 { "push" } else { "long push" };
    const HEIGHT: usize = ROWS;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        Self::rows(chip, layout);
        chip.learn(&layout.head, Self::LAST);
        let fact = held(chip, &layout.push, Self::LAST);
        let (mut length, mut limbs) = (Expr::zero(), [Expr::zero(), Expr::zero()]);
        for Place { i, exponent, byte, due } in Self::places(layout) {
            let full = exponent as u64 + 1;
            let data = if exponent < Self::LEAST {
                chip.require_equal(format!("byte {i} is data"), due, full);
                Bool::constant(true)
            } else {
                chip.require_zero(format!("byte {i} is data or not"), due * (due - full));
                chip.require_zero(format!("byte {i} is zero before the data"), byte * (Expr::from(full) - due));
                Bool::assume(due * Expr::constant(inverse_or_zero(F::from(full))), "zero or full")
            };
            chip.learn_if(&layout.code[i % 8], (i / 8) as i16, &data);
            length = length + &data;
            let limb = &mut limbs[usize::from(exponent < 16)];
            *limb = &*limb + byte * Expr::power_of_two(8 * (exponent % 16) as u32);
        }
        chip.require_equal("the opcode", layout.opcode.shifted(Self::LAST), length + PUSH0);
        let [hi, lo] = limbs;
        chip.require_equal("the high limb", &fact.push.hi, hi);
        chip.require_equal("the low limb", &fact.push.lo, lo);
        let multiplicity = chip.multiplicity(Self::LAST);
        chip.provide(&layout.push, Self::LAST, multiplicity, &fact);
        Self(layout.clone())
    }

    fn fill(&self, event: &PushEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.0;
        let due = usize::from(push::length(event.opcode));
        // Not below zero in the field: a PUSH may stand nearer to the beginning than its window is long.
        let begin = F::from(event.pc + 1 + due as u64) - F::from(8 * ROWS as u64);
        let first = begin * inverse_or_zero(F::from(8));
        for r in 0..ROWS as i16 {
            put_word(row, layout.hash, r, &event.hash);
            put(row, layout.index, r, first + F::from(r as u64));
        }
        for place in Self::places(layout).filter(|place| place.exponent < due) {
            put(row, place.byte, 0, u64::from(event.value.byte(place.exponent)));
            put(row, place.due, 0, place.exponent as u64 + 1);
        }
        for r in 1..ROWS {
            let exponent = 8 * (ROWS - r) - 1;
            put(row, layout.counters[7], r as i16 - 1, if exponent < due { exponent as u64 + 1 } else { 0 });
        }
        put(row, layout.opcode, Self::LAST, u64::from(event.opcode));
        put_word(row, layout.value, Self::LAST, &event.value);
    }
}
