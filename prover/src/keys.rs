//! Proving and verifying keys of shard circuits, made once and cached on disk.
//!
//! A cache entry is found by a digest of the circuit's name and index, its constraint system, everything that it assigns
//! to fixed columns, `k`, and the setup, so that a changed circuit never meets an old key. A damaged entry is made anew.

mod digest;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use halo2_proofs::{
    SerdeFormat,
    plonk::{Circuit, keygen_pk2, keygen_vk},
    poly::commitment::Params as _,
};

use crate::{
    Fr, Params, ProvingKey, VerifyingKey, cache,
    challenge::verifying_key_digest,
    machine::{Shape, ShapeError, ShardCircuit, check_name},
};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The circuit is not a shard circuit.
    #[error("circuit {circuit}: {problem}")]
    Shape {
        /// The circuit.
        circuit: String,
        /// What is wrong.
        problem: ShapeError,
    },
    /// Halo2 cannot make the key.
    #[error("circuit {circuit}: {source}")]
    Keygen {
        /// The circuit.
        circuit: String,
        /// Halo2's error.
        source: halo2_proofs::plonk::Error,
    },
    /// A fixed column is zero everywhere; its commitment has no coordinates and cannot be hashed.
    #[error("circuit {circuit}: a fixed column is all zero")]
    ZeroFixedColumn {
        /// The circuit.
        circuit: String,
    },
}

/// What a verifier knows about a circuit of one `k`.
#[derive(Clone)]
pub struct ShardVerifyingKey {
    name: String,
    index: u32,
    shape: Shape,
    digest: Fr,
    key: VerifyingKey,
}

impl ShardVerifyingKey {
    /// Checks the shape of a key and digests it.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the key is not that of a shard circuit.
    pub fn new(name: &str, index: u32, k: u32, main_columns: usize, key: VerifyingKey) -> Result<Self, KeyError> {
        let shape_error = |problem| KeyError::Shape { circuit: name.to_owned(), problem };
        check_name(name).map_err(shape_error)?;
        let shape = Shape::of(key.cs(), k, main_columns).map_err(shape_error)?;
        if key.get_domain().k() != k {
            return Err(shape_error(ShapeError::KeySize { declared: k, key: key.get_domain().k() }));
        }
        let digest = verifying_key_digest(index, &key);
        let digest = digest.ok_or_else(|| KeyError::ZeroFixedColumn { circuit: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), index, shape, digest, key })
    }

    /// The circuit's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The circuit's number in the inventory.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The circuit's sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The key digest that the challenges are hashed from.
    pub fn digest(&self) -> Fr {
        self.digest
    }

    /// Halo2's key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

impl fmt::Debug for ShardVerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, index, shape, digest, key: _ } = self;
        let mut f = f.debug_struct("ShardVerifyingKey");
        f.field("name", name).field("index", index).field("shape", shape).field("digest", digest);
        f.finish_non_exhaustive()
    }
}

/// What a prover needs of a circuit of one `k`.
pub struct ShardKey {
    verifying: Arc<ShardVerifyingKey>,
    key: ProvingKey,
    params: Arc<Params>,
}

impl ShardKey {
    fn new<C: ShardCircuit>(circuit: &C, key: ProvingKey, params: Arc<Params>) -> Result<Self, KeyError> {
        let vk = key.get_vk().clone();
        let verifying =
            ShardVerifyingKey::new(circuit.name(), circuit.index(), circuit.k(), circuit.main_columns(), vk)?;
        Ok(Self { verifying: Arc::new(verifying), key, params })
    }

    /// The verifier's part.
    pub fn verifying(&self) -> &Arc<ShardVerifyingKey> {
        &self.verifying
    }

    /// Halo2's key.
    pub fn key(&self) -> &ProvingKey {
        &self.key
    }

    /// The parameters that the key was made with.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The circuit's sizes.
    pub fn shape(&self) -> &Shape {
        &self.verifying.shape
    }
}

impl fmt::Debug for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardKey").field("verifying", &self.verifying).finish_non_exhaustive()
    }
}

/// The digest of all that a circuit's key follows from, but the setup: its name and number, its constraint system, and
/// everything that it assigns to fixed columns. BLAKE2b, of 32 bytes.
///
/// # Errors
///
/// [`KeyError`] if the circuit cannot be laid out.
pub fn circuit_digest<C: ShardCircuit>(circuit: &C) -> Result<[u8; 32], KeyError> {
    digest::circuit_digest(circuit, &circuit.circuit())
        .map_err(|source| KeyError::Keygen { circuit: circuit.name().to_owned(), source })
}

/// The same of any circuit of halo2's, under a name: of its constraint system, and of all that it assigns to its fixed
/// columns, selectors and copies, in the order in which it does.
///
/// # Errors
/// Halo2's, if the circuit cannot be synthesised.
pub fn fixed_digest<C: Circuit<Fr>>(name: &str, circuit: &C) -> Result<[u8; 32], halo2_proofs::plonk::Error> {
    let mut state = cache::digest_state(b"VerbatimFixedDig");
    state.update(name.as_bytes());
    digest::fixed_digest(state, circuit)
}

/// The verifying key of a circuit, without its proving key.
///
/// # Errors
///
/// [`KeyError`] if the circuit is not a shard circuit or halo2 cannot make its key.
pub fn verifying_key<C: ShardCircuit>(circuit: &C, params: &Params) -> Result<ShardVerifyingKey, KeyError> {
    let key = keygen_vk(params, &circuit.circuit())
        .map_err(|source| KeyError::Keygen { circuit: circuit.name().to_owned(), source })?;
    ShardVerifyingKey::new(circuit.name(), circuit.index(), circuit.k(), circuit.main_columns(), key)
}

/// Makes keys, and keeps them in a directory if it has one.
#[derive(Clone, Debug, Default)]
pub struct KeyStore {
    dir: Option<PathBuf>,
}

impl KeyStore {
    /// A store in `dir`, which is made when the first key is written; without one, nothing is kept.
    pub fn new(dir: Option<&Path>) -> Self {
        Self { dir: dir.map(Path::to_owned) }
    }

    /// The key of a circuit, from the cache if it is there, else made and written to it.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the circuit is not a shard circuit or halo2 cannot make its key.
    pub fn key<C: ShardCircuit>(&self, circuit: &C, params: Arc<Params>) -> Result<ShardKey, KeyError> {
        let shape_error = |problem| KeyError::Shape { circuit: circuit.name().to_owned(), problem };
        check_name(circuit.name()).map_err(shape_error)?;
        if params.k() != circuit.k() {
            return Err(shape_error(ShapeError::KeySize { declared: circuit.k(), key: params.k() }));
        }
        let keygen_error = |source| KeyError::Keygen { circuit: circuit.name().to_owned(), source };
        let halo2 = circuit.circuit();
        let Some(dir) = &self.dir else {
            let key = keygen_pk2(&*params, &halo2, false).map_err(keygen_error)?;
            return ShardKey::new(circuit, key, params);
        };
        let digest = digest::circuit_digest(circuit, &halo2).map_err(keygen_error)?;
        let digest = digest::with_setup(digest, &params.s_g2());
        let path = dir.join(format!("{}-{}-{}.key", circuit.name(), circuit.k(), cache::short(&digest)));
        let identity = cache::Identity { kind: *b"key1", digest };
        if let Some(key) = read_key::<C>(&path, &identity, &halo2) {
            return ShardKey::new(circuit, key, params);
        }
        let key = keygen_pk2(&*params, &halo2, false).map_err(keygen_error)?;
        cache::store(&path, &identity, |mut writer| key.write(&mut writer, SerdeFormat::RawBytes));
        ShardKey::new(circuit, key, params)
    }
}

/// A key from the cache. Halo2's reader may panic on bad bytes, so the checksum comes first.
fn read_key<C: ShardCircuit>(path: &Path, identity: &cache::Identity, halo2: &C::Circuit) -> Option<ProvingKey> {
    let mut payload = cache::open(path, identity)?;
    let read = ProvingKey::read::<_, C::Circuit>(&mut payload, SerdeFormat::RawBytes, halo2.params());
    match read {
        Ok(key) if payload.limit() == 0 => Some(key),
        Ok(_) => None,
        Err(error) => {
            let error: io::Error = error;
            tracing::warn!(path = %path.display(), %error, "ignoring a cached key");
            None
        }
    }
}
