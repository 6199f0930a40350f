//! Equations modulo the order `q` of BN254's base field, over cells of the field of order `r`.
//!
//! A [`Number`] is an integer in four limbs of 64 bits, or a sum of such. A [`Relation`] says of an integer
//! `Z = a_1 b_1 + a_2 b_2 + ... + linear` that it is a multiple of `q`, with a quotient `k` that the prover gives: with
//! `z = Z - k q`, it shows `z = 0` modulo `r`, in one constraint over field elements, and modulo `2^256`, limb by limb. As
//! `2^256` and `r` have no common factor, `z` is a multiple of `2^256 r`; and it is less than that, so it is zero.
//!
//! # Bounds
//!
//! `q` and `r` are both about `0.756 * 2^254`. A quotient is sixteen cells of 16 bits less `2^255`, so `|k| <= 2^255` and
//! `|k q| < 0.379 * 2^510`. Each chip says why the rest of `z` is at most `2^508 + 2^258`, which is below `0.26 * 2^510`.
//! Together that is less than `2^256 r`, which exceeds `0.755 * 2^510`.
//!
//! Modulo `2^256` only the columns `c_0` to `c_3` count, of `z = sum of c_i 2^(64 i)`. With limbs of factors between `-2^64`
//! and `2^64`, two products at most, and the quotient's, a column is a sum of at most 12 products below `2^128` and a limb of
//! `linear` below `2^67`: less than `2^132`. Two neighbours are taken together:
//!
//! ```text
//! c_0 + 2^64 c_1           = 2^128 low         |left side| < 2^197,  low  in [-2^79, 2^79)
//! c_2 + 2^64 c_3 + low     = 2^128 high        |left side| < 2^197,  high in [-2^79, 2^79)
//! ```
//!
//! The carries are ranged to 80 bits by five cells each. All sides are far below `r`, so the equations hold over the
//! integers; that the honest carries, below `2^69`, have room is what the left sides' bounds say.
//!
//! The honest quotient is `Z / q`, at most `0.26 * 2^510 / q < 2^255`.

use std::ops::{Add, Neg, Sub};

use halo2_proofs::arithmetic::Field;
use halo2_proofs::halo2curves::bn256::Fq;
use ruint::aliases::{U256, U512};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::Checked16;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::U16;

use super::affine::integer;

/// Cells of 16 bits in a number.
pub(super) const LIMBS16: usize = 16;

/// Cells of 16 bits in a carry.
pub(super) const CARRY16: usize = 5;

/// The order of the base field.
pub(super) fn order() -> U256 {
    integer(&-Fq::ONE) + U256::from(1)
}

/// An integer as a sum of four limbs times `2^(64 i)`. A limb may be any small number, also a negative one.
#[derive(Clone, Debug)]
pub(super) struct Number(pub(super) [Expr; 4]);

impl Number {
    /// A constant.
    pub(super) fn constant(value: U256) -> Self {
        Self(value.into_limbs().map(Expr::from))
    }

    /// The number that sixteen cells of 16 bits make, the lowest first.
    pub(super) fn of_cells(cells: &[U16]) -> Self {
        let limb = |i: usize| (0..4).map(|j| &cells[4 * i + j] * Expr::power_of_two(16 * j as u32)).sum();
        Self(std::array::from_fn(limb))
    }

    /// Its residue modulo the order of the cells' field.
    pub(super) fn native(&self) -> Expr {
        (0..4).map(|i| &self.0[i] * Expr::power_of_two(64 * i as u32)).sum()
    }

    /// `factor` times this, limb by limb.
    pub(super) fn scaled(&self, factor: &Expr) -> Self {
        Self(self.0.clone().map(|limb| limb * factor))
    }
}

impl Add for &Number {
    type Output = Number;
    fn add(self, other: Self) -> Number {
        Number(std::array::from_fn(|i| &self.0[i] + &other.0[i]))
    }
}

impl Sub for &Number {
    type Output = Number;
    fn sub(self, other: Self) -> Number {
        Number(std::array::from_fn(|i| &self.0[i] - &other.0[i]))
    }
}

impl Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number(self.0.clone().map(|limb| -limb))
    }
}

/// Hands out rows for checked cells, as many in each row of a window as it has room for.
#[derive(Debug)]
pub(super) struct Supply {
    room: Vec<usize>,
}

impl Supply {
    /// A window whose rows have room for so many checked cells.
    pub(super) fn new(room: impl Into<Vec<usize>>) -> Self {
        Self { room: room.into() }
    }

    /// The rows of the next `N` cells.
    ///
    /// # Panics
    /// If there is no room left.
    pub(super) fn rows<const N: usize>(&mut self) -> [i16; N] {
        std::array::from_fn(|_| {
            let row = self.room.iter().position(|room| *room > 0).expect("the window has room");
            self.room[row] -= 1;
            row as i16
        })
    }
}

/// A number below 2^256 that the prover gives, in checked cells.
#[derive(Debug)]
pub(super) struct Given {
    /// Sixteen, the lowest first.
    pub(super) cells: Vec<U16>,
}

impl Given {
    /// In any checked cells of the supply's rows.
    pub(super) fn new(chip: &mut ChipBuilder<'_>, supply: &mut Supply) -> Self {
        Self { cells: supply.rows::<LIMBS16>().map(|row| chip.u16(row)).into() }
    }

    /// In the cells of sixteen given columns in `row`, which are checked.
    pub(super) fn in_columns(chip: &mut ChipBuilder<'_>, columns: &[Checked16], row: i16) -> Self {
        assert_eq!(columns.len(), LIMBS16, "a number has sixteen cells");
        Self { cells: columns.iter().map(|column| chip.checked(column, row)).collect() }
    }

    /// The number.
    pub(super) fn number(&self) -> Number {
        Number::of_cells(&self.cells)
    }

    /// Requires that it is below 2^254: four times its highest cell is below 2^16.
    pub(super) fn require_below_254_bits(&self, chip: &mut ChipBuilder<'_>, label: &str, supply: &mut Supply) {
        let [row] = supply.rows();
        let quadruple = chip.u16(row).expr().as_cell().expect("a checked cell");
        chip.define(format!("{label}: below 2^254"), quadruple, &self.cells[LIMBS16 - 1] * Expr::from(4));
    }

    /// Writes its cells.
    pub(super) fn set(&self, row: &mut WindowWriter<'_>, value: U256) {
        for (cell, bytes) in self.cells.iter().zip(value.to_le_bytes::<32>().chunks_exact(2)) {
            row.set(cell, u16::from_le_bytes([bytes[0], bytes[1]]));
        }
    }
}

/// What is added to a quotient so that its cells hold a number that is not negative: `2^255`.
fn quotient_offset() -> U256 {
    U256::from(1) << 255
}

/// The columns of a product.
fn column(a: &Number, b: &Number, k: usize) -> Expr {
    (0..=k).map(|i| &a.0[i] * &b.0[k - i]).sum()
}

/// The statement that an integer is a multiple of `q`: see the module.
#[derive(Debug)]
pub(super) struct Relation {
    /// Pairs of factors, at most two: the limbs between -2^64 and 2^64.
    pub(super) products: Vec<(Number, Number)>,
    /// What is added to the products: the limbs between -2^67 and 2^67.
    pub(super) linear: Number,
}

impl Relation {
    /// Adds the constraints: `label: low half`, `label: high half` and `label: modulo r`.
    pub(super) fn require(&self, chip: &mut ChipBuilder<'_>, label: &str, quotient: &Given, supply: &mut Supply) {
        let [order, offset] = [order(), quotient_offset()].map(Number::constant);
        let quotient = &quotient.number() - &offset;
        let column = |k: usize| {
            let products: Expr = self.products.iter().map(|(a, b)| column(a, b, k)).sum();
            products - column(&quotient, &order, k) + &self.linear.0[k]
        };
        let pair = |k: usize| column(k) + column(k + 1) * Expr::power_of_two(64);
        let low = carry(chip, &format!("{label}: low half"), pair(0), supply);
        carry(chip, &format!("{label}: high half"), pair(2) + low, supply);
        let products: Expr = self.products.iter().map(|(a, b)| a.native() * b.native()).sum();
        let all = products - quotient.native() * order.native() + self.linear.native();
        chip.require_zero(format!("{label}: modulo r"), all);
    }
}

/// Shows that `sum` is `2^128` times a number in `[-2^79, 2^79)`, and answers the number.
fn carry(chip: &mut ChipBuilder<'_>, label: &str, sum: Expr, supply: &mut Supply) -> Expr {
    let offset = Expr::power_of_two(16 * CARRY16 as u32 - 1);
    let down = F::from(2).pow([128]).invert().expect("two is not zero");
    let cells = chip.require_limbs16(label, &supply.rows::<CARRY16>(), sum * down + &offset);
    let value: Expr = cells.iter().enumerate().map(|(i, cell)| cell * Expr::power_of_two(16 * i as u32)).sum();
    value - offset
}

/// The cells' value for the quotient of `plus - minus` by `q`: both are sums of products. If it leaves a remainder, or the
/// quotient does not fit, some constraint fails.
pub(super) fn quotient(plus: U512, minus: U512) -> U256 {
    let (magnitude, negative) = if plus < minus { (minus - plus, true) } else { (plus - minus, false) };
    let [a, b, c, d, ..] = (magnitude / U512::from(order())).into_limbs();
    let quotient = U256::from_limbs([a, b, c, d]);
    if negative { quotient_offset().wrapping_sub(quotient) } else { quotient_offset().wrapping_add(quotient) }
}

/// The product of two numbers.
pub(super) fn product(a: U256, b: U256) -> U512 {
    U512::from(a) * U512::from(b)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::prelude::*;
    use verbatim_gadgets::check::check;
    use verbatim_gadgets::circuit::CircuitBuilder;
    use verbatim_gadgets::grid::Grid;

    use super::*;

    /// What is shown to be a multiple of `q`: `a b - c d - rest + more`, where `more` is a constant.
    #[derive(Clone, Copy, Debug)]
    struct Trial {
        factors: [U256; 4],
        more: [U256; 4],
    }

    /// The labels that do not hold, with the honest rest and quotient of `a b - c d`.
    fn failing(trial: &Trial) -> BTreeSet<String> {
        let mut builder = CircuitBuilder::new("trial");
        for i in 0..6 * LIMBS16 + 2 * CARRY16 {
            let _ = builder.checked16(&format!("limb {i}"));
        }
        let cells = builder.chip("trial", 1, |chip| {
            let mut supply = Supply::new([6 * LIMBS16 + 2 * CARRY16]);
            let given: [Given; 6] = [(); 6].map(|()| Given::new(chip, &mut supply));
            let [a, b, c, d, rest] = [0, 1, 2, 3, 4].map(|i| given[i].number());
            let more = Number(trial.more.map(|limb| Expr::constant(verbatim_gadgets::value::from_u256(&limb))));
            let relation = Relation { products: vec![(a, b), (-&c, d)], linear: &more - &rest };
            relation.require(chip, "trial", &given[5], &mut supply);
            given
        });
        let circuit = Arc::new(builder.finish());
        let fixed = Arc::new(circuit.fixed_values(8));
        let mut grid = Grid::new(circuit, 8, fixed);
        let [a, b, c, d] = trial.factors;
        let (plus, minus) = (product(a, b), product(c, d));
        let modulus = U512::from(order());
        let rest = (plus % modulus + modulus - minus % modulus) % modulus;
        let [e, f, g, h, ..] = rest.into_limbs();
        let rest = U256::from_limbs([e, f, g, h]);
        let values = [a, b, c, d, rest, quotient(plus, minus + U512::from(rest))];
        let fill = |row: &mut WindowWriter<'_>| cells.iter().zip(values).for_each(|(cell, value)| cell.set(row, value));
        grid.place(0, 0, fill).expect("it fits");
        check(&grid).failures.into_iter().map(|failure| failure.label).collect()
    }

    fn most() -> U256 {
        (U256::from(1) << 254) - U256::from(1)
    }

    #[test]
    fn the_greatest_products_hold() {
        let (zero, most) = (U256::ZERO, most());
        for factors in [[most, most, zero, zero], [zero, zero, most, most], [most, most, most, most], [zero; 4]] {
            assert_eq!(failing(&Trial { factors, more: [zero; 4] }), BTreeSet::new());
        }
    }

    /// `q` and `r` are both odd and differ: a multiple of one power of two or of `r` is not one of both.
    #[test]
    fn a_multiple_of_one_modulus_is_refused() {
        let (zero, most) = (U256::ZERO, most());
        let factors = [most, most, most - U256::from(5), most];
        let above = [zero, zero, zero, U256::from(1) << 64];
        assert_eq!(failing(&Trial { factors, more: above }), ["trial: modulo r".to_owned()].into());
        let native = U256::from_le_bytes((-F::ONE).to_bytes()) + U256::from(1);
        let more = native.into_limbs().map(U256::from);
        assert!(!failing(&Trial { factors, more }).contains("trial: modulo r"));
        assert!(failing(&Trial { factors, more }).contains("trial: low half"));
        // A multiple of `2^128 r`, whose lower half is zero.
        let more = [zero, zero, more[0], more[1] + (more[2] << 64)];
        assert!(!failing(&Trial { factors, more }).contains("trial: low half"));
        assert!(failing(&Trial { factors, more }).contains("trial: high half"));
    }

    /// The inequalities that the module states.
    #[test]
    fn the_bounds_are_as_documented() {
        let two = |bits: usize| U512::from(1) << bits;
        let native = U512::from(U256::from_le_bytes((-F::ONE).to_bytes())) + U512::from(1);
        let order = U512::from(order());
        let rest = two(508) + two(258);
        assert!(rest * U512::from(100) / U512::from(26) < two(510));
        assert!(rest + two(255) * order < native << 256);
        assert!(rest / order < two(255));
        let column = U512::from(12) * two(128) + two(67);
        assert!(column < two(132));
        let left = column + (column << 64) + two(79);
        assert!(left < two(197) && left / two(128) < two(69) && left + (two(80) << 128) < native / U512::from(2));
        assert!(two(254) < order + order && order < two(254), "a difference is a multiple only of 0 and 1 times q");
        assert!(order - native < two(128) && native < order);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_products_hold(factors: [[u64; 4]; 4]) {
            let factors = factors.map(|limbs| U256::from_limbs(limbs) >> 2);
            prop_assert_eq!(failing(&Trial { factors, more: [U256::ZERO; 4] }), BTreeSet::new());
        }
    }
}
