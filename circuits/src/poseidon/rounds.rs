//! The rounds, written once for whatever numbers they are computed with: expressions over cells, or field elements.
//!
//! What is not computed anew from other cells is a *step*: in the circuit a cell with a constraint of degree 4, outside a
//! field element. Rounds go two by two, so that two S-boxes one behind the other take three cells and not four: of the first
//! the fourth power (`e = x^4`, so that `x^5 = x e` has degree 2), of the second the square (`q = u^2`, where `u` has degree
//! 2, so that `u^5 = q^2 u` has degree 4), and what follows from it.

use verbatim_gadgets::expr::{Expr, F};

use super::constants::{State, constants, pairs, shifted};
use super::{FULL_ROUNDS, PARTIAL_ROUNDS, RUNS, WIDTH};

/// What the rounds are computed with.
pub(super) trait Number: Clone {
    /// The sum.
    fn plus(&self, other: &Self) -> Self;
    /// The product.
    fn times(&self, other: &Self) -> Self;
    /// The sum with a constant.
    fn plus_constant(&self, constant: F) -> Self;
    /// The product with a constant.
    fn scaled(&self, factor: F) -> Self;
}

/// Both have the operators.
macro_rules! number {
    ($number:ty) => {
        impl Number for $number {
            fn plus(&self, other: &Self) -> Self {
                self + other
            }

            fn times(&self, other: &Self) -> Self {
                self * other
            }

            fn plus_constant(&self, constant: F) -> Self {
                self + constant
            }

            fn scaled(&self, factor: F) -> Self {
                self * factor
            }
        }
    };
}

number!(F);
number!(Expr);

/// Where steps go.
pub(super) trait Steps {
    /// What is computed with.
    type Number: Number;
    /// Takes a step, and answers its value as later steps read it.
    fn step(&mut self, label: String, value: Self::Number) -> Self::Number;
}

/// The steps as field elements, in order.
impl Steps for Vec<F> {
    type Number = F;

    fn step(&mut self, _: String, value: F) -> F {
        self.push(value);
        value
    }
}

type Numbers<S> = [<S as Steps>::Number; WIDTH];

/// The whole permutation: takes its steps, of which the last three are the output.
pub(super) fn permutation<S: Steps>(steps: &mut S, input: &Numbers<S>) {
    const FIRST_LAST: usize = FULL_ROUNDS / 2 + PARTIAL_ROUNDS;
    let constants = shifted();
    let mut state = input.clone();
    for (index, two) in constants.first.chunks(2).enumerate() {
        state = two_full(steps, 2 * index, &state, [&two[0], &two[1]]);
    }
    let mut round = FULL_ROUNDS / 2;
    for pairs in RUNS {
        state = run(steps, round, *pairs, &state);
        round += 2 * pairs;
    }
    state = partial_and_full(steps, round, &state);
    let [_, middle @ .., last] = &constants.last;
    for (index, two) in middle.chunks(2).enumerate() {
        state = two_full(steps, FIRST_LAST + 1 + 2 * index, &state, [&two[0], &two[1]]);
    }
    let boxes = first_boxes(steps, FIRST_LAST + 3, &plus_constants(&state, last));
    for (i, value) in mixed(&boxes).into_iter().enumerate() {
        steps.step(format!("output: {i}"), value);
    }
}

/// `x^4`.
fn fourth<N: Number>(x: &N) -> N {
    let square = x.times(x);
    square.times(&square)
}

/// An S-box whose fourth power is a step.
fn first_box<S: Steps>(steps: &mut S, round: usize, i: usize, x: &S::Number) -> S::Number {
    let power = steps.step(format!("fourth power: round {round}, {i}"), fourth(x));
    x.times(&power)
}

/// An S-box whose square is a step.
fn second_box<S: Steps>(steps: &mut S, round: usize, i: usize, u: &S::Number) -> S::Number {
    let square = steps.step(format!("square: round {round}, {i}"), u.times(u));
    square.times(&square).times(u)
}

fn first_boxes<S: Steps>(steps: &mut S, round: usize, state: &Numbers<S>) -> Numbers<S> {
    std::array::from_fn(|i| first_box(steps, round, i, &state[i]))
}

/// The S-boxes and the matrix of a full round, each element of the state behind it a step.
fn second_round<S: Steps>(steps: &mut S, round: usize, state: &Numbers<S>) -> Numbers<S> {
    let boxes = std::array::from_fn(|i| second_box(steps, round, i, &state[i]));
    let mixed = mixed(&boxes);
    std::array::from_fn(|i| steps.step(format!("state: round {round}, {i}"), mixed[i].clone()))
}

fn plus_constants<N: Number>(state: &[N; WIDTH], constants: &State) -> [N; WIDTH] {
    std::array::from_fn(|i| state[i].plus_constant(constants[i]))
}

/// The matrix times the state.
fn mixed<N: Number>(state: &[N; WIDTH]) -> [N; WIDTH] {
    constants().mds.map(|row| {
        let [x, y, z] = std::array::from_fn(|i| state[i].scaled(row[i]));
        x.plus(&y).plus(&z)
    })
}

/// Two full rounds.
fn two_full<S: Steps>(steps: &mut S, round: usize, state: &Numbers<S>, constants: [&State; 2]) -> Numbers<S> {
    let boxes = first_boxes(steps, round, &plus_constants(state, constants[0]));
    second_round(steps, round + 1, &plus_constants(&mixed(&boxes), constants[1]))
}

/// The last partial round, and the full one behind it.
fn partial_and_full<S: Steps>(steps: &mut S, round: usize, state: &Numbers<S>) -> Numbers<S> {
    let constants = shifted();
    let [x, rest @ ..] = state;
    let x = first_box(steps, round, 0, &x.plus_constant(constants.partial[PARTIAL_ROUNDS - 1]));
    let state = mixed(&[x, rest[0].clone(), rest[1].clone()]);
    second_round(steps, round + 1, &plus_constants(&state, &constants.last[0]))
}

/// Pairs of partial rounds: see [`Pair`](super::constants::Pair). Behind them the rest of the state is made steps again, so
/// that no expression grows long.
fn run<S: Steps>(steps: &mut S, round: usize, count: usize, state: &Numbers<S>) -> Numbers<S> {
    let coefficients = pairs();
    let constants = |round: usize| shifted().partial[round - FULL_ROUNDS / 2];
    let [mut x, mut t @ ..] = state.clone();
    for (index, pair) in coefficients.pairs[..count].iter().enumerate() {
        let round = round + 2 * index;
        let of_t = |row: &[F; WIDTH - 1]| t[0].scaled(row[0]).plus(&t[1].scaled(row[1]));
        let y = first_box(steps, round, 0, &x.plus_constant(constants(round)));
        let u = y.scaled(coefficients.corner).plus(&of_t(&pair.middle)).plus_constant(constants(round + 1));
        let z = second_box(steps, round + 1, 0, &u);
        let sum = z.scaled(coefficients.corner).plus(&y.scaled(coefficients.skip)).plus(&of_t(&pair.after));
        x = steps.step(format!("state: round {}, 0", round + 1), sum);
        let grown = |i: usize| t[i].plus(&y.scaled(pair.by_first[i])).plus(&x.scaled(pair.by_after[i]));
        t = [grown(0), grown(1)];
    }
    let last = &coefficients.pairs[count - 1];
    let rest = last.rest.map(|row| t[0].scaled(row[0]).plus(&t[1].scaled(row[1])));
    let round = round + 2 * count - 1;
    let [first, second] = [0, 1].map(|i| steps.step(format!("state: round {round}, {}", i + 1), rest[i].clone()));
    [x, first, second]
}
