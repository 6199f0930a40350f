//! The tree of keys: a Merkle tree of Poseidon hashes over the digests of all keys that a machine allows.

use crate::{
    Fr,
    engine::Engine,
    hash::{Domain, hash},
    native::Native,
    witness::Witness,
};

/// How many nodes lie between a leaf and the root, the root included.
pub const DEPTH: usize = 8;

/// How many keys a tree has room for.
pub const LEAVES: usize = 1 << DEPTH;

/// The root above a leaf. The engine is given the path from the leaf up: for each node whether what is below it is its right
/// child, and the other child.
pub fn root<E: Engine>(engine: &mut E, leaf: &E::Scalar) -> E::Scalar {
    (0..DEPTH).fold(leaf.clone(), |below, _| {
        let [right, other] = [engine.scalar(), engine.scalar()];
        let minus_one = engine.constant(-Fr::one());
        let left = engine.add(&right, &minus_one);
        let boolean = engine.mul(&right, &left);
        engine.assert_zero(&boolean);
        // Both children, in their order: what is below moves by this.
        let difference = engine.sub(&other, &below);
        let shift = engine.mul(&right, &difference);
        let children = [engine.add(&below, &shift), engine.sub(&other, &shift)];
        hash(engine, Domain::Keys, &children)
    })
}

/// A tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// All layers, the leaves first; the last is the root alone.
    layers: Vec<Vec<Fr>>,
}

/// There are more keys than leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tree holds {LEAVES} keys, not {0}")]
pub struct TooManyKeys(usize);

impl Tree {
    /// The tree of these keys, in this order. Leaves without a key are zero, of which nobody knows a key.
    ///
    /// # Errors
    /// If there are more than [`LEAVES`].
    pub fn new(mut keys: Vec<Fr>) -> Result<Self, TooManyKeys> {
        if keys.len() > LEAVES {
            return Err(TooManyKeys(keys.len()));
        }
        keys.resize(LEAVES, Fr::zero());
        let mut layers = vec![keys];
        for layer in 0..DEPTH {
            layers.push(layers[layer].chunks(2).map(node).collect());
        }
        Ok(Self { layers })
    }

    /// The root.
    pub fn root(&self) -> Fr {
        self.layers[DEPTH][0]
    }

    /// The path of a key, as [`root`] is given it. None if the key is not in the tree.
    pub fn path(&self, key: Fr) -> Option<Vec<Fr>> {
        let place = self.layers[0].iter().position(|leaf| *leaf == key)?;
        let step = |(height, layer): (usize, &Vec<Fr>)| {
            let place = place >> height;
            [Fr::from(place as u64 & 1), layer[place ^ 1]]
        };
        Some(self.layers[..DEPTH].iter().enumerate().flat_map(step).collect())
    }
}

fn node(children: &[Fr]) -> Fr {
    let nothing = Witness::default();
    hash(&mut Native::new(&nothing), Domain::Keys, children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_path_and_no_other() {
        let keys: Vec<Fr> = (1..=5).map(Fr::from).collect();
        let tree = Tree::new(keys.clone()).expect("they fit");
        for key in &keys {
            let witness = Witness { scalars: tree.path(*key).expect("it is there"), points: Vec::new() };
            let climb = |leaf: Fr| {
                let mut engine = Native::new(&witness);
                let root = root(&mut engine, &leaf);
                engine.finish().map(|_| root)
            };
            assert_eq!(climb(*key), Ok(tree.root()));
            assert_ne!(climb(*key + Fr::one()), Ok(tree.root()));
        }
        assert_eq!(tree.path(Fr::from(6)), None);
        assert_eq!(Tree::new(vec![Fr::one(); 257]).expect_err("too many"), TooManyKeys(257));
    }

    /// A direction that is neither left nor right could swap or mix children.
    #[test]
    fn directions_are_boolean() {
        let tree = Tree::new(vec![Fr::from(1)]).expect("it fits");
        let mut scalars = tree.path(Fr::from(1)).expect("it is there");
        scalars[2] = Fr::from(2);
        let witness = Witness { scalars, points: Vec::new() };
        let mut engine = Native::new(&witness);
        root(&mut engine, &Fr::from(1));
        assert!(engine.finish().is_err());
    }

    #[test]
    fn the_root_depends_on_the_order() {
        let root = |keys: [u64; 2]| Tree::new(keys.map(Fr::from).into()).expect("they fit").root();
        assert_ne!(root([1, 2]), root([2, 1]));
    }
}
