//! A lane of code that is executed: eight bytes in four rows, two in each, with a fact for every opcode among them.
//!
//! **Given** a token of the code's chain, **this chip proves** all that a [lane](super::lane) row does, and for each byte
//! that is an opcode what a PUSH there pushes. Byte 6 and byte 7 of a row are its own; the last row repeats the six others
//! in front of them, so that the lane stands in one place.
//!
//! The pushed value is summed up from its last byte: `rest` in front of a byte of push data is the byte's share (a fact of
//! the tables) plus `rest` behind it, and it is zero in front of an opcode. What goes on behind the lane is a fact that the
//! next lane provides, which therefore has to be spoken too.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | the token is for this lane | 1 | `index` is the lane that the token names |
//! | one code, ... / one lane: row r | 1 | hash and index are the same in all rows |
//! | the lane's position | 1 | byte 6 of the first row is byte `8 index` of the code |
//! | the next position: row r | 1 | two more in each row |
//! | the counter goes on: row r | 1 | the counter before byte 6 is the one after byte 7 of the row above, or the token's |
//! | the rest goes on, ...: row r | 1 | the rest before byte 6 is the one behind the row above |
//! | byte i comes again | 1 | byte i of the last row is the own byte of its row |
//! | byte i is data is boolean | 2 | the flag d |
//! | byte i is data if some are due | 2 | d = 0 leaves no counter but 0; d = 1 no counter 0, for the tables have no share for it |
//! | no rest before opcode i, ... | 2 | rest = 0 where d = 0; where d = 1 the table fixes rest less the next rest |
//! | no fact on data i | 2 | d = 1 has no multiplicity |
//! | the data go on is boolean | 2 | the flag t |
//! | the data go on if some are due | 2 | t = 0 leaves no counter but 0 |
//! | no rest behind the end of data, ... | 2 | rest = 0 where t = 0; where t = 1 the next lane provides it |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::lane::LaneEvent;
use super::layout::{Layout, held, put, put_word};

/// Eight bytes of a code, with the values of its pushes.
#[derive(Clone, Debug)]
pub struct SpokenEvent {
    /// The bytes.
    pub lane: LaneEvent,
    /// The value of the push data from each byte on, zero where an opcode begins; then the value behind the last byte.
    pub rests: [U256; 9],
}

/// The rows of a window.
const ROWS: i16 = 4;

/// The chip.
#[derive(Debug)]
pub struct Spoken {
    layout: Layout,
    /// The flags d, one a byte.
    data: Vec<Bool>,
    /// The flag t.
    goes_on: Bool,
}

impl Spoken {
    fn chain(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        chip.receive(&layout.chain_in, 0);
        let last = ROWS - 1;
        let (token, lane) = (held(chip, &layout.chain_out, last), held(chip, &layout.hash_lane, last));
        chip.send(&layout.chain_out, last, &token);
        chip.send(&layout.hash_lane, last, &lane);
        chip.require_equal("the token is for this lane", layout.index, layout.from);
        layout.same_hash(chip, ROWS);
        Layout::same(chip, "one lane", layout.index, ROWS);
        chip.require_equal("the lane's position", layout.position, layout.index * Expr::from(8));
        chip.require_equal("the counter goes on: row 0", layout.before(6), layout.entry);
        for row in 1..ROWS {
            let (here, above) = (|cell: Cell| cell.shifted(row), |cell: Cell| cell.shifted(row - 1));
            chip.require_equal(
                format!("the next position: row {row}"),
                here(layout.position),
                above(layout.position) + 2,
            );
            let counter = above(layout.counters[7]);
            chip.require_equal(format!("the counter goes on: row {row}"), here(layout.before(6)), counter);
            let (to, from) = (layout.rests[0], layout.rests[2]);
            chip.require_equal(format!("the rest goes on, high limb: row {row}"), here(to[0]), above(from[0]));
            chip.require_equal(format!("the rest goes on, low limb: row {row}"), here(to[1]), above(from[1]));
        }
        for i in 0..6 {
            let own = layout.bytes[6 + i % 2].shifted(i as i16 / 2);
            chip.require_equal(format!("byte {i} comes again"), layout.bytes[i].shifted(last), own);
        }
    }

    /// What byte `6 + k` of `row` is and pushes. Answers the flag d.
    fn byte(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16, k: usize) -> Bool {
        let i = 2 * row as usize + k;
        let data = chip.bool(&format!("byte {i} is data"), row);
        let opcode = data.not();
        let before = layout.before(6 + k).shifted(row);
        chip.require_zero(format!("byte {i} is data if some are due"), &opcode * before);
        chip.learn_if(&layout.weights[k], row, &data);
        let rest = layout.rests[k];
        chip.require_zero(format!("no rest before opcode {i}, high limb"), &opcode * rest[0].shifted(row));
        chip.require_zero(format!("no rest before opcode {i}, low limb"), &opcode * rest[1].shifted(row));
        let multiplicity = chip.multiplicity(row);
        let fact = held(chip, &layout.code[k], row);
        chip.provide(&layout.code[k], row, multiplicity, &fact);
        chip.require_zero(format!("no fact on data {i}"), &data * multiplicity);
        data
    }

    /// The push data that go on behind the lane. Answers the flag t.
    fn tail(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Bool {
        let last = ROWS - 1;
        let goes_on = chip.bool("the data go on", last);
        let ends = goes_on.not();
        chip.require_zero("the data go on if some are due", &ends * layout.counters[7].shifted(last));
        let rest = layout.rests[2];
        chip.require_zero("no rest behind the end of data, high limb", &ends * rest[0].shifted(last));
        chip.require_zero("no rest behind the end of data, low limb", &ends * rest[1].shifted(last));
        chip.learn_if(&layout.rest_next, last, &goes_on);
        goes_on
    }
}

impl Chip for Spoken {
    type Layout = Layout;
    type Event = SpokenEvent;
    const NAME: &'static str = "spoken";
    const HEIGHT: usize = ROWS as usize;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let last = ROWS - 1;
        Self::chain(chip, layout);
        let (lane, rest) = (held(chip, &layout.code_lane, last), held(chip, &layout.rest_here, 0));
        held(chip, &layout.rest_next, last);
        for row in 0..ROWS {
            chip.learn(&layout.steps[6], row);
            chip.learn(&layout.steps[7], row);
            held(chip, &layout.rest_here, row);
            held(chip, &layout.code[0], row);
            held(chip, &layout.code[1], row);
        }
        let data = (0..8).map(|i| Self::byte(chip, layout, i / 2, i as usize % 2)).collect();
        let goes_on = Self::tail(chip, layout);
        let multiplicity = chip.multiplicity(last);
        chip.provide(&layout.code_lane, last, multiplicity, &lane);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.rest_here, 0, multiplicity, &rest);
        Self { layout: layout.clone(), data, goes_on }
    }

    fn fill(&self, event: &SpokenEvent, row: &mut WindowWriter<'_>) {
        let (layout, lane) = (&self.layout, &event.lane);
        let counters = lane.counters();
        put(row, layout.from, 0, lane.index);
        put(row, layout.entry, 0, u64::from(lane.before));
        for r in 0..ROWS {
            let first = 2 * r as usize;
            put_word(row, layout.hash, r, &lane.hash);
            put(row, layout.index, r, lane.index);
            put(row, layout.position, r, 8 * lane.index + first as u64);
            put(row, layout.counters[5], r, u64::from(counters[first]));
            for k in 0..2 {
                put(row, layout.bytes[6 + k], r, u64::from(lane.bytes[first + k]));
                put(row, layout.counters[6 + k], r, u64::from(counters[first + k + 1]));
                row.set(&self.data[first + k], counters[first + k] > 0);
            }
            for (k, pair) in layout.rests.iter().enumerate() {
                put_word(row, *pair, r, &event.rests[first + k]);
            }
        }
        for i in 0..6 {
            put(row, layout.bytes[i], ROWS - 1, u64::from(lane.bytes[i]));
        }
        row.set(&self.goes_on, counters[8] > 0);
    }
}
