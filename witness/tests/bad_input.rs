//! Every way in which a block or a witness can be wrong, and the error that names it.

#![allow(missing_docs)]

mod common;

use alloy_consensus::{EthereumTxEnvelope, Header, SignableTransaction, TxEip1559, TxEip4844, TxLegacy};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, Signature, TxKind, U256, address, b256, keccak256};
use common::synthetic::{World, files, push, sstore};
use proptest::prelude::*;
use revm::{bytecode::opcode as op, context::result::InvalidTransaction};
use verbatim_witness::{
    chain::{ChainSpec, Fork, ForkChoice, MAINNET_DEPOSIT_CONTRACT, UnsupportedFork},
    execute::{ExecuteError, Mismatch, StateError, execute},
    input::{BlockInput, InputError},
    trace::SystemContract,
    trie::TrieError,
};

const A: Address = Address::repeat_byte(0xaa);

fn world(fork: Fork) -> World {
    let code = [sstore(1, 2), sstore(2, 0)].concat();
    World::new(fork).contract(A, code).slot(A, 2, 9).transaction(TxKind::Call(A), 100_000, 0, &[])
}

fn good() -> BlockInput {
    world(Fork::Osaka).settled()
}

fn error(input: &BlockInput) -> ExecuteError {
    execute(input, |_, _| Ok(())).unwrap_err()
}

/// The mismatch that an edit of a good block's header gives.
fn edited(edit: impl FnOnce(&mut Header)) -> Mismatch {
    let mut input = good();
    edit(&mut input.block.header);
    match error(&input) {
        ExecuteError::Mismatch { number: _, mismatch } => mismatch,
        other => panic!("{other}"),
    }
}

fn read(block: &[u8], witness: &str) -> InputError {
    BlockInput::from_bytes(ChainSpec::fixed(31337, Fork::Osaka), block, witness.as_bytes()).unwrap_err()
}

#[test]
fn files_round_trip() {
    let input = good();
    let (block, witness) = files(&input);
    let again = BlockInput::from_bytes(input.chain, &block, witness.as_bytes()).unwrap();
    assert_eq!((again.block_hash, again.witness), (input.block_hash, input.witness));
    assert_eq!(again.block_length, block.len());
}

#[test]
fn paths() {
    let (block, witness) = files(&good());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("block.rlp"), &block).unwrap();
    assert!(
        matches!(BlockInput::load(folder.path(), None), Err(InputError::Read { path, .. }) if path == at("witness.json"))
    );
    std::fs::write(at("witness.json"), &witness).unwrap();
    let mainnet = BlockInput::load(folder.path(), None).unwrap_err();
    assert!(matches!(mainnet, InputError::UnsupportedFork(UnsupportedFork::BeforeShanghai { .. })));
    let chain = ChainSpec::fixed(31337, Fork::Osaka);
    assert_eq!(BlockInput::load(folder.path(), Some(chain)).unwrap().chain, chain);
}

#[test]
fn paths_with_a_chain() {
    let input = good();
    let (block, witness) = files(&input);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, bytes) in [
        ("7.block.rlp", &block[..]),
        ("7.witness.json", witness.as_bytes()),
        ("7.chain.json", br#"{"chainId":31337,"fork":"osaka"}"#),
    ] {
        std::fs::write(at(name), bytes).unwrap();
    }
    let loaded = BlockInput::load(&at("7.block.rlp"), None).unwrap();
    assert_eq!(loaded.chain, input.chain);
    execute(&loaded, |_, _| Ok(())).unwrap();
    assert!(matches!(BlockInput::load(&at("7.witness.json"), None), Err(InputError::UnknownPath { .. })));
    assert!(matches!(BlockInput::load(&at("8.block.rlp"), None), Err(InputError::Read { .. })));
}

#[test]
fn malformed_files() {
    let (block, witness) = files(&good());
    assert!(matches!(read(&block[1..], &witness), InputError::Rlp { what: "the block", .. }));
    assert!(matches!(read(&[&block[..], &[0]].concat(), &witness), InputError::TrailingBytes { count: 1, .. }));
    assert!(matches!(read(&block, "{}"), InputError::Json { .. }));
    assert!(matches!(read(&block, &witness[1..]), InputError::Json { .. }));
    let bad = witness.replacen("[\"0x", "[\"0xzz", 1);
    assert!(matches!(read(&block, &bad), InputError::Hex { field: "state", index: 0, .. }));
    let at = witness.find("\"headers\":[\"0x").unwrap() + 14;
    let bad = [&witness[..at], "00", &witness[at..]].concat();
    assert!(matches!(read(&block, &bad), InputError::Rlp { what: "a header of the witness", .. }));
    let end = witness.rfind('"').unwrap();
    let bad = [&witness[..end], "00", &witness[end..]].concat();
    assert!(matches!(read(&block, &bad), InputError::TrailingBytes { what: "a header of the witness", .. }));
}

#[test]
fn wrong_parents() {
    let input = good();
    let (block, _) = files(&input);
    let mut witness = input.witness.clone();
    let (hash, mut parent) = witness.headers.drain().next().unwrap();
    let alone = BlockInput::new(input.chain, input.block.clone(), witness.clone()).unwrap_err();
    assert!(matches!(alone, InputError::MissingParent { number: 999 }));
    parent.gas_used += 1;
    let found = parent.hash_slow();
    witness.headers.insert(found, parent);
    let error = BlockInput::new(input.chain, input.block.clone(), witness).unwrap_err();
    assert!(
        matches!(error, InputError::WrongParent { number: 999, expected, found: f } if expected == hash && f == found)
    );
    assert!(!block.is_empty());
}

#[test]
fn unsupported_transaction_type() {
    let input = good();
    let (block, witness) = files(&input);
    let envelope = input.block.body.transactions[0].encoded_2718();
    let mut bad = block.clone();
    let at = block.windows(envelope.len()).position(|bytes| bytes == envelope).unwrap();
    bad[at] = 5;
    assert!(matches!(read(&bad, &witness), InputError::UnsupportedTransactionType { index: 0, kind: 5 }));
}

#[test]
fn unsupported_forks() {
    let input = good();
    let (block, witness) = files(&input);
    let error = BlockInput::from_bytes(ChainSpec::mainnet(), &block, witness.as_bytes()).unwrap_err();
    assert!(matches!(error, InputError::UnsupportedFork(UnsupportedFork::BeforeShanghai { timestamp: 1_000_012, .. })));
    let mut early = input.clone();
    early.chain.forks = ForkChoice::Mainnet;
    assert!(matches!(self::error(&early), ExecuteError::UnsupportedFork(_)));
    let mut amsterdam = input;
    amsterdam.block.header.block_access_list_hash = Some(B256::ZERO);
    let (block, _) = files(&amsterdam);
    assert!(matches!(read(&block, &witness), InputError::UnsupportedFork(UnsupportedFork::Amsterdam)));
}

#[test]
fn incomplete_witnesses() {
    let input = good();
    for hash in input.witness.nodes.keys() {
        let mut input = input.clone();
        input.witness.nodes.remove(hash);
        match execute(&input, |_, _| Ok(())) {
            Ok(_) => {}
            Err(ExecuteError::State(StateError::Trie {
                source: TrieError::MissingNode { hash: named, .. }, ..
            })) => {
                assert_eq!(named, *hash);
            }
            Err(other) => panic!("{other}"),
        }
    }
    let mut no_root = input.clone();
    no_root.witness.nodes.remove(&no_root.parent.state_root);
    assert!(matches!(error(&no_root), ExecuteError::State(StateError::Trie { .. })));
    let mut no_code = input;
    no_code.witness.codes.clear();
    assert!(matches!(error(&no_code), ExecuteError::State(StateError::MissingCode { .. })));
}

#[test]
fn malformed_nodes_and_values() {
    let mut input = good();
    let garbage = Bytes::from_static(&[0xc1, 0x80]);
    input.parent.state_root = keccak256(&garbage);
    input.witness.nodes.insert(keccak256(&garbage), garbage);
    let found = error(&input);
    assert!(matches!(found, ExecuteError::State(StateError::Trie { source: TrieError::MalformedNode { .. }, .. })));
    // A leaf whose value is no account, at the path of the first account that is looked up.
    let mut input = good();
    let key = keccak256(SystemContract::HistoryStorage.address());
    let leaf: Vec<Bytes> = vec![[&[0x20][..], key.as_slice()].concat().into(), Bytes::from_static(&[5])];
    let leaf = Bytes::from(alloy_rlp::encode(leaf));
    input.parent.state_root = keccak256(&leaf);
    input.witness.nodes.insert(keccak256(&leaf), leaf);
    let found = error(&input);
    assert!(matches!(found, ExecuteError::State(StateError::Trie { source: TrieError::MalformedValue { .. }, .. })));
}

#[test]
fn missing_ancestor() {
    let code = [push(&[U256::from(990)]), vec![op::BLOCKHASH]].concat();
    let world = World::new(Fork::Osaka).contract(A, code).transaction(TxKind::Call(A), 100_000, 0, &[]);
    assert!(matches!(error(&world.input()), ExecuteError::State(StateError::MissingAncestor { number: 990 })));
    // The grandparent's hash stands in the parent.
    let code = [push(&[U256::from(998)]), vec![op::BLOCKHASH]].concat();
    let world = World::new(Fork::Osaka).contract(A, code).transaction(TxKind::Call(A), 100_000, 0, &[]);
    assert_eq!(world.run().0.block_hashes.len(), 1);
}

#[test]
fn header_fields() {
    assert!(matches!(edited(|h| h.number += 1), Mismatch::Number { expected: 1000, found: 1001 }));
    assert!(matches!(
        edited(|h| h.timestamp = 1_000_000),
        Mismatch::Timestamp { expected: 1_000_001, found: 1_000_000 }
    ));
    assert!(matches!(edited(|h| h.gas_limit += 36_000_000 / 1024), Mismatch::GasLimit { .. }));
    assert!(matches!(edited(|h| h.gas_limit -= 36_000_000 / 1024), Mismatch::GasLimit { .. }));
    assert!(matches!(
        edited(|h| h.base_fee_per_gas = Some(999)),
        Mismatch::BaseFee { expected: 1000, found: Some(999) }
    ));
    assert!(matches!(edited(|h| h.difficulty = U256::from(1)), Mismatch::Constant { field: "difficulty", .. }));
    assert!(matches!(edited(|h| h.nonce = B64::with_last_byte(1)), Mismatch::Constant { field: "nonce", .. }));
    assert!(matches!(edited(|h| h.ommers_hash = B256::ZERO), Mismatch::Constant { field: "ommers hash", .. }));
    assert!(matches!(edited(|h| h.extra_data = Bytes::from(vec![0; 33])), Mismatch::ExtraData { found: 33 }));
    assert!(matches!(
        edited(|h| h.requests_hash = None),
        Mismatch::Presence { field: "requests hash", expected: true, .. }
    ));
    assert!(matches!(edited(|h| h.slot_number = Some(1)), Mismatch::Presence { field: "slot number", .. }));
    assert!(matches!(
        edited(|h| h.blob_gas_used = Some(131_072)),
        Mismatch::BlobGasUsed { expected: 0, found: 131_072 }
    ));
    assert!(matches!(edited(|h| h.excess_blob_gas = Some(1)), Mismatch::ExcessBlobGas { expected: 0, found: 1 }));
    assert!(matches!(edited(|h| h.excess_blob_gas = Some(u64::MAX)), Mismatch::OutOfRange { .. }));
}

#[test]
fn results() {
    assert!(matches!(edited(|h| h.gas_used += 1), Mismatch::GasUsed { expected, found } if expected == found + 1));
    assert!(matches!(edited(|h| h.logs_bloom = Bloom::repeat_byte(1)), Mismatch::LogsBloom { .. }));
    assert!(matches!(edited(|h| h.receipts_root = B256::ZERO), Mismatch::ReceiptsRoot { expected: B256::ZERO, .. }));
    assert!(matches!(edited(|h| h.state_root = B256::ZERO), Mismatch::StateRoot { expected: B256::ZERO, .. }));
    assert!(matches!(edited(|h| h.transactions_root = B256::ZERO), Mismatch::TransactionsRoot { .. }));
    assert!(matches!(edited(|h| h.withdrawals_root = Some(B256::ZERO)), Mismatch::WithdrawalsRoot { .. }));
    assert!(matches!(edited(|h| h.requests_hash = Some(B256::ZERO)), Mismatch::RequestsHash { .. }));
}

#[test]
fn bodies() {
    let mut input = good();
    input.block.body.ommers.push(Header::default());
    assert!(matches!(error(&input), ExecuteError::Mismatch { mismatch: Mismatch::Constant { .. }, .. }));
    let mut input = good();
    input.block.body.withdrawals = None;
    assert!(matches!(error(&input), ExecuteError::Mismatch { mismatch: Mismatch::Presence { .. }, .. }));
    let mut input = good();
    let extra = Withdrawal { index: 0, validator_index: 0, address: A, amount: 1 };
    input.block.body.withdrawals = Some(vec![extra].into());
    assert!(matches!(error(&input), ExecuteError::Mismatch { mismatch: Mismatch::WithdrawalsRoot { .. }, .. }));
    let mut input = good();
    input.block_length = 9 << 20;
    assert!(matches!(error(&input), ExecuteError::Mismatch { mismatch: Mismatch::BlockLength { .. }, .. }));
}

#[test]
fn rejected_transactions() {
    let legacy = TxLegacy { gas_limit: 21_000, to: TxKind::Call(A), ..TxLegacy::default() };
    let signed = legacy.into_signed(Signature::new(U256::ZERO, U256::ZERO, false));
    let mut bad = world(Fork::Osaka);
    bad.transactions.push(EthereumTxEnvelope::Legacy(signed));
    assert!(matches!(error(&bad.input()), ExecuteError::InvalidSignature { index: 1 }));
    let low = World::new(Fork::Osaka).transaction(TxKind::Call(A), 20_000, 0, &[]);
    let found = error(&low.input());
    assert!(matches!(
        found,
        ExecuteError::InvalidTransaction { index: 0, source: InvalidTransaction::CallGasCostMoreThanGasLimit { .. } }
    ));
    let capped = World::new(Fork::Osaka).transaction(TxKind::Call(A), 16_777_217, 0, &[]);
    assert!(matches!(error(&capped.input()), ExecuteError::InvalidTransaction { index: 0, .. }));
    let large = World::new(Fork::Prague).transaction(TxKind::Call(A), 21_000, 0, &[]);
    let large = large.transaction(TxKind::Call(A), 36_000_000, 0, &[]);
    assert!(matches!(
        error(&large.input()),
        ExecuteError::BlockGasExceeded { index: 1, gas_limit: 36_000_000, available: 35_979_000 }
    ));
}

/// The error that a block of one transaction gives, which was a good one before the change.
fn refused(change: impl FnOnce(&mut TxEip1559)) -> InvalidTransaction {
    let mut transaction = TxEip1559 {
        chain_id: 31337,
        nonce: 0,
        gas_limit: 100_000,
        max_fee_per_gas: 1000,
        max_priority_fee_per_gas: 1000,
        to: TxKind::Call(A),
        value: U256::from(5),
        ..TxEip1559::default()
    };
    let good = World::new(Fork::Osaka).signed(transaction.clone());
    assert!(matches!(error(&good.input()), ExecuteError::Mismatch { .. }));
    change(&mut transaction);
    invalid(&World::new(Fork::Osaka).signed(transaction))
}

fn invalid(world: &World) -> InvalidTransaction {
    match error(&world.input()) {
        ExecuteError::InvalidTransaction { index: 0, source } => source,
        other => panic!("{other}"),
    }
}

/// What the circuits leave to the verifier of a public transaction, as its contract lists it.
#[test]
fn what_the_verifier_checks_of_a_transaction() {
    use InvalidTransaction as Invalid;
    assert!(matches!(refused(|tx| tx.chain_id = 1), Invalid::InvalidChainId));
    assert!(matches!(refused(|tx| tx.max_priority_fee_per_gas = 1001), Invalid::PriorityFeeGreaterThanMaxFee));
    let low = |tx: &mut TxEip1559| (tx.max_fee_per_gas, tx.max_priority_fee_per_gas) = (999, 0);
    assert!(matches!(refused(low), Invalid::GasPriceLessThanBasefee));
    let long = |tx: &mut TxEip1559| (tx.to, tx.input) = (TxKind::Create, vec![0; 49_153].into());
    assert!(matches!(refused(long), Invalid::CreateInitCodeSizeLimit));
    assert!(matches!(refused(|tx| tx.gas_limit = 16_777_217), Invalid::TxGasLimitGreaterThanCap { .. }));
    assert!(matches!(refused(|tx| tx.nonce = u64::MAX), Invalid::NonceOverflowInTransaction));
    assert!(matches!(refused(|tx| tx.gas_limit = 20_999), Invalid::CallGasCostMoreThanGasLimit { .. }));
    let floor = |tx: &mut TxEip1559| tx.input = vec![1; 2000].into();
    assert!(matches!(refused(floor), Invalid::GasFloorMoreThanGasLimit { .. }));
    // These the circuit proves as well.
    assert!(matches!(refused(|tx| tx.nonce = 1), Invalid::NonceTooHigh { .. }));
    assert!(matches!(refused(|tx| tx.max_fee_per_gas = 1 << 90), Invalid::LackOfFundForMaxFee { .. }));
    // No sum of what a sender must have wraps around.
    let most = |tx: &mut TxEip1559| (tx.max_fee_per_gas, tx.value) = (u128::MAX, U256::MAX);
    assert!(matches!(refused(most), Invalid::OverflowPaymentInTransaction | Invalid::LackOfFundForMaxFee { .. }));
}

/// A signature is the one of the two for its message whose `s` is low (EIP-2).
#[test]
fn high_signatures() {
    let half = U256::from_be_bytes(b256!("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0").0);
    for (s, high) in [(half, false), (half + U256::from(1), true)] {
        let mut found = (1..20).map(|r| {
            let legacy = TxLegacy { gas_limit: 21_000, to: TxKind::Call(A), ..TxLegacy::default() };
            let signed = legacy.into_signed(Signature::new(U256::from(r), s, false));
            let mut world = World::new(Fork::Osaka);
            world.transactions.push(EthereumTxEnvelope::Legacy(signed));
            matches!(error(&world.input()), ExecuteError::InvalidSignature { index: 0 })
        });
        assert_eq!(found.all(|one| one), high);
    }
}

/// A transaction with blobs has some, of a known version, and pays their fee; there are no more than the fork allows.
#[test]
fn blobs() {
    let hash = B256::right_padding_from(&[1, 7]);
    let blobs = |hashes: Vec<B256>, fee: u128| TxEip4844 {
        chain_id: 31337,
        gas_limit: 100_000,
        max_fee_per_gas: 1 << 40,
        to: A,
        max_fee_per_blob_gas: fee,
        blob_versioned_hashes: hashes,
        ..TxEip4844::default()
    };
    let refused = |hashes: Vec<B256>, fee: u128| {
        let count = hashes.len() as u64;
        let mut input = World::new(Fork::Osaka).signed(blobs(hashes, fee)).input();
        input.block.header.blob_gas_used = Some(count << 17);
        error(&input)
    };
    let source = |error: ExecuteError| match error {
        ExecuteError::InvalidTransaction { index: 0, source } => source,
        other => panic!("{other}"),
    };
    assert!(matches!(refused(vec![hash], 1), ExecuteError::Mismatch { .. }));
    assert!(matches!(source(refused(Vec::new(), 1)), InvalidTransaction::EmptyBlobs));
    assert!(matches!(source(refused(vec![B256::ZERO], 1)), InvalidTransaction::BlobVersionNotSupported));
    assert!(matches!(source(refused(vec![hash], 0)), InvalidTransaction::BlobGasPriceGreaterThanMax { .. }));
    assert!(matches!(source(refused(vec![hash; 7], 1)), InvalidTransaction::TooManyBlobs { .. }));
    let mut input = World::new(Fork::Osaka).signed(blobs(vec![hash], 1)).input();
    input.block.header.blob_gas_used = Some(0);
    assert!(matches!(error(&input), ExecuteError::Mismatch { mismatch: Mismatch::BlobGasUsed { .. }, .. }));
}

#[test]
fn system_contracts() {
    let contract = SystemContract::ConsolidationRequests;
    let broken = world(Fork::Prague).contract(contract.address(), vec![op::INVALID]);
    assert!(matches!(error(&broken.input()), ExecuteError::SystemCall { contract: c, .. } if c == contract));
    let broken = world(Fork::Prague).contract(contract.address(), vec![op::PUSH0, op::PUSH0, op::REVERT]);
    assert!(matches!(error(&broken.input()), ExecuteError::SystemCall { .. }));
    let mut absent = good();
    absent.chain.require_system_contracts = true;
    assert!(matches!(error(&absent), ExecuteError::SystemCall { contract: SystemContract::WithdrawalRequests, .. }));
    // One that returns its call's gas: 30 million, less 2.
    let code = [vec![op::GAS, op::PUSH0, op::MSTORE], push(&[U256::from(32), U256::ZERO]), vec![op::RETURN]].concat();
    let (outcome, _) = world(Fork::Prague).contract(contract.address(), code).run();
    let expected = [&[2][..], &U256::from(29_999_998).to_be_bytes::<32>()].concat();
    assert_eq!(outcome.requests, [Bytes::from(expected)]);
}

#[test]
fn malformed_deposit() {
    let topic = b256!("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
    let code = [push(&[topic.into(), U256::from(3), U256::ZERO]), vec![op::LOG1]].concat();
    assert_eq!(MAINNET_DEPOSIT_CONTRACT, address!("0x00000000219ab540356cBB839Cbe05303d7705Fa"));
    let world = World::new(Fork::Prague).contract(MAINNET_DEPOSIT_CONTRACT, code);
    let world = world.transaction(TxKind::Call(MAINNET_DEPOSIT_CONTRACT), 100_000, 0, &[]);
    assert!(matches!(error(&world.input()), ExecuteError::MalformedDeposit { index: 0 }));
}

#[test]
fn visitor_stops() {
    let mut seen = 0;
    let stopped = execute(&good(), |_, _| {
        seen += 1;
        Err("enough".into())
    });
    assert!(matches!(stopped, Err(ExecuteError::Visitor(_))));
    assert_eq!(seen, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>(), in_block in any::<bool>()) {
        let input = good();
        let (mut block, witness) = files(&input);
        let mut witness = witness.into_bytes();
        let bytes = if in_block { &mut block } else { &mut witness };
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(input) = BlockInput::from_bytes(input.chain, &block, &witness) {
            let _ = execute(&input, |_, _| Ok(()));
        }
    }

    #[test]
    fn damaged_headers_never_panic(numbers in any::<[u64; 6]>(), which in 0usize..12) {
        let mut input = good();
        let header = if which < 6 { &mut input.parent } else { &mut input.block.header };
        match which % 6 {
            0 => header.base_fee_per_gas = Some(numbers[0]),
            1 => header.gas_limit = numbers[1],
            2 => header.gas_used = numbers[2],
            3 => header.excess_blob_gas = Some(numbers[3]),
            4 => header.blob_gas_used = Some(numbers[4]),
            _ => header.timestamp = numbers[5],
        }
        let _ = execute(&input, |_, _| Ok(()));
    }
}
