//! What the chips' tests share: a consumer that asks and receives, a search for free cells, and a search for forgeries.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use halo2_proofs::dev::MockProver;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use ruint::aliases::U256;
use verbatim_gadgets::bus::{Balance, FactCounts, Place, Unbalanced};
use verbatim_gadgets::check::check;
use verbatim_gadgets::chip::ChipDef;
use verbatim_gadgets::circuit::CircuitBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F, Node};
use verbatim_gadgets::grid::{Grid, Window};
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::Workload;
use verbatim_gadgets::message::{Fact, Message, Tag};
use verbatim_gadgets::value::inverse_or_zero;

use super::{ArithWork, Layout};
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

/// Changes each cell of each window of `chip`: something must object, but for the cells in `free`, named `column@row`.
pub(super) fn assert_no_free_cells(case: &Case, chip: &str, free: &[&str]) {
    case.assert_holds();
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

/// For each label of `chip`, finds cells of one window against which that constraint, and no other, speaks.
pub(super) fn assert_refusals(case: &Case, chip: &str) {
    assert!(check(&case.grid).failures.is_empty());
    let (def, windows) = case.windows(chip);
    let mut random = StdRng::seed_from_u64(7);
    let forger = Forger::new(def);
    let mut missing = Vec::new();
    for target in 0..def.constraints.len() {
        let label = &def.constraints[target].label;
        let forged = (0..3000).find_map(|_| {
            let window = windows.choose(&mut random).expect("the chip has windows");
            let cells = forger.forge(&case.grid, window, target, &mut random)?;
            let mut grid = case.grid.clone();
            cells.iter().for_each(|(cell, value)| grid.write(*cell, window.row, *value));
            let failures = check(&grid).failures;
            failures.iter().all(|f| f.chip == chip && &f.label == label).then_some(())
        });
        if forged.is_none() {
            missing.push(label.clone());
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "labels of {chip} that never refuse alone");
}

/// Solves for windows that violate one constraint of a chip and satisfy the others.
struct Forger<'c> {
    def: &'c ChipDef,
    /// Pairs of cells that are multiplied somewhere.
    products: HashSet<(Cell, Cell)>,
    /// Cells that are multiplied by themselves.
    flags: Vec<Cell>,
}

fn multiplied(expr: &Expr, products: &mut HashSet<(Cell, Cell)>) {
    match expr.node() {
        Node::Constant(_) | Node::Cell(_) => {}
        Node::Add(a, b) => [a, b].into_iter().for_each(|e| multiplied(e, products)),
        Node::Mul(a, b) => {
            [a, b].into_iter().for_each(|e| multiplied(e, products));
            let (left, right) = (a.cells(), b.cells());
            for (x, y) in left.iter().flat_map(|x| right.iter().map(move |y| (*x, *y))) {
                products.extend([(x, y), (y, x)]);
            }
        }
    }
}

impl<'c> Forger<'c> {
    fn new(def: &'c ChipDef) -> Self {
        let mut products = HashSet::new();
        def.constraints.iter().for_each(|c| multiplied(&c.expr, &mut products));
        let flags = def.cells.iter().copied().filter(|cell| products.contains(&(*cell, *cell))).collect();
        Self { def, products, flags }
    }

    fn forge(&self, grid: &Grid, window: &Window, target: usize, random: &mut StdRng) -> Option<Vec<(Cell, F)>> {
        let mut values: BTreeMap<Cell, F> =
            self.def.cells.iter().map(|cell| (*cell, grid.read(*cell, window.row))).collect();
        // A few cells change at will, those of the constraint first; then as many as stay affine together are solved for.
        let own: Vec<Cell> = self.def.constraints[target].expr.cells().into_iter().collect();
        let mut fixed = HashSet::new();
        for _ in 0..random.gen_range(0..5) {
            let cell = *if random.r#gen() { own.choose(random) } else { self.flags.choose(random).or(own.first()) }?;
            if let Some(value) = values.get_mut(&cell) {
                *value = match random.gen_range(0..8) {
                    0..4 => F::one() - *value,
                    4 => F::from(random.gen_range(0..4)),
                    5 => *value + F::one(),
                    6 => *value - F::one(),
                    _ => F::from(random.r#gen::<u64>()),
                };
                fixed.insert(cell);
            }
        }
        let mut cells: Vec<Cell> = self.def.cells.iter().copied().filter(|cell| !fixed.contains(cell)).collect();
        cells.shuffle(random);
        let mut unknowns: Vec<Cell> = Vec::new();
        for cell in cells {
            let alone = |other: &Cell| !self.products.contains(&(cell, *other));
            if alone(&cell) && unknowns.iter().all(alone) {
                unknowns.push(cell);
            }
        }
        for with_target in [true, false] {
            if let Some(solution) = self.solve(grid, window, &values, &unknowns, target, with_target, random) {
                let mut changed = values.clone();
                for (cell, value) in unknowns.iter().zip(solution) {
                    *changed.get_mut(cell)? += value;
                }
                let value = self.value(grid, window, &changed, target);
                if value != F::zero() {
                    return Some(changed.into_iter().collect());
                }
            }
        }
        None
    }

    fn value(&self, grid: &Grid, window: &Window, values: &BTreeMap<Cell, F>, constraint: usize) -> F {
        let read = |cell: Cell| values.get(&cell).copied().unwrap_or_else(|| grid.read(cell, window.row));
        self.def.constraints[constraint].expr.evaluate(&read)
    }

    /// Changes of `unknowns` that make all constraints zero but the target, which becomes a random number or anything.
    #[allow(clippy::too_many_arguments, reason = "a step of the search above")]
    fn solve(
        &self,
        grid: &Grid,
        window: &Window,
        values: &BTreeMap<Cell, F>,
        unknowns: &[Cell],
        target: usize,
        with_target: bool,
        random: &mut StdRng,
    ) -> Option<Vec<F>> {
        let mut rows = Vec::new();
        let mut shifted = values.clone();
        for constraint in (0..self.def.constraints.len()).filter(|c| with_target || *c != target) {
            let reads = self.def.constraints[constraint].expr.cells();
            let base = self.value(grid, window, values, constraint);
            let wanted = if constraint == target { F::from(random.r#gen::<u64>()) } else { F::zero() };
            let mut row = vec![F::zero(); unknowns.len() + 1];
            for (column, cell) in unknowns.iter().enumerate().filter(|(_, cell)| reads.contains(cell)) {
                let old = *shifted.get(cell)?;
                shifted.insert(*cell, old + F::one());
                row[column] = self.value(grid, window, &shifted, constraint) - base;
                shifted.insert(*cell, old);
            }
            row[unknowns.len()] = wanted - base;
            rows.push(row);
        }
        eliminate(rows, unknowns.len())
    }
}

/// One solution of linear equations, each row its coefficients and the right side.
fn eliminate(mut rows: Vec<Vec<F>>, unknowns: usize) -> Option<Vec<F>> {
    let mut pivots = Vec::new();
    for column in 0..unknowns {
        let done = pivots.len();
        let Some(pivot) = (done..rows.len()).find(|row| rows[*row][column] != F::zero()) else { continue };
        rows.swap(done, pivot);
        let inverse = inverse_or_zero(rows[done][column]);
        rows[done].iter_mut().for_each(|value| *value *= inverse);
        let pivot_row = rows[done].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != done) {
            let factor = row[column];
            if factor != F::zero() {
                row.iter_mut().zip(&pivot_row).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        pivots.push(column);
    }
    if rows[pivots.len()..].iter().any(|row| row[unknowns] != F::zero()) {
        return None;
    }
    let mut solution = vec![F::zero(); unknowns];
    pivots.iter().enumerate().for_each(|(row, column)| solution[*column] = rows[row][unknowns]);
    Some(solution)
}
