//! The digest of a list of public messages, outside of the circuit.
//!
//! With `P` the permutation of [`crate::poseidon`], a message `(x_1, ..., x_n)` of a kind with the number `c` makes of the
//! digest `d` before it the next one so:
//!
//! ```text
//! (s_0, s_1, s_2) = (c, 0, 0)
//! for each two elements (a, b) of d, x_1, ..., x_n, with b = 0 where the last has no second:
//!     (s_0, s_1, s_2) = P(s_0, s_1 + a, s_2 + b)
//! the next digest is s_1
//! ```
//!
//! The first digest is `b`, the digest of the block's [`Label`], hashed likewise. Behind `n` messages, with the digest `d`, the
//! statement is that of `d`, `n` and `b`, hashed likewise. The numbers with which these two begin are those of no kind.

use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::Tag;
use verbatim_gadgets::value::from_u128;

use super::{FoldEvent, KINDS, Public};
use crate::bus::FoldNative;
use crate::poseidon::{State, permute};

/// What the capacity of all kinds begins with: the ASCII bytes `Verbatim`, and below them 2^32. No other hash of the protocol
/// begins with such a number: the proofs' transcripts begin with 2^64. By itself, as if of tag 0, which no kind has, that of
/// the statement; with one more, that of a label.
pub const DOMAIN: u128 = 0x5665_7262_6174_696d_0000_0001_0000_0000;

/// A kind of public message.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its tag.
    pub tag: Tag,
    /// How many field elements it has.
    pub width: usize,
    /// Whether it is sent, for the circuits to receive; else it is received.
    pub sent: bool,
}

impl Kind {
    /// The kind of `M`.
    pub(super) const fn of<M: Public>() -> Self {
        Self { tag: M::TAG, width: M::WIDTH, sent: M::SENT }
    }

    /// What the sponge's capacity begins with: `Verbatim` and 2^32, and `2 tag`, and one if the message is received.
    pub fn capacity(&self) -> F {
        from_u128(DOMAIN + 2 * u128::from(self.tag.id) + u128::from(!self.sent))
    }
}

/// How many permutations a message of so many fields takes.
pub(super) const fn permutations(width: usize) -> usize {
    width / 2 + 1
}

/// Which block a list of messages is about. No circuit proves anything of it: a proof is about the block with this label
/// whose messages are those of the list, and whoever compares the list with a block compares the label as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Chain id (EIP-155).
    pub chain_id: u64,
    /// The number of the fork whose rules hold.
    pub fork: u64,
    /// The hash of the parent block, its high and its low 128 bits.
    pub parent_hash: [u128; 2],
    /// The hash of the block, likewise.
    pub block_hash: [u128; 2],
}

impl Label {
    /// How many field elements it has.
    pub const WIDTH: usize = 6;

    /// The field elements, in the order of the fields.
    pub fn elements(&self) -> [F; Self::WIDTH] {
        let Self { chain_id, fork, parent_hash: [a, b], block_hash: [c, d] } = *self;
        [u128::from(chain_id), u128::from(fork), a, b, c, d].map(from_u128)
    }

    /// What the sponge's capacity begins with.
    pub fn capacity() -> F {
        from_u128(DOMAIN + 1)
    }

    /// What the chain begins with.
    pub fn digest(&self) -> F {
        squeezed(&sponge(Self::capacity(), &self.elements()))
    }
}

/// A list of messages, folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What the chain begins with.
    pub begin: F,
    /// The digest.
    pub digest: F,
    /// How many messages there were.
    pub count: u64,
}

impl Default for Chain {
    /// The empty list, about no block.
    fn default() -> Self {
        Self { begin: F::zero(), digest: F::zero(), count: 0 }
    }
}

impl Chain {
    /// The empty list, about a block.
    pub fn new(label: &Label) -> Self {
        Self { begin: label.digest(), digest: label.digest(), count: 0 }
    }

    /// Folds a message that the verifier sends (`multiplicity` 1) or receives (-1). None, and nothing is done, if that is no
    /// message of one of the [kinds](KINDS).
    pub fn push(&mut self, tag: u64, multiplicity: i64, tuple: &[F]) -> Option<()> {
        self.fold(tag, multiplicity, tuple).map(|_| ())
    }

    /// The two ends of the chain, the first sent and the last received: what the verifier adds to the bus.
    pub fn ends(&self) -> [FoldNative; 2] {
        [(0, self.begin), (self.count, self.digest)].map(|(index, digest)| FoldNative { index, digest })
    }

    /// The hash of both numbers of the chain's end and of its beginning: what a proof is about, and its challenges are hashed
    /// from.
    pub fn statement(&self) -> F {
        squeezed(&sponge(from_u128(DOMAIN), &[self.digest, F::from(self.count), self.begin]))
    }

    /// As [`push`](Self::push); answers the place of the kind in [`KINDS`], and what its window is filled from.
    pub(super) fn fold(&mut self, tag: u64, multiplicity: i64, tuple: &[F]) -> Option<(usize, FoldEvent)> {
        let says = |kind: &Kind| (kind.tag.id, kind.width, if kind.sent { 1 } else { -1 });
        let place = KINDS.iter().position(|kind| says(kind) == (tag, tuple.len(), multiplicity))?;
        let absorbed: Vec<F> = [self.digest].iter().chain(tuple).copied().collect();
        let states = sponge(KINDS[place].capacity(), &absorbed);
        let event = FoldEvent { index: self.count, absorbed, states };
        *self = Self { digest: squeezed(&event.states), count: self.count + 1, ..*self };
        Some((place, event))
    }
}

/// What a sponge gives, by its states.
fn squeezed(states: &[State]) -> F {
    states.last().map_or(F::zero(), |state| state[1])
}

/// The states of a sponge before each permutation, and behind the last.
fn sponge(capacity: F, absorbed: &[F]) -> Vec<State> {
    let mut state = [capacity, F::zero(), F::zero()];
    let mut states = vec![state];
    for two in absorbed.chunks(2) {
        two.iter().zip(&mut state[1..]).for_each(|(element, place)| *place += element);
        state = permute(&state);
        states.push(state);
    }
    states
}
