//! Poseidon as a sponge, as the transcript of `verbatim_prover` uses it: width 3, two elements at a time.

use crate::{
    Fr,
    engine::{Engine, WIDTH},
};

/// How many elements a permutation absorbs.
const RATE: usize = WIDTH - 1;

/// A sponge.
#[derive(Debug)]
pub struct Sponge<E: Engine> {
    state: [E::Scalar; WIDTH],
    pending: Vec<E::Scalar>,
}

/// What the first element of an empty sponge's state is: `2^64`, for inputs of variable length (Poseidon, section 4.2).
pub fn capacity() -> Fr {
    Fr::from_raw([0, 1, 0, 0])
}

impl<E: Engine> Sponge<E> {
    /// A sponge that has absorbed nothing.
    pub fn new(engine: &mut E) -> Self {
        let state = [capacity(), Fr::zero(), Fr::zero()].map(|value| engine.constant(value));
        Self { state, pending: Vec::new() }
    }

    /// Takes up elements, which the next [`Sponge::squeeze`] absorbs.
    pub fn absorb(&mut self, elements: &[E::Scalar]) {
        self.pending.extend_from_slice(elements);
    }

    /// Absorbs what is pending, padded by a one, and gives an element.
    pub fn squeeze(&mut self, engine: &mut E) -> E::Scalar {
        let pending = std::mem::take(&mut self.pending);
        for chunk in pending.chunks(RATE) {
            self.permute(engine, chunk);
        }
        if pending.len().is_multiple_of(RATE) {
            self.permute(engine, &[]);
        }
        self.state[1].clone()
    }

    fn permute(&mut self, engine: &mut E, chunk: &[E::Scalar]) {
        for (index, state) in self.state.iter_mut().skip(1).enumerate() {
            if let Some(element) = chunk.get(index) {
                *state = engine.add(state, element);
            } else if index == chunk.len() {
                let one = engine.constant(Fr::one());
                *state = engine.add(state, &one);
            }
        }
        self.state = engine.permute(self.state.clone());
    }
}
