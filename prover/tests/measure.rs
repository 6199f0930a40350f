//! Figures, not checks: `cargo test --release -p verbatim-prover --test measure -- --ignored --nocapture`.

mod common;

use std::{fs::File, io::BufWriter};

use common::{Toy, ToyWitness, chain_columns};
use halo2_proofs::{SerdeFormat, transcript::TranscriptWrite};
use verbatim_prover::{
    Fr, G1Affine,
    backend::Cpu,
    challenge::Challenges,
    clock::{Clock, Cost},
    keys::KeyStore,
    machine::ShardWitness,
    setup::Setup,
    shard,
    transcript::Override,
};

fn report(what: &str, cost: Cost) {
    let Cost { wall, cpu } = cost;
    println!("{what}: {:.2} s, {:.2} CPU-s", wall.as_secs_f64(), cpu.as_secs_f64());
}

#[test]
#[ignore = "a measurement"]
fn measure_the_development_setup() {
    let dir = tempfile::tempdir().unwrap();
    for k in [10, 14, 16, 18] {
        for what in ["made", "from the cache"] {
            let clock = Clock::start();
            Setup::unsafe_development(Some(dir.path())).params(k).unwrap();
            report(&format!("development setup, k = {k}, {what}"), clock.cost());
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn measure_reading_and_downsizing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("setup.srs");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let params = Setup::unsafe_development(None).params(16).unwrap();
    params.write_custom(&mut file, SerdeFormat::RawBytes).unwrap();
    file.into_inner().unwrap();
    let clock = Clock::start();
    let setup = Setup::from_srs(&path, 16, Some(dir.path())).unwrap();
    report("reading and verifying an .srs of k = 16", clock.cost());
    for k in [10, 12, 14] {
        let clock = Clock::start();
        setup.params(k).unwrap();
        report(&format!("Lagrange basis for k = {k}"), clock.cost());
    }
    let setup = Setup::from_srs(&path, 16, Some(dir.path())).unwrap();
    let clock = Clock::start();
    setup.params(14).unwrap();
    report("Lagrange basis for k = 14 from the cache", clock.cost());
}

#[test]
#[ignore = "a measurement"]
fn measure_a_shard() {
    let setup = Setup::unsafe_development(None);
    let store = KeyStore::default();
    for (k, lanes) in [(14, 1), (14, 6), (16, 6)] {
        let toy = Toy { lanes, ..Toy::chain(k) };
        let params = setup.params(k).unwrap();
        let clock = Clock::start();
        let key = store.key(&toy, params).unwrap();
        let what = format!("k = {k}, {} + {} columns", key.shape().main_columns, key.shape().aux_columns);
        report(&format!("{what}: keys"), clock.cost());
        let mut value = Fr::from(3);
        let main = (0..lanes).flat_map(|_| chain_columns(0, toy.usable(), &mut value)).collect();
        let witness = ToyWitness { toy, main };
        let committed = shard::commit(&Cpu, &key, &witness, [1; 32]).unwrap();
        report(&format!("{what}: commit round"), committed.cost());
        let challenges = Challenges { alpha: Fr::from(1234), gamma: Fr::from(5678) };
        let clock = Clock::start();
        witness.aux_columns(&witness.main_columns(), challenges.alpha, challenges.gamma);
        report(&format!("{what}: of the prove round, the toy's auxiliary columns"), clock.cost());
        let proven = shard::prove(&Cpu, &key, &witness, &committed, &challenges).unwrap();
        report(&format!("{what}: prove round"), proven.cost);
        let clock = Clock::start();
        shard::verify(&setup.verifier(), key.verifying(), proven.bus_sum, &proven.proof, &challenges).unwrap();
        report(&format!("{what}: verification of {} bytes", proven.proof.len()), clock.cost());
    }
}

#[test]
#[ignore = "a measurement"]
fn measure_the_transcript() {
    let challenges = Challenges { alpha: Fr::from(1), gamma: Fr::from(2) };
    let points: Vec<G1Affine> = (1..1001).map(|n| (G1Affine::generator() * Fr::from(n)).into()).collect();
    let clock = Clock::start();
    let mut transcript = Override::new(Vec::new(), &challenges);
    for point in points {
        transcript.write_point(point).unwrap();
    }
    for _ in 0..3 {
        halo2_proofs::transcript::Transcript::squeeze_challenge(&mut transcript);
    }
    report("Poseidon over 1000 points", clock.cost());
}
