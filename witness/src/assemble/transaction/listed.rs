//! Access lists (EIP-2930): every entry of a location that the block touches warms it; the others are absent.
//!
//! Which locations the block touches is known when it has ended. An entry for a location that nobody has touched waits: for the
//! first transaction that touches it, before which nobody has changed it, or for the end of the block. So does a fault for the
//! price of such a location.

use std::collections::{BTreeMap, BTreeSet};

use verbatim_circuits::bus::{AccessNative, PublicAccess, PublicAccessNative, StorageNative};
use verbatim_circuits::transaction::{AccessAbsentEvent, AccessAddressEvent, AccessSlotEvent, TransactionEvent};

use super::super::accounts::Order;
use super::super::boundary::complete_context;
use super::super::state::{Waiting, place};
use super::super::untouched::{Fault, Location, Step};
use super::super::{AssembleError, Assembler, Position, Run, number};
use super::before;
use crate::trace::AccountChange;

/// An entry of an access list.
#[derive(Clone, Debug)]
struct Entry {
    position: Position,
    origin: u64,
    access: AccessNative,
    public: PublicAccessNative,
}

impl Entry {
    fn location(&self) -> Location {
        (self.public.address, self.public.slot.then_some(self.public.key))
    }
}

/// What waits for a location that nobody has touched yet.
#[derive(Clone, Debug)]
enum Visit {
    Entry(Entry),
    Fault(Box<Fault>),
}

/// The entries of the block's access lists.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// What waits for locations that nobody has touched yet, in the order of the execution.
    waiting: BTreeMap<Location, Vec<Visit>>,
    /// Every location that a list names, be its transaction proven or not.
    named: BTreeSet<Location>,
    /// What the verifier says of each, by item and place.
    public: BTreeMap<(u64, u64), PublicAccessNative>,
}

impl Assembler {
    /// Makes the locations of an account known that a transaction touches, and warms them where earlier access lists did.
    pub(in crate::assemble) fn learn(&mut self, change: &AccountChange) -> Result<(), AssembleError> {
        self.state.learn(change);
        let address = place(change.address);
        self.catch_up((address, None))?;
        change.slots.iter().try_for_each(|slot| self.catch_up((address, Some(slot.key))))
    }

    /// What waits for a location, now that it is known.
    pub(super) fn catch_up(&mut self, location: Location) -> Result<(), AssembleError> {
        let waiting = self.chain.listed.waiting.remove(&location).unwrap_or_default();
        waiting.into_iter().try_for_each(|visit| match visit {
            Visit::Entry(entry) => self.warm_entry(entry),
            Visit::Fault(fault) => self.known_fault(*fault),
        })
    }

    /// Notes which locations the access list of a transaction names.
    pub(in crate::assemble) fn name_listed(&mut self, run: &Run<'_>) {
        self.chain.listed.named.extend(listed(run));
    }

    /// The faults of a transaction that has ended wait for their locations: none of them is known, for what a transaction
    /// touches is known from its beginning.
    pub(in crate::assemble) fn settle_faults(&mut self, scopes: &BTreeMap<u32, u64>) {
        for Waiting { reverted_by, event: mut fault, .. } in std::mem::take(&mut self.faults) {
            let context = match &mut fault.step {
                Step::Load(event) => &mut event.state.context,
                Step::Account(event) => &mut event.state.context,
                Step::Call(event, _) => &mut event.call.context,
            };
            complete_context(context, reverted_by, scopes);
            self.chain.listed.waiting.entry(fault.location).or_default().push(Visit::Fault(Box::new(fault)));
        }
    }

    /// The access list of a transaction. Those of its locations that the transaction touches are known.
    pub(super) fn access_list(&mut self, run: &Run<'_>, index: u64) -> Result<(), AssembleError> {
        for (position, (address, key)) in (0..).zip(listed(run)) {
            let clock = run.began + 3 + position;
            let access = AccessNative { index, transaction: run.began, position, clock };
            let (slot, key) = (key.is_some(), key.unwrap_or_default());
            let public = PublicAccessNative { index, position, slot, address, key, absent: false };
            let entry = Entry { position: run.position(0), origin: self.origin(), access, public };
            let known = match entry.location() {
                (address, None) => self.state.account(address).is_some(),
                (address, Some(key)) => self.state.slot(address, key).is_some(),
            };
            match known {
                true => self.warm_entry(entry)?,
                false => self.chain.listed.waiting.entry(entry.location()).or_default().push(Visit::Entry(entry)),
            }
        }
        Ok(())
    }

    /// An entry of a location that is known.
    fn warm_entry(&mut self, entry: Entry) -> Result<(), AssembleError> {
        let Entry { position, origin, access, public } = entry;
        self.chain.listed.public.insert((public.index, public.position), public.clone());
        let (clock, transaction) = (access.clock, access.transaction);
        let event = match public.slot {
            true => {
                let missing = |what| AssembleError::Trace { position, what };
                let (slot, _) = self.state.take_slot(public.address, public.key, clock).map_err(missing)?;
                let next = StorageNative { original: slot.value, warm: transaction, clock, ..slot.clone() };
                self.state.put_slot(next);
                TransactionEvent::AccessSlot(AccessSlotEvent { access, public, slot })
            }
            false => {
                let transaction = Some(transaction);
                let order = Order { position, origin, clock, transaction, undoing: None, public: false };
                let account = before(&self.access(order, public.address, |_| Some(()))?);
                TransactionEvent::AccessAddress(AccessAddressEvent { access, public, account })
            }
        };
        self.chain.sheet.push(origin, event);
        Ok(())
    }

    /// The end of the block: what nobody has touched is absent, or untouched.
    pub(super) fn end_access_lists(&mut self) -> Result<(), AssembleError> {
        let Listed { waiting, mut public, named } = std::mem::take(&mut self.chain.listed);
        let mut untouched: BTreeMap<Location, Vec<Fault>> = BTreeMap::new();
        for (location, visit) in waiting.into_iter().flat_map(|(at, visits)| visits.into_iter().map(move |v| (at, v))) {
            match visit {
                Visit::Entry(Entry { origin, access, public: message, .. }) => {
                    let message = PublicAccessNative { absent: true, ..message };
                    public.insert((message.index, message.position), message.clone());
                    let event = AccessAbsentEvent { access, public: message };
                    self.chain.sheet.push(origin, TransactionEvent::AccessAbsent(event));
                }
                Visit::Fault(fault) => untouched.entry(location).or_default().push(*fault),
            }
        }
        public.values().for_each(|message| self.public.send::<PublicAccess>(message));
        untouched
            .into_iter()
            .try_for_each(|(location, faults)| self.untouched(location, named.contains(&location), faults))
    }
}

/// The locations that the access list of a transaction names, in its order: each address, followed by its keys.
fn listed(run: &Run<'_>) -> impl Iterator<Item = Location> {
    run.trace.access_list.iter().flat_map(|item| {
        let keys = item.storage_keys.iter().map(|key| Some(number(key)));
        std::iter::once(None).chain(keys).map(|key| (place(item.address), key))
    })
}
