//! How calls begin and end: whose scope their writes belong to, when the writes of a call that fails are undone, and what
//! goes back to the caller.

use alloy_primitives::U256;
use verbatim_circuits::bus::{CopyJobNative, ExecNative, FrameNative, Halt, HaltNative, TallyNative};
use verbatim_circuits::calls::{CallsEvent, ResumeEvent};
use verbatim_circuits::copy::{CopyOrder, Order};

use super::call::{Call, Returned, Token};
use super::memory::Memory;
use super::tally::Counts;
use super::{AssembleError, Assembler, Position, Run, number, same};
use crate::trace::{Frame, Step};

impl Assembler {
    /// Makes the call of a frame that has not run yet, and that no circuit has begun. The frame was made by the step
    /// before, or by the beginning of the transaction: both took ticks of their own.
    pub(super) fn enter_frame(&mut self, run: &mut Run<'_>, step: &Step) -> Result<(), AssembleError> {
        let id = step.frame;
        if run.calls.contains_key(&id) {
            return Ok(());
        }
        let frame = run.frame(id, run.position(0))?;
        let hash = number(&frame.code_hash);
        self.bytecode.add_code(hash, &frame.code);
        let counts = match frame.parent {
            None => self.enter_top(run, frame),
            Some(parent) => self.enter_inner(run, frame, parent)?,
        };
        let call = self.clock - 1;
        run.ids.insert(call, id);
        run.calls.insert(id, Call::new(call, hash, counts));
        self.transfer(run, Some(id), id, self.clock - 3)
    }

    /// What the transaction's own call begins with.
    fn enter_top(&mut self, run: &mut Run<'_>, frame: &Frame) -> Counts {
        run.input = Memory::of_input(&frame.input, run.began);
        self.send_words(run.began, &run.input);
        Counts::new(self.clock - 1, 0, 0, 0)
    }

    /// What a call within another begins with.
    fn enter_inner(&self, run: &Run<'_>, frame: &Frame, parent: u32) -> Result<Counts, AssembleError> {
        let position = run.position(frame.first_step.unwrap_or_default() as usize);
        let missing = AssembleError::Trace { position, what: "caller of a call" };
        let caller = run.calls.get(&parent).ok_or(missing)?;
        self.compare_input(caller, frame, position)?;
        let writes = if frame.succeeded() { caller.counts.writes } else { 0 };
        Ok(Counts::new(self.clock - 1, writes, caller.counts.refund, caller.counts.logs))
    }

    /// Ends a call behind its last step, if the step `index` is that.
    pub(super) fn leave_frame(&mut self, run: &mut Run<'_>, index: usize) -> Result<(), AssembleError> {
        let (position, id) = (run.position(index), run.trace.steps[index].frame);
        if run.frame(id, position)?.last_step != u32::try_from(index).ok() {
            return Ok(());
        }
        self.end_frame(run, id, position)
    }

    /// Ends a call. What a call that fails has written is undone before its caller goes on: the clock jumps to the tick
    /// behind.
    pub(super) fn end_frame(&mut self, run: &mut Run<'_>, id: u32, position: Position) -> Result<(), AssembleError> {
        let (frame, halt) = (run.frame(id, position)?, self.clock);
        if frame.succeeded() {
            self.deposit(run, Some(id), id, halt)?;
            self.clock = halt + 2;
        }
        let missing = AssembleError::Trace { position, what: "call of a frame" };
        let mut call = run.calls.remove(&id).ok_or(missing)?;
        let returns = match call.frame.take() {
            Some(suspended) => Some((suspended, self.last_tally(&mut call, halt))),
            None => {
                self.close_tally(&mut call);
                self.close_halt();
                None
            }
        };
        if !frame.succeeded() {
            let scope = halt + call.counts.writes + 1;
            self.state.undo(id, scope).map_err(|what| AssembleError::Trace { position, what })?;
            run.scopes.insert(id, scope);
            self.clock = scope + 1;
        }
        let offset = self.output(&call, frame, position)?;
        let (callee, counts) = (call.id, call.counts.clone());
        run.calls.insert(id, call);
        let Some(caller) = frame.parent.and_then(|parent| run.calls.get_mut(&parent)) else { return Ok(()) };
        if returns.is_none() {
            self.close_tally(caller);
        }
        if frame.succeeded() {
            (caller.counts.writes, caller.counts.refund, caller.counts.logs) =
                (counts.writes, counts.refund, counts.logs);
        }
        match returns {
            Some(returns) => self.resume(run, frame, returns, (halt, offset), position),
            None => self.hand_back(run, frame, Some((callee, offset)), position, self.clock - 1),
        }
    }

    /// The return from a call that a circuit has begun, which ended at `clock` with its output at `offset`.
    fn resume(
        &mut self,
        run: &mut Run<'_>,
        frame: &Frame,
        (suspended, tally): (FrameNative, TallyNative),
        (clock, offset): (u64, u64),
        position: Position,
    ) -> Result<(), AssembleError> {
        let scope = if frame.succeeded() { 0 } else { self.clock - 1 };
        let event = ResumeEvent {
            halt: self.last_halt(frame, suspended.callee, (clock, offset)),
            frame: FrameNative { scope, ..suspended },
            tally,
        };
        let (halt, suspended) = (&event.halt, &event.frame);
        same(position, "the success of a call", &halt.success, &frame.succeeded())?;
        same(position, "the gas left by a call", &halt.gas, &(frame.gas_left as i64))?;
        same(position, "the length of an output", &halt.length, &(frame.output.len() as u64))?;
        let step = frame.parent_step.and_then(|step| run.trace.steps.get(step as usize));
        let missing = AssembleError::Trace { position, what: "caller of a call" };
        self.copy_output(run, &event, position)?;
        let (caller, step) = frame.parent.and_then(|id| run.calls.get_mut(&id)).zip(step).ok_or(missing)?;
        let (halt_clock, value) = (halt.clock, U256::from(u64::from(halt.success)));
        (caller.counts.clock, caller.counts.open) = (halt_clock, true);
        caller.returned = Returned { owner: halt.call, offset: halt.offset, data: frame.output.clone() };
        caller.stack.push(Token { value, clock: halt_clock });
        let FrameNative { call, code, pc, height, memory, .. } = suspended.clone();
        let gas = suspended.gas as i64 + halt.gas;
        same(position, "the gas left", &gas, &(step.gas_after as i64))?;
        let result = run.trace.result(step);
        same(position, "the result", &value, &result)?;
        self.open = Some(ExecNative { clock: self.clock, call, code, pc, height, gas, memory });
        self.calls.sheet.push(self.origin(), CallsEvent::Resume(event));
        Ok(())
    }

    /// The end of the call `call`. Where no circuit has proven its last step, the verifier sends it.
    pub(super) fn last_halt(&mut self, frame: &Frame, call: u64, (clock, offset): (u64, u64)) -> HaltNative {
        self.calls.halted.take().unwrap_or_else(|| {
            let (success, gas) = (frame.succeeded(), frame.gas_left as i64);
            let halt = HaltNative { clock, call, success, gas, offset, length: frame.output.len() as u64 };
            self.public.send::<Halt>(&halt);
            halt
        })
    }

    /// Copies what a call returns to the room for it in its caller's memory.
    fn copy_output(&mut self, run: &mut Run<'_>, event: &ResumeEvent, position: Position) -> Result<(), AssembleError> {
        let (halt, suspended) = (&event.halt, &event.frame);
        let length = halt.length.min(suspended.return_length);
        if length == 0 {
            return Ok(());
        }
        let job = CopyJobNative {
            clock: halt.clock,
            source: halt.call,
            source_offset: halt.offset,
            source_end: halt.offset + halt.length,
            target: suspended.call,
            target_offset: suspended.return_offset,
            length,
        };
        self.copy(run, position, &Order::Copy(CopyOrder::Memory(job)))
    }
}
