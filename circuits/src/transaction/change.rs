//! An access of a transaction to an account, whose balance may change.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Address, Bool, Counter, U64, Word};

use super::Layout;
use crate::bus::AccountJob;
use crate::payment::{Direction, Payment, Ranged};

/// An account as an access finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountBefore {
    /// The nonce.
    pub nonce: u64,
    /// The balance.
    pub balance: U256,
    /// The code hash.
    pub code: U256,
    /// The transaction of the last touch, by the clock at which it began.
    pub warm: u64,
}

/// When an access takes place, and whether it is undone.
#[derive(Debug)]
pub(super) struct Order {
    /// The row of the account.
    pub(super) row: i16,
    /// Whether it takes place.
    pub(super) flag: Bool,
    /// The time.
    pub(super) clock: Expr,
    /// The account.
    pub(super) address: Expr,
    /// By how much the nonce grows.
    pub(super) nonce: Expr,
    /// Which transaction has touched the account behind the access; none if it stays.
    pub(super) warm: Option<Expr>,
    /// Whether it is undone, and when.
    pub(super) undo: (Bool, Expr),
}

impl Order {
    /// An access that is not undone.
    pub(super) fn stays() -> (Bool, Expr) {
        (Bool::constant(false), Expr::zero())
    }
}

/// The cells of an account, kept for later: call before any scratch cell is taken.
pub(super) fn account(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16) -> AccountJob {
    chip.peek(&layout.account, row)
}

fn send(chip: &mut ChipBuilder<'_>, layout: &Layout, record: &AccountJob, order: Order) {
    let (reverted, undo) = order.undo;
    let job = AccountJob {
        clock: Counter::assume(order.clock, "a time of the transaction"),
        reverted,
        undo: Counter::assume(undo, "behind the end of the call"),
        address: Address::assume(order.address, "from words that are addresses"),
        nonce_after: U64::assume(&record.nonce + order.nonce, "one more than a nonce that can be used up once"),
        warm_after: order.warm.map_or(record.warm.clone(), |warm| Counter::assume(warm, "a time")),
        ..record.clone()
    };
    chip.send_if(&layout.account, order.row, &order.flag, &job);
}

/// An access that leaves the balance.
#[derive(Debug)]
pub(super) struct Touch {
    record: AccountJob,
}

impl Touch {
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, record: &AccountJob, order: Order) -> Self {
        let after = AccountJob { balance_after: record.balance.clone(), ..record.clone() };
        send(chip, layout, &after, order);
        Self { record: record.clone() }
    }

    pub(super) fn fill(&self, before: &AccountBefore, row: &mut WindowWriter<'_>) {
        fill_record(&self.record, before, row);
    }
}

/// An access that adds to the balance or takes from it.
#[derive(Debug)]
pub(super) struct Change {
    record: AccountJob,
    payment: Payment,
}

impl Change {
    /// `names` are a label and the row of a scratch cell.
    pub(super) fn build(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        names: (&str, i16),
        (record, order): (&AccountJob, Order),
        amount: (Direction, &Word),
    ) -> Self {
        let ranged = Ranged { slots: &layout.balance_ranges, row: order.row, flag: &order.flag };
        let payment = Payment::build(chip, names, record, amount, &ranged);
        send(chip, layout, record, order);
        Self { record: record.clone(), payment }
    }

    pub(super) fn fill(&self, before: &AccountBefore, value: &U256, row: &mut WindowWriter<'_>) {
        fill_record(&self.record, before, row);
        self.payment.fill(&before.balance, value, row);
    }
}

/// Sets an account as an access finds it.
pub(super) fn fill_record(record: &AccountJob, before: &AccountBefore, row: &mut WindowWriter<'_>) {
    row.set(&record.nonce, before.nonce);
    row.set(&record.balance, before.balance);
    row.set(&record.code, before.code);
    row.set(&record.warm, before.warm);
}
