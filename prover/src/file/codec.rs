//! The head of a shard's file, and field elements in JSON.

use std::io::{self, Write};

use halo2_proofs::halo2curves::ff::PrimeField;

use super::{FORMAT_VERSION, FileProblem};
use crate::{Fr, machine::INSTANCE_LENGTH};

const MAGIC: &[u8; 8] = b"VBMPROOF";

/// Everything before the proof.
pub(super) struct ShardHeader {
    pub(super) index: u32,
    pub(super) k: u32,
    pub(super) key_digest: Fr,
    pub(super) bus_sum: Fr,
    pub(super) proof_bytes: usize,
}

impl ShardHeader {
    pub(super) const BYTES: usize = 8 + 4 + 4 + 4 + 32 + 4 + 32 + 4;

    pub(super) fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.proof_bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        writer.write_all(MAGIC)?;
        for number in [FORMAT_VERSION, self.index, self.k] {
            writer.write_all(&number.to_le_bytes())?;
        }
        writer.write_all(self.key_digest.to_repr().as_ref())?;
        writer.write_all(&(INSTANCE_LENGTH as u32).to_le_bytes())?;
        writer.write_all(self.bus_sum.to_repr().as_ref())?;
        writer.write_all(&length.to_le_bytes())
    }

    /// The header, and what follows it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), FileProblem> {
        let mut bytes = bytes;
        if take::<8>(&mut bytes)? != MAGIC {
            return Err(FileProblem::Format);
        }
        let version = take_u32(&mut bytes)?;
        if version != FORMAT_VERSION {
            return Err(FileProblem::Version { found: version.into(), expected: FORMAT_VERSION.into() });
        }
        let (index, k) = (take_u32(&mut bytes)?, take_u32(&mut bytes)?);
        let key_digest = take_field(&mut bytes)?;
        if take_u32(&mut bytes)? as usize != INSTANCE_LENGTH {
            return Err(FileProblem::Format);
        }
        let bus_sum = take_field(&mut bytes)?;
        let proof_bytes = take_u32(&mut bytes)? as usize;
        Ok((Self { index, k, key_digest, bus_sum, proof_bytes }, bytes))
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], FileProblem> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(FileProblem::Truncated)?;
    *bytes = rest;
    Ok(taken)
}

fn take_u32(bytes: &mut &[u8]) -> Result<u32, FileProblem> {
    take(bytes).copied().map(u32::from_le_bytes)
}

fn take_field(bytes: &mut &[u8]) -> Result<Fr, FileProblem> {
    let bytes: &[u8; 32] = take(bytes)?;
    Option::from(Fr::from_bytes(bytes)).ok_or(FileProblem::Field)
}

/// Field elements as `0x` and 64 lowercase hexadecimal digits, the most significant first.
pub mod field_hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::Fr;

    /// Writes the digits.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &Fr, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = value.to_bytes();
        bytes.reverse();
        serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
    }

    /// Reads the digits.
    ///
    /// # Errors
    /// If it is no text of this form, or not below the modulus.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fr, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not a field element of 0x and 64 lowercase digits"))
    }

    fn parse(text: &str) -> Option<Fr> {
        let digits = text.strip_prefix("0x")?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        bytes.reverse();
        Option::from(Fr::from_bytes(&bytes))
    }
}
