//! What a circuit costs, from its definition.

use halo2_proofs::plonk::{Circuit as _, ConstraintSystem};
use serde::Serialize;

use crate::circuit::Circuit;
use crate::expr::F;
use crate::halo2::{ShardCircuit, ShardParams};
use crate::program::Program;
use std::sync::Arc;

/// What one circuit costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CircuitStats {
    /// Its name.
    pub name: &'static str,
    /// Main columns.
    pub main_columns: usize,
    /// Auxiliary columns: LogUp helpers and the running sum.
    pub aux_columns: usize,
    /// Fixed columns.
    pub fixed_columns: usize,
    /// Commitments in a proof and its key: advice, fixed, quotient, random, and two of the opening.
    pub commitments: usize,
    /// Labelled constraints, those on selectors among them.
    pub constraints: usize,
    /// Message slots.
    pub slots: usize,
    /// Multiplications that the constraints and tuples take in every row.
    pub multiplications: usize,
    /// The greatest degree of a gate.
    pub degree: usize,
    /// Distinct cells that gates read: the evaluations of a proof.
    pub evaluations: usize,
}

impl CircuitStats {
    /// The costs of `circuit`. They do not depend on the size of its shards.
    pub fn of(circuit: &Arc<Circuit>) -> Self {
        let mut meta = ConstraintSystem::<F>::default();
        let params = ShardParams { circuit: Some(Arc::clone(circuit)), k: 16 };
        ShardCircuit::configure_with_params(&mut meta, params);
        let degree = meta.degree();
        let (main_columns, aux_columns) = (circuit.main.len(), circuit.aux_columns());
        let fixed_columns = circuit.fixed.len();
        let constraints = circuit.chips.iter().flat_map(|chip| &chip.constraints);
        let system = circuit.dispatch.iter().chain(&circuit.edges);
        let tuples = circuit.slots.iter().flat_map(|slot| &slot.fields);
        let local = Program::new(constraints.clone().chain(system.clone()).map(|c| &c.expr));
        let folded = constraints.clone().count() + system.clone().count() + tuples.clone().count();
        Self {
            name: circuit.name,
            main_columns,
            aux_columns,
            fixed_columns,
            commitments: main_columns + aux_columns + fixed_columns + (degree - 1) + 1 + 2,
            constraints: constraints.count() + system.count(),
            slots: circuit.slots.len(),
            multiplications: local.multiplications() + Program::new(tuples).multiplications() + folded,
            degree,
            evaluations: meta.advice_queries().len() + meta.fixed_queries().len() + 1,
        }
    }

    /// Main and auxiliary cells of one row.
    pub fn cells_per_row(&self) -> usize {
        self.main_columns + self.aux_columns
    }
}
