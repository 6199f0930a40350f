//! Steps that take one row: stack, flow, arithmetic through services, and the environment.
//!
//! Every chip of this circuit is one step of the execution. It receives the state from the step before, shows which opcode
//! stands at the program counter and what it costs, moves words between the stack and a service, and sends the state to
//! the next step, or a fault.
//!
//! # Why no gas check, and none for underflow
//! Gas only falls within a call, and what a call passes to another is checked where it is passed. So gas that is not
//! negative at the end of a call never was, and the end checks it. A pop receives a stack token that a push of the same
//! call sent to the same slot; below slot 0 nobody ever pushed. A push does check that it stays within 1024 words.
//!
//! So a prover may let a call go on when its gas is spent. Such a call can only fail: STOP, RETURN, REVERT and whatever makes
//! another call show gas not to be negative, and the fault, which takes all gas and undoes all that the call did, comes out
//! the same wherever it comes. Until then GAS has no success, because what it pushes is shown not to be negative.
//! **Whoever lets a step act on anything that a fault does not undo, or makes a word of the gas, has to show it first.**

mod binary;
pub mod counter;
mod dup;
mod environment;
mod jump;
mod jump_dest;
mod jump_if;
mod pop;
mod push;
mod swap;
mod unary;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};

use crate::bus::{Alu, Code, Environment, Stack};
use crate::step::{Shape, StepSlots};

pub use environment::TRANSACTION;

pub use binary::BinaryEvent;
pub use dup::DupEvent;
pub use environment::EnvironmentEvent;
pub use jump::JumpEvent;
pub use jump_if::JumpIfEvent;
pub use pop::PopEvent;
pub use push::PushEvent;
pub use swap::SwapEvent;
pub use unary::UnaryEvent;

chips! {
    /// The chips of the circuit.
    pub struct LightChips, LightEvent = "light", layout {
        Binary: binary::Binary,
        Unary: unary::Unary,
        Push: push::Push,
        Pop: pop::Pop,
        Dup: dup::Dup,
        Swap: swap::Swap,
        Jump: jump::Jump,
        JumpIf: jump_if::JumpIf,
        JumpDest: jump_dest::JumpDest,
        Counter: counter::Counter,
        Environment: environment::Environment,
    }
    exceptions EXCEPTIONS;
}

const EVIDENCE: &str = "a fault may name any failure, and the fault chip takes the evidence of one that is true";

const fn evidence(chip: &'static str) -> Exception {
    Exception { chip, finding: Finding::Choice, names: &["fault: evidence"], reason: EVIDENCE }
}

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    evidence("binary"),
    evidence("unary"),
    evidence("push"),
    evidence("pop"),
    evidence("dup"),
    evidence("swap"),
    evidence("jump"),
    evidence("jump if"),
    evidence("counter"),
    evidence("environment"),
    Exception {
        chip: "jump destination",
        finding: Finding::Open,
        names: &["ok in row 0"],
        reason: "it pops and pushes nothing: the fault chip rejects a fault without evidence, the end of the call a success \
                 without gas",
    },
    Exception {
        chip: "jump destination",
        finding: Finding::Choice,
        names: &["leave: whether", "fault: whether"],
        reason: "as its cell ok",
    },
];

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    step: StepSlots,
    /// The opcode at the program counter, with the result as push data.
    code_push: Slot<Code>,
    /// A JUMPDEST at the next program counter.
    destination: Slot<Code>,
    environment: Slot<Environment>,
    transaction: Slot<Environment>,
    alu: Slot<Alu>,
    /// The second operand goes back to its slot.
    keep_b: Slot<Stack>,
    /// The first operand goes to the slot of the second.
    sink_a: Slot<Stack>,
}

/// JUMPDEST.
const JUMPDEST: u64 = 0x5b;

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let step = StepSlots::new(builder, Shape { ticks: 1, dynamic: false });
    let code = |pc: Cell, opcode: Expr, push: [Expr; 2], next: Expr| {
        [&step.code_cells.map(Cell::expr)[..], &[pc.expr(), opcode], &push, &[next]].concat()
    };
    let zero = || Expr::zero();
    let [a, b, result] = [step.a, step.b, step.r].map(|word| word.map(Cell::expr));
    let (opcode, call, next_pc) = (step.opcode_cell.expr(), step.call.expr(), step.next_pc);
    let code_push = code(step.pc, opcode.clone(), result.clone(), next_pc.expr());
    let destination = code(next_pc, JUMPDEST.into(), [zero(), zero()], next_pc + 1);
    let stack = |value: &[Expr; 2]| {
        [&[call.clone(), step.height - 1 - step.parameter], &value[..], &[step.clock.expr()]].concat()
    };
    let (keep_b, sink_a) = (stack(&b), stack(&a));
    let environment = [&[b[1].clone(), opcode.clone()], &result[..]].concat();
    let transaction = vec![call.clone(), TRANSACTION.into(), zero(), b[1].clone()];
    let alu = [&[opcode][..], &a, &b, &[zero(), zero()], &result].concat();
    Layout {
        code_push: builder.slot("code push", code_push),
        destination: builder.slot("destination", destination),
        environment: builder.slot("environment", environment),
        transaction: builder.slot("transaction", transaction),
        alu: builder.slot("alu", alu),
        keep_b: builder.slot("keep b", keep_b),
        sink_a: builder.slot("sink a", sink_a),
        step,
    }
}
