//! Layouts that could have been: what they cost to prove, measured, and to aggregate, by the prices of the cost model.
//!
//! `cargo bench -p verbatim-benches --bench layouts [-- height | width | steps | state | arith ...]`. Each shard is proven
//! once and its proof verified; what is measured is processor time. It prints the rows of the book's table.

#![allow(clippy::print_stdout, reason = "a bench")]

use std::{cell::RefCell, collections::BTreeMap, env, sync::Arc};

use verbatim_benches::{
    Alone, Repeated,
    layout::Layout,
    machine, permutations,
    price::{aggregation, prove},
};
use verbatim_gadgets::{
    circuit::{Circuit, Rows},
    machine::Workload,
};
use verbatim_prover::{block::Machine, machine::ShardWitness, setup::Setup};

const K: u32 = 16;

/// Aggregation takes so many CPU-seconds for a million cells.
const AGGREGATION: f64 = 36.0;

/// Arith's chips of one row.
const LOW: [&str; 3] = ["sum", "mask", "range"];

/// What something costs.
#[derive(Clone, Copy, Debug, Default)]
struct Price {
    /// CPU-seconds of proving.
    proving: f64,
    /// Cells of the aggregation, in millions.
    aggregation: f64,
}

impl Price {
    fn scaled(self, by: f64) -> Self {
        Self { proving: self.proving * by, aggregation: self.aggregation * by }
    }

    fn plus(self, other: Self) -> Self {
        Self { proving: self.proving + other.proving, aggregation: self.aggregation + other.aggregation }
    }

    fn print(self, what: &str, unit: &str) {
        let (proving, cells) = (1000.0 * self.proving, 1000.0 * self.aggregation);
        println!("| {what} | {unit} | {proving:.3} | {cells:.2} | {:.2} |", cells * AGGREGATION);
    }
}

struct Bench {
    setup: Setup,
    machine: Machine,
    /// What a row of a circuit costs in a full shard of k = 16.
    rows: RefCell<BTreeMap<&'static str, Price>>,
}

impl Bench {
    fn work(&self, name: &str) -> &dyn Workload {
        let mut works = self.machine.assembly().workloads().into_iter();
        works.find(|work| work.circuit().name == name).expect("a circuit of that name")
    }

    fn steps(&self) -> f64 {
        self.machine.assembly().steps().total as f64
    }

    /// What a shard costs.
    fn shard(&self, circuit: &Arc<Circuit>, k: u32, witness: &dyn ShardWitness) -> Price {
        let price = Price { proving: prove(&self.setup, circuit, k, witness), aggregation: aggregation(circuit) };
        let (main, aux) = (circuit.main.len(), circuit.aux_columns());
        println!("    {}, k = {k}: {main} + {aux} columns, {:.1} CPU-s", circuit.name, price.proving);
        price
    }

    /// What a row of a full shard costs.
    fn row(&self, name: &'static str) -> Price {
        if let Some(price) = self.rows.borrow().get(name) {
            return *price;
        }
        let full = Repeated::to_fill(self.work(name), K).expect("the circuit has windows");
        let full: &dyn Workload = &full;
        let price = self.shard(full.circuit(), K, &Alone { work: full, k: K }).scaled(1.0 / full.rows() as f64);
        self.rows.borrow_mut().insert(name, price);
        price
    }

    /// What the block's rows of some circuits cost, each in shards of its circuit.
    fn apart(&self, names: &[&'static str]) -> Price {
        let costs = names.iter().map(|name| self.row(name).scaled(self.work(name).rows() as f64));
        costs.fold(Price::default(), Price::plus)
    }

    /// What the block's rows of some circuits cost, in full shards of a circuit of them all.
    fn together(&self, name: &'static str, names: &[&str]) -> Price {
        let works: Vec<_> = names.iter().map(|name| self.work(name)).collect();
        let circuits: Vec<_> = works.iter().map(|work| &**work.circuit()).collect();
        let layout = Layout::together(name, &circuits);
        let total: usize = works.iter().map(|work| work.rows()).sum();
        let room = Rows::new(K).usable - 2 * (layout.circuit.height - 1);
        let share = |rows: usize| room * rows / total;
        let full = works.iter().map(|work| Repeated::within(*work, share(work.rows()), |_| true));
        let full: Vec<_> = full.map(|full| full.expect("each circuit has windows")).collect();
        let full: Vec<&dyn Workload> = full.iter().map(|full| full as &dyn Workload).collect();
        let rows: usize = full.iter().map(|full| full.rows()).sum();
        self.shard(&layout.circuit, K, &layout.shard(K, &full)).scaled(total as f64 / rows as f64)
    }

    /// What the block's rows of some of a circuit's chips cost, in shards of those chips alone.
    fn only(&self, name: &'static str, circuit: &str, chips: impl Fn(&str) -> bool) -> Price {
        let work = self.work(circuit);
        let circuit = work.circuit();
        let layout = Layout::only(name, circuit, &chips);
        let room = Rows::new(K).usable - 2 * (circuit.height - 1);
        let full = Repeated::within(work, room, &chips).expect("the chips have windows");
        let full: &dyn Workload = &full;
        let of_block = (0..work.len()).map(|window| &circuit.chips[work.chip(window)]).filter(|chip| chips(chip.name));
        let rows: usize = of_block.map(|chip| chip.height).sum();
        self.shard(&layout.circuit, K, &layout.shard(K, &[full])).scaled(rows as f64 / full.rows() as f64)
    }
}

/// Some layouts that are compared.
type Group = fn(&Bench);

/// Shards of several heights.
fn height(bench: &Bench) {
    for k in [14, 16, 18] {
        let full = Repeated::to_fill(bench.work("light"), k).expect("light has windows");
        let price = bench.shard(full.circuit(), k, &Alone { work: &full, k });
        price.scaled(1.0 / full.len() as f64).print(&format!("light, k = {k}"), "step of light");
    }
    for k in [14, 16, 18] {
        let full = permutations(k);
        let price = bench.shard(full.circuit(), k, &Alone { work: &full, k });
        price.scaled(1.0 / full.states().len() as f64).print(&format!("keccak, k = {k}"), "permutation");
    }
}

/// Two steps of light in a row, and half as many rows.
fn width(bench: &Bench) {
    bench.row("light").print("a step in a row", "step of light");
    let layout = Layout::twice("light-twice", bench.work("light").circuit());
    let full = Repeated::to_fill(bench.work("light"), K - 1).expect("light has windows");
    let price = bench.shard(&layout.circuit, K - 1, &layout.shard(K - 1, &[&full]));
    price.scaled(0.5 / full.len() as f64).print("two steps in a row, k = 15", "step of light");
}

/// One circuit for several kinds of steps.
fn steps(bench: &Bench) {
    let step = 1.0 / bench.steps();
    let (two, all) = (["light", "memory"], ["light", "memory", "storage", "calls", "copy", "transfer"]);
    bench.apart(&two).scaled(step).print("light, memory", "step");
    bench.together("light-memory", &two).scaled(step).print("light and memory in one", "step");
    bench.apart(&all).scaled(step).print("the six circuits of steps", "step");
    bench.together("steps", &all).scaled(step).print("the six in one", "step");
}

/// State and what accesses it.
fn state(bench: &Bench) {
    let (two, step) = (["storage", "state"], 1.0 / bench.steps());
    bench.apart(&two).scaled(step).print("storage, state", "step");
    bench.together("storage-state", &two).scaled(step).print("storage and state in one", "step");
}

/// Requests to arith that take one row, apart from the others.
fn arith(bench: &Bench) {
    let step = 1.0 / bench.steps();
    bench.apart(&["arith"]).scaled(step).print("arith", "step");
    let low = bench.only("arith-low", "arith", |chip| LOW.contains(&chip));
    let high = bench.only("arith-high", "arith", |chip| !LOW.contains(&chip));
    low.plus(high).scaled(step).print("chips of one row apart", "step");
}

fn main() {
    let bench =
        Bench { setup: Setup::unsafe_development(None), machine: machine("first-light"), rows: RefCell::default() };
    let groups: [(&str, Group); 5] =
        [("height", height), ("width", width), ("steps", steps), ("state", state), ("arith", arith)];
    let chosen: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, group) in groups {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            group(&bench);
        }
    }
}
