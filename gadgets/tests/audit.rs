//! The audit on small circuits whose answers are known.

use std::sync::Arc;

use verbatim_gadgets::audit::{Audit, Exception, Finding, audit};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Circuit, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::{Grid, WindowWriter};
use verbatim_gadgets::message;
use verbatim_gadgets::value::{Any, Bool};

message! {
    /// A number that goes in.
    pub struct Input, InputNative = Linear 2 "input" {
        /// The number.
        value: Any,
    }

    /// A number that comes out.
    pub struct Output, OutputNative = Linear 3 "output" {
        /// The number.
        value: Any,
    }

    /// The square of a number.
    pub struct Square, SquareNative = Fact 4 "square"
        determines [square] {
        /// The number.
        root: Any,
        /// Its square.
        square: Any,
    }
}

const K: u32 = 8;

/// What a chip is built from: two slots and five more columns.
struct Layout {
    input: Slot<Input>,
    output: Slot<Output>,
    square: Slot<Square>,
}

/// A circuit of one chip with one row.
fn circuit(build: impl FnOnce(&mut ChipBuilder<'_>, &Layout)) -> Arc<Circuit> {
    let mut builder = CircuitBuilder::new("circuit");
    let layout = Layout {
        input: builder.slot_with_columns("input"),
        output: builder.slot_with_columns("output"),
        square: builder.slot_with_columns("square"),
    };
    for column in 0..5 {
        builder.main(format!("scratch {column}"));
    }
    builder.chip("chip", 1, |chip| {
        // Scratch cells come after all slots.
        chip.peek(&layout.input, 0);
        chip.peek(&layout.output, 0);
        chip.peek(&layout.square, 0);
        build(chip, &layout);
    });
    Arc::new(builder.finish())
}

fn cell(circuit: &Circuit, name: &str) -> Cell {
    Cell::main(circuit.main.iter().position(|column| column == name).expect("a column of that name"))
}

/// One window for each list of values, given by column.
fn grid(circuit: &Arc<Circuit>, windows: &[&[(&str, u64)]]) -> Grid {
    let mut grid = Grid::new(Arc::clone(circuit), K, Arc::new(circuit.fixed_values(K)));
    for values in windows {
        let fill = |row: &mut WindowWriter<'_>| {
            let set = |(name, value): &(&str, u64)| row.field(&cell(circuit, name).expr(), F::from(*value));
            values.iter().for_each(set);
        };
        grid.place(0, 0, fill).expect("there is room");
    }
    grid
}

fn names(found: &Audit) -> Vec<String> {
    found.settle(&[]).unsettled.iter().map(|(finding, _, name)| format!("{finding:?} {name}")).collect()
}

/// The output is the input doubled where a flag of the input is one.
fn doubling(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let input = chip.receive(&layout.input, 0);
    let zero = chip.is_zero("input is zero", 0, input.value.expr());
    let value = Any::assume(&input.value * F::from(2) + zero, "any number");
    chip.send(&layout.output, 0, &Output { value });
}

#[test]
fn what_is_needed_is_found() {
    let circuit = circuit(doubling);
    // The first label of the zero test takes a flag, an inverse and an output that are wrong together.
    let found = audit(&mut grid(&circuit, &[&[("input.value", 7)], &[("input.value", 0)]]), 9);
    assert_eq!(found.constraints.len(), 4);
    assert_eq!(names(&found), [""; 0]);
    assert_eq!(found.matches(&[]), Ok(()));
}

#[test]
fn what_is_implied_is_not_needed() {
    let circuit = circuit(|chip, layout| {
        doubling(chip, layout);
        let (input, output) = (chip.peek(&layout.input, 0).value, chip.peek(&layout.output, 0).value);
        // Follows from the constraints before it, whatever the input is; and the first of the zero test from it and the rest.
        chip.require_zero("implied", &input * (&output - &input * F::from(2)));
    });
    let mut grid = grid(&circuit, &[&[("input.value", 7)], &[("input.value", 0)]]);
    let found = audit(&mut grid, 9);
    assert_eq!(
        found.redundant().map(|(_, label)| label.as_str()).collect::<Vec<_>>(),
        ["implied", "input is zero: zero has no inverse"]
    );
}

#[test]
fn flags_of_one_sum_are_each_needed() {
    // One of three flags, each of which is boolean: without one of the labels, it may be -1 where both others are one.
    let circuit = circuit(|chip, layout| {
        let input = chip.receive(&layout.input, 0);
        let flags: Vec<Bool> = (0..3).map(|i| chip.bool(&format!("flag {i}"), 0)).collect();
        chip.require_equal("one kind", flags.iter().map(Bool::expr).sum::<Expr>(), 1);
        let weighed: Expr = flags.iter().enumerate().map(|(i, flag)| flag * F::from(i as u64)).sum();
        chip.require_equal("the kind", input.value, weighed);
        chip.send(&layout.output, 0, &Output { value: Any::assume(&flags[0] + 0, "a flag") });
    });
    let flag = |kind: usize| circuit.chips[0].cells.iter().nth(2 + kind).expect("a flag's cell").column;
    let name = |kind: usize| circuit.main[usize::from(flag(kind))].clone();
    let names_of_flags: Vec<String> = (0..3).map(name).collect();
    let windows: Vec<Vec<(&str, u64)>> =
        (0..3).map(|kind| vec![("input.value", kind as u64), (names_of_flags[kind].as_str(), 1)]).collect();
    let windows: Vec<&[(&str, u64)]> = windows.iter().map(Vec::as_slice).collect();
    let found = audit(&mut grid(&circuit, &windows), 9);
    assert_eq!(found.redundant().count(), 0, "{found:?}");
}

#[test]
fn a_choice_of_two_cells_is_found() {
    // The output is a product of two scratch cells whose sum is the input: neither can change alone.
    let circuit = circuit(|chip, layout| {
        let input = chip.receive(&layout.input, 0);
        let (a, b) = (chip.any(0), chip.any(0));
        chip.require_equal("sum", input.value, &a + &b);
        chip.send(&layout.output, 0, &Output { value: Any::assume(&a * &b, "any number") });
    });
    let mut grid = grid(&circuit, &[&[("input.value", 5), ("scratch 0", 2), ("scratch 1", 3)]]);
    let mut found = Audit::default();
    found.survey(&mut grid, 9);
    assert!(found.open.is_empty(), "one cell is not enough");
    found.search(&grid, 9);
    assert_eq!(names(&found), ["Choice output: value in row 0"]);
}

#[test]
fn a_fact_is_a_function_of_its_key() {
    let squares = |wrong: bool| {
        let circuit = circuit(|chip, layout| {
            let (root, multiplicity) = (chip.peek(&layout.square, 0).root, chip.multiplicity(0));
            let other = chip.any(0);
            let square = if wrong { &root * &other } else { &root * &root };
            chip.provide(&layout.square, 0, multiplicity, &Square { root, square: Any::assume(square, "any number") });
            chip.require_zero("the other", &other * &other - &other * F::from(3));
        });
        let mut grid = grid(&circuit, &[&[("square.root", 3)], &[("square.root", 3)]]);
        let found = audit(&mut grid, 9);
        found.choices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(squares(false), [""; 0], "another root has another square, and that is no choice");
    assert_eq!(squares(true), ["square: square in row 0"]);
}

#[test]
fn a_cell_that_matters_in_another_window_is_not_idle() {
    let build = |used: bool| {
        circuit(move |chip, layout| {
            let input = chip.receive(&layout.input, 0);
            let flag = chip.bool("flag", 0);
            let extra = chip.any(0);
            chip.require_equal("the flag", input.value, &flag);
            let value = Any::assume(if used { &flag * &extra } else { &extra * Expr::zero() + &flag }, "any number");
            chip.send_if(&layout.output, 0, &flag, &Output { value });
        })
    };
    // The only window has no flag, so that no change of the other cell is seen.
    let idle = |used: bool| {
        let circuit = build(used);
        let mut grid = grid(&circuit, &[&[]]);
        let mut found = Audit::default();
        found.survey(&mut grid, 9);
        assert!(found.idle().any(|cell| cell.column == "scratch 1"));
        found.search(&grid, 9);
        found.idle().map(|cell| cell.column.clone()).collect::<Vec<_>>()
    };
    assert_eq!(idle(true), [""; 0]);
    assert_eq!(idle(false), ["scratch 1"]);
}

#[test]
fn exceptions_are_matched_and_do_not_rot() {
    let circuit = circuit(|chip, layout| {
        let input = chip.receive(&layout.input, 0);
        chip.require_zero("twice", input.value.expr() * F::from(2));
        chip.require_zero("once", input.value.expr());
        let value = chip.any(0);
        chip.send(&layout.output, 0, &Output { value });
    });
    let found = audit(&mut grid(&circuit, &[&[]]), 9);
    let exception = |finding, names| Exception { chip: "chip", finding, names, reason: "the test" };
    let all = [
        exception(Finding::Redundant, &["twice", "once"]),
        exception(Finding::Open, &["scratch 0 in row 0"]),
        exception(Finding::Choice, &["output"]),
    ];
    let settlement = found.settle(&all);
    assert!(settlement.unsettled.is_empty(), "{settlement:?}");
    assert!(settlement.refuted.is_empty() && !settlement.excepted.is_empty());
    assert!(found.matches(&[]).is_err());
    let wrong =
        [exception(Finding::Redundant, &["output: value"]), exception(Finding::Idle, &["input.value in row 0"])];
    let settlement = found.settle(&wrong);
    assert_eq!(settlement.refuted, [("chip", "output: value")]);
    assert_eq!(settlement.unused, [(Finding::Idle, "chip", "input.value in row 0")]);
    let other = [Exception { chip: "another chip", ..exception(Finding::Idle, &["a cell"]) }];
    assert!(found.settle(&other).unused.is_empty(), "nothing is known of a chip without windows");
}

/// The same chip at fixed rows, whose windows share cells: a change of one that another rejects counts for neither.
#[test]
fn windows_that_share_cells_are_seen_together() {
    let mut builder = CircuitBuilder::new("counting");
    let value = builder.main("value");
    let all = builder.fixed("all but the last", |rows| vec![F::from(1); rows.usable - 1]);
    builder.fixed_chip("next", 1, all, |chip| chip.require_equal("counts", value.shifted(1), value + 1));
    let first = builder.fixed("first", |_| vec![F::from(1)]);
    builder.fixed_chip("first", 1, first, |chip| chip.require_zero("starts", value));
    let circuit = Arc::new(builder.finish());
    let mut grid = Grid::new(Arc::clone(&circuit), K, Arc::new(circuit.fixed_values(K)));
    for row in 0..grid.rows().usable {
        grid.write(value, row, F::from(row as u64));
        for (chip, def) in circuit.chips.iter().enumerate() {
            if grid.evaluate(&def.selector.expr(), row) == F::from(1) {
                grid.windows.push(verbatim_gadgets::grid::Window { chip, row, origin: 0 });
            }
        }
    }
    let found = audit(&mut grid, 3);
    // Another value in the first row breaks the constraint on the next as well: to count from another number takes all rows.
    assert_eq!(found.redundant().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), ["starts"]);
    assert_eq!(found.idle().count(), 0);
}
