//! The columns and slots of the chips that run programs.

use std::array;

use verbatim_gadgets::{
    circuit::{CircuitBuilder, Slot},
    expr::{Cell, Expr},
    message::Message,
    value::{Any, Counter},
};

use crate::{
    bus::{Execution, Instruction, Outcome, RunPoint, RunValue},
    curve,
};

/// Where an operation's cells stand in a row.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// The run.
    pub(super) run: Cell,
    /// The address.
    pub(super) pc: Cell,
    /// What the operation does.
    pub(super) kind: Cell,
    /// The addresses of what it reads.
    pub(super) reads: [Cell; 3],
    /// The factor of a product.
    pub(super) product: Cell,
    /// Factors.
    pub(super) factors: [Cell; 3],
    /// A constant.
    pub(super) constant: Cell,
    /// What it reads.
    pub(super) values: [Cell; 3],
    /// Its value.
    pub(super) value: Cell,
}

/// The columns, and what stands in them.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) columns: Columns,
    /// All cells of a row that chips of the processor may use.
    pub(super) cells: Vec<Cell>,
    pub(super) execution: Slot<Execution>,
    pub(super) next: Slot<Execution>,
    pub(super) instruction: Slot<Instruction>,
    pub(super) reads: [Slot<RunValue>; 3],
    pub(super) value: Slot<RunValue>,
    pub(super) point: Slot<RunPoint>,
    pub(super) outcome: Slot<Outcome>,
    /// The slots that the processor shares with the curve.
    pub(super) curve: curve::Layout,
}

/// The range that a column holds.
const WHY: &str = "the rom says it, or it follows from the chip's constraints";

impl Layout {
    /// Declares the slots, over the shared columns of the circuit. An operation stands in checked columns: terms, points and
    /// totals stand in the plain ones.
    pub(crate) fn over(builder: &mut CircuitBuilder, shared: &crate::columns::Columns, curve: &curve::Layout) -> Self {
        let checked = shared.checked.iter().map(|column| column.cell);
        let cells: Vec<Cell> = checked.chain(shared.plain.iter().copied()).collect();
        let mut own = cells.iter().copied();
        let mut next = || own.next().expect("there are enough cells");
        let columns = Columns {
            run: next(),
            pc: next(),
            kind: next(),
            reads: array::from_fn(|_| next()),
            product: next(),
            factors: array::from_fn(|_| next()),
            constant: next(),
            values: array::from_fn(|_| next()),
            value: next(),
        };
        let outcome: [Cell; 5] = array::from_fn(|_| next());
        let Columns { run, pc, kind, reads, product, factors, constant, values, value } = columns;
        let counter = |cell: Cell| Counter::assume(cell, WHY);
        let any = |cell: Cell| Any::assume(cell, "any field element");
        let execution = Execution { run: counter(run), pc: counter(pc) };
        let after = Execution { run: counter(run), pc: Counter::assume(pc + Expr::one(), WHY) };
        let instruction = Instruction {
            pc: counter(pc),
            kind: counter(kind),
            reads: reads.map(counter),
            product: any(product),
            factors: factors.map(any),
            constant: any(constant),
        };
        let read = |i: usize| RunValue { run: counter(run), address: counter(reads[i]), value: any(values[i]) };
        let own = RunValue { run: counter(run), address: counter(pc), value: any(value) };
        let point = RunPoint { run: counter(run), address: counter(reads[1]), point: curve.term_point() };
        Self {
            execution: slot(builder, "execution", &execution),
            next: slot(builder, "next execution", &after),
            instruction: slot(builder, "instruction", &instruction),
            reads: array::from_fn(|i| slot(builder, ["first read", "second read", "third read"][i], &read(i))),
            value: slot(builder, "value", &own),
            point: slot(builder, "point", &point),
            outcome: builder.slot("outcome", outcome.map(Cell::expr).to_vec()),
            curve: curve.clone(),
            columns,
            cells,
        }
    }
}

/// A slot for a message over cells.
fn slot<M: Message>(builder: &mut CircuitBuilder, name: &str, message: &M) -> Slot<M> {
    builder.slot(name, message.fields())
}
