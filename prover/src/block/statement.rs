//! The public messages of a proof, on disk beside its shards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verbatim_circuits::bus::INVENTORY;
use verbatim_witness::assemble::{PublicMessage, PublicMessages};

use crate::Fr;

/// The name of the file with the public messages.
pub const PUBLIC: &str = "public.messages";

/// The first bytes of the file: its format and version.
const MAGIC: &[u8; 8] = b"VBMPUB01";

/// The longest tuple that any message has.
const LONGEST: u64 = 256;

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
    /// A tuple that no message has, or a field element that is not below the modulus.
    #[error("message {0} is malformed")]
    Malformed(usize),
}

pub(super) fn write(folder: &Path, public: &PublicMessages) -> Result<(), StatementError> {
    let path = folder.join(PUBLIC);
    let bytes = [MAGIC.as_slice(), &public.to_bytes()].concat();
    fs::write(&path, bytes).map_err(|error| StatementError { path, problem: error.into() })
}

pub(super) fn read(folder: &Path) -> Result<PublicMessages, StatementError> {
    let path = folder.join(PUBLIC);
    let read = || parse(&fs::read(&path)?);
    read().map_err(|problem| StatementError { path: path.clone(), problem })
}

fn parse(bytes: &[u8]) -> Result<PublicMessages, StatementProblem> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(StatementProblem::Format)?;
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
        let known = INVENTORY.iter().find(|known| known.id == tag);
        let known = known.ok_or(StatementProblem::Tag { index, tag })?;
        if length > LONGEST {
            return Err(StatementProblem::Malformed(index));
        }
        let mut tuple = Vec::new();
        for _ in 0..length {
            let (field, tail) = rest.split_first_chunk::<32>().ok_or(StatementProblem::Truncated(index))?;
            rest = tail;
            tuple.push(Option::<Fr>::from(Fr::from_bytes(field)).ok_or(StatementProblem::Malformed(index))?);
        }
        messages.push(PublicMessage { tag: *known, tuple, multiplicity });
    }
    Ok(messages.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<u8> {
        let message = PublicMessage { tag: INVENTORY[0], tuple: vec![Fr::from(7), -Fr::one()], multiplicity: -3 };
        let messages: PublicMessages = vec![message].into();
        [MAGIC.as_slice(), &messages.to_bytes()].concat()
    }

    #[test]
    fn messages_survive_the_file() {
        let bytes = example();
        let messages = parse(&bytes).expect("what was written");
        assert_eq!([MAGIC.as_slice(), &messages.to_bytes()].concat(), bytes);
        assert_eq!(messages.iter().next().expect("one message").multiplicity, -3);
    }

    #[test]
    fn every_malformed_file_is_an_error() {
        let bytes = example();
        assert!(matches!(parse(b"VBMPUB02"), Err(StatementProblem::Format)));
        for length in 9..bytes.len() {
            assert!(matches!(parse(&bytes[..length]), Err(StatementProblem::Truncated(0))), "{length}");
        }
        let mut unknown = bytes.clone();
        unknown[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(parse(&unknown), Err(StatementProblem::Tag { index: 0, .. })));
        let mut long = bytes.clone();
        long[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(parse(&long), Err(StatementProblem::Malformed(0))));
        let mut beyond = bytes;
        beyond[32..64].fill(0xff);
        assert!(matches!(parse(&beyond), Err(StatementProblem::Malformed(0))));
    }
}
