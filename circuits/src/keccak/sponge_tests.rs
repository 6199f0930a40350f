//! Tests of the sponge, with the permutations and tables behind it.

use std::sync::OnceLock;

use alloy_primitives::keccak256;
use ruint::aliases::U256;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::Workload;

use super::work::{KeccakWork, SHORT_LENGTH};
use crate::bus::{
    AndBytes, AndBytesNative, HashEnd, HashEndNative, HashLane, HashLaneNative, Permutation, PermutationNative,
    Range16, Range16Native, ShortHash, ShortHashNative,
};

const K: u32 = 11;

fn reference(input: &[u8]) -> U256 {
    U256::from_be_bytes(keccak256(input).0)
}

/// The fact that a short input asks for.
fn short_hash(input: &[u8]) -> ShortHashNative {
    let mut bytes = input.to_vec();
    bytes.resize(144, 0);
    let data = std::array::from_fn(|i| bytes[16 * i..16 * i + 16].iter().fold(0, |sum, b| sum << 8 | u128::from(*b)));
    ShortHashNative { length: input.len() as u8, data, digest: reference(input) }
}

/// The messages that a long input sends.
fn send(balance: &mut Balance, input: &[u8]) {
    let digest = reference(input);
    for (index, bytes) in input.chunks(8).enumerate() {
        let mut lane = [0; 8];
        lane[..bytes.len()].copy_from_slice(bytes);
        let lane = HashLaneNative { digest, index: index as u64, lane: u64::from_be_bytes(lane) };
        balance.add_public::<HashLane>(&lane, F::from(1));
    }
    balance.add_public::<HashEnd>(&HashEndNative { digest, length: input.len() as u64 }, F::from(1));
}

/// A message of this length.
fn input(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 151 + length) as u8 | 1).collect()
}

/// Inputs, the work that they are, and the grid of the sponge.
struct Case {
    short: Vec<Vec<u8>>,
    long: Vec<Vec<u8>>,
    permutations: Vec<PermutationNative>,
    grid: Grid,
}

impl Case {
    fn new(short: &[usize], long: &[usize]) -> Self {
        let inputs = |lengths: &[usize]| lengths.iter().map(|length| input(*length)).collect::<Vec<_>>();
        let (short, long) = (inputs(short), inputs(long));
        let mut work = KeccakWork::new();
        for input in &short {
            assert_eq!(work.short(input), reference(input), "length {}", input.len());
        }
        for input in &long {
            assert_eq!(work.long(input), reference(input), "length {}", input.len());
        }
        let sheets = work.finish();
        let permutations = sheets.permutations.states().iter().map(super::tests::fact).collect();
        let blocks: &dyn Workload = &sheets.blocks;
        let mut grid = blocks.grid(K, 0..blocks.len()).expect("there is room");
        let mut counts = FactCounts::default();
        short.iter().for_each(|input| counts.add::<ShortHash>(&short_hash(input)));
        counts.provide(&mut grid);
        Self { short, long, permutations, grid }
    }

    /// What is wrong with a grid: labels of constraints, and names of tags without partners.
    fn wrong(&self, grid: &Grid) -> Vec<String> {
        let mut balance = Balance::default();
        balance.add_grid(grid);
        self.short.iter().for_each(|input| balance.add_public::<ShortHash>(&short_hash(input), -F::from(1)));
        self.long.iter().for_each(|input| send(&mut balance, input));
        let facts = self.facts();
        let bus = balance.unbalanced().into_iter().filter(|left| {
            // A consumed fact is fine where it is true.
            !(left.sum != F::from(1) && facts.contains(&(left.tag.id, left.tuple.clone())))
        });
        let labels = check(grid).failures.into_iter().map(|failure| failure.label);
        labels.chain(bus.map(|left| left.tag.name.to_owned())).collect()
    }

    fn facts(&self) -> std::collections::HashSet<(u64, Vec<F>)> {
        use verbatim_gadgets::message::Message;
        static TABLES: OnceLock<Vec<(u64, Vec<F>)>> = OnceLock::new();
        let tables = TABLES.get_or_init(|| {
            let pairs = (0..=255u8).flat_map(|left| (0..=255u8).map(move |right| (left, right)));
            let and = pairs.map(|(left, right)| AndBytesNative { left, right, and: left & right });
            let and = and.map(|native| (AndBytes::TAG.id, AndBytes::tuple(&native)));
            let range = (0..=u16::MAX).map(|value| (Range16::TAG.id, Range16::tuple(&Range16Native { value })));
            and.chain(range).collect()
        });
        let permutations = self.permutations.iter().map(|fact| (Permutation::TAG.id, Permutation::tuple(fact)));
        tables.iter().cloned().chain(permutations).collect()
    }
}

#[test]
fn inputs_of_all_lengths_hash() {
    let case = Case::new(&[0, 1, 7, 8, 9, 64, 127, 128, SHORT_LENGTH], &[0, 1, 8, 135, 136, 137, 271, 272, 1000]);
    assert_eq!(case.wrong(&case.grid), Vec::<String>::new());
}

#[test]
fn equal_short_inputs_are_hashed_once() {
    let mut work = KeccakWork::new();
    assert_eq!(work.short(b"abc"), work.short(b"abc"));
    assert_eq!(work.finish().blocks.len(), 1);
}
