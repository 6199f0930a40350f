//! The columns and slots that the chips of the circuit share.
//!
//! The columns are those of a lane: eight bytes, the counters between them, and a multiplicity for each byte's fact. All
//! other chips fit into them.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::message::Message;

use super::push;
use crate::bus::{Code, CodeChain, CodeLength, CodeWord, HashEnd, HashLane, NoJumpDest, PushCounter};

/// A 256-bit word in two columns: the high limb, then the low one.
pub(super) type Pair = [Cell; 2];

/// The bits of a limb. What stands above them in a name or in a pushed value makes it none: see [`Layout::code`].
const LIMB_BITS: u32 = 128;

/// The counter before and after a lane that is consumed as one number. The tables have no such counter, so no byte has.
pub(super) const LANE: u64 = push::COUNTS as u64;

/// The opcode in front of PUSH1: PUSHn is this one plus n.
pub(super) const PUSH0: u64 = 0x5f;

/// The columns and slots of the circuit.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The code's name.
    pub(super) hash: Pair,
    /// The lane: the position of byte 0, divided by eight.
    pub(super) index: Cell,
    /// How many bytes of push data are due before the first byte.
    pub(super) entry: Cell,
    /// The bytes.
    pub(super) bytes: [Cell; 8],
    /// How many bytes of push data are due after each byte.
    pub(super) counters: [Cell; 8],
    /// The opcode of a PUSH.
    pub(super) opcode: Cell,
    /// The value that it pushes.
    pub(super) value: Pair,
    /// The length of the code: a name for counter 5.
    pub(super) length: Cell,
    /// The token in front of the lane.
    pub(super) chain_in: Slot<CodeChain>,
    /// The token behind it.
    pub(super) chain_out: Slot<CodeChain>,
    /// The class of each byte.
    pub(super) steps: [Slot<PushCounter>; 8],
    /// Each byte at its position.
    ///
    /// Where `mark = 64 * (counter before) + (counter after)` is zero, the byte is an opcode without data, and the fact is
    /// what a step consumes. Elsewhere the fact is about a byte only: `mark * 2^128` is added to the high limb of the name,
    /// which then names no code, and to the high limb of the pushed value, which no PUSH has.
    pub(super) code: [Slot<Code>; 8],
    /// The opcode of a PUSH, as a byte of the code.
    pub(super) head: Slot<Code>,
    /// The PUSH, as an opcode with its value. Its data end with the lane.
    pub(super) push: Slot<Code>,
    /// The lane, for keccak.
    pub(super) hash_lane: Slot<HashLane>,
    /// The lane as one number, for this circuit: where `code` has a byte and its position, this has all eight and their
    /// index. Its counters are both [`LANE`], as no byte's are.
    pub(super) lane: Slot<Code>,
    /// The length, as a fact.
    pub(super) code_length: Slot<CodeLength>,
    /// The length, for keccak.
    pub(super) hash_end: Slot<HashEnd>,
    /// The word that bytes 0 to 3 make, eight bytes each. Its position, in lanes, is that of byte 0.
    pub(super) code_word: Slot<CodeWord>,
    /// Byte 0 is no destination.
    pub(super) no_jump_dest: Slot<NoJumpDest>,
}

impl Layout {
    /// Declares everything.
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let hash = [builder.main("hash.hi"), builder.main("hash.lo")];
        let (index, entry) = (builder.main("index"), builder.main("entry"));
        let bytes: [Cell; 8] = std::array::from_fn(|i| builder.main(format!("byte {i}")));
        let counters: [Cell; 8] = std::array::from_fn(|i| builder.main(format!("counter {i}")));
        let opcode = builder.main("opcode");
        let value = [builder.main("value.hi"), builder.main("value.lo")];
        for i in 0..6 {
            builder.main(format!("scratch {i}"));
        }

        let at = |more: Vec<Expr>| hash.iter().map(|cell| cell.expr()).chain(more).collect::<Vec<Expr>>();
        let position = |i: u64| index * Expr::from(8) + i;
        let lane = (0..8).map(|i| bytes[i] * Expr::power_of_two(56 - 8 * i as u32)).sum::<Expr>();
        let before = |i: usize| if i == 0 { entry } else { counters[i - 1] };
        let byte = |mark: Expr, pc: Expr, opcode: Expr, next: Expr| {
            let above = mark * Expr::power_of_two(LIMB_BITS);
            vec![hash[0] + &above, hash[1].expr(), pc, opcode, above, Expr::zero(), next]
        };
        let code = |i: usize| {
            let mark = before(i) * Expr::from(64) + counters[i];
            byte(mark, position(i as u64), bytes[i].expr(), position(i as u64 + 1) + counters[i])
        };
        let whole = byte(Expr::from(65 * LANE), index.expr(), lane.clone(), index + (1 + LANE));
        let limb = |high: usize| bytes[high] * Expr::power_of_two(64) + bytes[high + 1];
        let due = opcode - PUSH0;
        let (pc, next) = (position(7) - &due, position(8));
        let pushed = at(vec![pc.clone(), opcode.expr(), value[0].expr(), value[1].expr(), next.clone()]);
        let length = counters[5];
        Self {
            chain_in: builder.slot("chain in", at(vec![index.expr(), entry.expr()])),
            chain_out: builder.slot("chain out", at(vec![index + 1, counters[7].expr()])),
            steps: std::array::from_fn(|i| {
                builder.slot(format!("counter {i}"), vec![before(i).expr(), bytes[i].expr(), counters[i].expr()])
            }),
            code: std::array::from_fn(|i| builder.slot(format!("code at byte {i}"), code(i))),
            head: builder.slot("head", byte(due, pc, opcode.expr(), next)),
            push: builder.slot("push", pushed),
            hash_lane: builder.slot("hash lane", at(vec![index.expr(), lane])),
            lane: builder.slot("lane", whole),
            code_length: builder.slot("code length", at(vec![length.expr()])),
            hash_end: builder.slot("hash end", at(vec![length.expr()])),
            code_word: builder.slot("code word", at(vec![index * Expr::from(2), limb(0), limb(2)])),
            no_jump_dest: builder.slot("no jump destination", at(vec![position(0)])),
            hash,
            index,
            entry,
            bytes,
            counters,
            opcode,
            value,
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
