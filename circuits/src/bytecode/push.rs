//! Push data: which bytes of a code are opcodes, and what a PUSH pushes. The native side, and the tables' contents.
//!
//! A byte is an opcode if and only if no PUSH1 to PUSH32 before it covers it. The state that decides it is one number, how
//! many bytes of push data are still due: zero before the first byte, and [`after`] a byte a function of what was due
//! before and of the byte. So one fact of a table ranges a byte, classifies it, and counts. The tables have room for the counts
//! 0 to 127. A code begins with 0, and no PUSH has more than 32 bytes, so the others are true of no code.

use ruint::aliases::U256;

use crate::bus::PushCounterNative;

/// The longest push data.
pub const LONGEST: u8 = 32;

/// How many counts the tables hold, from 0 on.
pub const COUNTS: u8 = 128;

/// How many bytes of push data follow `opcode`: n for PUSHn, else none.
pub fn length(opcode: u8) -> u8 {
    if (0x60..=0x7f).contains(&opcode) { opcode - 0x5f } else { 0 }
}

/// How many bytes of push data are due after `byte`, of those due `before` it.
pub fn after(before: u8, byte: u8) -> u8 {
    if before > 0 { before - 1 } else { length(byte) }
}

/// Every [`PushCounter`](crate::bus::PushCounter) that the tables provide.
pub fn counters() -> impl Iterator<Item = PushCounterNative> {
    let pairs = (0..COUNTS).flat_map(|before| (0..=u8::MAX).map(move |byte| (before, byte)));
    pairs.map(|(before, byte)| PushCounterNative { before, byte, after: after(before, byte) })
}

/// The value of the `due` bytes that begin at `from`, zeros behind the end.
pub fn value(code: &[u8], from: usize, due: u8) -> U256 {
    let byte = |position: usize| code.get(position).copied().unwrap_or(0);
    (0..usize::from(due)).fold(U256::ZERO, |value, i| (value << 8) | U256::from(byte(from + i)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_from_its_first_byte() {
        let code: Vec<u8> = (1..=32).collect();
        for due in 0..=32u8 {
            let mut bytes = [0; 32];
            bytes[32 - usize::from(due)..].copy_from_slice(&code[..usize::from(due)]);
            assert_eq!(value(&code, 0, due), U256::from_be_bytes(bytes), "{due} bytes");
        }
        assert_eq!(value(&[1], 0, 3), U256::from(0x01_0000), "zeros behind the end");
    }

    #[test]
    fn only_push1_to_push32_have_data() {
        let with_data: Vec<u8> = (0..=u8::MAX).filter(|opcode| length(*opcode) > 0).collect();
        assert_eq!(with_data, (0x60..=0x7f).collect::<Vec<u8>>());
        assert_eq!((length(0x60), length(0x7f), length(0x5f)), (1, 32, 0));
        assert_eq!(counters().count(), 1 << 15);
    }
}
