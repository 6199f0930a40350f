//! Tests of the memory circuit. Linear messages are matched with those that a case expects; facts are checked natively.

mod cases;
mod fractions;
mod labels;
mod semantics;
#[allow(unreachable_pub, reason = "a circuit is declared as public")]
mod two;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_gadgets::bus::Balance;
use verbatim_gadgets::check::check;
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::ChipSet;
use verbatim_gadgets::message::Message;

use super::expansion::memory_cost;
use super::{MemoryChips, MemoryEvent};
use crate::bus::{ByteLength, MemoryCost, Range16, Range128, Slice, Splice, Words};

const K: u32 = 9;

static MACHINE: LazyLock<(Arc<Circuit>, MemoryChips)> = LazyLock::new(|| {
    let (circuit, chips) = MemoryChips::build();
    (Arc::new(circuit), chips)
});

static FIXED: LazyLock<Arc<Vec<Vec<F>>>> = LazyLock::new(|| Arc::new(MACHINE.0.fixed_values(K)));

/// Events, and what the rest of the machine says to them.
#[derive(Clone)]
struct Case {
    name: &'static str,
    events: Vec<MemoryEvent>,
    others: Balance,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self { name, events: Vec::new(), others: Balance::default() }
    }

    /// The circuit receives this message, or consumes this fact.
    fn takes<M: Message>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, F::from(1));
    }

    /// The circuit sends this message.
    fn gives<M: Message>(&mut self, message: &M::Native) {
        self.others.add_public::<M>(message, -F::from(1));
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Arc::clone(&MACHINE.0), K, Arc::clone(&FIXED));
        for (origin, event) in self.events.iter().enumerate() {
            let chip = MemoryChips::index(event);
            grid.place(chip, origin as u64, |row| MACHINE.1.fill(event, row)).expect("room for a test");
        }
        grid
    }

    /// What the bus holds against a grid: untrue facts, and linear messages without their partner.
    fn objections(&self, grid: &Grid) -> Vec<String> {
        let mut balance = self.others.clone();
        balance.add_grid(grid);
        let wrong = |u: &verbatim_gadgets::bus::Unbalanced| !is_true(u.tag.id, &u.tuple, u.sum);
        balance.unbalanced().into_iter().filter(wrong).map(|u| format!("{} {:?}", u.tag.name, u.tuple)).collect()
    }

    /// Asserts that the events hold.
    fn holds(&self) -> Grid {
        let grid = self.grid();
        let failures = check(&grid).failures;
        assert!(failures.is_empty(), "{}: {failures:#?}", self.name);
        let objections = self.objections(&grid);
        assert!(objections.is_empty(), "{}: {objections:#?}", self.name);
        grid
    }
}

fn mock(grid: &Grid) -> bool {
    let (circuit, sum) = ShardCircuit::for_mock_prover(grid);
    MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("a circuit of this size").verify().is_ok()
}

/// The labels of all constraints that fail.
fn failures(grid: &Grid) -> BTreeSet<(&'static str, String)> {
    check(grid).failures.into_iter().map(|f| (f.chip, f.label)).collect()
}

fn number(value: &F) -> Option<u128> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_at(16);
    high.iter().all(|b| *b == 0).then(|| u128::from_le_bytes(low.try_into().expect("sixteen bytes")))
}

fn word(tuple: &[F]) -> Option<U256> {
    let (hi, lo) = (number(&tuple[0])?, number(&tuple[1])?);
    Some(U256::from(hi) << 128 | U256::from(lo))
}

fn bytes_of(words: &[U256]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes::<32>()).collect()
}

fn word_at(bytes: &[u8], index: usize) -> U256 {
    U256::from_be_slice(&bytes[32 * index..32 * index + 32])
}

/// Whether `sum` consumptions of a fact that other circuits provide are justified.
fn is_true(tag: u64, tuple: &[F], sum: F) -> bool {
    let consumed = number(&-sum).is_some_and(|count| count < 1 << 20);
    consumed && fact(tag, tuple).unwrap_or(false)
}

fn fact(tag: u64, t: &[F]) -> Option<bool> {
    let n = |i: usize| number(&t[i]);
    Some(match tag {
        id if id == Range16::TAG.id => n(0)? < 1 << 16,
        id if id == Range128::TAG.id => n(0).is_some(),
        id if id == Words::TAG.id => n(0)? < 1 << 64 && n(0)? / 32 == n(1)? && n(0)? % 32 == n(2)?,
        id if id == MemoryCost::TAG.id => n(0)? < 1 << 44 && memory_cost(n(0)? as u64) == n(1)?,
        id if id == ByteLength::TAG.id => word(t)?.bit_len().div_ceil(8) as u128 == n(2)?,
        id if id == Slice::TAG.id => {
            let (pair, shift, keep) = (bytes_of(&[word(t)?, word(&t[2..])?]), n(4)? as usize, n(5)? as usize);
            let mut cut = pair.get(shift..shift + 32)?.to_vec();
            cut.get_mut(keep..)?.fill(0);
            shift < 32 && word_at(&cut, 0) == word(&t[6..])?
        }
        id if id == Splice::TAG.id => {
            let (mut pair, shift, count) = (bytes_of(&[word(t)?, word(&t[2..])?]), n(4)? as usize, n(5)? as usize);
            let value = bytes_of(&[word(&t[6..])?]);
            pair.get_mut(shift..shift + count)?.copy_from_slice(value.get(..count)?);
            shift < 32 && word_at(&pair, 0) == word(&t[8..])? && word_at(&pair, 1) == word(&t[10..])?
        }
        _ => false,
    })
}

#[test]
fn the_circuit_has_the_size_that_it_should() {
    let circuit = &MACHINE.0;
    let columns = circuit.main.len() + circuit.aux_columns();
    let multiplications: usize =
        circuit.chips.iter().flat_map(|c| &c.constraints).map(|c| c.expr.multiplications()).sum();
    let fields: usize = circuit.slots.iter().map(|slot| slot.fields.len()).sum();
    println!(
        "main {} aux {} slots {} fixed {} columns {columns} multiplications {multiplications} fields {fields}",
        circuit.main.len(),
        circuit.aux_columns(),
        circuit.slots.len(),
        circuit.fixed.len(),
    );
    for chip in &circuit.chips {
        println!("{}: {} rows, {} constraints", chip.name, chip.height, chip.constraints.len());
    }
    assert!(columns <= 60, "{columns}");
}
