//! Accounts and slots: their tokens, what a failing call undoes, and the work of the `state` and `storage` circuits.
//!
//! The events of a transaction wait until it has ended: only then is known when what they wrote was undone.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use verbatim_circuits::bus::{
    AccountJob, AccountJobNative, AccountNative, PublicAccount, PublicAccountNative, PublicSlot, PublicSlotNative,
    Storage, StorageNative,
};
use verbatim_circuits::memory::MemoryEvent;
use verbatim_circuits::state::{
    AccessEvent, AccountBoundaryEvent, AccountRefreshEvent, JUMP, SlotBoundaryEvent, SlotRefreshEvent, StateChips,
    StateEvent, jump,
};
use verbatim_circuits::storage::{StorageChips, StorageEvent};
use verbatim_gadgets::machine::Sheet;

use super::{AssembleError, Assembler, PublicMessages, number};
use crate::execute::BlockOutcome;
use crate::trace::{AccountChange, AccountState};

/// What a trace lacks.
type Missing = &'static str;

/// By which failing call an access is undone, and how many writes its scope had counted before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undoing {
    /// The frame that fails.
    pub(super) by: u32,
    /// The writes before this one.
    pub(super) writes: u64,
}

/// A location: its first token and its last.
#[derive(Clone, Debug)]
struct Location<T> {
    first: T,
    last: T,
}

/// A step that waits for the end of its transaction.
#[derive(Debug)]
pub(super) struct Waiting<E> {
    pub(super) origin: u64,
    /// The frame that undoes what the step's call does.
    pub(super) reverted_by: Option<u32>,
    pub(super) event: E,
}

/// An access to an account that waits for the end of its transaction.
#[derive(Debug)]
struct Access {
    origin: u64,
    event: AccessEvent,
    /// Whether the verifier ordered it.
    public: bool,
}

/// Something to undo: the event that has to know when, and the record before.
#[derive(Debug)]
struct Undo {
    undoing: Undoing,
    event: usize,
    before: Before,
}

#[derive(Debug)]
enum Before {
    Slot(StorageNative),
    Account(AccountNative),
}

/// The state as the circuits see it.
#[derive(Debug, Default)]
pub(super) struct State {
    accounts: BTreeMap<U256, Location<AccountNative>>,
    slots: BTreeMap<(U256, U256), Location<StorageNative>>,
    steps: Vec<Waiting<StorageEvent>>,
    accesses: Vec<Access>,
    undos: Vec<Undo>,
    /// The step that is on its way, as failures of refreshes name it.
    pub(super) origin: u64,
    /// The locations that were accessed.
    pub(super) locations: u64,
    /// The work of the `state` circuit.
    pub(super) sheet: Sheet<StateChips>,
    /// The work of the `storage` circuit.
    pub(super) storage: Sheet<StorageChips>,
}

/// The number of an address.
pub(super) fn place(address: Address) -> U256 {
    number(&address.into_word())
}

impl State {
    /// Makes the location of an account known that a transaction touches.
    pub(super) fn learn(&mut self, change: &AccountChange) {
        self.learn_account(change.address, &change.before);
        let address = place(change.address);
        for slot in &change.slots {
            let value = slot.before;
            let first = StorageNative { address, key: slot.key, value, original: value, warm: 0, clock: 0 };
            self.slots.entry((address, slot.key)).or_insert_with(|| Location { last: first.clone(), first });
        }
    }

    /// Makes the location of an account known. A second time changes nothing.
    pub(super) fn learn_account(&mut self, account: Address, before: &AccountState) {
        let address = place(account);
        let AccountState { nonce, balance, code_hash } = before;
        let code = number(code_hash);
        let first = AccountNative { address, nonce: *nonce, balance: *balance, code, warm: 0, clock: 0 };
        self.accounts.entry(address).or_insert_with(|| Location { last: first.clone(), first });
    }

    /// The account as it is.
    pub(super) fn account(&self, address: U256) -> Option<&AccountNative> {
        self.accounts.get(&address).map(|location| &location.last)
    }

    /// The slot as it is.
    pub(super) fn slot(&self, address: U256, key: U256) -> Option<&StorageNative> {
        self.slots.get(&(address, key)).map(|location| &location.last)
    }

    /// The known slots of an account.
    pub(super) fn slots_of(&self, address: U256) -> Vec<StorageNative> {
        let range = self.slots.range((address, U256::ZERO)..=(address, U256::MAX));
        range.map(|(_, location)| location.last.clone()).collect()
    }

    /// The account's token, in reach of an access at `clock`, with the ticks between the two less one.
    pub(super) fn take_account(&mut self, address: U256, clock: u64) -> Result<(AccountNative, u16), Missing> {
        let location = self.accounts.get_mut(&address).ok_or("account of an access")?;
        while let Some(jump) = jump(location.last.clock, clock) {
            let account = location.last.clone();
            location.last.clock += JUMP * (u64::from(jump) + 1);
            self.sheet.push(self.origin, StateEvent::AccountRefresh(AccountRefreshEvent { account, jump }));
        }
        let gap = gap(location.last.clock, clock)?;
        Ok((location.last.clone(), gap))
    }

    /// The slot's token, in reach of an access at `clock`, with the ticks between the two less one.
    pub(super) fn take_slot(&mut self, address: U256, key: U256, clock: u64) -> Result<(StorageNative, u16), Missing> {
        let location = self.slots.get_mut(&(address, key)).ok_or("slot of an access")?;
        while let Some(jump) = jump(location.last.clock, clock) {
            let slot = location.last.clone();
            location.last.clock += JUMP * (u64::from(jump) + 1);
            self.sheet.push(self.origin, StateEvent::SlotRefresh(SlotRefreshEvent { slot, jump }));
        }
        let gap = gap(location.last.clock, clock)?;
        Ok((location.last.clone(), gap))
    }

    /// The slot's next token.
    pub(super) fn put_slot(&mut self, slot: StorageNative) {
        if let Some(location) = self.slots.get_mut(&(slot.address, slot.key)) {
            location.last = slot;
        }
    }

    /// Serves an order for an access to an account.
    pub(super) fn serve(
        &mut self,
        origin: u64,
        job: AccountJobNative,
        undoing: Option<Undoing>,
        public: bool,
    ) -> Result<(), Missing> {
        let (before, gap) = self.take_account(job.address, job.clock)?;
        if let Some(location) = self.accounts.get_mut(&job.address) {
            location.last = AccountNative {
                address: job.address,
                nonce: job.nonce_after,
                balance: job.balance_after,
                code: job.code_after,
                warm: job.warm_after,
                clock: job.clock,
            };
        }
        if let Some(undoing) = undoing {
            self.undos.push(Undo { undoing, event: self.accesses.len(), before: Before::Account(before) });
        }
        self.accesses.push(Access { origin, event: AccessEvent { job, gap, undo_gap: 0 }, public });
        Ok(())
    }

    /// Serves an order for an access to an account that is undone, as the job says, and of which nobody can have heard in
    /// between.
    pub(super) fn serve_and_undo(
        &mut self,
        origin: u64,
        job: AccountJobNative,
        before: AccountNative,
    ) -> Result<(), Missing> {
        let (address, reverted, undo) = (job.address, job.reverted, job.undo);
        self.serve(origin, job, None, false)?;
        if !reverted {
            return Ok(());
        }
        let (_, gap) = self.take_account(address, undo)?;
        if let Some(location) = self.accounts.get_mut(&address) {
            location.last = AccountNative { clock: undo, ..before };
        }
        let access = self.accesses.last_mut().ok_or("access that is undone")?;
        access.event.undo_gap = gap;
        Ok(())
    }

    /// Adds a step. `slot` is what the step changes the slot from, if it is undone.
    pub(super) fn step(
        &mut self,
        origin: u64,
        reverted_by: Option<u32>,
        event: StorageEvent,
        slot: Option<(Undoing, StorageNative)>,
    ) {
        if let Some((undoing, before)) = slot {
            self.undos.push(Undo { undoing, event: self.steps.len(), before: Before::Slot(before) });
        }
        self.steps.push(Waiting { origin, reverted_by, event });
    }

    /// Undoes what the frame `by` has to, the last write first: all of it is undone at `scope`.
    pub(super) fn undo(&mut self, by: u32, scope: u64) -> Result<(), Missing> {
        while let Some(undo) = self.undos.pop_if(|undo| undo.undoing.by == by) {
            let clock = scope - undo.undoing.writes;
            match undo.before {
                Before::Slot(before) => {
                    let (_, gap) = self.take_slot(before.address, before.key, clock)?;
                    self.put_slot(StorageNative { clock, ..before });
                    match self.steps.get_mut(undo.event).map(|step| &mut step.event) {
                        Some(StorageEvent::Load(event)) => event.undo_gap = gap,
                        Some(StorageEvent::Store(event)) => event.undo_gap = gap,
                        _ => return Err("step that is undone"),
                    }
                }
                Before::Account(before) => {
                    let (_, gap) = self.take_account(before.address, clock)?;
                    if let Some(location) = self.accounts.get_mut(&before.address) {
                        location.last = AccountNative { clock, ..before };
                    }
                    let access = self.accesses.get_mut(undo.event).ok_or("access that is undone")?;
                    (access.event.job.undo, access.event.undo_gap) = (clock, gap);
                }
            }
        }
        Ok(())
    }

    /// Ends the block: a boundary row for every location that was accessed, and its values before and after from the
    /// verifier.
    pub(super) fn finish(&mut self, public: &mut PublicMessages) {
        for Location { first, last } in self.accounts.values().filter(|location| location.last.clock > 0) {
            let values = PublicAccountNative {
                address: first.address,
                nonce_before: first.nonce,
                balance_before: first.balance,
                code_before: first.code,
                nonce_after: last.nonce,
                balance_after: last.balance,
                code_after: last.code,
            };
            public.send::<PublicAccount>(&values);
            let event = AccountBoundaryEvent { public: values, warm: last.warm, clock: last.clock };
            self.sheet.push(self.origin, StateEvent::AccountBoundary(event));
            self.locations += 1;
        }
        for Location { first, last } in self.slots.values().filter(|location| location.last.clock > 0) {
            let StorageNative { address, key, value: before, .. } = first.clone();
            let values = PublicSlotNative { address, key, before, after: last.value };
            public.send::<PublicSlot>(&values);
            let (original, warm, clock) = (last.original, last.warm, last.clock);
            let event = SlotBoundaryEvent { public: values, original, warm, clock };
            self.sheet.push(self.origin, StateEvent::SlotBoundary(event));
            self.locations += 1;
        }
    }

    /// Compares every location with what the execution says of it.
    pub(super) fn compare(&self, outcome: &BlockOutcome) -> Result<(), AssembleError> {
        for account in &outcome.accounts {
            let Some(location) = self.accounts.get(&place(account.address)) else {
                let (ours, revm) = (&account.before, &account.after);
                same(account.address, "an account that nobody touched", ours, revm)?;
                continue;
            };
            let record = |account: &AccountNative| (account.nonce, account.balance, account.code);
            let executed = |state: &AccountState| (state.nonce, state.balance, number(&state.code_hash));
            same(account.address, "the account before", &record(&location.first), &executed(&account.before))?;
            same(account.address, "the account after", &record(&location.last), &executed(&account.after))?;
            for slot in &account.slots {
                let Some(location) = self.slots.get(&(place(account.address), slot.key)) else {
                    same(account.address, "a slot that nobody touched", &slot.before, &slot.after)?;
                    continue;
                };
                same(account.address, "a slot before", &location.first.value, &slot.before)?;
                same(account.address, "a slot after", &location.last.value, &slot.after)?;
            }
        }
        let known = |address: &U256| {
            let found = outcome.accounts.binary_search_by_key(address, |account| place(account.address));
            found.is_ok_and(|found| found < outcome.accounts.len())
        };
        match self.accounts.keys().find(|address| !known(address)) {
            Some(address) => same(Address::from_word((*address).into()), "an account is touched", &true, &false),
            None => Ok(()),
        }
    }
}

impl Assembler {
    /// Ends a transaction, whose failing frames were undone at `scopes`: the events that wait for it are complete, but for
    /// faults that then wait for their locations.
    pub(super) fn settle(&mut self, scopes: &BTreeMap<u32, u64>) {
        for Waiting { origin, reverted_by, mut event } in std::mem::take(&mut self.state.steps) {
            let context = match &mut event {
                StorageEvent::Load(event) => &mut event.state.context,
                StorageEvent::Store(event) => &mut event.state.context,
                StorageEvent::Account(event) => &mut event.state.context,
                StorageEvent::SelfBalance(event) => &mut event.context,
            };
            self.ask_context(context, reverted_by, scopes);
            self.state.storage.push(origin, event);
        }
        for Waiting { origin, reverted_by, mut event } in std::mem::take(&mut self.inputs) {
            self.ask_context(&mut event.context, reverted_by, scopes);
            self.memory.push(origin, MemoryEvent::InputLoad(event));
        }
        self.settle_calls(scopes);
        self.settle_faults(scopes);
        for Access { origin, event, public } in std::mem::take(&mut self.state.accesses) {
            if public {
                self.public.send::<AccountJob>(&event.job);
            }
            self.state.sheet.push(origin, StateEvent::Access(event));
        }
    }
}

/// The verifier changes a slot itself.
pub(super) fn replace(state: &mut State, next: StorageNative, public: &mut PublicMessages) -> Result<(), Missing> {
    let (token, _) = state.take_slot(next.address, next.key, next.clock)?;
    public.receive::<Storage>(&token);
    public.send::<Storage>(&next);
    state.put_slot(next);
    Ok(())
}

/// Ticks between a token's time and an access, less one.
fn gap(from: u64, to: u64) -> Result<u16, Missing> {
    let ticks = to.checked_sub(from + 1).ok_or("time between two accesses")?;
    u16::try_from(ticks).map_err(|_| "refresh of a token")
}

fn same<T: PartialEq + std::fmt::Debug>(
    address: Address,
    what: &'static str,
    ours: &T,
    revm: &T,
) -> Result<(), AssembleError> {
    if ours == revm {
        return Ok(());
    }
    Err(AssembleError::Outcome { address, what, ours: format!("{ours:?}"), revm: format!("{revm:?}") })
}
