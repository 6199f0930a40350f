//! SHPLONK: what the commitments are multiplied by, and what their values amount to.
//!
//! Halo2 divides the equation by a product of differences, so that the first coefficient is one. The contract leaves it
//! multiplied, which saves an inversion: the factor of the deferred accumulator takes the place of the one anyway.

use halo2_proofs::halo2curves::{
    bn256::{Fq, G1Affine},
    ff::Field,
    group::prime::PrimeCurveAffine,
};

use super::{
    memory::WORD,
    protocol::{Commitment, Opened, Protocol},
    text::{Text, add, literal, load, mul, neg, product},
};
use crate::Fr;

/// The place of `u - x omega^rotation`.
pub(super) fn difference(rotation: i32) -> String {
    match rotation {
        rows if rows < 0 => format!("DIFFERENCE_PREVIOUS_{}", rows.unsigned_abs()),
        rows => format!("DIFFERENCE_NEXT_{rows}"),
    }
}

/// The body of the function that computes the differences of `u` and the points at which all is opened.
pub(super) fn differences(protocol: &Protocol) -> String {
    let mut text = Text::at(4);
    for rotation in protocol.rotations() {
        let point = if rotation == 0 { "x".to_owned() } else { mul("x", &literal(&protocol.shift(rotation))) };
        text.line(format!("mstore({}, {})", difference(rotation), add("u", &neg(&point))));
    }
    text.finish()
}

/// The body of the function that adds all terms of the right side.
pub(super) fn terms(protocol: &Protocol) -> String {
    let mut text = Text::at(4);
    let all = protocol.rotations();
    for set in protocol.sets() {
        let rotations: Vec<i32> = set[0].values.iter().map(|(rotation, _)| *rotation).collect();
        let others: Vec<String> =
            all.iter().filter(|other| !rotations.contains(other)).map(|other| load(&difference(*other))).collect();
        text.comment(&format!("Opened at the rotations {rotations:?}."));
        text.block("", |text| {
            text.line(format!("let c := {}", product(&[&["power".to_owned()][..], &others].concat())));
            text.line("power := mulmod(power, v, r)");
            remainder(text, protocol, &set, &rotations);
            for (i, opened) in set.iter().enumerate() {
                if i > 0 {
                    text.line("c := mulmod(c, y, r)");
                }
                commitment(text, protocol, &opened.commitment);
            }
        });
    }
    text.finish()
}

/// Adds to `g`, times `c`, the value at `u` of the polynomial that interpolates a set's folded values.
fn remainder(text: &mut Text, protocol: &Protocol, set: &[Opened], rotations: &[i32]) {
    text.line("let sum := 0");
    for (place, rotation) in rotations.iter().enumerate() {
        text.block("", |text| {
            let values: Vec<String> = set.iter().rev().map(|opened| load(&opened.values[place].1)).collect();
            for (i, value) in values.iter().enumerate() {
                match i {
                    0 => text.line(format!("let value := {value}")),
                    _ => text.line(format!("value := {}", add("mulmod(value, y, r)", value))),
                }
            }
            let others: Vec<i32> = rotations.iter().copied().filter(|other| other != rotation).collect();
            for other in &others {
                text.line(format!("value := {}", mul(&mul("value", &load(&difference(*other))), &load("INVERSE_X"))));
            }
            if others.is_empty() {
                text.line("sum := value");
            } else {
                let differences = others.iter().map(|other| protocol.shift(*rotation) - protocol.shift(*other));
                let inverse = differences.product::<Fr>().invert().expect("the rotations are of different rows");
                text.line(format!("sum := {}", add("sum", &mul("value", &literal(&inverse)))));
            }
        });
    }
    text.line(format!("g := {}", add("g", &mul("c", "sum"))));
}

/// The words of a point's coordinates; zeros for the identity.
pub(super) fn words(point: &G1Affine) -> [String; 2] {
    let identity = bool::from(point.is_identity());
    [point.x, point.y].map(|coordinate| literal(if identity { &Fq::ZERO } else { &coordinate }))
}

/// Adds a commitment, times `c`.
fn commitment(text: &mut Text, protocol: &Protocol, commitment: &Commitment) {
    match commitment {
        Commitment::Proof(name) => text.line(format!("term({}, c)", loaded(name))),
        Commitment::Key(point) => {
            let [x, y] = words(point);
            text.line(format!("term({x}, {y}, c)"));
        }
        Commitment::Quotient => text.block("", |text| {
            text.line("let piece := c");
            for (i, name) in protocol.quotient_points().iter().enumerate() {
                if i > 0 {
                    text.line("piece := mulmod(piece, mload(X_TO_N), r)");
                }
                text.line(format!("term({}, piece)", loaded(name)));
            }
        }),
    }
}

/// The coordinates of a point of the proof.
fn loaded(name: &str) -> String {
    format!("mload({name}), mload(add({name}, {WORD:#x}))")
}

/// The product of all differences, and of those to the points at which the first set is not opened.
pub(super) fn products(protocol: &Protocol) -> [String; 2] {
    let all = protocol.rotations();
    let sets = protocol.sets();
    let first: Vec<i32> = sets[0][0].values.iter().map(|(rotation, _)| *rotation).collect();
    let of = |rotations: &[i32]| product(&rotations.iter().map(|at| load(&difference(*at))).collect::<Vec<_>>());
    let others: Vec<i32> = all.iter().copied().filter(|rotation| !first.contains(rotation)).collect();
    [of(&all), of(&others)]
}
