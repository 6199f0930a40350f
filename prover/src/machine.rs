//! What a shard circuit and its witness are to this crate.
//!
//! A shard circuit is a halo2 circuit of one phase with no permutation and no lookup, whose advice columns are the main
//! columns followed by the auxiliary ones, with one instance column that holds the bus sum in row 0, and two challenges
//! usable after the first phase: `alpha`, then `gamma`. [`Shape::of`] checks all this on the constraint system.

use halo2_proofs::plonk::{Circuit, ConstraintSystem};

use crate::Fr;

/// The number of challenges of a shard circuit: alpha and gamma.
pub const CHALLENGES: usize = 2;

/// The number of elements of a shard's instance: its bus sum.
pub const INSTANCE_LENGTH: usize = 1;

/// The greatest `k` of a circuit; the two-adicity of the field.
pub const MAX_K: u32 = 28;

/// Bytes of a compressed point, and of a scalar, in a proof.
pub const ELEMENT_BYTES: usize = 32;

/// A circuit of `2^k` rows, to generate keys from. The keys must not depend on anything but the circuit and `k`.
pub trait ShardCircuit: Sync {
    /// The halo2 circuit without a witness.
    type Circuit: Circuit<Fr>;

    /// The name in files and messages: 1 to 64 of `a-z`, `0-9` and `-`.
    fn name(&self) -> &str;

    /// The circuit's number in the inventory, part of the key digest.
    fn index(&self) -> u32;

    /// The base-2 logarithm of the number of rows.
    fn k(&self) -> u32;

    /// The number of main columns, which are the first advice columns.
    fn main_columns(&self) -> usize;

    /// The halo2 circuit to synthesize fixed columns from.
    fn circuit(&self) -> Self::Circuit;
}

/// The filled columns of one shard.
///
/// Both rounds ask for the main columns, so that they need not be kept between the rounds: an implementation must give
/// the same ones each time.
pub trait ShardWitness: Sync {
    /// The main columns, each of at most `2^k` rows. Missing rows are zero; rows past the usable ones are overwritten.
    fn main_columns(&self) -> Vec<Vec<Fr>>;

    /// The auxiliary columns (LogUp helpers and running sum) and the bus sum. `main` is what
    /// [`ShardWitness::main_columns`] returned, extended by zeros to `2^k` rows.
    fn aux_columns(&self, main: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr);
}

/// Why a constraint system is not that of a shard circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The name is empty, too long, or has other characters than `a-z`, `0-9` and `-`.
    #[error("the circuit name {0:?} is not 1 to 64 of a-z, 0-9 and -")]
    Name(String),
    /// `k` is out of range.
    #[error("k = {0} is not in 1 to {MAX_K}")]
    K(u32),
    /// The verifying key is of another size.
    #[error("the circuit says k = {declared}, its key is of k = {key}")]
    KeySize {
        /// What the circuit says.
        declared: u32,
        /// What the key says.
        key: u32,
    },
    /// A column or a challenge of a later phase.
    #[error("the circuit has more than one phase")]
    Phases,
    /// Not exactly two challenges.
    #[error("the circuit has {0} challenges, not {CHALLENGES}")]
    Challenges(usize),
    /// Not exactly one instance column.
    #[error("the circuit has {0} instance columns, not 1")]
    Instances(usize),
    /// A permutation argument, or a lookup argument.
    #[error("the circuit uses a native permutation or lookup argument")]
    Arguments,
    /// Fewer advice columns than main columns, or no main column.
    #[error("{main} main columns of {advice} advice columns")]
    MainColumns {
        /// Declared main columns.
        main: usize,
        /// Advice columns of the constraint system.
        advice: usize,
    },
    /// A gate's degree is not declared. Without `set_minimum_degree`, halo2 counts degrees only up to 5, or up to an
    /// environment variable, and proofs for a greater one do not verify.
    #[error("a gate has degree {actual}, but set_minimum_degree says {declared}")]
    Degree {
        /// The greatest degree of a gate.
        actual: usize,
        /// What `set_minimum_degree` was called with, or 0.
        declared: usize,
    },
    /// No row is left for the circuit.
    #[error("2^{0} rows leave none usable")]
    Rows(u32),
}

/// The order of elements in a proof: points, scalars, points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofLayout {
    /// Commitments: advice, random polynomial, quotient pieces.
    pub commitments: usize,
    /// Evaluations: advice, fixed, random polynomial.
    pub evaluations: usize,
    /// Commitments of the opening argument (SHPLONK: 2).
    pub openings: usize,
}

impl ProofLayout {
    /// The exact length of a proof in bytes.
    pub fn bytes(&self) -> usize {
        ELEMENT_BYTES * (self.commitments + self.evaluations + self.openings)
    }

    /// The index of the first element that is a point with a flag that the curve's decoder would ignore, if any.
    ///
    /// The top bit of a compressed point says *identity*, and the decoder ignores it unless the abscissa is zero, so that a
    /// proof would have several encodings. Neither the hashes nor the aggregation have an encoding of the identity; so the
    /// bit must be clear.
    pub(crate) fn non_canonical(&self, proof: &[u8]) -> Option<usize> {
        let after = self.commitments + self.evaluations;
        let is_point = |index: usize| index < self.commitments || index >= after;
        let flagged = |element: &[u8]| element.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut elements = proof.chunks(ELEMENT_BYTES).enumerate();
        elements.find(|(index, element)| is_point(*index) && flagged(element)).map(|(index, _)| index)
    }
}

/// The sizes of a shard circuit, read off its constraint system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The base-2 logarithm of the number of rows.
    pub k: u32,
    /// The number of main columns.
    pub main_columns: usize,
    /// The number of auxiliary columns.
    pub aux_columns: usize,
    /// The rows before the blinding rows.
    pub usable_rows: usize,
    /// What a proof consists of.
    pub layout: ProofLayout,
}

impl Shape {
    /// The shape of a constraint system whose selectors are already fixed columns (as in a verifying key).
    ///
    /// # Errors
    ///
    /// [`ShapeError`] if the constraint system is not that of a shard circuit.
    pub fn of(cs: &ConstraintSystem<Fr>, k: u32, main_columns: usize) -> Result<Self, ShapeError> {
        if k == 0 || k > MAX_K {
            return Err(ShapeError::K(k));
        }
        if cs.advice_column_phase().iter().chain(&cs.challenge_phase()).any(|&phase| phase != 0) {
            return Err(ShapeError::Phases);
        }
        if cs.num_challenges() != CHALLENGES {
            return Err(ShapeError::Challenges(cs.num_challenges()));
        }
        if cs.num_instance_columns() != 1 {
            return Err(ShapeError::Instances(cs.num_instance_columns()));
        }
        if !cs.permutation().get_columns().is_empty() || !cs.lookups().is_empty() {
            return Err(ShapeError::Arguments);
        }
        let advice = cs.num_advice_columns();
        if main_columns == 0 || main_columns > advice {
            return Err(ShapeError::MainColumns { main: main_columns, advice });
        }
        let (actual, declared) = (gate_degree(cs), cs.minimum_degree().unwrap_or(0));
        if actual > declared {
            return Err(ShapeError::Degree { actual, declared });
        }
        let usable_rows = (1usize << k).checked_sub(cs.blinding_factors() + 1).filter(|&rows| rows > 0);
        let layout = ProofLayout {
            commitments: advice + 1 + (cs.degree() - 1),
            evaluations: cs.advice_queries().len() + cs.fixed_queries().len() + 1,
            openings: 2,
        };
        Ok(Self {
            k,
            main_columns,
            aux_columns: advice - main_columns,
            usable_rows: usable_rows.ok_or(ShapeError::Rows(k))?,
            layout,
        })
    }

    /// The number of rows, `2^k`.
    pub fn rows(&self) -> usize {
        1 << self.k
    }
}

/// The greatest degree of a gate's polynomial.
pub fn gate_degree(cs: &ConstraintSystem<Fr>) -> usize {
    cs.gates().iter().flat_map(|gate| gate.polynomials()).map(|poly| poly.degree()).max().unwrap_or(0)
}

/// # Errors
///
/// [`ShapeError::Name`] unless `name` is 1 to 64 of `a-z`, `0-9` and `-`.
pub fn check_name(name: &str) -> Result<(), ShapeError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(ShapeError::Name(name.to_owned()))
    }
}
