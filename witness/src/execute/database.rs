//! The state that revm reads: the witness' tries, under what the block has written so far.

use std::collections::BTreeMap;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{
    Address, B256, U256,
    map::{B256Map, U256Map},
};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};
use revm::{
    Database,
    bytecode::Bytecode,
    state::{Account, AccountInfo, EvmState},
};

use super::{
    StateError,
    outcome::{TouchedAccount, TouchedSlot},
};
use crate::{
    input::BlockInput,
    trace::AccountState,
    trie::{StateTrie, StorageChange, TrieError},
};

/// A recording database over the witness: what it has read is what the block has touched.
#[derive(Debug)]
pub(crate) struct WitnessDb<'a> {
    input: &'a BlockInput,
    trie: StateTrie<'a>,
    codes: B256Map<Bytecode>,
    accounts: BTreeMap<Address, Entry>,
    ancestors: BTreeMap<u64, B256>,
}

/// An account that has been looked up.
#[derive(Debug)]
struct Entry {
    before: Option<TrieAccount>,
    now: AccountState,
    /// Whether the storage was emptied in this block, so that the trie no longer counts.
    wiped: bool,
    slots: U256Map<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    before: U256,
    now: U256,
}

impl<'a> WitnessDb<'a> {
    pub(crate) fn new(input: &'a BlockInput) -> Self {
        Self {
            input,
            trie: StateTrie::new(&input.witness.nodes, input.parent.state_root),
            codes: B256Map::default(),
            accounts: BTreeMap::new(),
            ancestors: BTreeMap::new(),
        }
    }

    fn entry(&mut self, address: Address) -> Result<&mut Entry, StateError> {
        match self.accounts.entry(address) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let before = self.trie.account(address).map_err(|source| at(address, source))?;
                let now = state_of(before.as_ref());
                Ok(entry.insert(Entry { before, now, wiped: false, slots: U256Map::default() }))
            }
        }
    }

    /// An account as it is now.
    pub(crate) fn account(&mut self, address: Address) -> Result<AccountState, StateError> {
        self.entry(address).map(|entry| entry.now)
    }

    /// Adds to an account's balance.
    pub(crate) fn add_balance(&mut self, address: Address, amount: U256) -> Result<(), StateError> {
        let entry = self.entry(address)?;
        entry.now.balance = entry.now.balance.saturating_add(amount);
        Ok(())
    }

    /// Takes over what a transaction has written.
    pub(crate) fn commit(&mut self, state: EvmState) -> Result<(), StateError> {
        for (address, account) in state {
            if let Some(code) = account.info.code.as_ref().filter(|_| account.is_touched()) {
                self.codes.entry(account.info.code_hash).or_insert_with(|| code.clone());
            }
            self.entry(address)?.commit(&account);
        }
        Ok(())
    }

    /// Writes what has changed to the tries, and gives the state's root.
    pub(crate) fn post_state_root(&mut self) -> Result<B256, StateError> {
        let mut changes = Vec::new();
        for (address, entry) in &self.accounts {
            if let Some(change) = entry.change(*address, &mut self.trie).map_err(|source| at(*address, source))? {
                changes.push((*address, change));
            }
        }
        self.trie.update(changes).map_err(|source| StateError::Trie { address: Address::ZERO, source })
    }

    /// Everything that was touched, in order, and the block hashes that were asked for.
    pub(crate) fn touched(self) -> (Vec<TouchedAccount>, BTreeMap<u64, B256>) {
        let accounts = self.accounts.into_iter().map(|(address, entry)| {
            let mut slots: Vec<_> = entry
                .slots
                .iter()
                .map(|(key, slot)| TouchedSlot { key: *key, before: slot.before, after: slot.now })
                .collect();
            slots.sort_unstable_by_key(|slot| slot.key);
            TouchedAccount {
                address,
                before: state_of(entry.before.as_ref()),
                after: entry.now,
                storage_wiped: entry.wiped,
                slots,
            }
        });
        (accounts.collect(), self.ancestors)
    }
}

impl Entry {
    fn commit(&mut self, account: &Account) {
        let destroyed = account.is_touched() && account.is_selfdestructed();
        if destroyed || (account.is_touched() && account.is_created()) {
            self.wiped = true;
            self.slots.values_mut().for_each(|slot| slot.now = U256::ZERO);
        }
        for (key, slot) in &account.storage {
            let known =
                self.slots.entry(*key).or_insert(Slot { before: slot.original_value, now: slot.original_value });
            if account.is_touched() && !destroyed {
                known.now = slot.present_value;
            }
        }
        if destroyed {
            self.now = AccountState::default();
        } else if account.is_touched() {
            self.now = AccountState {
                nonce: account.info.nonce,
                balance: account.info.balance,
                code_hash: code_hash(account.info.code_hash),
            };
        }
    }

    /// What becomes of the account in the trie; `None` if nothing changes.
    fn change(&self, address: Address, trie: &mut StateTrie<'_>) -> Result<Option<Option<TrieAccount>>, TrieError> {
        if self.now.is_empty() {
            return Ok(self.before.is_some().then_some(None));
        }
        let root_before = self.before.as_ref().map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let mut slots: Vec<_> = self
            .slots
            .iter()
            .filter(|(_, slot)| if self.wiped { !slot.now.is_zero() } else { slot.now != slot.before })
            .map(|(key, slot)| (*key, slot.now))
            .collect();
        slots.sort_unstable();
        let storage_root = match (self.wiped, slots.is_empty()) {
            (false, true) => root_before,
            (wiped, _) => {
                let change = if wiped { StorageChange::Wiped } else { StorageChange::Slots };
                trie.update_storage(address, change, slots)?
            }
        };
        let AccountState { nonce, balance, code_hash } = self.now;
        let after = TrieAccount::new(nonce, balance, storage_root, code_hash);
        Ok((self.before.as_ref() != Some(&after)).then_some(Some(after)))
    }
}

const fn at(address: Address, source: TrieError) -> StateError {
    StateError::Trie { address, source }
}

fn state_of(account: Option<&TrieAccount>) -> AccountState {
    account.map_or_else(AccountState::default, |account| AccountState {
        nonce: account.nonce,
        balance: account.balance,
        code_hash: account.code_hash,
    })
}

/// revm has zero for the code hash of some absent accounts.
pub(super) fn code_hash(hash: B256) -> B256 {
    if hash.is_zero() { KECCAK_EMPTY } else { hash }
}

impl Database for WitnessDb<'_> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let now = self.account(address)?;
        if now.is_empty() {
            return Ok(None);
        }
        let AccountState { nonce, balance, code_hash } = now;
        let mut info = AccountInfo { nonce, balance, code_hash, ..AccountInfo::default() };
        if code_hash != KECCAK_EMPTY {
            info.code = None;
        }
        Ok(Some(info))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        if hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        let bytes = self.input.witness.codes.get(&hash).ok_or(StateError::MissingCode { hash })?;
        let code = Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes.clone()));
        self.codes.insert(hash, code.clone());
        Ok(code)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        let entry = self.entry(address)?;
        if let Some(slot) = entry.slots.get(&key) {
            return Ok(slot.now);
        }
        let absent = entry.wiped || entry.before.is_none();
        let value = match absent {
            true => U256::ZERO,
            false => self.trie.storage(address, key).map_err(|source| at(address, source))?,
        };
        self.entry(address)?.slots.insert(key, Slot { before: value, now: value });
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        let hash = self.input.ancestors.get(&number).copied().ok_or(StateError::MissingAncestor { number })?;
        self.ancestors.insert(number, hash);
        Ok(hash)
    }
}
