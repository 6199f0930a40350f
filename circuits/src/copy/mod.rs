//! Copies: bytes of memory or of a code that go to memory, to keccak, to the log or to a code's deposit.
//!
//! An order ([`CopyJob`](crate::bus::CopyJob) and four others) is received by a head, which reads the first word of the
//! source. Then follows a row for every word of the target, or for every 32 bytes where nothing is written, in a chain of
//! [`CopyState`](crate::bus::CopyState) messages: each row cuts 32 bytes or less out of the word that the row before read
//! and of the next one, and uses them. A row may lie in any shard.
//!
//! # Why the counting is right without comparisons
//! A row that is not the last uses up its word of the target (`count = 32 - target shift`), and the last one has `left =
//! count`. So all counts add up to the job's length *in the field*. Each is between 0 and 32, because facts and checks say
//! so, and no proof has 2^200 rows: they add up to it as integers, and the last row comes where it must. The same holds for
//! `available`, which is what is left of the source: a row takes `keep = count` of it, or less if nothing is left behind
//! (`(count - keep) (available - keep) = 0`), and the last row leaves nothing.
//!
//! # Why no word is read twice, and none that is not there
//! Words are read in order, each once, at the job's `clock`, and handed on in the chain. A row that goes on to the next word
//! must fetch it if any byte of it is still to be used; fetching one more, should there be one, changes nothing. What is
//! written is written a tick later, so that a copy within one memory reads what was there before it.

mod ask;
mod begin_copy;
mod begin_read;
mod cut;
mod deposit;
mod hash;
mod layout;
mod log;
mod plan;
mod source;
mod write;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;

use layout::Layout;

pub use begin_copy::{BeginCopyEvent, CopyOrder};
pub use begin_read::{BeginReadEvent, ReadOrder};
pub use cut::{cut, paste};
pub use plan::{Order, Shadow, plan};
pub use source::{Fetch, ReadEvent};
pub use write::WriteEvent;

chips! {
    /// The chips of the circuit.
    pub struct CopyChips, CopyEvent = "copy", Layout::new {
        BeginCopy: begin_copy::BeginCopy,
        BeginRead: begin_read::BeginRead,
        CopyMemory: write::Write<false>,
        CopyCode: write::Write<true>,
        Hash: hash::Hash,
        Log: log::Log,
        Deposit: deposit::Deposit,
    }
    exceptions EXCEPTIONS;
}

const LAST: &str = "where the last row is a whole one, it may hand on a job without bytes, which one more row can end: it touches \
                    the next word and leaves it, or publishes one of zeros, which the verifier does not receive";

const LAST_LANES: &str = "where the last row is a whole one, it may hand on a job without bytes, which no row can end";

const LANES: &str = "keccak, which receives the lanes, shows that they are below 2^64, as one pair for each limb is";

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    Exception { chip: "copy memory", finding: Finding::Open, names: &["last"], reason: LAST },
    Exception { chip: "copy memory", finding: Finding::Choice, names: &["leave: whether"], reason: LAST },
    Exception { chip: "copy code", finding: Finding::Open, names: &["last"], reason: LAST },
    Exception { chip: "copy code", finding: Finding::Choice, names: &["leave: whether"], reason: LAST },
    Exception { chip: "hash", finding: Finding::Open, names: &["last"], reason: LAST_LANES },
    Exception { chip: "hash", finding: Finding::Choice, names: &["leave: whether"], reason: LAST_LANES },
    Exception { chip: "hash", finding: Finding::Open, names: &["after.hi", "after.lo"], reason: LANES },
    Exception {
        chip: "hash",
        finding: Finding::Choice,
        names: &["lane 0: lane", "lane 1: lane", "lane 2: lane", "lane 3: lane"],
        reason: LANES,
    },
    Exception { chip: "log", finding: Finding::Open, names: &["last"], reason: LAST },
    Exception { chip: "log", finding: Finding::Choice, names: &["leave: whether"], reason: LAST },
    Exception { chip: "deposit", finding: Finding::Open, names: &["last"], reason: LAST },
    Exception { chip: "deposit", finding: Finding::Choice, names: &["leave: whether"], reason: LAST },
];

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Memory to memory.
    Memory = 1,
    /// Code to memory.
    Code = 2,
    /// Memory to keccak.
    Hash = 3,
    /// Memory to a log.
    Log = 4,
    /// Memory compared with a code.
    Deposit = 5,
}
