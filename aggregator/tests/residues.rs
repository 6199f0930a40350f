//! What transcripts hash of a point, its coordinates modulo `r`, says which point it is.
//!
//! Two numbers below `q` are equal modulo `r` if they are equal, or differ by `r`, as `q < 2 r`; then the lower one is below
//! `q - r`. So two points `(x, y)` and `(x', y')` of the curve `y^2 = x^3 + 3` with the same residues would have
//!
//! - `x' = x`, `y' = y + r`: then `2 y + r = 0`, and `y^2 - 3` is a cube;
//! - `x' = x + r`, `y' = y`: then `3 x^2 + 3 r x + r^2 = 0`, with `x < q - r`;
//! - `x' = x + r`, `y' = y + s r` with `s` of 1 or -1: then `2 s y = 3 x^2 + 3 r x + r^2 - r`, with `x < q - r`;
//!
//! all modulo `q`. There are none.

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{bn256::Fq, ff::PrimeField},
};
use ruint::aliases::U256;
use verbatim_aggregator::Fr;

fn integer<F: PrimeField<Repr = [u8; 32]>>(element: F) -> U256 {
    U256::from_le_bytes(element.to_repr())
}

/// `r`, as an element of the base field.
fn order() -> Fq {
    let order = integer(-Fr::ONE) + U256::from(1);
    Fq::from_repr(order.to_le_bytes()).expect("r is below q")
}

/// Whether `r` can be added, as an integer.
fn is_low(x: Fq) -> bool {
    let base = integer(-Fq::ONE) + U256::from(1);
    integer(x) < base - integer(order())
}

/// A polynomial, the lowest coefficient first, the highest not zero.
type Polynomial = Vec<Fq>;

fn trimmed(mut polynomial: Polynomial) -> Polynomial {
    while polynomial.last() == Some(&Fq::ZERO) {
        polynomial.pop();
    }
    polynomial
}

fn product(a: &[Fq], b: &[Fq]) -> Polynomial {
    let mut product = vec![Fq::ZERO; a.len() + b.len()];
    for (i, a) in a.iter().enumerate() {
        b.iter().enumerate().for_each(|(j, b)| product[i + j] += a * b);
    }
    trimmed(product)
}

fn remainder(a: Polynomial, modulus: &[Fq]) -> Polynomial {
    let (mut rest, (last, lower)) = (trimmed(a), modulus.split_last().expect("not zero"));
    let inverse = last.invert().expect("the highest is not zero");
    while rest.len() > lower.len() {
        let factor = rest.pop().expect("it is longer") * inverse;
        let shift = rest.len() - lower.len();
        lower.iter().enumerate().for_each(|(i, coefficient)| rest[shift + i] -= factor * coefficient);
        rest = trimmed(rest);
    }
    rest
}

fn greatest_common_divisor(a: Polynomial, b: Polynomial) -> Polynomial {
    if b.is_empty() { a } else { greatest_common_divisor(b.clone(), remainder(a, &b)) }
}

/// The product of `x - root` for all roots in the field, but for a factor: the common divisor with `x^q - x`.
fn roots(polynomial: &[Fq]) -> Polynomial {
    let exponent = integer(-Fq::ONE) + U256::from(1);
    let mut power = vec![Fq::ONE];
    for bit in (0..exponent.bit_len()).rev() {
        power = remainder(product(&power, &power), polynomial);
        if exponent.bit(bit) {
            power = remainder(product(&power, &[Fq::ZERO, Fq::ONE]), polynomial);
        }
    }
    power.resize(power.len().max(2), Fq::ZERO);
    power[1] -= Fq::ONE;
    greatest_common_divisor(polynomial.to_vec(), trimmed(power))
}

#[test]
fn roots_are_found() {
    // (x - 2) (x - 5) (x^2 - n), where n is no square: the roots are 2 and 5.
    let non_square = (2..).map(Fq::from).find(|n| bool::from(n.sqrt().is_none())).expect("half of them");
    let linear = |root: u64| [-Fq::from(root), Fq::ONE];
    let both = product(&linear(2), &linear(5));
    let found = roots(&product(&both, &[-non_square, Fq::ZERO, Fq::ONE]));
    let last = found.last().expect("not zero").invert().expect("not zero");
    assert_eq!(product(&found, &[last]), both);
}

#[test]
fn no_two_points_have_the_same_residues() {
    let (r, three) = (order(), Fq::from(3));
    assert!(!is_low(r) && is_low(Fq::ONE));
    // The same x: y^2 - 3 is no cube.
    let y = -r * Fq::TWO_INV;
    assert!(is_low(y));
    let cube = [three - y.square(), Fq::ZERO, Fq::ZERO, Fq::ONE];
    assert_eq!(roots(&cube).len(), 1, "a constant: there is no root");
    // The same y.
    let square = (r.square() * (three.square() - Fq::from(12))).sqrt();
    let square = Option::<Fq>::from(square).expect("there are two roots");
    let sixth = Fq::from(6).invert().expect("not zero");
    for x in [square, -square].map(|square| (square - three * r) * sixth) {
        assert_eq!(three * x.square() + three * r * x + r.square(), Fq::ZERO);
        assert!(!is_low(x));
    }
    // Neither: with either sign, y^2 is this, and one x has such a y.
    let double = [r.square() - r, three * r, three];
    let mut quartic = product(&double, &double);
    let four = Fq::from(4);
    quartic[0] -= four * three;
    quartic[3] -= four;
    let [constant, factor] = roots(&quartic)[..] else { panic!("one root") };
    let x = -constant * factor.invert().expect("not zero");
    assert_eq!(remainder(quartic, &[-x, Fq::ONE]), []);
    assert!(!is_low(x));
}
