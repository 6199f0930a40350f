//! A form of values: a value, or nothing but an equation.
//!
//! **Given** the operation at the run's address, with kind `t`, and the values `a`, `b`, `c` that it reads, one row **proves**
//!
//! ```text
//! p a b + f_0 a + f_1 b + f_2 c + k = t v
//! ```
//!
//! and provides `v` as the value at the address. With `t = 1` it is determined; with `t = 0` it is free, and the equation, if
//! it has any terms, is about what is read: `v` itself may be among it.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind is boolean | 2 | no other operation is taken for one of these |
//! | form | 3 | the equation |

use verbatim_gadgets::{chip::ChipBuilder, expr::Expr, grid::WindowWriter, machine::Chip};

use super::{Layout, Operation, Step, go_on, provide};
use crate::bus::{Instruction, RunValue, RunValueNative};

/// The chip.
#[derive(Debug)]
pub struct Form {
    operation: Operation,
    value: RunValue,
}

impl Chip for Form {
    type Layout = Layout;
    type Event = Step;
    const NAME: &'static str = "form";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        go_on(chip, layout, 0);
        let value = provide(chip, layout, 0);
        let Instruction { kind, product, factors, constant, .. } = &operation.instruction;
        chip.require_zero("kind is boolean", kind * (kind - Expr::one()));
        let [a, b, c] = operation.reads.each_ref().map(|read| &read.value);
        let [f, g, h] = factors;
        let form = product * a * b + f * a + g * b + h * c + constant;
        chip.require_equal("form", form, kind * &value.value);
        Self { operation, value }
    }

    fn fill(&self, step: &Step, row: &mut WindowWriter<'_>) {
        self.operation.fill(step, row);
        let value = RunValueNative { run: step.run, address: step.instruction.pc, value: step.value };
        row.message(&self.value, &value);
    }
}

#[cfg(test)]
mod tests {
    use verbatim_gadgets::expr::F;

    use super::*;
    use crate::processor::testing::{Case, ProcessorEvent, assert_audited, field, grid, objections, rows};
    use crate::rom::Kind;

    /// The first form of a run for which `wanted` holds.
    fn form(case: &Case, run: u64, wanted: impl Fn(&Step) -> bool) -> (usize, Step) {
        case.find(run, |event| match event {
            ProcessorEvent::Form(step) => wanted(step).then(|| step.clone()),
            _ => None,
        })
    }

    fn is_given(step: &Step) -> bool {
        step.instruction.kind == Kind::Free as u64 && step.instruction.constant == F::zero()
    }

    #[test]
    fn every_label_refuses() {
        assert_audited(0);
    }

    #[test]
    fn a_level_holds() {
        let case = Case::new();
        assert_eq!(case.objections(&case.grid()), objections([]));
    }

    /// What is given has one value: another one has nobody who sends it its execution.
    #[test]
    fn a_second_value_at_an_address_is_refused() {
        let mut case = Case::new();
        let (_, mut step) = form(&case, 1, is_given);
        step.value += F::one();
        case.events.push((1, ProcessorEvent::Form(step)));
        assert_eq!(case.objections(&case.grid()), objections(["bus: execution"]));
    }

    #[test]
    fn class_10_an_operation_is_executed_once() {
        let mut case = Case::new();
        let (index, step) = form(&case, 1, |step| step.instruction.kind == Kind::Set as u64);
        case.events.push((1, ProcessorEvent::Form(step)));
        assert_eq!(case.objections(&case.grid()), objections(["bus: execution"]));
        case.events.pop();
        case.events.remove(index);
        assert_eq!(case.objections(&case.grid()), objections(["bus: execution", "bus: value of a run"]));
    }

    /// An assertion is no value that anybody reads: it is missed all the same.
    #[test]
    fn an_assertion_that_is_left_out_is_missed() {
        let mut case = Case::new();
        let minus_one =
            |step: &Step| step.instruction.kind == Kind::Free as u64 && step.instruction.constant == -F::one();
        let (inverse, _) = form(&case, 2, minus_one);
        let behind = |step: &Step| minus_one(step) && step.value == F::zero();
        let (index, _) = form(&case, 2, behind);
        assert!(index > inverse);
        case.events.remove(index);
        assert_eq!(case.objections(&case.grid()), objections(["bus: execution"]));
    }

    /// The same operation, as another program has it.
    #[test]
    fn an_operation_of_another_program_is_refused() {
        let mut case = Case::new();
        let (index, mut step) = form(&case, 1, is_given);
        step.instruction = form(&case, 3, is_given).1.instruction;
        case.events[index].1 = ProcessorEvent::Form(step);
        assert_eq!(case.objections(&case.grid()), objections(["bus: execution", "bus: value of a run"]));
    }

    /// Two runs of one program have values of their own.
    #[test]
    fn a_value_of_another_run_is_refused() {
        let case = Case::new();
        let (index, step) = form(&case, 2, |step| step.instruction.kind == Kind::Set as u64);
        let (_, other) = form(&case, 1, |other| other.instruction.pc == step.instruction.pc);
        let mut events = case.events.clone();
        events[index].1 = ProcessorEvent::Form(Step { run: step.run, ..other });
        assert_eq!(case.objections(&grid(&events)), objections(["bus: value of a run"]));
        // In the name of the other run.
        let mut grid = case.grid();
        let row = rows(&grid, "form")
            [case.events[..index].iter().filter(|(_, e)| matches!(e, ProcessorEvent::Form(_))).count()];
        grid.write(field("execution", "run"), row, F::one());
        assert!(case.objections(&grid).contains("bus: execution"));
    }
}
