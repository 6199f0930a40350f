//! Code by its hash.
//!
//! A code is a ring of linear messages: its [row](code) sends the first token, each lane of eight bytes takes the token of
//! the lane before and sends the next, and the code's row receives the last. Every lane also sends its bytes to keccak, and
//! the code's row its length, so all rows of a ring speak of the one input that has the ring's hash. Rings need no
//! order to exist: whoever consumes a fact names the hash.
//!
//! # Facts for what is executed
//!
//! Of the code that a block touches little is executed. So a lane comes in two forms, and the filler chooses: one
//! [row](lane) that ranges the bytes and counts the push data, or [four rows](spoken) that also provide a fact for each
//! opcode. A PUSH whose data reach into the next lane needs that lane spoken too. What is rare stands in rows on demand:
//! positions [behind the end](past), [words](word), and [failed jumps](no_jump_dest).
//!
//! The circuit has 33 main and 9 auxiliary columns, so 42 cells are a row: **5.25 a byte in a lane, 21 in a spoken lane**;
//! 42 a code, 42 a position behind the end, 168 a word, 42 a failed jump. In four mainnet blocks (18884864, 21429063,
//! 23879620, 24628607: 0.30 to 1.33 MB of code in 26 to 114 contracts, 18% to 22% of the opcodes executed at least once):
//!
//! | design | columns | cells a byte, these blocks | all executed | CPU-s at 0.30 / 0.75 / 0.94 / 1.33 MB |
//! |---|---|---|---|---|
//! | **lanes, executed ones in four rows of two bytes** | 42 | 8.4 to 9.3 (20% to 25% of the lanes) | 21 | 193 / 237 / 250 / 291 |
//! | lanes, executed ones in two rows of four bytes | 53 | 8.0 to 8.3 | 13 | 236 / 274 / 288 / 322 |
//! | every lane spoken, four bytes a row | 48 | 12 | 12 | 228 / 281 / 304 / 351 |
//! | facts for opcodes without data in every lane, rows on demand for each PUSH | 46 | 7.3 to 7.7 | 15 | 206 / 242 / 254 / 287 |
//! | a row on demand for each executed opcode and lane that its data reach into | 46 | 10.8 to 12.3 | 35 | 216 / 275 / 288 / 347 |
//!
//! Lanes and opcodes are counted in the blocks' execution. The columns of the first line are this circuit's, those of the
//! others what their cells and slots would need. CPU-seconds are 10
//! microseconds a cell and 4 seconds a column (aggregation) for one shard. Keccak of the same bytes takes 110 to 220 cells
//! a byte.
//!
//! # Ranges
//!
//! Bytes and counters are ranged by the facts [`PushCounter`](crate::bus::PushCounter), limbs of pushed values are sums of
//! shares below `256^16`, indices and positions grow from zero by constants. Products have a flag or an inverse for a factor, and no
//! sum reaches the field's modulus: the longest, a lane's position, is eight times its index.

pub mod code;
pub mod lane;
pub mod layout;
pub mod no_jump_dest;
pub mod past;
pub mod push;
pub mod spoken;
#[cfg(test)]
mod tests;
pub mod word;
mod work;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;

pub use work::{BytecodeError, BytecodeWork};

chips! {
    /// The chips of the bytecode circuit.
    pub struct BytecodeChips, BytecodeEvent = "bytecode", layout::Layout::new {
        Lane: lane::Lane,
        Spoken: spoken::Spoken,
        Code: code::Code,
        Past: past::Past,
        Word: word::Word,
        NoJumpDest: no_jump_dest::NoJumpDest,
    }
    exceptions EXCEPTIONS;
}

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[Exception {
    chip: "code",
    finding: Finding::Choice,
    names: &["code length", "hash end"],
    reason: "zeros at the end may belong to the code or not: the sponge receives the length with the digest, once",
}];
