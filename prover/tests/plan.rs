//! A plan of the framework's, proven and verified: the circuit of opcodes, with public messages for all that it needs.

use std::sync::Arc;

use ruint::aliases::U256;
use verbatim_circuits::bus::{Environment, EnvironmentNative, Opcode, OpcodeNative};
use verbatim_circuits::opcodes;
use verbatim_circuits::schedule::{Fork, opcode};
use verbatim_gadgets::{
    expr::F,
    message::Message,
    plan::{Plan, public_sum},
};
use verbatim_prover::{
    bundle::{BundleRejection, Job, Prover, Verifier},
    challenge::statement_digest,
    keys::KeyStore,
    machine::ShardCircuit,
    registry::{Count, Registry},
    setup::Setup,
    shards::{PlanCircuit, PlanShard},
};

/// The block's fork, which every row asks for, and one opcode, which nobody else provides.
fn public(fork: Fork) -> Vec<(u64, Vec<F>, F)> {
    let environment = EnvironmentNative { owner: 0, opcode: opcodes::FORK as u8, value: U256::from(fork as u8) };
    let entry = opcode(Fork::Osaka, 0x01);
    let add = OpcodeNative { opcode: 0x01, class: entry.class as u8, gas: entry.gas, parameter: entry.parameter };
    vec![
        (Environment::TAG.id, Environment::tuple(&environment), F::from(opcodes::size() as u64)),
        (Opcode::TAG.id, Opcode::tuple(&add), F::from(0)),
    ]
}

#[test]
fn a_plan_is_proven_and_verified() {
    let sheet = opcodes::sheet(Fork::Osaka);
    let plan = Plan::new(vec![&sheet], 20).expect("the schedule fits");
    let setup = Setup::unsafe_development(None);
    let circuit = PlanCircuit::of(&plan, 0);
    let params = setup.params(circuit.k()).expect("a small setup");
    let key = KeyStore::new(None).key(&circuit, params).expect("keys");
    let witness = PlanShard::new(&plan, 0);
    let statement = statement_digest(b"a test");
    let proven = Prover::new().prove(statement, &[Job { key: &key, witness: &witness }]).expect("a proof");

    let mut registry = Registry::new();
    registry.add_circuit(circuit.name(), circuit.index(), Count::exactly(1)).expect("the first circuit");
    registry.add_key(Arc::clone(key.verifying())).expect("its key");
    let verifier = Verifier::new(&registry, setup.verifier());
    let verify = |fork: Fork| {
        verifier.verify(statement, &proven.bundle, |challenges| {
            let messages = public(fork);
            public_sum(messages.iter().map(|(tag, tuple, m)| (*tag, tuple.as_slice(), *m)), *challenges)
                .expect("no pole")
        })
    };
    verify(Fork::Osaka).expect("the bundle holds");
    assert!(matches!(verify(Fork::Prague), Err(BundleRejection::Unbalanced)));
}
