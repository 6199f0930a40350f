//! The last proof: one for a block, which a contract verifies.
//!
//! Its circuit is a [`LastCircuit`] whose body is [`level::last`]: it verifies the one shard that the
//! [levels](crate::pipeline) end with. It depends on the verifier circuit and on the two trees of keys, so on the setup and this
//! version of the machine, and on nothing else: its key is the same for every block.
//!
//! On disk it is a JSON document, see [`FinalProof::encode`].

use std::{
    env,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use halo2_base::gates::circuit::{BaseCircuitParams, builder::BaseCircuitBuilder};
use halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        ff::PrimeField,
        group::{Curve, GroupEncoding},
    },
    plonk::keygen_vk,
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use verbatim_circuits::statement::Label;
use verbatim_prover::{
    Params, VerifyingKey,
    cache::{self, Identity},
    challenge::PROTOCOL_VERSION,
    file::field_hex,
    jobs::Kept,
    setup::{Setup, SetupError, VerifierSetup},
};
use verbatim_witness::assemble::{NoStatement, PublicMessages};

use crate::{
    Fr, G1Affine,
    contract::{Contract, Field, GenerateError, Kind, Statement as Fields},
    key::Circuit,
    keyset::{KeySet, KeySetError, element},
    last::{Halo2Engine, Keys, LastCircuit, ProofError, Scalar, accumulator, verify},
    level,
    native::{Native, Refusal},
    pipeline::point,
    proof::pairing_holds,
    verifier,
    witness::Witness,
};

/// The size of the last circuit, as the base-2 logarithm of its rows.
pub const K: u32 = 22;

/// What a final proof says its format is.
const FORMAT: &str = "verbatim-proof";

/// The version of the format.
const VERSION: u32 = 1;

/// Why there is no final proof, or none that holds.
#[derive(Debug, thiserror::Error)]
pub enum FinalError {
    /// The setup cannot be had in that size.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The keys are not of the setup.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// Halo2 would take the degree of the last circuit's constraints from the environment, which would change its key.
    #[error("the environment variable {DEGREE} is set: it would change the last circuit's key; unset it")]
    Environment,
    /// The proof system fails, or refuses.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// What is verified does not hold.
    #[error("what the last circuit verifies does not hold: {0}")]
    Refused(#[from] Refusal),
    /// The deferred pairing does not hold.
    #[error("the deferred pairing does not hold")]
    Pairing,
    /// The document is not JSON of the right form.
    #[error("not a final proof: {0}")]
    Json(#[from] serde_json::Error),
    /// The document is of another kind or version.
    #[error("not a final proof of this version")]
    Format,
    /// A field of the document does not hold what it should.
    #[error("{0} is malformed")]
    Field(&'static str),
    /// The proof is about another block, or other public messages.
    #[error("the proof is about another block")]
    Other,
    /// The public messages are no statement about a block.
    #[error(transparent)]
    NoStatement(#[from] NoStatement),
    /// There is no contract for the key.
    #[error(transparent)]
    Contract(#[from] GenerateError),
}

/// What the last circuit proves.
#[derive(Clone, Debug)]
pub struct Body {
    circuit: Circuit,
    roots: [Fr; 2],
}

impl Body {
    /// The body for a machine with these keys.
    pub fn new(keys: &KeySet) -> Self {
        let circuit = Circuit::of_shard(&verifier::circuit(verifier::LEAST_K));
        Self { circuit, roots: [keys.block().root(), keys.verifier().root()] }
    }

    /// The body, for the [stages](LastCircuit) of the circuit.
    pub fn run(&self) -> impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar> + '_ {
        |engine| level::last(engine, &self.circuit, self.roots)
    }
}

/// What a verifier of final proofs knows: the last circuit's verifying key.
#[derive(Clone, Debug)]
pub struct FinalVerifier {
    key: VerifyingKey,
}

impl FinalVerifier {
    /// The key for a machine with these keys, from `cache` if it is there, else made, which takes a minute or two, and written
    /// to it.
    ///
    /// # Errors
    /// [`FinalError`] if the setup is too small, or the keys are of another one.
    pub fn new(keys: &KeySet, setup: &Setup, cache: Option<&Path>) -> Result<Self, FinalError> {
        check(keys, setup)?;
        let place = cache.map(|cache| Place::new(cache, keys, setup));
        if let Some(known) = place.as_ref().and_then(Place::read) {
            return Ok(known);
        }
        let (body, params) = (Body::new(keys), setup.params(K)?);
        let circuit = LastCircuit::keygen(K, body.run());
        let key = keygen_vk(&*params, circuit.builder()).map_err(ProofError::from)?;
        let this = Self { key };
        place.iter().for_each(|place| place.write(&this, circuit.params()));
        Ok(this)
    }

    /// The digest of the verifying key: the scalar that its transcripts begin with, in hexadecimal. What the contract's code
    /// follows from, with the setup.
    pub fn digest(&self) -> String {
        digest(&self.key)
    }

    /// Halo2's key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Verifies a final proof, the deferred pairing included.
    ///
    /// # Errors
    /// [`FinalError`] says what does not hold.
    pub fn verify(&self, proof: &FinalProof, setup: &VerifierSetup) -> Result<(), FinalError> {
        verify(&setup.params(K), &self.key, &proof.instance(), &proof.proof)?;
        if pairing_holds(&proof.sums, setup) { Ok(()) } else { Err(FinalError::Pairing) }
    }

    /// The contract that verifies such proofs.
    ///
    /// # Errors
    /// [`FinalError::Contract`] if there is none: a bug of ours.
    pub fn contract(&self, setup: &VerifierSetup) -> Result<Contract, FinalError> {
        Ok(Contract::new(&self.key, setup, &fields())?)
    }
}

/// The variable that halo2 reads where a circuit does not declare its degree, as those of halo2-base do not.
const DEGREE: &str = "MAX_DEGREE";

/// What keys of the last circuit ask for, beside a setup that is large enough.
fn check(keys: &KeySet, setup: &Setup) -> Result<(), FinalError> {
    if env::var_os(DEGREE).is_some() {
        return Err(FinalError::Environment);
    }
    Ok(keys.check(setup)?)
}

fn digest(key: &VerifyingKey) -> String {
    element(&key.transcript_repr())
}

/// Where the keys are kept.
struct Place {
    path: PathBuf,
    identity: Identity,
    /// The digest that the key must have, if it is known.
    digest: Option<&'static str>,
}

/// The digest of all that the last key follows from, but the setup; and of the key under the development setup.
static DEVELOPMENT: &str = include_str!("../../testdata/last.txt");

/// The digest of the key under the development setup.
fn development_key() -> &'static str {
    DEVELOPMENT.lines().find_map(|line| line.strip_prefix("key ")).expect("it is pinned")
}

impl Place {
    fn new(cache: &Path, keys: &KeySet, setup: &Setup) -> Self {
        let mut state = cache::digest_state(b"VerbatimLastVKey");
        // The pinned circuit stands for all but its constants: the roots, which follow.
        state.update(&setup.digest()).update(DEVELOPMENT.as_bytes());
        for root in [keys.block().root(), keys.verifier().root(), Fr::from(u64::from(K))] {
            state.update(root.to_repr().as_ref());
        }
        let digest = cache::digest_of(&state);
        let path = cache.join(format!("last-{K}-{}.vk", cache::short(&digest)));
        let identity = Identity { kind: *b"vkl1", digest };
        Self { path, identity, digest: setup.is_unsafe().then(development_key) }
    }

    /// The parameters of the circuit as JSON, their length before them, then the key.
    fn read(&self) -> Option<FinalVerifier> {
        let mut payload = cache::open(&self.path, &self.identity)?;
        let mut length = [0; 8];
        payload.read_exact(&mut length).ok()?;
        let mut params = vec![0; usize::try_from(u64::from_le_bytes(length)).ok().filter(|bytes| *bytes < 1 << 16)?];
        payload.read_exact(&mut params).ok()?;
        let params = serde_json::from_slice(&params).ok()?;
        let key = VerifyingKey::read::<_, BaseCircuitBuilder<Fr>>(&mut payload, SerdeFormat::RawBytes, params).ok()?;
        self.allows(&key).then_some(FinalVerifier { key })
    }

    /// The identity of the proving key.
    fn keys(&self) -> Identity {
        Identity { kind: *b"pkl1", ..self.identity }
    }

    fn read_keys(&self) -> Option<Keys> {
        let mut payload = cache::open(&self.path.with_extension("key"), &self.keys())?;
        let keys = Keys::read(&mut payload).ok()?;
        self.allows(keys.key.get_vk()).then_some(keys)
    }

    /// Whether the key is the one that is known, if one is.
    fn allows(&self, key: &VerifyingKey) -> bool {
        self.digest.is_none_or(|known| known == digest(key))
    }

    fn write(&self, verifier: &FinalVerifier, params: &BaseCircuitParams) {
        let params = serde_json::to_vec(params).expect("numbers");
        cache::store(&self.path, &self.identity, |mut writer| {
            writer.write_all(&(params.len() as u64).to_le_bytes())?;
            writer.write_all(&params)?;
            verifier.key.write(&mut writer, SerdeFormat::RawBytes)
        });
    }
}

/// The keys of the last circuit.
#[derive(Debug)]
pub struct FinalKeys {
    body: Body,
    keys: Keys,
    params: Arc<Params>,
}

impl FinalKeys {
    /// The keys, from `cache` if they are there, else made, which takes some minutes and gigabytes of memory, and written to it:
    /// some gigabytes.
    ///
    /// # Errors
    /// [`FinalError`] if the setup is too small, or the keys are of another one.
    pub fn new(keys: &KeySet, setup: &Setup, cache: Option<&Path>) -> Result<Self, FinalError> {
        check(keys, setup)?;
        let (body, params) = (Body::new(keys), setup.params(K)?);
        let place = cache.map(|cache| Place::new(cache, keys, setup));
        if let Some(keys) = place.as_ref().and_then(Place::read_keys) {
            return Ok(Self { body, keys, params });
        }
        let keys = Keys::new(&params, &LastCircuit::keygen(K, body.run()))?;
        let this = Self { body, keys, params };
        if let Some(place) = place {
            place.write(&this.verifier(), &this.keys.pinning.params);
            cache::store(&place.path.with_extension("key"), &place.keys(), |mut writer| this.keys.write(&mut writer));
        }
        Ok(this)
    }

    /// What a verifier knows.
    pub fn verifier(&self) -> FinalVerifier {
        FinalVerifier { key: self.keys.key.get_vk().clone() }
    }

    /// The proof for what [`crate::aggregate::Below::last`] gives.
    ///
    /// # Errors
    /// [`FinalError::Refused`] if the witness does not hold, before any work.
    pub fn prove(
        &self,
        witness: &Witness,
        label: Label,
        random: impl RngCore + CryptoRng + Send,
    ) -> Result<FinalProof, FinalError> {
        let mut engine = Native::new(witness);
        let statement = level::last(&mut engine, &self.body.circuit, self.body.roots);
        let sums = engine.finish()?.map(|sum| sum.to_affine());
        let [digest, count] = [0, 1].map(|place| statement[Label::WIDTH + place]);
        let circuit = LastCircuit::prover(&self.keys.pinning, witness, self.body.run());
        let proof = self.keys.prove(&self.params, circuit, random)?;
        Ok(FinalProof { label, digest, count, sums, proof })
    }
}

/// The statement that the contract is given: the elements of the instance before the deferred pairing.
pub fn fields() -> Fields {
    let fields = [
        ("chainId", Kind::Uint, "The chain id (EIP-155)."),
        ("fork", Kind::Uint, "The fork whose rules hold: Shanghai 1, Cancun 2, Prague 3, Osaka 4."),
        ("parentHash", Kind::Bytes32, "The hash of the parent block."),
        ("blockHash", Kind::Bytes32, "The hash of the block."),
        ("publicDigest", Kind::Uint, "The digest of the label above and of the public messages."),
        ("publicCount", Kind::Uint, "The number of the public messages."),
    ];
    let fields = fields.map(|(name, kind, meaning)| Field::new(name, kind, meaning));
    Fields::new(fields.into()).expect("names that differ, and lines of text")
}

/// The last proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalProof {
    /// The label of the block.
    pub label: Label,
    /// The digest of its label and its public messages.
    pub digest: Fr,
    /// The number of its public messages.
    pub count: Fr,
    /// The deferred pairing: left and right.
    pub sums: [G1Affine; 2],
    /// The proof.
    pub proof: Vec<u8>,
}

/// A final proof on disk. Numbers are decimal; hashes, field elements and bytes are hexadecimal with `0x`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    protocol: u64,
    chain_id: u64,
    fork: u64,
    parent_hash: String,
    block_hash: String,
    #[serde(with = "field_hex")]
    public_digest: Fr,
    #[serde(with = "field_hex")]
    public_count: Fr,
    /// The deferred pairing's points, compressed.
    sums: [String; 2],
    proof: String,
}

/// The most bytes that a document has.
pub const MOST_BYTES: usize = 1 << 20;

impl FinalProof {
    /// The instance of the last circuit: the elements of the label, the digest, the number, and those of the deferred
    /// pairing's points, see [`accumulator`].
    pub fn instance(&self) -> Vec<Fr> {
        let elements = self.label.elements().into_iter().chain([self.digest, self.count]);
        elements.chain(accumulator(&self.sums)).collect()
    }

    /// Compares what the proof is about with the public messages of a block.
    ///
    /// # Errors
    /// [`FinalError::Other`] if it is about others; [`FinalError::NoStatement`] if these are no statement.
    pub fn is_about(&self, public: &PublicMessages) -> Result<(), FinalError> {
        let chain = public.fold()?;
        let same = self.label == *public.label() && self.digest == chain.digest && self.count == Fr::from(chain.count);
        if same { Ok(()) } else { Err(FinalError::Other) }
    }

    /// The document.
    pub fn encode(&self) -> String {
        let Label { chain_id, fork, parent_hash, block_hash } = self.label;
        let document = Document {
            format: FORMAT.to_owned(),
            version: VERSION,
            protocol: PROTOCOL_VERSION,
            chain_id,
            fork,
            parent_hash: hash_hex(parent_hash),
            block_hash: hash_hex(block_hash),
            public_digest: self.digest,
            public_count: self.count,
            sums: self.sums.map(|sum| format!("0x{}", hex::encode(sum.to_bytes().as_ref()))),
            proof: format!("0x{}", hex::encode(&self.proof)),
        };
        serde_json::to_string_pretty(&document).expect("a document of texts and numbers")
    }

    /// The proof of a document. Whether it holds is [`FinalVerifier::verify`]'s question.
    ///
    /// # Errors
    /// [`FinalError`] says what is malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, FinalError> {
        let document: Document = serde_json::from_slice(bytes)?;
        if (document.format.as_str(), document.version, document.protocol) != (FORMAT, VERSION, PROTOCOL_VERSION) {
            return Err(FinalError::Format);
        }
        let malformed = |name| FinalError::Field(name);
        let label = Label {
            chain_id: document.chain_id,
            fork: document.fork,
            parent_hash: halves(&document.parent_hash).ok_or(malformed("parent_hash"))?,
            block_hash: halves(&document.block_hash).ok_or(malformed("block_hash"))?,
        };
        let [left, right] = document.sums.map(|sum| sum.strip_prefix("0x").and_then(point).ok_or(malformed("sums")));
        let proof = document.proof.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        Ok(Self {
            label,
            digest: document.public_digest,
            count: document.public_count,
            sums: [left?, right?],
            proof: proof.ok_or(malformed("proof"))?,
        })
    }
}

/// The [document](FinalProof::encode).
impl Kept for FinalProof {
    fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
        writer.write_all(self.encode().as_bytes())
    }

    fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let mut document = Vec::new();
        reader.take(MOST_BYTES as u64).read_to_end(&mut document)?;
        Self::decode(&document).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// A hash of a label, its high and its low half, in hexadecimal with `0x`.
pub fn hash_hex([high, low]: [u128; 2]) -> String {
    format!("0x{high:032x}{low:032x}")
}

fn halves(text: &str) -> Option<[u128; 2]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    let (high, low) = bytes.split_at(16);
    Some([high, low].map(|half| half.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))))
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::{bn256::Fq, ff::Field};
    use ruint::aliases::U256;
    use verbatim_gadgets::value::from_u256;

    use super::*;
    use crate::last::{ACCUMULATOR_LIMBS, LIMB_BITS, LIMBS};

    fn example() -> FinalProof {
        let label = Label { chain_id: 1, fork: 4, parent_hash: [2, u128::MAX], block_hash: [u128::MAX, 3] };
        let generator = G1Affine::generator();
        FinalProof {
            label,
            digest: -Fr::one(),
            count: Fr::from(7),
            sums: [generator, -generator],
            proof: vec![0, 255, 16],
        }
    }

    #[test]
    fn a_proof_is_read_as_it_is_written() {
        let proof = example();
        assert_eq!(FinalProof::decode(proof.encode().as_bytes()).expect("what was written"), proof);
    }

    #[test]
    fn the_instance_is_what_the_contract_is_given() {
        let proof = example();
        let instance = proof.instance();
        assert_eq!(instance.len(), fields().elements() + ACCUMULATOR_LIMBS);
        assert_eq!(&instance[..Label::WIDTH], proof.label.elements());
        assert_eq!(&instance[Label::WIDTH..Label::WIDTH + 2], [proof.digest, proof.count]);
        // The generator is (1, 2).
        let limbs = [1, 0, 0, 2, 0, 0, 1, 0, 0].map(Fr::from);
        assert_eq!(&instance[Label::WIDTH + 2..][..3 * LIMBS], limbs);
        let two = Fr::from(2);
        let join =
            |limbs: &[Fr]| limbs.iter().rev().fold(Fr::zero(), |sum, limb| sum * two.pow([LIMB_BITS as u64]) + limb);
        let order = join(&instance[Label::WIDTH + 2 + 3 * LIMBS..]) + two;
        let integer = U256::from_le_bytes((-Fq::one()).to_repr()) + U256::from(1);
        assert_eq!(order, from_u256(&integer));
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let text = example().encode();
        let refused =
            |from: &str, to: &str| FinalProof::decode(text.replace(from, to).as_bytes()).expect_err("malformed");
        assert!(matches!(FinalProof::decode(&text.as_bytes()[1..]), Err(FinalError::Json(_))));
        assert!(matches!(refused("verbatim-proof", "verbatim-level"), FinalError::Format));
        assert!(matches!(refused("\"version\": 1", "\"version\": 2"), FinalError::Format));
        assert!(matches!(refused("\"fork\"", "\"fork2\""), FinalError::Json(_)));
        assert!(matches!(refused("0x00ff10", "00ff10"), FinalError::Field("proof")));
        assert!(matches!(refused("0x00ff10", "0x00ff1"), FinalError::Field("proof")));
        assert!(matches!(refused("ffff0000", "fffg0000"), FinalError::Field("block_hash")));
        assert!(matches!(refused("0x01000000", "0x010000"), FinalError::Field("sums")));
    }
}
