//! Code by its hash.
//!
//! A code is a ring of linear messages: its [row](code) sends the first token, each lane of eight bytes takes the token of
//! the lane before and sends the next, and the code's row receives the last. Every lane also sends its bytes to keccak, and
//! the code's row its length, so all rows of a ring speak of the one input that has the ring's hash. Rings need no
//! order to exist: whoever consumes a fact names the hash, by a word in range.
//!
//! # Facts for what is executed
//!
//! A [lane] of eight bytes is one row, executed or not. It provides a fact for each of its bytes: to be asked for one
//! costs nothing. Where a byte is an opcode without data, its fact is the one that a step consumes. Of any other byte the
//! fact says the byte, its position, and how much push data is due before and behind it; it is told apart by a
//! [mark](layout::Layout) on the name and on the pushed value. Of such facts the value of an executed PUSH is made, in
//! [a row or four](push_value) on demand, wherever its data lie. What else is rare stands in rows on demand too: positions
//! [behind the end](past), [words](word), and [failed jumps](no_jump_dest).
//!
//! The circuit has 36 main and 10 auxiliary columns, so 46 cells are a row: **5.75 a byte**, 46 a PUSH of up to eight bytes,
//! 184 a longer one; 92 a code, 46 a position behind the end, 46 a word, 46 a failed jump.
//!
//! | design | columns | cells a byte: test block, mainnet 21429063, 18884864 |
//! |---|---|---|
//! | **facts in every lane, rows on demand for each PUSH** | 46 | 9.2, 7.1, 7.5 |
//! | lanes, executed ones in four rows of two bytes | 42 | 13.3, 8.4, 9.3 |
//! | lanes, executed ones in two rows of four bytes | 52 | 9.8, 8.0, 8.3 |
//! | every lane executed, in one row of eight bytes | 65 | 8.1 and more |
//!
//! The test block (`testdata/first-light`) has 12,335 bytes in 9 codes, of which half of the lanes are executed, with 831
//! PUSHes; the mainnet blocks 0.30 and 0.75 MB in 26 and 65 codes, 20% and 25% of the lanes, 7,583 and 24,620 PUSHes.
//! Lines 1 and 2 were measured with circuits of that design; in the others lanes and PUSHes are counted in the blocks, and
//! columns are what their cells and slots would need.
//!
//! # Ranges
//!
//! Bytes and counters are ranged by the facts [`PushCounter`](crate::bus::PushCounter), limbs of pushed values are sums of at
//! most sixteen bytes times powers of 256, indices grow from zero by constants. Marks are below `2^14`, so what they add to a
//! limb does not wrap around the field. No sum reaches the field's modulus: the longest, a lane's position, is eight
//! times its index.

pub mod code;
pub mod lane;
pub mod layout;
pub mod no_jump_dest;
pub mod past;
pub mod push;
pub mod push_value;
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
        Push: push_value::PushValue<1>,
        LongPush: push_value::PushValue<4>,
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
