//! An account that has rested, moved forward in time.
//!
//! **Given** the account's token.
//! **Proves** that it is the same at a later time. Nobody orders this: a token that is newer than it needs to be can only be
//! out of reach for accesses that would have been possible.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | taken at the tick before | 1 | the gap is zero, so the token's time is `clock - 1` |
//! | jump | 1 | the token's next time is later by `2^16 (jump + 1)` |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, U16};

use super::{JUMP, Layout};
use crate::bus::{Account, AccountNative};

/// The chip.
#[derive(Debug)]
pub struct AccountRefresh {
    account: Account,
    clock: Counter,
    jump: U16,
}

/// What a refresh of an account is filled from.
#[derive(Clone, Debug)]
pub struct AccountRefreshEvent {
    /// The account's token.
    pub account: AccountNative,
    /// The token's time grows by [`JUMP`] times one more than this.
    pub jump: u16,
}

impl Chip for AccountRefresh {
    type Layout = Layout;
    type Event = AccountRefreshEvent;
    const NAME: &'static str = "account refresh";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let account = chip.receive(&layout.take, 0);
        let jump = chip.checked(&layout.undo_gap, 0);
        chip.define("taken at the tick before", layout.gap.cell, Expr::zero());
        let later = (&jump + 1) * F::from(JUMP);
        chip.define("jump", layout.undo, layout.clock - 1 + later);
        let next = chip.peek(&layout.give_back, 0);
        chip.send(&layout.give_back, 0, &next);
        Self { account, clock: Counter::assume(layout.clock, "one more than the token's time"), jump }
    }

    fn fill(&self, event: &AccountRefreshEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.account, &event.account);
        row.set(&self.clock, event.account.clock + 1);
        row.set(&self.jump, event.jump);
    }
}
