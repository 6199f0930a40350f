//! The end of tokens that nobody asks for any more: words left on a stack, words of a memory that no order made, a tally.
//!
//! **Given** up to four tokens of one call; a memory's or a tally's stand in the columns of the stack's.
//! **Proves** nothing: whoever gives up a token early only takes it from himself.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | first, second, memory, tally is boolean | 2 | which tokens are received |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, Counter, Gas, Word};

use super::Layout;
use super::expansion::dynamic;
use crate::bus::{MemoryNative, StackNative, Tally, TallyNative};

/// The chip.
#[derive(Debug)]
pub struct Discard {
    /// First and second word of the stack, memory, tally.
    flags: [Bool; 4],
    call: Counter,
    /// One more than the first slot.
    height: Any,
    byte: Any,
    values: [Word; 3],
    tally: Tally,
    gaps: [Gas; 3],
}

/// What a row of [`Discard`] is filled from: tokens as they are found.
#[derive(Clone, Debug)]
pub enum DiscardEvent {
    /// A word of a stack, and if there is one the word of the slot below.
    Stack(StackNative, Option<StackNative>),
    /// A word of memory.
    Memory(MemoryNative),
    /// A tally.
    Tally(TallyNative),
}

impl Chip for Discard {
    type Layout = Layout;
    type Event = DiscardEvent;
    const NAME: &'static str = "discard";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let (next_memory, extra) = dynamic(slots);
        let places = [(slots.ok, "first"), (slots.next_pc, "second"), (next_memory, "memory"), (extra, "tally")];
        let flags = places.map(|(cell, label)| chip.bool_at(label, cell));
        let first = chip.receive_if(&slots.pop_a, 0, &flags[0]);
        let second = chip.receive_if(&slots.pop_b, 0, &flags[1]);
        let word = chip.receive_if(&layout.memory_in, 0, &flags[2]);
        let tally = chip.receive_if(&layout.tally_in, 0, &flags[3]);
        let any = |cell| Any::assume(cell, "whatever the token says");
        let gaps = [slots.gap_a.cell, slots.gap_b.cell, layout.gap_c.cell];
        Self {
            flags,
            call: first.call,
            height: any(slots.height),
            byte: any(slots.a[1]),
            values: [first.value, second.value, word.value],
            tally,
            gaps: gaps.map(|gap| Gas::assume(gap, "any time")),
        }
    }

    fn fill(&self, event: &DiscardEvent, row: &mut WindowWriter<'_>) {
        // The row's clock is zero, so that a gap is the token's time with the sign changed.
        match event {
            DiscardEvent::Stack(first, second) => {
                row.set(&self.flags[0], true);
                row.set(&self.call, first.call);
                row.set(&self.height, F::from(first.slot + 1));
                row.set(&self.values[0], first.value);
                row.set(&self.gaps[0], -1 - first.clock as i64);
                if let Some(second) = second {
                    row.set(&self.flags[1], true);
                    row.set(&self.values[1], second.value);
                    row.set(&self.gaps[1], -1 - second.clock as i64);
                }
            }
            DiscardEvent::Memory(word) => {
                row.set(&self.flags[2], true);
                row.set(&self.call, word.call);
                row.set(&self.byte, F::from(word.index * 32));
                row.set(&self.values[2], word.value);
                row.set(&self.gaps[2], -(word.clock as i64));
            }
            DiscardEvent::Tally(tally) => {
                row.set(&self.flags[3], true);
                row.message(&self.tally, tally);
                row.set(&self.gaps[1], -1 - tally.clock as i64);
            }
        }
    }
}
