//! The framework on a small machine: a range table, and a two-row chip that sends itself a chain of counters.

use std::sync::Arc;

use halo2_proofs::dev::MockProver;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::circuit::{ACTIVE, Circuit, CircuitBuilder};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::{Challenges, ShardCircuit};
use verbatim_gadgets::message;
use verbatim_gadgets::message::Range16;
use verbatim_gadgets::plan::public_sum;
use verbatim_gadgets::value::{Bool, Counter, U16};

message! {
    /// A counter and the running total of its steps.
    pub struct Chain, ChainNative = Linear 2 "chain" {
        /// The counter.
        count: Counter,
        /// The total.
        total: Counter,
    }
}

const K: u32 = 8;
const TABLE_K: u32 = 8;

struct Machine {
    table: Arc<Circuit>,
    steps: Arc<Circuit>,
    input: Chain,
    step: U16,
    low: Bool,
}

fn machine() -> Machine {
    let mut table = CircuitBuilder::new("table");
    let value = table.fixed("value", |rows| (0..rows.usable as u64).map(F::from).collect());
    let multiplicity = table.main("multiplicity");
    let slot = table.slot::<Range16>("value", vec![value.expr()]);
    table.fixed_chip("range", 1, Cell::fixed(ACTIVE), |chip| {
        let value = U16::assume(value, "the fixed column holds less");
        chip.provide(&slot, 0, multiplicity, &Range16 { value });
    });

    let mut steps = CircuitBuilder::new("steps");
    let enter = steps.slot_with_columns::<Chain>("enter");
    let leave = steps.slot_with_columns::<Chain>("leave");
    steps.checked16("step");
    steps.main("scratch 0");
    steps.main("scratch 1");
    let (input, step, low) = steps.chip("step", 2, |chip| {
        let input = chip.receive(&enter, 0);
        let count = Counter::assume(&input.count + 1, "grows by one a window");
        let step = chip.u16(1);
        let total = Counter::assume(&input.total + &step, "grows by less than 2^16 a window");
        chip.send(&leave, 1, &Chain { count, total });
        let low = chip.is_zero("step is zero", 0, &step);
        (input, step, low)
    });
    Machine { table: Arc::new(table.finish()), steps: Arc::new(steps.finish()), input, step, low }
}

fn fill(machine: &Machine, steps: &[u16]) -> (Grid, Grid) {
    let grid = |circuit: &Arc<Circuit>, k| Grid::new(Arc::clone(circuit), k, Arc::new(circuit.fixed_values(k)));
    let (mut chain, mut table) = (grid(&machine.steps, K), grid(&machine.table, TABLE_K));
    let mut total = 0;
    for (count, step) in steps.iter().enumerate() {
        chain
            .place(0, count as u64, |row| {
                row.message(&machine.input, &ChainNative { count: count as u64, total });
                row.set(&machine.step, *step);
            })
            .expect("there is room");
        total += u64::from(*step);
    }
    while table.place(0, 0, |_| {}).is_ok() {}
    let mut counts = FactCounts::default();
    counts.consume(&chain);
    counts.provide(&mut table);
    (chain, table)
}

fn balance(grids: [&Grid; 2], count: u64, total: u64) -> Balance {
    let mut balance = Balance::default();
    balance.add_public::<Chain>(&ChainNative { count: 0, total: 0 }, F::from(1));
    balance.add_public::<Chain>(&ChainNative { count, total }, -F::from(1));
    grids.into_iter().for_each(|grid| balance.add_grid(grid));
    balance
}

fn mock(grid: &Grid) -> Result<(), String> {
    let (circuit, sum) = ShardCircuit::for_mock_prover(grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).map_err(|e| e.to_string())?;
    prover.verify().map_err(|failures| format!("{:?}", failures[0]))
}

#[test]
fn an_honest_machine_holds() {
    let machine = machine();
    let (chain, table) = fill(&machine, &[3, 0, 70]);
    assert!(check(&chain).failures.is_empty());
    assert!(balance([&chain, &table], 3, 73).unbalanced().is_empty());
    assert_eq!(balance([&chain, &table], 3, 74).unbalanced().len(), 2);
    mock(&chain).expect("the chain holds");
    mock(&table).expect("the table holds");
    assert_eq!(machine.low.expr().degree(), 1);
}

#[test]
fn class_39_a_value_out_of_range_has_no_provider() {
    let machine = machine();
    let (chain, table) = fill(&machine, &[300]);
    let unbalanced = balance([&chain, &table], 1, 300).unbalanced();
    assert_eq!(unbalanced.len(), 1, "the table of this test ends below 300");
    assert_eq!(unbalanced[0].tag.name, "range16");
}

#[test]
fn overlapping_windows_are_rejected() {
    let machine = machine();
    let (mut chain, _) = fill(&machine, &[3, 5]);
    let Some(selector) = chain.circuit.chips[0].selector.expr().as_cell() else { panic!("a main selector") };
    chain.write(selector, 2, F::from(1));
    assert!(check(&chain).failures.iter().any(|f| f.label == "windows do not overlap"));
    assert!(mock(&chain).is_err());
}

#[test]
fn a_window_cannot_begin_in_the_first_or_last_rows() {
    let machine = machine();
    for row in [0, verbatim_gadgets::circuit::Rows::new(K).usable - 1] {
        let (mut chain, _) = fill(&machine, &[3]);
        let Some(selector) = chain.circuit.chips[0].selector.expr().as_cell() else { panic!("a main selector") };
        chain.write(selector, row, F::from(1));
        assert!(check(&chain).failures.iter().any(|f| f.label == "step stays inside"), "row {row}");
        assert!(mock(&chain).is_err(), "row {row}");
    }
}

#[test]
fn a_selector_is_boolean() {
    let machine = machine();
    let (mut chain, _) = fill(&machine, &[3]);
    let Some(selector) = chain.circuit.chips[0].selector.expr().as_cell() else { panic!("a main selector") };
    chain.write(selector, 9, F::from(2));
    assert!(check(&chain).failures.iter().any(|f| f.label == "the selector of step is boolean"));
    assert!(mock(&chain).is_err());
}

#[test]
fn class_37_every_cell_of_a_zero_test_is_determined() {
    let machine = machine();
    for step in [0, 7] {
        let (chain, _) = fill(&machine, &[step]);
        let scratch: Vec<Expr> = vec![machine.low.expr()];
        for cell in scratch.iter().filter_map(Expr::as_cell).flat_map(|c| [c, Cell { column: c.column + 1, ..c }]) {
            let mut changed = chain.clone();
            let value = changed.read(cell, 1) + F::from(1);
            changed.write(cell, 1, value);
            assert!(!check(&changed).failures.is_empty(), "{cell:?} is free for {step}");
        }
    }
}

/// Steps from the first row in which a window may begin to the last.
fn full() -> (Grid, u64) {
    let machine = machine();
    let windows = machine.steps.capacity(2, K);
    let steps: Vec<u16> = (0..windows as u16).collect();
    let (chain, _) = fill(&machine, &steps);
    assert!(chain.used() + machine.steps.height > chain.rows().usable, "there is no room for another window");
    (chain, windows as u64)
}

/// What the gates add up is what the checker balances, up to the last row that counts.
#[test]
fn the_gates_and_the_checker_see_the_same_messages() {
    let (chain, windows) = full();
    let (_, sum) = ShardCircuit::for_mock_prover(&chain);
    mock(&chain).expect("a full shard holds");
    let mut balance = Balance::default();
    balance.add_grid(&chain);
    let left = balance.unbalanced();
    assert_eq!(left.len() as u64, 2 + windows, "both ends of the chain, and what no table provides here");
    let messages = left.iter().map(|message| (message.tag.id, message.tuple.as_slice(), message.sum));
    assert_eq!(public_sum(messages, Challenges::of_mock_prover()), Some(sum));
}

#[test]
fn every_auxiliary_cell_that_counts_is_determined() {
    let (chain, _) = full();
    let (first, last) = (chain.circuit.first_row(), chain.rows().usable - 1);
    let (honest, sum) = ShardCircuit::for_mock_prover(&chain);
    let rejects = |circuit: &ShardCircuit, sum: F| {
        MockProver::run(K, circuit, vec![vec![sum]]).expect("it runs").verify().is_err()
    };
    assert!(!rejects(&honest, sum) && rejects(&honest, sum + F::from(1)));
    for column in chain.circuit.main.len()..honest.advice.len() {
        for row in [first, first + 1, last - 1, last] {
            let mut forged = honest.clone();
            forged.advice[column][row] += F::from(1);
            assert!(rejects(&forged, sum), "column {column}, row {row}");
        }
    }
}

#[test]
fn a_count_goes_to_a_row_that_may_provide_the_fact() {
    let mut builder = CircuitBuilder::new("provider");
    let (value, multiplicity, spare) = (builder.main("value"), builder.main("multiplicity"), builder.main("spare"));
    let slot = builder.slot::<Range16>("value", vec![value.expr()]);
    let silent = builder.chip("provider", 1, |chip| {
        let fact = chip.peek(&slot, 0);
        chip.provide(&slot, 0, multiplicity, &fact);
        let silent = chip.bool_at("silent", spare);
        chip.require_zero("a silent row provides nothing", &silent * multiplicity);
        silent
    });
    let circuit = Arc::new(builder.finish());
    let mut grid = Grid::new(Arc::clone(&circuit), K, Arc::new(circuit.fixed_values(K)));
    for is_silent in [true, false, false] {
        let fill = |row: &mut verbatim_gadgets::grid::WindowWriter<'_>| {
            row.field(&value.expr(), F::from(7));
            row.set(&silent, is_silent);
        };
        grid.place(0, 0, fill).expect("there is room");
    }
    let mut counts = FactCounts::default();
    (0..5).for_each(|_| counts.add::<Range16>(&verbatim_gadgets::message::Range16Native { value: 7 }));
    counts.provide(&mut grid);
    assert_eq!([0, 1, 2].map(|row| grid.read(multiplicity, row)), [0, 5, 0].map(F::from));
    assert!(check(&grid).failures.is_empty());
}

#[test]
fn a_scratch_cell_avoids_cells_that_constraints_read() {
    let mut builder = CircuitBuilder::new("scratch");
    let (first, second) = (builder.main("first"), builder.main("second"));
    let scratch = builder.chip("chip", 1, |chip| {
        chip.require_zero("the first is boolean", first * (Expr::one() - first));
        chip.any(0).expr()
    });
    assert_eq!(scratch.as_cell(), Some(second));
}

#[test]
#[should_panic(expected = "a cell lies outside of the window")]
fn a_window_does_not_see_the_row_above_it() {
    let mut builder = CircuitBuilder::new("above");
    let cell = builder.main("cell");
    builder.chip("chip", 2, |chip| chip.require_equal("as above", cell, cell.shifted(-1)));
}

#[test]
fn a_fixed_window_that_leaves_the_usable_rows_is_found() {
    let circuit = |rows: fn(usize) -> usize| {
        let mut builder = CircuitBuilder::new("fixed");
        let cell = builder.main("cell");
        let selector =
            builder.fixed("selector", move |all| (0..rows(all.usable)).map(|_| F::from(1)).collect::<Vec<_>>());
        builder.fixed_chip("chip", 1, selector, |chip| chip.require_equal("as below", cell, cell.shifted(1)));
        builder.finish()
    };
    assert_eq!(circuit(|usable| usable - 1).leaves_usable_rows(K), None);
    let last = verbatim_gadgets::circuit::Rows::new(K).usable - 1;
    assert_eq!(circuit(|usable| usable).leaves_usable_rows(K), Some(("chip", last)));
}
