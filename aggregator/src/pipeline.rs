//! From a block's proof to the one shard that the last circuit verifies: the levels, in a folder.
//!
//! Level 1 verifies the block's bundle, each further level the one below it, until a bundle is one shard. Every round of every
//! shard is a [job](verbatim_prover::jobs), and the last proof is one: what is in the folder is not done again, and processes
//! that share a folder share the work. `level-N.jobs` has the jobs of level `N`, and `level-N` what it leaves: `level.json`,
//! and its `shards`, as [`verbatim_prover::file`] has them. A level that is there is read and verified.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use halo2_proofs::halo2curves::{ff::PrimeField, group::GroupEncoding};
use serde::{Deserialize, Serialize};
use verbatim_circuits::statement::Label;
use verbatim_prover::{
    block::BlockProof,
    bundle::{Bundle, BundleRejection, Prover},
    cache,
    clock::{Clock, Cost},
    file::{self, FileError, Limits},
    inventory::Inventory,
    jobs::{JobError, Jobs},
    keys::{KeyStore, ShardVerifyingKey},
    machine::ShardCircuit,
    progress::{Cancel, Cancelled},
    setup::Setup,
};

use crate::{
    Fr, G1Affine,
    aggregate::{Below, LevelError},
    final_proof::FinalProof,
    key::Circuit,
    keyset::{KeySet, KeySetError},
    level::Statement,
    native::Native,
    proof::{LevelProof, LevelProofError},
    verifier,
    witness::Witness,
    work::{Shown, WorkError},
};

/// What `level.json` says its format is.
const FORMAT: &str = "verbatim-level";

/// The version of the files' layout.
const VERSION: u32 = 1;

/// The most levels there can be: each has fewer shards than the one below, and a bundle at most 2^16.
const LEVELS: usize = 16;

/// Why there is no aggregation.
#[derive(Debug, thiserror::Error)]
pub enum AggregateError {
    /// The block's proof, or a level's, does not hold.
    #[error("what level {level} leaves does not hold: {source}")]
    Rejected {
        /// The level; 0 is the block's.
        level: usize,
        /// Why.
        source: BundleRejection,
    },
    /// A bundle cannot be verified by a level.
    #[error("level {level}: {source}")]
    Level {
        /// The level.
        level: usize,
        /// Why.
        source: LevelError,
    },
    /// The keys are not of the setup.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// A level cannot be proven.
    #[error("level {level}: {source}")]
    Proof {
        /// The level.
        level: usize,
        /// Why.
        source: LevelProofError,
    },
    /// The pairing of what is left does not hold: some proof below is not valid.
    #[error("the pairing of what level {0} leaves does not hold")]
    Pairing(usize),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A level's description cannot be read or written.
    #[error("{}: {problem}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: DescriptionProblem,
    },
    /// The levels do not get smaller: a bug of ours.
    #[error("{LEVELS} levels have not led to one shard")]
    Endless,
}

/// What is wrong with `level.json`.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionProblem {
    /// The system's error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Malformed.
    #[error("not a level's description: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another kind or version.
    #[error("not of this format and version")]
    Format,
    /// Not points of the curve.
    #[error("a sum is not a point")]
    Point,
}

/// `level.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: String,
    version: u32,
    /// Compressed, in hexadecimal.
    sums: [String; 2],
}

/// What became of a level.
#[derive(Clone, Debug)]
pub struct LevelReport {
    /// The level, from 1.
    pub level: usize,
    /// Its shards, with what they cost; without, if the level was there already.
    pub proof: LevelProof,
    /// What it cost to prove and verify it, or to read and verify it.
    pub cost: Cost,
}

/// A block's proof, on its way to one shard.
#[derive(Debug)]
pub struct Aggregation<'a> {
    proof: &'a BlockProof,
    statement: Statement<Fr>,
    label: Label,
    keys: &'a KeySet,
    setup: &'a Setup,
    store: &'a KeyStore,
}

impl<'a> Aggregation<'a> {
    /// The aggregation of a block's proof, which is verified.
    ///
    /// # Errors
    /// [`AggregateError::Rejected`], and [`AggregateError::Keys`] if the keys are of another setup.
    pub fn new(
        proof: &'a BlockProof,
        keys: &'a KeySet,
        setup: &'a Setup,
        store: &'a KeyStore,
    ) -> Result<Self, AggregateError> {
        keys.check(setup)?;
        let rejected = |source| AggregateError::Rejected { level: 0, source };
        proof.verify(setup).map_err(rejected)?;
        let chain = proof.public().fold().map_err(|source| rejected(source.into()))?;
        let statement = Statement {
            label: chain.begin,
            digest: chain.digest,
            count: Fr::from(chain.count),
            block_keys: keys.block().root(),
            verifier_keys: keys.verifier().root(),
        };
        Ok(Self { proof, statement, label: *proof.public().label(), keys, setup, store })
    }

    /// What the levels show.
    pub fn statement(&self) -> &Statement<Fr> {
        &self.statement
    }

    /// How many commitments the block's proof has that a level verifies, those of its keys included.
    pub fn commitments(&self) -> usize {
        self.with_block(|below| below.keys.iter().map(|key| Circuit::of(key).commitments()).sum())
    }

    /// The label of the block.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// Proves the levels, or reads those that `folder` has, until one is one shard. `done` is told of each.
    ///
    /// # Errors
    /// [`AggregateError`].
    pub fn levels(
        &self,
        folder: &Path,
        prover: &Prover<'_>,
        mut done: impl FnMut(&LevelReport),
    ) -> Result<LevelProof, AggregateError> {
        let mut inventory = Inventory::new(self.setup, self.store);
        let mut top = None;
        for level in 1..=LEVELS {
            let clock = Clock::start();
            let path = folder.join(format!("level-{level}"));
            let proof = match path.exists() {
                true => self.read(level, &path, &mut inventory)?,
                false => {
                    let prover = prover.clone().jobs(Jobs::new(path.with_extension("jobs")));
                    self.prove(level, top.as_ref(), &prover, &mut inventory)?
                }
            };
            proof.verify(self.setup).map_err(|source| AggregateError::Rejected { level, source })?;
            if !proof.pairing_holds(self.setup) {
                return Err(AggregateError::Pairing(level));
            }
            if !path.exists() {
                write(&path, &proof)?;
            }
            let report = LevelReport { level, proof, cost: clock.cost() };
            done(&report);
            if report.proof.bundle.shards.len() == 1 {
                return Ok(report.proof);
            }
            top = Some(report.proof);
        }
        Err(AggregateError::Endless)
    }

    fn prove(
        &self,
        level: usize,
        below: Option<&LevelProof>,
        prover: &Prover<'_>,
        inventory: &mut Inventory<'_>,
    ) -> Result<LevelProof, AggregateError> {
        let failed = |source| AggregateError::Level { level, source };
        let ended = |source: WorkError| failed(source.into());
        let work = match below {
            Some(below) => self.with(below, |below| below.work()),
            None => self.with_block(|below| below.work()),
        };
        let (sheet, shown) = work.map_err(failed)?.finish().map_err(ended)?;
        let greatest_k = *verifier::SIZES.end();
        LevelProof::prove((&sheet, shown), greatest_k, inventory, prover)
            .map_err(|source| AggregateError::Proof { level, source })
    }

    /// What the last circuit is given of the uppermost level.
    ///
    /// # Errors
    /// [`LevelError`] if the level is not one shard, or does not hold.
    pub fn last(&self, top: &LevelProof) -> Result<Witness, LevelError> {
        self.with(top, |below| below.last(&self.label))
    }

    /// The final proof: from the folder if it is there, else by `work`, unless another process is at it, for which it waits.
    ///
    /// # Errors
    /// The work's, [`JobError`] if the folder cannot be used, and [`Cancelled`].
    pub fn final_proof<E: From<JobError> + From<Cancelled>>(
        &self,
        top: &LevelProof,
        folder: &Path,
        cancel: &Cancel,
        work: impl FnMut() -> Result<FinalProof, E>,
    ) -> Result<FinalProof, E> {
        let mut state = cache::digest_state(b"VerbatimFinalJob");
        state.update(self.setup.verifier().s_g2().to_bytes().as_ref()).update(env!("CARGO_PKG_VERSION").as_bytes());
        for element in self.label.elements().iter().chain(&self.statement.elements()) {
            state.update(element.to_repr().as_ref());
        }
        for sum in &top.shown.sums {
            state.update(sum.to_bytes().as_ref());
        }
        for shard in &top.bundle.shards {
            state.update(&shard.proof);
        }
        Jobs::new(folder).get("final", cache::digest_of(&state), cancel, work)
    }

    fn with<T>(&self, level: &LevelProof, then: impl FnOnce(&Below<'_>) -> T) -> T {
        let keys: Vec<_> = level.keys.iter().map(|key| &**key).collect();
        self.below(&level.bundle, &keys, Some(level.shown.sums), then)
    }

    fn with_block<T>(&self, then: impl FnOnce(&Below<'_>) -> T) -> T {
        let bundle = self.proof.bundle();
        let key = |shard: &verbatim_prover::bundle::ShardProof| self.proof.registry().key(&shard.circuit, shard.k);
        let keys: Vec<&ShardVerifyingKey> = bundle.shards.iter().filter_map(key).map(|key| &**key).collect();
        self.below(bundle, &keys, None, then)
    }

    fn below<T>(
        &self,
        bundle: &Bundle,
        keys: &[&ShardVerifyingKey],
        sums: Option<[G1Affine; 2]>,
        then: impl FnOnce(&Below<'_>) -> T,
    ) -> T {
        let tree = if sums.is_some() { self.keys.verifier() } else { self.keys.block() };
        then(&Below { statement: self.statement.clone(), sums, bundle, keys, tree })
    }

    fn read(&self, level: usize, path: &Path, inventory: &mut Inventory<'_>) -> Result<LevelProof, AggregateError> {
        let sums = read_sums(&path.join(DESCRIPTION))?;
        let nothing = Witness::default();
        let statement = self.statement.outcome(&mut Native::new(&nothing));
        let shards = path.join(SHARDS);
        let manifest = file::read_manifest(&shards, &Limits::default())?;
        let known = manifest.shards.iter().filter(|shard| verifier::SIZES.contains(&shard.k));
        for shard in known {
            // Other names and sizes have no key: reading the shards then says so.
            let key = inventory.key(&verifier::circuit(shard.k));
            key.map_err(|source| AggregateError::Proof { level, source: source.into() })?;
        }
        let circuit = verifier::circuit(verifier::LEAST_K);
        let registry = inventory.registry([(circuit.name(), circuit.index())]).expect("one circuit");
        let bundle = file::read(&shards, &registry, &Limits::default())?;
        let key = |shard: &verbatim_prover::bundle::ShardProof| registry.key(&shard.circuit, shard.k).map(Arc::clone);
        let keys = bundle.shards.iter().filter_map(key).collect();
        Ok(LevelProof { shown: Shown { statement, sums }, bundle, keys, costs: Vec::new() })
    }
}

/// The name of a level's description.
const DESCRIPTION: &str = "level.json";

/// The folder of a level's shards.
const SHARDS: &str = "shards";

/// Whole or not at all: the folder gets its name when everything is in it. If another process was faster, it has written the
/// same.
fn write(path: &Path, proof: &LevelProof) -> Result<(), AggregateError> {
    let part = path.with_extension(format!("{}.part", process::id()));
    let description = part.join(DESCRIPTION);
    let failed = |problem: DescriptionProblem| AggregateError::Description { path: description.clone(), problem };
    drop(fs::remove_dir_all(&part));
    file::write(&part.join(SHARDS), &proof.bundle, &proof.registry())?;
    let sums = proof.shown.sums.map(|sum| hex::encode(sum.to_bytes().as_ref()));
    let text = serde_json::to_vec_pretty(&Description { format: FORMAT.to_owned(), version: VERSION, sums });
    text.map_err(DescriptionProblem::from).and_then(|text| Ok(fs::write(&description, text)?)).map_err(failed)?;
    match fs::rename(&part, path) {
        Err(_) if path.exists() => {
            drop(fs::remove_dir_all(&part));
            Ok(())
        }
        renamed => renamed.map_err(DescriptionProblem::from).map_err(failed),
    }
}

fn read_sums(path: &Path) -> Result<[G1Affine; 2], AggregateError> {
    let read = || decode_sums(&fs::read(path)?);
    read().map_err(|problem| AggregateError::Description { path: path.to_owned(), problem })
}

/// The two sums of the bytes of a `level.json`, left then right.
///
/// # Errors
/// [`DescriptionProblem`] says what is wrong with them.
pub fn decode_sums(bytes: &[u8]) -> Result<[G1Affine; 2], DescriptionProblem> {
    let Description { format, version, sums } = serde_json::from_slice(bytes)?;
    if format != FORMAT || version != VERSION {
        return Err(DescriptionProblem::Format);
    }
    let [left, right] = sums.map(|sum| point(&sum).ok_or(DescriptionProblem::Point));
    Ok([left?, right?])
}

/// The point of a compressed encoding in hexadecimal, if it is the one encoding of a point.
pub(crate) fn point(text: &str) -> Option<G1Affine> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    hex::decode_to_slice(text, repr.as_mut()).ok()?;
    let point = Option::<G1Affine>::from(G1Affine::from_bytes(&repr))?;
    (point.to_bytes() == repr).then_some(point)
}
