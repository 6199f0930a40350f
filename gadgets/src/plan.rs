//! From workloads to shards: how many, of which size, with which multiplicities.

use std::ops::Range;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;

use crate::bus::{Balance, FactCounts, Providers, Sums, Unbalanced};
use crate::check::{Report, check};
use crate::circuit::Rows;
use crate::expr::{Cell, F};
use crate::grid::{Full, Grid};
use crate::machine::Workload;

/// The smallest shard: fewer rows would be blinding for the most part.
pub const LEAST_K: u32 = 9;

/// How many main cells all shards that a plan keeps have at most: 2 GiB. Those that it does not keep are filled anew
/// wherever they are needed, one at a time.
const KEPT_CELLS: usize = 1 << 26;

/// One shard to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardPlan {
    /// Index of the workload.
    pub workload: usize,
    /// The binary logarithm of the number of rows.
    pub k: u32,
    /// The windows that it holds.
    pub windows: Range<usize>,
}

/// All shards of a machine, each of which can be filled at any time, by itself.
#[derive(Debug)]
pub struct Plan<'w> {
    workloads: Vec<&'w dyn Workload>,
    shards: Vec<ShardPlan>,
    /// For each shard, the multiplicities of what it provides that are not zero.
    multiplicities: Vec<Vec<(Cell, usize, u64)>>,
    /// The shards that are kept, without the others.
    kept: Vec<Option<Arc<Grid>>>,
    /// What all shards consume.
    consumed: FactCounts,
}

/// What a check of a whole machine found.
#[derive(Clone, Debug, Default)]
pub struct MachineReport {
    /// Constraints that do not hold.
    pub local: Report,
    /// Messages without partners.
    pub unbalanced: Vec<Unbalanced>,
    /// How many messages there were.
    pub messages: u64,
}

impl MachineReport {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.local.failures.is_empty() && self.unbalanced.is_empty()
    }
}

impl<'w> Plan<'w> {
    /// Cuts workloads into shards of at most `2^greatest_k` rows, by rows in use, and counts how often each fact is needed.
    ///
    /// # Errors
    /// If a circuit that has only one shard is full.
    pub fn new(workloads: Vec<&'w dyn Workload>, greatest_k: u32) -> Result<Self, Full> {
        let mut shards = Vec::new();
        for (index, workload) in workloads.iter().enumerate() {
            cut(index, *workload, greatest_k, &mut shards);
        }
        let (multiplicities, kept) = (vec![Vec::new(); shards.len()], vec![None; shards.len()]);
        let mut plan = Self { workloads, shards, multiplicities, kept, consumed: FactCounts::default() };
        plan.count()?;
        Ok(plan)
    }

    /// The shards.
    pub fn shards(&self) -> &[ShardPlan] {
        &self.shards
    }

    /// The workload of a shard.
    pub fn workload(&self, shard: usize) -> &'w dyn Workload {
        self.workloads[self.shards[shard].workload]
    }

    /// The workloads.
    pub fn workloads(&self) -> &[&'w dyn Workload] {
        &self.workloads
    }

    /// Fills a shard.
    ///
    /// # Errors
    /// If the plan was made wrongly: its windows do not fit.
    pub fn grid(&self, shard: usize) -> Result<Arc<Grid>, Full> {
        if let Some(grid) = &self.kept[shard] {
            return Ok(Arc::clone(grid));
        }
        let mut grid = self.unprovided(shard)?;
        self.provide(shard, &mut grid);
        Ok(Arc::new(grid))
    }

    fn unprovided(&self, shard: usize) -> Result<Grid, Full> {
        let ShardPlan { k, windows, .. } = &self.shards[shard];
        self.workload(shard).grid(*k, windows.clone())
    }

    fn provide(&self, shard: usize, grid: &mut Grid) {
        for (cell, row, count) in &self.multiplicities[shard] {
            grid.write(*cell, *row, F::from(*count));
        }
    }

    /// Counts what is consumed, then shares it out among those who provide it.
    fn count(&mut self) -> Result<(), Full> {
        let (mut kept, mut providers): (Vec<Option<Grid>>, Vec<Providers>) = (Vec::new(), Vec::new());
        let (mut room, mut consumed) = (KEPT_CELLS, FactCounts::default());
        let fill = |shard| (shard < self.shards.len()).then(|| self.unprovided(shard)).transpose();
        let mut next = fill(0)?;
        while let Some(grid) = next {
            // Filling goes on while the shard before is counted: there is one thread's work in it, whatever the machine has.
            let count = || {
                consumed.consume(&grid);
                Providers::of(&grid)
            };
            let (found, filled) = rayon::join(count, || fill(kept.len() + 1));
            next = filled?;
            providers.push(found);
            let rest = room.checked_sub(grid.main.len() << grid.k);
            room = rest.unwrap_or(room);
            kept.push(rest.map(|_| grid));
        }
        self.consumed = consumed;
        let mut counts = self.consumed.clone();
        self.multiplicities = providers.iter().map(|providers| counts.take(providers)).collect();
        for (shard, grid) in kept.into_iter().enumerate() {
            self.kept[shard] = grid.map(|mut grid| {
                self.provide(shard, &mut grid);
                Arc::new(grid)
            });
        }
        Ok(())
    }

    /// Checks every shard, and the bus between them with the verifier's messages in `public`.
    ///
    /// The consumed facts were counted when the plan was made, from the same cells: here they are only weighed against what
    /// the shards provide. Where anything is left, all messages are gathered again, to say where each was seen.
    ///
    /// # Errors
    /// As [`grid`](Self::grid).
    pub fn check(&self, public: Balance) -> Result<MachineReport, Full> {
        let mut report = MachineReport::default();
        let mut sums = Sums::from(&public);
        for shard in 0..self.shards.len() {
            let grid = self.grid(shard)?;
            report.local.merge(check(&grid));
            sums.add_all_but_consumptions(&grid);
        }
        sums.consume(&self.consumed);
        report.messages = sums.messages();
        if !sums.is_empty() {
            report.unbalanced = self.unbalanced(public)?;
        }
        Ok(report)
    }

    fn unbalanced(&self, public: Balance) -> Result<Vec<Unbalanced>, Full> {
        let mut balance = public;
        for shard in 0..self.shards.len() {
            balance.add_grid(&*self.grid(shard)?);
        }
        Ok(balance.unbalanced())
    }
}

fn cut(index: usize, workload: &dyn Workload, greatest_k: u32, shards: &mut Vec<ShardPlan>) {
    if let Some(k) = workload.size() {
        shards.push(ShardPlan { workload: index, k, windows: 0..workload.len() });
        return;
    }
    if workload.capacity(greatest_k).is_some() {
        cut_by_capacity(index, workload, greatest_k, shards);
        return;
    }
    let (circuit, greatest_k) = (workload.circuit(), greatest_k.max(workload.least_size()));
    let room = |k: u32| Rows::new(k).usable.saturating_sub(2 * (circuit.height - 1));
    let (mut start, mut rows) = (0, 0);
    let mut close = |windows: Range<usize>, rows: usize| {
        if windows.is_empty() {
            return;
        }
        let k = (workload.least_size()..greatest_k).find(|k| rows <= room(*k)).unwrap_or(greatest_k);
        shards.push(ShardPlan { workload: index, k, windows });
    };
    for window in 0..workload.len() {
        let height = circuit.chips[workload.chip(window)].height;
        if rows + height > room(greatest_k) {
            close(start..window, rows);
            (start, rows) = (window, 0);
        }
        rows += height;
    }
    close(start..workload.len(), rows);
}

/// As [`cut`], where the workload says how many windows fit a shard.
fn cut_by_capacity(index: usize, workload: &dyn Workload, greatest_k: u32, shards: &mut Vec<ShardPlan>) {
    let room = |k: u32| workload.capacity(k).unwrap_or(0);
    let greatest_k = (greatest_k..32).find(|k| room(*k) > 0).unwrap_or(greatest_k);
    let mut start = 0;
    while start < workload.len() {
        let end = workload.len().min(start + room(greatest_k).max(1));
        let k = (LEAST_K..greatest_k).find(|k| end - start <= room(*k)).unwrap_or(greatest_k);
        shards.push(ShardPlan { workload: index, k, windows: start..end });
        start = end;
    }
}

/// The bus sum of public messages, as the verifier adds them: `multiplicity / denominator` of each.
pub fn public_sum<'m>(
    messages: impl IntoIterator<Item = (u64, &'m [F], F)>,
    challenges: crate::halo2::Challenges,
) -> Option<F> {
    let mut sum = F::ZERO;
    for (tag, tuple, multiplicity) in messages {
        let denominator = challenges.compress(tag, tuple.iter().copied());
        sum += multiplicity * Option::<F>::from(denominator.invert())?;
    }
    Some(sum)
}
