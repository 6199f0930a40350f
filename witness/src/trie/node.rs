//! Nodes of a sparse trie: decoding, encoding.

use alloy_primitives::B256;
use alloy_rlp::Decodable;
use alloy_trie::{
    Nibbles, TrieMask,
    nodes::{BranchNode, ExtensionNode, LeafNode, RlpNode, TrieNode},
};

use super::TrieError;

/// A node, as far as it has been looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing: an empty trie, or an empty child of a branch.
    #[default]
    Empty,
    /// A node that is known by its reference only: a hash, or the RLP of a node below 32 bytes.
    Reference(RlpNode),
    /// A decoded node.
    Inner(Box<Inner>),
}

/// A decoded node, with its reference as long as nothing below it has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inner {
    pub(super) kind: Kind,
    pub(super) reference: Option<RlpNode>,
}

/// The three shapes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Leaf { path: Nibbles, value: Vec<u8> },
    Extension { path: Nibbles, child: Node },
    Branch { children: Box<[Node; 16]> },
}

impl Node {
    /// A new node, whose reference is not known yet.
    pub(super) fn new(kind: Kind) -> Self {
        Self::Inner(Box::new(Inner { kind, reference: None }))
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Decodes the RLP of a node; `path` is where it stands.
    pub(super) fn decode(rlp: &[u8], reference: RlpNode, path: &Nibbles) -> Result<Self, TrieError> {
        let malformed = |reason: String| TrieError::MalformedNode { path: *path, reason };
        let mut rest = rlp;
        let node = TrieNode::decode(&mut rest).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes after its end", rest.len())));
        }
        let kind = match node {
            TrieNode::EmptyRoot => return Err(malformed("an empty node inside a trie".into())),
            TrieNode::Leaf(leaf) => Kind::Leaf { path: leaf.key, value: leaf.value },
            TrieNode::Extension(extension) => {
                if extension.key.is_empty() {
                    return Err(malformed("an extension without nibbles".into()));
                }
                Kind::Extension { path: extension.key, child: Self::Reference(extension.child) }
            }
            TrieNode::Branch(branch) => {
                let mut children: Box<[Self; 16]> = Box::default();
                for (nibble, child) in branch.as_ref().children() {
                    if let (Some(slot), Some(child)) = (children.get_mut(usize::from(nibble)), child) {
                        *slot = Self::Reference(child.clone());
                    }
                }
                Kind::Branch { children }
            }
        };
        let length = path.len() + kind.path_length();
        if length > 64 || (length < 64) == matches!(kind, Kind::Leaf { .. }) {
            return Err(malformed("its path does not fit keys of 64 nibbles".into()));
        }
        Ok(Self::Inner(Box::new(Inner { kind, reference: Some(reference) })))
    }

    /// The node's reference in its parent; `None` for an empty node.
    pub(super) fn reference(&mut self, buffer: &mut Vec<u8>) -> Option<RlpNode> {
        match self {
            Self::Empty => None,
            Self::Reference(reference) => Some(reference.clone()),
            Self::Inner(inner) => Some(inner.reference(buffer)),
        }
    }
}

impl Inner {
    fn reference(&mut self, buffer: &mut Vec<u8>) -> RlpNode {
        if let Some(reference) = &self.reference {
            return reference.clone();
        }
        let reference = self.kind.encode(buffer);
        self.reference = Some(reference.clone());
        reference
    }
}

impl Kind {
    fn path_length(&self) -> usize {
        match self {
            Self::Leaf { path, .. } | Self::Extension { path, .. } => path.len(),
            Self::Branch { .. } => 0,
        }
    }

    fn encode(&mut self, buffer: &mut Vec<u8>) -> RlpNode {
        let node = match self {
            Self::Leaf { path, value } => TrieNode::Leaf(LeafNode::new(*path, std::mem::take(value))),
            Self::Extension { path, child } => {
                let child = child.reference(buffer).unwrap_or_default();
                TrieNode::Extension(ExtensionNode::new(*path, child))
            }
            Self::Branch { children } => {
                let (mut stack, mut mask) = (Vec::with_capacity(16), TrieMask::default());
                for (nibble, child) in (0..).zip(children.iter_mut()) {
                    if let Some(reference) = child.reference(buffer) {
                        stack.push(reference);
                        mask.set_bit(nibble);
                    }
                }
                TrieNode::Branch(BranchNode::new(stack, mask))
            }
        };
        buffer.clear();
        let reference = node.rlp(buffer);
        if let (Self::Leaf { value, .. }, TrieNode::Leaf(leaf)) = (self, node) {
            *value = leaf.value;
        }
        reference
    }
}

/// The hash that stands for a root: the node's, also where it is below 32 bytes.
pub(super) fn root_hash(reference: &RlpNode) -> B256 {
    reference.as_hash().unwrap_or_else(|| alloy_primitives::keccak256(reference))
}
