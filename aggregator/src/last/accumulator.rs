//! The end of the instance: two points, of which whoever accepts a proof checks the pairing, in limbs.

use halo2_proofs::halo2curves::{bn256::Fq, ff::PrimeField};
use ruint::aliases::U256;
use verbatim_gadgets::value::from_u256;

use crate::{Fr, G1Affine};

/// The coordinates, in their order: left x and y, right x and y.
pub const COORDINATES: usize = 4;

/// The limbs of a coordinate, the lowest first.
pub const LIMBS: usize = 3;

/// The bits of a limb.
pub const LIMB_BITS: usize = 88;

/// The elements of both points.
pub const ACCUMULATOR_LIMBS: usize = COORDINATES * LIMBS;

/// The elements of the left and the right point.
pub fn accumulator([left, right]: &[G1Affine; 2]) -> [Fr; ACCUMULATOR_LIMBS] {
    let coordinates: [Fq; COORDINATES] = [left.x, left.y, right.x, right.y];
    let integers = coordinates.map(|coordinate| U256::from_le_bytes(coordinate.to_repr()));
    let mask = (U256::from(1) << LIMB_BITS) - U256::from(1);
    let limb = |place: usize| from_u256(&((integers[place / LIMBS] >> (place % LIMBS * LIMB_BITS)) & mask));
    std::array::from_fn(limb)
}
