//! Plans: what is counted once and kept, against what every cell says.

use std::ops::Range;
use std::sync::Arc;

use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::circuit::{ACTIVE, Circuit, CircuitBuilder};
use verbatim_gadgets::expr::{Cell, F};
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
