//! Files of shards, for the key of the smallest circuit.

use std::sync::{Arc, LazyLock};

use verbatim_circuits::{opcodes, schedule::Fork};
use verbatim_gadgets::plan::Plan;
use verbatim_prover::{
    bundle::{Job, Prover, ShardProof},
    challenge::bundle_challenges,
    file::{ManifestShard, decode_shard, describe_shard, write_shard},
    keys::{KeyStore, ShardVerifyingKey},
    setup::{Setup, VerifierSetup},
    shard::{read_digest, verify},
    shards::{PlanCircuit, PlanShard},
};

use crate::Reached;

/// A proof of the circuit of opcodes, and what its file and the bundle say of it.
struct Sample {
    setup: VerifierSetup,
    key: Arc<ShardVerifyingKey>,
    described: ManifestShard,
    file: Vec<u8>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(Sample::new);

impl Sample {
    fn new() -> Self {
        let sheet = opcodes::sheet(Fork::Osaka);
        let plan = Plan::new(vec![&sheet], opcodes::K).expect("the rows fit");
        let setup = Setup::unsafe_development(None);
        let params = setup.params(opcodes::K).expect("a development setup has every size");
        let key = KeyStore::new(None).key(&PlanCircuit::of(&plan, 0), params).expect("a circuit of the machine");
        let witness = PlanShard::new(&plan, 0);
        let job = Job { key: &key, witness: &witness };
        let proven = Prover::new().prove(Default::default(), &[job]).expect("the rows satisfy the circuit");
        let [shard] = <[ShardProof; 1]>::try_from(proven.bundle.shards).expect("one shard");
        let mut file = Vec::new();
        write_shard(&mut file, &shard, key.verifying()).expect("memory can be written");
        let described = describe_shard(&shard, key.verifying());
        Self { setup: setup.verifier(), key: Arc::clone(key.verifying()), described, file }
    }
}

/// The file of a valid proof, as [`shard`] expects it.
pub fn shard_file() -> &'static [u8] {
    &SAMPLE.file
}

/// Reads the file of a shard of the circuit of opcodes, of which the bundle's description is that of [`shard_file`], and
/// verifies its proof under the challenges that its commitments give.
pub fn shard(bytes: &[u8]) -> Reached {
    let Sample { setup, key, described, .. } = &*SAMPLE;
    let Ok(shard) = decode_shard(bytes, described, key) else { return Reached::Refused };
    let accepted = read_digest(key, &shard.proof).is_ok_and(|digest| {
        let challenges = bundle_challenges(Default::default(), &[digest]);
        verify(setup, key, shard.bus_sum, &shard.proof, &challenges).is_ok()
    });
    if accepted { Reached::Accepted } else { Reached::Read }
}
