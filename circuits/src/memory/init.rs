//! A word of memory, from its creation to its end.
//!
//! **Given** an order to make the words from `from` to below `to`, which no step and no row of this chip sends unless `from`
//! is less than `to`.
//! **Proves** that the word `from` is zero at the order's time, passes the rest of the order on to another row, and in the
//! same row receives the word as the last access left it.
//!
//! A row that passes on an order that it should not, for `to == from + 1`, starts a chain of orders that never ends.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | more is boolean | 2 | |
//! | the last word | 2 | if no order is passed on, this was the last word |
//! | index | 1 | the byte where the word begins |
//! | zero (2) | 1 | the word at first |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Gas, Word};

use super::Layout;
use super::expansion::dynamic;

/// The chip.
#[derive(Debug)]
pub struct Init {
    more: Bool,
    call: Counter,
    /// The word behind this one.
    next: Counter,
    to: Counter,
    /// One tick before the order's time.
    clock: Counter,
    last: Word,
    gap: Gas,
}

/// What a row of [`Init`] is filled from: one word of an order. All of an order's words need one row each.
#[derive(Clone, Debug)]
pub struct InitEvent {
    /// The call.
    pub call: u64,
    /// The word.
    pub index: u64,
    /// The first word behind those of the order.
    pub to: u64,
    /// The time of the order.
    pub clock: u64,
    /// The word as the last access left it; zero if there was none.
    pub last: U256,
    /// The time of the last access; that of the order if there was none.
    pub last_clock: u64,
}

impl Chip for Init {
    type Layout = Layout;
    type Event = InitEvent;
    const NAME: &'static str = "init";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let more = chip.bool_at("more", slots.ok);
        let order = chip.receive(&layout.order_in, 0);
        let rest = chip.peek(&layout.expansion.order, 0);
        chip.send_if(&layout.expansion.order, 0, &more, &rest);
        let word = chip.peek(&layout.memory_out, 0);
        chip.send(&layout.memory_out, 0, &word);
        let last = chip.receive(&layout.memory_in, 0).value;
        chip.require_zero("the last word", (Expr::one() - &more) * (&rest.to - &rest.from));
        chip.define("index", slots.a[1], (slots.memory - 1) * Expr::from(32));
        chip.define("zero: hi", slots.b[0], Expr::zero());
        chip.define("zero: lo", slots.b[1], Expr::zero());
        let (next_memory, _) = dynamic(slots);
        let counter = |cell| Counter::assume(cell, "as in the order");
        let [next, to, clock] = [slots.memory, next_memory, slots.clock].map(counter);
        let gap = Gas::assume(layout.gap_c.cell, "any time: the row's word ends here");
        Self { more, call: order.call, next, to, clock, last, gap }
    }

    fn fill(&self, event: &InitEvent, row: &mut WindowWriter<'_>) {
        row.set(&self.more, event.index + 1 < event.to);
        row.set(&self.call, event.call);
        row.set(&self.next, event.index + 1);
        row.set(&self.to, event.to);
        row.set(&self.clock, event.clock - 1);
        row.set(&self.last, event.last);
        row.set(&self.gap, event.clock as i64 - 1 - event.last_clock as i64);
    }
}
