//! The classes of the soundness list about arithmetic: at the operands where earlier circuits could be fooled, nothing but
//! the right result can be provided.

use ruint::aliases::U256;
use verbatim_gadgets::audit::audit;

use super::testing::Consumer;

const MUL: u8 = 0x02;
const DIV: u8 = 0x04;
const SDIV: u8 = 0x05;
const MOD: u8 = 0x06;
const SMOD: u8 = 0x07;
const ADDMOD: u8 = 0x08;
const MULMOD: u8 = 0x09;
const EXP: u8 = 0x0a;
const SHL: u8 = 0x1b;
const SHR: u8 = 0x1c;
const SAR: u8 = 0x1d;

fn n(value: u64) -> U256 {
    U256::from(value)
}

/// The greatest negative number in size.
fn least() -> U256 {
    U256::from(1) << 255
}

/// Whatever cells of a window are changed together, its fact says the same of its operands.
fn assert_determined(consumer: Consumer) {
    let case = consumer.case(9);
    case.assert_holds();
    let found = audit(&mut case.grid.clone(), usize::MAX);
    assert_eq!(found.open.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(found.choices.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

fn of_two(cases: &[(u8, [U256; 2], U256)]) -> Consumer {
    let mut consumer = Consumer::default();
    cases.iter().for_each(|(opcode, operands, result)| consumer.expect(*opcode, *operands, *result));
    consumer
}

#[test]
fn class_26_modulo_zero_is_zero() {
    let mut consumer = Consumer::default();
    for [a, b] in [[n(5), n(7)], [U256::MAX, U256::MAX], [n(0), n(0)]] {
        consumer.expect_three(MULMOD, [a, b, n(0)], n(0));
        consumer.expect_three(ADDMOD, [a, b, n(0)], n(0));
    }
    assert_determined(consumer);
}

#[test]
fn class_27_a_shift_has_one_result() {
    let value = U256::MAX - n(77);
    let shifts = [0, 1, 8, 127, 128, 129, 255, 256, 300];
    let cases =
        shifts.map(|shift: usize| (SHL, [n(shift as u64), value], if shift < 256 { value << shift } else { n(0) }));
    assert_determined(of_two(&cases));
}

#[test]
fn class_28_division_by_zero_is_zero() {
    let zero = n(0);
    let cases = [DIV, MOD, SDIV, SMOD].map(|opcode| (opcode, [U256::MAX - n(3), zero], zero));
    assert_determined(of_two(&cases));
}

#[test]
fn class_29_an_arithmetic_shift_fills_with_the_sign() {
    let cases = [
        (SAR, [n(255), least()], U256::MAX),
        (SAR, [n(256), least()], U256::MAX),
        (SAR, [U256::MAX, least()], U256::MAX),
        (SAR, [U256::MAX, least() - n(1)], n(0)),
        (SAR, [n(64), U256::MAX - n(5)], U256::MAX),
        (SAR, [n(4), n(0x50)], n(5)),
    ];
    assert_determined(of_two(&cases));
}

#[test]
fn class_30_a_product_loses_what_overflows() {
    let cases = [
        (MUL, [U256::MAX, U256::MAX], n(1)),
        (MUL, [least(), n(2)], n(0)),
        (MUL, [U256::from(1) << 128, U256::from(1) << 127], least()),
        (SHR, [n(128), U256::MAX], U256::MAX >> 128),
    ];
    assert_determined(of_two(&cases));
}

/// `-2^255 / -1` is the one quotient that does not fit.
#[test]
fn class_35_a_quotient_does_not_overflow() {
    let cases = [
        (SDIV, [least(), U256::MAX], least()),
        (SMOD, [least(), U256::MAX], n(0)),
        (DIV, [U256::MAX, n(1)], U256::MAX),
        (MOD, [U256::MAX, U256::MAX], n(0)),
    ];
    let mut consumer = of_two(&cases);
    consumer.expect_three(MULMOD, [U256::MAX, U256::MAX, U256::MAX], n(0));
    consumer.expect_three(MULMOD, [U256::MAX, U256::MAX, n(1)], n(0));
    consumer.expect_three(ADDMOD, [U256::MAX, U256::MAX, n(2)], n(0));
    assert_determined(consumer);
}

#[test]
fn class_36_an_exponent_is_halved_with_its_parity() {
    let cases = [
        (EXP, [n(3), n(5)], n(243)),
        (EXP, [n(0), n(0)], n(1)),
        (EXP, [n(2), n(255)], least()),
        (EXP, [n(2), n(256)], n(0)),
        (EXP, [U256::MAX, n(7)], U256::MAX),
    ];
    assert_determined(of_two(&cases));
}
