//! The statement, which the verifier sends and receives: numbers 120 to 159, of which those from 150 on are of logs.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Any, Bool, Byte, Counter, Limb, U64, Word};

message! {
    inventory PUBLIC;

    /// Public: the value of a slot before and after the block. Sent by the verifier; received by its boundary row.
    pub struct PublicSlot, PublicSlotNative = Linear 120 "public slot" {
        /// The account.
        address: Address,
        /// The key.
        key: Word,
        /// Before.
        before: Word,
        /// After.
        after: Word,
    }

    /// Public: an account before and after the block. Sent by the verifier; received by its boundary row.
    pub struct PublicAccount, PublicAccountNative = Linear 121 "public account" {
        /// The address.
        address: Address,
        /// Nonce, before.
        nonce_before: U64,
        /// Balance, before.
        balance_before: Word,
        /// Code hash, before.
        code_before: Word,
        /// Nonce, after.
        nonce_after: U64,
        /// Balance, after.
        balance_after: Word,
        /// Code hash, after.
        code_after: Word,
    }

    /// Public: what a block-level environment opcode pushes, or which fork the block is of. The verifier sends one for each
    /// of COINBASE, TIMESTAMP, NUMBER, PREVRANDAO, GASLIMIT and BASEFEE, from the header's fields; CHAINID, from the chain's
    /// configuration; BLOBBASEFEE from Cancun on, by EIP-4844 from the header's excess blob gas and the configuration; and
    /// [`FORK`](crate::opcodes::FORK), the fork's number by the configuration and the header's timestamp. COINBASE is below
    /// 2^160.
    pub struct PublicEnvironment, PublicEnvironmentNative = Linear 122 "public environment" {
        /// The opcode.
        opcode: Byte,
        /// What it pushes.
        value: Word,
    }

    /// Public: a transaction, or a call that the protocol makes itself (a system call). The verifier sends one for each, in
    /// the order of execution: the system calls before the block's transactions (EIP-2935, EIP-4788), the transactions, and
    /// the system calls after them (EIP-7002, EIP-7251), which the withdrawals follow. Clients differ in the order of system
    /// calls and withdrawals; the contracts that are called read neither balances nor each other's storage, so it makes no
    /// difference.
    ///
    /// The verifier itself checks what depends on the transaction and the header alone: signature, chain, the fee cap
    /// against the base fee, the priority fee against the fee cap, EIP-3860's limit of init code, EIP-7825's gas limit,
    /// EIP-2681's nonce, blobs, that the gas limit is at least the intrinsic gas and the floor, that the gas limit and what was
    /// used before (see [`PublicReceipt`]) are within the block's, and that `charge` and `upfront` are below 2^256.
    pub struct PublicTransaction, PublicTransactionNative = Linear 123 "public transaction" {
        /// How many items of the block lie before it.
        index: Counter,
        /// Whether it is a system call: those have the sender `0xff..fe`, no nonce, no value, no price and no charge.
        system: Bool,
        /// Whether it creates a contract.
        create: Bool,
        /// The sender, recovered from the signature; below 2^160.
        sender: Word,
        /// The recipient, or the account to create: the low 160 bits of `keccak(rlp([sender, nonce]))`; below 2^160.
        to: Word,
        /// The sender's nonce.
        nonce: U64,
        /// The value to transfer.
        value: Word,
        /// The gas limit.
        gas_limit: U64,
        /// The gas limit less the intrinsic gas: 21000, input, access list, creation and authorizations. All of the gas
        /// limit for a system call.
        gas: U64,
        /// EIP-7623's floor: `21000 + 10 tokens`; zero before Prague and for a system call.
        floor: U64,
        /// What is taken from the sender at first: `gas limit * price`, and `blob gas * blob base fee`.
        charge: Word,
        /// What the sender must have at first: `gas limit * fee cap + blob gas * blob fee cap + value`.
        upfront: Word,
        /// The effective gas price: the gas price, or `min(fee cap, base fee + priority fee)`.
        price: Word,
        /// The effective gas price less the base fee.
        tip: Word,
        /// The length of the input in bytes.
        input_length: Counter,
        /// How many entries its access list has: one for each address, and one for each of its keys.
        accesses: Counter,
    }

    /// Public: an entry of a transaction's access list. The verifier sends each address, followed by its keys, in the list's
    /// order, repetitions included.
    ///
    /// An entry is `absent` exactly if the verifier sends no [`PublicAccount`], or for a key no [`PublicSlot`], for it: then
    /// nothing in the block touches the location, and its warmth makes no difference. A witness need not know the value of
    /// such a location. Where the verifier does send one, the entry cannot be passed over: an access that came later would
    /// then be dearer than it is.
    pub struct PublicAccess, PublicAccessNative = Linear 124 "public access" {
        /// How many items of the block, system calls included, lie before the transaction.
        index: Counter,
        /// How many entries of the list lie before.
        position: Counter,
        /// Whether it is a key.
        slot: Bool,
        /// The account.
        address: Address,
        /// The key; zero for an address.
        key: Word,
        /// Whether the block's accounts or slots do not include it.
        absent: Bool,
    }

    /// Public: thirty-two bytes of a transaction's input. The verifier sends `ceil(length / 32)` of them, with zeros behind the
    /// end, and one more that is zero.
    pub struct PublicInput, PublicInputNative = Linear 125 "public input" {
        /// How many items of the block, system calls included, lie before the transaction.
        index: Counter,
        /// The index of the word.
        word: Counter,
        /// The bytes, the first one highest.
        value: Word,
        /// Whether the word belongs to the code that a creation runs: for a creation, all but the last.
        code: Bool,
    }

    /// Public: what a transaction's receipt says, but for the logs themselves. Received by the verifier, who has receipts that
    /// lead to the header's root (`success` is the status, `gas` the cumulative gas used), or only their hash.
    pub struct PublicReceipt, PublicReceiptNative = Linear 126 "public receipt" {
        /// How many items of the block, system calls included, lie before the transaction.
        index: Counter,
        /// Whether its call succeeded.
        success: Bool,
        /// Gas that the block's transactions have used so far, this one included.
        gas: Counter,
        /// How many logs it has.
        logs: Counter,
    }

    /// Public: a withdrawal (EIP-4895). The verifier sends those of the block in order, behind its last system call.
    pub struct PublicWithdrawal, PublicWithdrawalNative = Linear 127 "public withdrawal" {
        /// How many items of the block lie before it.
        index: Counter,
        /// Who gets it.
        address: Address,
        /// The amount in wei: that in the withdrawal is in gwei.
        amount: Limb,
    }

    /// Public: the end of the block. Received by the verifier, who knows how many items the block has, and, from the header,
    /// the gas that they use.
    pub struct BlockEnd, BlockEndNative = Linear 128 "block end" {
        /// How many system calls, transactions and withdrawals there were.
        count: Counter,
        /// Gas that the transactions used.
        gas: Counter,
    }

    /// Public: a location that nobody accesses, but a step tried to. Sent by the verifier, never for a location that has a
    /// [`PublicSlot`] or a [`PublicAccount`], nor for one that an access list of the block names, be it
    /// [`absent`](PublicAccess) or not: to its transaction it is warm; received by state.
    pub struct PublicUntouched, PublicUntouchedNative = Linear 129 "public untouched" {
        /// The account.
        address: Address,
        /// Whether it is a slot of the account, rather than the account itself.
        slot: Bool,
        /// The slot's key; zero for an account.
        key: Word,
    }

    /// Public: the place between two public messages of the list that the statement is. The verifier sends the first, index 0
    /// and digest 0, and receives the last, the number of messages and their digest ([`crate::statement::Chain`]); each
    /// message sends the next. These two are all that the verifier adds to the bus.
    ///
    /// The other public messages are sent and received by the statement circuit in the verifier's place, whose cells have no
    /// ranges. What is said here of what "the verifier" sends and of the ranges of its fields is so because whoever accepts a
    /// digest knows the list that it is of, and has checked it: `PublicMessages::check_statement`.
    pub struct Fold, FoldNative = Linear 130 "fold" {
        /// How many messages lie before it.
        index: Counter,
        /// The digest of these messages.
        digest: Any,
    }

    /// Public: a log that stays. Sent by LOG0 to LOG4; received by the verifier.
    pub struct PublicLog, PublicLogNative = Linear 150 "public log" {
        /// How many items of the block, system calls included, lie before the transaction.
        transaction: Counter,
        /// The index of the log in the transaction.
        log: Counter,
        /// The account that logs.
        address: Address,
        /// How many topics.
        count: Byte,
        /// The topics; zero for those that there are not.
        topics: [Word; 4],
        /// The length of the data in bytes.
        length: Counter,
    }

    /// Public: thirty-two bytes of a log's data, zeros behind its end. Sent by copy for every index below
    /// `ceil(length / 32)`, and perhaps once more with zeros if the length is a multiple of 32; received by the verifier, who
    /// receives none of the latter.
    pub struct PublicLogData, PublicLogDataNative = Linear 151 "public log data" {
        /// How many items of the block, system calls included, lie before the transaction.
        transaction: Counter,
        /// The index of the log in the transaction.
        log: Counter,
        /// The index of the bytes, divided by 32.
        index: Counter,
        /// The bytes, the first one highest.
        word: Word,
    }
}
