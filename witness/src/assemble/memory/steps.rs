//! One event for each step of the memory circuit.

use alloy_primitives::U256;
use verbatim_circuits::bus::ContextNative;
use verbatim_circuits::memory::{
    AccessEvent, BadJumpEvent, CodeSizeEvent, ExpEvent, InputLoadEvent, LoadEvent, MemoryEvent, ReturnEvent,
    ReturnSizeEvent, StoreEvent, TernaryEvent, TokenEvent,
};
use verbatim_circuits::schedule::Class;
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_gadgets::value::split;

use super::Price;
use crate::assemble::call::{Call, Token};
use crate::assemble::{AssembleError, Assembler, Position, Run, same};
use crate::trace::Step;

/// A step on its way. Its clock is `event.state.clock`; it touches memory at `clock + 1` or `clock + 2`.
pub(super) struct MemoryStep<'a, 't> {
    pub(super) assembler: &'a mut Assembler,
    pub(super) run: &'a mut Run<'t>,
    pub(super) call: &'a mut Call,
    pub(super) step: &'t Step,
    pub(super) position: Position,
    pub(super) event: StepEvent,
}

impl MemoryStep<'_, '_> {
    /// The step's event, with what it does to the call's stack and memory done.
    pub(super) fn execute(&mut self, class: Class, price: &Price) -> Result<MemoryEvent, AssembleError> {
        let step = self.event.clone();
        Ok(match class {
            Class::Load | Class::Store => return self.access(class == Class::Store, price),
            Class::InputLoad => return self.input_load(),
            Class::Return => self.end(price)?,
            Class::Stop => {
                self.assembler.arith.range128(step.state.gas.unsigned_abs().into());
                MemoryEvent::Stop(step)
            }
            Class::Invalid => MemoryEvent::Invalid(step),
            Class::ReturnSize => {
                let mut tally = self.call.tally();
                if self.succeeds() {
                    tally = self.assembler.tally(self.call, step.state.clock);
                    self.push(U256::from(tally.return_length))?;
                }
                MemoryEvent::ReturnSize(ReturnSizeEvent { step, tally })
            }
            Class::CodeSize => {
                let length = self.code_length()?;
                if self.succeeds() {
                    self.push(U256::from(length))?;
                }
                MemoryEvent::CodeSize(CodeSizeEvent { step, length })
            }
            Class::Ternary => return self.ternary(),
            Class::Exp => self.exp(price)?,
            _ => self.bad_jump(class == Class::JumpIf)?,
        })
    }

    fn succeeds(&self) -> bool {
        self.event.fault.is_none()
    }

    fn clock(&self) -> u64 {
        self.event.state.clock
    }

    fn code_length(&self) -> Result<u64, AssembleError> {
        Ok(self.run.frame(self.step.frame, self.position)?.code.len() as u64)
    }

    fn pop(&mut self) -> Result<OperandEvent, AssembleError> {
        self.assembler.pop(self.position, self.call, self.event.state.clock)
    }

    fn pop_if(&mut self, flag: bool) -> Result<OperandEvent, AssembleError> {
        if flag { self.pop() } else { Ok(OperandEvent::default()) }
    }

    fn push(&mut self, value: U256) -> Result<(), AssembleError> {
        let revm = self.run.trace.result(self.step);
        same(self.position, "the result", &value, &revm)?;
        self.call.stack.push(Token { value, clock: self.clock() });
        Ok(())
    }

    fn access(&mut self, stores: bool, price: &Price) -> Result<MemoryEvent, AssembleError> {
        let (offset, value) = (self.pop_if(price.pops)?, self.pop_if(price.pops && stores)?);
        let (first, second) = (TokenEvent::default(), TokenEvent::default());
        let step = self.event.clone();
        let mut event = AccessEvent { step, stores, offset, value, result: U256::ZERO, first, second };
        if !self.succeeds() {
            return Ok(MemoryEvent::Access(event));
        }
        let (byte, keep) = (offset.value.as_limbs()[0], self.event.parameter);
        let (index, shift) = (byte / 32, (byte % 32) as u8);
        if shift == 0 && keep == 32 && price.words == self.event.state.memory {
            return self.aligned(stores, offset, value, index);
        }
        let crosses = shift + keep > 32;
        let found = |index: u64| self.call.memory.words().get(index as usize).map_or(U256::ZERO, |word| word.value);
        let before = [found(index), if crosses { found(index + 1) } else { U256::ZERO }];
        let mut after = before;
        let arith = &mut self.assembler.arith;
        if stores {
            let written = if keep == 32 { value.value } else { arith.slice(value.value, U256::ZERO, 31, 1) };
            (after[0], after[1]) = arith.splice(before[0], before[1], shift, keep, written);
        } else {
            event.result = arith.slice(before[0], before[1], shift, keep);
            self.push(event.result)?;
        }
        event.first = self.word(index, self.clock() + 2, after[0])?;
        if crosses {
            event.second = self.word(index + 1, self.clock() + 2, after[1])?;
        }
        Ok(MemoryEvent::Access(event))
    }

    /// An access to a word that is aligned and exists.
    fn aligned(
        &mut self,
        stores: bool,
        offset: OperandEvent,
        value: OperandEvent,
        index: u64,
    ) -> Result<MemoryEvent, AssembleError> {
        let step = self.event.clone();
        let found = self.call.memory.words().get(index as usize).map_or(U256::ZERO, |word| word.value);
        let after = if stores { value.value } else { found };
        let TokenEvent { before, gap, .. } = self.word(index, self.clock() + 1, after)?;
        if stores {
            return Ok(MemoryEvent::Store(StoreEvent { step, offset, value, before, gap }));
        }
        self.push(before)?;
        Ok(MemoryEvent::Load(LoadEvent { step, offset, value: before, gap }))
    }

    /// Touches a word of the call's own memory.
    fn word(&mut self, index: u64, clock: u64, after: U256) -> Result<TokenEvent, AssembleError> {
        let memory = (self.call.id, &mut self.call.memory);
        self.assembler.touch_word(self.position, memory, index, clock, after)
    }

    fn input_load(&mut self) -> Result<MemoryEvent, AssembleError> {
        let context = self.assembler.context(self.run, self.call.id, self.step.frame, self.position)?;
        let (step, offset) = (self.event.clone(), self.pop_if(self.succeeds())?);
        let (first, second) = (TokenEvent::default(), TokenEvent::default());
        let mut event = InputLoadEvent { step, offset, result: U256::ZERO, context, first, second };
        if !self.succeeds() {
            return Ok(MemoryEvent::InputLoad(event));
        }
        let ((hi, lo), length) = (split(&offset.value), u128::from(event.context.input_length));
        if hi > 0 || lo >= length {
            self.assembler.arith.range128(if hi > 0 { hi - 1 } else { lo - length });
        } else {
            let keep = (length - lo).min(32) as u8;
            self.read_input(&mut event, lo as u64, keep)?;
        }
        self.push(event.result)?;
        Ok(MemoryEvent::InputLoad(event))
    }

    /// Reads `keep` bytes of the input from `offset` on, in the memory where it lies.
    fn read_input(&mut self, event: &mut InputLoadEvent, offset: u64, keep: u8) -> Result<(), AssembleError> {
        let ContextNative { input_call, input_offset, .. } = event.context;
        let (position, clock) = (self.position, self.clock() + 2);
        let missing = AssembleError::Trace { position, what: "caller of a call" };
        let memory = match self.run.frame(self.step.frame, position)?.parent {
            None => &mut self.run.input,
            Some(parent) => &mut self.run.calls.get_mut(&parent).ok_or(missing)?.memory,
        };
        let (index, shift) = self.assembler.arith.words(input_offset + offset);
        let mut read = |index: u64| {
            let value = memory.word(index).map_or(U256::ZERO, |word| word.value);
            self.assembler.touch_word(position, (input_call, &mut *memory), index, clock, value)
        };
        event.first = read(index)?;
        if shift + keep > 32 {
            event.second = read(index + 1)?;
        }
        let (first, second) = (event.first.before, event.second.before);
        event.result = self.assembler.arith.slice(first, second, shift, keep);
        Ok(())
    }

    fn end(&mut self, price: &Price) -> Result<MemoryEvent, AssembleError> {
        let (offset, length) = (self.pop_if(price.pops)?, self.pop_if(price.pops)?);
        if self.succeeds() && !length.value.is_zero() {
            self.call.output = (offset.value.as_limbs()[0], length.value.as_limbs()[0]);
        }
        Ok(MemoryEvent::Return(ReturnEvent { step: self.event.clone(), offset, length }))
    }

    fn ternary(&mut self) -> Result<MemoryEvent, AssembleError> {
        let (step, succeeds) = (self.event.clone(), self.succeeds());
        let operands = [self.pop_if(succeeds)?, self.pop_if(succeeds)?, self.pop_if(succeeds)?];
        let mut result = U256::ZERO;
        if succeeds {
            let [a, b, c] = operands.map(|operand| operand.value);
            result = self.assembler.arith.alu(step.opcode, a, b, c);
            self.push(result)?;
        }
        Ok(MemoryEvent::Ternary(TernaryEvent { step, operands, result }))
    }

    fn exp(&mut self, price: &Price) -> Result<MemoryEvent, AssembleError> {
        let step = self.event.clone();
        let (base, exponent) = (self.pop_if(price.pops)?, self.pop_if(price.pops)?);
        if price.pops {
            self.assembler.arith.byte_length(exponent.value);
        }
        let mut result = U256::ZERO;
        if self.succeeds() {
            result = self.assembler.arith.alu(step.opcode, base.value, exponent.value, U256::ZERO);
            self.push(result)?;
        }
        Ok(MemoryEvent::Exp(ExpEvent { step, base, exponent, result }))
    }

    fn bad_jump(&mut self, conditional: bool) -> Result<MemoryEvent, AssembleError> {
        let (destination, condition) = (self.pop()?, self.pop_if(conditional)?);
        let (step, length) = (self.event.clone(), self.code_length()?);
        Ok(MemoryEvent::BadJump(BadJumpEvent { step, conditional, destination, condition, length }))
    }
}
