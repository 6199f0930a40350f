//! What the block, the call or the transaction says of itself.
//!
//! **Given** the schedule's parameter: 0 for the block, 1 for the call, 2 for the transaction.
//! **Proves** that the value of the [`Environment`](crate::bus::Environment) fact of that owner and the opcode is pushed.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean | 2 | |
//! | of a call is boolean, of a transaction is boolean | 2 | |
//! | parameter | 1 | 0, 1 or 2 as the flags say; the schedule has no 3 |
//! | owner of a call | 2 | the call itself |
//! | owner of the block | 2 | zero |
//! | stack height | 1 | one word more |
//! | next pc | 1 | `pc + 1` |
//! | evidence | 3 | a fault lacks gas or room on the stack |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Word};

use super::Layout;
use crate::schedule::Class;
use crate::step::{Needs, Step, StepEvent};

/// The number under which a call's environment names the clock at which its transaction began. No fork has this opcode.
pub const TRANSACTION: u64 = 0x0c;

/// The chip.
#[derive(Debug)]
pub struct Environment {
    step: Step,
    owner: Counter,
    of_call: Bool,
    of_transaction: Bool,
    value: Word,
}

/// What a step of `Environment` is filled from.
#[derive(Clone, Debug)]
pub struct EnvironmentEvent {
    /// The step.
    pub step: StepEvent,
    /// The call, the clock at which the transaction began, or zero for the block.
    pub owner: u64,
    /// What is pushed.
    pub value: U256,
}

impl Chip for Environment {
    type Layout = Layout;
    type Event = EnvironmentEvent;
    const NAME: &'static str = "environment";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = Step::begin(chip, &layout.step, Class::Environment);
        let value = step.push(chip, &layout.step, "the owner ranges what it provides");
        chip.learn(&layout.environment, 0);
        // The operands' columns are free here; the owner stands where the slots expect it.
        let owner = Counter::assume(layout.step.b[1], "constrained below");
        let [of_call, of_transaction] = layout.step.a.map(|cell| Bool::assume(cell, "constrained below"));
        for (name, flag) in [("call", &of_call), ("transaction", &of_transaction)] {
            chip.require_zero(format!("of a {name} is boolean"), flag * (Expr::one() - flag));
        }
        chip.require_equal("parameter", &step.opcode.parameter, &of_call + &of_transaction * Expr::from(2));
        chip.require_equal_if("owner of a call", &of_call, &owner, &step.state.call);
        chip.require_zero("owner of the block", (Expr::one() - &of_call - &of_transaction) * &owner);
        chip.learn_if(&layout.transaction, 0, &of_transaction);
        chip.define("next pc", layout.step.next_pc, &step.state.pc + 1);
        step.end(chip, &layout.step, 1, &Needs::Nothing);
        Self { step, owner, of_call, of_transaction, value }
    }

    fn fill(&self, event: &EnvironmentEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.set(&self.owner, event.owner);
        row.set(&self.of_call, event.step.parameter == 1);
        row.set(&self.of_transaction, event.step.parameter == 2);
        row.set(&self.value, event.value);
    }
}
