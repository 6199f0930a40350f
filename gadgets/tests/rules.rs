//! The framework's own rules, each broken once. Names with a number are classes of the soundness list.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Circuit, CircuitBuilder, Rows};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::{Challenges, ShardCircuit, auxiliary};
use verbatim_gadgets::message;
use verbatim_gadgets::stats::CircuitStats;
use verbatim_gadgets::value::{Any, Limb, U16, Value, Word};

message! {
    /// A number.
    pub struct Number, NumberNative = Linear 2 "number" {
        /// The number.
        value: Any,
    }

    /// Another kind with the same tag.
    pub struct Usurper, UsurperNative = Linear 2 "usurper" {
        /// The number.
        value: Any,
    }

    /// A fact.
    pub struct Truth, TruthNative = Fact 3 "truth" {
        /// The number.
        value: Any,
    }
}

const K: u32 = 8;

fn column(circuit: &Circuit, name: &str) -> Cell {
    Cell::main(circuit.main.iter().position(|column| column == name).expect("a column of that name"))
}

fn empty(circuit: &Arc<Circuit>) -> Grid {
    Grid::new(Arc::clone(circuit), K, Arc::new(circuit.fixed_values(K)))
}

fn labels(grid: &Grid) -> Vec<String> {
    check(grid).failures.into_iter().map(|failure| failure.label).collect()
}

fn mock(grid: &Grid) -> bool {
    let (circuit, sum) = ShardCircuit::for_mock_prover(grid);
    MockProver::run(K, &circuit, vec![vec![sum]]).expect("it runs").verify().is_ok()
}

/// Two chips, of one row and of three, that send numbers where a flag is one.
fn two_chips() -> Arc<Circuit> {
    let mut builder = CircuitBuilder::new("two chips");
    let slot = builder.slot_with_columns::<Number>("number");
    builder.main("flag");
    for (name, height) in [("low", 1), ("tall", 3)] {
        builder.chip(name, height, |chip| {
            let value = chip.peek(&slot, 0).value;
            let flag = chip.bool("flag", 0);
            chip.send_if(&slot, 0, &flag, &Number { value });
        });
    }
    Arc::new(builder.finish())
}

fn placed(chip: usize) -> (Arc<Circuit>, Grid) {
    let circuit = two_chips();
    let mut grid = empty(&circuit);
    let (number, flag) = (column(&circuit, "number.value"), column(&circuit, "flag"));
    grid.place(chip, 0, |row| {
        row.field(&number.expr(), F::from(5));
        row.field(&flag.expr(), F::ONE);
    })
    .expect("there is room");
    assert_eq!(labels(&grid), [""; 0]);
    assert!(mock(&grid));
    (circuit, grid)
}

fn selector(circuit: &Circuit, chip: usize) -> Cell {
    circuit.chips[chip].selector.expr().as_cell().expect("a main selector")
}

#[test]
fn class_7_a_row_is_of_one_chip_or_of_none() {
    let (circuit, grid) = placed(1);
    let first = grid.windows[0].row;
    // In each row of the tall window, and the two before it, from which a tall one would reach into it.
    for (chip, rows) in [(0, 0..3), (1, 1..3)] {
        for row in rows.map(|row| first + row) {
            let mut wrong = grid.clone();
            wrong.write(selector(&circuit, chip), row, F::ONE);
            assert!(labels(&wrong).contains(&"windows do not overlap".to_owned()), "{chip} at {row}");
            assert!(!mock(&wrong), "{chip} at {row}");
        }
    }
    // Half a window of each chip, or two less one, are none.
    for [low, tall] in [[F::from(2), -F::ONE], [F::from(2).invert().expect("two"), F::from(2).invert().expect("two")]] {
        let mut wrong = grid.clone();
        wrong.write(selector(&circuit, 0), first, low);
        wrong.write(selector(&circuit, 1), first, tall);
        let labels = labels(&wrong);
        assert!(labels.iter().any(|label| label.ends_with("is boolean")), "{labels:?}");
        assert!(!mock(&wrong));
    }
}

#[test]
fn a_window_stays_within_the_usable_rows() {
    let (circuit, grid) = placed(0);
    let usable = Rows::new(K).usable;
    let first = circuit.first_row();
    // Above the first row, where a look back would wrap around, and below the last in which the tallest chip has room.
    for row in (0..first).chain(usable - first..usable) {
        for chip in 0..2 {
            let mut wrong = grid.clone();
            wrong.write(selector(&circuit, chip), row, F::ONE);
            assert!(labels(&wrong).iter().any(|label| label.ends_with("stays inside")), "{chip} at {row}");
            assert!(!mock(&wrong), "{chip} at {row}");
        }
    }
    for row in [first, usable - first - 1] {
        let mut right = empty(&circuit);
        right.write(selector(&circuit, 1), row, F::ONE);
        assert_eq!(labels(&right), [""; 0], "there is room at {row}");
        assert!(mock(&right));
    }
}

/// The rows behind the usable ones hold random numbers: what stands there is no window and says nothing.
#[test]
fn rows_of_blinding_say_nothing() {
    let (circuit, grid) = placed(0);
    let mut wrong = grid.clone();
    for row in Rows::new(K).usable..1 << K {
        for main in 0..circuit.main.len() {
            wrong.write(Cell::main(main), row, F::from((row * 7 + main) as u64));
        }
    }
    assert_eq!(labels(&wrong), [""; 0]);
    let sum = |grid: &Grid| auxiliary(grid, Challenges::of_mock_prover()).1;
    assert_eq!(sum(&wrong), sum(&grid));
    assert!(mock(&wrong));
}

/// The edges are where they are whatever a shard's size: no row of a window wraps around to the other end.
#[test]
fn the_bus_sum_is_that_of_the_windows_and_wraps_nowhere() {
    let (_, grid) = placed(1);
    let challenges = Challenges::of_mock_prover();
    let expected = challenges.compress(2, [F::from(5)].into_iter()).invert().expect("not zero");
    assert_eq!(auxiliary(&grid, challenges).1, expected);
    let (circuit, _) = ShardCircuit::for_mock_prover(&grid);
    let wrong = MockProver::run(K, &circuit, vec![vec![expected + F::ONE]]).expect("it runs");
    assert!(wrong.verify().is_err(), "the instance is the sum");
}

#[test]
fn class_58_a_multiplicity_of_a_linear_message_is_boolean() {
    let (circuit, grid) = placed(0);
    for flag in [F::from(2), -F::ONE] {
        let mut wrong = grid.clone();
        wrong.write(column(&circuit, "flag"), grid.windows[0].row, flag);
        assert_eq!(labels(&wrong), ["flag is boolean"]);
        assert!(!mock(&wrong));
    }
    // The bus alone would take two receivers for a message that is sent twice.
    let mut wrong = grid.clone();
    wrong.write(column(&circuit, "flag"), grid.windows[0].row, F::from(2));
    let mut balance = Balance::default();
    balance.add_grid(&wrong);
    (0..2).for_each(|_| balance.add_public::<Number>(&NumberNative { value: F::from(5) }, -F::ONE));
    assert!(balance.unbalanced().is_empty());
}

fn panics(build: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(build)).is_err()
}

#[test]
fn multiplicities_are_main_cells() {
    let provide = |fixed: bool| {
        let mut builder = CircuitBuilder::new("facts");
        let slot = builder.slot_with_columns::<Truth>("truth");
        let main = builder.main("multiplicity");
        let ones = builder.fixed("ones", |rows| vec![F::ONE; rows.usable]);
        builder.chip("chip", 1, |chip| {
            let truth = chip.peek(&slot, 0);
            chip.provide(&slot, 0, if fixed { ones } else { main }, &truth);
        });
        drop(builder.finish());
    };
    assert!(!panics(|| provide(false)));
    assert!(panics(|| provide(true)));
}

#[test]
fn a_kind_has_one_arity_and_one_tag() {
    let slots = |fields: usize, usurper: bool| {
        let mut builder = CircuitBuilder::new("slots");
        let cell = builder.main("value").expr();
        builder.slot::<Number>("number", vec![cell.clone(); fields]);
        if usurper {
            builder.slot::<Usurper>("usurper", vec![cell]);
        }
        drop(builder.finish());
    };
    assert!(!panics(|| slots(1, false)));
    assert!(panics(|| slots(2, false)), "two elements for one field");
    assert!(panics(|| slots(1, true)), "two kinds of one tag");
}

#[test]
fn no_gate_exceeds_the_degree() {
    let build = |degree: i32, fixed: bool| {
        let mut builder = CircuitBuilder::new("degrees");
        let (cell, selector) = (builder.main("value"), builder.fixed("selector", |_| vec![F::ONE]));
        let constrain = |chip: &mut ChipBuilder<'_>| {
            chip.require_zero("power", (0..degree).fold(Expr::one(), |power, _| power * cell));
        };
        match fixed {
            true => builder.fixed_chip("chip", 1, selector, constrain),
            false => builder.chip("chip", 1, constrain),
        }
        CircuitStats::of(&Arc::new(builder.finish())).degree
    };
    assert_eq!((build(3, false), build(4, true)), (5, 5));
    assert!(panics(|| _ = build(4, false)));
    assert!(panics(|| _ = build(5, true)));
}

#[test]
fn class_33_a_range_cannot_wrap_around_the_field() {
    let build = |limbs: usize| {
        let mut builder = CircuitBuilder::new("ranges");
        (0..limbs).for_each(|limb| drop(builder.checked16(&format!("limb {limb}"))));
        let value = builder.main("value");
        builder.chip("chip", 1, |chip| drop(chip.require_bits16("range", 0, limbs, value)));
        drop(builder.finish());
    };
    assert!(!panics(|| build(15)));
    assert!(panics(|| build(16)));
}

/// The difference of a comparison is in range for one answer only.
#[test]
fn class_31_a_comparison_has_one_answer() {
    let mut builder = CircuitBuilder::new("comparisons");
    let (a, b) = (builder.main("a"), builder.main("b"));
    let limbs = [builder.checked16("low"), builder.checked16("high")];
    builder.main("flag");
    builder.chip("chip", 1, |chip| {
        let value = |cell| U16::assume(cell, "the test fills no more");
        chip.reserve(a);
        chip.reserve(b);
        drop(chip.less_than("comparison", 0, 2, value(a), value(b)));
    });
    let circuit = Arc::new(builder.finish());
    for (x, y) in [(3u64, 9u64), (9, 3), (7, 7), (0, 65_535)] {
        let mut grid = empty(&circuit);
        grid.place(0, 0, |row| {
            row.field(&a.expr(), F::from(x));
            row.field(&b.expr(), F::from(y));
        })
        .expect("there is room");
        assert_eq!(labels(&grid), [""; 0]);
        let (flag, row) = (column(&circuit, "flag"), grid.windows[0].row);
        assert_eq!(grid.read(flag, row), F::from(u64::from(x < y)));
        // The other answer leaves a difference that no two limbs of 16 bits are.
        let other = F::ONE - grid.read(flag, row);
        let difference = F::from(x) - F::from(y) + other * F::from(1 << 32);
        assert!(difference >= F::from(1 << 32), "{x} {y}");
        let mut wrong = grid.clone();
        wrong.write(flag, row, other);
        assert_eq!(labels(&wrong), ["comparison"]);
        wrong.write(limbs[0].cell, row, difference);
        wrong.write(limbs[1].cell, row, F::ZERO);
        assert_eq!(labels(&wrong), [""; 0], "it is the range that rejects it");
        let mut balance = Balance::default();
        balance.add_grid(&wrong);
        assert!(balance.unbalanced().iter().any(|left| left.tuple[0] == difference));
    }
}

#[test]
fn class_38_no_word_is_reduced_modulo_the_prime() {
    let modulus: U256 = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001".parse().expect("a number");
    for word in [modulus, modulus + U256::from(5), U256::MAX] {
        let mut limbs = Vec::new();
        Word::push_native(&word, &mut limbs);
        let number = |limb: &F| U256::from_le_bytes(limb.to_bytes());
        assert_eq!(number(&limbs[0]) << 128 | number(&limbs[1]), word);
        assert!(limbs.iter().all(|limb| number(limb) < U256::from(1) << 128));
    }
    assert_eq!((Word::WIDTH, Limb::WIDTH), (2, 1));
}
