//! A lane of code: eight bytes in one row.
//!
//! **Given** a token of the code's chain, **this chip proves** that the next eight bytes of the code are bytes, how many
//! bytes of push data are due after each, and passes the token on. It tells keccak the lane, and whoever asks each byte at
//! its position: an opcode without data as steps consume it, any other byte under a [mark](super::layout::Layout). Under
//! a mark that no byte has it tells the eight bytes as one number, for words.
//!
//! There are no constraints of its own. All is in the slots: `chain in` and `chain out` count the lanes, and `counter i`
//! ranges byte i and makes its counter a function of the one before.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::{Layout, held, put, put_word};
use super::push;

/// Eight bytes of a code.
#[derive(Clone, Debug)]
pub struct LaneEvent {
    /// The code.
    pub hash: U256,
    /// The lane.
    pub index: u64,
    /// How many bytes of push data are due before it.
    pub before: u8,
    /// The bytes, zeros past the end.
    pub bytes: [u8; 8],
}

impl LaneEvent {
    /// How many bytes of push data are due before each byte, and after the last.
    pub(super) fn counters(&self) -> [u8; 9] {
        let mut counters = [self.before; 9];
        for (i, byte) in self.bytes.iter().enumerate() {
            counters[i + 1] = push::after(counters[i], *byte);
        }
        counters
    }

    /// Sets the lane's cells, `down` rows below the window's first.
    pub(super) fn put(&self, layout: &Layout, row: &mut WindowWriter<'_>, down: i16) {
        put_word(row, layout.hash, down, &self.hash);
        put(row, layout.index, down, self.index);
        put(row, layout.entry, down, u64::from(self.before));
        let counters = self.counters();
        for (i, byte) in self.bytes.iter().enumerate() {
            put(row, layout.bytes[i], down, u64::from(*byte));
            put(row, layout.counters[i], down, u64::from(counters[i + 1]));
        }
    }
}

/// The chip.
#[derive(Debug)]
pub struct Lane(Layout);

impl Chip for Lane {
    type Layout = Layout;
    type Event = LaneEvent;
    const NAME: &'static str = "lane";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.receive(&layout.chain_in, 0);
        for slot in &layout.steps {
            chip.learn(slot, 0);
        }
        let (token, lane) = (held(chip, &layout.chain_out, 0), held(chip, &layout.hash_lane, 0));
        chip.send(&layout.chain_out, 0, &token);
        chip.send(&layout.hash_lane, 0, &lane);
        for slot in layout.code.iter().chain([&layout.lane]) {
            let fact = held(chip, slot, 0);
            let multiplicity = chip.multiplicity(0);
            chip.provide(slot, 0, multiplicity, &fact);
        }
        Self(layout.clone())
    }

    fn fill(&self, event: &LaneEvent, row: &mut WindowWriter<'_>) {
        event.put(&self.0, row, 0);
    }
}
