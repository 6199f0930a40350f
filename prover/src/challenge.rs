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
//! The aggregation hashes the same over engines of its own, in these [`Domain`]s; its tests compare the digests and the
//! challenges.

use blake2b_simd::Params as Blake2b;
use halo2_proofs::halo2curves::{ff::FromUniformBytes, group::prime::PrimeCurveAffine};
use snark_verifier::{
    loader::native::NativeLoader,
    util::{arithmetic::fe_to_fe, hash::Poseidon},
};

pub use verbatim_gadgets::halo2::Challenges;

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

/// The sponge that hashes, over field elements.
type Sponge = Poseidon<Fr, Fr, T, RATE>;

/// A sponge that has absorbed a domain and `elements`.
fn sponge(domain: Domain, elements: &[Fr]) -> Sponge {
    let mut sponge = Sponge::from_spec(&NativeLoader, poseidon_spec());
    sponge.update(&[domain.element()]);
    sponge.update(elements);
    sponge
}

fn hash(domain: Domain, elements: &[Fr]) -> Fr {
    sponge(domain, elements).squeeze()
}

/// `head`, the number of points, and their coordinates.
fn counted(head: &[Fr], points: &[[Fr; 2]]) -> Vec<Fr> {
    [head, &[Fr::from(points.len() as u64)], points.as_flattened()].concat()
}

/// The digest of a verifying key: `initial_state` is the scalar that a transcript starts from
/// (`VerifyingKey::transcript_repr`), `fixed` the coordinates of the commitments to the fixed columns.
pub fn key_digest(index: u32, k: u32, initial_state: Fr, fixed: &[[Fr; 2]]) -> Fr {
    let [index, k] = [index, k].map(|number| Fr::from(u64::from(number)));
    hash(Domain::Key, &counted(&[index, k, initial_state], fixed))
}

/// The digest `d` of a shard, from the digest of its key and the coordinates of its main commitments.
pub fn shard_digest(key: Fr, k: u32, main: &[[Fr; 2]]) -> Fr {
    hash(Domain::Shard, &counted(&[key, Fr::from(u64::from(k))], main))
}

/// The coordinates of a point as they are hashed; `None` for the identity, which has none.
pub fn coordinates(point: &G1Affine) -> Option<[Fr; 2]> {
    // The curve's own `coordinates` gives zeros for the identity.
    let identity = bool::from(point.is_identity());
    (!identity).then(|| [fe_to_fe(point.x), fe_to_fe(point.y)])
}

/// The digest of a verifying key; `None` if a fixed column commits to the identity, that is, if it is all zero.
pub fn verifying_key_digest(index: u32, key: &VerifyingKey) -> Option<Fr> {
    let fixed: Option<Vec<_>> = key.fixed_commitments().iter().map(coordinates).collect();
    Some(key_digest(index, key.get_domain().k(), key.transcript_repr(), &fixed?))
}

/// The challenges of a bundle, from its statement and the digests of its shards, in order.
pub fn bundle_challenges(statement: Fr, shards: &[Fr]) -> Challenges<Fr> {
    let start = hash(Domain::Start, &[Fr::from(PROTOCOL_VERSION), statement]);
    let end = shards.iter().fold(start, |state, shard| hash(Domain::Step, &[state, *shard]));
    let mut sponge = sponge(Domain::Challenges, &[end, Fr::from(shards.len() as u64)]);
    Challenges { alpha: sponge.squeeze(), gamma: sponge.squeeze() }
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
        let point = coordinates(&G1Affine::generator()).unwrap();
        let key = key_digest(1, 18, Fr::from(3), &[point, point]);
        let shard = shard_digest(key, 18, &[point]);
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

        let generator = G1Affine::generator();
        let (point, other) = (coordinates(&generator).unwrap(), coordinates(&-generator).unwrap());
        let mut digests = Vec::new();
        for (key, k) in [(1, 2), (2, 1), (1, 1)] {
            for points in [vec![], vec![point], vec![other], vec![point, other], vec![other, point]] {
                digests.push(shard_digest(Fr::from(u64::from(key)), k, &points));
                digests.extend([7, 8].map(|state| key_digest(key, k, Fr::from(state), &points)));
            }
        }
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count);
        assert_eq!(coordinates(&G1Affine::identity()), None);
    }
}
