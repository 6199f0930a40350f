//! The `verbatim` command line: a thin shell over the library crates.

mod commands;
mod output;
mod progress;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{aggregate, audit, check, execute, export_verifier, prove, setup, stats, verify, vk};
use output::{STOPPED, Verdict};

/// Prove Ethereum blocks, bytecode by bytecode.
///
/// A BLOCK is a folder with `block.rlp` and `witness.json` (and `chain.json` for a chain that is not mainnet), or a path
/// `N.block.rlp` with `N.witness.json` beside it. `testdata/first-light` is one to begin with.
///
/// Exit codes: 0 if all is well, 1 if something does not hold (an invalid proof, a failed check), 2 if the input is bad, 130 if
/// the work was stopped by Ctrl-C.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Execute a block and check it against its header, without circuits.
    Execute(execute::Arguments),
    /// Evaluate every constraint of every circuit for a block, and balance the bus, without proving.
    Check(check::Arguments),
    /// Prove a block, verify the proof, and write it to a folder.
    Prove(prove::Arguments),
    /// Compress the proof of a block into one that a contract verifies.
    Aggregate(aggregate::Arguments),
    /// Verify a proof, and with --block that it is about that block; of a final proof, with --onchain, by the contract.
    Verify(verify::Arguments),
    /// Write the contract that verifies final proofs: its source, its bytecode, its ABI, and the digest of the key.
    ExportVerifier(export_verifier::Arguments),
    /// Print what each circuit costs, and with a block how many rows it uses.
    Stats(stats::Arguments),
    /// Ask of every constraint whether it is needed, and of every cell whether anything fixes it.
    Audit(audit::Arguments),
    /// Print a digest of each circuit: of all that its keys follow from, but the setup. If none changes, no key does.
    Vk(vk::Arguments),
    /// Make, or read and check, the parameters that proofs are made with.
    Setup(setup::Arguments),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Execute(arguments) => execute::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
        Command::Aggregate(arguments) => aggregate::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::ExportVerifier(arguments) => export_verifier::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Vk(arguments) => vk::run(arguments),
        Command::Setup(arguments) => setup::run(arguments),
    };
    match outcome {
        Ok(Verdict::Holds) => ExitCode::SUCCESS,
        Ok(Verdict::Fails) => ExitCode::from(1),
        Ok(Verdict::Stopped) => ExitCode::from(STOPPED),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
