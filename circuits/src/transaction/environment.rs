//! What the block says of itself.
//!
//! **Given** a public message.
//! **Proves** nothing more: it is the fact that the verifier said.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | environment 0: owner | 1 | zero: the block |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Counter;

use super::Layout;
use crate::bus::{self, PublicEnvironment, PublicEnvironmentNative};

/// The chip.
#[derive(Debug)]
pub struct Environment {
    public: PublicEnvironment,
}

/// What the environment is filled from: each of the verifier's messages, once.
#[derive(Clone, Debug)]
pub struct EnvironmentEvent {
    /// The message.
    pub public: PublicEnvironmentNative,
}

impl Chip for Environment {
    type Layout = Layout;
    type Event = EnvironmentEvent;
    const NAME: &'static str = "environment";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let public = chip.receive(&layout.environment, 0);
        chip.peek(&layout.facts[0], 0);
        let multiplicity = chip.multiplicity(0);
        let PublicEnvironment { opcode, value } = public.clone();
        let fact = bus::Environment { owner: Counter::constant(0), opcode, value };
        chip.provide(&layout.facts[0], 0, multiplicity, &fact);
        Self { public }
    }

    fn fill(&self, event: &EnvironmentEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.public, &event.public);
    }
}
