//! What the tests of this circuit share: a grid, the other side of the bus, and ways to spoil them.

use std::collections::BTreeSet;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::dev::MockProver;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::Derive;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{Sheet, Workload};
use verbatim_gadgets::message::{Fact, Linear, Message, Range16};
use verbatim_gadgets::value::from_u128;

use super::{CallsChips, CallsEvent};
use crate::bus::{Range128, Words};

/// A filled shard and the messages of everybody else.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "the chips of the opcodes use the rest")]
pub(super) struct Trial {
    pub(super) grid: Grid,
    others: Balance,
    counts: FactCounts,
}

#[allow(dead_code, reason = "the chips of the opcodes use the rest")]
impl Trial {
    pub(super) fn new(events: impl IntoIterator<Item = CallsEvent>) -> Self {
        let mut sheet = Sheet::<CallsChips>::new();
        events.into_iter().enumerate().for_each(|(origin, event)| sheet.push(origin as u64, event));
        let work: &dyn Workload = &sheet;
        let grid = work.grid(7, 0..work.len()).expect("there is room");
        Self { grid, others: Balance::default(), counts: FactCounts::default() }
    }

    /// Somebody sends `message` to the circuit.
    pub(super) fn sent<M: Linear>(mut self, message: &M::Native) -> Self {
        self.others.add_public::<M>(message, F::from(1));
        self
    }

    /// Somebody receives `message` from the circuit.
    pub(super) fn received<M: Linear>(mut self, message: &M::Native) -> Self {
        self.others.add_public::<M>(message, -F::from(1));
        self
    }

    /// Somebody proves a fact that the circuit consumes once.
    pub(super) fn provided<M: Fact>(mut self, message: &M::Native) -> Self {
        self.others.add_public::<M>(message, F::from(1));
        self
    }

    /// Somebody consumes a fact that the circuit provides.
    pub(super) fn consumed<M: Fact>(mut self, message: &M::Native) -> Self {
        self.others.add_public::<M>(message, -F::from(1));
        self.counts.add::<M>(message);
        self.counts.clone().provide(&mut self.grid);
        self
    }

    /// Which constraints do not hold, and which messages have no partner.
    pub(super) fn objections(&self) -> BTreeSet<String> {
        let mut objections = self.labels();
        let mut balance = self.others.clone();
        balance.add_grid(&self.grid);
        let unbalanced = balance.unbalanced().into_iter().filter(|m| !is_true(m.tag.id, &m.tuple));
        objections.extend(unbalanced.map(|m| format!("bus: {} {:?} by {:?}", m.tag.name, m.tuple, m.sum)));
        objections
    }

    /// Which constraints do not hold.
    pub(super) fn labels(&self) -> BTreeSet<String> {
        check(&self.grid).failures.into_iter().map(|failure| failure.label).collect()
    }

    pub(super) fn holds(&self) {
        assert_eq!(self.objections(), BTreeSet::new());
    }

    pub(super) fn mock(&self) {
        let (circuit, sum) = ShardCircuit::for_mock_prover(&self.grid);
        let prover = MockProver::run(self.grid.k, &circuit, vec![vec![sum]]).expect("the shard is large enough");
        assert!(prover.verify().is_ok());
    }

    /// Sets cells of window `index`, and every other cell that the chip derives.
    fn spoil(&self, index: usize, cells: &[(Cell, F)]) -> Self {
        let mut spoiled = self.clone();
        let window = self.grid.windows[index];
        cells.iter().for_each(|(cell, value)| spoiled.grid.write(*cell, window.row, *value));
        let derived = spoiled.grid.circuit.chips[window.chip].derived.clone();
        for derive in derived {
            rederive(&mut spoiled.grid, window.row, cells, &derive);
        }
        spoiled
    }

    /// What gadgets of two cells are spoiled with: a zero test that answers one without an inverse, and a comparison of
    /// 64 bits whose flag is a fraction.
    fn spoiled_gadgets(&self, index: usize) -> Vec<Vec<(Cell, F)>> {
        let window = self.grid.windows[index];
        let derived = &self.grid.circuit.chips[window.chip].derived;
        let value = |expr: &Expr| self.grid.evaluate(expr, window.row);
        let shift = F::from(2).pow([64]).invert().expect("a power of two");
        let pairs = derived.iter().zip(derived.iter().skip(1)).filter_map(|pair| match pair {
            (Derive::IsZero(flag, _), Derive::Inverse(inverse, _)) => {
                Some(vec![(*flag, F::from(1)), (*inverse, F::from(0))])
            }
            (Derive::Less(flag, a, b), _) => Some(vec![(*flag, (value(b) - value(a) + F::from(5)) * shift)]),
            _ => None,
        });
        pairs.collect()
    }

    /// The name of a cell in reports.
    fn name(&self, cell: Cell) -> String {
        format!("{} in row {}", self.grid.circuit.main[usize::from(cell.column)], cell.rotation)
    }

    /// The cells of window `index` that can be changed alone without an objection.
    pub(super) fn free_cells(&self, index: usize) -> Vec<String> {
        let window = self.grid.windows[index];
        let cells = &self.grid.circuit.chips[window.chip].cells;
        let free = |cell: &&Cell| {
            let mut changed = self.clone();
            let value = changed.grid.read(**cell, window.row) + F::from(1);
            changed.grid.write(**cell, window.row, value);
            changed.objections().is_empty()
        };
        cells.iter().filter(free).map(|cell| self.name(*cell)).collect()
    }

    /// The labels of the chip of window `index` that are the only ones to reject some wrong window: one cell is set to
    /// another value, and those that are derived follow or stay.
    pub(super) fn needed(&self, index: usize) -> BTreeSet<String> {
        let window = self.grid.windows[index];
        let mut needed = BTreeSet::new();
        let mut note = |labels: BTreeSet<String>| {
            if labels.len() == 1 {
                needed.extend(labels);
            }
        };
        for cell in self.grid.circuit.chips[window.chip].cells.clone() {
            let honest = self.grid.read(cell, window.row);
            for value in [honest + F::from(1), honest - F::from(1), F::from(1) - honest, F::from(1 << 40), F::from(0)] {
                let mut alone = self.clone();
                alone.grid.write(cell, window.row, value);
                [self.spoil(index, &[(cell, value)]).labels(), alone.labels()].into_iter().for_each(&mut note);
            }
        }
        self.spoiled_gadgets(index).iter().for_each(|cells| note(self.spoil(index, cells).labels()));
        needed
    }

    /// All labels of the chip of window `index`.
    pub(super) fn all_labels(&self, index: usize) -> BTreeSet<String> {
        let chip = &self.grid.circuit.chips[self.grid.windows[index].chip];
        chip.constraints.iter().map(|constraint| constraint.label.clone()).collect()
    }
}

/// The labels that none of the trials' first windows shows to be needed.
pub(super) fn unneeded<'t>(trials: impl IntoIterator<Item = &'t Trial>) -> Vec<String> {
    let (mut all, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for trial in trials {
        all.extend(trial.all_labels(0));
        needed.extend(trial.needed(0));
    }
    all.difference(&needed).cloned().collect()
}

fn rederive(grid: &mut Grid, row: usize, fixed: &[(Cell, F)], derive: &Derive) {
    let targets = match derive {
        Derive::Equal(cell, _) | Derive::Inverse(cell, _) | Derive::IsZero(cell, _) | Derive::Less(cell, ..) => {
            vec![*cell]
        }
        Derive::Limbs16(cells, _) => cells.clone(),
    };
    let values: Vec<F> = match derive {
        Derive::Equal(_, expr) => vec![grid.evaluate(expr, row)],
        Derive::Inverse(_, expr) => vec![verbatim_gadgets::value::inverse_or_zero(grid.evaluate(expr, row))],
        Derive::IsZero(_, expr) => vec![F::from(u64::from(grid.evaluate(expr, row) == F::from(0)))],
        Derive::Less(_, a, b) => vec![F::from(u64::from(grid.evaluate(a, row) < grid.evaluate(b, row)))],
        Derive::Limbs16(cells, expr) => {
            let bytes = grid.evaluate(expr, row).to_bytes();
            let limb = |i: usize| F::from(u64::from(bytes[2 * i]) | u64::from(bytes[2 * i + 1]) << 8);
            (0..cells.len()).map(limb).collect()
        }
    };
    for (cell, value) in targets.into_iter().zip(values).filter(|(cell, _)| fixed.iter().all(|(f, _)| f != cell)) {
        grid.write(cell, row, value);
    }
}

/// Whether a message is a fact of the tables or of arith: those are not provided here.
fn is_true(tag: u64, tuple: &[F]) -> bool {
    let below =
        |value: &F, bits: u32| bits == 128 && *value <= from_u128(u128::MAX) || *value < F::from(1 << (bits % 64));
    match tag {
        id if id == Range16::TAG.id => below(&tuple[0], 16),
        id if id == Range128::TAG.id => below(&tuple[0], 128),
        id if id == Words::TAG.id => {
            tuple[0] == tuple[1] * F::from(32) + tuple[2] && below(&tuple[2], 5) && below(&tuple[1], 58)
        }
        _ => false,
    }
}
