//! Layouts of the bench are circuits that honest windows satisfy.

use verbatim_benches::{
    Alone, Repeated,
    layout::Layout,
    machine,
    price::{challenges, prove},
};
use verbatim_gadgets::{circuit::Rows, machine::Workload};
use verbatim_prover::{Fr, block::Machine, machine::ShardWitness, setup::Setup};

const K: u32 = 10;

fn work<'m>(machine: &'m Machine, name: &str) -> &'m dyn Workload {
    let mut works = machine.assembly().workloads().into_iter();
    works.find(|work| work.circuit().name == name).expect("a circuit of that name")
}

#[test]
fn a_circuit_by_itself_stays_what_it_is() {
    let machine = machine("second-light");
    for name in ["light", "memory"] {
        let work = Repeated::to_fill(work(&machine, name), K).expect("the circuit has windows");
        let layout = Layout::together(name, &[work.circuit()]);
        let (shard, alone) = (layout.shard(K, &[&work]), Alone { work: &work, k: K });
        assert_eq!(layout.circuit.slots.len(), work.circuit().slots.len());
        assert_eq!(shard.main_columns(), alone.main_columns());
        let challenges = challenges();
        let columns = |witness: &dyn ShardWitness| witness.aux_columns(&[], challenges.alpha, challenges.gamma);
        assert!(columns(&shard) == columns(&alone), "{name}: the framework's columns");
    }
}

#[test]
fn layouts_can_be_proven() {
    let machine = machine("second-light");
    let setup = Setup::unsafe_development(None);
    let [light, memory, arith] = ["light", "memory", "arith"].map(|name| work(&machine, name));
    let half = Rows::new(K).usable / 2 - 2 * memory.circuit().height;
    let [some_light, some_memory] =
        [light, memory].map(|work| Repeated::within(work, half, |_| true).expect("the circuit has windows"));

    let both = Layout::together("light-memory", &[light.circuit(), memory.circuit()]);
    let apart = light.circuit().slots.len() + memory.circuit().slots.len();
    assert!(both.circuit.slots.len() < apart, "they share slots");
    assert!(prove(&setup, &both.circuit, K, &both.shard(K, &[&some_light, &some_memory])) > 0.0);

    let twice = Layout::twice("light-twice", light.circuit());
    assert_eq!(twice.circuit.main.len(), 2 * light.circuit().main.len());
    assert!(prove(&setup, &twice.circuit, K, &twice.shard(K, &[&some_light])) > 0.0);

    let sums = Layout::only("sum", arith.circuit(), |chip| chip == "sum");
    let work = Repeated::within(arith, half, |chip| chip == "sum").expect("there are sums");
    assert!(sums.circuit.main.len() < arith.circuit().main.len());
    assert!(prove(&setup, &sums.circuit, K, &sums.shard(K, &[&work])) > 0.0);
}

#[test]
#[should_panic(expected = "it is valid")]
fn a_window_that_does_not_hold_is_not_proven() {
    let machine = machine("second-light");
    let work = Repeated::to_fill(work(&machine, "light"), K).expect("light has windows");
    let layout = Layout::together("light", &[work.circuit()]);
    let mut shard = layout.shard(K, &[&work]);
    // The last column is a selector.
    shard.main.last_mut().expect("there are columns")[9] += Fr::from(2);
    prove(&Setup::unsafe_development(None), &layout.circuit, K, &shard);
}
