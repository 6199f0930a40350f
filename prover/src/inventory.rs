//! The keys at hand: of each circuit and size that shards ask for, made or taken from the store once.

use std::sync::Arc;

use crate::{
    keys::{KeyError, KeyStore, ShardKey},
    machine::ShardCircuit,
    registry::{Count, Registry, RegistryError},
    setup::{Setup, SetupError},
};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The setup cannot be had in that size.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The keys at hand, under a setup.
#[derive(Debug)]
pub struct Inventory<'a> {
    setup: &'a Setup,
    store: &'a KeyStore,
    keys: Vec<Arc<ShardKey>>,
}

impl<'a> Inventory<'a> {
    /// No key yet.
    pub fn new(setup: &'a Setup, store: &'a KeyStore) -> Self {
        Self { setup, store, keys: Vec::new() }
    }

    /// The key of a circuit.
    ///
    /// # Errors
    /// [`InventoryError`] if it cannot be made.
    pub fn key<C: ShardCircuit>(&mut self, circuit: &C) -> Result<Arc<ShardKey>, InventoryError> {
        let known = |key: &&Arc<ShardKey>| key.verifying().name() == circuit.name() && key.shape().k == circuit.k();
        if let Some(key) = self.keys.iter().find(known) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.store.key(circuit, self.setup.params(circuit.k())?)?);
        self.keys.push(Arc::clone(&key));
        Ok(key)
    }

    /// A registry of circuits by their names and numbers, any number of shards of each, with the keys at hand.
    ///
    /// # Errors
    /// [`RegistryError`] if two circuits share a name or a number, or there is a key of none of them.
    pub fn registry<'n>(&self, circuits: impl IntoIterator<Item = (&'n str, u32)>) -> Result<Registry, RegistryError> {
        let mut registry = Registry::new();
        for (name, index) in circuits {
            registry.add_circuit(name, index, Count::any())?;
        }
        for key in &self.keys {
            registry.add_key(Arc::clone(key.verifying()))?;
        }
        Ok(registry)
    }
}
