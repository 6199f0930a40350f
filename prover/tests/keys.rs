//! The key cache.

mod common;

use std::{fs, path::PathBuf, sync::Arc};

use common::Toy;
use halo2_proofs::SerdeFormat;
use tempfile::TempDir;
use verbatim_prover::{
    keys::{KeyError, KeyStore, ShardKey},
    machine::{ShapeError, ShardCircuit},
    setup::Setup,
};

fn files(dir: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn bytes(key: &ShardKey) -> Vec<u8> {
    key.key().to_bytes(SerdeFormat::RawBytes)
}

#[test]
fn a_cached_key_is_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(Some(dir.path()));
    let setup = Setup::unsafe_development(None);
    let toy = Toy::chain(6);
    let make = || store.key(&toy, setup.params(6).unwrap()).unwrap();
    let first = make();
    let good = files(&dir);
    assert_eq!(good.len(), 1);
    let good_bytes = fs::read(&good[0]).unwrap();
    for (index, bad) in [good_bytes.clone(), Vec::new(), good_bytes[..999].to_vec(), vec![7; 5000]].iter().enumerate() {
        fs::write(&good[0], bad).unwrap();
        let again = make();
        assert_eq!(bytes(&again), bytes(&first), "case {index}");
        assert_eq!(again.verifying().digest(), first.verifying().digest());
        assert_eq!(fs::read(&good[0]).unwrap(), good_bytes);
    }
    for position in (0..good_bytes.len()).step_by(good_bytes.len() / 40) {
        let mut bad = good_bytes.clone();
        bad[position] ^= 0x10;
        fs::write(&good[0], bad).unwrap();
        assert_eq!(bytes(&make()), bytes(&first));
    }
}

#[test]
fn another_circuit_size_or_fixed_cell_is_another_entry() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(Some(dir.path()));
    let setup = Setup::unsafe_development(None);
    let toys = [
        Toy::chain(6),
        Toy::chain(7),
        Toy::table(6),
        Toy { constant: 1, ..Toy::chain(6) },
        Toy { lanes: 2, ..Toy::chain(6) },
        Toy { degree_six: true, ..Toy::chain(6) },
    ];
    for (index, toy) in toys.iter().enumerate() {
        let params = setup.params(toy.k).unwrap();
        let key = store.key(toy, Arc::clone(&params)).unwrap();
        assert_eq!(files(&dir).len(), index + 1);
        assert_eq!(bytes(&key), bytes(&KeyStore::default().key(toy, params).unwrap()));
    }
}

struct Named<'a>(Toy, &'a str, usize, u32);

impl ShardCircuit for Named<'_> {
    type Circuit = Toy;

    fn name(&self) -> &str {
        self.1
    }

    fn index(&self) -> u32 {
        0
    }

    fn k(&self) -> u32 {
        self.3
    }

    fn main_columns(&self) -> usize {
        self.2
    }

    fn circuit(&self) -> Toy {
        self.0
    }
}

#[test]
fn circuits_that_are_no_shard_circuits_are_errors() {
    let setup = Setup::unsafe_development(None);
    let shape = |name: &str, main, k| {
        let circuit = Named(Toy::chain(6), name, main, k);
        match KeyStore::default().key(&circuit, setup.params(6).unwrap()) {
            Err(KeyError::Shape { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    };
    for name in ["", "A", "../x", "a b", &"x".repeat(65)] {
        assert!(matches!(shape(name, 4, 6), ShapeError::Name(_)));
    }
    assert_eq!(shape("chain", 0, 6), ShapeError::MainColumns { main: 0, advice: 6 });
    assert_eq!(shape("chain", 7, 6), ShapeError::MainColumns { main: 7, advice: 6 });
    assert_eq!(shape("chain", 4, 7), ShapeError::KeySize { declared: 7, key: 6 });
}
