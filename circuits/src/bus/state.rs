//! Accounts and storage: numbers 100 to 119.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Bool, Counter, U64, Word};

message! {
    inventory STATE;

    /// A slot of storage. Sent by each access to the next; the first comes from the boundary row.
    pub struct Storage, StorageNative = Linear 100 "storage" {
        /// The account.
        address: Address,
        /// The key.
        key: Word,
        /// The value.
        value: Word,
        /// The value before the transaction in which it was last touched.
        original: Word,
        /// That transaction, by the clock at which it began; zero if there is none.
        warm: Counter,
        /// The time of the last access.
        clock: Counter,
    }

    /// An account. Sent by each access to the next; the first comes from the boundary row.
    pub struct Account, AccountNative = Linear 101 "account" {
        /// The address.
        address: Address,
        /// The nonce.
        nonce: U64,
        /// The balance.
        balance: Word,
        /// The hash of its code; that of the empty code where there is none.
        code: Word,
        /// The transaction in which it was last touched, by the clock at which it began; zero if there is none.
        warm: Counter,
        /// The time of the last access.
        clock: Counter,
    }

    /// An order to access an account: it is `before`, and `after` from `clock` on. Where `reverted` is one it becomes
    /// `before` again at `undo`. Sent by steps and transactions, which relate the two records; received by state.
    pub struct AccountJob, AccountJobNative = Linear 102 "account job" {
        /// The time.
        clock: Counter,
        /// Whether the access is undone.
        reverted: Bool,
        /// The time at which it is; zero if it is not.
        undo: Counter,
        /// The address.
        address: Address,
        /// The nonce before.
        nonce: U64,
        /// The balance before.
        balance: Word,
        /// The code hash before.
        code: Word,
        /// The transaction of the last touch before, by the clock at which it began.
        warm: Counter,
        /// The nonce after.
        nonce_after: U64,
        /// The balance after.
        balance_after: Word,
        /// The code hash after.
        code_after: Word,
        /// The transaction of the last touch after.
        warm_after: Counter,
    }

    /// A location that nobody accesses in the whole block, so that it is cold in every transaction, but for precompiles.
    /// Provided by state; consumed by a step that cannot pay for the cold access, where the location's record is not known.
    pub struct Untouched, UntouchedNative = Fact 103 "untouched" {
        /// The account.
        address: Address,
        /// Whether it is a slot of the account, rather than the account itself.
        slot: Bool,
        /// The slot's key; zero for an account.
        key: Word,
    }
}
