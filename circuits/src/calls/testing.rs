//! What the tests of this circuit share: a grid, the other side of the bus, and ways to spoil them.

use std::collections::BTreeSet;

use halo2_proofs::dev::MockProver;
use verbatim_gadgets::audit::Audit;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::MessageDef;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::{Fact, Linear, Message, Range16};
use verbatim_gadgets::value::from_u128;

use super::{CallsChips, CallsEvent};
use crate::bus::{MemoryCost, Range128, Words};
use crate::memory::expansion::memory_cost;

/// A filled shard and the messages of everybody else.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) grid: Grid,
    others: Balance,
    counts: FactCounts,
}

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
            for (cell, value) in derive.values(|expr| spoiled.grid.evaluate(expr, window.row)) {
                if cells.iter().all(|(set, _)| *set != cell) {
                    spoiled.grid.write(cell, window.row, value);
                }
            }
        }
        spoiled
    }

    /// The name of a cell in reports.
    fn name(&self, cell: Cell) -> String {
        format!("{} in row {}", self.grid.circuit.main[usize::from(cell.column)], cell.rotation)
    }

    /// The cells of window `index` that can be changed alone without an objection, but for those that only messages
    /// hold which are not sent.
    pub(super) fn free_cells(&self, index: usize) -> Vec<String> {
        let window = self.grid.windows[index];
        let chip = &self.grid.circuit.chips[window.chip];
        let free = |cell: &&Cell| {
            let mut changed = self.clone();
            let value = changed.grid.read(**cell, window.row) + F::from(1);
            changed.grid.write(**cell, window.row, value);
            changed.objections().is_empty()
        };
        let unsent = |cell: &Cell| {
            let slots = &self.grid.circuit.slots;
            let holds = |m: &&MessageDef| slots[m.slot].fields.iter().any(|f| f.shifted(m.row).cells().contains(cell));
            let mut flags = chip.messages.iter().filter(holds).map(|m| self.grid.evaluate(&m.multiplicity, window.row));
            let first = flags.next();
            first.is_some_and(|flag| flag == F::from(0)) && flags.all(|flag| flag == F::from(0))
        };
        let cells = chip.cells.iter().filter(free).filter(|cell| !unsent(cell));
        cells.map(|cell| self.name(*cell)).collect()
    }

    /// Which constraints reject window `index` with these cells, when all cells that the chip derives follow.
    pub(super) fn labels_with(&self, index: usize, cells: &[(Expr, F)]) -> Vec<String> {
        self.spoiled(index, cells).labels().into_iter().collect()
    }

    /// Window `index` with these cells, when all cells that the chip derives follow.
    pub(super) fn spoiled(&self, index: usize, cells: &[(Expr, F)]) -> Self {
        let cells: Vec<_> = cells.iter().map(|(cell, value)| (cell.as_cell().expect("a cell"), *value)).collect();
        self.spoil(index, &cells)
    }
}

/// Whether the audit of the trials' windows answers what the circuit knows of, and nothing else.
pub(super) fn audited(trials: &[Trial]) -> Result<(), String> {
    let mut found = Audit::default();
    for trial in trials {
        found.survey(&mut trial.grid.clone(), usize::MAX);
    }
    // What one trial settles need not be searched for in another.
    trials.iter().for_each(|trial| found.search(&trial.grid, usize::MAX));
    found.matches(CallsChips::EXCEPTIONS)
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
        id if id == MemoryCost::TAG.id => {
            let words = (0..1 << 12).find(|words| tuple[0] == F::from(*words));
            words.is_some_and(|words| tuple[1] == from_u128(memory_cost(words)))
        }
        _ => false,
    }
}
