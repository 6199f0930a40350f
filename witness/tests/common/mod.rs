//! Helpers of the tests.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

pub mod assembly;
pub mod consistency;
pub mod shadow;
pub mod synthetic;

use std::{collections::BTreeMap, fs::File, io::Read, path::PathBuf};

use verbatim_witness::{chain::ChainSpec, input::BlockInput};

/// A file of the corpora, or `None` (with a message) where it is missing.
pub fn corpus(test: &str, name: &str) -> Option<File> {
    let folder = std::env::var_os("VERBATIM_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"), PathBuf::from);
    let path = folder.join(name);
    let file = File::open(&path).ok();
    if file.is_none() {
        eprintln!("SKIPPED {test}: {} is missing", path.display());
    }
    file
}

/// The mainnet blocks of the corpora by file name, or `None` (with a message) where the corpora are missing.
pub fn mainnet_files(test: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let file = corpus(test, "mainnet/blocks.tar.zst")?;
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    let mut archive = tar::Archive::new(decoder);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().map(|name| name.to_string_lossy().into_owned());
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name.unwrap_or_default(), bytes);
    }
    Some(files)
}

/// A mainnet block of the corpora.
pub fn mainnet_block(test: &str, number: u64) -> Option<BlockInput> {
    let files = mainnet_files(test)?;
    let block = &files[&format!("{number}.block.rlp")];
    let witness = &files[&format!("{number}.witness.json")];
    Some(BlockInput::from_bytes(ChainSpec::mainnet(), block, witness).unwrap())
}
