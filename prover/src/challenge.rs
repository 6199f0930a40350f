//! From the commitments of all shards to the two challenges of the bundle.
//!
//! All hashes are Poseidon over the scalar field, each in its own domain (the first element absorbed):
//!
//! | value | hash of |
//! |---|---|
//! | key digest | circuit index, k, transcript initial state, number of fixed commitments, fixed commitments |
//! | shard digest `d_i` | key digest, k, number of main commitments, main commitments |
//! | `s_0` | protocol version, statement digest |
//! | `s_(i+1)` | `s_i`, `d_i` |
//! | `alpha`, `gamma` | `s_n`, n; squeezed one after the other |
//!
//! A point is absorbed as its two coordinates, each reduced into the scalar field, as snark-verifier's transcript does.
//! [`ChallengeHasher`] is generic over snark-verifier's loader, so that a circuit with such a loader can run the same code.
//! The aggregation has an engine of its own: its hashes use the same [`Domain`]s, and its tests compare the digests.

use blake2b_simd::Params as Blake2b;
use halo2_proofs::halo2curves::{ff::FromUniformBytes, group::prime::PrimeCurveAffine};
use snark_verifier::{
    loader::{LoadedScalar, ScalarLoader, native::NativeLoader},
    util::{arithmetic::fe_to_fe, hash::Poseidon},
};

use crate::{
    Fr, G1Affine, VerifyingKey,
    transcript::{RATE, T, poseidon_spec},
};

/// The version of the protocol, hashed into every challenge. It changes with any change of what is hashed or proven.
pub const PROTOCOL_VERSION: u64 = 1;

/// Separates the hashes from each other and from other uses of Poseidon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A key's digest.
    Key = 1,
    /// A shard's digest.
    Shard,
    /// The start of the chain of shards.
    Start,
    /// A step of it.
    Step,
    /// The challenges.
    Challenges,
    /// A node of the tree of keys.
    Keys,
    /// What all proofs of a level were hashed into.
    Tail,
    /// The factor of a level's proofs.
    Factor,
    /// What the verification of a level has come to.
    Progress,
    /// What a level shows.
    Outcome,
    /// The statement of a level above the first.
    Level,
}

impl Domain {
    /// The first element that is hashed: the ASCII bytes `Verbatim`, then eight bytes of a number.
    pub fn element(self) -> Fr {
        Fr::from_raw([self as u64, u64::from_be_bytes(*b"Verbatim"), 0, 0])
    }
}

/// The challenges that all shards of a bundle share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenges<L> {
    /// Compresses the tuple of a message.
    pub alpha: L,
    /// The point at which the sum of fractions is taken.
    pub gamma: L,
}

/// The coordinates of a point as they are hashed, in the scalar field.
pub type Coordinates<L> = [L; 2];

/// The hashes of this module, for a loader: native, or inside a circuit.
#[derive(Debug)]
pub struct ChallengeHasher<L: LoadedScalar<Fr>> {
    loader: L::Loader,
    poseidon: Poseidon<Fr, L, T, RATE>,
}

impl ChallengeHasher<Fr> {
    /// The hasher over field elements.
    pub fn native() -> Self {
        Self::new(NativeLoader)
    }
}

impl<L: LoadedScalar<Fr>> ChallengeHasher<L> {
    /// The hasher over values of `loader`.
    pub fn new(loader: L::Loader) -> Self {
        let poseidon = Poseidon::from_spec(&loader, poseidon_spec());
        Self { loader, poseidon }
    }

    /// The digest of a verifying key: `initial_state` is the scalar that a transcript starts from
    /// (`VerifyingKey::transcript_repr`), `fixed` the commitments to the fixed columns.
    pub fn key_digest(&mut self, index: &L, k: &L, fixed: &[Coordinates<L>], initial_state: &L) -> L {
        self.absorb(Domain::Key, &[index.clone(), k.clone(), initial_state.clone()]);
        self.absorb_points(fixed);
        self.poseidon.squeeze()
    }

    /// The digest `d` of a shard.
    pub fn shard_digest(&mut self, key_digest: &L, k: &L, main: &[Coordinates<L>]) -> L {
        self.absorb(Domain::Shard, &[key_digest.clone(), k.clone()]);
        self.absorb_points(main);
        self.poseidon.squeeze()
    }

    /// The start of the chain, `s_0`.
    pub fn chain_start(&mut self, statement: &L) -> L {
        let version = self.loader.load_const(&Fr::from(PROTOCOL_VERSION));
        self.absorb(Domain::Start, &[version, statement.clone()]);
        self.poseidon.squeeze()
    }

    /// The next state of the chain, from a state and the digest of the shard that follows.
    pub fn chain_step(&mut self, state: &L, shard: &L) -> L {
        self.absorb(Domain::Step, &[state.clone(), shard.clone()]);
        self.poseidon.squeeze()
    }

    /// The challenges, from the last state of the chain and the number of shards.
    pub fn challenges(&mut self, state: &L, shards: &L) -> Challenges<L> {
        self.absorb(Domain::Challenges, &[state.clone(), shards.clone()]);
        Challenges { alpha: self.poseidon.squeeze(), gamma: self.poseidon.squeeze() }
    }

    /// A fresh state that has absorbed the domain and `inputs`.
    fn absorb(&mut self, domain: Domain, inputs: &[L]) {
        self.poseidon.clear();
        let domain = self.loader.load_const(&domain.element());
        self.poseidon.update(&[domain]);
        self.poseidon.update(inputs);
    }

    /// Absorbs the number of points and their coordinates.
    fn absorb_points(&mut self, points: &[Coordinates<L>]) {
        let count = self.loader.load_const(&Fr::from(points.len() as u64));
        self.poseidon.update(&[count]);
        for point in points {
            self.poseidon.update(point);
        }
    }
}

/// The coordinates of a point as they are hashed; `None` for the identity, which has none.
pub fn coordinates(point: &G1Affine) -> Option<Coordinates<Fr>> {
    // The curve's own `coordinates` gives zeros for the identity.
    let identity = bool::from(point.is_identity());
    (!identity).then(|| [fe_to_fe(point.x), fe_to_fe(point.y)])
}

/// The digest of a verifying key; `None` if a fixed column commits to the identity, that is, if it is all zero.
pub fn verifying_key_digest(index: u32, key: &VerifyingKey) -> Option<Fr> {
    let fixed: Option<Vec<_>> = key.fixed_commitments().iter().map(coordinates).collect();
    let k = Fr::from(u64::from(key.get_domain().k()));
    Some(ChallengeHasher::native().key_digest(&Fr::from(u64::from(index)), &k, &fixed?, &key.transcript_repr()))
}

/// The challenges of a bundle, from its statement and the digests of its shards, in order.
pub fn bundle_challenges(statement: Fr, shards: &[Fr]) -> Challenges<Fr> {
    let mut hasher = ChallengeHasher::native();
    let start = hasher.chain_start(&statement);
    let end = shards.iter().fold(start, |state, shard| hasher.chain_step(&state, shard));
    hasher.challenges(&end, &Fr::from(shards.len() as u64))
}

/// A statement digest from bytes, for statements that no circuit folds: BLAKE2b-512 reduced into the field.
pub fn statement_digest(statement: &[u8]) -> Fr {
    let hash = Blake2b::new().hash_length(64).personal(b"VerbatimStatemnt").hash(statement);
    Fr::from_uniform_bytes(hash.as_array())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes only with [`PROTOCOL_VERSION`].
    #[test]
    fn the_chain_is_pinned() {
        let mut hasher = ChallengeHasher::native();
        let point = coordinates(&G1Affine::generator()).unwrap();
        let key = hasher.key_digest(&Fr::from(1), &Fr::from(18), &[point, point], &Fr::from(3));
        let shard = hasher.shard_digest(&key, &Fr::from(18), &[point]);
        let statement = statement_digest(b"statement");
        let challenges = bundle_challenges(statement, &[shard, shard]);
        let values = [key, shard, statement, challenges.alpha, challenges.gamma];
        let text = values.map(|value| format!("{value:?}"));
        assert_eq!(
            text,
            [
                "0x1ac607a70982ab72f0a93e2631a966bd9cde20e334128506e97b219e548f7ff8",
                "0x02c76aba0c3678a580a457cb2b569ea1fd420f575fb775a0890a2110debcf2df",
                "0x128405ae0f25f4a2c5fa7b71dfba6448657c3b212b72b59900f678809527c7e0",
                "0x0035dca005dd50cc3e174e9317ca617ab701f6bed18ca9d873d8a7894e061dc6",
                "0x1d3ee00aa6e359a17fe8d5ce777b0fdd41b9e08d2d6af510cc5bd7efdb9f4824",
            ]
        );
    }

    #[test]
    fn everything_hashed_changes_the_challenges() {
        let digests = [1, 2, 3].map(Fr::from);
        let base = bundle_challenges(Fr::from(9), &digests);
        assert_ne!(base.alpha, base.gamma);
        let [a, b, c] = digests;
        let others = [vec![a, b], vec![b, a, c], vec![a, b, c, c], vec![a, c, b], vec![]];
        for other in others {
            let challenges = bundle_challenges(Fr::from(9), &other);
            assert!(challenges.alpha != base.alpha && challenges.gamma != base.gamma);
        }
        assert_ne!(bundle_challenges(Fr::from(8), &digests), base);

        let mut hasher = ChallengeHasher::native();
        let generator = G1Affine::generator();
        let (point, other) = (coordinates(&generator).unwrap(), coordinates(&-generator).unwrap());
        let mut digests = Vec::new();
        for (key, k) in [(1, 2), (2, 1), (1, 1)] {
            for points in [vec![], vec![point], vec![other], vec![point, other], vec![other, point]] {
                digests.push(hasher.shard_digest(&Fr::from(key), &Fr::from(k), &points));
                digests.push(hasher.key_digest(&Fr::from(key), &Fr::from(k), &points, &Fr::from(7)));
                digests.push(hasher.key_digest(&Fr::from(key), &Fr::from(k), &points, &Fr::from(8)));
            }
        }
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count);
        assert_eq!(coordinates(&G1Affine::identity()), None);
    }
}
