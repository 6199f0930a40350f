//! What the tests share: a shard from events, and messages that stand in for the rest of the machine.

use std::fmt::Debug;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::dev::MockProver;
use verbatim_circuits::bus::{Range16, Range128};
use verbatim_gadgets::bus::{Balance, Unbalanced};
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::Derive;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::{Fact, Linear, Message};
use verbatim_gadgets::value::{from_u128, inverse_or_zero};

/// A small shard of `events`.
pub(crate) fn shard<S: ChipSet>(events: impl IntoIterator<Item = S::Event>) -> Grid {
    let mut sheet = Sheet::<S>::new();
    for (origin, event) in events.into_iter().enumerate() {
        sheet.push(origin as u64, event);
    }
    let workload: &dyn Workload = &sheet;
    workload.grid(10, 0..workload.len()).expect("there is room")
}

/// The rest of the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    balance: Balance,
}

impl World {
    /// Sends a message, for a chip to receive.
    pub(crate) fn sends<M: Linear>(&mut self, message: &M::Native) {
        self.balance.add_public::<M>(message, F::ONE);
    }

    /// Receives what a chip sends.
    pub(crate) fn receives<M: Linear>(&mut self, message: &M::Native) {
        self.balance.add_public::<M>(message, -F::ONE);
    }

    /// Provides a fact once.
    pub(crate) fn provides<M: Fact>(&mut self, message: &M::Native) {
        self.balance.add_public::<M>(message, F::ONE);
    }

    /// What has no partner once the shards are added. Range checks of values in range have theirs.
    pub(crate) fn unbalanced(&self, grids: &[&Grid]) -> Vec<Unbalanced> {
        let mut balance = self.balance.clone();
        grids.iter().for_each(|grid| balance.add_grid(grid));
        let in_range = |left: &Unbalanced| match left.tag {
            Range16::TAG => left.tuple[0] < F::from(1 << 16),
            Range128::TAG => left.tuple[0] < from_u128(u128::MAX) + F::ONE,
            _ => false,
        };
        let mut left = balance.unbalanced();
        left.retain(|left| !in_range(left));
        left
    }

    /// The names of the messages without partners.
    pub(crate) fn names(&self, grids: &[&Grid]) -> Vec<&'static str> {
        let mut names: Vec<_> = self.unbalanced(grids).into_iter().map(|left| left.tag.name).collect();
        names.dedup();
        names
    }

    /// Checks that everything holds.
    pub(crate) fn holds(&self, grids: &[&Grid]) {
        for grid in grids {
            let failures = check(grid).failures;
            assert!(failures.is_empty(), "{failures:#?}");
        }
        let left = self.unbalanced(grids);
        assert!(left.is_empty(), "{left:#?}");
    }
}

/// Checks one shard as halo2 would.
pub(crate) fn mock(grid: &Grid) {
    let (circuit, sum) = ShardCircuit::for_mock_prover(grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
    prover.verify().expect("MockProver agrees");
}

/// The main column of that name.
pub(crate) fn column(grid: &Grid, name: &str) -> Cell {
    let index = grid.circuit.main.iter().position(|column| column == name);
    Cell::main(index.unwrap_or_else(|| panic!("no column {name}")))
}

/// Sets cells of the window of event `index`: name, row, value.
pub(crate) fn forge<V: Into<F> + Copy + Debug>(grid: &mut Grid, index: usize, cells: &[(&str, i16, V)]) {
    let row = grid.windows[index].row;
    for (name, below, value) in cells {
        let cell = column(grid, name).shifted(*below);
        grid.write(cell, row, (*value).into());
    }
}

/// The labels of the constraints that fail.
pub(crate) fn failing(grid: &Grid) -> Vec<String> {
    let mut labels: Vec<_> = check(grid).failures.into_iter().map(|failure| failure.label).collect();
    labels.sort();
    labels.dedup();
    labels
}

/// Fills the cells of the first window again that tests, inverses and ranges determine, but not what `define` does.
pub(crate) fn rederive(grid: &mut Grid) {
    let window = grid.windows[0];
    let circuit = Arc::clone(&grid.circuit);
    for derive in &circuit.chips[window.chip].derived {
        let (cell, value) = match derive {
            Derive::Inverse(cell, expr) => (cell, inverse_or_zero(grid.evaluate(expr, window.row))),
            Derive::IsZero(cell, expr) => {
                (cell, F::from(u64::from(bool::from(grid.evaluate(expr, window.row).is_zero()))))
            }
            Derive::Equal(cell, expr) if cell.rotation == 2 => (cell, grid.evaluate(expr, window.row)),
            _ => continue,
        };
        grid.write(*cell, window.row, value);
    }
}
