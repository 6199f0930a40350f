//! An entry of a transaction's access list (EIP-2930) for a location that nothing in the block touches.
//!
//! **Given** the place in the list and the entry that the verifier sent for it.
//! **Proves** nothing but that the verifier calls the entry absent: the block has no boundary row for the location, so nobody can
//! access it, and whether it is warm makes no difference.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | absent | 1 | the verifier says so |
//! | access: index, transaction, position, clock in row 1 | 1 | one entry and one tick further |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;
use super::access_address::next_place;
use crate::bus::{Access, AccessNative, PublicAccess, PublicAccessNative};

/// The chip.
#[derive(Debug)]
pub struct AccessAbsent {
    access: Access,
    public: PublicAccess,
}

/// What an absent entry of an access list is filled from.
#[derive(Clone, Debug)]
pub struct AccessAbsentEvent {
    /// The place in the list.
    pub access: AccessNative,
    /// The verifier's message.
    pub public: PublicAccessNative,
}

impl Chip for AccessAbsent {
    type Layout = Layout;
    type Event = AccessAbsentEvent;
    const NAME: &'static str = "access absent";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let access = chip.receive(&layout.access, 0);
        let public = chip.receive(&layout.public_access, 0);
        chip.require_equal("absent", &public.absent, Expr::one());
        next_place(chip, layout, &access);
        Self { access, public }
    }

    fn fill(&self, event: &AccessAbsentEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.access, &event.access);
        row.message(&self.public, &event.public);
    }
}
