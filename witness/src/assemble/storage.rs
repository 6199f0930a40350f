//! Steps of the storage circuit: SLOAD, SSTORE, BALANCE, EXTCODESIZE and SELFBALANCE.

use alloy_primitives::U256;
use verbatim_circuits::bus::{ContextNative, ExecNative, StorageNative, TallyNative};
use verbatim_circuits::schedule::{BEHIND_PRECOMPILES, Class, Entry, Fork, is_precompile, listed_addresses};
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::step::{OperandEvent, STACK_LIMIT, StepEvent};
use verbatim_circuits::storage::{
    AccountEvent, COLD_ACCOUNT, COLD_SLOT, LoadEvent, SelfBalanceEvent, StateStepEvent, StorageEvent, StoreEvent, WARM,
};
use verbatim_gadgets::value::split;

use super::call::{Call, Token};
use super::state::{Undoing, place};
use super::untouched::{self, Location};
use super::{AssembleError, Assembler, Position, Run, same};
use crate::trace::{Access, Step};

/// The least gas of an SSTORE is one more (EIP-2200).
const STIPEND: i64 = 2300;
/// What the first change of a slot costs beyond a warm access: of one that was zero, and of others.
const SET: i64 = 19_900;
const RESET: i64 = 2800;
/// What clearing a slot gives back (EIP-3529).
const CLEAR: i64 = 4800;

/// The low 160 bits of a word.
fn address(word: U256) -> U256 {
    word & (U256::MAX >> 96)
}

/// Whether the fork has a precompile there, which is warm from the start (EIP-2929).
pub(super) fn has_precompile(fork: Fork, address: U256) -> bool {
    listed_addresses().any(|listed| U256::from(listed) == address && is_precompile(fork, listed))
}

/// What a fault lacks that does not depend on the state; the first of its causes.
fn evidence(entry: &Entry, state: &ExecNative, fixed: bool) -> Option<i64> {
    let (gas, height) = (state.gas, state.height as i64);
    let causes = match entry.class {
        Class::StorageStore => [1 - height, i64::from(fixed) - 1, STIPEND - gas],
        Class::SelfBalance => [i64::from(entry.gas) - gas - 1, height - STACK_LIMIT as i64, -1],
        _ => [-height, WARM as i64 - gas - 1, -1],
    };
    causes.into_iter().find(|evidence| *evidence >= 0)
}

/// Gas and refund of a write: EIP-2200 as changed by EIP-2929 and EIP-3529.
fn write_price(slot: &StorageNative, new: U256, warm: bool) -> (i64, i64) {
    let original = if warm { slot.original } else { slot.value };
    let write = if original.is_zero() { SET } else { RESET };
    let mut gas = WARM as i64 + if warm { 0 } else { COLD_SLOT as i64 };
    let mut refund = 0;
    if new != slot.value {
        gas += if slot.value == original { write } else { 0 };
        refund += if new == original { write } else { 0 };
    }
    if !original.is_zero() {
        refund += CLEAR * (i64::from(new.is_zero()) - i64::from(slot.value.is_zero()));
    }
    (gas, refund)
}

/// A step of the circuit.
struct StateStep {
    position: Position,
    origin: u64,
    reverted_by: Option<u32>,
    event: StepEvent,
    context: ContextNative,
    class: Class,
}

/// What a step of this circuit did.
struct Effect {
    gas: i64,
    refund: i64,
    result: Option<U256>,
}

impl Assembler {
    /// Whether the storage circuit proves a step.
    pub(super) fn storage_executes(&self, run: &Run<'_>, step: &Step, entry: &Entry) -> bool {
        let (Class::StorageLoad | Class::StorageStore | Class::Account | Class::SelfBalance) = entry.class else {
            return false;
        };
        match run.trace.accesses(step).first() {
            _ if step.halt.is_none() => true,
            Some(Access::Storage(access)) if self.state.slot(place(access.address), access.key).is_some() => true,
            Some(Access::Account(access)) if self.state.account(place(access.address)).is_some() => true,
            access => {
                let fixed = run.trace.frames.get(step.frame as usize).is_some_and(|frame| frame.is_static);
                let (gas, height) = (step.gas_before as i64, u64::from(step.stack_height));
                let zero = U256::ZERO;
                let state = ExecNative { clock: 0, call: 0, code: zero, pc: 0, height, gas, memory: 0 };
                evidence(entry, &state, fixed).is_some() || access.and_then(|access| self.cold(entry, access)).is_some()
            }
        }
    }

    /// What the first access to a location costs that nobody has told the record of, and the location. EIP-2200's stipend
    /// pays for SSTORE's, whose record is known.
    fn cold(&self, entry: &Entry, access: &Access) -> Option<(u64, Location)> {
        match (entry.class, access) {
            (Class::StorageLoad, Access::Storage(access)) => {
                let (address, key) = (place(access.address), access.key);
                self.state.slot(address, key).is_none().then_some((COLD_SLOT, (address, Some(key))))
            }
            (Class::Account, Access::Account(access)) => {
                let address = place(access.address);
                let unknown = self.state.account(address).is_none() && !has_precompile(self.fork, address);
                unknown.then_some((COLD_ACCOUNT, (address, None)))
            }
            _ => None,
        }
    }

    /// A fault for the price of a location whose record nobody knows: it waits for whoever touches it.
    fn cold_fault(
        &mut self,
        here: &mut StateStep,
        call: &mut Call,
        (cost, location): (u64, Location),
    ) -> Result<(), AssembleError> {
        let (position, clock) = (here.position, here.event.state.clock);
        here.charge(cost as i64);
        same(position, "the failure of the step", &here.event.fault.is_some(), &true)?;
        let operand = self.pop(position, call, clock)?;
        let state = here.untouched(call);
        let step = match location {
            (_, Some(_)) => {
                untouched::Step::Load(LoadEvent { state, key: operand, slot: None, untouched: true, undo_gap: 0 })
            }
            (address, None) => {
                self.arith.range128((operand.value >> 160usize).to::<u128>());
                let precompile = self.precompile(address);
                let account = None;
                untouched::Step::Account(AccountEvent {
                    state,
                    operand,
                    account,
                    untouched: true,
                    precompile,
                    length: 0,
                })
            }
        };
        self.wait(
            untouched::Fault { position, origin: here.origin, clock: self.clock, location, step },
            here.reverted_by,
        );
        Ok(())
    }

    /// A step of the storage circuit.
    pub(super) fn storage(&mut self, run: &mut Run<'_>, index: usize, entry: Entry) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        let position = run.position(index);
        let frame = run.frame(step.frame, position)?;
        let call = run.call(step, index)?;
        let (event, _) = self.open_step(position, call, step, entry)?;
        let state = event.state.clone();
        let event = StepEvent { fault: evidence(&entry, &state, frame.is_static), ..event };
        let context = self.context(run, state.call, step.frame, position)?;
        let (origin, reverted_by) = (self.origin(), frame.reverted_by);
        let mut here = StateStep { position, origin, reverted_by, event, context, class: entry.class };
        let accesses = run.trace.accesses(step);
        let call = run.calls.get_mut(&step.frame).ok_or(AssembleError::Trace { position, what: "call of a step" })?;
        self.clock += 1;
        let cold = accesses.first().filter(|access| step.halt.is_some() && !access.loaded());
        if let Some(cold) = cold.and_then(|access| self.cold(&entry, access)).filter(|_| here.event.fault.is_none()) {
            let warm = matches!(accesses.first(), Some(access) if access.warm_before());
            same(position, "the warmth of the location", &false, &warm)?;
            return self.cold_fault(&mut here, call, cold);
        }
        let effect = match entry.class {
            Class::SelfBalance => self.self_balance(&here),
            Class::Account => self.account_step(&mut here, call, accesses.first()),
            _ => self.slot_step(&mut here, call, accesses.first()),
        }?;
        same(position, "the failure of the step", &here.event.fault.is_some(), &step.halt.is_some())?;
        if let Some(evidence) = here.event.fault {
            self.fault(state.call, evidence.unsigned_abs().into());
            return Ok(());
        }
        if let Some(value) = effect.result {
            let revm = run.trace.result(step);
            same(position, "the result", &value, &revm)?;
            call.stack.push(Token { value, clock: state.clock });
        }
        let gas = state.gas - effect.gas;
        same(position, "the gas left", &gas, &(step.gas_after as i64))?;
        same(position, "the refund", &effect.refund, &(step.refund_after - step.refund_before))?;
        let height = call.stack.len() as u64;
        self.open = Some(ExecNative { clock: self.clock, pc: state.pc + 1, height, gas, ..state });
        Ok(())
    }

    fn self_balance(&mut self, here: &StateStep) -> Result<Effect, AssembleError> {
        let missing = |what| AssembleError::Trace { position: here.position, what };
        let address = here.context.address;
        let account = self.state.account(address).cloned().ok_or_else(|| missing("account of an access"))?;
        let effect = Effect { gas: i64::from(here.event.cost), refund: 0, result: Some(account.balance) };
        let event = SelfBalanceEvent { step: here.event.clone(), context: here.context.clone(), account };
        if let Some(job) = event.job() {
            self.state.serve(here.origin, job, None, false).map_err(missing)?;
        }
        self.state.step(here.origin, here.reverted_by, StorageEvent::SelfBalance(event), None);
        Ok(effect)
    }

    fn account_step(
        &mut self,
        here: &mut StateStep,
        call: &mut Call,
        access: Option<&Access>,
    ) -> Result<Effect, AssembleError> {
        let (position, clock) = (here.position, here.event.state.clock);
        let missing = |what| AssembleError::Trace { position, what };
        let (state, operand) = (here.untouched(call), OperandEvent::default());
        let mut event = AccountEvent { state, operand, account: None, untouched: false, precompile: false, length: 0 };
        let mut effect = Effect { gas: 0, refund: 0, result: None };
        let mut undoing = None;
        if here.event.fault.is_none() {
            event.operand = self.pop(position, call, clock)?;
            let address = address(event.operand.value);
            self.arith.range128((event.operand.value >> 160usize).to::<u128>());
            let (account, _) = self.state.take_account(address, clock).map_err(missing)?;
            event.precompile = self.precompile(address);
            let warm = event.precompile || account.warm == here.context.transaction;
            if let Some(Access::Account(access)) = access.filter(|access| access.loaded()) {
                same(position, "the warmth of the account", &warm, &access.warm_before)?;
            }
            effect.gas = if warm { WARM as i64 } else { COLD_ACCOUNT as i64 };
            here.charge(effect.gas);
            if here.event.parameter == 1 && here.event.fault.is_none() {
                event.length = self.code_length(account.code).ok_or_else(|| missing("code of an account"))?;
            }
            effect.result = Some(if here.event.parameter == 1 { U256::from(event.length) } else { account.balance });
            event.account = Some(account);
            (event.state, undoing) = self.tallied(here, call, 0);
        }
        if let Some(job) = event.job() {
            self.state.serve(here.origin, job, undoing, false).map_err(missing)?;
        }
        self.state.step(here.origin, here.reverted_by, StorageEvent::Account(event), None);
        Ok(effect)
    }

    fn slot_step(
        &mut self,
        here: &mut StateStep,
        call: &mut Call,
        access: Option<&Access>,
    ) -> Result<Effect, AssembleError> {
        let (position, clock) = (here.position, here.event.state.clock);
        let missing = |what| AssembleError::Trace { position, what };
        let stores = here.class == Class::StorageStore;
        let none = OperandEvent::default();
        if here.event.fault.is_some() {
            let event = slot_event(stores, here.untouched(call), [none, none], None);
            self.state.step(here.origin, here.reverted_by, event, None);
            return Ok(Effect { gas: 0, refund: 0, result: None });
        }
        let key = self.pop(position, call, clock)?;
        let new = if stores { self.pop(position, call, clock)? } else { none };
        let (slot, _) = self.state.take_slot(here.context.address, key.value, clock).map_err(missing)?;
        let warm = slot.warm == here.context.transaction;
        let original = if warm { slot.original } else { slot.value };
        if let Some(Access::Storage(access)) = access.filter(|access| access.loaded()) {
            same(position, "the warmth of the slot", &warm, &access.warm_before)?;
            same(position, "the value of the slot", &slot.value, &access.old)?;
            same(position, "the original value of the slot", &original, &access.original)?;
        }
        let (gas, refund) = match stores {
            true => write_price(&slot, new.value, warm),
            false => (if warm { WARM as i64 } else { COLD_SLOT as i64 }, 0),
        };
        here.charge(gas);
        if stores && here.event.fault.is_none() {
            let spare = here.event.state.gas - STIPEND - 1;
            self.arith.range128(spare.unsigned_abs().into());
        }
        let (state, undoing) = self.tallied(here, call, refund);
        let event = slot_event(stores, state, [key, new], Some(slot.clone()));
        self.state.step(here.origin, here.reverted_by, event, undoing.map(|undoing| (undoing, slot.clone())));
        let value = if stores { new.value } else { slot.value };
        let next = match here.event.fault {
            Some(_) => StorageNative { clock, ..slot },
            None => StorageNative { value, original, warm: here.context.transaction, clock, ..slot },
        };
        self.state.put_slot(next);
        Ok(Effect { gas, refund, result: (!stores).then_some(value) })
    }

    /// The event's common part of a step that touches a location, and how that is undone: both of them nothing where the
    /// step fails.
    fn tallied(&mut self, here: &StateStep, call: &mut Call, refund: i64) -> (StateStepEvent, Option<Undoing>) {
        if here.event.fault.is_some() {
            return (here.untouched(call), None);
        }
        let tally = self.tally(call, here.event.state.clock);
        call.counts.writes += 1;
        call.counts.refund += refund;
        let undoing = here.reverted_by.map(|by| Undoing { by, writes: tally.writes });
        (here.with(tally), undoing)
    }

    /// Whether the fork has a precompile there. If not, and the address has no part above 128 bits, the step shows that it
    /// lies behind them.
    fn precompile(&mut self, address: U256) -> bool {
        let (high, low) = split(&address);
        if high == 0 && listed_addresses().all(|listed| U256::from(listed) != address) {
            self.arith.range128(low - u128::from(BEHIND_PRECOMPILES));
        }
        has_precompile(self.fork, address)
    }

    /// The length of a code, which bytecode then has to prove.
    fn code_length(&mut self, hash: U256) -> Option<u64> {
        let code = if hash == EMPTY_CODE { Some(&[][..]) } else { self.codes.get(&hash).map(AsRef::as_ref) }?;
        self.bytecode.add_code(hash, code);
        Some(code.len() as u64)
    }
}

impl StateStep {
    /// Makes the step a fault if it cannot pay `gas`.
    fn charge(&mut self, gas: i64) {
        let lack = gas - self.event.state.gas - 1;
        self.event.fault = Some(lack).filter(|lack| *lack >= 0);
    }

    /// The common part of an event of a step that fails: it leaves the tally alone.
    fn untouched(&self, call: &Call) -> StateStepEvent {
        self.with(call.tally())
    }

    fn with(&self, tally: TallyNative) -> StateStepEvent {
        StateStepEvent { step: self.event.clone(), context: self.context.clone(), tally }
    }
}

fn slot_event(
    stores: bool,
    state: StateStepEvent,
    [key, value]: [OperandEvent; 2],
    slot: Option<StorageNative>,
) -> StorageEvent {
    match stores {
        true => StorageEvent::Store(StoreEvent { state, key, value, slot, undo_gap: 0 }),
        false => StorageEvent::Load(LoadEvent { state, key, slot, untouched: false, undo_gap: 0 }),
    }
}
