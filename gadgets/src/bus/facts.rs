//! Facts: how often each is consumed, and who provides it.

use std::ops::Range;

use super::key::{Key, Keyed};
use super::narrow::Words;
use super::reader::{Reader, each_batch, parts, words};
use super::tally::Tally;
use crate::chip::{ChipDef, MessageDef, Role};
use crate::expr::{Cell, Expr, F};
use crate::grid::Grid;
use crate::message::{Fact, Message};
use crate::program::BATCH;

/// How often each fact is consumed, gathered from all shards before any multiplicity is filled.
#[derive(Clone, Debug, Default)]
pub struct FactCounts {
    counts: Keyed<u64>,
    messages: u64,
}

impl FactCounts {
    /// Counts one more consumption of a fact.
    pub fn add<M: Fact>(&mut self, message: &M::Native) {
        self.messages += 1;
        *self.counts.entry(Key::of(&M::TAG, &<M as Message>::tuple(message))).or_default() += 1;
    }

    /// Counts what the windows of `grid` consume. Their multiplicities need not be filled: no consumed fact depends on one.
    pub fn consume(&mut self, grid: &Grid) {
        let words = words(grid, |role| role == Role::Consume);
        for part in parts(grid, |range| Self::consumed(grid, &words, range)) {
            self.merge(part);
        }
    }

    fn consumed(grid: &Grid, words: &Words, range: Range<usize>) -> Self {
        let (mut part, mut tallies) = (Self::default(), Tallies::new(range.len()));
        each_batch(
            grid,
            words,
            range,
            |role| role == Role::Consume,
            |keys, _| {
                part.messages += keys.len() as u64;
                tallies.add(keys, &mut part.counts);
            },
        );
        tallies.finish(&mut part.counts);
        part
    }

    fn merge(&mut self, part: Self) {
        if self.counts.is_empty() {
            *self = Self { messages: self.messages + part.messages, ..part };
            return;
        }
        part.counts.into_iter().for_each(|(key, times)| *self.counts.entry(key).or_default() += times);
        self.messages += part.messages;
    }

    /// How many consumptions were counted.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The facts, each with how often it is consumed.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &u64)> {
        self.counts.iter()
    }

    /// Takes out what is provided, and answers the cells (as seen from a row) that say how often: all consumptions of a
    /// fact go to its first provider. (A row whose constraints hold the multiplicity at zero does not prove what its slot
    /// says, and is none.)
    pub fn take(&mut self, providers: &Providers) -> Vec<(Cell, usize, u64)> {
        let taken = providers.0.iter().filter_map(|(key, cell, row)| Some((*cell, *row, self.counts.remove(key)?)));
        taken.collect()
    }

    /// Fills the multiplicities of what the windows of `grid` provide, as [`take`](Self::take) says.
    pub fn provide(&mut self, grid: &mut Grid) {
        for (cell, row, count) in self.take(&Providers::of(grid)) {
            grid.write(cell, row, F::from(count));
        }
    }
}

/// Rows from which tallies are worth their memory.
const MANY_ROWS: usize = 1 << 14;

/// A tally for each kind of narrow fact, where there are many rows.
#[derive(Debug)]
struct Tallies {
    many: bool,
    tallies: Vec<Tally>,
}

impl Tallies {
    fn new(rows: usize) -> Self {
        Self { many: rows >= MANY_ROWS, tallies: Vec::new() }
    }

    /// Counts keys of one tag: in a tally, or else in `counts`.
    fn add(&mut self, keys: &[Key], counts: &mut Keyed<u64>) {
        let mut count = |key: Key, times: u64| *counts.entry(key).or_default() += times;
        match keys.first().filter(|_| self.many && keys.iter().all(|key| key.is_narrow())) {
            None => keys.iter().for_each(|key| count(*key, 1)),
            Some(first) => {
                let tally = self.of_kind(*first);
                keys.iter().filter_map(|key| tally.add(*key)).for_each(|(key, times)| count(key, times));
            }
        }
    }

    fn of_kind(&mut self, key: Key) -> &mut Tally {
        let index = self.tallies.iter().position(|tally| tally.counts(key)).unwrap_or_else(|| {
            self.tallies.push(Tally::new(key));
            self.tallies.len() - 1
        });
        &mut self.tallies[index]
    }

    fn finish(self, counts: &mut Keyed<u64>) {
        let left = self.tallies.into_iter().flat_map(Tally::finish);
        left.for_each(|(key, times)| *counts.entry(key).or_default() += times);
    }
}

/// The facts that a grid provides, in order: each with the cell (as seen from a row) that says how often.
#[derive(Clone, Debug, Default)]
pub struct Providers(Vec<(Key, Cell, usize)>);

impl Providers {
    /// What the windows of `grid` provide.
    pub fn of(grid: &Grid) -> Self {
        let words = words(grid, |role| role == Role::Provide);
        let mut reader = Reader::new(grid, &words);
        let mut found: Vec<(usize, Key, Cell, usize)> = Vec::new();
        for (index, chip) in grid.circuit.chips.iter().enumerate() {
            let provisions = Provision::all(chip);
            if provisions.is_empty() {
                continue;
            }
            let of_chip = grid.windows.iter().enumerate().filter(|(_, window)| window.chip == index);
            let windows: Vec<_> = of_chip.map(|(order, window)| (order, window.row)).collect();
            for provision in &provisions {
                let free: Vec<_> =
                    windows.iter().copied().filter(|(_, row)| provision.may_provide(grid, *row)).collect();
                for batch in free.chunks(BATCH) {
                    let rows: Vec<_> = batch.iter().map(|(_, row)| *row).collect();
                    let keys = reader.keys(provision.message, &rows).iter().zip(batch);
                    found.extend(keys.map(|(key, (order, row))| (*order, *key, provision.multiplicity, *row)));
                }
            }
        }
        found.sort_by_key(|(order, ..)| *order);
        Self(found.into_iter().map(|(_, key, cell, row)| (key, cell, row)).collect())
    }
}

/// A fact that a chip provides.
struct Provision<'c> {
    message: &'c MessageDef,
    multiplicity: Cell,
    /// The constraints that read the multiplicity: they let any pass, or none but zero.
    bounds: Vec<&'c Expr>,
}

impl<'c> Provision<'c> {
    fn all(chip: &'c ChipDef) -> Vec<Self> {
        let facts = chip.messages.iter().filter(|message| message.role == Role::Provide);
        let cells = facts.filter_map(|message| Some((message, message.multiplicity.as_cell()?)));
        let bounds = |cell: &Cell| {
            let expressions = chip.constraints.iter().map(|constraint| &constraint.expr);
            expressions.filter(|expr| expr.cells().contains(cell)).collect()
        };
        cells.map(|(message, cell)| Self { message, multiplicity: cell, bounds: bounds(&cell) }).collect()
    }

    /// Whether the constraints of the window that begins at `row` let it provide the fact.
    fn may_provide(&self, grid: &Grid, row: usize) -> bool {
        let once = |cell: Cell| if cell == self.multiplicity { F::one() } else { grid.read(cell, row) };
        self.bounds.iter().all(|bound| bound.evaluate(&once) == F::zero())
    }
}
