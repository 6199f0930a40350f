//! The columns and slots that the chips of the circuit share.
//!
//! A row holds one lane of eight bytes. A *lane* row uses all of it for the bytes and their counters; a *spoken* lane
//! stands in four rows, two bytes of its own in each, and keeps what its facts need in the columns that this leaves free.
//! The other chips are rare: they fit into the slots that these two need anyway.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::message::Message;

use crate::bus::{
    Code, CodeChain, CodeLane, CodeLength, CodeWord, HashEnd, HashLane, NoJumpDest, PushByte, PushCounter, PushRest,
};

/// A 256-bit word in two columns: the high limb, then the low one.
pub(super) type Pair = [Cell; 2];

/// The columns and slots of the circuit.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The code's name.
    pub(super) hash: Pair,
    /// The lane.
    pub(super) index: Cell,
    /// The lane that the incoming token names.
    pub(super) from: Cell,
    /// How many bytes of push data are due before the first byte.
    pub(super) entry: Cell,
    /// The bytes.
    pub(super) bytes: [Cell; 8],
    /// How many bytes of push data are due after each byte.
    pub(super) counters: [Cell; 8],
    /// The position of byte 6 in the code: a name for counter 0.
    pub(super) position: Cell,
    /// The value of the push data from byte 6 on, from byte 7 on, and from behind the row on; zero where an opcode begins.
    pub(super) rests: [Pair; 3],
    /// The length of the code: a name for counter 5.
    pub(super) length: Cell,
    /// What `CodeWord` says: index (`entry`), high limb, low limb.
    pub(super) word: [Cell; 3],
    /// The token in front of the lane.
    pub(super) chain_in: Slot<CodeChain>,
    /// The token behind it.
    pub(super) chain_out: Slot<CodeChain>,
    /// The class of each byte.
    pub(super) steps: [Slot<PushCounter>; 8],
    /// The shares of bytes 6 and 7.
    pub(super) weights: [Slot<PushByte>; 2],
    /// Bytes 6 and 7 as opcodes.
    pub(super) code: [Slot<Code>; 2],
    /// The lane, for keccak.
    pub(super) hash_lane: Slot<HashLane>,
    /// The lane, for this circuit.
    pub(super) code_lane: Slot<CodeLane>,
    /// The rest with which this lane begins.
    pub(super) rest_here: Slot<PushRest>,
    /// The rest with which the next one begins.
    pub(super) rest_next: Slot<PushRest>,
    /// The length, as a fact.
    pub(super) code_length: Slot<CodeLength>,
    /// The length, for keccak.
    pub(super) hash_end: Slot<HashEnd>,
    /// A word.
    pub(super) code_word: Slot<CodeWord>,
    /// A position that is no destination.
    pub(super) no_jump_dest: Slot<NoJumpDest>,
}

impl Layout {
    /// Declares everything.
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let hash = [builder.main("hash.hi"), builder.main("hash.lo")];
        let (index, from, entry) = (builder.main("index"), builder.main("from"), builder.main("entry"));
        let bytes: [Cell; 8] = std::array::from_fn(|i| builder.main(format!("byte {i}")));
        let counters: [Cell; 8] = std::array::from_fn(|i| builder.main(format!("counter {i}")));
        let [position, a, b, c, d, length, _, _] = counters;
        let rests = [[a, b], [c, d], [builder.main("rest.hi"), builder.main("rest.lo")]];
        for i in 0..4 {
            builder.main(format!("scratch {i}"));
        }

        let at = |more: Vec<Expr>| hash.iter().map(|cell| cell.expr()).chain(more).collect::<Vec<Expr>>();
        let next_index = index + 1;
        let [rest_a, rest_b, rest_c] = rests;
        let lane = (0..8).map(|i| bytes[i] * Expr::power_of_two(56 - 8 * i as u32)).sum::<Expr>();
        let before = |i: usize| if i == 0 { entry } else { counters[i - 1] };
        let share = |i: usize, from: Pair, to: Pair| {
            let value = (0..2).map(|limb| from[limb] - to[limb]);
            [before(i).expr(), bytes[i].expr()].into_iter().chain(value).collect::<Vec<Expr>>()
        };
        let opcode = |i: usize, rest: Pair| {
            let pc = position + (i as u64 - 6);
            at(vec![pc.clone(), bytes[i].expr(), rest[0].expr(), rest[1].expr(), pc + 1 + counters[i]])
        };
        Self {
            chain_in: builder.slot("chain in", at(vec![from.expr(), entry.expr()])),
            chain_out: builder.slot("chain out", at(vec![next_index.clone(), counters[7].expr()])),
            steps: std::array::from_fn(|i| {
                builder.slot(format!("counter {i}"), vec![before(i).expr(), bytes[i].expr(), counters[i].expr()])
            }),
            weights: [
                builder.slot("share of byte 6", share(6, rest_a, rest_b)),
                builder.slot("share of byte 7", share(7, rest_b, rest_c)),
            ],
            code: [
                builder.slot("code at byte 6", opcode(6, rest_b)),
                builder.slot("code at byte 7", opcode(7, rest_c)),
            ],
            hash_lane: builder.slot("hash lane", at(vec![index.expr(), lane])),
            code_lane: builder.slot("code lane", at([index].iter().chain(&bytes).map(|cell| cell.expr()).collect())),
            rest_here: builder.slot("rest here", at(vec![index.expr(), rest_a[0].expr(), rest_a[1].expr()])),
            rest_next: builder.slot("rest next", at(vec![next_index, rest_c[0].expr(), rest_c[1].expr()])),
            code_length: builder.slot("code length", at(vec![length.expr()])),
            hash_end: builder.slot("hash end", at(vec![length.expr()])),
            code_word: builder.slot("code word", at(vec![entry.expr(), counters[0].expr(), counters[1].expr()])),
            no_jump_dest: builder.slot("no jump destination", at(vec![entry.expr()])),
            word: [entry, counters[0], counters[1]],
            hash,
            index,
            from,
            entry,
            bytes,
            counters,
            position,
            rests,
            length,
        }
    }

    /// The counter before byte `i`.
    pub(super) fn before(&self, i: usize) -> Cell {
        if i == 0 { self.entry } else { self.counters[i - 1] }
    }

    /// Requires that a column holds the same in all rows of a window.
    pub(super) fn same(chip: &mut ChipBuilder<'_>, label: &str, column: Cell, rows: i16) {
        for row in 1..rows {
            chip.require_equal(format!("{label}: row {row}"), column.shifted(row), column.shifted(row - 1));
        }
    }

    /// Requires that the code's name is the same in all rows of a window.
    pub(super) fn same_hash(&self, chip: &mut ChipBuilder<'_>, rows: i16) {
        Self::same(chip, "one code, high limb", self.hash[0], rows);
        Self::same(chip, "one code, low limb", self.hash[1], rows);
    }
}

/// The slot's own contents in `row`: to send or provide what the columns hold.
pub(super) fn held<M: Message>(chip: &mut ChipBuilder<'_>, slot: &Slot<M>, row: i16) -> M {
    chip.peek(slot, row)
}

/// Sets `cell`, `down` rows below the window's first.
pub(super) fn put(row: &mut WindowWriter<'_>, cell: Cell, down: i16, value: impl Into<F>) {
    row.field(&cell.shifted(down).expr(), value.into());
}

/// Sets a pair of cells, `down` rows below the window's first.
pub(super) fn put_word(row: &mut WindowWriter<'_>, pair: Pair, down: i16, word: &ruint::aliases::U256) {
    use verbatim_gadgets::value::{from_u128, split};
    let (hi, lo) = split(word);
    put(row, pair[0], down, from_u128(hi));
    put(row, pair[1], down, from_u128(lo));
}
