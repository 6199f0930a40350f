//! Ranges of 128 bits, and the division by 32.
//!
//! **Given** nothing, one row **proves** that two values are below 2^128 (two facts), and that `bytes = 32 words + rest` with
//! `bytes` below 2^64 and `rest` below 32 (one fact).
//!
//! The facts' fields are sums of checked limbs, so that they need no constraints: each value is eight limbs, `words` four,
//! `rest` one. What is left is
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | the rest is below 32 | 1 | 2048 times the rest, a checked limb below 2^16, is below 2^16 too |
//! | the words are below 2^59 | 1 | the same of 32 times their highest limb, which is so below 2^11 |
//!
//! So `32 words + rest` is below 2^64, and the division is unique. A row costs its cells for three facts, of which any may
//! go unused.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;

/// What a window is filled from.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeEvent {
    /// Values below 2^128.
    pub values: [u128; 2],
    /// A number of bytes to be divided by 32.
    pub bytes: u64,
}

/// The chip.
#[derive(Debug)]
pub struct Range {
    layout: Layout,
}

impl Chip for Range {
    type Layout = Layout;
    type Event = RangeEvent;
    const NAME: &'static str = "range";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        layout.check(chip, 0..23, 0);
        let multiplicities: [Cell; 3] = [layout.multiplicity, layout.spare[0], layout.spare[1]];
        for (slot, multiplicity) in layout.ranges.iter().zip(multiplicities) {
            let fact = chip.peek(slot, 0);
            chip.provide(slot, 0, multiplicity, &fact);
        }
        let words = chip.peek(&layout.words, 0);
        chip.provide(&layout.words, 0, multiplicities[2], &words);
        chip.require_equal("the rest is below 32", &words.rest * Expr::from(2048), layout.limb(21, 0));
        chip.require_equal("the words are below 2^59", layout.limb(19, 0) * Expr::from(32), layout.limb(22, 0));
        Self { layout: layout.clone() }
    }

    fn fill(&self, event: &RangeEvent, row: &mut WindowWriter<'_>) {
        let rest = (event.bytes % 32) as u16;
        event.values.iter().enumerate().for_each(|(group, value)| self.layout.set_group(row, group, 0, *value));
        self.layout.set_u64(row, 16, 0, event.bytes / 32);
        self.layout.set_limb(row, 20, 0, rest);
        self.layout.set_limb(row, 21, 0, rest << 11);
        self.layout.set_limb(row, 22, 0, (event.bytes >> 53 << 5) as u16);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use verbatim_gadgets::expr::F;

    use crate::arith::testing::{Consumer, K, assert_chip};

    fn consumer() -> Consumer {
        let mut consumer = Consumer::default();
        [0, 1, u128::MAX, 1 << 127, 77, 3].into_iter().for_each(|value| consumer.range128(value));
        [0, 63, u64::MAX].into_iter().for_each(|bytes| consumer.words(bytes));
        consumer
    }

    #[test]
    fn windows_hold_and_every_label_and_cell_is_needed() {
        let case = consumer().case(K);
        assert_chip(&case, "range", &[]);
    }

    #[test]
    fn a_rest_of_32_is_refused() {
        let mut consumer = Consumer::default();
        consumer.words(96);
        let mut case = consumer.case(K);
        let layout = case.layout();
        let row = case.grid.windows[0].row;
        for (limb, value) in [(16, 2), (20, 32), (21, 0)] {
            case.grid.write(layout.limbs[limb].cell, row, F::from(value));
        }
        assert!(case.objections(&case.grid).contains("range: the rest is below 32"));
    }

    /// A limb that nobody ranges.
    #[test]
    fn class_39_bytes_of_2_to_64_are_refused() {
        let mut consumer = Consumer::default();
        consumer.words(0);
        let mut case = consumer.case(K);
        let layout = case.layout();
        let row = case.grid.windows[0].row;
        // 2^59 words: every limb is in range, but for what the highest one leaves of 16 bits.
        case.grid.write(layout.limbs[19].cell, row, F::from(1 << 11));
        for (scaled, objection) in [(0, "range: the words are below 2^59"), (1 << 16, "bus: range16")] {
            case.grid.write(layout.limbs[22].cell, row, F::from(scaled));
            assert!(case.objections(&case.grid).contains(objection));
        }
        assert!(!case.objections(&case.grid).contains("range: the words are below 2^59"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_value_has_its_facts(values: [u128; 3], bytes: [u64; 4]) {
            let mut consumer = Consumer::default();
            values.into_iter().for_each(|value| consumer.range128(value));
            bytes.into_iter().for_each(|bytes| consumer.words(bytes));
            consumer.case(K).assert_holds();
        }
    }
}
