//! What makes a list of public messages a statement about a block.

use std::collections::BTreeSet;

use alloy_primitives::U256;
use verbatim_circuits::bus::{
    BlockEnd, Cursor, PublicAccess, PublicAccount, PublicEnvironment, PublicInput, PublicLog, PublicLogData,
    PublicReceipt, PublicSlot, PublicTransaction, PublicUntouched, PublicWithdrawal,
};
use verbatim_circuits::statement::Chain;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::{Message, Tag};
use verbatim_gadgets::ranges::Range;

use super::{PublicMessage, PublicMessages};

/// Why public messages are no statement about a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStatement {
    /// A message that nobody knows without executing the block, or which is none of the verifier's.
    #[error("public message {index} is a {kind:?}, which is no part of a statement")]
    Kind {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// A message that is not sent or received exactly once.
    #[error("public message {index}, a {kind:?}, has the multiplicity {multiplicity}")]
    Multiplicity {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// How often it is sent, or received if negative.
        multiplicity: i64,
    },
    /// A second message about the same thing.
    #[error("public message {index}, a {kind:?}, is the second one about the same thing")]
    Twice {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// A message with more or fewer fields than its kind has.
    #[error("public message {index}, a {kind:?}, has {found} field elements")]
    Length {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A field that is not in the range that the inventory promises.
    #[error("public message {index}, a {kind:?}: its {field} is not below 2^{bits}")]
    Range {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The name of the field element.
        field: String,
        /// The number of bits that it may have.
        bits: u32,
    },
    /// A location that is an account, and has the key of a slot.
    #[error("public message {index}, a {kind:?}, gives an account a key")]
    Key {
        /// Its place in the list.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// An entry of an access list that is said to be absent although its location has values, or not although it has none.
    #[error(
        "public message {index}, an entry of an access list, is wrong about whether the block touches its location"
    )]
    Absent {
        /// Its place in the list.
        index: usize,
    },
    /// A location that is said to be untouched, although it has values before and after the block, or an access list makes
    /// it warm.
    #[error(
        "public message {index} says of a location that nobody touches it, and another message says that somebody does"
    )]
    Touched {
        /// Its place in the list.
        index: usize,
    },
    /// The beginning or the end of the block is missing, or is not that of a block.
    #[error("the {kind:?} of a block is missing, or another one")]
    Bounds {
        /// Its kind.
        kind: &'static str,
    },
}

/// A kind of message that belongs to a statement.
struct Part {
    tag: Tag,
    /// One if the verifier sends it, minus one if he receives it.
    multiplicity: i64,
    /// How many of its first fields say what it is about.
    key: usize,
    names: fn() -> Vec<String>,
    /// The ranges of its fields.
    ranges: fn() -> Vec<Range>,
}

impl Part {
    const fn sent<M: Message>(key: usize) -> Self {
        Self { tag: M::TAG, multiplicity: 1, key, names: M::names, ranges: M::ranges }
    }

    const fn received<M: Message>(key: usize) -> Self {
        Self { tag: M::TAG, multiplicity: -1, key, names: M::names, ranges: M::ranges }
    }
}

/// The kinds of a statement. An address is one field, a key two; indices are one field each.
const PARTS: [Part; 13] = [
    Part::sent::<Cursor>(0),
    Part::sent::<PublicEnvironment>(1),
    Part::sent::<PublicTransaction>(1),
    Part::sent::<PublicAccess>(2),
    Part::sent::<PublicInput>(2),
    Part::sent::<PublicWithdrawal>(1),
    Part::sent::<PublicAccount>(1),
    Part::sent::<PublicSlot>(3),
    Part::sent::<PublicUntouched>(4),
    Part::received::<PublicReceipt>(1),
    Part::received::<PublicLog>(2),
    Part::received::<PublicLogData>(3),
    Part::received::<BlockEnd>(0),
];

/// The opcode whose value in a [`PublicEnvironment`] is an address.
const COINBASE: u64 = 0x41;

/// The bits of the high limb of a word that is an address.
const ADDRESS_HIGH: u32 = 32;

impl Part {
    /// Checks multiplicity, length and ranges of a message of the kind.
    fn check(&self, index: usize, message: &PublicMessage) -> Result<(), NoStatement> {
        let (kind, ranges) = (self.tag.name, (self.ranges)());
        if message.multiplicity != self.multiplicity {
            return Err(NoStatement::Multiplicity { index, kind, multiplicity: message.multiplicity });
        }
        if message.tuple.len() != ranges.len() {
            return Err(NoStatement::Length { index, kind, found: message.tuple.len() });
        }
        for ((name, range), value) in (self.names)().into_iter().zip(ranges).zip(&message.tuple) {
            let bits = if self.is_address(message, &name) { Some(ADDRESS_HIGH) } else { range.bits() };
            if let Some(bits) = bits.filter(|bits| !below(value, *bits)) {
                return Err(NoStatement::Range { index, kind, field: name, bits });
            }
        }
        Ok(())
    }

    /// Whether a field element is the high limb of a word that is an address: the environment opcodes push words.
    fn is_address(&self, message: &PublicMessage, name: &str) -> bool {
        match self.tag.id {
            id if id == PublicTransaction::TAG.id => ["sender.hi", "to.hi"].contains(&name),
            id if id == PublicEnvironment::TAG.id => message.tuple[0] == F::from(COINBASE) && name == "value.hi",
            _ => false,
        }
    }
}

/// Whether a field element is below `2^bits`.
fn below(value: &F, bits: u32) -> bool {
    (U256::from_le_bytes(value.to_bytes()) >> bits as usize).is_zero()
}

/// An account, or a slot: its address, whether it is a slot, and the limbs of the key.
type Location = [F; 4];

/// Which locations the block touches, and what is said of others: each with the place of the message.
#[derive(Default)]
struct Locations {
    /// Those with values before and after the block.
    touched: BTreeSet<Location>,
    /// Those that an access list names, and whether they are said to be absent.
    named: Vec<(usize, Location, bool)>,
    untouched: Vec<(usize, Location)>,
}

impl Locations {
    /// Adds a message, whose tuple has the length of its kind.
    fn add(&mut self, index: usize, message: &PublicMessage) -> Result<(), NoStatement> {
        let (zero, one, tuple) = (F::from(0), F::from(1), message.tuple.as_slice());
        let location = match (message.tag.id, tuple) {
            (id, &[address, ..]) if id == PublicAccount::TAG.id => {
                self.touched.insert([address, zero, zero, zero]);
                return Ok(());
            }
            (id, &[address, hi, lo, ..]) if id == PublicSlot::TAG.id => {
                self.touched.insert([address, one, hi, lo]);
                return Ok(());
            }
            (id, &[_, _, slot, address, hi, lo, absent]) if id == PublicAccess::TAG.id => {
                self.named.push((index, [address, slot, hi, lo], absent == one));
                [address, slot, hi, lo]
            }
            (id, &[address, slot, hi, lo]) if id == PublicUntouched::TAG.id => {
                self.untouched.push((index, [address, slot, hi, lo]));
                [address, slot, hi, lo]
            }
            _ => return Ok(()),
        };
        match location {
            [_, slot, hi, lo] if slot == zero && [hi, lo] != [zero, zero] => {
                Err(NoStatement::Key { index, kind: message.tag.name })
            }
            _ => Ok(()),
        }
    }

    /// Whether the messages agree.
    fn check(&self) -> Result<(), NoStatement> {
        let wrong = |(_, location, absent): &&(usize, Location, bool)| self.touched.contains(location) == *absent;
        if let Some((index, ..)) = self.named.iter().find(wrong) {
            return Err(NoStatement::Absent { index: *index });
        }
        let named: BTreeSet<_> = self.named.iter().map(|(_, location, _)| location).collect();
        let touched = |(_, location): &&(usize, Location)| self.touched.contains(location) || named.contains(location);
        match self.untouched.iter().find(touched) {
            Some((index, _)) => Err(NoStatement::Touched { index: *index }),
            None => Ok(()),
        }
    }
}

impl PublicMessages {
    /// The kinds of message that a statement about a block has.
    pub fn statement_kinds() -> impl Iterator<Item = &'static str> {
        PARTS.iter().map(|part| part.tag.name)
    }

    /// Whether these messages are a statement about some block: its environment, its transactions and what belongs to them,
    /// the values of accounts and slots before and after, and locations that nobody touches, each once, in the ranges that
    /// the inventory promises, and agreeing about which locations the block touches. That they are those of a certain block
    /// is for whoever compares them with it.
    ///
    /// # Errors
    /// [`NoStatement`] says what is not.
    pub fn check_statement(&self) -> Result<(), NoStatement> {
        let (mut seen, mut locations) = (BTreeSet::new(), Locations::default());
        for (index, message) in self.iter().enumerate() {
            let kind = message.tag.name;
            let part = PARTS.iter().find(|part| part.tag.id == message.tag.id);
            let part = part.ok_or(NoStatement::Kind { index, kind })?;
            part.check(index, message)?;
            let key = message.tuple.get(..part.key).unwrap_or(&message.tuple);
            if !seen.insert((message.tag.id, key.to_vec())) {
                return Err(NoStatement::Twice { index, kind });
            }
            locations.add(index, message)?;
        }
        locations.check()?;
        let first = [0, 1, 0].map(F::from).to_vec();
        let begins = |found: &PublicMessage| found.tag.id == Cursor::TAG.id && found.tuple == first;
        if !self.iter().any(begins) {
            return Err(NoStatement::Bounds { kind: Cursor::TAG.name });
        }
        match self.iter().any(|message| message.tag.id == BlockEnd::TAG.id) {
            true => Ok(()),
            false => Err(NoStatement::Bounds { kind: BlockEnd::TAG.name }),
        }
    }

    /// The digest of these messages in the order of their kinds and fields, and their number, if they are a statement.
    ///
    /// # Errors
    /// As [`check_statement`](Self::check_statement).
    pub fn fold(&self) -> Result<Chain, NoStatement> {
        self.check_statement()?;
        let mut chain = Chain::new(self.label());
        for message in self.in_order() {
            let index = || self.iter().position(|other| other == message).unwrap_or_default();
            let folded = chain.push(message.tag.id, message.multiplicity, &message.tuple);
            folded.ok_or_else(|| NoStatement::Kind { index: index(), kind: message.tag.name })?;
        }
        Ok(chain)
    }
}

#[cfg(test)]
mod tests;
