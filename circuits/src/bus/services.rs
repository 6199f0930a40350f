//! Facts that arith and memory compute for everybody: numbers 10 to 29.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Any, Byte, Counter, Limb, U64, Word};

message! {
    inventory SERVICES;

    /// The value is below 2^128. Provided by arith; consumed by whoever first produces a limb.
    pub struct Range128, Range128Native = Fact 10 "range128" {
        /// The value.
        value: Limb,
    }

    /// A stack operation of two or three words, as the EVM defines it. Provided by arith; consumed by steps and by arith.
    pub struct Alu, AluNative = Fact 11 "alu"
        determines [result] {
        /// The opcode.
        opcode: Byte,
        /// The operand from the top of the stack.
        a: Word,
        /// The second operand; zero if there is none.
        b: Word,
        /// The third operand; zero if there is none.
        c: Word,
        /// The result.
        result: Word,
    }

    /// How many bytes a word takes without its leading zeros. Provided by arith; consumed by EXP.
    pub struct ByteLength, ByteLengthNative = Fact 12 "byte length"
        determines [length] {
        /// The word.
        word: Word,
        /// 0 to 32.
        length: Byte,
    }

    /// Thirty-two bytes cut from two neighbouring words: those of `first || second` from byte `shift`, of which the first
    /// `keep` stay and the others become zero. Provided by arith; consumed by reads of memory, calldata and code.
    ///
    /// Arith shows that `shift` is 0 to 31 and `keep` 0 to 32, but not that they are whole: it has the same fact for eighths
    /// of a byte. *That both are integers in the field is the consumer's to show*, of [`Splice`] too, which hands its shift
    /// on. All have their first shift from a [`Words`] fact, as a remainder, and copies move it by whole counts. How many
    /// bytes is
    ///
    /// - for `access` the parameter that the schedule gives, which is 32 or 1;
    /// - for `input load` 32, or what is left of the input, ranged to 1 to 31;
    /// - for `copy memory` and `copy code` a count less a ranged number, where the count is what is left of the word, or of
    ///   the job; for `hash`, `log` and `deposit` 32, or what is left of the job;
    /// - for `hash bytes` 32 in all slices before the last one with bytes, which has what is left of the length.
    pub struct Slice, SliceNative = Fact 13 "slice"
        determines [result] {
        /// The word with the first byte.
        first: Word,
        /// The word behind it.
        second: Word,
        /// 0 to 31.
        shift: Byte,
        /// 0 to 32.
        keep: Byte,
        /// The bytes.
        result: Word,
    }

    /// The first `count` bytes of `value` written over `first || second` at byte `shift`. Provided by arith; consumed by
    /// writes to memory. As with a [`Slice`], arith shows that `shift` is 0 to 31 and `count` 0 to 32, the consumer that both
    /// are integers. For no bytes, nothing changes.
    pub struct Splice, SpliceNative = Fact 14 "splice"
        determines [first_after, second_after] {
        /// The word with the first byte, before.
        first: Word,
        /// The word behind it, before.
        second: Word,
        /// 0 to 31.
        shift: Byte,
        /// 0 to 32.
        count: Byte,
        /// What is written.
        value: Word,
        /// The first word, after.
        first_after: Word,
        /// The second word, after; equal to `second` if `shift + count` is at most 32.
        second_after: Word,
    }

    /// Division of a number below 2^64 by 32. Provided by arith; consumed by whoever turns bytes into words.
    pub struct Words, WordsNative = Fact 15 "words"
        determines [words, rest] {
        /// The dividend, in bytes.
        bytes: U64,
        /// The quotient.
        words: U64,
        /// The remainder: 0 to 31.
        rest: Byte,
    }

    /// What a memory of so many words costs in all: `3 words + floor(words^2 / 512)`. Provided by the memory circuit;
    /// consumed by every step that expands memory.
    pub struct MemoryCost, MemoryCostNative = Fact 16 "memory cost"
        determines [gas] {
        /// The size in words: below 2^48.
        words: Counter,
        /// The gas: below 2^81.
        gas: Limb,
    }

    /// The permutation of Poseidon ([`crate::poseidon`]). Provided by the poseidon circuit; consumed by statement.
    pub struct PoseidonPermutation, PoseidonPermutationNative = Fact 17 "poseidon permutation"
        determines [output] {
        /// The state before.
        input: [Any; 3],
        /// The state after.
        output: [Any; 3],
    }
}
