//! snarkjs's powers of tau: `ptau`, a version, a number of sections; each section a type, a length, and its bytes.
//!
//! Section 1 is the header (size of a base field element, the base field's prime, the power, the ceremony's power),
//! section 2 holds the powers in G1, section 3 those in G2, and section 12 of prepared files the Lagrange bases. Coordinates are little-endian and in Montgomery form.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use halo2_proofs::halo2curves::ff::{Field, PrimeField};

use super::{
    SetupProblem,
    points::{Ceremony, G1_RAW, G2_RAW, ReadError, read_g2, read_raw_g1},
};
use crate::{Fr, G1Affine, machine::MAX_K};

/// The prime of BN254's base field, little-endian.
const PRIME: [u64; 4] = [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];

const HEADER: u32 = 1;
const POWERS_G1: u32 = 2;
const POWERS_G2: u32 = 3;
const LAGRANGE_G1: u32 = 12;

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
    // The section also has the basis of one size more, which is not needed.
    let lagrange = sections.get(&LAGRANGE_G1).filter(|section| section.length >= G1_RAW as u64 * ((2 << power) - 1));
    let prepared = lagrange.map(|section| (path.to_owned(), section.start));
    Ok(Ceremony { k, powers, lagrange: None, prepared, g2, s_g2 })
}

/// The Lagrange basis of `2^k` points from the section that starts at `start`, in halo2's order.
///
/// snarkjs orders it by the powers of another root of unity: its primitive root is 5, halo2's is 7.
pub(super) fn read_lagrange(path: &Path, start: u64, k: u32) -> Result<Vec<G1Affine>, ReadError> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    reader.seek(SeekFrom::Start(start + G1_RAW as u64 * ((1 << k) - 1)))?;
    let points = read_raw_g1(&mut reader, 1 << k)?;
    let step = root_exponent(k);
    let mut ordered = points.clone();
    for (index, point) in points.into_iter().enumerate() {
        ordered[index.wrapping_mul(step) & ((1 << k) - 1)] = point;
    }
    Ok(ordered)
}

/// The exponent that takes halo2's root of unity of order `2^k` to that of snarkjs, found bit by bit.
fn root_exponent(k: u32) -> usize {
    let order = |root: Fr| (k..Fr::S).fold(root, |root, _| root.square());
    // (r - 1) / 2^28, so that 5 to this power has order 2^28.
    let odd_part = (-Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(Fr::S)]);
    let odd_part = odd_part.to_repr();
    let limbs: Vec<u64> =
        odd_part.chunks_exact(8).map(|limb| u64::from_le_bytes(limb.try_into().unwrap_or([0; 8]))).collect();
    let target = order(Fr::from(5).pow_vartime(limbs));
    let inverse = order(Fr::ROOT_OF_UNITY_INV);
    let mut exponent = 0u64;
    for bit in 0..k {
        let rest = target * inverse.pow_vartime([exponent]);
        if (bit + 1..k).fold(rest, |rest, _| rest.square()) != Fr::ONE {
            exponent |= 1 << bit;
        }
    }
    exponent as usize
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
