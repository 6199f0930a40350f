//! Tests of the sponge, with the permutations and tables behind it.

use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use alloy_primitives::keccak256;
use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::Workload;

use super::sponge_layout::{FIRST, LANES, MULTIPLICITY, REST, SHORT};
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
        let lane = HashLaneNative { digest, index: index as u64, lane: F::from(u64::from_be_bytes(lane)) };
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

    /// Names of the tags without partners.
    fn balanced(&self, grid: &Grid, facts: &HashSet<(u64, Vec<F>)>) -> Vec<String> {
        let mut balance = Balance::default();
        balance.add_grid(grid);
        self.short.iter().for_each(|input| balance.add_public::<ShortHash>(&short_hash(input), -F::from(1)));
        self.long.iter().for_each(|input| send(&mut balance, input));
        let mut left = balance.unbalanced();
        // A fact may be consumed where it is true.
        left.retain(|left| !facts.contains(&(left.tag.id, left.tuple.clone())));
        left.into_iter().map(|left| left.tag.name.to_owned()).collect()
    }

    fn facts(&self) -> HashSet<(u64, Vec<F>)> {
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
    assert_eq!(check(&case.grid).failures.first(), None);
    assert_eq!(case.balanced(&case.grid, &case.facts()), Vec::<String>::new());
}

#[test]
fn equal_short_inputs_are_hashed_once() {
    let mut work = KeccakWork::new();
    assert_eq!(work.short(b"abc"), work.short(b"abc"));
    assert_eq!(work.finish().blocks.len(), 1);
}

/// The columns of the sponge by name.
fn column(grid: &Grid, name: &str) -> Cell {
    Cell::main(grid.circuit.main.iter().position(|column| column == name).expect("a column of the circuit"))
}

/// Sets cells of the block at `block`, each given by column, row and new value, and answers the labels that fail.
fn failing(case: &Case, block: usize, changes: &[(&str, usize, F)]) -> BTreeSet<String> {
    let mut grid = case.grid.clone();
    for (name, row, value) in changes {
        grid.write(column(&grid, name), block * LANES + row, *value);
    }
    check(&grid).failures.into_iter().map(|failure| failure.label).collect()
}

fn value(case: &Case, block: usize, name: &str, row: usize) -> F {
    case.grid.read(column(&case.grid, name), block * LANES + row)
}

/// One label, one change that only it rejects.
fn assert_only(label: &str, case: &Case, block: usize, changes: &[(&str, usize, F)]) {
    assert_eq!(failing(case, block, changes), BTreeSet::from([label.to_owned()]));
}

/// A message of one full block and 20 bytes of a second, and a short one of 20 bytes: blocks 1, 2 and 0.
fn two_blocks() -> Case {
    Case::new(&[20], &[156])
}

#[test]
fn labels_of_a_lane() {
    let case = two_blocks();
    let plus = |name: &str, row: usize, change: u64| value(&case, 2, name, row) + F::from(change);
    for row in [0, 5, 16] {
        // The lane with its exclusive or; the padded lane has no cell of its own but its bytes.
        let lane = [("lane", row, plus("lane", row, 1)), ("input", row, plus("input", row, 1))];
        assert_only("lane", &case, 2, &lane);
        assert_only("padded lane", &case, 2, &[("padded 7", row, plus("padded 7", row, 1))]);
        assert_only("exclusive or", &case, 2, &[("input", row, plus("input", row, 1))]);
    }
}

#[test]
fn labels_of_a_link() {
    let case = two_blocks();
    // The last row alone is in no other label; the first is in the digest's.
    for name in ["digest.hi", "digest.lo", "index"] {
        assert_only(name, &case, 2, &[(name, 16, value(&case, 2, name, 16) + F::from(1))]);
    }
}

/// What a block whose lanes are `full` as given must hold elsewhere, so that nothing but the flags is wrong.
fn with_full(case: &Case, block: usize, full: [F; LANES]) -> Vec<(&'static str, usize, F)> {
    let one = F::from(1);
    let weight = F::from(1 << 56);
    let last = one - full[LANES - 1];
    let (mut changes, mut ending) = (Vec::new(), F::from(0));
    for (lane, now) in full.iter().enumerate() {
        let before = if lane == 0 { one } else { full[lane - 1] };
        let end = before - now;
        let data = if before == one { value(case, block, "data", lane) } else { F::from(0) };
        let closing = if lane + 1 == LANES { last * F::from(0x80) } else { F::from(0) };
        let padded = data + end * weight + closing;
        ending += end * data;
        changes.extend([("full", lane, *now), ("data", lane, data), ("padding", lane, padded - data)]);
        changes.extend([("receives", lane, *now), ("padded 7", lane, padded)]);
        changes.push(("input", lane, value(case, block, "lane", lane) + padded));
        for names in [["padded 0", "both 0"], ["padded 1", "both 1"], ["padded 2", "both 2"], ["padded 3", "both 3"]] {
            changes.extend(names.map(|name| (name, lane, F::from(0))));
        }
        for name in ["padded 4", "padded 5", "padded 6", "both 4", "both 5", "both 6", "both 7"] {
            changes.push((name, lane, F::from(0)));
        }
        for (name, at) in [("digest.hi", 0), ("digest.lo", 2)] {
            let lanes = [at, at + 1].map(|lane| value(case, block, "output", lane));
            changes.push((name, lane, lanes[0] * F::from(1 << 32).square() + lanes[1]));
        }
    }
    let limb = ending * (weight * F::from(256)).invert().unwrap_or(F::from(0));
    changes.extend([("limb", 0, limb), ("limb", 1, F::from(0)), ("limb", 2, F::from(0)), ("limb", 3, F::from(0))]);
    changes
}

#[test]
fn labels_of_flags() {
    let case = two_blocks();
    let [one, two] = [F::from(1), F::from(2)];
    assert_only("first is boolean", &case, 1, &[("flags", FIRST, two)]);
    let receives: Vec<_> = (0..3).map(|lane| ("receives", lane, -one)).collect();
    assert_only("short is boolean", &case, 0, &[&receives[..], &[("flags", SHORT, two)]].concat());
    for lane in 0..LANES {
        let full = |value: u64, at: usize| {
            std::array::from_fn(|i| {
                F::from(if i < at {
                    1
                } else if i == lane {
                    value
                } else {
                    0
                })
            })
        };
        let label = format!("full {lane} is boolean");
        assert_only(&label, &case, 1, &with_full(&case, 1, full(2, lane)));
        if lane > 0 {
            let label = format!("full {lane} follows full");
            assert_only(&label, &case, 1, &with_full(&case, 1, full(1, lane - 1)));
        }
    }
    // In a block that is not the last, no rest matters: two of them, 2 and -1.
    for rest in 1..8 {
        let changes = [("flags", REST, -one), ("flags", REST + rest, two)];
        let labels = ["rest 0 is boolean".to_owned(), format!("rest {rest} is boolean")];
        assert_eq!(failing(&case, 1, &changes), BTreeSet::from(labels));
    }
    // No rest at all, where it does not matter: the block is not the last.
    assert_only("one rest", &case, 1, &[("flags", REST, F::from(0)), ("flags", REST + 3, F::from(0))]);
    assert_only("short is first", &case, 0, &[("flags", FIRST, F::from(0)), ("flags", MULTIPLICITY, F::from(0))]);
    let receives: Vec<_> = (0..LANES).map(|lane| ("receives", lane, F::from(0))).collect();
    assert_only("short is last", &case, 1, &[&receives[..], &[("flags", SHORT, one)]].concat());
    assert_only("only single blocks are provided", &case, 1, &[("flags", MULTIPLICITY, one)]);
    assert_only("only single blocks are provided", &case, 2, &[("flags", MULTIPLICITY, one)]);
}

#[test]
fn labels_of_the_message() {
    let case = two_blocks();
    let shift = |by: u64, lane: usize| {
        let change = |name: &'static str, sign: F| (name, lane, value(&case, 2, name, lane) + sign * F::from(by));
        [change("data", F::from(1)), change("padding", -F::from(1))]
    };
    for lane in 0..LANES {
        // What belongs to the padding is called message. Lane 2 holds the end, others behind it nothing.
        let data = shift(0x100, lane);
        let padding = format!("padding {lane}");
        let behind = match lane {
            0 | 1 => None,
            2 => Some("no message behind the end".to_owned()),
            _ => Some(format!("no message behind the end: {lane}")),
        };
        let expected = behind.clone().into_iter().chain([padding.clone()]).collect::<BTreeSet<_>>();
        assert_eq!(failing(&case, 2, &data), expected);
        assert_only(
            &format!("receives {lane}"),
            &case,
            2,
            &[("receives", lane, F::from(1) - value(&case, 2, "receives", lane))],
        );
        // Another byte behind the end, in message and padded lane alike; and another padding.
        let mut bytes = vec![("padded 6", lane, value(&case, 2, "padded 6", lane) + F::from(1))];
        bytes.push(("input", lane, value(&case, 2, "input", lane) + F::from(0x100)));
        let with = |extra: (&'static str, usize, F)| bytes.iter().copied().chain([extra]).collect::<Vec<_>>();
        if let Some(behind) = behind {
            assert_only(&behind, &case, 2, &with(data[0]));
        }
        let padded = ("padding", lane, value(&case, 2, "padding", lane) + F::from(0x100));
        assert_only(&padding, &case, 2, &with(padded));
    }
}

#[test]
fn labels_of_beginnings_and_ends() {
    let case = two_blocks();
    for lane in 0..LANES {
        let plus = |name: &'static str, change: u64| (name, lane, value(&case, 1, name, lane) + F::from(change));
        // Bit 7 of a byte of data is free in the fill, so that no byte has it in common with the state.
        let changes = [plus("lane", 1), plus("before 7", 1), plus("input", 1)];
        assert_only(&format!("starts with lane {lane}"), &case, 1, &changes);
    }
    for row in 0..8 {
        assert_only(&format!("starts with lane {}", 17 + row), &case, 1, &[("capacity", row, F::from(1))]);
    }
    let index: Vec<_> = (0..LANES).map(|row| ("index", row, F::from(17 + row as u64))).collect();
    assert_only("starts with index 0", &case, 1, &index);
    for name in ["digest.hi", "digest.lo"] {
        let changes: Vec<_> = (0..LANES).map(|row| (name, row, F::from(5))).collect();
        assert_only(name, &case, 2, &changes);
        // Before the last block it is a promise, which the last block keeps.
        assert!(failing(&case, 1, &changes).is_empty());
    }
}

/// What [`HashLane`] promises to those who send it. The lane in question is sent as it is received, and its bytes have the
/// same exclusive or with the state: only the table of bytes objects.
#[test]
fn every_lane_that_is_received_is_below_two_to_the_64() {
    let case = two_blocks();
    let shift = F::from(1 << 32).square();
    // Blocks of the long message: 17 full lanes; two, and one of four bytes, of which limb 2 is the first that is too high.
    let full = (0..LANES).map(|lane| (1, lane)).chain([(2, 0), (2, 1)]).map(|(block, lane)| (block, lane, None));
    for (block, lane, limb) in full.chain([(2, 2, Some(2))]) {
        let mut changes = vec![("data", lane, shift), ("padded 0", lane, F::from(256)), ("both 0", lane, F::from(128))];
        changes.extend(limb.map(|limb| ("limb", limb, F::from(1))));
        for (name, row, change) in &mut changes {
            *change += value(&case, block, name, *row);
        }
        assert_eq!(failing(&case, block, &changes), BTreeSet::new());
        let mut grid = case.grid.clone();
        changes.iter().for_each(|(name, row, to)| grid.write(column(&grid, name), block * LANES + row, *to));
        let mut balance = Balance::default();
        balance.add_grid(&grid);
        send(&mut balance, &case.long[0]);
        balance.add_public::<ShortHash>(&short_hash(&case.short[0]), -F::from(1));
        let honest = HashLaneNative {
            digest: reference(&case.long[0]),
            index: (LANES * (block - 1) + lane) as u64,
            lane: value(&case, block, "data", lane),
        };
        balance.add_public::<HashLane>(&honest, -F::from(1));
        balance.add_public::<HashLane>(&HashLaneNative { lane: honest.lane + shift, ..honest }, F::from(1));
        let facts = case.facts();
        let mut left = balance.unbalanced();
        left.retain(|left| !facts.contains(&(left.tag.id, left.tuple.clone())));
        let left: Vec<_> = left.iter().map(|left| left.tag.name).collect();
        assert_eq!(left, ["and bytes"], "lane {lane} of block {block}");
    }
}

#[test]
fn no_cell_of_a_block_is_free() {
    let case = two_blocks();
    let facts = case.facts();
    for (index, name) in case.grid.circuit.main.iter().enumerate() {
        let rows: &[usize] = match name.as_str() {
            // Row 16 holds no lane; rows of a flag are eleven, limbs four.
            "capacity" => &[0, 7, 8, 15],
            "flags" => &[FIRST, SHORT, REST, REST + 4, REST + 7, MULTIPLICITY],
            "limb" => &[0, 1, 2, 3],
            _ => &[0, 1, 2, 3, 15, 16],
        };
        for block in 0..3 {
            for row in rows {
                let mut grid = case.grid.clone();
                let at = block * LANES + row;
                grid.write(Cell::main(index), at, grid.read(Cell::main(index), at) + F::from(1));
                let wrong = !check(&grid).failures.is_empty() || !case.balanced(&grid, &facts).is_empty();
                assert!(wrong, "{name} is free in row {row} of block {block}");
            }
        }
    }
}

#[test]
fn messages_of_other_inputs_are_rejected() {
    // Given: lanes and end of one input. Wrong: another end, a lane more, a lane less, two lanes in the other order.
    let case = Case::new(&[], &[100]);
    let other = |change: fn(&mut Balance, &[u8])| {
        let mut balance = Balance::default();
        balance.add_grid(&case.grid);
        send(&mut balance, &case.long[0]);
        change(&mut balance, &case.long[0]);
        let facts = case.facts();
        balance.unbalanced().iter().filter(|left| !facts.contains(&(left.tag.id, left.tuple.clone()))).count()
    };
    assert_eq!(other(|_, _| {}), 0);
    assert!(
        other(|balance, input| {
            let digest = reference(input);
            balance.add_public::<HashEnd>(&HashEndNative { digest, length: 100 }, -F::from(1));
            balance.add_public::<HashEnd>(&HashEndNative { digest, length: 104 }, F::from(1));
        }) > 0
    );
    assert!(
        other(|balance, input| {
            let digest = reference(input);
            balance.add_public::<HashLane>(&HashLaneNative { digest, index: 13, lane: F::from(0) }, F::from(1));
        }) > 0
    );
}

#[test]
fn the_sponge_holds_in_halo2() {
    let case = two_blocks();
    let (circuit, sum) = ShardCircuit::for_mock_prover(&case.grid);
    let prover = MockProver::run(K, &circuit, vec![vec![sum]]).expect("it runs");
    assert_eq!(prover.verify().map_err(|failures| format!("{} {:?}", failures.len(), failures[0])), Ok(()));
    let circuit = &case.grid.circuit;
    let (main, aux, fixed) = (circuit.main.len(), circuit.aux_columns(), circuit.fixed.len());
    println!("{main} main, {aux} auxiliary, {fixed} fixed; {} cells a block", (main + aux) * LANES);
    assert!(main + aux + fixed + 7 <= 80);
}
