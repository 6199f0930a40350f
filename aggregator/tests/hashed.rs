//! Whatever a prover gives is hashed before the challenges that it must not depend on, or asserted.
//!
//! Each element in turn is another one: of the shard's verifier it changes the digest of the key, which has to lie in the
//! tree, or what the whole proof is hashed into; of [`level::last`] it changes an assertion or an answer. Nothing that is
//! given here holds, and nothing has to: the test is about which hashes and assertions an element is in.

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::group::{Curve, Group},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use verbatim_aggregator::{
    Fr, G1, G1Affine,
    engine::{Engine, Sum, WIDTH},
    key::Circuit,
    level,
    native::{Native, Refusal},
    shard::{SIZES, verify},
    tree,
    verifier::{LEAST_K, circuit as verifier},
    witness::Witness,
};
use verbatim_circuits::statement::Label;
use verbatim_prover::{block, challenge::Challenges, machine::ShardCircuit};

/// The statement, and the challenges and the factor as claimed.
const OPENING: usize = 8;

/// The sums of the level below.
const SUMS: usize = 2;

/// The last assertions of [`level::last`], from the end.
const LAST: [&str; 10] = [
    "label",
    "verifier keys",
    "block keys",
    "generator's y",
    "generator's x",
    "bus sum",
    "factor",
    "gamma",
    "alpha",
    "root",
];

fn random_point(random: &mut ChaCha20Rng) -> G1Affine {
    G1::random(random).to_affine()
}

/// So many scalars and points at random.
fn random_witness(random: &mut ChaCha20Rng, scalars: usize, points: usize) -> Witness {
    let scalars = (0..scalars).map(|_| Fr::random(&mut *random)).collect();
    Witness { scalars, points: (0..points).map(|_| random_point(random)).collect() }
}

/// How many scalars a shard's verifier is given.
fn shard_scalars(circuit: &Circuit) -> usize {
    SIZES.count() + 2 + circuit.advice_queries.len() + circuit.fixed_queries.len() + 1
}

/// The engine that computes, but for the sums, and keeps what is asserted to be zero.
struct Asserted<'a> {
    native: Native<'a>,
    zeros: Vec<Fr>,
}

impl<'a> Asserted<'a> {
    fn new(witness: &'a Witness) -> Self {
        Self { native: Native::new(witness), zeros: Vec::new() }
    }

    /// What is asserted to be zero, the last first. Everything that was asked for was given.
    fn finish(self) -> Vec<Fr> {
        assert_ne!(self.native.finish().err(), Some(Refusal::Missing));
        self.zeros.into_iter().rev().collect()
    }
}

impl Engine for Asserted<'_> {
    type Scalar = Fr;
    type Point = G1Affine;

    fn constant(&mut self, value: Fr) -> Fr {
        value
    }

    fn add(&mut self, a: &Fr, b: &Fr) -> Fr {
        a + b
    }

    fn mul(&mut self, a: &Fr, b: &Fr) -> Fr {
        a * b
    }

    fn scale(&mut self, a: &Fr, factor: Fr) -> Fr {
        a * factor
    }

    fn invert(&mut self, a: &Fr) -> Fr {
        self.native.invert(a)
    }

    fn assert_zero(&mut self, a: &Fr) {
        self.zeros.push(*a);
    }

    fn permute(&mut self, state: [Fr; WIDTH]) -> [Fr; WIDTH] {
        self.native.permute(state)
    }

    fn scalar(&mut self) -> Fr {
        self.native.scalar()
    }

    fn point(&mut self) -> (G1Affine, [Fr; 2]) {
        self.native.point()
    }

    fn term(&mut self, _: Sum, _: &Fr, _: &G1Affine) {}
}

/// The digests of the key and of the shard, and what the proof is hashed into.
fn hashes(circuit: &Circuit, witness: &Witness, shared: &Challenges<Fr>) -> [Fr; 3] {
    let mut engine = Asserted::new(witness);
    let verified = verify(&mut engine, circuit, shared, &Fr::one());
    engine.finish();
    [verified.key, verified.digest, verified.tail]
}

#[test]
fn class_60_all_of_a_shard_is_hashed() {
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let blocks = block::circuits(LEAST_K).into_iter().filter(|circuit| ["state", "opcodes"].contains(&circuit.name()));
    let circuits = blocks.chain([verifier(LEAST_K)]);
    for circuit in circuits.map(|circuit| Circuit::of_shard(&circuit)) {
        let witness = random_witness(&mut random, shard_scalars(&circuit), circuit.commitments());
        let shared = Challenges { alpha: Fr::random(&mut random), gamma: Fr::random(&mut random) };
        let [key, digest, tail] = hashes(&circuit, &witness, &shared);
        for (alpha, gamma) in [(Fr::one(), Fr::zero()), (Fr::zero(), Fr::one())] {
            let shared = Challenges { alpha: shared.alpha + alpha, gamma: shared.gamma + gamma };
            assert_ne!(hashes(&circuit, &witness, &shared)[2], tail);
        }
        for place in 0..witness.scalars.len() {
            let mut other = witness.clone();
            other.scalars[place] += Fr::one();
            let found = hashes(&circuit, &other, &shared);
            // The flags of the size and the transcript's initial state are the key's.
            assert!(place > SIZES.count() || found[0] != key, "scalar {place}");
            assert!(place < SIZES.count() || found[2] != tail, "scalar {place}");
        }
        for place in 0..witness.points.len() {
            let mut other = witness.clone();
            other.points[place] = random_point(&mut random);
            let found = hashes(&circuit, &other, &shared);
            let of_key = place < circuit.fixed;
            assert_eq!(found[0] != key, of_key, "point {place}");
            assert_eq!(found[1] != digest, place < circuit.fixed + circuit.main, "point {place}");
            assert_eq!(found[2] != tail, !of_key, "point {place}");
        }
    }
}

/// What the last circuit asserts to be zero, the last first.
fn asserted(circuit: &Circuit, witness: &Witness) -> Vec<Fr> {
    let mut engine = Asserted::new(witness);
    level::last(&mut engine, circuit, [Fr::from(5), Fr::from(6)]);
    engine.finish()
}

#[test]
fn class_60_all_that_the_last_circuit_is_given_is_bound() {
    let mut random = ChaCha20Rng::seed_from_u64(2);
    let circuit = Circuit::of_shard(&verifier(LEAST_K));
    let (scalars, points) = (shard_scalars(&circuit), circuit.commitments());
    let all = OPENING + scalars + 2 * tree::DEPTH + Label::WIDTH;
    let witness = random_witness(&mut random, all, SUMS + points + 1);
    let honest = asserted(&circuit, &witness);
    let changed = |other: &Witness| {
        let found = asserted(&circuit, other);
        let names = LAST.iter().zip(found.iter().zip(&honest)).filter(|(_, (found, honest))| found != honest);
        names.map(|(name, _)| *name).collect::<Vec<_>>()
    };
    for place in 0..witness.scalars.len() {
        let mut other = witness.clone();
        other.scalars[place] += Fr::one();
        let needed: &[&str] = match place {
            0 => &["label", "alpha", "gamma", "bus sum"],
            1..=2 => &["alpha", "gamma", "bus sum"],
            3 => &["block keys", "alpha", "gamma", "bus sum"],
            4 => &["verifier keys", "root", "alpha", "gamma", "bus sum"],
            5 => &["alpha", "factor"],
            6 => &["gamma", "factor"],
            7 => &["factor"],
            _ if place < OPENING + SIZES.count() => &["root", "alpha", "gamma"],
            _ if place < OPENING + scalars => &["factor"],
            _ if place < all - Label::WIDTH => &["root"],
            _ => &["label"],
        };
        let changed = changed(&other);
        assert!(needed.iter().all(|name| changed.contains(name)), "scalar {place}: {changed:?}");
    }
    for place in 0..witness.points.len() {
        let mut other = witness.clone();
        other.points[place] = random_point(&mut random);
        let needed: &[&str] = match place {
            _ if place < SUMS => &["alpha", "gamma", "bus sum"],
            _ if place < SUMS + circuit.fixed => &["root", "alpha", "gamma"],
            _ if place < SUMS + circuit.fixed + circuit.main => &["alpha", "gamma", "factor"],
            _ if place < SUMS + points => &["factor"],
            _ => &["generator's x", "generator's y"],
        };
        let changed = changed(&other);
        assert!(needed.iter().all(|name| changed.contains(name)), "point {place}: {changed:?}");
    }
}
