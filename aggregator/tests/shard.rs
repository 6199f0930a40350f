//! The verifier of shards against real proofs: halo2's verifier takes them, so it must, and it must say the same whether it
//! computes or is recorded.

mod scene;

use halo2_proofs::halo2curves::{bn256::G1Affine, group::Group, group::prime::PrimeCurveAffine};
use scene::{FACTOR, Scene};
use verbatim_aggregator::{
    Fr, G1,
    engine::Engine,
    hash::{Domain, hash},
    key::Circuit,
    native::{Native, Refusal},
    program::{Op, Program, Recorder},
    shard::{SIZES, chain_step, challenges, verify},
    witness::{Witness, WitnessError},
};
use verbatim_prover::{
    block,
    challenge::{Challenges, PROTOCOL_VERSION, bundle_challenges},
    machine::ShardCircuit,
};

/// The verifier of a circuit, recorded. It is given the challenges and the factor first.
fn record(circuit: &Circuit) -> Program {
    let mut recorder = Recorder::new();
    let [alpha, gamma, factor] = [(); 3].map(|()| recorder.scalar());
    verify(&mut recorder, circuit, &Challenges { alpha, gamma }, &factor);
    recorder.finish()
}

#[test]
fn what_halo2_accepts_is_accepted_and_nothing_else() {
    let scene = Scene::new(&[("state", 9), ("light", 9)]);
    let shared = scene.shared();
    for (key, shard) in scene.shards() {
        verbatim_prover::shard::verify(
            &scene.setup.verifier(),
            key,
            shard.bus_sum,
            &shard.proof,
            &scene.proven.challenges,
        )
        .expect("halo2 accepts it");
        let (circuit, witness) = (Circuit::of(key), Witness::of_shard(key, shard).expect("a proof"));
        assert_eq!(scene.holds(&circuit, &witness, &shared), Ok(true));

        let mut native = Native::new(&witness);
        let verified = verify(&mut native, &circuit, &shared, &FACTOR);
        assert_eq!(verified.key, key.digest());
        assert_eq!(verified.digest, verbatim_prover::shard::read_digest(key, &shard.proof).expect("a proof"));
        assert_eq!(verified.bus_sum, shard.bus_sum);

        let other = Challenges { gamma: shared.alpha, alpha: shared.gamma };
        assert_ne!(scene.holds(&circuit, &witness, &other), Ok(true), "other challenges");
        for place in 0..witness.scalars.len() {
            let mut witness = witness.clone();
            witness.scalars[place] += Fr::one();
            assert_ne!(scene.holds(&circuit, &witness, &shared), Ok(true), "scalar {place}");
        }
        for place in 0..witness.points.len() {
            let mut witness = witness.clone();
            witness.points[place] = -witness.points[place];
            assert_ne!(scene.holds(&circuit, &witness, &shared), Ok(true), "point {place}");
        }
        for (scalars, points) in [(1, 0), (0, 1)] {
            let mut witness = witness.clone();
            witness.scalars.truncate(witness.scalars.len() - scalars);
            witness.points.truncate(witness.points.len() - points);
            assert_eq!(scene.holds(&circuit, &witness, &shared), Err(Refusal::Missing));
        }
        let mut witness = witness.clone();
        witness.points[0] = G1Affine::identity();
        assert_eq!(scene.holds(&circuit, &witness, &shared), Err(Refusal::Identity));
    }
}

/// The chain of shards and its challenges are the prover's.
#[test]
fn challenges_are_those_of_the_bundle() {
    let [statement, first, second] = [3, 4, 5].map(Fr::from);
    let witness = Witness::default();
    let mut native = Native::new(&witness);
    let start = hash(&mut native, Domain::Start, &[Fr::from(PROTOCOL_VERSION), statement]);
    let end = [first, second].iter().fold(start, |state, digest| chain_step(&mut native, &state, digest));
    let challenges = challenges(&mut native, &end, &Fr::from(2));
    assert_eq!(challenges, bundle_challenges(statement, &[first, second]));
    assert_eq!(native.finish(), Ok([G1::identity(); 2]));
}

/// The size of a shard is said by flags: exactly one, and that of the size under which it was proven.
#[test]
fn a_shard_has_one_size() {
    let scene = Scene::new(&[("opcodes", 11)]);
    let (key, shard) = scene.shards().next().expect("a shard");
    let (circuit, witness) = (Circuit::of(key), Witness::of_shard(key, shard).expect("a proof"));
    let holds = |flags: &[(u32, Fr)]| {
        let mut witness = witness.clone();
        for (k, flag) in flags {
            witness.scalars[(k - SIZES.start()) as usize] = *flag;
        }
        scene.holds(&circuit, &witness, &scene.shared())
    };
    let [zero, one, two] = [0, 1, 2].map(Fr::from);
    assert_eq!(holds(&[]), Ok(true));
    assert!(matches!(holds(&[(11, zero)]), Err(Refusal::Assertion(_))), "no size");
    assert!(matches!(holds(&[(12, one)]), Err(Refusal::Assertion(_))), "two sizes");
    assert!(matches!(holds(&[(11, two), (12, -one)]), Err(Refusal::Assertion(_))), "a mixture of sizes");
    assert_eq!(holds(&[(11, zero), (12, one)]), Ok(false), "another size");
}

#[test]
fn a_program_computes_what_the_verifier_does_for_every_size() {
    let scene = Scene::new(&[("state", 9), ("state", 10), ("arith", 9)]);
    let shared = scene.shared();
    let programs: Vec<Program> = scene.shards().map(|(key, _)| record(&Circuit::of(key))).collect();
    assert_eq!(programs[0], programs[1]);
    for ((key, shard), program) in scene.shards().zip(&programs) {
        let (circuit, witness) = (Circuit::of(key), Witness::of_shard(key, shard).expect("a proof"));
        let mut native = Native::new(&witness);
        verify(&mut native, &circuit, &shared, &FACTOR);
        let mut given = witness.clone();
        given.scalars.splice(0..0, [shared.alpha, shared.gamma, FACTOR]);
        let run = program.run(Fr::zero(), &given).expect("the proof holds");
        let mut sums = [G1::identity(); 2];
        for (sum, scalar, point) in &run.terms {
            sums[*sum as usize] += point * scalar;
        }
        assert_eq!(native.finish(), Ok(sums));
        assert_eq!(run.terms.len(), circuit.commitments() + 1, "each commitment once, the last one on both sides");
        let values: u32 = program.ops.iter().map(Op::size).sum();
        assert_eq!(run.values.len(), values as usize);

        let last = given.scalars.pop();
        assert_eq!(program.run(Fr::zero(), &given).err(), Some(Refusal::Missing), "without {last:?}");
    }
}

/// The rows of a table in the book, `docs/src/aggregation.md`:
/// `cargo test --release --workspace --test shard -- --ignored --nocapture what_a_shard`.
#[test]
#[ignore = "for the figures"]
fn what_a_shards_verification_computes() {
    for plan in block::circuits(16) {
        let circuit = Circuit::of_shard(&plan);
        let program = record(&circuit);
        let count = |kind: fn(&Op) -> bool| program.ops.iter().filter(|op| kind(op)).count();
        let values = count(|op| matches!(op, Op::Set(_)));
        let inversions = count(|op| matches!(op, Op::Invert(_)));
        let permutations = count(|op| matches!(op, Op::Permute(..)));
        println!("| {} | {} | {values} | {inversions} | {permutations} |", plan.name(), circuit.commitments());
    }
}

#[test]
fn malformed_proofs_are_refused() {
    let scene = Scene::new(&[("state", 9)]);
    let (key, shard) = scene.shards().next().expect("a shard");
    let read = |change: fn(&mut Vec<u8>)| {
        let mut shard = shard.clone();
        change(&mut shard.proof);
        Witness::of_shard(key, &shard).err()
    };
    assert_eq!(read(|_| ()), None);
    let expected = key.shape().layout.bytes();
    let length = |actual| Some(WitnessError::Length { actual, expected });
    assert_eq!(read(|proof| proof.truncate(proof.len() - 1)), length(expected - 1));
    assert_eq!(read(|proof| proof.push(0)), length(expected + 1));
    assert_eq!(read(|proof| proof[..32].fill(0xff)), Some(WitnessError::Element(0)));
    let evaluation = key.shape().layout.commitments;
    let mut other = shard.clone();
    other.proof[32 * evaluation..32 * evaluation + 32].fill(0xff);
    assert_eq!(Witness::of_shard(key, &other).err(), Some(WitnessError::Element(evaluation)));
}
