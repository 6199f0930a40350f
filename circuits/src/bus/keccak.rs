//! Hashes: numbers 34 to 39.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Any, Byte, Counter, Limb, U64, Word};

message! {
    inventory KECCAK;

    /// The hash of up to 135 bytes. Provided by keccak; consumed by KECCAK256.
    pub struct ShortHash, ShortHashNative = Fact 34 "short hash"
        determines [digest] {
        /// The length in bytes: 0 to 135.
        length: Byte,
        /// The bytes, big-endian, sixteen to a limb, zeros behind the end. The last limb holds eight bytes and eight zeros.
        data: [Limb; 9],
        /// The digest.
        digest: Word,
    }

    /// Eight bytes of a long input, named by its digest. Sent by bytecode and copy; received by keccak. Two inputs under one
    /// digest are equal or a collision, so nobody else has to keep them apart.
    ///
    /// Here it is the *receiver* that ranges a field: keccak shows of every lane that it receives that it is below 2^64
    /// ([`block`](crate::keccak::block)), and nobody else receives any. So a sender need not, and copy does not: what it sends
    /// that is out of range finds no partner. The type says that a receiver may assume nothing.
    pub struct HashLane, HashLaneNative = Linear 35 "hash lane" {
        /// The digest of the whole input.
        digest: Word,
        /// The index of the lane.
        index: Counter,
        /// The bytes, the first one highest; zeros behind the end. Ranged by the receiver.
        lane: Any,
    }

    /// The end of a long input, behind its `ceil(length / 8)` lanes. Sent by bytecode and copy; received by keccak.
    pub struct HashEnd, HashEndNative = Linear 36 "hash end" {
        /// The digest of the whole input.
        digest: Word,
        /// The length in bytes.
        length: Counter,
    }

    /// An entry of one of keccak's tables of functions on digits. Provided by keccak's tables; consumed by keccak.
    pub struct KeccakTable, KeccakTableNative = Fact 37 "keccak table"
        determines [output] {
        /// The argument.
        input: Any,
        /// The function's value.
        output: Any,
        /// Which function, as [`crate::keccak::tables::Function`] numbers them.
        function: Byte,
    }

    /// The permutation keccak-f\[1600\]. Provided by keccak's permutations; consumed by its sponge. Lane `x + 5 y` of the
    /// state stands at that index, the byte that the sponge absorbs first highest.
    pub struct Permutation, PermutationNative = Fact 38 "permutation"
        determines [output] {
        /// The state before.
        input: [U64; 25],
        /// The state after.
        output: [U64; 25],
    }

    /// The sponge between two blocks of a long input. Sent by keccak's sponge for each block to the next.
    pub struct Sponge, SpongeNative = Linear 39 "sponge" {
        /// The digest of the whole input.
        digest: Word,
        /// How many lanes it has absorbed.
        index: Counter,
        /// Its state, as in [`Permutation`].
        state: [U64; 25],
    }
}
