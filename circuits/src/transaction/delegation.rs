//! A code that is a delegation (EIP-7702): `0xef0100` and an address.
//!
//! **Given** the length of the code and its first word.
//! **Proves** that the code is of this form, and which address it names.
//!
//! The word is `0xef0100 || address || 0^9`: its high limb has the marker and 13 bytes of the address, its low limb the
//! other 7 and zeros.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | code length: length | 1 | 23 |
//! | code word: index | 1 | 0 |
//! | marker | 1 | what is left of the high limb without it, below 2^128 |
//! | thirteen bytes | 1 | `2^24` times that, below 2^128, so it is below 2^104 |
//! | seven bytes | 1 | the low limb divided by `2^72`: below 2^128, so the division leaves no rest |
//! | delegation: code, delegation: address | 1 | the fact |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Address, Counter, from_u128, inverse_or_zero};

use super::{Layout, range};
use crate::bus::{self, CodeLength, CodeWord, CodeWordNative};

/// The first three bytes of a delegation.
const MARKER: u64 = 0x00ef_0100;
/// The bytes of a delegation.
const LENGTH: u64 = 23;

/// The chip.
#[derive(Debug)]
pub struct Delegation {
    word: CodeWord,
}

/// What a delegation is filled from: one is needed for each code that is asked for.
#[derive(Clone, Debug)]
pub struct DelegationEvent {
    /// The code's hash.
    pub code: U256,
    /// The address that it names.
    pub address: U256,
}

impl DelegationEvent {
    /// The first word of the code.
    pub fn word(&self) -> U256 {
        U256::from(MARKER) << 232 | self.address << 72
    }
}

impl Chip for Delegation {
    type Layout = Layout;
    type Event = DelegationEvent;
    const NAME: &'static str = "delegation";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let word = CodeWord { index: Counter::constant(0), ..chip.peek(&layout.code_word, 0) };
        chip.consume(&layout.code_word, 0, &word);
        // The hash stands in the same cells.
        let length = CodeLength { hash: word.hash.clone(), length: Counter::constant(LENGTH) };
        chip.consume(&layout.code_length, 0, &length);
        let [a, b] = &layout.ranges;
        let thirteen = range(chip, a, 0, "marker", &word.word.hi - Expr::from(MARKER) * Expr::power_of_two(104));
        range(chip, &layout.balance_ranges[0], 0, "thirteen bytes", &thirteen * Expr::power_of_two(24));
        let shift = inverse_or_zero(from_u128(1 << 72));
        let seven = range(chip, b, 0, "seven bytes", &word.word.lo * Expr::constant(shift));
        let address = thirteen * Expr::power_of_two(56) + seven;
        let fact = bus::Delegation { code: word.hash.clone(), address: Address::assume(address, "13 bytes and 7") };
        chip.peek(&layout.delegation, 0);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.delegation, 0, multiplicity, &fact);
        Self { word }
    }

    fn fill(&self, event: &DelegationEvent, row: &mut WindowWriter<'_>) {
        let word = CodeWordNative { hash: event.code, index: 0, word: event.word() };
        row.message(&self.word, &word);
    }
}
