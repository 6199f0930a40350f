//! An access of a transaction to an account, whose balance may change.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Address, Bool, Counter, U64, Word, split};

use super::Layout;
use crate::bus::{AccountJob, Range128};

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

/// Which way value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Out of the account.
    Out,
    /// Into the account.
    In,
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
///
/// The limbs are added with a carry: `after.lo = before.lo + s value.lo - s 2^128 carry`, `after.hi = before.hi + s value.hi +
/// s carry` with `s` one or minus one. Both limbs of the balance after are ranged, so neither sum wraps around 2^256, and none
/// goes below zero: an account cannot send more than it has.
#[derive(Debug)]
pub(super) struct Change {
    record: AccountJob,
    carry: Bool,
    direction: Direction,
}

impl Change {
    /// `carry` is the row of a scratch cell.
    pub(super) fn build(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        (label, carry): (&str, i16),
        (record, order): (&AccountJob, Order),
        (direction, value): (Direction, &Word),
    ) -> Self {
        let carry = chip.bool(&format!("{label} carry"), carry);
        let sign = if direction == Direction::In { Expr::one() } else { -Expr::one() };
        let lo = &record.balance.lo + &sign * (&value.lo - &carry * Expr::power_of_two(128));
        let hi = &record.balance.hi + sign * (&value.hi + &carry);
        let after = record.balance_after.clone();
        let limbs = [("hi", &after.hi, hi), ("lo", &after.lo, lo)];
        for (slot, (limb, after, value)) in layout.balance_ranges.iter().zip(limbs) {
            chip.require_equal(format!("{label}: balance {limb}"), after, value.clone());
            chip.derive(after.expr().as_cell().expect("a cell"), value);
            chip.consume_if(slot, order.row, &order.flag, &Range128 { value: after.clone() });
        }
        send(chip, layout, record, order);
        Self { record: record.clone(), carry, direction }
    }

    pub(super) fn fill(&self, before: &AccountBefore, value: &U256, row: &mut WindowWriter<'_>) {
        fill_record(&self.record, before, row);
        let ((_, balance), (_, value)) = (split(&before.balance), split(value));
        let carry = match self.direction {
            Direction::In => balance.checked_add(value).is_none(),
            Direction::Out => balance < value,
        };
        row.set(&self.carry, carry);
    }
}

/// Sets an account as an access finds it.
pub(super) fn fill_record(record: &AccountJob, before: &AccountBefore, row: &mut WindowWriter<'_>) {
    row.set(&record.nonce, before.nonce);
    row.set(&record.balance, before.balance);
    row.set(&record.code, before.code);
    row.set(&record.warm, before.warm);
}
