//! What a header must be, given its parent.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, Transaction as _, proofs};
use alloy_eips::{eip4844::DATA_GAS_PER_BLOB, eip7840::BlobParams};
use alloy_primitives::U256;

use super::{ExecuteError, Mismatch};
use crate::{chain::Fork, input::BlockInput, trace::BlockInfo};

/// Least gas limit of a block.
const MIN_GAS_LIMIT: u64 = 5000;
/// Greatest gas limit of a block (EIP-1985).
const MAX_GAS_LIMIT: u64 = i64::MAX as u64;
/// Greatest base fee that is computed with, in wei: a thousand ether per gas.
const MAX_BASE_FEE: u64 = 1 << 60;
/// Greatest length of a block's RLP (EIP-7934), in bytes.
const MAX_BLOCK_LENGTH: usize = (10 << 20) - (2 << 20);

/// Checks the header, and gives the environment of its block.
pub(super) fn check(input: &BlockInput) -> Result<BlockInfo, ExecuteError> {
    let header = &input.block.header;
    let (fork, blob_params) = input.chain.rules_at(header.timestamp)?;
    checks(input, fork, blob_params.as_ref())
        .map_err(|mismatch| ExecuteError::Mismatch { number: header.number, mismatch })?;
    Ok(BlockInfo {
        chain_id: input.chain.chain_id,
        fork,
        blob_params,
        number: header.number,
        timestamp: header.timestamp,
        coinbase: header.beneficiary,
        gas_limit: header.gas_limit,
        base_fee: header.base_fee_per_gas.unwrap_or_default(),
        prevrandao: header.mix_hash,
        excess_blob_gas: header.excess_blob_gas,
        blob_base_fee: header.excess_blob_gas.zip(blob_params).map(|(excess, params)| blob_fee(&params, excess)),
        parent_beacon_block_root: header.parent_beacon_block_root,
        parent_hash: header.parent_hash,
        block_hash: input.block_hash,
        parent_state_root: input.parent.state_root,
        ancestors: input.ancestors.clone(),
    })
}

fn checks(input: &BlockInput, fork: Fork, blobs: Option<&BlobParams>) -> Result<(), Mismatch> {
    let (header, parent) = (&input.block.header, &input.parent);
    presence(header, fork)?;
    constants(header, input)?;
    follows_parent(header, parent)?;
    base_fee(header, parent)?;
    if let Some(blobs) = blobs {
        blob_gas(input, blobs, fork)?;
    }
    if fork >= Fork::Osaka && input.block_length > MAX_BLOCK_LENGTH {
        return Err(Mismatch::BlockLength { expected: MAX_BLOCK_LENGTH, found: input.block_length });
    }
    body_roots(input)
}

/// Fields that came with a fork are there exactly from then on.
fn presence(header: &Header, fork: Fork) -> Result<(), Mismatch> {
    let fields = [
        ("withdrawals root", true, header.withdrawals_root.is_some()),
        ("blob gas used", fork >= Fork::Cancun, header.blob_gas_used.is_some()),
        ("excess blob gas", fork >= Fork::Cancun, header.excess_blob_gas.is_some()),
        ("parent beacon block root", fork >= Fork::Cancun, header.parent_beacon_block_root.is_some()),
        ("requests hash", fork >= Fork::Prague, header.requests_hash.is_some()),
        ("block access list hash", false, header.block_access_list_hash.is_some()),
        ("slot number", false, header.slot_number.is_some()),
    ];
    for (field, expected, found) in fields {
        if expected != found {
            return Err(Mismatch::Presence { field, expected, found });
        }
    }
    Ok(())
}

fn constants(header: &Header, input: &BlockInput) -> Result<(), Mismatch> {
    let nonce = U256::from(u64::from_be_bytes(header.nonce.0));
    for (field, expected, found) in [
        ("difficulty", U256::ZERO, header.difficulty),
        ("nonce", U256::ZERO, nonce),
        ("ommers hash", EMPTY_OMMER_ROOT_HASH.into(), header.ommers_hash.into()),
        ("number of ommers", U256::ZERO, U256::from(input.block.body.ommers.len())),
    ] {
        if expected != found {
            return Err(Mismatch::constant(field, expected, found));
        }
    }
    match header.extra_data.len() {
        0..=32 => Ok(()),
        found => Err(Mismatch::ExtraData { found }),
    }
}

fn follows_parent(header: &Header, parent: &Header) -> Result<(), Mismatch> {
    let number = parent.number.saturating_add(1);
    if header.number != number {
        return Err(Mismatch::Number { expected: number, found: header.number });
    }
    if header.timestamp <= parent.timestamp {
        return Err(Mismatch::Timestamp { expected: parent.timestamp.saturating_add(1), found: header.timestamp });
    }
    let step = (parent.gas_limit / 1024).saturating_sub(1);
    let least = parent.gas_limit.saturating_sub(step).max(MIN_GAS_LIMIT);
    let greatest = parent.gas_limit.saturating_add(step).min(MAX_GAS_LIMIT);
    if !(least..=greatest).contains(&header.gas_limit) {
        return Err(Mismatch::GasLimit { least, greatest, found: header.gas_limit });
    }
    Ok(())
}

/// EIP-1559, with an elasticity of 2 and a change by at most an eighth.
fn base_fee(header: &Header, parent: &Header) -> Result<(), Mismatch> {
    let fee = parent.base_fee_per_gas.unwrap_or_default();
    if fee > MAX_BASE_FEE {
        return Err(Mismatch::OutOfRange { field: "parent base fee", expected: MAX_BASE_FEE, found: fee });
    }
    let fee = u128::from(fee);
    let (used, target) = (u128::from(parent.gas_used), u128::from(parent.gas_limit / 2).max(1));
    let change = |difference: u128| fee * difference / target / 8;
    let expected = match used.cmp(&target) {
        std::cmp::Ordering::Equal => fee,
        std::cmp::Ordering::Greater => fee + change(used - target).max(1),
        std::cmp::Ordering::Less => fee.saturating_sub(change(target - used)),
    };
    match header.base_fee_per_gas {
        Some(found) if u128::from(found) == expected => Ok(()),
        found => Err(Mismatch::BaseFee { expected, found }),
    }
}

/// EIP-4844, EIP-7691, EIP-7918.
fn blob_gas(input: &BlockInput, blobs: &BlobParams, fork: Fork) -> Result<(), Mismatch> {
    let (header, parent) = (&input.block.header, &input.parent);
    let count: usize = input
        .block
        .body
        .transactions
        .iter()
        .map(|transaction| transaction.blob_versioned_hashes().map_or(0, |hashes| hashes.len()))
        .sum();
    let expected = (count as u64).saturating_mul(DATA_GAS_PER_BLOB);
    let found = header.blob_gas_used.unwrap_or_default();
    if found != expected {
        return Err(Mismatch::BlobGasUsed { expected, found });
    }
    let limit = blobs.max_blob_count.saturating_mul(DATA_GAS_PER_BLOB);
    if found > limit {
        return Err(Mismatch::BlobGasLimit { expected: limit, found });
    }
    // Above this the fee would exceed 2^127 wei per blob gas.
    let greatest = u64::try_from(blobs.update_fraction.saturating_mul(88)).unwrap_or(u64::MAX);
    for (field, excess) in
        [("parent excess blob gas", parent.excess_blob_gas), ("excess blob gas", header.excess_blob_gas)]
    {
        let found = excess.unwrap_or_default();
        if found > greatest {
            return Err(Mismatch::OutOfRange { field, expected: greatest, found });
        }
    }
    let expected = next_excess(parent, blobs, fork);
    match header.excess_blob_gas.unwrap_or_default() {
        found if u128::from(found) == expected => Ok(()),
        found => Err(Mismatch::ExcessBlobGas { expected, found }),
    }
}

fn next_excess(parent: &Header, blobs: &BlobParams, fork: Fork) -> u128 {
    let excess = u128::from(parent.excess_blob_gas.unwrap_or_default());
    let used = u128::from(parent.blob_gas_used.unwrap_or_default());
    let per_blob = u128::from(DATA_GAS_PER_BLOB);
    let target = u128::from(blobs.target_blob_count) * per_blob;
    if excess + used < target {
        return 0;
    }
    let (base_fee, base_cost) = (parent.base_fee_per_gas.unwrap_or_default(), blobs.blob_base_cost);
    let blob_fee = blob_fee(blobs, parent.excess_blob_gas.unwrap_or_default());
    let reserve = U256::from(base_cost) * U256::from(base_fee);
    if fork >= Fork::Osaka && reserve > U256::from(per_blob) * U256::from(blob_fee) {
        let (most, target) = (u128::from(blobs.max_blob_count), u128::from(blobs.target_blob_count));
        return excess + used * most.saturating_sub(target) / most.max(1);
    }
    excess + used - target
}

/// The base fee per blob gas, EIP-4844's `fake_exponential(1, excess, fraction)`, for an excess of at most 88 fractions: the sum
/// is then below e^88 * fraction, and no product reaches 2^256.
fn blob_fee(blobs: &BlobParams, excess: u64) -> u128 {
    let (factor, fraction) = (U256::from(blobs.min_blob_fee), U256::from(blobs.update_fraction).max(U256::ONE));
    let (excess, mut term, mut sum, mut index) = (U256::from(excess), factor * fraction, U256::ZERO, U256::ONE);
    while !term.is_zero() {
        sum += term;
        term = term * excess / (fraction * index);
        index += U256::ONE;
    }
    (sum / fraction).saturating_to()
}

/// The roots of what the block carries.
fn body_roots(input: &BlockInput) -> Result<(), Mismatch> {
    let (header, body) = (&input.block.header, &input.block.body);
    let found = proofs::calculate_transaction_root(&body.transactions);
    if found != header.transactions_root {
        return Err(Mismatch::TransactionsRoot { expected: header.transactions_root, found });
    }
    let Some(withdrawals) = &body.withdrawals else {
        return Err(Mismatch::Presence { field: "withdrawals", expected: true, found: false });
    };
    let found = proofs::calculate_withdrawals_root(withdrawals);
    match header.withdrawals_root {
        Some(expected) if expected != found => Err(Mismatch::WithdrawalsRoot { expected, found }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_fee_agrees_with_alloy() {
        for blobs in [BlobParams::cancun(), BlobParams::osaka(), BlobParams::bpo2()] {
            for excess in (0..40).map(|blobs| blobs * 7 * DATA_GAS_PER_BLOB) {
                assert_eq!(blob_fee(&blobs, excess), blobs.calc_blob_fee(excess));
            }
            let greatest = 88 * u64::try_from(blobs.update_fraction).unwrap_or_default();
            assert!(blob_fee(&blobs, greatest) > 1 << 126);
        }
    }
}
