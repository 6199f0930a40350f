//! Counts of narrow tuples, at places that their elements choose.
//!
//! A shard of keccak looks up tens of millions of tuples, most of them in tables of a hundred thousand entries. A map spreads
//! its entries over memory, so that each access waits for a line of it. Here a tuple's place is the bits of its first
//! element, with the second's above them: keccak's entries, whose elements are hexadecimal digits up to 6 and bits, share
//! lines of memory and, but for few, have places of their own. Where two tuples want one place, the older goes to the map.

use super::key::{FIRST_BITS, Key};

/// Places.
const PLACES: usize = 1 << FIRST_BITS;

/// Bits of a place's count; what is above them tells the tuples of the place apart.
const COUNT_BITS: u32 = 24;

/// The greatest count.
const GREATEST: u64 = (1 << COUNT_BITS) - 1;

/// How far the second element's bits stand above the first's.
const OFFSET: u32 = 2;

/// Counts of one kind of narrow tuples.
#[derive(Debug)]
pub(super) struct Tally {
    /// A key of the kind.
    kind: Key,
    /// The second and third element, and how often the tuple was counted; zero if it is free.
    places: Vec<u64>,
    used: Vec<u32>,
}

impl Tally {
    /// Counts of the kind of `key`.
    pub(super) fn new(key: Key) -> Self {
        Self { kind: key, places: vec![0; PLACES], used: Vec::new() }
    }

    /// Whether it counts keys of the kind of `key`.
    pub(super) fn counts(&self, key: Key) -> bool {
        self.kind.same_kind(key)
    }

    /// Counts a tuple of the kind; answers what had to leave its place, with how often it was counted.
    pub(super) fn add(&mut self, key: Key) -> Option<(Key, u64)> {
        let packed = key.packed();
        let (rest, index) = (packed >> FIRST_BITS, index(packed));
        let place = &mut self.places[index];
        let (known, count) = (*place >> COUNT_BITS, *place & GREATEST);
        if count == 0 {
            self.used.push(index as u32);
        } else if known == rest && count < GREATEST {
            *place += 1;
            return None;
        }
        *place = rest << COUNT_BITS | 1;
        (count > 0).then(|| (self.key(index, known), count))
    }

    /// All tuples that are left, with how often each was counted.
    pub(super) fn finish(self) -> impl Iterator<Item = (Key, u64)> {
        let key = |index: usize| self.key(index, self.places[index] >> COUNT_BITS);
        let found = self.used.iter().map(|index| (key(*index as usize), self.places[*index as usize] & GREATEST));
        found.collect::<Vec<_>>().into_iter()
    }

    /// The key of the tuple with these elements behind the first at this place.
    fn key(&self, index: usize, rest: u64) -> Key {
        // The first element's bits are the place's, less the second's.
        let first = self::index(rest << FIRST_BITS | index as u64);
        self.kind.with_packed(rest << FIRST_BITS | first as u64)
    }
}

/// The place of a tuple.
fn index(packed: u64) -> usize {
    let mask = PLACES as u64 - 1;
    ((packed ^ packed >> FIRST_BITS << OFFSET) & mask) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::message::{Class, Tag};

    const TAG: Tag = Tag { id: 7, name: "seven", class: Class::Fact };

    fn key(tuple: [i64; 3]) -> Key {
        Key::narrow(&TAG, &tuple).expect("it is narrow")
    }

    /// Counts tuples, and compares with a map.
    fn compare(tuples: impl Iterator<Item = [i64; 3]>) -> usize {
        let (mut tally, mut expected) = (Tally::new(key([0; 3])), BTreeMap::<u64, u64>::new());
        let (mut found, mut left) = (BTreeMap::<u64, u64>::new(), 0);
        for tuple in tuples {
            *expected.entry(key(tuple).packed()).or_default() += 1;
            if let Some((key, count)) = tally.add(key(tuple)) {
                left += 1;
                *found.entry(key.packed()).or_default() += count;
            }
        }
        for (key, count) in tally.finish() {
            assert!(key.same_kind(self::key([0; 3])));
            *found.entry(key.packed()).or_default() += count;
        }
        assert_eq!(found, expected);
        left
    }

    #[test]
    fn nothing_is_lost_or_mixed_up() {
        let top = (1 << 24) - 1;
        let great = [[top, top, (1 << 16) - 1], [4, 0, 0], [0, 1, 1], [0, 0, 0]];
        assert_eq!(compare(great.into_iter().cycle().take(12)), 5, "two of them want one place");
        // Every pair of small elements: many of them at one place.
        let small = |i: i64| [i % 50, i / 50 % 50, i / 2500 % 2];
        assert!(compare((0..20_000).map(small)) > 1000);
        // Digits to 6 with a bit each, as in keccak's tables: all by themselves.
        let output = [1, 0, 0, 1, 1, 0, 0];
        let digits = |i: i64| [i % 7, i / 7 % 7, i / 49].map(|digit| (digit, output[digit as usize]));
        let pack =
            |i: i64| digits(i).iter().fold([0, 0, 1], |[a, b, c], (digit, bit)| [a * 16 + digit, b * 16 + bit, c]);
        assert_eq!(compare((0..343 * 5).map(|i| pack(i % 343))), 0);
    }

    #[test]
    fn a_full_count_leaves_its_place() {
        let count = GREATEST + 5;
        assert_eq!(compare((0..count).map(|_| [1, 2, 3])), 1);
    }
}
