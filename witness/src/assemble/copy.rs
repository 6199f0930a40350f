//! Copies: jobs that read the memories of calls, and those that write them.

use alloy_primitives::U256;
use verbatim_circuits::copy::{CopyEvent, CopyOrder, Fetch, Order, ReadOrder, Shadow, plan};
use verbatim_gadgets::expr::F;

use super::memory::Memory;
use super::{AssembleError, Assembler, Position, Run, same};

impl Run<'_> {
    /// The memory that `owner` names: that of a call which is not taken out, be it running, waiting or at its end, the
    /// transaction's input, or what a precompile has returned.
    pub(super) fn memory(&mut self, owner: u64) -> Option<&mut Memory> {
        if owner == self.began {
            return Some(&mut self.input);
        }
        if let Some(frame) = self.ids.get(&owner) {
            return self.calls.get_mut(frame).map(|call| &mut call.memory);
        }
        self.outputs.get_mut(&owner)
    }
}

/// The memories of a transaction and the codes of a block, as a job reads and writes them.
struct Words<'a, 't> {
    assembler: &'a mut Assembler,
    run: &'a mut Run<'t>,
    position: Position,
    /// The code that is copied.
    code: U256,
    /// What the job has asked for first that is not there.
    failed: Option<AssembleError>,
}

impl Words<'_, '_> {
    fn touch(&mut self, call: u64, index: u64, clock: u64, change: &mut dyn FnMut(U256) -> U256) -> Fetch {
        let (position, assembler) = (self.position, &mut *self.assembler);
        let memory = self.run.memory(call).ok_or(AssembleError::Trace { position, what: "memory of a copy" });
        let touched = memory.and_then(|memory| {
            let before = memory.word(index).map_or(U256::ZERO, |token| token.value);
            assembler.touch_word(position, (call, memory), index, clock, change(before))
        });
        self.kept(touched.map(|word| Fetch { value: word.before, gap: word.gap }))
    }

    fn kept(&mut self, found: Result<Fetch, AssembleError>) -> Fetch {
        found.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Fetch::default()
        })
    }
}

impl Shadow for Words<'_, '_> {
    fn read(&mut self, call: u64, index: u64, clock: u64) -> Fetch {
        self.touch(call, index, clock, &mut |value| value)
    }

    fn write(&mut self, call: u64, index: u64, clock: u64, change: &mut dyn FnMut(U256) -> U256) -> Fetch {
        self.touch(call, index, clock, change)
    }

    fn code(&mut self, _hash: &[F; 2], index: u64) -> U256 {
        let word = self.assembler.code_word(self.position, self.code, index);
        self.kept(word.map(|value| Fetch { value, gap: 0 })).value
    }
}

impl Assembler {
    /// Serves a job of at least one byte that somebody has ordered: its rows, what they ask of others, and what keccak
    /// absorbs. All calls of the transaction are in `run`, the one whose step this is as well.
    ///
    /// # Errors
    /// If the job is for bytes that are not there, or not those that its name says.
    pub(super) fn copy(&mut self, run: &mut Run<'_>, position: Position, order: &Order) -> Result<(), AssembleError> {
        if let Order::Read(ReadOrder::Hash(job)) = order {
            let memory = run.memory(job.call).ok_or(AssembleError::Trace { position, what: "memory of a hash" })?;
            let digest = self.keccak.long(&memory.bytes(job.offset, job.length));
            same(position, "the digest", &job.digest, &digest)?;
        }
        let code = match order {
            Order::Copy(CopyOrder::Code(job)) => job.code,
            Order::Read(ReadOrder::Deposit(job)) => job.hash,
            _ => U256::ZERO,
        };
        let mut words = Words { assembler: self, run, position, code, failed: None };
        let events = plan(order, &mut words);
        if let Some(error) = words.failed {
            return Err(error);
        }
        let origin = self.origin();
        for event in events {
            event.ask(&mut self.arith);
            if let CopyEvent::Deposit(row) = &event {
                self.code_word(position, code, row.state.place)?;
            }
            self.copies.push(origin, event);
        }
        Ok(())
    }

    /// A word of a code, which bytecode then has to prove.
    fn code_word(&mut self, position: Position, code: U256, index: u64) -> Result<U256, AssembleError> {
        let found = self.bytecode.word(code, index).map(|fact| fact.word);
        found.map_err(|_| AssembleError::Trace { position, what: "word of a code" })
    }
}
