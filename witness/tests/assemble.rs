//! From the test block to events: the circuits hold, and what they do not prove is what the public messages say.

use std::path::Path;

use verbatim_gadgets::plan::Plan;
use verbatim_witness::assemble::{Assembler, Assembly};
use verbatim_witness::execute::{block_info, execute};
use verbatim_witness::input::BlockInput;

fn assemble(name: &str) -> Assembly {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name);
    let input = BlockInput::load(&path, None).expect("the test block is well-formed");
    let mut assembler =
        Assembler::new(&block_info(&input).expect("its header is valid")).with_codes(&input.witness.codes);
    let outcome =
        execute(&input, |block, trace| Ok(assembler.transaction(block, &trace)?)).expect("the test block executes");
    assembler.finish(&outcome).expect("our rules agree")
}

#[test]
fn the_test_blocks_hold() {
    for name in ["first-light", "second-light"] {
        let assembly = assemble(name);
        let plan = Plan::new(assembly.workloads(), 18).expect("the tables fit");
        let start = std::time::Instant::now();
        let report = plan.check(assembly.public().balance()).expect("a plan fits");
        println!("{name}: {:?} {:?} messages, {:?}", assembly.steps(), report.messages, start.elapsed());
        println!("{:?}", assembly.public().kinds());
        for shard in plan.shards() {
            println!("{} {:?}", plan.workloads()[shard.workload].circuit().name, shard);
        }
        assert!(
            report.local.failures.is_empty(),
            "{name}: {:?}",
            &report.local.failures[..report.local.failures.len().min(5)]
        );
        assert!(
            report.unbalanced.is_empty(),
            "{name}: {} {:?}",
            report.unbalanced.len(),
            &report.unbalanced[..report.unbalanced.len().min(8)]
        );
    }
}
