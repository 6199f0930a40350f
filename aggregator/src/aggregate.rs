//! From a bundle to the work of the level that verifies it.

use verbatim_circuits::statement::Label;
use verbatim_prover::{
    bundle::{Bundle, ShardProof},
    challenge::{Challenges, bundle_challenges},
    keys::ShardVerifyingKey,
    shard::{ShardRejection, read_digest},
};

use crate::{
    Fr, G1Affine,
    hash::{Domain, hash},
    key::Circuit,
    level::{self, Statement},
    native::{Native, Refusal},
    programs::{Entry, programs},
    shard::verify,
    tree::Tree,
    witness::{Witness, WitnessError},
    work::{LevelWork, Shown, WorkError},
};

/// Why a bundle cannot be verified by a level.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    /// A bundle has at least one shard.
    #[error("the bundle has no shard")]
    Empty,
    /// The last circuit takes one shard.
    #[error("the bundle has {0} shards, not one")]
    Several(usize),
    /// There is not one key for each shard.
    #[error("the bundle has {shards} shards, and there are {keys} keys")]
    Keys {
        /// How many shards there are.
        shards: usize,
        /// How many keys.
        keys: usize,
    },
    /// The bundle is about something else.
    #[error("the bundle is of another statement")]
    Statement,
    /// There is no program for a circuit.
    #[error("shard {shard}: no program verifies the circuit {circuit}")]
    Circuit {
        /// The shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
    },
    /// A key is not in the tree.
    #[error("shard {shard}: the key of {circuit} with k = {k} is not among those that are allowed")]
    Key {
        /// The shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
        /// Its size.
        k: u32,
    },
    /// A proof is malformed.
    #[error("shard {shard}: {source}")]
    Proof {
        /// The shard.
        shard: usize,
        /// Why.
        source: WitnessError,
    },
    /// A proof is malformed.
    #[error("shard {shard}: {source}")]
    Digest {
        /// The shard.
        shard: usize,
        /// Why.
        source: Box<ShardRejection>,
    },
    /// A shard does not hold.
    #[error("shard {shard} ({circuit}, k = {k}): {source}")]
    Refused {
        /// The shard.
        shard: usize,
        /// Its circuit.
        circuit: String,
        /// Its size.
        k: u32,
        /// Why.
        source: Refusal,
    },
    /// What is verified does not hold.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// A bundle to verify, and what it is a bundle of.
#[derive(Clone, Debug)]
pub struct Below<'a> {
    /// What the level is to show.
    pub statement: Statement<Fr>,
    /// The two sums that the level below leaves; none if the bundle is a block's.
    pub sums: Option<[G1Affine; 2]>,
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The keys of its shards.
    pub keys: &'a [&'a ShardVerifyingKey],
    /// The tree of the keys that are allowed.
    pub tree: &'a Tree,
}

impl Below<'_> {
    /// The digest that the challenges of the bundle are hashed from.
    pub fn digest(&self) -> Fr {
        let nothing = Witness::default();
        let mut engine = Native::new(&nothing);
        match &self.sums {
            None => self.statement.of_block(&mut engine),
            Some(sums) => {
                let statement = self.statement.outcome(&mut engine);
                Shown { statement, sums: *sums }.digest()
            }
        }
    }

    /// The work that verifies the bundle.
    ///
    /// # Errors
    /// [`LevelError`] if the bundle does not hold, but for what is left to the pairing.
    pub fn work(&self) -> Result<LevelWork, LevelError> {
        if self.bundle.statement != self.digest() {
            return Err(LevelError::Statement);
        }
        let shards = self.shards()?;
        let shared = self.challenges()?;
        let factor = factor(&shards, &shared)?;
        let (entry, begin) = self.begin(&shared, factor);
        let mut work = LevelWork::new();
        work.run(entry, &begin)?;
        let mut engine = Native::new(&begin);
        let mut progress = if self.sums.is_some() { level::verified(&mut engine) } else { level::block(&mut engine) };
        engine.finish().map_err(|source| WorkError::Refused { run: 0, program: entry.name.clone(), source })?;
        for shard in &shards {
            let elements = progress.elements();
            let mut engine = Native::new(&shard.witness);
            progress = progress.shard(&mut engine, &shard.circuit);
            engine.finish().map_err(|source| shard.refused(source))?;
            work.run(shard.entry, &shard.witness.behind(&elements))?;
        }
        let generator = Witness { scalars: progress.elements(), points: vec![G1Affine::generator()] };
        work.run(&programs().close, &generator)?;
        Ok(work)
    }

    /// What [`level::last`] is given, if the bundle is one shard.
    ///
    /// # Errors
    /// [`LevelError`], as [`work`](Self::work).
    pub fn last(&self, label: &Label) -> Result<Witness, LevelError> {
        let shards = self.shards()?;
        let [shard] = &shards[..] else { return Err(LevelError::Several(shards.len())) };
        let shared = self.challenges()?;
        let (_, begin) = self.begin(&shared, factor(&shards, &shared)?);
        let scalars = [begin.scalars, shard.witness.scalars.clone(), label.elements().into()].concat();
        let points = [begin.points, shard.witness.points.clone(), vec![G1Affine::generator()]].concat();
        Ok(Witness { scalars, points })
    }

    /// How the level begins, and what the program is given.
    fn begin(&self, shared: &Challenges<Fr>, factor: Fr) -> (&'static Entry, Witness) {
        let claims = [shared.alpha, shared.gamma, factor];
        let scalars = [&self.statement.elements()[..], &claims].concat();
        let points = self.sums.map_or(Vec::new(), Vec::from);
        let entry = if self.sums.is_some() { &programs().verified } else { &programs().block };
        (entry, Witness { scalars, points })
    }

    fn shards(&self) -> Result<Vec<Shard>, LevelError> {
        if self.bundle.shards.is_empty() {
            return Err(LevelError::Empty);
        }
        let (shards, keys) = (self.bundle.shards.len(), self.keys.len());
        if shards != keys {
            return Err(LevelError::Keys { shards, keys });
        }
        let shards = self.bundle.shards.iter().zip(self.keys).enumerate();
        shards.map(|(index, (proof, key))| self.shard(index, proof, key)).collect()
    }

    fn shard(&self, shard: usize, proof: &ShardProof, key: &ShardVerifyingKey) -> Result<Shard, LevelError> {
        let circuit = || proof.circuit.clone();
        let entry = programs().shard(key.index()).ok_or_else(|| LevelError::Circuit { shard, circuit: circuit() })?;
        let path = self.tree.path(key.digest());
        let path = path.ok_or_else(|| LevelError::Key { shard, circuit: circuit(), k: proof.k })?;
        let mut witness = Witness::of_shard(key, proof).map_err(|source| LevelError::Proof { shard, source })?;
        witness.scalars.extend(path);
        Ok(Shard { place: shard, k: proof.k, entry, circuit: Circuit::of(key), witness })
    }

    fn challenges(&self) -> Result<Challenges<Fr>, LevelError> {
        let shards = self.bundle.shards.iter().zip(self.keys).enumerate();
        let digests = shards.map(|(shard, (proof, key))| {
            read_digest(key, &proof.proof).map_err(|source| LevelError::Digest { shard, source: Box::new(source) })
        });
        Ok(bundle_challenges(self.bundle.statement, &digests.collect::<Result<Vec<_>, _>>()?))
    }
}

/// A shard to verify.
struct Shard {
    /// Its place in the bundle.
    place: usize,
    k: u32,
    entry: &'static Entry,
    circuit: Circuit,
    /// The shard, and the path of its key.
    witness: Witness,
}

impl Shard {
    fn refused(&self, source: Refusal) -> LevelError {
        LevelError::Refused { shard: self.place, circuit: self.entry.name.clone(), k: self.k, source }
    }
}

/// The factor that is hashed from all proofs.
fn factor(shards: &[Shard], shared: &Challenges<Fr>) -> Result<Fr, LevelError> {
    let mut tail = Fr::zero();
    for shard in shards {
        let mut engine = Native::new(&shard.witness);
        let verified = verify(&mut engine, &shard.circuit, shared, &Fr::one());
        tail = hash(&mut engine, Domain::Tail, &[tail, verified.tail]);
        engine.finish().map_err(|source| shard.refused(source))?;
    }
    Ok(level::factor(&mut Native::new(&Witness::default()), &tail))
}

impl Witness {
    /// This behind other scalars.
    fn behind(&self, scalars: &[Fr]) -> Self {
        Self { scalars: [scalars, &self.scalars].concat(), points: self.points.clone() }
    }
}
