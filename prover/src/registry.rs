//! What a verifier accepts: the circuits, their keys, and how many shards of each a bundle may have.

use std::{collections::BTreeMap, sync::Arc};

use crate::keys::ShardVerifyingKey;

/// How many shards of a circuit a bundle may have, over all `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The least number.
    pub least: usize,
    /// The greatest number.
    pub greatest: usize,
}

impl Count {
    /// Exactly this many.
    pub fn exactly(count: usize) -> Self {
        Self { least: count, greatest: count }
    }

    /// Any number.
    pub fn any() -> Self {
        Self { least: 0, greatest: usize::MAX }
    }

    /// Whether `count` is allowed.
    pub fn allows(&self, count: usize) -> bool {
        (self.least..=self.greatest).contains(&count)
    }
}

/// Why a circuit or key cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Another circuit has this name or this index.
    #[error("circuit {name} (index {index}) is registered already, or its index is another circuit's")]
    Circuit {
        /// The circuit.
        name: String,
        /// Its index.
        index: u32,
    },
    /// The key's circuit is not registered, or has another index.
    #[error("the key of {name} (index {index}) belongs to no registered circuit")]
    Unknown {
        /// The key's circuit.
        name: String,
        /// The key's index.
        index: u32,
    },
    /// There is another key for this circuit and size.
    #[error("{name} has a key for k = {k} already")]
    Key {
        /// The circuit.
        name: String,
        /// The size.
        k: u32,
    },
    /// The least count exceeds the greatest.
    #[error("the least count of {0} exceeds the greatest")]
    Count(String),
}

#[derive(Clone, Debug)]
struct Entry {
    index: u32,
    count: Count,
    keys: BTreeMap<u32, Arc<ShardVerifyingKey>>,
}

/// The circuits that a bundle may consist of. Nothing in it comes from a proof.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    circuits: BTreeMap<String, Entry>,
}

impl Registry {
    /// A registry without circuits, which accepts nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a circuit, without keys yet.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] if the name or index is taken, or the count is contradictory.
    pub fn add_circuit(&mut self, name: &str, index: u32, count: Count) -> Result<(), RegistryError> {
        if count.least > count.greatest {
            return Err(RegistryError::Count(name.to_owned()));
        }
        if self.circuits.contains_key(name) || self.circuits.values().any(|entry| entry.index == index) {
            return Err(RegistryError::Circuit { name: name.to_owned(), index });
        }
        self.circuits.insert(name.to_owned(), Entry { index, count, keys: BTreeMap::new() });
        Ok(())
    }

    /// Adds the key of a registered circuit for one size.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] if the circuit is not registered, or has a key for this size.
    pub fn add_key(&mut self, key: Arc<ShardVerifyingKey>) -> Result<(), RegistryError> {
        let (name, index, k) = (key.name().to_owned(), key.index(), key.shape().k);
        let entry = self.circuits.get_mut(&name).filter(|entry| entry.index == index);
        let Some(entry) = entry else {
            return Err(RegistryError::Unknown { name, index });
        };
        if entry.keys.contains_key(&k) {
            return Err(RegistryError::Key { name, k });
        }
        entry.keys.insert(k, key);
        Ok(())
    }

    /// The key of a circuit for one size.
    pub fn key(&self, name: &str, k: u32) -> Option<&Arc<ShardVerifyingKey>> {
        self.circuits.get(name)?.keys.get(&k)
    }

    /// The circuits with their counts, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, Count)> {
        self.circuits.iter().map(|(name, entry)| (name.as_str(), entry.count))
    }

    /// All keys, by circuit and size.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<ShardVerifyingKey>> {
        self.circuits.values().flat_map(|entry| entry.keys.values())
    }
}
