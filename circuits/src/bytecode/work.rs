//! The codes of a block, and what was asked about them.

use std::collections::{BTreeSet, HashMap};

use ruint::aliases::U256;
use verbatim_gadgets::machine::Sheet;

use super::code::CodeEvent;
use super::lane::LaneEvent;
use super::no_jump_dest::{JUMPDEST, NoJumpDestEvent};
use super::past::PastEvent;
use super::push_value::{PushEvent, SHORT};
use super::word::WordEvent;
use super::{BytecodeChips, BytecodeEvent, push};
use crate::bus::{CodeNative, CodeWordNative};

/// A question about a code that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BytecodeError {
    /// The code was not added.
    #[error("no code has the hash {hash:#x}")]
    UnknownCode {
        /// The hash.
        hash: U256,
    },
    /// No opcode begins at the position: it is push data, or too far behind the end.
    #[error("no opcode begins at {pc} in the code {hash:#x}")]
    NoOpcode {
        /// The code.
        hash: U256,
        /// The position.
        pc: u64,
    },
    /// The position is a destination, or not below the code's length.
    #[error("{pc} is a destination, or behind the end, in the code {hash:#x}")]
    JumpDest {
        /// The code.
        hash: U256,
        /// The position.
        pc: u64,
    },
    /// The word begins behind the end.
    #[error("the code {hash:#x} has no word {index}")]
    NoWord {
        /// The code.
        hash: U256,
        /// The index of the word.
        index: u64,
    },
}

/// A code, and what was asked about it.
#[derive(Clone, Debug)]
struct Source {
    hash: U256,
    bytes: Vec<u8>,
    /// How many bytes of push data are due before each byte of its lanes, and behind the last.
    due: Vec<u8>,
    /// The positions of executed PUSHes with data.
    pushes: BTreeSet<u64>,
    /// Positions behind the end, with how many bytes of push data are due there.
    past: BTreeSet<(u64, u8)>,
    words: BTreeSet<u64>,
    no_jump_dests: BTreeSet<u64>,
}

impl Source {
    fn new(hash: U256, bytes: Vec<u8>) -> Self {
        let mut due = vec![0];
        for i in 0..bytes.len().next_multiple_of(8) {
            due.push(push::after(due[i], bytes.get(i).copied().unwrap_or(0)));
        }
        let (pushes, past) = (BTreeSet::new(), BTreeSet::new());
        Self { hash, bytes, due, pushes, past, words: BTreeSet::new(), no_jump_dests: BTreeSet::new() }
    }

    fn lanes(&self) -> usize {
        self.bytes.len().div_ceil(8)
    }

    fn chunk<const N: usize>(&self, index: usize) -> [u8; N] {
        std::array::from_fn(|i| self.bytes.get(N * index + i).copied().unwrap_or(0))
    }

    /// The opcode at `pc`, if one begins there or up to 32 bytes behind the end.
    fn code(&self, pc: u64) -> Option<CodeNative> {
        let length = self.bytes.len() as u64;
        if pc >= length {
            let near = pc - length <= u64::from(push::LONGEST);
            return near.then(|| CodeNative { hash: self.hash, pc, opcode: 0, push: U256::ZERO, next: pc + 1 });
        }
        let at = pc as usize;
        (self.due[at] == 0).then(|| {
            let opcode = self.bytes[at];
            let due = push::length(opcode);
            let push = push::value(&self.bytes, at + 1, due);
            CodeNative { hash: self.hash, pc, opcode, push, next: pc + 1 + u64::from(due) }
        })
    }

    fn fetch(&mut self, pc: u64) -> Option<CodeNative> {
        let code = self.code(pc)?;
        if pc >= self.bytes.len() as u64 {
            self.past.insert((pc, 0));
        } else if code.next > pc + 1 && self.pushes.insert(pc) {
            // Lanes have the bytes up to the end of the last of them.
            let behind = (pc + 1).max(8 * self.lanes() as u64)..code.next;
            self.past.extend(behind.map(|position| (position, (code.next - position) as u8)));
        }
        Some(code)
    }

    fn lane(&self, index: usize) -> LaneEvent {
        LaneEvent { hash: self.hash, index: index as u64, before: self.due[8 * index], bytes: self.chunk(index) }
    }

    fn push(&self, pc: u64) -> Option<BytecodeEvent> {
        let CodeNative { hash, opcode, push: value, .. } = self.code(pc)?;
        let event = PushEvent { hash, pc, opcode, value };
        let short = push::length(opcode) <= SHORT;
        Some(if short { BytecodeEvent::Push(event) } else { BytecodeEvent::LongPush(event) })
    }

    fn events(&self, mut push: impl FnMut(BytecodeEvent)) {
        let (hash, length) = (self.hash, self.bytes.len() as u64);
        for (pc, due) in &self.past {
            push(BytecodeEvent::Past(PastEvent { hash, length, pc: *pc, due: *due }));
        }
        let lanes = self.lanes();
        let last = lanes.checked_sub(1).map(|last| self.lane(last));
        push(BytecodeEvent::Code(CodeEvent { hash, length, last }));
        (0..lanes).for_each(|index| push(BytecodeEvent::Lane(self.lane(index))));
        self.pushes.iter().filter_map(|pc| self.push(*pc)).for_each(&mut push);
        for index in &self.words {
            push(BytecodeEvent::Word(WordEvent { hash, index: *index, bytes: self.chunk(*index as usize) }));
        }
        for pc in &self.no_jump_dests {
            let (byte, due) = (self.bytes[*pc as usize], self.due[*pc as usize]);
            push(BytecodeEvent::NoJumpDest(NoJumpDestEvent { hash, pc: *pc, byte, due }));
        }
    }
}

/// Everything that the bytecode circuit has to prove for a block.
///
/// A code is added once; then every opcode that is executed or jumped to, every word that is read, and every failed jump
/// is asked for, any number of times. A PUSH, a word and a failed jump that were not asked for have no provider; opcodes
/// without data and the length of a code always have one.
#[derive(Clone, Debug, Default)]
pub struct BytecodeWork {
    sources: Vec<Source>,
    by_hash: HashMap<U256, usize>,
}

impl BytecodeWork {
    /// No code.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a code by its keccak hash, which the caller has computed. A second time changes nothing.
    pub fn add_code(&mut self, hash: U256, bytes: &[u8]) {
        self.by_hash.entry(hash).or_insert_with(|| {
            self.sources.push(Source::new(hash, bytes.to_vec()));
            self.sources.len() - 1
        });
    }

    /// The codes in the order in which they were added: keccak has to hash each of them once.
    pub fn codes(&self) -> impl Iterator<Item = &[u8]> {
        self.sources.iter().map(|source| source.bytes.as_slice())
    }

    fn source(&mut self, hash: U256) -> Result<&mut Source, BytecodeError> {
        let index = self.by_hash.get(&hash).copied();
        index.and_then(|index| self.sources.get_mut(index)).ok_or(BytecodeError::UnknownCode { hash })
    }

    /// Asks for the opcode at `pc`, and answers it. Up to 32 bytes behind the end it is STOP.
    ///
    /// # Errors
    /// If the code is unknown, or no opcode begins there.
    pub fn fetch(&mut self, hash: U256, pc: u64) -> Result<CodeNative, BytecodeError> {
        self.source(hash)?.fetch(pc).ok_or(BytecodeError::NoOpcode { hash, pc })
    }

    /// Asks for the fact that `pc`, below the code's length, is no destination.
    ///
    /// # Errors
    /// If the code is unknown, `pc` is a destination, or it is not below the length.
    pub fn no_jump_dest(&mut self, hash: U256, pc: u64) -> Result<(), BytecodeError> {
        let source = self.source(hash)?;
        let at = usize::try_from(pc).ok().filter(|at| *at < source.bytes.len());
        let safe = at.is_some_and(|at| source.due[at] > 0 || source.bytes[at] != JUMPDEST);
        if !safe {
            return Err(BytecodeError::JumpDest { hash, pc });
        }
        source.no_jump_dests.insert(pc);
        Ok(())
    }

    /// Asks for thirty-two bytes of a code, and answers them.
    ///
    /// # Errors
    /// If the code is unknown, or the word begins behind its end.
    pub fn word(&mut self, hash: U256, index: u64) -> Result<CodeWordNative, BytecodeError> {
        let source = self.source(hash)?;
        let length = source.bytes.len() as u64;
        if index >= length.div_ceil(32) {
            return Err(BytecodeError::NoWord { hash, index });
        }
        source.words.insert(index);
        let lanes = (4 * index..4 * index + 4).map(|lane| 8 * lane);
        source.past.extend(lanes.filter(|position| *position >= length).map(|position| (position, 0)));
        Ok(CodeWordNative { hash, index, word: U256::from_be_bytes(source.chunk::<32>(index as usize)) })
    }

    /// The circuit's work. Events are named by the place of their code in [`codes`](Self::codes).
    pub fn finish(&self) -> Sheet<BytecodeChips> {
        let mut sheet = Sheet::new();
        for (origin, source) in self.sources.iter().enumerate() {
            source.events(|event| sheet.push(origin as u64, event));
        }
        sheet
    }
}
