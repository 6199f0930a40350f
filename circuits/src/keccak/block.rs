//! A block of the sponge.
//!
//! Given seventeen rows with the lanes of a block, proves that it is a block of its input's padded message, that the permutation
//! takes the state with it absorbed to the state after, and, if it is the last one, that the input has the digest. Short inputs are provided as
//! facts; long ones receive their lanes and their end, and hand the sponge from block to block.
//!
//! `full[i]` says that lane `i` and those before it are all message; `end[i] = full[i-1] - full[i]` (with `full[-1] = 1`) marks the lane in
//! which the message ends after `r` bytes, where `rest[r]` is one. The block is the last if `full[16]` is zero.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `first is boolean`, `short is boolean` | 2 | |
//! | `full i is boolean` | 2 | |
//! | `full i follows full` | 2 | `full[i] (1 - full[i-1]) = 0` |
//! | `rest r is boolean` | 2 | |
//! | `one rest` | 1 | `sum of rest[r] = 1` |
//! | `padding i` | 2 | `padding[i] = end[i] 2^(8 (7 - r))`, and `2^7` more in lane 16 of the last block |
//! | `no message behind the end: i` | 2 | `(1 - full[i-1]) data[i] = 0` |
//! | `no message behind the end` | 2 | `sum of end[i] data[i] = limbs 2^(8 (8 - r))` |
//! | `receives i` | 3 | `receives[i] = (1 - short) (full[i] + end[i] (1 - rest[0]))` |
//! | `starts with lane i` | 2 | `first state[i] = 0` |
//! | `starts with index 0` | 2 | `first index = 0` |
//! | `short is first`, `short is last` | 2 | `short (1 - first) = 0`, `short full[16] = 0` |
//! | `digest.hi`, `digest.lo` | 2 | the digest is lanes 0 to 3 of the state after, if the block is the last |
//! | `only single blocks are provided` | 3 | `multiplicity (1 - first (1 - full[16])) = 0` |
//!
//! *The message's lanes are below `2^64`*, whatever the sender of a lane says of it: a full lane has no padding and is the padded lane itself, made
//! of bytes; the one in which the message ends is a multiple of `2^(8 (8 - r))` by four 16-bit limbs, so that it is below `2^128` and not negative,
//! and with the padding it is made of bytes again; those behind are zero. Senders of [`HashLane`](crate::bus::HashLane) rest on this for every lane that is received.
//!
//! *Every sponge that is received was sent*: its index grows by 17 from block to block, so that no chain closes on itself, and it begins with a block that
//! is `first`, where index and state are zero. A chain of several blocks is long, so it has received every lane of its input, one by one, and its end.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U16};

use super::reference::State;
use super::sponge_layout::{FIRST, LANES, Layout, MULTIPLICITY, REST, SHORT};
use ruint::aliases::U256;

/// What a block is filled from.
#[derive(Clone, Debug)]
pub struct BlockEvent {
    /// Whether the input is asked for as a short hash only.
    pub short: bool,
    /// The digest of the whole input.
    pub digest: U256,
    /// The lanes of the input before this block.
    pub index: u64,
    /// The state before, as the sponge has it.
    pub before: State,
    /// The message's bytes in this block: 136 of them, or fewer if it is the last.
    pub message: Vec<u8>,
    /// The state after the permutation.
    pub after: State,
}

/// Seventeen rows.
#[derive(Clone, Debug)]
pub struct Block {
    layout: Layout,
    limbs: [U16; 4],
}

/// The cells of a block, seen from its first row.
struct View<'l> {
    layout: &'l Layout,
}

impl View<'_> {
    fn full(&self, lane: usize) -> Expr {
        self.layout.full.shifted(lane as i16).expr()
    }

    fn full_before(&self, lane: usize) -> Expr {
        if lane == 0 { Expr::one() } else { self.full(lane - 1) }
    }

    fn end(&self, lane: usize) -> Expr {
        self.full_before(lane) - self.full(lane)
    }

    fn last(&self) -> Expr {
        Expr::one() - self.full(LANES - 1)
    }

    fn flag(&self, index: usize) -> Expr {
        self.layout.flag(index).expr()
    }

    /// `2^(8 (7 - r))`, where `r` bytes of the message stand in the lane in which it ends.
    fn weight(&self) -> Expr {
        (0..8).map(|rest| self.flag(REST + rest) * Expr::power_of_two(56 - 8 * rest as u32)).sum()
    }
}

fn boolean(chip: &mut ChipBuilder<'_>, label: &str, flag: &Expr) {
    chip.require_zero(format!("{label} is boolean"), flag * (Expr::one() - flag));
}

fn flags(chip: &mut ChipBuilder<'_>, view: &View<'_>) {
    boolean(chip, "first", &view.flag(FIRST));
    boolean(chip, "short", &view.flag(SHORT));
    for lane in 0..LANES {
        boolean(chip, &format!("full {lane}"), &view.full(lane));
        if lane > 0 {
            let jump = view.full(lane) * (Expr::one() - view.full(lane - 1));
            chip.require_zero(format!("full {lane} follows full"), jump);
        }
    }
    for rest in 0..8 {
        boolean(chip, &format!("rest {rest}"), &view.flag(REST + rest));
    }
    chip.require_equal("one rest", (0..8).map(|rest| view.flag(REST + rest)).sum::<Expr>(), 1);
    chip.require_zero("short is first", view.flag(SHORT) * (Expr::one() - view.flag(FIRST)));
    chip.require_zero("short is last", view.flag(SHORT) * view.full(LANES - 1));
}

fn message(chip: &mut ChipBuilder<'_>, view: &View<'_>, limbs: &[U16; 4]) {
    let (layout, long) = (view.layout, Expr::one() - view.flag(SHORT));
    let not_empty = Expr::one() - view.flag(REST);
    let mut ending = Expr::zero();
    for lane in 0..LANES {
        let row = |cell: Cell| cell.shifted(lane as i16);
        let closing = if lane + 1 == LANES { view.last() * F::from(0x80) } else { Expr::zero() };
        let padding = view.end(lane) * view.weight() + closing;
        chip.require_equal(format!("padding {lane}"), row(layout.padding), padding);
        if lane > 0 {
            let behind = (Expr::one() - view.full_before(lane)) * row(layout.data);
            chip.require_zero(format!("no message behind the end: {lane}"), behind);
        }
        let receives = &long * (view.full(lane) + view.end(lane) * &not_empty);
        chip.require_equal(format!("receives {lane}"), row(layout.receives), receives);
        ending = ending + view.end(lane) * row(layout.data);
    }
    let sum: Expr = limbs.iter().enumerate().map(|(i, limb)| limb * Expr::power_of_two(16 * i as u32)).sum();
    chip.require_equal("no message behind the end", ending, sum * view.weight() * F::from(256));
}

fn ends(chip: &mut ChipBuilder<'_>, view: &View<'_>) {
    let layout = view.layout;
    for (lane, state) in layout.state_before().enumerate() {
        chip.require_zero(format!("starts with lane {lane}"), view.flag(FIRST) * state);
    }
    chip.require_zero("starts with index 0", view.flag(FIRST) * layout.index);
    let after: Vec<Expr> = layout.state_after().collect();
    for (label, half, at) in [("digest.hi", layout.digest_hi, 0), ("digest.lo", layout.digest_lo, 2)] {
        let lanes = &after[at] * Expr::power_of_two(64) + &after[at + 1];
        chip.require_zero(label, view.last() * (half - lanes));
    }
    let single = view.flag(FIRST) * view.last();
    chip.require_zero("only single blocks are provided", view.flag(MULTIPLICITY) * (Expr::one() - single));
}

impl Chip for Block {
    type Layout = Layout;
    type Event = BlockEvent;
    const NAME: &'static str = "block";
    const HEIGHT: usize = LANES;

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.head)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let view = View { layout };
        let flag = |expr: Expr| Bool::assume(expr, "constrained below");
        let next = flag(Expr::one() - view.flag(FIRST));
        chip.receive_if(&layout.enter, 0, &next);
        let more = flag(view.full(LANES - 1));
        let leave = chip.peek(&layout.leave, 0);
        chip.send_if(&layout.leave, 0, &more, &leave);
        // Of the four cases, a short block that is not the last is excluded.
        let ends_long = flag(view.last() - view.flag(SHORT));
        chip.receive_if(&layout.hash_end, 0, &ends_long);
        chip.learn(&layout.permutation, 0);
        let short_hash = chip.peek(&layout.short_hash, 0);
        chip.provide(&layout.short_hash, 0, layout.flag(MULTIPLICITY), &short_hash);
        let limbs = [0, 1, 2, 3].map(|row| chip.checked(&layout.limbs, row));
        flags(chip, &view);
        message(chip, &view, &limbs);
        ends(chip, &view);
        Self { layout: layout.clone(), limbs }
    }

    fn fill(&self, event: &BlockEvent, row: &mut WindowWriter<'_>) {
        let layout = &self.layout;
        let count = event.message.len();
        let (end, rest, last) = (count / 8, count % 8, count < 8 * LANES);
        let mut bytes = event.message.clone();
        bytes.resize(8 * LANES, 0);
        let mut padding = [0u8; 8 * LANES];
        if last {
            padding[count] = 1;
            padding[8 * LANES - 1] |= 0x80;
        }
        let (hi, lo) = verbatim_gadgets::value::split(&event.digest);
        let mut set = |cell: Cell, lane: usize, value: F| row.field(&cell.shifted(lane as i16).expr(), value);
        for lane in 0..LANES {
            let eight = |bytes: &[u8]| std::array::from_fn::<u8, 8, _>(|i| bytes[8 * lane + i]);
            let (data, padding) = (u64::from_be_bytes(eight(&bytes)), u64::from_be_bytes(eight(&padding)));
            let (before, padded) = (event.before[lane].to_le_bytes(), (data + padding).to_be_bytes());
            for i in 0..8 {
                set(layout.before[i], lane, F::from(u64::from(before[i])));
                set(layout.padded[i], lane, F::from(u64::from(padded[i])));
                set(layout.both[i], lane, F::from(u64::from(before[i] & padded[i])));
            }
            let state = event.before[lane].swap_bytes();
            let receives = !event.short && (lane < end || lane == end && rest > 0);
            let values = [
                (layout.lane, state),
                (layout.input, state ^ (data + padding)),
                (layout.data, data),
                (layout.padding, padding),
                (layout.output, event.after[lane].swap_bytes()),
                (layout.full, u64::from(lane < end)),
                (layout.receives, u64::from(receives)),
                (layout.index, event.index + lane as u64),
            ];
            values.into_iter().for_each(|(cell, value)| set(cell, lane, F::from(value)));
            set(layout.digest_hi, lane, verbatim_gadgets::value::from_u128(hi));
            set(layout.digest_lo, lane, verbatim_gadgets::value::from_u128(lo));
        }
        for lane in 0..8 {
            set(layout.capacity, lane, F::from(event.before[LANES + lane].swap_bytes()));
            set(layout.capacity, 8 + lane, F::from(event.after[LANES + lane].swap_bytes()));
        }
        set(layout.flags, FIRST, F::from(u64::from(event.index == 0)));
        set(layout.flags, SHORT, F::from(u64::from(event.short)));
        set(layout.flags, REST + rest, F::from(1));
        let ending = if last { event.message[8 * end..].iter().fold(0, |sum, b| sum << 8 | u64::from(*b)) } else { 0 };
        self.limbs.iter().enumerate().for_each(|(i, limb)| row.set(limb, (ending >> (16 * i)) as u16));
    }
}
