//! An address of a transaction's access list (EIP-2930).
//!
//! **Given** the place in the list and the entry that the verifier sent for it.
//! **Proves** that the account is warm in the transaction from then on.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | an address | 1 | the entry is no key |
//! | a location of the block | 1 | the entry is not absent |
//! | account: clock, reverted, undo, address, nonce_after, balance_after, warm_after | 1 | never undone; the rest of the account stays |
//! | access: index, transaction, position, clock in row 1 | 1 | one entry and one tick further |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::change::{self, AccountBefore, Order, Touch};
use super::{Layout, next};
use crate::bus::{Access, AccessNative, PublicAccess, PublicAccessNative};

/// The chip.
#[derive(Debug)]
pub struct AccessAddress {
    access: Access,
    public: PublicAccess,
    touch: Touch,
}

/// What an address of an access list is filled from.
#[derive(Clone, Debug)]
pub struct AccessAddressEvent {
    /// The place in the list.
    pub access: AccessNative,
    /// The verifier's message.
    pub public: PublicAccessNative,
    /// The account at the place's time.
    pub account: AccountBefore,
}

/// Sends the next place.
pub(super) fn next_place(chip: &mut ChipBuilder<'_>, layout: &Layout, access: &Access) {
    let after = Access { position: next(&access.position), clock: next(&access.clock), ..access.clone() };
    chip.send(&layout.access, 1, &after);
}

impl Chip for AccessAddress {
    type Layout = Layout;
    type Event = AccessAddressEvent;
    const NAME: &'static str = "access address";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let access = chip.receive(&layout.access, 0);
        let public = chip.receive(&layout.public_access, 0);
        let record = change::account(chip, layout, 0);
        chip.require_zero("an address", &public.slot);
        chip.require_zero("a location of the block", &public.absent);
        next_place(chip, layout, &access);
        let order = Order {
            row: 0,
            flag: Bool::constant(true),
            clock: access.clock.expr(),
            address: public.address.expr(),
            nonce: Expr::zero(),
            warm: Some(access.transaction.expr()),
            undo: Order::stays(),
        };
        let touch = Touch::build(chip, layout, &record, order);
        Self { access, public, touch }
    }

    fn fill(&self, event: &AccessAddressEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.access, &event.access);
        row.message(&self.public, &event.public);
        self.touch.fill(&event.account, row);
    }
}
