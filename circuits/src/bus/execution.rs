//! Steps and calls: numbers 50 to 59.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Address, Any, Bool, Byte, Counter, Gas, U64, Word};

message! {
    inventory EXECUTION;

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
}
