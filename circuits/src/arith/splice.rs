//! Bytes written over two neighbouring words.
//!
//! **Given** words with limbs below 2^128, a shift of 0 to 31 and a count of 0 to 32, three rows **prove** that `first_after ||
//! second_after` is `first || second` with the first `count` bytes of `value` from byte `shift`. A [slice](super::slice), which row 1
//! consumes, is the word `r` that stands there before. Let `v` be what stands there after: `value`, less what an AND leaves of it
//! behind `count`, plus what that leaves of `r`. Then the 64 bytes grow by `(v - r) 256^(32 - shift)`, as integers.
//!
//! With `shift = 16 t + s` and `s` of 1 to 16, so that `t` is -1 to 1, only the limbs `z2 z1 z0` that begin at limb `t` change, and
//! `256^(32 - shift)` is there `Q = 256^(16 - s)`, at most 2^120. The carries are signed, between -2^121 and 2^121:
//!
//! ```text
//! z0 + (v.lo - r.lo) Q      = z0' + 2^128 c0
//! z1 + (v.hi - r.hi) Q + c0 = z1' + 2^128 c1
//! z2                   + c1 = z2'
//! ```
//!
//! All sides are below 2^251 in size, and the `z'` are ranged, so that they are unique. Rank 2, on a slice and on ANDs.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | before / behind / between is boolean | 2 | `t` is -1, 1, or 0 |
//! | whole / long is boolean, whole is long, mask: ... | | as for a slice, with `count` for `keep` |
//! | whole counts 32 | 2 | |
//! | exponent | 1 | of `Q`: `128 - 8 shift + 128 t`, below 128 |
//! | slice: first, second, shift, keep | 1 | the whole word at `shift`, before |
//! | value: a, old: opcode, a, b | 1 | the ANDs are of `value` and of `r`, with one mask |
//! | low / middle / high limb | 3 | as above |
//! | low / middle / high limb after | 2 | the `z'` are limbs of the result |
//! | outside: ... | 2 | the other limbs stay |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Word, split};

use super::Layout;
use super::layout::{always, code, flag, require_operand};
use super::native::opcode::AND;
use super::native::{blend, window};
use super::slice::{Mask, masked};
use crate::bus::{self, Alu, AluNative, PowerOfTwo, SliceNative, SpliceNative};

/// The chip.
#[derive(Debug)]
pub struct Splice {
    layout: Layout,
    splice: bus::Splice,
    slice: bus::Slice,
    power: PowerOfTwo,
    before: Bool,
    behind: Bool,
    whole: Bool,
    value: Mask,
    old: Alu,
}

/// Half the range of the carries, by which they are moved up to be positive.
const OFFSET: u32 = 121;

/// The slice that a splice rests on.
pub(super) fn slice_of(event: &SpliceNative) -> SliceNative {
    let SpliceNative { first, second, shift, .. } = *event;
    SliceNative { first, second, shift, keep: 32, result: window(first, second, shift) }
}

/// The operations that a splice rests on.
pub(super) fn masks_of(event: &SpliceNative) -> Vec<AluNative> {
    if event.count == 32 {
        return Vec::new();
    }
    vec![masked(event.value, event.count), masked(slice_of(event).result, event.count)]
}

impl Splice {
    fn inputs(&self, chip: &mut ChipBuilder<'_>) {
        let Self { splice, slice, power, before, behind, whole, value, old, .. } = self;
        chip.require_zero("whole counts 32", whole * (&splice.count - Expr::from(32)));
        let moved = (behind - before + Expr::one()) * Expr::from(128);
        chip.require_equal("exponent", &power.exponent, moved - &splice.shift * Expr::from(8));
        let words = [("slice: first", &slice.first, &splice.first), ("slice: second", &slice.second, &splice.second)];
        let old_a = ("old: a", &old.a, &slice.result);
        for (label, a, b) in words.into_iter().chain([old_a]) {
            require_operand(chip, label, a, b);
        }
        chip.require_equal("slice: shift", &slice.shift, &splice.shift);
        chip.require_equal("slice: keep", &slice.keep, Expr::from(32));
        chip.require_equal("old: opcode", &old.opcode, code(AND));
        let [hi, lo] = value.operand();
        chip.require_equal("old: b.hi", &old.b.hi, hi);
        chip.require_equal("old: b.lo", &old.b.lo, lo);
    }

    fn limbs(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, splice, slice, power, before, behind, whole, value, old } = self;
        let bus::Splice { first, second, first_after, second_after, .. } = splice;
        let between = flag(Expr::one() - before - behind, "constrained next");
        chip.require_zero("between is boolean", &between * between.not());
        let select = |[x, y, z]: [Expr; 3]| before * x + &between * y + behind * z;
        let low = |first: &Word, second: &Word| select([first.lo.expr(), second.hi.expr(), second.lo.expr()]);
        let middle = |first: &Word, second: &Word| select([first.hi.expr(), first.lo.expr(), second.hi.expr()]);
        let high = |first: &Word| select([Expr::zero(), first.hi.expr(), first.lo.expr()]);

        let [dropped_hi, dropped_lo] = value.dropped();
        let partial = whole.not();
        let grown = |value: Expr, dropped: Expr, kept: Expr, old: Expr| value - &partial * (dropped - kept) - old;
        let result = &splice.value;
        let grown_hi = grown(result.hi.expr(), dropped_hi, old.result.hi.expr(), slice.result.hi.expr());
        let grown_lo = grown(result.lo.expr(), dropped_lo, old.result.lo.expr(), slice.result.lo.expr());
        let power = power.power.lo.expr();
        let [c0, c1] = [0, 1].map(|g| layout.loose(g, 2) - Expr::power_of_two(OFFSET));
        let up = Expr::power_of_two(128);
        let [z0, z1, z2] = [0, 1, 2].map(|g| layout.group(g, 1));
        chip.require_equal("low limb", low(first, second) + grown_lo * &power, &z0 + &c0 * &up);
        chip.require_equal("middle limb", middle(first, second) + grown_hi * power + c0, &z1 + &c1 * up);
        chip.require_equal("high limb", high(first) + c1, &z2);
        chip.require_equal("low limb after", z0, low(first_after, second_after));
        chip.require_equal("middle limb after", z1, middle(first_after, second_after));
        chip.require_equal("high limb after", z2, high(first_after));
        let stays = |chip: &mut ChipBuilder<'_>, label: &str, outside: &Bool, a: Expr, b: Expr| {
            chip.require_equal_if(label, outside, a, b);
        };
        stays(chip, "outside: first.hi", behind, first.hi.expr(), first_after.hi.expr());
        stays(chip, "outside: second.hi", before, second.hi.expr(), second_after.hi.expr());
        stays(chip, "outside: second.lo", &behind.not(), second.lo.expr(), second_after.lo.expr());
    }
}

impl Chip for Splice {
    type Layout = Layout;
    type Event = SpliceNative;
    const NAME: &'static str = "splice";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let splice = chip.peek(&layout.splice, 0);
        chip.provide(&layout.splice, 0, layout.multiplicity, &splice);
        let slice = chip.learn(&layout.slice, 1);
        layout.learn_power(chip, 0, &always());
        let power = chip.peek(&layout.power_of_two, 0);
        layout.check(chip, 0..24, 1);
        layout.check(chip, 0..16, 2);
        // The flag stands beside the messages that it switches.
        let _ = (chip.peek(&layout.alu, 2), chip.peek(&layout.power_of_two, 2));
        let whole = chip.bool("whole", 2);
        let new = chip.learn_if(&layout.alu, 0, &whole.not());
        let old = chip.learn_if(&layout.alu, 2, &whole.not());
        require_operand(chip, "value: a", &new.a, &splice.value);
        let value = Mask::new(chip, layout, 2, new, &whole, &splice.count.expr());
        let [before, behind] = ["before", "behind"].map(|label| chip.bool(label, 0));
        let layout = layout.clone();
        let this = Self { layout, splice, slice, power, before, behind, whole, value, old };
        this.inputs(chip);
        this.limbs(chip);
        this
    }

    fn fill(&self, event: &SpliceNative, row: &mut WindowWriter<'_>) {
        let SpliceNative { first, second, shift, count, .. } = *event;
        let old = slice_of(event);
        let new = blend(old.result, event.value, count);
        let (before, behind) = (shift == 0, shift > 16);
        let exponent = if before {
            0
        } else if behind {
            256 - 8 * u16::from(shift)
        } else {
            128 - 8 * u16::from(shift)
        };
        let ((x3, x2), (x1, x0)) = (split(&first), split(&second));
        let limbs = if before {
            [x2, x3, 0]
        } else if behind {
            [x0, x1, x2]
        } else {
            [x1, x2, x3]
        };
        row.message(&self.splice, event);
        row.message(&self.slice, &old);
        self.layout.set_power(row, &self.power, exponent as u8);
        row.set(&self.before, before);
        row.set(&self.behind, behind);
        row.set(&self.whole, count == 32);
        self.value.fill(&self.layout, row, event.value, count);
        row.message(&self.old, &masked(old.result, count));
        let (new, old) = (split(&new), split(&old.result));
        let power = U256::from(1) << usize::from(exponent);
        let offset = U256::from(1) << OFFSET as usize;
        // Carries are moved up by the offset, so that all numbers are positive.
        let mut carry = offset;
        for (group, (limb, (new, old))) in limbs.into_iter().zip([(new.1, old.1), (new.0, old.0), (0, 0)]).enumerate() {
            let sum = U256::from(limb) + U256::from(new) * power + carry + (offset << 128);
            let sum = sum - offset - U256::from(old) * power;
            self.layout.set_group(row, group, 1, split(&sum).1);
            carry = sum >> 128;
            if group < 2 {
                self.layout.set_loose(row, group, 2, split(&carry).1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (first, second) = (U256::MAX / U256::from(7), U256::MAX / U256::from(11));
        let value = U256::MAX / U256::from(13);
        for (shift, count) in [(0, 32), (4, 32), (31, 32), (16, 20), (17, 1), (0, 16), (3, 31), (9, 0)] {
            consumer.splice(first, second, shift, count, value);
        }
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        // What a whole splice would mask is in no message and in no constraint.
        let free = ["result.hi@0", "result.lo@0", "result.hi@2", "result.lo@2"];
        assert_chip(&case, "splice", &free);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_are_written(words in [word(), word(), word()], shift in 0..32u8, count in 0..=32u8) {
            let [first, second, value] = words;
            let mut bytes = [first.to_be_bytes::<32>(), second.to_be_bytes::<32>()].concat();
            let (from, length) = (usize::from(shift), usize::from(count));
            bytes[from..from + length].copy_from_slice(&value.to_be_bytes::<32>()[..length]);
            let after = [0, 32].map(|at| U256::from_be_slice(&bytes[at..at + 32]));
            let mut consumer = Consumer::default();
            prop_assert_eq!(<[U256; 2]>::from(consumer.splice(first, second, shift, count, value)), after);
            consumer.splice(first, second, shift, 32, value);
            consumer.case(K).assert_holds();
        }
    }
}
