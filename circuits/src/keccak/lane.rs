//! A lane of a block.
//!
//! Given a row of a block, proves that `input` is the exclusive or of the state's lane and the padded message's, which is the message's
//! plus `padding`, and receives the message's lane where `receives` is one.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `lane` | 1 | `lane` has the bytes `before` |
//! | `padded lane` | 1 | `data + padding` has the bytes `padded` |
//! | `exclusive or` | 1 | `input = lane + data + padding - 2 both` |
//!
//! The facts [`AndBytes`] show that all bytes are bytes.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::Bool;

use super::sponge_layout::{Layout, number};
#[cfg(doc)]
use crate::bus::AndBytes;

/// A row of a block.
#[derive(Clone, Debug)]
pub struct Lane;

impl Chip for Lane {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "lane";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.every)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        for slot in &layout.and {
            chip.learn(slot, 0);
        }
        let padded = layout.data + layout.padding;
        chip.require_equal("lane", layout.lane, number(&layout.before));
        chip.require_equal("padded lane", padded.clone(), number(&layout.padded));
        chip.require_equal("exclusive or", layout.input, layout.lane + padded - number(&layout.both) * F::from(2));
        chip.receive_if(&layout.hash_lane, 0, &Bool::assume(layout.receives, "the block's chip gives its value"));
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
