//! Wide arithmetic and the alignment of words.
//!
//! All chips share 36 columns ([`Layout`]); a chip adds a selector. Operands of a fact are limbs below 2^128, because its
//! consumer says so; results are ranged here. A fact may rest on others, but only on facts of smaller rank, so that none
//! can prove itself:
//!
//! | rank | facts |
//! |---|---|
//! | 0 | range128, words; ADD, SUB, NOT, LT, GT, EQ, ISZERO; AND, OR, XOR; SHL, SHR; MUL, DIV, MOD |
//! | 1 | SLT, SGT, SDIV, SMOD, SAR; ADDMOD, MULMOD; slice |
//! | 2 | BYTE, SIGNEXTEND, byte length; splice |
//! | 3 + exponent | EXP, on the EXP of half the exponent and on MUL |

pub mod bitwise;
pub mod layout;
pub mod mask;
pub mod multiply;
pub mod native;
mod product;
pub mod range;
pub mod shift;
pub mod signed;
pub mod slice;
pub mod splice;
pub mod sum;
#[cfg(test)]
mod testing;
pub mod work;

use verbatim_gadgets::chips;

pub use layout::Layout;
pub use native::opcode;
pub use work::ArithWork;

chips! {
    /// The chips of the arith circuit.
    pub struct ArithChips, ArithEvent = "arith", Layout::new {
        Sum: sum::Sum,
        Mask: mask::Mask,
        Bitwise: bitwise::Bitwise,
        Shift: shift::Shift,
        Multiply: multiply::Multiply,
        Signed: signed::Signed,
        Slice: slice::Slice,
        Splice: splice::Splice,
        Range: range::Range,
    }
}
