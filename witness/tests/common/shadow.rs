//! Replays a trace's effects on a state of its own, and compares what every step found.

use std::collections::{HashMap, HashSet};

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, U256, keccak256};
use revm::bytecode::opcode as op;
use verbatim_witness::{
    chain::Fork,
    trace::{Access, AccountRole, AccountState, BlockInfo, Frame, FrameKind, NotRun, Step, TxKind, TxTrace},
};

/// What a failing frame takes back.
enum Undo {
    WarmAccount(Address),
    WarmSlot(Address, U256),
    Slot(Address, U256, U256),
    Transient(Address, U256, U256),
    Account(Address, AccountState),
}

struct Shadow {
    fork: Fork,
    warm_accounts: HashSet<Address>,
    warm_slots: HashSet<(Address, U256)>,
    slots: HashMap<(Address, U256), U256>,
    original: HashMap<(Address, U256), U256>,
    transient: HashMap<(Address, U256), U256>,
    accounts: HashMap<Address, AccountState>,
    undo: Vec<Undo>,
    /// Open frames, with the length of `undo` when each began.
    open: Vec<(u32, usize)>,
}

/// Panics where a step found something else than the replay has.
pub fn check(info: &BlockInfo, trace: &TxTrace) {
    let mut shadow = Shadow::new(info, trace);
    shadow.begin(&trace.frames[0]);
    for (index, step) in trace.steps.iter().enumerate() {
        while shadow.open.last().is_some_and(|open| open.0 != step.frame) {
            shadow.end(trace);
        }
        shadow.compare(trace, step, index);
        shadow.apply(trace, step);
    }
    while !shadow.open.is_empty() {
        shadow.end(trace);
    }
    shadow.compare_end(info, trace);
}

impl Shadow {
    fn new(info: &BlockInfo, trace: &TxTrace) -> Self {
        let mut shadow = Self {
            fork: info.fork,
            warm_accounts: HashSet::new(),
            warm_slots: HashSet::new(),
            slots: HashMap::new(),
            original: HashMap::new(),
            transient: HashMap::new(),
            accounts: HashMap::new(),
            undo: Vec::new(),
            open: Vec::new(),
        };
        for account in &trace.accounts {
            shadow.accounts.insert(account.address, account.before);
            for slot in &account.slots {
                shadow.slots.insert((account.address, slot.key), slot.before);
            }
        }
        shadow.original = shadow.slots.clone();
        shadow.warm_accounts.extend(trace.to);
        if let TxKind::System(_) = trace.kind {
            return shadow;
        }
        let last_precompile = match info.fork {
            Fork::Shanghai => 9,
            Fork::Cancun => 10,
            Fork::Prague | Fork::Osaka => 17,
        };
        shadow.warm_accounts.extend((1..=last_precompile).map(Address::with_last_byte));
        if info.fork == Fork::Osaka {
            shadow.warm_accounts.insert(Address::left_padding_from(&[1, 0]));
        }
        shadow.warm_accounts.extend([info.coinbase, trace.sender]);
        for item in &trace.access_list {
            shadow.warm_accounts.insert(item.address);
            shadow.warm_slots.extend(item.storage_keys.iter().map(|key| (item.address, U256::from_be_bytes(key.0))));
        }
        shadow.prepay(info, trace);
        shadow.authorize(info, trace);
        shadow.warm_accounts.extend(trace.frames[0].delegate);
        shadow
    }

    fn prepay(&mut self, info: &BlockInfo, trace: &TxTrace) {
        let blob_gas = U256::from(131_072 * trace.blob_hashes.len());
        let fee = U256::from(trace.gas_limit) * U256::from(trace.effective_gas_price)
            + blob_gas * U256::from(info.blob_base_fee.unwrap_or_default());
        let sender = self.accounts.get_mut(&trace.sender).unwrap();
        assert_eq!(sender.nonce, trace.nonce);
        sender.balance -= fee;
        if trace.to.is_some() {
            sender.nonce += 1;
        }
    }

    fn authorize(&mut self, info: &BlockInfo, trace: &TxTrace) {
        for authorization in &trace.authorizations {
            let chain = authorization.chain_id.is_zero() || authorization.chain_id == U256::from(info.chain_id);
            let Some(authority) = authorization.authority.filter(|_| chain && authorization.nonce != u64::MAX) else {
                continue;
            };
            self.warm_accounts.insert(authority);
            if authorization.applied {
                let account = self.accounts.get_mut(&authority).unwrap();
                assert_eq!(account.nonce, authorization.nonce);
                account.nonce += 1;
                let code = [&[0xef, 1, 0][..], authorization.address.as_slice()].concat();
                account.code_hash = if authorization.address.is_zero() { KECCAK_EMPTY } else { keccak256(code) };
            }
        }
    }

    fn begin(&mut self, frame: &Frame) {
        if frame.kind.is_create() && matches!(frame.not_run, None | Some(NotRun::Collision)) {
            self.change(frame.caller, |account| account.nonce += 1);
            self.warm(frame.address);
        }
        self.open.push((frame.id, self.undo.len()));
        if frame.not_run.is_some() {
            return;
        }
        if frame.kind.is_create() {
            self.change(frame.address, |account| account.nonce = 1);
        }
        if !frame.transferred.is_zero() && frame.kind != FrameKind::CallCode {
            self.change(frame.caller, |account| account.balance -= frame.transferred);
            self.change(frame.address, |account| account.balance += frame.transferred);
        }
    }

    fn end(&mut self, trace: &TxTrace) {
        let (frame, mark) = self.open.pop().unwrap();
        let frame = &trace.frames[frame as usize];
        if frame.succeeded() {
            if frame.kind.is_create() {
                let hash = if frame.output.is_empty() { KECCAK_EMPTY } else { keccak256(&frame.output) };
                self.change(frame.address, |account| account.code_hash = hash);
            }
            return;
        }
        for undo in self.undo.drain(mark..).rev() {
            match undo {
                Undo::WarmAccount(address) => drop(self.warm_accounts.remove(&address)),
                Undo::WarmSlot(address, key) => drop(self.warm_slots.remove(&(address, key))),
                Undo::Slot(address, key, value) => drop(self.slots.insert((address, key), value)),
                Undo::Transient(address, key, value) => drop(self.transient.insert((address, key), value)),
                Undo::Account(address, account) => drop(self.accounts.insert(address, account)),
            }
        }
    }

    fn compare(&self, trace: &TxTrace, step: &Step, index: usize) {
        for access in trace.accesses(step) {
            match access {
                Access::Storage(access) => {
                    let place = (access.address, access.key);
                    assert_eq!(access.warm_before, self.warm_slots.contains(&place), "step {index}: {access:?}");
                    if access.loaded {
                        let found = (access.old, access.original);
                        assert_eq!(found, (self.slots[&place], self.original[&place]), "step {index}: {access:?}");
                    }
                }
                Access::Transient(access) => {
                    let value = self.transient.get(&(access.address, access.key)).copied().unwrap_or_default();
                    assert_eq!(access.old, value, "step {index}: {access:?}");
                }
                Access::Account(access) => {
                    let callee_too = access.role == AccountRole::Delegate
                        && trace.accesses(step).iter().any(|other| {
                            matches!(other, Access::Account(other)
                                if other.role == AccountRole::Target && other.address == access.address)
                        });
                    let warm = self.warm_accounts.contains(&access.address) || callee_too;
                    assert_eq!(access.warm_before, warm, "step {index}: {access:?}");
                    if access.loaded {
                        let account = self.accounts[&access.address];
                        let found = (access.nonce, access.balance, access.code_hash);
                        let expected = (account.nonce, account.balance, account.code_hash);
                        assert_eq!(found, expected, "step {index}: {access:?}");
                    }
                }
            }
        }
    }

    fn apply(&mut self, trace: &TxTrace, step: &Step) {
        for access in trace.accesses(step) {
            match access {
                Access::Account(access) if access.loaded => self.warm(access.address),
                Access::Storage(access) if access.loaded => {
                    let place = (access.address, access.key);
                    if self.warm_slots.insert(place) {
                        self.undo.push(Undo::WarmSlot(place.0, place.1));
                    }
                    if step.halt.is_none() {
                        let old = self.slots.insert(place, access.new).unwrap();
                        self.undo.push(Undo::Slot(place.0, place.1, old));
                    }
                }
                Access::Transient(access) if step.halt.is_none() => {
                    let old = self.transient.insert((access.address, access.key), access.new);
                    self.undo.push(Undo::Transient(access.address, access.key, old.unwrap_or_default()));
                }
                _ => {}
            }
        }
        if let (op::SELFDESTRUCT, None, [Access::Account(to), Access::Account(from)]) =
            (step.opcode, step.halt, trace.accesses(step))
        {
            // To itself, the balance stays, or is burnt with the account.
            let burns = self.fork == Fork::Shanghai || from.created_in_transaction;
            if to.address != from.address || burns {
                self.change(from.address, |account| account.balance -= from.balance);
            }
            if to.address != from.address {
                self.change(to.address, |account| account.balance += from.balance);
            }
        }
        if let Some(child) = step.child {
            let child = &trace.frames[child.get() as usize];
            if let Some(created) = child.created.filter(|created| created.loaded) {
                assert_eq!(created.warm_before, self.warm_accounts.contains(&created.address));
                assert_eq!(created.balance, self.accounts[&created.address].balance);
                assert_eq!(created.nonce, self.accounts[&created.address].nonce);
            }
            self.begin(child);
        }
    }

    fn warm(&mut self, address: Address) {
        if self.warm_accounts.insert(address) {
            self.undo.push(Undo::WarmAccount(address));
        }
    }

    fn change(&mut self, address: Address, change: impl FnOnce(&mut AccountState)) {
        let account = self.accounts.get_mut(&address).unwrap();
        self.undo.push(Undo::Account(address, *account));
        change(account);
    }

    /// The end of the transaction: fees go to the coinbase and back to the sender.
    fn compare_end(&mut self, info: &BlockInfo, trace: &TxTrace) {
        if let TxKind::Transaction(_) = trace.kind {
            let (price, used) = (trace.effective_gas_price, trace.gas_used);
            self.change(trace.sender, |account| {
                account.balance += U256::from(price) * U256::from(trace.gas_limit - used)
            });
            let tip = U256::from(price - u128::from(info.base_fee)) * U256::from(used);
            self.change(info.coinbase, |account| account.balance += tip);
        }
        for account in trace.accounts.iter().filter(|account| !account.destroyed) {
            assert_eq!(account.after, self.accounts[&account.address], "{}", account.address);
            for slot in &account.slots {
                assert_eq!(slot.after, self.slots[&(account.address, slot.key)], "{} {}", account.address, slot.key);
            }
        }
    }
}
