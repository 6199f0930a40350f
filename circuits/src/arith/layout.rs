//! The columns that the chips of arith share.

use std::array;
use std::ops::Range;

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Limb, Word, from_u128, split};

use crate::bus::{Alu, AluNative, AndBytes, ByteLength, PowerOfTwo, PowerOfTwoNative, Range128, Slice, Splice, Words};

/// Checked columns in a row: three groups of eight, which hold 128 bits each.
pub(super) const LIMBS: usize = 24;

/// The upper half of a [loose](Layout::loose) number counts for `2^LOOSE` and more.
const LOOSE: u32 = 58;

/// The columns and slots of arith.
///
/// 36 columns for all chips: `opcode`, the limbs of `a`, `b` and `result`, a multiplicity, 24 columns that are checked to
/// hold 16 bits where a chip asks for it, an exponent with its power of two, and two to spare.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) multiplicity: Cell,
    pub(super) limbs: Vec<Checked16>,
    pub(super) spare: [Cell; 2],
    pub(super) alu: Slot<Alu>,
    pub(super) alu_three: Slot<Alu>,
    pub(super) power_of_two: Slot<PowerOfTwo>,
    pub(super) and_bytes: Vec<Slot<AndBytes>>,
    pub(super) ranges: [Slot<Range128>; 2],
    pub(super) words: Slot<Words>,
    pub(super) byte_length: Slot<ByteLength>,
    pub(super) slice: Slot<Slice>,
    pub(super) splice: Slot<Splice>,
}

impl Layout {
    /// Declares the columns and slots.
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let mut main = |name: &str| builder.main(name);
        let [opcode, multiplicity] = ["opcode", "multiplicity"].map(&mut main);
        let [a_hi, a_lo, b_hi, b_lo, r_hi, r_lo] =
            ["a.hi", "a.lo", "b.hi", "b.lo", "result.hi", "result.lo"].map(&mut main);
        let [exponent, power] = ["exponent", "power"].map(&mut main);
        let spare = ["spare 0", "spare 1"].map(&mut main);
        let limbs: Vec<_> = (0..LIMBS).map(|i| builder.checked16(&format!("limb {i}"))).collect();
        let limb = |i: usize| limbs[i].cell.expr();
        let exprs = |cells: &[Cell]| cells.iter().map(|c| c.expr()).collect::<Vec<_>>();

        let zero = Expr::zero();
        let two = [exprs(&[opcode, a_hi, a_lo, b_hi, b_lo]), vec![zero.clone(); 2], exprs(&[r_hi, r_lo])].concat();
        let three = exprs(&[opcode, a_hi, a_lo, b_hi, b_lo, spare[0], spare[1], r_hi, r_lo]);
        let slice = exprs(&[a_hi, a_lo, b_hi, b_lo, opcode, spare[0], r_hi, r_lo]);
        let words = (0..4).map(|i| limb(16 + i) * Expr::power_of_two(16 * i as u32)).sum::<Expr>();
        let words = vec![&words * Expr::from(32) + limb(20), words, limb(20)];
        // The opcode keeps the tuples of operations away from those of lengths, whose opcode is zero.
        let length = vec![b_hi.expr(), b_lo.expr(), limb(17) + opcode * Expr::from(64)];
        let and = |i: usize| vec![limb(i), limb(8 + i), limb(16 + i)];
        Self {
            multiplicity,
            spare,
            alu: builder.slot("alu", two),
            alu_three: builder.slot("alu of three", three),
            power_of_two: builder.slot("power of two", vec![exponent.expr(), zero, power.expr()]),
            and_bytes: (0..8).map(|i| builder.slot(format!("and bytes {i}"), and(i))).collect(),
            ranges: [0, 1].map(|g| builder.slot(format!("range128 {g}"), vec![group(&limbs, g, 0)])),
            words: builder.slot("words", words),
            byte_length: builder.slot("byte length", length),
            slice: builder.slot("slice", slice),
            splice: builder.slot("splice", (0..12).map(limb).collect()),
            limbs,
        }
    }

    /// A checked column in a row of a window.
    pub(super) fn limb(&self, index: usize, row: i16) -> Expr {
        self.limbs[index].cell.shifted(row).expr()
    }

    /// Sixty-four bits: half `half` of group `group`.
    pub(super) fn half(&self, group: usize, half: usize, row: i16) -> Expr {
        half_of(&self.limbs, group, half, row)
    }

    /// The four numbers of 64 bits, the lowest first, in groups 0 and 1.
    pub(super) fn halves(&self, row: i16) -> [Expr; 4] {
        array::from_fn(|i| self.half(i / 2, i % 2, row))
    }

    /// The 128 bits of a group.
    pub(super) fn group(&self, index: usize, row: i16) -> Expr {
        group(&self.limbs, index, row)
    }

    /// The word in groups 0 (low) and 1 (high).
    pub(super) fn word(&self, row: i16) -> Word {
        let [lo, hi] = [0, 1].map(|g| Limb::assume(self.group(g, row), "eight checked limbs"));
        Word { hi, lo }
    }

    /// Eighty bits: the first five limbs of group 2.
    pub(super) fn carry(&self, row: i16) -> Expr {
        self.half(2, 0, row) + self.limb(20, row) * Expr::power_of_two(64)
    }

    /// A number in a group whose halves overlap, so that it is below 2^122 + 2^64 and any number below 2^122 has a form.
    pub(super) fn loose(&self, group: usize, row: i16) -> Expr {
        self.half(group, 0, row) + self.half(group, 1, row) * Expr::power_of_two(LOOSE)
    }

    /// Has limbs checked to hold 16 bits.
    pub(super) fn check(&self, chip: &mut ChipBuilder<'_>, limbs: Range<usize>, row: i16) {
        for limb in limbs {
            let _ = chip.checked(&self.limbs[limb], row);
        }
    }

    /// Provides the operation in row 0, with the columns as they are.
    pub(super) fn provide_alu(&self, chip: &mut ChipBuilder<'_>) -> Alu {
        let alu = chip.peek(&self.alu, 0);
        chip.provide(&self.alu, 0, self.multiplicity, &alu);
        alu
    }

    /// A power of two below 2^128 and its exponent.
    pub(super) fn learn_power(&self, chip: &mut ChipBuilder<'_>, row: i16, flag: &Bool) -> (Expr, Expr) {
        let PowerOfTwo { exponent, power } = chip.learn_if(&self.power_of_two, row, flag);
        (exponent.expr(), power.lo.expr())
    }

    /// Writes a group.
    pub(super) fn set_group(&self, cells: &mut WindowWriter<'_>, group: usize, row: i16, value: u128) {
        for i in 0..8 {
            self.set_limb(cells, 8 * group + i, row, (value >> (16 * i)) as u16);
        }
    }

    /// Writes groups 0 and 1.
    pub(super) fn set_word(&self, cells: &mut WindowWriter<'_>, row: i16, value: &U256) {
        let (hi, lo) = split(value);
        self.set_group(cells, 0, row, lo);
        self.set_group(cells, 1, row, hi);
    }

    /// Writes the four limbs from `first`.
    pub(super) fn set_u64(&self, cells: &mut WindowWriter<'_>, first: usize, row: i16, value: u64) {
        for i in 0..4 {
            self.set_limb(cells, first + i, row, (value >> (16 * i)) as u16);
        }
    }

    /// Writes the five limbs of [`carry`](Self::carry).
    pub(super) fn set_carry(&self, cells: &mut WindowWriter<'_>, row: i16, value: u128) {
        self.set_u64(cells, 16, row, value as u64);
        self.set_limb(cells, 20, row, (value >> 64) as u16);
    }

    /// Writes a [loose](Self::loose) number.
    pub(super) fn set_loose(&self, cells: &mut WindowWriter<'_>, group: usize, row: i16, value: u128) {
        self.set_u64(cells, 8 * group, row, (value % (1 << LOOSE)) as u64);
        self.set_u64(cells, 8 * group + 4, row, (value >> LOOSE) as u64);
    }

    /// Writes a checked column.
    pub(super) fn set_limb(&self, cells: &mut WindowWriter<'_>, limb: usize, row: i16, value: u16) {
        cells.field(&self.limb(limb, row), F::from(u64::from(value)));
    }

    /// Writes an exponent below 128 and its power.
    pub(super) fn set_power(&self, cells: &mut WindowWriter<'_>, fact: &PowerOfTwo, exponent: u8) {
        cells.message(fact, &PowerOfTwoNative { exponent, power: U256::from(1) << usize::from(exponent) });
    }
}

fn half_of(limbs: &[Checked16], group: usize, half: usize, row: i16) -> Expr {
    let term = |i: usize| limbs[8 * group + 4 * half + i].cell.shifted(row) * Expr::power_of_two(16 * i as u32);
    (0..4).map(term).sum()
}

fn group(limbs: &[Checked16], group: usize, row: i16) -> Expr {
    half_of(limbs, group, 0, row) + half_of(limbs, group, 1, row) * Expr::power_of_two(64)
}

/// An opcode.
pub(super) fn code(opcode: u8) -> Expr {
    Expr::from(u64::from(opcode))
}

/// The limbs of a word, the high one first.
pub(super) fn limbs(word: &Word) -> [Expr; 2] {
    [word.hi.expr(), word.lo.expr()]
}

/// Requires that a word has given limbs, the high one first.
pub(super) fn require_limbs(chip: &mut ChipBuilder<'_>, label: &str, word: &Word, [hi, lo]: [Expr; 2]) {
    chip.require_equal(format!("{label}: high limb"), &word.hi, hi);
    chip.require_equal(format!("{label}: low limb"), &word.lo, lo);
}

/// Requires that the operand of another fact is a word.
pub(super) fn require_operand(chip: &mut ChipBuilder<'_>, label: &str, operand: &Word, word: &Word) {
    chip.require_equal(format!("{label}.hi"), &operand.hi, &word.hi);
    chip.require_equal(format!("{label}.lo"), &operand.lo, &word.lo);
}

/// The limbs of `a - b - 1`, the high one first, with `borrow` from the high one to the low one: both are in range for some
/// borrow exactly if `b` is less than `a`.
pub(super) fn excess(a: &Word, b: &Word, borrow: &Bool) -> [Expr; 2] {
    let low = &a.lo - &b.lo - Expr::one() + borrow * Expr::power_of_two(128);
    [&a.hi - &b.hi - borrow, low]
}

/// `2^128 - 1`.
pub(super) fn ones() -> Expr {
    Expr::constant(from_u128(u128::MAX))
}

/// A flag that is one.
pub(super) fn always() -> Bool {
    Bool::constant(true)
}

/// An expression that is zero or one because of `why`.
pub(super) fn flag(expr: impl Into<Expr>, why: &'static str) -> Bool {
    Bool::assume(expr, why)
}

/// An operation and its result.
pub(super) fn operation(opcode: u8, a: U256, b: U256, result: U256) -> AluNative {
    AluNative { opcode, a, b, c: U256::ZERO, result }
}

/// The word of two limbs.
pub(super) fn join(hi: u128, lo: u128) -> U256 {
    U256::from(hi) << 128 | U256::from(lo)
}
