//! How calls begin and end: whose scope their writes belong to, when the writes of a call that fails are undone, and what
//! goes back to the caller.

use super::memory::Memory;
use super::tally::Counts;
use super::{AssembleError, Assembler, Call, Run, number};
use crate::trace::Step;

impl Assembler {
    /// Makes the call of a frame that has not run yet. The frame was made by the step before, or by the beginning of the
    /// transaction: both took ticks of their own.
    pub(super) fn enter_frame(&mut self, run: &mut Run<'_>, step: &Step) -> Result<(), AssembleError> {
        let id = step.frame;
        if run.calls.contains_key(&id) {
            return Ok(());
        }
        let frame = run.frame(id, run.position(0))?;
        let hash = number(&frame.code_hash);
        self.bytecode.add_code(hash, &frame.code);
        self.compare_input(run, frame)?;
        if frame.parent.is_none() {
            run.input = Memory::of_input(&frame.input, run.began);
            self.send_words(run.began, &run.input);
        }
        let caller = frame.parent.and_then(|parent| run.calls.get(&parent)).map(|call| &call.counts);
        let (refund, logs) = caller.map_or((0, 0), |counts| (counts.refund, counts.logs));
        let writes = caller.filter(|_| frame.succeeded()).map_or(0, |counts| counts.writes);
        let call = self.clock - 1;
        run.ids.insert(call, id);
        run.calls.insert(id, Call::new(call, hash, Counts::new(call, writes, refund, logs)));
        self.transfer(run, Some(id), id, self.clock - 3)
    }

    /// Ends a call behind its last step, if the step `index` is that. What a call that fails has written is undone before
    /// its caller goes on: the clock jumps to the tick behind.
    pub(super) fn leave_frame(&mut self, run: &mut Run<'_>, index: usize) -> Result<(), AssembleError> {
        let (position, step) = (run.position(index), &run.trace.steps[index]);
        let (id, frame) = (step.frame, run.frame(step.frame, position)?);
        if frame.last_step != u32::try_from(index).ok() {
            return Ok(());
        }
        let halt = self.clock;
        if frame.succeeded() {
            self.deposit(run, Some(id), id, halt)?;
            self.clock = halt + 2;
        }
        let mut call = run.take(step, index)?;
        self.close_tally(&mut call);
        if !frame.succeeded() {
            let scope = halt + call.counts.writes + 1;
            self.state.undo(id, scope).map_err(|what| AssembleError::Trace { position, what })?;
            run.scopes.insert(id, scope);
            self.clock = scope + 1;
        }
        let (callee, counts) = (call.id, call.counts.clone());
        let offset = self.output(&call, frame, position)?;
        run.calls.insert(id, call);
        let Some(caller) = frame.parent.and_then(|parent| run.calls.get_mut(&parent)) else { return Ok(()) };
        self.close_tally(caller);
        if frame.succeeded() {
            (caller.counts.writes, caller.counts.refund, caller.counts.logs) =
                (counts.writes, counts.refund, counts.logs);
        }
        self.hand_back(run, frame, Some((callee, offset)), position, self.clock - 1)
    }
}
