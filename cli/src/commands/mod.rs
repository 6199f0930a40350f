//! One file a command.

pub(crate) mod aggregate;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod execute;
pub(crate) mod prove;
pub(crate) mod setup;
pub(crate) mod stats;
pub(crate) mod verify;
pub(crate) mod vk;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use verbatim_prover::block::Machine;
use verbatim_prover::keys::KeyStore;
use verbatim_prover::setup::Setup;
use verbatim_prover::{block::GREATEST_K, cache};
use verbatim_witness::input::BlockInput;

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
    fn folder(&self) -> Option<PathBuf> {
        self.cache.clone().or_else(cache::default_dir)
    }

    /// The setup; announces an unsafe one.
    pub(crate) fn setup(&self) -> anyhow::Result<Setup> {
        let folder = self.folder();
        let folder = folder.as_deref();
        let setup = match (&self.srs, &self.ptau) {
            (Some(path), _) => Setup::from_srs(path, GREATEST_K, folder)?,
            (_, Some(path)) => Setup::from_ptau(path, GREATEST_K, folder)?,
            _ => Setup::unsafe_development(folder),
        };
        if setup.is_unsafe() {
            eprintln!(
                "warning: the development setup is UNSAFE: its secret is public, so anybody can forge proofs under it"
            );
        }
        Ok(setup)
    }

    /// The store of keys.
    pub(crate) fn keys(&self) -> KeyStore {
        KeyStore::new(self.folder().as_deref())
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
