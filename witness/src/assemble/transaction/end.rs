//! The end of a transaction or a system call that the circuit proves.

use alloy_primitives::{Bytes, U256, keccak256};
use verbatim_circuits::bus::{
    DepositJobNative, HaltNative, PendingNative, PublicReceipt, PublicReceiptNative, TallyNative,
};
use verbatim_circuits::copy::{Order as CopyOrder, ReadOrder};
use verbatim_circuits::transaction::{AccountBefore, BeginEvent, DepositEvent, EndEvent, Outcome, TransactionEvent};

use super::super::accounts::{Order, add};
use super::super::{AssembleError, Assembler, Run, number, same};

/// The opcode of a multiplication.
const MUL: u8 = 0x02;
/// The most bytes that a code has (EIP-170), the gas of each, and the byte with which none begins (EIP-3541).
const CODE_LIMIT: u64 = 24_576;
const BYTE_GAS: u64 = 200;
const MARK: u8 = 0xef;

impl Assembler {
    /// The end of a transaction or a system call. Everything is then as revm says.
    pub(in crate::assemble) fn end_proven(
        &mut self,
        run: &mut Run<'_>,
        mut begin: BeginEvent,
    ) -> Result<(), AssembleError> {
        let (position, frame) = (run.position(run.trace.steps.len()), run.frame(0, run.position(0))?);
        let missing = AssembleError::Trace { position, what: "call of a transaction" };
        let mut call = run.calls.remove(&0).ok_or(missing)?;
        if frame.first_step.is_none() {
            self.stop(&call, frame, position)?;
        }
        let halt = self.last_halt(frame, call.id, (self.clock, 0));
        self.output(&call, frame, position)?;
        let tally = self.last_tally(&mut call, self.clock);
        run.calls.insert(0, call);
        let halt = if begin.public.create { self.deposit_proven(run, halt)? } else { halt };
        same(position, "the success of the call", &halt.success, &frame.succeeded())?;
        same(position, "the gas left", &halt.gas, &(frame.gas_left as i64))?;
        if !halt.success {
            begin.scope = halt.clock + tally.writes + 1;
            self.state.undo(0, begin.scope).map_err(|what| AssembleError::Trace { position, what })?;
            run.scopes.insert(0, begin.scope);
        }
        let pending = PendingNative {
            index: begin.public.index,
            call: run.began + 1,
            halted: halt.call,
            system: begin.public.system,
            scope: begin.scope,
            gas_limit: begin.public.gas_limit,
            floor: begin.public.floor,
            sender: begin.public.sender,
            coinbase: begin.coinbase,
            price: begin.public.price,
            tip: begin.public.tip,
            used: begin.cursor.gas,
        };
        self.transact(TransactionEvent::Begin(begin));
        self.leave(run, pending, halt, tally)?;
        self.complete(run)
    }

    /// What becomes of what a creation returns. Answers the halt behind it.
    fn deposit_proven(&mut self, run: &mut Run<'_>, halt: HaltNative) -> Result<HaltNative, AssembleError> {
        let (position, frame) = (run.position(run.trace.steps.len()), run.frame(0, run.position(0))?);
        let (offset, length) = (halt.offset, halt.length);
        let left = halt.gas - (BYTE_GAS * length) as i64;
        let missing = AssembleError::Trace { position, what: "memory of a transaction's call" };
        let memory = run.memory(halt.call).ok_or(missing)?;
        let data = Bytes::from(if length > CODE_LIMIT { Vec::new() } else { memory.bytes(offset, length) });
        let outcome = match data.first() {
            _ if !halt.success => Outcome::Passed,
            _ if length > CODE_LIMIT => Outcome::Large,
            _ if left < 0 => Outcome::Poor,
            Some(&MARK) => Outcome::Invalid,
            _ => Outcome::Stored,
        };
        let mut code = Self::no_code();
        if matches!(outcome, Outcome::Stored | Outcome::Invalid) {
            let hash = number(&keccak256(&data));
            self.bytecode.add_code(hash, &data);
            self.codes.insert(hash, data);
            let missing = |_| AssembleError::Trace { position, what: "opcode of a new code" };
            code = self.bytecode.fetch(hash, 0).map_err(missing)?;
            if length > 0 {
                let job = DepositJobNative { clock: halt.clock, call: halt.call, offset, length, hash };
                self.copy(run, position, &CopyOrder::Read(ReadOrder::Deposit(job)))?;
            }
        }
        let stored = outcome == Outcome::Stored;
        let address = super::super::state::place(frame.address);
        let mut account = AccountBefore::default();
        if stored {
            let order = Order { transaction: None, public: false, ..self.at(run, halt.clock, None) };
            account = super::before(&self.access(order, address, |account| {
                account.code = code.hash;
                Some(())
            })?);
        }
        self.deposit_ranges(&halt, outcome, left);
        let gas = match outcome {
            Outcome::Stored => left,
            Outcome::Passed => halt.gas,
            _ => 0,
        };
        let (clock, after) = (halt.clock + 2, halt.call + 1);
        self.transact(TransactionEvent::Deposit(DepositEvent { halt, address, account, code, outcome }));
        Ok(HaltNative { clock, call: after, success: stored, gas, offset, length })
    }

    fn deposit_ranges(&mut self, halt: &HaltNative, outcome: Outcome, left: i64) {
        let (evidence, room) = match outcome {
            Outcome::Stored => (left.unsigned_abs(), CODE_LIMIT - halt.length),
            Outcome::Poor => ((left + 1).unsigned_abs(), 0),
            Outcome::Large => (halt.length - CODE_LIMIT - 1, 0),
            _ => (0, 0),
        };
        [halt.gas.unsigned_abs(), evidence, room].into_iter().for_each(|value| self.arith.range128(value.into()));
    }

    /// What was used, and who is paid. The next item begins.
    fn leave(
        &mut self,
        run: &Run<'_>,
        pending: PendingNative,
        halt: HaltNative,
        tally: TallyNative,
    ) -> Result<(), AssembleError> {
        let (position, trace) = (run.position(run.trace.steps.len()), run.trace);
        let none = AccountBefore::default();
        let mut event = EndEvent { halt, pending, tally, sender: none, coinbase: none };
        let (used, clock) = (event.used(), event.clock());
        self.end_ranges(run, &event);
        let PendingNative { index, system, sender, coinbase, price, tip, .. } = event.pending.clone();
        let (success, mut logs) = (event.halt.success, 0);
        if !system {
            same(position, "the gas used", &used, &trace.gas_used)?;
            same(position, "the status", &success, &trace.status)?;
            let back = U256::from(trace.gas_limit.saturating_sub(used)) * price;
            let reward = U256::from(used) * tip;
            let order = |assembler: &Self, clock| Order { public: false, ..assembler.at(run, clock, None) };
            event.sender = self.pay(order(self, clock), sender, |account| add(account, back))?;
            event.coinbase = self.pay(order(self, clock + 1), coinbase, |account| add(account, reward))?;
            logs = trace.logs.iter().filter(|log| log.receipt_index.is_some()).count() as u64;
            same(position, "the number of logs", &if success { event.tally.logs } else { 0 }, &logs)?;
        }
        self.transact(TransactionEvent::End(event));
        self.clock = clock + 2;
        self.advance(if system { 0 } else { used });
        if !system {
            let receipt = PublicReceiptNative { index, success, gas: self.chain.gas, logs };
            self.public.receive::<PublicReceipt>(&receipt);
        }
        Ok(())
    }

    /// What the end asks of arithmetic: the ranges of what it compares, and two products.
    fn end_ranges(&mut self, run: &Run<'_>, event: &EndEvent) {
        let PendingNative { gas_limit, floor, price, tip, .. } = event.pending;
        let spent = gas_limit.saturating_sub(event.halt.gas.unsigned_abs());
        let (fifth, used) = (spent / 5, event.used());
        let counter = if event.halt.success { counter(run) } else { 0 };
        let net = spent.saturating_sub(counter.min(fifth));
        let values = [event.halt.gas.unsigned_abs(), fifth, counter, counter.abs_diff(fifth), floor.abs_diff(net)];
        values.into_iter().for_each(|value| self.arith.range128(value.into()));
        self.arith.alu(MUL, U256::from(gas_limit.saturating_sub(used)), price, U256::ZERO);
        self.arith.alu(MUL, U256::from(used), tip, U256::ZERO);
    }
}

/// The transaction's refund counter, which is not negative behind a call that succeeded.
fn counter(run: &Run<'_>) -> u64 {
    run.calls.get(&0).map_or(0, |call| call.counts.refund.unsigned_abs())
}
