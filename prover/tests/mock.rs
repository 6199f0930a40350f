//! halo2's own MockProver and the checker agree on every circuit. Minutes and gigabytes, so not by default:
//! `cargo test --release -p verbatim-prover --test mock -- --ignored --nocapture`.

use std::{collections::BTreeSet, ops::Range, path::Path, time::Instant};

use halo2_proofs::dev::MockProver;
use verbatim_gadgets::{
    check::check,
    circuit::ACTIVE,
    expr::{Area, Cell, F},
    grid::Grid,
    halo2::ShardCircuit,
};
use verbatim_prover::block::Machine;
use verbatim_witness::input::BlockInput;

/// The block that is checked: it has shards of all circuits.
const BLOCK: &str = "second-light";

fn machine() -> Machine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(BLOCK);
    let input = BlockInput::load(&path, None).expect("the test block is well-formed");
    Machine::new(&input).expect("the test block executes")
}

/// How many gates MockProver finds broken in the given rows.
fn broken(grid: &Grid, rows: Range<usize>) -> usize {
    broken_if(grid, ShardCircuit::for_mock_prover(grid).1, rows)
}

/// As [`broken`], where the instance says that `sum` is the bus sum.
fn broken_if(grid: &Grid, sum: F, rows: Range<usize>) -> usize {
    let (circuit, _) = ShardCircuit::for_mock_prover(grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
    prover.verify_at_rows(rows, 0..0).err().map_or(0, |failures| failures.len())
}

/// For circuits of chips that only say what their fixed columns hold: makes a multiplicity greater by one, and answers
/// what MockProver finds if the bus sum stays as it was.
fn broken_by_multiplicity(grid: &mut Grid) -> usize {
    let circuit = &grid.circuit;
    assert!(circuit.chips.iter().all(|chip| chip.constraints.is_empty()), "{}: no cell is bound", circuit.name);
    let (row, chip) = grid.windows.first().map(|window| (window.row, window.chip)).expect("a window");
    let cell = circuit.chips[chip].messages.iter().find_map(|message| message.multiplicity.as_cell()).expect("a cell");
    let sum = ShardCircuit::for_mock_prover(grid).1;
    let more = grid.read(cell, row) + F::from(1);
    grid.write(cell, row, more);
    broken_if(grid, sum, 0..1)
}

/// Makes one cell of the first window of `chip` greater by one, so that the checker objects, and answers the row of what it
/// objects to.
fn spoil(grid: &mut Grid, chip: usize) -> Option<(Cell, usize)> {
    let row = grid.windows.iter().find(|window| window.chip == chip)?.row;
    let cells = grid.circuit.chips[chip].cells.clone();
    cells.into_iter().filter(|cell| cell.area == Area::Main).find_map(|cell| {
        let honest = grid.read(cell, row);
        grid.write(cell, row, honest + F::from(1));
        let failure = check(grid).failures.first().map(|failure| (cell, failure.row));
        if failure.is_none() {
            grid.write(cell, row, honest);
        }
        failure
    })
}

/// The greatest memory of the process so far, in MiB, where the system says so.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

/// Every shard of the block, every row.
#[test]
#[ignore = "minutes and gigabytes"]
fn every_shard_satisfies_mock_prover() {
    let machine = machine();
    assert!(machine.check().expect("the plan fits").holds());
    let plan = machine.plan().expect("the plan fits");
    let mut circuits = BTreeSet::new();
    for shard in 0..plan.shards().len() {
        let (grid, start) = (plan.grid(shard).expect("the shard fits"), Instant::now());
        assert!(check(&grid).failures.is_empty());
        let found = broken(&grid, 0..grid.rows().usable);
        circuits.insert(grid.circuit.name);
        let (name, seconds) = (grid.circuit.name, start.elapsed().as_secs());
        println!("{name}: k = {}, {found} failures, {seconds} s, {} MiB at most so far", grid.k, peak());
        assert_eq!(found, 0, "{name}");
    }
    assert_eq!(circuits.len(), plan.workloads().len(), "every circuit has a shard: {circuits:?}");
}

/// One wrong cell in each circuit: both object. (The bus sum is that of the wrong cells, so only the chip's gate can. Where
/// chips have no constraints, a multiplicity is wrong, and the bus sum is not.)
#[test]
#[ignore = "minutes and gigabytes"]
fn one_wrong_cell_fails_in_both() {
    let machine = machine();
    let plan = machine.plan().expect("the plan fits");
    let mut circuits = BTreeSet::new();
    for shard in 0..plan.shards().len() {
        let mut grid = Grid::clone(&plan.grid(shard).expect("the shard fits"));
        if !circuits.insert(grid.circuit.name) {
            continue;
        }
        let name = grid.circuit.name;
        let spoilt = (0..grid.circuit.chips.len()).find_map(|chip| spoil(&mut grid, chip));
        let Some((cell, row)) = spoilt else {
            let found = broken_by_multiplicity(&mut grid);
            println!("{name}: a multiplicity is wrong: {found} failures");
            assert!(found > 0, "{name}: a multiplicity does not count");
            continue;
        };
        assert!(grid.fixed[ACTIVE][row] == F::from(1));
        let found = broken(&grid, row..row + 1);
        println!("{name}: {cell:?} is wrong, row {row}: {found} failures");
        assert!(found > 0, "{name}: {cell:?} is wrong in row {row}, and only the checker objects");
    }
    assert_eq!(circuits.len(), plan.workloads().len(), "every circuit has a shard: {circuits:?}");
}
