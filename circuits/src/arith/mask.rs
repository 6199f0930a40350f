//! AND with a mask of low ones.
//!
//! **Given** operands with limbs below 2^128, one row **proves** `result = a & b` where one of them, the mask `m`, is
//! `2^k - 1` with `k mod 128` at most 125: the mask of an address, a boolean, a `uint112`. Let `x` be the other operand, and
//! let `P` be the power of two in the limb where the mask ends: the high one if `high`, else the low one. That limb of `x` is
//! `h P + l` with `l < P`, and `l` is what the mask leaves of it.
//!
//! `P` is a quarter of a power below 2^128, so it is at most 2^125 and `h P` is below 2^253: nothing wraps. For the exponents
//! 0 and 1 a quarter is no integer, and `l + d + 1 = P` cannot hold.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | swapped / high is boolean | 2 | the mask is `a` if swapped, else `b`; where the mask ends |
//! | opcode | 1 | AND |
//! | mask: high limb, low limb | 2 | `m.hi = high (P - 1)`, and `m.lo` is `P - 1` or all ones |
//! | split | 3 | the limb of `x` is `h P + l` |
//! | remainder | 1 | `l + d + 1 = P` with `d` ranged: `l < P` |
//! | result: high limb | 2 | `l` or zero |
//! | result: low limb | 3 | the low limb of `x`, or `l` |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, inverse_or_zero, split};

use super::Layout;
use super::layout::{always, code, ones, require_limbs};
use super::native::opcode::AND;
use crate::bus::{Alu, AluNative, PowerOfTwo};

/// The chip.
#[derive(Debug)]
pub struct Mask {
    layout: Layout,
    alu: Alu,
    power: PowerOfTwo,
    swapped: Bool,
    high: Bool,
}

/// The number of low ones that a mask consists of, if the chip can prove it.
fn width(mask: U256) -> Option<usize> {
    let ones = mask.trailing_ones();
    (mask.leading_zeros() + ones == 256 && ones < 256 && ones % 128 <= 125).then_some(ones)
}

/// Whether the chip can prove the AND of two words.
pub(super) fn fits(a: U256, b: U256) -> bool {
    width(a).or(width(b)).is_some()
}

impl Chip for Mask {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "mask";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        let fact = chip.peek(&layout.power_of_two, 0);
        let (_, four_times) = layout.learn_power(chip, 0, &always());
        let power = four_times * inverse_or_zero(F::from(4));
        layout.check(chip, 0..24, 0);
        let [kept, rest, above] = [0, 1, 2].map(|g| layout.group(g, 0));
        let [swapped, high] = ["swapped", "high"].map(|label| chip.bool(label, 0));

        let Alu { opcode, a, b, result, .. } = &alu;
        let mask = [swapped.select(&a.hi, &b.hi), swapped.select(&a.lo, &b.lo)];
        let other = [swapped.select(&b.hi, &a.hi), swapped.select(&b.lo, &a.lo)];
        chip.require_equal("opcode", opcode, code(AND));
        let [mask_hi, mask_lo] = mask;
        chip.require_equal("mask: high limb", mask_hi, &high * (&power - Expr::one()));
        chip.require_equal("mask: low limb", mask_lo, high.select(ones(), &power - Expr::one()));
        let [other_hi, other_lo] = other;
        chip.require_equal("split", high.select(other_hi, &other_lo), above * &power + &kept);
        chip.require_equal("remainder", &kept + rest + Expr::one(), power);
        require_limbs(chip, "result", result, [&high * &kept, high.select(other_lo, kept)]);
        Self { layout: layout.clone(), alu, power: fact, swapped, high }
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let swapped = width(event.b).is_none();
        let (mask, other) = if swapped { (event.a, event.b) } else { (event.b, event.a) };
        let ones = width(mask).unwrap_or_default();
        let (high, bits) = (ones >= 128, ones % 128);
        let (hi, lo) = split(&other);
        let limb = if high { hi } else { lo };
        let kept = limb & ((1 << bits) - 1);
        row.message(&self.alu, event);
        self.layout.set_power(row, &self.power, bits as u8 + 2);
        self.layout.set_group(row, 0, 0, kept);
        self.layout.set_group(row, 1, 0, (1 << bits) - 1 - kept);
        self.layout.set_group(row, 2, 0, limb >> bits);
        row.set(&self.swapped, swapped);
        row.set(&self.high, high);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::native::low_ones;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let odd = U256::from_limbs([7 << 60, 1, u64::MAX - 5, 9 << 58]);
        for bits in [0, 1, 8, 112, 125, 128, 160, 253] {
            consumer.alu(AND, odd, low_ones(bits), U256::ZERO);
            consumer.alu(AND, low_ones(bits), odd, U256::ZERO);
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_eq!(case.windows("mask").1.len(), 16);
        assert_chip(&case, "mask", &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(other in word(), bits in 0..=256usize) {
            let mask = low_ones(bits);
            let result = U256::from_limbs(std::array::from_fn(|i| other.as_limbs()[i] & mask.as_limbs()[i]));
            let mut consumer = Consumer::default();
            consumer.expect(AND, [other, mask], result);
            consumer.expect(AND, [mask, other], result);
            consumer.case(K).assert_holds();
        }
    }
}
