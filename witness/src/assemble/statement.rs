//! What makes a list of public messages a statement about a block.

use std::collections::BTreeSet;

use verbatim_circuits::bus::{
    BlockEnd, Cursor, PublicAccess, PublicAccount, PublicEnvironment, PublicInput, PublicLog, PublicLogData,
    PublicReceipt, PublicSlot, PublicTransaction, PublicWithdrawal,
};
use verbatim_circuits::statement::Chain;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::{Message, Tag};

use super::PublicMessages;

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
}

impl Part {
    const fn sent<M: Message>(key: usize) -> Self {
        Self { tag: M::TAG, multiplicity: 1, key }
    }

    const fn received<M: Message>(key: usize) -> Self {
        Self { tag: M::TAG, multiplicity: -1, key }
    }
}

/// The kinds of a statement. An address is one field, a key two; indices are one field each.
const PARTS: [Part; 12] = [
    Part::sent::<Cursor>(0),
    Part::sent::<PublicEnvironment>(1),
    Part::sent::<PublicTransaction>(1),
    Part::sent::<PublicAccess>(2),
    Part::sent::<PublicInput>(2),
    Part::sent::<PublicWithdrawal>(1),
    Part::sent::<PublicAccount>(1),
    Part::sent::<PublicSlot>(3),
    Part::received::<PublicReceipt>(1),
    Part::received::<PublicLog>(2),
    Part::received::<PublicLogData>(3),
    Part::received::<BlockEnd>(0),
];

impl PublicMessages {
    /// The kinds of message that a statement about a block has.
    pub fn statement_kinds() -> impl Iterator<Item = &'static str> {
        PARTS.iter().map(|part| part.tag.name)
    }

    /// Whether these messages are a statement about some block: its environment, its transactions and what belongs to them,
    /// and the values of accounts and slots before and after, each once. That they are those of a certain block, and in
    /// range, is for whoever compares them with it.
    ///
    /// # Errors
    /// [`NoStatement`] says what is not.
    pub fn check_statement(&self) -> Result<(), NoStatement> {
        let mut seen = BTreeSet::new();
        for (index, message) in self.iter().enumerate() {
            let kind = message.tag.name;
            let part = PARTS.iter().find(|part| part.tag.id == message.tag.id);
            let part = part.ok_or(NoStatement::Kind { index, kind })?;
            if message.multiplicity != part.multiplicity {
                return Err(NoStatement::Multiplicity { index, kind, multiplicity: message.multiplicity });
            }
            let key = message.tuple.get(..part.key).unwrap_or(&message.tuple);
            if !seen.insert((message.tag.id, key.to_vec())) {
                return Err(NoStatement::Twice { index, kind });
            }
        }
        let first = [0, 1, 0].map(F::from).to_vec();
        let begins = |found: &super::PublicMessage| found.tag.id == Cursor::TAG.id && found.tuple == first;
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
        let mut chain = Chain::default();
        for message in self.in_order() {
            let index = || self.iter().position(|other| other == message).unwrap_or_default();
            let folded = chain.push(message.tag.id, message.multiplicity, &message.tuple);
            folded.ok_or_else(|| NoStatement::Kind { index: index(), kind: message.tag.name })?;
        }
        Ok(chain)
    }
}

#[cfg(test)]
mod tests {
    use verbatim_circuits::bus::{BlockEndNative, CursorNative, Exec, ExecNative, Fold, PublicSlotNative};
    use verbatim_circuits::statement::KINDS;

    use super::*;
    use crate::assemble::PublicMessages;

    fn empty_block() -> PublicMessages {
        let mut messages = PublicMessages::default();
        messages.send::<Cursor>(&CursorNative { index: 0, clock: 1, gas: 0 });
        messages.receive::<BlockEnd>(&BlockEndNative { count: 0, gas: 0 });
        messages
    }

    fn slot(key: u64, after: u64) -> PublicSlotNative {
        let [address, before] = [7u64, 1].map(alloy_primitives::U256::from);
        let [key, after] = [key, after].map(alloy_primitives::U256::from);
        PublicSlotNative { address, key, before, after }
    }

    #[test]
    fn each_thing_is_said_once() {
        let mut messages = empty_block();
        messages.send::<PublicSlot>(&slot(1, 2));
        messages.send::<PublicSlot>(&slot(2, 2));
        assert_eq!(messages.check_statement(), Ok(()));
        messages.send::<PublicSlot>(&slot(1, 3));
        assert_eq!(messages.check_statement(), Err(NoStatement::Twice { index: 4, kind: "public slot" }));
    }

    /// All kinds of a statement are folded, the same way round.
    #[test]
    fn a_statement_is_folded() {
        for part in PARTS {
            let folded = KINDS.iter().filter(|kind| kind.tag == part.tag);
            let directions: Vec<_> = folded.map(|kind| kind.sent).collect();
            assert_eq!(directions, [part.multiplicity == 1], "{}", part.tag.name);
        }
        // The book names the kinds in this order.
        let order = [60, 122, 123, 124, 125, 127, 121, 120, 129, 126, 150, 151, 128];
        assert_eq!(KINDS.iter().map(|kind| kind.tag.id).collect::<Vec<_>>(), order);
        let messages = empty_block();
        let chain = messages.fold().expect("a statement");
        assert_eq!(chain.count, 2);
        // It makes no difference in which order they are listed.
        let mut backwards: Vec<_> = messages.iter().cloned().collect();
        backwards.reverse();
        assert_eq!(PublicMessages::from(backwards).fold(), Ok(chain));
        assert_eq!(PublicMessages::default().fold(), Err(NoStatement::Bounds { kind: "cursor" }));
        // Of a statement the verifier adds nothing but the chain's ends.
        let mut balance = messages.balance();
        balance.add_public::<Fold>(&chain.ends()[0], -F::one());
        balance.add_public::<Fold>(&chain.ends()[1], F::one());
        assert!(balance.is_empty());
    }

    #[test]
    fn nothing_else_is_said() {
        let mut messages = empty_block();
        let code = alloy_primitives::U256::ZERO;
        let exec = ExecNative { clock: 1, call: 1, code, pc: 0, height: 0, gas: 1 << 40, memory: 0 };
        messages.send::<Exec>(&exec);
        assert_eq!(messages.check_statement(), Err(NoStatement::Kind { index: 2, kind: "exec" }));
        let mut messages = empty_block();
        messages.add::<PublicSlot>(&slot(1, 2), 2);
        let twice = NoStatement::Multiplicity { index: 2, kind: "public slot", multiplicity: 2 };
        assert_eq!(messages.check_statement(), Err(twice));
        let mut messages = empty_block();
        messages.receive::<PublicSlot>(&slot(1, 2));
        assert!(matches!(messages.check_statement(), Err(NoStatement::Multiplicity { .. })));
    }

    #[test]
    fn a_block_begins_and_ends() {
        assert_eq!(PublicMessages::default().check_statement(), Err(NoStatement::Bounds { kind: "cursor" }));
        let mut messages = PublicMessages::default();
        messages.send::<Cursor>(&CursorNative { index: 1, clock: 1, gas: 0 });
        messages.receive::<BlockEnd>(&BlockEndNative { count: 0, gas: 0 });
        assert_eq!(messages.check_statement(), Err(NoStatement::Bounds { kind: "cursor" }));
        let mut messages = PublicMessages::default();
        messages.send::<Cursor>(&CursorNative { index: 0, clock: 1, gas: 0 });
        assert_eq!(messages.check_statement(), Err(NoStatement::Bounds { kind: "block end" }));
    }
}
