//! What a memory of so many words costs.
//!
//! **Proves** the [`MemoryCost`](crate::bus::MemoryCost) of a number of words below 2^48: `3 words + quotient`, where
//! `words^2 = 512 quotient + rest` and `rest` is below 512.
//!
//! The quotient is below 2^80 and the square below 2^96, so `128 rest` is an integer of less than 2^104 in absolute value; it
//! equals a number below 2^16, so `rest` is one of 0 to 511.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | words | 1 | three limbs of 16 bits |
//! | rest | 2 | 128 times the rest is below 2^16 |
//! | memory cost: gas | 1 | `3 words + quotient`, of five limbs of 16 bits |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Counter, Limb, U16};

use super::Layout;
use super::expansion::dynamic;
use crate::bus::MemoryCost;

/// The chip.
#[derive(Debug)]
pub struct Cost {
    words: Counter,
    quotient: Vec<U16>,
}

/// What a window of [`Cost`] is filled from. One suffices for each size that any step of a block pays for, or has paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostEvent {
    /// The size in words: at most 2^44.
    pub words: u64,
}

impl Chip for Cost {
    type Layout = Layout;
    type Event = CostEvent;
    const NAME: &'static str = "cost";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let (next_memory, _) = dynamic(&layout.step);
        let words = Counter::assume(next_memory, "below 2^48 by its limbs");
        // The step's columns are free here.
        let multiplicity: Cell = layout.step.clock;
        let quotient: Vec<U16> = [0, 0, 0, 1, 1].iter().map(|row| chip.u16(*row)).collect();
        let limbs = quotient.iter().enumerate();
        let quotient_of: Expr = limbs.map(|(i, limb)| limb * Expr::power_of_two(16 * i as u32)).sum();
        let gas = Limb::assume(&words * Expr::from(3) + &quotient_of, "the sum of a limb of 50 and one of 80 bits");
        let fact = MemoryCost { words: words.clone(), gas };
        chip.provide(&layout.expansion.cost, 0, multiplicity, &fact);
        chip.require_limbs16("words", &[1, 2, 2], &words);
        let rest = &words * &words - quotient_of * Expr::from(512);
        chip.require_limbs16("rest", &[2], rest * Expr::from(128));
        Self { words, quotient }
    }

    fn fill(&self, event: &CostEvent, row: &mut WindowWriter<'_>) {
        row.set(&self.words, event.words);
        let quotient = u128::from(event.words) * u128::from(event.words) / 512;
        for (i, limb) in self.quotient.iter().enumerate() {
            row.set(limb, (quotient >> (16 * i)) as u16);
        }
    }
}
