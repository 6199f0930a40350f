//! Blocks from testdata, from their bytes to a verdict.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::dev::MockProver;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_prover::{
    block::{BlockProof, Machine, PUBLIC},
    bundle::{BundleRejection, Prover},
    cache,
    keys::KeyStore,
    progress::NoProgress,
    setup::Setup,
};
use verbatim_witness::input::BlockInput;

fn machine(name: &str) -> Machine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name);
    let input = BlockInput::load(&path, None).expect("the test block is well-formed");
    Machine::new(&input).expect("the test block executes")
}

#[test]
fn mock_prover_agrees_with_the_checker() {
    let machine = machine("second-light");
    assert!(machine.check().expect("the plan fits").holds());
    let plan = machine.plan().expect("the plan fits");
    for shard in (0..plan.shards().len()).filter(|shard| plan.shards()[*shard].k <= 13) {
        let grid = plan.grid(shard).expect("the shard fits");
        let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
        let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
        let failures = prover.verify().err().unwrap_or_default();
        assert!(failures.is_empty(), "{}: {:?}", grid.circuit.name, failures[0]);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("shards")).expect("a folder");
    for entry in
        [from.to_owned(), from.join("shards")].iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"))
    {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.strip_prefix(from).expect("within"))).expect("a copy");
        }
    }
}

/// A change of one file of a proof: the file, and what becomes of its bytes.
type Tampering = (&'static str, fn(&mut Vec<u8>));

const TAMPERINGS: [Tampering; 6] = [
    ("shards/shard-000000.proof", |bytes| bytes[200] ^= 1),
    ("shards/shard-000006.proof", |bytes| bytes.truncate(bytes.len() - 1)),
    ("shards/shard-000003.proof", |bytes| bytes.push(0)),
    ("shards/bundle.json", |bytes| bytes.truncate(bytes.len() / 2)),
    (PUBLIC, |bytes| bytes[32] ^= 1),
    (PUBLIC, |bytes| bytes.truncate(bytes.len() - 32)),
];

/// Circuits cannot be laid out in any number of rows; a description that says so is refused before they are.
#[test]
fn shards_of_impossible_sizes_are_refused() {
    let (setup, keys) = (Setup::unsafe_development(None), KeyStore::new(None));
    for (circuit, k) in [("keccak", 0), ("keccak", 5), ("arith", 3), ("light", 8), ("light", 21), ("light", u32::MAX)] {
        let folder = tempfile::tempdir().expect("a folder");
        let zero = format!("0x{:064x}", 0);
        let description = format!(
            r#"{{"format": "verbatim-bundle", "version": 1, "protocol": 1, "statement": "{zero}",
            "circuits": {{"{circuit}": 1}}, "shards": [{{"circuit": "{circuit}", "k": {k}, "key_digest": "{zero}",
            "bus_sum": "{zero}", "proof_bytes": 4096}}]}}"#
        );
        fs::create_dir(folder.path().join("shards")).expect("a folder");
        fs::write(folder.path().join("shards/bundle.json"), description).expect("a file");
        let error = BlockProof::read(folder.path(), &setup, &keys).expect_err("there is no such shard");
        assert!(error.to_string().contains("no key"), "{circuit}, k = {k}: {error}");
    }
}

/// Real proofs of two blocks: about four CPU-minutes. `cargo test --release -p verbatim-prover --test block -- --ignored`
#[test]
#[ignore = "proves two blocks: about four CPU-minutes"]
fn two_blocks_are_proven_under_the_same_keys_and_nothing_else_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let cached = cache::default_dir();
    let setup = Setup::unsafe_development(cached.as_deref());
    let keys = KeyStore::new(cached.as_deref());
    let names = ["first-light", "second-light"];
    let machines = names.map(machine);
    let paths: [PathBuf; 2] = names.map(|name| folder.path().join(name));
    for (machine, path) in machines.iter().zip(&paths) {
        let proven = machine.prove(&setup, &keys, &Prover::new()).expect("a proof");
        proven.proof.write(path).expect("it is written");
    }
    let read = |path: &Path| BlockProof::read(path, &setup, &keys);
    for (index, path) in paths.iter().enumerate() {
        let proof = read(path).expect("what was written");
        let verdict = |machine: &Machine| proof.verify_for(machine.assembly().public(), &setup, &NoProgress);
        verdict(&machines[index]).expect("a proof of its block");
        let other = verdict(&machines[1 - index]);
        assert!(matches!(other, Err(BundleRejection::Statement)), "a proof of another block");
    }
    for (index, (file, change)) in TAMPERINGS.into_iter().enumerate() {
        let tampered = folder.path().join(format!("tampered-{index}"));
        copy(&paths[1], &tampered);
        let mut bytes = fs::read(tampered.join(file)).expect("the file");
        change(&mut bytes);
        fs::write(tampered.join(file), bytes).expect("the file");
        let accepted = read(&tampered).is_ok_and(|proof| proof.verify(&setup).is_ok());
        assert!(!accepted, "{file} was changed");
    }
    let swapped = folder.path().join("swapped");
    copy(&paths[1], &swapped);
    fs::copy(paths[0].join("shards/shard-000001.proof"), swapped.join("shards/shard-000001.proof")).expect("a copy");
    assert!(!read(&swapped).is_ok_and(|proof| proof.verify(&setup).is_ok()), "a shard of another block");
}
