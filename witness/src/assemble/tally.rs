//! What calls count, and what is constant in them: the parts of a call that no circuit makes yet, so the verifier does.

use verbatim_circuits::bus::{ContextNative, Tally, TallyNative};
use verbatim_gadgets::expr::F;

use super::state::{Undoing, place};
use super::{AssembleError, Assembler, Run};
use crate::trace::Frame;

/// What a call counts besides gas.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Reversible writes since the scope began.
    pub(super) writes: u64,
    /// The transaction's refund counter.
    pub(super) refund: i64,
    /// The transaction's logs so far.
    pub(super) logs: u64,
    /// The call whose memory holds the return data, where it begins there, and its length.
    pub(super) returned: (u64, u64, u64),
    /// The time of the last touch.
    clock: u64,
    /// Whether a step has sent the token last, and nobody has received it.
    open: bool,
}

impl Counts {
    /// The counts of a call that begins.
    pub(super) fn new(call: u64, writes: u64, refund: i64, logs: u64) -> Self {
        Self { writes, refund, logs, returned: (call, 0, 0), clock: call, open: false }
    }

    fn native(&self, call: u64) -> TallyNative {
        let magnitude = F::from(self.refund.unsigned_abs());
        let (returned, return_offset, return_length) = self.returned;
        TallyNative {
            call,
            clock: self.clock,
            writes: self.writes,
            refund: if self.refund < 0 { -magnitude } else { magnitude },
            logs: self.logs,
            returned,
            return_offset,
            return_length,
        }
    }
}

impl Assembler {
    /// The tally of a call, for a step at `clock` that sends it on with one write and `refund` more.
    pub(super) fn tally(&mut self, call: &mut super::Call, clock: u64, refund: i64) -> TallyNative {
        if call.counts.open && clock - 1 - call.counts.clock > u64::from(u16::MAX) {
            self.close_tally(call);
        }
        if !call.counts.open {
            call.counts.clock = clock - 1;
            self.public.send::<Tally>(&call.counts.native(call.id));
        }
        let tally = call.counts.native(call.id);
        let counts = &mut call.counts;
        (counts.open, counts.clock) = (true, clock);
        counts.writes += 1;
        counts.refund += refund;
        tally
    }

    /// Whoever touches the tally next is not proven: the verifier receives it.
    pub(super) fn close_tally(&mut self, call: &mut super::Call) {
        if std::mem::take(&mut call.counts.open) {
            self.public.receive::<Tally>(&call.counts.native(call.id));
        }
    }

    /// Counts a write of a call that the verifier orders, and answers how it is undone.
    pub(super) fn count(&mut self, run: &mut Run<'_>, frame: u32) -> Result<Option<Undoing>, AssembleError> {
        let position = run.position(0);
        let reverted_by = run.frame(frame)?.reverted_by;
        let missing = AssembleError::Trace { position, what: "call of a write" };
        let call = run.calls.get_mut(&frame).ok_or(missing)?;
        self.close_tally(call);
        let writes = call.counts.writes;
        call.counts.writes += 1;
        Ok(reverted_by.map(|by| Undoing { by, writes }))
    }
}

/// What is constant in a call. The end of its scope is not known before the scope has ended.
pub(super) fn context(frame: &Frame, call: u64, caller: Option<u64>, began: u64) -> ContextNative {
    ContextNative {
        call,
        transaction: began,
        address: place(frame.address),
        fixed: frame.is_static,
        reverted: frame.reverted_by.is_some(),
        scope: 0,
        depth: u64::from(frame.depth),
        input_call: caller.unwrap_or(began),
        input_offset: frame.input_offset,
        input_length: frame.input.len() as u64,
    }
}
