//! Steps of the memory circuit, and the tokens of stacks and memories.

mod public;
mod shadow;
mod steps;
mod tokens;

use alloy_primitives::U256;
use verbatim_circuits::bus::{ExecNative, HaltNative};
use verbatim_circuits::memory::expansion::{Demand, memory_cost};
use verbatim_circuits::memory::{CostEvent, MemoryEvent, TICKS};
use verbatim_circuits::schedule::{Class, Entry};
use verbatim_circuits::step::{STACK_LIMIT, StepEvent};
use verbatim_gadgets::value::split;

use super::call::Call;
use super::state::Waiting;
use super::{AssembleError, Assembler, Position, Run, same};
use crate::trace::{InstructionResult, Step};

pub(super) use shadow::Memory;
use steps::MemoryStep;

/// Gas for a byte of EXP's exponent (EIP-160).
const EXP_GAS_PER_BYTE: u128 = 50;

/// Whether the memory circuit proves a step of `class`: of jumps, those to something that is no destination.
pub(super) fn executes(class: Class, step: &Step) -> bool {
    match class {
        Class::Load
        | Class::Store
        | Class::InputLoad
        | Class::Return
        | Class::Stop
        | Class::Invalid
        | Class::ReturnSize
        | Class::CodeSize
        | Class::Ternary
        | Class::Exp => true,
        Class::Jump | Class::JumpIf => step.halt == Some(InstructionResult::InvalidJump),
        _ => false,
    }
}

/// What a step asks for beyond the schedule's gas, and what it lacks.
#[derive(Debug)]
pub(super) struct Price {
    /// Gas beyond the schedule's, as far as it is known: zero where operands are missing, or the range is too large.
    pub(super) extra: u128,
    /// The range of memory that it needs.
    pub(super) demand: Option<Demand>,
    /// Words of memory behind the step, if it succeeds.
    pub(super) words: u64,
    /// The evidence of a failure that is not for want of gas.
    pub(super) lack: Option<u128>,
    /// Whether there are operands enough.
    pub(super) pops: bool,
}

impl Price {
    fn of(class: Class, event: &StepEvent, call: &Call) -> Self {
        let (height, memory) = (event.state.height, event.state.memory);
        let (needs, room) = match class {
            Class::Load | Class::InputLoad => (1, 0),
            Class::Store | Class::Return | Class::Exp => (2, 0),
            Class::Ternary => (3, 0),
            Class::ReturnSize | Class::CodeSize => (0, 1),
            _ => (0, 0),
        };
        let mut price = Self { extra: 0, demand: None, words: memory, lack: None, pops: height >= needs };
        if height < needs {
            price.lack = Some((needs - height - 1).into());
        } else if height + room > STACK_LIMIT {
            price.lack = Some((height + room - STACK_LIMIT - 1).into());
        }
        let operand = |depth| call.slot(depth).map(|slot| call.stack[slot].value).unwrap_or_default();
        if !price.pops {
            return price;
        }
        price.demand = match class {
            Class::Load | Class::Store => Some(Demand { offset: operand(0), length: U256::from(event.parameter) }),
            Class::Return => Some(Demand { offset: operand(0), length: operand(1) }),
            _ => None,
        };
        if class == Class::Exp {
            price.extra = EXP_GAS_PER_BYTE * operand(1).byte_len() as u128;
        }
        if let Some(demand) = price.demand.take() {
            price.expand(demand, memory);
        }
        price
    }

    /// Adds what it costs to hold a range, beyond `memory` words.
    pub(super) fn expand(&mut self, demand: Demand, memory: u64) {
        self.lack = demand.excess().map(|(excess, _)| excess);
        self.words = demand.words().map_or(memory, |words| words.max(memory));
        self.extra = memory_cost(self.words) - memory_cost(memory);
        self.demand = Some(demand);
    }

    /// The evidence of the failure, if there is one: what is missing, or by how much gas is short.
    pub(super) fn evidence(&self, event: &StepEvent) -> Option<u128> {
        let cost = u128::from(event.cost) + self.extra;
        let short = cost.checked_sub(u128::from(event.state.gas.unsigned_abs()) + 1);
        self.lack.or(short)
    }
}

impl Assembler {
    /// A step of the memory circuit.
    pub(super) fn memory_step(&mut self, run: &mut Run<'_>, index: usize, entry: Entry) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        let mut call = run.take(step, index)?;
        let done = self.memory_step_of(run, &mut call, index, entry);
        run.calls.insert(step.frame, call);
        done
    }

    fn memory_step_of(
        &mut self,
        run: &mut Run<'_>,
        call: &mut Call,
        index: usize,
        entry: Entry,
    ) -> Result<(), AssembleError> {
        let (position, step) = (run.position(index), &run.trace.steps[index]);
        let frame = run.frame(step.frame, position)?;
        let (mut event, _) = self.open_step(position, call, step, entry)?;
        same(position, "the size of memory", &call.memory.len(), &event.state.memory)?;
        let state = event.state.clone();
        let price = Price::of(entry.class, &event, call);
        self.clock += TICKS;
        let evidence = match entry.class {
            Class::Invalid => Some(0),
            Class::Jump | Class::JumpIf => Some(self.bad_destination(position, call, frame.code.len())?),
            _ => price.evidence(&event),
        };
        same(position, "the failure of the step", &evidence.is_some(), &step.halt.is_some())?;
        event.fault = evidence.map(|_| 0);
        self.expand(call, entry.class, &price, &state, evidence.is_none());
        let mut filled = MemoryStep { assembler: self, run, call, step, position, event };
        let filled = filled.execute(entry.class, &price)?;
        let (origin, reverted_by) = (self.origin(), frame.reverted_by);
        match filled {
            MemoryEvent::InputLoad(event) if evidence.is_none() => {
                self.inputs.push(Waiting { origin, reverted_by, event });
            }
            event => self.memory.push(origin, event),
        }
        if let Some(evidence) = evidence {
            self.fault(call.id, evidence);
            return Ok(());
        }
        let gas = state.gas - i64::from(entry.gas) - price.extra as i64;
        same(position, "the gas left", &gas, &(step.gas_after as i64))?;
        same(position, "the memory left", &price.words, &u64::from(step.memory_words_after))?;
        if matches!(entry.class, Class::Stop | Class::Return) {
            let (offset, length) = call.output;
            let success = step.opcode != 0xfd;
            self.calls.halted = Some(HaltNative { clock: self.clock, call: call.id, success, gas, offset, length });
            return Ok(());
        }
        let (clock, pc, height) = (self.clock, state.pc + 1, call.stack.len() as u64);
        self.open = Some(ExecNative { clock, pc, height, gas, memory: price.words, ..state });
        Ok(())
    }

    /// What a step asks of memory: the division of its range into words, the costs, and if it succeeds the new words.
    fn expand(&mut self, call: &mut Call, class: Class, price: &Price, state: &ExecNative, succeeds: bool) {
        let Some(demand) = price.demand.as_ref().filter(|demand| demand.sized()) else { return };
        let (offset, length) = (demand.offset.as_limbs()[0], demand.length.as_limbs()[0]);
        // An access asks where its first byte is, a return how many words hold its last one.
        let bytes = if class == Class::Return { offset + length + 31 } else { offset };
        self.arith.words(bytes);
        self.resize(call, price.words, state, succeeds);
    }

    /// Asks for the costs of `words` of memory, and makes them if the step succeeds.
    pub(super) fn resize(&mut self, call: &mut Call, words: u64, state: &ExecNative, succeeds: bool) {
        if words > state.memory {
            self.sizes.extend([words, state.memory]);
            if succeeds {
                call.memory.grow(words, state.clock + 1);
            }
        }
    }

    /// The evidence that the word on the top of the stack is no destination, in a code of `length` bytes.
    fn bad_destination(&mut self, position: Position, call: &Call, length: usize) -> Result<u128, AssembleError> {
        let missing = |what| AssembleError::Trace { position, what };
        let slot = call.slot(0).ok_or(missing("operand on the stack"))?;
        let (hi, lo) = split(&call.stack[slot].value);
        if hi > 0 {
            return Ok(hi - 1);
        }
        if let Some(beyond) = lo.checked_sub(length as u128) {
            return Ok(beyond);
        }
        let found = self.bytecode.no_jump_dest(call.code, lo as u64);
        found.map_err(|_| missing("position that is no destination"))?;
        Ok(0)
    }

    /// The sizes of memory that were paid for.
    pub(super) fn costs(&mut self) {
        for words in std::mem::take(&mut self.sizes) {
            self.memory.push(self.origin(), MemoryEvent::Cost(CostEvent { words }));
        }
    }
}
