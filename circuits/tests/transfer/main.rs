//! Transfers: each way in which a step can end holds and says what it should, every constraint is needed, no cell is free,
//! and a success cannot pass for a failure or the other way round.

mod forgeries;
mod fractions;
mod world;

use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_circuits::bus::{
    CodeCopyJob, CopyJob, DepositJob, HashJob, LogJob, MemoryCost, Range16, Range128, Slice, SliceNative, Words,
};
use verbatim_circuits::copy::{CopyOrder, Order, ReadOrder, cut};
use verbatim_circuits::memory::expansion::memory_cost;
use verbatim_circuits::transfer::{TransferChips, TransferEvent};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::ChipSet;
use verbatim_gadgets::message::Message;

use forgeries::{column, derive};
use world::{Case, grid};

fn n(value: u64) -> U256 {
    U256::from(value)
}

fn case(opcode: u8, stack: &[u64]) -> Case {
    Case::new(opcode, &stack.iter().map(|value| n(*value)).collect::<Vec<_>>())
}

fn number(value: &F) -> Option<u128> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_at(16);
    high.iter().all(|b| *b == 0).then(|| u128::from_le_bytes(low.try_into().expect("sixteen bytes")))
}

/// Whether a tuple is a fact that arith, the tables or the memory circuit can prove.
fn is_true(tag: u64, t: &[F]) -> bool {
    let n = |i: usize| number(&t[i]);
    let word = |i: usize| Some(U256::from(n(i)?) << 128 | U256::from(n(i + 1)?));
    let holds = || {
        Some(match tag {
            id if id == Range16::TAG.id => n(0)? < 1 << 16,
            id if id == Range128::TAG.id => n(0).is_some(),
            id if id == Words::TAG.id => n(0)? < 1 << 64 && n(0)? / 32 == n(1)? && n(0)? % 32 == n(2)?,
            id if id == MemoryCost::TAG.id => n(0)? < 1 << 44 && memory_cost(n(0)? as u64) == n(1)?,
            id if id == Slice::TAG.id => {
                let (first, second, shift, keep) = (word(0)?, word(2)?, n(4)? as u8, n(5)? as u8);
                let result = cut(first, second, shift.into(), keep.into());
                shift < 32 && keep <= 32 && Slice::tuple(&SliceNative { first, second, shift, keep, result }) == t
            }
            _ => false,
        })
    };
    holds().unwrap_or(false)
}

/// What the bus holds against a grid: untrue facts, and messages without their partner.
fn objections(case: &Case, grid: &Grid) -> Vec<String> {
    let mut balance = case.others();
    balance.add_grid(grid);
    let wrong = balance.unbalanced().into_iter().filter(|left| {
        let consumed = number(&-left.sum).is_some_and(|count| count < 1 << 20);
        !(consumed && is_true(left.tag.id, &left.tuple))
    });
    wrong.map(|left| format!("{} {:?}", left.tag.name, left.tuple)).collect()
}

fn assert_holds(case: &Case) {
    let grid = grid(std::slice::from_ref(case), 9);
    let failures = check(&grid).failures;
    assert!(failures.is_empty(), "{case:?}: {failures:#?}");
    let objections = objections(case, &grid);
    assert!(objections.is_empty(), "{case:?}: {objections:#?}");
}

fn hashes() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        [0, 32],
        [32, 64],
        [64, 64],
        [0, 64],
        [96, 64],
        [5, 32],
        [1, 64],
        [0, 1],
        [31, 2],
        [31, 135],
        [0, 135],
        [0, 128],
        [64, 85],
        [32, 100],
        [200, 33],
        [7, 1],
        [0, 136],
        [40, 1000],
        [3, 0],
        [0, 0],
        [500, 0],
    ]
    .map(|stack| case(0x20, &stack))
    .into();
    cases.push(Case { long: true, ..case(0x20, &[31, 100]) });
    cases.push(Case::new(0x20, &[U256::MAX, U256::ZERO]));
    cases
}

fn copies() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in [0x37, 0x39, 0x3e] {
        for stack in [[0, 0, 32], [7, 5, 59], [128, 64, 0], [100, 10, 54], [64, 0, 64], [0, 64, 0]] {
            cases.push(case(opcode, &stack));
        }
    }
    for opcode in [0x37, 0x39] {
        for stack in [[0, 90, 32], [7, 99, 500], [0, 100, 1], [3, 101, 90], [0, 1 << 50, 64]] {
            cases.push(case(opcode, &stack));
        }
        for source in [U256::MAX, U256::from(1) << 128, (U256::from(1) << 128) - n(1)] {
            cases.push(Case::new(opcode, &[n(31), source, n(40)]));
            cases.push(Case::new(opcode, &[n(31), source, n(0)]));
        }
    }
    cases
}

fn logs() -> Vec<Case> {
    let topics = [n(11), U256::MAX, n(0), U256::from(5) << 140];
    let mut cases = Vec::new();
    for count in 0..=4 {
        for (offset, length, reverted) in [(0, 32, false), (33, 200, false), (9, 0, false), (9, 0, true), (0, 70, true)]
        {
            let stack = [&[n(offset), n(length)], &topics[..count]].concat();
            cases.push(Case { reverted, ..Case::new(0xa0 + count as u8, &stack) });
        }
    }
    cases
}

/// Faults of every kind, for each opcode.
fn faults() -> Vec<Case> {
    let mut cases = Vec::new();
    let far = U256::from(1u64 << 42);
    let high = U256::from(1) << 128;
    for opcode in [0x20, 0x37, 0x39, 0x3e, 0xa0, 0xa2, 0xa4] {
        let copy = (0x30..0x40).contains(&opcode);
        let stack = |offset: U256, length: U256| {
            let mut stack = if copy { vec![offset, n(0), length] } else { vec![offset, length] };
            stack.extend((0xa0..opcode).map(|_| n(77)));
            Case::new(opcode, &stack)
        };
        let whole = stack(n(0), n(64));
        let needs = whole.stack.len() as u64;
        cases.extend((0..needs).map(|height| Case { height, ..whole.clone() }));
        cases.push(Case { gas: 1, ..whole.clone() });
        cases.push(Case { gas: 1, ..stack(n(30), n(0)) });
        cases.push(stack(n(1 << 30), n(40)));
        let pairs = [
            (far, n(1)),
            (n(1), far),
            (far - n(1), n(1)),
            (high, n(1)),
            (n(0), high),
            (U256::MAX, U256::MAX),
            (high - n(1), high - n(1)),
        ];
        cases.extend(pairs.map(|(offset, length)| stack(offset, length)));
    }
    for (source, length, returned) in [
        (n(65), n(0), 64),
        (n(0), n(65), 64),
        (n(64), n(1), 64),
        (U256::MAX, n(0), 64),
        (U256::MAX, n(1), 64),
        (high, n(3), 0),
        (high - n(1), n(0), 0),
        (high - n(1), n(200), 64),
    ] {
        cases.push(Case { returned, ..Case::new(0x3e, &[n(0), source, length]) });
    }
    for opcode in [0xa0, 0xa1, 0xa4] {
        let stack = [n(0), n(32), n(1), n(2), n(3), n(4)];
        cases.push(Case { fixed: true, ..Case::new(opcode, &stack[..2 + usize::from(opcode - 0xa0)]) });
        cases.push(Case { fixed: true, gas: 0, ..Case::new(opcode, &stack) });
        cases.push(Case { fixed: true, ..Case::new(opcode, &[&[high, n(1)], &stack[2..]].concat()) });
    }
    // The greatest evidence by the range, in a call that may not write.
    let most = [(U256::from(1) << 128) - n(2), n(1 << 42) + n(1)];
    cases.push(Case { fixed: true, ..Case::new(0xa0, &most) });
    cases
}

fn cases() -> Vec<Case> {
    [hashes(), copies(), logs(), faults()].concat()
}

#[test]
fn every_case_holds() {
    let cases = cases();
    cases.iter().for_each(assert_holds);
    assert!(faults().iter().all(|case| case.fault().is_some()));
    assert!([hashes(), copies(), logs()].concat().iter().all(|case| case.fault().is_none()));
}

#[test]
fn mock_prover_agrees() {
    let grid = grid(&cases(), 10);
    let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
    prover.verify().expect("MockProver agrees");
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let mut grid = grid(&cases(), 10);
    let found = audit(&mut grid, usize::MAX);
    assert_eq!(found.matches(TransferChips::EXCEPTIONS), Ok(()));
}

/// The jobs that the assembler is told of are those that the circuit sends.
#[test]
fn jobs_are_those_that_are_sent() {
    let mut jobs = 0;
    for case in cases() {
        let order = match case.event() {
            TransferEvent::HashPair(_) | TransferEvent::HashBytes(_) => continue,
            TransferEvent::HashLong(event) => event.job(),
            TransferEvent::InputCopy(event) | TransferEvent::CodeCopy(event) => event.job(),
            TransferEvent::ReturnCopy(event) => event.job(),
            TransferEvent::Log(event) => event.job(),
        };
        // Nobody but the circuit speaks of jobs, so that its own are those without a partner.
        let mut balance = Balance::default();
        balance.add_grid(&grid(std::slice::from_ref(&case), 9));
        let sent: Vec<_> = balance.unbalanced().into_iter().filter(|left| left.tag.name.ends_with(" job")).collect();
        let told: Vec<_> = order.iter().map(tuple).collect();
        assert_eq!(sent.into_iter().map(|left| left.tuple).collect::<Vec<_>>(), told, "{case:?}");
        jobs += told.len();
    }
    assert!(jobs > 40);
}

fn tuple(order: &Order) -> Vec<F> {
    match order {
        Order::Copy(CopyOrder::Memory(job)) => CopyJob::tuple(job),
        Order::Copy(CopyOrder::Code(job)) => CodeCopyJob::tuple(job),
        Order::Read(ReadOrder::Hash(job)) => HashJob::tuple(job),
        Order::Read(ReadOrder::Log(job)) => LogJob::tuple(job),
        Order::Read(ReadOrder::Deposit(job)) => DepositJob::tuple(job),
    }
}

/// A step that says the contrary of whether it succeeds, with everything else as it was.
fn relabelled(case: &Case, ok: u64, next_pc: F) -> Grid {
    let mut grid = grid(std::slice::from_ref(case), 9);
    let window = grid.windows[0];
    let [flag, next] = ["ok", "next pc"].map(|name| column(&grid, name));
    grid.write(flag, window.row, F::from(ok));
    grid.write(next, window.row, next_pc);
    derive(&mut grid, window.chip, window.row, &[flag, next].into());
    grid
}

/// The value of a constraint of the only step of a grid.
fn value(grid: &Grid, label: &str) -> F {
    let window = grid.windows[0];
    let constraints = &grid.circuit.chips[window.chip].constraints;
    let constraint = constraints.iter().find(|constraint| constraint.label == label).expect("such a constraint");
    grid.evaluate(&constraint.expr, window.row)
}

/// `SOUNDNESS.md` 2: success and failure both satisfiable. A step that succeeds has no evidence of a failure: none of
/// the two values that its constraint leaves is in the range that the fault chip asks for.
#[test]
fn class_2_a_success_is_no_failure() {
    for case in [hashes(), copies(), logs()].concat() {
        let grid = relabelled(&case, 0, F::from(0));
        let read = |name| grid.read(column(&grid, name), grid.windows[0].row);
        let chip = grid.circuit.chips[grid.windows[0].chip].name;
        if chip == "hash pair" || chip == "hash bytes" {
            assert!(!check(&grid).failures.is_empty(), "{case:?}");
            continue;
        }
        let lack = read("cost") + read("extra gas") - read("gas") - F::from(1);
        // For an evidence of zero, the constraint is the product of the two.
        let other = value(&grid, "evidence") * lack.invert().expect("gas is left");
        for evidence in [lack, other] {
            assert_eq!(number(&evidence), None, "{case:?}");
            assert_eq!(value(&relabelled(&case, 0, evidence), "evidence"), F::from(0));
        }
    }
}

/// The same the other way round: a step that fails cannot succeed, unless with less than no gas, which the end of the call
/// rejects.
#[test]
fn class_2_a_failure_is_no_success() {
    for case in faults() {
        let grid = relabelled(&case, 1, F::from(case.pc + 1));
        let read = |name| grid.read(column(&grid, name), grid.windows[0].row);
        let left = read("gas") - read("cost") - read("extra gas");
        assert!(number(&left).is_none() || !check(&grid).failures.is_empty(), "{case:?}");
    }
}

/// `SOUNDNESS.md` 43: an expansion that nobody pays for. Memory that has to grow does.
#[test]
fn class_43_an_expansion_is_paid_for() {
    for opcode in [0x20, 0x37, 0x39, 0x3e, 0xa0] {
        let copy = (0x30..0x40).contains(&opcode);
        let case = case(opcode, if copy { &[200, 0, 10] } else { &[200, 10] });
        let mut grid = grid(&[Case { long: true, ..case }], 9);
        let window = grid.windows[0];
        let grows = column(&grid, if opcode == 0xa0 { "ok" } else { "code.hi" }).shifted(2);
        grid.write(grows, window.row, F::from(0));
        derive(&mut grid, window.chip, window.row, &[grows].into());
        let failures: Vec<_> = check(&grid).failures.into_iter().map(|failure| failure.label).collect();
        assert_eq!(failures, ["memory grows: comparison"]);
    }
}

/// `SOUNDNESS.md` 51: a log whose topics are zero is not one without topics, nor is data of zeros no data: the numbers of
/// both are published.
#[test]
fn class_51_numbers_go_with_topics_and_data() {
    let [none, zero] = [case(0xa0, &[0, 0]), case(0xa1, &[0, 0, 0])];
    let more = case(0xa0, &[0, 32]);
    for (honest, other) in [(&none, &zero), (&zero, &none), (&none, &more)] {
        let grid = grid(std::slice::from_ref(honest), 9);
        assert!(objections(other, &grid).iter().any(|objection| objection.starts_with("public log")));
    }
}

#[test]
fn the_layout_is_narrow() {
    let grid = grid(&[], 9);
    let cells = grid.circuit.main.len() + grid.circuit.aux_columns();
    assert!(cells <= 51, "a row takes {cells} cells");
    let heights: Vec<_> = grid.circuit.chips.iter().map(|chip| (chip.name, chip.height)).collect();
    assert_eq!(heights[..3], [("hash pair", 1), ("hash bytes", 4), ("hash long", 3)]);
}
