//! Points as values of cells: two coordinates of four limbs.

use halo2_proofs::arithmetic::Field;
use halo2_proofs::halo2curves::bn256::{Fq, G1Affine};
use halo2_proofs::halo2curves::ff::PrimeField;
use ruint::aliases::U256;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::ranges::Range;
use verbatim_gadgets::value::{Any, Bool, U64, Value};

use super::field::Number;

/// A point other than the identity, in affine coordinates: numbers below 2^256 of four limbs of 64 bits, the lowest first.
/// Coordinates stand for their residues; who says that they are canonical says so.
#[derive(Clone, Debug)]
pub struct Affine {
    /// The limbs of x.
    pub x: [U64; 4],
    /// The limbs of y.
    pub y: [U64; 4],
}

impl Affine {
    /// A constant point.
    pub fn constant(point: &G1Affine) -> Self {
        let limbs = |coordinate: &Fq| integer(coordinate).into_limbs().map(U64::constant);
        Self { x: limbs(&point.x), y: limbs(&point.y) }
    }

    /// The point over eight cells or other expressions, x first, that hold limbs because of `why`.
    pub(super) fn assume(limbs: [Expr; 8], why: &'static str) -> Self {
        let mut limbs = limbs.into_iter().map(|limb| U64::assume(limb, why));
        Self::pull(&mut limbs.by_ref().map(Expr::from))
    }

    /// `yes` where `flag` is one, else `no`.
    pub(super) fn select(flag: &Bool, yes: &Self, no: &Self) -> Self {
        let limb = |yes: &U64, no: &U64| U64::assume(flag.select(yes, no), "both are");
        let limbs = |yes: &[U64; 4], no: &[U64; 4]| std::array::from_fn(|i| limb(&yes[i], &no[i]));
        Self { x: limbs(&yes.x, &no.x), y: limbs(&yes.y, &no.y) }
    }

    /// x as a number.
    pub(super) fn x(&self) -> Number {
        Number(self.x.clone().map(Expr::from))
    }

    /// y as a number.
    pub(super) fn y(&self) -> Number {
        Number(self.y.clone().map(Expr::from))
    }
}

impl Value for Affine {
    type Native = G1Affine;
    const WIDTH: usize = 8;

    fn push(&self, out: &mut Vec<Expr>) {
        self.x.push(out);
        self.y.push(out);
    }

    fn pull(fields: &mut dyn Iterator<Item = Expr>) -> Self {
        Self { x: Value::pull(fields), y: Value::pull(fields) }
    }

    fn push_native(native: &G1Affine, out: &mut Vec<F>) {
        for coordinate in [&native.x, &native.y] {
            out.extend(integer(coordinate).into_limbs().map(F::from));
        }
    }

    fn push_names(name: &str, out: &mut Vec<String>) {
        for coordinate in ["x", "y"] {
            <[U64; 4]>::push_names(&format!("{name}.{coordinate}"), out);
        }
    }

    fn push_ranges(out: &mut Vec<Range>) {
        <[U64; 8]>::push_ranges(out);
    }
}

/// A point's coordinates modulo the order of the cells' field.
pub(crate) fn residues(point: &Affine) -> [Any; 2] {
    [point.x(), point.y()].map(|coordinate| Any::assume(coordinate.native(), "any field element"))
}

/// The number below `q` that a residue is.
pub(super) fn integer(element: &Fq) -> U256 {
    U256::from_le_bytes(element.to_repr())
}

/// A coordinate modulo the order of the cells' field: what a transcript hashes.
pub fn reduced(coordinate: &Fq) -> F {
    let [a, b, c, d] = integer(coordinate).into_limbs();
    let shift = |bits: u32| F::from(2).pow([u64::from(bits)]);
    F::from(a) + F::from(b) * shift(64) + F::from(c) * shift(128) + F::from(d) * shift(192)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_limbs() {
        let (mut cells, mut names) = (Vec::new(), Vec::new());
        Affine::push_native(&G1Affine::generator(), &mut cells);
        Affine::push_names("point", &mut names);
        assert_eq!(cells, [1, 0, 0, 0, 2, 0, 0, 0].map(F::from));
        assert_eq!((names[0].as_str(), names[7].as_str()), ("point.x[0]", "point.y[3]"));
    }

    #[test]
    fn a_coordinate_is_reduced_once() {
        let order = U256::from_le_bytes((-F::ONE).to_repr()) + U256::from(1);
        let above = Fq::from_repr((order + U256::from(5)).to_le_bytes()).expect("r + 5 is below q");
        assert_eq!(reduced(&above), F::from(5));
    }
}
