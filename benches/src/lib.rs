//! What the benches share: the test block, and shards that are full.
//!
//! ```
//! use verbatim_benches::{Repeated, machine};
//! use verbatim_gadgets::machine::Workload;
//!
//! let machine = machine("second-light");
//! let light = machine.assembly().workloads()[0];
//! let full = Repeated::to_fill(light, 12).expect("the circuit has windows");
//! assert!(full.len() > light.len());
//! ```

pub mod cpu;
pub mod layout;
pub mod price;

use std::{ops::Range, path::Path, sync::Arc};

use verbatim_circuits::keccak::{layout::SLICES, permutations::Permutations};
use verbatim_gadgets::{
    circuit::{Circuit, Rows, Selector},
    grid::{Full, Grid},
    halo2::{self, Challenges},
    machine::Workload,
};
use verbatim_prover::{Fr, block::Machine, machine::ShardWitness};
use verbatim_witness::input::BlockInput;

/// The path of a test block.
pub fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name)
}

/// A test block with its witness.
///
/// # Panics
/// If there is none of that name.
pub fn input(name: &str) -> BlockInput {
    BlockInput::load(&path(name), None).expect("a test block")
}

/// A test block, executed and assembled.
///
/// # Panics
/// If there is none of that name.
pub fn machine(name: &str) -> Machine {
    Machine::new(&input(name)).expect("the test block holds")
}

/// The windows of a workload over and over, so that they fill a shard: what a proof costs depends on the circuit and on how
/// large the values are, not on whether the messages find partners elsewhere.
#[derive(Debug)]
pub struct Repeated<'w> {
    work: &'w dyn Workload,
    /// Which windows, in turn.
    cycle: Vec<usize>,
    windows: usize,
}

impl<'w> Repeated<'w> {
    /// As many windows as a shard of size `k` has room for; none if the workload is empty, asks for sizes of its own, or has
    /// windows at fixed rows.
    pub fn to_fill(work: &'w dyn Workload, k: u32) -> Option<Self> {
        let circuit = work.circuit();
        let fixed = circuit.chips.iter().any(|chip| matches!(chip.selector, Selector::Fixed(_)));
        if fixed || work.size().is_some() || work.capacity(k).is_some() {
            return None;
        }
        let room = Rows::new(k).usable.saturating_sub(2 * (circuit.height - 1));
        Self::within(work, room, |_| true)
    }

    /// As many windows of certain chips as `room` rows hold; none if the workload has no such window.
    pub fn within(work: &'w dyn Workload, room: usize, chips: impl Fn(&str) -> bool) -> Option<Self> {
        let circuit = work.circuit();
        let cycle: Vec<_> = (0..work.len()).filter(|window| chips(circuit.chips[work.chip(*window)].name)).collect();
        let mut rows = 0;
        let fits = |window: &&usize| {
            rows += circuit.chips[work.chip(**window)].height;
            rows <= room
        };
        let windows = if cycle.is_empty() { 0 } else { cycle.iter().cycle().take_while(fits).count() };
        (windows > 0).then_some(Self { work, cycle, windows })
    }
}

impl Workload for Repeated<'_> {
    fn circuit(&self) -> &Arc<Circuit> {
        self.work.circuit()
    }

    fn len(&self) -> usize {
        self.windows
    }

    fn size(&self) -> Option<u32> {
        None
    }

    fn chip(&self, index: usize) -> usize {
        self.work.chip(self.cycle[index % self.cycle.len()])
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        windows.map(|index| self.cycle[index % self.cycle.len()]).try_for_each(|at| self.work.fill(at..at + 1, grid))
    }
}

/// As many permutations as a shard of size `k` has room for.
pub fn permutations(k: u32) -> Permutations {
    let count = Permutations::new(Vec::new()).capacity(k).unwrap_or(0) * SLICES;
    let lane = |index: u64, lane: usize| (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(lane as u32);
    Permutations::new((0..count as u64).map(|index| std::array::from_fn(|at| lane(index, at))).collect())
}

/// A shard by itself. It is filled in each round, as a bundle's is.
#[derive(Debug)]
pub struct Alone<'w> {
    /// What fills it.
    pub work: &'w dyn Workload,
    /// Its size.
    pub k: u32,
}

impl Alone<'_> {
    /// The filled shard. Facts are provided no times.
    ///
    /// # Panics
    /// If the workload does not fit the shard.
    pub fn grid(&self) -> Grid {
        self.work.grid(self.k, 0..self.work.len()).expect("the workload fits")
    }
}

impl ShardWitness for Alone<'_> {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        self.grid().main
    }

    fn aux_columns(&self, _: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        halo2::auxiliary(&self.grid(), Challenges { alpha, gamma })
    }
}
