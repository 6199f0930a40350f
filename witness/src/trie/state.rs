//! The account trie with its storage tries.

use alloy_primitives::{Address, B256, U256, keccak256, map::B256Map};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};

use super::{NodeStore, SparseTrie, TrieError};

/// The state as far as the witness has it.
///
/// Reads go to the tries; writes are given per account with [`Self::update`].
#[derive(Clone, Debug)]
pub struct StateTrie<'a> {
    nodes: &'a NodeStore,
    accounts: SparseTrie,
    storages: B256Map<SparseTrie>,
}

/// What becomes of an account's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageChange {
    /// Only the given slots change.
    Slots,
    /// The storage is emptied first.
    Wiped,
}

impl<'a> StateTrie<'a> {
    /// The state with this root.
    pub fn new(nodes: &'a NodeStore, root: B256) -> Self {
        Self { nodes, accounts: SparseTrie::from_root(root), storages: B256Map::default() }
    }

    /// An account; `None` if there is none.
    ///
    /// # Errors
    /// Any [`TrieError`].
    pub fn account(&mut self, address: Address) -> Result<Option<TrieAccount>, TrieError> {
        self.account_at(keccak256(address))
    }

    fn account_at(&mut self, key: B256) -> Result<Option<TrieAccount>, TrieError> {
        let Some(mut value) = self.accounts.get(self.nodes, key)? else { return Ok(None) };
        exact(TrieAccount::decode(&mut value), value)
            .map(Some)
            .map_err(|source| TrieError::MalformedValue { key, source })
    }

    /// The value of a slot; 0 if it or the account is absent.
    ///
    /// # Errors
    /// Any [`TrieError`].
    pub fn storage(&mut self, address: Address, slot: U256) -> Result<U256, TrieError> {
        let key = keccak256(address);
        let Some(account) = self.account_at(key)? else { return Ok(U256::ZERO) };
        let slot = keccak256(B256::from(slot));
        let trie = storage_trie(&mut self.storages, key, account.storage_root);
        match trie.get(self.nodes, slot)? {
            None => Ok(U256::ZERO),
            Some(mut value) => {
                exact(U256::decode(&mut value), value).map_err(|source| TrieError::MalformedValue { key: slot, source })
            }
        }
    }

    /// Writes an account's slots, and gives the root of its storage. Insertions come before removals, so that no more
    /// nodes are needed than the result demands.
    ///
    /// # Errors
    /// Any [`TrieError`].
    pub fn update_storage(
        &mut self,
        address: Address,
        change: StorageChange,
        slots: impl IntoIterator<Item = (U256, U256)>,
    ) -> Result<B256, TrieError> {
        let key = keccak256(address);
        let root = match change {
            StorageChange::Slots => self.account_at(key)?.map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
            StorageChange::Wiped => {
                self.storages.remove(&key);
                EMPTY_ROOT_HASH
            }
        };
        let trie = storage_trie(&mut self.storages, key, root);
        let mut removals = Vec::new();
        for (slot, value) in slots {
            let slot = keccak256(B256::from(slot));
            if value.is_zero() {
                removals.push(slot);
            } else {
                trie.insert(self.nodes, slot, alloy_rlp::encode(value))?;
            }
        }
        for slot in removals {
            trie.remove(self.nodes, slot)?;
        }
        Ok(trie.root())
    }

    /// Writes accounts, `None` removing one, and gives the state's root. Insertions come before removals.
    ///
    /// # Errors
    /// Any [`TrieError`].
    pub fn update(
        &mut self,
        accounts: impl IntoIterator<Item = (Address, Option<TrieAccount>)>,
    ) -> Result<B256, TrieError> {
        let mut removals = Vec::new();
        for (address, account) in accounts {
            let key = keccak256(address);
            let Some(account) = account else {
                removals.push(key);
                continue;
            };
            let mut value = Vec::with_capacity(account.length());
            account.encode(&mut value);
            self.accounts.insert(self.nodes, key, value)?;
        }
        for key in removals {
            self.accounts.remove(self.nodes, key)?;
        }
        Ok(self.accounts.root())
    }
}

fn storage_trie(storages: &mut B256Map<SparseTrie>, key: B256, root: B256) -> &mut SparseTrie {
    storages.entry(key).or_insert_with(|| SparseTrie::from_root(root))
}

/// A decoded value, if nothing is left after it.
fn exact<T>(decoded: alloy_rlp::Result<T>, rest: &[u8]) -> alloy_rlp::Result<T> {
    match decoded {
        Ok(_) if !rest.is_empty() => Err(alloy_rlp::Error::UnexpectedLength),
        decoded => decoded,
    }
}
