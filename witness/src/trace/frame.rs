//! One call or creation.

use alloy_primitives::{Address, B256, Bytes, U256};
use revm::interpreter::InstructionResult;

use super::AccountAccess;

/// How a frame began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// By a transaction with a recipient, or by a system call.
    Transaction,
    /// By a transaction without a recipient.
    TransactionCreate,
    /// By CALL.
    Call,
    /// By CALLCODE.
    CallCode,
    /// By DELEGATECALL.
    DelegateCall,
    /// By STATICCALL.
    StaticCall,
    /// By CREATE.
    Create,
    /// By CREATE2.
    Create2,
}

impl FrameKind {
    /// Whether the frame runs init code.
    pub const fn is_create(self) -> bool {
        matches!(self, Self::TransactionCreate | Self::Create | Self::Create2)
    }
}

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its effects stand (unless an ancestor fails), and gas is given back.
    Success,
    /// Its effects are undone, and gas is given back.
    Revert,
    /// Its effects are undone, and all its gas is gone.
    Halt,
}

/// Why a frame never ran. Only a collision takes the frame's gas and keeps the creator's nonce bumped; the others give
/// all gas back and change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotRun {
    /// The call depth would exceed 1024.
    Depth,
    /// The caller's balance is below the value.
    Balance,
    /// The creator's nonce is 2^64 - 1.
    Nonce,
    /// The address of the creation has a nonce or code (EIP-684).
    Collision,
    /// The receiver's balance would exceed 2^256 - 1, which the amount of ether rules out.
    ReceiverBalance,
}

/// One call or creation: what it was given, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Index in [`super::TxTrace::frames`], in order of beginning; 0 is the transaction's own.
    pub id: u32,
    /// The frame that began it; `None` for frame 0.
    pub parent: Option<u32>,
    /// The step that began it, an index into [`super::TxTrace::steps`]; `None` for frame 0.
    pub parent_step: Option<u32>,
    /// 0 for frame 0, to 1024; 1025 for a frame that never ran because of its depth.
    pub depth: u16,
    /// How it began.
    pub kind: FrameKind,
    /// What CALLER gives.
    pub caller: Address,
    /// What ADDRESS gives, whose storage is used. Of a creation, the new address (zero if the frame never ran
    /// for its depth, balance or nonce).
    pub address: Address,
    /// Whose code runs: the callee named by the caller. Of a creation, equal to `address`.
    pub code_address: Address,
    /// Whose code runs in place of the callee's, if that delegates (EIP-7702).
    pub delegate: Option<Address>,
    /// Hash of `code`.
    pub code_hash: B256,
    /// The code that runs: the callee's, or its delegate's, or the init code; empty for a precompile.
    pub code: Bytes,
    /// What CALLVALUE gives, in wei.
    pub value: U256,
    /// What moves from `caller` to `address`, in wei: `value`, but 0 for DELEGATECALL. (CALLCODE moves it in place.)
    pub transferred: U256,
    /// The call data; empty for a creation.
    pub input: Bytes,
    /// Where the input, or the init code, lies in the caller's memory, in bytes; 0 if empty or for frame 0.
    pub input_offset: u64,
    /// Length of the input, or the init code, in bytes.
    pub input_length: u64,
    /// Where the caller wants the output in its memory, in bytes; 0 if `return_length` is 0.
    pub return_offset: u64,
    /// How much of the output the caller wants, in bytes.
    pub return_length: u64,
    /// Gas at the start, with the stipend.
    pub gas: u64,
    /// Whether state changes are forbidden.
    pub is_static: bool,
    /// Whether a precompile ran in place of code.
    pub is_precompile: bool,
    /// How it ended, after the code deposit of a creation.
    pub outcome: Outcome,
    /// revm's reason for the end.
    pub result: InstructionResult,
    /// Why it never ran, if so.
    pub not_run: Option<NotRun>,
    /// Gas given back to the caller: after the code deposit; 0 at a halt.
    pub gas_left: u64,
    /// What it returned. Of a creation that succeeds, the deployed code; empty at a halt.
    pub output: Bytes,
    /// Refund counter handed to the caller: 0 unless it succeeds; may be negative.
    pub refund: i64,
    /// Its first step, an index into [`super::TxTrace::steps`]; `None` if no code ran.
    pub first_step: Option<u32>,
    /// Its last step. The steps from first to last are its own and those of its descendants.
    pub last_step: Option<u32>,
    /// The nearest of this frame and its ancestors that failed; `None` if its effects stand.
    pub reverted_by: Option<u32>,
    /// Of a creation: the address before it, as the frame's beginning found it.
    pub created: Option<AccountAccess>,
}

impl Frame {
    /// Whether the frame itself succeeded.
    pub const fn succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Success)
    }
}
