//! Faults for the price of a cold location whose record revm has not looked up, and nobody knows.
//!
//! Whether something later in the block touches the location, nobody can tell before it does. So the fault waits, as
//! entries of access lists do: for whoever touches the location first, and then it shows the price by the record, which
//! nobody has changed until then; or for the end of the block, and then the verifier says that nobody touches the
//! location. He cannot say so of what an access list of the block names, for to its transaction it is warm: then the
//! step is not proven, and the verifier takes the place of its chip.

use alloy_primitives::U256;
use verbatim_circuits::bus::{
    AccountJobNative, AccountNative, Exec, ExecNative, Fault as FaultMessage, FaultNative, PublicUntouched,
    PublicUntouchedNative, Stack, StackNative, StorageNative, Tally, TallyNative,
};
use verbatim_circuits::calls::{CallEvent, CallsEvent, FailEvent, FaultEvent, Price, Reason};
use verbatim_circuits::state::StateEvent;
use verbatim_circuits::step::OperandEvent;
use verbatim_circuits::storage::{AccountEvent, LoadEvent, StorageEvent};
use verbatim_gadgets::value::from_u128;

use super::calls::Operands;
use super::state::Waiting;
use super::{AssembleError, Assembler, Position, Unproven, UnprovenKind};

/// An account, or one of its slots.
pub(super) type Location = (U256, Option<U256>);

/// A step that fails.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// SLOAD.
    Load(LoadEvent),
    /// BALANCE or EXTCODESIZE.
    Account(AccountEvent),
    /// CALL, STATICCALL or DELEGATECALL.
    Call(Box<FailEvent>, Operands),
}

/// A fault that waits for its location. Its event is that of an untouched one.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) position: Position,
    pub(super) origin: u64,
    /// When the step ends.
    pub(super) clock: u64,
    pub(super) location: Location,
    pub(super) step: Step,
}

impl Fault {
    fn state(&self) -> &ExecNative {
        match &self.step {
            Step::Load(event) => &event.state.step.state,
            Step::Account(event) => &event.state.step.state,
            Step::Call(event, _) => &event.call.step.state,
        }
    }

    fn opcode(&self) -> u8 {
        match &self.step {
            Step::Load(event) => event.state.step.opcode,
            Step::Account(event) => event.state.step.opcode,
            Step::Call(event, _) => event.call.step.opcode,
        }
    }

    /// What the step has popped, each with its depth.
    fn operands(&self) -> Vec<(u64, OperandEvent)> {
        match &self.step {
            Step::Load(event) => vec![(0, event.key)],
            Step::Account(event) => vec![(0, event.operand)],
            Step::Call(event, _) => {
                let CallEvent { address, value, input, output, .. } = &event.call;
                let value = (event.call.step.parameter == 0).then_some(value);
                let popped = std::iter::once(address).chain(value).chain(input).chain(output);
                (1..).zip(popped.copied()).collect()
            }
        }
    }

    fn missing(&self, what: &'static str) -> AssembleError {
        AssembleError::Trace { position: self.position, what }
    }

    /// The gas that the step lacks, less one.
    fn evidence(&self) -> Result<u128, AssembleError> {
        let lack = match &self.step {
            Step::Load(event) => event.state.step.fault.and_then(|lack| u128::try_from(lack).ok()),
            Step::Account(event) => event.state.step.fault.and_then(|lack| u128::try_from(lack).ok()),
            Step::Call(event, operands) => {
                let (state, context) = (&event.call.step.state, &event.call.context);
                let cost = match event.reason {
                    Reason::Gas(Price::Record) => operands.cost(state.memory, &event.call.target, context.transaction),
                    _ => operands.least_cold(state.memory),
                };
                cost.checked_sub(u128::from(state.gas.unsigned_abs()) + 1)
            }
        };
        lack.ok_or_else(|| self.missing("want of gas"))
    }
}

impl Assembler {
    /// Adds a fault that waits for the end of its transaction, and then for its location. `reverted_by` is the frame that
    /// undoes what its call does.
    pub(super) fn wait(&mut self, fault: Fault, reverted_by: Option<u32>) {
        self.halt_by_fault(fault.state().call);
        self.faults.push(Waiting { origin: fault.origin, reverted_by, event: fault });
    }

    /// The location of a fault is known: its record shows the price.
    pub(super) fn known_fault(&mut self, mut fault: Fault) -> Result<(), AssembleError> {
        let (clock, missing) = (fault.state().clock, |what| AssembleError::Trace { position: fault.position, what });
        match (&mut fault.step, fault.location) {
            (Step::Load(event), (address, Some(key))) => {
                let (slot, _) = self.state.take_slot(address, key, clock).map_err(missing)?;
                self.state.put_slot(StorageNative { clock, ..slot.clone() });
                (event.slot, event.untouched) = (Some(slot), false);
            }
            (Step::Account(event), (address, None)) => {
                let (account, _) = self.state.take_account(address, clock).map_err(missing)?;
                (event.account, event.untouched) = (Some(account), false);
                let job = event.job().ok_or_else(|| missing("account of an access"))?;
                self.state.serve(fault.origin, job, None, false).map_err(missing)?;
            }
            (Step::Call(event, _), (address, None)) => {
                let (account, _) = self.state.take_account(address, clock).map_err(missing)?;
                (event.call.target, event.reason) = (account, Reason::Gas(Price::Record));
                let (job, before) = (touch(&event.call), event.call.target.clone());
                self.state.serve_and_undo(fault.origin, job, before).map_err(missing)?;
            }
            _ => return Err(missing("location of a fault")),
        }
        self.proven_fault(fault)
    }

    /// The end of the block: nobody has touched `location`. `named` says whether an access list names it.
    pub(super) fn untouched(
        &mut self,
        location: Location,
        named: bool,
        faults: Vec<Fault>,
    ) -> Result<(), AssembleError> {
        if named {
            return faults.into_iter().try_for_each(|fault| self.public_fault(&fault));
        }
        let (address, key) = location;
        let public = PublicUntouchedNative { address, slot: key.is_some(), key: key.unwrap_or_default() };
        self.public.send::<PublicUntouched>(&public);
        self.state.sheet.push(self.origin(), StateEvent::Untouched(public));
        faults.into_iter().try_for_each(|fault| self.proven_fault(fault))
    }

    /// The event of a fault is complete.
    fn proven_fault(&mut self, fault: Fault) -> Result<(), AssembleError> {
        self.fault_message(&fault)?;
        match fault.step {
            Step::Load(event) => {
                self.count_context(&event.state.context);
                self.state.storage.push(fault.origin, StorageEvent::Load(event));
            }
            Step::Account(event) => {
                self.count_context(&event.state.context);
                self.state.storage.push(fault.origin, StorageEvent::Account(event));
            }
            Step::Call(event, _) => {
                self.count_context(&event.call.context);
                self.calls.sheet.push(fault.origin, CallsEvent::Fail(*event));
            }
        }
        Ok(())
    }

    /// A fault that no circuit proves: the verifier takes what its chip would take, and sends what it would send.
    fn public_fault(&mut self, fault: &Fault) -> Result<(), AssembleError> {
        let message = self.fault_message(fault)?;
        let state = fault.state();
        self.public.receive::<Exec>(state);
        for (depth, OperandEvent { value, gap }) in fault.operands() {
            let (slot, clock) = (state.height - 1 - depth, state.clock - 1 - u64::from(gap));
            self.public.receive::<Stack>(&StackNative { call: state.call, slot, value, clock });
        }
        if let Step::Call(event, _) = &fault.step {
            let tally = event.call.tally.clone();
            self.public.receive::<Tally>(&tally);
            self.public.send::<Tally>(&TallyNative { clock: state.clock, writes: tally.writes + 1, ..tally });
        }
        self.public.send::<FaultMessage>(&message);
        let what = UnprovenKind::Outcome(fault.opcode());
        self.unproven.push(Unproven { position: fault.position, what });
        self.steps.proven -= 1;
        Ok(())
    }

    /// What the step sends, and the end of the call that receives it.
    fn fault_message(&mut self, fault: &Fault) -> Result<FaultNative, AssembleError> {
        let evidence = fault.evidence()?;
        self.arith.range128(evidence);
        let message = FaultNative { clock: fault.clock, call: fault.state().call, evidence: from_u128(evidence) };
        self.calls.sheet.push(fault.origin, CallsEvent::Fault(FaultEvent { fault: message.clone() }));
        Ok(message)
    }
}

/// The touch of the target of a call that fails, as its chip orders it.
fn touch(call: &CallEvent) -> AccountJobNative {
    let (context, AccountNative { address, nonce, balance, code, warm, .. }) = (&call.context, call.target.clone());
    AccountJobNative {
        clock: call.step.state.clock,
        reverted: context.reverted,
        undo: if context.reverted { context.scope - call.tally.writes } else { 0 },
        address,
        nonce,
        balance,
        code,
        warm,
        nonce_after: nonce,
        balance_after: balance,
        code_after: code,
        warm_after: context.transaction,
    }
}
