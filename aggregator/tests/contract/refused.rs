//! Keys that no contract is written for, and compilers that are not there.

use std::path::Path;

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, FirstPhase, Instance, SecondPhase, keygen_vk},
    poly::Rotation,
};
use verbatim_aggregator::{
    Fr,
    contract::{Compiler, Contract, Field, GenerateError, Kind, Statement, solc::CompileError},
};
use verbatim_prover::setup::Setup;

/// Base-2 logarithm of the rows: 64 of them, of which six are random.
const K: u32 = 6;

/// What is odd about a circuit.
#[derive(Clone, Copy, Debug, Default)]
enum Odd {
    #[default]
    Nothing,
    Challenge,
    Phase,
    NoInstance,
    TwoInstances,
    InstanceOfAnotherRow,
    RotationByAllRows,
}

#[derive(Clone, Copy, Debug)]
struct OddCircuit(Odd);

impl Circuit<Fr> for OddCircuit {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Odd;

    fn params(&self) -> Odd {
        self.0
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, odd: Odd) {
        let column: Column<Advice> = meta.advice_column();
        let instances: Vec<Column<Instance>> = match odd {
            Odd::NoInstance => vec![],
            Odd::TwoInstances => vec![meta.instance_column(), meta.instance_column()],
            _ => vec![meta.instance_column()],
        };
        match odd {
            Odd::Challenge => {
                meta.challenge_usable_after(FirstPhase);
            }
            Odd::Phase => {
                meta.advice_column_in(SecondPhase);
            }
            _ => (),
        }
        let rotation = Rotation(i32::from(matches!(odd, Odd::InstanceOfAnotherRow)));
        meta.create_gate("a gate", |meta| {
            let advice = meta.query_advice(column, Rotation::cur());
            let sum = instances.iter().fold(advice, |sum, column| sum + meta.query_instance(*column, rotation));
            let rows = if matches!(odd, Odd::RotationByAllRows) { 1 << K } else { 0 };
            [meta.query_advice(column, Rotation(rows)) * sum]
        });
    }

    fn configure(_: &mut ConstraintSystem<Fr>) {
        unreachable!("the circuit is configured with parameters")
    }

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

fn contract(odd: Odd, fields: usize) -> Result<Contract, GenerateError> {
    let setup = Setup::unsafe_development(None);
    let key = keygen_vk(&*setup.params(K).expect("a setup"), &OddCircuit(odd)).expect("a key");
    let fields = (0..fields).map(|i| Field::new(&format!("field{i}"), Kind::Uint, "")).collect();
    Contract::new(&key, &setup.verifier(), &Statement::new(fields).expect("a statement"))
}

#[test]
fn keys() {
    let refused = |odd| contract(odd, 1).expect_err("the key is refused");
    assert_eq!(refused(Odd::Challenge), GenerateError::Phases);
    assert_eq!(refused(Odd::Phase), GenerateError::Phases);
    for odd in [Odd::NoInstance, Odd::TwoInstances, Odd::InstanceOfAnotherRow] {
        assert_eq!(refused(odd), GenerateError::Instance);
    }
    assert_eq!(refused(Odd::RotationByAllRows), GenerateError::Rotations);
    assert_eq!(contract(Odd::Nothing, 47).expect_err("too long"), GenerateError::Rows { length: 59, rows: 58 });
    assert!(contract(Odd::Nothing, 46).is_ok());
}

#[test]
fn compilers() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    assert!(matches!(Compiler::at(&folder.join("nothing")), Err(CompileError::NotThere(_))));
    let compiler = Compiler::install(folder).expect("the Solidity compiler");
    let contract = contract(Odd::Nothing, 1).expect("a contract");
    // A circuit without permutation and lookups has a contract too.
    assert!(compiler.compile(&contract).is_ok());
    let wrong = Contract { source: contract.source.replace("mulmod", "mulmid"), ..contract.clone() };
    assert!(matches!(compiler.compile(&wrong), Err(CompileError::Refused(_))));
    let without = compiler.with_node(folder.join("no-such-program"));
    let error = without.compile(&contract).expect_err("there is no such program");
    assert!(error.to_string().contains("install Node.js"), "{error}");
}
