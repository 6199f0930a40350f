//! Where the contract keeps what in memory: places with names, which are constants of the contract.

/// The first bytes of memory are the compiler's.
const START: usize = 0x80;

/// The length of a word in bytes.
pub(super) const WORD: usize = 0x20;

/// Places in memory, one after the other.
#[derive(Debug)]
pub(super) struct Memory {
    places: Vec<(String, usize)>,
    end: usize,
}

impl Memory {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), end: START }
    }

    /// Takes the next words.
    pub(super) fn place(&mut self, name: impl Into<String>, words: usize) {
        self.places.push((name.into(), self.end));
        self.end += words * WORD;
    }

    /// Names and addresses.
    pub(super) fn places(&self) -> &[(String, usize)] {
        &self.places
    }
}
