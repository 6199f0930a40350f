//! What becomes of that which the call of a creation returns.
//!
//! **Given** the halt of the call, and the account that is created.
//! **Proves** one of these, and sends the halt on to the end of the transaction, under the next name:
//! - *stored*: the call succeeded, and the data are the code whose hash the account has from now on. They have at most 24,576 bytes
//!   (EIP-170), do not begin with 0xef (EIP-3541), and 200 gas were paid for each.
//! - *passed*: the call did not succeed, and goes on so.
//! - *poor*, *large*, *invalid*: the call succeeded, but there was less gas than that, or the data have more bytes, or
//!   begin so. The creation fails without gas left.
//!
//! The code is stored behind everything that can fail, so it is never undone.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | stored, poor, large, invalid is boolean | 2 | |
//! | one of five | 1 | these, and a call that did not succeed |
//! | creation: call | 1 | that of the halt |
//! | gas left | 1 | below 2^128, whatever becomes of it |
//! | enough or not | 2 | the gas behind the deposit; or by how much it is short, less one; or the length, by how much it exceeds the limit, less one |
//! | short enough | 2 | the limit less the length of what is stored |
//! | marked: ... (3) | 2 | whether the first opcode is 0xef |
//! | stored is not marked, invalid is marked | 2 | |
//! | empty: ... (3) | 2 | whether there are no data |
//! | named | 2 | data that are stored or invalid are those of a code, unless there are none |
//! | account code: clock, reverted, undo, code_after | 1 | at the time of the halt, never undone |
//! | code length: hash, length in row 1 | 1 | those of the data |
//! | halt: ... in row 1 | 1, 2 | two ticks later, under the next name |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Gas};

use super::change::{AccountBefore, fill_record};
use super::{Layout, next, range};
use crate::bus::{AccountJob, Code, CodeLength, CodeNative, Creation, CreationNative, Halt, HaltNative};

/// The most bytes that a code has (EIP-170).
pub const CODE_LIMIT: u64 = 24_576;
/// What each byte costs.
pub const BYTE_GAS: u64 = 200;
/// With which byte no new code begins (EIP-3541).
const MARK: u64 = 0xef;

/// The chip.
#[derive(Debug)]
pub struct Deposit {
    halt: Halt,
    creation: Creation,
    account: AccountJob,
    code: Code,
    /// Stored, poor, large, invalid.
    outcomes: [Bool; 4],
}

/// What becomes of returned data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are the account's code.
    Stored,
    /// There is too little gas for them.
    Poor,
    /// They are too many.
    Large,
    /// They begin with 0xef.
    Invalid,
    /// The call did not succeed.
    Passed,
}

/// What a deposit is filled from. The halt that it sends is at the time `h + 2`, under the next name.
#[derive(Clone, Debug)]
pub struct DepositEvent {
    /// The halt of the creation's call, at time `h`.
    pub halt: HaltNative,
    /// The account that is created.
    pub address: ruint::aliases::U256,
    /// The account at `h`; anything unless code is stored.
    pub account: AccountBefore,
    /// How the code begins that the data are; anything unless it is stored or invalid.
    pub code: CodeNative,
    /// What becomes of the data.
    pub outcome: Outcome,
}

impl Chip for Deposit {
    type Layout = Layout;
    type Event = DepositEvent;
    const NAME: &'static str = "deposit";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let halt = chip.receive(&layout.halt, 0);
        let creation = chip.receive(&layout.creation, 0);
        let account = chip.peek(&layout.account_code, 0);
        let code = chip.peek(&layout.code, 0);
        Self::reserve(chip, layout);
        let outcomes = ["stored", "poor", "large", "invalid"].map(|name| chip.bool(name, 1));
        let [stored, poor, large, invalid] = &outcomes;
        chip.require_equal("one of five", stored + poor + large + invalid, &halt.success);
        chip.require_equal("creation: call", &creation.call, &halt.call);

        let left = &halt.gas - &halt.length * F::from(BYTE_GAS);
        let excess = &halt.length - (CODE_LIMIT + 1);
        range(chip, &layout.ranges[0], 0, "gas left", halt.gas.expr());
        let evidence = stored * &left - poor * (&left + 1) + large * excess;
        range(chip, &layout.ranges[1], 0, "enough or not", evidence);
        range(chip, &layout.ranges[0], 1, "short enough", stored * (Expr::from(CODE_LIMIT) - &halt.length));

        Self::data(chip, layout, (&halt, &code), stored, invalid);
        let job = AccountJob {
            clock: halt.clock.clone(),
            reverted: Bool::constant(false),
            undo: Counter::constant(0),
            code_after: code.hash.clone(),
            ..account.clone()
        };
        chip.send_if(&layout.account_code, 0, stored, &job);
        let gas = stored * left + (Expr::one() - &halt.success) * &halt.gas;
        let after = Halt {
            clock: Counter::assume(&halt.clock + 2, "two ticks"),
            call: next(&halt.call),
            success: stored.clone(),
            gas: Gas::assume(gas, "ranged, where it is not that of the call"),
            offset: halt.offset.clone(),
            length: halt.length.clone(),
        };
        chip.send(&layout.halt, 1, &after);
        Self { halt, creation, account, code, outcomes }
    }

    fn fill(&self, event: &DepositEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.halt, &event.halt);
        row.message(&self.creation, &CreationNative { call: event.halt.call, address: event.address });
        fill_record(&self.account, &event.account, row);
        row.message(&self.code, &event.code);
        let all = [Outcome::Stored, Outcome::Poor, Outcome::Large, Outcome::Invalid];
        self.outcomes.iter().zip(all).for_each(|(flag, outcome)| row.set(flag, outcome == event.outcome));
    }
}

impl Deposit {
    /// Keeps scratch cells away from slots.
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        layout.ranges.iter().for_each(|slot| drop(chip.peek(slot, 0)));
        chip.peek(&layout.ranges[0], 1);
        chip.peek(&layout.deposit, 0);
        chip.peek(&layout.code_length, 1);
        chip.peek(&layout.halt, 1);
    }

    /// The data are those of a code, where it matters what they are.
    fn data(chip: &mut ChipBuilder<'_>, layout: &Layout, (halt, code): (&Halt, &Code), stored: &Bool, invalid: &Bool) {
        let marked = chip.is_zero("marked", 1, &code.opcode - MARK);
        chip.require_zero("stored is not marked", stored.and(&marked));
        chip.require_zero("invalid is marked", invalid.and(&marked.not()));
        let known = Bool::assume(stored + invalid, "one of five");
        let empty = chip.is_zero("empty", 1, &halt.length);
        let named = chip.store_bool("named", 1, &known.and(&empty.not()));
        chip.learn_if(&layout.code, 0, &known);
        let length = CodeLength { hash: code.hash.clone(), length: halt.length.clone() };
        chip.consume_if(&layout.code_length, 1, &known, &length);
        // Made of the cells of the halt and of the code.
        let job = chip.peek(&layout.deposit, 0);
        chip.send_if(&layout.deposit, 0, &named, &job);
    }
}
