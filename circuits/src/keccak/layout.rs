//! Where the bits of a batch of permutations stand.
//!
//! A shard of `2^k` rows is 64 *turns* of `2^(k-6)` rows, one for each position `z` in a lane. A batch of [`SLICES`]
//! permutations takes the same [`HEIGHT`] rows of every turn: row `t` holds the state before round `t`, with theta
//! applied, and the last row the state after the last round. A rotation of a lane by `r` bits is a rotation of its column by
//! `r` turns, which wraps around exactly as the lane does: it costs nothing. The last rows of each turn stay unused, because those of
//! the last turn hold blinding.

use verbatim_gadgets::circuit::{BLINDING_ROWS, CircuitBuilder, Rows, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};

use super::reference::{IOTA, RHO, ROUNDS, before_pi};
use super::tables::Function;
use crate::bus::{KeccakTable, Permutation};

/// Permutations in a batch: digits of a cell.
pub const SLICES: usize = 6;

/// The base of the digits. Above 13, the greatest sum of digits that is looked up, so that nothing carries.
pub const BASE: u64 = 16;

/// What separates the cells of eight positions where they are added: far above any cell's value.
pub const STRIDE_BITS: u32 = 24;

/// Rows that a batch takes in every turn.
pub const HEIGHT: usize = ROUNDS + 1;

/// Rows of a turn above its first batch: they hold zeros, so that the row above a batch is never one of blinding.
const FIRST: usize = 1;

/// Bits of a lane.
pub const LANE: usize = 64;

/// The place of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bit position: the turn.
    pub z: usize,
    /// The batch.
    pub batch: usize,
    /// The row of the batch in the turn.
    pub t: usize,
}

/// Batches in a shard.
pub const fn batches(rows: Rows) -> usize {
    (rows.total / LANE).saturating_sub(BLINDING_ROWS + FIRST) / HEIGHT
}

impl Place {
    /// The place of `row`, if it belongs to a batch.
    pub const fn of(row: usize, rows: Rows) -> Option<Self> {
        let turn = rows.total / LANE;
        let Some(inside) = (row % turn).checked_sub(FIRST) else { return None };
        let place = Self { z: row / turn, batch: inside / HEIGHT, t: inside % HEIGHT };
        if place.batch < batches(rows) { Some(place) } else { None }
    }

    /// The row of this place.
    pub const fn row(self, rows: Rows) -> usize {
        self.z * (rows.total / LANE) + FIRST + self.batch * HEIGHT + self.t
    }
}

/// The sum of `digit(p)` times the weight of permutation `p`.
pub fn pack(digit: impl Fn(usize) -> u64) -> u64 {
    (0..SLICES).rev().fold(0, |sum, p| sum * BASE + digit(p))
}

/// The columns that hold bits, and those that turn lanes into them.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The state with theta applied, lane `x + 5 y`; in a batch's last row, the state after the permutation.
    pub state: [Cell; 25],
    /// What theta added to column `x`; zero in a batch's last row.
    pub theta: [Cell; 5],
    /// In row `t`: lane `t` of the state before the permutation.
    pub input: Cell,
    /// In row `t`: what theta adds to lane `t` of it.
    pub input_theta: Cell,
    /// In row `t`: the sum of the two, modulo two.
    pub input_state: Cell,
    /// In row `t`: lane `t` of the state after the permutation.
    pub output: Cell,
    /// Bytes and spreads of `input`.
    pub input_bytes: Bytes,
    /// Bytes and spreads of `output`.
    pub output_bytes: Bytes,
    /// How often a permutation is consumed.
    pub multiplicity: Cell,
}

/// In turn `8 j + p` and row `t`: byte `j` of lane `t` of permutation `p`.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// The number that this byte ends, read from byte 0: the lane itself where `j` is 7.
    pub number: Cell,
    /// The byte's bits, [`STRIDE_BITS`] apart.
    pub spread: Cell,
    /// The byte and its spread, where `j` is 0.
    pub first: Slot<KeccakTable>,
    /// The byte and its spread elsewhere.
    pub next: Slot<KeccakTable>,
}

/// Fixed columns that mark rows.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Rows that a round leads to: all of a batch but the first.
    pub round: Cell,
    /// Rows with theta applied: all of a batch but the last.
    pub theta: Cell,
    /// The last row of a batch.
    pub end: Cell,
    /// Turns that begin a byte.
    pub byte: Cell,
    /// Turns that hold byte 0 of a permutation.
    pub first_byte: Cell,
    /// Turns that hold another byte of a permutation.
    pub next_byte: Cell,
    /// Rows where a permutation is complete: the last of a batch in turns that hold byte 7.
    pub lanes: Cell,
    /// Rows that a round leads to whose constant has this bit.
    pub constant: Cell,
}

/// The columns and slots of the permutation circuit.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Main columns.
    pub columns: Columns,
    /// Marks.
    pub marks: Marks,
    /// Chi of lane `x + 5 y`.
    pub chi: Vec<Slot<KeccakTable>>,
    /// Chi of lane 0 where the round's constant inverts it.
    pub inverted: Slot<KeccakTable>,
    /// Evenness, for each column `x` of the state.
    pub even: Vec<Slot<KeccakTable>>,
    /// Pairs of theta's cells, whose digits are bits.
    pub bits: Vec<Slot<KeccakTable>>,
    /// Theta of the input.
    pub absorb: Slot<KeccakTable>,
    /// The permutation.
    pub permutation: Slot<Permutation>,
}

fn entry(input: impl Into<Expr>, output: impl Into<Expr>, function: Function) -> Vec<Expr> {
    vec![input.into(), output.into(), Expr::from(function as u64)]
}

fn marks(builder: &mut CircuitBuilder) -> Marks {
    let mut mark = |name: &str, marked: fn(Place) -> bool| {
        builder.fixed(name, move |rows| {
            let marked = |row| Place::of(row, rows).is_some_and(marked);
            (0..rows.usable).map(|row| if marked(row) { F::one() } else { F::zero() }).collect()
        })
    };
    Marks {
        round: mark("round", |place| place.t > 0),
        theta: mark("theta", |place| place.t < ROUNDS),
        end: mark("end", |place| place.t == ROUNDS),
        byte: mark("byte", |place| place.z % 8 == 0),
        first_byte: mark("first byte", |place| place.z < SLICES),
        next_byte: mark("next byte", |place| place.z >= 8 && place.z % 8 < SLICES),
        lanes: mark("lanes", |place| place.t == ROUNDS && place.z >= 56 && place.z % 8 < SLICES),
        constant: mark("constant", |place| place.t > 0 && IOTA[place.t - 1] >> place.z & 1 == 1),
    }
}

fn bytes(builder: &mut CircuitBuilder, name: &str) -> Bytes {
    let (number, spread) = (builder.main(format!("{name} bytes")), builder.main(format!("{name} spread")));
    let byte = number - number.turned(-8) * F::from(256);
    let first = builder.slot(format!("{name}: first byte"), entry(number, spread, Function::Spread));
    let next = builder.slot(format!("{name}: next byte"), entry(byte, spread, Function::Spread));
    Bytes { number, spread, first, next }
}

/// The bit of chi's row `y` at `x`, before chi: the lane that rho and pi bring there from the row above.
fn before_chi(state: &[Cell; 25], x: usize, y: usize) -> Cell {
    let lane = before_pi(x % 5, y);
    state[lane].shifted(-1).turned(-(RHO[lane] as i8))
}

/// What chi and theta make lane `x + 5 y` of: `2 (a + theta) + b - c + 1` in every digit, for `a xor (not b and c) xor theta`.
fn chi_input(state: &[Cell; 25], theta: &[Cell; 5], x: usize, y: usize) -> Expr {
    let [a, b, c] = std::array::from_fn(|i| before_chi(state, x + i, y));
    let sum = a + theta[x];
    &sum + &sum + b - c + pack(|_| 1)
}

/// The bits whose sum is even: what theta added to column `x`, and what it added it for.
fn theta_sum(state: &[Cell; 25], theta: &[Cell; 5], x: usize) -> Expr {
    let (left, right) = ((x + 4) % 5, (x + 1) % 5);
    let column = |x: usize| (0..5).map(|y| state[x + 5 * y].expr()).sum::<Expr>() + theta[x];
    let right: Expr = (0..5).map(|y| state[right + 5 * y].turned(-1).expr()).sum::<Expr>() + theta[right].turned(-1);
    column(left) + right + theta[x]
}

/// Declares the columns.
pub fn layout(builder: &mut CircuitBuilder) -> Layout {
    let state: [Cell; 25] = std::array::from_fn(|lane| builder.main(format!("state {lane}")));
    let theta: [Cell; 5] = std::array::from_fn(|x| builder.main(format!("theta {x}")));
    let [input, input_theta, input_state, output, multiplicity] =
        ["input", "input theta", "input state", "output", "multiplicity"].map(|name| builder.main(name));
    let input_bytes = bytes(builder, "input");
    let output_bytes = bytes(builder, "output");

    let chi = (0..25)
        .map(|lane| {
            let key = chi_input(&state, &theta, lane % 5, lane / 5);
            builder.slot(format!("chi {lane}"), entry(key, state[lane], Function::Chi))
        })
        .collect();
    let key = chi_input(&state, &theta, 0, 0);
    let inverted = builder.slot("chi 0 inverted", entry(key, Expr::from(pack(|_| 1)) - state[0], Function::Chi));
    let even = (0..5)
        .map(|x| builder.slot(format!("even {x}"), entry(theta_sum(&state, &theta, x), 0, Function::Even)))
        .collect();
    let second = |x: usize| theta.get(x + 1).map_or(Expr::zero(), |cell| cell.expr());
    let bits =
        [0, 2, 4].map(|x| builder.slot(format!("bits {x}"), entry(theta[x], second(x), Function::Bits))).to_vec();
    let absorb = builder.slot("absorb", entry(input + input_theta, input_state, Function::Xor));
    let lanes = |number: Cell| (0..25).map(move |lane| number.shifted(lane - 24).expr());
    let fields = lanes(input_bytes.number).chain(lanes(output_bytes.number)).collect();
    let permutation = builder.slot("permutation", fields);

    let marks = marks(builder);
    let columns =
        Columns { state, theta, input, input_theta, input_state, output, input_bytes, output_bytes, multiplicity };
    Layout { columns, marks, chi, inverted, even, bits, absorb, permutation }
}
