//! AND, OR and XOR of any two words, byte by byte.
//!
//! **Given** any operands, four rows **prove** `result = opcode(a, b)`. Each row looks up the AND of eight pairs of bytes: those
//! that count for `2^(64 row)` and more, even bytes first, so that the sums of limbs that other chips use serve here too. The facts range all bytes, so that the operands'
//! limbs, as sums of sixteen bytes each, are below 2^128 and unique. OR and XOR follow linearly: `a | b = a + b - (a & b)`
//! and `a ^ b = a + b - 2 (a & b)`, limb by limb.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | or / xor is boolean, one at most | 2 | the operation; AND if neither |
//! | opcode | 1 | |
//! | a.hi, a.lo, b.hi, b.lo | 1 | the limbs are made of the bytes |
//! | result.hi, result.lo | 2 | |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::Layout;
use super::layout::code;
use super::native::opcode::{AND, OR, XOR};
use crate::bus::{Alu, AluNative, AndBytes, AndBytesNative};

const ROWS: usize = 4;

/// The groups of limbs that hold the left bytes, the right ones, and their AND.
const LEFT_GROUP: usize = 0;
const RIGHT_GROUP: usize = 1;
const AND_GROUP: usize = 2;

/// The chip.
#[derive(Debug)]
pub struct Bitwise {
    alu: Alu,
    bytes: Vec<AndBytes>,
    or: Bool,
    xor: Bool,
}

impl Chip for Bitwise {
    type Layout = Layout;
    type Event = AluNative;
    const NAME: &'static str = "bitwise";
    const HEIGHT: usize = ROWS;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let alu = layout.provide_alu(chip);
        let mut bytes = Vec::new();
        for row in 0..ROWS {
            bytes.extend(layout.and_bytes.iter().map(|slot| chip.learn(slot, row as i16)));
        }
        let [or, xor] = ["or", "xor"].map(|label| chip.bool(label, 0));
        chip.require_zero("one at most", &or * &xor);
        let Alu { opcode, a, b, result, .. } = &alu;
        chip.require_equal("opcode", opcode, code(AND) + &or * code(OR - AND) + &xor * code(XOR - AND));

        // Sixty-four bits from the bytes of a row, and a limb from two rows.
        let eight = |group, row| layout.half(group, 0, row) + layout.half(group, 1, row) * Expr::from(256);
        let limb = |group, row| eight(group, row) + eight(group, row + 1) * Expr::power_of_two(64);
        for (name, row, a, b, result) in [("hi", 2, &a.hi, &b.hi, &result.hi), ("lo", 0, &a.lo, &b.lo, &result.lo)] {
            let and = limb(AND_GROUP, row);
            let both = a + b - &and;
            chip.require_equal(format!("a.{name}"), a, limb(LEFT_GROUP, row));
            chip.require_equal(format!("b.{name}"), b, limb(RIGHT_GROUP, row));
            let value = &and + &or * (&both - &and) + &xor * (both - &and - &and);
            chip.require_equal(format!("result.{name}"), result, value);
        }
        Self { alu, bytes, or, xor }
    }

    fn fill(&self, event: &AluNative, row: &mut WindowWriter<'_>) {
        row.message(&self.alu, event);
        for (index, fact) in self.bytes.iter().enumerate() {
            // The even bytes of a row come first.
            let (first, slot) = (index / 8 * 8, index % 8);
            let byte = first + slot % 4 * 2 + slot / 4;
            let (left, right) = (event.a.byte(byte), event.b.byte(byte));
            row.message(fact, &AndBytesNative { left, right, and: left & right });
        }
        row.set(&self.or, event.opcode == OR);
        row.set(&self.xor, event.opcode == XOR);
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
        let (a, b) = (U256::MAX / U256::from(7), U256::MAX / U256::from(11) * U256::from(3));
        [AND, OR, XOR].into_iter().for_each(|opcode| consumer.alu(opcode, a, b, U256::ZERO));
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "bitwise", &[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn results_are_the_evms(a in word(), b in word()) {
            let limbs = |f: fn(u64, u64) -> u64| {
                U256::from_limbs(std::array::from_fn(|i| f(a.as_limbs()[i], b.as_limbs()[i])))
            };
            let mut consumer = Consumer::default();
            consumer.expect(AND, [a, b], limbs(|a, b| a & b));
            consumer.expect(OR, [a, b], limbs(|a, b| a | b));
            consumer.expect(XOR, [a, b], limbs(|a, b| a ^ b));
            consumer.case(K).assert_holds();
        }
    }
}
