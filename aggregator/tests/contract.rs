//! The contract against real proofs: compiled, deployed and called under the rules of Osaka.

mod toy;

use toy::{Scene, Shape, public};
use verbatim_aggregator::{Fr, contract::onchain};

#[test]
fn valid_proofs() {
    let scene = Scene::new(Shape { advice: 4, lookups: 1 });
    let public = public(&scene.setup, Fr::from(123).square());
    let proof = scene.prove(&public);
    std::fs::write("/tmp/Verifier.sol", &scene.contract.source).unwrap();
    let answer = onchain(&scene.compiled, &public.instance(), &proof);
    println!("{answer:?} proof {}", proof.len());
    assert!(answer.expect("a call").valid());
}
