//! The hashes of `verbatim_prover::challenge`, for any engine.

use crate::{Fr, engine::Engine, sponge::Sponge};

pub use verbatim_prover::challenge::Domain;

/// The hash of `elements` in a domain.
pub fn hash<E: Engine>(engine: &mut E, domain: Domain, elements: &[E::Scalar]) -> E::Scalar {
    sponge(engine, domain, elements).squeeze(engine)
}

/// A sponge that has taken up a domain and `elements`.
pub fn sponge<E: Engine>(engine: &mut E, domain: Domain, elements: &[E::Scalar]) -> Sponge<E> {
    let mut sponge = Sponge::new(engine);
    let domain = engine.constant(domain.element());
    sponge.absorb(&[domain]);
    sponge.absorb(elements);
    sponge
}

/// The number of points, then their coordinates.
pub fn counted<E: Engine>(engine: &mut E, points: &[[E::Scalar; 2]]) -> Vec<E::Scalar> {
    let count = engine.constant(Fr::from(points.len() as u64));
    std::iter::once(count).chain(points.iter().flatten().cloned()).collect()
}
