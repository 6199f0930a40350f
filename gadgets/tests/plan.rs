//! Plans: what is counted once and kept, against what every cell says.

use std::ops::Range;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{ACTIVE, Circuit, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::{Full, Grid};
use verbatim_gadgets::machine::Workload;
use verbatim_gadgets::message;
use verbatim_gadgets::plan::Plan;
use verbatim_gadgets::value::{Counter, U16};

message! {
    /// A small number and its square.
    pub struct Square, SquareNative = Fact 2 "square" {
        /// The number.
        root: U16,
        /// Its square.
        square: Counter,
    }

    /// A running total of squares.
    pub struct Total, TotalNative = Linear 3 "total" {
        /// How many were added.
        count: Counter,
        /// Their sum.
        sum: Counter,
    }
}

/// The roots that the table has.
const ROOTS: u64 = 100;

/// A circuit whose windows are numbers.
#[derive(Debug)]
struct Numbers {
    circuit: Arc<Circuit>,
    size: Option<u32>,
    /// For each window, the cells to set and their values.
    windows: Vec<Vec<(Cell, u64)>>,
}

impl Workload for Numbers {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn len(&self) -> usize {
        self.windows.len()
    }

    fn size(&self) -> Option<u32> {
        self.size
    }

    fn chip(&self, _: usize) -> usize {
        0
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        let first = windows.start as u64;
        for (index, window) in (first..).zip(&self.windows[windows]) {
            grid.place(0, index, |row| {
                window.iter().for_each(|(cell, value)| row.field(&cell.expr(), F::from(*value)))
            })?;
        }
        Ok(())
    }
}

fn table() -> Numbers {
    let mut builder = CircuitBuilder::new("table");
    let root = builder.fixed("root", |_| (0..ROOTS).map(F::from).collect());
    let square = builder.fixed("square", |_| (0..ROOTS).map(|root| F::from(root * root)).collect());
    let multiplicity = builder.main("multiplicity");
    let slot = builder.slot::<Square>("square", vec![root.expr(), square.expr()]);
    builder.fixed_chip("square", 1, Cell::fixed(ACTIVE), |chip| {
        let fact = chip.peek(&slot, 0);
        chip.provide(&slot, 0, multiplicity, &fact);
    });
    Numbers { circuit: Arc::new(builder.finish()), size: Some(9), windows: vec![Vec::new(); ROOTS as usize] }
}

/// Adds the squares of `roots`, each wrong by one where `wrong` says so.
fn sums(roots: &[u64], wrong: Option<usize>) -> Numbers {
    let mut builder = CircuitBuilder::new("sums");
    let columns = ["root", "square", "count", "before", "after"].map(|name| builder.main(name));
    let [root, square, count, before, after] = columns;
    let fact = builder.slot::<Square>("square", vec![root.expr(), square.expr()]);
    let enter = builder.slot::<Total>("enter", vec![count.expr(), before.expr()]);
    let leave = builder.slot::<Total>("leave", vec![count + 1, after.expr()]);
    builder.chip("sum", 1, |chip| {
        chip.learn(&fact, 0);
        chip.receive(&enter, 0);
        let total = chip.peek(&leave, 0);
        chip.send(&leave, 0, &total);
        chip.require_equal("the sum", after, before + square);
    });
    let mut sum = 0;
    let windows = (0u64..).zip(roots).map(|(count, root)| {
        let square = root * root + u64::from(wrong == Some(count as usize));
        let values = [*root, square, count, sum, sum + square];
        sum += square;
        columns.into_iter().zip(values).collect()
    });
    let windows = windows.collect();
    Numbers { circuit: Arc::new(builder.finish()), size: None, windows }
}

fn ends(count: u64, sum: u64) -> Balance {
    let mut public = Balance::default();
    public.add_public::<Total>(&TotalNative { count: 0, sum: 0 }, F::from(1));
    public.add_public::<Total>(&TotalNative { count, sum }, -F::from(1));
    public
}

#[test]
fn a_check_weighs_every_message() {
    let (table, sums) = (table(), sums(&[3, 7, 3], None));
    let plan = Plan::new(vec![&sums, &table], 10).expect("there is room");
    let report = plan.check(ends(3, 67)).expect("there is room");
    assert!(report.holds(), "{:?}", report.unbalanced);
    // Two ends; a fact, a reception and a sending for each root; two roots that are provided.
    assert_eq!(report.messages, 2 + 9 + 2);
    let mut all = ends(3, 67);
    (0..2).for_each(|shard| all.add_grid(&plan.grid(shard).expect("there is room")));
    assert_eq!((all.messages(), all.unbalanced().len()), (report.messages, 0));
}

#[test]
fn a_check_names_what_is_left() {
    let table = table();
    let unbalanced = |sums: &Numbers, public: Balance| {
        let plan = Plan::new(vec![sums, &table], 10).expect("there is room");
        let report = plan.check(public).expect("there is room");
        assert!(report.local.failures.is_empty());
        report.unbalanced.iter().map(|left| left.tag.name).collect::<Vec<_>>()
    };
    assert_eq!(unbalanced(&sums(&[3, 7], None), ends(2, 59)), ["total", "total"]);
    assert_eq!(unbalanced(&sums(&[3, 7], Some(1)), ends(2, 59)), ["square"]);
    assert_eq!(unbalanced(&sums(&[3, ROOTS], None), ends(2, 9 + ROOTS * ROOTS)), ["square"]);
    let mut spare = ends(1, 9);
    spare.add_public::<Square>(&SquareNative { root: 3, square: 9 }, F::from(1));
    assert_eq!(unbalanced(&sums(&[3], None), spare), ["square"], "provided twice");
}

/// A circuit of one chip that does `with` with the fact [`Square`] that `fields` make of two columns.
fn facts(
    name: &'static str,
    fields: impl Fn(Expr, Expr) -> [Expr; 2],
    with: impl Fn(&mut ChipBuilder<'_>, &Slot<Square>, Cell),
    windows: Vec<[F; 2]>,
) -> Facts {
    let mut builder = CircuitBuilder::new(name);
    let columns = ["left", "right", "multiplicity"].map(|name| builder.main(name));
    let [left, right, multiplicity] = columns;
    let slot = builder.slot::<Square>("fact", fields(left.expr(), right.expr()).to_vec());
    builder.chip(name, 1, |chip| with(chip, &slot, multiplicity));
    Facts { circuit: Arc::new(builder.finish()), cells: [left, right], windows }
}

/// Windows of two cells.
#[derive(Debug)]
struct Facts {
    circuit: Arc<Circuit>,
    cells: [Cell; 2],
    windows: Vec<[F; 2]>,
}

impl Workload for Facts {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn len(&self) -> usize {
        self.windows.len()
    }

    fn size(&self) -> Option<u32> {
        Some(16)
    }

    fn chip(&self, _: usize) -> usize {
        0
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        for values in &self.windows[windows] {
            grid.place(0, 0, |row| {
                self.cells.iter().zip(values).for_each(|(cell, value)| row.field(&cell.expr(), *value))
            })?;
        }
        Ok(())
    }
}

/// Small tuples are computed in machine words where that can be done: as facts of the same elements, however they are
/// computed, and of no others.
#[test]
fn facts_meet_however_their_elements_are_computed() {
    let power = |bits: u64| F::from(2).pow([bits]);
    let (zero, one) = (F::from(0), F::from(1));
    let edges = [16, 24, 32, 64, 128].map(power);
    let signed = edges.iter().flat_map(|edge| [*edge, *edge - one, -*edge]).chain([zero, one, -one]);
    let values: Vec<F> = signed.chain((2..40).map(F::from)).collect();
    let tuples: Vec<[F; 2]> = values.iter().flat_map(|a| values.iter().map(|b| [*a, *b])).collect();
    let half = F::from(2).invert().expect("two is not zero");
    // What is provided is computed in the field: a half is not a small number.
    let provider = |windows: Vec<[F; 2]>| {
        let fields = |left: Expr, right: Expr| [left * half, right * half];
        let doubled = windows.into_iter().map(|[a, b]| [a + a, b + b]).collect();
        let provide = |chip: &mut ChipBuilder<'_>, slot: &Slot<Square>, multiplicity: Cell| {
            let fact = chip.peek(slot, 0);
            chip.provide(slot, 0, multiplicity, &fact);
        };
        facts("provider", fields, provide, doubled)
    };
    // What is consumed is a difference of cells, each often.
    let often = tuples.iter().flat_map(|[a, b]| vec![[*a + b, *b]; 20]).collect();
    let learn = |chip: &mut ChipBuilder<'_>, slot: &Slot<Square>, _: Cell| {
        chip.learn(slot, 0);
    };
    let consumer = facts("consumer", |left, right| [left - &right, right], learn, often);
    let all = provider(tuples.clone());
    let report = Plan::new(vec![&consumer, &all], 16).and_then(|plan| plan.check(Balance::default()));
    let report = report.expect("there is room");
    assert!(report.holds(), "{:?}", report.unbalanced);
    assert_eq!(report.messages, 21 * tuples.len() as u64);
    // With a provider less, just that fact is left.
    for missing in (0..tuples.len()).step_by(397) {
        let mut others = tuples.clone();
        others.swap_remove(missing);
        let others = provider(others);
        let plan = Plan::new(vec![&consumer, &others], 16).expect("there is room");
        let left = plan.check(Balance::default()).expect("there is room").unbalanced;
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].tuple.as_slice(), left[0].sum), (&tuples[missing][..], -F::from(20)));
    }
}

/// Rows are evaluated in batches, each by straight-line code: with the same result as every expression by itself.
#[test]
fn batches_evaluate_as_single_rows_do() {
    let roots: Vec<u64> = (0..90).collect();
    let sums = sums(&roots, None);
    let mut grid = (&sums as &dyn Workload).grid(9, 0..90).expect("there is room");
    let constraint = &sums.circuit.chips[0].constraints[0];
    for row in (0..90).step_by(7) {
        grid.write(Cell::main(4), row, F::from(row as u64));
    }
    let expected: Vec<(usize, F)> = (0..90)
        .map(|row| (row, grid.evaluate(&constraint.expr, row)))
        .filter(|(_, value)| *value != F::from(0))
        .collect();
    assert!(expected.len() > 10);
    let found: Vec<(usize, F)> = check(&grid).failures.iter().map(|failure| (failure.row, failure.value)).collect();
    assert_eq!(found, expected);
}

#[test]
#[should_panic(expected = "a consumed fact depends on a multiplicity")]
fn what_is_consumed_does_not_depend_on_a_multiplicity() {
    let mut builder = CircuitBuilder::new("circle");
    let columns = ["root", "square"].map(|name| builder.main(name).expr());
    let (given, taken) = (builder.slot::<Square>("given", columns.to_vec()), builder.slot("taken", columns.to_vec()));
    builder.chip("circle", 1, |chip| {
        let fact: Square = chip.learn(&taken, 0);
        chip.provide(&given, 0, Cell::main(1), &fact);
    });
    builder.finish();
}
