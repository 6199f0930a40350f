//! What lies around the calls: the chain of the block's items, and how transactions and system calls begin and end.
//!
//! A transaction that the circuit excludes is not proven: the verifier takes the cursor before it, orders each of its accesses,
//! and sends the cursor behind it.

mod begin;
mod block;
mod end;
mod listed;
mod message;

use std::collections::BTreeSet;

use alloy_primitives::U256;
use verbatim_circuits::bus::{AccountNative, Cursor, CursorNative, PublicEnvironmentNative};
use verbatim_circuits::calls::{DELEGATION, is_precompile};
use verbatim_circuits::transaction::{AccountBefore, TransactionChips, TransactionEvent};
use verbatim_gadgets::machine::Sheet;
use verbatim_gadgets::value::split;

use super::{Assembler, Run};
use crate::trace::{NotRun, TxTrace};
use listed::Listed;

/// Why the circuit excludes a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excluded {
    /// It has authorizations (EIP-7702).
    Authorizations,
    /// Its recipient is a precompile, or has the address of one in some fork.
    Precompile,
    /// Its recipient's code begins with 0xef: it delegates (EIP-7702), or is older than EIP-3541.
    Marked,
    /// It creates an account that has a nonce or code (EIP-684).
    Taken,
    /// Its call does not run for another reason.
    NotRun,
    /// It destroys accounts.
    Destroys,
}

impl std::fmt::Display for Excluded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Authorizations => "it has authorizations",
            Self::Precompile => "its recipient is a precompile",
            Self::Marked => "its recipient's code begins with 0xef",
            Self::Taken => "it creates an account that exists",
            Self::NotRun => "its call does not run",
            Self::Destroys => "it destroys accounts",
        })
    }
}

/// The chain of the block's items, and the work of the `transaction` circuit.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) sheet: Sheet<TransactionChips>,
    /// What the block says of itself.
    environment: Vec<PublicEnvironmentNative>,
    /// How many items lie behind, and the gas that they used.
    index: u64,
    gas: u64,
    /// The delegations of senders that were shown.
    delegations: BTreeSet<U256>,
    listed: Listed,
}

impl Chain {
    /// The place between two items, at `clock`.
    fn cursor(&self, clock: u64) -> CursorNative {
        CursorNative { index: self.index, clock, gas: self.gas }
    }

    /// What the block says of itself under an opcode; zero if that is none of its fork's.
    pub(super) fn value(&self, opcode: u8) -> U256 {
        let message = self.environment.iter().find(|message| message.opcode == opcode);
        message.map_or(U256::ZERO, |message| message.value)
    }
}

/// An account as an access finds it.
fn before(account: &AccountNative) -> AccountBefore {
    let AccountNative { nonce, balance, code, warm, .. } = *account;
    AccountBefore { nonce, balance, code, warm }
}

/// Why the circuit excludes a transaction, if it does.
fn excluded(trace: &TxTrace) -> Option<Excluded> {
    let frame = trace.frames.first()?;
    let precompile = is_precompile(&super::state::place(frame.address));
    let delegates = frame.delegate.is_some() || frame.code.first().is_some_and(|first| u64::from(*first) == DELEGATION);
    let marked = !frame.kind.is_create() && delegates;
    if !trace.authorizations.is_empty() {
        Some(Excluded::Authorizations)
    } else if precompile {
        Some(Excluded::Precompile)
    } else if marked {
        Some(Excluded::Marked)
    } else if frame.not_run == Some(NotRun::Collision) {
        Some(Excluded::Taken)
    } else if frame.not_run.is_some() {
        Some(Excluded::NotRun)
    } else if trace.accounts.iter().any(|change| change.destroyed) {
        Some(Excluded::Destroys)
    } else {
        None
    }
}

impl Assembler {
    /// Whether the circuit proves a transaction. If not, the verifier takes the cursor before it.
    pub(super) fn proves(&mut self, run: &Run<'_>) -> bool {
        let Some(why) = excluded(run.trace) else { return true };
        self.note_transaction(run, why);
        self.public.receive::<Cursor>(&self.chain.cursor(run.began));
        false
    }

    /// The item behind which the execution goes on has ended, and used `gas`.
    fn advance(&mut self, gas: u64) {
        self.chain.index += 1;
        self.chain.gas += gas;
    }

    /// Behind a transaction that is not proven: the verifier sends the cursor.
    pub(super) fn resume_chain(&mut self, run: &Run<'_>) {
        let used = if super::accounts::system(run) { 0 } else { run.trace.gas_used };
        self.advance(used);
        self.public.send::<Cursor>(&self.chain.cursor(self.clock));
    }

    /// Adds an event of the circuit.
    fn transact(&mut self, event: TransactionEvent) {
        self.chain.sheet.push(self.origin(), event);
    }

    /// Asks that both limbs of a word be shown to be in range.
    pub(super) fn ranges(&mut self, word: &U256) {
        let (hi, lo) = split(word);
        self.arith.range128(hi);
        self.arith.range128(lo);
    }
}
