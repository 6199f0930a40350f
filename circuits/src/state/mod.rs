//! Storage slots and accounts: where each begins and ends, and what orders an access to an account.
//!
//! State is checked offline. Every location is a linear token, [`Storage`] or [`Account`], that carries the location's
//! record and the time of its last access. An access receives the token and sends it with the next record and its own
//! time, which is later; so the tokens of a location form one chain, and each access sees what the one before it left. No
//! chain is closed, for time grows along it.
//!
//! # Where a chain begins and ends
//! In the location's boundary row, and nowhere else. It receives one public message, sends the first token, of time 0, and
//! receives the last. The verifier makes the public messages from a list of locations whose keys strictly grow (accounts by
//! address, slots by address and key), and sends each once: two boundary rows of one location would need two. A location
//! without a boundary row has no token, so nobody can access it; where a step shows that it is cold, its record
//! is of no meaning. That a boundary row implies at least one access, so that
//! the list is no longer than it must be, is a rule for the circuit that will take over the public messages.
//!
//! # The record of an absent account
//! Nonce 0, balance 0 and [`EMPTY_CODE`]. An account that is absent and one that is empty are the same record, as EIP-161
//! wants it: no fork that can be proven lets an empty account exist behind a transaction. What tells the two apart from
//! others (EXTCODEHASH, and what CALL charges for a new account) compares with this record.
//!
//! # Warmth
//! A location is warm (EIP-2929) if the transaction of its last touch, named by the clock at which it began, is the current
//! one. Zero is no transaction: **the first transaction of a block begins after time 0**. An undone access restores this
//! field too, as EIP-2929 asks.
//!
//! # Time gaps
//! An access shows with one 16-bit limb that the token it receives is older than it. A token that has rested for longer is
//! moved forward by refresh rows, in jumps of 2^16: see [`jump`].

mod access;
mod account_boundary;
mod account_refresh;
mod slot_boundary;
mod slot_refresh;
mod untouched;

use ruint::aliases::U256;
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};

use crate::bus::{Account, AccountJob, PublicAccount, PublicSlot, PublicUntouched, Storage, Untouched};

pub use access::AccessEvent;
pub use account_boundary::AccountBoundaryEvent;
pub use account_refresh::AccountRefreshEvent;
pub use slot_boundary::SlotBoundaryEvent;
pub use slot_refresh::SlotRefreshEvent;

/// The hash of the empty code: keccak-256 of no bytes.
pub const EMPTY_CODE: U256 =
    U256::from_limbs([0x7bfa_d804_5d85_a470, 0xe500_b653_ca82_273b, 0x927e_7db2_dcc7_03c0, 0xc5d2_4601_86f7_233c]);

/// By how much one refresh moves a token forward, per unit of its [`jump`].
pub const JUMP: u64 = 1 << 16;

/// The refresh that a token of time `from` needs before an access at time `to`, if it needs one: it moves the token to
/// `from + JUMP (jump + 1)`. One refresh covers 2^32 ticks; ask again behind it.
pub fn jump(from: u64, to: u64) -> Option<u16> {
    let rest = to.saturating_sub(1 + from) / JUMP;
    rest.checked_sub(1).map(|jumps| u16::try_from(jumps).unwrap_or(u16::MAX))
}

chips! {
    /// The chips of the circuit.
    pub struct StateChips, StateEvent = "state", layout {
        Access: access::Access,
        AccountBoundary: account_boundary::AccountBoundary,
        SlotBoundary: slot_boundary::SlotBoundary,
        AccountRefresh: account_refresh::AccountRefresh,
        SlotRefresh: slot_refresh::SlotRefresh,
        Untouched: untouched::Untouched,
    }
}

/// The columns and slots of a row. The columns are named for accounts; those of slots lie over them.
#[derive(Debug)]
pub struct Layout {
    /// The time of an access.
    clock: Cell,
    /// The time at which it is undone.
    undo: Cell,
    gap: Checked16,
    undo_gap: Checked16,
    job: Slot<AccountJob>,
    /// The record before, in reach of `clock`.
    take: Slot<Account>,
    /// The record after, at `clock`.
    give: Slot<Account>,
    /// The record after, in reach of `undo`.
    take_back: Slot<Account>,
    /// The record before, at `undo`.
    give_back: Slot<Account>,
    public_account: Slot<PublicAccount>,
    /// A slot's token at `clock`.
    take_slot: Slot<Storage>,
    /// A slot's token at `undo`, with a record of its own.
    give_slot: Slot<Storage>,
    /// The value of `give_slot` before the block, that of `take_slot` after it.
    public_slot: Slot<PublicSlot>,
    /// The location of these slots, or of an account.
    public_untouched: Slot<PublicUntouched>,
    untouched: Slot<Untouched>,
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let [clock, reverted, undo, address] = ["clock", "reverted", "undo", "address"].map(|name| builder.main(name));
    let mut record = |when: &str| {
        ["nonce", "balance.hi", "balance.lo", "code.hi", "code.lo", "warm"]
            .map(|name| builder.main(format!("{name} {when}")).expr())
    };
    let (before, after) = (record("before"), record("after"));
    let (gap, undo_gap) = (builder.checked16("gap"), builder.checked16("undo gap"));

    let join = |parts: &[&[Expr]]| parts.concat();
    let who = [address.expr()];
    let job = join(&[&[clock, reverted, undo].map(Cell::expr), &who, &before, &after]);
    let account = |record: &[Expr], time: Expr| join(&[&who, record, &[time]]);
    let (take, give) = (account(&before, clock - 1 - gap.cell), account(&after, clock.expr()));
    let (take_back, give_back) = (account(&after, undo - 1 - undo_gap.cell), account(&before, undo.expr()));
    let public_account = join(&[&who, &before[..5], &after[..5]]);

    let [nonce, key @ .., value_hi, value_lo, warm] = &before;
    let [nonce_after, rest @ ..] = &after;
    let location = join(&[&who, key]);
    let location_of_either = join(&[&who, &[reverted.expr()], key]);
    let take_slot = join(&[&location, rest, &[clock.expr()]]);
    let given = [value_hi, value_lo, nonce, nonce_after, warm].map(Expr::clone);
    let give_slot = join(&[&location, &given, &[undo.expr()]]);
    let public_slot = join(&[&location, &given[..2], &rest[..2]]);
    Layout {
        clock,
        undo,
        gap,
        undo_gap,
        job: builder.slot("job", job),
        take: builder.slot("take", take),
        give: builder.slot("give", give),
        take_back: builder.slot("take back", take_back),
        give_back: builder.slot("give back", give_back),
        public_account: builder.slot("public account", public_account),
        take_slot: builder.slot("take slot", take_slot),
        give_slot: builder.slot("give slot", give_slot),
        public_slot: builder.slot("public slot", public_slot),
        public_untouched: builder.slot("public untouched", location_of_either.clone()),
        untouched: builder.slot("untouched", location_of_either),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_bring_a_token_into_reach() {
        for (from, to) in [(0, 1), (5, 5 + JUMP), (0, JUMP + 1), (7, 1 << 20), (3, 1 << 32), (1, (1 << 34) + 9)] {
            let mut time = from;
            while let Some(jump) = jump(time, to) {
                time += JUMP * (u64::from(jump) + 1);
            }
            assert!(time < to && to - 1 - time < JUMP, "{from} to {to} ends at {time}");
        }
        assert_eq!(jump(5, 5 + JUMP), None);
        assert_eq!(jump(5, 6 + JUMP), Some(0));
    }
}
