//! A memory as the bus has it: words, with the times of their last accesses.

use alloy_primitives::U256;

use crate::assemble::call::Token;

/// Bytes in a word.
const WORD: usize = 32;

/// An order that made words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assemble) struct Order {
    /// The first word.
    pub(in crate::assemble) from: usize,
    /// The first word that it did not make.
    pub(in crate::assemble) to: usize,
    /// Its time.
    pub(in crate::assemble) clock: u64,
}

/// The words of a memory.
#[derive(Clone, Debug, Default)]
pub(in crate::assemble) struct Memory {
    words: Vec<Token>,
    orders: Vec<Order>,
}

impl Memory {
    /// Words that no order made: `bytes`, zero padded, and one word of zeros behind them.
    pub(in crate::assemble) fn of_input(bytes: &[u8], clock: u64) -> Self {
        let value = |chunk: &[u8]| {
            let mut word = [0; WORD];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            U256::from_be_bytes(word)
        };
        let values = bytes.chunks(WORD).map(value).chain([U256::ZERO]);
        Self { words: values.map(|value| Token { value, clock }).collect(), orders: Vec::new() }
    }

    /// How many words there are.
    pub(in crate::assemble) fn len(&self) -> u64 {
        self.words.len() as u64
    }

    /// The words.
    pub(in crate::assemble) fn words(&self) -> &[Token] {
        &self.words
    }

    /// A word, if it exists.
    pub(in crate::assemble) fn word(&mut self, index: u64) -> Option<&mut Token> {
        self.words.get_mut(usize::try_from(index).ok()?)
    }

    /// The orders that made the words.
    pub(in crate::assemble) fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Makes words until there are `to`, by an order at `clock`. There are fewer.
    pub(in crate::assemble) fn grow(&mut self, to: u64, clock: u64) {
        let order = Order { from: self.words.len(), to: to as usize, clock };
        self.words.resize(order.to, Token { value: U256::ZERO, clock });
        self.orders.push(order);
    }

    /// `length` bytes from `offset` on; zeros where there is no word.
    pub(in crate::assemble) fn bytes(&self, offset: u64, length: u64) -> Vec<u8> {
        let (offset, end) = (offset as usize, offset.saturating_add(length) as usize);
        let words = offset / WORD..end.div_ceil(WORD);
        let value = |index: usize| self.words.get(index).map_or(U256::ZERO, |token| token.value);
        let mut bytes: Vec<u8> = words.flat_map(|index| value(index).to_be_bytes::<WORD>()).collect();
        bytes.drain(..(offset % WORD).min(bytes.len()));
        bytes.truncate(length as usize);
        bytes
    }

    /// The words that writing `bytes` at `offset` changes, with their new values.
    pub(in crate::assemble) fn changes(&self, offset: u64, bytes: &[u8]) -> Vec<(u64, U256)> {
        if bytes.is_empty() {
            return Vec::new();
        }
        let (first, last) = (offset / WORD as u64, (offset + bytes.len() as u64 - 1) / WORD as u64);
        let mut content = self.bytes(first * WORD as u64, (last - first + 1) * WORD as u64);
        let start = (offset % WORD as u64) as usize;
        content.iter_mut().skip(start).zip(bytes).for_each(|(to, from)| *to = *from);
        let values = content.chunks_exact(WORD).map(U256::from_be_slice);
        let old = |index: u64| self.words.get(index as usize).map(|token| token.value);
        (first..).zip(values).filter(|(index, value)| old(*index) != Some(*value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_where_they_were_written() {
        let mut memory = Memory::default();
        memory.grow(3, 7);
        for (index, value) in memory.changes(30, &[1, 2, 3]) {
            memory.word(index).expect("it exists").value = value;
        }
        assert_eq!(memory.bytes(29, 5), [0, 1, 2, 3, 0]);
        assert_eq!(memory.bytes(31, 1), [2]);
        assert_eq!(memory.bytes(94, 4), [0; 4]);
        assert!(memory.bytes(1 << 40, 0).is_empty());
        assert_eq!(memory.changes(30, &[1, 2, 4]).len(), 1);
        assert_eq!(memory.orders(), [Order { from: 0, to: 3, clock: 7 }]);
    }

    #[test]
    fn an_input_ends_with_zeros() {
        let memory = Memory::of_input(&[9; 33], 4);
        assert_eq!(memory.len(), 3);
        assert_eq!(memory.bytes(31, 4), [9, 9, 0, 0]);
        assert_eq!(Memory::of_input(&[], 4).len(), 1);
    }
}
