//! Where the chain of an account begins and ends.
//!
//! **Given** the account before and after the block, from the verifier.
//! **Proves** that the first access of the block found the one, cold, and that the last left the other.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | give back: warm | 1 | no transaction has touched it |
//! | give back: clock | 1 | time 0 |
//!
//! When the last access was, and in which transaction, is of no meaning behind the block.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Counter;

use super::Layout;
use crate::bus::{Account, PublicAccount, PublicAccountNative};

/// The chip.
#[derive(Debug)]
pub struct AccountBoundary {
    public: PublicAccount,
    last: Account,
}

/// What an account's boundary row is filled from.
#[derive(Clone, Debug)]
pub struct AccountBoundaryEvent {
    /// The account before and after the block.
    pub public: PublicAccountNative,
    /// The transaction of its last touch, as the last token has it.
    pub warm: u64,
    /// The time of the last token.
    pub clock: u64,
}

impl Chip for AccountBoundary {
    type Layout = Layout;
    type Event = AccountBoundaryEvent;
    const NAME: &'static str = "account boundary";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let public = chip.receive(&layout.public_account, 0);
        let first = Account {
            address: public.address.clone(),
            nonce: public.nonce_before.clone(),
            balance: public.balance_before.clone(),
            code: public.code_before.clone(),
            warm: Counter::constant(0),
            clock: Counter::constant(0),
        };
        chip.send(&layout.give_back, 0, &first);
        let last = chip.receive(&layout.give, 0);
        Self { public, last }
    }

    fn fill(&self, event: &AccountBoundaryEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.public, &event.public);
        row.set(&self.last.warm, event.warm);
        row.set(&self.last.clock, event.clock);
    }
}
