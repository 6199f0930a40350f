//! Steps that move bytes: KECCAK256, the copies of input, code and return data, and the logs.
//!
//! # Time
//! A step owns the ticks `clock` to `clock + 3`. It pops, pushes and touches the tally at `clock`; words that it creates exist
//! from `clock + 1` on. The [hash of a pair](HashPairEvent), which creates none, reads at `clock + 1`, and [that of a few
//! words](HashBytesEvent) at `clock + 2`. Jobs read at `clock + 2` and write at `clock + 3`.
//!
//! # Faults
//! A step that fails pops its operands unless the stack has too few, because they may decide what it would have cost. Of
//! the tally it changes nothing but the time. [`StepEvent::fault`] only says *that* it fails: each chip finds the evidence
//! itself.

mod clamp;
mod copy;
mod hash_bytes;
mod hash_long;
mod hash_pair;
mod jobs;
mod layout;
mod log;
mod range;
mod return_copy;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, from_u128};

use crate::step::StepEvent;
use layout::Layout;

pub use copy::{CopyEvent, GAS_PER_WORD as COPY_GAS_PER_WORD, Source};
pub use hash_bytes::HashBytesEvent;
pub use hash_long::HashLongEvent;
pub use hash_pair::{GAS_PER_WORD as HASH_GAS_PER_WORD, HashPairEvent};
pub use jobs::HashPlan;
pub use log::{GAS_PER_BYTE as LOG_GAS_PER_BYTE, LogEvent};
pub use return_copy::{ReturnCopyEvent, miss};

chips! {
    /// The chips of the circuit.
    pub struct TransferChips, TransferEvent = "transfer", Layout::new {
        HashPair: hash_pair::HashPair,
        HashBytes: hash_bytes::HashBytes,
        HashLong: hash_long::HashLong,
        InputCopy: copy::Copy<false>,
        CodeCopy: copy::Copy<true>,
        ReturnCopy: return_copy::ReturnCopy,
        Log: log::Log,
    }
    exceptions EXCEPTIONS;
}

const ALWAYS: &str = "what always succeeds always asks for its memory";

const EVIDENCE: &str = "a fault may name any failure that is true; that there is one is for the fault chip to see, and that a \
                        success has the gas for the end of the call";

const DIGEST: &str = "the digest of a job is a claim, which keccak checks";

const fn evidence(chip: &'static str) -> Exception {
    Exception { chip, finding: Finding::Choice, names: &["fault", "leave", "new words"], reason: EVIDENCE }
}

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        chip: "hash bytes",
        finding: Finding::Redundant,
        names: &["memory grows only if it asks", "ok is boolean"],
        reason: ALWAYS,
    },
    Exception { chip: "hash pair", finding: Finding::Redundant, names: &["ok is boolean"], reason: ALWAYS },
    Exception { chip: "hash long", finding: Finding::Open, names: &["result.hi", "result.lo"], reason: DIGEST },
    Exception { chip: "hash long", finding: Finding::Choice, names: &["hash job", "push"], reason: DIGEST },
    evidence("hash long"),
    evidence("input copy"),
    evidence("code copy"),
    evidence("return copy"),
    evidence("log"),
    Exception { chip: "input copy", finding: Finding::Choice, names: &["copy job"], reason: EVIDENCE },
    Exception { chip: "code copy", finding: Finding::Choice, names: &["code copy job"], reason: EVIDENCE },
    Exception { chip: "return copy", finding: Finding::Choice, names: &["copy job"], reason: EVIDENCE },
    Exception { chip: "log", finding: Finding::Choice, names: &["log job"], reason: EVIDENCE },
];

/// By how much the clock grows in a step of this circuit.
pub const TICKS: u64 = 4;

/// The sub-time at which a job reads; it writes one tick later.
pub const JOB: u64 = 2;

/// How a step is filled that ends with [`Layout::next_pc`] or a fault.
#[derive(Debug)]
struct End(Any);

impl End {
    fn new(layout: &Layout) -> Self {
        Self(Any::assume(layout.step.evidence, "constrained by the chip"))
    }

    /// Fills the next program counter, or the evidence: `other`, or else that gas is short where `extra` is asked for.
    fn fill(&self, event: &StepEvent, extra: u128, other: Option<F>, row: &mut WindowWriter<'_>) {
        let cost = F::from(u64::from(event.cost)) + from_u128(extra);
        let gas = F::from(event.state.gas.unsigned_abs());
        let value = match (event.fault, other) {
            (None, _) => F::from(event.state.pc + 1),
            (Some(_), Some(other)) => other,
            (Some(_), None) => cost - gas - F::from(1),
        };
        row.set(&self.0, value);
    }
}

/// By how much a stack of `height` words is short of `words`, less one, if it is.
fn short(height: u64, words: u64) -> Option<F> {
    (height < words).then(|| F::from(words - height - 1))
}
