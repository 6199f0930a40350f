//! How calls begin and end: whose scope their writes belong to, and when the writes of a call that fails are undone.

use super::tally::Counts;
use super::{AssembleError, Assembler, Call, Run, number};
use crate::trace::Outcome;

impl Assembler {
    /// Makes the call of a frame that has not run yet. The frame was made by the step before, or by the beginning of the
    /// transaction: both took ticks of their own.
    pub(super) fn enter(&mut self, run: &mut Run<'_>, id: u32) -> Result<(), AssembleError> {
        let frame = run.frame(id)?;
        let hash = number(&frame.code_hash);
        self.bytecode.add_code(hash, &frame.code);
        let caller = frame.parent.and_then(|parent| run.calls.get(&parent)).map(|call| &call.counts);
        let (refund, logs) = caller.map_or((0, 0), |counts| (counts.refund, counts.logs));
        let writes = caller.filter(|_| frame.succeeded()).map_or(0, |counts| counts.writes);
        let call = self.clock - 1;
        run.calls.insert(id, Call::new(call, hash, Counts::new(call, writes, refund, logs)));
        self.transfer(run, Some(id), id, self.clock - 3)
    }

    /// Ends a call behind its last step, the step `index`. What a call that fails has written is undone before its caller
    /// goes on.
    pub(super) fn leave(&mut self, run: &mut Run<'_>, id: u32, index: usize) -> Result<(), AssembleError> {
        let frame = run.frame(id)?;
        let halt = self.clock;
        let position = run.position(index);
        let missing = |what| AssembleError::Trace { position, what };
        if frame.succeeded() {
            self.deposit(run, Some(id), id, halt)?;
            self.clock = halt + 2;
        }
        let call = run.calls.get_mut(&id).ok_or_else(|| missing("call of a step"))?;
        self.close_tally(call);
        if !frame.succeeded() {
            let scope = halt + call.counts.writes + 1;
            self.state.undo(id, scope).map_err(missing)?;
            run.scopes.insert(id, scope);
            self.clock = scope + 1;
        }
        let (callee, counts) = (call.id, call.counts.clone());
        let Some(caller) = frame.parent.and_then(|parent| run.calls.get_mut(&parent)) else { return Ok(()) };
        if frame.succeeded() {
            (caller.counts.writes, caller.counts.refund, caller.counts.logs) =
                (counts.writes, counts.refund, counts.logs);
        }
        let returns = frame.outcome != Outcome::Halt && !(frame.succeeded() && frame.kind.is_create());
        let operands = run.trace.operands(&run.trace.steps[index]);
        let offset = operands.first().filter(|_| returns && !frame.output.is_empty());
        let offset = offset.and_then(|offset| u64::try_from(*offset).ok()).unwrap_or(0);
        caller.counts.returned = (callee, offset, if returns { frame.output.len() as u64 } else { 0 });
        Ok(())
    }
}
