//! ADDMOD and MULMOD.
//!
//! **Given** operands with limbs below 2^128, five rows **prove** `result = (a + b) mod c` or `(a b) mod c`, without wrapping, and zero
//! if `c` is zero. The operands are reduced first: rows 1 and 2 consume `x = a mod c` and `z = b mod c`. Then
//!
//! ```text
//! x y + z' = quotient c + result,  result < c or c = 0
//! MULMOD:  y = z, z' = 0           ADDMOD:  y = 1, z' = z
//! ```
//!
//! where the quotient is a word, because `x` and `z` are below `c`. Rows 0 to 4 hold `result`, `x`, `y`, the quotient and `c`, ranged,
//! as numbers of 64 bits. The equation holds in columns of 128 bits, see [`product`](super::product), with signed carries between
//! -2^79 and 2^79: all sides are below 2^208 in size. Rank 1, on MOD.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | add / by zero / borrow is boolean | 2 | ADDMOD; `c = 0` |
//! | opcode | 1 | |
//! | a mod c: ..., b mod c: ... | 1 | the facts in rows 1 and 2 |
//! | x, y, result, modulus: high limb, low limb | 1 to 2 | the words in the rows |
//! | column 0 to column 3 | 2 | the equation |
//! | by zero: c, by zero: the quotient | 2 | `c = 0`, and the quotient, which nothing else fixes then, is zero |
//! | remainder: low limb, high limb | 2 | `d = c - result - 1`, ranged: `result < c` unless by zero, so `c` is not zero |
//! | the borrow is used | 2 | |
//!
//! By zero, the equation says that the result is `x y + z'`, and the facts that `x` and `z` are zero.

use ruint::aliases::{U256, U512};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, split};

use super::Layout;
use super::layout::{code, excess, limbs, operation, require_limbs};
use super::native::execute;
use super::native::opcode::{ADDMOD, MOD, MULMOD};
use super::product::{column, native_column};
use crate::bus::{Alu, AluNative};

/// The rows of the five words.
const RESULT: i16 = 0;
const X: i16 = 1;
const Y: i16 = 2;
const QUOTIENT: i16 = 3;
const MODULUS: i16 = 4;

/// Half the range of the carries, by which they are moved up to be positive.
const OFFSET: u32 = 79;

/// The chip.
#[derive(Debug)]
pub struct Modular {
    layout: Layout,
    alu: Alu,
    reduced: [Alu; 2],
    add: Bool,
    by_zero: Bool,
    borrow: Bool,
}

/// The operations that one rests on: both operands reduced.
pub(super) fn reductions(event: &AluNative) -> [AluNative; 2] {
    [event.a, event.b].map(|word| operation(MOD, word, event.c, execute(MOD, word, event.c, U256::ZERO)))
}

impl Modular {
    fn words(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, reduced: [x, z], add, .. } = self;
        chip.require_equal("opcode", &alu.opcode, code(MULMOD) - add * code(MULMOD - ADDMOD));
        for (name, fact, operand) in [("a mod c", x, &alu.a), ("b mod c", z, &alu.b)] {
            chip.require_equal(format!("{name}: opcode"), &fact.opcode, code(MOD));
            require_limbs(chip, &format!("{name}: dividend"), &fact.a, limbs(operand));
            require_limbs(chip, &format!("{name}: divisor"), &fact.b, limbs(&alu.c));
        }
        require_limbs(chip, "result", &layout.word(RESULT), limbs(&alu.result));
        require_limbs(chip, "x", &layout.word(X), limbs(&x.result));
        let y = [add.not() * &z.result.hi, add.select(Expr::one(), &z.result.lo)];
        require_limbs(chip, "y", &layout.word(Y), y);
        require_limbs(chip, "modulus", &layout.word(MODULUS), limbs(&alu.c));
    }

    fn equation(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, reduced: [_, z], add, .. } = self;
        let [x, y, quotient, modulus] = [X, Y, QUOTIENT, MODULUS].map(|row| layout.halves(row));
        let carries = [0, 1, 2].map(|row| layout.carry(row) - Expr::power_of_two(OFFSET));
        let zero = Expr::zero;
        let added = [add * &z.result.lo, add * &z.result.hi, zero(), zero()];
        let rest = [alu.result.lo.expr(), alu.result.hi.expr(), zero(), zero()];
        for (k, (added, rest)) in added.into_iter().zip(rest).enumerate() {
            let below = k.checked_sub(1).map_or_else(zero, |k| carries[k].clone());
            let above = carries.get(k).map_or_else(zero, |carry| carry * Expr::power_of_two(128));
            let left = column(&x, &y, k) + added + below;
            chip.require_equal(format!("column {k}"), left, column(&quotient, &modulus, k) + rest + above);
        }
    }

    fn remainder(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, by_zero, borrow, .. } = self;
        let quotient = layout.word(QUOTIENT);
        chip.require_zero("by zero: c", by_zero * (&alu.c.hi + &alu.c.lo));
        chip.require_zero("by zero: the quotient", by_zero * (quotient.hi + quotient.lo));
        let [high, low] = excess(&alu.c, &alu.result, borrow);
        chip.require_equal("remainder: low limb", layout.group(2, QUOTIENT), by_zero.not() * low);
        chip.require_equal("remainder: high limb", layout.group(2, MODULUS), by_zero.not() * high);
        chip.require_zero("the borrow is used", borrow * by_zero);
    }
}

impl Chip for Modular {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "modular";
    const HEIGHT: usize = 5;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = chip.peek(&layout.alu_three, 0);
        chip.provide(&layout.alu_three, 0, layout.multiplicity, &alu);
        let reduced = [1, 2].map(|row| chip.learn(&layout.alu, row));
        (0..3).for_each(|row| layout.check(chip, 0..21, row));
        (3..5).for_each(|row| layout.check(chip, 0..24, row));
        let [add, by_zero, borrow] = ["add", "by zero", "borrow"].map(|label| chip.bool(label, 3));
        let this = Self { layout: layout.clone(), alu, reduced, add, by_zero, borrow };
        this.words(chip);
        this.equation(chip);
        this.remainder(chip);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let AluNative { opcode, c, result, .. } = *event;
        let facts = reductions(event);
        let (x, z) = (facts[0].result, facts[1].result);
        let (y, added) = if opcode == ADDMOD { (U256::from(1), z) } else { (z, U256::ZERO) };
        let total = U512::from(x) * U512::from(y) + U512::from(added);
        let quotient: U256 = total.checked_div(U512::from(c)).unwrap_or_default().to();
        row.message(&self.alu, event);
        self.reduced.iter().zip(&facts).for_each(|(cells, fact)| row.message(cells, fact));
        for (at, word) in [(RESULT, result), (X, x), (Y, y), (QUOTIENT, quotient), (MODULUS, c)] {
            self.layout.set_word(row, at, &word);
        }
        let low = |word: U256| split(&word).1;
        // Carries are moved up by the offset, so that all numbers are positive.
        let offset = U256::from(1) << OFFSET as usize;
        let mut carry = offset;
        let (added, rest) = (split(&added), split(&result));
        for (k, (added, rest)) in [(added.1, rest.1), (added.0, rest.0), (0, 0)].into_iter().enumerate() {
            let left = native_column(&x, &y, k) + U256::from(added) + carry + (offset << 128);
            carry = (left - native_column(&quotient, &c, k) - U256::from(rest) - offset) >> 128;
            self.layout.set_carry(row, k as i16, low(carry));
        }
        let d = if c.is_zero() { c } else { c - result - U256::from(1) };
        self.layout.set_group(row, 2, QUOTIENT, split(&d).1);
        self.layout.set_group(row, 2, MODULUS, split(&d).0);
        row.set(&self.add, opcode == ADDMOD);
        row.set(&self.by_zero, c.is_zero());
        row.set(&self.borrow, !c.is_zero() && low(c) <= low(result));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (a, b) = (U256::MAX / U256::from(7), U256::MAX / U256::from(11));
        for c in [U256::MAX, U256::from(1_000_003), U256::ZERO, U256::from(3) << 128] {
            [ADDMOD, MULMOD].into_iter().for_each(|opcode| consumer.alu(opcode, a, b, c));
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "modular", &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(a in word(), b in word(), c in word()) {
            let mut consumer = Consumer::default();
            consumer.expect_three(ADDMOD, [a, b, c], a.add_mod(b, c));
            consumer.expect_three(MULMOD, [a, b, c], a.mul_mod(b, c));
            consumer.case(K).assert_holds();
        }
    }
}
