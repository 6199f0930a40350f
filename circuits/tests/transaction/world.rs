//! A small block for tests: the events of the circuit, and the messages of everybody else, written down independently.

use std::collections::BTreeMap;

use ruint::aliases::U256;
use verbatim_circuits::bus::*;
use verbatim_circuits::light::TRANSACTION;
use verbatim_circuits::memory::{DiscardEvent, MemoryChips, MemoryEvent};
use verbatim_circuits::opcodes::{self, FORK};
use verbatim_circuits::schedule::Fork;
use verbatim_circuits::state::{AccessEvent, AccountBoundaryEvent, EMPTY_CODE, StateChips, StateEvent};
use verbatim_circuits::step::StepEvent;
use verbatim_circuits::transaction::*;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{Sheet, Workload};
use verbatim_gadgets::message::{Fact, Linear};

use crate::trial::Trial;
use crate::tx::{Tx, address, code, word};

/// A block as it grows.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) events: Vec<TransactionEvent>,
    pub(crate) others: Balance,
    counts: FactCounts,
    accounts: BTreeMap<U256, AccountBefore>,
    /// Accesses to accounts, and for each account the one before the block and the time of its last token.
    state: Vec<AccessEvent>,
    tokens: BTreeMap<U256, (AccountBefore, u64)>,
    cursor: CursorNative,
    coinbase: U256,
    /// The memory circuit's part, if it runs the calls: then each is a STOP.
    steps: Option<Vec<MemoryEvent>>,
}

impl World {
    /// The block's environment, and an account number 1 to 5 with 2^130 + 10^9 each.
    pub(crate) fn new(coinbase: U256) -> Self {
        Self::open(coinbase, None)
    }

    /// As [`new`](Self::new), for [`machine`](Self::machine): all calls are a STOP, and the circuits run it.
    pub(crate) fn stopping(coinbase: U256) -> Self {
        Self::open(coinbase, Some(Vec::new()))
    }

    fn open(coinbase: U256, steps: Option<Vec<MemoryEvent>>) -> Self {
        let account = |number: u128| {
            let balance = word(4, 1_000_000_000);
            let code = if number == 1 { EMPTY_CODE } else { code(number) };
            (address(number), AccountBefore { nonce: 0, balance, code, warm: 0 })
        };
        let cursor = CursorNative { index: 0, clock: 1, gas: 0 };
        let mut world = Self {
            events: Vec::new(),
            others: Balance::default(),
            counts: FactCounts::default(),
            accounts: (1..=5).map(account).collect(),
            state: Vec::new(),
            tokens: BTreeMap::new(),
            cursor: cursor.clone(),
            coinbase,
            steps,
        };
        world.send::<Cursor>(&cursor);
        for (opcode, value) in [(0x41, coinbase), (0x42, U256::from(1_700_000_000)), (FORK as u8, U256::from(4))] {
            let public = PublicEnvironmentNative { opcode, value };
            world.send::<PublicEnvironment>(&public);
            world.events.push(TransactionEvent::Environment(EnvironmentEvent { public }));
            if world.steps.is_none() {
                world.consume::<Environment>(&EnvironmentNative { owner: 0, opcode, value });
            }
        }
        world
    }

    pub(crate) fn send<M: Linear>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, F::from(1));
    }

    pub(crate) fn receive<M: Linear>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, -F::from(1));
    }

    fn provide<M: Fact>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, F::from(1));
    }

    fn consume<M: Fact>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, -F::from(1));
        self.counts.add::<M>(message);
    }

    pub(crate) fn account(&mut self, address: U256) -> &mut AccountBefore {
        let absent = AccountBefore { nonce: 0, balance: U256::ZERO, code: EMPTY_CODE, warm: 0 };
        self.accounts.entry(address).or_insert(absent)
    }

    /// The state serves an access. Answers the account before.
    fn access(
        &mut self,
        clock: u64,
        address: U256,
        undo: Option<u64>,
        change: impl FnOnce(&mut AccountBefore),
    ) -> AccountBefore {
        let account = self.account(address);
        let before = *account;
        change(account);
        let after = *account;
        let job = AccountJobNative {
            clock,
            reverted: undo.is_some(),
            undo: undo.unwrap_or(0),
            address,
            nonce: before.nonce,
            balance: before.balance,
            code: before.code,
            warm: before.warm,
            nonce_after: after.nonce,
            balance_after: after.balance,
            code_after: after.code,
            warm_after: after.warm,
        };
        self.receive::<AccountJob>(&job);
        let token = self.tokens.entry(address).or_insert((before, 0));
        let gap = u16::try_from(clock - 1 - token.1).expect("a short block");
        token.1 = clock;
        self.state.push(AccessEvent { job, gap, undo_gap: 0 });
        before
    }

    pub(crate) fn withdrawal(&mut self, address: U256, amount: u128) {
        let cursor = self.cursor.clone();
        let public = PublicWithdrawalNative { index: cursor.index, address, amount };
        self.send::<PublicWithdrawal>(&public);
        let account = self.access(cursor.clock, address, None, |account| account.balance += U256::from(amount));
        self.cursor = CursorNative { index: cursor.index + 1, clock: cursor.clock + 1, gas: cursor.gas };
        self.events.push(TransactionEvent::Withdrawal(WithdrawalEvent { cursor, public, account }));
    }

    /// A transaction from beginning to end.
    pub(crate) fn transaction(&mut self, tx: &Tx) {
        let (time, gas_before) = (self.cursor.clock, self.cursor.gas);
        let mut public = tx.public.clone();
        public.index = self.cursor.index;
        if !public.system {
            public.nonce = self.account(public.sender).nonce;
        }
        self.send::<PublicTransaction>(&public);
        let (start, call) = (time + 3 + public.accesses, time + 1);
        let paid = u64::from(!public.value.is_zero());
        let writes = paid + u64::from(paid == 1 || public.create) + tx.outcome.writes;
        let halted = start + 2 + tx.outcome.ticks;
        // A creation's end is two ticks behind that of its call.
        let end = halted + if public.create { 2 } else { 0 };
        let stored = !public.create || tx.outcome.deposit == Outcome::Stored;
        let scope = if tx.outcome.success && stored { 0 } else { end + writes + 1 };

        let begin = self.begin(tx, &public, start, scope);
        let code = begin.code.hash;
        self.events.push(TransactionEvent::Begin(begin));
        self.access_list(tx, &public, time);
        self.input(tx, &public, time, code);
        self.call(&public, (time, start, scope, code));

        let halt = HaltNative {
            clock: halted,
            call,
            success: tx.outcome.success,
            gas: tx.outcome.gas,
            offset: tx.outcome.returned.0,
            length: tx.outcome.returned.1,
        };
        let refund = F::from(tx.outcome.refund);
        let tally = TallyNative {
            call,
            clock: if self.steps.is_some() { call } else { start + 5 },
            writes,
            refund,
            logs: tx.outcome.logs,
            returned: call,
            return_offset: 0,
            return_length: 0,
        };
        if self.steps.is_none() {
            self.send::<Halt>(&halt);
            self.send::<Tally>(&tally);
        }
        let halt = if public.create { self.deposit(tx, &public, halt) } else { halt };
        self.end(&public, halt, tally, scope, gas_before);
    }

    fn begin(&mut self, tx: &Tx, public: &PublicTransactionNative, start: u64, scope: u64) -> BeginEvent {
        let (time, coinbase) = (self.cursor.clock, self.coinbase);
        let pays = !public.system;
        let warm = |account: &mut AccountBefore| account.warm = time;
        let mut sender = AccountBefore::default();
        if pays {
            sender = self.access(time, public.sender, None, |account| {
                (account.nonce, account.warm) = (account.nonce + 1, time);
                account.balance -= public.charge;
            });
        }
        let recipient = self.access(time + 1, public.to, None, warm);
        let mut coinbase_account = AccountBefore::default();
        if pays {
            coinbase_account = self.access(time + 2, coinbase, None, warm);
        }
        let paid = !public.value.is_zero();
        let undo = |before: u64| (scope > 0).then(|| scope - before);
        let (mut source, mut target) = (AccountBefore::default(), AccountBefore::default());
        let saved = self.accounts.clone();
        if paid {
            source = self.access(start, public.sender, undo(0), |account| account.balance -= public.value);
        }
        if paid || public.create {
            target = self.access(start + 1, public.to, undo(u64::from(paid)), |account| {
                account.balance += public.value;
                account.nonce += u64::from(public.create);
            });
        }
        if scope > 0 {
            self.accounts = saved;
            self.undo();
        }
        let hash = if public.create { tx.init } else { recipient.code };
        let push = if tx.first == 0 { U256::ZERO } else { U256::from(9) };
        let code = CodeNative { hash, pc: 0, opcode: tx.first, push, next: if tx.first == 0 { 1 } else { 2 } };
        self.provide::<Code>(&code);
        if public.create {
            self.provide::<CodeLength>(&CodeLengthNative { hash, length: public.input_length });
        }
        let delegate = tx.delegate;
        if let Some(delegate) = delegate {
            self.delegation(sender.code, delegate);
        }
        let (cursor, public) = (self.cursor.clone(), public.clone());
        BeginEvent {
            cursor,
            public,
            code,
            scope,
            coinbase,
            delegate,
            sender,
            recipient,
            coinbase_account,
            source,
            target,
        }
    }

    /// A code that delegates to an account.
    fn delegation(&mut self, code: U256, address: U256) {
        self.provide::<CodeLength>(&CodeLengthNative { hash: code, length: 23 });
        let bytes = [&[0xef, 1, 0][..], &address.to_be_bytes::<32>()[12..], &[0; 9]].concat();
        let word = U256::from_be_slice(&bytes);
        self.provide::<CodeWord>(&CodeWordNative { hash: code, index: 0, word });
        self.events.push(TransactionEvent::Delegation(DelegationEvent { code, address }));
    }

    /// The state undoes the accesses that are to be undone, the last one first.
    fn undo(&mut self) {
        for access in self.state.iter_mut().rev().take(2).filter(|access| access.job.reverted) {
            let token = self.tokens.get_mut(&access.job.address).expect("it was accessed");
            access.undo_gap = u16::try_from(access.job.undo - 1 - token.1).expect("a short block");
            token.1 = access.job.undo;
        }
    }

    /// The state's circuit behind the block, and the verifier's messages to it.
    pub(crate) fn state(&self) -> (Grid, Balance) {
        let mut sheet = Sheet::<StateChips>::new();
        let mut public = Balance::default();
        for access in &self.state {
            public.add_public::<AccountJob>(&access.job, F::from(1));
            sheet.push(access.job.clock, StateEvent::Access(access.clone()));
        }
        for (address, (before, clock)) in &self.tokens {
            let after = self.accounts[address];
            let message = PublicAccountNative {
                address: *address,
                nonce_before: before.nonce,
                balance_before: before.balance,
                code_before: before.code,
                nonce_after: after.nonce,
                balance_after: after.balance,
                code_after: after.code,
            };
            public.add_public::<PublicAccount>(&message, F::from(1));
            let event = AccountBoundaryEvent { public: message, warm: after.warm, clock: *clock };
            sheet.push(0, StateEvent::AccountBoundary(event));
        }
        let work: &dyn Workload = &sheet;
        (work.grid(9, 0..work.len()).expect("there is room"), public)
    }

    fn access_list(&mut self, tx: &Tx, public: &PublicTransactionNative, time: u64) {
        for (position, (slot, address, key)) in tx.access.iter().enumerate() {
            let position = position as u64;
            let (index, clock) = (public.index, time + 3 + position);
            let access = AccessNative { index, transaction: time, position, clock };
            let absent = tx.absent.contains(&position);
            let public = PublicAccessNative { index, position, slot: *slot, address: *address, key: *key, absent };
            self.send::<PublicAccess>(&public);
            if absent {
                self.events.push(TransactionEvent::AccessAbsent(AccessAbsentEvent { access, public }));
                continue;
            }
            if !slot {
                let account = self.access(clock, *address, None, |account| account.warm = time);
                self.events.push(TransactionEvent::AccessAddress(AccessAddressEvent { access, public, account }));
                continue;
            }
            let (address, key, value) = (*address, *key, word(8, 9));
            let slot = StorageNative { address, key, value, original: word(1, 2), warm: 0, clock: clock / 2 };
            self.send::<Storage>(&slot);
            self.receive::<Storage>(&StorageNative { original: value, warm: time, clock, ..slot.clone() });
            self.events.push(TransactionEvent::AccessSlot(AccessSlotEvent { access, public, slot }));
        }
    }

    fn input(&mut self, tx: &Tx, public: &PublicTransactionNative, time: u64, hash: U256) {
        let index = public.index;
        for (i, value) in tx.input.iter().chain([&U256::ZERO]).enumerate() {
            let (place, value) = (i as u64, *value);
            let code = public.create && i < tx.input.len();
            let message = PublicInputNative { index, word: place, value, code };
            self.send::<PublicInput>(&message);
            if code {
                self.provide::<CodeWord>(&CodeWordNative { hash, index: place, word: value });
            }
            let token = MemoryNative { call: time, index: place, value, clock: time };
            match &mut self.steps {
                Some(steps) => steps.push(MemoryEvent::Discard(DiscardEvent::Memory(token))),
                None => self.receive::<Memory>(&token),
            }
            self.events.push(TransactionEvent::Input(InputEvent { public: message, clock: time, code: hash }));
        }
    }

    /// What the call is given.
    fn call(&mut self, public: &PublicTransactionNative, (time, start, scope, code): (u64, u64, u64, U256)) {
        let call = time + 1;
        let paid = u64::from(!public.value.is_zero());
        let gas = i64::try_from(public.gas).expect("small");
        let state = ExecNative { clock: start + 2, call, code, pc: 0, height: 0, gas, memory: 0 };
        if let Some(steps) = &mut self.steps {
            let stop = StepEvent { state, opcode: 0, cost: 0, parameter: 0, fault: None };
            steps.push(MemoryEvent::Stop(stop));
            let push = U256::ZERO;
            return self.provide::<Code>(&CodeNative { hash: code, pc: 0, opcode: 0, push, next: 1 });
        }
        self.receive::<Exec>(&state);
        self.receive::<Tally>(&TallyNative {
            call,
            clock: call,
            writes: paid + u64::from(paid == 1 || public.create),
            refund: F::from(0),
            logs: 0,
            returned: call,
            return_offset: 0,
            return_length: 0,
        });
        let input_length = if public.create { 0 } else { public.input_length };
        self.consume::<Context>(&ContextNative {
            call,
            transaction: time,
            address: public.to,
            fixed: false,
            reverted: scope > 0,
            scope,
            depth: 0,
            input_call: time,
            input_offset: 0,
            input_length,
        });
        let facts = [
            (call, 0x30, public.to),
            (call, 0x33, public.sender),
            (call, 0x34, public.value),
            (call, 0x36, U256::from(input_length)),
            (call, TRANSACTION as u8, U256::from(time)),
            (time, 0x32, public.sender),
            (time, 0x3a, public.price),
        ];
        for (owner, opcode, value) in facts {
            self.consume::<Environment>(&EnvironmentNative { owner, opcode, value });
        }
    }

    /// What a creation returns. Answers its end.
    fn deposit(&mut self, tx: &Tx, public: &PublicTransactionNative, halt: HaltNative) -> HaltNative {
        let HaltNative { clock, call, success, gas, offset, length } = halt;
        let (hash, opcode) = (tx.deposited.0, tx.deposited.1);
        let outcome = if success { tx.outcome.deposit } else { Outcome::Passed };
        let code = CodeNative { hash, pc: 0, opcode, push: U256::from(8), next: 3 };
        let mut account = AccountBefore::default();
        if matches!(outcome, Outcome::Stored | Outcome::Invalid) {
            self.provide::<Code>(&code);
            self.provide::<CodeLength>(&CodeLengthNative { hash, length });
            if length > 0 {
                self.receive::<DepositJob>(&DepositJobNative { clock, call, offset, length, hash });
            }
        }
        if outcome == Outcome::Stored {
            account = self.access(clock, public.to, None, |account| account.code = hash);
        }
        let left = match outcome {
            Outcome::Stored => gas - 200 * i64::try_from(length).expect("small"),
            Outcome::Passed => gas,
            _ => 0,
        };
        let after = HaltNative {
            clock: clock + 2,
            call: call + 1,
            success: outcome == Outcome::Stored,
            gas: left,
            offset,
            length,
        };
        let event = DepositEvent { halt, address: public.to, account, code, outcome };
        self.events.push(TransactionEvent::Deposit(event));
        after
    }

    fn end(
        &mut self,
        public: &PublicTransactionNative,
        halt: HaltNative,
        tally: TallyNative,
        scope: u64,
        gas_before: u64,
    ) {
        let (time, index, coinbase) = (self.cursor.clock, public.index, self.coinbase);
        let spent = public.gas_limit - halt.gas as u64;
        let counter =
            if halt.success { u64::from_le_bytes(tally.refund.to_bytes()[..8].try_into().unwrap()) } else { 0 };
        let used = (spent - counter.min(spent / 5)).max(public.floor);
        let clock = halt.clock + 2 + if halt.success { 0 } else { tally.writes };
        let (mut sender, mut receiver) = (AccountBefore::default(), AccountBefore::default());
        if !public.system {
            let back = U256::from(public.gas_limit - used) * public.price;
            sender = self.access(clock, public.sender, None, |account| {
                (account.balance, account.warm) = (account.balance + back, time);
            });
            let reward = U256::from(used) * public.tip;
            receiver = self.access(clock + 1, coinbase, None, |account| {
                (account.balance, account.warm) = (account.balance + reward, time);
            });
            let logs = if halt.success { tally.logs } else { 0 };
            let gas = gas_before + used;
            self.receive::<PublicReceipt>(&PublicReceiptNative { index, success: halt.success, gas, logs });
            self.cursor.gas = gas;
        }
        (self.cursor.index, self.cursor.clock) = (index + 1, clock + 2);
        let pending = PendingNative {
            index,
            call: time + 1,
            halted: time + 1 + u64::from(public.create),
            system: public.system,
            scope,
            gas_limit: public.gas_limit,
            floor: public.floor,
            sender: public.sender,
            coinbase,
            price: public.price,
            tip: public.tip,
            used: gas_before,
        };
        let event = EndEvent { halt, pending, tally, sender, coinbase: receiver };
        assert_eq!((event.used(), event.clock()), (used, clock));
        self.events.push(TransactionEvent::End(event));
    }

    /// The end of the block, with the circuits that state and steps need.
    pub(crate) fn machine(mut self, fork: Fork) -> (Vec<Grid>, Balance) {
        let (state, public) = self.state();
        let mut steps = Sheet::<MemoryChips>::new();
        let events = self.steps.take().into_iter().flatten();
        events.enumerate().for_each(|(origin, event)| steps.push(origin as u64, event));
        let steps: &dyn Workload = &steps;
        let steps = steps.grid(9, 0..steps.len()).expect("there is room");
        let schedule = opcodes::sheet(fork);
        let schedule: &dyn Workload = &schedule;
        let schedule = schedule.grid(opcodes::K, 0..schedule.len()).expect("there is room");
        let trial = self.finish();
        let mut others = trial.others;
        others.merge(public);
        let mut grids = vec![trial.grid, state, steps, schedule];
        let mut counts = FactCounts::default();
        grids.iter().for_each(|grid| counts.consume(grid));
        grids.iter_mut().for_each(|grid| counts.provide(grid));
        (grids, others)
    }

    /// The end of the block, and everything filled.
    pub(crate) fn finish(mut self) -> Trial {
        let cursor = self.cursor.clone();
        self.receive::<BlockEnd>(&BlockEndNative { count: cursor.index, gas: cursor.gas });
        self.events.push(TransactionEvent::BlockEnd(BlockEndEvent { cursor }));
        let mut sheet = Sheet::<TransactionChips>::new();
        for (origin, event) in self.events.into_iter().enumerate() {
            sheet.push(origin as u64, event);
        }
        let work: &dyn Workload = &sheet;
        let mut grid = work.grid(9, 0..work.len()).expect("there is room");
        let mut counts = self.counts;
        counts.consume(&grid);
        counts.provide(&mut grid);
        Trial { grid, others: self.others }
    }
}
