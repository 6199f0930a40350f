//! KECCAK256 of 1 to 135 bytes, which need not be aligned and may expand memory. It always succeeds; whatever else may happen
//! is another chip's.
//!
//! **Given** an offset and a length on the stack, and the words of memory there: up to six.
//! **Proves** that they are replaced by the hash of the bytes, that memory grows to hold them, and what all of that costs.
//!
//! Row 0 is the step. Rows 1 to 3 hold two words each; the result and the second operand of these rows are the 32 bytes
//! that begin in one word and end in the next, five in all.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean, succeeds | 2, 1 | |
//! | offset: hi, length: hi | 1 | below 2^128; the hash's fact says that the length is at most 135 |
//! | some bytes | 2 | the length is not zero: it has an inverse |
//! | words: bytes in row 1, 2, 3 | 1 | `offset + length + 31`, `length + 31`, `offset` |
//! | clock, call, index in row 1 to 3 | 1 | which words they are, and when they are read |
//! | shift in row 1 to 3 | 1 | the remainder of the offset |
//! | reads word 1 to 5 is boolean | 2 | |
//! | slices 0 to 4 is boolean | 2 | |
//! | slice i has its word | 2 | a word that is not read gives no bytes |
//! | slice i within its word | 2 | bytes are not cut from behind a word if the next one is not read |
//! | slice i before slice i + 1 (4) | 2 | all slices before the last one with bytes have 32 |
//! | slices add up | 1 | to the length |
//! | whole i or nothing, whole i: hi, whole i: lo | 3 | what is not sliced is a whole word or zero |
//! | whole 0 to 3 is aligned | 3 | |
//! | memory grows ... (4), next memory, new words, memory cost (2) | 1 to 2 | see [`expansion`](crate::memory::expansion) |
//! | extra gas | 2 | the cost of the expansion, and 6 a word |
//! | stack height | 1 | one word less |
//! | next pc | 2 | `pc + 1` |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Byte, U16, Word};

use super::End;
use super::hash_pair::GAS_PER_WORD;
use super::layout::{Layout, word};
use super::range::{fill_words, words};
use crate::bus::Words;
use crate::copy::{Fetch, cut};
use crate::memory::expansion::{Demand, Expansion, ExpansionCells, Request};
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent, Step, StepEvent};

/// How many words 135 bytes may touch.
const WORDS: usize = 6;

/// How many slices of 32 bytes they fill.
const SLICES: usize = WORDS - 1;

/// A word of memory.
#[derive(Debug)]
struct Read {
    flag: Bool,
    value: Word,
    gap: U16,
}

/// Bytes that begin in one word and may end in the next.
#[derive(Debug)]
struct Piece {
    sliced: Bool,
    keep: Byte,
    value: Word,
}

/// The chip.
#[derive(Debug)]
pub struct HashBytes {
    step: Step,
    offset: Operand,
    length: Operand,
    digest: Word,
    reads: Vec<Read>,
    pieces: Vec<Piece>,
    words: [Words; 3],
    expansion: Expansion,
    end: End,
}

/// What a step of `HashBytes` is filled from.
#[derive(Clone, Debug)]
pub struct HashBytesEvent {
    /// The step, which succeeds.
    pub step: StepEvent,
    /// The top of the stack.
    pub offset: OperandEvent,
    /// The word below it: 1 to 135.
    pub length: OperandEvent,
    /// The words in which the bytes lie, in order, accessed at `clock + 2`: the gap is `clock + 1` less the time of the
    /// last access before.
    pub words: Vec<Fetch>,
    /// The hash.
    pub digest: U256,
}

/// The row and the place in it of a word or a slice.
fn place(i: usize) -> (i16, usize) {
    (1 + i as i16 / 2, i % 2)
}

impl HashBytes {
    fn read(chip: &mut ChipBuilder<'_>, layout: &Layout, i: usize) -> Read {
        let slots = &layout.step;
        let (row, side) = place(i);
        let flag = if i == 0 {
            Bool::constant(true)
        } else {
            chip.bool_at(&format!("reads word {i}"), [slots.height, slots.gas][side].shifted(row))
        };
        let gap = chip.checked_if([&layout.gap_c, &layout.gap_d][side], row, &flag);
        chip.receive_if(&layout.found[side], row, &flag);
        let left = chip.peek(&layout.left[side], row);
        chip.send_if(&layout.left[side], row, &flag, &left);
        Read { flag, value: word([layout.first, layout.second][side], row), gap }
    }

    fn piece(chip: &mut ChipBuilder<'_>, layout: &Layout, i: usize) -> Piece {
        let slots = &layout.step;
        let (row, side) = place(i);
        let sliced = chip.bool_at(&format!("slices {i}"), [slots.memory, slots.next_height][side].shifted(row));
        let fact = chip.learn_if(&layout.slices[side], row, &sliced);
        Piece { sliced, keep: fact.keep, value: fact.result }
    }

    /// Holds the pieces to the words and to each other.
    fn constrain(chip: &mut ChipBuilder<'_>, shift: &Byte, reads: &[Read], pieces: &[Piece], length: &Expr) {
        // A checked cell for each: what the words and the operands leave free.
        let rows = [0, 0, 1, 1, 2];
        for (i, piece) in pieces.iter().enumerate() {
            let keep = &piece.keep;
            let room = Expr::from(32) - shift - keep;
            if i > 0 {
                chip.require_zero(format!("slice {i} has its word"), reads[i].flag.not() * keep);
            }
            chip.require_limbs16(&format!("slice {i} within its word"), &[rows[i]], reads[i + 1].flag.not() * room);
            if let Some(next) = pieces.get(i + 1) {
                chip.require_zero(format!("slice {i} before slice {}", i + 1), (keep - 32) * &next.keep);
            }
            let whole = piece.sliced.not();
            chip.require_zero(format!("whole {i} or nothing"), &whole * keep * (keep - 32));
            // The fact of the hash leaves the last slice less than 32 bytes.
            if i + 1 < SLICES {
                chip.require_zero(format!("whole {i} is aligned"), &whole * keep * shift);
            }
            let limbs = [(&piece.value.hi, &reads[i].value.hi), (&piece.value.lo, &reads[i].value.lo)];
            for (name, (to, from)) in ["hi", "lo"].iter().zip(limbs) {
                chip.require_zero(format!("whole {i}: {name}"), &whole * (to * F::from(32) - keep * from));
            }
        }
        let sum: Expr = pieces.iter().map(|piece| piece.keep.expr()).sum();
        chip.require_equal("slices add up", sum, length);
    }
}

impl Chip for HashBytes {
    type Layout = Layout;
    type Event = HashBytesEvent;
    const NAME: &'static str = "hash bytes";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Hash);
        chip.define("succeeds", slots.ok, Expr::one());
        let offset = step.pop_a(chip, slots);
        let length = step.pop_b(chip, slots);
        let digest = step.push(chip, slots, "keccak's facts hold digests");
        let reads: Vec<Read> = (0..WORDS).map(|i| Self::read(chip, layout, i)).collect();
        let pieces: Vec<Piece> = (0..SLICES).map(|i| Self::piece(chip, layout, i)).collect();
        chip.learn(&layout.short, 0);

        chip.require_zero("offset: hi", &offset.value.hi);
        chip.require_zero("length: hi", &length.value.hi);
        let inverse = chip.reserve(slots.ok.shifted(1)).expr().as_cell().expect("a cell");
        chip.derive_inverse(inverse, &length.value.lo);
        chip.require_equal("some bytes", &length.value.lo * inverse, Expr::one());
        let always = Bool::constant(true);
        let end = &offset.value.lo + &length.value.lo + 31;
        let total = words(chip, layout, 1, &always, end);
        let paid = words(chip, layout, 2, &always, &length.value.lo + Expr::from(31));
        let first = words(chip, layout, 3, &always, offset.value.lo.expr());
        let [shift, ..] = Layout::cut_cells(slots);
        for row in 1..=3 {
            layout.place(chip, row, 1);
            let byte = (&first.words + Expr::from(2 * (row as u64 - 1))) * F::from(32);
            chip.define(format!("index in row {row}"), slots.a[1].shifted(row), byte);
            chip.define(format!("shift in row {row}"), shift.shifted(row), &first.rest);
        }
        Self::constrain(chip, &first.rest, &reads, &pieces, &length.value.lo.expr());

        let request = Request { flag: step.ok.clone(), words: total.words.expr() };
        let cells = ExpansionCells { grows: slots.opcode_cell.shifted(1), creates: slots.cost.shifted(1) };
        let on = (&layout.expansion, slots);
        let expansion = Expansion::one(chip, on, &step, cells, &request, [2, 3, 3], [1, 2]);
        let (extra, _) = layout.extra_and_memory();
        chip.define("extra gas", extra, expansion.gas() + &paid.words * F::from(GAS_PER_WORD));
        layout.next_pc(chip, &step);
        step.resize(chip, slots, -1);
        chip.send(&slots.leave, 0, &step.after(slots));
        let words = [total, paid, first];
        Self { step, offset, length, digest, reads, pieces, words, expansion, end: End::new(layout) }
    }

    fn fill(&self, event: &HashBytesEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.offset.fill_popped(&event.offset, row);
        self.length.fill_popped(&event.length, row);
        row.set(&self.digest, event.digest);
        let [offset, length] = [&event.offset, &event.length].map(|operand| operand.value.as_limbs()[0]);
        let bytes = [offset.wrapping_add(length).wrapping_add(31), length.wrapping_add(31), offset];
        for (words, bytes) in self.words.iter().zip(bytes) {
            fill_words(words, bytes, row);
        }
        for (read, fetch) in self.reads.iter().zip(&event.words) {
            row.set(&read.flag, true);
            row.set(&read.value, fetch.value);
            row.set(&read.gap, fetch.gap);
        }
        let value = |i: usize| event.words.get(i).map_or(U256::ZERO, |fetch| fetch.value);
        for (i, piece) in self.pieces.iter().enumerate() {
            let keep = length.saturating_sub(32 * i as u64).min(32);
            let whole = keep == 0 || keep == 32 && offset.is_multiple_of(32);
            row.set(&piece.sliced, !whole);
            row.set(&piece.keep, keep as u8);
            row.set(&piece.value, cut(value(i), value(i + 1), offset % 32, keep));
        }
        let demand = Demand { offset: event.offset.value, length: event.length.value };
        self.expansion.fill(event.step.state.memory, &[demand.words()], row);
        self.end.fill(&event.step, 0, None, row);
    }
}
