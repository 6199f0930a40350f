//! The last circuit on real shards. For the figures of a real proof:
//! `cargo test --release -p verbatim-aggregator --test last -- --ignored --nocapture`.

mod scene;

use std::time::Instant;

use halo2_proofs::{
    dev::MockProver,
    halo2curves::{
        bn256::{Fq, G1, G1Affine, G2Affine, pairing},
        ff::PrimeField,
        group::{Curve, prime::PrimeCurveAffine},
    },
    poly::commitment::ParamsProver,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use scene::Scene;
use verbatim_aggregator::{
    Fr,
    engine::{Engine, Sum},
    key::Circuit,
    last::{
        self, ACCUMULATOR_LIMBS, Halo2Engine, Keys, LIMB_BITS, LIMBS, LastCircuit, Scalar, accumulator, verify_shard,
    },
    level,
    native::{Native, Refusal},
    shard::verify,
    verifier,
    witness::Witness,
};
use verbatim_prover::setup::Setup;

/// Rows of the circuit in tests, as a base-2 logarithm.
const K: u32 = 18;

/// What the shard's sums are multiplied by.
const FACTOR: Fr = Fr::from_raw([5, 6, 7, 0]);

/// Left and right.
type Sums = [G1; 2];

/// A shard's verification, and a child's accumulator that is added with the shard's last hash.
fn body(circuit: &Circuit) -> impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar> {
    |engine| {
        let (shared, verified) = verify_shard(engine, circuit);
        for sum in [Sum::Left, Sum::Right] {
            let (point, _) = engine.point();
            engine.term(sum, &verified.tail, &point);
        }
        vec![shared.alpha, shared.gamma, verified.key, verified.digest, verified.bus_sum]
    }
}

/// A shard, what the circuit is given, and what it should expose.
struct Case {
    circuit: Circuit,
    witness: Witness,
    statement: Vec<Fr>,
    sums: Sums,
}

impl Case {
    fn new(scene: &Scene) -> Self {
        let (key, shard) = scene.shards().next().expect("a shard");
        let (circuit, shared) = (Circuit::of(key), scene.proven.challenges);
        let witness = Witness::of_shard(key, shard).expect("a proof");
        let mut native = Native::new(&witness);
        let verified = verify(&mut native, &circuit, &shared, &FACTOR);
        let mut sums = native.finish().expect("the proof holds");
        sums[1] += G1Affine::generator() * verified.generator;
        assert!(pairs(&scene.setup, sums));
        // An accumulator that holds: 7 [1] and 7 [s].
        let params = scene.setup.params(K).expect("a setup");
        let child = [0, 1].map(|power| (params.get_g()[power] * Fr::from(7)).to_affine());
        for (sum, point) in sums.iter_mut().zip(&child) {
            *sum += point * verified.tail;
        }
        let statement = vec![shared.alpha, shared.gamma, verified.key, verified.digest, verified.bus_sum];
        let mut given = witness;
        given.scalars.splice(0..0, [shared.alpha, shared.gamma, FACTOR]);
        given.points.extend(child);
        Self { circuit, witness: given, statement, sums }
    }

    fn instance(&self) -> Vec<Fr> {
        self.statement.iter().copied().chain(accumulator(&self.sums.map(|sum| sum.to_affine()))).collect()
    }

    fn mock(&self, witness: &Witness) -> LastCircuit {
        LastCircuit::mock(K, witness, body(&self.circuit))
    }
}

/// The points that a circuit exposes.
fn points(instance: &[Fr]) -> Sums {
    const BYTES: usize = LIMB_BITS / 8;
    let limbs = &instance[instance.len() - ACCUMULATOR_LIMBS..];
    let coordinate = |place: usize| {
        let mut repr = [0; 32];
        for (part, limb) in repr.chunks_mut(BYTES).zip(&limbs[place * LIMBS..]) {
            part.copy_from_slice(&limb.to_repr()[..part.len()]);
        }
        Fq::from_repr(repr).expect("a canonical coordinate")
    };
    [0, 2].map(|place| G1Affine { x: coordinate(place), y: coordinate(place + 1) }.into())
}

/// Whether the pairing of two sums holds.
fn pairs(setup: &Setup, [left, right]: Sums) -> bool {
    let sides = [(left, setup.verifier().s_g2()), (right, G2Affine::generator())];
    let [left, right] = sides.map(|(sum, other)| pairing(&sum.to_affine(), &other));
    left == right
}

/// Whether the constraints hold for an instance.
fn holds(circuit: &LastCircuit, instance: Vec<Fr>) -> bool {
    MockProver::run(K, circuit.builder(), vec![instance]).expect("it fits").verify().is_ok()
}

#[test]
fn a_shard_is_verified_and_nothing_else_is_claimed() {
    let scene = Scene::new(&[("opcodes", 11)]);
    let case = Case::new(&scene);
    let circuit = case.mock(&case.witness);
    let instance = case.instance();
    assert_eq!((circuit.refusal(), circuit.instance()), (None, instance.clone()));
    assert!(pairs(&scene.setup, points(&instance)));
    assert!(holds(&circuit, instance.clone()));
    let mut wrong = instance.clone();
    *wrong.last_mut().expect("an instance") += Fr::one();
    assert!(!holds(&circuit, wrong), "a wrong sum");

    let mut off = case.witness.clone();
    off.points[3].y += Fq::one();
    let circuit = case.mock(&off);
    assert_eq!(circuit.refusal(), Some(Refusal::Unsatisfied));
    assert!(!holds(&circuit, circuit.instance()), "a point off the curve");

    // A witness that satisfies the constraints determines the instance: another one, whose pairing does not hold.
    let other = |name: &str, change: fn(&mut Witness)| {
        let mut witness = case.witness.clone();
        change(&mut witness);
        let circuit = case.mock(&witness);
        let exposed = circuit.instance();
        assert_eq!(circuit.refusal(), None, "{name}");
        assert_ne!(exposed, instance, "{name}");
        assert!(!pairs(&scene.setup, points(&exposed)), "{name}");
    };
    other("a challenge", |witness| witness.scalars[0] += Fr::one());
    other("a scalar of the proof", |witness| *witness.scalars.last_mut().expect("a scalar") += Fr::one());
    other("a commitment", |witness| witness.points[5] = -witness.points[5]);
    other("a child's accumulator", |witness| *witness.points.last_mut().expect("a point") = G1Affine::generator());

    let refused = |change: fn(&mut Witness)| {
        let mut witness = case.witness.clone();
        change(&mut witness);
        case.mock(&witness).refusal()
    };
    assert_eq!(refused(|witness| witness.points[0] = G1Affine::identity()), Some(Refusal::Identity));
    assert_eq!(refused(|witness| witness.scalars[3] += Fr::one()), Some(Refusal::Unsatisfied), "no size");
    assert_eq!(refused(|witness| witness.points.truncate(9)), Some(Refusal::Missing));
}

/// A circuit has the same constraints whatever the witness: keys are made without one.
#[test]
fn keys_need_no_witness() {
    let scene = Scene::new(&[("opcodes", 11)]);
    let case = Case::new(&scene);
    let keygen = LastCircuit::keygen(K, body(&case.circuit));
    let mock = case.mock(&case.witness);
    assert_eq!(format!("{:?}", keygen.params()), format!("{:?}", mock.params()));
    assert_eq!(keygen.spent(), mock.spent());
    assert_eq!(keygen.refusal(), Some(Refusal::Missing));
}

/// CPU seconds and the greatest memory in MiB of this process.
fn usage() -> (f64, u64) {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let stat = read("/proc/self/stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap_or_default()).sum();
    let status = read("/proc/self/status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak = peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    (ticks / 100.0, peak / 1024)
}

#[test]
#[ignore = "a measurement"]
fn what_the_shards_of_a_block_take() {
    for (name, size) in [("opcodes", 11), ("state", 9), ("storage", 9), ("transfer", 9), ("arith", 9)] {
        let case = Case::new(&Scene::new(&[(name, size)]));
        let circuit = LastCircuit::keygen(22, body(&case.circuit));
        let (spent, columns) = (circuit.spent(), &circuit.params().num_advice_per_phase);
        let all: usize = spent.values().sum();
        println!("{name}: {} commitments, {all} cells, {spent:?}, {columns:?} columns", case.circuit.commitments());
    }
}

/// The circuit for the shard of the last level.
#[test]
#[ignore = "a measurement"]
fn what_the_last_level_takes() {
    let circuit = Circuit::of_shard(&verifier::circuit(verifier::LEAST_K));
    for k in 21..=23 {
        let last = LastCircuit::keygen(k, |engine| level::last(engine, &circuit, [Fr::one(); 2]));
        let (spent, columns) = (last.spent(), &last.params().num_advice_per_phase);
        let all: usize = spent.values().sum();
        println!("k = {k}: {} commitments, {all} cells, {spent:?}, {columns:?} columns", circuit.commitments());
    }
}

#[test]
#[ignore = "a measurement"]
fn a_shard_is_proven_for_a_contract() {
    let read = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_string());
    let (name, size, k) = (read("SHARD", "opcodes"), read("SHARD_K", "11"), read("LAST_K", "20"));
    let (size, k) = (size.parse().expect("a number"), k.parse().expect("a number"));
    let scene = Scene::new(&[(&name, size)]);
    let case = Case::new(&scene);
    let params = scene.setup.params(k).expect("a setup");
    let measured = |what: &str, start: (Instant, (f64, u64))| {
        let (cpu, peak) = usage();
        println!("{what}: {:.1} s, {:.1} CPU-s, peak {peak} MiB", start.0.elapsed().as_secs_f64(), cpu - start.1.0);
    };
    let now = || (Instant::now(), usage());

    let start = now();
    let circuit = LastCircuit::keygen(k, body(&case.circuit));
    println!("{name}: {} commitments, {:?}", case.circuit.commitments(), circuit.params());
    println!("cells: {:?}, {} in all", circuit.spent(), circuit.spent().values().sum::<usize>());
    measured("circuit", start);
    let start = now();
    let keys = Keys::new(&params, &circuit).expect("keys");
    drop(circuit);
    measured("keys", start);
    let start = now();
    let circuit = LastCircuit::prover(&keys.pinning, &case.witness, body(&case.circuit));
    measured("witness", start);
    let instance = circuit.instance();
    assert_eq!(instance, case.instance());
    let start = now();
    let proof = keys.prove(&params, circuit, ChaCha20Rng::seed_from_u64(1)).expect("a proof");
    measured("proof", start);
    println!("{} bytes", proof.len());
    last::verify(&params, keys.key.get_vk(), &instance, &proof).expect("the proof holds");
    assert!(pairs(&scene.setup, points(&instance)));
    let mut wrong = instance;
    wrong[0] += Fr::one();
    assert!(last::verify(&params, keys.key.get_vk(), &wrong, &proof).is_err());
}
