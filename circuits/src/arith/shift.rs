//! SHL and SHR.
//!
//! **Given** operands with limbs below 2^128, two rows **prove** `result = b << a` or `b >> a`, zero for `a` of 256 and more.
//! A shift below 256 is `a = u + 64 t`. By `u`, the word `y` in row 0 is the product or the quotient of `b` by `P = 2^u`:
//!
//! ```text
//! left:   b P = y + 2^256 c1                      (r = 0)
//! right:  y P + r = b,  r < P                     (c1 = 0)
//! limb by limb:  multiplicand.lo P + r = product.lo + 2^128 c0,  multiplicand.hi P + c0 = product.hi + 2^128 c1
//! ```
//!
//! Because `P` is at most 2^64, all sides are below 2^193. By `t`, the result takes the numbers of 64 bits of `y`, moved. `u` may
//! be 64 rather than 0 with the next `t`, which gives the same result. Rank 0: no fact but tables.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | opcode | 2 | SHL or SHR |
//! | left is SHL, right is SHR | 2 | so one of `left` and `right` is zero |
//! | far is boolean | 2 | `far`, a shift of 256 and more, is `1 - left - right`: the other is boolean |
//! | moved by ... / borrow is boolean | 2 | |
//! | moved by 0 is boolean | 2 | `t0 = left + right - t1 - t2 - t3`: exactly one `t`, none if far |
//! | near: high limb, low limb | 2 | `a = u + 64 t` unless far |
//! | far: high limb, low limb | 2 | `a - 256 = y`, ranged, so `a` is at least 256 |
//! | the borrow is used | 2 | only if far |
//! | the other exponent | 1 | `64 - u` is an exponent, so `u` is at most 64, and its power is `Q = 2^(64 - u)` |
//! | low limb, high limb | 3 | as above; all zero if far |
//! | left: no remainder, right: no overflow | 2 | `r = 0`, `c1 = 0` |
//! | the remainder is below the power | 2 | `r Q` is ranged to 64 bits |
//! | result: high limb, low limb | 3 | |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, split};

use super::Layout;
use super::layout::{always, code, flag};
use super::native::bits;
use super::native::opcode::{SHL, SHR};
use crate::bus::{Alu, AluNative, PowerOfTwo};

/// The chip.
#[derive(Debug)]
pub struct Shift {
    layout: Layout,
    alu: Alu,
    powers: [PowerOfTwo; 2],
    left: Bool,
    right: Bool,
    moved: [Bool; 3],
    borrow: Bool,
}

/// The first of the four limbs in row 1 that hold the remainder, that times `Q`, and the two carries.
const REMAINDER: usize = 0;
const SCALED: usize = 4;
const CARRY_LOW: usize = 8;
const CARRY_HIGH: usize = 12;

impl Shift {
    /// One where the shift is by 256 or more.
    fn far(&self) -> Bool {
        flag(Expr::one() - &self.left - &self.right, "constrained in amount")
    }

    fn unmoved(&self) -> Bool {
        let [t1, t2, t3] = &self.moved;
        flag(&self.left + &self.right - t1 - t2 - t3, "constrained in amount")
    }

    fn amount(&self, chip: &mut ChipBuilder<'_>) {
        let Self { alu, left, right, moved: [t1, t2, t3], borrow, .. } = self;
        let (far, unmoved) = (self.far(), self.unmoved());
        chip.require_zero("far is boolean", &far * far.not());
        chip.require_zero("moved by 0 is boolean", &unmoved * unmoved.not());
        let [is_left, is_right] = [SHL, SHR].map(|opcode| &alu.opcode - code(opcode));
        chip.require_zero("opcode", &is_left * &is_right);
        chip.require_zero("left is SHL", left * is_left);
        chip.require_zero("right is SHR", right * is_right);

        let exponents = [0, 1].map(|i| self.powers[i].exponent.expr());
        let whole = t1 * Expr::from(64) + t2 * Expr::from(128) + t3 * Expr::from(192);
        let near = far.not();
        chip.require_zero("near: high limb", &near * &alu.a.hi);
        chip.require_equal_if("near: low limb", &near, &alu.a.lo, &exponents[0] + whole);
        let y = self.layout.word(0);
        let less = &alu.a.lo - Expr::from(256) + borrow * Expr::power_of_two(128);
        chip.require_equal_if("far: low limb", &far, less, y.lo);
        chip.require_equal_if("far: high limb", &far, &alu.a.hi - borrow, y.hi);
        chip.require_zero("the borrow is used", borrow * near);
        chip.require_equal("the other exponent", &exponents[1], Expr::from(64) - &exponents[0]);
    }

    fn product(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu: Alu { b, .. }, left, right, .. } = self;
        let y = layout.word(0);
        let power = self.powers[0].power.lo.expr();
        let [remainder, scaled] = [0, 1].map(|half| layout.half(0, half, 1));
        let [low, high] = [0, 1].map(|half| layout.half(1, half, 1));
        let carry = Expr::power_of_two(128);
        let limb = |b: &Expr, y: &Expr| (left * b + right * y, left * y + right * b);
        let (factor, product) = limb(&b.lo.expr(), &y.lo.expr());
        chip.require_equal("low limb", factor * &power + &remainder, product + &low * &carry);
        let (factor, product) = limb(&b.hi.expr(), &y.hi.expr());
        chip.require_equal("high limb", factor * power + low, product + &high * carry);
        chip.require_zero("left: no remainder", left * &remainder);
        chip.require_zero("right: no overflow", right * high);
        chip.require_equal("the remainder is below the power", remainder * &self.powers[1].power.lo, scaled);
    }

    fn result(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu: Alu { result, .. }, left, right, moved: [t1, t2, t3], .. } = self;
        let y = layout.word(0);
        let [y0, y1, y2, y3] = layout.halves(0);
        let t0 = self.unmoved();
        let up = Expr::power_of_two(64);
        let middle = y1 + y2 * &up;
        let lo = &t0 * &y.lo + t1 * (right * &middle + left * (&y0 * &up)) + right * (t2 * &y.hi + t3 * &y3);
        chip.require_equal("result: low limb", &result.lo, lo);
        let hi = t0 * y.hi + t1 * (right * y3 + left * middle) + left * (t2 * y.lo + t3 * (y0 * up));
        chip.require_equal("result: high limb", &result.hi, hi);
    }
}

impl Chip for Shift {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "shift";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        let powers = [0, 1].map(|row| {
            layout.learn_power(chip, row, &always());
            chip.peek(&layout.power_of_two, row)
        });
        layout.check(chip, 0..16, 0);
        layout.check(chip, 0..16, 1);
        let [left, right] = [0, 1].map(|_| flag(chip.any(0), "at most one is not zero, and their sum is boolean"));
        let moved = [1, 2, 3].map(|t| chip.bool(&format!("moved by {t}"), 0));
        let borrow = chip.bool("borrow", 0);
        let this = Self { layout: layout.clone(), alu, powers, left, right, moved, borrow };
        this.amount(chip);
        this.product(chip);
        this.result(chip);
        this
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        let AluNative { opcode, a, b, .. } = *event;
        let near = bits(a);
        let (left, right) = (near.is_some() && opcode == SHL, near.is_some() && opcode == SHR);
        let (u, t) = near.map_or((0, 0), |bits| (bits % 64, bits / 64));
        let far = a.wrapping_sub(U256::from(256));
        let y = if near.is_none() {
            far
        } else if left {
            b << u
        } else {
            b >> u
        };
        let (hi, lo) = split(&b);
        let (y_hi, y_lo) = split(&y);
        let remainder = if right { (lo & ((1 << u) - 1)) as u64 } else { 0 };
        // What leaves a limb to the left; to the right, what enters the low limb from the high one.
        let above = |limb: u128| if u == 0 { 0 } else { (limb >> (128 - u)) as u64 };
        let (carry_low, carry_high) = if left { (above(lo), above(hi)) } else { ((hi & ((1 << u) - 1)) as u64, 0) };
        row.message(&self.alu, event);
        self.layout.set_power(row, &self.powers[0], u as u8);
        self.layout.set_power(row, &self.powers[1], 64 - u as u8);
        self.layout.set_group(row, 0, 0, y_lo);
        self.layout.set_group(row, 1, 0, y_hi);
        let scaled = (u128::from(remainder) << (64 - u)) as u64;
        for (first, value) in
            [(REMAINDER, remainder), (SCALED, scaled), (CARRY_LOW, carry_low), (CARRY_HIGH, carry_high)]
        {
            self.layout.set_u64(row, first, 1, if near.is_some() { value } else { 0 });
        }
        row.set(&self.left, left);
        row.set(&self.right, right);
        self.moved.iter().enumerate().for_each(|(i, moved)| row.set(moved, near.is_some() && t == i + 1));
        row.set(&self.borrow, near.is_none() && split(&a).1 < 256);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use verbatim_gadgets::expr::F;
    use verbatim_gadgets::machine::ChipSet;
    use verbatim_gadgets::value::from_u128;

    use super::*;
    use crate::arith::ArithChips;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let odd = U256::from_limbs([(7 << 60) + 13, 1, u64::MAX - 5, 9 << 58]);
        let shifts = [0, 3, 64, 77, 150, 200, 255, 256, 1000].map(U256::from);
        for a in shifts.into_iter().chain([U256::from(1) << 128, U256::MAX]) {
            [SHL, SHR].into_iter().for_each(|opcode| consumer.alu(opcode, a, odd, U256::ZERO));
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "shift", &[]);
    }

    #[test]
    fn a_power_above_2_to_64_is_refused() {
        // A shift by 70 as one by 70 and no move, which would let products wrap for larger ones.
        let mut consumer = Consumer::default();
        consumer.alu(SHR, U256::from(70), U256::from(1) << 200, U256::ZERO);
        let mut case = consumer.case(K);
        let row = case.windows("shift").1[0].row;
        let (_, chips) = ArithChips::build();
        let shift = chips.shift();
        let cell = |expr: Expr| expr.as_cell().expect("a cell");
        case.grid.write(cell(shift.moved[0].expr()), row, F::from(0));
        case.grid.write(cell(shift.powers[0].exponent.expr()), row, F::from(70));
        case.grid.write(cell(shift.powers[1].exponent.expr()), row, -F::from(6));
        case.grid.write(cell(shift.powers[0].power.lo.expr()), row, from_u128(1 << 70));
        let objections = case.objections(&case.grid);
        assert!(objections.contains("bus: power of two"), "{objections:?}");
        assert!(!objections.contains("shift: near: low limb") && !objections.contains("shift: the other exponent"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(bits in 0..300usize, far in word(), b in word()) {
            let limbs = |f: &dyn Fn(usize) -> bool| {
                U256::from_limbs(std::array::from_fn(|i| (0..64).map(|j| u64::from(f(64 * i + j)) << j).sum()))
            };
            let mut consumer = Consumer::default();
            let a = U256::from(bits);
            consumer.expect(SHL, [a, b], limbs(&|i| i >= bits && b.bit(i - bits)));
            consumer.expect(SHR, [a, b], limbs(&|i| i + bits < 256 && b.bit(i + bits)));
            if far >= U256::from(256) {
                consumer.expect(SHL, [far, b], U256::ZERO);
                consumer.expect(SHR, [far, b], U256::ZERO);
            }
            consumer.case(K).assert_holds();
        }
    }
}
