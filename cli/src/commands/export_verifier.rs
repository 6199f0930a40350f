//! `verbatim export-verifier`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::SetupArguments;
use crate::output::{Verdict, json};

/// Arguments of `verbatim export-verifier`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder that the contract is written to.
    #[arg(short, long, value_name = "DIR", default_value = "verifier")]
    output: PathBuf,
    #[command(flatten)]
    setup: SetupArguments,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    key_digest: String,
    signature: String,
    code_size: usize,
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let setup = arguments.setup.setup_for_last()?;
    let compiler = arguments.setup.compiler()?;
    let last = arguments.setup.final_verifier(&arguments.setup.key_set(&setup)?, &setup)?;
    let contract = last.contract(&setup.verifier())?;
    let compiled = compiler.compile(&contract)?;
    let key_digest = last.digest();
    let folder = &arguments.output;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let files = [
        ("Verifier.sol", contract.source.clone()),
        ("Verifier.bin", hex::encode(&compiled.bytecode)),
        ("Verifier.abi", serde_json::to_string_pretty(&compiled.abi)?),
        ("key.txt", format!("{key_digest}\n")),
    ];
    let mut written = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path);
    }
    let report = Report {
        key_digest,
        signature: contract.interface.signature(),
        code_size: compiled.deployed.len(),
        files: written,
    };
    if arguments.json {
        json(&report)?;
    } else {
        println!("key {}", report.key_digest);
        println!("{}: {} bytes of code (EIP-170 allows 24,576)", report.signature, report.code_size);
        report.files.iter().for_each(|path| println!("  {}", path.display()));
    }
    Ok(Verdict::Holds)
}
