//! A real proof of a shard of the curve circuit, and that its bus balances with the tables under the proof's challenges.
//! For the figures: `cargo test --release -p verbatim-aggregator --test proof -- --ignored --nocapture`.

use std::time::Instant;

use halo2_proofs::halo2curves::bn256::{G1, G1Affine};
use halo2_proofs::halo2curves::ff::Field;
use halo2_proofs::halo2curves::group::{Curve, Group};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use verbatim_aggregator::bus::{CurvePoint, CurvePointNative, Term, TermNative, Total, TotalNative};
use verbatim_aggregator::curve::CurveWork;
use verbatim_aggregator::curve::affine::reduced;
use verbatim_circuits::tables;
use verbatim_gadgets::bus::FactCounts;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::{Challenges, auxiliary};
use verbatim_gadgets::machine::Workload;
use verbatim_gadgets::message::Message;
use verbatim_gadgets::plan::public_sum;
use verbatim_prover::backend::Cpu;
use verbatim_prover::keys::KeyStore;
use verbatim_prover::machine::ShardWitness;
use verbatim_prover::setup::Setup;
use verbatim_prover::shard;
use verbatim_prover::shards::PlanCircuit;

/// A filled shard, as the prover takes it.
struct Filled(Grid);

impl ShardWitness for Filled {
    fn main_columns(&self) -> Vec<Vec<F>> {
        self.0.main.clone()
    }

    fn aux_columns(&self, _: &[Vec<F>], alpha: F, gamma: F) -> (Vec<Vec<F>>, F) {
        auxiliary(&self.0, Challenges { alpha, gamma })
    }
}

/// What the asker says, each with its tag and how often.
type Public = Vec<(u64, Vec<F>, F)>;

/// A sum of random terms and the tables, filled, with what the asker says.
fn machine(terms: usize, k: u32) -> (Grid, Grid, Public) {
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let terms: Vec<(F, G1Affine)> =
        (0..terms).map(|_| (F::random(&mut random), G1::random(&mut random).to_affine())).collect();
    let start = Instant::now();
    let (mut work, mut counts, mut public) = (CurveWork::new(), FactCounts::default(), Public::new());
    for (scalar, point) in &terms {
        work.point(*point);
        let fact = CurvePointNative { x: reduced(&point.x), y: reduced(&point.y), point: *point };
        counts.add::<CurvePoint>(&fact);
        public.push((CurvePoint::TAG.id, CurvePoint::tuple(&fact), -F::ONE));
        let term = TermNative { sum: 1, digit: 0, rest: *scalar, point: *point };
        public.push((Term::TAG.id, Term::tuple(&term), F::ONE));
    }
    let total = work.multiply(1, &terms).expect("a sum");
    public.push((Total::TAG.id, Total::tuple(&TotalNative { sum: 1, point: total }), -F::ONE));
    let (curve, tables) = (work.finish(), tables::sheet());
    println!("{} terms: {:.1} s for the sum", terms.len(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let grid = |work: &dyn Workload, k| work.grid(k, 0..work.len()).expect("the work fits");
    let (mut curve, mut tables) = (grid(&curve, k), grid(&tables, tables::K));
    counts.consume(&curve);
    [&mut curve, &mut tables].into_iter().for_each(|grid| counts.provide(grid));
    println!("k = {k}: {:.1} s for filling {} rows", start.elapsed().as_secs_f64(), curve.used());
    (curve, tables, public)
}

fn prove(terms: usize, k: u32) {
    let (curve, tables, public) = machine(terms, k);
    let setup = Setup::unsafe_development(None);
    let store = KeyStore::default();
    let circuit = PlanCircuit::new(curve.circuit.clone(), 0, k);
    let key = store.key(&circuit, setup.params(k).expect("a setup")).expect("keys");
    let cells = curve.used() * (curve.circuit.main.len() + curve.circuit.aux_columns());
    let curve = Filled(curve);
    let committed = shard::commit(&Cpu, &key, &curve, [1; 32]).expect("the commit round");
    let challenges = Challenges { alpha: committed.digest(), gamma: F::from(0xfeed_beef) };
    let proven = shard::prove(&Cpu, &key, &curve, &committed, &challenges).expect("the prove round");
    let cpu = (committed.cost().cpu + proven.cost.cpu).as_secs_f64();
    println!("{cells} cells in use: {cpu:.1} CPU-s, {:.1} us a cell", 1e6 * cpu / cells as f64);
    let verify = |sum| shard::verify(&setup.verifier(), key.verifying(), sum, &proven.proof, &challenges);
    assert!(verify(proven.bus_sum).is_ok());
    assert!(verify(proven.bus_sum + F::ONE).is_err());
    let (_, of_tables) = auxiliary(&tables, challenges);
    let public = public.iter().map(|(tag, tuple, multiplicity)| (*tag, &tuple[..], *multiplicity));
    let of_public = public_sum(public, challenges).expect("no denominator is zero");
    assert_eq!(proven.bus_sum + of_tables + of_public, F::ZERO);
}

#[test]
fn a_sum_is_proven() {
    prove(1, 15);
}

#[test]
#[ignore = "a measurement"]
fn a_sum_of_many_terms_is_proven() {
    prove(275, 16);
}
