//! Small blocks over small states: built, executed, and checked against roots from full maps.

use std::collections::BTreeMap;

use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, SignableTransaction, TxEip1559, TxEip2930, TxEip7702,
    constants::KECCAK_EMPTY, proofs, transaction::SignerRecoverable,
};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip4895::Withdrawal,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, hex, keccak256};
use alloy_trie::{HashBuilder, Nibbles, TrieAccount, proof::ProofRetainer, root};
use verbatim_witness::{
    assemble::{Assembler, Assembly},
    chain::{ChainSpec, Fork},
    execute::{BlockOutcome, ExecuteError, Mismatch, block_info, execute},
    input::{Block, BlockInput, Transaction, Witness},
    trace::{TxKind as Kind, TxTrace},
};

/// Wei that a sender has.
pub const WEALTH: u128 = 1 << 100;

pub const COINBASE: Address = Address::repeat_byte(0xcb);

/// An account of a synthetic state.
#[derive(Clone, Debug, Default)]
pub struct TestAccount {
    pub nonce: u64,
    pub balance: U256,
    pub code: Vec<u8>,
    pub storage: BTreeMap<U256, U256>,
}

impl TestAccount {
    fn trie_account(&self) -> TrieAccount {
        let hash = if self.code.is_empty() { KECCAK_EMPTY } else { keccak256(&self.code) };
        TrieAccount::new(self.nonce, self.balance, self.storage_root(), hash)
    }

    fn storage_root(&self) -> B256 {
        let slots = self.storage.iter().filter(|(_, value)| !value.is_zero());
        root::storage_root_unhashed(slots.map(|(key, value)| (B256::from(*key), *value)))
    }
}

/// A state and the transactions of a block on it.
#[derive(Clone, Debug)]
pub struct World {
    pub fork: Fork,
    pub gas_limit: u64,
    pub accounts: BTreeMap<Address, TestAccount>,
    pub transactions: Vec<Transaction>,
    pub withdrawals: Vec<Withdrawal>,
}

impl World {
    pub fn new(fork: Fork) -> Self {
        Self {
            fork,
            gas_limit: 36_000_000,
            accounts: BTreeMap::new(),
            transactions: Vec::new(),
            withdrawals: Vec::new(),
        }
    }

    /// Adds a contract, rich enough to send value.
    pub fn contract(mut self, address: Address, code: Vec<u8>) -> Self {
        let balance = U256::from(1000);
        self.accounts.insert(address, TestAccount { nonce: 1, balance, code, ..TestAccount::default() });
        self
    }

    pub fn slot(mut self, address: Address, key: u64, value: u64) -> Self {
        let account = self.accounts.entry(address).or_default();
        account.storage.insert(U256::from(key), U256::from(value));
        self
    }

    /// Adds a transaction by a new sender.
    pub fn transaction(self, to: TxKind, gas_limit: u64, value: u64, input: &[u8]) -> Self {
        let chain_id = 31337;
        let (value, input) = (U256::from(value), Bytes::copy_from_slice(input));
        self.signed(TxEip1559 {
            chain_id,
            nonce: 0,
            gas_limit,
            max_fee_per_gas: 1 << 40,
            max_priority_fee_per_gas: 7,
            to,
            value,
            access_list: AccessList::default(),
            input,
        })
    }

    pub fn access_list_transaction(self, to: Address, gas_limit: u64, list: Vec<AccessListItem>) -> Self {
        self.signed(TxEip2930 {
            chain_id: 31337,
            nonce: 0,
            gas_price: 1 << 40,
            gas_limit,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: AccessList(list),
            input: Bytes::new(),
        })
    }

    pub fn set_code_transaction(self, to: Address, gas_limit: u64, list: Vec<SignedAuthorization>) -> Self {
        self.signed(TxEip7702 {
            chain_id: 31337,
            nonce: 0,
            gas_limit,
            max_fee_per_gas: 1 << 40,
            max_priority_fee_per_gas: 0,
            to,
            value: U256::ZERO,
            access_list: AccessList::default(),
            authorization_list: list,
            input: Bytes::new(),
        })
    }

    /// Adds a transaction with a signature made up, and its sender with it.
    pub fn signed<T>(mut self, transaction: T) -> Self
    where
        T: SignableTransaction<Signature> + Clone,
        Transaction: From<alloy_consensus::Signed<T>>,
    {
        let (transaction, sender) = (1..)
            .map(|r| Signature::new(U256::from(r), U256::from(1), false))
            .map(|signature| Transaction::from(transaction.clone().into_signed(signature)))
            .find_map(|transaction| transaction.recover_signer().ok().map(|sender| (transaction, sender)))
            .unwrap();
        self.accounts.entry(sender).or_default().balance = U256::from(WEALTH);
        self.transactions.push(transaction);
        self
    }

    /// The block, not settled: what depends on its execution is not in its header.
    pub fn input(&self) -> BlockInput {
        let (state_root, witness) = state_witness(&self.accounts);
        let parent = Header {
            number: 999,
            timestamp: 1_000_000,
            gas_limit: self.gas_limit,
            gas_used: self.gas_limit / 2,
            base_fee_per_gas: Some(1000),
            state_root,
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: (self.fork >= Fork::Cancun).then_some(0),
            excess_blob_gas: (self.fork >= Fork::Cancun).then_some(0),
            parent_beacon_block_root: (self.fork >= Fork::Cancun).then_some(B256::ZERO),
            requests_hash: (self.fork >= Fork::Prague).then_some(B256::ZERO),
            ..Header::default()
        };
        let header = Header {
            parent_hash: parent.hash_slow(),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: COINBASE,
            number: 1000,
            timestamp: 1_000_012,
            transactions_root: proofs::calculate_transaction_root(&self.transactions),
            withdrawals_root: Some(proofs::calculate_withdrawals_root(&self.withdrawals)),
            mix_hash: B256::repeat_byte(0x3d),
            ..parent.clone()
        };
        let body = BlockBody {
            transactions: self.transactions.clone(),
            ommers: Vec::new(),
            withdrawals: Some(self.withdrawals.clone().into()),
        };
        let mut witness = witness;
        witness.headers.insert(parent.hash_slow(), parent);
        BlockInput::new(ChainSpec::fixed(31337, self.fork), Block { header, body }, witness).unwrap()
    }

    /// The block with what its execution gives in its header.
    pub fn settled(&self) -> BlockInput {
        let mut input = self.input();
        while let Err(error) = execute(&input, |_, _| Ok(())) {
            let header = &mut input.block.header;
            match error {
                ExecuteError::Mismatch { mismatch, .. } => match mismatch {
                    Mismatch::GasUsed { found, .. } => header.gas_used = found,
                    Mismatch::LogsBloom { found, .. } => header.logs_bloom = *found,
                    Mismatch::ReceiptsRoot { found, .. } => header.receipts_root = found,
                    Mismatch::RequestsHash { found, .. } => header.requests_hash = Some(found),
                    Mismatch::StateRoot { found, .. } => header.state_root = found,
                    other => panic!("{other}"),
                },
                other => panic!("{other}"),
            }
        }
        BlockInput::new(input.chain, input.block, input.witness).unwrap()
    }

    /// Executes the block and assembles it; gives the traces of its transactions.
    pub fn run(&self) -> (BlockOutcome, Vec<TxTrace>) {
        let (outcome, traces, _) = self.assembled();
        (outcome, traces)
    }

    /// Executes the block, assembles it, and checks its events; gives the traces of its transactions.
    pub fn assembled(&self) -> (BlockOutcome, Vec<TxTrace>, Assembly) {
        let mut traces = Vec::new();
        let input = self.settled();
        let mut assembler = Assembler::new(&block_info(&input).unwrap()).with_codes(&input.witness.codes);
        let outcome = execute(&input, |info, trace| {
            super::consistency::check(&trace);
            super::shadow::check(info, &trace);
            assembler.transaction(info, &trace)?;
            if let Kind::Transaction(_) = trace.kind {
                traces.push(trace);
            }
            Ok(())
        })
        .unwrap();
        let assembly = assembler.finish(&outcome).unwrap();
        assert_eq!(super::assembly::check(&assembly), Ok(()));
        assert_eq!(outcome.state_root, self.root_after(&outcome), "state root of the full map");
        (outcome, traces, assembly)
    }

    /// The one transaction of the block.
    pub fn run_one(&self) -> TxTrace {
        let (_, mut traces) = self.run();
        assert_eq!(traces.len(), 1);
        traces.remove(0)
    }

    /// The state root after the block, from the full map.
    fn root_after(&self, outcome: &BlockOutcome) -> B256 {
        let mut accounts = self.accounts.clone();
        let mut code_hashes = BTreeMap::new();
        for touched in &outcome.accounts {
            let account = accounts.entry(touched.address).or_default();
            if touched.storage_wiped {
                account.storage.clear();
            }
            account.nonce = touched.after.nonce;
            account.balance = touched.after.balance;
            account.storage.extend(touched.slots.iter().map(|slot| (slot.key, slot.after)));
            code_hashes.insert(touched.address, touched.after.code_hash);
            if touched.after.is_empty() {
                accounts.remove(&touched.address);
            }
        }
        root::state_root_unhashed(accounts.iter().map(|(address, account)| {
            let mut record = account.trie_account();
            record.code_hash = code_hashes.get(address).copied().unwrap_or(record.code_hash);
            (*address, record)
        }))
    }
}

/// A state's root and a witness of all of it.
pub fn state_witness(accounts: &BTreeMap<Address, TestAccount>) -> (B256, Witness) {
    let mut witness = Witness::default();
    let mut leaves = BTreeMap::new();
    for (address, account) in accounts {
        let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
        let slots = slots.map(|(key, value)| (keccak256(B256::from(*key)), alloy_rlp::encode(value)));
        nodes(&slots.collect(), &mut witness);
        leaves.insert(keccak256(address), alloy_rlp::encode(account.trie_account()));
        witness.codes.insert(keccak256(&account.code), account.code.clone().into());
    }
    (nodes(&leaves, &mut witness), witness)
}

/// Puts all nodes of a trie into a witness.
fn nodes(leaves: &BTreeMap<B256, Vec<u8>>, witness: &mut Witness) -> B256 {
    let targets = leaves.keys().map(|key| Nibbles::unpack(*key)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets));
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(*key), value);
    }
    let root = builder.root();
    for node in builder.take_proof_nodes().into_inner().into_values() {
        witness.nodes.insert(keccak256(&node), node);
    }
    root
}

/// An authorization with a signature made up, and its authority.
pub fn authorization(chain_id: u64, target: Address, nonce: u64) -> (SignedAuthorization, Address) {
    let inner = Authorization { chain_id: U256::from(chain_id), address: target, nonce };
    (1..)
        .map(|r| SignedAuthorization::new_unchecked(inner.clone(), 0, U256::from(r), U256::from(1)))
        .find_map(|signed| signed.recover_authority().ok().map(|authority| (signed, authority)))
        .unwrap()
}

/// A block as its two files.
pub fn files(input: &BlockInput) -> (Vec<u8>, String) {
    // Sorted, so that the same input has the same file.
    let hexes = |mut items: Vec<&[u8]>| {
        items.sort_unstable();
        let items: Vec<_> = items.into_iter().map(|item| format!("\"0x{}\"", hex::encode(item))).collect();
        format!("[{}]", items.join(","))
    };
    let headers: Vec<_> = input.witness.headers.values().map(alloy_rlp::encode).collect();
    let json = format!(
        r#"{{"state":{},"codes":{},"keys":[],"headers":{}}}"#,
        hexes(input.witness.nodes.values().map(|node| node.as_ref()).collect()),
        hexes(input.witness.codes.values().map(|code| code.as_ref()).collect()),
        hexes(headers.iter().map(Vec::as_slice).collect()),
    );
    (alloy_rlp::encode(&input.block), json)
}

/// Code that pushes words, the last one on top.
pub fn push(words: &[U256]) -> Vec<u8> {
    words.iter().flat_map(|word| std::iter::once(0x7f).chain(word.to_be_bytes::<32>())).collect()
}

/// `words` pushed, the last one on top, and then `code`.
pub fn on(words: &[u64], code: &[u8]) -> Vec<u8> {
    let words: Vec<_> = words.iter().map(|word| U256::from(*word)).collect();
    [push(&words), code.to_vec()].concat()
}

/// Code that calls with this opcode, asking for an output of 32 bytes at 0, and leaves the result on the stack.
pub fn call(opcode: u8, to: Address, gas: u64, value: Option<u64>, input_length: u64) -> Vec<u8> {
    let mut words = vec![U256::from(32), U256::ZERO, U256::from(input_length), U256::ZERO];
    words.extend(value.map(U256::from));
    words.push(U256::from_be_slice(to.as_slice()));
    words.push(U256::from(gas));
    [push(&words), vec![opcode]].concat()
}

/// Code that stores a word.
pub fn sstore(key: u64, value: u64) -> Vec<u8> {
    [push(&[U256::from(value), U256::from(key)]), vec![0x55]].concat()
}
