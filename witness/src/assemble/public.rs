//! What no circuit proves yet, as messages of the verifier's.

use std::collections::BTreeMap;

use verbatim_circuits::bus::Fold;
use verbatim_circuits::statement::{Chain, KINDS, Label, StatementWork};
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::message::{Message, Tag};

/// A message that the verifier knows from the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicMessage {
    /// Its tag.
    pub tag: Tag,
    /// Its tuple.
    pub tuple: Vec<F>,
    /// Positive: sent or provided by the verifier, so often. Negative: received or consumed.
    pub multiplicity: i64,
}

impl PublicMessage {
    /// The multiplicity as a field element.
    pub fn factor(&self) -> F {
        let magnitude = F::from(self.multiplicity.unsigned_abs());
        if self.multiplicity < 0 { -magnitude } else { magnitude }
    }
}

/// The messages that the verifier knows, in the order of the execution. A function of the block alone. Those of a statement
/// are said on the bus by the statement circuit, the verifier adds the ends of its chain; all others he adds himself.
#[derive(Clone, Debug, Default)]
pub struct PublicMessages {
    label: Label,
    messages: Vec<PublicMessage>,
}

impl PublicMessages {
    /// The same messages, of the block with this label.
    #[must_use]
    pub fn labelled(self, label: Label) -> Self {
        Self { label, ..self }
    }

    /// Which block they are of.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// The verifier sends or provides a message.
    pub(super) fn send<M: Message>(&mut self, message: &M::Native) {
        self.add::<M>(message, 1);
    }

    /// The verifier receives or consumes a message.
    pub(super) fn receive<M: Message>(&mut self, message: &M::Native) {
        self.add::<M>(message, -1);
    }

    pub(super) fn add<M: Message>(&mut self, message: &M::Native, multiplicity: i64) {
        self.messages.push(PublicMessage { tag: M::TAG, tuple: M::tuple(message), multiplicity });
    }

    /// The messages.
    pub fn iter(&self) -> impl Iterator<Item = &PublicMessage> {
        self.messages.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many there are of each kind: the measure of what is not proven yet.
    pub fn kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for message in &self.messages {
            *kinds.entry(message.tag.name).or_default() += 1;
        }
        kinds
    }

    /// The messages in the order in which they are folded: by the places of their kinds among [`KINDS`], then by their
    /// fields, as numbers. A function of what there is, not of how it is listed. Others come last.
    pub(super) fn in_order(&self) -> Vec<&PublicMessage> {
        let place = |message: &PublicMessage| KINDS.iter().position(|kind| kind.tag.id == message.tag.id);
        let key = |message: &&PublicMessage| (place(message).unwrap_or(KINDS.len()), message.tuple.clone());
        let mut messages: Vec<_> = self.messages.iter().collect();
        messages.sort_by_cached_key(key);
        messages
    }

    /// What the statement circuit has to do for these messages.
    pub(super) fn work(&self) -> StatementWork {
        let mut work = StatementWork::new(&self.label);
        for (index, PublicMessage { tag, tuple, multiplicity }) in (0..).zip(self.in_order()) {
            // What it does not take, the verifier adds.
            let _ = work.push(index, tag.id, *multiplicity, tuple);
        }
        work
    }

    /// What the verifier adds to the bus for a statement: the ends of the chain.
    pub fn ends(chain: &Chain) -> Self {
        let mut ends = Self::default();
        let [first, last] = chain.ends();
        ends.send::<Fold>(&first);
        ends.receive::<Fold>(&last);
        ends
    }

    /// What the verifier adds to the bus: the ends of the chain of those messages that the statement circuit takes, and the
    /// others. A statement has no others.
    fn added(&self) -> Self {
        let mut chain = Chain::new(&self.label);
        let takes =
            |message: &&PublicMessage| chain.push(message.tag.id, message.multiplicity, &message.tuple).is_some();
        let (_, others): (Vec<_>, Vec<_>) = self.in_order().into_iter().partition(takes);
        let mut added = Self::ends(&chain);
        added.messages.extend(others.into_iter().cloned());
        added
    }

    /// What the verifier adds for these messages, on an otherwise empty bus.
    pub fn balance(&self) -> Balance {
        let mut balance = Balance::default();
        for message in &self.added().messages {
            let place = || verbatim_gadgets::bus::Place::Public;
            balance.add(message.tag, message.tuple.clone(), message.factor(), place);
        }
        balance
    }

    /// Bytes that name the messages: the label's numbers, then tag, multiplicity and tuple of each message, in order.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Label { chain_id, fork, parent_hash: [a, b], block_hash: [c, d] } = self.label;
        let mut bytes = [chain_id, fork].map(u64::to_le_bytes).concat();
        [a, b, c, d].iter().for_each(|half| bytes.extend(half.to_le_bytes()));
        for message in &self.messages {
            bytes.extend(message.tag.id.to_le_bytes());
            bytes.extend(message.multiplicity.to_le_bytes());
            bytes.extend((message.tuple.len() as u64).to_le_bytes());
            message.tuple.iter().for_each(|field| bytes.extend(field.to_bytes()));
        }
        bytes
    }
}

impl From<Vec<PublicMessage>> for PublicMessages {
    fn from(messages: Vec<PublicMessage>) -> Self {
        Self { label: Label::default(), messages }
    }
}
