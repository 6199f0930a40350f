//! The bytes of codes: numbers 30 to 33 and 46.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Byte, Counter, Word};

message! {
    inventory CODE;

    /// One position of a code where an opcode begins, or one behind its end, which reads as STOP. Provided by bytecode;
    /// consumed by every step, and by jumps for their destination.
    ///
    /// The consumer's `hash` is a word in range from elsewhere: the name of a code. Under names whose high limb exceeds 128
    /// bits, bytecode has facts of another meaning for itself ([`crate::bytecode`]).
    pub struct Code, CodeNative = Fact 30 "code"
        determines [opcode, push, next] {
        /// The keccak hash that names the code.
        hash: Word,
        /// The position.
        pc: Counter,
        /// The opcode.
        opcode: Byte,
        /// The value behind a PUSH, with zeros for what lies past the end; zero for other opcodes.
        push: Word,
        /// Where the next opcode begins: `pc` plus one plus the push data, be it past the end of the code.
        next: Counter,
    }

    /// A position of a code at which no JUMPDEST can be jumped to: push data, or another opcode. Provided by bytecode where
    /// it was asked for; consumed by the failure of a jump.
    pub struct NoJumpDest, NoJumpDestNative = Fact 31 "no jump destination" {
        /// The code.
        hash: Word,
        /// The position.
        pc: Counter,
    }

    /// The length of a code. Provided by bytecode; consumed by CODESIZE, EXTCODESIZE, copies, and jumps past the end.
    pub struct CodeLength, CodeLengthNative = Fact 32 "code length"
        determines [length] {
        /// The code.
        hash: Word,
        /// Its length in bytes.
        length: Counter,
    }

    /// Thirty-two bytes of a code, zeros past its end. Provided by bytecode for every index below `ceil(length / 32)`, and for
    /// some behind, up to 127 bytes past the end: that there is a word says nothing of the length, which its consumers take
    /// from [`CodeLength`]. Consumed by copies, by code deposit, by the code of a creation and by delegations.
    pub struct CodeWord, CodeWordNative = Fact 33 "code word"
        determines [word] {
        /// The code.
        hash: Word,
        /// The index of the word.
        index: Counter,
        /// The bytes, the first one highest.
        word: Word,
    }

    /// The place between two lanes of a code. Sent by each lane to the next, around a ring that the code's row closes.
    pub struct CodeChain, CodeChainNative = Linear 46 "code chain" {
        /// The code.
        hash: Word,
        /// The lane that comes next.
        index: Counter,
        /// How many bytes of push data are due there.
        before: Byte,
    }
}
