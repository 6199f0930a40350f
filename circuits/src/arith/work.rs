//! What arith is asked, and the windows that answer.

use std::collections::HashSet;

use ruint::aliases::U256;
use verbatim_gadgets::machine::Sheet;

use super::bytes::BytesEvent;
use super::native::execute;
use super::native::opcode::*;
use super::{exponent, mask, modular, native, signed, slice, splice};

use super::range::RangeEvent;
use super::{ArithChips, ArithEvent};
use crate::bus::{AluNative, ByteLengthNative, SliceNative, SpliceNative};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Request {
    Alu(u8, [U256; 3]),
    Range128(u128),
    Words(u64),
    ByteLength(U256),
    Slice([U256; 2], u8, u8),
    Splice([U256; 3], u8, u8),
}

impl ArithEvent {
    /// The event that proves an operation by itself or by others, and its result. `b` and `c` are zero where the operation
    /// does not have them.
    ///
    /// # Panics
    /// If arith does not prove the opcode: a mistake of the caller, whatever the block.
    pub fn alu(opcode: u8, a: U256, b: U256, c: U256) -> (U256, Self) {
        let result = execute(opcode, a, b, c);
        let event = AluNative { opcode, a, b, c, result };
        let event = match opcode {
            AND if mask::fits(a, b) => Self::Mask(event),
            AND | OR | XOR => Self::Bitwise(event),
            SHL | SHR => Self::Shift(event),
            MUL | DIV | MOD => Self::Multiply(event),
            SLT | SGT | SDIV | SMOD | SAR => Self::Signed(event),
            ADDMOD | MULMOD => Self::Modular(event),
            EXP => Self::Exponent(event),
            BYTE | SIGNEXTEND => Self::Bytes(BytesEvent::Operation(event)),
            _ => Self::Sum(event),
        };
        (result, event)
    }

    /// The operations that the event's own proof rests on.
    pub fn rests_on(&self) -> Vec<AluNative> {
        match self {
            Self::Signed(event) => vec![signed::unsigned(event)],
            Self::Modular(event) => modular::reductions(event).to_vec(),
            Self::Exponent(event) => exponent::rests_on(event),
            Self::Bytes(event) => event.rests_on(),
            Self::Slice(event) => slice::rests_on(event).into_iter().collect(),
            Self::Splice(event) => splice::masks_of(event),
            _ => Vec::new(),
        }
    }
}

/// Collects what others ask of arith: each distinct request becomes one window, together with all that it rests on.
#[derive(Clone, Debug, Default)]
pub struct ArithWork {
    origin: u64,
    seen: HashSet<Request>,
    events: Vec<(u64, ArithEvent)>,
    ranges: Vec<(u64, u128)>,
    words: Vec<(u64, u64)>,
}

impl ArithWork {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whom reports of failures will name for the requests that follow: usually the number of an execution step.
    pub fn set_origin(&mut self, origin: u64) {
        self.origin = origin;
    }

    /// Asks for an operation of the EVM; `a` is the top of the stack. Answers the result.
    ///
    /// # Panics
    /// If arith does not prove the opcode: a mistake of the caller, whatever the block.
    pub fn alu(&mut self, opcode: u8, a: U256, b: U256, c: U256) -> U256 {
        if !self.seen.insert(Request::Alu(opcode, [a, b, c])) {
            return execute(opcode, a, b, c);
        }
        let (result, event) = ArithEvent::alu(opcode, a, b, c);
        self.push(event);
        result
    }

    /// Asks that a value be shown to be below 2^128.
    pub fn range128(&mut self, value: u128) {
        if self.seen.insert(Request::Range128(value)) {
            self.ranges.push((self.origin, value));
        }
    }

    /// Asks for the quotient and the remainder of a number of bytes by 32.
    pub fn words(&mut self, bytes: u64) -> (u64, u8) {
        if self.seen.insert(Request::Words(bytes)) {
            self.words.push((self.origin, bytes));
        }
        (bytes / 32, (bytes % 32) as u8)
    }

    /// Asks how many bytes a word takes without its leading zeros: 0 to 32.
    pub fn byte_length(&mut self, word: U256) -> u8 {
        let length = native::byte_length(word);
        if self.seen.insert(Request::ByteLength(word)) {
            self.push(ArithEvent::Bytes(BytesEvent::Length(ByteLengthNative { word, length })));
        }
        length
    }

    /// Asks for the first `keep` bytes (0 to 32) of `first || second` from byte `shift` (0 to 31), and zeros behind them.
    pub fn slice(&mut self, first: U256, second: U256, shift: u8, keep: u8) -> U256 {
        let result = native::slice(first, second, shift, keep);
        if self.seen.insert(Request::Slice([first, second], shift, keep)) {
            self.push(ArithEvent::Slice(SliceNative { first, second, shift, keep, result }));
        }
        result
    }

    /// Asks for `first || second` with the first `count` bytes (1 to 32) of `value` from byte `shift` (0 to 31).
    pub fn splice(&mut self, first: U256, second: U256, shift: u8, count: u8, value: U256) -> (U256, U256) {
        let (first_after, second_after) = native::splice(first, second, shift, count, value);
        if self.seen.insert(Request::Splice([first, second, value], shift, count)) {
            let event = SpliceNative { first, second, shift, count, value, first_after, second_after };
            self.push(ArithEvent::Splice(event));
        }
        (first_after, second_after)
    }

    fn push(&mut self, event: ArithEvent) {
        if let ArithEvent::Splice(event) = &event {
            let SliceNative { first, second, shift, keep, .. } = splice::slice_of(event);
            self.slice(first, second, shift, keep);
        }
        for AluNative { opcode, a, b, c, .. } in event.rests_on() {
            self.alu(opcode, a, b, c);
        }
        self.events.push((self.origin, event));
    }

    /// All windows: the operations in the order of their first requests, then the ranges, two to a window.
    pub fn finish(self) -> Sheet<ArithChips> {
        let mut sheet = Sheet::new();
        self.events.into_iter().for_each(|(origin, event)| sheet.push(origin, event));
        for i in 0..self.ranges.len().div_ceil(2).max(self.words.len()) {
            let value = |index: usize| self.ranges.get(index).map_or(0, |(_, value)| *value);
            let bytes = self.words.get(i).map_or(0, |(_, bytes)| *bytes);
            let origin = self.ranges.get(2 * i).map(|r| r.0).or(self.words.get(i).map(|w| w.0)).unwrap_or_default();
            sheet.push(origin, ArithEvent::Range(RangeEvent { values: [value(2 * i), value(2 * i + 1)], bytes }));
        }
        sheet
    }
}
