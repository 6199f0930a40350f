//! The inventory of the bus: every kind of message, who sends it, who receives it, and what its fields promise.
//!
//! *Linear* messages are sent once and received once. *Facts* are provided with a free multiplicity by a row that proves
//! them, and consumed. The type of a field is the range that its sender guarantees and its receiver may assume.
//!
//! Numbers of tags: 1-9 tables, 10-29 services, 30-49 code and hashes, 50-79 execution, 80-99 memory and copies,
//! 100-119 state, 120-149 public messages, 150-159 public messages of logs.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Any, Bool, Byte, Counter, Gas, Limb, U16, U64, Word};

pub use verbatim_gadgets::message::{Range16, Range16Native};

message! {
    inventory INVENTORY;

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
    /// writes to memory.
    pub struct Splice, SpliceNative = Fact 14 "splice"
        determines [first_after, second_after] {
        /// The word with the first byte, before.
        first: Word,
        /// The word behind it, before.
        second: Word,
        /// 0 to 31.
        shift: Byte,
        /// 1 to 32.
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

    /// Eight bytes of a code, zeros past its end. Provided and consumed by bytecode.
    pub struct CodeLane, CodeLaneNative = Fact 44 "code lane"
        determines [bytes] {
        /// The code.
        hash: Word,
        /// The index of the first byte, divided by eight.
        index: Counter,
        /// The bytes.
        bytes: [Byte; 8],
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

    /// The state between two steps of a call. Sent by each step to the next.
    pub struct Exec, ExecNative = Linear 50 "exec" {
        /// The time. Strictly grows along the whole execution.
        clock: Counter,
        /// The call: the clock of the step that made it.
        call: Counter,
        /// The code that runs.
        code: Word,
        /// The position in it.
        pc: Counter,
        /// Words on the stack: 0 to 1024.
        height: Counter,
        /// Gas left.
        gas: Gas,
        /// Words of memory paid for.
        memory: Counter,
    }

    /// An exceptional halt. Sent by the step that fails; received by the fault chip, which shows `evidence` to be at
    /// least zero.
    pub struct Fault, FaultNative = Linear 51 "fault" {
        /// The time behind the failing step.
        clock: Counter,
        /// The call.
        call: Counter,
        /// By how much a limit was missed, less one: not negative only if the failure is true.
        evidence: Any,
    }

    /// The end of a call. Sent by STOP, RETURN, REVERT and the fault chip; received by the return to the caller, or by the
    /// end of the transaction.
    pub struct Halt, HaltNative = Linear 52 "halt" {
        /// The time behind the halting step.
        clock: Counter,
        /// The call.
        call: Counter,
        /// Whether its effects stay: STOP and RETURN.
        success: Bool,
        /// Gas left: zero after a fault.
        gas: Gas,
        /// Where the return data begins in the call's memory, in bytes.
        offset: Counter,
        /// The length of the return data, in bytes.
        length: Counter,
    }

    /// A caller that waits for its call to end: its state behind the call, and what its tally held, for it has no tally
    /// while it waits. Sent by the call; received by the return, which sends the caller's state and its tally again.
    pub struct Frame, FrameNative = Linear 53 "frame" {
        /// The call that runs: the clock of the step that made it.
        callee: Counter,
        /// The caller.
        call: Counter,
        /// The caller's code.
        code: Word,
        /// Where the caller goes on.
        pc: Counter,
        /// Words on the caller's stack, with the result of the call as the highest.
        height: Counter,
        /// Gas that the caller kept.
        gas: U64,
        /// Words of memory that the caller paid for.
        memory: Counter,
        /// Where the return data goes in the caller's memory, in bytes; zero if there is no room for it.
        return_offset: Counter,
        /// Room for the return data, in bytes. The words of memory exist.
        return_length: Counter,
        /// Whether the call may create a contract rather than return data.
        create: Bool,
        /// The time at which the call has been undone, if it is a call that fails itself; zero if it succeeds.
        scope: Counter,
        /// Reversible writes of the caller's scope so far, with the touch of the callee as the last.
        writes: Counter,
        /// The refund counter at the call.
        refund: Any,
        /// Logs at the call.
        logs: Counter,
    }

    /// What a call counts besides gas. One token to a call that runs, none to one that waits; touched by the few steps
    /// that need it.
    pub struct Tally, TallyNative = Linear 54 "tally" {
        /// The call.
        call: Counter,
        /// The time of the last touch.
        clock: Counter,
        /// Reversible writes since the scope began.
        writes: Counter,
        /// The transaction's refund counter.
        refund: Any,
        /// Logs of the transaction so far.
        logs: Counter,
        /// The call whose memory holds the return data; this call itself if there is none.
        returned: Counter,
        /// Where the return data begins there, in bytes.
        return_offset: Counter,
        /// Its length, in bytes.
        return_length: Counter,
    }

    /// What is constant in a call. Provided by the step that made it; consumed by its steps.
    pub struct Context, ContextNative = Fact 55 "context"
        determines [transaction, address, fixed, reverted, scope, depth, input_call, input_offset, input_length] {
        /// The call.
        call: Counter,
        /// The clock at which its transaction began.
        transaction: Counter,
        /// The account whose storage it uses.
        address: Address,
        /// Whether it may not write.
        fixed: Bool,
        /// Whether its effects are undone in the end.
        reverted: Bool,
        /// The time at which the nearest failing call, itself included, has been undone; zero if there is none.
        scope: Counter,
        /// 0 for the transaction's own call, and one more for every call within.
        depth: Counter,
        /// The call whose memory holds the input.
        input_call: Counter,
        /// Where the input begins there, in bytes.
        input_offset: Counter,
        /// The length of the input, in bytes.
        input_length: Counter,
    }

    /// What an environment opcode pushes. Provided for a call (ADDRESS, CALLER, CALLVALUE, CALLDATASIZE) by the step that
    /// made it, for a transaction (ORIGIN, GASPRICE) by its beginning, for the block (owner 0) by the block chip.
    pub struct Environment, EnvironmentNative = Fact 56 "environment"
        determines [value] {
        /// The call, the clock at which the transaction began, or zero.
        owner: Counter,
        /// The opcode.
        opcode: Byte,
        /// What it pushes.
        value: Word,
    }

    /// A word on the stack. Sent by a push; received by a pop.
    pub struct Stack, StackNative = Linear 57 "stack" {
        /// The call whose stack it is.
        call: Counter,
        /// The slot: 0 is the bottom.
        slot: Counter,
        /// The value.
        value: Word,
        /// The time of the push.
        clock: Counter,
    }

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
    /// `ceil(length / 32)`; received by the verifier.
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
        /// The call as which the [`Halt`] comes: the same, or for a creation one more, under which the deposit sends it.
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

    /// Public: the end of the block. Received by the verifier, who knows how many items the block has, and, from the header,
    /// the gas that they use.
    pub struct BlockEnd, BlockEndNative = Linear 128 "block end" {
        /// How many system calls, transactions and withdrawals there were.
        count: Counter,
        /// Gas that the transactions used.
        gas: Counter,
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
}
