//! The contract against real proofs: compiled, deployed and called under the rules of Osaka. For the figures:
//! `cargo test --release -p verbatim-aggregator --test contract figures -- --nocapture`.

mod base;
mod general;
mod keyed;
mod refused;

use std::sync::LazyLock;

use alloy_primitives::keccak256;
use base::{Public, Scene, Shape};
use halo2_proofs::halo2curves::{
    bn256::{Fq, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use keyed::compile;
use ruint::aliases::U256;
use verbatim_aggregator::{
    Fr, G1,
    contract::{
        Contract, OnChain, call, onchain,
        onchain::{Refusal, Verdict},
    },
};

/// What a refused call may take of the ten million that it is given.
const REFUSED_GAS: u64 = 450_000;

/// A scene, and a valid call in it.
struct Call {
    scene: Scene,
    public: Public,
    proof: Vec<u8>,
    statement: Vec<U256>,
    argument: Vec<u8>,
}

static CALL: LazyLock<Call> = LazyLock::new(|| {
    let scene = Scene::new(Shape { advice: 3, k: 12 });
    let public = scene.public(Fr::from(123));
    let proof = scene.prove(&public);
    let (statement, argument) = scene.keyed.compiled.interface.arguments(&public.instance(), &proof).expect("a call");
    Call { scene, public, proof, statement, argument }
});

/// The words in front of the proof: left and right.
const DEFERRED: usize = 4;

impl Call {
    fn make(&self, statement: &[U256], argument: &[u8]) -> Verdict {
        self.send(&self.scene.keyed.compiled.interface.encode(statement, argument))
    }

    /// What the contract says, which takes bounded gas whatever it is.
    fn send(&self, calldata: &[u8]) -> Verdict {
        let answer = call(&self.scene.keyed.compiled, calldata).expect("a transaction");
        assert!(answer.gas_used < REFUSED_GAS, "{answer:?}");
        answer.verdict
    }

    /// What the contract says to another word of the argument.
    fn with_word(&self, place: usize, change: impl Fn(U256) -> U256) -> Verdict {
        let mut argument = self.argument.clone();
        let word = &mut argument[32 * place..32 * (place + 1)];
        let changed = change(U256::from_be_slice(word));
        word.copy_from_slice(&changed.to_be_bytes::<32>());
        self.make(&self.statement, &argument)
    }

    /// What the contract says to another point in the argument, whose first word is at `place`.
    fn with_point(&self, place: usize, change: impl Fn(G1Affine) -> [U256; 2]) -> Verdict {
        let mut argument = self.argument.clone();
        let words = &mut argument[32 * place..32 * (place + 2)];
        let [x, y] = [&words[..32], &words[32..]].map(|word| {
            let mut repr: [u8; 32] = word.try_into().expect("a word");
            repr.reverse();
            Fq::from_repr(repr).expect("a coordinate")
        });
        let changed = change(G1Affine { x, y });
        words.copy_from_slice(&changed.map(|word| word.to_be_bytes::<32>()).concat());
        self.make(&self.statement, &argument)
    }

    /// Places of the argument's points, left and right among them, and of its scalars.
    fn places(&self) -> (Vec<usize>, Vec<usize>) {
        // Advice, permuted input and table, products and the random polynomial, the quotient; at the end two openings.
        let columns = self.scene.shape.advice + 1;
        let points = 2 + columns + 2 + (columns + 2).div_ceil(2) + 2 + 3;
        let words = self.argument.len() / 32;
        let mut places: Vec<usize> = (0..points).map(|point| 2 * point).collect();
        places.extend([words - 4, words - 2]);
        (places, (2 * points..words - 4).collect())
    }
}

fn words(point: G1Affine) -> [U256; 2] {
    [point.x, point.y].map(|coordinate| U256::from_le_bytes(coordinate.to_repr()))
}

fn modulus<F: PrimeField>() -> U256 {
    U256::from_le_bytes::<32>((-F::ONE).to_repr().as_ref().try_into().expect("32 bytes")) + U256::ONE
}

fn refused(refusal: Refusal) -> Verdict {
    Verdict::Refused(refusal)
}

/// Shapes of 1 to 4 columns for gates, which have lookups with and without a selector, degrees of 5 and 4, and other
/// numbers of products. The bounds are those of the book's table.
#[test]
fn figures() {
    for (advice, k, gas, code) in
        [(1, 12, 320_000, 8_000), (2, 12, 365_000, 9_000), (3, 12, 395_000, 9_000), (4, 13, 425_000, 9_500)]
    {
        let scene = Scene::new(Shape { advice, k });
        let public = scene.public(Fr::from(5));
        let proof = scene.prove(&public);
        let answer = onchain(&scene.keyed.compiled, &public.instance(), &proof).expect("a call");
        let OnChain { gas_used, code_size, calldata_size, .. } = answer;
        println!(
            "{advice} columns, k = {k}: {gas_used} gas, code {code_size}, calldata {calldata_size}, proof {} bytes",
            proof.len()
        );
        assert!(answer.valid() && gas_used < gas && code_size < code, "{answer:?}");
    }
}

#[test]
fn other_statements() {
    let Call { scene, .. } = &*CALL;
    let mut other = scene.public(Fr::from(456).invert().expect("not zero"));
    other.number = Fr::ZERO;
    other.halves.reverse();
    let answer =
        |public: &Public| onchain(&scene.keyed.compiled, &public.instance(), &scene.prove(public)).expect("a call");
    let Verdict::Valid(digest) = answer(&other).verdict else { panic!("a valid proof is refused") };
    let elements = &other.instance()[..4];
    let statement = scene.keyed.compiled.interface.statement().words(elements).expect("a statement");
    let encoded: Vec<u8> = statement.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
    assert_eq!(digest, keccak256(encoded).0);
    // Empty sums: two identities.
    other.deferred = [G1Affine::identity(); 2];
    assert!(answer(&other).valid());
}

#[test]
fn every_element_of_the_proof() {
    let call = &*CALL;
    let (points, scalars) = call.places();
    assert_eq!(2 * points.len() + scalars.len(), call.argument.len() / 32);
    for place in points {
        for word in [place, place + 1] {
            // The chance that this is the abscissa of another point on the curve with the same ordinate is none.
            assert_eq!(call.with_word(word, |word| word + U256::ONE), refused(Refusal::Point), "word {word}");
            assert_eq!(call.with_word(word, |word| word + modulus::<Fq>()), refused(Refusal::Point), "word {word}");
            assert_eq!(call.with_word(word, |_| U256::MAX), refused(Refusal::Point), "word {word}");
        }
        let other = |change: fn(G1) -> G1| move |point: G1Affine| words(change(point.to_curve()).to_affine());
        assert_eq!(call.with_point(place, other(|point| -point)), refused(Refusal::Proof), "point {place}");
        assert_eq!(call.with_point(place, other(|point| point.double())), refused(Refusal::Proof), "point {place}");
        let identity = if place < DEFERRED { Refusal::Proof } else { Refusal::Point };
        assert_eq!(call.with_point(place, |_| [U256::ZERO; 2]), refused(identity), "point {place}");
    }
    for place in scalars {
        assert_eq!(call.with_word(place, |word| word ^ U256::ONE), refused(Refusal::Proof), "word {place}");
        assert_eq!(call.with_word(place, |word| word + modulus::<Fr>()), refused(Refusal::Scalar), "word {place}");
        assert_eq!(call.with_word(place, |_| modulus::<Fr>()), refused(Refusal::Scalar), "word {place}");
    }
    assert!(matches!(call.make(&call.statement, &call.argument), Verdict::Valid(_)));
}

#[test]
fn every_field_of_the_statement() {
    let call = &*CALL;
    for field in 0..call.statement.len() {
        let with = |change: fn(U256) -> U256| {
            let mut statement = call.statement.clone();
            statement[field] = change(statement[field]);
            call.make(&statement, &call.argument)
        };
        assert_eq!(with(|word| word ^ U256::ONE), refused(Refusal::Proof), "field {field}");
        assert_eq!(with(|word| word ^ (U256::ONE << 200)), refused(Refusal::Proof), "field {field}");
        // The first is of bytes: any word is one.
        let above = if field == 0 { Refusal::Proof } else { Refusal::Statement };
        assert_eq!(with(|word| word + modulus::<Fr>()), refused(above), "field {field}");
        assert_eq!(with(|_| U256::MAX), refused(above), "field {field}");
    }
}

/// A precompile that fails leaves its input in memory. A left side whose abscissa is one, as that of the generator, then stands
/// where the answer should.
#[test]
fn a_pairing_that_fails() {
    let valid = &*CALL;
    let contract = &valid.scene.keyed.contract;
    let replaced = |source: &str, from: &str, to: &str| {
        assert_eq!(source.matches(from).count(), 1, "{from}");
        source.replace(from, to)
    };
    let generator = "mstore(PAIRING, 1) mstore(add(PAIRING, 0x20), 2)";
    let source = replaced(&contract.source, "mcopy(PAIRING, SUM, 0x40)", generator);
    let answer = |source: String| {
        let compiled = compile(&Contract { source, ..contract.clone() });
        let calldata = compiled.interface.encode(&valid.statement, &valid.argument);
        call(&compiled, &calldata).expect("a transaction").verdict
    };
    // The pairing works, and does not hold; it gets too little gas, and fails.
    assert_eq!(answer(source.clone()), refused(Refusal::Proof));
    let starved = replaced(&source, "staticcall(gas(), 8, ", "staticcall(1000, 8, ");
    assert_eq!(answer(starved), refused(Refusal::Proof));
}

/// Proofs that are valid, of instances whose deferred pairing does not hold.
#[test]
fn deferred_pairing() {
    let Call { scene, public, .. } = &*CALL;
    let [left, right] = public.deferred;
    let generator = G1Affine::generator();
    let false_ones = [
        [left, (right + generator).to_affine()],
        [(left + generator).to_affine(), right],
        [right, left],
        [left, -right],
        [left, G1Affine::identity()],
        [G1Affine::identity(), right],
    ];
    for deferred in false_ones {
        let public = Public { deferred, ..*public };
        let answer = onchain(&scene.keyed.compiled, &public.instance(), &scene.prove(&public)).expect("a call");
        assert_eq!(answer.verdict, refused(Refusal::Proof));
    }
}

#[test]
fn lengths() {
    let call = &*CALL;
    let interface = &call.scene.keyed.compiled.interface;
    let length = call.argument.len();
    for shorter in [0, 32, length - 32, length - 1] {
        assert_eq!(call.make(&call.statement, &call.argument[..shorter]), refused(Refusal::Length), "{shorter}");
    }
    for longer in [1, 32, 64] {
        let argument = [&call.argument[..], &vec![0; longer]].concat();
        assert_eq!(call.make(&call.statement, &argument), refused(Refusal::Length), "{longer}");
    }
    let calldata = interface.encode(&call.statement, &call.argument);
    assert_eq!(calldata.len(), interface.calldata_length());
    for trailing in [1, 32] {
        assert_eq!(call.send(&[&calldata[..], &vec![0; trailing]].concat()), refused(Refusal::Length), "{trailing}");
    }
    // What is not the encoding of the arguments never reaches the contract's own code.
    for truncated in [0, 3, 4, 100, calldata.len() - 32, calldata.len() - 1] {
        assert_eq!(call.send(&calldata[..truncated]), Verdict::Reverted(Vec::new()), "{truncated}");
    }
}

/// Where halo2 refuses, so does the contract.
#[test]
fn the_same_as_halo2() {
    let Call { scene, public, proof, .. } = &*CALL;
    let instance = public.instance();
    for place in (31..proof.len()).step_by(5 * 32) {
        let mut proof = proof.clone();
        proof[place] ^= 1;
        assert!(!scene.keyed.native(&instance, &proof), "byte {place}");
        assert!(!onchain(&scene.keyed.compiled, &instance, &proof).expect("a call").valid(), "byte {place}");
    }
    let other = Public { number: public.number + Fr::ONE, ..*public }.instance();
    assert!(!scene.keyed.native(&other, proof));
    assert!(!onchain(&scene.keyed.compiled, &other, proof).expect("a call").valid());
}

/// The code has no instruction that burns all gas, and the interface is the one that the book says.
#[test]
fn code_and_interface() {
    let compiled = &CALL.scene.keyed.compiled;
    let (mut at, mut instructions) = (0, Vec::new());
    while let Some(instruction) = compiled.deployed.get(at) {
        instructions.push(*instruction);
        at += 1 + usize::from(instruction.checked_sub(0x5f).filter(|pushed| *pushed <= 32).unwrap_or_default());
    }
    assert!(!instructions.contains(&0xfe), "INVALID");
    // Nothing is written, logged, or called but precompiles.
    for other in [0x54, 0x55, 0xa0, 0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xff] {
        assert!(!instructions.contains(&other), "{other:#x}");
    }
    assert_eq!(compiled.interface.signature(), "verify((bytes32,uint256,uint256),bytes)");
    let abi = compiled.abi.as_array().expect("a list");
    let named = |kind: &str| -> Vec<_> {
        abi.iter().filter(|item| item["type"] == kind).map(|item| item["name"].as_str().unwrap_or_default()).collect()
    };
    assert_eq!(named("function"), ["verify"]);
    assert_eq!(named("error"), ["InvalidLength", "InvalidPoint", "InvalidProof", "InvalidScalar", "InvalidStatement"]);
}
