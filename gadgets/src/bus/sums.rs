//! Sums of messages without their contents: all that it takes to see whether a bus balances.

use std::collections::hash_map::Entry;
use std::ops::Range;

use super::Balance;
use super::facts::FactCounts;
use super::key::{Key, Keyed};
use super::narrow::Words;
use super::reader::{each_batch, parts, words};
use crate::chip::Role;
use crate::expr::F;
use crate::grid::Grid;

/// The sum of all messages seen so far, by their keys; sums of zero are not kept.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    sums: Keyed<F>,
    messages: u64,
}

impl From<&Balance> for Sums {
    fn from(balance: &Balance) -> Self {
        let sums = balance.entries.iter().map(|(key, entry)| (*key, entry.sum)).collect();
        Self { sums, messages: balance.messages }
    }
}

impl Sums {
    fn add(&mut self, key: Key, multiplicity: F) {
        match self.sums.entry(key) {
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += multiplicity;
                if *entry.get() == F::zero() {
                    entry.remove();
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(multiplicity);
            }
        }
    }

    /// Adds all messages of a grid but the consumptions.
    pub(crate) fn add_all_but_consumptions(&mut self, grid: &Grid) {
        let words = words(grid, |role| role != Role::Consume);
        for part in parts(grid, |range| Self::of_rows(grid, &words, range)) {
            self.messages += part.messages;
            part.sums.into_iter().for_each(|(key, sum)| self.add(key, sum));
        }
    }

    fn of_rows(grid: &Grid, words: &Words, range: Range<usize>) -> Self {
        let mut part = Self::default();
        each_batch(
            grid,
            words,
            range,
            |role| role != Role::Consume,
            |keys, multiplicities| {
                part.messages += keys.len() as u64;
                keys.iter().zip(multiplicities).for_each(|(key, multiplicity)| part.add(*key, *multiplicity));
            },
        );
        part
    }

    /// Takes the counts of consumed facts as their consumptions.
    pub(crate) fn consume(&mut self, consumed: &FactCounts) {
        self.messages += consumed.messages();
        consumed.iter().for_each(|(key, count)| self.add(*key, -F::from(*count)));
    }

    /// How many messages were added.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether every message has its partner.
    pub(crate) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }
}
