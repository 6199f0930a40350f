//! What the verifier says of a transaction, computed from the transaction and the block's header.

use alloy_primitives::U256;
use verbatim_circuits::bus::PublicTransactionNative;
use verbatim_circuits::schedule::Fork;

use super::super::accounts::{GAS_PER_BLOB, system};
use super::super::state::place;
use super::super::{AssembleError, Assembler, Run, same};
use crate::trace::TxTrace;

/// The gas of every transaction.
const BASE: u64 = 21_000;
/// What a creation costs beyond that (EIP-2), and each word of its code (EIP-3860).
const CREATE: u64 = 32_000;
const INIT_WORD: u64 = 2;
/// The gas of a token of input: a byte that is zero, or a quarter of one that is not (EIP-2028).
const TOKEN: u64 = 4;
/// The least gas for it (EIP-7623).
const FLOOR_TOKEN: u64 = 10;
/// The gas of an address and of a key of the access list (EIP-2930).
const LISTED_ADDRESS: u64 = 2400;
const LISTED_KEY: u64 = 1900;

/// Tokens of the input.
fn tokens(trace: &TxTrace) -> u64 {
    trace.input.iter().map(|byte| if *byte == 0 { 1 } else { 4 }).sum()
}

/// How many entries the access list has: one for each address, and one for each of its keys.
fn accesses(trace: &TxTrace) -> u64 {
    trace.access_list.iter().map(|item| 1 + item.storage_keys.len() as u64).sum()
}

/// What is paid before the first step, by a transaction without authorizations.
fn intrinsic_gas(trace: &TxTrace) -> u64 {
    let keys: u64 = trace.access_list.iter().map(|item| item.storage_keys.len() as u64).sum();
    let creation = match trace.to {
        None => CREATE + INIT_WORD * (trace.input.len() as u64).div_ceil(32),
        Some(_) => 0,
    };
    BASE + TOKEN * tokens(trace) + LISTED_ADDRESS * trace.access_list.len() as u64 + LISTED_KEY * keys + creation
}

impl Assembler {
    /// The verifier's message of a transaction or a system call.
    pub(super) fn public_transaction(&self, run: &Run<'_>) -> Result<PublicTransactionNative, AssembleError> {
        let (trace, block, position) = (run.trace, run.block, run.position(0));
        let system = system(run);
        let frame = run.frame(0, position)?;
        let mut message = PublicTransactionNative {
            index: self.chain.index,
            system,
            create: frame.kind.is_create(),
            sender: place(trace.sender),
            to: place(frame.address),
            nonce: 0,
            value: trace.value,
            gas_limit: trace.gas_limit,
            gas: trace.gas_limit,
            floor: 0,
            charge: U256::ZERO,
            upfront: U256::ZERO,
            price: U256::ZERO,
            tip: U256::ZERO,
            input_length: trace.input.len() as u64,
            accesses: accesses(trace),
        };
        if !system {
            let price = U256::from(trace.effective_gas_price);
            let (limit, blobs) = (U256::from(trace.gas_limit), trace.blob_hashes.len() as u64 * GAS_PER_BLOB);
            let blob_fee = |fee: Option<u128>| U256::from(blobs) * U256::from(fee.unwrap_or_default());
            message.nonce = trace.nonce;
            message.gas = trace.gas_limit.saturating_sub(intrinsic_gas(trace));
            message.floor = if self.fork >= Fork::Prague { BASE + FLOOR_TOKEN * tokens(trace) } else { 0 };
            message.charge = limit * price + blob_fee(block.blob_base_fee);
            let most = limit * U256::from(trace.max_fee_per_gas) + blob_fee(trace.max_fee_per_blob_gas);
            message.upfront = most.saturating_add(trace.value);
            message.price = price;
            message.tip = price.saturating_sub(U256::from(block.base_fee));
        }
        same(position, "the gas of the call", &message.gas, &frame.gas)?;
        same(position, "the least gas", &message.floor, &if system { 0 } else { trace.floor_gas })?;
        Ok(message)
    }
}
