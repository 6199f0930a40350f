//! The operations outside of the circuit.

use ruint::aliases::{U256, U512};

/// The opcodes of the operations that arith proves, as the EVM numbers them.
pub mod opcode {
    #![allow(missing_docs, reason = "the names are the EVM's")]
    pub const ADD: u8 = 0x01;
    pub const MUL: u8 = 0x02;
    pub const SUB: u8 = 0x03;
    pub const DIV: u8 = 0x04;
    pub const SDIV: u8 = 0x05;
    pub const MOD: u8 = 0x06;
    pub const SMOD: u8 = 0x07;
    pub const ADDMOD: u8 = 0x08;
    pub const MULMOD: u8 = 0x09;
    pub const EXP: u8 = 0x0a;
    pub const SIGNEXTEND: u8 = 0x0b;
    pub const LT: u8 = 0x10;
    pub const GT: u8 = 0x11;
    pub const SLT: u8 = 0x12;
    pub const SGT: u8 = 0x13;
    pub const EQ: u8 = 0x14;
    pub const ISZERO: u8 = 0x15;
    pub const AND: u8 = 0x16;
    pub const OR: u8 = 0x17;
    pub const XOR: u8 = 0x18;
    pub const NOT: u8 = 0x19;
    pub const BYTE: u8 = 0x1a;
    pub const SHL: u8 = 0x1b;
    pub const SHR: u8 = 0x1c;
    pub const SAR: u8 = 0x1d;
}

use opcode::*;

/// The result of an operation, as the EVM defines it: `a` is the top of the stack.
///
/// # Panics
/// If arith does not prove the opcode: a mistake of the caller, whatever the block.
pub fn execute(opcode: u8, a: U256, b: U256, c: U256) -> U256 {
    match opcode {
        ADD => a.wrapping_add(b),
        MUL => a.wrapping_mul(b),
        SUB => a.wrapping_sub(b),
        DIV => a.checked_div(b).unwrap_or_default(),
        MOD => a.checked_rem(b).unwrap_or_default(),
        SDIV => {
            let quotient = magnitude(a).checked_div(magnitude(b)).unwrap_or_default();
            negate_if(is_negative(a) != is_negative(b), quotient)
        }
        SMOD => negate_if(is_negative(a), magnitude(a).checked_rem(magnitude(b)).unwrap_or_default()),
        ADDMOD => reduce(U512::from(a) + U512::from(b), c),
        MULMOD => reduce(U512::from(a) * U512::from(b), c),
        EXP => a.pow(b),
        SIGNEXTEND if a < U256::from(31) => {
            let bits = 248 - 8 * a.to::<usize>();
            shift_right_signed(b << bits, bits)
        }
        SIGNEXTEND => b,
        LT => U256::from(a < b),
        GT => U256::from(a > b),
        SLT => U256::from(is_negative(a) as u8 > is_negative(b) as u8 || is_negative(a) == is_negative(b) && a < b),
        SGT => execute(SLT, b, a, c),
        EQ => U256::from(a == b),
        ISZERO => U256::from(a.is_zero()),
        AND => a & b,
        OR => a | b,
        XOR => a ^ b,
        NOT => !a,
        BYTE => U256::from(usize::try_from(a).ok().filter(|i| *i < 32).map_or(0, |i| b.byte(31 - i))),
        SHL => bits(a).map_or(U256::ZERO, |bits| b << bits),
        SHR => bits(a).map_or(U256::ZERO, |bits| b >> bits),
        SAR => shift_right_signed(b, bits(a).unwrap_or(256)),
        _ => panic!("opcode {opcode:#04x} is not one of arith's"),
    }
}

/// A shift, if it is below 256.
pub(super) fn bits(shift: U256) -> Option<usize> {
    usize::try_from(shift).ok().filter(|bits| *bits < 256)
}

/// Whether the two's complement number `value` is below zero.
pub(super) fn is_negative(value: U256) -> bool {
    value.bit(255)
}

/// The absolute value of a two's complement number.
pub(super) fn magnitude(value: U256) -> U256 {
    negate_if(is_negative(value), value)
}

fn negate_if(negative: bool, value: U256) -> U256 {
    if negative { value.wrapping_neg() } else { value }
}

fn shift_right_signed(value: U256, bits: usize) -> U256 {
    let shift = |value: U256| if bits < 256 { value >> bits } else { U256::ZERO };
    if is_negative(value) { !shift(!value) } else { shift(value) }
}

fn reduce(value: U512, modulus: U256) -> U256 {
    value.checked_rem(U512::from(modulus)).unwrap_or_default().to()
}

/// How many bytes a word takes without its leading zeros.
pub(super) fn byte_length(word: U256) -> u8 {
    word.byte_len() as u8
}

/// Shifts left, by up to 256 bits.
fn up(word: U256, bits: usize) -> U256 {
    if bits < 256 { word << bits } else { U256::ZERO }
}

/// Shifts right, by up to 256 bits.
fn down(word: U256, bits: usize) -> U256 {
    if bits < 256 { word >> bits } else { U256::ZERO }
}

/// The lowest `bits` ones, up to 256.
pub(super) fn low_ones(bits: usize) -> U256 {
    down(U256::MAX, 256 - bits)
}

/// Thirty-two bytes of `first || second` from byte `shift`.
pub(super) fn window(first: U256, second: U256, shift: u8) -> U256 {
    let bits = 8 * usize::from(shift);
    up(first, bits) | down(second, 256 - bits)
}

/// The first `keep` bytes of [`window`], and zeros.
pub(super) fn slice(first: U256, second: U256, shift: u8, keep: u8) -> U256 {
    window(first, second, shift) & !low_ones(256 - 8 * usize::from(keep))
}

/// The first `count` bytes of `value`, and behind them those of `old`.
pub(super) fn blend(old: U256, value: U256, count: u8) -> U256 {
    let rest = low_ones(256 - 8 * usize::from(count));
    value & !rest | old & rest
}

/// `first || second` with the first `count` bytes of `value` from byte `shift`.
pub(super) fn splice(first: U256, second: U256, shift: u8, count: u8, value: U256) -> (U256, U256) {
    let bits = 8 * usize::from(shift);
    let value = blend(window(first, second, shift), value, count);
    (first & !low_ones(256 - bits) | down(value, bits), second & low_ones(256 - bits) | up(value, 256 - bits))
}
