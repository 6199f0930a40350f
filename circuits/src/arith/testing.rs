//! What the chips' tests share: a consumer that asks and receives, a search for free cells, and the audit.

use std::collections::BTreeSet;

use halo2_proofs::dev::MockProver;
use proptest::prelude::*;
use ruint::aliases::U256;
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::{Balance, FactCounts, Place, Unbalanced};
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::ChipDef;
use verbatim_gadgets::circuit::CircuitBuilder;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::grid::{Grid, Window};
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Workload};
use verbatim_gadgets::message::{Fact, Message, Tag};

use super::{ArithChips, ArithWork, Layout};
use crate::bus::{
    Alu, AluNative, AndBytes, ByteLength, ByteLengthNative, PowerOfTwo, PowerOfTwoNative, Range16, Range128,
    Range128Native, Slice, SliceNative, Splice, SpliceNative, Words, WordsNative,
};

/// The size of a small shard.
pub(super) const K: u32 = 8;

/// Words at the edges, and random ones.
pub(super) fn word() -> impl Strategy<Value = U256> {
    let full = || any::<[u64; 4]>().prop_map(U256::from_limbs);
    let edges = [
        U256::ZERO,
        U256::from(1),
        U256::from(2),
        U256::from(31),
        U256::from(255),
        U256::from(256),
        U256::MAX,
        U256::MAX - U256::from(1),
        U256::from(1) << 255,
        (U256::from(1) << 255) - U256::from(1),
        (U256::from(1) << 255) + U256::from(1),
        U256::from(1) << 128,
        (U256::from(1) << 128) - U256::from(1),
        (U256::from(1) << 64) - U256::from(1),
        U256::MAX << 128,
    ];
    prop_oneof![
        3 => prop::sample::select(edges.to_vec()),
        2 => full(),
        2 => (full(), 0..256usize).prop_map(|(word, bits)| word >> bits),
        1 => (full(), 0..256usize).prop_map(|(word, bits)| word << bits),
        1 => (0..256usize).prop_map(|bits| U256::from(1) << bits),
        1 => (0..256usize).prop_map(|bits| (U256::from(1) << bits) - U256::from(1)),
        1 => any::<u64>().prop_map(U256::from),
        1 => (0..300u64).prop_map(U256::from),
    ]
}

/// Asks arith for facts and consumes what it answers, in the place of the rest of the machine.
#[derive(Debug, Default)]
pub(super) struct Consumer {
    pub(super) work: ArithWork,
    counts: FactCounts,
    consumed: Vec<(Tag, Vec<F>)>,
}

impl Consumer {
    /// Consumes a fact that arith was asked for.
    pub(super) fn consume<M: Fact>(&mut self, fact: &M::Native) {
        self.counts.add::<M>(fact);
        self.consumed.push((M::TAG, M::tuple(fact)));
    }

    pub(super) fn alu(&mut self, opcode: u8, a: U256, b: U256, c: U256) {
        let result = self.work.alu(opcode, a, b, c);
        self.consume::<Alu>(&AluNative { opcode, a, b, c, result });
    }

    /// Asks for an operation and compares the result.
    pub(super) fn expect(&mut self, opcode: u8, [a, b]: [U256; 2], result: U256) {
        self.expect_three(opcode, [a, b, U256::ZERO], result);
    }

    /// The same for three operands.
    pub(super) fn expect_three(&mut self, opcode: u8, [a, b, c]: [U256; 3], result: U256) {
        assert_eq!(self.work.alu(opcode, a, b, c), result, "{opcode:#x} of {a:#x} {b:#x} {c:#x}");
        self.alu(opcode, a, b, c);
    }

    pub(super) fn range128(&mut self, value: u128) {
        self.work.range128(value);
        self.consume::<Range128>(&Range128Native { value });
    }

    pub(super) fn words(&mut self, bytes: u64) {
        let (words, rest) = self.work.words(bytes);
        self.consume::<Words>(&WordsNative { bytes, words, rest });
    }

    pub(super) fn byte_length(&mut self, word: U256) {
        let length = self.work.byte_length(word);
        self.consume::<ByteLength>(&ByteLengthNative { word, length });
    }

    pub(super) fn slice(&mut self, first: U256, second: U256, shift: u8, keep: u8) -> U256 {
        let result = self.work.slice(first, second, shift, keep);
        self.consume::<Slice>(&SliceNative { first, second, shift, keep, result });
        result
    }

    pub(super) fn splice(&mut self, first: U256, second: U256, shift: u8, count: u8, value: U256) -> (U256, U256) {
        let (first_after, second_after) = self.work.splice(first, second, shift, count, value);
        self.consume::<Splice>(&SpliceNative { first, second, shift, count, value, first_after, second_after });
        (first_after, second_after)
    }

    /// The filled shard.
    pub(super) fn case(mut self, k: u32) -> Case {
        let sheet = self.work.finish();
        let mut grid = (&sheet as &dyn Workload).grid(k, 0..sheet.len()).expect("the work fits");
        self.counts.consume(&grid);
        self.counts.provide(&mut grid);
        Case { grid, consumed: self.consumed }
    }
}

/// A filled shard, and what the rest of the machine consumes of it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) grid: Grid,
    consumed: Vec<(Tag, Vec<F>)>,
}

/// Whether a message without a partner is a fact of the tables, which these tests leave out.
fn in_tables(message: &Unbalanced) -> bool {
    let small = |value: &F, bytes: usize| value.to_bytes()[bytes..].iter().all(|byte| *byte == 0);
    let byte = |index: usize| message.tuple[index].to_bytes()[0];
    match message.tag.id {
        id if id == Range16::TAG.id => small(&message.tuple[0], 2),
        id if id == AndBytes::TAG.id => {
            message.tuple.iter().all(|value| small(value, 1)) && byte(0) & byte(1) == byte(2)
        }
        id if id == PowerOfTwo::TAG.id => {
            let exponent = byte(0);
            let fact = PowerOfTwoNative { exponent, power: U256::from(1) << usize::from(exponent) };
            message.tuple == PowerOfTwo::tuple(&fact)
        }
        _ => false,
    }
}

impl Case {
    /// The columns of the circuit.
    pub(super) fn layout(&self) -> Layout {
        Layout::new(&mut CircuitBuilder::new("arith"))
    }

    /// Everything that speaks against `grid`: labels of constraints, and kinds of messages.
    pub(super) fn objections(&self, grid: &Grid) -> BTreeSet<String> {
        let failures = check(grid).failures.into_iter().map(|f| format!("{}: {}", f.chip, f.label));
        let mut balance = Balance::default();
        balance.add_grid(grid);
        for (tag, tuple) in &self.consumed {
            balance.add(*tag, tuple.clone(), -F::one(), || Place::Public);
        }
        let left = balance.unbalanced().into_iter().filter(|message| !in_tables(message));
        failures.chain(left.map(|message| format!("bus: {}", message.tag.name))).collect()
    }

    pub(super) fn assert_holds(&self) {
        assert_eq!(self.objections(&self.grid), BTreeSet::new());
    }

    pub(super) fn assert_mock(&self) {
        let (circuit, sum) = ShardCircuit::for_mock_prover(&self.grid);
        let prover = MockProver::run(self.grid.k, &circuit, vec![vec![sum]]).expect("it runs");
        assert!(prover.verify().is_ok());
    }

    /// The chip, and its windows.
    pub(super) fn windows(&self, chip: &str) -> (&ChipDef, Vec<Window>) {
        let index = self.grid.circuit.chips.iter().position(|def| def.name == chip).expect("the chip exists");
        let windows = self.grid.windows.iter().filter(|w| w.chip == index).copied().collect();
        (&self.grid.circuit.chips[index], windows)
    }

    fn name(&self, cell: Cell) -> String {
        format!("{}@{}", self.grid.circuit.main[usize::from(cell.column)], cell.rotation)
    }
}

/// What the honest windows of every chip have to show: they hold, each label is needed, and no cell is free but for those in
/// `free`, named `column@row`.
pub(super) fn assert_chip(case: &Case, chip: &str, free: &[&str]) {
    case.assert_holds();
    case.assert_mock();
    assert_audited(case, chip);
    assert_no_free_cells(case, chip, free);
}

/// Changes each cell of each window of `chip`: something must object, but for the cells in `free`.
fn assert_no_free_cells(case: &Case, chip: &str, free: &[&str]) {
    let (def, windows) = case.windows(chip);
    let mut found = BTreeSet::new();
    let mut grid = case.grid.clone();
    for window in &windows {
        for cell in &def.cells {
            let value = grid.read(*cell, window.row);
            grid.write(*cell, window.row, value + F::one());
            if case.objections(&grid).is_empty() {
                found.insert(case.name(*cell));
            }
            grid.write(*cell, window.row, value);
        }
    }
    let free: BTreeSet<String> = free.iter().map(|name| (*name).to_owned()).collect();
    assert!(!windows.is_empty(), "{chip} has windows");
    assert_eq!(found, free, "the free cells of {chip}");
}

/// The audit of the shard answers nothing of `chip` that the circuit does not know of.
fn assert_audited(case: &Case, chip: &str) {
    let mut found = audit(&mut case.grid.clone(), usize::MAX);
    found.windows.retain(|name, _| *name == chip);
    found.constraints.retain(|(name, _), _| *name == chip);
    found.open.retain(|cell| cell.chip == chip);
    found.choices.retain(|choice| choice.chip == chip);
    found.noticed.retain(|cell, _| cell.chip == chip);
    assert!(!found.constraints.is_empty(), "{chip} has windows");
    assert_eq!(found.matches(ArithChips::EXCEPTIONS), Ok(()));
}
