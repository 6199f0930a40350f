//! Operations on two's complement: SLT, SGT, SDIV, SMOD, SAR.
//!
//! **Given** operands with limbs below 2^128, two rows **prove** `result = opcode(a, b)` from one unsigned operation, which row 1
//! consumes. Rank 1, on facts of rank 0:
//!
//! | operation | rests on | result |
//! |---|---|---|
//! | SLT, SGT | LT, GT of `a + 2^255` and `b + 2^255`, modulo 2^256 | the same |
//! | SDIV | DIV of the absolute values | negated if the signs differ |
//! | SMOD | MOD of the absolute values | negated if `a` is negative |
//! | SAR | SHR of `b`, or of its complement if `b` is negative, by `a` | complemented if `b` is negative |
//!
//! The unsigned opcode is the signed one less 2 for comparisons, less 1 for the others. The complement of a limb `x` is
//! `2^128 - 1 - x`; a negated word has the limbs `2^128 k - lo` and `2^128 j - k - hi`, where the ranges of both leave one choice
//! of the bits `k` and `j`. All six groups of limbs are in use: the signs of `a` and `b`, what the unsigned operation takes for
//! the low limbs of `a` and `b`, and both limbs of the result. The high limb of an absolute value needs no range: it is
//! `2^128 - k - hi` with `hi` of 2^127 or more. (So the absolute value of -2^255 is 2^255, and SDIV of it by -1 is 2^255 again.)
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | ... is boolean | 2 | signs, borrows |
//! | SLT or SGT | 3 | `order`, the difference of the opcodes less 1, is zero for others |
//! | opcode of SDIV, SMOD, SAR | 2 | so is each of these kinds; the four add up to one, so that the right one is one |
//! | sign of the result | 3 | whether the unsigned result is turned |
//! | sign of a, sign of b | 1 | `2 hi - 2^128 sign` is ranged: `sign` is the highest bit |
//! | unsigned a: high limb, low limb | 3 | |
//! | unsigned b: high limb, low limb | 3 | |
//! | the low limb of ... is ranged | 1 | |
//! | borrow of a, borrow of b is used; borrows of the result are used | 3 | zero where nothing is negated |
//! | result: high limb, low limb | 3 | |
//! | the ... limb of the result is ranged | 1 | |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Limb, Word, split};

use super::Layout;
use super::layout::{code, flag, ones, operation};
use super::native::opcode::{SAR, SDIV, SGT, SLT, SMOD};
use super::native::{execute, is_negative, magnitude};
use crate::bus::{Alu, AluNative};

/// The chip.
#[derive(Debug)]
pub struct Signed {
    layout: Layout,
    alu: Alu,
    unsigned: Alu,
    /// Whether the operation is SAR.
    arithmetic_shift: Bool,
    /// Whether it is SDIV.
    quotient: Bool,
    /// The signs of `a` and `b`.
    signs: [Bool; 2],
    /// Whether the result is negated or complemented.
    negative: Bool,
    /// Whether the low limbs of `a` and `b` are not zero, where they are negated.
    borrows: [Bool; 2],
    /// The same of the low limb of the result, and of the whole.
    result_borrows: [Bool; 2],
}

/// The unsigned operation that a signed one rests on.
pub(super) fn unsigned(event: &AluNative) -> AluNative {
    let AluNative { opcode, a, b, .. } = *event;
    let (code, a, b) = match opcode {
        SLT | SGT => (opcode - 2, a ^ U256::from(1) << 255, b ^ U256::from(1) << 255),
        SAR => (opcode - 1, a, if is_negative(b) { !b } else { b }),
        _ => (opcode - 1, magnitude(a), magnitude(b)),
    };
    operation(code, a, b, execute(code, a, b, U256::ZERO))
}

/// Whether the result of the unsigned operation is negated or complemented.
fn is_turned(event: &AluNative) -> bool {
    match event.opcode {
        SDIV => is_negative(event.a) != is_negative(event.b),
        SMOD => is_negative(event.a),
        SAR => is_negative(event.b),
        _ => false,
    }
}

impl Signed {
    fn order(&self) -> Bool {
        flag(&self.alu.opcode - &self.unsigned.opcode - Expr::one(), "see kinds")
    }

    fn division(&self) -> Bool {
        flag(Expr::one() - self.order() - &self.arithmetic_shift, "SDIV or SMOD")
    }

    /// Each kind is zero for all but its opcodes, and they add up to one: so they are boolean.
    fn kinds(&self, chip: &mut ChipBuilder<'_>) {
        let Self { alu, arithmetic_shift, quotient, signs: [sign_a, sign_b], negative, .. } = self;
        let order = self.order();
        let modulo = flag(self.division() - quotient, "one of the kinds");
        let less = |opcode: u8| &alu.opcode - code(opcode);
        chip.require_zero("SLT or SGT", &order * less(SLT) * less(SGT));
        chip.require_zero("opcode of SDIV", quotient * less(SDIV));
        chip.require_zero("opcode of SMOD", &modulo * less(SMOD));
        chip.require_zero("opcode of SAR", arithmetic_shift * less(SAR));
        let differ = sign_a + sign_b - sign_a * sign_b * Expr::from(2);
        let turned = quotient * differ + modulo * sign_a + arithmetic_shift * sign_b;
        chip.require_equal("sign of the result", negative, turned);
    }

    fn operands(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu: Alu { a, b, .. }, unsigned, arithmetic_shift, signs, borrows, .. } = self;
        let (order, division) = (self.order(), self.division());
        let up = Expr::power_of_two(128);
        let top = Expr::power_of_two(127);
        for (i, (name, word, out)) in [("a", a, &unsigned.a), ("b", b, &unsigned.b)].into_iter().enumerate() {
            let (sign, borrow) = (&signs[i], &borrows[i]);
            let double = &word.hi + &word.hi;
            chip.require_equal(format!("sign of {name}"), layout.group(i, 0), &double - sign * &up);
            // SAR takes `a` as it is.
            let complement = if i == 1 { arithmetic_shift * ones() } else { Expr::zero() };
            let turn = if i == 1 { order.not() } else { division.clone() };
            let hi = &order * (&top - sign * &up) + sign * (&division * (&up - borrow) + &complement - &turn * &double);
            chip.require_equal(format!("unsigned {name}: high limb"), &out.hi, &word.hi + hi);
            let lo = sign * (&division * borrow * &up + complement - turn * (&word.lo + &word.lo));
            chip.require_equal(format!("unsigned {name}: low limb"), &out.lo, &word.lo + lo);
            let ranged = if i == 0 { layout.group(2, 0) } else { layout.group(0, 1) };
            chip.require_equal(format!("the low limb of {name} is ranged"), ranged, &out.lo);
            let unused = Expr::one() - &division * sign;
            chip.require_zero(format!("borrow of {name} is used"), borrow * unused);
        }
    }

    fn result(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, unsigned, arithmetic_shift, negative, result_borrows, .. } = self;
        let division = self.division();
        let [low, high] = result_borrows;
        let up = Expr::power_of_two(128);
        let turned = |limb: &Limb, ones_or_zero: Expr| ones_or_zero - limb - limb;
        let complement = arithmetic_shift * ones();
        let lo = negative * turned(&unsigned.result.lo, &division * low * &up + &complement);
        let hi = negative * turned(&unsigned.result.hi, &division * (high * up - low) + complement);
        let Word { hi: old_hi, lo: old_lo } = &unsigned.result;
        chip.require_equal("result: low limb", &alu.result.lo, old_lo + lo);
        chip.require_equal("result: high limb", &alu.result.hi, old_hi + hi);
        chip.require_equal("the low limb of the result is ranged", layout.group(1, 1), &alu.result.lo);
        chip.require_equal("the high limb of the result is ranged", layout.group(2, 1), &alu.result.hi);
        let unused = Expr::one() - division * negative;
        chip.require_zero("the low borrow of the result is used", low * &unused);
        chip.require_zero("the high borrow of the result is used", high * unused);
    }
}

impl Chip for Signed {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "signed";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        let unsigned = chip.learn(&layout.alu, 1);
        layout.check(chip, 0..24, 0);
        layout.check(chip, 0..24, 1);
        let signs = ["a is negative", "b is negative"].map(|label| chip.bool(label, 0));
        let [arithmetic_shift, quotient] = [0, 1].map(|row| flag(chip.any(row), "kinds"));
        let borrows = ["borrow of a", "borrow of b"].map(|label| chip.bool(label, 1));
        let result_borrows = ["low borrow of the result", "high borrow of the result"].map(|label| chip.bool(label, 1));
        let negative = flag(chip.any(0), "equal to an expression that is boolean");
        let this = Self {
            layout: layout.clone(),
            alu,
            unsigned,
            arithmetic_shift,
            quotient,
            signs,
            negative,
            borrows,
            result_borrows,
        };
        this.kinds(chip);
        this.operands(chip);
        this.result(chip);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let AluNative { opcode, a, b, .. } = *event;
        let inner = unsigned(event);
        let division = matches!(opcode, SDIV | SMOD);
        row.message(&self.alu, event);
        row.message(&self.unsigned, &inner);
        row.set(&self.arithmetic_shift, opcode == SAR);
        row.set(&self.quotient, opcode == SDIV);
        for (i, word) in [a, b].into_iter().enumerate() {
            row.set(&self.signs[i], is_negative(word));
            row.set(&self.borrows[i], division && is_negative(word) && split(&word).1 != 0);
            self.layout.set_group(row, i, 0, split(&word).0 << 1);
        }
        let turned = is_turned(event);
        row.set(&self.negative, turned);
        let negated = division && turned;
        row.set(&self.result_borrows[0], negated && split(&inner.result).1 != 0);
        row.set(&self.result_borrows[1], negated && !inner.result.is_zero());
        self.layout.set_group(row, 2, 0, split(&inner.a).1);
        self.layout.set_group(row, 0, 1, split(&inner.b).1);
        self.layout.set_group(row, 1, 1, split(&event.result).1);
        self.layout.set_group(row, 2, 1, split(&event.result).0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    const OPCODES: [u8; 5] = [SLT, SGT, SDIV, SMOD, SAR];

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (odd, small) = (U256::from_limbs([(7 << 60) + 13, 1, u64::MAX - 5, 9 << 58]), U256::from(77));
        let pairs = [(odd, small), (!odd, small), (odd, !small), (!odd, !small), (U256::ZERO, !small)];
        for (a, b) in pairs.into_iter().chain([(U256::from(1) << 255, U256::MAX), (small, !odd)]) {
            OPCODES.into_iter().for_each(|opcode| consumer.alu(opcode, a, b, U256::ZERO));
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(9);
        assert_chip(&case, "signed", &[]);
    }

    /// A two's complement number as its sign and absolute value.
    fn parts(word: U256) -> (bool, U256) {
        if word.bit(255) { (true, U256::ZERO.wrapping_sub(word)) } else { (false, word) }
    }

    fn number((negative, value): (bool, U256)) -> U256 {
        if negative { U256::ZERO.wrapping_sub(value) } else { value }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(a in word(), b in word(), bits in 0..256usize) {
            let ((sign_a, value_a), (sign_b, value_b)) = (parts(a), parts(b));
            let less = match (sign_a, sign_b) {
                (false, false) => value_a < value_b,
                (true, true) => value_a > value_b,
                (negative, _) => negative,
            };
            let mut consumer = Consumer::default();
            consumer.expect(SLT, [a, b], U256::from(u8::from(less)));
            consumer.expect(SGT, [b, a], U256::from(u8::from(less)));
            let (quotient, rest) = if b.is_zero() { (b, b) } else { value_a.div_rem(value_b) };
            consumer.expect(SDIV, [a, b], number((sign_a != sign_b, quotient)));
            consumer.expect(SMOD, [a, b], number((sign_a, rest)));
            let filled = if sign_b && bits > 0 { U256::MAX << (256 - bits) } else { U256::ZERO };
            consumer.expect(SAR, [U256::from(bits), b], b >> bits | filled);
            if a >= U256::from(256) {
                consumer.expect(SAR, [a, b], if sign_b { U256::MAX } else { U256::ZERO });
            }
            consumer.case(K).assert_holds();
        }
    }
}
