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

/// The blocks that are checked: together they have shards of all circuits.
const BLOCKS: [&str; 2] = ["second-light", "first-light"];

fn machine(block: &str) -> Machine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(block);
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

/// Calls `visit` with every shard of the first block, and with those of the second whose circuit the first does not need.
fn each_circuit(mut visit: impl FnMut(&Grid)) {
    let (mut seen, mut known) = (BTreeSet::new(), 0);
    for block in BLOCKS {
        let machine = machine(block);
        assert!(machine.check().expect("the plan fits").holds());
        let plan = machine.plan().expect("the plan fits");
        let before = seen.clone();
        for shard in 0..plan.shards().len() {
            let name = plan.workload(shard).circuit().name;
            if !before.contains(name) {
                visit(&plan.grid(shard).expect("the shard fits"));
                seen.insert(name);
            }
        }
        known = plan.workloads().len();
    }
    assert_eq!(seen.len(), known, "every circuit has a shard: {seen:?}");
}

/// Every row of the shards.
#[test]
#[ignore = "minutes and gigabytes"]
fn every_shard_satisfies_mock_prover() {
    each_circuit(|grid| {
        let (name, start) = (grid.circuit.name, Instant::now());
        assert!(check(grid).failures.is_empty(), "{name}");
        let found = broken(grid, 0..grid.rows().usable);
        let seconds = start.elapsed().as_secs();
        println!("{name}: k = {}, {found} failures, {seconds} s, {} MiB at most so far", grid.k, peak());
        assert_eq!(found, 0, "{name}");
    });
}

/// One wrong cell in each shard: both object. (The bus sum is that of the wrong cells, so only the chip's gate can. Where
/// chips have no constraints, a multiplicity is wrong, and the bus sum is not.)
#[test]
#[ignore = "minutes and gigabytes"]
fn one_wrong_cell_fails_in_both() {
    each_circuit(|honest| {
        let (mut grid, name) = (honest.clone(), honest.circuit.name);
        let spoilt = (0..grid.circuit.chips.len()).find_map(|chip| spoil(&mut grid, chip));
        let found = match spoilt {
            None => broken_by_multiplicity(&mut grid),
            Some((_, row)) => {
                assert_eq!(grid.fixed[ACTIVE][row], F::from(1), "{name}: row {row} counts");
                broken(&grid, row..row + 1)
            }
        };
        println!("{name}: {spoilt:?} is wrong: {found} failures");
        assert!(found > 0, "{name}: {spoilt:?} is wrong, and only the checker objects");
    });
}
