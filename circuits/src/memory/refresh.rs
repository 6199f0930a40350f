//! Tokens that nobody touched for long, moved forward in time: a word of a stack, a word of memory, or a tally.
//!
//! **Given** a token of one of these kinds, at most 2^32 ticks old.
//! **Proves** that it goes on unchanged, at a later time. Nobody has to ask for that: whoever receives the token afterwards
//! still shows that his own time is later.
//!
//! A stack's word stands in the columns of the second operand and is pushed from the result's; a memory's, the other way
//! round. The gap of 32 bits stands in the column that the slot reads, and its halves in the two other checked ones.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | stack, memory, tally is boolean | 2 | which kind it is |
//! | one kind | 2 | at most one |
//! | slot | 1 | the stack's word returns to its slot |
//! | same: hi, same: lo | 2 | a stack's or a memory's word keeps its value; a tally's two messages share all columns |
//! | gap of a stack | 2 | the second gap is the first one and 2^16 times the third |
//! | gap of a memory | 2 | the third gap is the first one and 2^16 times the second |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Gas, U16, Word};

use super::Layout;
use super::expansion::dynamic;
use crate::bus::{MemoryNative, StackNative, Tally, TallyNative};

/// The chip.
#[derive(Debug)]
pub struct Refresh {
    /// Stack, memory, tally.
    flags: [Bool; 3],
    call: Counter,
    clock: Counter,
    height: Counter,
    byte: Counter,
    /// In the second operand's columns, and in the result's.
    words: [Word; 2],
    tally: Tally,
    gaps: [Gas; 3],
}

/// What a row of [`Refresh`] is filled from: the token as it is found, and the time at which it is sent.
#[derive(Clone, Debug)]
pub enum RefreshEvent {
    /// A word of a stack.
    Stack(StackNative, u64),
    /// A word of memory.
    Memory(MemoryNative, u64),
    /// A tally.
    Tally(TallyNative, u64),
}

impl Chip for Refresh {
    type Layout = Layout;
    type Event = RefreshEvent;
    const NAME: &'static str = "refresh";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let (next_memory, extra) = dynamic(slots);
        let places = [(slots.ok, "stack"), (next_memory, "memory"), (extra, "tally")];
        let flags = places.map(|(cell, label)| chip.bool_at(label, cell));
        let [stack, memory, tally] = &flags;
        let low = chip.receive_if(&slots.pop_b, 0, stack).value;
        let high = chip.peek(&slots.push, 0);
        chip.send_if(&slots.push, 0, stack, &high);
        chip.receive_if(&layout.memory_in, 0, memory);
        let word = chip.peek(&layout.memory_out, 0);
        chip.send_if(&layout.memory_out, 0, memory, &word);
        let counts = chip.receive_if(&layout.tally_in, 0, tally);
        let after = chip.peek(&layout.tally_out, 0);
        chip.send_if(&layout.tally_out, 0, tally, &after);
        let either = |a: &Bool, b: &Bool| Bool::assume(a + b, "of one kind at most");
        let gaps = [
            chip.checked_if(&slots.gap_a, 0, &either(stack, memory)),
            chip.checked_if(&slots.gap_b, 0, &either(memory, tally)),
            chip.checked_if(&layout.gap_c, 0, &either(stack, tally)),
        ];
        let kinds = stack + memory + tally;
        chip.require_zero("one kind", &kinds * (Expr::one() - &kinds));
        chip.define("slot", slots.next_height, slots.height - 1);
        let words = either(stack, memory);
        chip.require_equal_if("same: hi", &words, slots.b[0], slots.r[0]);
        chip.require_equal_if("same: lo", &words, slots.b[1], slots.r[1]);
        let long = |high: &U16| &gaps[0] + high * Expr::power_of_two(16);
        chip.require_equal_if("gap of a stack", stack, &gaps[1], long(&gaps[2]));
        chip.require_equal_if("gap of a memory", memory, &gaps[2], long(&gaps[1]));
        let counter = |cell| Counter::assume(cell, "as in the token");
        let [call, clock, height, byte] = [slots.call, slots.clock, slots.height, slots.a[1]].map(counter);
        let gaps = gaps.map(|gap| Gas::assume(gap, "a signed number to be filled"));
        Self { flags, call, clock, height, byte, words: [low, high.value], tally: counts, gaps }
    }

    fn fill(&self, event: &RefreshEvent, row: &mut WindowWriter<'_>) {
        let gaps = |gap: u64| [(gap & 0xffff) as i64, (gap >> 16) as i64, gap as i64];
        let mut set = |flag: usize, call: u64, clock: u64, gaps: [i64; 3]| {
            row.set(&self.flags[flag], true);
            row.set(&self.call, call);
            row.set(&self.clock, clock);
            self.gaps.iter().zip(gaps).for_each(|(cell, gap)| row.set(cell, gap));
        };
        match event {
            RefreshEvent::Stack(token, time) => {
                let [low, high, all] = gaps(time.wrapping_sub(token.clock + 1));
                set(0, token.call, *time, [low, all, high]);
                row.set(&self.height, token.slot + 2);
                self.words.iter().for_each(|word| row.set(word, token.value));
            }
            RefreshEvent::Memory(token, time) => {
                // The slots of memory read a row's clock less the gap, and send one tick later.
                let [low, high, all] = gaps(time.wrapping_sub(token.clock + 1));
                set(1, token.call, time - 1, [low, high, all]);
                row.set(&self.byte, token.index * 32);
                self.words.iter().for_each(|word| row.set(word, token.value));
            }
            RefreshEvent::Tally(token, time) => {
                let [low, high, _] = gaps(time.wrapping_sub(token.clock + 1));
                set(2, token.call, *time, [0, low, high]);
                row.message(&self.tally, token);
            }
        }
    }
}
