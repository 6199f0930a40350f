//! What steps need from calls and transactions, which no circuit proves yet: the verifier gives and takes it.

use alloy_primitives::U256;
use verbatim_circuits::bus::{Context, ContextNative, Fault, FaultNative, Halt, HaltNative, Tally, TallyNative};
use verbatim_gadgets::expr::F;

use crate::assemble::call::Call;
use crate::assemble::{AssembleError, Assembler, Position, Run};

impl Assembler {
    /// The tally of a call as a step at `clock` finds it; it leaves it as it is.
    pub(in crate::assemble) fn tally(&mut self, call: &mut Call, clock: u64) -> TallyNative {
        let (returned, return_offset) = (call.returned.owner, call.returned.offset);
        let return_length = call.returned.data.len() as u64;
        let wanted = TallyNative {
            call: call.id,
            clock: call.tally.as_ref().map_or(clock - 1, |tally| tally.clock),
            writes: 0,
            refund: F::zero(),
            logs: 0,
            returned,
            return_offset,
            return_length,
        };
        let same = |tally: &TallyNative| {
            (tally.returned, tally.return_offset, tally.return_length) == (returned, return_offset, return_length)
        };
        let found = match call.tally.take() {
            Some(tally) if same(&tally) => tally,
            other => {
                other.iter().for_each(|tally| self.public.receive::<Tally>(tally));
                let found = TallyNative { clock: clock - 1, ..wanted };
                self.public.send::<Tally>(&found);
                found
            }
        };
        call.tally = Some(TallyNative { clock, ..found.clone() });
        found
    }

    /// The end of a call's tally.
    pub(in crate::assemble) fn end_tally(&mut self, call: &Call) {
        call.tally.iter().for_each(|tally| self.public.receive::<Tally>(tally));
    }

    /// What is constant in the call of a frame.
    pub(in crate::assemble) fn context(
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
            address: U256::from_be_slice(frame.address.as_slice()),
            fixed: frame.is_static,
            reverted: frame.reverted_by.is_some(),
            scope: 0,
            depth: frame.depth.into(),
            input_call,
            input_offset: offset,
            input_length: length,
        })
    }

    /// Asks for what is constant in a call.
    pub(in crate::assemble) fn ask_context(&mut self, context: &ContextNative) {
        self.contexts.entry(context.call).or_insert_with(|| (context.clone(), 0)).1 += 1;
    }

    /// The contexts that were asked for.
    pub(in crate::assemble) fn public_contexts(&mut self) {
        for (context, count) in std::mem::take(&mut self.contexts).into_values() {
            self.public.add::<Context>(&context, count);
        }
    }

    /// The end of a call.
    pub(in crate::assemble) fn halt(&mut self, halt: &HaltNative) {
        self.public.receive::<Halt>(halt);
    }

    /// An exceptional halt.
    pub(in crate::assemble) fn fault(&mut self, call: u64, evidence: F) {
        let clock = self.clock;
        self.public.receive::<Fault>(&FaultNative { clock, call, evidence });
    }
}
