//! The contract's source: the template with what follows from the verifying key, the setup and the statement.

use alloy_primitives::keccak256;
use halo2_proofs::halo2curves::{
    bn256::{Fq, Fq2, G2Affine},
    ff::{Field, PrimeField},
};
use verbatim_prover::setup::VerifierSetup;

use super::{
    Statement,
    calldata::Interface,
    memory::{Memory, WORD},
    opening,
    protocol::{Protocol, Round},
    quotient, solc,
    statement::Kind,
    text::{Text, literal},
};
use crate::{
    Fr,
    last::{ACCUMULATOR_LIMBS, COORDINATES, LIMB_BITS},
};

/// The contract, with names for what is filled in.
const TEMPLATE: &str = include_str!("verifier.sol");

/// The name of the contract.
pub(super) const NAME: &str = "Verifier";

/// Errors without arguments, and the constants that name their selectors.
const ERRORS: [(&str, &str); 4] = [
    ("INVALID_STATEMENT", "InvalidStatement()"),
    ("INVALID_POINT", "InvalidPoint()"),
    ("INVALID_SCALAR", "InvalidScalar()"),
    ("INVALID_PROOF", "InvalidProof()"),
];

/// The words of a modular exponentiation: three lengths and three numbers.
const EXPONENTIATION: usize = 6;

/// The words of a pairing of two points with two points.
const PAIRING: usize = 12;

/// What is inverted at once.
const INVERSES: [&str; 6] =
    ["INVERSE_INSTANCE", "INVERSE_BLIND", "INVERSE_LAST", "INVERSE_FIRST", "INVERSE_X", "INVERSE_VANISHING"];

/// The source of the contract.
pub(super) fn source(
    protocol: &Protocol,
    setup: &VerifierSetup,
    statement: &Statement,
    interface: &Interface,
) -> String {
    let rounds = protocol.rounds();
    let [all, others] = opening::products(protocol);
    let rows_inverse = Fr::TWO_INV.pow_vartime([u64::from(protocol.k)]);
    let warning = if setup.is_unsafe() {
        "\n/// @dev UNSAFE: the setup's secret is public, so anyone can prove anything."
    } else {
        ""
    };
    let values = [
        ("COMPILER", solc::VERSION.to_owned()),
        ("WARNING", warning.to_owned()),
        ("NAME", NAME.to_owned()),
        ("FIELDS", fields(statement)),
        ("SCALAR_MODULUS", Fr::MODULUS.to_owned()),
        ("BASE_MODULUS", Fq::MODULUS.to_owned()),
        ("SELECTORS", selectors()),
        ("CALLDATA_LENGTH", interface.calldata_length().to_string()),
        ("PROOF_LENGTH", interface.proof_length().to_string()),
        ("PLACES", places(protocol, statement, &rounds)),
        ("STATEMENT_LENGTH", format!("{:#x}", statement.fields().len() * WORD)),
        ("READ_FIELDS", read_fields(statement)),
        ("DEFERRED_END", format!("add(DEFERRED, {:#x})", ACCUMULATOR_LIMBS * WORD)),
        ("LIMB_BITS", LIMB_BITS.to_string()),
        ("TWO_LIMBS_BITS", (2 * LIMB_BITS).to_string()),
        ("LIMB", format!("{:#x}", (1_u128 << LIMB_BITS) - 1)),
        ("OMEGA_INVERSE", literal(&protocol.shift(-1))),
        ("OMEGA_LAST", literal(&protocol.shift(-protocol.last()))),
        ("OMEGA", literal(&protocol.omega())),
        ("ELEMENTS", (statement.elements() + ACCUMULATOR_LIMBS).to_string()),
        ("BLINDING", protocol.blinding.to_string()),
        ("ROWS_INVERSE", literal(&rows_inverse)),
        ("NUMERATOR", quotient::numerator(protocol)),
        ("DIFFERENCES", opening::differences(protocol)),
        ("TERMS", opening::terms(protocol)),
        ("DIGEST", literal(&protocol.digest)),
        ("ROUNDS", read_rounds(&rounds)),
        ("PAIRING", pairing(setup)),
        ("PRODUCT_OF_DIFFERENCES", all),
        ("PRODUCT_OF_OTHERS", others),
        ("K", protocol.k.to_string()),
    ];
    fill(TEMPLATE, &values)
}

/// Replaces `$NAME` by the value of that name. The longest name that fits is meant.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut parts = template.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let fits = values.iter().filter(|(name, _)| part.starts_with(name)).max_by_key(|(name, _)| name.len());
        let (name, value) = fits.expect("all names of the template have values");
        filled.push_str(value);
        filled.push_str(&part[name.len()..]);
    }
    filled
}

/// The fields of the struct.
fn fields(statement: &Statement) -> String {
    let mut text = Text::at(2);
    for field in statement.fields() {
        if !field.meaning.is_empty() {
            text.comment(&field.meaning);
        }
        text.line(format!("{} {};", field.kind.solidity(), field.name));
    }
    text.finish()
}

fn selectors() -> String {
    let mut text = Text::at(1);
    for (name, signature) in ERRORS {
        let selector = hex::encode(&keccak256(signature)[..4]);
        text.line(format!("uint256 private constant {name} = 0x{selector:0<64};"));
    }
    text.finish()
}

/// The constants that name places in memory.
fn places(protocol: &Protocol, statement: &Statement, rounds: &[Round]) -> String {
    let mut memory = Memory::new();
    // A sum and, next to it, a product, so that the precompile for additions takes both; and a multiplication's scalar.
    memory.place("SUM", 2);
    memory.place("PRODUCT", 3);
    memory.place("WORK", EXPONENTIATION);
    memory.place("PAIRING", PAIRING);
    for challenge in rounds.iter().flat_map(|round| &round.challenges) {
        memory.place(*challenge, 1);
    }
    for name in ["X_TO_N", "L_FIRST", "L_LAST", "ACTIVE", "INSTANCE", "QUOTIENT"].iter().chain(&INVERSES) {
        memory.place(*name, 1);
    }
    memory.place("PREFIXES", INVERSES.len());
    for rotation in protocol.rotations() {
        memory.place(opening::difference(rotation), 1);
    }
    for (i, round) in rounds.iter().enumerate() {
        memory.place(format!("ROUND_{i}"), 1);
        if i == 0 {
            memory.place("ELEMENTS", statement.elements());
            memory.place("DEFERRED", ACCUMULATOR_LIMBS);
        }
        round.points.iter().for_each(|name| memory.place(name, 2));
        round.values.iter().for_each(|name| memory.place(name, 1));
    }
    memory.place(format!("ROUND_{}", rounds.len()), 2);
    let mut text = Text::at(1);
    for (name, address) in memory.places() {
        text.line(format!("uint256 private constant {name} = {address:#x};"));
    }
    text.finish()
}

/// Writes the elements of the statement to memory. The fields are there already, where the elements begin, so the last
/// is written first.
fn read_fields(statement: &Statement) -> String {
    let mut text = Text::at(4);
    let mut place = statement.elements();
    for (i, field) in statement.fields().iter().enumerate().rev() {
        place -= field.kind.elements();
        let [source, to, next] = [i, place, place + 1].map(|word| format!("add(ELEMENTS, {:#x})", word * WORD));
        text.line(format!("word := mload({source})"));
        match field.kind {
            Kind::Uint => {
                text.line("valid := and(valid, lt(word, r))");
                text.line(format!("mstore({to}, word)"));
            }
            Kind::Bytes32 => {
                text.line(format!("mstore({next}, and(word, {:#x}))", u128::MAX));
                text.line(format!("mstore({to}, shr(128, word))"));
            }
        }
    }
    text.finish()
}

/// Reads the proof and hashes the challenges.
fn read_rounds(rounds: &[Round]) -> String {
    let mut text = Text::at(4);
    let mut offset = COORDINATES * WORD;
    for (i, round) in rounds.iter().enumerate() {
        let length = (2 * round.points.len() + round.values.len()) * WORD;
        if let Some(first) = round.points.first().or(round.values.first()) {
            text.line(format!("calldatacopy({first}, add(from, {offset:#x}), {length:#x})"));
        }
        offset += length;
        for point in &round.points {
            let y = format!("sub(mload(add({point}, {WORD:#x})), 1)");
            text.line(format!("validPoints := and(validPoints, and(lt(mload({point}), q), lt({y}, nonzero)))"));
        }
        for value in &round.values {
            text.line(format!("validScalars := and(validScalars, lt(mload({value}), r))"));
        }
        challenges(&mut text, round, i, length == 0 && i > 0);
    }
    text.finish()
}

/// Hashes the challenges of a round. The transcript has a one after a hash that nothing was added to.
fn challenges(text: &mut Text, round: &Round, number: usize, nothing_added: bool) {
    let [from, to] = [number, number + 1].map(|i| format!("ROUND_{i}"));
    for (i, challenge) in round.challenges.iter().enumerate() {
        if i == 0 && !nothing_added {
            text.line(format!("mstore({to}, keccak256({from}, sub({to}, {from})))"));
        } else {
            let hash = if i == 0 { &from } else { &to };
            text.line(format!("mstore8(add({hash}, {WORD:#x}), 1)"));
            text.line(format!("mstore({to}, keccak256({hash}, {:#x}))", WORD + 1));
        }
        text.line(format!("mstore({challenge}, mod(mload({to}), r))"));
    }
}

/// The points of the second group: the setup's second power, and the generator, negated.
fn pairing(setup: &VerifierSetup) -> String {
    let words = |point: &G2Affine| [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
    let generator = G2Affine::generator();
    let negated = G2Affine { x: generator.x, y: Fq2 { c0: -generator.y.c0, c1: -generator.y.c1 } };
    let mut text = Text::at(3);
    for (start, point) in [(2, setup.s_g2()), (8, negated)] {
        for (i, word) in words(&point).iter().enumerate() {
            text.line(format!("mstore(add(PAIRING, {:#x}), {})", (start + i) * WORD, literal(word)));
        }
    }
    text.finish()
}
