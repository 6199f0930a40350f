//! The verification of one shard, for any engine and any size of the shard.
//!
//! It follows halo2-axiom's `verify_proof` with SHPLONK (Boneh, Drake, Fisch, Gabizon, "Efficient polynomial commitment
//! schemes for multiple points and polynomials", 2020) for a circuit without permutation and lookups, and stops before
//! the pairing: what must hold of it is added, with a factor, to the two sums of the engine.

use std::collections::BTreeMap;

use halo2_proofs::halo2curves::ff::{Field, PrimeField};
use verbatim_prover::challenge::Challenges;

use crate::{
    Fr,
    engine::{Engine, Sum},
    hash::{Domain, counted, hash, sponge},
    key::{Circuit, Distance, Gate, Query, TURNS},
    sponge::Sponge,
};

/// The sizes of shards, as base-2 logarithms of their rows.
pub const SIZES: std::ops::RangeInclusive<u32> = 6..=23;

/// What a shard's verification yields beside the terms of the sums.
#[derive(Clone, Debug)]
pub struct Verified<S> {
    /// The digest of the shard's key.
    pub key: S,
    /// The shard's digest, from which the challenges follow.
    pub digest: S,
    /// The sum of the shard's fractions.
    pub bus_sum: S,
    /// An element that all of the proof was hashed into.
    pub tail: S,
    /// What the generator of the first group is to be multiplied by, on the right side.
    pub generator: S,
}

/// Reads a shard's proof and verifies it up to the pairing. The sums are multiplied by `factor`.
///
/// The engine is given, in this order: a flag for each of [`SIZES`], the fixed commitments, the transcript's initial state,
/// then the bus sum and the proof.
pub fn verify<E: Engine>(
    engine: &mut E,
    circuit: &Circuit,
    shared: &Challenges<E::Scalar>,
    factor: &E::Scalar,
) -> Verified<E::Scalar> {
    let size = Size::read(engine);
    let fixed = points(engine, circuit.fixed);
    let initial = engine.scalar();
    let index = engine.constant(Fr::from(u64::from(circuit.index)));
    let key = {
        let fixed = counted(engine, &fixed.coordinates);
        let head = [index, size.k.clone(), initial.clone()];
        hash(engine, Domain::Key, &[&head[..], &fixed].concat())
    };
    let bus_sum = engine.scalar();
    let advice = points(engine, circuit.advice);
    let digest = {
        let main = counted(engine, &advice.coordinates[..circuit.main]);
        hash(engine, Domain::Shard, &[&[key.clone(), size.k.clone()][..], &main].concat())
    };

    let mut transcript = Sponge::new(engine);
    transcript.absorb(&[initial, bus_sum.clone()]);
    transcript.absorb(&advice.coordinates.concat());
    transcript.absorb(&[shared.alpha.clone(), shared.gamma.clone()]);
    // Theta, beta and gamma, which no argument of the circuit uses.
    for _ in 0..3 {
        transcript.squeeze(engine);
    }
    let random = absorbed(engine, &mut transcript, 1);
    let y = transcript.squeeze(engine);
    let pieces = absorbed(engine, &mut transcript, circuit.pieces);
    let x = transcript.squeeze(engine);
    let advice_values = scalars(engine, &mut transcript, circuit.advice_queries.len());
    let fixed_values = scalars(engine, &mut transcript, circuit.fixed_queries.len());
    let random_value = scalars(engine, &mut transcript, 1).remove(0);

    let vanishing = Vanishing::at(engine, &size, &x);
    let instance: Vec<_> = circuit
        .instance_queries
        .iter()
        .map(|distance| vanishing.instance(engine, &size, &x, *distance, &bus_sum))
        .collect();
    let values = Values { advice: &advice_values, fixed: &fixed_values, instance: &instance, shared };
    let quotient = values.quotient(engine, circuit, &y, &vanishing);

    let columns = columns(circuit, &advice_values, &fixed_values, quotient, random_value);
    let opening = Opening::read(engine, &mut transcript, &size, &x, &columns);
    let coefficients = opening.coefficients(engine, &columns, factor);
    for (column, coefficient) in columns.iter().zip(&coefficients.columns) {
        match column.commitment {
            Commitment::Advice(i) => engine.term(Sum::Right, coefficient, &advice.points[i]),
            Commitment::Fixed(i) => engine.term(Sum::Right, coefficient, &fixed.points[i]),
            Commitment::Random => engine.term(Sum::Right, coefficient, &random.points[0]),
            Commitment::Quotient => {
                let mut power = coefficient.clone();
                for (i, piece) in pieces.points.iter().enumerate() {
                    if i > 0 {
                        power = engine.mul(&power, &vanishing.x_n);
                    }
                    engine.term(Sum::Right, &power, piece);
                }
            }
        }
    }
    engine.term(Sum::Right, &coefficients.first, &opening.first.points[0]);
    engine.term(Sum::Right, &coefficients.second, &opening.second.points[0]);
    engine.term(Sum::Left, factor, &opening.second.points[0]);
    let tail = transcript.squeeze(engine);
    Verified { key, digest, bus_sum, tail, generator: coefficients.generator }
}

/// The next state of the chain of shards.
pub fn chain_step<E: Engine>(engine: &mut E, state: &E::Scalar, digest: &E::Scalar) -> E::Scalar {
    hash(engine, Domain::Step, &[state.clone(), digest.clone()])
}

/// The challenges of a bundle, from the chain's last state and the number of shards.
pub fn challenges<E: Engine>(engine: &mut E, state: &E::Scalar, shards: &E::Scalar) -> Challenges<E::Scalar> {
    let mut sponge = sponge(engine, Domain::Challenges, &[state.clone(), shards.clone()]);
    Challenges { alpha: sponge.squeeze(engine), gamma: sponge.squeeze(engine) }
}

/// Points that were read, and their coordinates.
#[derive(Debug)]
struct Points<E: Engine> {
    points: Vec<E::Point>,
    coordinates: Vec<[E::Scalar; 2]>,
}

fn points<E: Engine>(engine: &mut E, count: usize) -> Points<E> {
    let (points, coordinates) = (0..count).map(|_| engine.point()).unzip();
    Points { points, coordinates }
}

fn absorbed<E: Engine>(engine: &mut E, transcript: &mut Sponge<E>, count: usize) -> Points<E> {
    let points = points(engine, count);
    transcript.absorb(&points.coordinates.concat());
    points
}

fn scalars<E: Engine>(engine: &mut E, transcript: &mut Sponge<E>, count: usize) -> Vec<E::Scalar> {
    let scalars: Vec<_> = (0..count).map(|_| engine.scalar()).collect();
    transcript.absorb(&scalars);
    scalars
}

/// The size of a shard and what follows from it.
#[derive(Debug)]
struct Size<S> {
    flags: Vec<S>,
    k: S,
    /// The inverse of the number of rows.
    rows_inverse: S,
    /// The root of unity whose powers are the rows, and its inverse.
    omega: [S; 2],
}

impl<S: Clone> Size<S> {
    /// Reads one flag for each size and asserts that exactly one is set.
    fn read<E: Engine<Scalar = S>>(engine: &mut E) -> Self {
        let flags: Vec<S> = SIZES
            .map(|_| {
                let flag = engine.scalar();
                let minus_one = engine.constant(-Fr::one());
                let other = engine.add(&flag, &minus_one);
                let product = engine.mul(&flag, &other);
                engine.assert_zero(&product);
                flag
            })
            .collect();
        let mut by_size = |value: fn(u32) -> Fr| engine.combine(flags.iter().cloned().zip(SIZES.map(value)));
        let [count, k] = [by_size(|_| Fr::one()), by_size(|k| Fr::from(u64::from(k)))];
        let rows_inverse = by_size(|k| Fr::TWO_INV.pow_vartime([u64::from(k)]));
        let omega = [by_size(omega), by_size(|k| omega(k).invert().expect("a root of unity is not zero"))];
        let one = engine.constant(Fr::one());
        engine.assert_equal(&count, &one);
        Self { flags, k, rows_inverse, omega }
    }

    /// The `2^k`-th power.
    fn power<E: Engine<Scalar = S>>(&self, engine: &mut E, value: &S) -> S {
        let powers = engine.squarings(value, *SIZES.end());
        let zero = engine.constant(Fr::zero());
        let mut terms = self.flags.iter().zip(SIZES);
        terms
            .try_fold(zero, |sum, (flag, k)| Some(engine.mul_add(flag, powers.get(k as usize)?, &sum)))
            .expect("all powers are there")
    }

    /// What a cell's position is multiplied by to reach the one at a distance.
    fn shift<E: Engine<Scalar = S>>(&self, engine: &mut E, distance: Distance) -> S {
        let base = self.omega[usize::from(distance.rows < 0)].clone();
        let rows = engine.product(&vec![base; distance.rows.unsigned_abs() as usize]);
        let turn = omega(TURNS);
        let turns = turn.pow_vartime([distance.turns.rem_euclid(1 << TURNS) as u64]);
        engine.scale(&rows, turns)
    }
}

/// The root of unity of order `2^k`.
fn omega(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// The polynomial that is zero in all rows, at `x`.
#[derive(Debug)]
struct Vanishing<S> {
    x_n: S,
    /// `x^n - 1`.
    value: S,
}

impl<S: Clone> Vanishing<S> {
    fn at<E: Engine<Scalar = S>>(engine: &mut E, size: &Size<S>, x: &S) -> Self {
        let x_n = size.power(engine, x);
        let minus_one = engine.constant(-Fr::one());
        let value = engine.add(&x_n, &minus_one);
        Self { x_n, value }
    }

    /// The instance, whose only element stands in row 0, at a distance from `x`.
    fn instance<E: Engine<Scalar = S>>(
        &self,
        engine: &mut E,
        size: &Size<S>,
        x: &S,
        distance: Distance,
        element: &S,
    ) -> S {
        let shift = size.shift(engine, distance);
        let minus_one = engine.constant(-Fr::one());
        let denominator = engine.mul_add(x, &shift, &minus_one);
        let inverse = engine.invert(&denominator);
        let first = engine.mul(&self.value, &size.rows_inverse);
        let lagrange = engine.mul(&first, &inverse);
        engine.mul(&lagrange, element)
    }
}

/// What gates are evaluated with.
struct Values<'a, S> {
    advice: &'a [S],
    fixed: &'a [S],
    instance: &'a [S],
    shared: &'a Challenges<S>,
}

impl<S: Clone> Values<'_, S> {
    /// What the quotient must be at `x`.
    fn quotient<E: Engine<Scalar = S>>(&self, engine: &mut E, circuit: &Circuit, y: &S, vanishing: &Vanishing<S>) -> S {
        let zero = engine.constant(Fr::zero());
        let numerator = circuit.gates.iter().fold(zero, |sum, gate| {
            let value = self.evaluate(engine, gate);
            engine.mul_add(&sum, y, &value)
        });
        let inverse = engine.invert(&vanishing.value);
        engine.mul(&numerator, &inverse)
    }

    fn evaluate<E: Engine<Scalar = S>>(&self, engine: &mut E, gate: &Gate) -> S {
        match gate {
            Gate::Constant(value) => engine.constant(*value),
            Gate::Fixed(query) => self.fixed[*query].clone(),
            Gate::Advice(query) => self.advice[*query].clone(),
            Gate::Instance(query) => self.instance[*query].clone(),
            Gate::Challenge(number) => [&self.shared.alpha, &self.shared.gamma][*number].clone(),
            Gate::Negated(a) => {
                let a = self.evaluate(engine, a);
                engine.neg(&a)
            }
            Gate::Sum(a, b) => {
                let (a, b) = (self.evaluate(engine, a), self.evaluate(engine, b));
                engine.add(&a, &b)
            }
            Gate::Product(a, b) => {
                let (a, b) = (self.evaluate(engine, a), self.evaluate(engine, b));
                engine.mul(&a, &b)
            }
            Gate::Scaled(a, factor) => {
                let a = self.evaluate(engine, a);
                engine.scale(&a, *factor)
            }
        }
    }
}

/// What was committed to.
#[derive(Clone, Copy, Debug)]
enum Commitment {
    Advice(usize),
    Fixed(usize),
    /// The quotient's pieces.
    Quotient,
    Random,
}

/// A committed polynomial and its values.
#[derive(Clone, Debug)]
struct Column<S> {
    commitment: Commitment,
    values: BTreeMap<Distance, S>,
}

/// The columns in the order of their first query.
fn columns<S: Clone>(circuit: &Circuit, advice: &[S], fixed: &[S], quotient: S, random: S) -> Vec<Column<S>> {
    let mut columns: Vec<Column<S>> = Vec::new();
    let mut group = |queries: &[Query], values: &[S], commitment: fn(usize) -> Commitment| {
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for ((column, distance), value) in queries.iter().zip(values) {
            let place = *places.entry(*column).or_insert_with(|| {
                columns.push(Column { commitment: commitment(*column), values: BTreeMap::new() });
                columns.len() - 1
            });
            columns[place].values.insert(*distance, value.clone());
        }
    };
    group(&circuit.advice_queries, advice, Commitment::Advice);
    group(&circuit.fixed_queries, fixed, Commitment::Fixed);
    let here = |commitment, value| Column { commitment, values: BTreeMap::from([(Distance::ZERO, value)]) };
    columns.push(here(Commitment::Quotient, quotient));
    columns.push(here(Commitment::Random, random));
    columns
}

/// SHPLONK's messages.
#[derive(Debug)]
struct Opening<E: Engine> {
    /// Folds the columns of a set.
    y: E::Scalar,
    /// Folds the sets.
    v: E::Scalar,
    first: Points<E>,
    /// Where all is opened.
    u: E::Scalar,
    second: Points<E>,
    /// The points of the columns' openings.
    points: BTreeMap<Distance, E::Scalar>,
}

/// What the commitments are multiplied by.
struct Coefficients<S> {
    columns: Vec<S>,
    first: S,
    second: S,
    generator: S,
}

impl<E: Engine> Opening<E> {
    fn read(
        engine: &mut E,
        transcript: &mut Sponge<E>,
        size: &Size<E::Scalar>,
        x: &E::Scalar,
        columns: &[Column<E::Scalar>],
    ) -> Self {
        let y = transcript.squeeze(engine);
        let v = transcript.squeeze(engine);
        let first = absorbed(engine, transcript, 1);
        let u = transcript.squeeze(engine);
        let second = absorbed(engine, transcript, 1);
        let mut points = BTreeMap::new();
        for distance in columns.iter().flat_map(|column| column.values.keys()) {
            points.entry(*distance).or_insert_with(|| {
                let shift = size.shift(engine, *distance);
                engine.mul(x, &shift)
            });
        }
        Self { y, v, first, u, second, points }
    }

    /// Sets of columns with equal distances, in the order of their first column.
    fn sets(columns: &[Column<E::Scalar>]) -> Vec<Vec<usize>> {
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            let same = |set: &&mut Vec<usize>| columns[set[0]].values.keys().eq(column.values.keys());
            match sets.iter_mut().find(same) {
                Some(set) => set.push(index),
                None => sets.push(vec![index]),
            }
        }
        sets
    }

    fn coefficients(
        &self,
        engine: &mut E,
        columns: &[Column<E::Scalar>],
        factor: &E::Scalar,
    ) -> Coefficients<E::Scalar> {
        let sets = Self::sets(columns);
        let differences: BTreeMap<Distance, E::Scalar> =
            self.points.iter().map(|(distance, point)| (*distance, engine.sub(&self.u, point))).collect();
        let vanishing: Vec<E::Scalar> = sets
            .iter()
            .map(|set| {
                let distances = columns[set[0]].values.keys();
                engine.product(&distances.map(|distance| differences[distance].clone()).collect::<Vec<_>>())
            })
            .collect();
        let zero = engine.constant(Fr::zero());
        let mut coefficients = vec![zero.clone(); columns.len()];
        let mut generator = zero;
        let mut power = factor.clone();
        for (index, (set, value)) in sets.iter().zip(&vanishing).enumerate() {
            if index > 0 {
                power = engine.mul(&power, &self.v);
            }
            let scale = if index == 0 {
                power.clone()
            } else {
                let inverse = engine.invert(value);
                let ratio = engine.mul(&vanishing[0], &inverse);
                engine.mul(&power, &ratio)
            };
            let remainder = self.remainder(engine, columns, set, &differences);
            generator = engine.mul_add(&scale, &remainder, &generator);
            let mut coefficient = scale;
            for (place, column) in set.iter().enumerate() {
                if place > 0 {
                    coefficient = engine.mul(&coefficient, &self.y);
                }
                coefficients[*column] = coefficient.clone();
            }
        }
        let first = engine.mul(factor, &vanishing[0]);
        Coefficients {
            columns: coefficients,
            first: engine.neg(&first),
            second: engine.mul(factor, &self.u),
            generator: engine.neg(&generator),
        }
    }

    /// The value at `u` of the polynomial that interpolates a set's folded values.
    fn remainder(
        &self,
        engine: &mut E,
        columns: &[Column<E::Scalar>],
        set: &[usize],
        differences: &BTreeMap<Distance, E::Scalar>,
    ) -> E::Scalar {
        let distances: Vec<Distance> = columns[set[0]].values.keys().copied().collect();
        let zero = engine.constant(Fr::zero());
        distances.iter().fold(zero, |sum, distance| {
            let zero = engine.constant(Fr::zero());
            let folded = set
                .iter()
                .rev()
                .fold(zero, |sum, column| engine.mul_add(&sum, &self.y, &columns[*column].values[distance]));
            let others: Vec<Distance> = distances.iter().copied().filter(|other| other != distance).collect();
            if others.is_empty() {
                return engine.add(&sum, &folded);
            }
            let numerators: Vec<_> = others.iter().map(|other| differences[other].clone()).collect();
            let numerator = engine.product(&numerators);
            let denominators: Vec<_> =
                others.iter().map(|other| engine.sub(&self.points[distance], &self.points[other])).collect();
            let denominator = engine.product(&denominators);
            let inverse = engine.invert(&denominator);
            let lagrange = engine.mul(&numerator, &inverse);
            engine.mul_add(&lagrange, &folded, &sum)
        })
    }
}
