//! What the chips' tests share.

use std::collections::BTreeSet;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::halo2curves::bn256::{G1, G1Affine};
use halo2_proofs::halo2curves::group::{Curve, Group};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::{Message, Range16};

use super::affine::reduced;
use super::{CurveChips, CurveError, CurveEvent, CurveWork};
use crate::bus::{CurvePoint, CurvePointNative, Term, TermNative, Total, TotalNative};

/// Random points and scalars, the same in every run.
pub(crate) fn random_terms(seed: u64, count: usize) -> Vec<(F, G1Affine)> {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    (0..count).map(|_| (F::random(&mut random), G1::random(&mut random).to_affine())).collect()
}

/// The sum of terms, by halo2curves.
pub(super) fn expected(terms: &[(F, G1Affine)]) -> G1Affine {
    terms.iter().map(|(scalar, point)| point * scalar).sum::<G1>().to_affine()
}

/// Asks the curve for sums, and says and hears on the bus what the rest of the machine would.
#[derive(Debug, Default)]
pub(super) struct Asker {
    pub(super) work: CurveWork,
    pub(super) balance: Balance,
    pub(super) counts: FactCounts,
}

impl Asker {
    /// Consumes the fact that a point is on the curve.
    pub(super) fn point(&mut self, point: G1Affine) {
        self.work.point(point);
        let fact = CurvePointNative { x: reduced(&point.x), y: reduced(&point.y), point };
        self.counts.add::<CurvePoint>(&fact);
        self.balance.add_public::<CurvePoint>(&fact, -F::ONE);
    }

    /// Sends the terms of a sum and receives its total.
    pub(super) fn sum(&mut self, sum: u64, terms: &[(F, G1Affine)]) -> Result<G1Affine, CurveError> {
        let total = self.work.multiply(sum, terms)?;
        for (scalar, point) in terms {
            self.point(*point);
            let term = TermNative { sum, digit: 0, rest: *scalar, point: *point };
            self.balance.add_public::<Term>(&term, F::ONE);
        }
        self.balance.add_public::<Total>(&TotalNative { sum, point: total }, -F::ONE);
        Ok(total)
    }

    /// The filled shard, with the verifier's messages on the bus.
    pub(super) fn case(mut self, k: u32) -> Case {
        let sheet = self.work.finish();
        let mut grid = (&sheet as &dyn Workload).grid(k, 0..sheet.len()).expect("the work fits");
        self.counts.consume(&grid);
        self.counts.provide(&mut grid);
        Case { grid, balance: self.balance }
    }
}

/// A filled shard, and what the rest of the machine says to it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) grid: Grid,
    pub(super) balance: Balance,
}

impl Case {
    /// Everything that speaks against `grid`: labels of constraints, and kinds of messages. Small values count as ranged.
    pub(super) fn objections(&self, grid: &Grid) -> BTreeSet<String> {
        let failures = check(grid).failures.into_iter().map(|f| format!("{}: {}", f.chip, f.label));
        let mut balance = self.balance.clone();
        balance.add_grid(grid);
        let ranged = |tag: u64, value: &F| tag == Range16::TAG.id && value.to_bytes()[2..] == [0; 30];
        let left = balance.unbalanced().into_iter().filter(|left| !ranged(left.tag.id, &left.tuple[0]));
        failures.chain(left.map(|left| format!("bus: {}", left.tag.name))).collect()
    }

    pub(super) fn assert_holds(&self) {
        assert_eq!(self.objections(&self.grid), BTreeSet::new());
    }

    /// The first rows of the chip's windows.
    pub(super) fn rows(&self, chip: &str) -> Vec<usize> {
        rows(&self.grid, chip)
    }
}

/// The first rows of the chip's windows.
pub(crate) fn rows(grid: &Grid, chip: &str) -> Vec<usize> {
    let index = grid.circuit.chips.iter().position(|def| def.name == chip).expect("the chip exists");
    grid.windows.iter().filter(|window| window.chip == index).map(|window| window.row).collect()
}

/// The chips, which know where their values stand.
pub(super) fn chips() -> CurveChips {
    CurveChips::build().1
}

/// The cell that holds a value.
pub(super) fn cell(value: impl Into<Expr>) -> Cell {
    value.into().as_cell().expect("a single cell")
}

/// A shard of some windows, whatever they say to each other.
pub(super) fn grid(events: impl IntoIterator<Item = CurveEvent>) -> Grid {
    let mut sheet: Sheet<CurveChips> = Sheet::new();
    events.into_iter().for_each(|event| sheet.push(0, event));
    (&sheet as &dyn Workload).grid(9, 0..sheet.len()).expect("they fit")
}

/// The labels of what does not hold.
pub(crate) fn failures(grid: &Grid) -> BTreeSet<String> {
    check(grid).failures.into_iter().map(|failure| failure.label).collect()
}

/// All windows of a sum of `count` random terms.
pub(super) fn windows(count: usize) -> Vec<CurveEvent> {
    let mut asker = Asker::default();
    asker.sum(7, &random_terms(1, count)).expect("a sum");
    asker.work.finish().events().iter().map(|(_, event)| event.clone()).collect()
}

/// The audit of honest windows answers nothing that the circuit does not know of.
pub(super) fn assert_audited(events: impl IntoIterator<Item = CurveEvent>) {
    let mut grid = grid(events);
    assert_eq!(failures(&grid), BTreeSet::new());
    let found = audit(&mut grid, usize::MAX);
    assert!(!found.constraints.is_empty(), "there are windows");
    assert_eq!(found.matches(CurveChips::EXCEPTIONS), Ok(()));
}
