//! Calls and their ends: CALL, STATICCALL and DELEGATECALL, the return to the caller, and exceptional halts.
//!
//! A call is a relay. [Its step](EnterEvent) stops the caller's chain of [`Exec`](crate::bus::Exec) messages, leaves
//! the caller's state in a [`Frame`], and begins the callee's chain; the callee's [`Halt`] meets the frame in [the
//! return](ResumeEvent), which goes on with the caller's. Call and return know of each other only through the frame,
//! which is named by the callee, and a callee is named by the clock of the step that made it.
//!
//! # Times
//! A calling step at clock `c` owns `c` to `c + 2`: the target is touched at `c`, value leaves the caller at `c + 1`
//! and arrives at `c + 2`, so that the three may be one account. A return at clock `h` owns `h` and `h + 1`, the two
//! times of the copy. If the callee failed with `w` writes counted, its scope ends at `h + w + 1`, the times from `h +
//! 2` on are those of the undone writes, and the caller goes on one tick later.
//!
//! # The guess
//! Whether the callee fails is known to the call only as a guess: the end of the callee's own scope, or zero. The
//! call's context is built from it, and the return asserts it.
//!
//! # What is not proven here
//! A call to a precompile, and a call to an account with an EIP-7702 delegation. Both are excluded by constraints, so
//! no proof can take them for something else.

mod enter;
mod fail;
mod fault;
#[cfg(test)]
mod fixture;
mod gas;
mod head;
mod ranges;
mod refuse;
mod resume;
mod target;
#[cfg(test)]
mod testing;
mod transfer;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};

use crate::bus::{AccountJob, Code, Context, CopyJob, Environment, Frame, Halt, Range128, Tally, Untouched};
use crate::memory::expansion::ExpansionSlots;
use crate::step::{Shape, StepSlots};

pub use enter::{EnterEvent, STIPEND};
pub use fail::{FailEvent, Price, Reason};
pub use fault::FaultEvent;
pub use gas::KEPT_PART;
pub use head::{CallEvent, DELEGATION, NEW_ACCOUNT, VALUE};
pub use refuse::RefuseEvent;
pub use resume::ResumeEvent;
pub use target::is_precompile;

/// By how much the clock grows in a step of this circuit.
pub const TICKS: u64 = 3;

chips! {
    /// The chips of the circuit.
    pub struct CallsChips, CallsEvent = "calls", layout {
        Fault: fault::Fault,
        Enter: enter::Enter,
        Refuse: refuse::Refuse,
        Fail: fail::Fail,
        Resume: resume::Resume,
    }
    exceptions EXCEPTIONS;
}

/// The cells of a record, and of what becomes of it.
const CELLS: &[&str] = &["account 4", "account 5", "account 6", "account 7", "account 8", "account 9"];

const RECORD: &str =
    "what an account is before an access is a claim: the state receives the account's token with the job";

const GUESS: &str = "whether the callee fails, and when its scope ends, is a guess, which its end asserts";

const EVIDENCE: &str = "a fault may name any failure that is true, and the fault chip takes no evidence out of range";

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    Exception { chip: "enter", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "enter", finding: Finding::Open, names: &["next memory in row 3"], reason: GUESS },
    Exception { chip: "enter", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception {
        chip: "enter",
        finding: Finding::Choice,
        names: &["context: reverted", "context: scope", "frame: scope", "tally: writes"],
        reason: GUESS,
    },
    Exception { chip: "refuse", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "refuse", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception {
        chip: "fail",
        finding: Finding::Redundant,
        names: &["input is of one kind", "output is of one kind"],
        reason: "each of the two follows from the other, as both sums are equal",
    },
    Exception { chip: "fail", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "fail", finding: Finding::Open, names: &["opcode in row 4", "pc in row 4"], reason: EVIDENCE },
    Exception { chip: "fail", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception { chip: "fail", finding: Finding::Choice, names: &["fault: evidence"], reason: EVIDENCE },
];

/// The columns and slots of a row.
///
/// The slots beyond the step's share three groups of columns: those of the step that operands do not use, a group of 13
/// that is wide enough for an account, and two checked ones.
#[derive(Debug)]
pub struct Layout {
    step: StepSlots,
    /// Two more columns that can be checked.
    limbs: [Checked16; 2],
    /// An account. Nonce and code do not change here.
    account: Slot<AccountJob>,
    /// The account, as one that nobody accesses.
    untouched: Slot<Untouched>,
    context: Slot<Context>,
    frame: Slot<Frame>,
    /// A tally in columns of the step.
    tally: Slot<Tally>,
    /// A tally in columns of the account.
    tally_b: Slot<Tally>,
    halt: Slot<Halt>,
    copy: Slot<CopyJob>,
    /// How many bytes [`copy`](Self::copy) copies.
    copied: Cell,
    /// Two facts of an environment, in columns of the account.
    environment: [Slot<Environment>; 2],
    /// The limbs of an account's balance after, or any two values.
    range128: [Slot<Range128>; 2],
    /// The opcode at the program counter, with its push data.
    code_push: Slot<Code>,
    expansion: ExpansionSlots,
    /// Columns of the account that no other slot uses: for flags that multiplicities are made of.
    spare: [Cell; 4],
}

/// Where the rows of a calling step are, behind the first: the target and the value.
const ADDRESS_ROW: i16 = 1;
/// The input, and the caller's tally.
const INPUT_ROW: i16 = 2;
/// The output.
const OUTPUT_ROW: i16 = 3;
/// The target's code.
const CODE_ROW: i16 = 4;
/// The callee's context.
const CONTEXT_ROW: i16 = 5;
/// The callee's tally.
const TALLY_ROW: i16 = 6;

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let step = StepSlots::popping_on_fault(builder, Shape { ticks: TICKS, dynamic: true });
    let limbs = ["limb 0", "limb 1"].map(|name| builder.checked16(name));
    let p: [Cell; 13] = std::array::from_fn(|i| builder.main(format!("account {i}")));
    // The step's columns that hold no operand in the rows behind its first.
    let [code_hi, code_lo] = step.code_cells;
    let (pc, next_pc, next_height, opcode) = (step.pc, step.next_pc, step.next_height, step.opcode_cell);
    let dynamic = |cell: Option<Cell>| cell.expect("the shape is dynamic");
    let (extra, next_memory) = (dynamic(step.extra), dynamic(step.next_memory));
    let (call, class, ok, [r_hi, r_lo]) = (step.call, step.class, step.ok, step.r);
    let copied = step.b[1];
    let columns = |cells: &[Cell]| cells.iter().map(|cell| cell.expr()).collect::<Vec<Expr>>();

    let account = [p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[4], p[10], p[11], p[7], p[8], p[12]];
    let context = [call, code_hi, code_lo, pc, next_pc, next_height, extra, next_memory, r_hi, r_lo];
    let frame = [ok, call, code_hi, code_lo, pc, next_height, p[8], p[9], next_pc, extra];
    let frame = [columns(&frame), vec![Expr::zero()], columns(&[next_memory, opcode, class, p[12]])].concat();
    let tally = [next_pc, next_height, extra, next_memory, opcode, class, ok, r_hi];
    let copy = [step.clock.expr(), ok.expr(), p[4].expr(), p[4] + p[5], call.expr(), next_pc.expr(), copied.expr()];
    let code_push = [code_hi, code_lo, pc, opcode, r_hi, r_lo, next_pc];
    let untouched = vec![p[3].expr(), Expr::zero(), Expr::zero(), Expr::zero()];
    Layout {
        account: builder.slot("account", columns(&account)),
        untouched: builder.slot("untouched", untouched),
        context: builder.slot("context", columns(&context)),
        frame: builder.slot("frame", frame),
        tally: builder.slot("tally", columns(&tally)),
        tally_b: builder.slot("tally b", columns(&p[..8])),
        halt: builder.slot("halt", columns(&p[..6])),
        copy: builder.slot("copy", copy.to_vec()),
        copied,
        spare: [p[8], p[9], p[11], p[12]],
        environment: [0, 4].map(|i| builder.slot(format!("environment {i}"), columns(&p[i..i + 4]))),
        range128: [10, 11].map(|i| builder.slot(format!("range {i}"), columns(&[p[i]]))),
        code_push: builder.slot("code push", columns(&code_push)),
        expansion: ExpansionSlots {
            words: builder.slot("words", columns(&[step.gas, step.memory, step.cost])),
            cost: builder.slot("memory cost", columns(&[class, ok])),
            order: builder.slot("new words", columns(&[call, step.memory, next_memory, step.clock])),
        },
        limbs,
        step,
    }
}

#[cfg(test)]
mod tests {
    use verbatim_gadgets::machine::ChipSet;

    use super::*;

    #[test]
    fn the_circuit_is_narrow() {
        let (circuit, _) = CallsChips::build();
        let width = circuit.main.len() + circuit.aux_columns();
        assert!(width <= 64, "{width} columns");
    }
}
