//! Copies: honest jobs hold and balance, every constraint is needed, no cell is free, and wrong rows are rejected.

mod ends;
mod forgeries;
mod fractions;

use std::collections::HashMap;

use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_circuits::bus::{
    CodeCopyJob, CodeCopyJobNative, CodeLength, CodeLengthNative, CodeWord, CodeWordNative, CopyJob, CopyJobNative,
    DepositJob, DepositJobNative, HashEnd, HashEndNative, HashJob, HashJobNative, HashLane, HashLaneNative, LogJob,
    LogJobNative, Memory, MemoryNative, PublicLogData, PublicLogDataNative, Slice, SliceNative, Splice, SpliceNative,
    Words, WordsNative,
};
use verbatim_circuits::copy::{CopyChips, CopyOrder, Fetch, Order, ReadOrder, Shadow, cut, paste, plan};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::Message;
use verbatim_gadgets::value::{from_u128, split};

const CODE: U256 = U256::from_limbs([5, 0, 0, 77]);
const CLOCK: u64 = 1000;

/// Memory and a code, all of whose bytes differ from their neighbours.
#[derive(Clone, Default)]
struct World {
    /// Words of memory, with the time of their last access, made when they are first asked for.
    words: HashMap<(u64, u64), (U256, u64)>,
    /// The same, as they were found.
    found: HashMap<(u64, u64), U256>,
    code: Vec<u8>,
    /// Words that do not exist: reads of them are a failure of the test.
    missing: Vec<(u64, u64)>,
}

fn byte(call: u64, position: u64) -> u8 {
    (1 + (call * 91 + position * 7 + position / 32 * 3) % 255) as u8
}

fn word_of(bytes: impl Fn(u64) -> u8, index: u64) -> U256 {
    U256::from_be_bytes::<32>(std::array::from_fn(|i| bytes(32 * index + i as u64)))
}

impl World {
    fn touch(&mut self, call: u64, index: u64, clock: u64) -> (Fetch, &mut U256) {
        assert!(!self.missing.contains(&(call, index)), "word {index} of call {call} does not exist");
        let initial = word_of(|position| byte(call, position), index);
        self.found.entry((call, index)).or_insert(initial);
        let entry = self.words.entry((call, index)).or_insert((initial, 500));
        let fetch = Fetch { value: entry.0, gap: u16::try_from(clock - 1 - entry.1).expect("a short time") };
        entry.1 = clock;
        (fetch, &mut entry.0)
    }

    fn code_byte(&self, position: u64) -> u8 {
        self.code.get(position as usize).copied().unwrap_or(0)
    }

    fn memory_byte(&self, call: u64, position: u64) -> u8 {
        let word = self.words.get(&(call, position / 32)).map_or_else(|| panic!("no such word"), |word| word.0);
        word.to_be_bytes::<32>()[position as usize % 32]
    }
}

impl Shadow for World {
    fn read(&mut self, call: u64, index: u64, clock: u64) -> Fetch {
        self.touch(call, index, clock).0
    }

    fn write(&mut self, call: u64, index: u64, clock: u64, change: &mut dyn FnMut(U256) -> U256) -> Fetch {
        let (fetch, value) = self.touch(call, index, clock);
        *value = change(fetch.value);
        fetch
    }

    fn code(&mut self, hash: &[F; 2], index: u64) -> U256 {
        assert_eq!(*hash, limbs(CODE));
        assert!(32 * index < self.code.len() as u64, "word {index} of the code does not exist");
        word_of(|position| self.code_byte(position), index)
    }
}

fn limbs(word: U256) -> [F; 2] {
    let (hi, lo) = split(&word);
    [from_u128(hi), from_u128(lo)]
}

fn copy(source: (u64, u64, u64), target: (u64, u64), length: u64) -> Order {
    Order::Copy(CopyOrder::Memory(CopyJobNative {
        clock: CLOCK,
        source: source.0,
        source_offset: source.1,
        source_end: source.2,
        target: target.0,
        target_offset: target.1,
        length,
    }))
}

fn code_copy(source_offset: u64, target: (u64, u64), length: u64) -> Order {
    Order::Copy(CopyOrder::Code(CodeCopyJobNative {
        clock: CLOCK,
        code: CODE,
        source_offset,
        source_end: 70,
        target: target.0,
        target_offset: target.1,
        length,
    }))
}

fn hash(offset: u64, length: u64) -> Order {
    Order::Read(ReadOrder::Hash(HashJobNative {
        clock: CLOCK,
        call: 3,
        offset,
        length,
        digest: U256::MAX / U256::from(7),
    }))
}

fn log(offset: u64, length: u64) -> Order {
    Order::Read(ReadOrder::Log(LogJobNative { clock: CLOCK, call: 3, offset, length, transaction: 12, log: 4 }))
}

fn deposit(offset: u64, length: u64) -> Order {
    Order::Read(ReadOrder::Deposit(DepositJobNative { clock: CLOCK, call: 3, offset, length, hash: CODE }))
}

/// One job, its rows, and the world behind it.
struct Run {
    order: Order,
    world: World,
    grid: Grid,
}

fn run_all(orders: &[Order], k: u32) -> (Vec<(Order, World)>, Grid) {
    let mut sheet = Sheet::<CopyChips>::new();
    let mut worlds = Vec::new();
    for (origin, order) in orders.iter().enumerate() {
        let length = if let Order::Read(ReadOrder::Deposit(job)) = order { job.length } else { 70 };
        let mut world = World { code: (0..length).map(|i| byte(9, i)).collect(), ..World::default() };
        if let Order::Read(ReadOrder::Deposit(job)) = order {
            for index in 0..4 {
                let position = |p: u64| p.wrapping_sub(job.offset);
                let value = word_of(|p| if position(p) < length { world.code_byte(position(p)) } else { 201 }, index);
                world.words.insert((3, index), (value, 600));
                world.found.insert((3, index), value);
            }
        }
        plan(order, &mut world).into_iter().for_each(|event| sheet.push(origin as u64, event));
        worlds.push((order.clone(), world));
    }
    let workload: &dyn Workload = &sheet;
    (worlds, workload.grid(k, 0..workload.len()).expect("there is room"))
}

fn run(order: Order) -> Run {
    let (mut worlds, grid) = run_all(std::slice::from_ref(&order), 9);
    let (order, world) = worlds.remove(0);
    Run { order, world, grid }
}

/// The other side of the bus: what is left when every true fact is provided, the order is sent, memory is as found before
/// and as the world has it behind, and what the job publishes is received.
fn unbalanced(run: &Run) -> Vec<&'static str> {
    let mut balance = Balance::default();
    balance.add_grid(&run.grid);
    let (one, minus) = (F::from(1), -F::from(1));
    match &run.order {
        Order::Copy(CopyOrder::Memory(job)) => balance.add_public::<CopyJob>(job, one),
        Order::Copy(CopyOrder::Code(job)) => balance.add_public::<CodeCopyJob>(job, one),
        Order::Read(ReadOrder::Hash(job)) => {
            balance.add_public::<HashJob>(job, one);
            let HashJobNative { digest, length, .. } = *job;
            for index in 0..length.div_ceil(8) {
                let at = |i: u64| if 8 * index + i < length { byte(3, job.offset + 8 * index + i) } else { 0 };
                let lane = F::from(u64::from_be_bytes(std::array::from_fn(|i| at(i as u64))));
                balance.add_public::<HashLane>(&HashLaneNative { digest, index, lane }, minus);
            }
            balance.add_public::<HashEnd>(&HashEndNative { digest, length }, minus);
        }
        Order::Read(ReadOrder::Log(job)) => {
            balance.add_public::<LogJob>(job, one);
            for index in 0..job.length.div_ceil(32) {
                let word = word_of(|p| if p < job.length { byte(3, job.offset + p) } else { 0 }, index);
                let data = PublicLogDataNative { transaction: 12, log: 4, index, word };
                balance.add_public::<PublicLogData>(&data, minus);
            }
        }
        Order::Read(ReadOrder::Deposit(job)) => balance.add_public::<DepositJob>(job, one),
    }
    for ((call, index), found) in &run.world.found {
        let (now, clock) = run.world.words[&(*call, *index)];
        let before = MemoryNative {
            call: *call,
            index: *index,
            value: *found,
            clock: if *call == 3 && is_deposit(run) { 600 } else { 500 },
        };
        balance.add_public::<Memory>(&before, one);
        balance.add_public::<Memory>(&MemoryNative { value: now, clock, ..before }, minus);
    }
    let left = balance.unbalanced();
    left.iter().filter(|left| !is_true(&run.world, left.tag.name, &left.tuple)).map(|left| left.tag.name).collect()
}

fn is_deposit(run: &Run) -> bool {
    matches!(run.order, Order::Read(ReadOrder::Deposit(_)))
}

fn number(value: F) -> Option<u64> {
    let bytes = value.to_bytes();
    bytes[8..].iter().all(|byte| *byte == 0).then(|| u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")))
}

fn word(limbs: &[F]) -> U256 {
    let [hi, lo] = [0, 1].map(|i| U256::from_le_bytes::<32>(limbs[i].to_bytes()));
    hi << 128 | lo
}

/// Whether a tuple is a fact that some other circuit can prove.
fn is_true(world: &World, name: &str, tuple: &[F]) -> bool {
    let numbers: Vec<_> = tuple.iter().map(|value| number(*value)).collect();
    let small = |i: usize, limit: u64| numbers[i].filter(|value| *value <= limit);
    let fact = match name {
        "range16" => return small(0, 0xffff).is_some(),
        "words" => {
            numbers[0].map(|bytes| Words::tuple(&WordsNative { bytes, words: bytes / 32, rest: (bytes % 32) as u8 }))
        }
        "slice" => small(4, 31).zip(small(5, 32)).map(|(shift, keep)| {
            let (first, second) = (word(&tuple[..2]), word(&tuple[2..4]));
            let result = cut(first, second, shift, keep);
            Slice::tuple(&SliceNative { first, second, shift: shift as u8, keep: keep as u8, result })
        }),
        "splice" => small(4, 31).zip(small(5, 32)).map(|(shift, count)| {
            let (first, second, value) = (word(&tuple[..2]), word(&tuple[2..4]), word(&tuple[6..8]));
            let inside = count.min(32 - shift);
            let first_after = paste(first, value, shift, inside);
            let second_after = paste(second, cut(value, U256::ZERO, inside % 32, 32), 0, count - inside);
            let (shift, count) = (shift as u8, count as u8);
            Splice::tuple(&SpliceNative { first, second, shift, count, value, first_after, second_after })
        }),
        "code word" => small(2, world.code.len().div_ceil(32) as u64 - 1).map(|index| {
            let word = word_of(|position| world.code_byte(position), index);
            CodeWord::tuple(&CodeWordNative { hash: CODE, index, word })
        }),
        "code length" => Some(CodeLength::tuple(&CodeLengthNative { hash: CODE, length: world.code.len() as u64 })),
        _ => None,
    };
    fact.as_deref() == Some(tuple)
}

fn assert_holds(run: &Run) {
    let report = check(&run.grid);
    assert!(report.failures.is_empty(), "{:?}: {:?}", run.order, report.failures);
    let left = unbalanced(run);
    assert!(left.is_empty(), "{:?}: {left:?}", run.order);
    let (call, offset, length) = match &run.order {
        Order::Copy(CopyOrder::Memory(job)) => (job.target, job.target_offset, job.length),
        Order::Copy(CopyOrder::Code(job)) => (job.target, job.target_offset, job.length),
        Order::Read(_) => return,
    };
    let copied = |i: u64| match &run.order {
        Order::Copy(CopyOrder::Memory(job)) if job.source_offset + i < job.source_end => {
            byte(job.source, job.source_offset + i)
        }
        Order::Copy(CopyOrder::Code(job)) => run.world.code_byte(job.source_offset + i),
        _ => 0,
    };
    for position in offset / 32 * 32..(offset + length).next_multiple_of(32) {
        let inside = position >= offset && position < offset + length;
        let expected = if inside { copied(position - offset) } else { byte(call, position) };
        assert_eq!(run.world.memory_byte(call, position), expected, "{:?} at {position}", run.order);
    }
}

fn orders() -> Vec<Order> {
    let mut orders = vec![
        copy((3, 64, 500), (4, 32), 64),
        copy((3, 70, 500), (4, 0), 40),
        copy((3, 70, 500), (4, 45), 7),
        copy((3, 5, 500), (4, 45), 100),
        copy((3, 5, 30), (4, 45), 100),
        copy((3, 5, 64), (4, 32), 100),
        copy((3, 64, 64), (4, 33), 64),
        copy((3, 70, 64), (4, 33), 10),
        copy((3, 32, 64), (4, 32), 96),
        copy((3, 10, 500), (3, 20), 90),
        copy((3, 20, 500), (3, 10), 90),
        copy((3, 31, 500), (4, 1), 33),
        copy((3, 0, 33), (4, 31), 34),
    ];
    orders.extend([
        code_copy(0, (4, 0), 70),
        code_copy(3, (4, 40), 96),
        code_copy(70, (4, 1), 5),
        code_copy(64, (4, 64), 32),
        code_copy(90, (4, 64), 64),
    ]);
    orders.extend([hash(64, 136), hash(7, 200), hash(0, 160), hash(31, 141), hash(5, 33), hash(5, 17), hash(5, 25)]);
    orders.extend([hash(0, 32), hash(64, 96), hash(5, 64)]);
    orders.extend([log(0, 32), log(5, 70), log(31, 1), log(31, 2), log(64, 96)]);
    orders.extend([deposit(0, 70), deposit(9, 70), deposit(57, 70), deposit(5, 64)]);
    orders
}

#[test]
fn honest_jobs_hold() {
    orders().into_iter().for_each(|order| assert_holds(&run(order)));
}

#[test]
fn every_alignment_holds() {
    for (i, shift) in (0..32).enumerate() {
        for target in [0, 1, 13, 31, (shift + 5) % 32] {
            let length = 1 + (i as u64 * 37 + target * 11) % 120;
            let end = shift + (i as u64 * 29 + target) % 130;
            assert_holds(&run(copy((3, shift, end), (4, target), length)));
            assert_holds(&run(copy((3, shift, 1 << 20), (3, target), length)));
        }
    }
}

#[test]
fn mock_prover_agrees() {
    let (_, grid) = run_all(&orders(), 9);
    let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
    prover.verify().expect("MockProver agrees");
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let (_, mut grid) = run_all(&orders(), 9);
    let found = audit(&mut grid, usize::MAX);
    assert_eq!(found.matches(CopyChips::EXCEPTIONS), Ok(()));
}

fn column(grid: &Grid, name: &str) -> Cell {
    let index = grid.circuit.main.iter().position(|column| column == name);
    Cell::main(index.unwrap_or_else(|| panic!("no column {name}")))
}

fn window(grid: &Grid, chip: &str, index: usize) -> usize {
    let chips = &grid.circuit.chips;
    grid.windows.iter().filter(|w| chips[w.chip].name == chip).nth(index).expect("such a window").row
}

/// A run whose rows have been tampered with, but for those of the head: is it noticed?
fn assert_rejected(run: &Run) {
    let failures = check(&run.grid).failures;
    assert!(!failures.is_empty() || !unbalanced(run).is_empty(), "{:?}", run.order);
}

/// `SOUNDNESS.md` 20: a copy that never reaches its last row. The chain of states would not close.
#[test]
fn class_20_a_job_ends_where_it_should() {
    for order in orders() {
        let chips: Vec<_> = run(order.clone()).grid.windows.iter().map(|window| (window.chip, window.row)).collect();
        for (chip, row) in &chips[1..] {
            // The row is left out.
            let mut cut = run(order.clone());
            let selector = cut.grid.circuit.chips[*chip].selector.expr().as_cell().expect("a column");
            cut.grid.write(selector, *row, F::from(0));
            assert_rejected(&cut);
            // It claims to be the last, or not to be.
            let mut other = run(order.clone());
            let last = column(&other.grid, "last");
            let value = F::from(1) - other.grid.read(last, *row);
            other.grid.write(last, *row, value);
            assert_rejected(&other);
        }
    }
}

/// `SOUNDNESS.md` 22 and 23: a job of two kinds, or of none.
#[test]
fn class_22_and_23_a_job_is_of_one_kind() {
    for flags in [[1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0]] {
        let mut run = run(hash(64, 136));
        let row = window(&run.grid, "begin read", 0);
        for (name, value) in ["last", "slices", "splices"].into_iter().zip(flags) {
            let cell = column(&run.grid, name);
            run.grid.write(cell, row, F::from(value));
        }
        let kind = column(&run.grid, "kind");
        run.grid.write(kind, row, F::from(3 * flags[0] + 4 * flags[1] + 5 * flags[2]));
        assert_rejected(&run);
    }
}

/// `SOUNDNESS.md` 48: the first row. What the head hands on is the word in which the first byte lies.
#[test]
fn class_48_the_first_word_is_the_right_one() {
    for order in orders() {
        for name in ["index", "shift", "second.lo", "second.hi", "place", "target shift", "left", "available"] {
            let mut run = run(order.clone());
            let chip = run.grid.circuit.chips[run.grid.windows[0].chip].name;
            let row = window(&run.grid, chip, 0);
            let cell = column(&run.grid, name);
            let value = run.grid.read(cell, row) + F::from(1);
            run.grid.write(cell, row, value);
            assert_rejected(&run);
        }
    }
}

/// `SOUNDNESS.md` 51: bytes that differ in their zeros alone. The length is part of what is said of them.
#[test]
fn class_51_a_length_goes_with_the_bytes() {
    // A deposit of fewer bytes than the code has, or of more.
    for length in [69, 71] {
        let mut world = World { code: (0..70).map(|i| byte(9, i)).collect(), ..World::default() };
        for index in 0..4 {
            let value = word_of(|p| world.code_byte(p), index);
            world.words.insert((3, index), (value, 600));
            world.found.insert((3, index), value);
        }
        let order = deposit(0, length);
        let mut sheet = Sheet::<CopyChips>::new();
        plan(&order, &mut world).into_iter().for_each(|event| sheet.push(0, event));
        let workload: &dyn Workload = &sheet;
        let grid = workload.grid(9, 0..workload.len()).expect("there is room");
        assert!(check(&grid).failures.is_empty());
        let left = unbalanced(&Run { order, world, grid });
        assert!(left.contains(&"code length"), "{left:?}");
    }
    // A hash of more bytes than the job has.
    let mut run = run(hash(64, 136));
    let Order::Read(ReadOrder::Hash(job)) = &mut run.order else { panic!("a hash") };
    job.length = 137;
    assert!(unbalanced(&run).contains(&"hash end"));
}

/// What is read is what was there before the job, and what is written is later: no access shares its time with another.
#[test]
fn overlapping_copies_read_old_bytes() {
    let run = run(copy((3, 0, 500), (3, 32), 320));
    assert_holds(&run);
    assert!(run.world.words.values().all(|(_, clock)| *clock == CLOCK || *clock == CLOCK + 1));
}

#[test]
fn words_behind_the_end_of_the_source_are_not_touched() {
    for (order, missing) in [
        (copy((3, 5, 32), (4, 45), 100), vec![1, 2, 3, 4]),
        (copy((3, 37, 65), (4, 0), 100), vec![0, 3, 4, 5]),
        (copy((3, 64, 64), (4, 0), 100), vec![0, 1, 2, 3]),
        (hash(5, 155), vec![5, 6]),
    ] {
        let mut world = World { missing: missing.into_iter().map(|index| (3, index)).collect(), ..World::default() };
        plan(&order, &mut world);
    }
}

/// A word of a hash that is cut into other lanes: no constraint objects, but one of the two is not below 2^64, so that
/// keccak receives neither.
#[test]
fn other_lanes_of_a_hashed_word_have_no_partners() {
    let shift = F::from(1 << 32).square();
    let mut forged = 0;
    for order in orders().into_iter().filter(|order| matches!(order, Order::Read(ReadOrder::Hash(_)))) {
        let honest = run(order.clone()).grid;
        let rows = honest.windows.iter().filter(|window| honest.circuit.chips[window.chip].name == "hash");
        let rows: Vec<_> = rows.map(|window| window.row).collect();
        for (half, limb, sent) in [("after.hi", "result.hi", "old.hi"), ("after.lo", "result.lo", "splices")] {
            let [half, limb, sent] = [half, limb, sent].map(|name| column(&honest, name));
            // Where the second lane of a limb is not sent, it is zero.
            for row in rows.iter().copied().filter(|row| honest.read(sent, *row) == F::from(1)) {
                let lane = honest.read(half, row);
                for other in [lane + F::from(1), lane - F::from(1), lane + shift, -lane] {
                    let mut run = run(order.clone());
                    run.grid.write(half, row, other);
                    assert!(check(&run.grid).failures.is_empty(), "{order:?}");
                    assert_eq!(unbalanced(&run), ["hash lane"; 4], "{order:?}: two are sent and two others received");
                    let lanes = [other, honest.read(limb, row) - other * shift];
                    assert!(lanes.into_iter().any(|lane| number(lane).is_none()), "{order:?}: {lanes:?}");
                    forged += 1;
                }
            }
        }
    }
    assert!(forged > 100, "{forged} rows");
}

#[test]
fn the_layout_is_narrow() {
    let sheet = Sheet::<CopyChips>::new();
    let circuit = sheet.circuit();
    let cells = circuit.main.len() + circuit.aux_columns();
    assert!(cells <= 55, "a row takes {cells} cells");
}
