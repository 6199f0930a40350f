//! The bus as an exact multiset: what is sent must be received, what is consumed must be provided.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use halo2_proofs::arithmetic::Field;
use rayon::prelude::*;

use crate::chip::{ChipDef, MessageDef, Role};
use crate::expr::{Cell, Expr, F};
use crate::grid::Grid;
use crate::message::{Message, Tag};
use crate::program::{BATCH, Scratch};

/// Two hashers with random seeds: together 128 bits that nobody can aim at.
static HASHERS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::default(), RandomState::default()]);

type Key = [u64; 2];

fn key(tag: &Tag, tuple: &[F]) -> Key {
    std::array::from_fn(|i| {
        let mut hasher = HASHERS[i].build_hasher();
        tag.id.hash(&mut hasher);
        tuple.hash(&mut hasher);
        hasher.finish()
    })
}

/// Where a message was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a row of a circuit's shard.
    Row {
        /// The circuit.
        circuit: &'static str,
        /// The chip.
        chip: &'static str,
        /// What the window was filled from.
        origin: u64,
        /// The window's first row.
        row: usize,
    },
    /// Added by the verifier.
    Public,
}

#[derive(Clone, Debug)]
struct Entry {
    sum: F,
    tag: Tag,
    tuple: Vec<F>,
    place: Place,
}

/// A message without its partner.
#[derive(Clone, Debug)]
pub struct Unbalanced {
    /// The kind of message.
    pub tag: Tag,
    /// Its field elements.
    pub tuple: Vec<F>,
    /// What is left: positive if it was sent too often, negative (modulo the field) if it was received too often.
    pub sum: F,
    /// Where it was seen first.
    pub place: Place,
}

/// The sum of all messages seen so far.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    entries: HashMap<Key, Entry, foldhash::fast::FixedState>,
    messages: u64,
}

impl Balance {
    /// Adds a message of the verifier's, `multiplicity` times.
    pub fn add_public<M: Message>(&mut self, message: &M::Native, multiplicity: F) {
        self.add(M::TAG, M::tuple(message), multiplicity, || Place::Public);
    }

    /// Adds a message, `multiplicity` times.
    pub fn add(&mut self, tag: Tag, tuple: Vec<F>, multiplicity: F, place: impl FnOnce() -> Place) {
        self.messages += 1;
        let key = key(&tag, &tuple);
        match self.entries.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let sum = entry.get().sum + multiplicity;
                if bool::from(sum.is_zero()) {
                    entry.remove();
                } else {
                    entry.get_mut().sum = sum;
                }
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Entry { sum: multiplicity, tag, tuple, place: place() });
            }
        }
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: Self) {
        let messages = self.messages + other.messages;
        for entry in other.entries.into_values() {
            self.add(entry.tag, entry.tuple, entry.sum, || entry.place);
        }
        self.messages = messages;
    }

    /// Adds the messages of every window of a grid.
    pub fn add_grid(&mut self, grid: &Grid) {
        self.add_roles(grid, |_| true);
    }

    /// Adds the messages of every window of a grid that have one of the given roles.
    pub(crate) fn add_roles(&mut self, grid: &Grid, role: impl Fn(Role) -> bool + Sync) {
        let parts = parts(grid, |range| {
            let mut part = Self::default();
            part.add_rows(grid, range, &role);
            part
        });
        parts.into_iter().for_each(|part| self.merge(part));
    }

    fn add_rows(&mut self, grid: &Grid, range: Range<usize>, role: &impl Fn(Role) -> bool) {
        let circuit = &grid.circuit;
        let (mut scratch, mut numbers) = (Scratch::default(), Scratch::default());
        for chip in &circuit.chips {
            if !chip.messages.iter().any(|message| role(message.role)) {
                continue;
            }
            for rows in grid.selected(chip.selector, range.clone()).chunks(BATCH) {
                let multiplicities = chip.multiplicities.run_batch(grid, rows, 0, &mut numbers);
                for (index, message) in chip.messages.iter().enumerate().filter(|(_, m)| role(m.role)) {
                    let slot = &circuit.slots[message.slot];
                    let program = &circuit.slot_programs[message.slot];
                    let tuples = program.run_batch(grid, rows, message.row, &mut scratch);
                    for (i, row) in rows.iter().enumerate() {
                        let multiplicity = *multiplicities.get(index, i);
                        if bool::from(multiplicity.is_zero()) {
                            continue;
                        }
                        let place = || Place::Row {
                            circuit: circuit.name,
                            chip: chip.name,
                            origin: origin(grid, *row),
                            row: *row,
                        };
                        let selector = grid.evaluate(&chip.selector.expr(), *row);
                        let tuple = tuples.row(i).copied().collect();
                        self.add(slot.tag, tuple, multiplicity * selector, place);
                    }
                }
            }
        }
    }

    /// Takes the counts of consumed facts as their consumptions, and answers whether it had a provider for each of them.
    pub(crate) fn consume(&mut self, consumed: &FactCounts) -> bool {
        self.messages += consumed.messages;
        consumed.counts.iter().all(|(key, count)| match self.entries.entry(*key) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                entry.get_mut().sum -= F::from(*count);
                if bool::from(entry.get().sum.is_zero()) {
                    entry.remove();
                }
                true
            }
            std::collections::hash_map::Entry::Vacant(_) => false,
        })
    }

    /// How many messages were added.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether every message has its partner.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The messages without partners, those of one tag together.
    pub fn unbalanced(&self) -> Vec<Unbalanced> {
        let mut left: Vec<_> = self
            .entries
            .values()
            .map(|e| Unbalanced { tag: e.tag, tuple: e.tuple.clone(), sum: e.sum, place: e.place.clone() })
            .collect();
        left.sort_by(|a, b| (a.tag.id, &a.tuple).cmp(&(b.tag.id, &b.tuple)));
        left
    }
}

/// What the window that begins at `row` was filled from; the row itself if the grid does not say.
pub(crate) fn origin(grid: &Grid, row: usize) -> u64 {
    match grid.windows.binary_search_by_key(&row, |window| window.row) {
        Ok(index) => grid.windows[index].origin,
        Err(_) => row as u64,
    }
}

/// What `work` makes of equal parts of the rows of a grid that chips may use, one for each thread.
fn parts<T: Send>(grid: &Grid, work: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let usable = grid.rows().usable;
    let size = usable.div_ceil(rayon::current_num_threads()).max(1 << 10);
    let ranges: Vec<_> = (0..usable).step_by(size).map(|start| start..usable.min(start + size)).collect();
    ranges.into_par_iter().map(work).collect()
}

/// How often each fact is consumed, gathered from all shards before any multiplicity is filled.
#[derive(Clone, Debug, Default)]
pub struct FactCounts {
    counts: HashMap<Key, u64, foldhash::fast::FixedState>,
    messages: u64,
}

impl FactCounts {
    /// Counts one more consumption of a fact.
    pub fn add<M: crate::message::Fact>(&mut self, message: &M::Native) {
        self.count(key(&M::TAG, &M::tuple(message)));
    }

    fn count(&mut self, key: Key) {
        self.messages += 1;
        *self.counts.entry(key).or_default() += 1;
    }

    /// Counts what the windows of `grid` consume. Their multiplicities need not be filled: no consumed fact depends on one.
    pub fn consume(&mut self, grid: &Grid) {
        let parts = parts(grid, |range| {
            let mut part = Self::default();
            part.consume_rows(grid, range);
            part
        });
        for part in parts {
            self.messages += part.messages;
            for (key, count) in part.counts {
                *self.counts.entry(key).or_default() += count;
            }
        }
    }

    fn consume_rows(&mut self, grid: &Grid, range: Range<usize>) {
        let circuit = &grid.circuit;
        let (mut scratch, mut numbers) = (Scratch::default(), Scratch::default());
        let mut tuple = Vec::new();
        for chip in circuit.chips.iter().filter(|chip| chip.messages.iter().any(|m| m.role == Role::Consume)) {
            for rows in grid.selected(chip.selector, range.clone()).chunks(BATCH) {
                let multiplicities = chip.multiplicities.run_batch(grid, rows, 0, &mut numbers);
                for (index, message) in chip.messages.iter().enumerate().filter(|(_, m)| m.role == Role::Consume) {
                    let program = &circuit.slot_programs[message.slot];
                    let tuples = program.run_batch(grid, rows, message.row, &mut scratch);
                    for i in 0..rows.len() {
                        if bool::from(multiplicities.get(index, i).is_zero()) {
                            continue;
                        }
                        tuple.clear();
                        tuple.extend(tuples.row(i));
                        self.count(key(&circuit.slots[message.slot].tag, &tuple));
                    }
                }
            }
        }
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

/// The facts that a grid provides, in order: each with the cell (as seen from a row) that says how often.
#[derive(Clone, Debug, Default)]
pub struct Providers(Vec<(Key, Cell, usize)>);

impl Providers {
    /// What the windows of `grid` provide.
    pub fn of(grid: &Grid) -> Self {
        let circuit = &grid.circuit;
        let mut scratch = Scratch::default();
        let (mut tuple, mut providers) = (Vec::new(), Vec::new());
        let provisions: Vec<_> = circuit.chips.iter().map(Provision::all).collect();
        for window in &grid.windows {
            for Provision { message, multiplicity, bounds } in &provisions[window.chip] {
                let once = |cell: Cell| if cell == *multiplicity { F::ONE } else { grid.read(cell, window.row) };
                if !bounds.iter().all(|bound| bool::from(bound.evaluate(&once).is_zero())) {
                    continue;
                }
                tuple.clear();
                let row = window.row + message.row as usize;
                tuple.extend(circuit.slot_programs[message.slot].run(grid, row, &mut scratch));
                providers.push((key(&circuit.slots[message.slot].tag, &tuple), *multiplicity, window.row));
            }
        }
        Self(providers)
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
}
