//! What the aggregation relies on: snark-verifier reads a shard's proof through the same override, and the challenge chain
//! gives the same values inside a circuit.

mod common;

use std::{mem, rc::Rc};

use common::Fixture;
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fq},
    poly::commitment::ParamsProver,
};
use snark_verifier::{
    halo2_base::gates::circuit::{CircuitBuilderStage, builder::BaseCircuitBuilder},
    loader::halo2::{
        Halo2Loader,
        halo2_ecc::{ecc::EccChip, fields::fp::FpChip},
    },
    pcs::kzg::{Bdfg21, KzgAs, KzgDecidingKey},
    system::halo2::{Config, compile},
    verifier::{SnarkVerifier, plonk::PlonkVerifier},
};
use verbatim_prover::{
    Fr, G1Affine,
    challenge::{ChallengeHasher, Challenges, coordinates},
    transcript::{LoadedOverride, Poseidon, poseidon_spec},
};

type PlonkShplonk = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;

#[test]
fn snark_verifier_accepts_a_shard_under_the_challenges_of_its_bundle_only() {
    let fixture = Fixture::new(3);
    let proven = fixture.prove();
    for (key, shard) in fixture.keys.iter().zip(&proven.bundle.shards) {
        let params = key.params();
        let protocol = compile(params, key.verifying().key(), Config::kzg().with_num_instance(vec![1]));
        let deciding = KzgDecidingKey::<Bn256>::new(params.get_g()[0], params.g2(), params.s_g2());
        let accepts = |challenges: Challenges<Fr>| {
            let inner = Poseidon::from_spec(shard.proof.as_slice(), poseidon_spec());
            let mut transcript = LoadedOverride::new(inner, &challenges);
            let instances = [vec![shard.bus_sum]];
            let read = PlonkShplonk::read_proof(&deciding, &protocol, &instances, &mut transcript);
            transcript.finish().unwrap();
            read.is_ok_and(|proof| PlonkShplonk::verify(&deciding, &protocol, &instances, &proof).is_ok())
        };
        let Challenges { alpha, gamma } = proven.challenges;
        assert!(accepts(proven.challenges));
        assert!(!accepts(Challenges { alpha: gamma, gamma: alpha }));
        assert!(!accepts(Challenges { alpha, gamma: gamma + Fr::one() }));
    }
}

#[test]
fn the_chain_is_the_same_inside_a_circuit() {
    let points: Vec<G1Affine> = (2..5).map(|n| (G1Affine::generator() * Fr::from(n)).into()).collect();
    let native_points: Vec<_> = points.iter().map(|point| coordinates(point).unwrap()).collect();
    let numbers = [11, 12, 13, 14].map(Fr::from);

    let mut hasher = ChallengeHasher::native();
    let key = hasher.key_digest(&numbers[0], &numbers[1], &native_points, &numbers[2]);
    let digest = hasher.shard_digest(&key, &numbers[1], &native_points[..2]);
    let start = hasher.chain_start(&numbers[3]);
    let end = hasher.chain_step(&start, &digest);
    let native = hasher.challenges(&end, &Fr::one());

    let mut builder = BaseCircuitBuilder::<Fr>::from_stage(CircuitBuilderStage::Mock).use_k(16).use_lookup_bits(15);
    let range = builder.range_chip();
    let fp = FpChip::<Fr, Fq>::new(&range, 88, 3);
    let loader = Halo2Loader::<G1Affine, _>::new(EccChip::new(&fp), mem::take(builder.pool(0)));
    let loaded_points: Vec<_> = points
        .iter()
        .map(|point| {
            let point = loader.assign_ec_point(*point);
            let [x, y] = [*point.assigned().x().native(), *point.assigned().y().native()];
            [x, y].map(|coordinate| loader.scalar_from_assigned(coordinate))
        })
        .collect();
    let numbers = numbers.map(|number| loader.assign_scalar(number));
    let one = loader.assign_scalar(Fr::one());
    let mut hasher = ChallengeHasher::new(Rc::clone(&loader));
    let key = hasher.key_digest(&numbers[0], &numbers[1], &loaded_points, &numbers[2]);
    let digest = hasher.shard_digest(&key, &numbers[1], &loaded_points[..2]);
    let start = hasher.chain_start(&numbers[3]);
    let end = hasher.chain_step(&start, &digest);
    let loaded = hasher.challenges(&end, &one);
    assert_eq!(*loaded.alpha.assigned().value(), native.alpha);
    assert_eq!(*loaded.gamma.assigned().value(), native.gamma);
}
