//! Deploying and calling a compiled contract in revm, under the rules of Osaka: the limit on the size of code
//! (EIP-170), prices of precompiles (EIP-1108, EIP-7883) and the floor for calldata (EIP-7623) among them.

use std::{convert::Infallible, fmt};

use alloy_primitives::{Address, Bytes, TxKind, keccak256};
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, HaltReason},
    },
    database::InMemoryDB,
    primitives::hardfork::SpecId,
};

use super::{Compiled, calldata::CalldataError, memory::WORD};
use crate::Fr;

/// The gas that a transaction may use, below the limit of EIP-7825.
const GAS_LIMIT: u64 = 10_000_000;

/// Why a contract reverts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `InvalidLength`: calldata or proof.
    Length,
    /// `InvalidStatement`: an element that is not below the modulus.
    Statement,
    /// `InvalidPoint`: a point that is not on the curve, or a coordinate that is not below the modulus.
    Point,
    /// `InvalidScalar`: a scalar that is not below the modulus.
    Scalar,
    /// `InvalidProof`: the equations do not hold.
    Proof,
}

/// All refusals.
const REFUSALS: [Refusal; 5] = [Refusal::Length, Refusal::Statement, Refusal::Point, Refusal::Scalar, Refusal::Proof];

/// The signature of the error that the contract reverts with.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "InvalidLength(uint256,uint256)",
            Self::Statement => "InvalidStatement()",
            Self::Point => "InvalidPoint()",
            Self::Scalar => "InvalidScalar()",
            Self::Proof => "InvalidProof()",
        })
    }
}

/// What a call says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The proof is valid; the digest of the statement is returned.
    Valid([u8; WORD]),
    /// It is not.
    Refused(Refusal),
    /// The call reverts with other data: calldata that is not the encoding of the arguments reverts with none.
    Reverted(Vec<u8>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid(_) => f.write_str("the contract accepts"),
            Self::Refused(refusal) => write!(f, "the contract reverts with {refusal}"),
            Self::Reverted(data) => write!(f, "the contract reverts with {} bytes", data.len()),
        }
    }
}

/// What a call of a contract takes and says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// What the contract says.
    pub verdict: Verdict,
    /// The gas that the transaction takes, its calldata and base price included.
    pub gas_used: u64,
    /// The size of the deployed code in bytes.
    pub code_size: usize,
    /// The size of the calldata in bytes.
    pub calldata_size: usize,
}

impl OnChain {
    /// Whether the contract accepts the proof.
    pub fn valid(&self) -> bool {
        matches!(self.verdict, Verdict::Valid(_))
    }
}

/// Why a contract cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnChainError {
    /// There is no such call.
    #[error(transparent)]
    Calldata(#[from] CalldataError),
    /// The chain does not take the transaction.
    #[error("the transaction is invalid: {0}")]
    Invalid(#[from] EVMError<Infallible>),
    /// The contract cannot be deployed.
    #[error("the contract cannot be deployed: {0}")]
    Deployment(String),
    /// The call ended in a way that takes all its gas.
    #[error("the call halted: {0:?}")]
    Halted(HaltReason),
    /// The contract answered with something else than a word.
    #[error("the contract answered with {0} bytes")]
    Answer(usize),
}

/// Deploys a contract, and calls it with an instance of the circuit and a proof.
///
/// # Errors
///
/// [`OnChainError`] if there is no such call, the contract cannot be deployed, or the call does not end in order. That
/// the contract refuses the proof is no error.
pub fn onchain(contract: &Compiled, instance: &[Fr], proof: &[u8]) -> Result<OnChain, OnChainError> {
    let (statement, proof) = contract.interface.arguments(instance, proof)?;
    call(contract, &contract.interface.encode(&statement, &proof))
}

/// Deploys a contract, and calls it with any calldata.
///
/// # Errors
///
/// As [`onchain`].
pub fn call(contract: &Compiled, calldata: &[u8]) -> Result<OnChain, OnChainError> {
    let mut context = Context::mainnet().with_db(InMemoryDB::default());
    context.cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
    let mut evm = context.build_mainnet();
    let transaction = |kind, data: &[u8], nonce| TxEnv {
        gas_limit: GAS_LIMIT,
        kind,
        data: Bytes::copy_from_slice(data),
        nonce,
        ..TxEnv::default()
    };
    let deployed = evm.transact_commit(transaction(TxKind::Create, &contract.bytecode, 0))?;
    let address: Address = deployed
        .created_address()
        .filter(|_| deployed.is_success())
        .ok_or_else(|| OnChainError::Deployment(format!("{deployed:?}")))?;
    let result = evm.transact_commit(transaction(TxKind::Call(address), calldata, 1))?;
    let gas_used = result.tx_gas_used();
    let verdict = match result {
        ExecutionResult::Success { output, .. } => {
            let output = output.into_data();
            Verdict::Valid(output[..].try_into().map_err(|_| OnChainError::Answer(output.len()))?)
        }
        ExecutionResult::Revert { output, .. } => refused(&output),
        ExecutionResult::Halt { reason, .. } => return Err(OnChainError::Halted(reason)),
    };
    Ok(OnChain { verdict, gas_used, code_size: contract.deployed.len(), calldata_size: calldata.len() })
}

/// What the data of a revert says.
fn refused(data: &[u8]) -> Verdict {
    let named = REFUSALS.iter().find(|refusal| data.get(..4) == Some(&keccak256(refusal.to_string())[..4]));
    match named {
        Some(refusal) => Verdict::Refused(*refusal),
        None => Verdict::Reverted(data.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_names_the_contracts_error() {
        let signatures = [
            "InvalidLength(uint256,uint256)",
            "InvalidStatement()",
            "InvalidPoint()",
            "InvalidScalar()",
            "InvalidProof()",
        ];
        for (refusal, signature) in REFUSALS.into_iter().zip(signatures) {
            let verdict = refused(&keccak256(signature)[..4]);
            assert_eq!(verdict, Verdict::Refused(refusal));
            assert_eq!(verdict.to_string(), format!("the contract reverts with {signature}"));
        }
        assert_eq!(refused(&[1, 2, 3]).to_string(), "the contract reverts with 3 bytes");
    }
}
