//! Halo2's format: `k` as a little-endian u32, the powers, the Lagrange basis, the two points of G2.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    SetupProblem,
    points::{Ceremony, G1_RAW, G2_RAW, ReadError, read_compressed_g1, read_g2, read_raw_g1},
};
use crate::machine::MAX_K;

/// Reads at most `2^max_k` powers, and the Lagrange basis if all powers are read.
pub(super) fn read(path: &Path, max_k: u32) -> Result<Ceremony, ReadError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut k = [0; 4];
    reader.read_exact(&mut k)?;
    let k = u32::from_le_bytes(k);
    if k == 0 || k > MAX_K || max_k == 0 {
        return Err(SetupProblem::Power(k).into());
    }
    let compressed = compression(k, length)?;
    let size = if compressed { G1_RAW / 2 } else { G1_RAW };
    let read_g1 = |reader: &mut BufReader<File>, count| match compressed {
        true => read_compressed_g1(reader, count),
        false => read_raw_g1(reader, count),
    };
    let read_k = k.min(max_k);
    let powers = read_g1(&mut reader, 1 << read_k)?;
    let lagrange = if read_k == k { Some(read_g1(&mut reader, 1 << k)?) } else { None };
    reader.seek(SeekFrom::Start(4 + 2 * (size as u64) * (1 << k)))?;
    let g2 = read_g2(&mut reader, compressed, 0)?;
    let s_g2 = read_g2(&mut reader, compressed, 1)?;
    Ok(Ceremony { k: read_k, powers, lagrange, prepared: None, g2, s_g2 })
}

/// Whether points are compressed, by the exact length of the file.
fn compression(k: u32, length: u64) -> Result<bool, SetupProblem> {
    let raw = 4 + 2 * ((G1_RAW as u64) << k) + 2 * G2_RAW as u64;
    let compressed = 4 + (raw - 4) / 2;
    match length {
        _ if length == raw => Ok(false),
        _ if length == compressed => Ok(true),
        _ => Err(SetupProblem::Length),
    }
}
