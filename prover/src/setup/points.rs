//! Reading points without trust: reduced coordinates, on the curve, in the subgroup, not the identity.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use halo2_proofs::halo2curves::{
    bn256::Fq,
    group::{GroupEncoding, cofactor::CofactorGroup, prime::PrimeCurveAffine},
    serde::SerdeObject,
};
use rayon::prelude::*;

use super::SetupProblem;
use crate::{G1Affine, G2Affine};

/// Bytes of an uncompressed point of G1.
pub(super) const G1_RAW: usize = 64;
/// Bytes of an uncompressed point of G2.
pub(super) const G2_RAW: usize = 128;

/// What a ceremony's file holds, as far as it is read.
#[derive(Debug)]
pub(super) struct Ceremony {
    pub(super) k: u32,
    /// The first `2^k` powers in G1.
    pub(super) powers: Vec<G1Affine>,
    /// The Lagrange basis of the same size, if the file has it.
    pub(super) lagrange: Option<Vec<G1Affine>>,
    /// Where the file has Lagrange bases of all sizes, in another order: 2^0 points, 2^1 points, and so on.
    pub(super) prepared: Option<(PathBuf, u64)>,
    pub(super) g2: G2Affine,
    pub(super) s_g2: G2Affine,
}

#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    Problem(SetupProblem),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SetupProblem> for ReadError {
    fn from(problem: SetupProblem) -> Self {
        Self::Problem(problem)
    }
}

/// Reads uncompressed points in Montgomery form.
pub(super) fn read_raw_g1(reader: &mut impl Read, count: usize) -> Result<Vec<G1Affine>, ReadError> {
    read_g1(reader, count, G1_RAW, G1Affine::from_raw_bytes)
}

/// Reads compressed points.
pub(super) fn read_compressed_g1(reader: &mut impl Read, count: usize) -> Result<Vec<G1Affine>, ReadError> {
    read_g1(reader, count, 32, decompress::<G1Affine>)
}

/// Reads in pieces, so that memory grows only with what the file really holds.
fn read_g1(
    reader: &mut impl Read,
    count: usize,
    size: usize,
    decode: impl Fn(&[u8]) -> Option<G1Affine> + Sync,
) -> Result<Vec<G1Affine>, ReadError> {
    const PIECE: usize = 1 << 14;
    let mut points = Vec::new();
    let mut bytes = vec![0; PIECE.min(count) * size];
    while points.len() < count {
        let wanted = PIECE.min(count - points.len());
        let piece = &mut bytes[..wanted * size];
        reader.read_exact(piece)?;
        let start = points.len();
        let decoded: Result<Vec<_>, _> = piece
            .par_chunks(size)
            .enumerate()
            .map(|(index, bytes)| {
                let point = decode(bytes).filter(|point| !bool::from(point.is_identity()));
                point.ok_or(SetupProblem::G1(start + index))
            })
            .collect();
        points.extend(decoded?);
    }
    Ok(points)
}

/// Reads a point of G2, uncompressed and in Montgomery form, or compressed. `index` is for the error.
pub(super) fn read_g2(reader: &mut impl Read, compressed: bool, index: usize) -> Result<G2Affine, ReadError> {
    let mut bytes = [0; G2_RAW];
    let bytes = &mut bytes[..if compressed { 64 } else { G2_RAW }];
    reader.read_exact(bytes)?;
    let point = match compressed {
        true if is_reduced(bytes) => decompress(bytes),
        true => None,
        false => G2Affine::from_raw_bytes(bytes),
    };
    let good = |point: &G2Affine| {
        !bool::from(point.is_identity()) && bool::from(CofactorGroup::is_torsion_free(&point.to_curve()))
    };
    Ok(point.filter(good).ok_or(SetupProblem::G2(index))?)
}

/// Whether both coefficients of a compressed abscissa are below the modulus; the curve's decoder panics if not.
fn is_reduced(compressed: &[u8]) -> bool {
    compressed.chunks_exact(32).enumerate().all(|(index, coefficient)| {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(coefficient);
        if index == 1 {
            bytes[31] &= 0x3f;
        }
        Fq::from_bytes(&bytes).is_some().into()
    })
}

fn decompress<C: GroupEncoding>(bytes: &[u8]) -> Option<C> {
    let mut repr = C::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    Option::from(C::from_bytes(&repr))
}

/// Writes uncompressed points in Montgomery form.
pub(super) fn write_raw_g1(writer: &mut dyn Write, points: &[G1Affine]) -> io::Result<()> {
    points.iter().try_for_each(|point| writer.write_all(&point.to_raw_bytes()))
}
