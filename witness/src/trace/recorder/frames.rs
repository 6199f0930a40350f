//! How frames begin and end.

use std::ops::Range;

use alloy_primitives::{Address, Bytes, U256, keccak256};
use revm::{
    Database,
    context_interface::CreateScheme,
    interpreter::{
        CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, InstructionResult, InterpreterResult,
    },
};

use super::{
    EvmContext, Open, Recorder,
    accesses::{account_before, complete_account, delegate_of},
    child_number,
};
use crate::trace::{AccountRole, Frame, FrameKind, NotRun, Outcome};

impl Recorder {
    /// A frame as it begins, with what does not depend on its kind.
    fn new_frame(&self, kind: FrameKind) -> Frame {
        Frame {
            id: self.recording.frames.len() as u32,
            parent: self.open.last().map(|open| open.frame),
            parent_step: self.open.last().and_then(|open| open.last_step),
            depth: self.open.len() as u16,
            kind,
            caller: Address::ZERO,
            address: Address::ZERO,
            code_address: Address::ZERO,
            delegate: None,
            code_hash: alloy_consensus::constants::KECCAK_EMPTY,
            code: Bytes::new(),
            value: U256::ZERO,
            transferred: U256::ZERO,
            input: Bytes::new(),
            input_offset: 0,
            input_length: 0,
            return_offset: 0,
            return_length: 0,
            gas: 0,
            is_static: false,
            is_precompile: false,
            outcome: Outcome::Success,
            result: InstructionResult::Stop,
            not_run: None,
            gas_left: 0,
            output: Bytes::new(),
            refund: 0,
            first_step: None,
            last_step: None,
            reverted_by: None,
            created: None,
        }
    }

    pub(super) fn call_frame<DB: Database>(&self, context: &EvmContext<DB>, inputs: &CallInputs) -> Frame {
        let kind = match inputs.scheme {
            _ if self.open.is_empty() => FrameKind::Transaction,
            CallScheme::Call => FrameKind::Call,
            CallScheme::CallCode => FrameKind::CallCode,
            CallScheme::DelegateCall => FrameKind::DelegateCall,
            CallScheme::StaticCall => FrameKind::StaticCall,
        };
        let first_memory_operand = match kind {
            FrameKind::Call | FrameKind::CallCode => 3,
            _ => 2,
        };
        let (hash, code) = &inputs.known_bytecode;
        let input = inputs.input.bytes(context);
        let returned = normal_range(&inputs.return_memory_offset);
        Frame {
            caller: inputs.caller,
            address: inputs.target_address,
            code_address: inputs.bytecode_address,
            delegate: delegate_of(context, inputs.bytecode_address),
            code_hash: if code.is_empty() { alloy_consensus::constants::KECCAK_EMPTY } else { *hash },
            code: code.original_bytes(),
            value: inputs.value.get(),
            transferred: inputs.value.transfer().unwrap_or_default(),
            input_offset: self.memory_operand(first_memory_operand, input.len()),
            input_length: input.len() as u64,
            input,
            return_offset: returned.start,
            return_length: returned.end - returned.start,
            gas: inputs.gas_limit,
            is_static: inputs.is_static,
            ..self.new_frame(kind)
        }
    }

    pub(super) fn create_frame<DB: Database>(&self, context: &EvmContext<DB>, inputs: &CreateInputs) -> Frame {
        let kind = match inputs.scheme() {
            _ if self.open.is_empty() => FrameKind::TransactionCreate,
            CreateScheme::Create2 { .. } => FrameKind::Create2,
            _ => FrameKind::Create,
        };
        let caller = context.journaled_state.inner.state.get(&inputs.caller());
        let nonce = caller.map_or(0, |account| account.info.nonce);
        let address = inputs.created_address(nonce);
        let code = inputs.init_code().clone();
        Frame {
            caller: inputs.caller(),
            address,
            code_address: address,
            code_hash: keccak256(&code),
            value: inputs.value(),
            transferred: inputs.value(),
            input_offset: self.memory_operand(1, code.len()),
            input_length: code.len() as u64,
            code,
            gas: inputs.gas_limit(),
            created: Some(account_before(context, AccountRole::Created, address)),
            ..self.new_frame(kind)
        }
    }

    /// The operand of the current step that is an offset into memory; 0 if nothing lies there.
    fn memory_operand(&self, place: usize, length: usize) -> u64 {
        let step = self.open.last().and_then(|open| open.last_step);
        let Some(step) = step.and_then(|step| self.recording.steps.get(step as usize)) else { return 0 };
        let word = self.recording.words.get(step.operands as usize + place);
        match word {
            Some(word) if length != 0 => word.saturating_to(),
            _ => 0,
        }
    }

    pub(super) fn begin_frame(&mut self, frame: Frame) {
        let step = frame.parent_step.and_then(|step| self.recording.steps.get_mut(step as usize));
        if let Some(step) = step {
            step.child = child_number(frame.id);
        }
        self.open.push(Open { frame: frame.id, last_step: None, awaits_child: false });
        self.recording.frames.push(frame);
    }

    /// The record of a created account, once revm has loaded it.
    pub(super) fn complete_created<DB: Database>(&mut self, context: &EvmContext<DB>) {
        let frame = self.open.last().and_then(|open| self.recording.frames.get_mut(open.frame as usize));
        if let Some(access) = frame.and_then(|frame| frame.created.as_mut()) {
            complete_account(context, access);
        }
    }

    pub(super) fn end_call(&mut self, outcome: &CallOutcome) {
        let Some(frame) = self.open.pop().and_then(|open| self.recording.frames.get_mut(open.frame as usize)) else {
            return;
        };
        frame.is_precompile = outcome.was_precompile_called;
        end(frame, &outcome.result, false);
    }

    pub(super) fn end_create<DB: Database>(
        &mut self,
        context: &EvmContext<DB>,
        inputs: &CreateInputs,
        outcome: &CreateOutcome,
    ) {
        self.complete_created(context);
        let Some(frame) = self.open.pop().and_then(|open| self.recording.frames.get_mut(open.frame as usize)) else {
            return;
        };
        let nonce_overflow = outcome.address.is_none() && outcome.result.result == InstructionResult::Return;
        end(frame, &outcome.result, nonce_overflow);
        if !matches!(frame.not_run, None | Some(NotRun::Collision | NotRun::ReceiverBalance)) {
            frame.address = Address::ZERO;
            frame.code_address = Address::ZERO;
            frame.created = None;
        }
        debug_assert_eq!(frame.gas, inputs.gas_limit());
    }
}

fn end(frame: &mut Frame, result: &InterpreterResult, nonce_overflow: bool) {
    frame.result = result.result;
    frame.not_run = match result.result {
        _ if frame.first_step.is_some() => None,
        InstructionResult::CallTooDeep => Some(NotRun::Depth),
        InstructionResult::OutOfFunds => Some(NotRun::Balance),
        InstructionResult::CreateCollision => Some(NotRun::Collision),
        InstructionResult::OverflowPayment => Some(NotRun::ReceiverBalance),
        _ if nonce_overflow => Some(NotRun::Nonce),
        _ => None,
    };
    frame.outcome = match result.result {
        _ if nonce_overflow => Outcome::Revert,
        result if result.is_ok() => Outcome::Success,
        result if result.is_revert() => Outcome::Revert,
        _ => Outcome::Halt,
    };
    if frame.outcome != Outcome::Halt {
        frame.gas_left = result.gas.remaining();
        frame.output = result.output.clone();
    }
    if frame.outcome == Outcome::Success {
        frame.refund = result.gas.refunded();
    }
}

/// revm gives an empty range as one at the greatest offset.
const fn normal_range(range: &Range<usize>) -> Range<u64> {
    if range.start >= range.end { 0..0 } else { range.start as u64..range.end as u64 }
}
