//! The proof transcript: Poseidon, with the circuit's challenges replaced by those of the bundle.
//!
//! Where halo2 squeezes the challenges of the circuit, [`Override`] absorbs the bundle's challenge and returns it. It is
//! absorbed because otherwise the later challenges of a shard would not depend on the other shards' commitments.

use std::{collections::VecDeque, io, sync::LazyLock};

use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use snark_verifier::{
    halo2_base::poseidon::hasher::spec::OptimizedPoseidonSpec,
    loader::native::NativeLoader,
    system::halo2::transcript::halo2::{ChallengeScalar, PoseidonTranscript},
};

use crate::{Fr, G1Affine, challenge::Challenges};

/// Width of the Poseidon state.
pub const T: usize = 3;
/// Elements absorbed by one permutation.
pub const RATE: usize = 2;
/// Full rounds.
pub const R_F: usize = 8;
/// Partial rounds.
pub const R_P: usize = 57;

/// How halo2 is given a challenge by this transcript.
pub type Challenge = ChallengeScalar<G1Affine>;

/// The Poseidon transcript over a stream of bytes.
pub type Poseidon<S> = PoseidonTranscript<G1Affine, NativeLoader, S, T, RATE, R_F, R_P>;

/// The constants of Poseidon, which take milliseconds to compute, once.
pub(crate) fn poseidon_spec() -> OptimizedPoseidonSpec<Fr, T, RATE> {
    static SPEC: LazyLock<OptimizedPoseidonSpec<Fr, T, RATE>> =
        LazyLock::new(OptimizedPoseidonSpec::new::<R_F, R_P, 0>);
    SPEC.clone()
}

/// Halo2 squeezed fewer challenges than the bundle has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{left} challenges of the bundle were not used by the proof")]
pub struct ChallengesLeft {
    /// How many were left.
    pub left: usize,
}

/// A transcript whose first squeezed challenges are the given ones.
#[derive(Debug)]
pub struct Override<S> {
    inner: Poseidon<S>,
    pending: VecDeque<Fr>,
}

impl<S> Override<S> {
    /// A transcript over `stream` whose first two challenges are those of the bundle.
    pub fn new(stream: S, challenges: &Challenges<Fr>) -> Self {
        let pending = VecDeque::from([challenges.alpha, challenges.gamma]);
        Self { inner: Poseidon::from_spec(stream, poseidon_spec()), pending }
    }

    /// The transcript below, once all given challenges were used.
    ///
    /// # Errors
    ///
    /// [`ChallengesLeft`] if the circuit squeezed fewer challenges.
    pub fn finish(self) -> Result<Poseidon<S>, ChallengesLeft> {
        match self.pending.len() {
            0 => Ok(self.inner),
            left => Err(ChallengesLeft { left }),
        }
    }
}

impl<S> Transcript<G1Affine, Challenge> for Override<S> {
    fn squeeze_challenge(&mut self) -> Challenge {
        let Some(challenge) = self.pending.pop_front() else {
            return Transcript::squeeze_challenge(&mut self.inner);
        };
        Transcript::common_scalar(&mut self.inner, challenge).expect("absorbing a scalar into Poseidon is infallible");
        Challenge::new(&challenge)
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        Transcript::common_point(&mut self.inner, point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        Transcript::common_scalar(&mut self.inner, scalar)
    }
}

impl<S: io::Read> TranscriptRead<G1Affine, Challenge> for Override<S> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        TranscriptRead::read_point(&mut self.inner)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        TranscriptRead::read_scalar(&mut self.inner)
    }
}

impl<S: io::Write> TranscriptWrite<G1Affine, Challenge> for Override<S> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        TranscriptWrite::write_point(&mut self.inner, point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        TranscriptWrite::write_scalar(&mut self.inner, scalar)
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::arithmetic::Field;
    use rand::{SeedableRng, rngs::StdRng};
    use snark_verifier::util::hash::Poseidon as SnarkVerifierPoseidon;
    use verbatim_circuits::poseidon::{FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH, constants, permute};

    use super::*;

    #[test]
    fn given_challenges_come_first_are_absorbed_and_must_be_used() {
        let challenges = Challenges { alpha: Fr::from(5), gamma: Fr::from(6) };
        let squeeze = |transcript: &mut Override<Vec<u8>>| Transcript::squeeze_challenge(transcript).get_scalar();
        let after = |challenges: &Challenges<Fr>| {
            let mut transcript = Override::new(Vec::new(), challenges);
            assert_eq!([squeeze(&mut transcript), squeeze(&mut transcript)], [challenges.alpha, challenges.gamma]);
            let third = squeeze(&mut transcript);
            assert!(transcript.finish().is_ok());
            third
        };
        let third = after(&challenges);
        assert_ne!(third, after(&Challenges { gamma: Fr::from(7), ..challenges }));
        let mut plain = Poseidon::from_spec(Vec::<u8>::new(), poseidon_spec());
        for challenge in [challenges.alpha, challenges.gamma] {
            Transcript::<G1Affine, Challenge>::common_scalar(&mut plain, challenge).unwrap();
        }
        assert_eq!(Transcript::<G1Affine, Challenge>::squeeze_challenge(&mut plain).get_scalar(), third);

        let mut transcript = Override::new(Vec::new(), &challenges);
        squeeze(&mut transcript);
        assert_eq!(transcript.finish().err(), Some(ChallengesLeft { left: 1 }));
    }

    /// What the circuit's permutation makes of the sponge: `squeezed` after each list of elements is absorbed.
    fn squeezed(absorbed: &[Vec<Fr>]) -> Vec<Fr> {
        let mut state = [Fr::from_raw([0, 1, 0, 0]), Fr::zero(), Fr::zero()];
        let absorb = |elements: &Vec<Fr>| {
            let padded: Vec<Fr> = elements.iter().copied().chain([Fr::one()]).collect();
            for two in padded.chunks(RATE) {
                two.iter().zip(&mut state[1..]).for_each(|(element, place)| *place += element);
                state = permute(&state);
            }
            state[1]
        };
        absorbed.iter().map(absorb).collect()
    }

    /// The permutation that the poseidon circuit proves is the one that the transcripts and the challenge chain use.
    #[test]
    fn the_circuit_has_the_permutation_of_the_transcript() {
        assert_eq!((T, R_F, R_P), (WIDTH, FULL_ROUNDS, PARTIAL_ROUNDS));
        let spec = poseidon_spec();
        assert_eq!(spec.mds_matrices().mds().as_ref(), &constants().mds);
        assert_eq!(spec.constants().start()[0], constants().rounds[0]);
        let mut random = StdRng::seed_from_u64(3);
        let absorbed: Vec<Vec<Fr>> =
            (0..40).map(|index| (0..index % 7).map(|_| Fr::random(&mut random)).collect()).collect();
        let mut sponge = SnarkVerifierPoseidon::from_spec(&NativeLoader, spec);
        let absorb = |elements: &Vec<Fr>| {
            sponge.update(elements);
            sponge.squeeze()
        };
        assert_eq!(absorbed.iter().map(absorb).collect::<Vec<Fr>>(), squeezed(&absorbed));
    }
}
