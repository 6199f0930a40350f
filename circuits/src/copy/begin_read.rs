//! The head of a job that only reads memory: to hash it, to publish it, or to compare it with a code.
//!
//! **Given** a [`HashJob`], a [`LogJob`] or a [`DepositJob`].
//! **Proves** that the first word is read, and begins the chain; that keccak is told where a hashed input ends, and that
//! the code of a deposit has the job's length.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | hash, log, deposit is boolean | 2 | which of the three orders |
//! | one order | 1 | |
//! | kind | 1 | follows from it |
//! | available | 1 | all bytes are |
//! | target, place, target shift | 1 | nothing is written, and 32 bytes are used at once, from index 0 |
//! | count, keep, crosses | 1 | a head is a word before the first, of which nothing is used |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, U16};

use super::Kind;
use super::begin_copy::fill_head;
use super::layout::{Columns, Layout, flag};
use super::source::{Fetch, set_flag, set_word};
use crate::bus::{CopyStateNative, DepositJob, DepositJobNative, HashJob, HashJobNative, LogJob, LogJobNative, Memory};

/// The chip.
#[derive(Debug)]
pub struct BeginRead {
    at: Columns,
    hash: HashJob,
    log: LogJob,
    deposit: DepositJob,
    gap: U16,
}

/// A job that only reads.
#[derive(Clone, Debug)]
pub enum ReadOrder {
    /// To keccak.
    Hash(HashJobNative),
    /// To a log.
    Log(LogJobNative),
    /// Compared with a code.
    Deposit(DepositJobNative),
}

impl ReadOrder {
    /// The state behind the head, but for the word.
    pub(super) fn begin(&self) -> CopyStateNative {
        let (kind, clock, source, offset, left) = match self {
            Self::Hash(job) => (Kind::Hash, job.clock, job.call, job.offset, job.length),
            Self::Log(job) => (Kind::Log, job.clock, job.call, job.offset, job.length),
            Self::Deposit(job) => (Kind::Deposit, job.clock, job.call, job.offset, job.length),
        };
        let name = match self {
            Self::Hash(job) => super::plan::limbs(&job.digest),
            Self::Log(job) => [F::from(job.transaction), F::from(job.log)],
            Self::Deposit(job) => super::plan::limbs(&job.hash),
        };
        CopyStateNative {
            kind: kind as u8,
            clock,
            name,
            source,
            index: offset / 32,
            shift: (offset % 32) as u8,
            word: U256::ZERO,
            available: left,
            target: 0,
            place: 0,
            target_shift: 0,
            left,
        }
    }
}

/// What a head of `BeginRead` is filled from.
#[derive(Clone, Debug)]
pub struct BeginReadEvent {
    /// The order.
    pub order: ReadOrder,
    /// The word with the first byte.
    pub first: Fetch,
}

impl Chip for BeginRead {
    type Layout = Layout;
    type Event = BeginReadEvent;
    const NAME: &'static str = "begin read";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let at = layout.at;
        let kinds = [("hash", at.last), ("log", at.slices), ("deposit", at.splices)];
        let [hashes, logs, deposits] = kinds.map(|(label, cell)| flag(chip, label, cell));
        chip.require_equal("one order", &hashes + &logs + &deposits, Expr::one());
        let hash = chip.receive_if(&layout.hash_job, 0, &hashes);
        let log = chip.receive_if(&layout.log_job, 0, &logs);
        let deposit = chip.receive_if(&layout.deposit_job, 0, &deposits);
        let kind = [(&hashes, Kind::Hash), (&logs, Kind::Log), (&deposits, Kind::Deposit)]
            .map(|(flag, kind)| flag * F::from(kind as u64))
            .into_iter()
            .sum::<Expr>();
        chip.define("kind", at.kind, kind);
        chip.learn(&layout.source_words, 0);
        chip.learn_if(&layout.code_length, 0, &deposits);
        let end = chip.peek(&layout.hash_end, 0);
        chip.send_if(&layout.hash_end, 0, &hashes, &end);

        let word = chip.receive(&layout.fetch, 0);
        let gap = chip.checked(&layout.gap, 0);
        let clock = Counter::assume(at.clock, "the job's");
        chip.send(&layout.put_back, 0, &Memory { clock, ..word });
        let next = chip.peek(&layout.leave, 0);
        chip.send(&layout.leave, 0, &next);

        chip.define("available", at.available, at.left - 32);
        chip.define("target", at.target, Expr::zero());
        chip.define("place", at.place, -Expr::one());
        chip.define("target shift", at.target_shift, Expr::zero());
        chip.define("count", at.count, Expr::from(32));
        chip.define("keep", at.keep, Expr::zero());
        chip.define("crosses", at.crosses, Expr::one());
        Self { at, hash, log, deposit, gap }
    }

    fn fill(&self, event: &BeginReadEvent, row: &mut WindowWriter<'_>) {
        let at = &self.at;
        let flag = match &event.order {
            ReadOrder::Hash(job) => {
                row.message(&self.hash, job);
                at.last
            }
            ReadOrder::Log(job) => {
                row.message(&self.log, job);
                at.slices
            }
            ReadOrder::Deposit(job) => {
                row.message(&self.deposit, job);
                at.splices
            }
        };
        set_flag(row, flag, true);
        fill_head(at, &event.order.begin(), row);
        set_word(row, at.second, event.first.value);
        row.set(&self.gap, event.first.gap);
    }
}
