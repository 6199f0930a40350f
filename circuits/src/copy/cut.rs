//! Bytes of words, outside of the circuit.

use ruint::aliases::U256;

/// The highest `count` bytes of a word as ones, `count` up to 32.
fn mask(count: u64) -> U256 {
    if count == 0 { U256::ZERO } else { U256::MAX << (256 - 8 * count.min(32)) as usize }
}

/// The bytes of `first || second` from byte `shift` (0 to 31) on, of which the first `keep` (0 to 32) stay and the others
/// are zero.
pub fn cut(first: U256, second: U256, shift: u64, keep: u64) -> U256 {
    let bits = 8 * (shift as usize & 31);
    let joined = if bits == 0 { first } else { first << bits | second >> (256 - bits) };
    joined & mask(keep)
}

/// `word` with the first `count` bytes of `value` from byte `shift` on; `shift + count` is at most 32.
pub fn paste(word: U256, value: U256, shift: u64, count: u64) -> U256 {
    let bits = 8 * (shift as usize & 31);
    let place = mask(count) >> bits;
    word & !place | (value >> bits) & place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(from: u8) -> [u8; 32] {
        std::array::from_fn(|i| from + i as u8)
    }

    #[test]
    fn cuts_and_pastes_are_those_of_bytes() {
        let (first, second) = (bytes(1), bytes(101));
        let words = [first, second].map(U256::from_be_bytes::<32>);
        for shift in 0..32 {
            for keep in 0..=32 {
                let mut result = [0; 32];
                result[..keep].copy_from_slice(&[first, second].concat()[shift..shift + keep]);
                assert_eq!(cut(words[0], words[1], shift as u64, keep as u64).to_be_bytes(), result);
                if shift + keep <= 32 {
                    let mut result = first;
                    result[shift..shift + keep].copy_from_slice(&second[..keep]);
                    assert_eq!(paste(words[0], words[1], shift as u64, keep as u64).to_be_bytes(), result);
                }
            }
        }
    }
}
