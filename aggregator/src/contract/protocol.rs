//! What the verifier of one circuit computes, read from the verifying key: the messages of a proof in their order, the
//! polynomials that are opened, and where. Everything has a name, which is the name of its place in the contract's
//! memory.

use std::collections::BTreeSet;

use halo2_proofs::{
    halo2curves::ff::{Field, PrimeField},
    plonk::{Any, Column, ConstraintSystem, Expression},
    poly::Rotation,
};
use verbatim_prover::VerifyingKey;

use super::GenerateError;
use crate::{Fr, G1Affine, key::Gate};

/// A part of the proof between two hashes.
#[derive(Debug)]
pub(super) struct Round {
    /// The points, then ...
    pub(super) points: Vec<String>,
    /// ... the scalars that the proof has next.
    pub(super) values: Vec<String>,
    /// The challenges that are hashed then.
    pub(super) challenges: Vec<&'static str>,
}

/// Where a commitment comes from.
#[derive(Clone, Debug)]
pub(super) enum Commitment {
    /// The proof's point of this name.
    Proof(String),
    /// The verifying key.
    Key(G1Affine),
    /// The pieces of the quotient.
    Quotient,
}

/// A polynomial that is opened.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) commitment: Commitment,
    /// Rotations, sorted, and the names of the values there.
    pub(super) values: Vec<(i32, String)>,
}

/// A lookup argument: names of its values, and the expressions.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) name: String,
    pub(super) inputs: Vec<Gate>,
    pub(super) table: Vec<Gate>,
}

/// A chunk of the permutation argument.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) name: String,
    /// Names of the values of its columns and of their permutations.
    pub(super) columns: Vec<(String, String)>,
}

/// What a contract verifies.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) k: u32,
    /// The digest of the key, with which the transcript starts.
    pub(super) digest: Fr,
    /// The number of last rows that are random, without the one before them.
    pub(super) blinding: usize,
    /// Pieces of the quotient.
    pub(super) pieces: usize,
    advice: Vec<(usize, i32)>,
    fixed: Vec<(usize, i32)>,
    pub(super) gates: Vec<Gate>,
    pub(super) chunks: Vec<Chunk>,
    pub(super) lookups: Vec<Lookup>,
    advice_columns: usize,
    commitments: [Vec<G1Affine>; 2],
}

/// The name of a value at a rotation.
fn at(name: &str, rotation: i32) -> String {
    match rotation {
        0 => name.to_owned(),
        1 => format!("{name}_NEXT"),
        -1 => format!("{name}_PREVIOUS"),
        rows if rows > 0 => format!("{name}_NEXT_{rows}"),
        rows => format!("{name}_PREVIOUS_{}", rows.unsigned_abs()),
    }
}

/// The name of the place of a polynomial's commitment.
fn point(name: &str) -> String {
    format!("{name}_POINT")
}

impl Protocol {
    /// What a verifying key says.
    pub(super) fn of(key: &VerifyingKey) -> Result<Self, GenerateError> {
        let cs = key.cs();
        check(cs)?;
        let gate = |expression: &Expression<Fr>| Gate::of(expression, cs);
        let queries = |column: usize, rotation: &Rotation| (column, rotation.0);
        let mut protocol = Self {
            k: key.get_domain().k(),
            digest: key.transcript_repr(),
            blinding: cs.blinding_factors(),
            pieces: cs.degree() - 1,
            advice: cs.advice_queries().iter().map(|(column, at)| queries(column.index(), at)).collect(),
            fixed: cs.fixed_queries().iter().map(|(column, at)| queries(column.index(), at)).collect(),
            gates: cs.gates().iter().flat_map(|gate| gate.polynomials()).map(gate).collect(),
            chunks: Vec::new(),
            lookups: Vec::new(),
            advice_columns: cs.num_advice_columns(),
            commitments: [key.fixed_commitments().clone(), key.permutation().commitments().clone()],
        };
        let columns = cs.permutation().get_columns();
        let named: Vec<_> = columns.iter().enumerate().map(|(i, column)| (column_name(column), sigma(i))).collect();
        // Halo2 gives each product as many columns as the degree allows.
        let chunks = named.chunks(cs.degree() - 2).enumerate();
        protocol.chunks =
            chunks.map(|(i, columns)| Chunk { name: format!("PERMUTATION_{i}"), columns: columns.to_vec() }).collect();
        let lookups = cs.lookups().iter().enumerate().map(|(i, lookup)| Lookup {
            name: format!("LOOKUP_{i}"),
            inputs: lookup.input_expressions().iter().map(gate).collect(),
            table: lookup.table_expressions().iter().map(gate).collect(),
        });
        protocol.lookups = lookups.collect();
        let rows = protocol.rotations().into_iter().map(|rotation| rotation.rem_euclid(1 << protocol.k));
        let distinct: BTreeSet<i32> = rows.collect();
        if distinct.len() == protocol.rotations().len() { Ok(protocol) } else { Err(GenerateError::Rotations) }
    }

    /// The name of an advice query's value.
    pub(super) fn advice(&self, query: usize) -> String {
        let (column, rotation) = self.advice[query];
        at(&format!("ADVICE_{column}"), rotation)
    }

    /// The name of a fixed query's value.
    pub(super) fn fixed(&self, query: usize) -> String {
        let (column, rotation) = self.fixed[query];
        at(&format!("FIXED_{column}"), rotation)
    }

    /// The rotation to the last row that is not random.
    pub(super) fn last(&self) -> i32 {
        -(self.blinding as i32) - 1
    }

    /// The number of rows that are not random.
    pub(super) fn rows(&self) -> usize {
        (1 << self.k) - (self.blinding + 1)
    }

    /// A generator of the group of rows.
    pub(super) fn omega(&self) -> Fr {
        (self.k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
    }

    /// What `x` is multiplied by to reach a rotation.
    pub(super) fn shift(&self, rotation: i32) -> Fr {
        self.omega().pow_vartime([rotation.rem_euclid(1 << self.k) as u64])
    }

    /// The names of the quotient's pieces.
    pub(super) fn quotient_points(&self) -> Vec<String> {
        (0..self.pieces).map(|i| format!("QUOTIENT_{i}_POINT")).collect()
    }

    /// The proof, in the order of its messages.
    pub(super) fn rounds(&self) -> Vec<Round> {
        let round =
            |points, values, challenges: &[&'static str]| Round { points, values, challenges: challenges.to_vec() };
        let advice = (0..self.advice_columns).map(|i| point(&format!("ADVICE_{i}"))).collect();
        let permuted = |lookup: &Lookup| ["INPUT", "TABLE"].map(|part| point(&format!("{}_{part}", lookup.name)));
        let products =
            self.chunks.iter().map(|chunk| &chunk.name).chain(self.lookups.iter().map(|lookup| &lookup.name));
        let products = products.map(|name| point(name)).chain(["RANDOM_POINT".to_owned()]).collect();
        vec![
            round(advice, vec![], &["THETA"]),
            round(self.lookups.iter().flat_map(permuted).collect(), vec![], &["BETA", "GAMMA"]),
            round(products, vec![], &["Y"]),
            round(self.quotient_points(), vec![], &["X"]),
            round(vec![], self.values(), &["OPENING_Y", "OPENING_V"]),
            round(vec!["OPENING_POINT".to_owned()], vec![], &["OPENING_U"]),
            round(vec!["WITNESS_POINT".to_owned()], vec![], &["FACTOR"]),
        ]
    }

    /// What the proof evaluates, in its order.
    fn values(&self) -> Vec<String> {
        let advice = (0..self.advice.len()).map(|query| self.advice(query));
        let fixed = (0..self.fixed.len()).map(|query| self.fixed(query));
        let sigmas = (0..self.commitments[1].len()).map(sigma);
        let products = (0..self.chunks.len()).flat_map(|i| self.chunk_values(i)).map(|(_, name)| name);
        let lookups = self.lookups.iter().flat_map(|Lookup { name, .. }| {
            let [input, table] = ["INPUT", "TABLE"].map(|part| format!("{name}_{part}"));
            [name.clone(), at(name, 1), input.clone(), at(&input, -1), table]
        });
        let random = ["RANDOM".to_owned()];
        advice.chain(fixed).chain(random).chain(sigmas).chain(products).chain(lookups).collect()
    }

    /// The values of a chunk's product, in the order of the proof.
    fn chunk_values(&self, chunk: usize) -> Vec<(i32, String)> {
        let name = &self.chunks[chunk].name;
        let mut rotations = vec![0, 1];
        if chunk + 1 < self.chunks.len() {
            rotations.push(self.last());
        }
        rotations.into_iter().map(|rotation| (rotation, at(name, rotation))).collect()
    }

    /// The name of a chunk's product in the last row.
    pub(super) fn chunk_end(&self, chunk: usize) -> String {
        at(&self.chunks[chunk].name, self.last())
    }

    /// The opened polynomials in the order of their first query.
    pub(super) fn opened(&self) -> Vec<Opened> {
        let mut opened: Vec<Opened> = Vec::new();
        let mut open = |commitment: Commitment, mut values: Vec<(i32, String)>| {
            values.sort();
            opened.push(Opened { commitment, values });
        };
        for column in columns_of(&self.advice) {
            open(Commitment::Proof(point(&format!("ADVICE_{column}"))), named(&self.advice, column, "ADVICE"));
        }
        for (i, chunk) in self.chunks.iter().enumerate() {
            open(Commitment::Proof(point(&chunk.name)), self.chunk_values(i));
        }
        for Lookup { name, .. } in &self.lookups {
            let [input, table] = ["INPUT", "TABLE"].map(|part| format!("{name}_{part}"));
            open(Commitment::Proof(point(name)), vec![(0, name.clone()), (1, at(name, 1))]);
            open(Commitment::Proof(point(&input)), vec![(0, input.clone()), (-1, at(&input, -1))]);
            open(Commitment::Proof(point(&table)), vec![(0, table)]);
        }
        let [fixed, sigmas] = &self.commitments;
        for column in columns_of(&self.fixed) {
            open(Commitment::Key(fixed[column]), named(&self.fixed, column, "FIXED"));
        }
        for (i, commitment) in sigmas.iter().enumerate() {
            open(Commitment::Key(*commitment), vec![(0, sigma(i))]);
        }
        open(Commitment::Quotient, vec![(0, "QUOTIENT".to_owned())]);
        open(Commitment::Proof("RANDOM_POINT".to_owned()), vec![(0, "RANDOM".to_owned())]);
        opened
    }

    /// The opened polynomials by the rotations at which they are, in the order of their first.
    pub(super) fn sets(&self) -> Vec<Vec<Opened>> {
        let rotations = |opened: &Opened| opened.values.iter().map(|(rotation, _)| *rotation).collect::<Vec<_>>();
        let mut sets: Vec<Vec<Opened>> = Vec::new();
        for opened in self.opened() {
            match sets.iter_mut().find(|set| rotations(&set[0]) == rotations(&opened)) {
                Some(set) => set.push(opened),
                None => sets.push(vec![opened]),
            }
        }
        sets
    }

    /// All rotations at which something is opened, sorted.
    pub(super) fn rotations(&self) -> Vec<i32> {
        let mut all: Vec<i32> =
            self.opened().iter().flat_map(|opened| &opened.values).map(|(rotation, _)| *rotation).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The queried columns in the order of their first query.
fn columns_of(queries: &[(usize, i32)]) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::new();
    for (column, _) in queries {
        if !columns.contains(column) {
            columns.push(*column);
        }
    }
    columns
}

/// The rotations of a column's queries, and the values' names.
fn named(queries: &[(usize, i32)], column: usize, kind: &str) -> Vec<(i32, String)> {
    let name = format!("{kind}_{column}");
    queries.iter().filter(|query| query.0 == column).map(|(_, rotation)| (*rotation, at(&name, *rotation))).collect()
}

fn sigma(column: usize) -> String {
    format!("SIGMA_{column}")
}

/// The name of a column's value in the row at hand.
fn column_name(column: &Column<Any>) -> String {
    match column.column_type() {
        Any::Advice(_) => format!("ADVICE_{}", column.index()),
        Any::Fixed => format!("FIXED_{}", column.index()),
        Any::Instance => "INSTANCE".to_owned(),
    }
}

/// Whether the circuit is of the family that the contract can verify.
fn check(cs: &ConstraintSystem<Fr>) -> Result<(), GenerateError> {
    let here = |rotation: &Rotation| *rotation == Rotation::cur();
    if cs.num_challenges() > 0 || cs.advice_column_phase().iter().any(|phase| *phase > 0) {
        return Err(GenerateError::Phases);
    }
    if cs.num_instance_columns() != 1 || !cs.instance_queries().iter().all(|(_, rotation)| here(rotation)) {
        return Err(GenerateError::Instance);
    }
    Ok(())
}
