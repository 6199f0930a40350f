//! The schedule of opcodes and precompiles: what the block's fork says of each of the 256 opcodes, and of each address where
//! some fork has a precompile.
//!
//! The forks' [schedules](crate::schedule) are fixed columns, one row for each fork and opcode, and each row is an
//! [`Opcode`] fact. In the rows of another fork than the block's, the fact's class is moved by a
//! multiple of 256 that is not zero, to where no chip's class is.
//!
//! Behind them stands one row for each fork and [listed address](listed_addresses), which is a [`Precompile`] fact. Its
//! address is moved in the same way, by a multiple of 2^160, to where no address is.

mod entry;
mod precompiles;

use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::machine::Sheet;

use crate::bus::{Environment, Opcode, Precompile};
use crate::schedule::{Fork, is_precompile, listed_addresses, opcode};

pub use entry::FORK;

chips! {
    /// The chips of the circuit.
    pub struct OpcodeChips, OpcodeEvent = "opcodes", layout {
        Entry: entry::Entry,
        Precompiles: precompiles::Precompiles,
    }
    size K;
}

/// The smallest size that holds all rows.
pub const K: u32 = 11;

/// What a row is about.
#[derive(Clone, Copy, Debug)]
enum Row {
    Opcode(Fork, u8),
    Address(Fork, u64),
}

/// The rows that are used, in order.
fn rows() -> impl Iterator<Item = Row> {
    let opcodes = |fork| (0..=u8::MAX).map(move |opcode| Row::Opcode(fork, opcode));
    let addresses = |fork| listed_addresses().map(move |address| Row::Address(fork, address));
    Fork::ALL.into_iter().flat_map(opcodes).chain(Fork::ALL.into_iter().flat_map(addresses))
}

/// How many rows are used: so often the fork is asked for.
pub fn size() -> usize {
    rows().count()
}

/// The rows of the circuit, for a block of `fork`.
pub fn sheet(fork: Fork) -> Sheet<OpcodeChips> {
    let mut sheet = Sheet::new();
    for (index, row) in (0..).zip(rows()) {
        let event = match row {
            Row::Opcode(..) => OpcodeEvent::Entry(fork as u8),
            Row::Address(..) => OpcodeEvent::Precompiles(fork as u8),
        };
        sheet.push(index, event);
    }
    sheet
}

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    /// One in the rows of opcodes.
    selector: Cell,
    /// One in the rows of addresses.
    listed: Cell,
    block_fork: Cell,
    multiplicity: Cell,
    environment: Slot<Environment>,
    opcode: Slot<Opcode>,
    precompile: Slot<Precompile>,
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let mut column = |name: &str, value: fn(Row) -> u64| {
        builder.fixed(name, move |_| rows().map(|row| F::from(value(row))).collect())
    };
    let selector = column("entry", |row| u64::from(matches!(row, Row::Opcode(..))));
    let listed = column("listed", |row| u64::from(matches!(row, Row::Address(..))));
    let fork = column("fork", |row| match row {
        Row::Opcode(fork, _) | Row::Address(fork, _) => fork as u64,
    });
    let name = column("opcode or address", |row| match row {
        Row::Opcode(_, byte) => u64::from(byte),
        Row::Address(_, address) => address,
    });
    let class = column("class", |row| match row {
        Row::Opcode(fork, byte) => opcode(fork, byte).class as u64,
        Row::Address(..) => 0,
    });
    let gas = column("gas", |row| match row {
        Row::Opcode(fork, byte) => u64::from(opcode(fork, byte).gas),
        Row::Address(..) => 0,
    });
    let parameter = column("parameter or precompile", |row| match row {
        Row::Opcode(fork, byte) => u64::from(opcode(fork, byte).parameter),
        Row::Address(fork, address) => u64::from(is_precompile(fork, address)),
    });
    let (block_fork, multiplicity) = (builder.main("block's fork"), builder.main("multiplicity"));
    let environment = builder.slot("fork", vec![Expr::zero(), FORK.into(), Expr::zero(), block_fork.expr()]);
    let distance = fork - block_fork;
    let class = class + &distance * F::from(256);
    let address = name + &distance * Expr::power_of_two(160);
    let opcode = builder.slot("opcode", vec![name.expr(), class, gas.expr(), parameter.expr()]);
    let precompile = builder.slot("precompile", vec![address, parameter.expr()]);
    Layout { selector, listed, block_fork, multiplicity, environment, opcode, precompile }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;
    use verbatim_gadgets::bus::{Balance, FactCounts};
    use verbatim_gadgets::machine::Workload;

    use super::*;
    use crate::bus::{EnvironmentNative, PrecompileNative};

    /// What is left when `facts` are asked of the schedule of `fork`.
    fn unbalanced(fork: Fork, facts: &[PrecompileNative]) -> usize {
        let sheet = sheet(fork);
        let mut grid = (&sheet as &dyn Workload).grid(K, 0..sheet.len()).expect("there is room");
        let (mut counts, mut balance) = (FactCounts::default(), Balance::default());
        for fact in facts {
            counts.add::<Precompile>(fact);
            balance.add_public::<Precompile>(fact, -F::from(1));
        }
        let fork = EnvironmentNative { owner: 0, opcode: FORK as u8, value: U256::from(fork as u8) };
        balance.add_public::<Environment>(&fork, F::from(size() as u64));
        counts.provide(&mut grid);
        balance.add_grid(&grid);
        balance.unbalanced().len()
    }

    #[test]
    fn precompiles_are_those_of_the_fork() {
        for fork in Fork::ALL {
            let fact = |address: u64, present| PrecompileNative { address: U256::from(address), present };
            let truth = |address| fact(address, is_precompile(fork, address));
            let facts: Vec<_> = listed_addresses().map(truth).collect();
            assert_eq!(unbalanced(fork, &facts), 0);
            for address in listed_addresses() {
                assert_eq!(unbalanced(fork, &[fact(address, !is_precompile(fork, address))]), 1, "{address}");
            }
            assert_eq!(unbalanced(fork, &[fact(18, false), fact(255, false), fact(257, false)]), 3);
        }
    }
}
