//! Orders to copy bytes, or to show what they are: numbers 82 to 99.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Any, Byte, Counter, Word};

message! {
    inventory COPY;

    /// An order to copy bytes from one call's memory to another's; bytes at and behind `source_end` read as zeros. Sent by
    /// copies and returns, never for a length of zero; received by copy. Words are read at `clock` and written one tick
    /// later; the sender owns both ticks, and all target words exist.
    pub struct CopyJob, CopyJobNative = Linear 82 "copy job" {
        /// The time at which words are read.
        clock: Counter,
        /// The call whose memory is read.
        source: Counter,
        /// The first byte that is read.
        source_offset: Counter,
        /// The first byte that reads as zero.
        source_end: Counter,
        /// The call whose memory is written.
        target: Counter,
        /// The first byte that is written.
        target_offset: Counter,
        /// How many bytes.
        length: Counter,
    }

    /// An order to copy bytes of a code to a call's memory; bytes behind the end read as zeros. As [`CopyJob`] otherwise.
    pub struct CodeCopyJob, CodeCopyJobNative = Linear 83 "code copy job" {
        /// The time.
        clock: Counter,
        /// The code.
        code: Word,
        /// The first byte that is read.
        source_offset: Counter,
        /// The code's length.
        source_end: Counter,
        /// The call whose memory is written.
        target: Counter,
        /// The first byte that is written.
        target_offset: Counter,
        /// How many bytes.
        length: Counter,
    }

    /// An order to hash bytes of memory. Sent by KECCAK256 where the input is long; received by copy, which sends the bytes
    /// to keccak under `digest`.
    pub struct HashJob, HashJobNative = Linear 84 "hash job" {
        /// The time at which words are read.
        clock: Counter,
        /// The call.
        call: Counter,
        /// The first byte.
        offset: Counter,
        /// How many bytes.
        length: Counter,
        /// The digest.
        digest: Word,
    }

    /// An order to show that bytes of memory are those of a code, and that it has so many. Sent by the end of a creation;
    /// received by copy. Never for a length of zero.
    pub struct DepositJob, DepositJobNative = Linear 85 "deposit job" {
        /// The time at which words are read.
        clock: Counter,
        /// The call whose memory is read.
        call: Counter,
        /// The first byte.
        offset: Counter,
        /// How many bytes.
        length: Counter,
        /// The code.
        hash: Word,
    }

    /// An order to publish bytes of memory as the data of a log. Sent by LOG0 to LOG4 where the log stays and the length is
    /// not zero; received by copy.
    pub struct LogJob, LogJobNative = Linear 86 "log job" {
        /// The time at which words are read.
        clock: Counter,
        /// The call whose memory is read.
        call: Counter,
        /// The first byte.
        offset: Counter,
        /// How many bytes.
        length: Counter,
        /// How many items of the block, system calls included, lie before the transaction.
        transaction: Counter,
        /// The index of the log in the transaction.
        log: Counter,
    }

    /// A job of copy between two words. Sent and received by copy: the order begins it, each word moves it on, and the last
    /// one ends it.
    pub struct CopyState, CopyStateNative = Linear 87 "copy state" {
        /// What the job does, as [`crate::copy::Kind`] numbers it.
        kind: Byte,
        /// The time at which words are read.
        clock: Counter,
        /// The code that is copied, or the digest, the log or the code that the bytes belong to.
        name: [Any; 2],
        /// The call whose memory is read; zero for a copy of code.
        source: Counter,
        /// The index of the word in which the next byte lies that is read.
        index: Counter,
        /// Where in that word: 0 to 31.
        shift: Byte,
        /// That word. Zero if no byte of it will be read.
        word: Word,
        /// How many bytes are still to be read; the others are zeros.
        available: Counter,
        /// The call whose memory is written; zero if none is.
        target: Counter,
        /// The index of the next word that is written, or of the next 32 bytes.
        place: Counter,
        /// Where in that word: 0 to 31, and 0 but for the first word.
        target_shift: Byte,
        /// How many bytes are left.
        left: Counter,
    }
}
