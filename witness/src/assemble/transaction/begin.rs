//! The beginning of a transaction or a system call that the circuit proves.

use alloy_primitives::U256;
use verbatim_circuits::bus::{
    CodeNative, ExecNative, PublicInput, PublicInputNative, PublicTransaction, PublicTransactionNative,
};
use verbatim_circuits::schedule::BEHIND_PRECOMPILES;
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::transaction::{AccountBefore, BeginEvent, DelegationEvent, InputEvent, TransactionEvent};
use verbatim_gadgets::value::split;

use super::super::accounts::{Order, add, subtract, system};
use super::super::memory::Memory;
use super::super::state::{Undoing, place};
use super::super::tally::Counts;
use super::super::{AssembleError, Assembler, Call, Run, number};
use super::before;

/// What the accounts are that a transaction touches at its beginning, as it finds them.
#[derive(Default)]
struct Accounts {
    sender: AccountBefore,
    recipient: AccountBefore,
    coinbase: AccountBefore,
    source: AccountBefore,
    target: AccountBefore,
    /// How many reversible writes there were.
    writes: u64,
}

impl Assembler {
    /// The beginning of a transaction or a system call.
    pub(in crate::assemble) fn begin_proven(&mut self, run: &mut Run<'_>) -> Result<(), AssembleError> {
        let (position, cursor) = (run.position(0), self.chain.cursor(run.began));
        run.trace.accounts.iter().try_for_each(|change| self.learn(change))?;
        let public = self.public_transaction(run)?;
        self.public.send::<PublicTransaction>(&public);

        let frame = run.frame(0, position)?;
        let hash = number(&frame.code_hash);
        self.bytecode.add_code(hash, &frame.code);
        let missing = |_| AssembleError::Trace { position, what: "opcode at the program counter" };
        let code = self.bytecode.fetch(hash, 0).map_err(missing)?;
        let accounts = self.own_accesses(run, &public)?;
        self.access_list(run, cursor.index)?;
        let start = run.began + 3 + public.accesses;
        let accounts = self.transfer_proven(run, &public, start, accounts)?;
        self.input(run, &public, hash)?;
        let delegate = self.delegate(run, accounts.sender.code)?;

        let call = run.began + 1;
        self.calls.begun.extend([run.began, call]);
        run.ids.insert(call, 0);
        run.calls.insert(0, Call::new(call, hash, Counts::sent(call, accounts.writes)));
        self.clock = start + 2;
        let (gas, clock) = (public.gas as i64, self.clock);
        self.open = Some(ExecNative { clock, call, code: hash, pc: 0, height: 0, gas, memory: 0 });
        self.begin_ranges(&public, &accounts);
        let Accounts { sender, recipient, coinbase: coinbase_account, source, target, .. } = accounts;
        let (scope, coinbase) = (0, place(run.block.coinbase));
        run.top = Some(BeginEvent {
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
        });
        Ok(())
    }

    /// An access at `clock` that is never undone, and leaves the account warm.
    fn own(&self, run: &Run<'_>, clock: u64) -> Order {
        Order { public: false, ..self.at(run, clock, None) }
    }

    /// The sender pays; recipient and coinbase are touched.
    fn own_accesses(&mut self, run: &Run<'_>, public: &PublicTransactionNative) -> Result<Accounts, AssembleError> {
        let mut accounts = Accounts::default();
        if !public.system {
            accounts.sender = self.pay(self.own(run, run.began), public.sender, |account| {
                account.nonce = account.nonce.checked_add(1)?;
                subtract(account, public.charge)
            })?;
        }
        let recipient = self.access(self.own(run, run.began + 1), public.to, |_| Some(()))?;
        accounts.recipient = before(&recipient);
        if !public.system {
            let coinbase = place(run.block.coinbase);
            accounts.coinbase = before(&self.access(self.own(run, run.began + 2), coinbase, |_| Some(()))?);
        }
        Ok(accounts)
    }

    /// Value leaves the sender and arrives; an account is created.
    fn transfer_proven(
        &mut self,
        run: &Run<'_>,
        public: &PublicTransactionNative,
        start: u64,
        mut accounts: Accounts,
    ) -> Result<Accounts, AssembleError> {
        let reverted_by = run.frame(0, run.position(0))?.reverted_by;
        let order = |assembler: &Self, clock: u64, writes: u64| {
            let undoing = reverted_by.map(|by| Undoing { by, writes });
            Order { undoing, transaction: None, ..assembler.own(run, clock) }
        };
        let value = public.value;
        if !value.is_zero() {
            accounts.source = self.pay(order(self, start, 0), public.sender, |account| subtract(account, value))?;
            accounts.writes += 1;
        }
        if public.create || !value.is_zero() {
            accounts.target = self.pay(order(self, start + 1, accounts.writes), public.to, |account| {
                account.nonce = account.nonce.checked_add(u64::from(public.create))?;
                add(account, value)
            })?;
            accounts.writes += 1;
        }
        Ok(accounts)
    }

    /// What else the beginning asks to be in range.
    fn begin_ranges(&mut self, public: &PublicTransactionNative, accounts: &Accounts) {
        self.ranges(&accounts.sender.balance.saturating_sub(public.upfront));
        let (hi, lo) = split(&public.to);
        self.arith.range128(if hi == 0 { lo.saturating_sub(BEHIND_PRECOMPILES.into()) } else { 0 });
    }

    /// The words of the input, and one of zeros behind them.
    fn input(
        &mut self,
        run: &mut Run<'_>,
        transaction: &PublicTransactionNative,
        code: U256,
    ) -> Result<(), AssembleError> {
        let (position, index, clock) = (run.position(0), transaction.index, run.began);
        run.input = Memory::of_input(&run.trace.input, clock);
        let last = run.input.len() - 1;
        for (word, token) in (0..).zip(run.input.words()) {
            let belongs = transaction.create && word < last;
            if belongs {
                let missing = |_| AssembleError::Trace { position, what: "word of a code" };
                self.bytecode.word(code, word).map_err(missing)?;
            }
            let public = PublicInputNative { index, word, value: token.value, code: belongs };
            self.public.send::<PublicInput>(&public);
            self.transact(TransactionEvent::Input(InputEvent { public, clock, code }));
        }
        Ok(())
    }

    /// The account that the sender's code names, if it has a code: then it is a delegation (EIP-3607, EIP-7702).
    fn delegate(&mut self, run: &Run<'_>, hash: U256) -> Result<Option<U256>, AssembleError> {
        if system(run) || hash == EMPTY_CODE {
            return Ok(None);
        }
        let missing = AssembleError::Trace { position: run.position(0), what: "delegation of the sender" };
        let code = self.codes.get(&hash).cloned();
        let code = code.filter(|code| code.len() == 23 && code.starts_with(&[0xef, 1, 0])).ok_or(missing.clone())?;
        let address = U256::from_be_slice(&code[3..]);
        if self.chain.delegations.insert(hash) {
            self.bytecode.add_code(hash, &code);
            self.bytecode.word(hash, 0).map_err(|_| missing)?;
            let event = DelegationEvent { code: hash, address };
            let thirteen: u128 = (address >> 56usize).to();
            self.arith.range128(thirteen);
            self.arith.range128(thirteen << 24);
            let seven: u128 = (address & (U256::MAX >> 200usize)).to();
            self.arith.range128(seven);
            self.transact(TransactionEvent::Delegation(event));
        }
        Ok(Some(address))
    }

    /// How the code begins that an event names without reading it.
    pub(super) fn no_code() -> CodeNative {
        CodeNative { hash: U256::ZERO, pc: 0, opcode: 0, push: U256::ZERO, next: 0 }
    }
}
