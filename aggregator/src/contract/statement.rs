//! The statement that a contract takes: named fields, and the elements of the circuit's instance that they stand for.

use std::collections::BTreeSet;

use halo2_proofs::halo2curves::ff::PrimeField;
use ruint::aliases::U256;

use crate::Fr;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `uint256`, below the modulus of the scalar field: one element.
    Uint,
    /// `bytes32`: two elements, the high 128 bits and the low ones.
    Bytes32,
}

impl Kind {
    /// The type's name in Solidity.
    pub fn solidity(self) -> &'static str {
        match self {
            Self::Uint => "uint256",
            Self::Bytes32 => "bytes32",
        }
    }

    /// How many elements of the instance a field of this type is.
    pub fn elements(self) -> usize {
        match self {
            Self::Uint => 1,
            Self::Bytes32 => 2,
        }
    }
}

/// A field of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, an identifier of Solidity's.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What it means, in one line.
    pub meaning: String,
}

impl Field {
    /// A field.
    pub fn new(name: &str, kind: Kind, meaning: &str) -> Self {
        Self { name: name.to_owned(), kind, meaning: meaning.to_owned() }
    }
}

/// Why a list of fields is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// There is none.
    #[error("a statement needs a field")]
    Empty,
    /// A name is not made of letters and digits with a small letter in front, so it might not be an identifier.
    #[error("`{0}` is no name: letters and digits with a small letter in front are")]
    Name(String),
    /// Two fields have one name.
    #[error("two fields are named `{0}`")]
    Twice(String),
    /// A meaning does not fit a line of comment.
    #[error("the meaning of `{0}` is not one line of printable ASCII")]
    Meaning(String),
}

/// Why elements are no values of a statement's fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElementsError {
    /// Not as many as the fields have.
    #[error("{given} elements are given, the statement has {expected}")]
    Count {
        /// What the statement has.
        expected: usize,
        /// What is given.
        given: usize,
    },
    /// Half of a `bytes32` has more than 128 bits.
    #[error("an element of `{0}` has more than 128 bits")]
    Half(String),
}

/// The fields of a statement, in the order of the instance's elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    fields: Vec<Field>,
}

impl Statement {
    /// A statement with these fields.
    ///
    /// # Errors
    ///
    /// [`StatementError`] if there are none, or their names or meanings do not fit the contract's source.
    pub fn new(fields: Vec<Field>) -> Result<Self, StatementError> {
        if fields.is_empty() {
            return Err(StatementError::Empty);
        }
        let mut names = BTreeSet::new();
        for Field { name, meaning, .. } in &fields {
            let small = name.starts_with(|first: char| first.is_ascii_lowercase());
            if !small || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(StatementError::Name(name.clone()));
            }
            if !names.insert(name) {
                return Err(StatementError::Twice(name.clone()));
            }
            if !meaning.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(StatementError::Meaning(name.clone()));
            }
        }
        Ok(Self { fields })
    }

    /// The fields.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many elements of the instance the statement is.
    pub fn elements(&self) -> usize {
        self.fields.iter().map(|field| field.kind.elements()).sum()
    }

    /// The fields' values, given the elements.
    ///
    /// # Errors
    ///
    /// [`ElementsError`] if the elements are not as many as the statement has, or are no values of its fields.
    pub fn words(&self, elements: &[Fr]) -> Result<Vec<U256>, ElementsError> {
        if elements.len() != self.elements() {
            return Err(ElementsError::Count { expected: self.elements(), given: elements.len() });
        }
        let mut rest = elements.iter().map(|element| U256::from_le_bytes(element.to_repr()));
        let word = |field: &Field| {
            let next = rest.next().unwrap_or_default();
            match field.kind {
                Kind::Uint => Ok(next),
                Kind::Bytes32 => {
                    let low = rest.next().unwrap_or_default();
                    let half = |value: &U256| value.bit_len() <= 128;
                    let valid = half(&next) && half(&low);
                    valid.then(|| (next << 128) | low).ok_or_else(|| ElementsError::Half(field.name.clone()))
                }
            }
        };
        self.fields.iter().map(word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Kind) -> Field {
        Field::new(name, kind, "A field.")
    }

    #[test]
    fn names_and_meanings() {
        let name = |name: &str| Statement::new(vec![field(name, Kind::Uint)]);
        assert!(name("blockHash2").is_ok());
        for bad in ["", "Hash", "2hash", "a b", "a;", "\u{e4}"] {
            assert_eq!(name(bad), Err(StatementError::Name(bad.to_owned())));
        }
        assert_eq!(Statement::new(vec![]), Err(StatementError::Empty));
        let twice = Statement::new(vec![field("a", Kind::Uint), field("a", Kind::Bytes32)]);
        assert_eq!(twice, Err(StatementError::Twice("a".to_owned())));
        let meaning = Statement::new(vec![Field::new("a", Kind::Uint, "Two\nlines.")]);
        assert_eq!(meaning, Err(StatementError::Meaning("a".to_owned())));
    }

    #[test]
    fn elements() {
        let statement = Statement::new(vec![field("a", Kind::Bytes32), field("b", Kind::Uint)]).expect("a statement");
        assert_eq!(statement.elements(), 3);
        let elements = [Fr::from(2), Fr::from_u128(u128::MAX), -Fr::from(1)];
        let words = statement.words(&elements).expect("words");
        let bytes = U256::from_limbs([u64::MAX, u64::MAX, 2, 0]);
        let greatest: U256 = Fr::MODULUS.parse::<U256>().expect("a number") - U256::ONE;
        assert_eq!(words, [bytes, greatest]);
        let count = |given| Err(ElementsError::Count { expected: 3, given });
        assert_eq!(statement.words(&elements[..2]), count(2));
        assert_eq!(statement.words(&[elements, elements].concat()), count(6));
        for place in 0..2 {
            let mut elements = elements;
            elements[place] = Fr::from_raw([0, 0, 1, 0]);
            assert_eq!(statement.words(&elements), Err(ElementsError::Half("a".to_owned())));
        }
    }
}
