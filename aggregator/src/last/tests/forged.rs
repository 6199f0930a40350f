//! Provers that give other numbers than an honest one, such that one constraint is left that refuses them.

use halo2_proofs::halo2curves::{
    bn256::Fq,
    group::{Curve, Group},
};
use num_bigint::BigInt;

use super::{Constraints, end, random, small_point};
use crate::{
    Fr, G1,
    last::{
        cells::order,
        circuit::LastCircuit,
        limbs::{Factor, Integer, integer},
        point::{Point, Points},
    },
    witness::Witness,
};

/// What does not hold of a circuit with what `body` adds: gates and copies.
fn broken(body: impl FnOnce(&mut Points<'_>)) -> [usize; 2] {
    let circuit = LastCircuit::mock(21, &Witness::default(), |engine| {
        end(engine);
        body(&mut engine.points);
        Vec::new()
    });
    let constraints = Constraints::of(&circuit);
    let numbers = [constraints.broken_gates(), constraints.broken_copies()];
    let kinds = ["gate", "copy"].into_iter().zip(numbers).filter(|(_, number)| *number > 0);
    assert_eq!(constraints.broken(), kinds.map(|(kind, _)| kind).collect::<Vec<_>>());
    numbers
}

fn element(points: &mut Points<'_>, value: &BigInt) -> Integer {
    let Points { cells, limbs, .. } = points;
    limbs.element(cells, value)
}

/// Cells of one number that the prover goes on with as if they were of another one.
fn posing(points: &mut Points<'_>, value: &BigInt, other: &BigInt) -> Integer {
    let mut integer = element(points, value);
    integer.sum.value = other.clone();
    integer
}

/// `2^b`, the limbs' base.
fn base(points: &Points<'_>) -> BigInt {
    BigInt::from(1) << 88_usize.next_multiple_of(points.cells.lookup_bits())
}

/// A point has several forms, and the difference of the x of two of them is zero, `q` or `-q`: all three are refused.
#[test]
fn a_point_is_not_added_to_another_form_of_it() {
    let (q, [x, y]) = (BigInt::from(order::<Fq>()), small_point());
    let zero = BigInt::default();
    for (first, second) in [(&zero, &zero), (&q, &zero), (&zero, &q)] {
        let numbers = broken(|points| {
            let [a, b] = [first, second].map(|more| Point { x: element(points, &(&x + more)), y: element(points, &y) });
            points.add(&a, &b);
        });
        assert_eq!(numbers, [1, 0], "only that the differences are not zero");
    }
}

/// `a b - c = m q` is asserted modulo the order of the cells' field and modulo `X^3`: neither alone is enough.
#[test]
fn equations_hold_modulo_both_numbers() {
    let point = G1::random(&mut random()).to_affine();
    let [a, b] = [point.x, point.y].map(|coordinate| integer(&coordinate));
    let q = BigInt::from(order::<Fq>());
    // An equation that is off by a number.
    let off_by = |number: fn(&Points<'_>) -> BigInt| {
        broken(|points| {
            let number = number(points);
            let given = ((&a * &b - &number) % &q + &q) % &q;
            let c = posing(points, &given, &(&given + &number));
            let [a, b] = [&a, &b].map(|value| element(points, value));
            points.assert(&[(&a, &b)], &[(Factor::Minus, &c.sum)]);
        })
    };
    assert_eq!(off_by(|_| BigInt::default()), [0, 0]);
    assert_eq!(off_by(|points| base(points).pow(3)), [1, 0], "only the equation in the cells' field");
    assert_eq!(off_by(|_| BigInt::from(order::<Fr>())), [3, 0], "only those of the limbs");
}

/// A number that is not below `q`, with another one such that the sum is right modulo the one or the other.
#[test]
fn canonical_numbers_are_so_modulo_both_numbers() {
    let (q, [x, _]) = (BigInt::from(order::<Fq>()), small_point());
    let with = |other: fn(&Points<'_>) -> BigInt| {
        broken(|points| {
            let other = other(points) - 1 - &x;
            let integer = posing(points, &(&x + &q), &(&q - 1 - other));
            let Points { cells, limbs, .. } = points;
            limbs.assert_canonical(cells, &integer);
        })
    };
    assert_eq!(with(base), [1, 0], "only the sum in the cells' field");
    assert_eq!(with(|_| BigInt::from(order::<Fr>())), [1, 0], "only the sum of the low limbs");
}

/// Limbs of 88 bits of another number, equal modulo the one or the other.
#[test]
fn exported_limbs_are_of_the_number_modulo_both_numbers() {
    let [x, _] = small_point();
    let with = |more: BigInt| {
        broken(|points| {
            let integer = posing(points, &x, &(&x + &more));
            let Points { cells, limbs, .. } = points;
            limbs.export(cells, &integer);
        })
    };
    assert_eq!(with(BigInt::default()), [0, 0]);
    assert_eq!(with(BigInt::from(1) << 88), [0, 1], "only the number in the cells' field");
    assert_eq!(with(BigInt::from(order::<Fr>())), [0, 1], "only the low limb");
}
