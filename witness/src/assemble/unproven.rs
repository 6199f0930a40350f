//! What of a block no circuit proves.

use alloy_primitives::Address;
use revm::bytecode::opcode::OpCode;
use verbatim_circuits::calls::is_precompile;
use verbatim_circuits::schedule::{Class, Entry};

use super::state::place;
use super::{Assembler, Excluded, Position, Run};
use crate::trace::{Access, Step};

/// A step, or the frame around a transaction's steps, that no circuit proves: the verifier executes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// Where it is.
    pub position: Position,
    /// What it is.
    pub what: UnprovenKind,
}

/// What no circuit proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnprovenKind {
    /// An opcode that no chip executes.
    Opcode(u8),
    /// An outcome of an opcode that its chips do not prove: a failure whose reason lies in a record that the block's
    /// execution does not look up.
    Outcome(u8),
    /// PC, MSIZE or GAS with a result of 2^32 or more.
    Large(u8),
    /// A call of a precompile.
    Precompile(Address),
    /// A call of an account whose code begins with 0xef: it delegates (EIP-7702), or is older than EIP-3541.
    Delegation(Address),
    /// Beginning and end of a transaction.
    Transaction(Excluded),
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.position, self.what)
    }
}

impl std::fmt::Display for UnprovenKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |opcode: u8| OpCode::name_by_op(opcode);
        match self {
            Self::Opcode(opcode) => write!(f, "the opcode {}", name(*opcode)),
            Self::Outcome(opcode) => write!(f, "a failure of the opcode {}", name(*opcode)),
            Self::Large(opcode) => write!(f, "a result of the opcode {} of 2^32 or more", name(*opcode)),
            Self::Precompile(address) => write!(f, "a call of the precompile {address}"),
            Self::Delegation(address) => write!(f, "a call of {address}, whose code is a delegation"),
            Self::Transaction(why) => write!(f, "beginning and end of the transaction: {why}"),
        }
    }
}

impl Assembler {
    /// Notes a step that no circuit proves.
    pub(super) fn note_step(&mut self, run: &Run<'_>, index: usize, entry: &Entry) {
        let what = kind(run, &run.trace.steps[index], entry);
        self.unproven.push(Unproven { position: run.position(index), what });
    }

    /// Notes that no circuit proves how a transaction begins and ends.
    pub(super) fn note_transaction(&mut self, run: &Run<'_>, why: Excluded) {
        self.unproven.push(Unproven { position: run.position(0), what: UnprovenKind::Transaction(why) });
    }
}

fn kind(run: &Run<'_>, step: &Step, entry: &Entry) -> UnprovenKind {
    match entry.class {
        Class::Missing => UnprovenKind::Opcode(step.opcode),
        Class::Counter => UnprovenKind::Large(step.opcode),
        Class::Call => match run.trace.accesses(step).first() {
            Some(Access::Account(target)) if is_precompile(&place(target.address)) => {
                UnprovenKind::Precompile(target.address)
            }
            Some(Access::Account(target)) if step.halt.is_none() => UnprovenKind::Delegation(target.address),
            _ => UnprovenKind::Outcome(step.opcode),
        },
        _ => UnprovenKind::Outcome(step.opcode),
    }
}
