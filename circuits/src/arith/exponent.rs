//! EXP.
//!
//! **Given** operands with limbs below 2^128, four rows **prove** `result = a^b` modulo 2^256 by square and multiply. With
//! `b = 2 f + odd`:
//!
//! - if `f` is zero, the result is `a` or 1;
//! - else rows 1 to 3 consume `s = a^f`, `t = s^2` and, if `odd`, `t a`.
//!
//! `f` is ranged, so it is the half of `b` as an integer, and where an EXP is consumed it is not zero: each EXP rests on one with
//! a strictly smaller exponent. Rank 3 plus the exponent.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | odd / carry is boolean | 2 | `b` modulo 2; the carry between the limbs of `2 f` |
//! | exponent: low limb, high limb | 1 | `b = 2 f + odd` |
//! | last: f is zero | 2 | unless `step`, `f.lo + f.hi`, below 2^129, is zero |
//! | step: f is not zero | 2 | that has an inverse where `step` is one; it makes `step` boolean |
//! | the inverse is used | 2 | |
//! | multiply | 2 | `step` and `odd` |
//! | opcode, half: ..., square: ..., product: ... | 1 | the facts in rows 1 to 3, whether consumed or not |
//! | result: high limb, low limb | 3 | |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, Word, from_u128, inverse_or_zero, split};

use super::Layout;
use super::layout::{code, flag, limbs, operation, require_limbs, require_operand};
use super::native::execute;
use super::native::opcode::{EXP, MUL};
use crate::bus::{Alu, AluNative};

/// The chip.
#[derive(Debug)]
pub struct Exponent {
    layout: Layout,
    alu: Alu,
    /// The power of the half, its square, and that times the base.
    facts: [Alu; 3],
    odd: Bool,
    carry: Bool,
    step: Bool,
    multiply: Bool,
    inverse: Any,
}

/// The facts of a step, and which of them it consumes.
fn facts(event: &AluNative) -> ([AluNative; 3], [bool; 3]) {
    let (a, half): (U256, U256) = (event.a, event.b >> 1);
    let step = !half.is_zero();
    let odd = event.b.bit(0);
    // Nothing is consumed where the half is zero, and any number may stand there.
    let power = if step { execute(EXP, a, half, U256::ZERO) } else { U256::ZERO };
    let square = power.wrapping_mul(power);
    let product = operation(MUL, square, a, square.wrapping_mul(a));
    ([operation(EXP, a, half, power), operation(MUL, power, power, square), product], [step, step, step && odd])
}

/// The operations that a step rests on.
pub(super) fn rests_on(event: &AluNative) -> Vec<AluNative> {
    let (facts, used) = facts(event);
    facts.into_iter().zip(used).filter_map(|(fact, used)| used.then_some(fact)).collect()
}

fn require_fact(chip: &mut ChipBuilder<'_>, label: &str, fact: &Alu, opcode: u8, a: &Word, b: &Word) {
    chip.require_equal(format!("{label}: opcode"), &fact.opcode, code(opcode));
    for (name, cells, word) in [("a", &fact.a, a), ("b", &fact.b, b)] {
        require_operand(chip, &format!("{label}: {name}"), cells, word);
    }
}

impl Exponent {
    fn halve(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, odd, carry, step, multiply, inverse, .. } = self;
        let half = layout.word(0);
        let up = Expr::power_of_two(128);
        chip.require_equal("opcode", &alu.opcode, code(EXP));
        chip.require_equal("exponent: low limb", &alu.b.lo + carry * up, &half.lo + &half.lo + odd);
        chip.require_equal("exponent: high limb", &alu.b.hi, &half.hi + &half.hi + carry);
        let size = half.hi + half.lo;
        chip.require_zero("last: f is zero", step.not() * &size);
        chip.require_equal("step: f is not zero", size * inverse, step);
        chip.require_zero("the inverse is used", step.not() * inverse);
        chip.require_equal("multiply", multiply, step * odd);
    }

    fn power(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, facts: [half, square, product], odd, step, .. } = self;
        require_fact(chip, "half", half, EXP, &alu.a, &layout.word(0));
        require_fact(chip, "square", square, MUL, &half.result, &half.result);
        require_fact(chip, "product", product, MUL, &square.result, &alu.a);
        let one = Word::constant(U256::from(1));
        let next = Word::select(odd, &product.result, &square.result);
        let last = Word::select(odd, &alu.a, &one);
        let result = Word::select(step, &next, &last);
        require_limbs(chip, "result", &alu.result, limbs(&result));
    }
}

impl Chip for Exponent {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "exponent";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        layout.check(chip, 0..16, 0);
        let step = flag(chip.any(0), "zero where f is, else one: see halve");
        let multiply = flag(chip.any(0), "a product of flags");
        let flags = [&step, &step, &multiply];
        let facts = [0, 1, 2].map(|i| chip.learn_if(&layout.alu, i as i16 + 1, flags[i]));
        let [odd, carry] = ["odd", "carry"].map(|label| chip.bool(label, 0));
        let inverse = chip.any(0);
        let this = Self { layout: layout.clone(), alu, facts, odd, carry, step, multiply, inverse };
        this.halve(chip);
        this.power(chip);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let (facts, [step, _, multiply]) = facts(event);
        let half: U256 = event.b >> 1;
        let (hi, lo) = split(&half);
        row.message(&self.alu, event);
        self.facts.iter().zip(&facts).for_each(|(cells, fact)| row.message(cells, fact));
        self.layout.set_word(row, 0, &half);
        row.set(&self.odd, event.b.bit(0));
        row.set(&self.carry, lo >> 127 == 1);
        row.set(&self.step, step);
        row.set(&self.multiply, multiply);
        row.set(&self.inverse, inverse_or_zero(from_u128(hi) + from_u128(lo)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::testing::{Consumer, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let base = U256::MAX / U256::from(7);
        for exponent in [0, 1, 2, 3, 6, 21] {
            consumer.alu(EXP, base, U256::from(exponent), U256::ZERO);
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(8);
        // The product is in no message where the exponent is even, and nor is the square where a chain ends.
        assert_chip(&case, "exponent", &["result.hi@3", "result.lo@3"]);
    }

    #[test]
    fn the_longest_chains_hold() {
        let mut consumer = Consumer::default();
        for exponent in [U256::MAX, U256::from(1) << 255] {
            consumer.alu(EXP, U256::from(3), exponent, U256::ZERO);
        }
        consumer.case(13).assert_holds();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn results_are_the_evms(base in word(), exponent in word(), small in 0..1000usize) {
            let power = |exponent: U256| {
                let bits = (0..256).rev().map(|i| exponent.bit(i));
                bits.fold(U256::from(1), |power, bit| {
                    let square = power.wrapping_mul(power);
                    if bit { square.wrapping_mul(base) } else { square }
                })
            };
            let mut consumer = Consumer::default();
            let small = U256::from(small);
            consumer.expect(EXP, [base, small], (0..small.to()).fold(U256::from(1), |p, _: usize| p.wrapping_mul(base)));
            consumer.expect(EXP, [base, exponent], power(exponent));
            consumer.case(12).assert_holds();
        }
    }
}
