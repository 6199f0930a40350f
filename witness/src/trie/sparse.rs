//! One sparse trie: get, insert, remove, root.

use alloy_primitives::{B256, Bytes, map::B256Map};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, nodes::RlpNode};

use super::{
    TrieError,
    node::{Inner, Kind, Node, root_hash},
};

/// Trie nodes (RLP) by hash.
pub type NodeStore = B256Map<Bytes>;

/// A trie of which only touched paths are decoded.
///
/// ```
/// use alloy_primitives::{keccak256, B256};
/// use verbatim_witness::trie::{NodeStore, SparseTrie};
///
/// let nodes = NodeStore::default();
/// let mut trie = SparseTrie::empty();
/// trie.insert(&nodes, keccak256([1]), vec![7])?;
/// assert_eq!(trie.get(&nodes, keccak256([1]))?, Some(&[7][..]));
/// trie.remove(&nodes, keccak256([1]))?;
/// assert_eq!(trie.root(), alloy_trie::EMPTY_ROOT_HASH);
/// # Ok::<(), verbatim_witness::trie::TrieError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SparseTrie {
    root: Node,
}

impl SparseTrie {
    /// A trie without leaves.
    pub const fn empty() -> Self {
        Self { root: Node::Empty }
    }

    /// The trie with this root.
    pub fn from_root(root: B256) -> Self {
        if root == EMPTY_ROOT_HASH {
            return Self::empty();
        }
        Self { root: Node::Reference(RlpNode::word_rlp(&root)) }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`TrieError::MissingNode`] and [`TrieError::MalformedNode`].
    pub fn get(&mut self, nodes: &NodeStore, key: B256) -> Result<Option<&[u8]>, TrieError> {
        let key = Nibbles::unpack(key);
        let (mut node, mut depth) = (&mut self.root, 0);
        loop {
            resolve(node, nodes, &key.slice(..depth))?;
            let Node::Inner(inner) = node else { return Ok(None) };
            match &mut inner.kind {
                Kind::Leaf { path, value } => {
                    return Ok((*path == key.slice(depth..)).then_some(value.as_slice()));
                }
                Kind::Extension { path, child } => {
                    if !key.slice(depth..).starts_with(path) {
                        return Ok(None);
                    }
                    depth += path.len();
                    node = child;
                }
                Kind::Branch { children } => {
                    node = child_of(children, &key, depth)?;
                    depth += 1;
                }
            }
        }
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// [`TrieError::MissingNode`] and [`TrieError::MalformedNode`]; the trie may then no longer be used.
    pub fn insert(&mut self, nodes: &NodeStore, key: B256, value: Vec<u8>) -> Result<(), TrieError> {
        insert(&mut self.root, nodes, &Nibbles::unpack(key), 0, value)
    }

    /// Removes a key, and brings the trie back to canonical form: a branch with one child left is merged with that child,
    /// which therefore must be known too. A key that is absent is no error.
    ///
    /// # Errors
    /// [`TrieError::MissingNode`] and [`TrieError::MalformedNode`]; the trie may then no longer be used.
    pub fn remove(&mut self, nodes: &NodeStore, key: B256) -> Result<(), TrieError> {
        remove(&mut self.root, nodes, &Nibbles::unpack(key), 0).map(|_| ())
    }

    /// The root hash.
    pub fn root(&mut self) -> B256 {
        self.root.reference(&mut Vec::new()).map_or(EMPTY_ROOT_HASH, |reference| root_hash(&reference))
    }
}

/// Decodes a node that is known by its reference only.
fn resolve(node: &mut Node, nodes: &NodeStore, path: &Nibbles) -> Result<(), TrieError> {
    let Node::Reference(reference) = node else { return Ok(()) };
    *node = match reference.as_hash() {
        None => Node::decode(reference, reference.clone(), path)?,
        Some(hash) => {
            let rlp = nodes.get(&hash).ok_or(TrieError::MissingNode { hash, path: *path })?;
            Node::decode(rlp, reference.clone(), path)?
        }
    };
    Ok(())
}

fn child_of<'a>(children: &'a mut [Node; 16], key: &Nibbles, depth: usize) -> Result<&'a mut Node, TrieError> {
    key.get(depth).and_then(|nibble| children.get_mut(usize::from(nibble))).ok_or_else(|| too_deep(key))
}

fn too_deep(key: &Nibbles) -> TrieError {
    TrieError::MalformedNode { path: *key, reason: "its path does not fit keys of 64 nibbles".into() }
}

fn insert(node: &mut Node, nodes: &NodeStore, key: &Nibbles, depth: usize, value: Vec<u8>) -> Result<(), TrieError> {
    resolve(node, nodes, &key.slice(..depth))?;
    let Node::Inner(inner) = node else {
        *node = Node::new(Kind::Leaf { path: key.slice(depth..), value });
        return Ok(());
    };
    inner.reference = None;
    let rest = key.slice(depth..);
    match &mut inner.kind {
        Kind::Leaf { path, value: old } if *path == rest => {
            *old = value;
            Ok(())
        }
        Kind::Extension { path, child } if rest.starts_with(path) => {
            insert(child, nodes, key, depth + path.len(), value)
        }
        Kind::Branch { children } => insert(child_of(children, key, depth)?, nodes, key, depth + 1, value),
        Kind::Leaf { path, .. } | Kind::Extension { path, .. } => {
            let common = path.common_prefix_length(&rest);
            split(node, key, depth, common, value)
        }
    }
}

/// Puts a branch into a leaf or an extension, `common` nibbles after its start, where the key leaves its path.
fn split(node: &mut Node, key: &Nibbles, depth: usize, common: usize, value: Vec<u8>) -> Result<(), TrieError> {
    let Node::Inner(inner) = std::mem::take(node) else { return Err(too_deep(key)) };
    let (path, old) = match inner.kind {
        Kind::Leaf { path, value } if common < path.len() => {
            (path, Node::new(Kind::Leaf { path: path.slice(common + 1..), value }))
        }
        Kind::Extension { path, child } if common + 1 == path.len() => (path, child),
        Kind::Extension { path, child } if common < path.len() => {
            (path, Node::new(Kind::Extension { path: path.slice(common + 1..), child }))
        }
        _ => return Err(too_deep(key)),
    };
    let mut children: Box<[Node; 16]> = Box::default();
    *child_of(&mut children, &path, common)? = old;
    let place = depth + common;
    *child_of(&mut children, key, place)? =
        Node::new(Kind::Leaf { path: key.slice((place + 1).min(key.len())..), value });
    let branch = Node::new(Kind::Branch { children });
    *node = match common {
        0 => branch,
        _ => Node::new(Kind::Extension { path: path.slice(..common), child: branch }),
    };
    Ok(())
}

/// Removes a key below `node`; says whether there was one.
fn remove(node: &mut Node, nodes: &NodeStore, key: &Nibbles, depth: usize) -> Result<bool, TrieError> {
    resolve(node, nodes, &key.slice(..depth))?;
    let Node::Inner(inner) = node else { return Ok(false) };
    let rest = key.slice(depth..);
    let removed = match &mut inner.kind {
        Kind::Leaf { path, .. } if *path == rest => {
            *node = Node::Empty;
            return Ok(true);
        }
        Kind::Leaf { .. } => false,
        Kind::Extension { path, child } => rest.starts_with(path) && remove(child, nodes, key, depth + path.len())?,
        Kind::Branch { children } => remove(child_of(children, key, depth)?, nodes, key, depth + 1)?,
    };
    if removed {
        inner.reference = None;
        collapse(node, nodes, &key.slice(..depth))?;
    }
    Ok(removed)
}

/// Restores canonical form in a node below which a leaf was removed.
fn collapse(node: &mut Node, nodes: &NodeStore, path: &Nibbles) -> Result<(), TrieError> {
    let Node::Inner(inner) = node else { return Ok(()) };
    let (prefix, mut child) = match &mut inner.kind {
        Kind::Leaf { .. } => return Ok(()),
        Kind::Extension { path, child } => (*path, std::mem::take(child)),
        Kind::Branch { children } => {
            let mut left = (0u8..).zip(children.iter_mut()).filter(|(_, child)| !child.is_empty());
            match (left.next(), left.next()) {
                (Some((nibble, child)), None) => (Nibbles::from_nibbles([nibble]), std::mem::take(child)),
                (Some(_), Some(_)) => return Ok(()),
                (None, _) => (Nibbles::default(), Node::Empty),
            }
        }
    };
    resolve(&mut child, nodes, &path.join(&prefix))?;
    *node = merge(prefix, child);
    Ok(())
}

/// A path before a node, as one node.
fn merge(prefix: Nibbles, child: Node) -> Node {
    match child {
        Node::Inner(inner) => match *inner {
            Inner { kind: Kind::Leaf { path, value }, .. } => Node::new(Kind::Leaf { path: prefix.join(&path), value }),
            Inner { kind: Kind::Extension { path, child }, .. } => {
                Node::new(Kind::Extension { path: prefix.join(&path), child })
            }
            branch => Node::new(Kind::Extension { path: prefix, child: Node::Inner(Box::new(branch)) }),
        },
        empty => empty,
    }
}

#[cfg(test)]
mod tests;
