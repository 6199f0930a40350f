//! All shards of a statement: proving them under common challenges, and verifying them together.

use std::{collections::BTreeMap, thread};

use blake2b_simd::State;
use halo2_proofs::halo2curves::ff::PrimeField;
use rand::{RngCore, rngs::OsRng};
use rayon::prelude::*;

use crate::{
    Fr,
    backend::{Backend, Cpu, Seed},
    cache,
    challenge::{Challenges, bundle_challenges},
    clock::Cost,
    jobs::{self, Attempt, JobError, Jobs, Kept},
    keys::{ShardKey, ShardVerifyingKey},
    machine::ShardWitness,
    progress::{Cancel, Cancelled, NoProgress, Progress, Stage},
    registry::{Count, Registry},
    setup::VerifierSetup,
    shard::{self, ShardError, ShardRejection},
};

/// One proven shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardProof {
    /// The circuit's name.
    pub circuit: String,
    /// The base-2 logarithm of the number of rows.
    pub k: u32,
    /// The instance: the sum of the shard's bus fractions.
    pub bus_sum: Fr,
    /// The proof.
    pub proof: Vec<u8>,
}

/// The shards of a statement, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The digest of the statement that the challenges start from.
    pub statement: Fr,
    /// The shards.
    pub shards: Vec<ShardProof>,
}

/// One shard to prove.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The key of the shard's circuit.
    pub key: &'a ShardKey,
    /// The shard's columns.
    pub witness: &'a dyn ShardWitness,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("key", self.key).finish_non_exhaustive()
    }
}

/// What the rounds of one shard cost.
#[derive(Clone, Debug)]
pub struct ShardCost {
    /// The circuit's name.
    pub circuit: String,
    /// The base-2 logarithm of the number of rows.
    pub k: u32,
    /// The first round.
    pub commit: Cost,
    /// The second round.
    pub prove: Cost,
}

/// A bundle and what it cost, shard by shard.
#[derive(Clone, Debug)]
pub struct ProvenBundle {
    /// The bundle.
    pub bundle: Bundle,
    /// The challenges that it was proven under.
    pub challenges: Challenges<Fr>,
    /// The costs, in the order of the shards.
    pub costs: Vec<ShardCost>,
}

/// Why a bundle cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// There is nothing to prove.
    #[error("a bundle has at least one shard")]
    Empty,
    /// A shard cannot be proven.
    #[error("shard {shard} ({circuit}, k = {k}): {source}")]
    Shard {
        /// The position of the shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
        /// Its size.
        k: u32,
        /// Why.
        source: Box<ShardError>,
    },
    /// The folder that the jobs are kept in cannot be used.
    #[error(transparent)]
    Jobs(#[from] JobError),
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Proves bundles. Shards are proven one after the other; each uses all processors.
#[derive(Clone)]
pub struct Prover<'a> {
    backend: &'a dyn Backend,
    progress: &'a dyn Progress,
    cancel: Cancel,
    seed: Option<Seed>,
    jobs: Option<Jobs>,
}

impl Default for Prover<'_> {
    fn default() -> Self {
        Self { backend: &Cpu, progress: &NoProgress, cancel: Cancel::new(), seed: None, jobs: None }
    }
}

impl std::fmt::Debug for Prover<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { backend, cancel, jobs, .. } = self;
        let mut this = f.debug_struct("Prover");
        this.field("backend", backend).field("cancel", cancel).field("jobs", jobs).finish_non_exhaustive()
    }
}

impl<'a> Prover<'a> {
    /// A prover on the processor that reports to nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Proves with another backend.
    pub fn backend(self, backend: &'a dyn Backend) -> Self {
        Self { backend, ..self }
    }

    /// Reports to `progress`.
    pub fn progress(self, progress: &'a dyn Progress) -> Self {
        Self { progress, ..self }
    }

    /// Stops when `cancel` says so, between two shards.
    pub fn cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Draws the blinding rows from `seed`, so that the commitments, challenges and bus sums can be reproduced (halo2
    /// draws the rest of a proof from other sources). A seed must not be used for two witnesses if anything about them is
    /// to stay hidden. Without a seed, the system's randomness is used.
    pub fn seed(self, seed: Seed) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Keeps what each round of each shard leaves in a folder, one for a bundle: work that was stopped goes on where it
    /// was, and several processes that prove the same bundle in the same folder share its shards. Seeds are kept there, too,
    /// so the folder is as secret as the witness.
    pub fn jobs(self, jobs: Jobs) -> Self {
        Self { jobs: Some(jobs), ..self }
    }

    /// Proves all shards of a statement.
    ///
    /// # Errors
    ///
    /// [`ProveError`] if a shard cannot be proven or the work was stopped.
    pub fn prove(&self, statement: Fr, jobs: &[Job<'_>]) -> Result<ProvenBundle, ProveError> {
        if jobs.is_empty() {
            return Err(ProveError::Empty);
        }
        let seed = self.seed.unwrap_or_else(random_seed);
        let mut origin = self.origin(statement, jobs);
        let committed = self.round((Stage::Commit, "commit"), jobs, &origin, |index, job| {
            shard::commit(self.backend, job.key, job.witness, shard_seed(&seed, index))
        })?;
        let digests: Vec<Fr> = committed.iter().map(shard::Committed::digest).collect();
        let challenges = bundle_challenges(statement, &digests);
        origin.update(challenges.alpha.to_repr().as_ref()).update(challenges.gamma.to_repr().as_ref());
        let proven = self.round((Stage::Prove, "prove"), jobs, &origin, |index, job| {
            shard::prove(self.backend, job.key, job.witness, &committed[index], &challenges)
        })?;
        let mut shards = Vec::with_capacity(jobs.len());
        let mut costs = Vec::with_capacity(jobs.len());
        for ((job, committed), proven) in jobs.iter().zip(&committed).zip(proven) {
            let key = job.key.verifying();
            let (circuit, k) = (key.name().to_owned(), key.shape().k);
            costs.push(ShardCost { circuit: circuit.clone(), k, commit: committed.cost(), prove: proven.cost });
            shards.push(ShardProof { circuit, k, bus_sum: proven.bus_sum, proof: proven.proof });
        }
        Ok(ProvenBundle { bundle: Bundle { statement, shards }, challenges, costs })
    }

    /// What the commitments of a bundle follow from, but for the witness.
    fn origin(&self, statement: Fr, jobs: &[Job<'_>]) -> State {
        let mut state = cache::digest_state(b"VerbatimShardJob");
        state.update(statement.to_repr().as_ref()).update(&(jobs.len() as u64).to_le_bytes());
        for job in jobs {
            state.update(job.key.verifying().digest().to_repr().as_ref());
        }
        if let Some(seed) = &self.seed {
            state.update(seed);
        }
        state
    }

    /// Does a round of all shards; first those that nobody else is at.
    fn round<T: Kept>(
        &self,
        (stage, name): (Stage, &str),
        jobs: &[Job<'_>],
        origin: &State,
        work: impl Fn(usize, &Job<'_>) -> Result<T, ShardError>,
    ) -> Result<Vec<T>, ProveError> {
        self.progress.started(stage, jobs.len());
        let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        loop {
            let before = results.iter().flatten().count();
            for (shard, job) in jobs.iter().enumerate() {
                if results[shard].is_none() {
                    self.cancel.check()?;
                    results[shard] = self.attempt(name, shard, origin, || in_span(stage, shard, job, &work))?;
                    results[shard].iter().for_each(|_| self.progress.advanced(stage));
                }
            }
            let done = results.iter().flatten().count();
            if done == jobs.len() {
                self.progress.finished(stage);
                return Ok(results.into_iter().flatten().collect());
            }
            if done == before {
                thread::sleep(jobs::PAUSE);
            }
        }
    }

    /// Does a round of a shard, unless it is done, or somebody else is at it.
    fn attempt<T: Kept>(
        &self,
        name: &str,
        shard: usize,
        origin: &State,
        work: impl FnOnce() -> Result<T, ProveError>,
    ) -> Result<Option<T>, ProveError> {
        let Some(jobs) = &self.jobs else { return work().map(Some) };
        let digest = cache::digest_of(origin.clone().update(&(shard as u64).to_le_bytes()));
        match jobs.attempt(&format!("{name}-{shard:06}"), digest, work)? {
            Attempt::Done(result) => Ok(Some(result)),
            Attempt::Elsewhere => Ok(None),
        }
    }
}

/// The work on a shard, with the shard named in logs and in the error.
fn in_span<T>(
    stage: Stage,
    shard: usize,
    job: &Job<'_>,
    work: impl Fn(usize, &Job<'_>) -> Result<T, ShardError>,
) -> Result<T, ProveError> {
    let (circuit, k) = (job.key.verifying().name(), job.key.shape().k);
    let span = tracing::info_span!("shard", ?stage, shard, circuit, k);
    let result = span.in_scope(|| work(shard, job));
    result.map_err(|source| ProveError::Shard { shard, circuit: circuit.to_owned(), k, source: Box::new(source) })
}

fn random_seed() -> Seed {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    seed
}

/// The seed of one shard's blinding rows.
fn shard_seed(seed: &Seed, shard: usize) -> Seed {
    let mut state = cache::digest_state(b"VerbatimShardRng");
    state.update(seed).update(&(shard as u64).to_le_bytes());
    cache::digest_of(&state)
}

/// Why a bundle is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum BundleRejection {
    /// There is no shard.
    #[error("a bundle has at least one shard")]
    Empty,
    /// The bundle is of another statement than the verifier's.
    #[error("the bundle proves another statement")]
    Statement,
    /// The public messages are no statement about a block.
    #[error(transparent)]
    NoStatement(#[from] verbatim_witness::assemble::NoStatement),
    /// A shard's circuit and size are not registered.
    #[error("shard {shard}: no key for {circuit:?}, k = {k}")]
    UnknownCircuit {
        /// The position of the shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
        /// Its size.
        k: u32,
    },
    /// Too few or too many shards of a circuit.
    #[error("{actual} shards of {circuit}, allowed are {} to {}", allowed.least, allowed.greatest)]
    Count {
        /// The circuit.
        circuit: String,
        /// How many there are.
        actual: usize,
        /// How many there may be.
        allowed: Count,
    },
    /// A shard is rejected.
    #[error("shard {shard} ({circuit}, k = {k}): {source}")]
    Shard {
        /// The position of the shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
        /// Its size.
        k: u32,
        /// Why.
        source: Box<ShardRejection>,
    },
    /// Every shard is valid, but messages have no partner.
    #[error("the messages of the shards and of the public statement do not cancel out")]
    Unbalanced,
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Verifies bundles.
#[derive(Clone)]
pub struct Verifier<'a> {
    registry: &'a Registry,
    setup: VerifierSetup,
    progress: &'a dyn Progress,
    cancel: Cancel,
}

impl std::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("registry", self.registry).field("setup", &self.setup).finish_non_exhaustive()
    }
}

impl<'a> Verifier<'a> {
    /// A verifier that accepts the circuits of `registry`.
    pub fn new(registry: &'a Registry, setup: VerifierSetup) -> Self {
        Self { registry, setup, progress: &NoProgress, cancel: Cancel::new() }
    }

    /// Reports to `progress`.
    pub fn progress(self, progress: &'a dyn Progress) -> Self {
        Self { progress, ..self }
    }

    /// Stops when `cancel` says so, between two shards.
    pub fn cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Verifies a bundle of the statement with this digest. `public` gives the sum of the public messages' fractions
    /// under the challenges; it and `statement` must be the verifier's own, not the prover's.
    ///
    /// Returns the challenges.
    ///
    /// # Errors
    ///
    /// [`BundleRejection`] with the first shard that is not valid, if it is one shard.
    pub fn verify(
        &self,
        statement: Fr,
        bundle: &Bundle,
        public: impl FnOnce(&Challenges<Fr>) -> Fr,
    ) -> Result<Challenges<Fr>, BundleRejection> {
        if bundle.statement != statement {
            return Err(BundleRejection::Statement);
        }
        let shards = &bundle.shards;
        let keys = self.keys(shards)?;
        let challenges = challenges(statement, shards, &keys)?;
        self.verify_shards(shards, &keys, &challenges)?;
        let total = shards.iter().fold(public(&challenges), |total, shard| total + shard.bus_sum);
        if total == Fr::zero() { Ok(challenges) } else { Err(BundleRejection::Unbalanced) }
    }

    /// The registered keys of the shards, once their numbers are allowed.
    fn keys(&self, shards: &[ShardProof]) -> Result<Vec<&'a ShardVerifyingKey>, BundleRejection> {
        if shards.is_empty() {
            return Err(BundleRejection::Empty);
        }
        let mut actual = BTreeMap::<&str, usize>::new();
        let mut keys = Vec::with_capacity(shards.len());
        for (index, ShardProof { circuit, k, .. }) in shards.iter().enumerate() {
            let key = self.registry.key(circuit, *k);
            let unknown = || BundleRejection::UnknownCircuit { shard: index, circuit: circuit.clone(), k: *k };
            keys.push(&**key.ok_or_else(unknown)?);
            *actual.entry(circuit).or_default() += 1;
        }
        for (circuit, allowed) in self.registry.counts() {
            let actual = actual.get(circuit).copied().unwrap_or(0);
            if !allowed.allows(actual) {
                return Err(BundleRejection::Count { circuit: circuit.to_owned(), actual, allowed });
            }
        }
        Ok(keys)
    }

    fn verify_shards(
        &self,
        shards: &[ShardProof],
        keys: &[&ShardVerifyingKey],
        challenges: &Challenges<Fr>,
    ) -> Result<(), BundleRejection> {
        self.progress.started(Stage::Verify, shards.len());
        let results: Vec<_> = shards
            .par_iter()
            .zip(keys)
            .enumerate()
            .map(|(index, (shard, key))| {
                self.cancel.check()?;
                let result = shard::verify(&self.setup, key, shard.bus_sum, &shard.proof, challenges);
                result.map_err(|source| rejection(index, shard, source))?;
                self.progress.advanced(Stage::Verify);
                Ok(())
            })
            .collect();
        results.into_iter().collect::<Result<(), BundleRejection>>()?;
        self.progress.finished(Stage::Verify);
        Ok(())
    }
}

/// The challenges by the commitments that the proofs start with.
fn challenges(
    statement: Fr,
    shards: &[ShardProof],
    keys: &[&ShardVerifyingKey],
) -> Result<Challenges<Fr>, BundleRejection> {
    let digests: Result<Vec<Fr>, _> = shards
        .iter()
        .zip(keys)
        .enumerate()
        .map(|(index, (shard, key))| {
            shard::read_digest(key, &shard.proof).map_err(|source| rejection(index, shard, source))
        })
        .collect();
    Ok(bundle_challenges(statement, &digests?))
}

fn rejection(index: usize, shard: &ShardProof, source: ShardRejection) -> BundleRejection {
    BundleRejection::Shard { shard: index, circuit: shard.circuit.clone(), k: shard.k, source: Box::new(source) }
}
