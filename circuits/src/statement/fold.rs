//! A public message of one kind, all kinds alike.
//!
//! Given the digest of the messages before, sends or receives the message in the verifier's place, and proves what the
//! digest with it is. With `n` fields it takes `p = floor(n / 2) + 1` permutations, one a row, and a last row for what comes
//! out: row `i` holds the sponge's state before the permutation `i`, and the two elements that are added to it.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `capacity` | 1 | the state begins with the number of the kind |
//! | `rate: 0`, `rate: 1` | 1 | and with two zeros |
//! | `digest` | 1 | the first element that is absorbed is the digest before, which stands in the last row again, for the message |
//! | `no more` | 1 | kinds with an even number of fields: nothing is absorbed behind the last field |

use std::marker::PhantomData;

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::sponge::{Kind, permutations};
use super::{Layout, Public, absorbed};
use crate::poseidon::State;

/// What a message is filled from.
#[derive(Clone, Debug)]
pub struct FoldEvent {
    /// How many messages lie before it.
    pub index: u64,
    /// What is absorbed: the digest before, and the message's fields.
    pub absorbed: Vec<F>,
    /// The states before each permutation, and behind the last.
    pub states: Vec<State>,
}

/// The chip.
#[derive(Debug)]
pub struct FoldPublic<M> {
    state: [Cell; 3],
    inputs: [Cell; 2],
    kind: PhantomData<M>,
}

impl<M: Public + Send + Sync> Chip for FoldPublic<M> {
    type Layout = Layout;
    type Event = FoldEvent;
    const NAME: &'static str = M::TAG.name;
    const HEIGHT: usize = permutations(M::WIDTH) + 1;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slot = M::slot(layout);
        let last = permutations(M::WIDTH) as i16;
        if M::SENT {
            let message = chip.peek(slot, 0);
            chip.send(slot, 0, &message);
        } else {
            chip.receive(slot, 0);
        }
        for row in 0..last {
            chip.learn(&layout.permutation, row);
        }
        let before = chip.receive(&layout.before, last);
        let after = chip.peek(&layout.after, last);
        chip.send(&layout.after, last, &after);

        let Layout { state, inputs, .. } = layout;
        chip.require_equal("capacity", state[0], Kind::of::<M>().capacity());
        for (i, cell) in state[1..].iter().enumerate() {
            chip.require_zero(format!("rate: {i}"), *cell);
        }
        chip.require_equal("digest", absorbed(*inputs, 0), before.digest);
        if M::WIDTH.is_multiple_of(2) {
            chip.require_zero("no more", absorbed(*inputs, M::WIDTH + 1));
        }
        Self { state: *state, inputs: *inputs, kind: PhantomData }
    }

    fn fill(&self, event: &FoldEvent, row: &mut WindowWriter<'_>) {
        let mut set = |cell: Cell, value: F| row.field(&cell.expr(), value);
        for (at, state) in (0..).zip(&event.states) {
            self.state.iter().zip(state).for_each(|(cell, value)| set(cell.shifted(at), *value));
        }
        for (index, value) in event.absorbed.iter().enumerate() {
            set(absorbed(self.inputs, index), *value);
        }
        let last = permutations(M::WIDTH) as i16;
        set(self.inputs[0].shifted(last), F::from(event.index));
        set(self.inputs[1].shifted(last), event.absorbed[0]);
    }
}
