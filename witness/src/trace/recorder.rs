//! The inspector that records steps and frames.

mod accesses;
mod frames;

use std::{collections::BTreeMap, num::NonZeroU32};

use alloy_primitives::{B256, Bytes, Log, U256};
use revm::{
    Context, Database, Inspector,
    context::{BlockEnv, CfgEnv, TxEnv},
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter, InterpreterAction,
        interpreter_types::{Jumps, LoopControl},
    },
};

use super::{
    Access, EmittedLog, Frame, Step,
    opcodes::{begins_frame, operand_places, reads, result_distance, writes},
};

/// The revm context that is inspected.
pub(crate) type EvmContext<DB> = Context<BlockEnv, TxEnv, CfgEnv, DB>;

/// What was recorded of one transaction or system call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Every executed opcode, in order.
    pub steps: Vec<Step>,
    /// Every call and creation, in order of beginning.
    pub frames: Vec<Frame>,
    /// Arena of the steps' operands and results.
    pub words: Vec<U256>,
    /// Arena of the steps' accesses.
    pub accesses: Vec<Access>,
    /// The codes that EXTCODECOPY read, by their hashes.
    pub codes: BTreeMap<B256, Bytes>,
    /// Every log emitted.
    pub logs: Vec<EmittedLog>,
}

/// A frame that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    frame: u32,
    last_step: Option<u32>,
    /// Whether the last step began a child, so that its results are known at the next step only.
    awaits_child: bool,
}

/// A revm inspector that records what it sees and changes nothing.
///
/// One recording covers one transaction or system call: take it with [`Recorder::take`] before the next one.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    recording: Recording,
    open: Vec<Open>,
    /// Length of revm's journal before the current step.
    journal_length: usize,
}

impl Recorder {
    /// Takes what was recorded since the last call, and starts anew.
    pub fn take(&mut self) -> Recording {
        self.open.clear();
        let mut recording = std::mem::take(&mut self.recording);
        recording.settle();
        recording
    }

    /// Completes the last step of the current frame once its child has returned.
    fn finish_child(&mut self, interp: &Interpreter) {
        let Some(open) = self.open.last_mut().filter(|open| open.awaits_child) else { return };
        open.awaits_child = false;
        let Some(step) = open.last_step.and_then(|index| self.recording.steps.get_mut(index as usize)) else {
            return;
        };
        step.gas_after = interp.gas.remaining();
        step.refund_after = interp.gas.refunded();
        if let (Some(word), Some(top)) =
            (self.recording.words.get_mut(step.results as usize), interp.stack.data().last())
        {
            *word = *top;
        }
    }

    /// Records the operands of an opcode, and how many there are.
    fn push_operands(&mut self, stack: &[U256], opcode: u8) -> u8 {
        let (first, distance) = operand_places(opcode);
        let operands = (0..usize::from(reads(opcode)))
            .map_while(|index| stack.len().checked_sub(first + index * distance + 1))
            .filter_map(|place| stack.get(place).copied());
        let before = self.recording.words.len();
        self.recording.words.extend(operands);
        (self.recording.words.len() - before) as u8
    }

    fn begin_step<DB: Database>(&mut self, interp: &Interpreter, context: &EvmContext<DB>) {
        let Some(frame) = self.open.last().map(|open| open.frame) else { return };
        let opcode = interp.bytecode.opcode();
        let index = self.recording.steps.len() as u32;
        let operands = self.recording.words.len() as u32;
        let operand_count = self.push_operands(interp.stack.data(), opcode);
        let words = (interp.memory.len() / 32) as u32;
        self.recording.steps.push(Step {
            gas_before: interp.gas.remaining(),
            gas_after: 0,
            refund_before: interp.gas.refunded(),
            refund_after: interp.gas.refunded(),
            frame,
            pc: interp.bytecode.pc() as u32,
            memory_words_before: words,
            memory_words_after: words,
            operands,
            results: operands + u32::from(operand_count),
            accesses: self.recording.accesses.len() as u32,
            log: None,
            child: None,
            stack_height: interp.stack.len() as u16,
            opcode,
            operand_count,
            result_count: 0,
            access_count: 0,
            halt: None,
        });
        self.begin_accesses(index as usize, interp, context);
        self.journal_length = context.journaled_state.inner.journal.len();
        if let Some(open) = self.open.last_mut() {
            open.last_step = Some(index);
        }
        if let Some(frame) = self.recording.frames.get_mut(frame as usize) {
            frame.first_step.get_or_insert(index);
            frame.last_step = Some(index);
        }
    }

    fn end_step<DB: Database>(&mut self, interp: &mut Interpreter, context: &EvmContext<DB>) {
        let Some(open) = self.open.last_mut() else { return };
        let Some(index) = open.last_step else { return };
        let (halt, suspended) = match interp.bytecode.action() {
            Some(InterpreterAction::Return(end)) => (end.result.is_halt().then_some(end.result), false),
            Some(InterpreterAction::NewFrame(_)) => (None, true),
            None => (None, false),
        };
        open.awaits_child = suspended;
        let Some(step) = self.recording.steps.get_mut(index as usize) else { return };
        step.halt = halt;
        if halt.is_none() {
            step.gas_after = interp.gas.remaining();
            step.refund_after = interp.gas.refunded();
            step.memory_words_after = (interp.memory.len() / 32) as u32;
            step.results = self.recording.words.len() as u32;
            step.result_count = writes(step.opcode);
            let distance = result_distance(step.opcode);
            if suspended || begins_frame(step.opcode) {
                self.recording.words.push(U256::ZERO);
            } else {
                let stack = interp.stack.data();
                for place in (0..usize::from(step.result_count)).map(|place| place * distance + 1) {
                    let word = stack.len().checked_sub(place).and_then(|place| stack.get(place));
                    self.recording.words.push(word.copied().unwrap_or_default());
                }
            }
        }
        self.end_accesses(index as usize, context);
    }
}

impl<DB: Database> Inspector<EvmContext<DB>> for Recorder {
    fn step(&mut self, interp: &mut Interpreter, context: &mut EvmContext<DB>) {
        self.finish_child(interp);
        self.begin_step(interp, context);
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut EvmContext<DB>) {
        self.end_step(interp, context);
    }

    fn log_full(&mut self, _interp: &mut Interpreter, _context: &mut EvmContext<DB>, log: Log) {
        let Some(Open { frame, last_step: Some(step), .. }) = self.open.last().copied() else { return };
        let index = self.recording.logs.len() as u32;
        self.recording.logs.push(EmittedLog { frame, step, receipt_index: None, log });
        if let Some(step) = self.recording.steps.get_mut(step as usize) {
            step.log = Some(index);
        }
    }

    fn call(&mut self, context: &mut EvmContext<DB>, inputs: &mut CallInputs) -> Option<CallOutcome> {
        let frame = self.call_frame(context, inputs);
        self.begin_frame(frame);
        None
    }

    fn call_end(&mut self, _context: &mut EvmContext<DB>, _inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.end_call(outcome);
    }

    fn create(&mut self, context: &mut EvmContext<DB>, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        let frame = self.create_frame(context, inputs);
        self.begin_frame(frame);
        None
    }

    fn create_end(&mut self, context: &mut EvmContext<DB>, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.end_create(context, inputs, outcome);
    }

    fn initialize_interp(&mut self, _interp: &mut Interpreter, context: &mut EvmContext<DB>) {
        self.complete_created(context);
    }
}

impl Recording {
    /// Finds out what was undone by a failing ancestor, and numbers the logs that stand.
    fn settle(&mut self) {
        for index in 0..self.frames.len() {
            let inherited = self.frames[index]
                .parent
                .and_then(|parent| self.frames.get(parent as usize))
                .and_then(|parent| parent.reverted_by);
            let frame = &mut self.frames[index];
            frame.reverted_by = if frame.succeeded() { inherited } else { Some(frame.id) };
        }
        let mut next = 0;
        for log in &mut self.logs {
            let frame = self.frames.get(log.frame as usize);
            if frame.is_some_and(|frame| frame.reverted_by.is_none()) {
                log.receipt_index = Some(next);
                next += 1;
            }
        }
    }
}

/// A frame's number as a step's child, which is never frame 0.
const fn child_number(frame: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(frame)
}
