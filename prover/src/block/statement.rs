//! The public messages of a proof, on disk beside its shards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verbatim_circuits::{bus::INVENTORY, statement::Label};
use verbatim_witness::assemble::{PublicMessage, PublicMessages};

use crate::Fr;

/// The name of the file with the public messages.
pub const PUBLIC: &str = "public.messages";

/// The first bytes of the file: its format and version.
const MAGIC: &[u8; 8] = b"VBMPUB02";

/// Why public messages cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct StatementError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: StatementProblem,
}

/// What is wrong with a file of public messages.
#[derive(Debug, thiserror::Error)]
pub enum StatementProblem {
    /// The system's error.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Another kind or version of file.
    #[error("not a file of public messages of this version")]
    Format,
    /// The file ends within the label of the block.
    #[error("the file ends within the label of the block")]
    Label,
    /// The file ends within a message.
    #[error("the file ends within message {0}")]
    Truncated(usize),
    /// A tag that the bus does not have.
    #[error("message {index} has the unknown tag {tag}")]
    Tag {
        /// Which message.
        index: usize,
        /// Its tag.
        tag: u64,
    },
    /// A tuple of another length than its tag's, or a field element that is not below the modulus.
    #[error("message {0} is malformed")]
    Malformed(usize),
}

pub(super) fn write(folder: &Path, public: &PublicMessages) -> Result<(), StatementError> {
    let path = folder.join(PUBLIC);
    let bytes = [MAGIC.as_slice(), &public.to_bytes()].concat();
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, bytes))
        .map_err(|error| StatementError { path, problem: error.into() })
}

pub(super) fn read(folder: &Path) -> Result<PublicMessages, StatementError> {
    let path = folder.join(PUBLIC);
    let read = || decode_public(&fs::read(&path)?);
    read().map_err(|problem| StatementError { path: path.clone(), problem })
}

/// The bytes of a file of public messages.
///
/// # Errors
/// [`StatementProblem`] says what is wrong with them.
pub fn decode_public(bytes: &[u8]) -> Result<PublicMessages, StatementProblem> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(StatementProblem::Format)?;
    let (label, mut rest) = decode_label(rest).ok_or(StatementProblem::Label)?;
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let index = messages.len();
        let mut next = || {
            let (number, tail) = rest.split_first_chunk::<8>().ok_or(StatementProblem::Truncated(index))?;
            rest = tail;
            Ok::<_, StatementProblem>(*number)
        };
        let (tag, multiplicity, length) =
            (u64::from_le_bytes(next()?), i64::from_le_bytes(next()?), u64::from_le_bytes(next()?));
        let known = INVENTORY.iter().find(|known| known.tag.id == tag);
        let known = known.ok_or(StatementProblem::Tag { index, tag })?;
        if length != (known.names)().len() as u64 {
            return Err(StatementProblem::Malformed(index));
        }
        let mut tuple = Vec::new();
        for _ in 0..length {
            let (field, tail) = rest.split_first_chunk::<32>().ok_or(StatementProblem::Truncated(index))?;
            rest = tail;
            tuple.push(Option::<Fr>::from(Fr::from_bytes(field)).ok_or(StatementProblem::Malformed(index))?);
        }
        messages.push(PublicMessage { tag: known.tag, tuple, multiplicity });
    }
    Ok(PublicMessages::from(messages).labelled(label))
}

/// The label, and the bytes behind it.
fn decode_label(mut rest: &[u8]) -> Option<(Label, &[u8])> {
    let mut number = |bytes: usize| {
        let (number, tail) = rest.split_at_checked(bytes)?;
        rest = tail;
        Some(number.iter().rev().fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte)))
    };
    let (chain_id, fork) = (number(8)? as u64, number(8)? as u64);
    let label =
        Label { chain_id, fork, parent_hash: [number(16)?, number(16)?], block_hash: [number(16)?, number(16)?] };
    Some((label, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the first message stands.
    const FIRST: usize = 8 + 2 * 8 + 4 * 16;

    fn example() -> Vec<u8> {
        let tuple = vec![-Fr::one(); (INVENTORY[0].names)().len()];
        let message = PublicMessage { tag: INVENTORY[0].tag, tuple, multiplicity: -3 };
        let label = Label { chain_id: 1, fork: 2, parent_hash: [3, 4], block_hash: [5, u128::MAX] };
        let messages = PublicMessages::from(vec![message]).labelled(label);
        [MAGIC.as_slice(), &messages.to_bytes()].concat()
    }

    #[test]
    fn messages_survive_the_file() {
        let bytes = example();
        let messages = decode_public(&bytes).expect("what was written");
        assert_eq!([MAGIC.as_slice(), &messages.to_bytes()].concat(), bytes);
        assert_eq!(messages.iter().next().expect("one message").multiplicity, -3);
        assert_eq!(messages.label().block_hash, [5, u128::MAX]);
    }

    #[test]
    fn every_malformed_file_is_an_error() {
        let bytes = example();
        assert!(matches!(decode_public(b"VBMPUB01"), Err(StatementProblem::Format)));
        for length in MAGIC.len()..FIRST {
            assert!(matches!(decode_public(&bytes[..length]), Err(StatementProblem::Label)), "{length}");
        }
        for length in FIRST + 1..bytes.len() {
            assert!(matches!(decode_public(&bytes[..length]), Err(StatementProblem::Truncated(0))), "{length}");
        }
        let mut unknown = bytes.clone();
        unknown[FIRST..FIRST + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(decode_public(&unknown), Err(StatementProblem::Tag { index: 0, .. })));
        let mut long = bytes.clone();
        long[FIRST + 16..FIRST + 24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(decode_public(&long), Err(StatementProblem::Malformed(0))));
        let mut beyond = bytes;
        beyond[FIRST + 24..FIRST + 56].fill(0xff);
        assert!(matches!(decode_public(&beyond), Err(StatementProblem::Malformed(0))));
    }
}
