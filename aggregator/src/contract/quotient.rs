//! What the quotient must be at `x`: gates, permutation and lookups, as halo2 folds them with `y`.

use halo2_proofs::halo2curves::ff::{Field, PrimeField};

use super::{
    protocol::{Chunk, Lookup, Protocol},
    text::{Text, add, literal, load, mul, neg},
};
use crate::{Fr, key::Gate};

/// The body of the function that computes the quotient's numerator in `h`.
pub(super) fn numerator(protocol: &Protocol) -> String {
    let mut text = Text::at(4);
    text.comment("Gates.");
    for gate in &protocol.gates {
        fold(&mut text, &evaluate(protocol, gate));
    }
    permutation(&mut text, protocol);
    for argument in &protocol.lookups {
        lookup(&mut text, protocol, argument);
    }
    text.finish()
}

/// Folds the next expression into `h`.
fn fold(text: &mut Text, expression: &str) {
    text.line(format!("h := {}", add("mulmod(h, y, r)", expression)));
}

/// An expression, reduced or equal to the modulus.
fn evaluate(protocol: &Protocol, gate: &Gate) -> String {
    let of = |gate: &Gate| evaluate(protocol, gate);
    match gate {
        Gate::Constant(value) => literal(value),
        Gate::Fixed(query) => load(&protocol.fixed(*query)),
        Gate::Advice(query) => load(&protocol.advice(*query)),
        Gate::Instance(_) => load("INSTANCE"),
        Gate::Challenge(_) => unreachable!("a circuit with challenges was refused"),
        Gate::Negated(a) => neg(&of(a)),
        Gate::Sum(a, b) => add(&of(a), &of(b)),
        Gate::Product(a, b) => mul(&of(a), &of(b)),
        Gate::Scaled(a, factor) => mul(&of(a), &literal(factor)),
    }
}

/// The permutation argument.
fn permutation(text: &mut Text, protocol: &Protocol) {
    let (Some(first), Some(last)) = (protocol.chunks.first(), protocol.chunks.last()) else {
        return;
    };
    text.comment("Permutation: it starts with one, ends with zero or one, and goes on from product to product.");
    starts_with_one(text, &first.name);
    ends_with_bit(text, &last.name);
    for (i, chunk) in protocol.chunks.iter().enumerate().skip(1) {
        let before = neg(&load(&protocol.chunk_end(i - 1)));
        fold(text, &mul(&load("L_FIRST"), &add(&load(&chunk.name), &before)));
    }
    text.comment("Each product's step. Sums of less than five terms below `r` do not overflow.");
    text.block("", |text| {
        text.line("let identity := mulmod(mload(BETA), mload(X), r)");
        for chunk in &protocol.chunks {
            step(text, chunk);
        }
    });
}

/// `l_0 (1 - z)`.
fn starts_with_one(text: &mut Text, product: &str) {
    fold(text, &mul(&load("L_FIRST"), &add("1", &neg(&load(product)))));
}

/// `l_last (z^2 - z)`.
fn ends_with_bit(text: &mut Text, product: &str) {
    let z = load(product);
    fold(text, &mul(&load("L_LAST"), &mul(&z, &add(&z, &neg("1")))));
}

/// The step of a chunk's product.
fn step(text: &mut Text, chunk: &Chunk) {
    text.block("", |text| {
        text.line(format!("let left := mload({}_NEXT)", chunk.name));
        text.line(format!("let right := mload({})", chunk.name));
        for (value, sigma) in &chunk.columns {
            text.block("", |text| {
                text.line(format!("let value := add(mload({value}), mload(GAMMA))"));
                text.line(format!("left := mulmod(left, add(value, mulmod(mload(BETA), mload({sigma}), r)), r)"));
                text.line("right := mulmod(right, add(value, identity), r)");
            });
            text.line(format!("identity := mulmod(identity, {}, r)", literal(&Fr::DELTA)));
        }
        fold(text, &mul("addmod(left, sub(r, right), r)", &load("ACTIVE")));
    });
}

/// A lookup argument.
fn lookup(text: &mut Text, protocol: &Protocol, Lookup { name, inputs, table }: &Lookup) {
    text.comment("Lookup: its product, and that the permuted input is next to its equals.");
    starts_with_one(text, name);
    ends_with_bit(text, name);
    let compress = |expressions: &[Gate]| {
        let values = expressions.iter().map(|expression| evaluate(protocol, expression));
        values.reduce(|sum, value| add(&mul(&sum, "mload(THETA)"), &value)).unwrap_or_else(|| literal(&Fr::ZERO))
    };
    let [input, entry] = ["INPUT", "TABLE"].map(|part| format!("mload({name}_{part})"));
    text.block("", |text| {
        let factors = |text: &mut Text, variable: &str, product: &str, a: &str, s: &str| {
            text.line(format!("let {variable} := mulmod({product}, addmod({a}, mload(BETA), r), r)"));
            text.line(format!("{variable} := mulmod({variable}, addmod({s}, mload(GAMMA), r), r)"));
        };
        factors(text, "left", &format!("mload({name}_NEXT)"), &input, &entry);
        factors(text, "right", &load(name), &compress(inputs), &compress(table));
        fold(text, &mul("addmod(left, sub(r, right), r)", &load("ACTIVE")));
    });
    text.block("", |text| {
        text.line(format!("let difference := {}", add(&input, &neg(&entry))));
        fold(text, &mul("difference", &load("L_FIRST")));
        let previous = neg(&format!("mload({name}_INPUT_PREVIOUS)"));
        let product = mul("difference", &add(&input, &previous));
        fold(text, &mul(&product, &load("ACTIVE")));
    });
}
