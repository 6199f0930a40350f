//! A balance that falls or grows by an amount: half of a transfer.
//!
//! The limbs are added with a carry: `after.lo = before.lo + s value.lo - s 2^128 carry`, `after.hi = before.hi + s value.hi +
//! s carry` with `s` one or minus one. Both limbs of the balance after are ranged, so neither sum wraps around 2^256, and none
//! goes below zero: an account cannot send more than it has.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | ... carry is boolean | 2 | |
//! | ...: balance hi, ...: balance lo | 1 | as above |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::Slot;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Word, split};

use crate::bus::{AccountJob, Range128};

/// Which way value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Out of the account.
    Out,
    /// Into the account.
    In,
}

/// Where the limbs of the balance after are ranged, and if.
#[derive(Debug)]
pub(crate) struct Ranged<'a> {
    /// The slots of the cells that the limbs stand in.
    pub(crate) slots: &'a [Slot<Range128>; 2],
    /// Their row.
    pub(crate) row: i16,
    /// Whether the payment takes place.
    pub(crate) flag: &'a Bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Payment {
    carry: Bool,
    direction: Direction,
}

impl Payment {
    /// Holds the balances of `record`, whose cells are the slot's. `carry` is the row of a scratch cell.
    pub(crate) fn build(
        chip: &mut ChipBuilder<'_>,
        (label, carry): (&str, i16),
        record: &AccountJob,
        (direction, value): (Direction, &Word),
        ranged: &Ranged<'_>,
    ) -> Self {
        let (before, after) = (&record.balance, &record.balance_after);
        let carry = chip.bool(&format!("{label} carry"), carry);
        let sign = if direction == Direction::In { Expr::one() } else { -Expr::one() };
        let lo = &before.lo + &sign * (&value.lo - &carry * Expr::power_of_two(128));
        let hi = &before.hi + sign * (&value.hi + &carry);
        let limbs = [("hi", &after.hi, hi), ("lo", &after.lo, lo)];
        for (slot, (limb, after, value)) in ranged.slots.iter().zip(limbs) {
            chip.require_equal(format!("{label}: balance {limb}"), after, value.clone());
            chip.derive(after.expr().as_cell().expect("a cell"), value);
            chip.consume_if(slot, ranged.row, ranged.flag, &Range128 { value: after.clone() });
        }
        Self { carry, direction }
    }

    /// Fills the carry; the balance after follows.
    pub(crate) fn fill(&self, before: &U256, value: &U256, row: &mut WindowWriter<'_>) {
        let ((_, balance), (_, value)) = (split(before), split(value));
        let carry = match self.direction {
            Direction::In => balance.checked_add(value).is_none(),
            Direction::Out => balance < value,
        };
        row.set(&self.carry, carry);
    }
}
