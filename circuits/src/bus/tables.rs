//! Facts from tables: numbers 1 to 9. `range16`, number 1, is declared with the gadgets.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Bool, Byte, U16, Word};

message! {
    inventory TABLES;

    /// Bitwise and of two bytes. Provided by the tables; consumed by arith.
    pub struct AndBytes, AndBytesNative = Fact 2 "and bytes"
        determines [and] {
        /// The left operand.
        left: Byte,
        /// The right operand.
        right: Byte,
        /// `left & right`.
        and: Byte,
    }

    /// `2^exponent` as a word, for exponents below 256. Provided by the tables; consumed by arith.
    pub struct PowerOfTwo, PowerOfTwoNative = Fact 3 "power of two"
        determines [power] {
        /// The exponent.
        exponent: Byte,
        /// The power.
        power: Word,
    }

    /// What the block's fork says of an opcode. Provided by the opcodes circuit; consumed by every step.
    pub struct Opcode, OpcodeNative = Fact 5 "opcode"
        determines [class, gas, parameter] {
        /// The opcode.
        opcode: Byte,
        /// The chip that executes it.
        class: Byte,
        /// The gas that every execution costs.
        gas: U16,
        /// What the class needs to know.
        parameter: Byte,
    }

    /// Whether the block's fork has a precompile at an address where some fork has one, or at zero. Provided by the opcodes
    /// circuit for [these addresses](crate::schedule::listed_addresses); consumed by BALANCE and EXTCODESIZE.
    pub struct Precompile, PrecompileNative = Fact 6 "precompile"
        determines [present] {
        /// The address.
        address: Address,
        /// Whether there is a precompile.
        present: Bool,
    }

    /// How many bytes of push data are still due after a byte of code, given how many were due before it: one less, or, if
    /// none was, as many as the byte pushes when it is an opcode. Provided by the tables for the counts 0 to 127 and all 256
    /// bytes ([`crate::bytecode::push::counters`]); consumed by bytecode, also to show that a number is 0 to 127.
    pub struct PushCounter, PushCounterNative = Fact 8 "push counter"
        determines [after] {
        /// 0 to 127, and 0 to 32 along a code's chain, which begins with 0.
        before: Byte,
        /// The byte.
        byte: Byte,
        /// One less, or 0 to 32.
        after: Byte,
    }
}
