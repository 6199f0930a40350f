//! KZG parameters: powers of a secret `s` that nobody may know.
//!
//! [`Setup`] gives halo2 parameters of any size up to its own. They come from a ceremony, read from halo2's `.srs` or
//! snarkjs's `.ptau` files and verified by pairing, or from [`Setup::unsafe_development`], whose secret is public.

mod development;
mod points;
mod ptau;
mod srs;
mod verify;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use halo2_proofs::{
    arithmetic::g_to_lagrange,
    halo2curves::{group::prime::PrimeCurveAffine, serde::SerdeObject},
};
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;

use crate::{Bn256, G1Affine, G2Affine, Params, cache, machine::MAX_K};

/// Why parameters cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} is not a valid setup: {problem}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: SetupProblem,
    },
    /// More rows are asked for than the setup has powers.
    #[error("k = {asked} is asked for, the setup gives 1 to {greatest}")]
    TooLarge {
        /// What is asked for.
        asked: u32,
        /// The greatest that can be had.
        greatest: u32,
    },
}

/// What is wrong with a setup file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupProblem {
    /// Not the length that its header implies, or it ends early.
    #[error("its length is wrong or it is truncated")]
    Length,
    /// Not a `.ptau` file, or of an unknown version.
    #[error("it is not a version 1 ptau file")]
    Format,
    /// A needed section is missing, doubled, or of the wrong length.
    #[error("section {0} is missing, doubled, or of the wrong length")]
    Section(u32),
    /// The file is over another curve.
    #[error("it is not over BN254")]
    Curve,
    /// The number of powers is out of range.
    #[error("2^{0} powers are not supported")]
    Power(u32),
    /// A coordinate is not reduced, or the point is not on the curve, or it is the identity.
    #[error("G1 point {0} is invalid")]
    G1(usize),
    /// A point of G2 is not on the curve, or not in the subgroup, or is the identity.
    #[error("G2 point {0} is invalid")]
    G2(usize),
    /// The first powers are not the generators.
    #[error("it does not start with the generators")]
    Generator,
    /// The points are not consecutive powers of one secret.
    #[error("its points are not powers of one secret")]
    Powers,
    /// The points of the Lagrange basis are not those of the powers.
    #[error("its Lagrange basis does not belong to its powers")]
    Lagrange,
}

/// The part of the parameters that a verifier needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifierSetup {
    s_g2: G2Affine,
}

impl VerifierSetup {
    /// The verifier's part of a setup with this second power in G2. The point must come from a trusted source.
    pub fn new(s_g2: G2Affine) -> Self {
        Self { s_g2 }
    }

    /// The secret times the generator of G2.
    pub fn s_g2(&self) -> G2Affine {
        self.s_g2
    }

    /// Whether the secret is that of [`Setup::unsafe_development`].
    pub fn is_unsafe(&self) -> bool {
        self.s_g2 == development::s_g2()
    }

    /// Halo2 parameters that can verify proofs of `2^k` rows, and nothing else.
    pub fn params(&self, k: u32) -> Params {
        assemble(k, vec![G1Affine::generator()], vec![G1Affine::generator()], self.s_g2)
    }
}

/// Where parameters come from.
#[derive(Debug)]
enum Source {
    /// A public secret.
    Development,
    /// A ceremony: the powers in G1, and what the file has of Lagrange bases.
    Ceremony { powers: Vec<G1Affine>, lagrange: Option<Vec<G1Affine>>, prepared: Option<(PathBuf, u64)> },
}

/// A setup that gives parameters of every size up to its own, each made once.
#[derive(Debug)]
pub struct Setup {
    source: Source,
    greatest: u32,
    s_g2: G2Affine,
    cache: Option<PathBuf>,
    made: Mutex<BTreeMap<u32, Arc<Params>>>,
}

impl Setup {
    /// **Unsafe**: parameters from a secret that everyone can compute, so that anyone can prove anything. For tests and
    /// development only. Parameters are kept in `cache`, if one is given.
    pub fn unsafe_development(cache: Option<&Path>) -> Self {
        Self::new(Source::Development, MAX_K, development::s_g2(), cache)
    }

    /// Reads halo2's `.srs` format (`ParamsKZG::write` or `write_custom`, compressed or not) and verifies it. At most
    /// `2^max_k` powers are read. Lagrange bases of smaller sizes are kept in `cache`, if one is given.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the file cannot be read or is not valid.
    pub fn from_srs(path: &Path, max_k: u32, cache: Option<&Path>) -> Result<Self, SetupError> {
        Self::from_ceremony(path, srs::read(path, max_k), cache)
    }

    /// Reads snarkjs's `.ptau` format and verifies it. At most `2^max_k` powers are read. Lagrange bases are kept in
    /// `cache`, if one is given.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the file cannot be read or is not valid.
    pub fn from_ptau(path: &Path, max_k: u32, cache: Option<&Path>) -> Result<Self, SetupError> {
        Self::from_ceremony(path, ptau::read(path, max_k), cache)
    }

    fn from_ceremony(
        path: &Path,
        read: Result<points::Ceremony, points::ReadError>,
        cache: Option<&Path>,
    ) -> Result<Self, SetupError> {
        let invalid = |problem| SetupError::Invalid { path: path.to_owned(), problem };
        let ceremony = read.map_err(|error| match error {
            points::ReadError::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                invalid(SetupProblem::Length)
            }
            points::ReadError::Io(source) => SetupError::Io { path: path.to_owned(), source },
            points::ReadError::Problem(problem) => invalid(problem),
        })?;
        let mut rng = verification_rng();
        verify::powers(&ceremony, &mut rng).map_err(invalid)?;
        if let Some(lagrange) = &ceremony.lagrange {
            verify::lagrange(&ceremony.powers, lagrange, ceremony.k, &mut rng).map_err(invalid)?;
        }
        let points::Ceremony { k, powers, lagrange, prepared, s_g2, .. } = ceremony;
        Ok(Self::new(Source::Ceremony { powers, lagrange, prepared }, k, s_g2, cache))
    }

    fn new(source: Source, greatest: u32, s_g2: G2Affine, cache: Option<&Path>) -> Self {
        Self { source, greatest, s_g2, cache: cache.map(Path::to_owned), made: Mutex::default() }
    }

    /// Whether the secret is that of [`Setup::unsafe_development`], also if the setup was read from a file. A command
    /// that uses such a setup must say so.
    pub fn is_unsafe(&self) -> bool {
        self.verifier().is_unsafe()
    }

    /// The greatest `k` of [`Setup::params`].
    pub fn greatest_k(&self) -> u32 {
        self.greatest
    }

    /// The part that a verifier needs.
    pub fn verifier(&self) -> VerifierSetup {
        VerifierSetup { s_g2: self.s_g2 }
    }

    /// Names the secret, and so the setup.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.s_g2)
    }

    /// The parameters for `2^k` rows. The first call for a size makes them or reads them from the cache.
    ///
    /// # Errors
    ///
    /// [`SetupError::TooLarge`] if `k` is 0 or greater than [`Setup::greatest_k`].
    pub fn params(&self, k: u32) -> Result<Arc<Params>, SetupError> {
        if k == 0 || k > self.greatest {
            return Err(SetupError::TooLarge { asked: k, greatest: self.greatest });
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(params) = made.get(&k) {
            return Ok(Arc::clone(params));
        }
        let params = Arc::new(match &self.source {
            Source::Development => development::params(k, self.cache.as_deref()),
            Source::Ceremony { powers, lagrange, prepared } => {
                let powers = powers[..1 << k].to_vec();
                let lagrange = match lagrange {
                    Some(lagrange) if k == self.greatest => lagrange.clone(),
                    _ => self.lagrange(k, &powers, prepared.as_ref()),
                };
                assemble(k, powers, lagrange, self.s_g2)
            }
        });
        made.insert(k, Arc::clone(&params));
        Ok(params)
    }

    /// The Lagrange basis from the setup's file or from the cache, if it belongs to the powers, else computed.
    fn lagrange(&self, k: u32, powers: &[G1Affine], prepared: Option<&(PathBuf, u64)>) -> Vec<G1Affine> {
        let belongs = |points: &Vec<G1Affine>| verify::lagrange(powers, points, k, &mut verification_rng()).is_ok();
        let prepared = prepared.and_then(|(path, start)| ptau::read_lagrange(path, *start, k).ok());
        if let Some(points) = prepared.filter(belongs) {
            return points;
        }
        let digest = self.digest();
        let identity = cache::Identity { kind: *b"lagr", digest };
        let path = self.cache.as_ref().map(|dir| dir.join(format!("lagrange-{}-{k}.points", cache::short(&digest))));
        let cached = path.as_ref().and_then(|path| cache::open(path, &identity));
        let cached = cached.and_then(|mut reader| points::read_raw_g1(&mut reader, 1 << k).ok());
        if let Some(points) = cached.filter(belongs) {
            return points;
        }
        tracing::info!(k, "computing a Lagrange basis, which takes minutes for large sizes");
        let points = g_to_lagrange(powers.iter().map(PrimeCurveAffine::to_curve).collect(), k);
        if let Some(path) = path {
            cache::store(&path, &identity, |writer| points::write_raw_g1(writer, &points));
        }
        points
    }
}

/// Halo2 parameters from their parts.
fn assemble(k: u32, powers: Vec<G1Affine>, lagrange: Vec<G1Affine>, s_g2: G2Affine) -> Params {
    // `from_parts` is a method; the smallest parameters serve as its receiver.
    let receiver = halo2_proofs::poly::kzg::commitment::ParamsKZG::<Bn256>::setup(0, ChaCha20Rng::from_seed([0; 32]));
    receiver.from_parts(k, powers, Some(lagrange), G2Affine::generator(), s_g2)
}

/// A generator for the random checks, which whoever made the file must not predict.
fn verification_rng() -> ChaCha20Rng {
    ChaCha20Rng::from_rng(OsRng).unwrap_or_else(|_| ChaCha20Rng::from_entropy())
}

/// Names the setup of a secret.
pub(crate) fn digest(s_g2: &G2Affine) -> [u8; 32] {
    let mut state = cache::digest_state(b"Verbatim-Setup-1");
    state.update(&s_g2.to_raw_bytes());
    cache::digest_of(&state)
}
