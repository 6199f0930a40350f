//! What the verifier says of a transaction, computed from the transaction and the block's header.

use alloy_eips::eip2930::AccessListItem;
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
fn tokens(input: &[u8]) -> u64 {
    input.iter().map(|byte| if *byte == 0 { 1 } else { 4 }).sum()
}

/// How many entries the access list has: one for each address, and one for each of its keys.
fn accesses(trace: &TxTrace) -> u64 {
    trace.access_list.iter().map(|item| 1 + item.storage_keys.len() as u64).sum()
}

/// What is paid before the first step, by a transaction without authorizations.
fn intrinsic_gas(input: &[u8], access_list: &[AccessListItem], creates: bool) -> u64 {
    let keys: u64 = access_list.iter().map(|item| item.storage_keys.len() as u64).sum();
    let creation = if creates { CREATE + INIT_WORD * (input.len() as u64).div_ceil(32) } else { 0 };
    BASE + TOKEN * tokens(input) + LISTED_ADDRESS * access_list.len() as u64 + LISTED_KEY * keys + creation
}

/// What a transaction pays at least.
fn floor(input: &[u8], fork: Fork) -> u64 {
    if fork >= Fork::Prague { BASE + FLOOR_TOKEN * tokens(input) } else { 0 }
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
            let intrinsic = intrinsic_gas(&trace.input, &trace.access_list, trace.to.is_none());
            message.gas = trace.gas_limit.saturating_sub(intrinsic);
            message.floor = floor(&trace.input, self.fork);
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

#[cfg(test)]
mod tests {
    use revm::context_interface::cfg::GasParams;

    use super::*;
    use crate::chain::spec_id;

    /// What a transaction pays before its first step, and at least, for its input, its access list and a creation.
    #[test]
    fn class_8_a_transaction_pays_what_it_pays_in_revm() {
        let inputs: [&[u8]; 4] = [&[], &[0; 33], &[1, 0, 2, 0, 0], &[7; 64]];
        let item = |keys| AccessListItem { storage_keys: vec![Default::default(); keys], ..Default::default() };
        let lists = [vec![], vec![item(0)], vec![item(1), item(0), item(5)]];
        for (fork, creates) in Fork::ALL.into_iter().flat_map(|fork| [(fork, false), (fork, true)]) {
            let params = GasParams::new_spec(spec_id(fork));
            for (input, list) in inputs.into_iter().flat_map(|input| lists.iter().map(move |list| (input, list))) {
                let keys = list.iter().map(|item| item.storage_keys.len() as u64).sum();
                let theirs = params.initial_tx_gas(input, creates, list.len() as u64, keys, 0, None);
                assert_eq!(intrinsic_gas(input, list, creates), theirs.initial_total_gas(), "{fork:?}: {input:?}");
                if fork >= Fork::Prague {
                    assert_eq!(floor(input, fork), theirs.floor_gas(), "{fork:?}: {input:?}");
                } else {
                    assert_eq!(floor(input, fork), 0, "{fork:?}");
                }
            }
        }
    }
}
