//! One executed opcode.

use std::num::NonZeroU32;

use revm::interpreter::InstructionResult;

/// One executed opcode. Its stack operands, results and accesses lie in arenas of the [`super::TxTrace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Gas left in the frame before the step.
    pub gas_before: u64,
    /// Gas left in the frame before its next step, after the child's return for CALL* and CREATE*. At the frame's last step:
    /// the gas left, before any code deposit is paid; 0 after an exceptional halt.
    pub gas_after: u64,
    /// Refund counter of the frame before the step; starts at 0 in each frame and may be negative.
    pub refund_before: i64,
    /// Refund counter of the frame after the step, with that of a child that succeeded. Equal to `refund_before` at a halt.
    pub refund_after: i64,
    /// The frame, an index into [`super::TxTrace::frames`].
    pub frame: u32,
    /// Program counter, at most the code's length (where STOP is executed).
    pub pc: u32,
    /// Memory size before the step, in words of 32 bytes.
    pub memory_words_before: u32,
    /// Memory size after the step, in words; equal to the size before at an exceptional halt.
    pub memory_words_after: u32,
    /// Start of the operands in [`super::TxTrace::words`].
    pub operands: u32,
    /// Start of the results in [`super::TxTrace::words`].
    pub results: u32,
    /// Start of the accesses in [`super::TxTrace::accesses`].
    pub accesses: u32,
    /// The log that the step emitted, an index into [`super::TxTrace::logs`].
    pub log: Option<u32>,
    /// The frame that CALL* or CREATE* began, an index into [`super::TxTrace::frames`]; present also if the frame never ran.
    pub child: Option<NonZeroU32>,
    /// Number of stack items before the step, 0 to 1024.
    pub stack_height: u16,
    /// The opcode; 0 (STOP) past the end of the code.
    pub opcode: u8,
    /// How many operands were recorded: [`super::reads`] of the opcode, or the whole stack if it is lower.
    pub operand_count: u8,
    /// How many results were recorded: [`super::writes`] of the opcode, or 0 if the step ended exceptionally.
    pub result_count: u8,
    /// How many accesses.
    pub access_count: u8,
    /// Why the step ended the frame exceptionally, if it did. STOP, RETURN, REVERT and SELFDESTRUCT that succeed are no halts.
    /// The reason is revm's: it says `StackOverflow` also where DUPn reaches below the stack, and where several
    /// reasons hold it names one of them.
    pub halt: Option<InstructionResult>,
}
