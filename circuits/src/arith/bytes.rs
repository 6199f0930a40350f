//! BYTE, SIGNEXTEND, and the number of bytes of a word.
//!
//! **Given** operands with limbs below 2^128, three rows **prove** `result = opcode(a, b)`, or that `b` takes `a` bytes without its
//! leading zeros, from two operations that rows 1 and 2 consume. Rank 2, on facts of rank 1 and less:
//!
//! | window | `near` | row 1 | row 2 | otherwise |
//! |---|---|---|---|---|
//! | BYTE | `a < 32` | `y = SHR(s, b)` | `result = AND(y, 255)` | `result = 0` |
//! | SIGNEXTEND | `a < 32` | `y = SHL(s, b)` | `result = SAR(s, y)` | `result = b` |
//! | length | `a > 0` | `y = SHR(s, b)`, not zero | `SHR(8 a, b) = 0` | `b = 0` |
//!
//! with `s = 248 - 8 a`, and `s = 8 a - 8` for a length. What a length's tuple says is the limb with `a`, plus 64 times the
//! opcode, which is zero for lengths: so the tuple of an operation, which is not provided, is never that of a length.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | byte / extend / near / borrow is boolean | 2 | |
//! | length is boolean | 2 | `1 - byte - extend` |
//! | opcode | 1 | |
//! | a length is no operation, an operation is no length | 2 | the multiplicity of the other fact is zero |
//! | near: a.hi | 2 | zero if near, and for a length |
//! | near: shift | 3 | `s`, a checked limb: `a` is at most 31 because it is below 2^128; for a length, at least 1 |
//! | length: an integer | 2 | `a` is a checked limb too, so that `s + 8` is 8 times an integer |
//! | far: low limb, high limb | 3 | `a - 32`, ranged, so `a` is at least 32; not for a length |
//! | the borrow is used | 2 | |
//! | far: no bytes | 3 | `a = 0` for a length |
//! | far: the empty word | 3 | and `b = 0` |
//! | first: ..., second: ... | 1 to 2 | the facts in rows 1 and 2 |
//! | the first byte is not zero | 2 | `y.lo + y.hi`, below 2^129, has an inverse if near and a length |
//! | the inverse is used | 3 | |
//! | nothing is left | 2 | the second result is zero for a length |
//! | result: high limb, low limb | 3 | |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, from_u128, inverse_or_zero, split};

use super::Layout;
use super::layout::{code, flag, operation, require_operand};
use super::native::execute;
use super::native::opcode::{AND, BYTE, SAR, SHL, SHR, SIGNEXTEND};
use crate::bus::{Alu, AluNative, ByteLengthNative};

/// The limbs of row 0 that hold the shift, and the length if there is one.
const SHIFT: usize = 16;
const LENGTH: usize = 17;

/// What a window is filled from.
#[derive(Clone, Debug)]
pub enum BytesEvent {
    /// BYTE or SIGNEXTEND.
    Operation(AluNative),
    /// A length.
    Length(ByteLengthNative),
}

/// The chip.
#[derive(Debug)]
pub struct Bytes {
    layout: Layout,
    alu: Alu,
    facts: [Alu; 2],
    byte: Bool,
    extend: Bool,
    near: Bool,
    borrow: Bool,
    inverse: Any,
}

impl BytesEvent {
    /// `a`, `b`, and the result of the operation if there is one.
    fn operands(&self) -> (U256, U256, U256) {
        match self {
            Self::Operation(event) => (event.a, event.b, event.result),
            Self::Length(event) => (U256::from(event.length), event.word, U256::ZERO),
        }
    }

    /// Whether the two operations are consumed.
    fn near(&self) -> bool {
        match self {
            Self::Operation(event) => event.a < U256::from(32),
            Self::Length(event) => event.length > 0,
        }
    }

    fn shift(&self) -> u64 {
        match self {
            _ if !self.near() => 0,
            Self::Operation(event) => 248 - 8 * event.a.to::<u64>(),
            Self::Length(event) => 8 * u64::from(event.length) - 8,
        }
    }

    /// The operations of rows 1 and 2.
    fn facts(&self) -> [AluNative; 2] {
        let (a, b, _) = self.operands();
        let shift = U256::from(self.shift());
        let execute = |opcode, a, b| {
            // Where nothing is consumed, any number may stand there.
            operation(opcode, a, b, if self.near() { execute(opcode, a, b, U256::ZERO) } else { U256::ZERO })
        };
        let opcode = if self.is(SIGNEXTEND) { SHL } else { SHR };
        let first = execute(opcode, shift, b);
        let second = match self {
            Self::Length(_) => execute(SHR, a * U256::from(8), b),
            Self::Operation(_) if self.is(BYTE) => execute(AND, first.result, U256::from(255)),
            Self::Operation(_) => execute(SAR, shift, first.result),
        };
        [first, second]
    }

    fn is(&self, opcode: u8) -> bool {
        matches!(self, Self::Operation(event) if event.opcode == opcode)
    }

    /// The operations that it rests on.
    pub(super) fn rests_on(&self) -> Vec<AluNative> {
        if self.near() { self.facts().to_vec() } else { Vec::new() }
    }
}

impl Bytes {
    fn length(&self) -> Bool {
        flag(Expr::one() - &self.byte - &self.extend, "constrained in range")
    }

    /// Whether `a` is in range, and what follows where it is not.
    fn range(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, byte, extend, near, borrow, .. } = self;
        let length = self.length();
        chip.require_zero("length is boolean", &length * length.not());
        chip.require_equal("opcode", &alu.opcode, byte * code(BYTE) + extend * code(SIGNEXTEND));
        let shift = layout.limb(SHIFT, 0);
        let eight = |expr: &Expr| expr * Expr::from(8);
        let a = alu.a.lo.expr();
        chip.require_zero("near: a.hi", (near + &length) * &alu.a.hi);
        let of_length = &length * (Expr::from(256) - eight(&a) - eight(&a));
        chip.require_zero("near: shift", near * (&shift + eight(&a) - Expr::from(248) + of_length));
        chip.require_equal("length: an integer", layout.limb(LENGTH, 0), &length * &a);
        let far = near.not().and(&length.not());
        let distance = layout.word(0);
        let low = &a - Expr::from(32) + borrow * Expr::power_of_two(128);
        chip.require_equal("far: low limb", distance.lo, &far * low);
        chip.require_equal("far: high limb", distance.hi, &far * (&alu.a.hi - borrow));
        chip.require_zero("the borrow is used", borrow * (near + &length));
        let empty = near.not().and(&length);
        chip.require_zero("far: no bytes", &empty * a);
        chip.require_zero("far: the empty word", empty * (&alu.b.hi + &alu.b.lo));
    }

    fn operations(&self, chip: &mut ChipBuilder<'_>) {
        let Self { layout, alu, facts: [first, second], byte, extend, .. } = self;
        let length = self.length();
        let shift = layout.limb(SHIFT, 0);
        let y = &first.result;
        let opcode = code(SHR) - extend * code(SHR - SHL);
        chip.require_equal("first: opcode", &first.opcode, opcode);
        chip.require_zero("first: a.hi", &first.a.hi);
        chip.require_equal("first: a.lo", &first.a.lo, &shift);
        require_operand(chip, "first: b", &first.b, &alu.b);
        let opcode = byte * code(AND) + extend * code(SAR) + &length * code(SHR);
        chip.require_equal("second: opcode", &second.opcode, opcode);
        chip.require_equal("second: a.hi", &second.a.hi, byte * &y.hi);
        let a = byte * &y.lo + extend * shift + &length * &alu.a.lo * Expr::from(8);
        chip.require_equal("second: a.lo", &second.a.lo, a);
        chip.require_equal("second: b.hi", &second.b.hi, extend * &y.hi + &length * &alu.b.hi);
        let b = byte * Expr::from(255) + extend * &y.lo + length * &alu.b.lo;
        chip.require_equal("second: b.lo", &second.b.lo, b);
    }

    fn result(&self, chip: &mut ChipBuilder<'_>) {
        let Self { alu, facts: [first, second], extend, near, inverse, .. } = self;
        let length = self.length();
        let counted = near.and(&length);
        let size = &first.result.hi + &first.result.lo;
        chip.require_equal("the first byte is not zero", size * inverse, &counted);
        chip.require_zero("the inverse is used", inverse * counted.not());
        chip.require_zero("nothing is left", &length * (&second.result.hi + &second.result.lo));
        let (found, kept) = (length.not().and(near), extend * near.not());
        for (name, result, second, b) in [
            ("high", &alu.result.hi, &second.result.hi, &alu.b.hi),
            ("low", &alu.result.lo, &second.result.lo, &alu.b.lo),
        ] {
            chip.require_equal(format!("result: {name} limb"), result, &found * second + &kept * b);
        }
    }
}

impl Chip for Bytes {
    type Layout = Layout;
    type Event = BytesEvent;
    const NAME: &'static str = "bytes";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        let byte_length = chip.peek(&layout.byte_length, 0);
        let counts: Cell = layout.spare[0];
        chip.provide(&layout.byte_length, 0, counts, &byte_length);
        layout.check(chip, 0..18, 0);
        let near = chip.bool("near", 0);
        let facts = [1, 2].map(|row| chip.learn_if(&layout.alu, row, &near));
        let [byte, extend, borrow] = ["byte", "extend", "borrow"].map(|label| chip.bool(label, 1));
        let inverse = chip.any(1);
        let layout = layout.clone();
        let this = Self { layout, alu, facts, byte, extend, near, borrow, inverse };
        let length = this.length();
        chip.require_zero("a length is no operation", &length * this.layout.multiplicity);
        chip.require_zero("an operation is no length", length.not() * counts);
        this.range(chip);
        this.operations(chip);
        this.result(chip);
        this
    }

    fn fill(&self, event: &BytesEvent, row: &mut WindowWriter<'_>) {
        let (a, b, result) = event.operands();
        let opcode = if let BytesEvent::Operation(event) = event { event.opcode } else { 0 };
        let facts = event.facts();
        let near = event.near();
        let length = match event {
            BytesEvent::Length(event) => event.length,
            BytesEvent::Operation(_) => 0,
        };
        row.message(&self.alu, &operation(opcode, a, b, result));
        self.facts.iter().zip(&facts).for_each(|(cells, fact)| row.message(cells, fact));
        row.set(&self.byte, event.is(BYTE));
        row.set(&self.extend, event.is(SIGNEXTEND));
        row.set(&self.near, near);
        let far = !near && opcode != 0;
        row.set(&self.borrow, far && split(&a).1 < 32);
        let distance = if far { a - U256::from(32) } else { U256::ZERO };
        self.layout.set_word(row, 0, &distance);
        self.layout.set_limb(row, SHIFT, 0, event.shift() as u16);
        self.layout.set_limb(row, LENGTH, 0, u16::from(length));
        let (hi, lo) = split(&facts[0].result);
        let counted = near && opcode == 0;
        row.set(&self.inverse, if counted { inverse_or_zero(from_u128(hi) + from_u128(lo)) } else { F::zero() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arith::testing::{Consumer, assert_chip, word};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        let odd = U256::from_limbs([(7 << 60) + 0x9a13, 1, u64::MAX - 5, 9 << 58]);
        let positions = [0, 3, 31, 32, 1000].map(U256::from);
        for a in positions.into_iter().chain([U256::from(1) << 128, U256::MAX]) {
            [BYTE, SIGNEXTEND].into_iter().for_each(|opcode| consumer.alu(opcode, a, odd, U256::ZERO));
        }
        [odd, U256::ZERO, U256::from(255), U256::from(256)].into_iter().for_each(|word| consumer.byte_length(word));
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(9);
        // What far windows and the empty word do not consume.
        let free = ["result.hi@1", "result.hi@2", "result.lo@1", "result.lo@2"];
        assert_chip(&case, "bytes", &free);
    }

    #[test]
    fn a_wrong_length_is_refused() {
        for length in [1u8, 3] {
            let mut consumer = Consumer::default();
            consumer.byte_length(U256::from(256));
            let mut case = consumer.case(8);
            let row = case.windows("bytes").1[0].row;
            let layout = case.layout();
            case.grid.write(layout.limbs[LENGTH].cell, row, F::from(u64::from(length)));
            assert!(case.objections(&case.grid).contains("bytes: length: an integer"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(position in 0..34usize, far in word(), b in word()) {
            let bytes = b.to_be_bytes::<32>();
            let a = U256::from(position);
            let mut consumer = Consumer::default();
            consumer.expect(BYTE, [a, b], U256::from(bytes.get(position).copied().unwrap_or(0)));
            let mut extended = bytes;
            if position < 32 {
                let sign = if bytes[31 - position] >= 128 { 255 } else { 0 };
                extended[..31 - position].fill(sign);
            }
            consumer.expect(SIGNEXTEND, [a, b], U256::from_be_bytes(extended));
            if far >= U256::from(32) {
                consumer.expect(BYTE, [far, b], U256::ZERO);
                consumer.expect(SIGNEXTEND, [far, b], b);
            }
            let zeros = bytes.iter().position(|byte| *byte != 0).unwrap_or(32);
            prop_assert_eq!(usize::from(consumer.work.byte_length(b)), 32 - zeros);
            consumer.byte_length(b);
            consumer.case(9).assert_holds();
        }
    }
}
