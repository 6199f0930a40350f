//! The statement: all public messages, folded into one digest.
//!
//! The verifier knows a list of public messages, from the block. He does not add them to the bus: this circuit does, each
//! exactly as he would, sent or received once, and hashes them on the way, in the list's order. A window takes the digest of
//! the messages before its own from the one before it, and hands on the digest with its own. So all that the verifier adds
//! is the beginning of this chain, [`Fold`] with index 0 and the digest of the block's [label](Label), and its end, the number
//! of messages and the digest that he computes himself ([`Chain`]). A hash of the three is the [statement](Chain::statement).
//!
//! # Why the messages are those of the list
//!
//! The index grows by one a window, so no chain closes on itself, and all windows lie in the one that begins with index 0 and
//! ends with index `n`: there are `n`. Each window's digest is a hash of the one before, of the kind and of all fields, the
//! same function as the verifier's. Two lists with one beginning and one digest are equal or have a collision of Poseidon. So whoever knows a list with the verifier's digest knows the verifier's list, and the messages are
//! what he would have added.
//!
//! The challenges are hashed from the statement, so **the statement has to fix both numbers of the end, and the beginning**: a number that the
//! verifier adds, and that a prover could choose when he knows the challenges, would balance anything.
//!
//! # The hash
//!
//! A sponge (`sponge.rs`) over the permutation of [`crate::poseidon`] for each message: the digest before and the message's
//! fields are absorbed, two elements a permutation. The capacity begins with a number of the kind ([`Kind::capacity`]), which
//! says tag and direction; a kind has one number of fields, so this encoding is injective without padding.
//!
//! # Ranges
//!
//! No cell here has a range, but what the receivers of the messages assume of their fields holds: the fields are those of the
//! verifier's list, and **whoever computes the digest has to check the ranges of the list**, as the messages' types say them.

mod fold;
mod sponge;
mod work;

#[cfg(test)]
mod tests;

use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::message::{Linear, Message};

use crate::bus::{
    BlockEnd, Cursor, Fold, PoseidonPermutation, PublicAccess, PublicAccount, PublicEnvironment, PublicInput,
    PublicLog, PublicLogData, PublicReceipt, PublicSlot, PublicTransaction, PublicUntouched, PublicWithdrawal,
};

pub use fold::FoldEvent;
pub use sponge::{Chain, DOMAIN, Kind, Label};
pub use work::StatementWork;

/// A kind of public message.
pub trait Public: Linear {
    /// Whether it is sent, for the circuits to receive; else it is received.
    const SENT: bool;
    /// Its slot.
    fn slot(layout: &Layout) -> &Slot<Self>;
}

/// Declares the kinds of public message: a chip, a slot and an entry of [`KINDS`] for each.
macro_rules! kinds {
    (sent { $($sent:ident,)* } received { $($received:ident,)* }) => {
        kinds! { @all $($sent true,)* $($received false,)* }
    };
    (@all $($kind:ident $is_sent:literal,)*) => {
        /// A slot for each kind.
        #[allow(non_snake_case, reason = "the fields are named after the kinds")]
        #[derive(Debug)]
        struct Slots {
            $($kind: Slot<$kind>,)*
        }

        impl Slots {
            fn new(builder: &mut CircuitBuilder, inputs: [Cell; 2]) -> Self {
                Self { $($kind: builder.slot($kind::TAG.name, fields::<$kind>(inputs)),)* }
            }
        }

        $(impl Public for $kind {
            const SENT: bool = $is_sent;

            fn slot(layout: &Layout) -> &Slot<Self> {
                &layout.public.$kind
            }
        })*

        /// The kinds of public message.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$kind>(),)*];

        chips! {
            /// The chips of the circuit.
            pub struct StatementChips, StatementEvent = "statement", layout {
                $($kind: fold::FoldPublic<$kind>,)*
            }
        }

        /// The event of a kind, by its place in [`KINDS`].
        fn event(kind: usize, event: FoldEvent) -> Option<StatementEvent> {
            let events: &[fn(FoldEvent) -> StatementEvent] = &[$(StatementEvent::$kind,)*];
            events.get(kind).map(|of_kind| of_kind(event))
        }
    };
}

kinds! {
    sent {
        Cursor,
        PublicEnvironment,
        PublicTransaction,
        PublicAccess,
        PublicInput,
        PublicWithdrawal,
        PublicAccount,
        PublicSlot,
        PublicUntouched,
    }
    received {
        PublicReceipt,
        PublicLog,
        PublicLogData,
        BlockEnd,
    }
}

/// The columns and slots of the circuit.
#[derive(Debug)]
pub struct Layout {
    /// The state of the sponge: in the first row of a window the first one, in the last row that behind the last permutation.
    state: [Cell; 3],
    /// What is absorbed; in the last row the place in the chain and the digest before.
    inputs: [Cell; 2],
    permutation: Slot<PoseidonPermutation>,
    before: Slot<Fold>,
    after: Slot<Fold>,
    public: Slots,
}

/// Where element `index` of what a window absorbs stands.
fn absorbed(inputs: [Cell; 2], index: usize) -> Cell {
    inputs[index % 2].shifted((index / 2) as i16)
}

/// The fields of a message: they are absorbed behind the digest.
fn fields<M: Message>(inputs: [Cell; 2]) -> Vec<Expr> {
    (1..=M::WIDTH).map(|index| absorbed(inputs, index).expr()).collect()
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let state = [0, 1, 2].map(|i| builder.main(format!("state {i}")));
    let inputs = [0, 1].map(|i| builder.main(format!("input {i}")));
    let before = [state[0].expr(), state[1] + inputs[0], state[2] + inputs[1]];
    let permutation = before.into_iter().chain(state.map(|cell| cell.shifted(1).expr())).collect();
    Layout {
        state,
        inputs,
        permutation: builder.slot("permutation", permutation),
        before: builder.slot("before", inputs.map(Cell::expr).to_vec()),
        after: builder.slot("after", vec![inputs[0] + 1, state[1].expr()]),
        public: Slots::new(builder, inputs),
    }
}
