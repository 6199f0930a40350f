//! A code as a whole: the two rows that close its ring.
//!
//! **This chip proves** the length of a code, together with keccak: it sends the first token of the chain, receives the
//! last one, sees the last lane to be zero behind the end, and tells keccak the length. Nobody has to ask for a code, for
//! a fact about it speaks of its hash.
//!
//! Tokens are linear and their index grows by one in every lane, so a lane's row lies on a path from the rows of a code to
//! the rows of a code of the same hash; and each path sends keccak lanes 0 up to `n`, then a length of `ceil(length / 8) =
//! n` lanes. Keccak receives nothing but lanes and lengths of an input with that digest. By collision resistance there is
//! one such input, so two chains under one hash, or two that were joined crosswise, say the same.
//!
//! The bytes of the last lane are consumed one by one, each at its position, under counters of the table.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | one code, ... | 1 | hash is the same in both rows |
//! | chain in: index, chain in: before | 1 | the first token: lane 0, no push data due |
//! | byte i is inside is boolean | 2 | the flag |
//! | byte i is inside only behind another | 2 | the flags do not grow |
//! | byte i is zero behind the end | 2 | |
//! | without a byte there is no lane | 2 | the chain of the empty code has no lanes |
//! | without a byte none is due | 2 | so that the table's facts fix the row |
//! | the length | 1 | the full lanes and the bytes of the last |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Byte, Counter};

use super::lane::LaneEvent;
use super::layout::{Layout, held, put, put_word};
use crate::bus::CodeChain;

/// A code.
#[derive(Clone, Debug)]
pub struct CodeEvent {
    /// Its hash.
    pub hash: U256,
    /// Its length in bytes.
    pub length: u64,
    /// The last lane, if there is one.
    pub last: Option<LaneEvent>,
}

/// The row that sends the first token, and says the length.
const FIRST: i16 = 0;

/// The row that receives the last one, and has the last lane.
const LAST: i16 = 1;

/// The rows of a window.
const ROWS: i16 = 2;

/// The chip.
#[derive(Debug)]
pub struct Code {
    layout: Layout,
    /// Which bytes of the last lane are the code's.
    inside: Vec<Bool>,
}

impl Chip for Code {
    type Layout = Layout;
    type Event = CodeEvent;
    const NAME: &'static str = "code";
    const HEIGHT: usize = ROWS as usize;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.receive(&layout.chain_out, LAST);
        let first = held(chip, &layout.chain_in, FIRST);
        let (index, before) = (Counter::constant(0), Byte::constant(0));
        chip.send(&layout.chain_in, FIRST, &CodeChain { index, before, ..first });
        layout.same_hash(chip, ROWS);
        let length = held(chip, &layout.code_length, FIRST);
        let hash_end = held(chip, &layout.hash_end, FIRST);
        chip.send(&layout.hash_end, FIRST, &hash_end);
        for slot in &layout.code {
            held(chip, slot, LAST);
        }

        let inside: Vec<Bool> = (0..8).map(|i| chip.bool(&format!("byte {i} is inside"), LAST)).collect();
        for i in 1..8 {
            let label = format!("byte {i} is inside only behind another");
            chip.require_zero(label, &inside[i] * inside[i - 1].not().expr());
        }
        for (step, byte) in layout.steps.iter().zip(&layout.code) {
            chip.learn(step, LAST);
            chip.learn_if(byte, LAST, &inside[0]);
        }
        for (i, byte) in layout.bytes.iter().enumerate() {
            let label = format!("byte {i} is zero behind the end");
            chip.require_zero(label, inside[i].not().expr() * byte.shifted(LAST));
        }
        let lanes = layout.index.shifted(LAST) + 1;
        chip.require_zero("without a byte there is no lane", inside[0].not().expr() * &lanes);
        chip.require_zero("without a byte none is due", inside[0].not().expr() * layout.entry.shifted(LAST));
        let last: Expr = inside.iter().map(Bool::expr).sum();
        let bytes = last + (lanes - &inside[0]) * Expr::from(8);
        chip.require_equal("the length", layout.length.shifted(FIRST), bytes);

        let multiplicity = chip.multiplicity(FIRST);
        chip.provide(&layout.code_length, FIRST, multiplicity, &length);
        Self { layout: layout.clone(), inside }
    }

    fn fill(&self, event: &CodeEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.layout;
        put_word(row, layout.hash, FIRST, &event.hash);
        put(row, layout.length, FIRST, event.length);
        match &event.last {
            Some(last) => last.put(layout, row, LAST),
            None => {
                put_word(row, layout.hash, LAST, &event.hash);
                put(row, layout.index, LAST, -F::from(1));
            }
        }
        let before = event.last.as_ref().map_or(0, |last| 8 * last.index);
        for (i, inside) in self.inside.iter().enumerate() {
            row.set(inside, before + (i as u64) < event.length);
        }
    }
}
