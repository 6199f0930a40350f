//! Bundles on disk, good and bad.

mod common;

use std::{fs, path::Path, path::PathBuf};

use common::Fixture;
use serde_json::{Value, json};
use tempfile::TempDir;
use verbatim_prover::{
    bundle::Bundle,
    file::{self, FileError, FileProblem, Limits, MANIFEST, shard_file_name},
};

struct Written {
    fixture: Fixture,
    bundle: Bundle,
    root: TempDir,
}

impl Written {
    fn new() -> Self {
        let fixture = Fixture::new(3);
        let bundle = fixture.prove().bundle;
        let written = Self { fixture, bundle, root: tempfile::tempdir().unwrap() };
        file::write(&written.dir(), &written.bundle, &written.fixture.registry).unwrap();
        written
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("deep").join("bundle")
    }

    fn read(&self) -> Result<Bundle, FileError> {
        file::read(&self.dir(), &self.fixture.registry, &Limits::default())
    }

    fn problem(&self) -> FileProblem {
        self.read().expect_err("read a bad bundle").problem
    }

    /// What reading says while a file has other contents.
    fn with(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<Bundle, FileError> {
        let path = self.dir().join(name);
        let good = fs::read(&path).ok();
        fs::write(&path, contents).unwrap();
        let result = self.read();
        match good {
            Some(good) => fs::write(&path, good).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        result
    }

    fn with_manifest(&self, change: impl FnOnce(&mut Value)) -> FileProblem {
        let mut manifest: Value = serde_json::from_slice(&self.bytes(MANIFEST)).unwrap();
        change(&mut manifest);
        self.with(MANIFEST, manifest.to_string()).expect_err("read a bad manifest").problem
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir().join(name)).unwrap()
    }
}

#[test]
fn a_bundle_comes_back_and_verifies() {
    let written = Written::new();
    let read = written.read().unwrap();
    assert_eq!(read, written.bundle);
    written.fixture.verify(&read).unwrap();
    let manifest = file::read_manifest(&written.dir(), &Limits::default()).unwrap();
    assert_eq!((manifest.circuits["chain"], manifest.circuits["table"]), (2, 1));
    let again = file::write(&written.dir(), &written.bundle, &written.fixture.registry);
    assert!(matches!(again.unwrap_err().problem, FileProblem::Occupied));
    let empty = written.root.path().join("empty");
    fs::create_dir(&empty).unwrap();
    file::write(&empty, &written.bundle, &written.fixture.registry).unwrap();
    let leftovers = fs::read_dir(written.root.path()).unwrap().count();
    assert_eq!(leftovers, 2);
}

#[test]
fn every_byte_of_a_shard_file_is_checked_by_the_reader_or_the_verifier() {
    let written = Written::new();
    let name = shard_file_name(2);
    let good = written.bytes(&name);
    let header = good.len() - written.bundle.shards[2].proof.len();
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 0x20;
        match written.with(&name, &bad) {
            Err(_) => assert!(index < header),
            Ok(_) => assert!(index >= header, "byte {index}"),
        }
    }
    for index in (header..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[index] ^= 0x20;
        let bundle = written.with(&name, &bad).unwrap();
        assert!(written.fixture.verify(&bundle).is_err(), "byte {index}");
    }
}

#[test]
fn wrong_lengths_and_versions_of_a_shard_file_are_named() {
    let written = Written::new();
    let name = shard_file_name(0);
    let good = written.bytes(&name);
    for length in 0..good.len() {
        let problem = written.with(&name, &good[..length]).unwrap_err().problem;
        assert!(matches!(problem, FileProblem::Truncated), "{problem}");
    }
    let trailing = written.with(&name, [good.as_slice(), &[0]].concat()).unwrap_err();
    assert!(matches!(trailing.problem, FileProblem::Trailing(1)));
    assert!(trailing.path.ends_with(Path::new(&name)));
    let oversized = written.with(&name, [good.as_slice(), &[0; 1000]].concat()).unwrap_err().problem;
    assert!(matches!(oversized, FileProblem::TooLarge { .. }));
    let changed = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        written.with(&name, bad).unwrap_err().problem
    };
    assert!(matches!(changed(0, b'X'), FileProblem::Format));
    assert!(matches!(changed(8, 9), FileProblem::Version { found: 9, expected: 1 }));
    assert!(matches!(changed(12, 1), FileProblem::Disagrees("the circuit")));
    assert!(matches!(changed(16, 7), FileProblem::Disagrees("k")));
    assert!(matches!(changed(20, good[20] ^ 1), FileProblem::KeyDigest));
    assert!(matches!(changed(51, 0xff), FileProblem::Field));
    assert!(matches!(changed(52, 2), FileProblem::Format));
    assert!(matches!(changed(56, good[56] ^ 1), FileProblem::Disagrees("the bus sum")));
    assert!(matches!(changed(88, good[88] ^ 1), FileProblem::ProofLength { .. }));
}

#[test]
fn a_bad_manifest_is_named() {
    let written = Written::new();
    let digest = format!("0x{}", "1".repeat(64));
    let with = |change: fn(&mut Value)| written.with_manifest(change);
    assert!(matches!(with(|json| json["format"] = json!("other")), FileProblem::Format));
    assert!(matches!(with(|json| json["version"] = json!(2)), FileProblem::Version { found: 2, expected: 1 }));
    assert!(matches!(with(|json| json["protocol"] = json!(7)), FileProblem::Version { found: 7, .. }));
    assert!(matches!(with(|json| json["extra"] = json!(1)), FileProblem::Json(_)));
    assert!(matches!(with(|json| json["shards"][0]["extra"] = json!(1)), FileProblem::Json(_)));
    assert!(matches!(with(|json| json["statement"] = json!("0x12")), FileProblem::Json(_)));
    let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    assert!(matches!(written.with_manifest(|json| json["statement"] = json!(modulus)), FileProblem::Json(_)));
    assert!(matches!(with(|json| json["shards"] = json!([])), FileProblem::ShardCount(0)));
    assert!(matches!(with(|json| json["circuits"]["chain"] = json!(3)), FileProblem::Counts));
    assert!(matches!(with(|json| json["shards"][0]["circuit"] = json!("../../etc")), FileProblem::Name(_)));
    let unknown = with(|json| {
        json["shards"][0]["circuit"] = json!("other");
        json["circuits"] = json!({"chain": 1, "other": 1, "table": 1});
    });
    assert!(matches!(unknown, FileProblem::UnknownCircuit { .. }));
    assert!(matches!(with(|json| json["shards"][0]["k"] = json!(9)), FileProblem::UnknownCircuit { k: 9, .. }));
    assert!(matches!(with(|json| json["shards"][0]["k"] = json!(7)), FileProblem::Disagrees("k")));
    let key = written.with_manifest(|json| json["shards"][0]["key_digest"] = json!(digest));
    assert!(matches!(key, FileProblem::KeyDigest));
    let sum = written.with_manifest(|json| json["shards"][0]["bus_sum"] = json!(digest));
    assert!(matches!(sum, FileProblem::Disagrees("the bus sum")));
    let length = with(|json| json["shards"][0]["proof_bytes"] = json!(1));
    assert!(matches!(length, FileProblem::Disagrees("the length of the proof")));
    let good = written.bytes(MANIFEST);
    for length in 0..good.len() - 1 {
        assert!(matches!(written.with(MANIFEST, &good[..length]).unwrap_err().problem, FileProblem::Json(_)));
    }
    assert!(written.with(MANIFEST, [good.as_slice(), b"{}"].concat()).is_err());
}

#[test]
fn limits_and_stray_or_missing_files_are_errors() {
    let written = Written::new();
    let small = |limits| file::read(&written.dir(), &written.fixture.registry, &limits).unwrap_err().problem;
    assert!(matches!(small(Limits { manifest: 100, ..Limits::default() }), FileProblem::TooLarge { limit: 100 }));
    assert!(matches!(small(Limits { shards: 2, ..Limits::default() }), FileProblem::ShardCount(3)));
    for name in ["stray", "shard-000003.proof", "shard-0.proof", "shard-+00000.proof"] {
        assert!(matches!(written.with(name, b"").unwrap_err().problem, FileProblem::Unexpected));
    }
    fs::remove_file(written.dir().join(shard_file_name(1))).unwrap();
    assert!(matches!(written.problem(), FileProblem::Io(_)));
    fs::remove_dir_all(written.dir()).unwrap();
    assert!(matches!(written.problem(), FileProblem::Io(_)));
}

#[test]
fn a_bundle_of_unregistered_circuits_or_wrong_lengths_is_not_written() {
    let mut written = Written::new();
    let dir = written.root.path().join("other");
    written.bundle.shards[0].proof.push(0);
    let long = file::write(&dir, &written.bundle, &written.fixture.registry).unwrap_err().problem;
    assert!(matches!(long, FileProblem::ProofLength { .. }));
    written.bundle.shards[0].k = 12;
    let unknown = file::write(&dir, &written.bundle, &written.fixture.registry).unwrap_err().problem;
    assert!(matches!(unknown, FileProblem::UnknownCircuit { k: 12, .. }));
    assert!(!dir.exists());
}
