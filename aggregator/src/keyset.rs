//! The keys that a machine allows: what the last circuit, and so the contract, stands for.
//!
//! As text, a line with the digest of the setup that the keys are of, then a line for each key: the circuit's number and name,
//! the size, and the digest in hexadecimal, the highest digit first. The keys of the block's circuits come first, then those
//! of the verifier circuit. The order is that of the leaves.

use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

use halo2_proofs::halo2curves::ff::PrimeField;
use verbatim_prover::{
    block::all_circuits,
    cache::{self, Identity},
    keys::{KeyError, ShardVerifyingKey, verifying_key},
    machine::ShardCircuit,
    setup::{Setup, SetupError},
    shards::PlanCircuit,
};

use crate::{
    Fr,
    tree::{TooManyKeys, Tree},
    verifier,
};

/// A key by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDigest {
    /// The circuit's number.
    pub index: u32,
    /// The circuit's name.
    pub name: String,
    /// The base-2 logarithm of the number of rows.
    pub k: u32,
    /// The digest.
    pub digest: Fr,
}

impl KeyDigest {
    /// The digest of a key.
    pub fn of(key: &ShardVerifyingKey) -> Self {
        Self { index: key.index(), name: key.name().to_owned(), k: key.shape().k, digest: key.digest() }
    }
}

/// All keys that are allowed, and the trees over them.
#[derive(Clone, Debug)]
pub struct KeySet {
    /// The digest of the setup.
    setup: [u8; 32],
    keys: Vec<KeyDigest>,
    block: Tree,
    verifier: Tree,
}

/// Why there is no set of keys.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The setup cannot be had in that size.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A tree has no room.
    #[error(transparent)]
    Tree(#[from] TooManyKeys),
    /// The first line does not name a setup.
    #[error("line 1 of the keys is not `setup digest`")]
    NoSetup,
    /// A line is not a key.
    #[error("line {0} of the keys is not `number name k digest`")]
    Line(usize),
    /// The keys are of another setup. Under this one a commitment of theirs may be to something else.
    #[error("the keys are of another setup")]
    OtherSetup,
}

/// All circuits at all sizes: the block's, then the verifier circuit.
pub fn circuits() -> Vec<PlanCircuit> {
    all_circuits().into_iter().chain(verifier::SIZES.map(verifier::circuit)).collect()
}

/// The digest of the key of one circuit at one size.
///
/// # Errors
/// [`KeySetError`] if the key cannot be made.
pub fn key_digest(circuit: &PlanCircuit, setup: &Setup) -> Result<KeyDigest, KeySetError> {
    let params = setup.params(circuit.k())?;
    Ok(KeyDigest::of(&verifying_key(circuit, &params)?))
}

/// The keys of the development setup.
static DEVELOPMENT: &str = include_str!("../../testdata/keys.txt");

impl KeySet {
    /// The set of these keys, which are of the setup with this [digest](Setup::digest).
    ///
    /// # Errors
    /// [`KeySetError::Tree`] if they are too many.
    pub fn new(setup: [u8; 32], keys: Vec<KeyDigest>) -> Result<Self, TooManyKeys> {
        let of = |verifies: bool| {
            let keys = keys.iter().filter(|key| (key.index == verifier::INDEX) == verifies);
            Tree::new(keys.map(|key| key.digest).collect())
        };
        let (block, verifier) = (of(false)?, of(true)?);
        Ok(Self { setup, keys, block, verifier })
    }

    /// The keys under a setup: under the development one those of [`KeySet::development`]; else from `cache`, if they are
    /// there, or made, see [`KeySet::compute`], and written to it.
    ///
    /// # Errors
    /// [`KeySetError`] if a key cannot be made.
    pub fn load(setup: &Setup, cache: Option<&Path>, made: impl FnMut(&KeyDigest)) -> Result<Self, KeySetError> {
        if setup.is_unsafe() {
            return Self::development();
        }
        let place = cache.map(|cache| Place::new(cache, setup));
        if let Some(kept) = place.as_ref().and_then(Place::read).filter(|kept| kept.check(setup).is_ok()) {
            return Ok(kept);
        }
        let keys = Self::compute(setup, made)?;
        place.iter().for_each(|place| place.write(&keys));
        Ok(keys)
    }

    /// The keys under the development setup, as this version of the library has them.
    ///
    /// # Errors
    /// [`KeySetError`] never: a test reads them.
    pub fn development() -> Result<Self, KeySetError> {
        DEVELOPMENT.parse()
    }

    /// Makes all keys, one after the other: some minutes. `made` is told of each.
    ///
    /// # Errors
    /// [`KeySetError`] if a key cannot be made.
    pub fn compute(setup: &Setup, mut made: impl FnMut(&KeyDigest)) -> Result<Self, KeySetError> {
        let keys = circuits().into_iter().map(|circuit| {
            let key = key_digest(&circuit, setup)?;
            made(&key);
            Ok(key)
        });
        Ok(Self::new(setup.digest(), keys.collect::<Result<_, KeySetError>>()?)?)
    }

    /// Asserts that the keys are of this setup.
    ///
    /// # Errors
    /// [`KeySetError::OtherSetup`] if they are not.
    pub fn check(&self, setup: &Setup) -> Result<(), KeySetError> {
        if self.setup == setup.digest() { Ok(()) } else { Err(KeySetError::OtherSetup) }
    }

    /// The keys.
    pub fn keys(&self) -> &[KeyDigest] {
        &self.keys
    }

    /// The tree of the keys of the circuits that prove blocks.
    pub fn block(&self) -> &Tree {
        &self.block
    }

    /// The tree of the keys of the verifier circuit.
    pub fn verifier(&self) -> &Tree {
        &self.verifier
    }
}

/// Where a set is kept, as text.
struct Place {
    path: PathBuf,
    identity: Identity,
}

impl Place {
    /// The pinned keys stand for the circuits: whatever changes a key under one setup does under every other.
    fn new(cache: &Path, setup: &Setup) -> Self {
        let mut state = cache::digest_state(b"VerbatimKeySet-1");
        state.update(&setup.digest()).update(DEVELOPMENT.as_bytes()).update(env!("CARGO_PKG_VERSION").as_bytes());
        let digest = cache::digest_of(&state);
        let path = cache.join(format!("keys-{}.set", cache::short(&digest)));
        Self { path, identity: Identity { kind: *b"set1", digest } }
    }

    fn read(&self) -> Option<KeySet> {
        let mut text = String::new();
        cache::open(&self.path, &self.identity)?.read_to_string(&mut text).ok()?;
        text.parse().ok()
    }

    fn write(&self, keys: &KeySet) {
        cache::store(&self.path, &self.identity, |writer| write!(writer, "{keys}"));
    }
}

impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{SETUP}{}", hex::encode(self.setup))?;
        self.keys.iter().try_for_each(|key| writeln!(f, "{key}"))
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, name, k, digest } = self;
        write!(f, "{index} {name} {k} {}", element(digest))
    }
}

impl FromStr for KeySet {
    type Err = KeySetError;

    fn from_str(text: &str) -> Result<Self, KeySetError> {
        let mut lines = text.lines();
        let setup = lines.next().and_then(setup).ok_or(KeySetError::NoSetup)?;
        let keys = lines.enumerate().map(|(place, line)| key(line).ok_or(KeySetError::Line(place + 2)));
        Ok(Self::new(setup, keys.collect::<Result<_, _>>()?)?)
    }
}

/// What the first line begins with.
const SETUP: &str = "setup ";

fn setup(line: &str) -> Option<[u8; 32]> {
    let digits = line.strip_prefix(SETUP)?;
    let digest = hex::decode(digits).ok()?.try_into().ok()?;
    // One encoding: no capitals.
    (hex::encode(digest) == digits).then_some(digest)
}

/// A field element in hexadecimal, the highest digit first.
pub fn element(value: &Fr) -> String {
    value.to_repr().iter().rev().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn key(line: &str) -> Option<KeyDigest> {
    let [index, name, k, digest] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let digest = parsed(digest)?;
    let key = KeyDigest { index: index.parse().ok()?, name: name.to_owned(), k: k.parse().ok()?, digest };
    // One encoding: no signs, no zeros in front, no capitals.
    (key.to_string() == line).then_some(key)
}

fn parsed(text: &str) -> Option<Fr> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().rev().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Fr::from_repr(bytes).into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use halo2_proofs::poly::commitment::Params as _;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use tempfile::tempdir;
    use verbatim_prover::Params;

    use super::*;

    /// A setup with another secret, which is too small for any key.
    fn setup(seed: u64) -> Setup {
        let dir = tempdir().expect("a folder");
        let path = dir.path().join("setup");
        let mut file = fs::File::create(&path).expect("a file");
        let params = Params::setup(3, ChaCha20Rng::seed_from_u64(seed));
        params.write(&mut file).expect("the file");
        Setup::from_srs(&path, 3, None).expect("a setup")
    }

    /// What is not kept is made, which these setups are too small for.
    fn is_made(setup: &Setup, cache: &Path) -> bool {
        let load = KeySet::load(setup, Some(cache), |_| ());
        matches!(load, Err(KeySetError::Setup(SetupError::TooLarge { .. })))
    }

    #[test]
    fn keys_of_another_setup_are_kept() {
        let (dir, setup, other) = (tempdir().expect("a folder"), setup(1), setup(2));
        assert!(is_made(&setup, dir.path()) && is_made(&other, dir.path()));
        let key = KeyDigest { index: 0, name: "light".to_owned(), k: 9, digest: Fr::one() };
        let keys = KeySet::new(setup.digest(), vec![key]).expect("a set");
        assert!(keys.check(&setup).is_ok());
        assert!(matches!(keys.check(&other), Err(KeySetError::OtherSetup)));
        let place = Place::new(dir.path(), &setup);
        place.write(&keys);
        let kept = KeySet::load(&setup, Some(dir.path()), |_| panic!("nothing is made")).expect("it is kept");
        assert_eq!(kept.to_string(), keys.to_string());
        let none = KeySet::load(&setup, None, |_| ());
        assert!(matches!(none, Err(KeySetError::Setup(_))), "nothing is kept without a folder");

        // That of another setup, under this one's name, and back.
        let foreign = Place::new(dir.path(), &other);
        fs::rename(&place.path, &foreign.path).expect("a file");
        assert!(is_made(&setup, dir.path()) && is_made(&other, dir.path()));
        fs::rename(&foreign.path, &place.path).expect("a file");
        assert!(!is_made(&setup, dir.path()));
        Place::new(dir.path(), &other).write(&keys);
        assert!(is_made(&other, dir.path()), "a set of another setup is none");

        let mut bytes = fs::read(&place.path).expect("the file");
        let last = bytes.len() - 40;
        bytes[last] ^= 1;
        fs::write(&place.path, bytes).expect("the file");
        assert!(is_made(&setup, dir.path()), "a damaged set is none");
        let text = |writer: &mut dyn std::io::Write| writer.write_all(b"0 light\n");
        cache::store(&place.path, &place.identity, text);
        assert!(is_made(&setup, dir.path()), "a malformed set is none");
    }

    #[test]
    fn the_development_set_is_pinned() {
        let dir = tempdir().expect("a folder");
        let setup = Setup::unsafe_development(None);
        let keys = KeySet::load(&setup, Some(dir.path()), |_| panic!("nothing is made")).expect("the pinned keys");
        assert_eq!(keys.to_string(), DEVELOPMENT);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let set = KeySet::development().expect("the pinned keys");
        assert_eq!(set.to_string(), DEVELOPMENT);
        assert_ne!(set.block().root(), set.verifier().root());
        let [first, ..] = set.keys() else { panic!("there are keys") };
        assert!(set.block().path(first.digest).is_some() && set.verifier().path(first.digest).is_none());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let setup = format!("setup {}\n", "0a".repeat(32));
        let good = format!("0 light 9 {}", "0".repeat(64));
        let read = |line: &str| format!("{setup}{line}\n").parse::<KeySet>();
        assert!(read(&good).is_ok());
        for bad in [
            "",
            "0 light 9",
            "x light 9 00",
            &good.replace('9', "-9"),
            &good[..70],
            &good.replace("00", "0g"),
            &format!("+{good}"),
            &format!("0 light 9 {}", "f".repeat(64)),
        ] {
            assert!(matches!(read(bad), Err(KeySetError::Line(2))), "{bad}");
        }
        for bad in ["", "\n", &good, &setup[6..], &setup[..69], &setup.to_uppercase(), &setup.replace("0a", "0A")] {
            assert!(matches!(bad.parse::<KeySet>(), Err(KeySetError::NoSetup)), "{bad}");
        }
    }
}
