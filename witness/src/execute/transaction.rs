//! Running a block's transactions and system calls, in order.

mod envelope;

use alloy_consensus::{
    Eip658Value, Receipt, ReceiptEnvelope, Transaction as _, proofs, transaction::SignerRecoverable,
};
use alloy_eips::eip7685::Requests;
use alloy_primitives::{Address, Bloom, Bytes, TxKind as Recipient, U256};
use revm::{
    ExecuteEvm, InspectEvm, MainnetEvm,
    context::{
        ContextSetters, TxEnv,
        result::{EVMError, ExecutionResult},
    },
    handler::{EthFrame, MainnetContext, MainnetHandler},
    inspector::InspectorHandler,
};

use super::{
    BlockOutcome, ExecuteError, Mismatch, SYSTEM_ADDRESS, SYSTEM_CALL_GAS_LIMIT, StateError, VisitError,
    WithdrawalTrace, authorization, database::WitnessDb, requests::deposit_requests,
};
use crate::{
    chain::Fork,
    input::{BlockInput, Transaction},
    trace::{BlockInfo, Recorder, SystemContract, TxTrace},
};

/// The revm instance of a block.
pub(crate) type Evm<'a> = MainnetEvm<MainnetContext<WitnessDb<'a>>, Recorder>;

/// Request types (EIP-7685).
const DEPOSIT: u8 = 0;
const WITHDRAWAL: u8 = 1;
const CONSOLIDATION: u8 = 2;

/// A block in the middle of its execution.
pub(super) struct BlockRun<'a> {
    input: &'a BlockInput,
    info: &'a BlockInfo,
    evm: Evm<'a>,
    ordinal: u32,
    gas_used: u64,
    receipts: Vec<ReceiptEnvelope>,
    deposits: Vec<u8>,
    requests: Requests,
    withdrawals: Vec<WithdrawalTrace>,
}

impl<'a> BlockRun<'a> {
    pub(super) fn new(input: &'a BlockInput, info: &'a BlockInfo, evm: Evm<'a>) -> Self {
        Self {
            input,
            info,
            evm,
            ordinal: 0,
            gas_used: 0,
            receipts: Vec::new(),
            deposits: Vec::new(),
            requests: Requests::default(),
            withdrawals: Vec::new(),
        }
    }

    fn db(&mut self) -> &mut WitnessDb<'a> {
        &mut self.evm.ctx.journaled_state.database
    }

    /// The system calls at the start of the block.
    pub(super) fn before_transactions(
        &mut self,
        visit: &mut impl FnMut(&BlockInfo, TxTrace) -> Result<(), VisitError>,
    ) -> Result<(), ExecuteError> {
        if self.info.fork >= Fork::Prague {
            let hash = Bytes::copy_from_slice(self.info.parent_hash.as_slice());
            self.system_call(SystemContract::HistoryStorage, hash, visit)?;
        }
        if let Some(root) = self.info.parent_beacon_block_root {
            let root = Bytes::copy_from_slice(root.as_slice());
            self.system_call(SystemContract::BeaconRoots, root, visit)?;
        }
        Ok(())
    }

    /// The transactions.
    pub(super) fn transactions(
        &mut self,
        visit: &mut impl FnMut(&BlockInfo, TxTrace) -> Result<(), VisitError>,
    ) -> Result<(), ExecuteError> {
        for (index, transaction) in self.input.block.body.transactions.iter().enumerate() {
            let trace = self.transaction(index, transaction)?;
            visit(self.info, trace).map_err(ExecuteError::Visitor)?;
        }
        Ok(())
    }

    fn transaction(&mut self, index: usize, transaction: &Transaction) -> Result<TxTrace, ExecuteError> {
        let sender = transaction.recover_signer().map_err(|_| ExecuteError::InvalidSignature { index })?;
        let (gas_limit, available) = (transaction.gas_limit(), self.info.gas_limit.saturating_sub(self.gas_used));
        if gas_limit > available {
            return Err(ExecuteError::BlockGasExceeded { index, gas_limit, available });
        }
        let list = transaction.authorization_list().unwrap_or_default();
        let chain_id = self.input.chain.chain_id;
        let authorizations = authorization::resolve(self.db(), chain_id, sender, list)?;
        let env = envelope::tx_env(transaction, sender, &authorizations);
        let result = self.evm.inspect_one_tx(env).map_err(|error| evm_error(Some(index), error))?;
        let mut trace = envelope::of_transaction(index, transaction, sender, self.info.base_fee);
        trace.authorizations = authorizations;
        self.complete(&mut trace, &result)?;
        self.receipt(index, transaction, result)?;
        Ok(trace)
    }

    /// Adds to a trace what execution gave, and commits the state.
    fn complete(&mut self, trace: &mut TxTrace, result: &ExecutionResult) -> Result<(), ExecuteError> {
        trace.ordinal = self.ordinal;
        self.ordinal += 1;
        let state = self.evm.finalize();
        envelope::record(trace, self.evm.inspector.take(), result, &state);
        self.db().commit(state)?;
        Ok(())
    }

    fn receipt(
        &mut self,
        index: usize,
        transaction: &Transaction,
        result: ExecutionResult,
    ) -> Result<(), ExecuteError> {
        self.gas_used = self.gas_used.saturating_add(result.tx_gas_used());
        let status = Eip658Value::Eip658(result.is_success());
        let logs = result.into_logs();
        if self.info.fork >= Fork::Prague {
            let deposits = deposit_requests(self.input.chain.deposit_contract, &logs);
            self.deposits.extend(deposits.ok_or(ExecuteError::MalformedDeposit { index })?);
        }
        let receipt = Receipt { status, cumulative_gas_used: self.gas_used, logs };
        self.receipts.push(ReceiptEnvelope::from_typed(transaction.tx_type(), receipt));
        Ok(())
    }

    /// The system calls at the end of the block, and the requests.
    pub(super) fn after_transactions(
        &mut self,
        visit: &mut impl FnMut(&BlockInfo, TxTrace) -> Result<(), VisitError>,
    ) -> Result<(), ExecuteError> {
        if self.info.fork < Fork::Prague {
            return Ok(());
        }
        let deposits = std::mem::take(&mut self.deposits);
        self.requests.push_request_with_type(DEPOSIT, deposits);
        for (contract, kind) in
            [(SystemContract::WithdrawalRequests, WITHDRAWAL), (SystemContract::ConsolidationRequests, CONSOLIDATION)]
        {
            let no_code = self.db().account(contract.address())?.code_hash == alloy_consensus::constants::KECCAK_EMPTY;
            if no_code && !self.input.chain.require_system_contracts {
                continue;
            }
            let failed = |reason: &str| ExecuteError::SystemCall { contract, reason: reason.into() };
            if no_code {
                return Err(failed("the contract has no code"));
            }
            match self.system_call(contract, Bytes::new(), visit)? {
                ExecutionResult::Success { output, .. } => {
                    self.requests.push_request_with_type(kind, output.into_data());
                }
                ExecutionResult::Revert { .. } => return Err(failed("it reverted")),
                ExecutionResult::Halt { reason, .. } => return Err(failed(&format!("{reason:?}"))),
            }
        }
        Ok(())
    }

    fn system_call(
        &mut self,
        contract: SystemContract,
        data: Bytes,
        visit: &mut impl FnMut(&BlockInfo, TxTrace) -> Result<(), VisitError>,
    ) -> Result<ExecutionResult, ExecuteError> {
        let env = TxEnv {
            caller: SYSTEM_ADDRESS,
            kind: Recipient::Call(contract.address()),
            data: data.clone(),
            gas_limit: SYSTEM_CALL_GAS_LIMIT,
            ..TxEnv::default()
        };
        self.evm.ctx.set_tx(env);
        let mut handler = MainnetHandler::<Evm<'a>, EVMError<StateError>, EthFrame>::default();
        let result = handler.inspect_run_system_call(&mut self.evm).map_err(|error| evm_error(None, error))?;
        let mut trace = envelope::of_system_call(contract, data);
        self.complete(&mut trace, &result)?;
        visit(self.info, trace).map_err(ExecuteError::Visitor)?;
        Ok(result)
    }

    /// The withdrawals (EIP-4895).
    pub(super) fn withdrawals(&mut self) -> Result<(), ExecuteError> {
        for withdrawal in self.input.block.body.withdrawals.iter().flatten() {
            let amount = U256::from(withdrawal.amount) * U256::from(1_000_000_000u64);
            let before = self.db().account(withdrawal.address)?;
            self.db().add_balance(withdrawal.address, amount)?;
            let after = self.db().account(withdrawal.address)?;
            self.withdrawals.push(WithdrawalTrace {
                index: withdrawal.index,
                validator_index: withdrawal.validator_index,
                address: withdrawal.address,
                amount,
                before,
                after,
            });
        }
        Ok(())
    }

    /// Checks what the execution gave against the header.
    pub(super) fn finish(mut self) -> Result<BlockOutcome, ExecuteError> {
        let state_root = self.db().post_state_root()?;
        self.checks(state_root).map_err(|mismatch| ExecuteError::Mismatch { number: self.info.number, mismatch })?;
        let (accounts, block_hashes) = self.evm.ctx.journaled_state.database.touched();
        Ok(BlockOutcome {
            gas_used: self.gas_used,
            receipts: self.receipts,
            requests: self.requests.take(),
            withdrawals: self.withdrawals,
            accounts,
            block_hashes,
            state_root,
        })
    }

    fn checks(&self, state_root: alloy_primitives::B256) -> Result<(), Mismatch> {
        let header = &self.input.block.header;
        if header.gas_used != self.gas_used {
            return Err(Mismatch::GasUsed { expected: header.gas_used, found: self.gas_used });
        }
        let found = self.receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
        if header.logs_bloom != found {
            let (expected, found) = (Box::new(header.logs_bloom), Box::new(found));
            return Err(Mismatch::LogsBloom { expected, found });
        }
        let found = proofs::calculate_receipt_root(&self.receipts);
        if header.receipts_root != found {
            return Err(Mismatch::ReceiptsRoot { expected: header.receipts_root, found });
        }
        if let Some(expected) = header.requests_hash {
            let found = self.requests.requests_hash();
            if expected != found {
                return Err(Mismatch::RequestsHash { expected, found });
            }
        }
        if header.state_root != state_root {
            return Err(Mismatch::StateRoot { expected: header.state_root, found: state_root });
        }
        Ok(())
    }
}

fn evm_error(index: Option<usize>, error: EVMError<StateError>) -> ExecuteError {
    let place = || index.map_or_else(|| "a system call".into(), |index| format!("transaction {index}"));
    match (error, index) {
        (EVMError::Database(error), _) => error.into(),
        (EVMError::Transaction(source), Some(index)) => ExecuteError::InvalidTransaction { index, source },
        (error, _) => ExecuteError::Evm { place: place(), reason: error.to_string() },
    }
}

/// The recipient of a creation is none.
fn recipient(kind: Recipient) -> Option<Address> {
    kind.to().copied()
}
