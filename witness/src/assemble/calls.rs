//! Steps of the calls circuit: CALL, STATICCALL and DELEGATECALL.

use std::collections::{BTreeMap, HashSet};

use alloy_primitives::{Address, B256, U256};
use verbatim_circuits::bus::{AccountNative, CodeNative, ContextNative, ExecNative, FrameNative, HaltNative};
use verbatim_circuits::calls::{
    CallEvent, CallsChips, CallsEvent, DELEGATION, EnterEvent, FailEvent, NEW_ACCOUNT, Price, Reason, RefuseEvent,
    STIPEND, TICKS, VALUE, is_precompile,
};
use verbatim_circuits::memory::expansion::{Demand, memory_cost};
use verbatim_circuits::memory::{self, DiscardEvent, MemoryEvent};
use verbatim_circuits::schedule::{BEHIND_PRECOMPILES, Class, Entry};
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_circuits::storage::{COLD_ACCOUNT, WARM};
use verbatim_gadgets::machine::Sheet;
use verbatim_gadgets::value::split;

use super::accounts::{Order, add, subtract};
use super::call::{Call, Returned, Token};
use super::state::{Undoing, Waiting, place};
use super::tally::Counts;
use super::{AssembleError, Assembler, Position, Run, number, same, stack, untouched};
use crate::trace::{Access, Frame, NotRun, Step};

const ADDRESS: u8 = 0x30;
const CALLER: u8 = 0x33;
const CALL_VALUE: u8 = 0x34;
/// DELEGATECALL's parameter.
const DELEGATE: u8 = 2;

/// An event that waits for the end of its transaction.
#[derive(Debug)]
enum Pending {
    /// A call that begins, of a frame.
    Enter(Box<EnterEvent>, u32),
    Refuse(Box<RefuseEvent>),
    Fail(Box<FailEvent>),
}

/// The work of the circuit.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) sheet: Sheet<CallsChips>,
    waiting: Vec<Waiting<Pending>>,
    /// The calls and transactions that circuits have begun, by the clocks that name them: they say what is constant there.
    pub(super) begun: HashSet<u64>,
    /// The end of a call that a circuit has sent and nobody has received.
    pub(super) halted: Option<HaltNative>,
}

/// What becomes of a step that the circuit proves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// The call of a frame begins.
    Begins(u32),
    /// It does not, for its depth or its value.
    Refused(u32),
    /// The step itself halts.
    Fails(Reason),
}

/// The operands of a step of the class, without those that come and go with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    target: Address,
    value: U256,
    input: Demand,
    output: Demand,
}

impl Operands {
    /// From words of the stack, the top first; nothing if there are too few. `parameter` is zero for CALL.
    fn of(words: &[U256], parameter: u8) -> Option<Self> {
        let (&[_, target], rest) = words.split_first_chunk()?;
        let (value, rest) = if parameter == 0 { rest.split_first()? } else { (&U256::ZERO, rest) };
        let &[input, input_length, output, output_length, ..] = rest else { return None };
        Some(Self {
            target: Address::from_word(B256::from(target)),
            value: *value,
            input: Demand { offset: input, length: input_length },
            output: Demand { offset: output, length: output_length },
        })
    }

    fn demands(&self) -> [&Demand; 2] {
        [&self.input, &self.output]
    }

    /// Words of memory behind the step, if it succeeds.
    fn words(&self, memory: u64) -> u64 {
        self.demands().into_iter().filter_map(Demand::words).fold(memory, u64::max)
    }

    /// The least that the step costs: for a target that is warm, and not empty.
    fn least(&self, memory: u64) -> u128 {
        let expansion = memory_cost(self.words(memory)) - memory_cost(memory);
        let value = if self.value.is_zero() { 0 } else { VALUE };
        expansion + u128::from(WARM + value)
    }

    /// The least that the step costs if its target is cold.
    pub(super) fn least_cold(&self, memory: u64) -> u128 {
        self.least(memory) + u128::from(COLD_ACCOUNT - WARM)
    }

    /// What the step costs.
    pub(super) fn cost(&self, memory: u64, target: &AccountNative, transaction: u64) -> u128 {
        let cold = if target.warm == transaction { 0 } else { COLD_ACCOUNT - WARM };
        let empty = target.nonce == 0 && target.balance.is_zero() && target.code == EMPTY_CODE;
        let new = if empty && !self.value.is_zero() { NEW_ACCOUNT } else { 0 };
        self.least(memory) + u128::from(cold + new)
    }
}

/// A step on its way: it owns the ticks from `event.step.state.clock` on.
struct CallStep<'a, 't> {
    assembler: &'a mut Assembler,
    run: &'a Run<'t>,
    caller: &'a mut Call,
    /// The caller's frame.
    own: &'t Frame,
    step: &'t Step,
    position: Position,
    operands: Option<Operands>,
    event: CallEvent,
}

impl Assembler {
    /// What the circuit of calls makes of a step; nothing if it does not prove it. Calls of precompiles and of accounts
    /// that delegate remain public, and so does a step that fails for the price of a delegate.
    pub(super) fn ending(&self, run: &Run<'_>, step: &Step, entry: &Entry) -> Option<Ending> {
        if entry.class != Class::Call {
            return None;
        }
        if step.halt.is_some() {
            return self.failure(run, step, entry).map(Ending::Fails);
        }
        let frame = run.trace.frames.get(step.child?.get() as usize)?;
        let special = is_precompile(&place(frame.code_address)) || frame.is_precompile || frame.delegate.is_some();
        if special || frame.code.first().is_some_and(|first| u64::from(*first) == DELEGATION) {
            return None;
        }
        match frame.not_run {
            None => (frame.first_step.is_some() || frame.code.is_empty()).then_some(Ending::Begins(frame.id)),
            Some(NotRun::Depth | NotRun::Balance) => Some(Ending::Refused(frame.id)),
            Some(_) => None,
        }
    }

    /// Why a step of the class halts.
    fn failure(&self, run: &Run<'_>, step: &Step, entry: &Entry) -> Option<Reason> {
        let Some(operands) = Operands::of(run.trace.operands(step), entry.parameter) else {
            return Some(Reason::Stack);
        };
        let fixed = run.trace.frames.get(step.frame as usize)?.is_static;
        if fixed && !operands.value.is_zero() {
            return Some(Reason::Static);
        }
        if operands.demands().into_iter().any(|demand| demand.excess().is_some()) {
            return Some(Reason::Memory);
        }
        let (gas, memory) = (u128::from(step.gas_before), u64::from(step.memory_words_before));
        if operands.least(memory) > gas {
            return Some(Reason::Gas(Price::Least));
        }
        let target = place(operands.target);
        let (price, cost) = match self.state.account(target) {
            Some(target) => (Price::Record, operands.cost(memory, target, run.began)),
            None => (Price::Untouched, operands.least_cold(memory)),
        };
        (cost > gas && !is_precompile(&target)).then_some(Reason::Gas(price))
    }

    /// A step of the circuit of calls.
    pub(super) fn call_step(
        &mut self,
        run: &mut Run<'_>,
        index: usize,
        entry: Entry,
        ending: Ending,
    ) -> Result<(), AssembleError> {
        let (position, step) = (run.position(index), &run.trace.steps[index]);
        let mut caller = run.take(step, index)?;
        let callee = self.call_step_of(run, &mut caller, index, entry, ending);
        run.calls.insert(step.frame, caller);
        let (Some(callee), Ending::Begins(child)) = (callee?, ending) else { return Ok(()) };
        let frame = run.frame(child, position)?;
        if frame.first_step.is_none() {
            self.stop(&callee, frame, position)?;
        }
        run.ids.insert(callee.id, child);
        run.calls.insert(child, callee);
        if frame.first_step.is_some() {
            return Ok(());
        }
        self.end_frame(run, child, position)
    }

    /// Answers the call that begins, if one does.
    fn call_step_of(
        &mut self,
        run: &Run<'_>,
        caller: &mut Call,
        index: usize,
        entry: Entry,
        ending: Ending,
    ) -> Result<Option<Call>, AssembleError> {
        let (position, step) = (run.position(index), &run.trace.steps[index]);
        let own = run.frame(step.frame, position)?;
        let (event, code) = self.open_step(position, caller, step, entry)?;
        same(position, "the size of memory", &caller.memory.len(), &event.state.memory)?;
        let context = self.context(run, caller.id, step.frame, position)?;
        self.clock += TICKS;
        let operands = Operands::of(run.trace.operands(step), entry.parameter);
        let event = blank(event, context, caller, code);
        let mut here = CallStep { assembler: self, run, caller, own, step, position, operands, event };
        match ending {
            Ending::Fails(reason) => here.fail(reason).map(|()| None),
            Ending::Refused(child) => here.refuse(run.frame(child, position)?).map(|()| None),
            Ending::Begins(child) => here.enter(run.frame(child, position)?).map(Some),
        }
    }

    /// Completes the events of a transaction that has ended, as [`settle`](Self::settle) does.
    pub(super) fn settle_calls(&mut self, scopes: &BTreeMap<u32, u64>) {
        for Waiting { origin, reverted_by, mut event } in std::mem::take(&mut self.calls.waiting) {
            let context = match &mut event {
                Pending::Enter(event, callee) => {
                    event.scope = scopes.get(callee).copied().unwrap_or(0);
                    Some(&mut event.call.context)
                }
                Pending::Refuse(event) => Some(&mut event.call.context),
                // A step without operands asks for nothing.
                Pending::Fail(event) => Some(&mut event.call.context).filter(|_| event.reason != Reason::Stack),
            };
            if let Some(context) = context {
                self.ask_context(context, reverted_by, scopes);
            }
            let event = match event {
                Pending::Enter(event, _) => CallsEvent::Enter(*event),
                Pending::Refuse(event) => CallsEvent::Refuse(*event),
                Pending::Fail(event) => CallsEvent::Fail(*event),
            };
            self.calls.sheet.push(origin, event);
        }
    }

    /// The one step of a call without code: it stops.
    pub(super) fn stop(&mut self, callee: &Call, frame: &Frame, position: Position) -> Result<(), AssembleError> {
        let (clock, gas) = (self.clock, frame.gas as i64);
        let state = ExecNative { clock, call: callee.id, code: callee.code, pc: 0, height: 0, gas, memory: 0 };
        self.receive_state(&state);
        let code = self.bytecode.fetch(state.code, 0);
        code.map_err(|_| AssembleError::Trace { position, what: "opcode at the program counter" })?;
        self.clock += memory::TICKS;
        self.arith.range128(frame.gas.into());
        let step = StepEvent { state, opcode: 0, cost: 0, parameter: 0, fault: None };
        self.memory.push(self.origin(), MemoryEvent::Stop(step));
        self.calls.halted =
            Some(HaltNative { clock: self.clock, call: callee.id, success: true, gas, offset: 0, length: 0 });
        Ok(())
    }
}

/// The event of a step of which nothing is known yet but where it stands.
fn blank(step: StepEvent, context: ContextNative, caller: &Call, first: CodeNative) -> CallEvent {
    let (none, zero) = (OperandEvent::default(), U256::ZERO);
    let target = AccountNative { address: zero, nonce: 0, balance: zero, code: zero, warm: 0, clock: 0 };
    let tally = caller.tally();
    CallEvent {
        step,
        gas: none,
        address: none,
        value: none,
        input: [none; 2],
        output: [none; 2],
        context,
        tally,
        target,
        first,
    }
}

impl CallStep<'_, '_> {
    fn clock(&self) -> u64 {
        self.event.step.state.clock
    }

    fn missing(&self, what: &'static str) -> AssembleError {
        AssembleError::Trace { position: self.position, what }
    }

    fn operands(&self) -> Result<Operands, AssembleError> {
        self.operands.ok_or_else(|| self.missing("operand on the stack"))
    }

    fn pop(&mut self) -> Result<OperandEvent, AssembleError> {
        self.assembler.pop(self.position, self.caller, self.clock())
    }

    /// Pops the operands below the gas, and asks for what the circuit asks about them.
    fn pop_operands(&mut self) -> Result<Operands, AssembleError> {
        self.event.address = self.pop()?;
        if self.event.step.parameter == 0 {
            self.event.value = self.pop()?;
        }
        self.event.input = [self.pop()?, self.pop()?];
        self.event.output = [self.pop()?, self.pop()?];
        let operands = self.operands()?;
        let arith = &mut self.assembler.arith;
        arith.range128((self.event.address.value >> 160usize).to::<u128>());
        for demand in operands.demands().into_iter().filter(|demand| demand.sized()) {
            arith.words((demand.offset + demand.length).as_limbs()[0] + 31);
        }
        let (before, after) = (self.event.step.state.memory, operands.words(self.event.step.state.memory));
        if after > before {
            self.assembler.sizes.extend([after, before]);
        }
        Ok(operands)
    }

    /// Touches the target, in the caller's scope.
    fn touch(&mut self, target: Address) -> Result<(), AssembleError> {
        let writes = self.count_touch(target);
        let undoing = self.own.reverted_by.map(|by| Undoing { by, writes });
        let order = self.order(self.clock(), Some(self.run.began), undoing);
        self.event.target = self.assembler.order(order, target, |_| Some(()))?;
        self.compare_warmth(self.event.target.warm == self.run.began)
    }

    /// Counts a touch of the target, and shows that it is no precompile. Answers the writes before.
    fn count_touch(&mut self, target: Address) -> u64 {
        self.event.tally = self.assembler.tally(self.caller, self.event.step.state.clock);
        let (hi, lo) = split(&place(target));
        if hi == 0 && lo != 0 {
            self.assembler.arith.range128(lo - u128::from(BEHIND_PRECOMPILES));
        }
        let writes = self.caller.counts.writes;
        self.caller.counts.writes += 1;
        writes
    }

    fn compare_warmth(&self, warm: bool) -> Result<(), AssembleError> {
        match self.run.trace.accesses(self.step).first() {
            Some(Access::Account(access)) => {
                same(self.position, "the warmth of the account", &warm, &access.warm_before)
            }
            _ => Ok(()),
        }
    }

    fn order(&self, clock: u64, transaction: Option<u64>, undoing: Option<Undoing>) -> Order {
        let (position, origin) = (self.position, self.assembler.origin());
        Order { position, origin, clock, transaction, undoing, public: false }
    }

    /// What a step that goes on begins with. Answers the gas that is left when all is paid.
    fn head(&mut self, child: &Frame) -> Result<u64, AssembleError> {
        self.event.gas = self.pop()?;
        let operands = self.pop_operands()?;
        let (clock, memory) = (self.clock(), self.event.step.state.memory);
        let words = operands.words(memory);
        if words > memory {
            self.caller.memory.grow(words, clock);
        }
        same(self.position, "the memory left", &words, &u64::from(self.step.memory_words_after))?;
        self.touch(operands.target)?;
        same(self.position, "the target of a call", &operands.target, &child.code_address)?;
        let code = number(&child.code_hash);
        same(self.position, "the code of a call", &self.event.target.code, &code)?;
        self.assembler.bytecode.add_code(code, &child.code);
        let first = self.assembler.bytecode.fetch(code, 0);
        self.event.first = first.map_err(|_| self.missing("opcode at the program counter"))?;
        let cost = operands.cost(memory, &self.event.target, self.run.began);
        let gas = u128::from(self.event.step.state.gas.unsigned_abs());
        same(self.position, "the failure of the step", &(cost > gas), &false)?;
        Ok((gas - cost) as u64)
    }

    /// The state of the caller behind the step, `gas` of it left.
    fn caller_after(&self, gas: i64) -> ExecNative {
        let state = &self.event.step.state;
        let height = self.caller.stack.len() as u64 + 1;
        let (clock, memory) = (self.assembler.clock, self.caller.memory.len());
        ExecNative { clock, pc: state.pc + 1, height, gas, memory, ..state.clone() }
    }

    fn wait(&mut self, event: Pending) {
        let (origin, reverted_by) = (self.assembler.origin(), self.own.reverted_by);
        self.assembler.calls.waiting.push(Waiting { origin, reverted_by, event });
    }

    fn enter(&mut self, child: &Frame) -> Result<Call, AssembleError> {
        let available = self.head(child)?;
        let forwarded = self.forwarded(available);
        let (clock, value) = (self.clock(), self.event.value.value);
        let gas = forwarded + if value.is_zero() { 0 } else { STIPEND };
        same(self.position, "the gas of a call", &gas, &child.gas)?;
        let after = self.caller_after((available - forwarded) as i64);
        let tally = self.caller.tally();
        let counts = Counts {
            writes: if child.succeeded() { tally.writes } else { 0 },
            clock,
            open: true,
            ..self.caller.counts.clone()
        };
        // A caller that waits has no tally.
        self.caller.counts.open = false;
        let mut callee = Call::new(clock, self.event.target.code, counts);
        callee.frame = Some(FrameNative {
            callee: clock,
            call: after.call,
            code: after.code,
            pc: after.pc,
            height: after.height,
            gas: after.gas.unsigned_abs(),
            memory: after.memory,
            return_offset: child.return_offset,
            return_length: child.return_length,
            create: false,
            scope: 0,
            writes: tally.writes,
            refund: tally.refund,
            logs: tally.logs,
        });
        self.assembler.compare_input(self.caller, child, self.position)?;
        let [sender, receiver] = self.transfer(&mut callee, child)?;
        let inherited = self.inherit();
        let (call, address) = (self.event.clone(), place(self.own.address));
        let event = EnterEvent { call, scope: 0, address, inherited, sender, receiver };
        self.wait(Pending::Enter(Box::new(event), child.id));
        let code = callee.code;
        let clock = self.assembler.clock;
        self.assembler.calls.begun.insert(callee.id);
        self.assembler.open =
            Some(ExecNative { clock, call: callee.id, code, pc: 0, height: 0, gas: gas as i64, memory: 0 });
        Ok(callee)
    }

    /// The gas that the callee gets of what is there: at least one 64th stays (EIP-150).
    fn forwarded(&mut self, available: u64) -> u64 {
        let limit = available - available / 64;
        let (hi, lo) = split(&self.event.gas.value);
        if hi == 0 {
            self.assembler.arith.range128(lo.abs_diff(limit.into()));
        }
        u64::try_from(self.event.gas.value).unwrap_or(u64::MAX).min(limit)
    }

    /// Asks for what the callee's environment is made of. Answers the caller's own caller and value.
    fn inherit(&mut self) -> [U256; 2] {
        let (call, own) = (self.caller.id, self.own);
        let inherited = [place(own.caller), own.value];
        self.assembler.ask(call, ADDRESS, place(own.address));
        if self.event.step.parameter == DELEGATE {
            self.assembler.ask(call, CALLER, inherited[0]);
            self.assembler.ask(call, CALL_VALUE, inherited[1]);
        }
        inherited
    }

    /// Moves the value, in the callee's scope. Answers sender and receiver as they were.
    fn transfer(&mut self, callee: &mut Call, child: &Frame) -> Result<[AccountNative; 2], AssembleError> {
        let (clock, value) = (self.clock(), self.event.value.value);
        let mut records = [self.event.target.clone(), self.event.target.clone()];
        if value.is_zero() {
            return Ok(records);
        }
        let change = [subtract, add];
        for (index, address) in [self.own.address, child.address].into_iter().enumerate() {
            let writes = callee.counts.writes;
            callee.counts.writes += 1;
            let undoing = child.reverted_by.map(|by| Undoing { by, writes });
            let order = self.order(clock + 1 + index as u64, None, undoing);
            records[index] = self.assembler.order(order, address, |account| change[index](account, value))?;
            let after = self.assembler.state.account(place(address)).map_or(U256::ZERO, |account| account.balance);
            self.assembler.ranges(&after);
        }
        Ok(records)
    }

    fn refuse(&mut self, child: &Frame) -> Result<(), AssembleError> {
        let available = self.head(child)?;
        let (clock, value) = (self.clock(), self.event.value.value);
        let mut account = None;
        if child.not_run == Some(NotRun::Balance) {
            let order = self.order(clock + 1, None, None);
            let record = self.assembler.order(order, self.own.address, |_| Some(()))?;
            let less = value.checked_sub(record.balance).and_then(|less| less.checked_sub(U256::from(1)));
            let less = less.ok_or_else(|| self.missing("want of balance"))?;
            self.assembler.ranges(&less);
            account = Some(record);
        }
        let gas = available + if value.is_zero() { 0 } else { STIPEND };
        same(self.position, "the gas left", &gas, &self.step.gas_after)?;
        let result = self.run.trace.result(self.step);
        same(self.position, "the result", &U256::ZERO, &result)?;
        let after = self.caller_after(gas as i64);
        self.caller.stack.push(Token { value: U256::ZERO, clock });
        self.caller.returned = Returned::nothing(self.caller.id);
        self.assembler.open = Some(after);
        let event = RefuseEvent { call: self.event.clone(), account };
        self.wait(Pending::Refuse(Box::new(event)));
        Ok(())
    }

    fn fail(&mut self, reason: Reason) -> Result<(), AssembleError> {
        same(self.position, "the failure of the step", &true, &self.step.halt.is_some())?;
        self.event.step.fault = Some(0);
        let (state, parameter) = (self.event.step.state.clone(), self.event.step.parameter);
        let evidence = if reason == Reason::Stack {
            u128::from(if parameter == 0 { 6 } else { 5 } - state.height)
        } else {
            self.leave_gas()?;
            let operands = self.pop_operands()?;
            match reason {
                Reason::Gas(Price::Record) => self.touch(operands.target)?,
                Reason::Gas(Price::Untouched) => return self.fail_untouched(operands),
                _ => {}
            }
            self.evidence(reason, &operands)?
        };
        self.assembler.fault(state.call, evidence);
        let event = FailEvent { call: self.event.clone(), reason };
        self.wait(Pending::Fail(Box::new(event)));
        Ok(())
    }

    /// The step fails for the price of a target whose record nobody knows: it waits for whoever touches it.
    fn fail_untouched(&mut self, operands: Operands) -> Result<(), AssembleError> {
        self.count_touch(operands.target);
        self.compare_warmth(false)?;
        self.event.target.address = place(operands.target);
        let event = FailEvent { call: self.event.clone(), reason: Reason::Gas(Price::Untouched) };
        let fault = untouched::Fault {
            position: self.position,
            origin: self.assembler.origin(),
            clock: self.assembler.clock,
            location: (place(operands.target), None),
            step: untouched::Step::Call(Box::new(event), operands),
        };
        self.assembler.wait(fault, self.own.reverted_by);
        Ok(())
    }

    /// The operand on the top of the stack stays there if the step fails: it ends with the call.
    fn leave_gas(&mut self) -> Result<(), AssembleError> {
        let slot = self.caller.slot(0).ok_or_else(|| self.missing("operand on the stack"))?;
        let token = stack(self.caller, slot, self.caller.stack[slot]);
        self.caller.stack.truncate(slot);
        let origin = self.assembler.origin();
        self.assembler.memory.push(origin, MemoryEvent::Discard(DiscardEvent::Stack(token, None)));
        Ok(())
    }

    /// By how much the step failed, less one.
    fn evidence(&self, reason: Reason, operands: &Operands) -> Result<u128, AssembleError> {
        let state = &self.event.step.state;
        let gas = u128::from(state.gas.unsigned_abs());
        let short = |cost: u128| cost.checked_sub(gas + 1).ok_or_else(|| self.missing("want of gas"));
        match reason {
            Reason::Stack | Reason::Static => Ok(0),
            Reason::Memory => {
                let excess = operands.demands().into_iter().find_map(Demand::excess);
                excess.map(|(excess, _)| excess).ok_or_else(|| self.missing("want of memory"))
            }
            Reason::Gas(Price::Least) => short(operands.least(state.memory)),
            Reason::Gas(Price::Untouched) => short(operands.least_cold(state.memory)),
            Reason::Gas(Price::Record) => short(operands.cost(state.memory, &self.event.target, self.run.began)),
        }
    }
}
