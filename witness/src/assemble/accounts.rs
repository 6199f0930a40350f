//! What calls do to accounts, and transactions that no circuit proves: the verifier orders each access.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256, keccak256};
use verbatim_circuits::bus::{AccountJobNative, AccountNative, StorageNative};
use verbatim_circuits::schedule::Fork;
use verbatim_circuits::state::EMPTY_CODE;

use super::state::{self, Undoing, place};
use super::storage::has_precompile;
use super::{AssembleError, Assembler, PUBLIC_TICKS, Position, Run, number, same};
use crate::trace::{Access, AccountAccess, AccountRole, NotRun, TxKind};

/// Gas of a blob (EIP-4844).
pub(super) const GAS_PER_BLOB: u64 = 1 << 17;
const SELFDESTRUCT: u8 = 0xff;

/// Whether the protocol itself calls.
pub(super) fn system(run: &Run<'_>) -> bool {
    matches!(run.trace.kind, TxKind::System(_))
}

/// When an account is accessed, by whom, and how that is undone.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) position: Position,
    pub(super) origin: u64,
    pub(super) clock: u64,
    /// The transaction, from which on the account is warm; none if that stays.
    pub(super) transaction: Option<u64>,
    pub(super) undoing: Option<Undoing>,
    /// Whether the verifier orders it.
    pub(super) public: bool,
}

impl Assembler {
    /// Orders an access to an account. Answers its record before.
    pub(super) fn order(
        &mut self,
        order: Order,
        address: Address,
        change: impl FnOnce(&mut AccountNative) -> Option<()>,
    ) -> Result<AccountNative, AssembleError> {
        self.access(order, place(address), change)
    }

    /// Orders an access to an account. Answers its record before.
    pub(super) fn access(
        &mut self,
        order: Order,
        address: U256,
        change: impl FnOnce(&mut AccountNative) -> Option<()>,
    ) -> Result<AccountNative, AssembleError> {
        let missing = |what| AssembleError::Trace { position: order.position, what };
        let (before, _) = self.state.take_account(address, order.clock).map_err(missing)?;
        let mut after = before.clone();
        after.warm = order.transaction.unwrap_or(before.warm);
        change(&mut after).ok_or_else(|| missing("nonce or balance of an account"))?;
        let job = AccountJobNative {
            clock: order.clock,
            reverted: order.undoing.is_some(),
            undo: 0,
            address: before.address,
            nonce: before.nonce,
            balance: before.balance,
            code: before.code,
            warm: before.warm,
            nonce_after: after.nonce,
            balance_after: after.balance,
            code_after: after.code,
            warm_after: after.warm,
        };
        self.state.serve(order.origin, job, order.undoing, order.public).map_err(missing)?;
        Ok(before)
    }

    pub(super) fn at(&self, run: &Run<'_>, clock: u64, undoing: Option<Undoing>) -> Order {
        let (position, transaction) = (run.position(0), Some(run.began));
        Order { position, origin: self.origin(), clock, transaction, undoing, public: true }
    }

    /// The beginning of a transaction: what is warm from the start, fee, nonce and authorizations.
    pub(super) fn begin(&mut self, run: &Run<'_>) -> Result<(), AssembleError> {
        let (trace, began) = (run.trace, run.began);
        trace.accounts.iter().try_for_each(|change| self.learn(change))?;
        for address in self.warm(run) {
            self.order(self.at(run, began, None), address, |_| Some(()))?;
        }
        self.warm_slots(run)?;
        if system(run) {
            return Ok(());
        }
        let price = run.block.blob_base_fee.unwrap_or_default();
        let blobs = U256::from(trace.blob_hashes.len() as u64 * GAS_PER_BLOB) * U256::from(price);
        let fee = U256::from(trace.gas_limit) * U256::from(trace.effective_gas_price) + blobs;
        self.order(self.at(run, began + 1, None), trace.sender, |account| {
            account.nonce = account.nonce.checked_add(1)?;
            account.balance = account.balance.checked_sub(fee)?;
            Some(())
        })?;
        for (index, authorization) in (2..).zip(&trace.authorizations) {
            let Some(authority) = authorization.authority.filter(|_| authorization.applied) else { continue };
            let code = self.delegation(authorization.address);
            self.order(self.at(run, began + index, None), authority, |account| {
                account.nonce = account.nonce.checked_add(1)?;
                account.code = code;
                Some(())
            })?;
        }
        self.clock += trace.authorizations.len() as u64;
        Ok(())
    }

    /// The accounts that are warm from the start, those of them that the transaction then looks up. Precompiles are not
    /// among them: whoever asks for the warmth of one knows its address.
    fn warm(&self, run: &Run<'_>) -> BTreeSet<Address> {
        let (trace, chain) = (run.trace, U256::from(run.block.chain_id));
        let mut warm: BTreeSet<Address> = trace.to.into_iter().collect();
        if !system(run) {
            warm.extend([trace.sender, run.block.coinbase]);
            warm.extend(
                trace.frames.first().into_iter().flat_map(|frame| [Some(frame.address), frame.delegate]).flatten(),
            );
            warm.extend(trace.access_list.iter().map(|item| item.address));
            let valid = trace.authorizations.iter();
            let valid = valid.filter(|a| (a.chain_id.is_zero() || a.chain_id == chain) && a.nonce != u64::MAX);
            warm.extend(valid.filter_map(|authorization| authorization.authority));
        }
        warm.retain(|address| trace.account(*address).is_some());
        warm
    }

    /// The slots of the access list, those of them that the transaction then looks up.
    fn warm_slots(&mut self, run: &Run<'_>) -> Result<(), AssembleError> {
        let listed = run.trace.access_list.iter();
        let listed = listed.flat_map(|item| item.storage_keys.iter().map(|key| (place(item.address), number(key))));
        for (address, key) in listed.collect::<BTreeSet<_>>() {
            let Some(slot) = self.state.slot(address, key).cloned() else { continue };
            let original = slot.value;
            let next = StorageNative { original, warm: run.began, clock: run.began, ..slot };
            let missing = |what| AssembleError::Trace { position: run.position(0), what };
            state::replace(&mut self.state, next, &mut self.public).map_err(missing)?;
        }
        Ok(())
    }

    /// The code of an account that delegates (EIP-7702), by its hash.
    fn delegation(&mut self, to: Address) -> U256 {
        if to.is_zero() {
            return EMPTY_CODE;
        }
        let code = [&[0xef, 0x01, 0x00][..], to.as_slice()].concat();
        let hash = number(&keccak256(&code));
        self.codes.insert(hash, code.into());
        hash
    }

    /// The end of a transaction: what is left of the fee, the reward, and destroyed accounts. Everything is then as revm
    /// says.
    pub(super) fn end(&mut self, run: &mut Run<'_>) -> Result<(), AssembleError> {
        let (trace, clock) = (run.trace, self.clock);
        self.clock += PUBLIC_TICKS;
        if let Some(frame) = trace.frames.first().filter(|frame| frame.first_step.is_none() && frame.succeeded()) {
            self.transfer(run, None, frame.id, clock)?;
            self.deposit(run, None, frame.id, clock + 2)?;
        }
        let clock = clock + 3;
        let price = U256::from(trace.effective_gas_price);
        let left = U256::from(trace.gas_limit - trace.gas_used) * price;
        let reward = U256::from(trace.gas_used) * (price.saturating_sub(U256::from(run.block.base_fee)));
        let paid = [(trace.sender, left), (run.block.coinbase, reward)];
        if !system(run) {
            for (clock, (address, amount)) in (clock..).zip(paid).filter(|(_, (_, amount))| !amount.is_zero()) {
                self.order(self.at(run, clock, None), address, |account| add(account, amount))?;
            }
        }
        for change in trace.accounts.iter().filter(|change| change.destroyed) {
            self.destroy(run, change.address, clock + 2)?;
        }
        self.complete(run)
    }

    /// Everything is as revm says.
    pub(super) fn agree(&self, run: &Run<'_>) -> Result<(), AssembleError> {
        for change in &run.trace.accounts {
            let position = run.position(run.trace.steps.len());
            let missing = AssembleError::Trace { position, what: "account of a change" };
            let account = self.state.account(place(change.address)).ok_or(missing)?;
            same(position, "a nonce", &account.nonce, &change.after.nonce)?;
            same(position, "a balance", &account.balance, &change.after.balance)?;
            same(position, "the hash of a code", &account.code, &number(&change.after.code_hash))?;
            for slot in &change.slots {
                let missing = AssembleError::Trace { position, what: "slot of a change" };
                let ours = self.state.slot(place(change.address), slot.key).ok_or(missing)?;
                same(position, "the value of a slot", &ours.value, &slot.after)?;
            }
        }
        Ok(())
    }

    fn destroy(&mut self, run: &Run<'_>, address: Address, clock: u64) -> Result<(), AssembleError> {
        self.order(self.at(run, clock, None), address, |account| {
            (account.nonce, account.balance, account.code) = (0, U256::ZERO, EMPTY_CODE);
            Some(())
        })?;
        for slot in self.state.slots_of(place(address)) {
            if !slot.value.is_zero() {
                let next = StorageNative { value: U256::ZERO, clock, ..slot };
                let missing = |what| AssembleError::Trace { position: run.position(0), what };
                state::replace(&mut self.state, next, &mut self.public).map_err(missing)?;
            }
        }
        Ok(())
    }

    /// The beginning of a call: value moves, a contract is created. It belongs to the scope of the call `scope`, if the
    /// transaction has run code.
    pub(super) fn transfer(
        &mut self,
        run: &mut Run<'_>,
        scope: Option<u32>,
        id: u32,
        clock: u64,
    ) -> Result<(), AssembleError> {
        let frame = run.frame(id, run.position(0))?;
        let (value, creates) = (frame.transferred, frame.kind.is_create());
        if !value.is_zero() {
            let undoing = self.count_in(run, scope)?;
            self.order(self.at(run, clock, undoing), frame.caller, |account| subtract(account, value))?;
        }
        if creates || !value.is_zero() {
            let undoing = self.count_in(run, scope)?;
            self.order(self.at(run, clock + 1, undoing), frame.address, |account| {
                account.nonce = if creates { 1 } else { account.nonce };
                add(account, value)
            })?;
        }
        Ok(())
    }

    fn count_in(&mut self, run: &mut Run<'_>, scope: Option<u32>) -> Result<Option<Undoing>, AssembleError> {
        scope.map_or(Ok(None), |frame| self.count(run, frame))
    }

    /// The code of a contract that a call has created.
    pub(super) fn deposit(
        &mut self,
        run: &mut Run<'_>,
        scope: Option<u32>,
        id: u32,
        clock: u64,
    ) -> Result<(), AssembleError> {
        let frame = run.frame(id, run.position(0))?;
        if !frame.kind.is_create() || frame.output.is_empty() {
            return Ok(());
        }
        let code = number(&keccak256(&frame.output));
        self.codes.insert(code, frame.output.clone());
        let undoing = self.count_in(run, scope)?;
        self.order(self.at(run, clock, undoing), frame.address, |account| {
            account.code = code;
            Some(())
        })?;
        Ok(())
    }

    /// What a step that no circuit proves does to accounts, at `clock` and later.
    pub(super) fn public_accesses(&mut self, run: &mut Run<'_>, index: usize, clock: u64) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        let position = run.position(index);
        for (clock, access) in (clock..).zip(run.trace.accesses(step)) {
            let Access::Account(access) = access else { continue };
            if access.role == AccountRole::Executing {
                continue;
            }
            let address = place(access.address);
            let touched = self.state.account(address).is_some_and(|account| account.warm == run.began);
            let warm = touched || has_precompile(self.fork, address);
            same(position, "the warmth of the account", &warm, &access.warm_before)?;
            let undoing = self.count(run, step.frame)?;
            self.order(self.at(run, clock, undoing), access.address, |_| Some(()))?;
        }
        if step.opcode == SELFDESTRUCT {
            self.self_destruct(run, index, clock)?;
        }
        match step.child {
            Some(child) => self.call(run, step.frame, child.get(), clock),
            None => Ok(()),
        }
    }

    /// The part of CALL and CREATE that does not depend on the callee's code, and all of it if there is none.
    fn call(&mut self, run: &mut Run<'_>, caller: u32, id: u32, clock: u64) -> Result<(), AssembleError> {
        let frame = run.frame(id, run.position(0))?;
        if frame.kind.is_create() && matches!(frame.not_run, None | Some(NotRun::Collision | NotRun::ReceiverBalance)) {
            let undoing = self.count(run, caller)?;
            self.order(self.at(run, clock + 2, undoing), frame.caller, |account| {
                account.nonce = account.nonce.checked_add(1)?;
                Some(())
            })?;
            let undoing = self.count(run, caller)?;
            self.order(self.at(run, clock + 3, undoing), frame.address, |_| Some(()))?;
        }
        if frame.first_step.is_none() && frame.not_run.is_none() && frame.succeeded() {
            self.transfer(run, Some(caller), id, clock + 4)?;
            self.deposit(run, Some(caller), id, clock + 6)?;
        }
        Ok(())
    }

    fn self_destruct(&mut self, run: &mut Run<'_>, index: usize, clock: u64) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        let accesses = run.trace.accesses(step).iter();
        let find = |role: AccountRole| {
            accesses.clone().find_map(|access| match access {
                Access::Account(access) if access.role == role => Some(*access),
                _ => None,
            })
        };
        let missing = AssembleError::Trace { position: run.position(index), what: "account of SELFDESTRUCT" };
        let both: Option<(AccountAccess, AccountAccess)> = find(AccountRole::Target).zip(find(AccountRole::Executing));
        let (target, own) = both.ok_or(missing)?;
        let destroyed = self.fork < Fork::Cancun || own.created_in_transaction;
        let balance = self.state.account(place(own.address)).map_or(U256::ZERO, |account| account.balance);
        if balance.is_zero() || (target.address == own.address && !destroyed) {
            return Ok(());
        }
        let undoing = self.count(run, step.frame)?;
        self.order(self.at(run, clock + 4, undoing), own.address, |account| subtract(account, balance))?;
        if target.address != own.address {
            let undoing = self.count(run, step.frame)?;
            self.order(self.at(run, clock + 5, undoing), target.address, |account| add(account, balance))?;
        }
        Ok(())
    }
}

/// Adds to an account's balance.
pub(super) fn add(account: &mut AccountNative, amount: U256) -> Option<()> {
    account.balance = account.balance.checked_add(amount)?;
    Some(())
}

/// Takes from an account's balance.
pub(super) fn subtract(account: &mut AccountNative, amount: U256) -> Option<()> {
    account.balance = account.balance.checked_sub(amount)?;
    Some(())
}
