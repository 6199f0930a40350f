//! What a step finds in the state, before and after revm has looked it up.

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, JournalEntry,
    bytecode::opcode,
    interpreter::{Interpreter, interpreter_types::InputsTr},
    state::AccountInfo,
};

use super::{EvmContext, Recorder};
use crate::trace::{Access, AccountAccess, AccountRole, Step, StorageAccess, TransientAccess};

impl Recorder {
    /// Records what is known before a step: warmth, and the values of what was loaded before.
    pub(super) fn begin_accesses<DB: Database>(
        &mut self,
        index: usize,
        interp: &Interpreter,
        context: &EvmContext<DB>,
    ) {
        let Some(step) = self.recording.steps.get(index) else { return };
        let word = |place: usize| {
            let present = place < usize::from(step.operand_count);
            present.then(|| self.recording.words.get(step.operands as usize + place).copied()).flatten()
        };
        let executing = interp.input.target_address();
        let target = |place| word(place).map(|word| Address::from_word(B256::from(word)));
        let accesses = match step.opcode {
            opcode::SLOAD | opcode::SSTORE => [word(0).map(|key| storage(context, executing, key, word(1))), None],
            opcode::TLOAD | opcode::TSTORE => [word(0).map(|key| transient(context, executing, key, word(1))), None],
            opcode::BALANCE | opcode::EXTCODESIZE | opcode::EXTCODEHASH | opcode::EXTCODECOPY => {
                [target(0).map(|address| account(context, AccountRole::Target, address)), None]
            }
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL => {
                [target(1).map(|address| account(context, AccountRole::Target, address)), None]
            }
            opcode::SELFBALANCE => [Some(account(context, AccountRole::Executing, executing)), None],
            opcode::SELFDESTRUCT => [
                target(0).map(|address| account(context, AccountRole::Target, address)),
                Some(account(context, AccountRole::Executing, executing)),
            ],
            _ => return,
        };
        let before = self.recording.accesses.len();
        self.recording.accesses.extend(accesses.into_iter().flatten());
        let count = self.recording.accesses.len() - before;
        if let Some(step) = self.recording.steps.get_mut(index) {
            step.access_count = count as u8;
        }
    }

    /// Adds what revm has looked up during the step, and the delegate of a callee.
    pub(super) fn end_accesses<DB: Database>(&mut self, index: usize, context: &EvmContext<DB>) {
        let Some(step) = self.recording.steps.get(index).copied() else { return };
        if step.access_count == 0 {
            return;
        }
        let end = step.accesses as usize + usize::from(step.access_count);
        for access in self.recording.accesses.get_mut(step.accesses as usize..end).into_iter().flatten() {
            match access {
                Access::Storage(access) => complete_storage(context, access, step.opcode == opcode::SLOAD),
                Access::Account(access) => complete_account(context, access),
                Access::Transient(_) => {}
            }
        }
        if step.opcode == opcode::EXTCODECOPY && step.halt.is_none() {
            self.record_code(&step, context);
        }
        let calls = matches!(step.opcode, opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL);
        let Some(Access::Account(target)) = self.recording.accesses.get(step.accesses as usize).copied() else {
            return;
        };
        if !calls || !target.loaded {
            return;
        }
        if let Some(address) = delegate_of(context, target.address) {
            let mut access = account_before(context, AccountRole::Delegate, address);
            access.warm_before &= address == target.address || !self.warmed_in_step(context, address);
            self.recording.accesses.push(Access::Account(access));
            if let Some(step) = self.recording.steps.get_mut(index) {
                step.access_count += 1;
            }
        }
    }

    /// Keeps the code that a step has loaded.
    fn record_code<DB: Database>(&mut self, step: &Step, context: &EvmContext<DB>) {
        let Some(Access::Account(target)) = self.recording.accesses.get(step.accesses as usize) else { return };
        let account = context.journaled_state.inner.state.get(&target.address);
        if let Some(code) = account.and_then(|account| account.info.code.as_ref()) {
            self.recording.codes.entry(target.code_hash).or_insert_with(|| code.original_bytes());
        }
    }

    /// Whether the current step made an account warm.
    fn warmed_in_step<DB: Database>(&self, context: &EvmContext<DB>, account: Address) -> bool {
        let journal = &context.journaled_state.inner.journal;
        journal
            .get(self.journal_length..)
            .unwrap_or_default()
            .iter()
            .any(|entry| matches!(entry, JournalEntry::AccountWarmed { address } if *address == account))
    }
}

/// The account that another delegates to (EIP-7702), if that is loaded with its code.
pub(super) fn delegate_of<DB: Database>(context: &EvmContext<DB>, address: Address) -> Option<Address> {
    let account = context.journaled_state.inner.state.get(&address)?;
    account.info.code.as_ref()?.eip7702_address()
}

fn storage<DB: Database>(context: &EvmContext<DB>, address: Address, key: U256, written: Option<U256>) -> Access {
    let journal = &context.journaled_state.inner;
    let slot = journal.state.get(&address).and_then(|account| account.storage.get(&key));
    let warm = slot.is_some_and(|slot| !slot.is_cold_transaction_id(journal.transaction_id))
        || journal.warm_addresses.is_storage_warm(&address, &key);
    let old = slot.map_or(U256::ZERO, |slot| slot.present_value);
    Access::Storage(StorageAccess {
        address,
        key,
        old,
        new: written.unwrap_or(old),
        original: slot.map_or(U256::ZERO, |slot| slot.original_value),
        warm_before: warm,
        loaded: slot.is_some(),
    })
}

/// A slot that was not loaded before the step had its original value.
fn complete_storage<DB: Database>(context: &EvmContext<DB>, access: &mut StorageAccess, reads: bool) {
    if access.loaded {
        return;
    }
    let account = context.journaled_state.inner.state.get(&access.address);
    let Some(slot) = account.and_then(|account| account.storage.get(&access.key)) else { return };
    access.loaded = true;
    access.old = slot.original_value;
    access.original = slot.original_value;
    if reads {
        access.new = slot.original_value;
    }
}

fn transient<DB: Database>(context: &EvmContext<DB>, address: Address, key: U256, written: Option<U256>) -> Access {
    let slots = context.journaled_state.inner.transient_storage.0.get(&address);
    let old = slots.and_then(|slots| slots.get(&key)).copied().unwrap_or_default();
    Access::Transient(TransientAccess { address, key, old, new: written.unwrap_or(old) })
}

fn account<DB: Database>(context: &EvmContext<DB>, role: AccountRole, address: Address) -> Access {
    Access::Account(account_before(context, role, address))
}

/// An account as far as it is loaded.
pub(super) fn account_before<DB: Database>(
    context: &EvmContext<DB>,
    role: AccountRole,
    address: Address,
) -> AccountAccess {
    let journal = &context.journaled_state.inner;
    let loaded = journal.state.get(&address);
    let warm = loaded.is_some_and(|account| !account.is_cold_transaction_id(journal.transaction_id))
        || journal.warm_addresses.is_warm(&address);
    let mut access = AccountAccess {
        role,
        address,
        warm_before: warm,
        loaded: loaded.is_some(),
        nonce: 0,
        balance: U256::ZERO,
        code_hash: alloy_consensus::constants::KECCAK_EMPTY,
        created_in_transaction: loaded.is_some_and(|account| account.is_created_locally()),
    };
    if let Some(account) = loaded {
        fill(&mut access, &account.info);
    }
    access
}

/// An account that was not loaded before had its original record.
pub(super) fn complete_account<DB: Database>(context: &EvmContext<DB>, access: &mut AccountAccess) {
    if access.loaded {
        return;
    }
    if let Some(account) = context.journaled_state.inner.state.get(&access.address) {
        access.loaded = true;
        fill(access, &account.original_info());
    }
}

const fn fill(access: &mut AccountAccess, info: &AccountInfo) {
    access.nonce = info.nonce;
    access.balance = info.balance;
    access.code_hash = info.code_hash;
}
