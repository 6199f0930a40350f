//! From a block to a bundle on disk, and back to a verdict.
//!
//! ```no_run
//! use std::path::Path;
//! use verbatim_prover::{block::{BlockProof, Machine}, bundle::Prover, keys::KeyStore, setup::Setup};
//! use verbatim_witness::input::BlockInput;
//!
//! let input = BlockInput::load(Path::new("testdata/first-light"), None)?;
//! let machine = Machine::new(&input)?;
//! let (setup, keys) = (Setup::unsafe_development(None), KeyStore::new(None));
//! let proven = machine.prove(&setup, &keys, &Prover::new())?;
//! proven.proof.write(Path::new("proofs"))?;
//! BlockProof::read(Path::new("proofs"), &setup, &keys)?.verify(&setup)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod statement;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use verbatim_gadgets::{
    circuit::Circuit,
    grid::Full,
    machine::Workload,
    plan::{LEAST_K, MachineReport, Plan, public_sum},
};
use verbatim_witness::{
    assemble::{AssembleError, Assembler, Assembly, PublicMessages, Unproven},
    execute::{BlockOutcome, ExecuteError, block_info, execute},
    input::BlockInput,
    trace::BlockInfo,
};

use crate::{
    Fr,
    bundle::{Bundle, BundleRejection, Job, ProveError, Prover, ShardCost, Verifier},
    challenge::Challenges,
    file::{self, FileError, Limits},
    inventory::{Inventory, InventoryError},
    keys::KeyStore,
    progress::{NoProgress, Progress},
    registry::{Registry, RegistryError},
    setup::Setup,
    shards::{PlanCircuit, PlanShard},
};

pub use statement::{PUBLIC, StatementError, StatementProblem, decode_public};

/// The folder of the shards within a proof's folder.
const SHARDS: &str = "shards";

/// The greatest shard: 2^18 rows.
pub const GREATEST_K: u32 = 18;

/// Why a block cannot be proven, or a proof not be judged.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The block cannot be executed, or its header does not hold.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The block cannot be turned into work: a bug of ours.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The block does what no circuit proves, so a proof would leave it to the verifier.
    #[error("no circuit proves this, and {} more of the block: {first}", .count - 1)]
    Unproven {
        /// The first of it.
        first: Unproven,
        /// How much there is.
        count: usize,
    },
    /// A shard has no room.
    #[error(transparent)]
    Full(#[from] Full),
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] InventoryError),
    /// The machine has two circuits of one name or number: a bug of ours.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The shards cannot be proven.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A file of the bundle cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder to write to holds something already.
    #[error("{} exists and is not an empty folder: name another one, or remove it", .0.display())]
    Occupied(PathBuf),
    /// The public messages cannot be read or written.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// A block, executed and turned into the work of every circuit.
#[derive(Debug)]
pub struct Machine {
    info: BlockInfo,
    outcome: BlockOutcome,
    assembly: Assembly,
}

impl Machine {
    /// Executes a block, checks it against its header, and assembles what there is to prove.
    ///
    /// # Errors
    /// [`BlockError::Execute`]; nothing in the input makes it panic.
    pub fn new(input: &BlockInput) -> Result<Self, BlockError> {
        let info = block_info(input)?;
        let mut assembler = Assembler::new(&info).with_codes(&input.witness.codes);
        let outcome = execute(input, |block, trace| Ok(assembler.transaction(block, &trace)?))?;
        let assembly = assembler.finish(&outcome)?;
        Ok(Self { info, outcome, assembly })
    }

    /// The block's environment.
    pub fn info(&self) -> &BlockInfo {
        &self.info
    }

    /// What the execution gave.
    pub fn outcome(&self) -> &BlockOutcome {
        &self.outcome
    }

    /// What there is to prove.
    pub fn assembly(&self) -> &Assembly {
        &self.assembly
    }

    /// The shards.
    ///
    /// # Errors
    /// [`BlockError::Full`] if the block asks too much of a circuit that has one shard only.
    pub fn plan(&self) -> Result<Plan<'_>, BlockError> {
        Ok(Plan::new(self.assembly.workloads(), GREATEST_K)?)
    }

    /// Checks every constraint of every shard and the bus between them, without proving.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub fn check(&self) -> Result<MachineReport, BlockError> {
        Ok(self.plan()?.check(self.assembly.public().balance())?)
    }

    /// Proves every shard.
    ///
    /// # Errors
    /// [`BlockError::Unproven`], before any work, if there is something in the block that no circuit proves.
    /// [`BlockError`] if keys or setup cannot be had, a shard cannot be proven, or the work was cancelled.
    pub fn prove(&self, setup: &Setup, keys: &KeyStore, prover: &Prover<'_>) -> Result<ProvenBlock, BlockError> {
        refuse(self.assembly.unproven())?;
        let plan = self.plan()?;
        let shards: Vec<_> = (0..plan.shards().len()).map(|shard| PlanShard::new(&plan, shard)).collect();
        let mut inventory = Inventory::new(setup, keys);
        let keys = (0..shards.len())
            .map(|shard| inventory.key(&PlanCircuit::of(&plan, shard)))
            .collect::<Result<Vec<_>, _>>()?;
        let jobs: Vec<_> = keys.iter().zip(&shards).map(|(key, witness)| Job { key, witness }).collect();
        let public = self.assembly.public().clone();
        let proven = prover.prove(self.assembly.statement(), &jobs)?;
        let registry = inventory.registry(names(plan.workloads().iter().map(|workload| workload.circuit())))?;
        Ok(ProvenBlock { proof: BlockProof { bundle: proven.bundle, public, registry }, costs: proven.costs })
    }
}

/// Refuses a block of which there is something that no circuit proves.
fn refuse(unproven: &[Unproven]) -> Result<(), BlockError> {
    match unproven.first() {
        Some(first) => Err(BlockError::Unproven { first: *first, count: unproven.len() }),
        None => Ok(()),
    }
}

/// The circuits of the machine, in their order, each with the one size of those that have one.
fn sized_circuits() -> Vec<(Option<u32>, Arc<Circuit>)> {
    let assembly = Assembly::empty(verbatim_circuits::schedule::Fork::Osaka);
    assembly.workloads().iter().map(|w| (w.size(), Arc::clone(w.circuit()))).collect()
}

/// The circuits of the machine, each at the one size that it has, or else at `k`: what a registry of keys is made of.
pub fn circuits(k: u32) -> Vec<PlanCircuit> {
    let sized = |(index, (size, circuit)): (u32, (Option<u32>, _))| PlanCircuit::new(circuit, index, size.unwrap_or(k));
    (0..).zip(sized_circuits()).map(sized).collect()
}

/// The circuits of the machine, each at every size that a shard of a block may have.
pub fn all_circuits() -> Vec<PlanCircuit> {
    let assembly = Assembly::empty(verbatim_circuits::schedule::Fork::Osaka);
    let sizes = |workload: &dyn Workload| match workload.size() {
        Some(k) => vec![k],
        None => (LEAST_K..=GREATEST_K).filter(|k| workload.capacity(*k) != Some(0)).collect(),
    };
    let at_all_sizes = |(index, workload): (u32, &dyn Workload)| {
        let circuit = Arc::clone(workload.circuit());
        sizes(workload).into_iter().map(move |k| PlanCircuit::new(Arc::clone(&circuit), index, k))
    };
    (0..).zip(assembly.workloads()).flat_map(at_all_sizes).collect()
}

/// The names of circuits, and their numbers.
fn names<'c>(circuits: impl IntoIterator<Item = &'c Arc<Circuit>>) -> impl Iterator<Item = (&'c str, u32)> {
    (0..).zip(circuits).map(|(index, circuit)| (circuit.name, index))
}

/// A proven block, with what it cost.
#[derive(Debug)]
pub struct ProvenBlock {
    /// The proof.
    pub proof: BlockProof,
    /// What each shard cost.
    pub costs: Vec<ShardCost>,
}

/// A bundle of shards, the public messages that it is about, and the keys that it is verified under.
#[derive(Debug)]
pub struct BlockProof {
    bundle: Bundle,
    public: PublicMessages,
    registry: Registry,
}

impl BlockProof {
    /// The shards.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The machine's keys that the shards are verified under.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The messages that the proof is about: what it leaves unproven.
    pub fn public(&self) -> &PublicMessages {
        &self.public
    }

    /// Writes the bundle and its public messages to a folder.
    ///
    /// # Errors
    /// [`BlockError::File`] and [`BlockError::Statement`].
    pub fn write(&self, folder: &Path) -> Result<(), BlockError> {
        Self::check_output(folder)?;
        statement::write(folder, &self.public)?;
        Ok(file::write(&folder.join(SHARDS), &self.bundle, &self.registry)?)
    }

    /// Whether a proof could be written to `folder`: it does not exist, or is empty. To be asked before the work begins.
    ///
    /// # Errors
    /// [`BlockError::Occupied`].
    pub fn check_output(folder: &Path) -> Result<(), BlockError> {
        let empty = match folder.read_dir() {
            Ok(mut entries) => entries.next().is_none(),
            Err(_) => !folder.exists(),
        };
        if empty { Ok(()) } else { Err(BlockError::Occupied(folder.to_owned())) }
    }

    /// Reads what [`write`](Self::write) wrote. The keys are the machine's own: nothing in the folder chooses them.
    ///
    /// # Errors
    /// [`BlockError`] if a file is missing, malformed, or of other circuits.
    pub fn read(folder: &Path, setup: &Setup, keys: &KeyStore) -> Result<Self, BlockError> {
        let shards = folder.join(SHARDS);
        let manifest = file::read_manifest(&shards, &Limits::default())?;
        let circuits = sized_circuits();
        let mut inventory = Inventory::new(setup, keys);
        for shard in &manifest.shards {
            let known = circuits.iter().enumerate().find(|(_, (_, circuit))| circuit.name == shard.circuit);
            // Unknown names and sizes have no key: reading the shards then says so.
            let Some((index, (size, circuit))) = known else { continue };
            if (LEAST_K..=GREATEST_K).contains(&shard.k) && size.is_none_or(|k| k == shard.k) {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                inventory.key(&PlanCircuit::new(Arc::clone(circuit), index, shard.k))?;
            }
        }
        let registry = inventory.registry(names(circuits.iter().map(|(_, circuit)| circuit)))?;
        let bundle = file::read(&shards, &registry, &Limits::default())?;
        Ok(Self { bundle, public: statement::read(folder)?, registry })
    }

    /// Verifies the shards, and that they prove exactly the public messages of this proof.
    ///
    /// # Errors
    /// [`BundleRejection`] says what does not hold.
    pub fn verify(&self, setup: &Setup) -> Result<(), BundleRejection> {
        self.verify_for(&self.public, setup, &NoProgress)
    }

    /// Verifies the shards against the verifier's own public messages: those of a block that it has executed itself.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); [`BundleRejection::Statement`] if the proof is about other messages.
    pub fn verify_for(
        &self,
        public: &PublicMessages,
        setup: &Setup,
        progress: &dyn Progress,
    ) -> Result<(), BundleRejection> {
        let chain = public.fold()?;
        let (statement, added) = (chain.statement(), PublicMessages::ends(&chain));
        let verifier = Verifier::new(&self.registry, setup.verifier()).progress(progress);
        verifier.verify(statement, &self.bundle, |challenges| public_term(&added, challenges)).map(|_| ())
    }
}

/// The sum of the fractions of what the verifier adds. A pole, which has a negligible chance, makes it a sum that balances nothing.
fn public_term(added: &PublicMessages, challenges: &Challenges<Fr>) -> Fr {
    let messages: Vec<_> = added.iter().map(|m| (m.tag.id, m.tuple.as_slice(), m.factor())).collect();
    public_sum(messages, *challenges).unwrap_or_else(Fr::one)
}

#[cfg(test)]
mod tests {
    use verbatim_witness::assemble::{Position, UnprovenKind};

    use super::*;

    #[test]
    fn a_block_that_no_circuit_proves_is_refused() {
        assert!(refuse(&[]).is_ok());
        let position = Position { ordinal: 3, step: 7, pc: 9 };
        let unproven = [0xf5, 0xff].map(|opcode| Unproven { position, what: UnprovenKind::Opcode(opcode) });
        let error = refuse(&unproven).expect_err("there is something");
        assert!(matches!(error, BlockError::Unproven { first, count: 2 } if first == unproven[0]));
        let said = "no circuit proves this, and 1 more of the block: execution 3, step 7, pc 9: the opcode CREATE2";
        assert_eq!(error.to_string(), said);
    }
}
