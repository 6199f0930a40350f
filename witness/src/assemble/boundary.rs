//! What steps need from calls and transactions. Where no circuit has begun a call, the verifier gives and takes it.

use std::collections::BTreeMap;

use verbatim_circuits::bus::{Context, ContextNative, FaultNative, Halt, HaltNative};
use verbatim_circuits::calls::{CallsEvent, FaultEvent};
use verbatim_gadgets::value::from_u128;

use super::state::place;
use super::{AssembleError, Assembler, Position, Run};

impl Assembler {
    /// What is constant in the call of a frame. When its scope ends is not known before the transaction has ended.
    pub(super) fn context(
        &self,
        run: &Run<'_>,
        call: u64,
        frame: u32,
        position: Position,
    ) -> Result<ContextNative, AssembleError> {
        let frame = run.frame(frame, position)?;
        let input_call = match frame.parent {
            None => run.began,
            Some(parent) => run.calls.get(&parent).map_or(run.began, |caller| caller.id),
        };
        // A creation has no input, though its frame says where the init code lies.
        let (offset, length) =
            if frame.kind.is_create() { (0, 0) } else { (frame.input_offset, frame.input.len() as u64) };
        Ok(ContextNative {
            call,
            transaction: run.began,
            address: place(frame.address),
            fixed: frame.is_static,
            reverted: frame.reverted_by.is_some(),
            scope: 0,
            depth: frame.depth.into(),
            input_call,
            input_offset: offset,
            input_length: length,
        })
    }

    /// Asks for what is constant in a call, and adds what is known only at the transaction's end.
    pub(super) fn ask_context(
        &mut self,
        context: &mut ContextNative,
        reverted_by: Option<u32>,
        scopes: &BTreeMap<u32, u64>,
    ) {
        complete_context(context, reverted_by, scopes);
        self.count_context(context);
    }

    /// Asks for what is constant in a call.
    pub(super) fn count_context(&mut self, context: &ContextNative) {
        if !self.calls.begun.contains(&context.call) {
            self.contexts.entry(context.call).or_insert_with(|| (context.clone(), 0)).1 += 1;
        }
    }

    /// The contexts that were asked for.
    pub(super) fn public_contexts(&mut self) {
        for (context, count) in std::mem::take(&mut self.contexts).into_values() {
            self.public.add::<Context>(&context, count);
        }
    }

    /// An exceptional halt, behind the step that sends it.
    pub(super) fn fault(&mut self, call: u64, evidence: u128) {
        self.arith.range128(evidence);
        let fault = FaultNative { clock: self.clock, call, evidence: from_u128(evidence) };
        self.calls.sheet.push(self.origin(), CallsEvent::Fault(FaultEvent { fault }));
        self.halt_by_fault(call);
    }

    /// The end of a call by an exceptional halt.
    pub(super) fn halt_by_fault(&mut self, call: u64) {
        let clock = self.clock;
        self.calls.halted = Some(HaltNative { clock, call, success: false, gas: 0, offset: 0, length: 0 });
    }

    /// The verifier receives the end of a call, if a circuit has sent it.
    pub(super) fn close_halt(&mut self) {
        if let Some(halt) = self.calls.halted.take() {
            self.public.receive::<Halt>(&halt);
        }
    }
}

/// Adds to what is constant in a call when its frame was undone by `reverted_by`, which `scopes` says.
pub(super) fn complete_context(context: &mut ContextNative, reverted_by: Option<u32>, scopes: &BTreeMap<u32, u64>) {
    context.scope = reverted_by.and_then(|frame| scopes.get(&frame).copied()).unwrap_or(0);
}
