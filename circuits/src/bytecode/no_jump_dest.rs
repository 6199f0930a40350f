//! A position that cannot be jumped to, on demand.
//!
//! **Given** the byte at a position and how much push data is due before it, **this chip proves** that the position is no
//! JUMPDEST: the byte is push data, or another opcode.
//!
//! That the counters are the table's keeps other facts than a byte's away, which have [other marks](super::layout::Layout).
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | the byte is data is boolean | 2 | the flag d |
//! | the byte is data, or no JUMPDEST | 3 | what is due, or the difference of the opcodes, has an inverse |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, inverse_or_zero};

use super::layout::{Layout, held, put, put_word};
use super::push;

/// A position that is no destination.
#[derive(Clone, Debug)]
pub struct NoJumpDestEvent {
    /// The code.
    pub hash: U256,
    /// The position.
    pub pc: u64,
    /// The byte there.
    pub byte: u8,
    /// How many bytes of push data are due before it.
    pub due: u8,
}

/// The opcode JUMPDEST.
pub(super) const JUMPDEST: u8 = 0x5b;

/// The chip.
#[derive(Debug)]
pub struct NoJumpDest {
    layout: Layout,
    /// The flag d.
    data: Bool,
    /// The inverse of what is due, or of the opcode less JUMPDEST.
    inverse: Any,
}

impl Chip for NoJumpDest {
    type Layout = Layout;
    type Event = NoJumpDestEvent;
    const NAME: &'static str = "no jump destination";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.learn(&layout.code[0], 0);
        chip.learn(&layout.steps[0], 0);
        let fact = held(chip, &layout.no_jump_dest, 0);
        let data = chip.bool("the byte is data", 0);
        let inverse = chip.any(0);
        let difference = layout.bytes[0] - u64::from(JUMPDEST);
        let evidence = &data * layout.entry + &data.not() * difference;
        chip.require_equal("the byte is data, or no JUMPDEST", evidence * &inverse, 1);
        let multiplicity = chip.multiplicity(0);
        chip.provide(&layout.no_jump_dest, 0, multiplicity, &fact);
        Self { layout: layout.clone(), data, inverse }
    }

    fn fill(&self, event: &NoJumpDestEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.layout;
        put_word(row, layout.hash, 0, &event.hash);
        put(row, layout.index, 0, F::from(event.pc) * inverse_or_zero(F::from(8)));
        put(row, layout.entry, 0, u64::from(event.due));
        put(row, layout.bytes[0], 0, u64::from(event.byte));
        put(row, layout.counters[0], 0, u64::from(push::after(event.due, event.byte)));
        let data = event.due > 0;
        let opcode = F::from(u64::from(event.byte)) - F::from(u64::from(JUMPDEST));
        row.set(&self.data, data);
        row.set(&self.inverse, inverse_or_zero(if data { F::from(u64::from(event.due)) } else { opcode }));
    }
}
