//! A circuit as a halo2 constraint system, and the LogUp columns that balance the bus in it.
//!
//! Column order: main columns, then auxiliary ones (one helper for three slots, then the running sum). One phase, two
//! challenges usable after it, one instance column whose first row holds the shard's bus sum. No permutation, no lookup.

use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit as Halo2Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed,
    Instance,
};
use halo2_proofs::poly::Rotation;
use rayon::prelude::*;

use crate::circuit::{ACTIVE, BLINDING_ROWS, Circuit, Constraint, Selector};
use crate::expr::{Area, Cell, Expr, F, Node};
use crate::grid::Grid;
use crate::program::Scratch;

/// The two challenges that all shards of a bundle share, as field elements or as whatever stands for them: `alpha` compresses
/// tuples and folds constraints, `gamma` shifts the LogUp denominators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenges<L = F> {
    /// The tuple compression.
    pub alpha: L,
    /// The shift: the point at which the sum of fractions is taken.
    pub gamma: L,
}

impl Challenges {
    /// The challenges that MockProver uses: a fixed chain of hashes.
    pub fn of_mock_prover() -> Self {
        use halo2_proofs::halo2curves::ff::FromUniformBytes;
        let mut hash = blake2b(b"Halo2-MockProver");
        let mut next = || {
            hash = blake2b(&hash);
            F::from_uniform_bytes(&hash)
        };
        Self { alpha: next(), gamma: next() }
    }

    /// The denominator of a message: `gamma + tag + alpha x_1 + alpha^2 x_2 + ...`.
    pub fn compress(&self, tag: u64, tuple: impl DoubleEndedIterator<Item = F>) -> F {
        let folded = tuple.rev().fold(F::ZERO, |sum, x| (sum + x) * self.alpha);
        folded + F::from(tag) + self.gamma
    }
}

fn blake2b(input: &[u8]) -> [u8; 64] {
    let mut hash = [0; 64];
    hash.copy_from_slice(blake2b_simd::Params::new().hash_length(64).hash(input).as_bytes());
    hash
}

/// The columns of the constraint system.
#[derive(Clone, Debug)]
pub struct Config {
    main: Vec<Column<Advice>>,
    aux: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Column<Instance>,
    alpha: Challenge,
    gamma: Challenge,
    k: u32,
}

impl Config {
    fn new(meta: &mut ConstraintSystem<F>, circuit: &Circuit, k: u32) -> Self {
        let main = circuit.main.iter().map(|_| meta.advice_column()).collect();
        let aux = (0..circuit.aux_columns()).map(|_| meta.advice_column()).collect();
        let fixed = circuit.fixed.iter().map(|_| meta.fixed_column()).collect();
        let instance = meta.instance_column();
        let alpha = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        Self { main, aux, fixed, instance, alpha, gamma, k }
    }

    fn cell(&self, cell: Cell) -> Expression<F> {
        let (column, rotation) = (usize::from(cell.column), Rotation(cell.distance(self.k)));
        match cell.area {
            Area::Main => self.main[column].rot(rotation.0),
            Area::Fixed => self.fixed[column].rot(rotation.0),
        }
    }

    fn expression(&self, expr: &Expr) -> Expression<F> {
        match expr.node() {
            Node::Constant(value) => Expression::Constant(*value),
            Node::Cell(cell) => self.cell(*cell),
            Node::Mul(a, b) => match (a.as_constant(), b.as_constant()) {
                // A negation is a subtraction in the evaluation of gates; a scaling by -1 would be a multiplication.
                (Some(value), _) if value == -F::ONE => -self.expression(b),
                (Some(value), _) => self.expression(b) * value,
                (_, Some(value)) => self.expression(a) * value,
                _ => self.expression(a) * self.expression(b),
            },
            Node::Add(a, b) => self.expression(a) + self.expression(b),
        }
    }

    /// The constraints folded by powers of alpha: zero, but for a negligible chance, only if each is.
    fn fold(&self, constraints: &[Constraint]) -> Option<Expression<F>> {
        let alpha = self.alpha.expr();
        constraints.iter().rev().map(|c| self.expression(&c.expr)).reduce(|sum, term| sum * alpha.clone() + term)
    }
}

/// Adds the gates of `circuit`.
fn gates(meta: &mut ConstraintSystem<F>, circuit: &Circuit, config: &Config) {
    let active = config.fixed[ACTIVE].cur();
    if let Some(folded) = config.fold(&circuit.dispatch) {
        meta.create_gate("dispatch", |_| vec![active.clone() * folded]);
    }
    if let Some((edge, folded)) = circuit.edge.zip(config.fold(&circuit.edges)) {
        meta.create_gate("edges", |_| vec![config.fixed[edge].cur() * folded]);
    }
    let by_main = |chip: &&crate::chip::ChipDef| matches!(chip.selector, Selector::Main(_));
    let local = circuit
        .chips
        .iter()
        .filter(by_main)
        .filter_map(|chip| Some(config.expression(&chip.selector.expr()) * config.fold(&chip.constraints)?))
        .reduce(|a, b| a + b);
    if let Some(local) = local {
        meta.create_gate("chips", |_| vec![active.clone() * local]);
    }
    for chip in circuit.chips.iter().filter(|chip| !by_main(chip)) {
        if let Some(folded) = config.fold(&chip.constraints) {
            let selector = config.expression(&chip.selector.expr());
            meta.create_gate(chip.name, |_| vec![selector * folded]);
        }
    }
    bus_gates(meta, circuit, config);
}

fn bus_gates(meta: &mut ConstraintSystem<F>, circuit: &Circuit, config: &Config) {
    let (alpha, gamma) = (config.alpha.expr(), config.gamma.expr());
    let active = config.fixed[ACTIVE].cur();
    let denominators: Vec<_> = circuit
        .slots
        .iter()
        .map(|slot| {
            let zero = Expression::Constant(F::ZERO);
            let folded = slot.fields.iter().rev().fold(zero, |sum, x| (sum + config.expression(x)) * alpha.clone());
            folded + Expression::Constant(F::from(slot.tag.id)) + gamma.clone()
        })
        .collect();
    let multiplicities: Vec<_> = circuit.multiplicities().iter().map(|m| config.expression(m)).collect();
    let groups = denominators.chunks(Circuit::GROUP).zip(multiplicities.chunks(Circuit::GROUP));
    let (sum, helpers) = config.aux.split_last().expect("there is a running sum");
    for ((f, m), helper) in groups.zip(helpers) {
        meta.create_gate("logup helper", |_| {
            let product = f.iter().cloned().reduce(|a, b| a * b).expect("a group has a slot");
            let numerator = (0..f.len())
                .map(|i| (0..f.len()).filter(|j| *j != i).fold(m[i].clone(), |product, j| product * f[j].clone()))
                .reduce(|a, b| a + b)
                .expect("a group has a slot");
            vec![active.clone() * (helper.cur() * product - numerator)]
        });
    }
    // The sum runs backwards, so that the total stands in the first active row.
    let one = Expression::Constant(F::ONE);
    let step = helpers.iter().map(|h| h.cur()).reduce(|a, b| a + b).unwrap_or(Expression::Constant(F::ZERO));
    meta.create_gate("running sum", |_| {
        let next = config.fixed[ACTIVE].next() * sum.next();
        vec![active.clone() * (sum.cur() - step - next)]
    });
    meta.create_gate("bus sum", |_| {
        let first = active.clone() * (one - config.fixed[ACTIVE].prev());
        let instance = config.instance.rot(-(circuit.first_row() as i32));
        vec![first * (sum.cur() - instance)]
    });
}

/// A circuit, and for a proof or a mock proof its cells, as halo2 takes it.
#[derive(Clone, Debug, Default)]
pub struct ShardCircuit {
    /// What is proven, and the size.
    pub params: ShardParams,
    /// All advice columns: main, then auxiliary. Empty for key generation.
    pub advice: Vec<Vec<F>>,
}

/// What shapes the constraint system.
#[derive(Clone, Debug, Default)]
pub struct ShardParams {
    /// The circuit.
    pub circuit: Option<Arc<Circuit>>,
    /// The binary logarithm of the number of rows.
    pub k: u32,
}

impl ShardCircuit {
    /// The circuit for key generation.
    pub fn for_keys(circuit: Arc<Circuit>, k: u32) -> Self {
        Self { params: ShardParams { circuit: Some(circuit), k }, advice: Vec::new() }
    }

    /// The filled circuit for MockProver, and the bus sum that its instance column holds.
    pub fn for_mock_prover(grid: &Grid) -> (Self, F) {
        let (aux, sum) = auxiliary(grid, Challenges::of_mock_prover());
        let advice = grid.main.iter().cloned().chain(aux).collect();
        (Self { params: ShardParams { circuit: Some(Arc::clone(&grid.circuit)), k: grid.k }, advice }, sum)
    }
}

impl Halo2Circuit<F> for ShardCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ShardParams;

    fn params(&self) -> ShardParams {
        self.params.clone()
    }

    fn without_witnesses(&self) -> Self {
        Self { params: self.params.clone(), advice: Vec::new() }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<F>, params: ShardParams) -> Config {
        let circuit = params.circuit.expect("a shard has a circuit");
        let config = Config::new(meta, &circuit, params.k);
        gates(meta, &circuit, &config);
        let degrees = meta.gates().iter().flat_map(|gate| gate.polynomials()).map(Expression::degree);
        let degree = degrees.max().unwrap_or(0).max(3);
        meta.set_minimum_degree(degree);
        assert!(meta.blinding_factors() < BLINDING_ROWS, "{} needs more blinding rows", circuit.name);
        config
    }

    fn configure(_: &mut ConstraintSystem<F>) -> Config {
        unreachable!("halo2 calls configure_with_params where the circuit-params feature is on")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        let circuit = self.params.circuit.as_ref().ok_or(Error::Synthesis)?;
        let fixed = circuit.fixed_values(self.params.k);
        layouter.assign_region(
            || circuit.name,
            |mut region: Region<'_, F>| {
                for (column, values) in config.fixed.iter().zip(&fixed) {
                    for (row, value) in values.iter().enumerate().filter(|(_, v)| !bool::from(v.is_zero())) {
                        region.assign_fixed(*column, row, *value);
                    }
                }
                for (column, values) in config.main.iter().chain(&config.aux).zip(&self.advice) {
                    for (row, value) in values.iter().take(values.len() - BLINDING_ROWS).enumerate() {
                        region.assign_advice(*column, row, Value::known(*value));
                    }
                }
                Ok(())
            },
        )
    }
}

/// The auxiliary columns of a shard (helpers, then the running sum) and its bus sum.
pub fn auxiliary(grid: &Grid, challenges: Challenges) -> (Vec<Vec<F>>, F) {
    let circuit = &grid.circuit;
    let total = grid.rows().total;
    let helpers = circuit.aux_columns() - 1;
    let chunk = 1usize << 10;
    let mut rows = vec![F::ZERO; total * helpers];
    rows.par_chunks_mut((chunk * helpers).max(1)).enumerate().for_each(|(index, rows)| {
        helper_rows(grid, challenges, index * chunk, helpers, rows);
    });
    let mut columns = vec![vec![F::ZERO; total]; helpers + 1];
    let mut sum = F::ZERO;
    for row in (0..grid.rows().usable).rev() {
        for (column, value) in rows[row * helpers..(row + 1) * helpers].iter().enumerate() {
            columns[column][row] = *value;
            sum += value;
        }
        columns[helpers][row] = sum;
    }
    // Rows above the first active one are not constrained: they stay zero.
    columns[helpers][..circuit.first_row()].fill(F::ZERO);
    (columns, sum)
}

/// Adds `multiplicity / denominator` of every message whose window begins in this chunk or reaches into it.
fn helper_rows(grid: &Grid, challenges: Challenges, start: usize, helpers: usize, rows: &mut [F]) {
    let circuit = &grid.circuit;
    let count = rows.len() / helpers.max(1);
    let mut scratch = Scratch::default();
    let (mut places, mut numerators, mut denominators) = (Vec::new(), Vec::new(), Vec::new());
    let mut multiplicities = Vec::new();
    let reach = circuit.chips.iter().map(|chip| chip.height).max().unwrap_or(1) - 1;
    let end = (start + count).min(grid.rows().usable);
    for row in start.saturating_sub(reach)..end {
        for chip in &circuit.chips {
            let selector = grid.evaluate(&chip.selector.expr(), row);
            if bool::from(selector.is_zero()) {
                continue;
            }
            multiplicities.clear();
            multiplicities.extend(chip.multiplicities.run(grid, row, &mut scratch));
            for (message, multiplicity) in chip.messages.iter().zip(&multiplicities) {
                let at = row + message.row as usize;
                if !(start..end).contains(&at) || bool::from(multiplicity.is_zero()) {
                    continue;
                }
                let tag = circuit.slots[message.slot].tag.id;
                let tuple: Vec<F> = circuit.slot_programs[message.slot].run(grid, at, &mut scratch).collect();
                places.push((at - start) * helpers + message.slot / Circuit::GROUP);
                numerators.push(*multiplicity * selector);
                denominators.push(challenges.compress(tag, tuple.into_iter()));
            }
        }
    }
    batch_invert(&mut denominators);
    for ((place, numerator), inverse) in places.into_iter().zip(numerators).zip(denominators) {
        rows[place] += numerator * inverse;
    }
}

/// Inverts every element in place; zeros stay.
pub fn batch_invert(values: &mut [F]) {
    let mut products = Vec::with_capacity(values.len());
    let mut product = F::ONE;
    for value in values.iter() {
        products.push(product);
        if !bool::from(value.is_zero()) {
            product *= value;
        }
    }
    let mut inverse = product.invert().expect("a product of non-zero elements");
    for (value, before) in values.iter_mut().zip(products).rev() {
        if !bool::from(value.is_zero()) {
            let next = inverse * *value;
            *value = inverse * before;
            inverse = next;
        }
    }
}
