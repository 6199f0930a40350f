//! What most of these steps do with a range of memory: they expand memory to hold it, and pay for that and for its length.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | bytes sized, high, far, carried is boolean | 2 | the range has no bytes, is payable, or too large in one of two ways |
//! | bytes is of one kind | 2 | at most one of these |
//! | bytes sized: high limbs | 2 | offset and length are below 2^128 |
//! | bytes empty: length | 2 | zero |
//! | bytes not empty: length | 2 | not zero: it has an inverse |
//! | words: bytes in row 1 | 1 | `offset + length + 31` |
//! | words: bytes in row 2 | 1 | `length + 31`, where words are paid for |
//! | a success is empty or sized | 2 | |
//! | memory grows ... (4), next memory, new words, memory cost (2) | 1 to 2 | see [`expansion`](crate::memory::expansion) |
//! | extra gas | 2 | the cost of the expansion and of the length |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Bool, U64, Word};

use super::layout::Layout;
use crate::bus::Words;
use crate::memory::expansion::{Demand, Expansion, ExpansionCells, Extent, Length, Request};
use crate::step::Step;

/// What the length costs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Price {
    /// So much a word.
    Word(u64),
    /// So much a byte.
    Byte(u64),
}

/// The range's part of a step.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) extent: Extent,
    total: Words,
    bytes: Option<Words>,
    price: Price,
    expansion: Expansion,
}

/// The extent of the range. It comes before the operands, whose reception it decides.
pub(super) fn extent(chip: &mut ChipBuilder<'_>, cells: [Cell; 6]) -> Extent {
    Extent::any(chip, "bytes", cells)
}

/// `bytes / 32`, rounded up, in `row`.
pub(super) fn words(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16, flag: &Bool, bytes: Expr) -> Words {
    let held = chip.peek(&layout.expansion.words, row);
    let bytes = U64::assume(bytes, "the fact is about numbers below 2^64");
    let words = Words { bytes, ..held };
    chip.consume_if(&layout.expansion.words, row, flag, &words);
    words
}

impl Range {
    /// `limbs` are the rows of three checked cells.
    #[allow(clippy::too_many_arguments, reason = "a range, its price, and where its cells are")]
    pub(super) fn build(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        step: &Step,
        mut extent: Extent,
        [offset, length]: [&Word; 2],
        price: Price,
        cells: [Cell; 2],
        limbs: [i16; 3],
    ) -> Self {
        let slots = &layout.step;
        let any = Length::Word(length.clone());
        extent.constrain(chip, "bytes", offset, &any);
        let total = extent.needed(chip, &layout.expansion, 1, offset, &any);
        let bytes =
            matches!(price, Price::Word(_)).then(|| words(chip, layout, 2, &extent.sized, &length.lo + Expr::from(31)));
        let payable = &extent.empty + &extent.sized;
        chip.require_zero("a success is empty or sized", &step.ok * (Expr::one() - payable));
        let request = Request { flag: extent.sized.clone(), words: total.words.expr() };
        let [grows, creates] = cells;
        let cells = ExpansionCells { grows, creates };
        let expansion = Expansion::one(chip, (&layout.expansion, slots), step, cells, &request, limbs, [1, 2]);
        let paid = match (price, &bytes) {
            (Price::Word(gas), Some(bytes)) => &bytes.words * Expr::from(gas),
            (Price::Word(gas) | Price::Byte(gas), _) => &length.lo * Expr::from(gas),
        };
        let (extra, _) = layout.extra_and_memory();
        chip.define("extra gas", extra, expansion.gas() + &extent.sized * paid);
        Self { extent, total, bytes, price, expansion }
    }

    /// The evidence of a fault but for gas, to be stored: `needs` words are missing, or the range is too large. Less than
    /// zero where neither is so. Where the range is neither, and `also` is one, it is zero.
    pub(super) fn evidence(&self, step: &Step, needs: Expr, also: Expr) -> Expr {
        let missing = self.extent.popped().not() * (needs - &step.state.height - 1);
        missing + self.extent.excess() - (&self.extent.empty + &self.extent.sized) * (Expr::one() - also)
    }

    /// Fills it for operands that are popped. Answers the gas.
    pub(super) fn fill(&self, demand: &Demand, memory: u64, row: &mut WindowWriter<'_>) -> u128 {
        self.extent.fill(demand, row);
        let (_, mut gas) = self.expansion.fill(memory, &[demand.words()], row);
        if demand.sized() {
            let [offset, length] = [demand.offset, demand.length].map(|word| word.as_limbs()[0]);
            fill_words(&self.total, offset + length + 31, row);
            if let Some(bytes) = &self.bytes {
                fill_words(bytes, length + 31, row);
            }
            gas += match self.price {
                Price::Word(price) => u128::from(price) * u128::from(length.div_ceil(32)),
                Price::Byte(price) => u128::from(price) * u128::from(length),
            };
        }
        gas
    }
}

/// Fills a division of `bytes`.
pub(super) fn fill_words(words: &Words, bytes: u64, row: &mut WindowWriter<'_>) {
    row.set(&words.words, bytes / 32);
    row.set(&words.rest, (bytes % 32) as u8);
}
