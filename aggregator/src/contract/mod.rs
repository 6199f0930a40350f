//! The contract that verifies the last proof on a chain.
//!
//! [`Contract::new`] writes the source for **one** circuit, from its verifying key: PLONK as halo2-axiom has it, with
//! gates, a permutation argument and lookups, KZG on BN254 with SHPLONK, challenges by Keccak-256 as in
//! snark-verifier's `EvmTranscript`. The circuit has one phase and one column of instance: the elements of a
//! [`Statement`], then a deferred pairing: `left` and `right`, two points of which `e(left, [s]) = e(right, [1])` must
//! hold as well, in limbs.
//!
//! [`Compiler`] compiles the source, and [`call`] runs it, as a chain would.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use verbatim_aggregator::{Fr, contract::{Compiler, Contract, Field, Kind, Statement, onchain}};
//! use verbatim_prover::{VerifyingKey, setup::VerifierSetup};
//!
//! # type Result = std::result::Result<(), Box<dyn std::error::Error>>;
//! # fn example(key: &VerifyingKey, setup: &VerifierSetup, instance: &[Fr], proof: &[u8]) -> Result {
//! let statement = Statement::new(vec![
//!     Field::new("blockHash", Kind::Bytes32, "The hash of the block's header."),
//!     Field::new("chainId", Kind::Uint, "The chain's number (EIP-155)."),
//! ])?;
//! let contract = Contract::new(key, setup, &statement)?;
//! let compiled = Compiler::install(Path::new("cache"))?.compile(&contract)?;
//! let answer = onchain(&compiled, instance, proof)?;
//! println!("valid: {}, {} gas", answer.valid(), answer.gas_used);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`statement`] | the fields of the statement, and the elements that they are |
//! | `protocol` | the verifying key as a list of messages, and of openings |
//! | `layout`, `verifier.sol` | the source: its fixed part, and what is filled in |
//! | `quotient`, `opening` | what is filled in for the arguments, and for SHPLONK |
//! | [`calldata`] | how a call is written |
//! | [`solc`] | the compiler |
//! | [`onchain`](mod@onchain) | deploying and calling |

pub mod calldata;
mod layout;
mod memory;
pub mod onchain;
mod opening;
mod protocol;
mod quotient;
pub mod solc;
pub mod statement;
mod text;

use verbatim_prover::{VerifyingKey, setup::VerifierSetup};

pub use calldata::Interface;
pub use onchain::{OnChain, call, onchain};
pub use solc::{Compiled, Compiler};
pub use statement::{Field, Kind, Statement};

use protocol::Protocol;

/// Why there is no contract for a verifying key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// It has challenges, or advice in later phases.
    #[error("the circuit has more than one phase")]
    Phases,
    /// It has not one column of instance, or reads it in other rows.
    #[error("the circuit has not exactly one column of instance that is read in its own row")]
    Instance,
    /// Two rotations differ by a multiple of the number of rows.
    #[error("two rotations of the circuit are one")]
    Rotations,
    /// The instance does not fit the rows that are not random.
    #[error("the instance has {length} elements, the circuit {rows} rows for them")]
    Rows {
        /// Elements of the instance.
        length: usize,
        /// Rows of the circuit that are not random.
        rows: usize,
    },
}

/// A contract's source.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The source, in Solidity.
    pub source: String,
    /// How it is called.
    pub interface: Interface,
}

impl Contract {
    /// The contract that verifies proofs under this key and setup.
    ///
    /// That the circuit's instance is such a statement and a deferred pairing is not written in the key. Whoever made
    /// the circuit knows.
    ///
    /// # Errors
    ///
    /// [`GenerateError`] if the circuit is not of the family that the contract can verify.
    pub fn new(key: &VerifyingKey, setup: &VerifierSetup, statement: &Statement) -> Result<Self, GenerateError> {
        let protocol = Protocol::of(key)?;
        let interface = Interface::new(statement, &protocol.rounds());
        let (length, rows) = (interface.instance_length(), protocol.rows());
        if length > rows {
            return Err(GenerateError::Rows { length, rows });
        }
        Ok(Self { source: layout::source(&protocol, setup, statement, &interface), interface })
    }
}
