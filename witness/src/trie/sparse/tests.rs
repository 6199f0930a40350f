use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use alloy_trie::{HashBuilder, proof::ProofRetainer};
use proptest::{collection, prelude::*};

use super::*;

/// The root of a full map, as alloy computes it, and the nodes on the paths of `targets`.
fn reference(leaves: &BTreeMap<B256, Vec<u8>>, targets: &[B256]) -> (B256, NodeStore) {
    let targets = targets.iter().map(|key| Nibbles::unpack(*key)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(*key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes().into_inner().into_values();
    (root, nodes.map(|node| (keccak256(&node), node)).collect())
}

/// Keys that share long prefixes, so that extensions, splits and merges are frequent.
fn key() -> impl Strategy<Value = B256> {
    (0u8..4, 0usize..4, 0u8..6).prop_map(|(head, place, tail)| {
        let mut key = B256::repeat_byte(0x11);
        key[0] = head;
        key[[1, 2, 30, 31][place]] = tail;
        key
    })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![collection::vec(any::<u8>(), 1..4), collection::vec(any::<u8>(), 30..60)]
}

fn leaves() -> impl Strategy<Value = BTreeMap<B256, Vec<u8>>> {
    collection::btree_map(key(), value(), 0..40)
}

proptest! {
    #[test]
    fn updates_agree_with_alloy(
        mut map in leaves(),
        changes in collection::vec((key(), proptest::option::of(value())), 0..40),
    ) {
        let all: Vec<B256> = map.keys().copied().collect();
        let (root, nodes) = reference(&map, &all);
        let mut trie = SparseTrie::from_root(root);
        prop_assert_eq!(trie.root(), root);
        for (key, value) in changes {
            prop_assert_eq!(trie.get(&nodes, key).unwrap(), map.get(&key).map(Vec::as_slice));
            match value {
                Some(value) => {
                    trie.insert(&nodes, key, value.clone()).unwrap();
                    map.insert(key, value);
                }
                None => {
                    trie.remove(&nodes, key).unwrap();
                    map.remove(&key);
                }
            }
            prop_assert_eq!(trie.root(), reference(&map, &[]).0);
        }
    }

    #[test]
    fn built_from_nothing_agrees_with_alloy(map in leaves()) {
        let mut trie = SparseTrie::empty();
        for (key, value) in &map {
            trie.insert(&NodeStore::default(), *key, value.clone()).unwrap();
        }
        prop_assert_eq!(trie.root(), reference(&map, &[]).0);
    }

    #[test]
    fn partial_witness_gives_the_value_or_names_the_node(map in leaves(), known in key(), asked in key()) {
        let (root, nodes) = reference(&map, &[known]);
        let mut trie = SparseTrie::from_root(root);
        prop_assert_eq!(trie.get(&nodes, known).unwrap(), map.get(&known).map(Vec::as_slice));
        match trie.get(&nodes, asked) {
            Ok(value) => prop_assert_eq!(value, map.get(&asked).map(Vec::as_slice)),
            Err(TrieError::MissingNode { hash, path }) => {
                prop_assert!(!nodes.contains_key(&hash));
                prop_assert!(Nibbles::unpack(asked).starts_with(&path));
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }

    #[test]
    fn garbage_nodes_never_panic(bytes in collection::vec(any::<u8>(), 0..80), list in any::<bool>()) {
        let mut rlp = bytes;
        if list {
            let mut out = Vec::new();
            alloy_rlp::Header { list: true, payload_length: rlp.len() }.encode(&mut out);
            out.append(&mut rlp);
            rlp = out;
        }
        let root = keccak256(&rlp);
        let nodes = NodeStore::from_iter([(root, rlp.into())]);
        let key = B256::ZERO;
        let _ = SparseTrie::from_root(root).get(&nodes, key);
        let _ = SparseTrie::from_root(root).insert(&nodes, key, vec![1]);
        let _ = SparseTrie::from_root(root).remove(&nodes, key);
    }
}

#[test]
fn removal_needs_the_sibling() {
    let (a, b) = (B256::ZERO, B256::repeat_byte(0xff));
    let map = BTreeMap::from([(a, vec![1; 40]), (b, vec![2; 40])]);
    let (root, nodes) = reference(&map, &[a]);
    let error = SparseTrie::from_root(root).remove(&nodes, a).unwrap_err();
    assert!(matches!(error, TrieError::MissingNode { path, .. } if path == Nibbles::from_nibbles([0xf])));
}

#[test]
fn a_leaf_of_the_wrong_depth_is_malformed() {
    let rlp = alloy_rlp::encode([vec![0x20u8], vec![1]].as_slice().to_vec());
    let root = keccak256(&rlp);
    let nodes = NodeStore::from_iter([(root, rlp.into())]);
    let error = SparseTrie::from_root(root).get(&nodes, B256::ZERO).unwrap_err();
    assert!(matches!(error, TrieError::MalformedNode { .. }), "{error}");
}
