//! Transactions and the other items of a block: numbers 60 to 79.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Bool, Counter, U64, Word};

message! {
    inventory TRANSACTION;

    /// The place between two items of the block: transactions, system calls and withdrawals, in the order in which they are
    /// executed. The verifier sends the first, index 0, clock 1 and no gas; each item sends the next; the end of the block
    /// receives the last. No item ends at an earlier clock than it began. Where the circuit excludes a transaction, the
    /// verifier receives the cursor before it and sends the one behind it.
    pub struct Cursor, CursorNative = Linear 60 "cursor" {
        /// How many items lie before it.
        index: Counter,
        /// The time.
        clock: Counter,
        /// Gas that the block's transactions have used so far.
        gas: Counter,
    }

    /// A transaction that waits for its own call to end. Sent by its beginning; received by its end.
    pub struct Pending, PendingNative = Linear 61 "pending" {
        /// How many items of the block, system calls included, lie before it.
        index: Counter,
        /// Its own call: one more than the clock at which it began.
        call: Counter,
        /// The call as which the [`Halt`](crate::bus::Halt) comes: the same, or for a creation one more, under which the deposit sends it.
        halted: Counter,
        /// Whether it is a system call.
        system: Bool,
        /// The time at which its call has been undone, if it fails; zero if it succeeds.
        scope: Counter,
        /// The gas limit.
        gas_limit: U64,
        /// The least gas that it uses, by EIP-7623.
        floor: U64,
        /// The sender.
        sender: Address,
        /// Who gets the tip.
        coinbase: Address,
        /// What the sender pays for a unit of gas.
        price: Word,
        /// What the coinbase gets of it.
        tip: Word,
        /// Gas that the block's transactions had used before.
        used: Counter,
    }

    /// The place between two entries of a transaction's access list. Sent by the transaction's beginning and by each entry to
    /// the next; received by the same beginning in the end.
    pub struct Access, AccessNative = Linear 62 "access" {
        /// How many items of the block, system calls included, lie before the transaction.
        index: Counter,
        /// The clock at which it began.
        transaction: Counter,
        /// How many entries lie before.
        position: Counter,
        /// The time.
        clock: Counter,
    }

    /// When a transaction began. Provided by its beginning; consumed by the words of its input and by its logs.
    pub struct TransactionClock, TransactionClockNative = Fact 63 "transaction clock"
        determines [clock, code] {
        /// How many items of the block, system calls included, lie before the transaction.
        index: Counter,
        /// The clock at which it began.
        clock: Counter,
        /// The code that it runs: for a creation, that which is named by the hash of the input.
        code: Word,
    }

    /// A creation by a transaction that waits for what its call returns. Sent by the transaction's beginning; received by
    /// the deposit.
    pub struct Creation, CreationNative = Linear 64 "creation" {
        /// The call.
        call: Counter,
        /// The account that is created.
        address: Address,
    }

    /// A code that is an EIP-7702 delegation: `0xef0100` and an address. Provided by the transaction circuit; consumed by the
    /// beginning of a transaction whose sender has such a code.
    pub struct Delegation, DelegationNative = Fact 65 "delegation"
        determines [address] {
        /// The code.
        code: Word,
        /// The account whose code runs in its place.
        address: Address,
    }
}
