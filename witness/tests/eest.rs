//! Ethereum's blockchain tests: valid blocks are executed, checked and traced, invalid ones rejected.

#![allow(missing_docs)]

mod common;

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    str::FromStr,
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_rlp::Decodable;
use common::synthetic::{TestAccount, state_witness};
use serde_json::Value;
use verbatim_witness::{
    assemble::Assembler,
    chain::{ChainSpec, Fork},
    execute::{BlockOutcome, block_info, execute},
    input::{BlockInput, decode_block},
    trace::TxTrace,
};

/// Tests that create onto an address with storage (EIP-7610), which revm does not do and mainnet cannot reach.
const EXCLUDED: [&str; 6] = [
    "test_init_collision_",
    "create2collisionStorageParis",
    "dynamicAccountOverwriteEmpty_Paris",
    "RevertInCreateInInitCreate2Paris",
    "test_collision_with_create2_revert_in_initcode",
    "test_create2_collision_storage",
];

#[derive(Default, Debug)]
struct Count {
    tests: usize,
    valid: usize,
    invalid: usize,
    steps: usize,
    proven: u64,
}

#[test]
fn blockchain_tests() {
    run("eest_blockchain_tests.tar.zst");
}

#[test]
#[ignore = "takes half a minute"]
fn blockchain_tests_devnet() {
    run("eest_blockchain_tests_devnet.tar.zst");
}

#[test]
#[ignore = "takes many minutes"]
fn benchmark() {
    run("eest_benchmark.tar.zst");
}

fn run(archive: &str) {
    let Some(file) = common::corpus(archive, archive) else { return };
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    let mut archive = tar::Archive::new(decoder);
    let (mut count, mut failures) = (Count::default(), Vec::new());
    for entry in archive.entries().unwrap() {
        let mut text = String::new();
        if entry.unwrap().read_to_string(&mut text).is_err() {
            continue;
        }
        let Ok(Value::Object(tests)) = serde_json::from_str(&text) else { continue };
        for (name, test) in tests {
            let Ok(fork) = verbatim_witness::chain::fork_from_name(test["network"].as_str().unwrap_or_default()) else {
                continue;
            };
            if EXCLUDED.iter().any(|excluded| name.contains(excluded)) {
                continue;
            }
            count.tests += 1;
            let run = AssertUnwindSafe(|| blocks(fork, &test, &mut count));
            match catch_unwind(run) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failures.push(format!("{name}: {error}")),
                Err(panic) => {
                    let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    failures.push(format!("{name}: panicked: {message}"));
                }
            }
        }
    }
    println!("{count:?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures[..failures.len().min(30)].join("\n"));
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap_or_default()).unwrap()
}

fn number(value: &Value) -> U256 {
    U256::from_str(value.as_str().unwrap_or("0")).unwrap()
}

fn state(pre: &Value) -> BTreeMap<Address, TestAccount> {
    let accounts = pre.as_object().into_iter().flatten().map(|(address, account)| {
        let storage = account["storage"].as_object().into_iter().flatten();
        let storage = storage.map(|(key, value)| (U256::from_str(key).unwrap(), number(value)));
        let account = TestAccount {
            nonce: number(&account["nonce"]).to(),
            balance: number(&account["balance"]),
            code: bytes(&account["code"]),
            storage: storage.collect(),
        };
        (Address::from_str(address).unwrap(), account)
    });
    accounts.collect()
}

fn blocks(fork: Fork, test: &Value, count: &mut Count) -> Result<(), String> {
    let chain = ChainSpec { require_system_contracts: true, ..ChainSpec::fixed(1, fork) };
    let mut accounts = state(&test["pre"]);
    let mut codes: HashMap<B256, Bytes> = HashMap::new();
    let genesis = bytes(&test["genesisRLP"]);
    let mut rest = alloy_rlp::Header::decode_bytes(&mut &genesis[..], true).unwrap();
    let genesis = Header::decode(&mut rest).unwrap();
    let mut headers = vec![genesis];
    for block in test["blocks"].as_array().into_iter().flatten() {
        let rlp = bytes(&block["rlp"]);
        let (root, mut witness) = state_witness(&accounts);
        assert_eq!(Some(root), headers.last().map(|header| header.state_root));
        witness.headers.extend(headers.iter().map(|header| (header.hash_slow(), header.clone())));
        let result = decode_block(&rlp)
            .and_then(|block| BlockInput::new(chain, block, witness))
            .map_err(|error| error.to_string())
            .and_then(|input| {
                let outcome = one_block(&input, &mut codes, count)?;
                Ok((input.block.header, outcome))
            });
        match (result, block.get("expectException")) {
            (Ok((header, outcome)), None) => {
                count.valid += 1;
                headers.push(header);
                apply(&mut accounts, &outcome, &codes);
            }
            (Err(_), Some(_)) => count.invalid += 1,
            (Ok(_), Some(exception)) => return Err(format!("not rejected: {exception}")),
            (Err(error), None) => return Err(error),
        }
    }
    Ok(())
}

fn one_block(input: &BlockInput, codes: &mut HashMap<B256, Bytes>, count: &mut Count) -> Result<BlockOutcome, String> {
    let info = block_info(input).map_err(|error| error.to_string())?;
    let mut assembler = Assembler::new(&info).with_codes(&input.witness.codes);
    let outcome = execute(input, |info, trace| {
        count.steps += trace.steps.len();
        common::consistency::check(&trace);
        common::shadow::check(info, &trace);
        learn(&trace, codes);
        // A divergence is no rejection: the block is as valid as it is.
        assembler.transaction(info, &trace).unwrap();
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    let assembly = assembler.finish(&outcome).unwrap();
    count.proven += assembly.steps().proven;
    if let Err(left) = common::assembly::check(&assembly) {
        panic!("{left}");
    }
    Ok(outcome)
}

/// The codes that a transaction may have put into the state.
fn learn(trace: &TxTrace, codes: &mut HashMap<B256, Bytes>) {
    let created = trace.frames.iter().filter(|frame| frame.kind.is_create()).map(|frame| frame.output.clone());
    let delegations = trace
        .authorizations
        .iter()
        .map(|authorization| Bytes::from([&[0xef, 1, 0][..], authorization.address.as_slice()].concat()));
    codes.extend(created.chain(delegations).map(|code| (keccak256(&code), code)));
}

fn apply(accounts: &mut BTreeMap<Address, TestAccount>, outcome: &BlockOutcome, codes: &HashMap<B256, Bytes>) {
    for touched in &outcome.accounts {
        let account = accounts.entry(touched.address).or_default();
        if touched.storage_wiped {
            account.storage.clear();
        }
        account.nonce = touched.after.nonce;
        account.balance = touched.after.balance;
        account.storage.extend(touched.slots.iter().map(|slot| (slot.key, slot.after)));
        if touched.after.code_hash != touched.before.code_hash {
            account.code = codes.get(&touched.after.code_hash).map(|code| code.to_vec()).unwrap_or_default();
        }
        if touched.after.is_empty() {
            accounts.remove(&touched.address);
        }
    }
}
