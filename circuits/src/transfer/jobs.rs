//! For whoever executes a block: which chip a hash is for, and which jobs the steps send.

use std::ops::Range;

use ruint::aliases::U256;

use super::{CopyEvent, HashLongEvent, JOB, LogEvent, ReturnCopyEvent, Source};
use crate::bus::{CodeCopyJobNative, CopyJobNative, HashJobNative, LogJobNative};
use crate::copy::{CopyOrder, Order, ReadOrder};
use crate::memory::expansion::Demand;
use crate::step::{OperandEvent, StepEvent};

/// The chip for a KECCAK256 that succeeds, and the words of memory that it reads in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashPlan {
    /// [`HashPairEvent`](super::HashPairEvent): one word or two, at `clock + 1`.
    Pair(Range<u64>),
    /// [`HashBytesEvent`](super::HashBytesEvent): up to six words, at `clock + 2`.
    Bytes(Range<u64>),
    /// [`HashLongEvent`]: a job, or nothing to hash.
    Long,
}

impl HashPlan {
    /// For a hash of `length` bytes from `offset` on, in a call that has `memory` words before the step.
    pub fn new(offset: U256, length: U256, memory: u64) -> Self {
        let demand = Demand { offset, length };
        if !demand.sized() || length > U256::from(135) {
            return Self::Long;
        }
        let [offset, length] = [offset, length].map(low);
        let words = offset / 32..(offset + length).div_ceil(32);
        let pair = offset.is_multiple_of(32) && (length == 32 || length == 64) && words.end <= memory;
        if pair { Self::Pair(words) } else { Self::Bytes(words) }
    }
}

fn low(word: U256) -> u64 {
    word.as_limbs()[0]
}

/// The operands of a step that succeeds with bytes, the last of them being the length.
fn payable<const N: usize>(step: &StepEvent, operands: [&OperandEvent; N]) -> Option<[U256; N]> {
    let operands = operands.map(|operand| operand.value);
    let demand = Demand { offset: operands[0], length: operands[N - 1] };
    (step.fault.is_none() && demand.sized()).then_some(operands)
}

impl HashLongEvent {
    /// The job that the step sends, if it does.
    pub fn job(&self) -> Option<Order> {
        let [offset, length] = payable(&self.step, [&self.offset, &self.length])?.map(low);
        let (clock, call, digest) = (self.step.state.clock + JOB, self.step.state.call, self.digest);
        Some(Order::Read(ReadOrder::Hash(HashJobNative { clock, call, offset, length, digest })))
    }
}

impl LogEvent {
    /// The job that the step sends, if it does.
    pub fn job(&self) -> Option<Order> {
        let [offset, length] = payable(&self.step, [&self.offset, &self.length])?.map(low);
        let (clock, call) = (self.step.state.clock + JOB, self.step.state.call);
        let (transaction, log) = (self.transaction.index, self.tally.logs);
        let job = LogJobNative { clock, call, offset, length, transaction, log };
        (!self.context.reverted).then_some(Order::Read(ReadOrder::Log(job)))
    }
}

impl CopyEvent {
    /// The job that the step sends, if it does.
    pub fn job(&self) -> Option<Order> {
        let [offset, start, length] = payable(&self.step, self.operands.each_ref())?;
        let (clock, target) = (self.step.state.clock + JOB, self.step.state.call);
        let start = |size: u64| u64::try_from(start).map_or(size, |start| start.min(size));
        let (target_offset, length) = (low(offset), low(length));
        Some(Order::Copy(match &self.source {
            Source::Input(context) => CopyOrder::Memory(CopyJobNative {
                clock,
                source: context.input_call,
                source_offset: context.input_offset + start(context.input_length),
                source_end: context.input_offset + context.input_length,
                target,
                target_offset,
                length,
            }),
            Source::Code(size) => CopyOrder::Code(CodeCopyJobNative {
                clock,
                code: self.step.state.code,
                source_offset: start(*size),
                source_end: *size,
                target,
                target_offset,
                length,
            }),
        }))
    }
}

impl ReturnCopyEvent {
    /// The job that the step sends, if it does.
    pub fn job(&self) -> Option<Order> {
        let [target_offset, start, length] = payable(&self.step, self.operands.each_ref())?.map(low);
        let begin = self.tally.return_offset;
        Some(Order::Copy(CopyOrder::Memory(CopyJobNative {
            clock: self.step.state.clock + JOB,
            source: self.tally.returned,
            source_offset: begin + start,
            source_end: begin + self.tally.return_length,
            target: self.step.state.call,
            target_offset,
            length,
        })))
    }
}
