//! MUL, DIV and MOD.
//!
//! **Given** operands with limbs below 2^128, three rows **prove** `result = opcode(a, b)`. Row 0 holds a word `x`, row 1 the
//! word `b`, row 2 a word `w`, all ranged, as numbers of 64 bits:
//!
//! ```text
//! MUL:       x = a,         a b = w + 2^256 (...)                     result = w
//! DIV, MOD:  x = quotient,  x b + w = a, w < b or b = 0               result = x or w, zero if b = 0
//! ```
//!
//! Columns of 128 bits, see [`product`](super::product), with ranged carries of 80 bits: all sides are below 2^209.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | multiply / divide / by zero / borrow is boolean | 2 | MOD is `1 - multiply - divide` |
//! | MOD is boolean | 2 | |
//! | opcode | 1 | |
//! | MUL never divides by zero | 2 | |
//! | x: high limb, low limb | 2 | `x = a` for MUL |
//! | b: high limb, low limb | 1 | row 1 holds `b` |
//! | low column, high column | 2 | as above |
//! | no overflow | 3 | `x b` is below 2^256 unless MUL; a sum of products that are not negative, below 2^131 |
//! | by zero: b, by zero: the quotient | 2 | `b = 0`, and the quotient, which nothing else fixes then, is zero |
//! | remainder: low limb, high limb | 3 | `d = b - w - 1`, ranged: `w < b` unless by zero, so `b` is not zero |
//! | MUL has three limbs to spare | 2 | where `d` stands otherwise |
//! | the borrow is used | 2 | |
//! | result: high limb, low limb | 3 | |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Limb, split};

use super::Layout;
use super::layout::{code, excess, flag, join, limbs, require_limbs};
use super::native::opcode::{DIV, MOD, MUL};
use super::product::{column, native_column, overflow};
use crate::bus::{Alu, AluNative};

/// The chip.
#[derive(Debug)]
pub struct Multiply {
    layout: Layout,
    alu: Alu,
    multiply: Bool,
    divide: Bool,
    by_zero: Bool,
    borrow: Bool,
}

impl Multiply {
    fn kinds(&self, chip: &mut ChipBuilder<'_>) {
        let Self { alu, multiply, divide, by_zero, borrow, .. } = self;
        let modulo = self.modulo();
        chip.require_zero("MOD is boolean", &modulo * modulo.not());
        let opcode = multiply * code(MUL) + divide * code(DIV) + modulo * code(MOD);
        chip.require_equal("opcode", &alu.opcode, opcode);
        chip.require_zero("MUL never divides by zero", multiply * by_zero);
        chip.require_zero("the borrow is used", borrow * (multiply + by_zero));
    }

    fn modulo(&self) -> Bool {
        flag(Expr::one() - &self.multiply - &self.divide, "constrained in kinds")
    }

    fn product(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, multiply, .. } = self;
        let [x, b, w] = [0, 1, 2].map(|row| layout.word(row));
        chip.require_equal_if("x: high limb", multiply, &x.hi, &alu.a.hi);
        chip.require_equal_if("x: low limb", multiply, &x.lo, &alu.a.lo);
        require_limbs(chip, "b", &b, limbs(&alu.b));
        let factors = [layout.halves(0), layout.halves(1)];
        let column = |k: usize| column(&factors[0], &factors[1], k);
        let carry = layout.carry(0);
        let up = Expr::power_of_two(128);
        // In MUL `w` stands on the right, otherwise on the left, where `a` takes its place.
        let right = |w: &Expr, a: &Expr| multiply.select(w, a - w);
        let low = right(&w.lo.expr(), &alu.a.lo.expr());
        chip.require_equal("low column", column(0), low + &carry * &up);
        let high = right(&w.hi.expr(), &alu.a.hi.expr());
        chip.require_equal("high column", column(1) + carry, high + multiply * layout.carry(1) * up);
        let spare: Expr = (21..24).map(|limb| layout.limb(limb, 1)).sum();
        chip.require_zero("MUL has three limbs to spare", multiply * spare);
        chip.require_zero("no overflow", multiply.not() * overflow(&factors[0], &factors[1]));
    }

    fn division(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, multiply, divide, by_zero, borrow } = self;
        let [x, b, w] = [0, 1, 2].map(|row| layout.word(row));
        let [d_lo, d_hi] = [1, 2].map(|row| layout.group(2, row));
        chip.require_zero("by zero: b", by_zero * (&b.hi + &b.lo));
        chip.require_zero("by zero: the quotient", by_zero * (&x.hi + &x.lo));
        let (division, nonzero) = (multiply.not(), by_zero.not());
        let [high, low] = excess(&b, &w, borrow);
        chip.require_equal_if("remainder: low limb", &division, d_lo, &nonzero * low);
        chip.require_equal("remainder: high limb", d_hi, division * &nonzero * high);
        let modulo = self.modulo();
        let value = |x: &Limb, w: &Limb| divide * x + multiply * w + &modulo * &nonzero * w;
        require_limbs(chip, "result", &alu.result, [value(&x.hi, &w.hi), value(&x.lo, &w.lo)]);
    }
}

impl Chip for Multiply {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "multiply";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        layout.check(chip, 0..21, 0);
        layout.check(chip, 0..24, 1);
        layout.check(chip, 0..24, 2);
        let [multiply, divide, by_zero, borrow] =
            ["multiply", "divide", "by zero", "borrow"].map(|label| chip.bool(label, 0));
        let this = Self { layout: layout.clone(), alu, multiply, divide, by_zero, borrow };
        this.kinds(chip);
        this.product(chip);
        this.division(chip);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let AluNative { opcode, a, b, .. } = *event;
        let (multiply, by_zero) = (opcode == MUL, opcode != MUL && b.is_zero());
        let (x, w) = match multiply {
            true => (a, a.wrapping_mul(b)),
            false => (a.checked_div(b).unwrap_or_default(), a.checked_rem(b).unwrap_or(a)),
        };
        let limbs = |word: &U256| split(word).1;
        let (low, high) = (native_column(&x, &b, 0), native_column(&x, &b, 1));
        let low = low + if multiply { U256::ZERO } else { U256::from(limbs(&w)) };
        let carry = low >> 128;
        let d = if multiply {
            // The second carry stands where a division has the low limb of `d`.
            join(0, limbs(&((high + carry) >> 128)))
        } else if by_zero {
            U256::ZERO
        } else {
            b - w - U256::from(1)
        };
        row.message(&self.alu, event);
        [x, b, w].iter().enumerate().for_each(|(i, word)| self.layout.set_word(row, i as i16, word));
        self.layout.set_carry(row, 0, limbs(&carry));
        self.layout.set_group(row, 2, 1, split(&d).1);
        self.layout.set_group(row, 2, 2, split(&d).0);
        row.set(&self.multiply, multiply);
        row.set(&self.divide, opcode == DIV);
        row.set(&self.by_zero, by_zero);
        row.set(&self.borrow, !multiply && !by_zero && limbs(&b) <= limbs(&w));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruint::aliases::U512;
    use verbatim_gadgets::expr::F;

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (odd, small) = (U256::from_limbs([(7 << 60) + 13, 1, u64::MAX - 5, 9 << 58]), U256::from(10_000_019));
        for (a, b) in [(odd, small), (small, odd), (U256::MAX, odd), (odd, U256::from(1) << 130), (odd, U256::ZERO)] {
            [MUL, DIV, MOD].into_iter().for_each(|opcode| consumer.alu(opcode, a, b, U256::ZERO));
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "multiply", &[]);
    }

    #[test]
    fn a_remainder_of_the_divisor_and_more_is_refused() {
        // 100 = 7 * 13 + 9, with every limb in range and every column right.
        let mut consumer = Consumer::default();
        consumer.alu(DIV, U256::from(100), U256::from(7), U256::ZERO);
        let mut case = consumer.case(K);
        let (layout, row) = (case.layout(), case.windows("multiply").1[0].row);
        let [quotient, rest] = [layout.limbs[0].cell, layout.limbs[0].cell.shifted(2)];
        case.grid.write(quotient, row, F::from(13));
        case.grid.write(rest, row, F::from(9));
        // All that is left to choose is `d`: 2^256 - 3 is in range, but borrows from nowhere.
        for (limb, row_of_limb) in (16..24).flat_map(|limb| [(limb, 1), (limb, 2)]) {
            let value = if (limb, row_of_limb) == (16, 1) { 0xfffd } else { 0xffff };
            case.grid.write(layout.limbs[limb].cell.shifted(row_of_limb), row, F::from(value));
        }
        let objections = case.objections(&case.grid);
        assert!(objections.contains("multiply: remainder: high limb"), "{objections:?}");
        assert!(!objections.iter().any(|label| label.contains("column") || label.contains("bus: range16")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(a in word(), b in word()) {
            let wide = |word: U256| U512::from(word);
            let mut consumer = Consumer::default();
            consumer.expect(MUL, [a, b], U256::from_limbs_slice(&(wide(a) * wide(b)).as_limbs()[..4]));
            let zero = U256::ZERO;
            let (quotient, rest) = if b == zero { (zero, zero) } else { a.div_rem(b) };
            assert!(b == zero || wide(quotient) * wide(b) + wide(rest) == wide(a) && rest < b);
            consumer.expect(DIV, [a, b], quotient);
            consumer.expect(MOD, [a, b], rest);
            consumer.case(K).assert_holds();
        }
    }
}
