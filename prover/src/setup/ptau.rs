//! snarkjs's powers of tau: `ptau`, a version, a number of sections; each section a type, a length, and its bytes.
//!
//! Section 1 is the header (size of a base field element, the base field's prime, the power, the ceremony's power),
//! section 2 holds the powers in G1, section 3 those in G2. Coordinates are little-endian and in Montgomery form.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    SetupProblem,
    points::{Ceremony, G1_RAW, G2_RAW, ReadError, read_g2, read_raw_g1},
};
use crate::machine::MAX_K;

/// The prime of BN254's base field, little-endian.
const PRIME: [u64; 4] = [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];

const HEADER: u32 = 1;
const POWERS_G1: u32 = 2;
const POWERS_G2: u32 = 3;

/// More sections than any version of snarkjs writes.
const MAX_SECTIONS: u32 = 64;

#[derive(Clone, Copy, Debug)]
struct Section {
    start: u64,
    length: u64,
}

/// Reads at most `2^max_k` powers.
pub(super) fn read(path: &Path, max_k: u32) -> Result<Ceremony, ReadError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let sections = read_sections(&mut reader, length)?;
    let section = |number| sections.get(&number).copied().ok_or(SetupProblem::Section(number));
    let power = read_header(&mut reader, section(HEADER)?)?;
    if max_k == 0 {
        return Err(SetupProblem::Power(0).into());
    }

    let powers = section(POWERS_G1)?;
    if powers.length != G1_RAW as u64 * ((2 << power) - 1) {
        return Err(SetupProblem::Section(POWERS_G1).into());
    }
    let powers_g2 = section(POWERS_G2)?;
    if powers_g2.length != (G2_RAW as u64) << power {
        return Err(SetupProblem::Section(POWERS_G2).into());
    }

    let k = power.min(max_k);
    reader.seek(SeekFrom::Start(powers.start))?;
    let powers = read_raw_g1(&mut reader, 1 << k)?;
    reader.seek(SeekFrom::Start(powers_g2.start))?;
    let g2 = read_g2(&mut reader, false, 0)?;
    let s_g2 = read_g2(&mut reader, false, 1)?;
    Ok(Ceremony { k, powers, lagrange: None, g2, s_g2 })
}

fn read_sections(reader: &mut BufReader<File>, length: u64) -> Result<BTreeMap<u32, Section>, ReadError> {
    let mut magic = [0; 4];
    reader.read_exact(&mut magic)?;
    let version = read_u32(reader)?;
    let count = read_u32(reader)?;
    if magic != *b"ptau" || version != 1 || count > MAX_SECTIONS {
        return Err(SetupProblem::Format.into());
    }
    let mut sections = BTreeMap::new();
    let mut position = 12;
    for _ in 0..count {
        let number = read_u32(reader)?;
        let mut size = [0; 8];
        reader.read_exact(&mut size)?;
        let section = Section { start: position + 12, length: u64::from_le_bytes(size) };
        let end = section.start.checked_add(section.length).filter(|&end| end <= length);
        position = end.ok_or(SetupProblem::Length)?;
        if sections.insert(number, section).is_some() {
            return Err(SetupProblem::Section(number).into());
        }
        reader.seek(SeekFrom::Start(position))?;
    }
    if position != length {
        return Err(SetupProblem::Length.into());
    }
    Ok(sections)
}

/// The power of the file, once the curve is the right one.
fn read_header(reader: &mut BufReader<File>, section: Section) -> Result<u32, ReadError> {
    reader.seek(SeekFrom::Start(section.start))?;
    if section.length < 4 {
        return Err(SetupProblem::Section(HEADER).into());
    }
    if read_u32(reader)? != 32 {
        return Err(SetupProblem::Curve.into());
    }
    if section.length != 4 + 32 + 4 + 4 {
        return Err(SetupProblem::Section(HEADER).into());
    }
    let mut prime = [0; 32];
    reader.read_exact(&mut prime)?;
    if prime.chunks(8).zip(PRIME).any(|(bytes, limb)| bytes != limb.to_le_bytes()) {
        return Err(SetupProblem::Curve.into());
    }
    match read_u32(reader)? {
        power @ 1..=MAX_K => Ok(power),
        power => Err(SetupProblem::Power(power).into()),
    }
}

fn read_u32(reader: &mut impl Read) -> Result<u32, ReadError> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}
