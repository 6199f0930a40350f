//! The one-row steps: honest windows hold, every constraint is needed, and no cell is free.

use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_circuits::bus::ExecNative;
use verbatim_circuits::light::{
    BinaryEvent, DupEvent, EnvironmentEvent, JumpEvent, JumpIfEvent, LightChips, LightEvent, PopEvent, PushEvent,
    SwapEvent, UnaryEvent,
};
use verbatim_circuits::schedule::{Fork, opcode};
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::{Balance, Place};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::{Grid, Window};
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};

/// A step of `byte` with enough of everything.
fn step(byte: u8) -> StepEvent {
    let entry = opcode(Fork::Osaka, byte);
    let state = ExecNative {
        clock: 1000,
        call: 77,
        code: U256::from(0xc0de_u64) << 128 | U256::from(5),
        pc: 40,
        height: 20,
        gas: 5000,
        memory: 3,
    };
    StepEvent { state, opcode: byte, cost: entry.gas, parameter: entry.parameter, fault: None }
}

/// The same step without the gas for it.
fn out_of_gas(byte: u8) -> StepEvent {
    let step = step(byte);
    let evidence = i64::from(step.cost) - 1;
    StepEvent { state: ExecNative { gas: 0, ..step.state }, fault: Some(evidence), ..step }
}

/// The same step with a stack of another height, and what that is short of.
fn at_height(byte: u8, height: u64, evidence: i64) -> StepEvent {
    let step = step(byte);
    StepEvent { state: ExecNative { height, ..step.state }, fault: Some(evidence), ..step }
}

fn operand(value: u64, gap: u16) -> OperandEvent {
    OperandEvent { value: U256::from(value) << 128 | U256::from(value + 1), gap }
}

fn small(value: u64) -> OperandEvent {
    OperandEvent { value: U256::from(value), gap: 9 }
}

fn steps_with_operands(step: &impl Fn(u8) -> StepEvent) -> Vec<LightEvent> {
    let (a, b) = (operand(6, 3), operand(9, 65535));
    let value = U256::from(7) << 130 | U256::from(8);
    vec![
        LightEvent::Binary(BinaryEvent { step: step(0x01), a, b, result: value }),
        LightEvent::Unary(UnaryEvent { step: step(0x19), a, result: value }),
        LightEvent::Push(PushEvent { step: step(0x62), value, next_pc: 44 }),
        LightEvent::Pop(PopEvent { step: step(0x50), a }),
        LightEvent::Dup(DupEvent { step: step(0x82), b }),
        LightEvent::Swap(SwapEvent { step: step(0x93), a, b }),
        LightEvent::Jump(JumpEvent { step: step(0x56), destination: small(99) }),
        LightEvent::JumpIf(JumpIfEvent { step: step(0x57), destination: small(99), condition: b }),
        LightEvent::JumpIf(JumpIfEvent { step: step(0x57), destination: small(99), condition: small(0) }),
        LightEvent::JumpDest(step(0x5b)),
        LightEvent::Counter(step(0x58)),
        LightEvent::Counter(step(0x59)),
        LightEvent::Counter(step(0x5a)),
        LightEvent::Environment(EnvironmentEvent { step: step(0x42), owner: 0, value }),
        LightEvent::Environment(EnvironmentEvent { step: step(0x30), owner: 77, value }),
        LightEvent::Environment(EnvironmentEvent { step: step(0x32), owner: 55, value }),
    ]
}

fn events() -> Vec<LightEvent> {
    let mut events = steps_with_operands(&step);
    events.extend(steps_with_operands(&out_of_gas));
    let none = OperandEvent::default();
    events.push(LightEvent::Pop(PopEvent { step: at_height(0x50, 0, 0), a: none }));
    events.push(LightEvent::Dup(DupEvent { step: at_height(0x82, 1, 1), b: none }));
    events.push(LightEvent::Dup(DupEvent { step: at_height(0x82, 1024, 0), b: none }));
    events.push(LightEvent::Swap(SwapEvent { step: at_height(0x93, 4, 0), a: none, b: none }));
    events.push(LightEvent::Push(PushEvent { step: at_height(0x62, 1024, 0), value: U256::ZERO, next_pc: 44 }));
    events
}

fn grid() -> Grid {
    let mut sheet = Sheet::<LightChips>::new();
    for (origin, event) in events().into_iter().enumerate() {
        sheet.push(origin as u64, event);
    }
    let workload: &dyn Workload = &sheet;
    workload.grid(9, 0..workload.len()).expect("there is room")
}

#[test]
fn honest_steps_hold() {
    let grid = grid();
    let report = check(&grid);
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
    let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("the circuit fits");
    prover.verify().expect("MockProver agrees");
}

#[test]
fn every_constraint_is_needed_and_no_cell_is_free() {
    let mut grid = grid();
    let found = audit(&mut grid, usize::MAX);
    assert_eq!(found.matches(LightChips::EXCEPTIONS), Ok(()));
}

/// The block's environment as a call's, and a call's as the block's, with owners that are not flags.
#[test]
fn the_owner_of_an_environment_is_one_of_three() {
    let half = F::from(2).invert().expect("two is not zero");
    // Of the call, of the transaction, the owner: for the block's parameter 0, then for the call's parameter 1.
    let cases = [
        (0, [F::from(2), -F::ONE, F::from(77)], "of a call is boolean"),
        (1, [F::ZERO, half, F::ZERO], "of a transaction is boolean"),
    ];
    for (parameter, values, label) in cases {
        let mut grid = grid();
        let chip = grid.circuit.chips.iter().position(|chip| chip.name == "environment").expect("the chip");
        let parameters = column(&grid, "parameter");
        let mut windows = grid.windows.iter().filter(|window| window.chip == chip);
        let row = windows.find(|w| grid.read(parameters, w.row) == F::from(parameter)).expect("such a window").row;
        for (name, value) in ["a.hi", "a.lo", "b.lo"].into_iter().zip(values) {
            grid.write(column(&grid, name), row, value);
        }
        let failures: Vec<_> = check(&grid).failures.into_iter().map(|failure| failure.label).collect();
        assert!(failures.contains(&label.to_owned()), "{failures:?}");
        assert!(failures.iter().all(|failure| failure.ends_with("is boolean")), "{failures:?}");
    }
}

/// What a constraint of the window at `index` is worth.
fn value(grid: &Grid, index: usize, label: &str) -> Option<F> {
    let window = grid.windows[index];
    let constraints = &grid.circuit.chips[window.chip].constraints;
    let constraint = constraints.iter().find(|constraint| constraint.label == label)?;
    Some(grid.evaluate(&constraint.expr, window.row))
}

/// `SOUNDNESS.md` 1: a chip and an opcode that are not each other's. With the class that the schedule gives the opcode, the
/// constraint on the class fails; with the chip's own, no fork says so.
#[test]
fn class_1_a_chip_executes_its_opcodes_and_no_others() {
    let honest = grid();
    let [byte_cell, class, cost, parameter] =
        ["opcode", "class", "cost", "parameter"].map(|name| column(&honest, name));
    let mut pairs = 0;
    for index in 0..honest.windows.len() {
        let row = honest.windows[index].row;
        let mut wrong = honest.clone();
        for byte in 0..=255u8 {
            let entry = opcode(Fork::Osaka, byte);
            let own = F::from(entry.class as u64);
            if own == honest.read(class, row) {
                continue;
            }
            let values = [u64::from(byte), entry.class as u64, u64::from(entry.gas), u64::from(entry.parameter)];
            for (cell, value) in [byte_cell, class, cost, parameter].into_iter().zip(values) {
                wrong.write(cell, row, F::from(value));
            }
            assert_ne!(value(&wrong, index, "class").expect("a constraint on the class"), F::ZERO, "{byte:#x}");
            pairs += 1;
        }
    }
    assert!(pairs > 5000, "{pairs}");
}

/// The column of that name.
fn column(grid: &Grid, name: &str) -> Cell {
    Cell::main(grid.circuit.main.iter().position(|column| column == name).expect("a column of that name"))
}

/// A step that has gas, operands and room cannot fail: the fault chip takes no evidence below zero.
#[test]
fn class_2_a_success_is_no_fault() {
    let mut grid = grid();
    let [ok, evidence, overflow, lacks] = ["ok", "gap a", "a.hi", "a.lo"].map(|name| column(&grid, name));
    let circuit = Arc::clone(&grid.circuit);
    let successes: Vec<_> = grid.windows.iter().filter(|w| grid.read(ok, w.row) == F::ONE).copied().collect();
    assert_eq!(successes.len(), 16);
    for Window { chip, row, .. } in successes {
        let chip = &circuit.chips[chip];
        let labelled = |label: &str| chip.constraints.iter().find(|constraint| constraint.label == label);
        let true_evidence = labelled("evidence").expect("every step may fail");
        grid.write(ok, row, F::ZERO);
        // DUP chooses what its stack lacks: the word, or room for it.
        for choice in [F::ZERO, F::ONE] {
            if let Some(stack) = labelled("stack evidence") {
                grid.write(overflow, row, choice);
                let missing = grid.evaluate(&stack.expr, row);
                grid.write(lacks, row, grid.read(lacks, row) - missing);
                assert_eq!(grid.evaluate(&stack.expr, row), F::ZERO);
            }
            // What a step lacks is the difference of small numbers: a gas of 5000, and heights up to 1024.
            for value in 0..6000 {
                grid.write(evidence, row, F::from(value));
                assert_ne!(grid.evaluate(&true_evidence.expr, row), F::ZERO, "{} lacks {value}", chip.name);
            }
        }
    }
}

/// A step that lacks something cannot succeed: its gas is below zero behind it, or it pops or pushes where there is no slot.
#[test]
fn class_2_a_fault_is_no_success() {
    let mut grid = grid();
    let ok = column(&grid, "ok");
    let faults: Vec<_> = grid.windows.iter().filter(|w| grid.read(ok, w.row) == F::ZERO).map(|w| w.row).collect();
    assert_eq!(faults.len(), 21);
    let small = |value: &F, bytes: usize| value.to_bytes()[bytes..].iter().all(|byte| *byte == 0);
    for row in faults {
        grid.write(ok, row, F::ONE);
        let mut balance = Balance::default();
        balance.add_grid(&grid);
        let here = |place: &Place| matches!(place, Place::Row { row: at, .. } if *at == row);
        let refused = balance.unbalanced().into_iter().filter(|message| here(&message.place)).any(|message| {
            match message.tag.name {
                "exec" => !small(&message.tuple[6], 8),
                "stack" => !small(&message.tuple[1], 8),
                "range16" => !small(&message.tuple[0], 2),
                _ => false,
            }
        });
        assert!(refused, "row {row}");
        grid.write(ok, row, F::ZERO);
    }
}

/// `SOUNDNESS.md` 44: GAS in a call that is in debt. All but the range of the result holds; and a half of it that makes up for
/// the difference is not in the table of 16-bit numbers.
#[test]
fn class_44_gas_pushes_nothing_below_zero() {
    let mut grid = grid();
    let [opcode_cell, ok, gas, low, half] =
        ["opcode", "ok", "gas", "result.lo", "gap a"].map(|name| column(&grid, name));
    let gas_step =
        |window: &&Window| grid.read(opcode_cell, window.row) == F::from(0x5a) && grid.read(ok, window.row) == F::ONE;
    let row = grid.windows.iter().find(gas_step).expect("a success of GAS").row;
    let high = column(&grid, "gap b");
    grid.write(gas, row, F::ONE);
    grid.write(low, row, -F::ONE);
    grid.write(half, row, F::from(0xffff));
    grid.write(high, row, F::from(0xffff));
    let failures: Vec<_> = check(&grid).failures.into_iter().map(|failure| failure.label).collect();
    assert_eq!(failures, ["result: range"]);

    grid.write(half, row, -F::ONE - F::from(0xffff_0000));
    assert!(check(&grid).failures.is_empty());
    let mut balance = Balance::default();
    balance.add_grid(&grid);
    let here = |place: &Place| matches!(place, Place::Row { row: at, .. } if *at == row);
    let asked = balance.unbalanced().into_iter().filter(|m| here(&m.place) && m.tag.name == "range16");
    assert!(asked.into_iter().any(|message| message.tuple[0] == grid.read(half, row)));
}

#[test]
fn the_layout_is_narrow() {
    let sheet = Sheet::<LightChips>::new();
    let circuit = Arc::clone(sheet.circuit());
    let cells = circuit.main.len() + circuit.aux_columns();
    assert!(cells <= 45, "a one-row step takes {cells} cells");
}
