//! One case for every way in which an opcode can end, with what the rest of the machine says to it.

use super::*;
use crate::bus::*;
use crate::memory::*;
use crate::schedule::{Fork, opcode};
use crate::step::{OperandEvent, StepEvent};

pub(super) const CLOCK: u64 = 1000;
pub(super) const CALL: u64 = 7;
/// When the operands were pushed, and the words of memory last touched.
const PUSHED: u64 = 990;
const TOUCHED: u64 = 900;

pub(super) fn big(text: &str) -> U256 {
    U256::from_str_radix(text, 16).expect("a number")
}

pub(super) fn hash() -> U256 {
    big("c0de00000000000000000000000000000000000000000000000000000000c0de")
}

/// A word whose bytes all differ.
pub(super) fn pattern(seed: u8) -> U256 {
    U256::from_be_bytes(std::array::from_fn::<u8, 32, _>(|i| seed.wrapping_mul(37).wrapping_add(i as u8 * 5 + 1)))
}

/// A step of one opcode, and the state that it begins in.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) opcode: u8,
    /// The stack from its top. Below there are words that nobody asks for.
    pub(super) stack: Vec<U256>,
    /// Words on the stack.
    pub(super) height: u64,
    pub(super) gas: i64,
    /// The memory of the call.
    pub(super) memory: Vec<U256>,
}

impl Setting {
    pub(super) fn new(opcode: u8, stack: &[U256]) -> Self {
        Self { opcode, stack: stack.to_vec(), height: stack.len() as u64 + 2, gas: 1000, memory: Vec::new() }
    }

    pub(super) fn gas(self, gas: i64) -> Self {
        Self { gas, ..self }
    }

    pub(super) fn memory(self, words: u8) -> Self {
        Self { memory: (1..=words).map(pattern).collect(), ..self }
    }

    pub(super) fn height(self, height: u64) -> Self {
        Self { height, ..self }
    }

    pub(super) fn step(&self, ok: bool) -> StepEvent {
        let entry = opcode(Fork::Osaka, self.opcode);
        StepEvent {
            state: self.state(),
            opcode: self.opcode,
            cost: entry.gas,
            parameter: entry.parameter,
            fault: (!ok).then_some(0),
        }
    }

    pub(super) fn state(&self) -> ExecNative {
        ExecNative {
            clock: CLOCK,
            call: CALL,
            code: hash(),
            pc: 5,
            height: self.height,
            gas: self.gas,
            memory: self.memory.len() as u64,
        }
    }

    pub(super) fn operand(&self, index: usize) -> OperandEvent {
        OperandEvent { value: self.stack[index], gap: (CLOCK - 1 - PUSHED) as u16 }
    }

    pub(super) fn begin(&self, case: &mut Case) {
        let entry = opcode(Fork::Osaka, self.opcode);
        case.takes::<Exec>(&self.state());
        let (op, class) = (self.opcode, entry.class as u8);
        case.takes::<Opcode>(&OpcodeNative { opcode: op, class, gas: entry.gas, parameter: entry.parameter });
        case.takes::<Code>(&CodeNative { hash: hash(), pc: 5, opcode: op, push: U256::ZERO, next: 6 });
    }

    pub(super) fn pops(&self, case: &mut Case, count: usize) {
        for (i, value) in self.stack[..count].iter().enumerate() {
            let slot = self.height - 1 - i as u64;
            case.takes::<Stack>(&StackNative { call: CALL, slot, value: *value, clock: PUSHED });
        }
    }

    pub(super) fn leaves(&self, case: &mut Case, height: u64, extra: i64, memory: u64) {
        let cost = i64::from(opcode(Fork::Osaka, self.opcode).gas) + extra;
        let state = self.state();
        let after = ExecNative { clock: CLOCK + 4, pc: 6, height, gas: self.gas - cost, memory, ..state };
        case.gives::<Exec>(&after);
    }

    pub(super) fn pushes(&self, case: &mut Case, slot: u64, value: U256) {
        case.gives::<Stack>(&StackNative { call: CALL, slot, value, clock: CLOCK });
    }

    pub(super) fn faults(&self, case: &mut Case, evidence: u128) {
        let evidence = verbatim_gadgets::value::from_u128(evidence);
        case.gives::<Fault>(&FaultNative { clock: CLOCK + 4, call: CALL, evidence });
    }
}

/// The words that a range needs, as the EVM counts them; none if no gas pays for it.
pub(super) fn needed(offset: U256, length: U256) -> Option<u64> {
    if length.is_zero() {
        return Some(0);
    }
    let end = offset.checked_add(length).filter(|end| *end < U256::from(1u64 << 42))?;
    Some(end.as_limbs()[0].div_ceil(32))
}

fn touch(case: &mut Case, owner: u64, index: u64, [before, after]: [U256; 2], [from, to]: [u64; 2]) {
    case.takes::<Memory>(&MemoryNative { call: owner, index, value: before, clock: from });
    case.gives::<Memory>(&MemoryNative { call: owner, index, value: after, clock: to });
}

/// MLOAD, MSTORE or MSTORE8 by the general chip, or where `fast` is set by the chips of the aligned case.
pub(super) fn access(name: &'static str, setting: &Setting, fast: bool) -> Case {
    let mut case = Case::new(name);
    let stores = setting.opcode != 0x51;
    let operands = 1 + usize::from(stores);
    let keep = if setting.opcode == 0x53 { 1 } else { 32 };
    setting.begin(&mut case);
    let mut event = AccessEvent {
        step: setting.step(false),
        stores,
        offset: OperandEvent::default(),
        value: OperandEvent::default(),
        result: U256::ZERO,
        first: TokenEvent::default(),
        second: TokenEvent::default(),
    };
    if setting.height < operands as u64 {
        setting.faults(&mut case, (operands as u64 - setting.height - 1).into());
        case.events.push(MemoryEvent::Access(event));
        return case;
    }
    setting.pops(&mut case, operands);
    event.offset = setting.operand(0);
    if stores {
        event.value = setting.operand(1);
    }
    let old = setting.memory.len() as u64;
    let Some(words) = needed(setting.stack[0], U256::from(keep)) else {
        let end = setting.stack[0].checked_add(U256::from(keep));
        let (hi, lo) = verbatim_gadgets::value::split(&setting.stack[0]);
        assert!(end.is_none_or(|end| end >= U256::from(1u64 << 42)));
        setting.faults(&mut case, if hi > 0 { hi - 1 } else { lo + keep as u128 - (1 << 42) });
        case.events.push(MemoryEvent::Access(event));
        return case;
    };
    let memory = old.max(words);
    let extra = memory_cost(memory) - memory_cost(old);
    if i128::from(setting.gas) < 3 + extra as i128 {
        setting.faults(&mut case, 3 + extra - setting.gas as u128 - 1);
        case.events.push(MemoryEvent::Access(event));
        return case;
    }
    let offset = setting.stack[0].as_limbs()[0] as usize;
    if memory > old {
        case.gives::<MemoryInit>(&MemoryInitNative { call: CALL, from: old, to: memory, clock: CLOCK + 1 });
    }
    let mut bytes = bytes_of(&setting.memory);
    bytes.resize(32 * memory as usize + 32, 0);
    let mut after = bytes.clone();
    if stores {
        let value = setting.stack[1].to_be_bytes::<32>();
        // MSTORE8 writes the last byte of the value; the splice fact takes the first ones.
        let source = if keep == 1 { &value[31..] } else { &value[..] };
        after[offset..offset + keep].copy_from_slice(source);
    } else {
        let result = U256::from_be_slice(&bytes[offset..offset + 32]);
        setting.pushes(&mut case, setting.height - 1, result);
        event.result = result;
    }
    let index = offset / 32;
    let mut tokens = [TokenEvent::default(); 2];
    for (i, token) in tokens.iter_mut().enumerate().take(1 + usize::from(offset % 32 + keep > 32)) {
        let at = index + i;
        let from = if at as u64 >= old { CLOCK + 1 } else { TOUCHED };
        let to = if fast { CLOCK + 1 } else { CLOCK + 2 };
        let values = [word_at(&bytes, at), word_at(&after, at)];
        touch(&mut case, CALL, at as u64, values, [from, to]);
        *token = TokenEvent { before: values[0], after: values[1], gap: (to - 1 - from) as u16 };
    }
    let height = if stores { setting.height - 2 } else { setting.height };
    setting.leaves(&mut case, height, extra as i64, memory);
    let (step, offset, value, gap) = (setting.step(true), event.offset, event.value, tokens[0].gap);
    case.events.push(match (fast, stores) {
        (false, _) => MemoryEvent::Access(AccessEvent { step, first: tokens[0], second: tokens[1], ..event }),
        (true, false) => MemoryEvent::Load(LoadEvent { step, offset, value: event.result, gap }),
        (true, true) => MemoryEvent::Store(StoreEvent { step, offset, value, before: tokens[0].before, gap }),
    });
    case
}

pub(super) const INPUT_CALL: u64 = 3;

pub(super) fn context(offset: u64, length: u64) -> ContextNative {
    ContextNative {
        call: CALL,
        transaction: 2,
        address: U256::from(0xadd7e55u64),
        fixed: false,
        reverted: true,
        scope: 5000,
        depth: 1,
        input_call: INPUT_CALL,
        input_offset: offset,
        input_length: length,
    }
}

/// CALLDATALOAD from a slice of a memory of ten words.
pub(super) fn input_load(name: &'static str, setting: &Setting, [start, length]: [u64; 2]) -> Case {
    let mut case = Case::new(name);
    setting.begin(&mut case);
    let (first, second) = (TokenEvent::default(), TokenEvent::default());
    let (offset, context) = (OperandEvent::default(), context(start, length));
    let step = setting.step(setting.height >= 1 && setting.gas >= 3);
    let mut event = InputLoadEvent { step, offset, result: U256::ZERO, context, first, second };
    if event.step.fault.is_some() {
        setting.faults(&mut case, if setting.height < 1 { 0 } else { 3 - setting.gas as u128 - 1 });
        case.events.push(MemoryEvent::InputLoad(event));
        return case;
    }
    setting.pops(&mut case, 1);
    event.offset = setting.operand(0);
    case.takes::<Context>(&event.context);
    let source = bytes_of(&(1..=10).map(pattern).collect::<Vec<_>>());
    let input = &source[start as usize..(start + length) as usize];
    let mut result = [0; 32];
    for (i, byte) in result.iter_mut().enumerate() {
        let at = setting.stack[0].checked_add(U256::from(i)).filter(|at| *at < U256::from(length));
        *byte = at.map_or(0, |at| input[at.as_limbs()[0] as usize]);
    }
    event.result = U256::from_be_bytes(result);
    if setting.stack[0] < U256::from(length) {
        let from = start + setting.stack[0].as_limbs()[0];
        let last = (from + 31).min(start + length - 1);
        for (token, index) in [&mut event.first, &mut event.second].into_iter().zip(from / 32..=last / 32) {
            let value = word_at(&source, index as usize);
            touch(&mut case, INPUT_CALL, index, [value, value], [TOUCHED, CLOCK + 2]);
            *token = TokenEvent { before: value, after: value, gap: (CLOCK + 1 - TOUCHED) as u16 };
        }
    }
    setting.pushes(&mut case, setting.height - 1, event.result);
    setting.leaves(&mut case, setting.height, 0, setting.memory.len() as u64);
    case.events.push(MemoryEvent::InputLoad(event));
    case
}

/// RETURN or REVERT.
pub(super) fn returns(name: &'static str, setting: &Setting) -> Case {
    let mut case = Case::new(name);
    setting.begin(&mut case);
    let mut event =
        ReturnEvent { step: setting.step(false), offset: OperandEvent::default(), length: OperandEvent::default() };
    if setting.height < 2 {
        setting.faults(&mut case, (2 - setting.height - 1).into());
        case.events.push(MemoryEvent::Return(event));
        return case;
    }
    setting.pops(&mut case, 2);
    (event.offset, event.length) = (setting.operand(0), setting.operand(1));
    let (offset, length) = (setting.stack[0], setting.stack[1]);
    let old = setting.memory.len() as u64;
    let Some(words) = needed(offset, length) else {
        let split = |word: U256| verbatim_gadgets::value::split(&word);
        let ((a, b), (c, d)) = (split(offset), split(length));
        let (a, b, limit) = if a > 0 || c > 0 { (a, c, 1) } else { (b, d, 1u64 << 42) };
        let excess = U256::from(a) + U256::from(b) - U256::from(limit);
        setting.faults(&mut case, split(excess).1);
        case.events.push(MemoryEvent::Return(event));
        return case;
    };
    let memory = old.max(words);
    let extra = memory_cost(memory) - memory_cost(old);
    if i128::from(setting.gas) < extra as i128 {
        setting.faults(&mut case, extra - setting.gas as u128 - 1);
    } else {
        event.step = setting.step(true);
        if memory > old {
            case.gives::<MemoryInit>(&MemoryInitNative { call: CALL, from: old, to: memory, clock: CLOCK + 1 });
        }
        let low = |word: U256| word.as_limbs()[0];
        case.gives::<Halt>(&HaltNative {
            clock: CLOCK + 4,
            call: CALL,
            success: setting.opcode == 0xf3,
            gas: setting.gas - extra as i64,
            offset: if length.is_zero() { 0 } else { low(offset) },
            length: low(length),
        });
    }
    case.events.push(MemoryEvent::Return(event));
    case
}

/// STOP and INVALID.
pub(super) fn ends(name: &'static str, opcode: u8) -> Case {
    let setting = Setting::new(opcode, &[]);
    let mut case = Case::new(name);
    setting.begin(&mut case);
    if opcode == 0 {
        let (gas, offset, length) = (setting.gas, 0, 0);
        case.gives::<Halt>(&HaltNative { clock: CLOCK + 4, call: CALL, success: true, gas, offset, length });
        case.events.push(MemoryEvent::Stop(setting.step(true)));
    } else {
        setting.faults(&mut case, 0);
        case.events.push(MemoryEvent::Invalid(setting.step(false)));
    }
    case
}

pub(super) fn tally(clock: u64) -> TallyNative {
    let refund = F::from(4800);
    TallyNative { call: CALL, clock, writes: 5, refund, logs: 2, returned: 77, return_offset: 64, return_length: 96 }
}

/// RETURNDATASIZE, with a tally of the given time, and CODESIZE.
pub(super) fn size(name: &'static str, setting: &Setting, touched: u64) -> Case {
    let mut case = Case::new(name);
    setting.begin(&mut case);
    let ok = setting.height < 1024 && setting.gas >= 2;
    let step = setting.step(ok);
    let code = setting.opcode == 0x38;
    if ok {
        let value = if code { 4321u64 } else { 96 };
        setting.pushes(&mut case, setting.height, U256::from(value));
        setting.leaves(&mut case, setting.height + 1, 0, setting.memory.len() as u64);
    } else {
        setting.faults(&mut case, if setting.height >= 1024 { 0 } else { 2 - setting.gas as u128 - 1 });
    }
    if ok && code {
        case.takes::<CodeLength>(&CodeLengthNative { hash: hash(), length: 4321 });
    } else if ok {
        case.takes::<Tally>(&tally(touched));
        case.gives::<Tally>(&tally(CLOCK));
    }
    case.events.push(if code {
        MemoryEvent::CodeSize(CodeSizeEvent { step, length: 4321 })
    } else {
        MemoryEvent::ReturnSize(ReturnSizeEvent { step, tally: tally(touched) })
    });
    case
}

/// ADDMOD, MULMOD and EXP, with any result: it is the fact's.
pub(super) fn arithmetic(name: &'static str, setting: &Setting) -> Case {
    let mut case = Case::new(name);
    setting.begin(&mut case);
    let count = if setting.opcode == 0x0a { 2 } else { 3 };
    let enough = setting.height >= count as u64;
    let extra = if count == 2 && enough { 50 * setting.stack[1].bit_len().div_ceil(8) as i64 } else { 0 };
    let cost = i64::from(opcode(Fork::Osaka, setting.opcode).gas) + extra;
    let ok = enough && setting.gas >= cost;
    let (step, result) = (setting.step(ok), if ok { pattern(9) } else { U256::ZERO });
    let operand = |i: usize| if i < setting.stack.len() { setting.operand(i) } else { OperandEvent::default() };
    if ok || (count == 2 && enough) {
        setting.pops(&mut case, count);
    }
    if ok {
        let [a, b] = [0, 1].map(|i| setting.stack[i]);
        let c = if count == 3 { setting.stack[2] } else { U256::ZERO };
        case.takes::<Alu>(&AluNative { opcode: setting.opcode, a, b, c, result });
        setting.pushes(&mut case, setting.height - count as u64, result);
        setting.leaves(&mut case, setting.height - count as u64 + 1, extra, setting.memory.len() as u64);
    } else if enough {
        setting.faults(&mut case, (cost - setting.gas - 1) as u128);
    } else {
        setting.faults(&mut case, (count as u64 - setting.height - 1).into());
    }
    case.events.push(if count == 2 {
        MemoryEvent::Exp(ExpEvent { step, base: operand(0), exponent: operand(1), result })
    } else {
        MemoryEvent::Ternary(TernaryEvent { step, operands: [0, 1, 2].map(operand), result })
    });
    case
}

/// A jump that fails, in a code of 100 bytes.
pub(super) fn bad_jump(name: &'static str, setting: &Setting) -> Case {
    let mut case = Case::new(name);
    setting.begin(&mut case);
    let conditional = setting.opcode == 0x57;
    setting.pops(&mut case, 1 + usize::from(conditional));
    let (hi, lo) = verbatim_gadgets::value::split(&setting.stack[0]);
    if hi > 0 {
        setting.faults(&mut case, hi - 1);
    } else if lo >= 100 {
        case.takes::<CodeLength>(&CodeLengthNative { hash: hash(), length: 100 });
        setting.faults(&mut case, lo - 100);
    } else {
        case.takes::<NoJumpDest>(&NoJumpDestNative { hash: hash(), pc: lo as u64 });
        setting.faults(&mut case, 0);
    }
    let condition = if conditional { setting.operand(1) } else { OperandEvent::default() };
    case.events.push(MemoryEvent::BadJump(BadJumpEvent {
        step: setting.step(false),
        conditional,
        destination: setting.operand(0),
        condition,
        length: 100,
    }));
    case
}
