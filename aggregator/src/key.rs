//! What a verifier of shards knows of a circuit, whatever its size.

use halo2_proofs::{
    plonk::{Circuit as _, Column, ColumnType, ConstraintSystem, Expression},
    poly::Rotation,
};
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_prover::{keys::ShardVerifyingKey, machine::ShardCircuit as _, shards::PlanCircuit};

use crate::Fr;

/// The base-2 logarithm of the number of turns in a shard: rotations are counted in rows and turns, so that they mean the
/// same for every size.
pub(crate) const TURNS: u32 = 6;

/// A distance in the columns of a shard: `turns * 2^(k - 6) + rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distance {
    /// Sixty-fourths of the shard's height.
    pub turns: i32,
    /// Rows.
    pub rows: i32,
}

impl Distance {
    /// The distance that is zero.
    pub const ZERO: Self = Self { turns: 0, rows: 0 };

    /// A rotation in a shard of `2^k` rows, split so that there are as few rows as possible.
    fn of(rotation: i32, k: u32) -> Self {
        let Some(shift) = k.checked_sub(TURNS).filter(|shift| *shift > 2) else {
            return Self { turns: 0, rows: rotation };
        };
        let turns = (rotation + (1 << (shift - 1))) >> shift;
        Self { turns, rows: rotation - (turns << shift) }
    }
}

/// A query: a column at a distance.
pub type Query = (usize, Distance);

/// A circuit as its verifier sees it. It is the same for every `k`.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// The circuit's number in the machine.
    pub index: u32,
    /// Main columns: the first advice columns.
    pub main: usize,
    /// Advice columns.
    pub advice: usize,
    /// Fixed columns.
    pub fixed: usize,
    /// Pieces of the quotient.
    pub pieces: usize,
    /// The advice that the proof evaluates, in its order.
    pub advice_queries: Vec<Query>,
    /// The fixed columns that the proof evaluates, in its order.
    pub fixed_queries: Vec<Query>,
    /// Distances at which gates read the instance.
    pub instance_queries: Vec<Distance>,
    /// The gates' polynomials.
    pub gates: Vec<Gate>,
}

/// A polynomial in what a proof evaluates.
#[derive(Clone, Debug)]
pub enum Gate {
    /// A constant.
    Constant(Fr),
    /// The fixed query of this number.
    Fixed(usize),
    /// The advice query of this number.
    Advice(usize),
    /// The instance query of this number.
    Instance(usize),
    /// The challenge of this number.
    Challenge(usize),
    /// `-a`.
    Negated(Box<Gate>),
    /// `a + b`.
    Sum(Box<Gate>, Box<Gate>),
    /// `a b`.
    Product(Box<Gate>, Box<Gate>),
    /// `a` times a constant.
    Scaled(Box<Gate>, Fr),
}

impl Gate {
    /// The gate that reads the `n`-th query where `gate` names the column and rotation of it.
    pub(crate) fn of(gate: &Expression<Fr>, cs: &ConstraintSystem<Fr>) -> Self {
        let boxed = |gate: &Expression<Fr>| Box::new(Self::of(gate, cs));
        match gate {
            Expression::Constant(value) => Self::Constant(*value),
            Expression::Selector(_) => unreachable!("the selectors of a key are fixed columns"),
            Expression::Fixed(at) => Self::Fixed(place(cs.fixed_queries(), at.column_index(), at.rotation())),
            Expression::Advice(at) => Self::Advice(place(cs.advice_queries(), at.column_index(), at.rotation())),
            Expression::Instance(at) => Self::Instance(place(cs.instance_queries(), at.column_index(), at.rotation())),
            Expression::Challenge(challenge) => Self::Challenge(challenge.index()),
            Expression::Negated(a) => Self::Negated(boxed(a)),
            Expression::Sum(a, b) => Self::Sum(boxed(a), boxed(b)),
            Expression::Product(a, b) => Self::Product(boxed(a), boxed(b)),
            Expression::Scaled(a, factor) => Self::Scaled(boxed(a), *factor),
        }
    }
}

/// The number of a query in the order of the constraint system.
fn place<C: ColumnType>(queries: &[(Column<C>, Rotation)], column: usize, rotation: Rotation) -> usize {
    let place = queries.iter().position(|(c, at)| c.index() == column && *at == rotation);
    place.expect("a constraint system lists what its gates query")
}

impl Circuit {
    /// The circuit of a key.
    pub fn of(key: &ShardVerifyingKey) -> Self {
        Self::new(key.key().cs(), key.shape().k, key.index(), key.shape().main_columns)
    }

    /// A circuit of the framework, without its key.
    pub fn of_shard(shard: &PlanCircuit) -> Self {
        let mut cs = ConstraintSystem::default();
        // Nothing here uses halo2's selectors: the constraint system is that of the key.
        ShardCircuit::configure_with_params(&mut cs, shard.circuit().params);
        Self::new(&cs, shard.k(), shard.index(), shard.main_columns())
    }

    fn new(cs: &ConstraintSystem<Fr>, k: u32, index: u32, main: usize) -> Self {
        let distance = |rotation: Rotation| Distance::of(rotation.0, k);
        Self {
            index,
            main,
            advice: cs.num_advice_columns(),
            fixed: cs.num_fixed_columns(),
            pieces: cs.degree() - 1,
            advice_queries: cs.advice_queries().iter().map(|(c, at)| (c.index(), distance(*at))).collect(),
            fixed_queries: cs.fixed_queries().iter().map(|(c, at)| (c.index(), distance(*at))).collect(),
            instance_queries: cs.instance_queries().iter().map(|(_, at)| distance(*at)).collect(),
            gates: cs.gates().iter().flat_map(|gate| gate.polynomials()).map(|gate| Gate::of(gate, cs)).collect(),
        }
    }

    /// How many commitments a proof of this circuit has, with the fixed ones.
    pub fn commitments(&self) -> usize {
        self.fixed + self.advice + 1 + self.pieces + 2
    }
}
