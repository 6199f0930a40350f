//! The two halves of a transfer of value.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Address, Bool, Counter, Word, split};

use ruint::aliases::U256;

use super::Layout;
use super::head::fill_record;
use crate::bus::{AccountJob, AccountNative, Range128};

/// Which way value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Out of the account.
    Out,
    /// Into the account.
    In,
}

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
///
/// The limbs are added with a carry: `after.lo = before.lo + s value.lo - s 2^128 carry`, `after.hi = before.hi + s
/// value.hi + s carry` with `s` one or minus one. Both limbs of the balance after are ranged, so neither sum wraps
/// around 2^256, and none goes below zero: an account cannot send more than it has.
#[derive(Debug)]
pub(super) struct Half {
    job: AccountJob,
    carry: Bool,
    direction: Direction,
}

impl Half {
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, label: &str, value: &Word, order: Order) -> Self {
        let record = chip.peek(&layout.account, order.row);
        let ranges = layout.range128.each_ref().map(|slot| chip.peek(slot, order.row));
        let carry = chip.bool(&format!("{label} carry"), super::TALLY_ROW);
        let sign = if order.direction == Direction::In { Expr::one() } else { -Expr::one() };
        let lo = &record.balance.lo + &sign * (&value.lo - &carry * Expr::power_of_two(128));
        let hi = &record.balance.hi + sign * (&value.hi + &carry);
        let balance_after = record.balance_after.clone();
        chip.require_equal(format!("{label}: balance hi"), &balance_after.hi, hi.clone());
        chip.require_equal(format!("{label}: balance lo"), &balance_after.lo, lo.clone());
        chip.derive(balance_after.hi.expr().as_cell().expect("a cell"), hi);
        chip.derive(balance_after.lo.expr().as_cell().expect("a cell"), lo);
        // The slots of the ranges are the cells of the balance after.
        for (slot, range) in layout.range128.iter().zip(ranges) {
            chip.consume_if(slot, order.row, &order.flag, &Range128 { value: range.value });
        }
        let job = AccountJob {
            clock: Counter::assume(order.clock, "a sub-time of the step"),
            reverted: order.reverted,
            undo: Counter::assume(order.undo, "the scope is counted so that this is behind its end"),
            address: order.address,
            warm_after: record.warm.clone(),
            ..record
        };
        chip.send_if(&layout.account, order.row, &order.flag, &job);
        Self { job, carry, direction: order.direction }
    }

    pub(super) fn fill(&self, before: &AccountNative, value: &U256, row: &mut WindowWriter<'_>) {
        fill_record(&self.job, before, row);
        let ((_, balance), (_, value)) = (split(&before.balance), split(value));
        let carry = match self.direction {
            Direction::In => balance.checked_add(value).is_none(),
            Direction::Out => balance < value,
        };
        row.set(&self.carry, carry);
    }
}
