//! A position that cannot be jumped to, on demand.
//!
//! **Given** one opcode of a code, **this chip proves** that a position is no JUMPDEST: the opcode stands there, or the
//! position lies in its push data; and the opcode is another one. (A JUMPDEST has no push data.)
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | counter 2: byte, counter 4: byte | 1 | zero: only the counter in front is looked up |
//! | the position | 1 | `pc = opcode's pc + offset`, with the offset 0 to 127 by the counter table |
//! | the position is before the next opcode | 1 | `room = length of the push data - offset` is 0 to 127, by the table |
//! | the opcode is not JUMPDEST | 2 | the difference has an inverse |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Byte, inverse_or_zero};

use super::layout::{Layout, held, put, put_word};
use super::push;
use crate::bus::{CodeNative, PushCounter};

/// A position that is no destination.
#[derive(Clone, Debug)]
pub struct NoJumpDestEvent {
    /// The position.
    pub pc: u64,
    /// The opcode there, or the PUSH whose data it is.
    pub code: CodeNative,
}

/// The opcode JUMPDEST.
pub(super) const JUMPDEST: u8 = 0x5b;

/// The slots of the counter table that range the offset and the room.
const OFFSET: usize = 2;
const ROOM: usize = 4;

/// The chip.
#[derive(Debug)]
pub struct NoJumpDest {
    layout: Layout,
    /// The inverse of the opcode less JUMPDEST.
    inverse: Any,
}

impl Chip for NoJumpDest {
    type Layout = Layout;
    type Event = NoJumpDestEvent;
    const NAME: &'static str = "no jump destination";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let opcode = chip.learn(&layout.code[1], 0);
        let [offset, room] = [OFFSET, ROOM].map(|slot| {
            let counter = held(chip, &layout.steps[slot], 0);
            let byte = Byte::constant(0);
            chip.consume(&layout.steps[slot], 0, &PushCounter { byte, ..counter.clone() });
            counter.before
        });
        let fact = held(chip, &layout.no_jump_dest, 0);
        chip.require_equal("the position", &fact.pc, &opcode.pc + &offset);
        let length = &opcode.next - &opcode.pc - 1;
        chip.require_equal("the position is before the next opcode", &room, length - &offset);
        let inverse = chip.any(0);
        let difference = &opcode.opcode - u64::from(JUMPDEST);
        chip.require_equal("the opcode is not JUMPDEST", difference * &inverse, 1);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.no_jump_dest, 0, multiplicity, &fact);
        Self { layout: layout.clone(), inverse }
    }

    fn fill(&self, event: &NoJumpDestEvent, row: &mut WindowWriter<'_>) {
        let (layout, code) = (&self.layout, &event.code);
        let due = code.next - code.pc - 1;
        put_word(row, layout.hash, 0, &code.hash);
        put(row, layout.position, 0, F::from(code.pc) - F::from(1));
        put(row, layout.bytes[7], 0, u64::from(code.opcode));
        put_word(row, layout.rests[2], 0, &code.push);
        put(row, layout.counters[7], 0, due);
        put(row, layout.entry, 0, event.pc);
        let offset = event.pc - code.pc;
        for (slot, value) in [(OFFSET, offset), (ROOM, due.saturating_sub(offset))] {
            put(row, layout.before(slot), 0, value);
            put(row, layout.counters[slot], 0, u64::from(push::after(value as u8, 0)));
        }
        row.set(&self.inverse, inverse_or_zero(F::from(u64::from(code.opcode)) - F::from(u64::from(JUMPDEST))));
    }
}
