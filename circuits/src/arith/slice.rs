//! Thirty-two bytes cut from two neighbouring words.
//!
//! **Given** words with limbs below 2^128, a shift of 0 to 31 and a number `keep` of 0 to 32, two rows **prove** that `result` is
//! the first `keep` bytes of `first || second` from byte `shift`, and zeros. With `shift = 16 t + s`, the three limbs `z2 z1 z0`
//! that hold the bytes are those from limb `t`, and as a number they are moved up by `s` bytes, that is, times `P = 256^s`:
//!
//! ```text
//! z0 P      = w  + 2^128 h0        w is what comes behind the 32 bytes
//! z1 P + h0 = lo + 2^128 h1
//! z2 P + h1 = hi + 2^128 h2        h2 is what comes before
//! ```
//!
//! `P` is at most 2^120; `w`, `lo`, `hi` are ranged, and the `h` are loose numbers below 2^122 + 2^64: all sides are below 2^251.
//! Where `keep` is less than 32, the bytes to be dropped are an AND with a mask of low ones. Rank 1, on an AND.
//!
//! Of a shift that is an integer, the exponent says that it is 0 to 31, and that of the mask that `keep` is 0 to 32. That they
//! are integers is the [consumers' to show](crate::bus::Slice): here a shift of an eighth of a byte is one by a bit.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | far / whole / long is boolean | 2 | `t`; `keep` is 32; `keep` is 16 or more |
//! | exponent | 1 | `P = 2^(8 shift - 128 t)`, an exponent below 128 |
//! | behind, low limb, high limb | 3 | as above |
//! | whole keeps 32 | 2 | |
//! | whole is long | 2 | |
//! | mask: opcode | 1 | the fact is an AND |
//! | mask: a.hi, a.lo | 1 | of `hi` and `lo` |
//! | mask: exponent | 1 | `120 - 8 (keep - 16 long)`, below 128 unless whole, so that `long` is right |
//! | mask: b.hi, b.lo | 2 | with `2^(256 - 8 keep) - 1`, of which one limb is `256 * 2^exponent - 1` |
//! | result.hi, result.lo | 2 | the bytes, less those dropped unless whole |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, split};

use super::Layout;
use super::layout::{always, code, ones, operation, require_operand};
use super::native::opcode::AND;
use super::native::{low_ones, window};
use crate::bus::{self, Alu, AluNative, PowerOfTwo, SliceNative};

/// The chip.
#[derive(Debug)]
pub struct Slice {
    layout: Layout,
    slice: bus::Slice,
    power: PowerOfTwo,
    far: Bool,
    whole: Bool,
    mask: Mask,
}

/// An AND with the mask of what lies behind the first bytes of a word.
#[derive(Debug)]
pub(super) struct Mask {
    alu: Alu,
    power: PowerOfTwo,
    long: Bool,
}

impl Mask {
    /// Constrains the AND in `alu` to be with what lies behind the first `keep` bytes, unless `whole`. `keep` is 0 to 32, and
    /// 32 if whole.
    pub(super) fn new(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        row: i16,
        alu: Alu,
        whole: &Bool,
        keep: &Expr,
    ) -> Self {
        layout.learn_power(chip, row, &whole.not());
        let power = chip.peek(&layout.power_of_two, row);
        let long = chip.bool("long", row);
        chip.require_zero("whole is long", whole * long.not());
        chip.require_equal("mask: opcode", &alu.opcode, code(AND));
        let beyond = keep - &long * Expr::from(16);
        chip.require_equal("mask: exponent", &power.exponent, Expr::from(120) - beyond * Expr::from(8));
        let limb = &power.power.lo * Expr::from(256) - Expr::one();
        chip.require_equal("mask: b.hi", &alu.b.hi, long.not() * &limb);
        chip.require_equal("mask: b.lo", &alu.b.lo, long.select(limb, ones()));
        Self { alu, power, long }
    }

    /// What the mask leaves.
    pub(super) fn dropped(&self) -> [Expr; 2] {
        [self.alu.result.hi.expr(), self.alu.result.lo.expr()]
    }

    /// The mask.
    pub(super) fn operand(&self) -> [Expr; 2] {
        [self.alu.b.hi.expr(), self.alu.b.lo.expr()]
    }

    /// Fills the cells.
    pub(super) fn fill(&self, layout: &Layout, row: &mut WindowWriter<'_>, word: U256, keep: u8) {
        row.message(&self.alu, &masked(word, keep));
        row.set(&self.long, keep >= 16);
        if keep < 32 {
            layout.set_power(row, &self.power, 120 - 8 * (keep % 16));
        } else {
            // No message: the exponent is what the constraint says, and any power gives some mask.
            row.field(&self.power.exponent.expr(), -verbatim_gadgets::expr::F::from(8));
            row.field(&self.power.power.lo.expr(), verbatim_gadgets::value::inverse_or_zero(256.into()));
        }
    }
}

/// The AND of a word with the mask of what lies behind its first bytes.
pub(super) fn masked(word: U256, keep: u8) -> AluNative {
    let mask = low_ones(256 - 8 * usize::from(keep));
    operation(AND, word, mask, word & mask)
}

impl SliceNative {
    /// The 32 bytes from `shift`, before those behind `keep` are dropped.
    pub(super) fn window(&self) -> U256 {
        window(self.first, self.second, self.shift)
    }
}

/// What a slice rests on.
pub(super) fn rests_on(event: &SliceNative) -> Option<AluNative> {
    (event.keep < 32).then(|| masked(event.window(), event.keep))
}

impl Slice {
    fn cut(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, slice: bus::Slice { first, second, shift, .. }, power, far, .. } = self;
        let exponent = shift * Expr::from(8) - far * Expr::from(128);
        chip.require_equal("exponent", &power.exponent, exponent);
        let up = Expr::power_of_two(128);
        let power = power.power.lo.expr();
        let out = layout.word(0);
        let carries = [0, 1, 2].map(|g| layout.loose(g, 1));
        let limbs = [
            ("behind", far.select(&second.lo, &second.hi), Expr::zero(), layout.group(2, 0)),
            ("low limb", far.select(&second.hi, &first.lo), carries[0].clone(), out.lo.expr()),
            ("high limb", far.select(&first.lo, &first.hi), carries[1].clone(), out.hi.expr()),
        ];
        for ((label, limb, below, out), above) in limbs.into_iter().zip(&carries) {
            chip.require_equal(label, limb * &power + below, out + above * &up);
        }
    }
}

impl Chip for Slice {
    type Layout = Layout;
    type Event = SliceNative;
    const NAME: &'static str = "slice";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slice = chip.peek(&layout.slice, 0);
        chip.provide(&layout.slice, 0, layout.multiplicity, &slice);
        layout.learn_power(chip, 0, &always());
        let power = chip.peek(&layout.power_of_two, 0);
        layout.check(chip, 0..24, 0);
        layout.check(chip, 0..24, 1);
        let out = layout.word(0);
        // The flag stands beside the messages that it switches.
        let _ = (chip.peek(&layout.alu, 1), chip.peek(&layout.power_of_two, 1));
        let whole = chip.bool("whole", 1);
        chip.require_zero("whole keeps 32", &whole * (&slice.keep - Expr::from(32)));
        let alu = chip.learn_if(&layout.alu, 1, &whole.not());
        require_operand(chip, "mask: a", &alu.a, &out);
        let mask = Mask::new(chip, layout, 1, alu, &whole, &slice.keep.expr());
        let [hi, lo] = mask.dropped();
        chip.require_equal("result.hi", &slice.result.hi, out.hi - whole.not() * hi);
        chip.require_equal("result.lo", &slice.result.lo, out.lo - whole.not() * lo);
        let far = chip.bool("far", 0);
        let this = Self { layout: layout.clone(), slice, power, far, whole, mask };
        this.cut(chip);
        this
    }

    fn fill(&self, event: &SliceNative, row: &mut WindowWriter<'_>) {
        let far = event.shift >= 16;
        let bits = 8 * usize::from(event.shift % 16);
        let ((x3, x2), (x1, x0)) = (split(&event.first), split(&event.second));
        let limbs = if far { [x0, x1, x2] } else { [x1, x2, x3] };
        let word = event.window();
        row.message(&self.slice, event);
        self.layout.set_power(row, &self.power, bits as u8);
        self.layout.set_word(row, 0, &word);
        self.layout.set_group(row, 2, 0, limbs[0] << bits);
        for (group, limb) in limbs.into_iter().enumerate() {
            self.layout.set_loose(row, group, 1, if bits == 0 { 0 } else { limb >> (128 - bits) });
        }
        row.set(&self.far, far);
        row.set(&self.whole, event.keep == 32);
        self.mask.fill(&self.layout, row, word, event.keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use verbatim_gadgets::expr::{Cell, F};
    use verbatim_gadgets::value::{from_u128, inverse_or_zero};

    use super::*;
    use crate::arith::testing::{Consumer, K, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let (first, second) = (U256::MAX / U256::from(7), U256::MAX / U256::from(11));
        for (shift, keep) in [(0, 32), (4, 32), (31, 32), (16, 20), (15, 3), (0, 16), (20, 0), (3, 31)] {
            consumer.slice(first, second, shift, keep);
        }
        consumer
    }

    /// The fact says nothing of fractions, which is why consumers have to: of a slice that is moved by a bit, nothing objects
    /// here but that nobody asked for it.
    #[test]
    fn an_eighth_of_a_byte_is_the_consumers_to_refuse() {
        let (first, second) = (U256::MAX / U256::from(7), U256::MAX / U256::from(11));
        let mut consumer = Consumer::default();
        consumer.slice(first, second, 0, 32);
        let mut case = consumer.case(K);
        let (layout, row) = (case.layout(), case.windows("slice").1[0].row);
        let moved = first << 1 | second >> 255;
        let ((hi, lo), (x3, x2), x1) = (split(&moved), split(&first), split(&second).0);
        let groups = [(0, 0, lo), (1, 0, hi), (2, 0, x1 << 1), (0, 1, x1 >> 127), (1, 1, x2 >> 127), (2, 1, x3 >> 127)];
        for (group, at, value) in groups {
            for i in 0..8 {
                let limb = F::from(u64::from((value >> (16 * i)) as u16));
                case.grid.write(layout.limbs[8 * group + i].cell.shifted(at), row, limb);
            }
        }
        let column = |name: &str| {
            let index = case.grid.circuit.main.iter().position(|column| column == name);
            Cell::main(index.expect("a column of that name"))
        };
        let [shift, exponent, power] = ["opcode", "exponent", "power"].map(column);
        let limbs = [("result.hi", 0, hi), ("result.lo", 0, lo), ("a.hi", 1, hi), ("a.lo", 1, lo)];
        let limbs = limbs.map(|(name, at, limb)| (column(name).shifted(at), from_u128(limb)));
        let eighth = inverse_or_zero(F::from(8));
        for (cell, value) in limbs.into_iter().chain([(shift, eighth), (exponent, F::from(1)), (power, F::from(2))]) {
            case.grid.write(cell, row, value);
        }
        assert_eq!(case.objections(&case.grid), ["bus: slice".to_owned()].into());
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        // What a whole slice would drop is in no message and in no constraint.
        assert_chip(&case, "slice", &["result.hi@1", "result.lo@1"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_are_cut(first in word(), second in word(), shift in 0..32u8, keep in 0..=32u8) {
            let bytes = [first.to_be_bytes::<32>(), second.to_be_bytes::<32>()].concat();
            let mut cut = [0; 32];
            let from = usize::from(shift);
            cut[..usize::from(keep)].copy_from_slice(&bytes[from..from + usize::from(keep)]);
            let mut consumer = Consumer::default();
            prop_assert_eq!(consumer.slice(first, second, shift, keep), U256::from_be_bytes(cut));
            consumer.slice(first, second, shift, 32);
            consumer.case(K).assert_holds();
        }
    }
}
