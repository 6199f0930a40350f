//! Poseidon's permutation, with the constants of `verbatim_circuits::poseidon`.
//!
//! In the partial rounds only the first element of the state goes through an S-box. The others are kept in a basis in which
//! a round adds to each of them a multiple of the S-box's output (Poseidon, eprint 2019/458, appendix B). What is constant in
//! them is not put into cells, and the first element's cell is a multiple of it, such that the S-box's output enters the
//! next one with factor one.

use std::sync::LazyLock;

use verbatim_circuits::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS, State, constants};

use super::cells::{Cell, Cells, constant, inverse_or_zero};
use crate::{Fr, engine::WIDTH};

type Pair = [Fr; 2];

/// A partial round: what the next first element is made of, and what is added to the others.
#[derive(Debug)]
struct Partial {
    /// The constant of the next first element, to which the S-box's output is added.
    constant: Fr,
    /// The factors of the two others in the next first element.
    first: Pair,
    /// The factors of the S-box's output with the constant that are added to the others.
    others: Pair,
}

/// The permutation's partial rounds.
#[derive(Debug)]
struct Rounds {
    partial: Vec<Partial>,
    /// What the first element's cell is to be multiplied by after the last partial round.
    scale: Fr,
    /// The two other elements after the last partial round: a constant and factors.
    leave: [(Fr, Pair); 2],
}

/// The constants of a round, zero behind the last.
fn added(round: usize) -> State {
    constants().rounds.get(round).copied().unwrap_or_default()
}

fn times(matrix: &[Pair; 2], vector: &Pair) -> Pair {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1])
}

/// The solution `x` of `matrix x = vector`.
fn solve(matrix: &[Pair; 2], vector: &Pair) -> Pair {
    let [[a, b], [c, d]] = *matrix;
    let inverse = (a * d - b * c).invert().expect("the matrices of the rounds are invertible");
    [(d * vector[0] - b * vector[1]) * inverse, (a * vector[1] - c * vector[0]) * inverse]
}

static ROUNDS: LazyLock<Rounds> = LazyLock::new(|| {
    let mds = &constants().mds;
    // The first element is `scale cell`, the two others are `basis (cells + offset)`.
    let mut scale = Fr::one();
    let mut basis = [[Fr::one(), Fr::zero()], [Fr::zero(), Fr::one()]];
    let mut offset: Pair = [Fr::zero(); 2];
    let partial = (0..PARTIAL_ROUNDS)
        .map(|round| {
            let added = added(FULL_ROUNDS / 2 + round + 1);
            let row = |i: usize| [0, 1].map(|j| mds[i][1] * basis[0][j] + mds[i][2] * basis[1][j]);
            let (first, next) = (row(0), [row(1), row(2)]);
            // The S-box's output is this times that of the cell.
            let power = scale.square().square() * scale;
            scale = mds[0][0] * power;
            let inverse = inverse_or_zero(&scale);
            let constant = (added[0] + first[0] * offset[0] + first[1] * offset[1]) * inverse;
            let others = solve(&next, &[mds[1][0], mds[2][0]]).map(|factor| factor * power);
            let more = solve(&next, &[added[1], added[2]]);
            offset = [0, 1].map(|i| offset[i] + more[i] - others[i] * constant);
            basis = next;
            Partial { constant, first: first.map(|factor| factor * inverse), others }
        })
        .collect();
    let offset = times(&basis, &offset);
    Rounds { partial, scale, leave: [(offset[0], basis[0]), (offset[1], basis[1])] }
});

/// What is added to the state before the first round.
pub(super) fn first_constants() -> State {
    added(0)
}

/// The permutation of a state to which [`first_constants`] have been added.
pub(super) fn permute(cells: &mut Cells, mut state: [Cell; WIDTH]) -> [Cell; WIDTH] {
    let half = FULL_ROUNDS / 2;
    for round in 0..half {
        state = full(cells, &state, &added(round + 1));
    }
    for round in &ROUNDS.partial {
        let [first, a, b] = state;
        let fourth = fourth_power(cells, &first);
        let [left, right] = round.first.map(constant);
        let terms = [(fourth.into(), first.into()), (a.into(), left), (b.into(), right)];
        let (power, first) = cells.chain_with_first(constant(round.constant), &terms);
        let [a, b] = [(a, round.others[0]), (b, round.others[1])]
            .map(|(cell, factor)| cells.chain(cell, &[(power.into(), constant(factor))]));
        state = [first, a, b];
    }
    let [first, a, b] = state;
    let first = cells.product(first, constant(ROUNDS.scale));
    let leave = |(start, factors): (Fr, Pair)| {
        cells.chain(constant(start), &[(a.into(), constant(factors[0])), (b.into(), constant(factors[1]))])
    };
    let [a, b] = ROUNDS.leave.map(leave);
    state = [first, a, b];
    for round in half + PARTIAL_ROUNDS..FULL_ROUNDS + PARTIAL_ROUNDS {
        state = full(cells, &state, &added(round + 1));
    }
    state
}

/// A full round, and the constants of the next one.
fn full(cells: &mut Cells, state: &[Cell; WIDTH], added: &State) -> [Cell; WIDTH] {
    let powers = state.map(|cell| {
        let fourth = fourth_power(cells, &cell);
        cells.product(fourth, cell)
    });
    [0, 1, 2].map(|i| {
        let terms = [0, 1, 2].map(|j| (powers[j].into(), constant(constants().mds[i][j])));
        cells.chain(constant(added[i]), &terms)
    })
}

fn fourth_power(cells: &mut Cells, cell: &Cell) -> Cell {
    let square = cells.product(*cell, *cell);
    cells.product(square, square)
}
