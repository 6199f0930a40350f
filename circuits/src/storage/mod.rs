//! Steps that read and write the state: SLOAD, SSTORE, BALANCE, EXTCODESIZE and SELFBALANCE.
//!
//! A step of this circuit is a window of two or three rows. All of its messages stand in the first row (but for ranges of
//! 16 bits), over cells of the first and the second: the columns are folded, not repeated. The third row is for tests of
//! SSTORE's values, and of an account's address.
//!
//! # Reverts
//! A step that succeeds and may change a record, if only its warmth, is counted: it receives its call's
//! [`Tally`] and sends it with one write more. With `r` writes before, and where the call or a caller of
//! it fails in the end, the record is restored at the time `scope - r`: later than every step of the failing call, and in
//! the reverse order of the writes.
//!
//! # Faults
//! What a step costs may depend on the state, so a fault for lack of gas has to prove the price. A fault is *priced* if it
//! pops its operands and receives the location's token, as a success does, and sends the token back unchanged; its evidence
//! is the price less the gas, less one. A fault that is not priced touches nothing, and its evidence is one that does not
//! depend on the state: too few operands, or not even the gas for the warm price. A success needs no check of gas, for gas
//! only falls within a call and is not negative at its end; so a step that can pay cannot be a fault, whose evidence is not
//! negative, and one that cannot is no success.
//!
//! A cold location that gas does not pay for need not have been looked up when the step fails (revm and geth do not for
//! SLOAD, BALANCE and EXTCODESIZE; for SSTORE, EIP-2200's stipend pays), so its record may be known to nobody. If no step of
//! the block accesses it, an [`Untouched`] fact shows in place of the token that it is cold.
//!
//! # Sub-times
//! Every access of a step is at its clock, each to another location; a step takes one tick.

mod account;
mod load;
mod precompile;
mod self_balance;
mod state_step;
mod store;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};

use crate::bus::{AccountJob, CodeLength, Context, Precompile, Range128, Storage, Tally, Untouched};
use crate::step::{Shape, StepSlots};

pub use account::AccountEvent;
pub use load::LoadEvent;
pub use self_balance::SelfBalanceEvent;
pub use state_step::StateStepEvent;
pub use store::{CLEAR, RESET, SET, STIPEND, StoreEvent};

/// What an access costs if the location is warm (EIP-2929).
pub const WARM: u64 = 100;
/// What the first access of a transaction to a storage slot costs (EIP-2929).
pub const COLD_SLOT: u64 = 2100;
/// What the first access of a transaction to an account costs (EIP-2929).
pub const COLD_ACCOUNT: u64 = 2600;

chips! {
    /// The chips of the circuit.
    pub struct StorageChips, StorageEvent = "storage", layout {
        Load: load::Load,
        Store: store::Store,
        Account: account::Account,
        SelfBalance: self_balance::SelfBalance,
    }
    exceptions EXCEPTIONS;
}

/// The record of an account in an order.
const RECORD: &[&str] = &["a.hi", "a.lo", "b.hi", "b.lo", "result.hi", "result.lo"];

const RECORD_WHY: &str = "the order's record is a claim: the state circuit receives the account's token with it";

const EVIDENCE: &str = "a fault may name any failure, and the fault chip takes the evidence of one that is true";

const fn evidence(chip: &'static str) -> Exception {
    Exception { chip, finding: Finding::Choice, names: &["fault: evidence"], reason: EVIDENCE }
}

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    evidence("load"),
    evidence("store"),
    evidence("account"),
    evidence("self balance"),
    Exception { chip: "account", finding: Finding::Open, names: RECORD, reason: RECORD_WHY },
    Exception { chip: "self balance", finding: Finding::Open, names: RECORD, reason: RECORD_WHY },
    Exception { chip: "account", finding: Finding::Choice, names: &["job", "push", "leave: gas"], reason: RECORD_WHY },
    Exception { chip: "self balance", finding: Finding::Choice, names: &["job", "push"], reason: RECORD_WHY },
];

/// The columns and slots of a window.
#[derive(Debug)]
pub struct Layout {
    step: StepSlots,
    context: Slot<Context>,
    /// The call's tally, before and after.
    tally_in: Slot<Tally>,
    tally_out: Slot<Tally>,
    refund_after: Cell,
    /// The slot named by the first operand, in reach of the clock.
    take: Slot<Storage>,
    /// The slot with the result as its value, touched by this transaction, at the clock.
    give: Slot<Storage>,
    /// The same, at the time `taken`.
    take_back: Slot<Storage>,
    /// What `take` received, at the time `undo`.
    give_back: Slot<Storage>,
    job: Slot<AccountJob>,
    code_length: Slot<CodeLength>,
    /// What a chip has ranged in a row.
    in_range: Slot<Range128>,
    /// The account that is named, and the second operand's high limb.
    precompile: Slot<Precompile>,
    /// The slot or the account, as one that nobody accesses.
    untouched_slot: Slot<Untouched>,
    untouched_account: Slot<Untouched>,
    record: Record,
    /// One if the step is undone later.
    undone: Cell,
    /// When the record is put back.
    undo: Cell,
    /// The time of the token that the undoing receives.
    taken: Cell,
    /// One for a fault that shows its price.
    priced: Cell,
    /// One if the length of a code is asked for.
    sized: Cell,
}

/// The cells of a record. Those of slots lie over those of accounts.
#[derive(Debug)]
struct Record {
    address: Cell,
    nonce: Cell,
    balance: [Cell; 2],
    code: [Cell; 2],
    warm: Cell,
    warm_after: Cell,
}

impl Record {
    /// The value of a slot.
    fn value(&self) -> [Cell; 2] {
        self.balance
    }

    /// The value before the transaction, as the token has it.
    fn original(&self) -> [Cell; 2] {
        self.code
    }

    /// The value before the transaction, as this transaction has it.
    fn original_after(&self) -> [Cell; 2] {
        [self.nonce, self.warm_after]
    }
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let step = StepSlots::popping_on_fault(builder, Shape { ticks: 1, dynamic: true });
    let [undone, undo, taken, length, ranged] =
        ["undone", "undo", "taken", "length", "ranged"].map(|name| builder.main(name));
    // The columns of the second row, but for the two that are checked.
    let columns = (0..=usize::from(ranged.column)).map(|column| Cell::main(column).shifted(1));
    let checked = [step.gap_a.cell.shifted(1), step.gap_b.cell.shifted(1)];
    let mut cells = columns.filter(|cell| !checked.contains(cell));
    let mut next = || cells.next().expect("the second row has room");
    let (clock, call) = (step.clock, step.call.expr());

    let constants: [Cell; 9] = std::array::from_fn(|_| next());
    let context = [&[call.clone()][..], &constants.map(Cell::expr)].concat();
    let [transaction, address] = [constants[0], constants[1]].map(Cell::expr);
    let [writes, refund, refund_after] = std::array::from_fn(|_| next());
    let rest: [Cell; 4] = std::array::from_fn(|_| next());
    let tally = |time: Expr, counts: [Expr; 2]| [&[call.clone(), time], &counts[..], &rest.map(Cell::expr)].concat();
    let tally_in = tally(clock - 1 - checked[1], [writes.expr(), refund.expr()]);
    let tally_out = tally(clock.expr(), [writes + 1, refund_after.expr()]);

    let record = Record {
        address: next(),
        nonce: next(),
        balance: [next(), next()],
        code: [next(), next()],
        warm: next(),
        warm_after: next(),
    };
    let place = [address, step.a[0].expr(), step.a[1].expr()];
    let slot = |value: [Cell; 2], original: [Cell; 2], warm: Expr, time: Expr| {
        [&place[..], &value.map(Cell::expr), &original.map(Cell::expr), &[warm, time]].concat()
    };
    let before = |time: Expr| slot(record.value(), record.original(), record.warm.expr(), time);
    let after = |time: Expr| slot(step.r, record.original_after(), transaction.clone(), time);
    let (take, give) = (before(clock - 1 - checked[0]), after(clock.expr()));
    let (take_back, give_back) = (after(taken.expr()), before(undo.expr()));
    let holds = [&[record.nonce.expr()][..], &record.balance.map(Cell::expr), &record.code.map(Cell::expr)].concat();
    let head = [clock, undone, undo, record.address].map(Cell::expr);
    let job = [&head[..], &holds, &[record.warm.expr()], &holds, &[record.warm_after.expr()]].concat();
    let precompile = [record.address, step.b[0]].map(Cell::expr).to_vec();
    let untouched_slot = vec![place[0].clone(), Expr::one(), place[1].clone(), place[2].clone()];
    let untouched_account = vec![record.address.expr(), Expr::zero(), Expr::zero(), Expr::zero()];
    let code_length = [record.code[0], record.code[1], length].map(Cell::expr).to_vec();
    Layout {
        context: builder.slot("context", context),
        tally_in: builder.slot("tally in", tally_in),
        tally_out: builder.slot("tally out", tally_out),
        refund_after,
        take: builder.slot("take", take),
        give: builder.slot("give", give),
        take_back: builder.slot("take back", take_back),
        give_back: builder.slot("give back", give_back),
        job: builder.slot("job", job),
        code_length: builder.slot("code length", code_length),
        in_range: builder.slot("in range", vec![ranged.expr()]),
        precompile: builder.slot("precompile", precompile),
        untouched_slot: builder.slot("untouched slot", untouched_slot),
        untouched_account: builder.slot("untouched account", untouched_account),
        undone,
        undo,
        taken,
        priced: next(),
        sized: next(),
        record,
        step,
    }
}
