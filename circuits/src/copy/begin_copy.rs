//! The head of a copy to memory.
//!
//! **Given** a [`CopyJob`] or a [`CodeCopyJob`].
//! **Proves** how many bytes the source has for it, reads the first word of the source, and begins the chain.
//!
//! With `left = end - offset` and `length`, the bytes that are available are `length` if the source goes on behind them, none
//! if it ends before them, and `left` between. The two ranged differences leave no other choice; where two cases hold at
//! once they give the same number. (No two flags are one: `available = length - left` would ask for `left >= 0`, and the
//! first difference, `-left - length`, for the contrary.)
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | code is boolean | 2 | which of the two orders |
//! | kind | 1 | follows from it |
//! | no name: hi, lo; no call | 2 | memory has no hash, and code no call |
//! | whole, none, fetches memory, fetches code is boolean | 2 | |
//! | available | 2 | `length`, `left`, or zero |
//! | source end | 2 | `left - length`, `left` or `-left` is not negative |
//! | not more than the length | 1 | nor is `length - available` |
//! | memory is not code, code is not memory | 2 | what is fetched |
//! | fetches what is used | 2 | the first word is read if bytes are available |
//! | nothing fetched: hi, lo | 2 | else it counts as zero |
//! | count, keep, crosses | 1 | a head is a word before the first, of which nothing is used |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, U16};

use super::Kind;
use super::layout::{Columns, Layout, flag};
use super::source::{Fetch, set_flag, set_word};
use crate::bus::{CodeCopyJob, CodeCopyJobNative, CopyJob, CopyJobNative, CopyStateNative, Memory};

/// The chip.
#[derive(Debug)]
pub struct BeginCopy {
    at: Columns,
    copy: CopyJob,
    code_copy: CodeCopyJob,
    gap: U16,
}

/// A copy to memory.
#[derive(Clone, Debug)]
pub enum CopyOrder {
    /// From memory.
    Memory(CopyJobNative),
    /// From a code.
    Code(CodeCopyJobNative),
}

impl CopyOrder {
    /// Where the source's bytes begin and end, where they go, and how many they are.
    fn range(&self) -> [u64; 4] {
        match self {
            Self::Memory(job) => [job.source_offset, job.source_end, job.target_offset, job.length],
            Self::Code(job) => [job.source_offset, job.source_end, job.target_offset, job.length],
        }
    }

    fn available(&self) -> u64 {
        let [source, end, _, length] = self.range();
        end.saturating_sub(source).min(length)
    }

    /// The state behind the head, but for the word.
    pub(super) fn begin(&self) -> CopyStateNative {
        let [offset, _, target_offset, left] = self.range();
        let (kind, clock, target) = match self {
            Self::Memory(job) => (Kind::Memory, job.clock, job.target),
            Self::Code(job) => (Kind::Code, job.clock, job.target),
        };
        let (name, source) = match self {
            Self::Memory(job) => ([F::from(0); 2], job.source),
            Self::Code(job) => (super::plan::limbs(&job.code), 0),
        };
        CopyStateNative {
            kind: kind as u8,
            clock,
            name,
            source,
            index: offset / 32,
            shift: (offset % 32) as u8,
            word: ruint::aliases::U256::ZERO,
            available: self.available(),
            target,
            place: target_offset / 32,
            target_shift: (target_offset % 32) as u8,
            left,
        }
    }
}

/// What a head of `BeginCopy` is filled from.
#[derive(Clone, Debug)]
pub struct BeginCopyEvent {
    /// The order.
    pub order: CopyOrder,
    /// The word with the first byte; none if no byte is available.
    pub first: Option<Fetch>,
}

impl Chip for BeginCopy {
    type Layout = Layout;
    type Event = BeginCopyEvent;
    const NAME: &'static str = "begin copy";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let at = layout.at;
        let [code, whole, none, memory_word, code_word] = [
            ("code", at.splices),
            ("whole", at.last),
            ("none", at.after[0]),
            ("fetches memory", at.fetches),
            ("fetches code", at.slices),
        ]
        .map(|(label, cell)| flag(chip, label, cell));
        let copy = chip.receive_if(&layout.copy_job, 0, &code.not());
        let code_copy = chip.receive_if(&layout.code_copy_job, 0, &code);
        chip.define("kind", at.kind, &code + Expr::from(Kind::Memory as u64));
        chip.require_zero("no name: hi", code.not() * at.name[0]);
        chip.require_zero("no name: lo", code.not() * at.name[1]);
        chip.require_zero("no call", &code * at.source);
        chip.learn(&layout.source_words, 0);
        chip.learn(&layout.target_words, 0);

        let word = chip.receive_if(&layout.fetch, 0, &memory_word);
        let gap = chip.checked_if(&layout.gap, 0, &memory_word);
        let clock = Counter::assume(at.clock, "the job's");
        chip.send_if(&layout.put_back, 0, &memory_word, &Memory { clock, ..word });
        chip.learn_if(&layout.code, 0, &code_word);
        let next = chip.peek(&layout.leave, 0);
        chip.send(&layout.leave, 0, &next);

        let length = at.left - 32;
        let left = at.source_end() - at.source_offset();
        let part = Expr::one() - &whole - &none;
        chip.define("available", at.available, &whole * &length + &part * &left);
        let difference = (&part - &none) * &left + &whole * (&left - &length);
        chip.require_bits16("source end", 0, 3, difference);
        chip.require_bits16("not more than the length", 0, 3, length - at.available);
        chip.require_zero("memory is not code", &memory_word * &code);
        chip.require_zero("code is not memory", &code_word * code.not());
        let nothing = Expr::one() - &memory_word - &code_word;
        chip.require_zero("fetches what is used", &nothing * at.available);
        chip.require_zero("nothing fetched: hi", &nothing * at.second[0]);
        chip.require_zero("nothing fetched: lo", &nothing * at.second[1]);
        chip.define("count", at.count, Expr::from(32));
        chip.define("keep", at.keep, Expr::zero());
        chip.define("crosses", at.crosses, Expr::one());
        Self { at, copy, code_copy, gap }
    }

    fn fill(&self, event: &BeginCopyEvent, row: &mut WindowWriter<'_>) {
        let at = &self.at;
        let code = match &event.order {
            CopyOrder::Memory(job) => {
                row.message(&self.copy, job);
                false
            }
            CopyOrder::Code(job) => {
                row.message(&self.code_copy, job);
                true
            }
        };
        let [source, end, _, length] = event.order.range();
        let whole = end >= source.saturating_add(length);
        set_flag(row, at.splices, code);
        set_flag(row, at.last, whole);
        set_flag(row, at.after[0], !whole && end <= source);
        set_flag(row, at.fetches, !code && event.first.is_some());
        set_flag(row, at.slices, code && event.first.is_some());
        fill_head(at, &event.order.begin(), row);
        if let Some(first) = &event.first {
            set_word(row, at.second, first.value);
            if !code {
                row.set(&self.gap, first.gap);
            }
        }
    }
}

/// The cells of a head that lie a word before the state behind it.
pub(super) fn fill_head(at: &Columns, next: &CopyStateNative, row: &mut WindowWriter<'_>) {
    let before = |value: u64, by: u64| F::from(value) - F::from(by);
    let cells = [
        (at.index, before(next.index, 1)),
        (at.shift, F::from(u64::from(next.shift))),
        (at.place, before(next.place, 1)),
        (at.target_shift, F::from(u64::from(next.target_shift))),
        (at.left, F::from(next.left) + F::from(32)),
    ];
    cells.into_iter().for_each(|(cell, value)| row.field(&cell.expr(), value));
}
