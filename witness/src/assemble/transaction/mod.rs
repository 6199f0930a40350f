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
use verbatim_circuits::transaction::{AccountBefore, BeginEvent, TransactionChips, TransactionEvent};
use verbatim_gadgets::machine::Sheet;
use verbatim_gadgets::value::split;

use super::{Assembler, Run};
use crate::trace::{NotRun, TxTrace};
use listed::Listed;

/// The chain of the block's items, and the work of the `transaction` circuit.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) sheet: Sheet<TransactionChips>,
    /// What the block says of itself.
    environment: Vec<PublicEnvironmentNative>,
    /// How many items lie behind, and the gas that they used.
    index: u64,
    gas: u64,
    /// The names of proven transactions and of calls that a circuit began: it provides what they are asked for.
    owners: BTreeSet<u64>,
    /// The delegations of senders that were shown.
    delegations: BTreeSet<U256>,
    listed: Listed,
}

impl Chain {
    /// The place between two items, at `clock`.
    fn cursor(&self, clock: u64) -> CursorNative {
        CursorNative { index: self.index, clock, gas: self.gas }
    }

    /// Whether a circuit provides the context and the environment of `owner`: a call, a transaction, or the block.
    pub(super) fn provides(&self, owner: u64) -> bool {
        owner == 0 || self.owners.contains(&owner)
    }

    /// The circuits provide context and environment of `owner`.
    pub(super) fn provide(&mut self, owner: u64) {
        self.owners.insert(owner);
    }

    /// What the block says of itself under an opcode; zero if that is none of its fork's.
    pub(super) fn value(&self, opcode: u8) -> U256 {
        let message = self.environment.iter().find(|message| message.opcode == opcode);
        message.map_or(U256::ZERO, |message| message.value)
    }
}

/// A proven transaction on its way.
#[derive(Debug)]
pub(super) struct Top {
    begin: BeginEvent,
}

/// An account as an access finds it.
fn before(account: &AccountNative) -> AccountBefore {
    let AccountNative { nonce, balance, code, warm, .. } = *account;
    AccountBefore { nonce, balance, code, warm }
}

/// The last address of the precompiles that lie together, in any fork, and that which lies alone.
const LAST_PRECOMPILE: u64 = 0x11;
const P256_VERIFY: u64 = 0x100;

/// Why the circuit excludes a transaction, if it does.
fn excluded(trace: &TxTrace) -> Option<&'static str> {
    let frame = trace.frames.first()?;
    let to = super::state::place(frame.address);
    let precompile = (U256::ONE..=U256::from(LAST_PRECOMPILE)).contains(&to) || to == U256::from(P256_VERIFY);
    let marked = !frame.kind.is_create() && (frame.delegate.is_some() || frame.code.first() == Some(&0xef));
    if !trace.authorizations.is_empty() {
        Some("a transaction with authorizations (EIP-7702)")
    } else if precompile {
        Some("a transaction to a precompile")
    } else if marked {
        Some("a transaction to code that begins with 0xef")
    } else if frame.not_run == Some(NotRun::Collision) {
        Some("a creation at an address that is taken")
    } else if frame.not_run.is_some() {
        Some("a transaction whose call does not run")
    } else if trace.accounts.iter().any(|change| change.destroyed) {
        Some("a transaction that destroys accounts")
    } else {
        None
    }
}

impl Assembler {
    /// Whether the circuit proves a transaction. If not, the verifier takes the cursor before it.
    pub(super) fn proves(&mut self, run: &Run<'_>) -> bool {
        let Some(what) = excluded(run.trace) else { return true };
        self.note_transaction(run, what);
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
    fn ranges(&mut self, word: &U256) {
        let (hi, lo) = split(word);
        self.arith.range128(hi);
        self.arith.range128(lo);
    }
}
