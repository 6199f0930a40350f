//! The columns of the sponge: a block in seventeen rows, a lane of it in each.

use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Rows, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};

use crate::bus::{AndBytes, HashEnd, HashLane, Permutation, ShortHash, Sponge};

/// Lanes of a block: rows of its window.
pub const LANES: usize = 17;

/// Blocks in a shard.
pub const fn blocks(rows: Rows) -> usize {
    rows.usable / LANES
}

/// The columns and slots of the sponge circuit.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Bytes of the state before the block.
    pub before: [Cell; 8],
    /// Bytes of the padded block.
    pub padded: [Cell; 8],
    /// Those that both have.
    pub both: [Cell; 8],
    /// The state before the block.
    pub lane: Cell,
    /// The state with the block absorbed.
    pub input: Cell,
    /// The message, with zeros behind its end.
    pub data: Cell,
    /// What padding adds to it.
    pub padding: Cell,
    /// The state after the permutation.
    pub output: Cell,
    /// In rows 0 to 7, lanes 17 to 24 of the state before; in rows 8 to 15, those of the state after.
    pub capacity: Cell,
    /// Whether the lane and all before it are full of message.
    pub full: Cell,
    /// Whether the lane is received.
    pub receives: Cell,
    /// The high half of the input's digest.
    pub digest_hi: Cell,
    /// The low half.
    pub digest_lo: Cell,
    /// The index of the lane in the input.
    pub index: Cell,
    /// In each row another flag of the block: see [`Block`](super::block::Block).
    pub flags: Cell,
    /// Checked.
    pub limbs: Checked16,
    /// Every row of a block.
    pub every: Cell,
    /// All rows of a block but the last.
    pub inner: Cell,
    /// The first row of a block.
    pub head: Cell,
    /// The bytes that both have.
    pub and: Vec<Slot<AndBytes>>,
    /// The lane of a long input.
    pub hash_lane: Slot<HashLane>,
    /// Its end.
    pub hash_end: Slot<HashEnd>,
    /// The sponge before the block.
    pub enter: Slot<Sponge>,
    /// The sponge after it.
    pub leave: Slot<Sponge>,
    /// The permutation.
    pub permutation: Slot<Permutation>,
    /// The hash of a short input.
    pub short_hash: Slot<ShortHash>,
}

impl Layout {
    /// Lane 0 to 24 of the state before the block, seen from its first row.
    pub fn state_before(&self) -> impl Iterator<Item = Expr> {
        rows(self.lane, 0, LANES).chain(rows(self.capacity, 0, 8))
    }

    /// The same of the state after the permutation.
    pub fn state_after(&self) -> impl Iterator<Item = Expr> {
        rows(self.output, 0, LANES).chain(rows(self.capacity, 8, 8))
    }

    /// Flag `index` of the block, seen from its first row.
    pub fn flag(&self, index: usize) -> Cell {
        self.flags.shifted(index as i16)
    }
}

/// Index among the flags: the block is the first of its input.
pub const FIRST: usize = 0;
/// The input is short: it is one block, asked for as [`ShortHash`] only.
pub const SHORT: usize = 1;
/// The first of eight flags: how many bytes of message the lane holds in which it ends.
pub const REST: usize = 2;
/// How often the short hash is consumed.
pub const MULTIPLICITY: usize = 10;

fn rows(cell: Cell, first: usize, count: usize) -> impl Iterator<Item = Expr> + Clone {
    (first..first + count).map(move |row| cell.shifted(row as i16).expr())
}

/// How many bytes of message the block holds, if it is its input's last.
pub fn length(full: Cell, flags: Cell) -> Expr {
    let rest: Expr = (1..8).map(|bytes| flags.shifted((REST + bytes) as i16) * F::from(bytes as u64)).sum();
    rows(full, 0, LANES).sum::<Expr>() * F::from(8) + rest
}

/// The number of which `bytes` are the bytes, the first one highest.
pub fn number(bytes: &[Cell; 8]) -> Expr {
    bytes[1..].iter().fold(bytes[0].expr(), |sum, byte| sum * F::from(256) + *byte)
}

/// Declares the columns.
pub fn layout(builder: &mut CircuitBuilder) -> Layout {
    let mut bytes = |name: &str| std::array::from_fn(|i| builder.main(format!("{name} {i}")));
    let (before, padded, both): ([Cell; 8], [Cell; 8], [Cell; 8]) = (bytes("before"), bytes("padded"), bytes("both"));
    let [lane, input, data, padding, output, capacity, full, receives, digest_hi, digest_lo, index, flags] = [
        "lane",
        "input",
        "data",
        "padding",
        "output",
        "capacity",
        "full",
        "receives",
        "digest.hi",
        "digest.lo",
        "index",
        "flags",
    ]
    .map(|name| builder.main(name));
    let limbs = builder.checked16("limb");
    let and = (0..8).map(|i| builder.slot(format!("and {i}"), [before, padded, both].map(|b| b[i].expr()).to_vec()));
    let and = and.collect();
    let digest = [digest_hi.expr(), digest_lo.expr()];
    let with_digest = |others: Vec<Expr>| digest.iter().cloned().chain(others).collect::<Vec<_>>();
    let hash_lane = builder.slot("hash lane", with_digest(vec![index.expr(), data.expr()]));
    let hash_end = builder.slot("hash end", with_digest(vec![index * F::from(8) + length(full, flags)]));
    let states = [(lane, 0), (output, 8)].map(|(lanes, row)| rows(lanes, 0, LANES).chain(rows(capacity, row, 8)));
    let [enter, leave] = [(0, "enter"), (1, "leave")].map(|(side, name)| {
        let fields = [index + (side * LANES) as u64].into_iter().chain(states[side].clone()).collect();
        builder.slot(name, with_digest(fields))
    });
    let absorbed = rows(input, 0, LANES).chain(rows(capacity, 0, 8));
    let permutation = builder.slot("permutation", absorbed.chain(states[1].clone()).collect());
    let limb = |i: usize| {
        let high = data.shifted(2 * i as i16) * Expr::power_of_two(64);
        if i < 8 { high + data.shifted(2 * i as i16 + 1) } else { high }
    };
    let short = [length(full, flags)].into_iter().chain((0..9).map(limb)).chain(digest.clone()).collect();
    let short_hash = builder.slot("short hash", short);

    let mut mark = |name: &str, marked: fn(usize) -> bool| {
        builder.fixed(name, move |rows| {
            (0..blocks(rows) * LANES).map(|row| F::from(u64::from(marked(row % LANES)))).collect()
        })
    };
    let every = mark("every row", |_| true);
    let inner = mark("inner row", |row| row + 1 < LANES);
    let head = mark("head", |row| row == 0);
    Layout {
        before,
        padded,
        both,
        lane,
        input,
        data,
        padding,
        output,
        capacity,
        full,
        receives,
        digest_hi,
        digest_lo,
        index,
        flags,
        limbs,
        every,
        inner,
        head,
        and,
        hash_lane,
        hash_end,
        enter,
        leave,
        permutation,
        short_hash,
    }
}
