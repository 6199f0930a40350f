//! The two halves of a transfer of value.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Address, Bool, Counter, Word};

use ruint::aliases::U256;

use super::Layout;
use super::head::fill_record;
use crate::bus::{AccountJob, AccountNative};
use crate::payment::{Direction, Payment, Ranged};

/// What a half is built from.
#[derive(Debug)]
pub(super) struct Order {
    /// The row of the account's slot.
    pub(super) row: i16,
    /// Out or in.
    pub(super) direction: Direction,
    /// Whether it takes place.
    pub(super) flag: Bool,
    /// The time.
    pub(super) clock: Expr,
    /// Whether it is undone.
    pub(super) reverted: Bool,
    /// When it is.
    pub(super) undo: Expr,
    /// The account.
    pub(super) address: Address,
}

/// An account whose balance falls or grows by a value.
#[derive(Debug)]
pub(super) struct Half {
    job: AccountJob,
    payment: Payment,
}

impl Half {
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, label: &str, value: &Word, order: Order) -> Self {
        let record = chip.peek(&layout.account, order.row);
        let ranged = Ranged { slots: &layout.range128, row: order.row, flag: &order.flag };
        let payment = Payment::build(chip, (label, super::TALLY_ROW), &record, (order.direction, value), &ranged);
        let job = AccountJob {
            clock: Counter::assume(order.clock, "a sub-time of the step"),
            reverted: order.reverted,
            undo: Counter::assume(order.undo, "the scope is counted so that this is behind its end"),
            address: order.address,
            warm_after: record.warm.clone(),
            ..record
        };
        chip.send_if(&layout.account, order.row, &order.flag, &job);
        Self { job, payment }
    }

    pub(super) fn fill(&self, before: &AccountNative, value: &U256, row: &mut WindowWriter<'_>) {
        fill_record(&self.job, before, row);
        self.payment.fill(&before.balance, value, row);
    }
}
