//! Code by its hash.

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
}
