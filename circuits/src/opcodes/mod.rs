//! The schedule of opcodes: what the block's fork says of each of the 256.
//!
//! The forks' [schedules](crate::schedule) are fixed columns, one row for each fork and opcode, and each row is an
//! [`Opcode`] fact. In the rows of another fork than the block's, the fact's class is moved by a
//! multiple of 256 that is not zero, to where no chip's class is.

mod entry;

use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::machine::Sheet;

use crate::bus::{Environment, Opcode};
use crate::schedule::{Fork, opcode};

pub use entry::FORK;

chips! {
    /// The chips of the circuit.
    pub struct OpcodeChips, OpcodeEvent = "opcodes", layout {
        Entry: entry::Entry,
    }
    size K;
}

/// The smallest size that holds a row for every fork and opcode.
pub const K: u32 = 11;

/// The rows of the circuit, for a block of `fork`.
pub fn sheet(fork: Fork) -> Sheet<OpcodeChips> {
    let mut sheet = Sheet::new();
    for row in 0..Fork::ALL.len() as u64 * 256 {
        sheet.push(row, OpcodeEvent::Entry(fork as u8));
    }
    sheet
}

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    selector: Cell,
    block_fork: Cell,
    multiplicity: Cell,
    environment: Slot<Environment>,
    opcode: Slot<Opcode>,
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let mut column = |name: &str, value: fn(Fork, u8) -> u64| {
        builder.fixed(name, move |_| {
            let rows = Fork::ALL.into_iter().flat_map(|fork| (0..=u8::MAX).map(move |opcode| (fork, opcode)));
            rows.map(|(fork, opcode)| F::from(value(fork, opcode))).collect()
        })
    };
    let selector = column("entry", |_, _| 1);
    let fork = column("fork", |fork, _| fork as u64);
    let fields = [
        column("opcode", |_, byte| u64::from(byte)),
        column("class", |fork, byte| opcode(fork, byte).class as u64),
        column("gas", |fork, byte| u64::from(opcode(fork, byte).gas)),
        column("parameter", |fork, byte| u64::from(opcode(fork, byte).parameter)),
    ];
    let (block_fork, multiplicity) = (builder.main("block's fork"), builder.main("multiplicity"));
    let environment = builder.slot("fork", vec![Expr::zero(), FORK.into(), Expr::zero(), block_fork.expr()]);
    let [opcode, class, gas, parameter] = fields;
    let class = class + (fork - block_fork) * F::from(256);
    let opcode = builder.slot("opcode", vec![opcode.expr(), class, gas.expr(), parameter.expr()]);
    Layout { selector, block_fork, multiplicity, environment, opcode }
}
