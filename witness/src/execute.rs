//! Executing a block over its witness, and checking it against its header.

mod authorization;
mod database;
mod error;
mod header;
mod outcome;
mod requests;
mod transaction;

use alloy_primitives::{Address, U256};
use revm::{
    Context, MainBuilder, MainContext,
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
};

use crate::{
    input::BlockInput,
    trace::{BlockInfo, Recorder, TxTrace},
};

use database::WitnessDb;
pub use error::{ExecuteError, Mismatch, StateError, VisitError};
pub use outcome::{BlockOutcome, TouchedAccount, TouchedSlot, WithdrawalTrace};
pub use requests::deposit_requests;
pub(crate) use transaction::Evm;

/// Gas limit of a system call before Amsterdam (EIP-4788, EIP-2935, EIP-7002, EIP-7251).
pub const SYSTEM_CALL_GAS_LIMIT: u64 = 30_000_000;

/// The sender of system calls.
pub const SYSTEM_ADDRESS: Address = revm::handler::SYSTEM_ADDRESS;

/// Executes a block with the mainnet rules of its fork and checks it against its header: the header against the parent
/// (number, timestamp, gas limit, base fee, blob gas), and gas used, receipts root, logs bloom, requests hash,
/// withdrawals root, transactions root, and the state root after.
///
/// `visit` is given each transaction and system call as soon as it has been executed, in order, so that no more than one
/// trace is in memory. The roots are checked after the last one: traces are of a valid block only if this returns `Ok`.
///
/// # Errors
/// Any [`ExecuteError`]; nothing in the input makes it panic.
pub fn execute(
    input: &BlockInput,
    mut visit: impl FnMut(&BlockInfo, TxTrace) -> Result<(), VisitError>,
) -> Result<BlockOutcome, ExecuteError> {
    let info = header::check(input)?;
    let db = WitnessDb::new(input);
    let mut block = transaction::BlockRun::new(input, &info, evm(&info, input, db));
    block.before_transactions(&mut visit)?;
    block.transactions(&mut visit)?;
    block.after_transactions(&mut visit)?;
    block.withdrawals()?;
    let outcome = block.finish()?;
    tracing::debug!(
        number = info.number,
        gas_used = outcome.gas_used,
        accounts = outcome.accounts.len(),
        "block executed and checked"
    );
    Ok(outcome)
}

/// The block's environment, as a trace shows it, after the checks of the header against its parent.
///
/// # Errors
/// [`ExecuteError::UnsupportedFork`] and [`ExecuteError::Mismatch`].
pub fn block_info(input: &BlockInput) -> Result<BlockInfo, ExecuteError> {
    header::check(input)
}

fn evm<'a>(info: &BlockInfo, input: &BlockInput, db: WitnessDb<'a>) -> Evm<'a> {
    let mut cfg = CfgEnv::new_with_spec(crate::chain::spec_id(info.fork));
    cfg.chain_id = input.chain.chain_id;
    if let Some(blobs) = &info.blob_params {
        cfg.max_blobs_per_tx = Some(blobs.max_blobs_per_tx);
        cfg.blob_base_fee_update_fraction = Some(blobs.update_fraction.try_into().unwrap_or(u64::MAX));
    }
    let block = BlockEnv {
        number: U256::from(info.number),
        beneficiary: info.coinbase,
        timestamp: U256::from(info.timestamp),
        gas_limit: info.gas_limit,
        basefee: info.base_fee,
        difficulty: U256::ZERO,
        prevrandao: Some(info.prevrandao),
        blob_excess_gas_and_price: info
            .excess_blob_gas
            .zip(info.blob_base_fee)
            .map(|(excess_blob_gas, blob_gasprice)| BlobExcessGasAndPrice { excess_blob_gas, blob_gasprice }),
        ..BlockEnv::default()
    };
    Context::mainnet().with_db(db).with_cfg(cfg).with_block(block).build_mainnet_with_inspector(Recorder::default())
}
