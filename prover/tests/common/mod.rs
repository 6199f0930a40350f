//! A toy machine: chains of squarings, and a table of squares.
//!
//! A row of a `chain` lane receives the message `state(t, v)`, looks up `square(v, w)`, and sends `state(t + 1, w)`. A row
//! of `table` provides `square(x, x * x)` with a free multiplicity. The public messages are start and end of the chain.

#![allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations)]

use std::{
    collections::HashMap,
    ops::{Add, Mul, Neg, Sub},
    sync::Arc,
};

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::ff::{BatchInvert, Field},
    plonk::{Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance},
};
use verbatim_prover::{
    Fr,
    bundle::{Bundle, Job, ProvenBundle, Prover, Verifier},
    challenge::{Challenges, statement_digest},
    keys::{KeyStore, ShardKey},
    machine::{ShardCircuit, ShardWitness, gate_degree},
    registry::{Count, Registry},
    setup::Setup,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Chain,
    Table,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Toy {
    pub kind: Kind,
    pub k: u32,
    pub lanes: usize,
    /// Adds a gate of degree 6.
    pub degree_six: bool,
    /// Leaves out `set_minimum_degree`.
    pub undeclared: bool,
    /// A constant in a fixed column.
    pub constant: u64,
}

pub trait Algebra:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> + From2
{
}
pub trait From2 {
    fn constant(value: u64) -> Self;
}
impl From2 for Fr {
    fn constant(value: u64) -> Self {
        Fr::from(value)
    }
}
impl From2 for Expression<Fr> {
    fn constant(value: u64) -> Self {
        Expression::Constant(Fr::from(value))
    }
}
impl Algebra for Fr {}
impl Algebra for Expression<Fr> {}

impl Toy {
    pub fn chain(k: u32) -> Self {
        Self { kind: Kind::Chain, k, lanes: 1, ..Self::default() }
    }

    pub fn table(k: u32) -> Self {
        Self { kind: Kind::Table, k, lanes: 1, ..Self::default() }
    }

    fn lane_columns(&self) -> usize {
        match self.kind {
            Kind::Chain => 4,
            Kind::Table => 3,
        }
    }

    pub fn usable(&self) -> usize {
        (1 << self.k) - 6
    }

    /// Multiplicity and tuple of each message of a lane.
    fn messages<A: Algebra>(&self, cells: &[A]) -> Vec<(A, Vec<A>)> {
        let constant = A::constant;
        match (self.kind, cells) {
            (Kind::Chain, [s, t, v, w]) => vec![
                (-s.clone(), vec![constant(2), t.clone(), v.clone()]),
                (s.clone(), vec![constant(2), t.clone() + constant(1), w.clone()]),
                (s.clone(), vec![constant(1), v.clone(), w.clone()]),
            ],
            (Kind::Table, [m, x, y]) => vec![(-m.clone(), vec![constant(1), x.clone(), y.clone()])],
            _ => unreachable!(),
        }
    }

    fn constraints<A: Algebra>(&self, cells: &[A]) -> Vec<A> {
        match (self.kind, cells) {
            (Kind::Chain, [s, ..]) => vec![s.clone() * (s.clone() - A::constant(1))],
            (Kind::Table, [_, x, y]) => vec![y.clone() - x.clone() * x.clone()],
            _ => unreachable!(),
        }
    }
}

/// `gamma + a + alpha b + alpha^2 c ...`
pub fn compress<A: Algebra>(tuple: &[A], alpha: &A, gamma: &A) -> A {
    let compressed = tuple.iter().rev().cloned().reduce(|sum, field| sum * alpha.clone() + field).unwrap();
    gamma.clone() + compressed
}

#[derive(Clone, Debug)]
pub struct Config {
    act: Column<Fixed>,
    first: Column<Fixed>,
    last: Column<Fixed>,
    usable: usize,
}

impl Circuit<Fr> for Toy {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Toy;

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn params(&self) -> Toy {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, toy: Toy) -> Config {
        let main: Vec<Column<Advice>> = (0..toy.lanes * toy.lane_columns()).map(|_| meta.advice_column()).collect();
        let helpers: Vec<Column<Advice>> = (0..toy.lanes).map(|_| meta.advice_column()).collect();
        let phi = meta.advice_column();
        let instance: Column<Instance> = meta.instance_column();
        let [act, first, last] = [(); 3].map(|()| meta.fixed_column());
        let challenges: [Challenge; 2] = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let [alpha, gamma] = challenges.map(|challenge| challenge.expr());
        let one = || Expression::Constant(Fr::ONE);
        let mut sum = Expression::Constant(Fr::ZERO);
        for (lane, helper) in main.chunks(toy.lane_columns()).zip(&helpers) {
            let cells: Vec<_> = lane.iter().map(|column| column.cur()).collect();
            let messages = toy.messages(&cells);
            let points: Vec<_> = messages.iter().map(|(_, tuple)| compress(tuple, &alpha, &gamma)).collect();
            let product = points.iter().cloned().fold(helper.cur(), |product, point| product * point);
            let numerator = messages.iter().enumerate().map(|(index, (multiplicity, _))| {
                let others = points.iter().enumerate().filter(|(other, _)| *other != index);
                others.fold(multiplicity.clone(), |product, (_, point)| product * point.clone())
            });
            let numerator = numerator.reduce(|sum, term| sum + term).unwrap();
            meta.create_gate("helper", |_| [act.cur() * (product - numerator)]);
            meta.create_gate("local", |_| {
                toy.constraints(&cells).into_iter().map(|poly| act.cur() * poly).collect::<Vec<_>>()
            });
            if toy.degree_six {
                let s = cells[0].clone();
                let poly = s.clone() * s.clone() * s.clone() * s.clone() * (s - one());
                meta.create_gate("degree six", |_| [act.cur() * poly]);
            }
            sum = sum + helper.cur();
        }
        let rest = (one() - last.cur()) * phi.next();
        meta.create_gate("running sum", |_| [act.cur() * (phi.cur() - sum - rest)]);
        meta.create_gate("total", |_| [first.cur() * (phi.cur() - instance.cur())]);
        if !toy.undeclared {
            meta.set_minimum_degree(gate_degree(meta));
        }
        let usable = (1 << toy.k) - (meta.blinding_factors() + 1);
        Config { act, first, last, usable }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "fixed",
            |mut region| {
                for row in 0..config.usable {
                    region.assign_fixed(config.act, row, Fr::ONE);
                }
                region.assign_fixed(config.first, 0, Fr::ONE + Fr::from(self.constant));
                region.assign_fixed(config.last, config.usable - 1, Fr::ONE);
                Ok(())
            },
        )
    }
}

impl ShardCircuit for Toy {
    type Circuit = Toy;

    fn name(&self) -> &str {
        match self.kind {
            Kind::Chain => "chain",
            Kind::Table => "table",
        }
    }

    fn index(&self) -> u32 {
        self.kind as u32
    }

    fn k(&self) -> u32 {
        self.k
    }

    fn main_columns(&self) -> usize {
        self.lanes * self.lane_columns()
    }

    fn circuit(&self) -> Toy {
        *self
    }
}

#[derive(Clone)]
pub struct ToyWitness {
    pub toy: Toy,
    pub main: Vec<Vec<Fr>>,
}

impl ShardWitness for ToyWitness {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        self.main.clone()
    }

    fn aux_columns(&self, main: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        let usable = self.toy.usable();
        let mut phi = vec![Fr::ZERO; usable];
        let mut aux = Vec::new();
        for lane in main.chunks(self.toy.lane_columns()) {
            let helper = (0..usable).map(|row| {
                let cells: Vec<Fr> = lane.iter().map(|column| column[row]).collect();
                let messages = self.toy.messages(&cells);
                let mut inverses: Vec<Fr> = messages.iter().map(|(_, tuple)| compress(tuple, &alpha, &gamma)).collect();
                inverses.batch_invert();
                messages.iter().zip(inverses).map(|((m, _), inverse)| m * inverse).sum::<Fr>()
            });
            aux.push(helper.collect::<Vec<Fr>>());
        }
        let mut sum = Fr::ZERO;
        for row in (0..usable).rev() {
            sum += aux.iter().map(|helper| helper[row]).sum::<Fr>();
            phi[row] = sum;
        }
        aux.push(phi);
        (aux, sum)
    }
}

/// Keys, registry and witnesses of a chain that is cut into two shards.
pub struct Fixture {
    pub setup: Arc<Setup>,
    pub keys: Vec<ShardKey>,
    pub witnesses: Vec<ToyWitness>,
    pub registry: Registry,
    pub start: Fr,
    pub end: (u64, Fr),
}

/// `steps` squarings from `start`, as main columns of one lane.
pub fn chain_columns(first: u64, steps: usize, value: &mut Fr) -> Vec<Vec<Fr>> {
    let mut columns = vec![Vec::new(); 4];
    for step in 0..steps as u64 {
        let square = value.square();
        for (column, cell) in columns.iter_mut().zip([Fr::ONE, Fr::from(first + step), *value, square]) {
            column.push(cell);
        }
        *value = square;
    }
    columns
}

pub fn table_columns(chains: &[&Vec<Vec<Fr>>]) -> Vec<Vec<Fr>> {
    let mut rows: HashMap<[u8; 32], (u64, Fr)> = HashMap::new();
    for value in chains.iter().flat_map(|columns| &columns[2]) {
        rows.entry(value.to_bytes()).or_insert((0, *value)).0 += 1;
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort();
    let column = |cell: fn(&(u64, Fr)) -> Fr| rows.iter().map(|(_, row)| cell(row)).collect();
    vec![column(|row| Fr::from(row.0)), column(|row| row.1), column(|row| row.1.square())]
}

impl Fixture {
    pub fn new(seed: u64) -> Self {
        let setup = Arc::new(Setup::unsafe_development(None));
        let toys = [Toy::chain(6), Toy::chain(7), Toy::table(8)];
        let store = KeyStore::new(None);
        let keys: Vec<ShardKey> =
            toys.iter().map(|toy| store.key(toy, setup.params(toy.k).unwrap()).unwrap()).collect();
        let start = Fr::from(seed);
        let mut value = start;
        let first = chain_columns(0, 50, &mut value);
        let second = chain_columns(50, 100, &mut value);
        let table = table_columns(&[&first, &second]);
        let witnesses = toys.into_iter().zip([first, second, table]).map(|(toy, main)| ToyWitness { toy, main });
        let mut registry = Registry::new();
        registry.add_circuit("chain", 0, Count { least: 1, greatest: 8 }).unwrap();
        registry.add_circuit("table", 1, Count::exactly(1)).unwrap();
        for key in &keys {
            registry.add_key(Arc::clone(key.verifying())).unwrap();
        }
        let witnesses = witnesses.collect();
        Self { setup, keys, witnesses, registry, start, end: (150, value) }
    }

    pub fn statement(&self) -> Fr {
        statement_digest(b"toy")
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        self.keys.iter().zip(&self.witnesses).map(|(key, witness)| Job { key, witness }).collect()
    }

    pub fn prove(&self) -> ProvenBundle {
        Prover::new().prove(self.statement(), &self.jobs()).unwrap()
    }

    pub fn verifier(&self) -> Verifier<'_> {
        Verifier::new(&self.registry, self.setup.verifier())
    }

    pub fn verify(&self, bundle: &Bundle) -> Result<Challenges<Fr>, verbatim_prover::bundle::BundleRejection> {
        self.verifier().verify(self.statement(), bundle, |challenges| self.public(challenges))
    }

    /// The start is sent, the end received.
    pub fn public(&self, challenges: &Challenges<Fr>) -> Fr {
        let fraction = |t, v| {
            let tuple = [Fr::from(2), Fr::from(t), v];
            compress(&tuple, &challenges.alpha, &challenges.gamma).invert().unwrap()
        };
        fraction(0, self.start) - fraction(self.end.0, self.end.1)
    }
}
