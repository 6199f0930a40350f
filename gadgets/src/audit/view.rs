//! What can be seen of a window from outside.

use halo2_proofs::arithmetic::Field;

use crate::chip::{ChipDef, Role};
use crate::circuit::Circuit;
use crate::expr::{Cell, F};
use crate::program::Scratch;

/// The messages of a window: slots, multiplicities and tuples.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// What it receives and consumes, and the keys of what it provides: it may provide what it likes, if that is true.
    pub(super) hears: Vec<(usize, F, Vec<F>)>,
    /// What it sends, and what it provides of a key; not how often it provides.
    pub(super) says: Vec<(usize, F, Vec<F>)>,
    /// How often it provides: the bus notices.
    pub(super) provides: Vec<F>,
}

/// The messages of the window of `chip` that begins at `row`, where `read` answers a cell as seen from a row.
pub(super) fn view(
    circuit: &Circuit,
    chip: &ChipDef,
    row: usize,
    read: impl Fn(Cell, usize) -> F,
    scratch: &mut Scratch,
) -> View {
    let multiplicities: Vec<F> = chip.multiplicities.values(|cell| read(cell, row), scratch).collect();
    let mut view = View::default();
    for (message, multiplicity) in chip.messages.iter().zip(multiplicities) {
        let at = row + message.row as usize;
        let program = &circuit.slot_programs[message.slot];
        let silent = bool::from(multiplicity.is_zero()) && message.role != Role::Provide;
        let tuple = if silent { Vec::new() } else { program.values(|cell| read(cell, at), scratch).collect() };
        match message.role {
            Role::Receive | Role::Consume => view.hears.push((message.slot, multiplicity, tuple)),
            Role::Send => view.says.push((message.slot, multiplicity, tuple)),
            Role::Provide => {
                let determined = &circuit.slots[message.slot].determined;
                let part = |result: bool| {
                    let fields = tuple.iter().zip(determined).filter(|(_, determined)| **determined == result);
                    (message.slot, F::ONE, fields.map(|(field, _)| *field).collect())
                };
                view.hears.push(part(false));
                view.says.push(part(true));
                view.provides.push(multiplicity);
            }
        }
    }
    view
}
