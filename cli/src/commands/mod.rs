//! One file a command.

pub(crate) mod aggregate;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod execute;
pub(crate) mod export_verifier;
pub(crate) mod prove;
pub(crate) mod setup;
pub(crate) mod stats;
pub(crate) mod verify;
pub(crate) mod vk;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use verbatim_aggregator::contract::Compiler;
use verbatim_aggregator::final_proof::{self, FinalVerifier};
use verbatim_aggregator::keyset::{self, KeySet};
use verbatim_prover::block::{GREATEST_K, Machine};
use verbatim_prover::cache;
use verbatim_prover::keys::KeyStore;
use verbatim_prover::progress::Cancel;
use verbatim_prover::setup::Setup;
use verbatim_witness::input::BlockInput;

use crate::output::{STOPPED, Verdict};
use crate::progress;

/// What the last circuit's verifying key takes to make, in processor time.
const LAST_KEY: Duration = Duration::from_secs(90);

/// Which parameters to prove and verify with.
#[derive(Debug, Args)]
pub(crate) struct SetupArguments {
    /// Parameters in halo2's raw format, checked by pairing. Without them or --ptau, a development setup is used, whose
    /// secret is public: its proofs show nothing to anybody else.
    #[arg(long, value_name = "FILE", conflicts_with = "ptau")]
    srs: Option<PathBuf>,
    /// Parameters of a ceremony in snarkjs's format, checked by pairing.
    #[arg(long, value_name = "FILE")]
    ptau: Option<PathBuf>,
    /// Where keys and parameters are kept between runs [default: the user's cache folder].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl SetupArguments {
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.cache.clone().or_else(cache::default_dir)
    }

    /// The setup for shards; announces an unsafe one.
    pub(crate) fn setup(&self) -> anyhow::Result<Setup> {
        self.setup_to(GREATEST_K)
    }

    /// The setup for the last circuit as well.
    pub(crate) fn setup_for_last(&self) -> anyhow::Result<Setup> {
        self.setup_to(final_proof::K)
    }

    fn setup_to(&self, greatest_k: u32) -> anyhow::Result<Setup> {
        let folder = self.folder();
        let folder = folder.as_deref();
        let setup = match (&self.srs, &self.ptau) {
            (Some(path), _) => Setup::from_srs(path, greatest_k, folder)?,
            (_, Some(path)) => Setup::from_ptau(path, greatest_k, folder)?,
            _ => Setup::unsafe_development(folder),
        };
        if setup.is_unsafe() {
            eprintln!(
                "warning: the development setup is UNSAFE: its secret is public, so anybody can forge proofs under it"
            );
        }
        Ok(setup)
    }

    /// The keys that the machine allows.
    pub(crate) fn key_set(&self, setup: &Setup) -> anyhow::Result<KeySet> {
        let bar = progress::bar("keys", keyset::circuits().len());
        let keys = KeySet::load(setup, self.folder().as_deref(), |_| bar.inc(1))?;
        bar.finish_and_clear();
        Ok(keys)
    }

    /// What a verifier of final proofs knows, for a machine with these keys.
    pub(crate) fn final_verifier(&self, keys: &KeySet, setup: &Setup) -> anyhow::Result<FinalVerifier> {
        let working = progress::spinner("the last key", LAST_KEY);
        let verifier = FinalVerifier::new(keys, setup, self.folder().as_deref())?;
        working.finish_and_clear();
        Ok(verifier)
    }

    /// Where the compiler of contracts is kept.
    pub(crate) fn compiler(&self) -> anyhow::Result<Compiler> {
        let folder = self.folder().unwrap_or_else(std::env::temp_dir);
        Ok(Compiler::install(&folder)?)
    }

    /// The store of keys.
    pub(crate) fn keys(&self) -> KeyStore {
        KeyStore::new(self.folder().as_deref())
    }
}

/// Work that an interrupt stops: the first when the shard at hand is done, the second at once.
pub(crate) fn interruptible(work: impl FnOnce(&Cancel) -> anyhow::Result<Verdict>) -> anyhow::Result<Verdict> {
    let cancel = Cancel::new();
    let token = cancel.clone();
    ctrlc::set_handler(move || {
        if token.is_cancelled() {
            std::process::exit(STOPPED.into());
        }
        eprintln!("stopping when the work at hand is done; once more stops it at once");
        token.cancel();
    })?;
    match work(&cancel) {
        Err(_) if cancel.is_cancelled() => {
            eprintln!("stopped");
            Ok(Verdict::Stopped)
        }
        outcome => outcome,
    }
}

/// Reads a block and its witness.
pub(crate) fn load(path: &Path) -> anyhow::Result<BlockInput> {
    BlockInput::load(path, None).with_context(|| format!("cannot read the block {}", path.display()))
}

/// Reads a block, executes it, and assembles what there is to prove.
pub(crate) fn machine(path: &Path) -> anyhow::Result<Machine> {
    let input = load(path)?;
    Machine::new(&input).with_context(|| format!("cannot execute the block {}", path.display()))
}
