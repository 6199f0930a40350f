//! Tokens of stacks and memories: how a step takes them, how they get old, and how they end.

use alloy_primitives::U256;
use verbatim_circuits::bus::{Memory as MemoryMessage, MemoryInit, MemoryInitNative, MemoryNative};
use verbatim_circuits::memory::{DiscardEvent, InitEvent, MemoryEvent, RefreshEvent, TokenEvent};
use verbatim_circuits::step::OperandEvent;

use super::shadow::Memory;
use crate::assemble::call::{Call, Token};
use crate::assemble::{AssembleError, Assembler, Position, stack};

/// The message of a word.
fn word(owner: u64, index: u64, token: Token) -> MemoryNative {
    MemoryNative { call: owner, index, value: token.value, clock: token.clock }
}

/// The time of an access less one, less that of the last one, where it fits the 16 bits that a step has for it.
fn gap(last: u64, clock: u64) -> Option<u16> {
    u16::try_from(clock - 1 - last).ok()
}

impl Assembler {
    /// Takes the word `depth` below the top of the stack, and gives it the time `clock`.
    pub(in crate::assemble) fn touch(
        &mut self,
        position: Position,
        call: &mut Call,
        depth: usize,
        clock: u64,
    ) -> Result<OperandEvent, AssembleError> {
        let slot = call.slot(depth).ok_or(AssembleError::Trace { position, what: "operand on the stack" })?;
        let token = call.stack[slot];
        let gap = gap(token.clock, clock).unwrap_or_else(|| {
            // Too old for a gap of 16 bits: brought forward to the tick before.
            let event = RefreshEvent::Stack(stack(call, slot, token), clock - 1);
            self.memory.push(self.origin(), MemoryEvent::Refresh(event));
            0
        });
        call.stack[slot].clock = clock;
        Ok(OperandEvent { value: token.value, gap })
    }

    /// Pops a word, for a step at `clock`.
    pub(in crate::assemble) fn pop(
        &mut self,
        position: Position,
        call: &mut Call,
        clock: u64,
    ) -> Result<OperandEvent, AssembleError> {
        let operand = self.touch(position, call, 0, clock)?;
        call.stack.pop();
        Ok(operand)
    }

    /// Takes a word of memory, leaves `after` there, and gives it the time `clock`.
    pub(in crate::assemble) fn touch_word(
        &mut self,
        position: Position,
        (owner, memory): (u64, &mut Memory),
        index: u64,
        clock: u64,
        after: U256,
    ) -> Result<TokenEvent, AssembleError> {
        let found = memory.word(index).ok_or(AssembleError::Trace { position, what: "word of memory" })?;
        let token = *found;
        let gap = gap(token.clock, clock).unwrap_or_else(|| {
            let event = RefreshEvent::Memory(word(owner, index, token), clock - 1);
            self.memory.push(self.origin(), MemoryEvent::Refresh(event));
            0
        });
        *found = Token { value: after, clock };
        Ok(TokenEvent { before: token.value, after, gap })
    }

    /// Sends the words of a memory that no order made: those of a transaction's input.
    pub(in crate::assemble) fn send_words(&mut self, owner: u64, memory: &Memory) {
        for (index, token) in (0..).zip(memory.words()) {
            self.public.send::<MemoryMessage>(&word(owner, index, *token));
        }
    }

    /// Makes words of a call's memory for a step that no circuit proves: the verifier sends the order.
    pub(in crate::assemble) fn order_publicly(&mut self, call: &mut Call, to: u64, clock: u64) {
        let from = call.memory.len();
        if to > from {
            self.public.send::<MemoryInit>(&MemoryInitNative { call: call.id, from, to, clock });
            call.memory.grow(to, clock);
        }
    }

    /// Writes to a call's memory for a step that no circuit proves: the verifier takes and gives the words that change.
    pub(in crate::assemble) fn write_publicly(
        &mut self,
        position: Position,
        call: &mut Call,
        offset: u64,
        bytes: &[u8],
        clock: u64,
    ) -> Result<(), AssembleError> {
        for (index, value) in call.memory.changes(offset, bytes) {
            let found = call.memory.word(index).ok_or(AssembleError::Trace { position, what: "word of memory" })?;
            self.public.receive::<MemoryMessage>(&word(call.id, index, *found));
            *found = Token { value, clock };
            self.public.send::<MemoryMessage>(&word(call.id, index, *found));
        }
        Ok(())
    }

    /// Ends the tokens of a call that has ended: what is left on its stack, and the words of its memory.
    pub(in crate::assemble) fn discard(&mut self, call: &Call) {
        let token = |slot: usize| stack(call, slot, call.stack[slot]);
        let mut height = call.stack.len();
        while height > 0 {
            let below = height.checked_sub(2).map(token);
            self.memory.push(self.origin(), MemoryEvent::Discard(DiscardEvent::Stack(token(height - 1), below)));
            height = height.saturating_sub(2);
        }
        for order in call.memory.orders() {
            for (index, token) in call.memory.words().iter().enumerate().take(order.to).skip(order.from) {
                let (index, to) = (index as u64, order.to as u64);
                let (last, last_clock) = (token.value, token.clock);
                let event = InitEvent { call: call.id, index, to, clock: order.clock, last, last_clock };
                self.memory.push(self.origin(), MemoryEvent::Init(event));
            }
        }
    }

    /// Ends the words of a memory that no order made.
    pub(in crate::assemble) fn discard_words(&mut self, owner: u64, memory: &Memory) {
        for (index, token) in (0..).zip(memory.words()) {
            let event = DiscardEvent::Memory(word(owner, index, *token));
            self.memory.push(self.origin(), MemoryEvent::Discard(event));
        }
    }
}
