//! Reading a block and its execution witness.
//!
//! A block is the RLP of a full consensus block (header, transactions, ommers, withdrawals); a witness is the JSON object
//! of `debug_executionWitness`: `state` (RLP of trie nodes, hex), `codes` (hex) and `headers` (RLP of ancestors, hex,
//! the parent among them). `keys` is not read. Nothing in either is trusted: nodes and codes are indexed by the hash of
//! their content, headers are linked by hash to the block's parent hash.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use alloy_consensus::{EthereumTxEnvelope, Header, TxEip4844};
use alloy_primitives::{B256, Bytes, keccak256, map::B256Map};
use alloy_rlp::Decodable;
use serde::Deserialize;

use crate::chain::{ChainSpec, UnsupportedFork};

/// A transaction as it stands in a block (blob transactions without their sidecar).
pub type Transaction = EthereumTxEnvelope<TxEip4844>;

/// A full block.
pub type Block = alloy_consensus::Block<Transaction>;

/// A block or a witness could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A path that is neither a folder nor ends in `.block.rlp`.
    #[error("{} is neither a folder with block.rlp and witness.json nor a file NAME.block.rlp", path.display())]
    UnknownPath {
        /// The path.
        path: PathBuf,
    },
    /// RLP that does not decode.
    #[error("malformed RLP in {what}: {source}")]
    Rlp {
        /// Which part of the input.
        what: &'static str,
        /// What is wrong with it.
        source: alloy_rlp::Error,
    },
    /// Bytes after the end of an RLP item.
    #[error("{count} bytes after the end of {what}")]
    TrailingBytes {
        /// Which part of the input.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// JSON that does not parse, or not as the object expected.
    #[error("malformed JSON in {what}: {source}")]
    Json {
        /// Which part of the input.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A string that is not hexadecimal.
    #[error("malformed hex in {field}[{index}] of the witness: {source}")]
    Hex {
        /// `state`, `codes` or `headers`.
        field: &'static str,
        /// Position in that array.
        index: usize,
        /// What is wrong with it.
        source: alloy_primitives::hex::FromHexError,
    },
    /// A transaction type that Verbatim does not know (known: 0 to 4).
    #[error("transaction {index} has the unsupported type {kind}")]
    UnsupportedTransactionType {
        /// Position in the block.
        index: usize,
        /// The type byte.
        kind: u8,
    },
    /// A fork without rules here.
    #[error(transparent)]
    UnsupportedFork(#[from] UnsupportedFork),
    /// A blob schedule with a zero, or with a target above the maximum.
    #[error("the blob schedule has a zero, or its target is above its maximum")]
    BlobSchedule,
    /// The witness has no header with the number before the block's.
    #[error("the witness has no header of block {number}, the parent")]
    MissingParent {
        /// The parent's number.
        number: u64,
    },
    /// The witness' header with the number before the block's is not the parent.
    #[error("the header of block {number} in the witness has hash {found}, but the block's parent is {expected}")]
    WrongParent {
        /// The parent's number.
        number: u64,
        /// The block's parent hash.
        expected: B256,
        /// The hash of the witness' header.
        found: B256,
    },
}

/// What a block needs to be executed without the rest of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// Trie nodes (RLP) by hash.
    pub nodes: B256Map<Bytes>,
    /// Contract codes by hash.
    pub codes: B256Map<Bytes>,
    /// Headers by hash.
    pub headers: B256Map<Header>,
}

/// A block with everything that its execution needs.
#[derive(Clone, Debug)]
pub struct BlockInput {
    /// The chain's rules.
    pub chain: ChainSpec,
    /// The block.
    pub block: Block,
    /// Hash of the block's header.
    pub block_hash: B256,
    /// Length of the block's RLP, in bytes (EIP-7934 bounds it).
    pub block_length: usize,
    /// The parent's header.
    pub parent: Header,
    /// Block hashes by number, an unbroken run that ends with the parent's.
    pub ancestors: BTreeMap<u64, B256>,
    /// The witness.
    pub witness: Witness,
}

impl BlockInput {
    /// Reads a block (RLP) and its witness (JSON).
    ///
    /// # Errors
    /// Any [`InputError`] but those about files and `chain.json`.
    pub fn from_bytes(chain: ChainSpec, block_rlp: &[u8], witness_json: &[u8]) -> Result<Self, InputError> {
        let block = decode_block(block_rlp)?;
        chain.rules_at(block.header.timestamp)?;
        let witness = Witness::from_json(witness_json)?;
        Self::new(chain, block, witness)
    }

    /// Links a block with its witness.
    ///
    /// # Errors
    /// [`InputError::MissingParent`] and [`InputError::WrongParent`].
    pub fn new(chain: ChainSpec, block: Block, witness: Witness) -> Result<Self, InputError> {
        let number = block.header.number.wrapping_sub(1);
        let Some(parent) = witness.headers.get(&block.header.parent_hash).cloned() else {
            return Err(match witness.headers.iter().find(|(_, header)| header.number == number) {
                Some((&found, _)) => InputError::WrongParent { number, expected: block.header.parent_hash, found },
                None => InputError::MissingParent { number },
            });
        };
        let ancestors = ancestors(&block.header, &witness);
        Ok(Self {
            chain,
            block_hash: block.header.hash_slow(),
            block_length: alloy_rlp::Encodable::length(&block),
            parent,
            ancestors,
            block,
            witness,
        })
    }

    /// Reads a block from a path: a folder with `block.rlp` and `witness.json`, or `NAME.block.rlp` with
    /// `NAME.witness.json` beside it. The chain is the one given, else that of `chain.json` (`NAME.chain.json`), else mainnet.
    ///
    /// # Errors
    /// Any [`InputError`].
    pub fn load(path: &Path, chain: Option<ChainSpec>) -> Result<Self, InputError> {
        let files = InputFiles::at(path)?;
        let chain = match chain {
            Some(chain) => chain,
            None if files.chain.exists() => ChainSpec::from_file(files.chain)?,
            None => ChainSpec::mainnet(),
        };
        Self::from_bytes(chain, &read(files.block)?, &read(files.witness)?)
    }
}

/// Where a block's files lie.
struct InputFiles {
    block: PathBuf,
    witness: PathBuf,
    chain: PathBuf,
}

impl InputFiles {
    fn at(path: &Path) -> Result<Self, InputError> {
        if path.is_dir() {
            let file = |name| path.join(name);
            return Ok(Self { block: file("block.rlp"), witness: file("witness.json"), chain: file("chain.json") });
        }
        let unknown = || InputError::UnknownPath { path: path.to_owned() };
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(unknown)?;
        let stem = name.strip_suffix(".block.rlp").ok_or_else(unknown)?;
        let beside = |suffix: &str| path.with_file_name(format!("{stem}.{suffix}"));
        Ok(Self { block: path.to_owned(), witness: beside("witness.json"), chain: beside("chain.json") })
    }
}

fn read(path: PathBuf) -> Result<Vec<u8>, InputError> {
    std::fs::read(&path).map_err(|source| InputError::Read { path, source })
}

/// The hashes that the headers of the witness give, from the parent's back to the first gap.
fn ancestors(header: &Header, witness: &Witness) -> BTreeMap<u64, B256> {
    let mut hashes = BTreeMap::new();
    let (mut hash, mut number) = (header.parent_hash, header.number.checked_sub(1));
    while let Some(current) = number {
        hashes.insert(current, hash);
        match witness.headers.get(&hash) {
            Some(ancestor) if ancestor.number == current && hashes.len() < 256 => {
                hash = ancestor.parent_hash;
                number = current.checked_sub(1);
            }
            _ => break,
        }
    }
    hashes
}

/// Decodes the RLP of a full block, exactly.
///
/// # Errors
/// [`InputError::Rlp`], [`InputError::TrailingBytes`], [`InputError::UnsupportedTransactionType`], and
/// [`InputError::UnsupportedFork`] for a header of Amsterdam.
pub fn decode_block(bytes: &[u8]) -> Result<Block, InputError> {
    let mut rest = bytes;
    let block = match Block::decode(&mut rest) {
        Ok(block) => block,
        Err(source) => {
            return Err(match unsupported_type(bytes) {
                Some((index, kind)) => InputError::UnsupportedTransactionType { index, kind },
                None => InputError::Rlp { what: "the block", source },
            });
        }
    };
    if !rest.is_empty() {
        return Err(InputError::TrailingBytes { what: "the block", count: rest.len() });
    }
    if block.header.block_access_list_hash.is_some() || block.header.slot_number.is_some() {
        return Err(UnsupportedFork::Amsterdam.into());
    }
    Ok(block)
}

/// The first transaction of an unknown type, in a block that did not decode.
fn unsupported_type(mut bytes: &[u8]) -> Option<(usize, u8)> {
    let mut block = alloy_rlp::Header::decode_bytes(&mut bytes, true).ok()?;
    alloy_rlp::Header::decode_bytes(&mut block, true).ok()?;
    let mut transactions = alloy_rlp::Header::decode_bytes(&mut block, true).ok()?;
    let mut index = 0;
    while !transactions.is_empty() {
        let header = alloy_rlp::Header::decode(&mut transactions).ok()?;
        let (item, rest) = transactions.split_at_checked(header.payload_length)?;
        match item.first() {
            Some(&kind) if !header.list && kind > 4 => return Some((index, kind)),
            _ => transactions = rest,
        }
        index += 1;
    }
    None
}

#[derive(Deserialize)]
struct WitnessFile {
    state: Vec<String>,
    codes: Vec<String>,
    headers: Vec<String>,
}

impl Witness {
    /// Reads the object of `debug_executionWitness`.
    ///
    /// # Errors
    /// [`InputError::Json`], [`InputError::Hex`], and [`InputError::Rlp`] or [`InputError::TrailingBytes`] for a header.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InputError> {
        let file: WitnessFile =
            serde_json::from_slice(bytes).map_err(|source| InputError::Json { what: "the witness", source })?;
        let mut headers = B256Map::default();
        for (index, text) in file.headers.iter().enumerate() {
            let rlp = decode_hex("headers", index, text)?;
            let mut rest = rlp.as_ref();
            let header = Header::decode(&mut rest)
                .map_err(|source| InputError::Rlp { what: "a header of the witness", source })?;
            if !rest.is_empty() {
                return Err(InputError::TrailingBytes { what: "a header of the witness", count: rest.len() });
            }
            headers.insert(keccak256(&rlp), header);
        }
        Ok(Self { nodes: by_hash("state", &file.state)?, codes: by_hash("codes", &file.codes)?, headers })
    }
}

fn by_hash(field: &'static str, texts: &[String]) -> Result<B256Map<Bytes>, InputError> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| decode_hex(field, index, text).map(|bytes| (keccak256(&bytes), bytes)))
        .collect()
}

fn decode_hex(field: &'static str, index: usize, text: &str) -> Result<Bytes, InputError> {
    alloy_primitives::hex::decode(text).map(Bytes::from).map_err(|source| InputError::Hex { field, index, source })
}
