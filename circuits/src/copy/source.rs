//! What every row behind the head does with the source: it takes over the state, cuts its bytes out of the word at hand and
//! the next one, and hands the state on.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | kind | 1 | the chip serves this kind of job |
//! | last, fetches, slices is boolean | 2 | |
//! | the last bytes are used | 2 | the last row leaves nothing of the source |
//! | fetches what is used | 3 | the next word is read if the row uses this one to its end and bytes are left behind the row |
//! | second: hi, second: lo | 3 | else it is this word, or zero if this one was used to its end |
//! | whole or nothing | 3 | what is not sliced is 32 bytes or none |
//! | whole is aligned | 3 | |
//! | whole: hi, whole: lo | 3 | then it is the word, or zero |
//!
//! A row that does not fetch the next word also shows, by its slot `within`, that its bytes do not reach it.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Byte, Counter, U16, Value, Word};

use super::Kind;
use super::cut::cut;
use super::layout::{Columns, Layout, flag};
use crate::bus::{CopyState, CopyStateNative, Range16};

/// A word of the source as it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// The word.
    pub value: U256,
    /// The job's clock, less one, less the time of the last access before; zero for a word of code.
    pub gap: u16,
}

/// What a row that only reads is filled from.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    /// The state before the row.
    pub state: CopyStateNative,
    /// The next word of the source, if it is read.
    pub fetched: Option<Fetch>,
}

/// What follows from a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) count: u64,
    pub(super) keep: u64,
    pub(super) last: bool,
    pub(super) crosses: bool,
    /// Whether the next word of the source is needed.
    pub(super) fetches: bool,
}

impl Turn {
    pub(super) fn of(state: &CopyStateNative) -> Self {
        let shift = u64::from(state.shift);
        let count = state.left.min(32 - u64::from(state.target_shift & 31));
        let keep = count.min(state.available);
        let reads = state.kind != Kind::Memory as u8 && state.kind != Kind::Code as u8;
        let crosses = reads || shift + count >= 32;
        let fetches = shift + keep > 32 || crosses && state.available > keep;
        Self { count, keep, last: count == state.left, crosses, fetches }
    }

    /// The next word, as the row has it.
    pub(super) fn second(&self, state: &CopyStateNative, fetched: Option<&Fetch>) -> U256 {
        let kept = if self.crosses { U256::ZERO } else { state.word };
        fetched.map_or(kept, |fetch| fetch.value)
    }

    /// Whether what is used is neither a whole word nor nothing.
    pub(super) fn slices(&self, state: &CopyStateNative) -> bool {
        self.keep != 0 && (self.keep != 32 || state.shift != 0)
    }

    pub(super) fn result(&self, state: &CopyStateNative, second: U256) -> U256 {
        cut(state.word, second, u64::from(state.shift), self.keep)
    }

    /// The state behind the row, which is not the last.
    pub(super) fn next(&self, state: &CopyStateNative, second: U256) -> CopyStateNative {
        let shift = u64::from(state.shift) + self.count - if self.crosses { 32 } else { 0 };
        CopyStateNative {
            index: state.index + u64::from(self.crosses),
            shift: shift as u8,
            word: second,
            available: state.available - self.keep,
            place: state.place + 1,
            target_shift: 0,
            left: state.left - self.count,
            ..state.clone()
        }
    }
}

/// The source's side of a row.
#[derive(Debug)]
pub(super) struct Source {
    at: Columns,
    state: CopyState,
    gap: U16,
    pub(super) fetches: Bool,
    pub(super) last: Bool,
    pub(super) result: Word,
}

impl Source {
    /// Row 0 of a chip. `memory` is none where the source is a code. The chip constrains `count`, `keep` and `crosses`, and
    /// that `keep` is not negative where it is not sliced.
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, kind: Kind) -> Self {
        let at = layout.at;
        let state = chip.receive(&layout.enter, 0);
        chip.define("kind", at.kind, kind as u64);
        let [last, fetches, slices] = [("last", at.last), ("fetches", at.fetches), ("slices", at.slices)]
            .map(|(label, cell)| flag(chip, label, cell));
        let next = chip.peek(&layout.leave, 0);
        chip.send_if(&layout.leave, 0, &last.not(), &next);
        if kind == Kind::Code {
            chip.learn_if(&layout.code, 0, &fetches);
        } else {
            let word = chip.receive_if(&layout.fetch, 0, &fetches);
            let clock = Counter::assume(at.clock, "the job's");
            chip.send_if(&layout.put_back, 0, &fetches, &crate::bus::Memory { clock, ..word });
        }
        let gap = if kind == Kind::Code { U16::constant(0) } else { chip.checked_if(&layout.gap, 0, &fetches) };
        let reach = U16::assume(Expr::from(32) - at.shift - at.keep, "this message checks it");
        chip.consume_if(&layout.within, 0, &fetches.not(), &Range16 { value: reach });
        let result = chip.learn_if(&layout.slice, 0, &slices).result;

        let rest = at.available - at.keep;
        chip.require_zero("the last bytes are used", &last * &rest);
        chip.require_zero("fetches what is used", fetches.not() * at.crosses * rest);
        let whole = slices.not();
        chip.require_zero("whole or nothing", &whole * at.keep * (at.keep - 32));
        chip.require_zero("whole is aligned", &whole * at.keep * at.shift);
        for (i, limb) in ["hi", "lo"].iter().enumerate() {
            let kept = (Expr::one() - at.crosses) * at.word[i];
            chip.require_zero(format!("second: {limb}"), fetches.not() * (at.second[i] - kept));
            let value = at.result[i] * F::from(32) - at.keep * at.word[i];
            chip.require_zero(format!("whole: {limb}"), &whole * value);
        }
        Self { at, state, gap, fetches, last, result }
    }

    /// Fills the row, and answers what was cut.
    pub(super) fn fill(&self, event: &ReadEvent, row: &mut WindowWriter<'_>) -> U256 {
        let (at, state, turn) = (&self.at, &event.state, Turn::of(&event.state));
        let second = turn.second(state, event.fetched.as_ref());
        let result = turn.result(state, second);
        row.message(&self.state, state);
        set_word(row, at.second, second);
        if let Some(fetch) = &event.fetched {
            row.set(&self.gap, fetch.gap);
        }
        row.set(&self.result, result);
        for (cell, value) in [(at.count, turn.count), (at.keep, turn.keep)] {
            row.set(&Counter::assume(cell, "a number of bytes"), value);
        }
        let flags = [
            (at.last, turn.last),
            (at.crosses, turn.crosses),
            (at.fetches, event.fetched.is_some()),
            (at.slices, turn.slices(state)),
        ];
        flags.into_iter().for_each(|(cell, value)| set_flag(row, cell, value));
        result
    }

    /// Where rows only read, 32 bytes are used in each but the last, and each uses its word to the end.
    pub(super) fn read(chip: &mut ChipBuilder<'_>, layout: &Layout, kind: Kind) -> Self {
        let source = Self::build(chip, layout, kind);
        let at = layout.at;
        chip.require_zero("others use 32 bytes", source.last.not() * (at.keep - 32));
        chip.define("count", at.count, at.keep);
        chip.define("crosses", at.crosses, Expr::one());
        source
    }
}

/// Sets a flag's cell.
pub(super) fn set_flag(row: &mut WindowWriter<'_>, cell: Cell, value: bool) {
    row.set(&Byte::assume(cell, "a flag"), u8::from(value));
}

/// Sets the cells of a word.
pub(super) fn set_word(row: &mut WindowWriter<'_>, cells: [Cell; 2], value: U256) {
    let word = Word::pull(&mut cells.iter().map(|cell| cell.expr()));
    row.set(&word, value);
}
