//! Sums, differences and comparisons: ADD, SUB, NOT, LT, GT, EQ, ISZERO.
//!
//! **Given** operands with limbs below 2^128, one row **proves** `result = opcode(a, b)`. All operations are one sum of
//! words, `x + y = z + 2^256 carry`, in which one word `d` is checked and the others are operands:
//!
//! | operation | sum | result |
//! |---|---|---|
//! | ADD | `a + b = d` | `d` |
//! | SUB | `d + b = a` | `d` |
//! | NOT (SUB with the variant bit) | `d + a = 2^256 - 1` | `d` |
//! | LT | `d + b = a`: it carries exactly where `a < b` | `carry` |
//! | GT (LT with the variant bit) | `d + a = b` | `carry` |
//! | EQ | `d + b = a`: the difference is zero exactly where they are equal | `d = 0` |
//! | ISZERO (EQ with the variant bit, and `b = 0`) | `d + a = b` | `d = 0` |
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | add / sub / less / variant / carry ... is boolean | 2 | the flags; `equal = 1 - add - sub - less` |
//! | equal is boolean | 2 | exactly one kind |
//! | ADD has no variant | 2 | |
//! | opcode | 2 | the opcode of kind and variant |
//! | unary: b.hi, b.lo | 3 | `b = 0` for NOT and ISZERO |
//! | low limb, high limb | 2 | the sum, limb by limb; both sides are below 2^130 |
//! | sum: low, high | 2 | ADD, SUB and NOT give `d` |
//! | a flag has no high limb | 2 | comparisons are below 2^128 |
//! | less: the carry | 2 | LT and GT give the carry |
//! | equal: only zero | 3 | EQ and ISZERO are 1 only if `d.lo + d.hi`, below 2^129, is zero |
//! | equal: zero | 3 | and 0 only if that has an inverse |
//! | the inverse is used | 3 | it is zero where it is not needed |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, from_u128, inverse_or_zero, split};

use super::Layout;
use super::layout::{code, flag, ones};
use super::native::opcode::{ADD, EQ, GT, ISZERO, LT, NOT, SUB};
use crate::bus::{Alu, AluNative};

/// The chip.
#[derive(Debug)]
pub struct Sum {
    layout: Layout,
    alu: Alu,
    add: Bool,
    sub: Bool,
    less: Bool,
    variant: Bool,
    carries: [Bool; 2],
    inverse: Any,
}

impl Sum {
    fn opcode(&self, chip: &mut ChipBuilder<'_>) -> Bool {
        let Self { alu, add, sub, less, variant, .. } = self;
        let equal = flag(Expr::one() - add - sub - less, "constrained below");
        chip.require_zero("equal is boolean", equal.expr() * equal.not());
        chip.require_zero("ADD has no variant", add * variant);
        let second = [(SUB, NOT, sub), (LT, GT, less), (EQ, ISZERO, &equal)];
        let kinds: Expr = second.iter().map(|(a, b, kind)| *kind * (code(*a) + variant * code(b - a))).sum();
        chip.require_equal("opcode", &alu.opcode, add * code(ADD) + kinds);
        let unary = sub + &equal;
        chip.require_zero("unary: b.hi", &unary * variant * &alu.b.hi);
        chip.require_zero("unary: b.lo", &unary * variant * &alu.b.lo);
        equal
    }

    fn limbs(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, add, sub, variant, carries: [low, high], .. } = self;
        let d = layout.word(0);
        let plain = Expr::one() - add - variant;
        // In NOT, `b` is zero and the right side is all ones.
        let excess = |a: &Expr, b: &Expr, d: &Expr| {
            let turned = d + a - b - sub * ones();
            add * (a + b - d) + &plain * (d + b - a) + variant * turned
        };
        let carry = Expr::power_of_two(128);
        let lo = excess(&alu.a.lo.expr(), &alu.b.lo.expr(), &d.lo.expr());
        chip.require_equal("low limb", lo, low * &carry);
        let hi = excess(&alu.a.hi.expr(), &alu.b.hi.expr(), &d.hi.expr());
        chip.require_equal("high limb", hi + low, high * carry);
    }

    fn result(&self, chip: &mut ChipBuilder<'_>, equal: &Bool) {
        let Self { layout, alu: Alu { result, .. }, add, sub, less, carries, inverse, .. } = self;
        let d = layout.word(0);
        let word = flag(add + sub, "one kind at most");
        chip.require_equal_if("sum: low", &word, &result.lo, &d.lo);
        chip.require_equal_if("sum: high", &word, &result.hi, &d.hi);
        chip.require_zero("a flag has no high limb", word.not() * &result.hi);
        chip.require_equal_if("less: the carry", less, &result.lo, &carries[1]);
        let size = d.lo + d.hi;
        chip.require_zero("equal: only zero", equal * &result.lo * &size);
        chip.require_equal_if("equal: zero", equal, size * inverse, Expr::one() - &result.lo);
        chip.require_zero("the inverse is used", inverse * (equal.not() + equal * &result.lo));
    }
}

impl Chip for Sum {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "sum";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        layout.check(chip, 0..16, 0);
        let [add, sub, less, variant] = ["add", "sub", "less", "variant"].map(|label| chip.bool(label, 0));
        let carries = ["low carry", "high carry"].map(|label| chip.bool(label, 0));
        let this = Self { layout: layout.clone(), alu, add, sub, less, variant, carries, inverse: chip.any(0) };
        let equal = this.opcode(chip);
        this.limbs(chip);
        this.result(chip, &equal);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let AluNative { opcode, a, b, .. } = *event;
        // The checked word, and what it is added to.
        let (d, other) = match opcode {
            ADD => (a.wrapping_add(b), a),
            NOT => (!a, a),
            GT | ISZERO => (b.wrapping_sub(a), a),
            _ => (a.wrapping_sub(b), b),
        };
        let (x, y) = if opcode == ADD { (a, b) } else { (d, other) };
        row.message(&self.alu, event);
        self.layout.set_word(row, 0, &d);
        row.set(&self.add, opcode == ADD);
        row.set(&self.sub, matches!(opcode, SUB | NOT));
        row.set(&self.less, matches!(opcode, LT | GT));
        row.set(&self.variant, matches!(opcode, NOT | GT | ISZERO));
        row.set(&self.carries[0], split(&x).1.overflowing_add(split(&y).1).1);
        row.set(&self.carries[1], x.overflowing_add(y).1);
        let (hi, lo) = split(&d);
        let used = matches!(opcode, EQ | ISZERO);
        row.set(&self.inverse, if used { inverse_or_zero(from_u128(hi) + from_u128(lo)) } else { F::zero() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruint::aliases::U256;

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (small, large) = (U256::from(5), U256::MAX - U256::from(3));
        for (a, b) in [(small, large), (large, small), (small, small)] {
            [ADD, SUB, LT, GT, EQ].into_iter().for_each(|opcode| consumer.alu(opcode, a, b, U256::ZERO));
        }
        for a in [small, large, U256::ZERO] {
            [NOT, ISZERO].into_iter().for_each(|opcode| consumer.alu(opcode, a, U256::ZERO, U256::ZERO));
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "sum", &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(a in word(), b in word()) {
            let mut consumer = Consumer::default();
            let carry = |yes: bool| U256::from(u8::from(yes));
            consumer.expect(ADD, [a, b], a.overflowing_add(b).0);
            consumer.expect(SUB, [a, b], a.overflowing_add((!b).overflowing_add(U256::from(1)).0).0);
            consumer.expect(LT, [a, b], carry(a.cmp(&b).is_lt()));
            consumer.expect(GT, [a, b], carry(a.cmp(&b).is_gt()));
            consumer.expect(EQ, [a, b], carry(a.cmp(&b).is_eq()));
            consumer.expect(EQ, [a, a], U256::from(1));
            consumer.expect(ISZERO, [a, U256::ZERO], carry(a.cmp(&U256::ZERO).is_eq()));
            consumer.expect(NOT, [a, U256::ZERO], U256::MAX - a);
            consumer.case(K).assert_holds();
        }
    }
}
