//! What steps that no circuit proves do to memory, and what a call finds and leaves in its caller's.

use alloy_primitives::{Bytes, U256};
use revm::bytecode::opcode;

use super::shadow::Memory;
use crate::assemble::call::{Call, Returned};
use crate::assemble::{AssembleError, Assembler, Position, Run, same};
use crate::trace::{Access, Frame, Outcome, Step, TxTrace};

/// Bytes that a step copies to memory.
struct Copy {
    target: u64,
    bytes: Vec<u8>,
}

/// `length` bytes of `source` from `offset` on, and zeros behind its end.
fn padded(source: &[u8], offset: U256, length: u64) -> Vec<u8> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let mut bytes: Vec<u8> = source.iter().skip(offset).take(length as usize).copied().collect();
    bytes.resize(length as usize, 0);
    bytes
}

/// The code that EXTCODECOPY reads.
fn code_of<'t>(trace: &'t TxTrace, step: &Step, position: Position) -> Result<&'t [u8], AssembleError> {
    let hash = trace.accesses(step).iter().find_map(|access| match access {
        Access::Account(account) => Some(account.code_hash),
        _ => None,
    });
    let code = hash.and_then(|hash| trace.codes.get(&hash));
    code.map(|code| code.as_ref()).ok_or(AssembleError::Trace { position, what: "code of an account" })
}

/// What a step that succeeds copies to its memory.
fn copied(run: &Run<'_>, call: &Call, step: &Step, position: Position) -> Result<Option<Copy>, AssembleError> {
    let operands = run.trace.operands(step);
    let operands = if step.opcode == opcode::EXTCODECOPY { operands.get(1..).unwrap_or_default() } else { operands };
    let &[target, offset, length, ..] = operands else { return Ok(None) };
    let source: &[u8] = match step.opcode {
        opcode::EXTCODECOPY => code_of(run.trace, step, position)?,
        opcode::MCOPY => &[],
        _ => return Ok(None),
    };
    let length: u64 = length.saturating_to();
    if length == 0 {
        return Ok(None);
    }
    let bytes = match step.opcode {
        opcode::MCOPY => call.memory.bytes(offset.saturating_to(), length),
        _ => padded(source, offset, length),
    };
    Ok(Some(Copy { target: target.saturating_to(), bytes }))
}

/// What RETURNDATACOPY sees of a call that has ended.
fn returned(frame: &Frame) -> Bytes {
    if frame.kind.is_create() && frame.succeeded() { Bytes::new() } else { frame.output.clone() }
}

impl Assembler {
    /// What a step that no circuit proves does to the memory of its call, where it succeeds at `clock`.
    pub(in crate::assemble) fn public_memory(
        &mut self,
        run: &mut Run<'_>,
        index: usize,
        clock: u64,
    ) -> Result<(), AssembleError> {
        let (trace, position) = (run.trace, run.position(index));
        let step = &trace.steps[index];
        let mut call = run.take(step, index)?;
        same(position, "the size of memory", &call.memory.len(), &u64::from(step.memory_words_before))?;
        self.order_publicly(&mut call, step.memory_words_after.into(), clock + 1);
        if let Some(copy) = copied(run, &call, step, position)? {
            self.write_publicly(position, &mut call, copy.target, &copy.bytes, clock + 2)?;
        }
        run.calls.insert(step.frame, call);
        let child = step.child.map(|child| run.frame(child.get(), position)).transpose()?;
        match child.filter(|child| child.first_step.is_none()) {
            Some(child) => self.hand_back(run, child, None, position, clock + 3),
            None => Ok(()),
        }
    }

    /// Compares what a call finds in its caller's memory.
    pub(in crate::assemble) fn compare_input(
        &self,
        caller: &Call,
        frame: &Frame,
        position: Position,
    ) -> Result<(), AssembleError> {
        let input = if frame.kind.is_create() { &frame.code } else { &frame.input };
        let found = Bytes::from(caller.memory.bytes(frame.input_offset, frame.input_length));
        same(position, "the input of a call", &found, input)
    }

    /// Where the output of a call that has ended begins in its memory, compared with what it is.
    pub(in crate::assemble) fn output(
        &self,
        call: &Call,
        frame: &Frame,
        position: Position,
    ) -> Result<u64, AssembleError> {
        let (offset, length) = call.output;
        if frame.outcome != Outcome::Halt {
            let data = Bytes::from(call.memory.bytes(offset, length));
            same(position, "the output of a call", &data, &frame.output)?;
        }
        Ok(offset)
    }

    /// What a call that has ended leaves to its caller; `place` is its memory, if there is one, and where the output begins.
    pub(in crate::assemble) fn hand_back(
        &mut self,
        run: &mut Run<'_>,
        frame: &Frame,
        place: Option<(u64, u64)>,
        position: Position,
        clock: u64,
    ) -> Result<(), AssembleError> {
        let parent = frame.parent.unwrap_or_default();
        let missing = AssembleError::Trace { position, what: "caller of a call" };
        let caller = run.calls.get_mut(&parent).ok_or(missing)?;
        let data = returned(frame);
        let (owner, offset) = match place {
            _ if data.is_empty() => (caller.id, 0),
            Some(place) => place,
            None => {
                // A precompile's: the step that called it owns the tick before the clock.
                let (owner, output) = (self.clock - 1, Memory::of_input(&data, clock));
                self.send_words(owner, &output);
                run.outputs.insert(owner, output);
                (owner, 0)
            }
        };
        if !frame.kind.is_create() {
            let length = data.len().min(frame.return_length as usize);
            self.write_publicly(position, caller, frame.return_offset, &data[..length], clock)?;
        }
        self.close_tally(caller);
        caller.returned = Returned { owner, offset, data };
        Ok(())
    }
}
