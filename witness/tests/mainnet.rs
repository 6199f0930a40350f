//! Real mainnet blocks: executed, checked against their headers, and traced.

#![allow(missing_docs)]

mod common;

use std::time::Instant;

use verbatim_witness::{
    assemble::Assembler,
    chain::Fork,
    execute::{block_info, execute},
    trace::TxKind,
};

/// Executes a block and checks every trace; gives the number of steps.
fn run(number: u64, fork: Fork, transactions: usize) -> Option<usize> {
    let input = common::mainnet_block(&format!("block {number}"), number)?;
    let (mut steps, mut seen) = (0, 0);
    let mut assembler = Assembler::new(&block_info(&input).unwrap()).with_codes(&input.witness.codes);
    let outcome = execute(&input, |info, trace| {
        assert_eq!((info.fork, info.number), (fork, number));
        assert_eq!(trace.ordinal as usize, seen);
        seen += 1;
        steps += trace.steps.len();
        common::consistency::check(&trace);
        common::shadow::check(info, &trace);
        Ok(assembler.transaction(info, &trace)?)
    })
    .unwrap();
    let assembly = assembler.finish(&outcome).unwrap();
    println!("block {number}: {:?} {:?}", assembly.steps(), assembly.public().kinds());
    assert_eq!(common::assembly::check(&assembly), Ok(()));
    assert_eq!(outcome.receipts.len(), transactions);
    let calls = if fork >= Fork::Prague { 4 } else { usize::from(fork >= Fork::Cancun) };
    assert_eq!(seen, transactions + calls);
    Some(steps)
}

#[test]
fn shanghai_block() {
    run(18884864, Fork::Shanghai, 30);
}

#[test]
fn cancun_block() {
    run(21429063, Fork::Cancun, 9);
}

#[test]
fn osaka_block() {
    run(24628607, Fork::Osaka, 66);
}

#[test]
#[ignore = "6.3 million steps"]
fn prague_block() {
    run(23879620, Fork::Prague, 142);
}

#[test]
fn speed() {
    let Some(input) = common::mainnet_block("speed", 24628607) else { return };
    for _ in 0..3 {
        let (mut steps, start) = (0, Instant::now());
        execute(&input, |_, trace| {
            if let TxKind::Transaction(_) = trace.kind {
                steps += trace.steps.len();
            }
            Ok(())
        })
        .unwrap();
        let time = start.elapsed();
        println!("{steps} steps in {time:?}: {:.0} steps/s", steps as f64 / time.as_secs_f64());
    }
}
