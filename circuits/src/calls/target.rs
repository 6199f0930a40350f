//! The account that is called: the low 160 bits of a word, and not a precompile.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Address, Bool, Limb, U16, Word, inverse_or_zero};

use ruint::aliases::U256;

use super::{ADDRESS_ROW, Layout, OUTPUT_ROW};
use crate::bus::Range128;
use crate::schedule::{BEHIND_PRECOMPILES, P256_VERIFY};

/// Whether no chip touches the account at `address`: it is a precompile in some fork.
pub fn is_precompile(address: &U256) -> bool {
    let number = u64::try_from(*address).unwrap_or(0);
    (1..BEHIND_PRECOMPILES).contains(&number) || number == P256_VERIFY
}

/// An address, from the word that names it.
///
/// A word is `top 2^160 + hi 2^128 + lo` with `hi` in two checked limbs and `top` ranged far below where `2^32 top`
/// would wrap, so the split is unique. The address is not a precompile's: it is not 256, and either `lo` is 18 or more,
/// or `hi` is not zero, or all of it is.
#[derive(Debug)]
pub(super) struct Target {
    limbs: [U16; 2],
    /// Whether `lo` is shown to be 18 or more.
    pub(super) low: Bool,
    /// Bits 128 to 159.
    pub(super) hi: Limb,
    /// The low 128 bits.
    pub(super) lo: Limb,
}

impl Target {
    /// `popped` is one where `word` is in range, and the address holds only there; `priced` where it must not be a
    /// precompile's.
    pub(super) fn build(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        word: &Word,
        popped: &Bool,
        priced: &Bool,
    ) -> Self {
        let limbs = layout.limbs.each_ref().map(|limb| chip.checked(limb, ADDRESS_ROW));
        let hi = Limb::assume(&limbs[0] + &limbs[1] * F::from(1 << 16), "two limbs of 16 bits");
        let shift = inverse_or_zero(F::from(1 << 32));
        let top = Limb::assume((&word.hi - &hi) * shift, "this message checks it");
        chip.consume_if(&layout.range128[0], OUTPUT_ROW, popped, &Range128 { value: top });

        let hi_is_zero = chip.is_zero("high part", ADDRESS_ROW, &hi);
        let low = chip.bool("low", ADDRESS_ROW);
        chip.require_zero("low addresses are looked at", (priced - &low) * &hi_is_zero * &word.lo);
        let above = Limb::assume(&low * (&word.lo - BEHIND_PRECOMPILES), "this message checks it");
        chip.consume_if(&layout.range128[1], OUTPUT_ROW, &low, &Range128 { value: above });

        let target = Self { limbs, low, hi, lo: word.lo.clone() };
        let inverse = chip.any(ADDRESS_ROW).expr();
        let distance = target.address().expr() - P256_VERIFY;
        chip.derive_inverse(inverse.as_cell().expect("a scratch cell"), &distance * priced);
        chip.require_equal("not P256VERIFY", distance * inverse, priced);
        target
    }

    /// The address.
    pub(super) fn address(&self) -> Address {
        Address::assume(&self.hi * Expr::power_of_two(128) + &self.lo, "32 bits and 128")
    }

    pub(super) fn fill(&self, word: &U256, priced: bool, row: &mut WindowWriter<'_>) {
        let hi = word.as_limbs()[2];
        row.set(&self.limbs[0], hi as u16);
        row.set(&self.limbs[1], (hi >> 16) as u16);
        let lo: U256 = *word << 128;
        row.set(&self.low, priced && hi as u32 == 0 && !lo.is_zero());
    }
}
