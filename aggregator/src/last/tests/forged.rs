//! Provers that give other numbers than an honest one, such that one constraint is left that refuses them.

use halo2_proofs::halo2curves::{
    bn256::Fq,
    ff::Field,
    group::{Curve, Group},
};
use num_bigint::BigInt;
use rand::SeedableRng;

use super::{Constraints, end, random, small_point};
use crate::{
    Fr, G1, G1Affine,
    engine::{Engine, Sum},
    last::{
        LIMB_BITS,
        cells::{order, tamper},
        circuit::LastCircuit,
        endomorphism::ENDOMORPHISM,
        limbs::{Factor, Integer, integer},
        point::{Point, Points},
        sum::independent,
    },
    witness::Witness,
};

/// The constraints of a circuit with what `body` adds.
fn with(body: impl FnOnce(&mut Points<'_>)) -> Constraints {
    let circuit = LastCircuit::mock(21, &Witness::default(), |engine| {
        end(engine);
        body(&mut engine.points);
        Vec::new()
    });
    Constraints::of(&circuit)
}

/// What does not hold of a circuit with what `body` adds: gates and copies.
fn broken(body: impl FnOnce(&mut Points<'_>)) -> [usize; 2] {
    let constraints = with(body);
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
    let summed = |other: fn(&Points<'_>) -> BigInt| {
        broken(|points| {
            let other = other(points) - 1 - &x;
            let integer = posing(points, &(&x + &q), &(&q - 1 - other));
            let Points { cells, limbs, .. } = points;
            limbs.assert_canonical(cells, &integer);
        })
    };
    assert_eq!(summed(base), [1, 0], "only the sum in the cells' field");
    assert_eq!(summed(|_| BigInt::from(order::<Fr>())), [1, 0], "only the sum of the low limbs");
}

/// The carry of the low limbs is a bit; another element could make their sum what it should be.
#[test]
fn the_carry_of_a_canonical_number_is_a_bit() {
    let (q, [x, _]) = (BigInt::from(order::<Fq>()), small_point());
    let mut constraints = with(|points| {
        let other = BigInt::from(order::<Fr>()) - 1 - &x;
        let integer = posing(points, &(&x + &q), &(&q - 1 - other));
        let Points { cells, limbs, .. } = points;
        limbs.assert_canonical(cells, &integer);
    });
    let rows = 0..constraints.gates.len();
    let row = rows.clone().find(|row| constraints.gates[*row] && !constraints.gate(*row)).expect("a gate");
    let [sum, minus_base, end] = [0, 2, 3].map(|i| constraints.values[row + i]);
    let (class, carry) = (constraints.classes(), (end - sum) * minus_base.invert().expect("it is not zero"));
    let copies = (0..class.len()).filter(|cell| class[*cell] == class[row + 1]);
    copies.for_each(|cell| constraints.values[cell] = carry);
    assert_eq!((constraints.broken(), constraints.broken_gates()), (vec!["gate"], 1));
}

/// An element is below `2^254`, though its last limb has no multiple of the lookup's bits.
#[test]
fn elements_have_254_bits() {
    let broken = |value: BigInt| {
        with(|points| {
            element(points, &value);
        })
        .broken()
    };
    assert_eq!(broken((BigInt::from(1) << 254) - 1), Vec::<&str>::new());
    assert_eq!(broken(BigInt::from(1) << 254), ["lookup"]);
}

/// A sum on its way that meets the point that is to be added: the start, which is the sum of a point's two multiples.
#[test]
fn a_sum_on_its_way_does_not_meet_the_next_point() {
    let mut random = random();
    let both = (ENDOMORPHISM.lambda + Fr::one()).invert().expect("it is not minus one");
    let point = (independent("start") * both).to_affine();
    let scalars = std::iter::repeat_with(|| Fr::random(&mut random));
    let positive = |scalar: &Fr| ENDOMORPHISM.divide(scalar).iter().all(|part| *part > BigInt::default());
    let scalar = scalars.take(1000).find(positive).expect("a quarter of them");
    let broken = |point: G1Affine| {
        let witness = Witness { scalars: vec![scalar], points: vec![point] };
        let circuit = LastCircuit::mock(21, &witness, |engine| {
            end(engine);
            let (scalar, (point, _)) = (engine.scalar(), engine.point());
            engine.term(Sum::Right, &scalar, &point);
            Vec::new()
        });
        let constraints = Constraints::of(&circuit);
        (constraints.broken(), constraints.broken_gates())
    };
    assert_eq!(broken(G1::random(rand_chacha::ChaCha20Rng::seed_from_u64(8)).to_affine()), (vec![], 0));
    assert_eq!(broken(point), (vec!["gate"], 1), "only that the differences are not zero");
}

/// A point off the curve, with the `t` that the curve's equation asks for and that is not `-x^2`.
#[test]
fn the_curve_has_the_cube_of_x() {
    let point = G1::random(&mut random()).to_affine();
    let y = point.y + Fq::one();
    let t = (Fq::from(3) - y.square()) * point.x.invert().expect("no point has x = 0");
    let constraints = with(|points| {
        tamper::element_at(Some((4, integer(&t))));
        points.load(&[integer(&point.x), integer(&y)]);
        tamper::element_at(None);
    });
    // An equation is four gates.
    assert_eq!((constraints.broken(), constraints.broken_gates()), (vec!["gate"], 4));
}

/// Whoever gives another slope, another coordinate or another multiple of the endomorphism, and goes on with it, breaks the
/// equation that says what it is.
#[test]
fn every_element_has_an_equation() {
    let point = G1::random(&mut random()).to_affine();
    let witness = Witness { scalars: vec![Fr::from(7)], points: vec![point] };
    let build = |element| {
        tamper::element_at(element);
        let circuit = LastCircuit::mock(21, &witness, |engine| {
            end(engine);
            let (scalar, (point, _)) = (engine.scalar(), engine.point());
            engine.term(Sum::Right, &scalar, &point);
            Vec::new()
        });
        (Constraints::of(&circuit).broken(), tamper::element_at(None))
    };
    let (broken, given) = build(None);
    assert!(broken.is_empty() && given > 500);
    // The point, its table and the first digits; the last addition and what is exposed.
    for number in (0..40).chain(given - 12..given) {
        let (broken, _) = build(Some((number, BigInt::from(12345))));
        assert_eq!(broken, ["gate"], "{number} of {given}");
    }
}

/// Limbs of the instance, of another number, equal modulo the one or the other.
#[test]
fn exported_limbs_are_of_the_number_modulo_both_numbers() {
    let [x, _] = small_point();
    let exported = |more: BigInt| {
        broken(|points| {
            let integer = posing(points, &x, &(&x + &more));
            let Points { cells, limbs, .. } = points;
            limbs.export(cells, &integer);
        })
    };
    assert_eq!(exported(BigInt::default()), [0, 0]);
    assert_eq!(exported(BigInt::from(1) << LIMB_BITS), [0, 1], "only the number in the cells' field");
    assert_eq!(exported(BigInt::from(order::<Fr>())), [0, 1], "only the low limb");
}

/// The sum is the generator, whose x is 1; it is given as `1 + q`.
#[test]
fn exposed_coordinates_are_canonical() {
    tamper::element_at(Some((0, BigInt::from(order::<Fq>()) + 1)));
    let numbers = broken(|_| ());
    tamper::element_at(None);
    assert_eq!(numbers, [2, 0], "only the two sums that say that it is below q");
}
