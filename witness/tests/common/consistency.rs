//! What holds for every trace.

use verbatim_witness::trace::{Access, NotRun, Outcome, TxKind, TxTrace, reads, writes};

/// Panics where a trace contradicts itself.
pub fn check(trace: &TxTrace) {
    frames(trace);
    steps(trace);
    let kept: Vec<_> = trace.logs.iter().filter_map(|log| log.receipt_index).collect();
    assert!(kept.iter().copied().eq(0..kept.len() as u32));
    assert!(trace.accounts.is_sorted_by_key(|account| account.address));
    let top = &trace.frames[0];
    assert_eq!(trace.status, top.succeeded());
    if let TxKind::Transaction(_) = trace.kind {
        assert_eq!(trace.gas_spent, trace.gas_limit - top.gas_left);
        let refund = (trace.refund_counter.max(0) as u64).min(trace.gas_spent / 5);
        assert_eq!(trace.gas_refunded, refund);
        assert_eq!(trace.gas_used, (trace.gas_spent - refund).max(trace.floor_gas));
    }
}

fn frames(trace: &TxTrace) {
    assert!(!trace.frames.is_empty());
    for (index, frame) in trace.frames.iter().enumerate() {
        assert_eq!(frame.id as usize, index);
        assert_eq!(frame.parent.is_none(), index == 0);
        assert!(frame.input.is_empty() || !frame.kind.is_create());
        if let (Some(parent), Some(step)) = (frame.parent, frame.parent_step) {
            let (parent, step) = (&trace.frames[parent as usize], &trace.steps[step as usize]);
            assert_eq!(step.child.map(|child| child.get()), Some(frame.id));
            assert_eq!(step.frame, parent.id);
            assert_eq!(frame.depth, parent.depth + 1);
        }
        match frame.outcome {
            Outcome::Halt => assert_eq!(frame.gas_left, 0),
            _ => assert!(frame.gas_left <= frame.gas),
        }
        assert!(!frame.not_run.is_some_and(|why| why != NotRun::Collision && frame.gas_left != frame.gas));
        assert_eq!(frame.first_step.is_some(), frame.last_step.is_some());
    }
}

fn steps(trace: &TxTrace) {
    let mut last: Vec<Option<usize>> = vec![None; trace.frames.len()];
    for (index, step) in trace.steps.iter().enumerate() {
        let frame = &trace.frames[step.frame as usize];
        match last[step.frame as usize].replace(index) {
            None => {
                assert_eq!((step.pc, step.stack_height, step.memory_words_before, step.refund_before), (0, 0, 0, 0));
                assert_eq!(step.gas_before, frame.gas);
                assert_eq!(frame.first_step, Some(index as u32));
            }
            Some(previous) => follows(trace, previous, index),
        }
        let operands = trace.operands(step).len();
        assert!(operands == usize::from(reads(step.opcode)) || step.halt.is_some());
        let results = if step.halt.is_some() { 0 } else { usize::from(writes(step.opcode)) };
        assert_eq!(trace.results(step).len(), results);
        assert_eq!(trace.accesses(step).len(), usize::from(step.access_count));
        let pc = step.pc as usize;
        assert_eq!(frame.code.get(pc).copied().unwrap_or(0), step.opcode);
        for access in trace.accesses(step) {
            let loaded = match access {
                Access::Storage(access) => access.loaded,
                Access::Account(access) => access.loaded,
                Access::Transient(_) => true,
            };
            assert!(loaded || step.halt.is_some(), "step {index}: {access:?}");
        }
    }
    for (frame, last) in trace.frames.iter().zip(last) {
        assert_eq!(frame.last_step, last.map(|last| last as u32));
        if let Some(last) = last {
            let step = &trace.steps[last];
            if !frame.kind.is_create() || frame.outcome != Outcome::Success {
                assert_eq!(step.halt.is_some(), frame.outcome == Outcome::Halt && step.halt.is_some());
                assert!(frame.outcome == Outcome::Halt || step.gas_after == frame.gas_left);
            } else {
                assert_eq!(step.gas_after, frame.gas_left + 200 * frame.output.len() as u64);
            }
            assert!(frame.outcome != Outcome::Success || frame.refund == step.refund_after);
        }
    }
}

/// A step and the next of the same frame.
fn follows(trace: &TxTrace, previous: usize, index: usize) {
    let (previous, step) = (&trace.steps[previous], &trace.steps[index]);
    assert_eq!(previous.halt, None);
    assert_eq!(previous.gas_after, step.gas_before);
    assert_eq!(previous.refund_after, step.refund_before);
    assert_eq!(previous.memory_words_after, step.memory_words_before);
    let swaps = (0x80..=0x9f).contains(&previous.opcode);
    let popped = if swaps { 0 } else { u16::from(previous.operand_count) };
    let pushed = match previous.opcode {
        0x80..=0x8f => 1,
        0x90..=0x9f => 0,
        _ => u16::from(previous.result_count),
    };
    assert_eq!(previous.stack_height - popped + pushed, step.stack_height);
    if let (Some(child), [result]) = (previous.child, trace.results(previous)) {
        let child = &trace.frames[child.get() as usize];
        assert_eq!(!result.is_zero(), child.succeeded());
    }
}
