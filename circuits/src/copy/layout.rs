//! The columns and slots that the chips of copies share.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::message::Message;
use verbatim_gadgets::value::Bool;

use crate::bus::{
    CodeCopyJob, CodeLength, CodeWord, CopyJob, CopyState, DepositJob, HashEnd, HashJob, HashLane, LogJob, Memory,
    PublicLogData, Range16, Slice, Splice, Words,
};

/// How many columns are checked to be below 2^16: a head of a copy needs most of them.
const CHECKED: usize = 7;

/// Two limbs, the high one first.
type WordCells = [Cell; 2];

/// The columns of a row.
///
/// `count` bytes are used in a row, `keep` of them from the source, and the others are zeros. A head looks like the row of
/// a whole word before the first one, of which nothing is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) kind: Cell,
    pub(super) clock: Cell,
    pub(super) name: WordCells,
    pub(super) source: Cell,
    pub(super) index: Cell,
    pub(super) shift: Cell,
    pub(super) word: WordCells,
    pub(super) available: Cell,
    pub(super) target: Cell,
    pub(super) place: Cell,
    pub(super) target_shift: Cell,
    pub(super) left: Cell,
    /// The next word of the source; the same one if the row does not reach its end; zero if it is not needed.
    pub(super) second: WordCells,
    pub(super) count: Cell,
    pub(super) keep: Cell,
    pub(super) last: Cell,
    /// Whether the row uses its word of the source to the end.
    pub(super) crosses: Cell,
    pub(super) fetches: Cell,
    pub(super) slices: Cell,
    pub(super) splices: Cell,
    pub(super) result: WordCells,
    pub(super) old: WordCells,
    pub(super) after: WordCells,
}

impl Columns {
    fn new(builder: &mut CircuitBuilder) -> Self {
        let mut column = |name: &str| builder.main(name);
        let [kind, clock, source, index, shift] = ["kind", "clock", "source", "index", "shift"].map(&mut column);
        let [available, target, place, target_shift, left] =
            ["available", "target", "place", "target shift", "left"].map(&mut column);
        let [count, keep, last, crosses, fetches, slices, splices] =
            ["count", "keep", "last", "crosses", "fetches", "slices", "splices"].map(&mut column);
        let [name, word, second, result, old, after] = ["name", "word", "second", "result", "old", "after"]
            .map(|name| ["hi", "lo"].map(|limb| column(&format!("{name}.{limb}"))));
        Self {
            kind,
            clock,
            name,
            source,
            index,
            shift,
            word,
            available,
            target,
            place,
            target_shift,
            left,
            second,
            count,
            keep,
            last,
            crosses,
            fetches,
            slices,
            splices,
            result,
            old,
            after,
        }
    }

    /// The offset of the source in a head.
    pub(super) fn source_offset(&self) -> Cell {
        self.result[0]
    }

    /// The end of the source in a head.
    pub(super) fn source_end(&self) -> Cell {
        self.result[1]
    }

    /// The offset of the target in a head.
    pub(super) fn target_offset(&self) -> Cell {
        self.old[0]
    }

    /// The first lane of each limb of the result, in hash, where the target's columns are free.
    pub(super) fn halves(&self) -> [Cell; 2] {
        self.after
    }

    /// Whether the lanes 1 to 3 are sent, in hash.
    pub(super) fn more_lanes(&self) -> [Cell; 3] {
        [self.old[0], self.old[1], self.splices]
    }

    /// The lanes of the result.
    pub(super) fn lanes(&self) -> [Expr; 4] {
        let [first, third] = self.halves();
        let rest = |limb: Cell, half: Cell| limb - half * Expr::power_of_two(64);
        [first.expr(), rest(self.result[0], first), third.expr(), rest(self.result[1], third)]
    }
}

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    pub(super) at: Columns,
    /// How long ago the word of the source was touched, less one.
    pub(super) gap: Checked16,
    /// How long ago the word of the target was touched, less one.
    pub(super) target_gap: Checked16,
    pub(super) enter: Slot<CopyState>,
    pub(super) leave: Slot<CopyState>,
    /// The next word of the source.
    pub(super) fetch: Slot<Memory>,
    pub(super) put_back: Slot<Memory>,
    pub(super) code: Slot<CodeWord>,
    pub(super) slice: Slot<Slice>,
    /// The slice does not reach the second word.
    pub(super) within: Slot<Range16>,
    /// The word of the target, before.
    pub(super) take: Slot<Memory>,
    pub(super) give: Slot<Memory>,
    pub(super) splice: Slot<Splice>,
    pub(super) deposited: Slot<CodeWord>,
    pub(super) published: Slot<PublicLogData>,
    pub(super) lanes: [Slot<HashLane>; 4],
    pub(super) hash_end: Slot<HashEnd>,
    pub(super) code_length: Slot<CodeLength>,
    pub(super) source_words: Slot<Words>,
    pub(super) target_words: Slot<Words>,
    pub(super) copy_job: Slot<CopyJob>,
    pub(super) code_copy_job: Slot<CodeCopyJob>,
    pub(super) hash_job: Slot<HashJob>,
    pub(super) log_job: Slot<LogJob>,
    pub(super) deposit_job: Slot<DepositJob>,
}

fn exprs(cells: &[Cell]) -> Vec<Expr> {
    cells.iter().map(|cell| cell.expr()).collect()
}

impl Layout {
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let at = Columns::new(builder);
        let checked: [Checked16; CHECKED] = std::array::from_fn(|i| builder.checked16(&format!("checked {i}")));
        let [gap, target_gap, ..] = checked.clone();
        let lanes = at.lanes();
        let memory = |call: Cell, index: Expr, word: WordCells, time: Expr| {
            [&[call.expr(), index], &exprs(&word)[..], &[time]].concat()
        };
        let (next, zero) = (at.index + 1, Expr::zero);
        let splice = [
            &exprs(&at.old)[..],
            &[zero(), zero(), at.target_shift.expr(), at.count.expr()],
            &exprs(&at.result),
            &exprs(&at.after),
            &[zero(), zero()],
        ];
        let slice = [&at.word[..], &at.second, &[at.shift, at.keep], &at.result].concat();
        Self {
            enter: builder.slot("enter", Self::enter(&at)),
            leave: builder.slot("leave", Self::leave(&at)),
            fetch: builder.slot("fetch", memory(at.source, next.clone(), at.second, at.clock - 1 - gap.cell)),
            put_back: builder.slot("put back", memory(at.source, next.clone(), at.second, at.clock.expr())),
            take: builder.slot("take", memory(at.target, at.place.expr(), at.old, at.clock - target_gap.cell)),
            give: builder.slot("give", memory(at.target, at.place.expr(), at.after, at.clock + 1)),
            code: builder.slot("code", [exprs(&at.name), vec![next.clone()], exprs(&at.second)].concat()),
            slice: builder.slot("slice", exprs(&slice)),
            within: builder.slot("within", vec![Expr::from(32) - at.shift - at.keep]),
            splice: builder.slot("splice", splice.concat()),
            deposited: builder.slot("deposited", exprs(&[&at.name[..], &[at.place], &at.result].concat())),
            published: builder.slot("published", exprs(&[&at.name[..], &[at.place], &at.result].concat())),
            lanes: std::array::from_fn(|i| {
                let lane = [at.place * F::from(4) + i as u64, lanes[i].clone()];
                builder.slot(format!("lane {i}"), [&exprs(&at.name)[..], &lane].concat())
            }),
            hash_end: builder.slot("hash end", Self::order(&at, &[], &at.name, &[])),
            code_length: builder.slot("code length", Self::order(&at, &[], &at.name, &[])),
            source_words: builder.slot("source words", vec![at.source_offset().expr(), next, at.shift.expr()]),
            target_words: builder
                .slot("target words", vec![at.target_offset().expr(), at.place + 1, at.target_shift.expr()]),
            copy_job: Self::copy_order(builder, "copy job", &at, &[at.source]),
            code_copy_job: Self::copy_order(builder, "code copy job", &at, &at.name),
            hash_job: Self::read_order(builder, "hash job", &at),
            log_job: Self::read_order(builder, "log job", &at),
            deposit_job: Self::read_order(builder, "deposit job", &at),
            gap,
            target_gap,
            at,
        }
    }

    fn state(at: &Columns, rest: [Expr; 9]) -> Vec<Expr> {
        [&exprs(&[at.kind, at.clock, at.name[0], at.name[1], at.source])[..], &rest].concat()
    }

    fn enter(at: &Columns) -> Vec<Expr> {
        let [hi, lo] = at.word;
        let rest = [at.index, at.shift, hi, lo, at.available, at.target, at.place, at.target_shift, at.left];
        Self::state(at, rest.map(Cell::expr))
    }

    /// The state behind a row. Of a row that is not the last, `target shift + count` is 32.
    fn leave(at: &Columns) -> Vec<Expr> {
        let rest = [
            at.index + at.crosses,
            at.shift + at.count - at.crosses * F::from(32),
            at.second[0].expr(),
            at.second[1].expr(),
            at.available - at.keep,
            at.target.expr(),
            at.place + 1,
            at.target_shift + at.count - 32,
            at.left - at.count,
        ];
        Self::state(at, rest)
    }

    /// Fields of which the length, 32 less than `left`, is one.
    fn order(at: &Columns, before: &[Cell], name: &[Cell], after: &[Cell]) -> Vec<Expr> {
        [exprs(before), exprs(name), vec![at.left - 32], exprs(after)].concat()
    }

    fn copy_order<M: Message>(builder: &mut CircuitBuilder, name: &str, at: &Columns, source: &[Cell]) -> Slot<M> {
        let range = [at.source_offset(), at.source_end(), at.target, at.target_offset()];
        builder.slot(name, Self::order(at, &[at.clock], &[source, &range].concat(), &[]))
    }

    fn read_order<M: Message>(builder: &mut CircuitBuilder, name: &str, at: &Columns) -> Slot<M> {
        builder.slot(name, Self::order(at, &[at.clock, at.source], &[at.source_offset()], &at.name))
    }
}

/// A column as a flag.
pub(super) fn flag(chip: &mut ChipBuilder<'_>, label: &str, cell: Cell) -> Bool {
    chip.require_zero(format!("{label} is boolean"), cell * (Expr::one() - cell));
    Bool::assume(cell, "constrained above")
}

/// Requires that `expr` is below 2^16.
pub(super) fn small(chip: &mut ChipBuilder<'_>, label: &str, expr: Expr) {
    chip.require_bits16(label, 0, 1, expr);
}
