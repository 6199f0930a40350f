//! What a step asks of memory: that a range of bytes exists, for the gas that this costs.
//!
//! A circuit of dynamic steps lays out [`ExpansionSlots`]. A chip that touches memory then takes, for each range, an
//! [`Extent`] (which says whether the range is empty, of a payable size, or so large that no gas pays for it), and one
//! [`Expansion`] to the greatest of them.
//!
//! # Why this is the rule of the EVM
//! An empty range asks for nothing, wherever it begins. Any other ends at `end = offset + length`. From 2^42 bytes on, a
//! memory costs at least 2^65 gas, more than a call ever has, so the step fails for that alone. Below it, `needed =
//! ceil(end / 32)` words are paid for: the cost of `max(words, needed)` less that of `words`, both of which the
//! [`MemoryCost`] fact knows. The two cases overlap (a prover may pay for more than 2^42 bytes, if it finds the gas), but
//! between them they leave nothing out, and neither claims what is not so.
//!
//! # Why nothing wraps around
//! A fact about [`Words`] exists only for numbers below 2^64, and operands are below 2^128, so `offset + length + 31` is
//! the sum of integers. Costs are below 2^81, so that not even a block full of them leads from negative gas back to
//! positive gas.

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, Bool, Counter, U64, Word, split};

use crate::bus::{MemoryCost, MemoryInit, Words};
use crate::step::{Step, StepSlots};

/// The binary logarithm of the size in bytes that no gas pays for.
pub const HUGE_BITS: u32 = 42;

/// What a memory of `words` words costs in all (Yellow Paper, appendix G: `C_mem`).
pub fn memory_cost(words: u64) -> u128 {
    let words = u128::from(words);
    3 * words + words * words / 512
}

/// The columns and slots of an expansion. They lie over columns of the step that only its first row uses.
#[derive(Debug)]
pub struct ExpansionSlots {
    /// Bytes to words. Not for the first row.
    pub words: Slot<Words>,
    /// The cost of a size of memory. Not for the first row.
    pub cost: Slot<MemoryCost>,
    /// New words. In the first row; they exist from `clock + created` on.
    pub order: Slot<MemoryInit>,
}

impl ExpansionSlots {
    /// Lays the slots out over the columns of a step. New words are made at the sub-time `created`.
    ///
    /// # Panics
    /// If the steps' shape is not dynamic.
    pub fn new(builder: &mut CircuitBuilder, step: &StepSlots, created: u64) -> Self {
        let (next_memory, extra) = dynamic(step);
        let words = [step.pc, step.next_pc, step.class].map(Cell::expr).to_vec();
        let cost = vec![next_memory.expr(), extra.expr()];
        let order = vec![step.call.expr(), step.memory.expr(), next_memory.expr(), step.clock + created];
        Self {
            words: builder.slot("words", words),
            cost: builder.slot("memory cost", cost),
            order: builder.slot("new words", order),
        }
    }
}

/// The columns of dynamic steps: words of memory behind the step, and gas beyond the schedule's.
pub(crate) fn dynamic(step: &StepSlots) -> (Cell, Cell) {
    step.next_memory.zip(step.extra).expect("the shape of the steps is dynamic")
}

/// The length of a range.
#[derive(Clone, Debug)]
pub enum Length {
    /// Not zero, and below 2^16.
    Small(Expr),
    /// Any word of the stack, or zero.
    Word(Word),
}

impl Length {
    fn parts(&self) -> (Expr, Expr) {
        match self {
            Self::Small(length) => (Expr::zero(), length.clone()),
            Self::Word(word) => (word.hi.expr(), word.lo.expr()),
        }
    }
}

/// Which of four kinds a range of memory is. Exactly one flag is one where the operands are popped, and none elsewhere.
///
/// They are made before the operands, whose reception they decide: [`Extent::small`] or [`Extent::any`] first, then the
/// operands, then [`Extent::constrain`].
#[derive(Debug)]
pub struct Extent {
    /// There are no bytes.
    pub empty: Bool,
    /// There are some, and gas may pay for them.
    pub sized: Bool,
    /// The offset or the length does not fit 128 bits.
    pub high: Bool,
    /// The range ends at or behind 2^42.
    pub far: Bool,
    carry: Bool,
    inverse: Option<Cell>,
    excess: Option<Expr>,
}

impl Extent {
    /// For a length that is small and not zero. The cells are the chip's, to be filled with flags.
    pub fn small(chip: &mut ChipBuilder<'_>, label: &str, [sized, high, far]: [Cell; 3]) -> Self {
        let [sized, high, far] = [("sized", sized), ("high", high), ("far", far)]
            .map(|(name, cell)| chip.bool_at(&format!("{label} {name}"), cell));
        let (empty, carry) = (Bool::constant(false), Bool::constant(false));
        Self { empty, sized, high, far, carry, inverse: None, excess: None }.exclusive(chip, label)
    }

    /// For a length of any size. The last cell holds an inverse, the others flags.
    pub fn any(chip: &mut ChipBuilder<'_>, label: &str, [empty, sized, high, far, carry, inverse]: [Cell; 6]) -> Self {
        let flags = [("sized", sized), ("high", high), ("far", far), ("carried", carry)];
        let [sized, high, far, carry] = flags.map(|(name, cell)| chip.bool_at(&format!("{label} {name}"), cell));
        // For a length of zero the others are zero, so that the sum of all, which is boolean, is this one alone.
        let empty = Bool::assume(chip.reserve(empty), "zero for any other length");
        chip.reserve(inverse);
        Self { empty, sized, high, far, carry, inverse: Some(inverse), excess: None }.exclusive(chip, label)
    }

    fn exclusive(self, chip: &mut ChipBuilder<'_>, label: &str) -> Self {
        let popped = self.popped();
        chip.require_zero(format!("{label} is of one kind"), &popped * (Expr::one() - &popped));
        self
    }

    /// Whether the operands are popped: the sum of the flags.
    pub fn popped(&self) -> Bool {
        Bool::assume(&self.empty + &self.sized + &self.high + &self.far, "constrained to be boolean")
    }

    /// Holds the flags to the operands, whose ranges hold where they are popped.
    pub fn constrain(&mut self, chip: &mut ChipBuilder<'_>, label: &str, offset: &Word, length: &Length) {
        let (hi, lo) = length.parts();
        let (high, low) = (&offset.hi + &hi, &offset.lo + &lo);
        // Limbs below 2^128 add up to zero only if both are.
        chip.require_zero(format!("{label} sized: high limbs"), &self.sized * &high);
        if let Some(inverse) = self.inverse {
            let sum = hi + lo;
            chip.require_zero(format!("{label} empty: length"), &self.empty * &sum);
            chip.derive_inverse(inverse, &sum * (&self.popped() - &self.empty));
            let others = &self.sized + &self.high + &self.far;
            chip.require_equal(format!("{label} not empty: length"), sum * inverse, others);
        }
        // A sum of two limbs may have 129 bits; the evidence has 128.
        let excess = &self.high * (high - 1) + &self.far * (low - Expr::power_of_two(HUGE_BITS));
        self.excess = Some(excess - &self.carry * Expr::power_of_two(128));
    }

    /// By how much the range is too large: below zero, or not below 2^128, if it is not.
    ///
    /// # Panics
    /// Before [`constrain`](Self::constrain).
    pub fn excess(&self) -> Expr {
        self.excess.clone().expect("constrain comes first")
    }

    /// The words that hold the range, from the [`Words`] fact in `row`. Means nothing where the range is not sized.
    pub fn needed(
        &self,
        chip: &mut ChipBuilder<'_>,
        slots: &ExpansionSlots,
        row: i16,
        offset: &Word,
        length: &Length,
    ) -> Words {
        let bytes = U64::assume(&offset.lo + length.parts().1 + 31, "the fact is about numbers below 2^64");
        let held = chip.peek(&slots.words, row);
        let words = Words { bytes, ..held };
        chip.consume_if(&slots.words, row, &self.sized, &words);
        words
    }

    /// Fills the flags for operands that are popped.
    pub fn fill(&self, demand: &Demand, row: &mut WindowWriter<'_>) {
        row.set(&self.empty, demand.empty());
        row.set(&self.sized, demand.sized());
        row.set(&self.high, demand.high());
        row.set(&self.far, demand.far());
        row.set(&self.carry, demand.excess().is_some_and(|(_, carry)| carry));
    }
}

/// The evidence of a step that pops operands wherever it can: by how much the stack is short, or a range too large. Less
/// than zero where neither is so. Add it to [`Needs::Either`](crate::step::Needs::Either).
pub fn evidence(chip: &mut ChipBuilder<'_>, step: &Step, words: Expr, row: i16, extents: &[&Extent]) -> Any {
    let popped = extents[0].popped();
    let short = (Expr::one() - &popped) * (words - &step.state.height - 1);
    let excess: Expr = extents.iter().map(|extent| extent.excess()).sum();
    // Only one of them counts: the others must be zero then, so those that are not too large add nothing.
    let payable = extents.iter().map(|e| &e.empty + &e.sized).reduce(|a, b| a * b).unwrap_or(Expr::zero());
    chip.store("other evidence", row, short + excess - payable)
}

/// A range of memory outside of the circuit.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Where it begins.
    pub offset: U256,
    /// How many bytes it has.
    pub length: U256,
}

impl Demand {
    fn limbs(&self) -> [u128; 4] {
        let ((a, b), (c, d)) = (split(&self.offset), split(&self.length));
        [a, b, c, d]
    }

    /// Whether there are no bytes.
    pub fn empty(&self) -> bool {
        self.length.is_zero()
    }

    fn high(&self) -> bool {
        let [offset, _, length, _] = self.limbs();
        !self.empty() && (offset != 0 || length != 0)
    }

    fn far(&self) -> bool {
        let [_, offset, _, length] = self.limbs();
        let end = offset.checked_add(length);
        !self.empty() && !self.high() && end.is_none_or(|end| end >= 1 << HUGE_BITS)
    }

    /// Whether there are bytes, and gas may pay for them.
    pub fn sized(&self) -> bool {
        !self.empty() && !self.high() && !self.far()
    }

    /// By how much the range is too large, if it is, and whether that much lies above 2^128.
    pub fn excess(&self) -> Option<(u128, bool)> {
        let [offset_hi, offset_lo, length_hi, length_lo] = self.limbs();
        let (a, b, limit) = match (self.high(), self.far()) {
            (true, _) => (offset_hi, length_hi, 1),
            (_, true) => (offset_lo, length_lo, 1 << HUGE_BITS),
            _ => return None,
        };
        let (sum, carry) = a.overflowing_add(b);
        let (sum, borrow) = sum.overflowing_sub(limit);
        Some((sum, carry && !borrow))
    }

    /// The bytes to its end and the words that hold them; none if it is empty or too large.
    pub fn words(&self) -> Option<u64> {
        let [_, offset, _, length] = self.limbs();
        self.sized().then(|| (offset + length).div_ceil(32) as u64)
    }
}

/// One size that a step asks for: `words` of memory, where `flag` is one.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whether it asks.
    pub flag: Bool,
    /// For how many words.
    pub words: Expr,
}

/// The cells that a [`Growth`] and an [`Expansion`] take: flags, anywhere in the window.
#[derive(Clone, Copy, Debug)]
pub struct ExpansionCells {
    /// One where memory grows.
    pub grows: Cell,
    /// One where it does and the step succeeds.
    pub creates: Cell,
}

/// The greater of a size and a request.
#[derive(Debug)]
struct Growth {
    flag: Bool,
}

impl Growth {
    /// `rows` holds the limbs of the difference: three checked cells.
    fn new(
        chip: &mut ChipBuilder<'_>,
        label: &str,
        flag: Bool,
        old: &Expr,
        request: &Request,
        rows: [i16; 3],
    ) -> (Self, Expr) {
        chip.require_zero(format!("{label} only if it asks"), &flag * (Expr::one() - &request.flag));
        let more = &request.words - old;
        // needed - old - 1 where it grows, old - needed where it asks in vain, else zero.
        let difference = (&flag * Expr::from(2) - &request.flag) * &more - &flag;
        chip.require_limbs16(&format!("{label}: comparison"), &rows, difference);
        let size = old + &flag * more;
        (Self { flag }, size)
    }
}

/// How a step's memory grows, and what it pays.
#[derive(Debug)]
pub struct Expansion {
    growths: Vec<Growth>,
    grows: Bool,
    costs: [MemoryCost; 2],
    gas: Expr,
}

impl Expansion {
    /// Lets memory grow to what one request asks for. `limbs` are the rows of three checked cells, `costs` two rows, not
    /// the first, for the cost of the new size and of the old one. [`gas`](Self::gas) is the chip's to add to its extra
    /// gas. `next memory` is constrained here.
    pub fn one(
        chip: &mut ChipBuilder<'_>,
        (slots, steps): (&ExpansionSlots, &StepSlots),
        step: &Step,
        cells: ExpansionCells,
        request: &Request,
        limbs: [i16; 3],
        costs: [i16; 2],
    ) -> Self {
        let grows = chip.bool_at("memory grows", cells.grows);
        let old = step.state.memory.expr();
        let (growth, size) = Growth::new(chip, "memory grows", grows.clone(), &old, request, limbs);
        Self::finish(chip, (slots, steps), step, cells.creates, (grows, vec![growth]), size, costs)
    }

    /// As [`one`](Self::one), to the greater of two requests. `first` is one where the first asks for more than there is.
    #[allow(clippy::too_many_arguments, reason = "two ranges")]
    pub fn two(
        chip: &mut ChipBuilder<'_>,
        (slots, steps): (&ExpansionSlots, &StepSlots),
        step: &Step,
        (cells, first): (ExpansionCells, [Cell; 2]),
        requests: [&Request; 2],
        limbs: [[i16; 3]; 2],
        costs: [i16; 2],
    ) -> Self {
        let flags = [(first[0], "memory grows for the first"), (first[1], "memory grows for the second")];
        let [a, b] = flags.map(|(cell, label)| chip.bool_at(label, cell));
        chip.reserve(cells.grows);
        chip.define("memory grows for either", cells.grows, &a + &b - &a * &b);
        let grows = Bool::assume(cells.grows, "a disjunction");
        let old = step.state.memory.expr();
        let (one, between) = Growth::new(chip, "memory grows for the first", a, &old, requests[0], limbs[0]);
        let between = chip.store("memory for the first", costs[0], between).expr();
        let (two, size) = Growth::new(chip, "memory grows for the second", b, &between, requests[1], limbs[1]);
        Self::finish(chip, (slots, steps), step, cells.creates, (grows, vec![one, two]), size, costs)
    }

    fn finish(
        chip: &mut ChipBuilder<'_>,
        (slots, steps): (&ExpansionSlots, &StepSlots),
        step: &Step,
        creates: Cell,
        (grows, growths): (Bool, Vec<Growth>),
        size: Expr,
        rows: [i16; 2],
    ) -> Self {
        let (next_memory, _) = dynamic(steps);
        chip.define("next memory", next_memory, size);
        chip.reserve(creates);
        chip.define("new words", creates, &grows * &step.ok);
        let creates = Bool::assume(creates, "a conjunction");
        let order = chip.peek(&slots.order, 0);
        chip.send_if(&slots.order, 0, &creates, &order);
        let sizes = [next_memory.expr(), step.state.memory.expr()];
        let costs = [0, 1].map(|i| {
            let held = chip.peek(&slots.cost, rows[i]);
            let words = Counter::assume(sizes[i].clone(), "a size of memory");
            let cost = MemoryCost { words, gas: held.gas };
            chip.consume_if(&slots.cost, rows[i], &grows, &cost);
            cost
        });
        let gas = &grows * (&costs[0].gas - &costs[1].gas);
        Self { growths, grows, costs, gas }
    }

    /// Gas for the new words: zero if there are none, and below 2^81.
    pub fn gas(&self) -> Expr {
        self.gas.clone()
    }

    /// Fills the flags and the costs, for `memory` words before and each request's words, none where it does not ask.
    /// Answers the words behind the step, if it succeeds, and the gas.
    pub fn fill(&self, memory: u64, requests: &[Option<u64>], row: &mut WindowWriter<'_>) -> (u64, u128) {
        let mut size = memory;
        for (growth, request) in self.growths.iter().zip(requests) {
            let grows = request.is_some_and(|words| words > size);
            row.set(&growth.flag, grows);
            size = request.map_or(size, |words| words.max(size));
        }
        if size == memory {
            return (size, 0);
        }
        row.set(&self.grows, true);
        let costs = [memory_cost(size), memory_cost(memory)];
        for (cost, native) in self.costs.iter().zip(costs) {
            row.set(&cost.gas, native);
        }
        (size, costs[0] - costs[1])
    }
}
