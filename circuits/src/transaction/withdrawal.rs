//! A withdrawal (EIP-4895): the balance of an account grows.
//!
//! **Given** the cursor and the withdrawal that the verifier sent under its index.
//! **Proves** that the amount was added to the account's balance.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | withdrawal carry is boolean | 2 | |
//! | withdrawal: balance hi, withdrawal: balance lo | 1 | the balance after |
//! | account: clock, reverted, undo, address, nonce_after, warm_after | 1 | at the cursor's time, never undone, of no transaction |
//! | cursor: index in row 1, clock in row 1 | 1 | one more each |
//! | cursor: gas in row 1 | 1 | none is used |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Word};

use super::change::{self, AccountBefore, Change, Order};
use super::{Layout, next};
use crate::bus::{Cursor, CursorNative, PublicWithdrawal, PublicWithdrawalNative};
use crate::payment::Direction;

/// The chip.
#[derive(Debug)]
pub struct Withdrawal {
    cursor: Cursor,
    public: PublicWithdrawal,
    change: Change,
}

/// What a withdrawal is filled from.
#[derive(Clone, Debug)]
pub struct WithdrawalEvent {
    /// The cursor, which the one behind follows by one index and one tick.
    pub cursor: CursorNative,
    /// The verifier's message.
    pub public: PublicWithdrawalNative,
    /// The account at the cursor's time.
    pub account: AccountBefore,
}

impl Chip for Withdrawal {
    type Layout = Layout;
    type Event = WithdrawalEvent;
    const NAME: &'static str = "withdrawal";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let cursor = chip.receive(&layout.cursor, 0);
        let public = chip.receive(&layout.withdrawal, 0);
        let record = change::account(chip, layout, 0);
        let after = Cursor { index: next(&cursor.index), clock: next(&cursor.clock), gas: cursor.gas.clone() };
        chip.send(&layout.cursor, 1, &after);
        let order = Order {
            row: 0,
            flag: Bool::constant(true),
            clock: cursor.clock.expr(),
            address: public.address.expr(),
            nonce: Expr::zero(),
            warm: None,
            undo: Order::stays(),
        };
        let amount = Word::from_low(public.amount.clone());
        let change = Change::build(chip, layout, ("withdrawal", 0), (&record, order), (Direction::In, &amount));
        Self { cursor, public, change }
    }

    fn fill(&self, event: &WithdrawalEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.cursor, &event.cursor);
        row.message(&self.public, &event.public);
        self.change.fill(&event.account, &U256::from(event.public.amount), row);
    }
}
