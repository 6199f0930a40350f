//! Poseidon's permutation, as an operation.
//!
//! **Given** a state of three values one behind the other and two elements, six rows **prove** what the permutation makes of
//! the state when the elements, each times its factor and with its constant, are added to its second and third value. It
//! provides the three values of the state behind, in rows 0 to 2.
//!
//! The permutation is that of [`verbatim_circuits::poseidon`], in other steps: a window here begins where a main column says,
//! so its constraints have degree 3 at most, and each S-box takes a cell for the square and one for its output. The
//! partial rounds leave two of three elements alone but for the matrix: they get cells every four rounds (`ROUNDS_APART`).
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | kind | 1 | |
//! | run / address in row 1, 2 | 1 | the values behind each other |
//! | second, third read: address in row 1 | 1 | of the state's second and third value |
//! | second, third element | 2 | what is permuted |
//! | square: round r, i | 2 | of an S-box's input |
//! | output: round r, i | 3 | of an S-box |
//! | rest: round r, i | 1 | the second and third element of the state behind a partial round |
//! | state: i | 1 | the state behind the last round |

use verbatim_circuits::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS, State, WIDTH, constants, shifted};
use verbatim_gadgets::{
    chip::ChipBuilder,
    expr::{Cell, Expr, F},
    grid::WindowWriter,
    machine::Chip,
};

use super::{Layout, Operation, Step, go_on, provide, require_next};
use crate::{bus::RunValue, rom::Kind};

/// How many partial rounds lie between two places where the whole state has cells.
const ROUNDS_APART: usize = 4;

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct PermuteEvent {
    /// The operation.
    pub step: Step,
    /// The state's second and third value, before.
    pub state: [F; WIDTH - 1],
}

/// The chip.
#[derive(Debug)]
pub struct Permute {
    operation: Operation,
    state: [RunValue; WIDTH - 1],
}

impl Chip for Permute {
    type Layout = Layout;
    type Event = PermuteEvent;
    const NAME: &'static str = "permute";
    const HEIGHT: usize = 6;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let operation = Operation::receive(chip, layout, 0);
        let state = [0, 1].map(|i| chip.learn(&layout.reads[i], 1));
        go_on(chip, layout, 2);
        let values = [0, 1, 2].map(|row| provide(chip, layout, row));
        operation.require(chip, Kind::Permute);
        [1, 2].into_iter().for_each(|row| require_next(chip, layout, row));
        let first = &operation.reads[2];
        for (i, name) in ["first", "second"].iter().enumerate() {
            let address = layout.columns.reads[i].shifted(1);
            chip.define(format!("{name} read: address in row 1"), address, &first.address + Expr::from(i as u64 + 1));
        }
        let mut cells = Cells::new(layout, chip);
        let element = |i: usize, constant: Expr| {
            let [factor, read] = [operation.instruction.factors[i].expr(), operation.reads[i].value.expr()];
            &state[i].value + factor * read + constant
        };
        let elements =
            [element(0, operation.instruction.product.expr()), element(1, operation.instruction.constant.expr())];
        let [second, third] = elements;
        let input = [
            first.value.expr(),
            cells.step(chip, "second element".to_owned(), second),
            cells.step(chip, "third element".to_owned(), third),
        ];
        let output = permutation(&mut |label, value| cells.step(chip, label, value), input);
        for (i, (value, state)) in values.iter().zip(output).enumerate() {
            let cell = value.value.expr().as_cell().expect("a cell");
            chip.define(format!("state: {i}"), cell, state);
        }
        Self { operation, state }
    }

    fn fill(&self, event: &PermuteEvent, row: &mut WindowWriter<'_>) {
        self.operation.fill(&event.step, row);
        for (read, value) in self.state.iter().zip(event.state) {
            row.field(&read.value.expr(), value);
        }
    }
}

/// Hands out the cells of a window that no message takes.
struct Cells {
    free: std::vec::IntoIter<Cell>,
}

impl Cells {
    fn new(layout: &Layout, chip: &ChipBuilder<'_>) -> Self {
        let all = (0..Permute::HEIGHT as i16).flat_map(|row| layout.cells.iter().map(move |cell| cell.shifted(row)));
        let free: Vec<Cell> = all.filter(|cell| !chip.is_taken(*cell)).collect();
        Self { free: free.into_iter() }
    }

    /// A cell that is defined as an expression.
    fn step(&mut self, chip: &mut ChipBuilder<'_>, label: String, value: Expr) -> Expr {
        let cell = self.free.next().expect("a window has a cell for every step");
        chip.define(label, cell, value);
        cell.expr()
    }
}

/// A sum of multiples of cells.
#[derive(Clone)]
struct Linear(Vec<(F, Expr)>);

impl Linear {
    fn of(cell: Expr) -> Self {
        Self(vec![(F::one(), cell)])
    }

    fn expr(&self) -> Expr {
        self.0.iter().map(|(factor, cell)| cell * *factor).sum()
    }

    fn add(&mut self, factor: F, other: &Self) {
        for (by, cell) in &other.0 {
            match self.0.iter_mut().find(|(_, known)| known.same(cell)) {
                Some((sum, _)) => *sum += factor * by,
                None => self.0.push((factor * by, cell.clone())),
            }
        }
    }
}

/// A row of the matrix times a state.
fn mix(row: &State, state: &[Linear; WIDTH]) -> Linear {
    let mut sum = Linear(Vec::new());
    row.iter().zip(state).for_each(|(factor, element)| sum.add(*factor, element));
    sum
}

/// What becomes of a step: a cell.
type Definer<'s> = dyn FnMut(String, Expr) -> Expr + 's;

fn sbox(step: &mut Definer<'_>, round: usize, i: usize, input: &Linear, constant: F) -> Linear {
    let input = input.expr() + Expr::constant(constant);
    let square = step(format!("square: round {round}, {i}"), &input * &input);
    Linear::of(step(format!("output: round {round}, {i}"), &square * &square * input))
}

/// The permutation: its steps, and the state behind it.
fn permutation(step: &mut Definer<'_>, input: [Expr; WIDTH]) -> [Expr; WIDTH] {
    let (mds, shifted) = (&constants().mds, shifted());
    let mut state = input.map(Linear::of);
    let full = |step: &mut Definer<'_>, state: &[Linear; WIDTH], round: usize, added: &State| {
        let outputs = std::array::from_fn(|i| sbox(step, round, i, &state[i], added[i]));
        mds.each_ref().map(|row| mix(row, &outputs))
    };
    for (round, added) in shifted.first.iter().enumerate() {
        state = full(step, &state, round, added);
    }
    for (index, added) in shifted.partial.iter().enumerate() {
        let round = FULL_ROUNDS / 2 + index;
        if index % ROUNDS_APART == 0 {
            let [_, rest @ ..] = &mut state;
            for (i, element) in (1..).zip(rest) {
                *element = Linear::of(step(format!("rest: round {round}, {i}"), element.expr()));
            }
        }
        let outputs = [sbox(step, round, 0, &state[0], *added), state[1].clone(), state[2].clone()];
        state = mds.each_ref().map(|row| mix(row, &outputs));
    }
    for (index, added) in shifted.last.iter().enumerate() {
        state = full(step, &state, FULL_ROUNDS / 2 + PARTIAL_ROUNDS + index, added);
    }
    state.map(|element| element.expr())
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::Field;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use verbatim_circuits::poseidon::permute;

    use super::*;
    use crate::{
        bus::InstructionNative,
        processor::testing::{ProcessorEvent, assert_audited, failures, field, grid},
    };

    #[test]
    fn every_label_refuses() {
        assert_audited(1);
    }

    fn random(seed: u64) -> PermuteEvent {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut next = || F::random(&mut random);
        let instruction = InstructionNative {
            pc: 40,
            kind: Kind::Permute as u64,
            reads: [4, 5, 6],
            product: next(),
            factors: [next(), next(), F::zero()],
            constant: next(),
        };
        let step = Step { run: 3, instruction, reads: [next(), next(), next()], value: F::zero() };
        PermuteEvent { step, state: [next(), next()] }
    }

    /// The cells of the state behind are the permutation of the state before with both elements.
    #[test]
    fn the_permutation_is_poseidons() {
        let value = field("value", "value");
        for seed in 0..20 {
            let event = random(seed);
            let grid = grid(&[(0, ProcessorEvent::Permute(event.clone()))]);
            assert!(failures(&grid).is_empty());
            let (row, Step { instruction, reads, .. }) = (grid.windows[0].row, event.step);
            let [a, b] = [0, 1].map(|i| instruction.factors[i] * reads[i]);
            let state = [reads[2], event.state[0] + a + instruction.product, event.state[1] + b + instruction.constant];
            assert_eq!([0, 1, 2].map(|i| grid.read(value.shifted(i), row)), permute(&state));
        }
    }

    /// The second value of a state is that behind the first, not another one.
    #[test]
    fn a_state_is_three_values_in_a_row() {
        let mut grid = grid(&[(0, ProcessorEvent::Permute(random(1)))]);
        let row = grid.windows[0].row;
        for slot in ["first read", "second read"] {
            let address = field(slot, "address").shifted(1);
            let honest = grid.read(address, row);
            grid.write(address, row, honest + F::one());
            assert_eq!(failures(&grid), [format!("{slot}: address in row 1")].into());
            grid.write(address, row, honest);
        }
    }
}
