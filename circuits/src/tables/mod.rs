//! Fixed tables: ranges, the bitwise and of bytes, powers of two, and push data.
//!
//! All tables stand side by side in the same `2^15` rows, so that a shard of `k = 16` holds them beside its blinding rows.
//! A table of `2^16` tuples is two halves, each a slot of its own, whose second half follows linearly from the columns of
//! the first. Every fixed column holds true facts in every row, also behind the tables' end, where the first row is
//! repeated: the chip then needs no selector but the active rows.
//!
//! Columns: 7 fixed ones (one is the framework's), 6 multiplicities, 6 slots.

pub mod fixed;

use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Rows, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::machine::Sheet;
use verbatim_gadgets::value::from_u128;

use crate::bus::{AndBytes, PowerOfTwo, PushCounter, Range16};
use crate::bytecode::push;

/// Rows of the tables.
pub const ROWS: usize = 1 << 15;

/// The size of the one shard that holds the tables.
pub const K: u32 = 16;

/// The columns and slots of the tables.
#[derive(Debug)]
pub struct Layout {
    range: [Slot<Range16>; 2],
    and: [Slot<AndBytes>; 2],
    power: Slot<PowerOfTwo>,
    push_counter: Slot<PushCounter>,
    multiplicities: [Cell; 6],
}

/// A fixed column of the tables: `value` of every row, and that of row 0 behind the last.
fn column(builder: &mut CircuitBuilder, name: &str, value: impl Fn(usize) -> F + Send + Sync + 'static) -> Expr {
    let values = move |rows: Rows| (0..rows.usable).map(|row| value(if row < ROWS { row } else { 0 })).collect();
    builder.fixed(name, values).expr()
}

/// The limb of `2^exponent` that begins at bit `from`.
fn power_limb(exponent: usize, from: usize) -> F {
    if (from..from + 128).contains(&exponent) { from_u128(1 << (exponent - from)) } else { F::zero() }
}

/// Lays out the columns.
fn layout(builder: &mut CircuitBuilder) -> Layout {
    let index = column(builder, "index", |row| F::from(row as u64));
    let right = column(builder, "index modulo 256", |row| F::from(row as u64 % 256));
    let and = column(builder, "and", |row| F::from((row as u64 / 256) & (row as u64 % 256)));
    let hi = column(builder, "power, high", |row| power_limb(row % 256, 128));
    let lo = column(builder, "power, low", |row| power_limb(row % 256, 0));
    // The left byte counts push data here.
    let after = column(builder, "push data after", |row| F::from(u64::from(push::after((row / 256) as u8, row as u8))));
    let names = ["range low", "range high", "and low", "and high", "power", "push counter"];
    let multiplicities = names.map(|name| builder.main(format!("multiplicity of {name}")));

    let left = (&index - &right) * inverse(256);
    let range = [
        builder.slot("range low", vec![index.clone()]),
        builder.slot("range high", vec![index + Expr::from(ROWS as u64)]),
    ];
    let complement = Expr::from(255) - &left;
    let push_counter = builder.slot("push counter", vec![left.clone(), right.clone(), after]);
    let and = [
        builder.slot("and low", vec![left, right.clone(), and.clone()]),
        builder.slot("and high", vec![complement, right.clone(), &right - and]),
    ];
    let power = builder.slot("power", vec![right, hi, lo]);
    Layout { range, and, power, push_counter, multiplicities }
}

fn inverse(value: u64) -> F {
    verbatim_gadgets::value::inverse_or_zero(F::from(value))
}

chips! {
    /// The chips of the tables circuit.
    pub struct TableChips, TableEvent = "tables", layout {
        Fixed: fixed::Fixed,
    }
    size K;
}

/// The whole tables, whatever the block: one shard of size [`K`].
pub fn sheet() -> Sheet<TableChips> {
    let mut sheet = Sheet::new();
    for row in 0..ROWS {
        sheet.push(row as u64, TableEvent::Fixed(()));
    }
    sheet
}
