//! A real proof of a shard of permutations: that stock halo2 proves and verifies columns which rotate by turns, and what it
//! costs. `cargo test --release -p verbatim-circuits --test keccak_proof -- --ignored --nocapture`

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use halo2_proofs::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_proofs::plonk::{create_proof_from_advice, keygen_pk2, verify_proof};
use halo2_proofs::poly::commitment::ParamsProver;
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, EncodedChallenge, Transcript, TranscriptRead, TranscriptReadBuffer,
    TranscriptWrite, TranscriptWriterBuffer,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use verbatim_circuits::keccak::layout::SLICES;
use verbatim_circuits::keccak::permutations::Permutations;
use verbatim_gadgets::halo2::{Challenges, ShardCircuit, auxiliary};
use verbatim_gadgets::machine::Workload;

/// A transcript whose first challenges are given, as the bundle's are.
struct Given<T> {
    inner: T,
    pending: VecDeque<Fr>,
}

impl<T> Given<T> {
    fn new(inner: T, challenges: Challenges) -> Self {
        Self { inner, pending: VecDeque::from([challenges.alpha, challenges.gamma]) }
    }
}

impl<T: Transcript<G1Affine, Challenge255<G1Affine>>> Transcript<G1Affine, Challenge255<G1Affine>> for Given<T> {
    fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
        let Some(challenge) = self.pending.pop_front() else { return self.inner.squeeze_challenge() };
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&challenge.to_bytes());
        Challenge255::new(&bytes)
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl<T: TranscriptWrite<G1Affine, Challenge255<G1Affine>>> TranscriptWrite<G1Affine, Challenge255<G1Affine>>
    for Given<T>
{
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.write_scalar(scalar)
    }
}

impl<T: TranscriptRead<G1Affine, Challenge255<G1Affine>>> TranscriptRead<G1Affine, Challenge255<G1Affine>>
    for Given<T>
{
    fn read_point(&mut self) -> io::Result<G1Affine> {
        self.inner.read_point()
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        self.inner.read_scalar()
    }
}

/// CPU time of this process so far, in seconds.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[11..13].iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn prove(k: u32) {
    let capacity = Permutations::new(Vec::new()).capacity(k).unwrap_or(0) * SLICES;
    let states = (0..capacity as u64).map(|i| std::array::from_fn(|lane| (i + 1).wrapping_mul(lane as u64 + 77) << 20));
    let work = Permutations::new(states.collect());
    let work: &dyn Workload = &work;
    let start = Instant::now();
    let grid = work.grid(k, 0..work.len()).expect("as many as fit");
    let filling = start.elapsed().as_secs_f64();
    let challenges = Challenges { alpha: Fr::from(0x1234_5678_9abc), gamma: Fr::from(0xfeed_beef_1234) };
    let start = Instant::now();
    let (aux, sum) = auxiliary(&grid, challenges);
    println!("k = {k}: filling {filling:.2} s, auxiliary {:.2} s", start.elapsed().as_secs_f64());
    let advice: Vec<Vec<Fr>> = grid.main.iter().cloned().chain(aux).collect();

    let params = ParamsKZG::<Bn256>::setup(k, StdRng::seed_from_u64(1));
    let circuit = ShardCircuit::for_keys(grid.circuit.clone(), k);
    let key = keygen_pk2(&params, &circuit, false).expect("keys");
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut transcript = Given::new(Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new()), challenges);
    create_proof_from_advice::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, Challenge255<G1Affine>, _, _>(
        &params,
        &key,
        &[&[sum]],
        advice,
        StdRng::seed_from_u64(2),
        &mut transcript,
    )
    .expect("a proof");
    let proof = transcript.inner.finalize();
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let each = 1000.0 * cpu / capacity as f64;
    println!("{capacity} permutations: {wall:.1} s, {cpu:.1} CPU-s, {each:.0} CPU-ms each; {} bytes", proof.len());

    for (claimed, valid) in [(sum, true), (sum + Fr::from(1), false)] {
        let mut transcript = Given::new(Blake2bRead::<_, G1Affine, Challenge255<_>>::init(&proof[..]), challenges);
        let start = Instant::now();
        let verified = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            params.verifier_params(),
            key.get_vk(),
            SingleStrategy::new(&params),
            &[&[&[claimed]]],
            &mut transcript,
        );
        assert_eq!(verified.is_ok(), valid);
        println!("verified in {:.0} ms", 1000.0 * start.elapsed().as_secs_f64());
    }
}

#[test]
#[ignore = "takes a minute"]
fn a_small_shard() {
    prove(13);
}

#[test]
#[ignore = "takes minutes"]
fn a_shard_of_two_to_the_sixteen() {
    prove(16);
}
