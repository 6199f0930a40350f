//! Everything around the calls: the block's environment, the beginning and the end of transactions, access lists, input,
//! creations by transactions, system calls, and withdrawals.
//!
//! # The chain of the block
//! The verifier sends the first [`Cursor`]; each system call, transaction and withdrawal receives one and sends the next, and
//! the end of the block receives the last. Each receives its own public message under the cursor's index, so the items are
//! those of the verifier, in his order, without gaps: the verifier receives [`BlockEnd`] with their count. A transaction is a
//! relay: [`BeginEvent`] sends [`Pending`] and the first [`Exec`] of its call, and [`EndEvent`] receives the former and the call's
//! [`Halt`].
//!
//! # Times
//! | Time | Access |
//! |---|---|
//! | `t` | the transaction's name, its input's memory; the sender pays |
//! | `t + 1` | the name of its call; the recipient, or the account to create, is touched |
//! | `t + 2` | the coinbase is touched (EIP-3651) |
//! | `t + 3 + i` | entry `i` of the access list |
//! | `s`, `s + 1` | value leaves the sender, and arrives; `s` is `t + 3` and the length of the access list |
//! | `s + 2` | the call's first step |
//! | `h` | the call's end; a creation that succeeds is paid for and stored at `h`, and has its end at `h + 2` |
//! | `h + 2 ..` | if it failed, its `w` writes are undone |
//! | `e`, `e + 1` | the sender and the coinbase are paid; `e` is `h + 2`, and `w` later if the call failed |
//! | `e + 2` | the next item |
//!
//! What is named by `t` is warm in the transaction; the call's memory and environment are named by `t + 1`, so that its input is
//! nobody's memory and cannot be written.
//!
//! # Access lists
//! The verifier sends every entry, and calls those absent whose location is not among the accounts and slots that he sends for
//! the block: a witness need not know the value of a location that only an access list names, and execution does not look it up.
//! Nobody can access it either, for each access rests on a boundary row, and each boundary row on such a message. An absent entry
//! takes its tick and does nothing; any other is touched, even where its transaction does not access it.
//!
//! # What is undone
//! Nonce, charge, refund, tip, and the warmth of sender, recipient, coinbase and access list are the transaction's own and stay.
//! The value's transfer and the created account's nonce are the first writes of the call's scope. The code of a
//! creation is stored behind its end, when nothing can fail any more.
//!
//! # What is not proven here
//! - A transaction to a precompile, or to an account with an EIP-7702 delegation: excluded by constraints.
//! - A creation at an address that has a nonce or code, so that its call does not run (EIP-684): excluded by constraints.
//! - EIP-7702's authorizations: the verifier must not send a transaction that has any as a [`PublicTransaction`].
//! - The destruction of accounts at the end of a transaction: nothing here orders it, and after the end there is no time for
//!   it before the next item.
//! - EIP-7610, that a created account has no storage: no account of Ethereum has storage, but neither nonce nor code, except those
//!   that the EIP lists.
//! - What the verifier checks of a transaction alone: see [`PublicTransaction`].
//! - The requests that the last system calls return (EIP-7685).
//! - That a block is invalid if a contract of EIP-7002 or EIP-7251 has no code, or its system call fails: no message says how a
//!   system call ended. Native execution rejects such a block. A failure of the other two (EIP-2935, EIP-4788) leaves the
//!   block valid, and is proven as what it is.
//!
//! The verifier himself executes what is excluded, and sends the cursor on (see [`Cursor`]).

mod access_absent;
mod access_address;
mod access_slot;
mod begin;
mod block_end;
mod change;
mod delegation;
mod deposit;
mod end;
mod environment;
mod input;
mod withdrawal;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::value::{Counter, Limb, Word};

use crate::bus::{
    Access, AccountJob, Alu, BlockEnd, Code, CodeLength, CodeWord, Context, Creation, Cursor, Delegation, DepositJob,
    Environment, Exec, Halt, Memory, Pending, PublicAccess, PublicEnvironment, PublicInput, PublicReceipt,
    PublicTransaction, PublicWithdrawal, Range128, Storage, Tally, TransactionClock,
};

pub use access_absent::AccessAbsentEvent;
pub use access_address::AccessAddressEvent;
pub use access_slot::AccessSlotEvent;
pub use begin::BeginEvent;
pub use block_end::BlockEndEvent;
pub use change::AccountBefore;
pub use delegation::DelegationEvent;
pub use deposit::{BYTE_GAS, CODE_LIMIT, DepositEvent, Outcome};
pub use end::{EndEvent, REFUND_QUOTIENT};
pub use environment::EnvironmentEvent;
pub use input::InputEvent;
pub use withdrawal::WithdrawalEvent;

chips! {
    /// The chips of the circuit.
    pub struct TransactionChips, TransactionEvent = "transaction", layout {
        Environment: environment::Environment,
        Begin: begin::Begin,
        AccessAddress: access_address::AccessAddress,
        AccessSlot: access_slot::AccessSlot,
        AccessAbsent: access_absent::AccessAbsent,
        Input: input::Input,
        Delegation: delegation::Delegation,
        Deposit: deposit::Deposit,
        End: end::End,
        Withdrawal: withdrawal::Withdrawal,
        BlockEnd: block_end::BlockEnd,
    }
    exceptions EXCEPTIONS;
}

const RECORD: &str =
    "what an account is before an access is a claim: the state receives the account's token with the job";

const GUESS: &str = "whether the call fails is a guess of the beginning, which the end asserts";

/// The cells of a record.
const CELLS: &[&str] = &["nonce", "balance.hi", "balance.lo", "code.hi", "code.lo", "warm"];

/// Those that a change of a balance leaves.
const REST: &[&str] = &["nonce", "code.hi", "code.lo", "warm"];

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    Exception { chip: "access address", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "access address", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception { chip: "begin", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "begin", finding: Finding::Open, names: &["shared 15"], reason: GUESS },
    Exception { chip: "begin", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception { chip: "begin", finding: Finding::Choice, names: &["context", "pending"], reason: GUESS },
    Exception { chip: "deposit", finding: Finding::Open, names: CELLS, reason: RECORD },
    Exception { chip: "deposit", finding: Finding::Choice, names: &["account code"], reason: RECORD },
    Exception { chip: "end", finding: Finding::Open, names: REST, reason: RECORD },
    Exception { chip: "end", finding: Finding::Choice, names: &["account"], reason: RECORD },
    Exception { chip: "withdrawal", finding: Finding::Open, names: REST, reason: RECORD },
    Exception { chip: "withdrawal", finding: Finding::Choice, names: &["account"], reason: RECORD },
];

/// The opcode of the multiplication that fees are computed with.
const MUL: u64 = 0x02;

/// The columns and slots of a row: a group of 14 for an account, and one of 26 for everything else.
#[derive(Debug)]
pub struct Layout {
    /// An account, whose code does not change.
    account: Slot<AccountJob>,
    /// An account of which only the code changes: to what the columns of the balance after hold.
    account_code: Slot<AccountJob>,
    /// The limbs of an account's balance after, or any two values.
    balance_ranges: [Slot<Range128>; 2],
    /// Any two values, where no cursor is.
    ranges: [Slot<Range128>; 2],
    transaction: Slot<PublicTransaction>,
    cursor: Slot<Cursor>,
    facts: [Slot<Environment>; 2],
    /// The first state of a call, in the first row of [`begin`].
    exec: Slot<Exec>,
    /// The context of a call, in the first row of [`begin`].
    context: Slot<Context>,
    /// The code that is called and how it begins.
    code: Slot<Code>,
    tally: Slot<Tally>,
    pending: Slot<Pending>,
    access: Slot<Access>,
    public_access: Slot<PublicAccess>,
    gap: Checked16,
    storage: Slot<Storage>,
    clock: Slot<TransactionClock>,
    input: Slot<PublicInput>,
    memory: Slot<Memory>,
    code_word: Slot<CodeWord>,
    code_length: Slot<CodeLength>,
    /// The code of the account, and an address in the last column.
    delegation: Slot<Delegation>,
    halt: Slot<Halt>,
    creation: Slot<Creation>,
    /// The data that [`halt`](Self::halt) returns is the code of [`code`](Self::code).
    deposit: Slot<DepositJob>,
    /// A multiplication of a number below 2^128 with a word.
    product: Slot<Alu>,
    receipt: Slot<PublicReceipt>,
    environment: Slot<PublicEnvironment>,
    withdrawal: Slot<PublicWithdrawal>,
    block_end: Slot<BlockEnd>,
}

/// The columns of the first row of [`begin`] that the slots of its call are made of.
#[derive(Debug)]
struct Named {
    clock: Cell,
    to: [Cell; 2],
    gas: Cell,
    accesses: Cell,
    /// In the second row: the code, whether the call fails, the end of its scope, and the length of its input.
    code: [Cell; 2],
    reverted: Cell,
    scope: Cell,
    input_length: Cell,
}

impl Named {
    fn new(q: &[Cell; 26]) -> Self {
        let second = |i: usize| q[i].shifted(1);
        Self {
            clock: q[23],
            to: [q[5], q[6]],
            gas: q[11],
            accesses: q[22],
            code: [second(8), second(9)],
            reverted: second(14),
            scope: second(15),
            input_length: second(16),
        }
    }

    fn call(&self) -> Expr {
        self.clock + 1
    }

    fn address(&self) -> Expr {
        self.to[0] * Expr::power_of_two(128) + self.to[1]
    }

    /// When the value leaves the sender.
    fn start(&self) -> Expr {
        self.clock + 3 + self.accesses
    }

    fn exec(&self) -> Vec<Expr> {
        let [hi, lo] = self.code.map(Cell::expr);
        let zero = Expr::zero();
        vec![self.start() + 2, self.call(), hi, lo, zero.clone(), zero.clone(), self.gas.expr(), zero]
    }

    fn context(&self) -> Vec<Expr> {
        let (transaction, zero) = (self.clock.expr(), Expr::zero());
        let [reverted, scope, length] = [self.reverted, self.scope, self.input_length].map(Cell::expr);
        let head = [self.call(), transaction.clone(), self.address(), zero.clone(), reverted, scope, zero.clone()];
        [&head[..], &[transaction, zero, length]].concat()
    }
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let names =
        ["clock", "reverted", "undo", "address", "nonce", "balance.hi", "balance.lo", "code.hi", "code.lo", "warm"];
    let [time, reverted, undo, address, nonce, balance_hi, balance_lo, code_hi, code_lo, warm] =
        names.map(|name| builder.main(name));
    let after = ["nonce after", "balance after.hi", "balance after.lo", "warm after"];
    let [nonce_after, after_hi, after_lo, warm_after] = after.map(|name| builder.main(name));
    let q: [Cell; 26] = std::array::from_fn(|i| builder.main(format!("shared {i}")));
    let gap = builder.checked16("gap");

    let at = |columns: &[usize]| columns.iter().map(|i| q[*i].expr()).collect::<Vec<Expr>>();
    let to = |first: usize, count: usize| q[first..first + count].iter().map(|cell| cell.expr()).collect::<Vec<Expr>>();
    let job = [
        time,
        reverted,
        undo,
        address,
        nonce,
        balance_hi,
        balance_lo,
        code_hi,
        code_lo,
        warm,
        nonce_after,
        after_hi,
        after_lo,
        code_hi,
        code_lo,
        warm_after,
    ];
    let job_code = [
        time, reverted, undo, address, nonce, balance_hi, balance_lo, code_hi, code_lo, warm, nonce, balance_hi,
        balance_lo, after_hi, after_lo, warm,
    ];
    let named = Named::new(&q);
    let zero = Expr::zero;
    let code = [&at(&[8, 9])[..], &[zero()], &to(10, 4)].concat();
    let storage = [&at(&[0, 2, 3, 4, 5, 6, 7, 8])[..], &[q[19] - 1 - gap.cell]].concat();
    let operands = at(&[16, 17, 18, 19, 20]);
    let product = [&[Expr::from(MUL), zero()], &operands[..3], &[zero(), zero()], &operands[3..]].concat();
    let receipt = [&[q[0] - 1, q[8].expr()], &at(&[24, 9])[..]].concat();
    Layout {
        account: builder.slot("account", job.map(Cell::expr).to_vec()),
        account_code: builder.slot("account code", job_code.map(Cell::expr).to_vec()),
        balance_ranges: [after_hi, after_lo].map(|cell| builder.slot("balance range", vec![cell.expr()])),
        ranges: [23, 24].map(|i| builder.slot(format!("range {i}"), at(&[i]))),
        transaction: builder.slot("transaction", to(0, 23)),
        cursor: builder.slot("cursor", at(&[0, 23, 24])),
        facts: [0, 4].map(|i| builder.slot(format!("environment {i}"), to(i, 4))),
        exec: builder.slot("exec", named.exec()),
        context: builder.slot("context", named.context()),
        code: builder.slot("code", code),
        tally: builder.slot("tally", to(8, 8)),
        pending: builder.slot("pending", to(8, 14)),
        access: builder.slot("access", to(16, 4)),
        public_access: builder.slot("public access", at(&[16, 18, 1, 0, 2, 3, 9])),
        storage: builder.slot("storage", storage),
        clock: builder.slot("transaction clock", to(8, 4)),
        input: builder.slot("input", at(&[8, 12, 13, 14, 15])),
        memory: builder.slot("memory", at(&[9, 12, 13, 14, 9])),
        code_word: builder.slot("code word", to(10, 5)),
        code_length: builder.slot("code length", at(&[10, 11, 20])),
        delegation: builder.slot("delegation", [code_hi, code_lo, q[25]].map(Cell::expr).to_vec()),
        halt: builder.slot("halt", to(0, 6)),
        creation: builder.slot("creation", vec![q[22].expr(), address.expr()]),
        deposit: builder.slot("deposit", at(&[0, 1, 4, 5, 8, 9])),
        product: builder.slot("product", product),
        receipt: builder.slot("receipt", receipt),
        environment: builder.slot("public environment", to(1, 3)),
        withdrawal: builder.slot("withdrawal", at(&[0, 1, 2])),
        block_end: builder.slot("block end", at(&[0, 24])),
        gap,
    }
}

/// A number times a power of two and another: the address that two limbs hold.
fn address(word: &Word) -> Expr {
    &word.hi * Expr::power_of_two(128) + &word.lo
}

/// One more.
fn next(value: impl Into<Expr>) -> Counter {
    Counter::assume(value.into() + F::from(1), "grows by one a row")
}

/// The value of the slot's cell, which is `expr`, and below 2^128.
fn range(chip: &mut ChipBuilder<'_>, slot: &Slot<Range128>, row: i16, label: &str, expr: impl Into<Expr>) -> Limb {
    let value = chip.peek(slot, row).value;
    chip.define(label, value.expr().as_cell().expect("the slot is one cell"), expr);
    chip.consume(slot, row, &Range128 { value: value.clone() });
    value
}
