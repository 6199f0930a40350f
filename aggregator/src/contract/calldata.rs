//! How a call of the contract is written.

use alloy_primitives::keccak256;
use halo2_proofs::halo2curves::{bn256::Fq, ff::PrimeField};
use ruint::aliases::U256;

use super::{Statement, memory::WORD, protocol::Round, statement::ElementsError};
use crate::{
    Fr,
    last::{ACCUMULATOR_LIMBS, COORDINATES, LIMB_BITS, LIMBS},
};

/// Why an instance and a proof cannot be written as a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalldataError {
    /// The instance has not the length of the statement's elements and the deferred pairing's limbs.
    #[error("the instance has {given} elements, not {expected}")]
    Instance {
        /// What the contract takes.
        expected: usize,
        /// What is given.
        given: usize,
    },
    /// The statement's elements are no values of its fields.
    #[error(transparent)]
    Elements(#[from] ElementsError),
    /// The limbs of a coordinate are no limbs of an element of the base field.
    #[error("coordinate {0} of the deferred pairing is not written in limbs")]
    Limbs(usize),
    /// The proof has not the length that the verifying key implies.
    #[error("the proof has {given} bytes, not {expected}")]
    Proof {
        /// What the contract takes.
        expected: usize,
        /// What is given.
        given: usize,
    },
}

/// The interface of a contract: `verify(Statement, bytes)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    statement: Statement,
    /// The length of what the prover writes, in bytes.
    prover: usize,
}

impl Interface {
    pub(super) fn new(statement: &Statement, rounds: &[Round]) -> Self {
        let words: usize = rounds.iter().map(|round| 2 * round.points.len() + round.values.len()).sum();
        Self { statement: statement.clone(), prover: words * WORD }
    }

    /// The statement's fields.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The number of elements of the circuit's instance: the statement's, then the limbs of the deferred pairing.
    pub fn instance_length(&self) -> usize {
        self.statement.elements() + ACCUMULATOR_LIMBS
    }

    /// The length of the argument `proof` in bytes: the deferred pairing's points, then what the prover writes.
    pub fn proof_length(&self) -> usize {
        COORDINATES * WORD + self.prover
    }

    /// The length of a call in bytes: selector, statement, the place and the length of the proof, and the proof.
    pub fn calldata_length(&self) -> usize {
        4 + (self.statement.fields().len() + 2) * WORD + self.proof_length()
    }

    /// The signature of the function `verify`.
    pub fn signature(&self) -> String {
        let types: Vec<&str> = self.statement.fields().iter().map(|field| field.kind.solidity()).collect();
        format!("verify(({}),bytes)", types.join(","))
    }

    /// The values of the statement's fields, and the argument `proof`.
    ///
    /// # Errors
    ///
    /// [`CalldataError`] if the instance or the proof is not one that the contract can be given.
    pub fn arguments(&self, instance: &[Fr], proof: &[u8]) -> Result<(Vec<U256>, Vec<u8>), CalldataError> {
        if instance.len() != self.instance_length() {
            return Err(CalldataError::Instance { expected: self.instance_length(), given: instance.len() });
        }
        if proof.len() != self.prover {
            return Err(CalldataError::Proof { expected: self.prover, given: proof.len() });
        }
        let (elements, limbs) = instance.split_at(self.statement.elements());
        let mut argument = Vec::with_capacity(self.proof_length());
        for (i, limbs) in limbs.chunks(LIMBS).enumerate() {
            let coordinate = coordinate(limbs).ok_or(CalldataError::Limbs(i))?;
            argument.extend(coordinate.to_be_bytes::<WORD>());
        }
        argument.extend(proof);
        Ok((self.statement.words(elements)?, argument))
    }

    /// A call with a statement and a proof.
    pub fn encode(&self, statement: &[U256], proof: &[u8]) -> Vec<u8> {
        let word = |value: usize| U256::from(value).to_be_bytes::<WORD>();
        let mut call = keccak256(self.signature())[..4].to_vec();
        statement.iter().for_each(|value| call.extend(value.to_be_bytes::<WORD>()));
        call.extend(word((statement.len() + 1) * WORD));
        call.extend(word(proof.len()));
        call.extend(proof);
        call.resize(call.len() + proof.len().next_multiple_of(WORD) - proof.len(), 0);
        call
    }
}

/// The coordinate that limbs stand for, lowest first.
fn coordinate(limbs: &[Fr]) -> Option<U256> {
    let modulus: U256 = Fq::MODULUS.parse().ok()?;
    let mut value = U256::ZERO;
    for limb in limbs.iter().rev() {
        let limb = U256::from_le_bytes(limb.to_repr());
        if limb.bit_len() > LIMB_BITS || value.bit_len() > 256 - LIMB_BITS {
            return None;
        }
        value = (value << LIMB_BITS) | limb;
    }
    (value < modulus).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Field, Kind};

    fn interface() -> Interface {
        let statement = Statement::new(vec![Field::new("a", Kind::Uint, "")]).expect("a statement");
        Interface::new(&statement, &[Round { points: vec![], values: vec!["VALUE".to_owned()], challenges: vec![] }])
    }

    #[test]
    fn arguments() {
        let (interface, proof) = (interface(), [9; 32]);
        let mut instance: Vec<Fr> = (0..13).map(Fr::from).collect();
        let (statement, argument) = interface.arguments(&instance, &proof).expect("arguments");
        assert_eq!(statement, [U256::ZERO]);
        let second = U256::from(4) | (U256::from(5) << LIMB_BITS) | (U256::from(6) << (2 * LIMB_BITS));
        assert_eq!(argument[32..64], second.to_be_bytes::<32>());
        assert_eq!(argument.len(), interface.proof_length());
        assert_eq!(interface.encode(&statement, &argument).len(), interface.calldata_length());

        let short = interface.arguments(&instance[1..], &proof);
        assert_eq!(short, Err(CalldataError::Instance { expected: 13, given: 12 }));
        let long = interface.arguments(&instance, &[0; 33]);
        assert_eq!(long, Err(CalldataError::Proof { expected: 32, given: 33 }));
        instance[5] = Fr::from_raw([0, 1 << 24, 0, 0]);
        assert_eq!(interface.arguments(&instance, &proof), Err(CalldataError::Limbs(1)));
    }

    /// The greatest coordinate, the modulus, and one that has more than 256 bits.
    #[test]
    fn coordinates() {
        let modulus: U256 = Fq::MODULUS.parse().expect("a number");
        let limbs = |value: U256| {
            [0, 1, 2].map(|i| {
                let limb = (value >> (i * LIMB_BITS)) & ((U256::ONE << LIMB_BITS) - U256::ONE);
                Fr::from_raw(limb.into_limbs())
            })
        };
        assert_eq!(coordinate(&limbs(modulus - U256::ONE)), Some(modulus - U256::ONE));
        assert_eq!(coordinate(&limbs(modulus)), None);
        assert_eq!(coordinate(&limbs(U256::MAX)), None);
        let [low, middle, _] = limbs(U256::ZERO);
        assert_eq!(coordinate(&[low, middle, Fr::from_raw([0, 1 << 16, 0, 0])]), None);
    }
}
