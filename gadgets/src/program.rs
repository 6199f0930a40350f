//! Expressions compiled to straight-line code, for evaluating them on many rows.

use std::collections::HashMap;

use crate::expr::{Cell, Expr, F, Node};
use crate::grid::Grid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Constant(u32),
    Load(Cell),
    Add(u32, u32),
    Mul(u32, u32),
}

/// A list of expressions, compiled together: common parts are evaluated once.
#[derive(Clone, Debug, Default)]
pub struct Program {
    operations: Vec<Operation>,
    constants: Vec<F>,
    outputs: Vec<u32>,
}

/// Memory for an evaluation, to be reused from row to row.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    registers: Vec<F>,
}

impl Program {
    /// Compiles `expressions`.
    pub fn new<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Self {
        let mut program = Self::default();
        let mut known = HashMap::new();
        for expression in expressions {
            let register = program.emit(expression, &mut known);
            program.outputs.push(register);
        }
        program
    }

    fn emit(&mut self, expression: &Expr, known: &mut HashMap<Operation, u32>) -> u32 {
        let operation = match expression.node() {
            Node::Constant(value) => {
                let index = self.constants.iter().position(|c| c == value).unwrap_or_else(|| {
                    self.constants.push(*value);
                    self.constants.len() - 1
                });
                Operation::Constant(index as u32)
            }
            Node::Cell(cell) => Operation::Load(*cell),
            Node::Add(a, b) => {
                let (a, b) = (self.emit(a, known), self.emit(b, known));
                Operation::Add(a.min(b), a.max(b))
            }
            Node::Mul(a, b) => {
                let (a, b) = (self.emit(a, known), self.emit(b, known));
                Operation::Mul(a.min(b), a.max(b))
            }
        };
        if let Some(register) = known.get(&operation) {
            return *register;
        }
        let register = u32::try_from(self.operations.len()).expect("fewer than 2^32 operations");
        self.operations.push(operation);
        known.insert(operation, register);
        register
    }

    /// How many expressions were compiled.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether no expression was compiled.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// How many multiplications one evaluation takes, not counting negations.
    pub fn multiplications(&self) -> usize {
        let negative = |register: &u32| match self.operations[*register as usize] {
            Operation::Constant(index) => self.constants[index as usize] == -F::from(1),
            _ => false,
        };
        let multiplies = |operation: &&Operation| match operation {
            Operation::Mul(a, b) => !negative(a) && !negative(b),
            _ => false,
        };
        self.operations.iter().filter(multiplies).count()
    }

    /// Evaluates every expression at `row`, in the order in which they were given.
    pub fn run(&self, grid: &Grid, row: usize, scratch: &mut Scratch) -> impl Iterator<Item = F> {
        self.values(move |cell| grid.read(cell, row), scratch)
    }

    /// The values of all expressions, reading cells through `read`.
    pub(crate) fn values<'s, R: Fn(Cell) -> F>(
        &self,
        read: R,
        scratch: &'s mut Scratch,
    ) -> impl Iterator<Item = F> + use<'s, '_, R> {
        self.load(read, scratch);
        self.outputs.iter().map(|register| scratch.registers[*register as usize])
    }

    /// The value of the first expression, reading cells through `read`.
    pub(crate) fn value(&self, read: impl Fn(Cell) -> F, scratch: &mut Scratch) -> F {
        self.load(read, scratch);
        scratch.registers[self.outputs[0] as usize]
    }

    /// The value of the first expression, and its partial derivatives, each cell at most once.
    pub(crate) fn gradient(&self, read: impl Fn(Cell) -> F, scratch: &mut Scratch) -> (F, Vec<(Cell, F)>) {
        let value = self.value(read, scratch);
        let mut slopes = vec![F::from(0); self.operations.len()];
        slopes[self.outputs[0] as usize] = F::from(1);
        let mut cells = Vec::new();
        for (index, operation) in self.operations.iter().enumerate().rev() {
            let slope = slopes[index];
            if slope == F::from(0) {
                continue;
            }
            match *operation {
                Operation::Constant(_) => {}
                Operation::Load(cell) => cells.push((cell, slope)),
                Operation::Add(a, b) => [a, b].into_iter().for_each(|input| slopes[input as usize] += slope),
                Operation::Mul(a, b) => {
                    slopes[a as usize] += slope * scratch.registers[b as usize];
                    slopes[b as usize] += slope * scratch.registers[a as usize];
                }
            }
        }
        (value, cells)
    }

    fn load(&self, read: impl Fn(Cell) -> F, scratch: &mut Scratch) {
        let registers = &mut scratch.registers;
        registers.clear();
        for operation in &self.operations {
            let value = match *operation {
                Operation::Constant(index) => self.constants[index as usize],
                Operation::Load(cell) => read(cell),
                Operation::Add(a, b) => registers[a as usize] + registers[b as usize],
                Operation::Mul(a, b) => registers[a as usize] * registers[b as usize],
            };
            registers.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_is_that_of_the_polynomial() {
        // x y + 3 x + y y at (5, 7): the slopes are y + 3 and x + 2 y.
        let (x, y) = (Cell::main(0), Cell::main(1));
        let program = Program::new([&(x * y + x * F::from(3) + y * y)]);
        let read = |cell: Cell| F::from(if cell == x { 5 } else { 7 });
        let (value, mut slopes) = program.gradient(read, &mut Scratch::default());
        slopes.sort_by_key(|(cell, _)| cell.column);
        assert_eq!((value, slopes), (F::from(35 + 15 + 49), vec![(x, F::from(10)), (y, F::from(19))]));
    }
}
