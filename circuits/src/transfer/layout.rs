//! The columns and slots that the chips of transfers share.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::value::{Value, Word, inverse_or_zero};

use super::{JOB, TICKS};
use crate::bus::{
    CodeCopyJob, CodeLength, Context, CopyJob, HashJob, LogJob, Memory, PublicLog, Range128, ShortHash, Slice, Tally,
    TransactionClock,
};
use crate::memory::expansion::{ExpansionSlots, dynamic};
use crate::step::{Shape, Step, StepSlots};

/// Two limbs, the high one first.
type WordCells = [Cell; 2];

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    pub(super) step: StepSlots,
    pub(super) expansion: ExpansionSlots,
    /// How long ago the word at byte `a.lo` was touched; the low half of the tally's gap.
    pub(super) gap_c: Checked16,
    /// How long ago the word behind it was touched; the high half of the tally's gap.
    pub(super) gap_d: Checked16,
    /// The word at byte `a.lo`.
    pub(super) first: WordCells,
    /// The word behind it.
    pub(super) second: WordCells,
    /// Each of the two as it is found and left.
    pub(super) found: [Slot<Memory>; 2],
    pub(super) left: [Slot<Memory>; 2],
    /// The result is cut from the two words, and the second operand from the second and the first of the next row.
    pub(super) slices: [Slot<Slice>; 2],
    /// The hash of the two words.
    pub(super) pair: Slot<ShortHash>,
    /// The hash of what is cut in the next three rows.
    pub(super) short: Slot<ShortHash>,
    pub(super) hash_job: Slot<HashJob>,
    /// From the memory of the call `second.lo`, where the bytes `result.hi` to `result.hi + result.lo` are the source.
    pub(super) copy_job: Slot<CopyJob>,
    /// From the code, of `result.lo` bytes.
    pub(super) code_copy_job: Slot<CodeCopyJob>,
    pub(super) code_length: Slot<CodeLength>,
    pub(super) tally_in: Slot<Tally>,
    pub(super) tally_same: Slot<Tally>,
    /// The tally with one log more.
    pub(super) tally_log: Slot<Tally>,
    /// Not for the first row.
    pub(super) context: Slot<Context>,
    /// For the row with the context: the index is the low limb of the result, and the code is the second word.
    pub(super) transaction: Slot<TransactionClock>,
    pub(super) public_log: Slot<PublicLog>,
    pub(super) log_job: Slot<LogJob>,
    /// Of the first word's high limb.
    pub(super) range128: Slot<Range128>,
}

/// Two cells of a row as a word.
pub(super) fn word(cells: WordCells, row: i16) -> Word {
    Word::pull(&mut cells.iter().map(|cell| cell.shifted(row).expr()))
}

fn exprs(cells: &[Cell]) -> Vec<Expr> {
    cells.iter().map(|cell| cell.expr()).collect()
}

fn below(cells: &[Cell], rows: i16) -> Vec<Expr> {
    cells.iter().map(|cell| cell.shifted(rows).expr()).collect()
}

impl Layout {
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let step = StepSlots::popping_on_fault(builder, Shape { ticks: TICKS, dynamic: true });
        let [first, second] =
            ["first", "second"].map(|name| ["hi", "lo"].map(|limb| builder.main(format!("{name} word.{limb}"))));
        let [gap_c, gap_d] = ["gap c", "gap d"].map(|name| builder.checked16(name));
        let expansion = ExpansionSlots::new(builder, &step, 1);
        let (a, b, r) = (step.a, step.b, step.r);
        let words = [(first, &gap_c, 0), (second, &gap_d, 1)];
        let found = words.map(|(word, gap, i)| {
            let fields = Self::memory(&step, word, i, step.clock - gap.cell);
            builder.slot(format!("word {i} in"), fields)
        });
        let left = words
            .map(|(word, _, i)| builder.slot(format!("word {i} out"), Self::memory(&step, word, i, step.clock + 1)));
        let [shift, keep_a, keep_b] = Self::cut_cells(&step).map(Cell::expr);
        let slice = |from: [Vec<Expr>; 2], keep: &Expr, to: WordCells| {
            [&from.concat()[..], &[shift.clone(), keep.clone()], &exprs(&to)].concat()
        };
        let slices =
            [slice([exprs(&first), exprs(&second)], &keep_a, r), slice([exprs(&second), below(&first, 1)], &keep_b, b)];
        let [slice_a, slice_b] = slices;
        let (job, call) = (step.clock + JOB, step.call.expr());
        let read_job = [job.clone(), call.clone(), a[1].expr(), b[1].expr()];
        let target = [call.clone(), a[1].expr(), a[1].shifted(1).expr()];
        let start = b[1].shifted(1);
        let copy = [job.clone(), second[1].expr(), r[0] + start, r[0] + r[1]];
        let code = exprs(&step.code_cells);
        let code_copy = [&[job][..], &code, &[start.expr(), r[1].expr()], &target].concat();
        let index = r[1].shifted(1);
        Self {
            found,
            left,
            slices: [builder.slot("slice a", slice_a), builder.slot("slice b", slice_b)],
            pair: builder.slot("pair", Self::pair(&step, first, second)),
            short: builder.slot("short", Self::short(&step)),
            hash_job: builder.slot("hash job", [&read_job[..], &exprs(&r)].concat()),
            copy_job: builder.slot("copy job", [&copy[..], &target].concat()),
            code_copy_job: builder.slot("code copy job", code_copy),
            code_length: builder.slot("code length", [code, vec![r[1].expr()]].concat()),
            tally_in: builder
                .slot("tally in", Self::tally(&step, [first, second], Self::long_ago(&step, &gap_c, &gap_d), 0)),
            tally_same: builder.slot("tally same", Self::tally(&step, [first, second], step.clock.expr(), 0)),
            tally_log: builder.slot("tally log", Self::tally(&step, [first, second], step.clock.expr(), 1)),
            context: builder.slot("context", exprs(&Self::context_cells(&step))),
            transaction: builder.slot("transaction", exprs(&[r[1], step.code_cells[0], second[0], second[1]])),
            public_log: builder.slot("public log", Self::public_log(&step, second[0])),
            log_job: builder.slot("log job", [&read_job[..], &[index.expr(), second[0].expr()]].concat()),
            range128: builder.slot("range128", vec![first[0].expr()]),
            step,
            expansion,
            gap_c,
            gap_d,
            first,
            second,
        }
    }

    /// The word `i` behind byte `a.lo`.
    fn memory(step: &StepSlots, word: WordCells, i: u64, time: Expr) -> Vec<Expr> {
        let index = step.a[1] * inverse_or_zero(F::from(32)) + i;
        [&[step.call.expr(), index], &exprs(&word)[..], &[time]].concat()
    }

    /// In rows where words are cut: from which byte on, and how many bytes of the first and of the second.
    pub(super) fn cut_cells(step: &StepSlots) -> [Cell; 3] {
        [step.code_cells[0], step.code_cells[1], step.parameter]
    }

    fn pair(step: &StepSlots, first: WordCells, second: WordCells) -> Vec<Expr> {
        let zeros = vec![Expr::zero(); 5];
        [vec![step.b[1].expr()], exprs(&first), exprs(&second), zeros, exprs(&step.r)].concat()
    }

    fn short(step: &StepSlots) -> Vec<Expr> {
        let both = |row| [below(&step.r, row), below(&step.b, row)].concat();
        [vec![step.b[1].expr()], both(1), both(2), below(&step.r[..1], 3), exprs(&step.r)].concat()
    }

    fn long_ago(step: &StepSlots, gap_c: &Checked16, gap_d: &Checked16) -> Expr {
        step.clock - 1 - gap_c.cell - gap_d.cell * F::from(1 << 16)
    }

    fn tally(step: &StepSlots, [first, second]: [WordCells; 2], time: Expr, logs: u64) -> Vec<Expr> {
        let (writes_refund, logs) = (exprs(&first), second[0] + logs);
        [&[step.call.expr(), time][..], &writes_refund, &[logs, second[1].expr()], &exprs(&step.r)].concat()
    }

    /// Where a context stands, which is not in the first row.
    fn context_cells(step: &StepSlots) -> [Cell; 10] {
        let [transaction, address] = step.code_cells;
        let [fixed, reverted, scope, depth] = [step.ok, step.opcode_cell, step.gas, step.memory];
        [step.call, transaction, address, fixed, reverted, scope, depth, step.cost, step.parameter, step.next_height]
    }

    /// A log whose topics are the operands of the next two rows.
    fn public_log(step: &StepSlots, logs: Cell) -> Vec<Expr> {
        let topics = |row| [below(&step.a, row), below(&step.b, row)].concat();
        let head = [step.r[1].shifted(1), logs, step.code_cells[1].shifted(1), step.parameter];
        [exprs(&head), topics(1), topics(2), vec![step.b[1].expr()]].concat()
    }

    /// A success goes on behind the opcode. Not by a definition: a fault has its evidence there.
    pub(super) fn next_pc(&self, chip: &mut ChipBuilder<'_>, step: &Step) {
        chip.require_equal_if("next pc", &step.ok, self.step.next_pc, &step.state.pc + 1);
    }

    /// The columns of gas beyond the schedule's, and of the size of memory behind the step.
    pub(super) fn extra_and_memory(&self) -> (Cell, Cell) {
        let (memory, extra) = dynamic(&self.step);
        (extra, memory)
    }

    /// The time and the call in a further row: those of the step, `ticks` later.
    pub(super) fn place(&self, chip: &mut ChipBuilder<'_>, row: i16, ticks: u64) {
        let slots = &self.step;
        chip.define(format!("clock in row {row}"), slots.clock.shifted(row), slots.clock + ticks);
        chip.define(format!("call in row {row}"), slots.call.shifted(row), slots.call);
    }
}
