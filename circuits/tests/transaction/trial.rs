//! A filled shard, and what objects to it.

use std::collections::BTreeSet;

use ruint::aliases::U256;
use verbatim_circuits::bus::{Alu, Range16, Range128};
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::message::Message;
use verbatim_gadgets::value::from_u128;

/// A filled shard with the messages of everybody else.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) grid: Grid,
    pub(crate) others: Balance,
}

impl Trial {
    /// Which constraints do not hold.
    pub(crate) fn labels(&self) -> BTreeSet<String> {
        check(&self.grid).failures.into_iter().map(|failure| format!("{}: {}", failure.chip, failure.label)).collect()
    }

    /// Which messages have no partner.
    pub(crate) fn alone(&self) -> Vec<String> {
        let mut balance = self.others.clone();
        balance.add_grid(&self.grid);
        let alone = balance.unbalanced().into_iter().filter(|m| !is_true(m.tag.id, &m.tuple));
        alone.map(|m| format!("{} {:?} by {:?} at {:?}", m.tag.name, m.tuple, m.sum, m.place)).collect()
    }

    pub(crate) fn holds(&self) {
        assert_eq!(self.labels(), BTreeSet::new());
        assert_eq!(self.alone(), [""; 0]);
    }
}

/// Whether a message is a fact of the tables or of arith: those are not provided here.
pub(crate) fn is_true(tag: u64, tuple: &[F]) -> bool {
    let below = |value: &F| *value <= from_u128(u128::MAX);
    match tag {
        id if id == Range16::TAG.id => tuple[0] < F::from(1 << 16),
        id if id == Range128::TAG.id => below(&tuple[0]),
        id if id == Alu::TAG.id => {
            let limb = |i: usize| U256::from_le_bytes::<32>(tuple[i].to_bytes());
            let word = |i: usize| -> U256 { limb(i) << 128 | limb(i + 1) };
            let small = tuple[1..].iter().all(below);
            small && tuple[0] == F::from(2) && word(1).wrapping_mul(word(3)) == word(7) && word(5).is_zero()
        }
        _ => false,
    }
}
