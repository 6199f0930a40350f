//! What messages are counted under.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use crate::expr::F;
use crate::message::Tag;

/// Two hashers with random seeds: together 127 bits that nobody can aim at.
static HASHERS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::default(), RandomState::default()]);

/// Set in the second half of hashes, and never in that of tags.
const HASHED: u64 = 1 << 63;

/// How many bits the first element of a narrow tuple has at most.
pub(super) const FIRST_BITS: u32 = 24;

/// How many bits each element has at most: what the tables of bytes and of keccak need.
const WIDTHS: [u32; 3] = [FIRST_BITS, 24, 16];

/// The most elements of a narrow tuple.
pub(crate) const NARROW: usize = WIDTHS.len();

/// A message, by its contents: a narrow tuple as it is, any other as a hash.
///
/// Which of the two depends on the tag and the elements alone, not on how they were computed, so equal messages have equal
/// keys; and narrow tuples have keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key([u64; 2]);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0] ^ self.0[1].rotate_left(32));
    }
}

/// Maps by keys.
pub(crate) type Keyed<T> = std::collections::HashMap<Key, T, foldhash::fast::RandomState>;

impl Key {
    /// The key of a message.
    pub(crate) fn of(tag: &Tag, tuple: &[F]) -> Self {
        Self::of_canonical(tag, tuple).unwrap_or_else(|| Self::hash(tag, tuple))
    }

    /// The key of a narrow tuple, given as numbers; none if it is not narrow.
    pub(crate) fn narrow(tag: &Tag, numbers: &[i64]) -> Option<Self> {
        let (mut packed, mut shift) = (0, 0);
        for (index, number) in numbers.iter().enumerate() {
            let (number, bits) = (*number as u64, *WIDTHS.get(index)?);
            // A negative one has its highest bits set.
            if number >> bits != 0 {
                return None;
            }
            packed |= number << shift;
            shift += bits;
        }
        let kind = tag.id.checked_mul(4).filter(|kind| kind & HASHED == 0)? | numbers.len() as u64;
        Some(Self([packed, kind]))
    }

    /// Whether the tuple is narrow.
    pub(super) fn is_narrow(self) -> bool {
        self.0[1] & HASHED == 0
    }

    /// Whether two narrow tuples have one tag and one length.
    pub(super) fn same_kind(self, other: Self) -> bool {
        self.0[1] == other.0[1]
    }

    /// The elements of a narrow tuple, the first in the lowest bits.
    pub(super) fn packed(self) -> u64 {
        self.0[0]
    }

    /// The narrow tuple of the same kind with these elements.
    pub(super) fn with_packed(self, packed: u64) -> Self {
        Self([packed, self.0[1]])
    }

    fn of_canonical(tag: &Tag, tuple: &[F]) -> Option<Self> {
        let mut numbers = [0; NARROW];
        for (number, element) in numbers.get_mut(..tuple.len())?.iter_mut().zip(tuple) {
            *number = i64::from(small(element)?);
        }
        Self::narrow(tag, &numbers[..tuple.len()])
    }

    fn hash(tag: &Tag, tuple: &[F]) -> Self {
        let [first, second] = std::array::from_fn(|i| {
            let mut hasher = HASHERS[i].build_hasher();
            tag.id.hash(&mut hasher);
            tuple.hash(&mut hasher);
            hasher.finish()
        });
        Self([first, second | HASHED])
    }
}

/// A field element as a number below 2^32, if it is one.
pub(crate) fn small(value: &F) -> Option<u32> {
    // Most cells are zero, and need no reduction.
    if *value == F::zero() {
        return Some(0);
    }
    let [low, rest @ ..] = <[u64; 4]>::from(*value);
    if rest == [0; 3] { u32::try_from(low).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Class;

    const TAG: Tag = Tag { id: 7, name: "seven", class: Class::Fact };

    fn key(tag: Tag, tuple: &[i64]) -> Key {
        let field = |number: &i64| if *number < 0 { -F::from(number.unsigned_abs()) } else { F::from(*number as u64) };
        Key::of(&tag, &tuple.iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn keys_are_of_the_tag_and_all_elements() {
        let other = Tag { id: 8, ..TAG };
        let tuples: [&[i64]; 9] =
            [&[], &[0], &[0, 0], &[0, 0, 0], &[0, 0, 0, 0], &[1, 0], &[0, 1], &[1 << 24, 0], &[-1]];
        let keys: Vec<_> = [TAG, other].iter().flat_map(|tag| tuples.map(|tuple| key(*tag, tuple))).collect();
        for (index, one) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|key| key == one), Some(index));
        }
    }

    #[test]
    fn a_narrow_tuple_has_one_key_however_it_was_computed() {
        let greatest = [(1 << 24) - 1, (1 << 24) - 1, (1 << 16) - 1];
        for tuple in [&greatest[..], &greatest[..2], &[5, 0, 3], &[]] {
            assert_eq!(Key::narrow(&TAG, tuple), Some(key(TAG, tuple)));
        }
        for tuple in [&[1 << 24][..], &[0, 1 << 24], &[0, 0, 1 << 16], &[-1], &[0; 4]] {
            assert_eq!(Key::narrow(&TAG, tuple), None);
            assert_eq!(key(TAG, tuple).0[1] & HASHED, HASHED);
        }
        assert_eq!(Key::narrow(&Tag { id: 1 << 61, ..TAG }, &[1]), None, "the tag leaves no room");
    }
}
