//! Memory: numbers 80 and 81.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Counter, Word};

message! {
    inventory MEMORY;

    /// A word of memory. Sent by the expansion that made it and by each access to the next.
    pub struct Memory, MemoryNative = Linear 80 "memory" {
        /// The call whose memory it is; a transaction's input is the memory of the clock at which it began.
        call: Counter,
        /// The index of the word.
        index: Counter,
        /// The value.
        value: Word,
        /// The time of the last access.
        clock: Counter,
    }

    /// An order to create words of memory, from `from` to below `to`. Sent by the step that pays for them and by the chip
    /// that serves it, to itself.
    pub struct MemoryInit, MemoryInitNative = Linear 81 "memory init" {
        /// The call.
        call: Counter,
        /// The first word.
        from: Counter,
        /// The first word not to create.
        to: Counter,
        /// The time.
        clock: Counter,
    }
}
