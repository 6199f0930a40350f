//! The programs of the verifier machine: how a level begins, one for each circuit, and how it ends.
//!
//! Programs follow each other in *phases*: a level begins with a program of [`START`], goes on with programs of [`SHARDS`],
//! and ends with the one of them that leaves [`END`]. Between them goes the hash of the [`Progress`].

use std::sync::LazyLock;

use verbatim_prover::{block, machine::ShardCircuit, shards::PlanCircuit};

use crate::{
    key::Circuit,
    level::{self, Progress},
    program::{Address, Form, Program, Recorder},
    verifier,
};

/// Nothing was done.
pub const START: u64 = 0;

/// The level has begun; shards may follow.
pub const SHARDS: u64 = 1;

/// The level has ended.
pub const END: u64 = 2;

/// The size that programs are recorded from. They do not depend on it.
const K: u32 = 16;

/// A program and where it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name: that of its circuit, if it takes shards.
    pub name: String,
    /// The address of its first operation.
    pub base: Address,
    /// The program, with addresses counted from there.
    pub program: Program,
}

/// All programs, one behind the other.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Begins with the bundle of a block.
    pub block: Entry,
    /// Begins with a bundle of the verifier circuit.
    pub verified: Entry,
    /// Ends a level.
    pub close: Entry,
    /// Takes a shard: one for each circuit, by the numbers of the circuits.
    pub shards: Vec<(u32, Entry)>,
}

/// The programs, recorded once.
pub fn programs() -> &'static Programs {
    static PROGRAMS: LazyLock<Programs> = LazyLock::new(Programs::record);
    &PROGRAMS
}

impl Programs {
    fn record() -> Self {
        let mut next = 0;
        let mut place = |name: &str, program: Program| {
            let base = next;
            next += program.len();
            Entry { name: name.to_owned(), base, program }
        };
        let block = place("block", opening(level::block));
        let verified = place("verified", opening(level::verified));
        let close = place("close", closing());
        let circuits: Vec<PlanCircuit> = block::circuits(K).into_iter().chain([verifier::circuit(K)]).collect();
        let taking =
            |circuit: &PlanCircuit| (circuit.index(), place(circuit.name(), shard(&Circuit::of_shard(circuit))));
        let shards = circuits.iter().map(taking).collect();
        Self { block, verified, close, shards }
    }

    /// The program for shards of a circuit.
    pub fn shard(&self, index: u32) -> Option<&Entry> {
        self.shards.iter().find(|(circuit, _)| *circuit == index).map(|(_, entry)| entry)
    }

    /// All of them, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        let shards = self.shards.iter().map(|(_, entry)| entry);
        [&self.block, &self.verified, &self.close].into_iter().chain(shards)
    }
}

fn opening(begin: fn(&mut Recorder) -> Progress<Form>) -> Program {
    let mut recorder = Recorder::new();
    recorder.begin(START);
    let digest = begin(&mut recorder).digest(&mut recorder);
    recorder.end(SHARDS, &digest)
}

fn shard(circuit: &Circuit) -> Program {
    let mut recorder = Recorder::new();
    let before = recorder.begin(SHARDS);
    let progress = Progress::read(&mut recorder, &before).shard(&mut recorder, circuit);
    let digest = progress.digest(&mut recorder);
    recorder.end(SHARDS, &digest)
}

fn closing() -> Program {
    let mut recorder = Recorder::new();
    let before = recorder.begin(SHARDS);
    let statement = Progress::read(&mut recorder, &before).close(&mut recorder);
    let outcome = statement.outcome(&mut recorder);
    recorder.end(END, &outcome)
}
