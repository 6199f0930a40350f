//! A step of the transfer circuit as the EVM defines it, and what the rest of the machine says to it.

use ruint::aliases::U256;
use verbatim_circuits::bus::*;
use verbatim_circuits::copy::Fetch;
use verbatim_circuits::memory::expansion::memory_cost;
use verbatim_circuits::schedule::{Fork, opcode};
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_circuits::transfer::{
    CopyEvent, HashBytesEvent, HashLongEvent, HashPairEvent, HashPlan, JOB, LogEvent, ReturnCopyEvent, Source, TICKS,
    TransferChips, TransferEvent,
};
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{Sheet, Workload};
use verbatim_gadgets::message::Message;

pub(crate) const CLOCK: u64 = 100_000;
pub(crate) const CALL: u64 = 700;
/// The call that returned last.
const CALLEE: u64 = 800;
/// Where the return data begins in its memory.
const RETURNED_AT: u64 = 37;
const CODE_LENGTH: u64 = 90;
const PUSHED: u64 = CLOCK - 10;
const TOUCHED: u64 = CLOCK - 100;
const TALLIED: u64 = CLOCK - 70_000;

/// The hash that stands for all.
pub(crate) fn digest() -> U256 {
    U256::MAX / U256::from(3)
}

fn code() -> U256 {
    U256::from(0xc0de_u64) << 128 | U256::from(5)
}

/// A step, and the state that it begins in.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) opcode: u8,
    /// The stack from its top. Below there are words that nobody asks for.
    pub(crate) stack: Vec<U256>,
    pub(crate) height: u64,
    pub(crate) gas: i64,
    pub(crate) pc: u64,
    /// Words of memory.
    pub(crate) memory: u64,
    pub(crate) fixed: bool,
    pub(crate) reverted: bool,
    /// The length of the return data.
    pub(crate) returned: u64,
    /// Takes the chip for jobs where another one would do.
    pub(crate) long: bool,
}

impl Case {
    pub(crate) fn new(opcode: u8, stack: &[U256]) -> Self {
        let height = stack.len() as u64 + 2;
        let (gas, pc, memory) = (10_000, 40, 4);
        Self {
            opcode,
            stack: stack.to_vec(),
            height,
            gas,
            pc,
            memory,
            fixed: false,
            reverted: false,
            returned: 64,
            long: false,
        }
    }

    fn needs(&self) -> u64 {
        match self.opcode {
            0x20 => 2,
            0x37 | 0x39 | 0x3e => 3,
            log => 2 + u64::from(log - 0xa0),
        }
    }

    fn operand(&self, i: usize) -> U256 {
        self.stack.get(i).copied().unwrap_or_default()
    }

    /// The range of memory.
    fn range(&self) -> (U256, U256) {
        let length = if self.needs() == 3 && self.opcode < 0xa0 { 2 } else { 1 };
        (self.operand(0), self.operand(length))
    }

    fn price(&self, length: u64) -> u128 {
        let words = u128::from(length.div_ceil(32));
        match self.opcode {
            0x20 => 6 * words,
            0x37 | 0x39 | 0x3e => 3 * words,
            _ => 8 * u128::from(length),
        }
    }

    /// The words of memory behind the step and its gas beyond the schedule's; none if no gas pays for it.
    fn expansion(&self) -> Option<(u64, u128)> {
        let (offset, length) = self.range();
        if length.is_zero() {
            return Some((self.memory, 0));
        }
        let limit = U256::from(1u64 << 42);
        if offset >= limit || length >= limit || offset + length >= limit {
            return None;
        }
        let [offset, length] = [offset, length].map(|word| word.as_limbs()[0]);
        let words = (offset + length).div_ceil(32).max(self.memory);
        Some((words, memory_cost(words) - memory_cost(self.memory) + self.price(length)))
    }

    /// The evidence of a fault, if there is one.
    pub(crate) fn fault(&self) -> Option<F> {
        let (offset, length) = self.range();
        if self.height < self.needs() {
            return Some(F::from(self.needs() - self.height - 1));
        }
        let Some((_, extra)) = self.expansion() else {
            let [a, b] = *offset.into_limbs().last_chunk().expect("limbs");
            let [c, d] = *length.into_limbs().last_chunk().expect("limbs");
            let high = [(a, b), (c, d)].map(|(low, high)| u128::from(low) | u128::from(high) << 64);
            let low = [offset, length].map(|word| word & (U256::MAX >> 128));
            let sum = if high == [0, 0] {
                low[0] + low[1] - (U256::from(1) << 42)
            } else {
                U256::from(high[0]) + U256::from(high[1]) - U256::from(1)
            };
            return Some(limb(sum & (U256::MAX >> 128)));
        };
        if self.opcode == 0x3e {
            let (source, size) = (self.operand(1), U256::from(self.returned));
            let (end, over) = source.overflowing_add(length);
            if over || end > size {
                let high: U256 = (source >> 128) + (length >> 128);
                let low = |word: U256| word & (U256::MAX >> 128);
                let rest = if high.is_zero() { low(source) + low(length) - size } else { high };
                return Some(limb((rest - U256::from(1)) & (U256::MAX >> 128)));
            }
        }
        if self.opcode >= 0xa0 && self.fixed {
            return Some(F::from(0));
        }
        let cost = u128::from(opcode(Fork::Osaka, self.opcode).gas) + extra;
        let gas = u128::from(self.gas.unsigned_abs());
        (cost > gas).then(|| limb(U256::from(cost - gas - 1)))
    }

    fn state(&self) -> ExecNative {
        let Self { height, gas, pc, memory, .. } = *self;
        ExecNative { clock: CLOCK, call: CALL, code: code(), pc, height, gas, memory }
    }

    fn step(&self) -> StepEvent {
        let entry = opcode(Fork::Osaka, self.opcode);
        StepEvent {
            state: self.state(),
            opcode: self.opcode,
            cost: entry.gas,
            parameter: entry.parameter,
            fault: self.fault().map(|_| 0),
        }
    }

    fn context(&self) -> ContextNative {
        ContextNative {
            call: CALL,
            transaction: 600,
            address: U256::from(0xadd7e55_u64),
            fixed: self.fixed,
            reverted: self.reverted,
            scope: if self.reverted { CLOCK + 500 } else { 0 },
            depth: 2,
            input_call: 650,
            input_offset: 21,
            input_length: 100,
        }
    }

    fn transaction(&self) -> TransactionClockNative {
        TransactionClockNative { index: 12, clock: 600, code: code() + U256::from(1) }
    }

    fn tally(&self) -> TallyNative {
        TallyNative {
            call: CALL,
            clock: TALLIED,
            writes: 3,
            refund: F::from(4800),
            logs: 6,
            returned: CALLEE,
            return_offset: RETURNED_AT,
            return_length: self.returned,
        }
    }

    fn pop(&self, i: usize) -> OperandEvent {
        OperandEvent { value: self.operand(i), gap: (CLOCK - 1 - PUSHED) as u16 }
    }

    /// The words that a hash reads in place, and when: none if it is a job's.
    fn read_words(&self) -> Option<(Vec<u64>, u64)> {
        let (offset, length) = self.range();
        if self.opcode != 0x20 || self.fault().is_some() || self.long {
            return None;
        }
        match HashPlan::new(offset, length, self.memory) {
            HashPlan::Pair(words) => Some((words.collect(), 1)),
            HashPlan::Bytes(words) => Some((words.collect(), 2)),
            HashPlan::Long => None,
        }
    }

    /// Words of memory at first.
    fn memory_word(&self, index: u64) -> U256 {
        if index >= self.memory {
            return U256::ZERO;
        }
        U256::from_be_bytes::<32>(std::array::from_fn(|i| (index * 37 + i as u64 * 5 + 1) as u8))
    }

    pub(crate) fn event(&self) -> TransferEvent {
        let step = self.step();
        let operands = [0, 1, 2].map(|i| self.pop(i));
        let [offset, length, _] = operands;
        match self.opcode {
            0x20 => match self.read_words() {
                None => TransferEvent::HashLong(HashLongEvent { step, offset, length, digest: digest() }),
                Some((words, at)) => {
                    let fetch = |index: &u64| {
                        let made = if *index < self.memory { TOUCHED } else { CLOCK + 1 };
                        Fetch { value: self.memory_word(*index), gap: (CLOCK + at - 1 - made) as u16 }
                    };
                    let mut words: Vec<_> = words.iter().map(fetch).collect();
                    let digest = digest();
                    if at == 2 {
                        return TransferEvent::HashBytes(HashBytesEvent { step, offset, length, words, digest });
                    }
                    words.resize(2, Fetch::default());
                    let words = [words[0], words[1]];
                    TransferEvent::HashPair(HashPairEvent { step, offset, length, words, digest })
                }
            },
            0x37 => TransferEvent::InputCopy(CopyEvent { step, operands, source: Source::Input(self.context()) }),
            0x39 => TransferEvent::CodeCopy(CopyEvent { step, operands, source: Source::Code(CODE_LENGTH) }),
            0x3e => TransferEvent::ReturnCopy(ReturnCopyEvent { step, operands, tally: self.tally() }),
            _ => TransferEvent::Log(LogEvent {
                step,
                offset,
                length,
                topics: (2..self.needs() as usize).map(|i| self.pop(i)).collect(),
                context: self.context(),
                tally: self.tally(),
                transaction: self.transaction(),
            }),
        }
    }

    /// What the rest of the machine sends and receives.
    pub(crate) fn others(&self) -> Balance {
        let mut bus = Others(Balance::default());
        let fault = self.fault();
        let entry = opcode(Fork::Osaka, self.opcode);
        bus.takes::<Exec>(&self.state());
        bus.takes::<Opcode>(&OpcodeNative {
            opcode: self.opcode,
            class: entry.class as u8,
            gas: entry.gas,
            parameter: entry.parameter,
        });
        bus.takes::<Code>(&CodeNative {
            hash: code(),
            pc: self.pc,
            opcode: self.opcode,
            push: U256::ZERO,
            next: self.pc + 1,
        });
        let popped = if self.height < self.needs() {
            0
        } else if self.opcode >= 0xa0 && fault.is_some() {
            2
        } else {
            self.needs()
        };
        for i in 0..popped {
            let (slot, value) = (self.height - 1 - i, self.operand(i as usize));
            bus.takes::<Stack>(&StackNative { call: CALL, slot, value, clock: PUSHED });
        }
        if self.opcode >= 0xa0 {
            bus.takes::<Context>(&self.context());
        }
        if self.opcode == 0x3e && popped > 0 {
            bus.takes::<Tally>(&self.tally());
            bus.gives::<Tally>(&TallyNative { clock: CLOCK, ..self.tally() });
        }
        match fault {
            Some(evidence) => {
                bus.gives::<Fault>(&FaultNative { clock: CLOCK + TICKS, call: CALL, evidence });
            }
            None => self.success(&mut bus),
        }
        bus.0
    }

    fn success(&self, bus: &mut Others) {
        let (memory, extra) = self.expansion().expect("it is paid for");
        let cost = i64::try_from(u128::from(opcode(Fork::Osaka, self.opcode).gas) + extra).expect("a payable cost");
        let mut height = self.height - self.needs();
        if self.opcode == 0x20 {
            height += 1;
        }
        let state =
            ExecNative { clock: CLOCK + TICKS, pc: self.pc + 1, height, gas: self.gas - cost, memory, ..self.state() };
        bus.gives::<Exec>(&state);
        if memory > self.memory {
            let order = MemoryInitNative { call: CALL, from: self.memory, to: memory, clock: CLOCK + 1 };
            bus.gives::<MemoryInit>(&order);
        }
        match self.opcode {
            0x20 => self.hash(bus),
            0x37 | 0x39 | 0x3e => self.copy(bus),
            _ => self.log(bus),
        }
    }

    fn hash(&self, bus: &mut Others) {
        let (offset, length) = self.range();
        let [offset, length] = [offset, length].map(|word| word.as_limbs()[0]);
        let value = if length == 0 {
            let text = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
            U256::from_str_radix(text, 16).expect("a number")
        } else {
            digest()
        };
        bus.gives::<Stack>(&StackNative { call: CALL, slot: self.height - 2, value, clock: CLOCK });
        if length == 0 {
            return;
        }
        let Some((words, at)) = self.read_words() else {
            let digest = digest();
            bus.gives::<HashJob>(&HashJobNative { clock: CLOCK + JOB, call: CALL, offset, length, digest });
            return;
        };
        for index in words {
            let clock = if index < self.memory { TOUCHED } else { CLOCK + 1 };
            let token = MemoryNative { call: CALL, index, value: self.memory_word(index), clock };
            bus.takes::<Memory>(&token);
            bus.gives::<Memory>(&MemoryNative { clock: CLOCK + at, ..token });
        }
        let byte = |position: u64| {
            let inside = position < offset + length;
            if inside { self.memory_word(position / 32).to_be_bytes::<32>()[position as usize % 32] } else { 0 }
        };
        let data = std::array::from_fn(|limb| {
            u128::from_be_bytes(std::array::from_fn(|i| byte(offset + 16 * limb as u64 + i as u64)))
        });
        bus.takes::<ShortHash>(&ShortHashNative { length: length as u8, data, digest: digest() });
    }

    fn copy(&self, bus: &mut Others) {
        let [target_offset, _, length] = [0, 1, 2].map(|i| self.operand(i).as_limbs()[0]);
        if length == 0 {
            return;
        }
        let start = |size: u64| u64::try_from(self.operand(1)).map_or(size, |offset| offset.min(size));
        let (clock, target, context) = (CLOCK + JOB, CALL, self.context());
        let source_end = CODE_LENGTH;
        let (source, begin, size) = match self.opcode {
            0x37 => (context.input_call, context.input_offset, context.input_length),
            0x3e => (CALLEE, RETURNED_AT, self.returned),
            _ => {
                let (code, source_offset) = (code(), start(CODE_LENGTH));
                bus.takes::<CodeLength>(&CodeLengthNative { hash: code, length: CODE_LENGTH });
                let job = CodeCopyJobNative { clock, code, source_offset, source_end, target, target_offset, length };
                bus.gives::<CodeCopyJob>(&job);
                return;
            }
        };
        if self.opcode == 0x37 {
            bus.takes::<Context>(&context);
        }
        let (source_offset, source_end) = (begin + start(size), begin + size);
        let job = CopyJobNative { clock, source, source_offset, source_end, target, target_offset, length };
        bus.gives::<CopyJob>(&job);
    }

    fn log(&self, bus: &mut Others) {
        bus.takes::<Tally>(&self.tally());
        bus.gives::<Tally>(&TallyNative { clock: CLOCK, logs: self.tally().logs + 1, ..self.tally() });
        if self.reverted {
            return;
        }
        let [offset, length] = [0, 1].map(|i| self.operand(i).as_limbs()[0]);
        let (transaction, log, count) = (12, self.tally().logs, self.opcode - 0xa0);
        bus.takes::<TransactionClock>(&self.transaction());
        let topics = std::array::from_fn(|i| if i < count.into() { self.operand(i + 2) } else { U256::ZERO });
        let address = self.context().address;
        bus.gives::<PublicLog>(&PublicLogNative { transaction, log, address, count, topics, length });
        if length > 0 {
            let job = LogJobNative { clock: CLOCK + JOB, call: CALL, offset, length, transaction, log };
            bus.gives::<LogJob>(&job);
        }
    }
}

/// The messages of the rest of the machine.
struct Others(Balance);

impl Others {
    /// The circuit receives this message, or consumes this fact.
    fn takes<M: Message>(&mut self, message: &M::Native) {
        self.0.add_public::<M>(message, F::from(1));
    }

    /// The circuit sends this message.
    fn gives<M: Message>(&mut self, message: &M::Native) {
        self.0.add_public::<M>(message, -F::from(1));
    }
}

fn limb(value: U256) -> F {
    F::from_raw(*value.as_limbs())
}

pub(crate) fn grid(cases: &[Case], k: u32) -> Grid {
    let mut sheet = Sheet::<TransferChips>::new();
    cases.iter().enumerate().for_each(|(i, case)| sheet.push(i as u64, case.event()));
    let workload: &dyn Workload = &sheet;
    workload.grid(k, 0..workload.len()).expect("there is room")
}
