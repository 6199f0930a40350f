//! What the two rounds of a shard leave in a [folder of jobs](crate::jobs). Numbers are little-endian; points are compressed;
//! times are in nanoseconds.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use halo2_proofs::halo2curves::{ff::PrimeField, group::GroupEncoding};

use super::{Committed, Proven};
use crate::{Fr, G1Affine, clock::Cost, jobs::Kept, machine::ELEMENT_BYTES};

/// Seed, digest, cost, the number of commitments, commitments.
impl Kept for Committed {
    fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
        writer.write_all(&self.seed)?;
        writer.write_all(self.digest.to_repr().as_ref())?;
        write_cost(&self.cost, writer)?;
        write_number(self.commitments.len() as u64, writer)?;
        self.commitments.iter().try_for_each(|point| writer.write_all(point.to_bytes().as_ref()))
    }

    fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let (seed, digest, cost) = (array(reader)?, element(reader)?, cost(reader)?);
        let commitments = (0..number(reader)?).map(|_| point(reader)).collect::<io::Result<_>>()?;
        Ok(Self { commitments, seed, digest, cost })
    }
}

/// Bus sum, cost, the proof.
impl Kept for Proven {
    fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
        writer.write_all(self.bus_sum.to_repr().as_ref())?;
        write_cost(&self.cost, writer)?;
        writer.write_all(&self.proof)
    }

    fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let (bus_sum, cost, mut proof) = (element(reader)?, cost(reader)?, Vec::new());
        reader.read_to_end(&mut proof)?;
        Ok(Self { bus_sum, proof, cost })
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn array<const N: usize>(reader: &mut dyn Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn number(reader: &mut dyn Read) -> io::Result<u64> {
    array(reader).map(u64::from_le_bytes)
}

fn write_number(number: u64, writer: &mut dyn Write) -> io::Result<()> {
    writer.write_all(&number.to_le_bytes())
}

fn element(reader: &mut dyn Read) -> io::Result<Fr> {
    Option::from(Fr::from_bytes(&array(reader)?)).ok_or_else(|| malformed("a field element is not reduced"))
}

fn point(reader: &mut dyn Read) -> io::Result<G1Affine> {
    super::point(&array::<ELEMENT_BYTES>(reader)?).ok_or_else(|| malformed("a commitment is not a point"))
}

fn cost(reader: &mut dyn Read) -> io::Result<Cost> {
    let mut duration = || number(reader).map(Duration::from_nanos);
    Ok(Cost { wall: duration()?, cpu: duration()? })
}

fn write_cost(cost: &Cost, writer: &mut dyn Write) -> io::Result<()> {
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    write_number(nanoseconds(cost.wall), writer)?;
    write_number(nanoseconds(cost.cpu), writer)
}
