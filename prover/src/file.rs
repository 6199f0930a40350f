//! Bundles on disk: a directory with `bundle.json`, which describes it, and one binary file per shard.
//!
//! A shard's file is named after its position, `shard-000000.proof`, and holds, with little-endian numbers:
//!
//! | bytes | field |
//! |---|---|
//! | 8 | `VBMPROOF` |
//! | 4 | [`FORMAT_VERSION`] |
//! | 4, 4 | circuit index, k |
//! | 32 | key digest |
//! | 4, then 32 each | instance length (1), instance: the bus sum |
//! | 4, then as many | proof length, proof |
//!
//! Field elements are little-endian in binary files and `0x` with 64 lowercase digits in JSON. What the two kinds of file
//! say twice must agree, and all of it is checked against the registry: a bundle that can be read is of known circuits,
//! with the registered keys, and every proof has its exact length. Whether it is valid is the verifier's question.

mod codec;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use self::codec::ShardHeader;
pub use self::codec::field_hex;
use crate::{
    Fr,
    bundle::{Bundle, ShardProof},
    cache,
    challenge::PROTOCOL_VERSION,
    keys::ShardVerifyingKey,
    machine::check_name,
    registry::Registry,
};

/// The version of the files' layout.
pub const FORMAT_VERSION: u32 = 1;

/// The name of the description in a bundle's directory.
pub const MANIFEST: &str = "bundle.json";

/// What `bundle.json` says its format is.
const FORMAT: &str = "verbatim-bundle";

/// How large the files of a bundle may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of `bundle.json`.
    pub manifest: u64,
    /// Shards.
    pub shards: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { manifest: 64 << 20, shards: 1 << 16 }
    }
}

/// `bundle.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `verbatim-bundle`.
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// [`PROTOCOL_VERSION`].
    pub protocol: u64,
    /// The statement digest.
    #[serde(with = "field_hex")]
    pub statement: Fr,
    /// How many shards there are of each circuit.
    pub circuits: BTreeMap<String, usize>,
    /// The shards, in order.
    pub shards: Vec<ManifestShard>,
}

/// A shard in `bundle.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestShard {
    /// The circuit's name.
    pub circuit: String,
    /// The base-2 logarithm of the number of rows.
    pub k: u32,
    /// The digest of the circuit's verifying key.
    #[serde(with = "field_hex")]
    pub key_digest: Fr,
    /// The instance.
    #[serde(with = "field_hex")]
    pub bus_sum: Fr,
    /// The length of the proof.
    pub proof_bytes: usize,
}

/// A file of a bundle cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: FileProblem,
}

/// What is wrong with a file of a bundle.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The system's error.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Not the JSON that it should be.
    #[error("not a bundle description: {0}")]
    Json(serde_json::Error),
    /// Larger than allowed.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The greatest length.
        limit: u64,
    },
    /// Ends before its contents do.
    #[error("truncated")]
    Truncated,
    /// Goes on after its contents.
    #[error("{0} bytes after the end")]
    Trailing(usize),
    /// Not a proof file or bundle description.
    #[error("not of this format")]
    Format,
    /// Another version of the format or of the protocol.
    #[error("version {found}, this is version {expected}")]
    Version {
        /// What the file says.
        found: u64,
        /// What is read here.
        expected: u64,
    },
    /// More shards than allowed, or none.
    #[error("{0} shards")]
    ShardCount(usize),
    /// The counts of `circuits` are not those of `shards`.
    #[error("the counts of the circuits are not those of the shards")]
    Counts,
    /// A circuit's name is not one.
    #[error("{0:?} is not a circuit name")]
    Name(String),
    /// No such circuit, or not of this size.
    #[error("no key for {circuit:?}, k = {k}")]
    UnknownCircuit {
        /// The circuit.
        circuit: String,
        /// The size.
        k: u32,
    },
    /// Made with another key.
    #[error("made with another key than the registered one")]
    KeyDigest,
    /// The proof does not have the exact length.
    #[error("the proof has {found} bytes, not {expected}")]
    ProofLength {
        /// What the file says.
        found: usize,
        /// The exact length.
        expected: usize,
    },
    /// The shard's file and `bundle.json` disagree.
    #[error("{0} is not what {MANIFEST} says")]
    Disagrees(&'static str),
    /// An element is not below the field's modulus.
    #[error("a field element is not reduced")]
    Field,
    /// A file that does not belong to the bundle.
    #[error("does not belong to the bundle")]
    Unexpected,
    /// The directory to write to holds something already.
    #[error("exists and is not an empty directory")]
    Occupied,
}

fn at<T>(path: &Path, result: Result<T, impl Into<FileProblem>>) -> Result<T, FileError> {
    result.map_err(|problem| FileError { path: path.to_owned(), problem: problem.into() })
}

/// The name of a shard's file.
pub fn shard_file_name(position: usize) -> String {
    format!("shard-{position:06}.proof")
}

/// Writes a bundle whole or not at all, to a directory that does not exist yet or is empty.
///
/// # Errors
///
/// [`FileError`] if the directory is occupied or cannot be written, or a shard is not of a registered circuit.
pub fn write(dir: &Path, bundle: &Bundle, registry: &Registry) -> Result<(), FileError> {
    let manifest = at(dir, describe(bundle, registry))?;
    let occupied = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return at(dir, Err(error)),
    };
    let parent = match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return at(dir, Err(FileProblem::Occupied)),
    };
    if occupied {
        return at(dir, Err(FileProblem::Occupied));
    }
    at(parent, fs::create_dir_all(parent))?;
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = parent.join(name);
    let written = fs::create_dir(&temporary)
        .and_then(|()| write_files(&temporary, bundle, &manifest, registry))
        .and_then(|()| fs::rename(&temporary, dir));
    if written.is_err() {
        drop(fs::remove_dir_all(&temporary));
    }
    at(dir, written)
}

fn write_files(dir: &Path, bundle: &Bundle, manifest: &Manifest, registry: &Registry) -> io::Result<()> {
    for (position, shard) in bundle.shards.iter().enumerate() {
        let key = registry.key(&shard.circuit, shard.k).ok_or(io::ErrorKind::NotFound)?;
        let path = dir.join(shard_file_name(position));
        cache::write_atomically(&path, |writer| write_shard(writer, shard, key))?;
    }
    cache::write_atomically(&dir.join(MANIFEST), |writer| {
        serde_json::to_writer_pretty(&mut *writer, manifest)?;
        writer.write_all(b"\n")
    })
}

/// Writes the contents of a shard's file.
///
/// # Errors
///
/// The writer's, and [`io::ErrorKind::InvalidInput`] if the proof has 4 GiB or more.
pub fn write_shard(writer: &mut impl Write, shard: &ShardProof, key: &ShardVerifyingKey) -> io::Result<()> {
    let header = ShardHeader {
        index: key.index(),
        k: shard.k,
        key_digest: key.digest(),
        bus_sum: shard.bus_sum,
        proof_bytes: shard.proof.len(),
    };
    header.write(writer)?;
    writer.write_all(&shard.proof)
}

/// What `bundle.json` says of a shard.
pub fn describe_shard(shard: &ShardProof, key: &ShardVerifyingKey) -> ManifestShard {
    ManifestShard {
        circuit: shard.circuit.clone(),
        k: shard.k,
        key_digest: key.digest(),
        bus_sum: shard.bus_sum,
        proof_bytes: shard.proof.len(),
    }
}

fn describe(bundle: &Bundle, registry: &Registry) -> Result<Manifest, FileProblem> {
    let mut circuits = BTreeMap::new();
    let mut shards = Vec::with_capacity(bundle.shards.len());
    for shard in &bundle.shards {
        let key = find_key(registry, &shard.circuit, shard.k)?;
        check_length(key, shard.proof.len())?;
        *circuits.entry(shard.circuit.clone()).or_default() += 1;
        shards.push(describe_shard(shard, key));
    }
    Ok(Manifest {
        format: FORMAT.to_owned(),
        version: FORMAT_VERSION,
        protocol: PROTOCOL_VERSION,
        statement: bundle.statement,
        circuits,
        shards,
    })
}

/// Reads a bundle of registered circuits.
///
/// # Errors
///
/// [`FileError`] if anything is not exactly as it should be.
pub fn read(dir: &Path, registry: &Registry, limits: &Limits) -> Result<Bundle, FileError> {
    let manifest = read_manifest(dir, limits)?;
    let description = dir.join(MANIFEST);
    let mut shards = Vec::with_capacity(manifest.shards.len());
    for (position, described) in manifest.shards.iter().enumerate() {
        let key = at(&description, find_key(registry, &described.circuit, described.k))?;
        let path = dir.join(shard_file_name(position));
        shards.push(at(&path, read_shard(&path, described, key))?);
    }
    check_files(dir, shards.len())?;
    Ok(Bundle { statement: manifest.statement, shards })
}

/// Reads the description of a bundle, and checks it as far as it can be checked alone.
///
/// # Errors
///
/// [`FileError`] if it cannot be read or contradicts itself.
pub fn read_manifest(dir: &Path, limits: &Limits) -> Result<Manifest, FileError> {
    let path = dir.join(MANIFEST);
    let bytes = at(&path, read_limited(&path, limits.manifest))?;
    at(&path, decode_manifest(&bytes, limits))
}

/// The bytes of `bundle.json`, as [`read_manifest`] reads them.
///
/// # Errors
///
/// [`FileProblem`] if they are malformed or contradict themselves.
pub fn decode_manifest(bytes: &[u8], limits: &Limits) -> Result<Manifest, FileProblem> {
    let manifest = parse_manifest(bytes)?;
    check_manifest(&manifest, limits)?;
    Ok(manifest)
}

/// Versions come first, so that a file of another version is said to be that, and not to be malformed.
fn parse_manifest(bytes: &[u8]) -> Result<Manifest, FileProblem> {
    #[derive(Deserialize)]
    struct Versions {
        format: String,
        version: u64,
        protocol: u64,
    }
    let Versions { format, version, protocol } = serde_json::from_slice(bytes).map_err(FileProblem::Json)?;
    if format != FORMAT {
        return Err(FileProblem::Format);
    }
    for (found, expected) in [(version, u64::from(FORMAT_VERSION)), (protocol, PROTOCOL_VERSION)] {
        if found != expected {
            return Err(FileProblem::Version { found, expected });
        }
    }
    serde_json::from_slice(bytes).map_err(FileProblem::Json)
}

fn check_manifest(manifest: &Manifest, limits: &Limits) -> Result<(), FileProblem> {
    let shards = &manifest.shards;
    if shards.is_empty() || shards.len() > limits.shards {
        return Err(FileProblem::ShardCount(shards.len()));
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for shard in shards {
        check_name(&shard.circuit).map_err(|_| FileProblem::Name(shard.circuit.clone()))?;
        *counts.entry(shard.circuit.clone()).or_default() += 1;
    }
    if counts == manifest.circuits { Ok(()) } else { Err(FileProblem::Counts) }
}

fn read_shard(path: &Path, described: &ManifestShard, key: &ShardVerifyingKey) -> Result<ShardProof, FileProblem> {
    let limit = (ShardHeader::BYTES + key.shape().layout.bytes()) as u64;
    // One byte more, so that a single trailing byte is called that.
    decode_shard(&read_limited(path, limit + 1)?, described, key)
}

/// The contents of a shard's file, of which `bundle.json` says what `described` is, as [`read`] reads them.
///
/// # Errors
///
/// [`FileProblem`] if they are malformed, or not of this key, or not as described. Whether the proof is valid is the
/// verifier's question.
pub fn decode_shard(
    bytes: &[u8],
    described: &ManifestShard,
    key: &ShardVerifyingKey,
) -> Result<ShardProof, FileProblem> {
    let (header, rest) = ShardHeader::read(bytes)?;
    if header.index != key.index() {
        return Err(FileProblem::Disagrees("the circuit"));
    }
    if header.k != described.k {
        return Err(FileProblem::Disagrees("k"));
    }
    if header.key_digest != key.digest() || described.key_digest != key.digest() {
        return Err(FileProblem::KeyDigest);
    }
    if header.bus_sum != described.bus_sum {
        return Err(FileProblem::Disagrees("the bus sum"));
    }
    check_length(key, header.proof_bytes)?;
    if header.proof_bytes != described.proof_bytes {
        return Err(FileProblem::Disagrees("the length of the proof"));
    }
    let proof = rest.get(..header.proof_bytes).ok_or(FileProblem::Truncated)?;
    if rest.len() > proof.len() {
        return Err(FileProblem::Trailing(rest.len() - proof.len()));
    }
    let ManifestShard { circuit, k, .. } = described;
    Ok(ShardProof { circuit: circuit.clone(), k: *k, bus_sum: header.bus_sum, proof: proof.to_vec() })
}

/// Nothing lies in the directory but the bundle.
fn check_files(dir: &Path, shards: usize) -> Result<(), FileError> {
    for entry in at(dir, fs::read_dir(dir))? {
        let name = at(dir, entry)?.file_name();
        let name = name.to_string_lossy();
        let number = name.strip_prefix("shard-").and_then(|rest| rest.strip_suffix(".proof"));
        let position = number.and_then(|number| number.parse().ok());
        let is_shard = position.is_some_and(|position| position < shards && shard_file_name(position) == *name);
        if name != MANIFEST && !is_shard {
            return at(&dir.join(&*name), Err(FileProblem::Unexpected));
        }
    }
    Ok(())
}

fn find_key<'a>(registry: &'a Registry, circuit: &str, k: u32) -> Result<&'a ShardVerifyingKey, FileProblem> {
    let unknown = || FileProblem::UnknownCircuit { circuit: circuit.to_owned(), k };
    registry.key(circuit, k).map(|key| &**key).ok_or_else(unknown)
}

fn check_length(key: &ShardVerifyingKey, found: usize) -> Result<(), FileProblem> {
    let expected = key.shape().layout.bytes();
    if found == expected { Ok(()) } else { Err(FileProblem::ProofLength { found, expected }) }
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, FileProblem> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(FileProblem::TooLarge { limit }) } else { Ok(bytes) }
}
