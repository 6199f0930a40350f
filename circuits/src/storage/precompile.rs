//! Whether the block's fork has a precompile at an address: those are warm from the start (EIP-2929).
//!
//! An address is either *listed*, one where some fork has a precompile or zero, and then a
//! [`Precompile`](crate::bus::Precompile) fact says what this fork has there; or it is shown to be none of those: not 256,
//! and not below 18. It is not below 18 if its high part is not zero, and else its low limb less 18 is ranged.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | listed is boolean | 2 | |
//! | listed where touched | 2 | |
//! | precompile is listed | 2 | no other address is one |
//! | high part: ... | 2 | three constraints of a zero test |
//! | low | 2 | one if the address is not listed, and has no high part |
//! | in range: value in row 2 | 1 | the low limb less 18; below 2^128 if `low` is one |
//! | not P256VERIFY | 3 | an address that is not listed is not 256, by an inverse |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, Limb};

use ruint::aliases::U256;

use super::Layout;
use crate::bus::Range128;
use crate::schedule::{BEHIND_PRECOMPILES, P256_VERIFY, listed_addresses};

/// The flags, made before the scratch cells: the first part of the gadget.
#[derive(Debug)]
pub(super) struct Flags {
    listed: Bool,
    present: Bool,
    touches: Bool,
}

impl Flags {
    /// Learns what the fork has at the address of the record, if the chip touches it and says that it is listed. The cells
    /// are the second operand's, which the chip does not have.
    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, touches: &Bool) -> Self {
        let listed = chip.bool_at("listed", layout.step.b[1]);
        let present = chip.learn_if(&layout.precompile, 0, &listed).present;
        chip.require_zero("listed where touched", &listed * (Expr::one() - touches));
        chip.require_zero("precompile is listed", &present * (Expr::one() - &listed));
        // The row's scratch cells come later.
        chip.peek(&layout.in_range, 2);
        Self { listed, present, touches: touches.clone() }
    }

    /// Shows that an address that is touched and not listed is none of those. `high` is its part above 128 bits, and `low`
    /// the rest. Answers whether there is a precompile.
    pub(super) fn constrain(&self, chip: &mut ChipBuilder<'_>, layout: &Layout, high: Expr, low: &Limb) -> Bool {
        let other = Bool::assume(&self.touches - &self.listed, "listed where touched");
        let no_high = chip.is_zero("high part", 2, high);
        let is_low = chip.store_bool("low", 2, &other.and(&no_high));
        let above = Limb::assume(low - BEHIND_PRECOMPILES, "this message checks it");
        chip.consume_if(&layout.in_range, 2, &is_low, &Range128 { value: above });

        let inverse = chip.any(2).expr();
        let distance = layout.record.address - P256_VERIFY;
        chip.derive_inverse(inverse.as_cell().expect("a scratch cell"), distance.clone());
        chip.require_zero("not P256VERIFY", other * (distance * inverse - 1));
        self.present.clone()
    }

    /// Fills the flags for an address that is touched. `present` says whether the block's fork has a precompile there.
    pub(super) fn fill(&self, address: &U256, present: bool, row: &mut WindowWriter<'_>) {
        row.set(&self.listed, listed_addresses().any(|listed| U256::from(listed) == *address));
        row.set(&self.present, present);
    }
}
