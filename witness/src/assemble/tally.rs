//! What calls count: one token for each call, which its steps hand on to each other. The verifier sends the token where a
//! step needs it that no step has sent, counts what it orders itself, and receives what no step asks for.

use verbatim_circuits::bus::{Tally, TallyNative};
use verbatim_circuits::memory::{MemoryEvent, RefreshEvent};
use verbatim_gadgets::expr::F;

use super::call::Call;
use super::state::Undoing;
use super::{AssembleError, Assembler, Run};

/// What a call counts besides gas.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Reversible writes since the scope began.
    pub(super) writes: u64,
    /// The transaction's refund counter.
    pub(super) refund: i64,
    /// The transaction's logs so far.
    pub(super) logs: u64,
    /// The time of the last touch.
    pub(super) clock: u64,
    /// Whether a step has sent the token last, and nobody has received it.
    pub(super) open: bool,
}

impl Counts {
    /// The counts of a call that begins at `clock`.
    pub(super) fn new(clock: u64, writes: u64, refund: i64, logs: u64) -> Self {
        Self { writes, refund, logs, clock, open: false }
    }

    /// The counts of a transaction's own call, whose beginning sends them at `clock`.
    pub(super) fn sent(clock: u64, writes: u64) -> Self {
        Self { open: true, ..Self::new(clock, writes, 0, 0) }
    }
}

impl Call {
    /// The tally as it is.
    pub(super) fn tally(&self) -> TallyNative {
        let counts = &self.counts;
        let magnitude = F::from(counts.refund.unsigned_abs());
        TallyNative {
            call: self.id,
            clock: counts.clock,
            writes: counts.writes,
            refund: if counts.refund < 0 { -magnitude } else { magnitude },
            logs: counts.logs,
            returned: self.returned.owner,
            return_offset: self.returned.offset,
            return_length: self.returned.data.len() as u64,
        }
    }
}

impl Assembler {
    /// The tally of a call as a step at `clock` finds it. The step sends it on: what it counts, it adds behind this.
    pub(super) fn tally(&mut self, call: &mut Call, clock: u64) -> TallyNative {
        if !call.counts.open {
            call.counts.clock = clock - 1;
            self.public.send::<Tally>(&call.tally());
        } else if clock - 1 - call.counts.clock > u64::from(u16::MAX) {
            // Too old for a gap of 16 bits: brought forward to the tick before.
            let refresh = RefreshEvent::Tally(call.tally(), clock - 1);
            self.memory.push(self.origin(), MemoryEvent::Refresh(refresh));
            call.counts.clock = clock - 1;
        }
        let found = call.tally();
        (call.counts.open, call.counts.clock) = (true, clock);
        found
    }

    /// Whoever touches the tally next is not proven: the verifier receives it.
    pub(super) fn close_tally(&mut self, call: &mut Call) {
        if std::mem::take(&mut call.counts.open) {
            self.public.receive::<Tally>(&call.tally());
        }
    }

    /// The tally of a call as its end at `clock` finds it. Nobody asks how old it is.
    pub(super) fn last_tally(&mut self, call: &mut Call, clock: u64) -> TallyNative {
        if !std::mem::take(&mut call.counts.open) {
            call.counts.clock = clock - 1;
            self.public.send::<Tally>(&call.tally());
        }
        call.tally()
    }

    /// Counts a write of a call that the verifier orders, and answers how it is undone.
    pub(super) fn count(&mut self, run: &mut Run<'_>, frame: u32) -> Result<Option<Undoing>, AssembleError> {
        let position = run.position(0);
        let reverted_by = run.frame(frame, position)?.reverted_by;
        let missing = AssembleError::Trace { position, what: "call of a write" };
        let call = run.calls.get_mut(&frame).ok_or(missing)?;
        self.close_tally(call);
        let writes = call.counts.writes;
        call.counts.writes += 1;
        Ok(reverted_by.map(|by| Undoing { by, writes }))
    }
}
