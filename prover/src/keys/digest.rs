//! A digest of all that a key follows from, but the setup.

use blake2b_simd::State;
use halo2_proofs::{
    circuit::Value,
    halo2curves::{ff::PrimeField, serde::SerdeObject},
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
        Instance, Selector,
    },
};

use crate::{Fr, G2Affine, cache, machine::ShardCircuit};

/// The digest of a circuit's identity, constraint system and fixed contents.
pub(super) fn circuit_digest<C: ShardCircuit>(circuit: &C, halo2: &C::Circuit) -> Result<[u8; 32], Error> {
    let mut state = cache::digest_state(b"Verbatim-Key---1");
    state.update(circuit.name().as_bytes());
    for number in [circuit.index(), circuit.k(), circuit.main_columns() as u32] {
        state.update(&number.to_le_bytes());
    }
    fixed_digest(state, halo2)
}

/// The digest of what `state` has, and of a circuit's constraint system and fixed contents.
pub(super) fn fixed_digest<C: Circuit<Fr>>(state: State, circuit: &C) -> Result<[u8; 32], Error> {
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    let mut digest = FixedDigest { state };
    digest.state.update(format!("{:?} {:?}", cs.pinned(), cs.degree()).as_bytes());
    let constants = cs.constants().clone();
    C::FloorPlanner::synthesize(&mut digest, circuit, config, constants)?;
    Ok(cache::digest_of(&digest.state))
}

/// The digest of a circuit's digest and of the setup.
pub(super) fn with_setup(circuit: [u8; 32], s_g2: &G2Affine) -> [u8; 32] {
    let mut state = cache::digest_state(b"Verbatim-Setup-1");
    state.update(&circuit);
    state.update(&s_g2.to_raw_bytes());
    cache::digest_of(&state)
}

/// Hashes what a circuit assigns to its fixed part, in the order in which it does.
struct FixedDigest {
    state: State,
}

impl FixedDigest {
    fn record(&mut self, what: u8, column: usize, row: usize) {
        self.state.update(&[what]);
        self.state.update(&(column as u64).to_le_bytes());
        self.state.update(&(row as u64).to_le_bytes());
    }
}

impl Assignment<Fr> for FixedDigest {
    fn enter_region<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn exit_region(&mut self) {}

    fn enable_selector<A, AR>(&mut self, _: A, selector: &Selector, row: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.record(0, selector.index(), row);
        Ok(())
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(&mut self, _: Column<Advice>, _: usize, _: Value<Assigned<Fr>>) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.record(1, column.index(), row);
        self.state.update(to.evaluate().to_repr().as_ref());
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        self.record(2, left.index(), left_row);
        self.record(3, right.index(), right_row);
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, row: usize, to: Value<Assigned<Fr>>) -> Result<(), Error> {
        self.record(4, column.index(), row);
        to.map(|to| self.state.update(to.evaluate().to_repr().as_ref()));
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self, _: Option<String>) {}
}
