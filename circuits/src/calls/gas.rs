//! How much gas a callee gets: what was asked for, but at least one 64th stays (EIP-150).

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, Bool, Limb, U16, Word, inverse_or_zero, split};

use ruint::aliases::U256;

use super::{CODE_ROW, CONTEXT_ROW, Layout, TALLY_ROW};
use crate::bus::Range128;

/// A caller keeps one part in so many of what it has (EIP-150).
pub const KEPT_PART: u64 = 64;

/// The gas that a callee gets.
///
/// With `available = 64 kept + rest` and `rest` below 64, `kept` is `floor(available / 64)`; both are ranged, so
/// `available` is at least zero. `limit = available - kept` is what the callee may have. It gets `limit` if more was
/// asked for, and what was asked for if not: the difference of the two, in the right order, is below 2^128 as long as
/// the request's high limb is zero.
#[derive(Debug)]
pub(super) struct Forwarded {
    rest: U16,
    /// Whether more was asked for than there is.
    pub(super) capped: Bool,
    /// The gas.
    pub(super) gas: Any,
}

impl Forwarded {
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, available: &Expr, requested: &Word) -> Self {
        let rest = chip.u16(TALLY_ROW);
        chip.require_bits16("rest below 64", TALLY_ROW, 1, Expr::from(KEPT_PART - 1) - &rest);
        let kept = (available - &rest) * inverse_or_zero(F::from(KEPT_PART));
        chip.require_bits16("kept gas", CONTEXT_ROW, 4, kept.clone());
        let limit = chip.store("most gas", TALLY_ROW, available - kept);

        let capped = chip.bool("capped", TALLY_ROW);
        let low = chip.is_zero("high part of the gas", TALLY_ROW, &requested.hi);
        chip.require_zero("high gas is capped", capped.not().and(&low.not()));
        let more = &requested.lo - &limit;
        let value = Limb::assume((&capped * F::from(2) - 1) * more, "this message checks it");
        chip.consume_if(&layout.range128[0], CODE_ROW, &low, &Range128 { value });
        let gas = chip.store("forwarded gas", TALLY_ROW, capped.select(&limit, &requested.lo));
        Self { rest, capped, gas }
    }

    pub(super) fn fill(&self, available: u64, requested: &U256, row: &mut WindowWriter<'_>) {
        row.set(&self.rest, (available % KEPT_PART) as u16);
        let limit = u128::from(available - available / KEPT_PART);
        let (hi, lo) = split(requested);
        row.set(&self.capped, hi != 0 || lo > limit);
    }
}
