//! From the bytes of a block and its witness to a verified bundle, as a rollup's node would do it.
//!
//! `cargo run --release -p verbatim-prover --example prove_block -- testdata/second-light proof-of-second-light`

use std::{env, error::Error, fs, path::PathBuf};

use verbatim_prover::{
    block::{BlockProof, Machine},
    bundle::Prover,
    cache,
    keys::KeyStore,
    progress::NoProgress,
    setup::Setup,
};
use verbatim_witness::{chain::ChainSpec, chain::Fork, input::BlockInput};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(PathBuf::from);
    let (Some(block), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("name the folder of a block, and one for its proof".into());
    };
    // The bytes may come from anywhere: a node's database, or its RPC.
    let (rlp, witness) = (fs::read(block.join("block.rlp"))?, fs::read(block.join("witness.json"))?);
    let input = BlockInput::from_bytes(ChainSpec::fixed(31337, Fork::Osaka), &rlp, &witness)?;
    let machine = Machine::new(&input)?;

    let folder = cache::default_dir();
    let setup = Setup::unsafe_development(folder.as_deref());
    let keys = KeyStore::new(folder.as_deref());
    let proven = machine.prove(&setup, &keys, &Prover::new())?;
    proven.proof.write(&output)?;

    // A verifier executes the block too: what is not proven yet it computes by itself.
    let proof = BlockProof::read(&output, &setup, &keys)?;
    proof.verify_for(machine.assembly().public(), &setup, &NoProgress)?;
    println!("block {} is proven and verified", machine.info().number);
    Ok(())
}
