//! Whole bundles of the toy machine, honest and not.

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use common::{Fixture, Toy};
use halo2_proofs::halo2curves::{ff::Field, group::GroupEncoding};
use verbatim_prover::{
    Fr, G1Affine,
    backend::Cpu,
    bundle::{Bundle, BundleRejection, ProveError, Prover},
    challenge::{Challenges, statement_digest},
    keys::{KeyError, KeyStore, ShardVerifyingKey},
    machine::{ShapeError, ShardWitness},
    progress::{Cancel, Progress, Stage},
    registry::{Count, Registry},
    shard::{self, ShardRejection},
};

fn rejected_shard(result: Result<Challenges<Fr>, BundleRejection>) -> usize {
    match result {
        Err(BundleRejection::Shard { shard, .. }) => shard,
        other => panic!("not a rejected shard: {other:?}"),
    }
}

#[test]
fn an_honest_bundle_verifies_and_a_seed_reproduces_its_commitments() {
    let fixture = Fixture::new(3);
    let prove = |seed| Prover::new().seed([seed; 32]).prove(fixture.statement(), &fixture.jobs()).unwrap();
    let proven = prove(1);
    assert_eq!(fixture.verify(&proven.bundle).unwrap(), proven.challenges);
    let again = prove(1);
    assert_eq!(again.challenges, proven.challenges);
    for ((shard, other), key) in proven.bundle.shards.iter().zip(&again.bundle.shards).zip(&fixture.keys) {
        let advice = 32 * (key.shape().main_columns + key.shape().aux_columns);
        assert_eq!(shard.proof[..advice], other.proof[..advice]);
        assert_eq!(shard.bus_sum, other.bus_sum);
        assert_eq!(shard.proof.len(), key.shape().layout.bytes());
    }
    assert_ne!(prove(2).challenges, proven.challenges);
    assert!(proven.costs.iter().all(|cost| !cost.prove.cpu.is_zero()));
}

#[test]
fn dropped_doubled_and_swapped_shards_are_rejected() {
    let fixture = Fixture::new(3);
    let bundle = fixture.prove().bundle;
    let changed = |change: fn(&mut Bundle)| {
        let mut changed = bundle.clone();
        change(&mut changed);
        fixture.verify(&changed)
    };
    rejected_shard(changed(|bundle| drop(bundle.shards.remove(0))));
    rejected_shard(changed(|bundle| bundle.shards.push(bundle.shards[0].clone())));
    rejected_shard(changed(|bundle| bundle.shards.swap(0, 1)));
    let none = changed(|bundle| bundle.shards.clear());
    assert!(matches!(none, Err(BundleRejection::Empty)));
    let no_table = changed(|bundle| drop(bundle.shards.pop()));
    assert!(matches!(no_table, Err(BundleRejection::Count { actual: 0, .. })));
    let two_tables = changed(|bundle| bundle.shards.push(bundle.shards[2].clone()));
    assert!(matches!(two_tables, Err(BundleRejection::Count { actual: 2, .. })));
    let other_size = changed(|bundle| bundle.shards[0].k = 9);
    assert!(matches!(other_size, Err(BundleRejection::UnknownCircuit { shard: 0, .. })));
    let other_name = changed(|bundle| bundle.shards[1].circuit = "../chain".into());
    assert!(matches!(other_name, Err(BundleRejection::UnknownCircuit { shard: 1, .. })));
    rejected_shard(changed(|bundle| bundle.shards[0].k = 7));
}

#[test]
fn instances_statement_and_public_messages_are_bound() {
    let fixture = Fixture::new(3);
    let proven = fixture.prove();
    let mut changed = proven.bundle.clone();
    changed.shards[0].bus_sum += Fr::ONE;
    assert_eq!(rejected_shard(fixture.verify(&changed)), 0);
    // Sums that still cancel out are rejected by the proofs.
    changed.shards[1].bus_sum -= Fr::ONE;
    assert_eq!(rejected_shard(fixture.verify(&changed)), 0);

    let mut changed = proven.bundle.clone();
    changed.statement += Fr::ONE;
    assert!(matches!(fixture.verify(&changed), Err(BundleRejection::Statement)));
    let other = changed.statement;
    let result = fixture.verifier().verify(other, &changed, |challenges| fixture.public(challenges));
    assert_eq!(rejected_shard(result), 0);

    let other_end = Fixture { end: (151, fixture.end.1), ..Fixture::new(3) };
    assert!(matches!(other_end.verify(&proven.bundle), Err(BundleRejection::Unbalanced)));
}

#[test]
fn a_witness_that_lies_on_the_bus_does_not_balance() {
    let mut fixture = Fixture::new(3);
    fixture.witnesses[2].main[0][0] += Fr::ONE;
    assert!(matches!(fixture.verify(&fixture.prove().bundle), Err(BundleRejection::Unbalanced)));
    let mut fixture = Fixture::new(3);
    fixture.witnesses[0].main[1][7] += Fr::ONE;
    assert!(matches!(fixture.verify(&fixture.prove().bundle), Err(BundleRejection::Unbalanced)));
    // A local constraint instead: the shard is not valid.
    let mut fixture = Fixture::new(3);
    fixture.witnesses[2].main[2][0] += Fr::ONE;
    assert_eq!(rejected_shard(fixture.verify(&fixture.prove().bundle)), 2);
}

#[test]
fn every_byte_of_a_proof_counts() {
    let fixture = Fixture::new(3);
    let proven = fixture.prove();
    let shard = &proven.bundle.shards[2];
    let key = fixture.keys[2].verifying();
    let setup = fixture.setup.verifier();
    let accepts = |proof: &[u8]| shard::verify(&setup, key, shard.bus_sum, proof, &proven.challenges).is_ok();
    assert!(accepts(&shard.proof));
    for index in 0..shard.proof.len() {
        // The two top bits of an element are flags of points: try each; elsewhere one bit will do.
        let bits: &[u8] = if index % 32 == 31 { &[1, 0x40, 0x80, 0xc0] } else { &[1 << (index % 8)] };
        for bit in bits {
            let mut proof = shard.proof.clone();
            proof[index] ^= bit;
            assert!(!accepts(&proof), "byte {index}, bit {bit}");
        }
    }
    let lengths = [0, 1, 31, 32, shard.proof.len() - 32, shard.proof.len() - 1];
    assert!(lengths.iter().all(|&length| !accepts(&shard.proof[..length])));
    assert!(!accepts(&[shard.proof.as_slice(), &[0]].concat()));
    assert!(!accepts(&[shard.proof.as_slice(), &[0; 32]].concat()));
    assert!(!accepts(&vec![0; shard.proof.len()]));
    assert!(!accepts(&vec![0xff; shard.proof.len()]));
}

#[test]
fn special_elements_anywhere_in_a_proof_are_rejected() {
    let fixture = Fixture::new(3);
    let proven = fixture.prove();
    let shard = &proven.bundle.shards[2];
    let generator = G1Affine::generator().to_bytes();
    let mut identity = [0; 32];
    identity[31] = 0x80;
    let mut one = [0; 32];
    one[0] = 1;
    let largest = (-Fr::ONE).to_bytes();
    let specials: [&[u8]; 6] = [&[0; 32], &[0xff; 32], &identity, &one, &largest, generator.as_ref()];
    for element in 0..shard.proof.len() / 32 {
        for special in specials {
            let mut bundle = proven.bundle.clone();
            bundle.shards[2].proof[32 * element..][..32].copy_from_slice(special);
            assert!(fixture.verify(&bundle).is_err(), "element {element}");
        }
    }
    for special in specials {
        let mut bundle = proven.bundle.clone();
        bundle.shards[2].proof = special.repeat(shard.proof.len() / 32);
        assert!(fixture.verify(&bundle).is_err());
    }
}

#[test]
fn the_ignored_flag_of_a_point_is_rejected_by_name() {
    let fixture = Fixture::new(3);
    let mut bundle = fixture.prove().bundle;
    bundle.shards[1].proof[32 * 2 + 31] ^= 0x80;
    let Err(BundleRejection::Shard { shard: 1, source, .. }) = fixture.verify(&bundle) else {
        panic!("not rejected");
    };
    assert!(matches!(*source, ShardRejection::NonCanonical(2)));
}

#[test]
fn shards_proven_under_other_challenges_are_rejected() {
    let fixture = Fixture::new(3);
    let proven = fixture.prove();
    for (alpha, gamma) in [(1, 0), (0, 1)] {
        let shard = &proven.bundle.shards[0];
        let challenges = Challenges {
            alpha: proven.challenges.alpha + Fr::from(alpha),
            gamma: proven.challenges.gamma + Fr::from(gamma),
        };
        let key = fixture.keys[0].verifying();
        assert!(shard::verify(&fixture.setup.verifier(), key, shard.bus_sum, &shard.proof, &challenges).is_err());
        // The same shard, proven for challenges of the prover's choice, is valid for them, but not in the bundle.
        let (key, witness) = (&fixture.keys[0], &fixture.witnesses[0]);
        let committed = shard::commit(&Cpu, key, witness, [9; 32]).unwrap();
        let other = shard::prove(&Cpu, key, witness, &committed, &challenges).unwrap();
        let alone = shard::verify(&fixture.setup.verifier(), key.verifying(), other.bus_sum, &other.proof, &challenges);
        alone.unwrap();
        let mut bundle = proven.bundle.clone();
        bundle.shards[0].proof = other.proof;
        bundle.shards[0].bus_sum = other.bus_sum;
        assert_eq!(rejected_shard(fixture.verify(&bundle)), 0);
    }
}

#[test]
fn a_shard_of_another_bundle_or_key_is_rejected() {
    let fixture = Fixture::new(3);
    let bundle = fixture.prove().bundle;
    let mut mixed = bundle.clone();
    mixed.shards[1] = Fixture::new(5).prove().bundle.shards[1].clone();
    assert_eq!(rejected_shard(fixture.verify(&mixed)), 0);

    // A registry whose table has another fixed column.
    let toy = Toy { constant: 1, ..Toy::table(8) };
    let other = KeyStore::new(None).key(&toy, fixture.setup.params(8).unwrap()).unwrap();
    assert_ne!(other.verifying().digest(), fixture.keys[2].verifying().digest());
    let mut registry = Registry::new();
    registry.add_circuit("chain", 0, Count::any()).unwrap();
    registry.add_circuit("table", 1, Count::any()).unwrap();
    for key in [fixture.keys[0].verifying(), fixture.keys[1].verifying(), other.verifying()] {
        registry.add_key(Arc::clone(key)).unwrap();
    }
    let fixture = Fixture { registry, ..fixture };
    rejected_shard(fixture.verify(&bundle));
}

#[test]
fn the_index_of_a_circuit_is_part_of_its_digest() {
    let fixture = Fixture::new(3);
    let key = fixture.keys[0].verifying();
    let other = ShardVerifyingKey::new("chain", 7, 6, 4, key.key().clone()).unwrap();
    assert_ne!(other.digest(), key.digest());
}

struct Changing<'a>(&'a dyn ShardWitness, AtomicUsize);

impl ShardWitness for Changing<'_> {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        let mut main = self.0.main_columns();
        main[0][0] += Fr::from(self.1.fetch_add(1, Ordering::Relaxed) as u64);
        main
    }

    fn aux_columns(&self, main: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        self.0.aux_columns(main, alpha, gamma)
    }
}

#[test]
fn witnesses_that_do_not_fit_are_errors() {
    let fixture = Fixture::new(3);
    let prove = |witness: &dyn ShardWitness| {
        let mut jobs = fixture.jobs();
        jobs[1].witness = witness;
        match Prover::new().prove(fixture.statement(), &jobs) {
            Err(ProveError::Shard { shard: 1, source, .. }) => source.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let changing = Changing(&fixture.witnesses[1], AtomicUsize::new(0));
    assert!(prove(&changing).contains("changed"));
    assert!(prove(&fixture.witnesses[2]).contains("3 main columns"));
    let mut long = fixture.witnesses[1].clone();
    long.main[3].resize(129, Fr::ZERO);
    assert!(prove(&long).contains("129 rows"));
    assert!(matches!(Prover::new().prove(fixture.statement(), &[]), Err(ProveError::Empty)));
}

#[test]
fn a_gate_of_degree_six_verifies_if_declared_and_is_an_error_if_not() {
    let fixture = Fixture::new(3);
    let toy = Toy { degree_six: true, ..Toy::chain(6) };
    let params = fixture.setup.params(6).unwrap();
    let key = KeyStore::new(None).key(&toy, Arc::clone(&params)).unwrap();
    assert_eq!(key.key().get_vk().cs().degree(), 6);
    let witness = &fixture.witnesses[0];
    let challenges = Challenges { alpha: Fr::from(5), gamma: Fr::from(statement_digest(b"").to_bytes()[0] as u64 + 9) };
    let committed = shard::commit(&Cpu, &key, witness, [1; 32]).unwrap();
    let proven = shard::prove(&Cpu, &key, witness, &committed, &challenges).unwrap();
    let verify =
        |proof: &[u8]| shard::verify(&fixture.setup.verifier(), key.verifying(), proven.bus_sum, proof, &challenges);
    verify(&proven.proof).unwrap();

    let undeclared = KeyStore::new(None).key(&Toy { undeclared: true, ..toy }, params);
    let Err(KeyError::Shape { problem, .. }) = undeclared else { panic!("accepted") };
    assert_eq!(problem, ShapeError::Degree { actual: 6, declared: 0 });
}

#[derive(Default)]
struct Counting(AtomicUsize, AtomicUsize, AtomicUsize);

impl Progress for Counting {
    fn started(&self, _: Stage, total: usize) {
        self.0.fetch_add(total, Ordering::Relaxed);
    }

    fn advanced(&self, _: Stage) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }

    fn finished(&self, _: Stage) {
        self.2.fetch_add(1, Ordering::Relaxed);
    }
}

struct CancelAfterCommit(Cancel);

impl Progress for CancelAfterCommit {
    fn finished(&self, stage: Stage) {
        assert_eq!(stage, Stage::Commit);
        self.0.cancel();
    }
}

#[test]
fn work_is_observed_and_can_be_cancelled() {
    let fixture = Fixture::new(3);
    let counting = Counting::default();
    let bundle = Prover::new().progress(&counting).prove(fixture.statement(), &fixture.jobs()).unwrap().bundle;
    let verifier = fixture.verifier().progress(&counting);
    verifier.verify(fixture.statement(), &bundle, |challenges| fixture.public(challenges)).unwrap();
    let Counting(total, done, stages) = &counting;
    assert_eq!([total, done, stages].map(|count| count.load(Ordering::Relaxed)), [9, 9, 3]);

    let cancel = Cancel::new();
    let observer = CancelAfterCommit(cancel.clone());
    let prover = Prover::new().progress(&observer).cancel(cancel.clone());
    assert!(matches!(prover.prove(fixture.statement(), &fixture.jobs()), Err(ProveError::Cancelled(_))));
    let verifier = fixture.verifier().cancel(cancel);
    let result = verifier.verify(fixture.statement(), &bundle, |challenges| fixture.public(challenges));
    assert!(matches!(result, Err(BundleRejection::Cancelled(_))));
}
