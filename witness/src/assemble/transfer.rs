//! Steps of the transfer circuit: KECCAK256, the copies of input, code and return data, and the logs.

use alloy_primitives::{Bytes, U256, keccak256};
use verbatim_circuits::bus::{
    ContextNative, ExecNative, PublicLog, PublicLogData, PublicLogDataNative, PublicLogNative, TransactionClock,
    TransactionClockNative,
};
use verbatim_circuits::copy::{Fetch, Order};
use verbatim_circuits::memory::expansion::Demand;
use verbatim_circuits::schedule::{Class, Entry};
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_circuits::transfer::{
    COPY_GAS_PER_WORD, CopyEvent, HASH_GAS_PER_WORD, HashBytesEvent, HashLongEvent, HashPairEvent, HashPlan,
    LOG_GAS_PER_BYTE, LogEvent, ReturnCopyEvent, Source, TICKS, TransferEvent, miss,
};
use verbatim_gadgets::value::split;

use super::call::{Call, Token};
use super::memory::{Memory, Price};
use super::state::{Waiting, place};
use super::{AssembleError, Assembler, Position, Run, number, same};
use crate::trace::{Step, TxTrace};

/// The schedule's parameter of CODECOPY, and that of RETURNDATACOPY.
const CODE: u8 = 1;
const RETURN: u8 = 2;

/// Whether the transfer circuit proves the steps of `class`.
pub(super) fn executes(class: Class) -> bool {
    matches!(class, Class::Hash | Class::Copy | Class::Log)
}

/// What a step costs, and what it lacks; `fixed` if its call may not write.
fn price(class: Class, event: &StepEvent, call: &Call, fixed: bool) -> Price {
    let (height, memory, parameter) = (event.state.height, event.state.memory, event.parameter);
    let needs = match class {
        Class::Hash => 2,
        Class::Copy => 3,
        _ => 2 + u64::from(parameter),
    };
    let mut price = Price { extra: 0, demand: None, words: memory, lack: None, pops: height >= needs };
    if !price.pops {
        price.lack = Some((needs - height - 1).into());
        return price;
    }
    let operand = |depth| call.slot(depth).map(|slot| call.stack[slot].value).unwrap_or_default();
    let (offset, length) = (operand(0), if class == Class::Copy { operand(2) } else { operand(1) });
    price.expand(Demand { offset, length }, memory);
    if let Some(demand) = price.demand.as_ref().filter(|demand| demand.sized()) {
        let length = low(demand.length);
        price.extra += u128::from(match class {
            Class::Hash => HASH_GAS_PER_WORD * length.div_ceil(32),
            Class::Copy => COPY_GAS_PER_WORD * length.div_ceil(32),
            _ => LOG_GAS_PER_BYTE * length,
        });
    }
    price.lack = price.lack.or_else(|| match class {
        Class::Copy if parameter == RETURN => {
            let size = call.returned.data.len() as u64;
            miss(&operand(1), &length, size).map(|(_, rest, _)| rest)
        }
        Class::Log => fixed.then_some(0),
        _ => None,
    });
    price
}

fn low(word: U256) -> u64 {
    word.as_limbs()[0]
}

/// A step on its way. Its clock is `event.state.clock`.
struct TransferStep<'a, 't> {
    assembler: &'a mut Assembler,
    trace: &'t TxTrace,
    call: &'a mut Call,
    step: &'t Step,
    position: Position,
    event: StepEvent,
    context: ContextNative,
    /// Whether there are operands enough.
    pops: bool,
    /// Whether there are bytes to move.
    sized: bool,
}

impl Assembler {
    /// A step of the transfer circuit.
    pub(super) fn transfer_step(&mut self, run: &mut Run<'_>, index: usize, entry: Entry) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        let mut call = run.take(step, index)?;
        let done = self.transfer_step_of(run, &mut call, index, entry);
        run.calls.insert(step.frame, call);
        match done? {
            Some(order) => self.copy(run, run.position(index), &order),
            None => Ok(()),
        }
    }

    /// The step but for the job that it orders.
    fn transfer_step_of(
        &mut self,
        run: &mut Run<'_>,
        call: &mut Call,
        index: usize,
        entry: Entry,
    ) -> Result<Option<Order>, AssembleError> {
        let (position, step) = (run.position(index), &run.trace.steps[index]);
        let frame = run.frame(step.frame, position)?;
        let (mut event, _) = self.open_step(position, call, step, entry)?;
        same(position, "the size of memory", &call.memory.len(), &event.state.memory)?;
        let state = event.state.clone();
        let context = self.context(run, call.id, step.frame, position)?;
        let price = price(entry.class, &event, call, frame.is_static);
        self.clock += TICKS;
        let evidence = price.evidence(&event);
        same(position, "the failure of the step", &evidence.is_some(), &step.halt.is_some())?;
        event.fault = evidence.map(|_| 0);
        let sized = price.demand.as_ref().is_some_and(Demand::sized);
        let (trace, pops, origin) = (run.trace, price.pops, self.origin());
        let mut filled = TransferStep { assembler: self, trace, call, step, position, event, context, pops, sized };
        let (filled, order) = filled.execute(entry.class, &price, frame.code.len() as u64)?;
        self.moves.push(Waiting { origin, reverted_by: frame.reverted_by, event: filled });
        if let Some(evidence) = evidence {
            self.fault(call.id, evidence);
            return Ok(None);
        }
        let gas = state.gas - i64::from(entry.gas) - price.extra as i64;
        same(position, "the gas left", &gas, &(step.gas_after as i64))?;
        same(position, "the memory left", &price.words, &u64::from(step.memory_words_after))?;
        let (clock, pc, height) = (self.clock, state.pc + 1, call.stack.len() as u64);
        self.open = Some(ExecNative { clock, pc, height, gas, memory: price.words, ..state });
        Ok(order)
    }

    /// Ends a transaction: the steps that wait for it are complete.
    pub(super) fn settle_transfers(&mut self, run: &Run<'_>) {
        let mut published = 0;
        for Waiting { origin, reverted_by, mut event } in std::mem::take(&mut self.moves) {
            let used = match &mut event {
                TransferEvent::InputCopy(event) if event.job().is_some() => match &mut event.source {
                    Source::Input(context) => Some(context),
                    Source::Code(_) => None,
                },
                TransferEvent::Log(event) => {
                    published += i64::from(event.step.fault.is_none() && !event.context.reverted);
                    Some(&mut event.context)
                }
                _ => None,
            };
            if let Some(context) = used {
                self.ask_context(context, reverted_by, &run.scopes);
            }
            self.transfers.push(origin, event);
        }
        self.public_clock(run, published);
    }

    /// When a transaction began, which `logs` of it ask for. Where no circuit has begun it, the verifier says so.
    fn public_clock(&mut self, run: &Run<'_>, logs: i64) {
        if logs > 0 && !self.calls.begun.contains(&run.began) {
            self.public.add::<TransactionClock>(&transaction_clock(run.trace, run.began), logs);
        }
    }
}

/// When a transaction began, and the code that it runs.
fn transaction_clock(trace: &TxTrace, began: u64) -> TransactionClockNative {
    let code = trace.frames.first().map(|frame| number(&frame.code_hash)).unwrap_or_default();
    TransactionClockNative { index: trace.ordinal.into(), clock: began, code }
}

impl TransferStep<'_, '_> {
    /// The step's event and the job that it orders, with what else it does to the call done.
    fn execute(
        &mut self,
        class: Class,
        price: &Price,
        code_length: u64,
    ) -> Result<(TransferEvent, Option<Order>), AssembleError> {
        let operands = if class == Class::Copy { 3 } else { 2 };
        let popped = (0..operands).map(|_| self.pop_if(self.pops)).collect::<Result<Vec<_>, _>>()?;
        let plan = HashPlan::new(popped[0].value, popped[1].value, self.event.state.memory);
        let pair = class == Class::Hash && self.succeeds() && matches!(plan, HashPlan::Pair(_));
        if !pair {
            self.expand(class, price);
        }
        match (class, self.event.parameter) {
            (Class::Hash, _) => self.hash(popped[0], popped[1], plan),
            (Class::Log, _) => self.log(popped[0], popped[1]),
            (_, RETURN) => Ok(self.return_copy([popped[0], popped[1], popped[2]])),
            (_, parameter) => {
                let code = (parameter == CODE).then_some(code_length);
                Ok(self.copy([popped[0], popped[1], popped[2]], code))
            }
        }
    }

    fn succeeds(&self) -> bool {
        self.event.fault.is_none()
    }

    fn pop_if(&mut self, flag: bool) -> Result<OperandEvent, AssembleError> {
        if !flag {
            return Ok(OperandEvent::default());
        }
        self.assembler.pop(self.position, self.call, self.event.state.clock)
    }

    /// What the range of a step asks for, and if it succeeds the new words.
    fn expand(&mut self, class: Class, price: &Price) {
        let Some(demand) = price.demand.as_ref().filter(|demand| demand.sized()) else { return };
        let (offset, length) = (low(demand.offset), low(demand.length));
        self.assembler.arith.words(offset + length + 31);
        if class != Class::Log {
            self.assembler.arith.words(length + 31);
        }
        self.assembler.resize(self.call, price.words, &self.event.state, self.event.fault.is_none());
    }

    fn hash(
        &mut self,
        offset: OperandEvent,
        length: OperandEvent,
        plan: HashPlan,
    ) -> Result<(TransferEvent, Option<Order>), AssembleError> {
        let step = self.event.clone();
        if !self.succeeds() {
            return Ok((TransferEvent::HashLong(HashLongEvent { step, offset, length, digest: U256::ZERO }), None));
        }
        let bytes = if self.sized { self.call.memory.bytes(low(offset.value), low(length.value)) } else { Vec::new() };
        let digest = match plan {
            HashPlan::Long => number(&keccak256(&bytes)),
            _ => self.assembler.keccak.short(&bytes),
        };
        let revm = self.trace.result(self.step);
        same(self.position, "the result", &digest, &revm)?;
        self.call.stack.push(Token { value: digest, clock: step.state.clock });
        Ok(match plan {
            HashPlan::Pair(words) => {
                let mut pair = [Fetch::default(); 2];
                for (fetch, index) in pair.iter_mut().zip(words) {
                    *fetch = self.read(index, step.state.clock + 1)?;
                }
                (TransferEvent::HashPair(HashPairEvent { step, offset, length, words: pair, digest }), None)
            }
            HashPlan::Bytes(words) => {
                let (_, shift) = self.assembler.arith.words(low(offset.value));
                let words = words.map(|index| self.read(index, step.state.clock + 2)).collect::<Result<Vec<_>, _>>()?;
                self.slices(&words, shift, low(length.value));
                (TransferEvent::HashBytes(HashBytesEvent { step, offset, length, words, digest }), None)
            }
            HashPlan::Long => {
                let event = HashLongEvent { step, offset, length, digest };
                let order = event.job();
                (TransferEvent::HashLong(event), order)
            }
        })
    }

    /// Asks for the pieces of `length` bytes that begin at byte `shift` of the first of `words` and are neither whole words
    /// nor nothing.
    fn slices(&mut self, words: &[Fetch], shift: u8, length: u64) {
        let value = |index: usize| words.get(index).map_or(U256::ZERO, |word| word.value);
        for piece in 0..length.div_ceil(32) {
            let keep = (length - 32 * piece).min(32) as u8;
            if shift != 0 || keep != 32 {
                let index = piece as usize;
                self.assembler.arith.slice(value(index), value(index + 1), shift, keep);
            }
        }
    }

    /// Reads a word of the call's own memory.
    fn read(&mut self, index: u64, clock: u64) -> Result<Fetch, AssembleError> {
        let value = self.call.memory.word(index).map_or(U256::ZERO, |word| word.value);
        let memory: (u64, &mut Memory) = (self.call.id, &mut self.call.memory);
        let word = self.assembler.touch_word(self.position, memory, index, clock, value)?;
        Ok(Fetch { value: word.before, gap: word.gap })
    }

    /// CODECOPY of a code of so many bytes, or CALLDATACOPY.
    fn copy(&mut self, operands: [OperandEvent; 3], code: Option<u64>) -> (TransferEvent, Option<Order>) {
        let (size, source) = match code {
            Some(length) => (length, Source::Code(length)),
            None => (self.context.input_length, Source::Input(self.context.clone())),
        };
        let event = CopyEvent { step: self.event.clone(), operands, source };
        let order = event.job();
        if order.is_some() {
            let (hi, lo) = split(&operands[1].value);
            if hi > 0 {
                self.assembler.arith.range128(hi - 1);
            } else if lo > size.into() {
                self.assembler.arith.range128(lo - u128::from(size));
            }
        }
        let filled = if code.is_some() { TransferEvent::CodeCopy(event) } else { TransferEvent::InputCopy(event) };
        (filled, order)
    }

    fn return_copy(&mut self, operands: [OperandEvent; 3]) -> (TransferEvent, Option<Order>) {
        let step = self.event.clone();
        let clock = step.state.clock;
        let tally = if self.pops { self.assembler.tally(self.call, clock) } else { self.call.tally() };
        let event = ReturnCopyEvent { step, operands, tally };
        let order = event.job();
        (TransferEvent::ReturnCopy(event), order)
    }

    fn log(
        &mut self,
        offset: OperandEvent,
        length: OperandEvent,
    ) -> Result<(TransferEvent, Option<Order>), AssembleError> {
        let (step, succeeds) = (self.event.clone(), self.succeeds());
        let topics = (0..step.parameter).map(|_| self.pop_if(succeeds)).collect::<Result<Vec<_>, _>>()?;
        let transaction = transaction_clock(self.trace, self.context.transaction);
        let mut tally = self.call.tally();
        if succeeds {
            tally = self.assembler.tally(self.call, step.state.clock);
            self.call.counts.logs += 1;
        }
        let context = self.context.clone();
        let event = LogEvent { step, offset, length, topics, context, tally, transaction };
        if succeeds {
            self.publish(&event)?;
        }
        let order = event.job();
        Ok((TransferEvent::Log(event), order))
    }

    /// Compares a log with revm's. If it stays, the verifier receives it.
    fn publish(&mut self, event: &LogEvent) -> Result<(), AssembleError> {
        let (position, transaction, log) = (self.position, event.transaction.index, event.tally.logs);
        let missing = AssembleError::Trace { position, what: "log of a step" };
        let revm = self.step.log.and_then(|log| self.trace.logs.get(log as usize)).ok_or(missing)?;
        let length = low(event.length.value);
        let data = if self.sized {
            Bytes::from(self.call.memory.bytes(low(event.offset.value), length))
        } else {
            Bytes::new()
        };
        same(position, "the data of a log", &data, &revm.log.data.data)?;
        let address = self.context.address;
        same(position, "the address of a log", &address, &place(revm.log.address))?;
        let count = revm.log.data.topics().len();
        same(position, "the number of topics", &event.topics.len(), &count)?;
        for (ours, topic) in event.topics.iter().zip(revm.log.data.topics()) {
            same(position, "a topic", &ours.value, &number(topic))?;
        }
        same(position, "the end of a log", &event.context.reverted, &revm.receipt_index.is_none())?;
        let Some(index) = revm.receipt_index else { return Ok(()) };
        same(position, "the index of a log", &log, &u64::from(index))?;
        let topics = std::array::from_fn(|i| event.topics.get(i).map_or(U256::ZERO, |topic| topic.value));
        let count = event.step.parameter;
        let public = &mut self.assembler.public;
        public.receive::<PublicLog>(&PublicLogNative { transaction, log, address, count, topics, length });
        for (index, word) in (0..).zip(Memory::of_input(&data, 0).words()).take(data.len().div_ceil(32)) {
            let word = word.value;
            public.receive::<PublicLogData>(&PublicLogDataNative { transaction, log, index, word });
        }
        Ok(())
    }
}
