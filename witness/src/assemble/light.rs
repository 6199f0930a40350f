//! Steps of the light circuit.

use alloy_primitives::{Address, U256};
use verbatim_circuits::bus::{CodeNative, Exec, ExecNative};
use verbatim_circuits::light::{
    BinaryEvent, DupEvent, EnvironmentEvent, JumpEvent, JumpIfEvent, LightEvent, PopEvent, PushEvent, SwapEvent,
    UnaryEvent, counter,
};
use verbatim_circuits::schedule::{Class, Entry};
use verbatim_circuits::step::{OperandEvent, STACK_LIMIT, StepEvent};

use super::call::Token;
use super::{AssembleError, Assembler, Position, Run, same};
use crate::trace::{InstructionResult, Step, TxTrace};

/// Whether the light circuit proves a step of `class`. It proves no jump to something that is no destination, and no success
/// of PC, MSIZE or GAS that pushes 2^32 or more.
pub(super) fn executes(class: Class, step: &Step) -> bool {
    let light = matches!(
        class,
        Class::Binary
            | Class::Unary
            | Class::Push
            | Class::Pop
            | Class::Dup
            | Class::Swap
            | Class::Jump
            | Class::JumpIf
            | Class::JumpDest
            | Class::Counter
            | Class::Environment
    );
    light && step.halt != Some(InstructionResult::InvalidJump) && !(class == Class::Counter && is_wide(step))
}

/// Whether PC, MSIZE or GAS succeeds with a number that is too large for its chip.
fn is_wide(step: &Step) -> bool {
    let value = match step.opcode {
        0x58 => u64::from(step.pc),
        0x59 => 32 * u64::from(step.memory_words_before),
        _ => step.gas_after,
    };
    step.halt.is_none() && value >= counter::LIMIT
}

/// How many words a class takes from the stack, and how many it puts there.
fn stack_effect(entry: &Entry) -> (u64, u64) {
    let depth = u64::from(entry.parameter);
    match entry.class {
        Class::Binary => (2, 1),
        Class::Unary => (1, 1),
        Class::Pop | Class::Jump => (1, 0),
        Class::JumpIf => (2, 0),
        Class::Dup => (depth + 1, depth + 2),
        Class::Swap => (depth + 1, depth + 1),
        Class::JumpDest => (0, 0),
        _ => (0, 1),
    }
}

/// What a fault lacks: gas, operands or room; the first that it does.
fn evidence(entry: &Entry, state: &ExecNative) -> Option<i64> {
    let (needs, gives) = stack_effect(entry);
    let missing = |limit: i64, has: i64| Some(limit - has - 1).filter(|evidence| *evidence >= 0);
    let height = state.height as i64;
    missing(i64::from(entry.gas), state.gas)
        .or_else(|| missing(needs as i64, height))
        .or_else(|| missing(height + gives as i64 - needs as i64, STACK_LIMIT as i64))
}

impl Assembler {
    /// A step of the light circuit.
    pub(super) fn light(&mut self, run: &mut Run<'_>, index: usize, entry: Entry) -> Result<(), AssembleError> {
        let (trace, position) = (run.trace, run.position(index));
        let step = &trace.steps[index];
        let began = run.began;
        let call = run.call(step, index)?;
        let (event, code) = self.open_step(position, call, step, entry)?;
        let state = event.state.clone();
        let fault = evidence(&entry, &state);
        same(position, "the failure of the step", &fault.is_some(), &step.halt.is_some())?;
        let event = StepEvent { fault, ..event };
        self.clock += 1;
        if let Some(evidence) = fault {
            self.fault(state.call, evidence.unsigned_abs().into());
            let filled = match entry.class {
                Class::Environment => self.failed_environment(run, position, step, event)?,
                class => failed(event, class, &code),
            };
            self.light.push(self.origin(), filled);
            return Ok(());
        }
        let mut light = LightStep { assembler: self, trace, step, position, began, next_pc: code.next };
        let call = run.calls.get_mut(&step.frame).ok_or(AssembleError::Trace { position, what: "call of a step" })?;
        let filled = light.execute(call, &event, entry.class, code.push)?;
        let next_pc = light.next_pc;
        let height = call.stack.len() as u64;
        self.light.push(self.origin(), filled);
        let after =
            ExecNative { clock: self.clock, pc: next_pc, height, gas: state.gas - i64::from(entry.gas), ..state };
        same(position, "the gas left", &after.gas, &(step.gas_after as i64))?;
        self.open = Some(after);
        Ok(())
    }

    /// The event of an environment opcode that fails: it learns what it would have pushed.
    fn failed_environment(
        &mut self,
        run: &Run<'_>,
        position: Position,
        step: &Step,
        event: StepEvent,
    ) -> Result<LightEvent, AssembleError> {
        let (frame, call) = (run.frame(step.frame, position)?, event.state.call);
        let word = |address: &Address| super::number(&address.into_word());
        let value = match step.opcode {
            0x30 => word(&frame.address),
            0x32 => word(&run.trace.sender),
            0x33 => word(&frame.caller),
            0x34 => frame.value,
            0x36 => U256::from(frame.input.len()),
            0x3a => U256::from(run.trace.effective_gas_price),
            opcode => self.chain.value(opcode),
        };
        let owner = [0, call, run.began][usize::from(event.parameter.min(2))];
        if event.parameter == 2 {
            self.ask_transaction(call, run.began);
        }
        self.ask(owner, step.opcode, value);
        Ok(LightEvent::Environment(EnvironmentEvent { step: event, owner, value }))
    }

    /// Receives the state of a proven step, compares it with revm's, and asks for the opcode.
    pub(super) fn open_step(
        &mut self,
        position: Position,
        call: &super::Call,
        step: &Step,
        entry: Entry,
    ) -> Result<(StepEvent, CodeNative), AssembleError> {
        let state = ExecNative {
            clock: self.clock,
            call: call.id,
            code: call.code,
            pc: u64::from(step.pc),
            height: u64::from(step.stack_height),
            gas: step.gas_before as i64,
            memory: u64::from(step.memory_words_before),
        };
        same(position, "the height of the stack", &call.stack.len(), &usize::from(step.stack_height))?;
        self.receive_state(&state);
        let code = self.bytecode.fetch(state.code, state.pc);
        let code = code.map_err(|_| AssembleError::Trace { position, what: "opcode at the program counter" })?;
        let (cost, parameter) = (entry.gas, entry.parameter);
        Ok((StepEvent { state, opcode: step.opcode, cost, parameter, fault: None }, code))
    }

    /// The state that a proven step receives: from the proven step before it, or from the verifier.
    pub(super) fn receive_state(&mut self, state: &ExecNative) {
        use verbatim_gadgets::message::Message;
        let chained = self.open.take();
        if chained.as_ref().is_some_and(|open| Exec::tuple(open) == Exec::tuple(state)) {
            return;
        }
        if let Some(open) = chained {
            self.public.receive::<Exec>(&open);
        }
        self.public.send::<Exec>(state);
    }
}

/// The event of a step that fails.
fn failed(step: StepEvent, class: Class, code: &CodeNative) -> LightEvent {
    let none = OperandEvent::default();
    match class {
        Class::Binary => LightEvent::Binary(BinaryEvent { step, a: none, b: none, result: U256::ZERO }),
        Class::Unary => LightEvent::Unary(UnaryEvent { step, a: none, result: U256::ZERO }),
        Class::Push => LightEvent::Push(PushEvent { step, value: code.push, next_pc: code.next }),
        Class::Pop => LightEvent::Pop(PopEvent { step, a: none }),
        Class::Dup => LightEvent::Dup(DupEvent { step, b: none }),
        Class::Swap => LightEvent::Swap(SwapEvent { step, a: none, b: none }),
        Class::Jump => LightEvent::Jump(JumpEvent { step, destination: none }),
        Class::JumpIf => LightEvent::JumpIf(JumpIfEvent { step, destination: none, condition: none }),
        Class::Counter => LightEvent::Counter(step),
        _ => LightEvent::JumpDest(step),
    }
}

/// A step that succeeds.
struct LightStep<'a> {
    assembler: &'a mut Assembler,
    trace: &'a TxTrace,
    step: &'a Step,
    position: Position,
    /// The clock at which the transaction began.
    began: u64,
    /// Where the next opcode stands.
    next_pc: u64,
}

impl LightStep<'_> {
    fn execute(
        &mut self,
        call: &mut super::Call,
        event: &StepEvent,
        class: Class,
        push: U256,
    ) -> Result<LightEvent, AssembleError> {
        let step = event.clone();
        let depth = usize::from(event.parameter);
        Ok(match class {
            Class::Binary => {
                let (a, b) = (self.pop(call)?, self.pop(call)?);
                let result = self.assembler.arith.alu(event.opcode, a.value, b.value, U256::ZERO);
                self.push(call, result)?;
                LightEvent::Binary(BinaryEvent { step, a, b, result })
            }
            Class::Unary => {
                let a = self.pop(call)?;
                let result = self.assembler.arith.alu(event.opcode, a.value, U256::ZERO, U256::ZERO);
                self.push(call, result)?;
                LightEvent::Unary(UnaryEvent { step, a, result })
            }
            Class::Push => {
                self.push(call, push)?;
                LightEvent::Push(PushEvent { step, value: push, next_pc: self.next_pc })
            }
            Class::Pop => LightEvent::Pop(PopEvent { step, a: self.pop(call)? }),
            Class::Dup => {
                let b = self.touch(call, depth)?;
                self.push(call, b.value)?;
                LightEvent::Dup(DupEvent { step, b })
            }
            Class::Swap => {
                let (a, b) = (self.touch(call, 0)?, self.touch(call, depth)?);
                let (top, low) = self.slots(call, depth)?;
                call.stack.swap(top, low);
                LightEvent::Swap(SwapEvent { step, a, b })
            }
            Class::Jump => {
                let destination = self.pop(call)?;
                self.jump(call, &destination)?;
                LightEvent::Jump(JumpEvent { step, destination })
            }
            Class::JumpIf => {
                let (destination, condition) = (self.pop(call)?, self.pop(call)?);
                if !condition.value.is_zero() {
                    self.jump(call, &destination)?;
                }
                LightEvent::JumpIf(JumpIfEvent { step, destination, condition })
            }
            Class::Counter => {
                self.push(call, U256::from(counter::result(event)))?;
                LightEvent::Counter(step)
            }
            Class::Environment => self.environment(call, step)?,
            _ => LightEvent::JumpDest(step),
        })
    }

    fn environment(&mut self, call: &mut super::Call, step: StepEvent) -> Result<LightEvent, AssembleError> {
        let value = self.trace.result(self.step);
        let owner = match step.parameter {
            0 => 0,
            1 => call.id,
            _ => self.began,
        };
        if step.parameter == 0 {
            same(self.position, "the block's environment", &self.assembler.chain.value(step.opcode), &value)?;
        }
        if step.parameter == 2 {
            self.assembler.ask_transaction(call.id, self.began);
        }
        self.assembler.ask(owner, step.opcode, value);
        self.push(call, value)?;
        Ok(LightEvent::Environment(EnvironmentEvent { step, owner, value }))
    }

    /// The clock of the step.
    fn clock(&self) -> u64 {
        self.assembler.clock - 1
    }

    fn slots(&self, call: &super::Call, depth: usize) -> Result<(usize, usize), AssembleError> {
        let missing = AssembleError::Trace { position: self.position, what: "operand on the stack" };
        call.slot(0).zip(call.slot(depth)).ok_or(missing)
    }

    /// Reads the word `depth` below the top, and gives it the step's time.
    fn touch(&mut self, call: &mut super::Call, depth: usize) -> Result<OperandEvent, AssembleError> {
        let clock = self.clock();
        self.assembler.touch(self.position, call, depth, clock)
    }

    fn pop(&mut self, call: &mut super::Call) -> Result<OperandEvent, AssembleError> {
        let clock = self.clock();
        self.assembler.pop(self.position, call, clock)
    }

    fn push(&mut self, call: &mut super::Call, value: U256) -> Result<(), AssembleError> {
        let revm = self.trace.result(self.step);
        same(self.position, "the result", &value, &revm)?;
        call.stack.push(Token { value, clock: self.clock() });
        Ok(())
    }

    fn jump(&mut self, call: &super::Call, destination: &OperandEvent) -> Result<(), AssembleError> {
        let missing = || AssembleError::Trace { position: self.position, what: "destination of a jump" };
        self.next_pc = u64::try_from(destination.value).map_err(|_| missing())?;
        self.assembler.bytecode.fetch(call.code, self.next_pc).map_err(|_| missing())?;
        Ok(())
    }
}
