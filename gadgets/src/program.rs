//! Expressions compiled to straight-line code, for evaluating them on many rows.

use std::collections::HashMap;

use crate::expr::{Cell, Expr, F, Node};
use crate::grid::Grid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Constant(u32),
    Load(Cell),
    Add(u32, u32),
    Sub(u32, u32),
    Mul(u32, u32),
}

/// How many rows [`Program::run_batch`] evaluates at once: enough to spread the cost of reading an operation, few enough
/// for the registers to stay in a cache.
pub(crate) const BATCH: usize = 32;

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
            Node::Add(a, b) => match negated(b) {
                Some(b) => Operation::Sub(self.emit(a, known), self.emit(b, known)),
                None => {
                    let (a, b) = (self.emit(a, known), self.emit(b, known));
                    Operation::Add(a.min(b), a.max(b))
                }
            },
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
                Operation::Sub(a, b) => {
                    slopes[a as usize] += slope;
                    slopes[b as usize] -= slope;
                }
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
                Operation::Sub(a, b) => registers[a as usize] - registers[b as usize],
                Operation::Mul(a, b) => registers[a as usize] * registers[b as usize],
            };
            registers.push(value);
        }
    }

    /// Evaluates every expression at each of at most [`BATCH`] rows, each moved by `distance` and wrapped around.
    pub(crate) fn run_batch<'s>(
        &'s self,
        grid: &Grid,
        rows: &[usize],
        distance: i16,
        scratch: &'s mut Scratch,
    ) -> Batch<'s> {
        let registers = &mut scratch.registers;
        let needed = self.operations.len() * BATCH;
        if registers.len() < needed {
            registers.resize(needed, F::zero());
        }
        let mask = (1 << grid.k) - 1;
        for (index, operation) in self.operations.iter().enumerate() {
            let (done, target) = registers.split_at_mut(index * BATCH);
            let target = &mut target[..rows.len()];
            let of = |register: u32| &done[register as usize * BATCH..][..rows.len()];
            match *operation {
                Operation::Constant(constant) => target.fill(self.constants[constant as usize]),
                Operation::Load(cell) => {
                    let column = grid.column(cell);
                    let distance = cell.distance(grid.k) as isize + isize::from(distance);
                    for (value, row) in target.iter_mut().zip(rows) {
                        *value = column[row.wrapping_add_signed(distance) & mask];
                    }
                }
                Operation::Add(a, b) => each(target, of(a), of(b), |a, b| a + b),
                Operation::Sub(a, b) => each(target, of(a), of(b), |a, b| a - b),
                Operation::Mul(a, b) => each(target, of(a), of(b), |a, b| a * b),
            }
        }
        Batch { registers, outputs: &self.outputs }
    }
}

/// What an expression is the negative of, if it is written as one.
fn negated(expression: &Expr) -> Option<&Expr> {
    let Node::Mul(a, b) = expression.node() else { return None };
    (a.as_constant() == Some(-F::one())).then_some(b)
}

fn each(target: &mut [F], a: &[F], b: &[F], f: impl Fn(&F, &F) -> F) {
    for ((target, a), b) in target.iter_mut().zip(a).zip(b) {
        *target = f(a, b);
    }
}

/// The values of a program's expressions in several rows.
#[derive(Debug)]
pub(crate) struct Batch<'s> {
    registers: &'s [F],
    outputs: &'s [u32],
}

impl Batch<'_> {
    /// The value of expression `index` in row `row` of the batch.
    pub(crate) fn get(&self, index: usize, row: usize) -> &F {
        &self.registers[self.outputs[index] as usize * BATCH + row]
    }

    /// The values of expression `index` in the first `rows` rows of the batch.
    pub(crate) fn values(&self, index: usize, rows: usize) -> &[F] {
        &self.registers[self.outputs[index] as usize * BATCH..][..rows]
    }

    /// The value of each expression in row `row` of the batch.
    pub(crate) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = &F> {
        self.outputs.iter().map(move |register| &self.registers[*register as usize * BATCH + row])
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
