//! Circuits: lists of chips that share columns and message slots.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use rayon::prelude::*;

use crate::bus::NarrowTuple;
use crate::chip::{ChipBuilder, ChipDef, Role};
use crate::expr::{Cell, Expr, F};
use crate::message::{Class, Message, Range16, Tag};
use crate::program::Program;
use crate::ranges::Range;

/// The degree that no gate exceeds: the quotient then has four parts.
pub const MAX_DEGREE: usize = 5;

/// Rows at the end of a grid that hold blinding. The greatest number that any of our circuits needs.
pub const BLINDING_ROWS: usize = 96;

/// The rows of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// All of them: 2^k.
    pub total: usize,
    /// Those that chips may use, from the first.
    pub usable: usize,
}

impl Rows {
    /// The rows of a shard of size `k`.
    pub fn new(k: u32) -> Self {
        let total = 1usize << k;
        Self { total, usable: total.saturating_sub(BLINDING_ROWS) }
    }
}

/// The contents of a fixed column, as a function of the shard's size alone.
pub type FixedValues = Arc<dyn Fn(Rows) -> Vec<F> + Send + Sync>;

/// A fixed column.
#[derive(Clone)]
pub struct FixedColumn {
    /// Its name in reports.
    pub name: String,
    /// Its values; missing rows at the end are zero.
    pub values: FixedValues,
}

impl fmt::Debug for FixedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedColumn").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A place for one message in every row: a tag and the expressions of the tuple, the same for all chips.
#[derive(Clone, Debug)]
pub struct SlotDef {
    /// Its name in reports.
    pub name: String,
    /// The tag.
    pub tag: Tag,
    /// The tuple, linear in the cells.
    pub fields: Vec<Expr>,
    /// A name for each element of the tuple.
    pub names: Vec<String>,
    /// The range of each element of the tuple.
    pub ranges: Vec<Range>,
    /// Whether each element of a fact follows from the others.
    pub determined: Vec<bool>,
}

/// A handle of a [`SlotDef`] that knows the kind of its message.
#[derive(Debug)]
pub struct Slot<M> {
    pub(crate) index: usize,
    pub(crate) fields: Vec<Expr>,
    message: PhantomData<M>,
}

impl<M> Clone for Slot<M> {
    fn clone(&self) -> Self {
        Self { index: self.index, fields: self.fields.clone(), message: PhantomData }
    }
}

impl<M: Message> Slot<M> {
    /// The slot's tuple at `row` of a window, typed. Its ranges hold only where the chip receives or checks the message.
    pub(crate) fn at(&self, row: i16) -> M {
        M::from_fields(&self.fields.iter().map(|field| field.shifted(row)).collect::<Vec<_>>())
    }
}

/// A column whose value, where a chip asks for it, is checked to be below 2^16.
#[derive(Clone, Debug)]
pub struct Checked16 {
    /// The column, at the current row.
    pub cell: Cell,
    /// The check.
    pub slot: Slot<Range16>,
}

/// How a chip's windows are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// By a one in a main column of the chip's own, in the window's first row.
    Main(usize),
    /// By a one in a fixed column: windows stand one after the other from the first row.
    Fixed(usize),
}

impl Selector {
    /// The expression that is one in the first row of a window.
    pub fn expr(self) -> Expr {
        match self {
            Self::Main(column) => Cell::main(column).expr(),
            Self::Fixed(column) => Cell::fixed(column).expr(),
        }
    }
}

/// A constraint: an expression that is zero, with the name under which tests and reports know it.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// What the constraint says.
    pub label: String,
    /// What must be zero.
    pub expr: Expr,
}

/// A finished circuit.
#[derive(Debug)]
pub struct Circuit {
    /// Its name.
    pub name: &'static str,
    /// Names of the main columns.
    pub main: Vec<String>,
    /// The fixed columns. The first is [`ACTIVE`].
    pub fixed: Vec<FixedColumn>,
    /// The fixed column that is one in the usable rows where no window may begin; none if windows may begin everywhere.
    pub edge: Option<usize>,
    /// The message slots.
    pub slots: Vec<SlotDef>,
    /// The chips.
    pub chips: Vec<ChipDef>,
    /// The height of the tallest chip that is selected by a main column, at least 1.
    pub height: usize,
    /// Constraints on the selectors, which hold in every active row.
    pub dispatch: Vec<Constraint>,
    /// Constraints on the selectors in the rows where no window may begin.
    pub edges: Vec<Constraint>,
    /// The slots' tuples, compiled.
    pub(crate) slot_programs: Vec<Program>,
    /// The slots' tuples in machine words, where they may be narrow.
    pub(crate) narrow_tuples: Vec<Option<NarrowTuple>>,
}

/// The fixed column that is one in the rows that count.
pub const ACTIVE: usize = 0;

impl Circuit {
    /// The first row in which a window may begin. The rows above exist so that `row - height + 1` never wraps.
    pub fn first_row(&self) -> usize {
        self.height - 1
    }

    /// How many slots share one LogUp helper column.
    pub const GROUP: usize = 3;

    /// LogUp helper columns plus the running sum.
    pub fn aux_columns(&self) -> usize {
        self.slots.len().div_ceil(Self::GROUP) + 1
    }

    /// How many windows of `height` rows fit a shard of size `k`.
    pub fn capacity(&self, height: usize, k: u32) -> usize {
        Rows::new(k).usable.saturating_sub(self.first_row() + self.height - 1) / height
    }

    /// For each slot: its multiplicity in the current row, as a sum over the chips that use it.
    pub fn multiplicities(&self) -> Vec<Expr> {
        let mut sums = vec![Expr::zero(); self.slots.len()];
        for chip in &self.chips {
            for message in &chip.messages {
                let term = (chip.selector.expr() * &message.multiplicity).shifted(-message.row);
                sums[message.slot] = &sums[message.slot] + term;
            }
        }
        sums
    }

    /// The values of the fixed columns for shards of size `k`.
    pub fn fixed_values(&self, k: u32) -> Vec<Vec<F>> {
        let rows = Rows::new(k);
        self.fixed
            .par_iter()
            .map(|column| {
                let mut values = (column.values)(rows);
                assert!(
                    values.len() <= rows.usable,
                    "fixed column {} of {} leaves the usable rows",
                    column.name,
                    self.name
                );
                values.resize(rows.total, F::from(0));
                values
            })
            .collect()
    }

    /// A window of a chip at fixed rows, in a shard of size `k`, that reads a main cell outside of the usable rows, where
    /// cells are random and messages do not count: the chip's name and the window's row. For tests; every circuit has none.
    pub fn leaves_usable_rows(&self, k: u32) -> Option<(&'static str, usize)> {
        let (rows, fixed) = (Rows::new(k), self.fixed_values(k));
        let chips = self.chips.iter().filter_map(|chip| match chip.selector {
            Selector::Fixed(column) => Some((chip, &fixed[column])),
            Selector::Main(_) => None,
        });
        let outside = |cell: &Cell, row: usize| {
            row.wrapping_add_signed(cell.distance(k) as isize) & (rows.total - 1) >= rows.usable
        };
        let leaves = |chip: &ChipDef, row: usize| chip.cells.iter().any(|cell| outside(cell, row));
        chips.into_iter().find_map(|(chip, selector)| {
            let windows = selector.iter().enumerate().filter(|(_, value)| **value != F::from(0));
            windows.map(|(row, _)| row).find(|row| leaves(chip, *row)).map(|row| (chip.name, row))
        })
    }

    /// All labels of constraints, chip by chip.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let system = self.dispatch.iter().chain(&self.edges).map(|c| ("dispatch", c.label.as_str()));
        let chips = self.chips.iter().flat_map(|chip| chip.constraints.iter().map(|c| (chip.name, c.label.as_str())));
        system.chain(chips)
    }
}

/// One if it is true.
fn flag(value: bool) -> F {
    if value { F::one() } else { F::zero() }
}

/// Builds a [`Circuit`].
#[derive(Debug)]
pub struct CircuitBuilder {
    name: &'static str,
    main: Vec<String>,
    fixed: Vec<FixedColumn>,
    pub(crate) slots: Vec<SlotDef>,
    chips: Vec<ChipDef>,
    pub(crate) checked: Vec<Checked16>,
    /// Columns that chips may use as they like: all but selectors.
    pub(crate) shared: Vec<usize>,
    sealed: bool,
}

impl CircuitBuilder {
    /// An empty circuit.
    pub fn new(name: &'static str) -> Self {
        let mut builder = Self {
            name,
            main: Vec::new(),
            fixed: Vec::new(),
            slots: Vec::new(),
            chips: Vec::new(),
            checked: Vec::new(),
            shared: Vec::new(),
            sealed: false,
        };
        // The height is not known yet: `finish` replaces it.
        builder.fixed("active", |_| Vec::new());
        builder
    }

    /// Adds a main column.
    pub fn main(&mut self, name: impl Into<String>) -> Cell {
        assert!(!self.sealed, "{}: columns come before chips", self.name);
        self.main.push(name.into());
        self.shared.push(self.main.len() - 1);
        Cell::main(self.main.len() - 1)
    }

    /// Adds a main column for the *background*: a chip that stands in every active row, beside the windows of the others.
    ///
    /// Its selector is the fixed column [`ACTIVE`], its windows are of one row, and no other chip uses its main cells, so
    /// that nothing can overlap. What it holds in its fixed columns it provides in every shard.
    pub fn background(&mut self, name: impl Into<String>) -> Cell {
        let cell = self.main(name);
        self.shared.pop();
        cell
    }

    /// Adds a fixed column. `values` gives its rows from the first.
    pub fn fixed(&mut self, name: impl Into<String>, values: impl Fn(Rows) -> Vec<F> + Send + Sync + 'static) -> Cell {
        self.fixed.push(FixedColumn { name: name.into(), values: Arc::new(values) });
        Cell::fixed(self.fixed.len() - 1)
    }

    /// Adds a message slot over the given expressions, one for each field element of `M`.
    ///
    /// # Panics
    /// If the number of expressions is not that of `M`'s field elements, or one is not linear.
    pub fn slot<M: Message>(&mut self, name: impl Into<String>, fields: Vec<Expr>) -> Slot<M> {
        let (name, names) = (name.into(), M::names());
        assert_eq!(fields.len(), names.len(), "{}: slot {name} has the arity of {}", self.name, M::TAG.name);
        assert!(fields.iter().all(|field| field.degree() <= 1), "{}: slot {name} is linear", self.name);
        self.slots.push(SlotDef {
            name,
            tag: M::TAG,
            fields: fields.clone(),
            names,
            ranges: M::ranges(),
            determined: M::determined(),
        });
        Slot { index: self.slots.len() - 1, fields, message: PhantomData }
    }

    /// Adds a slot with columns of its own, one for each field element.
    pub fn slot_with_columns<M: Message>(&mut self, name: &str) -> Slot<M> {
        let fields = M::names().iter().map(|field| self.main(format!("{name}.{field}")).expr()).collect();
        self.slot(name, fields)
    }

    /// Adds a column that chips can have checked to be below 2^16.
    pub fn checked16(&mut self, name: &str) -> Checked16 {
        let cell = self.main(name);
        let slot = self.slot(format!("{name} in range"), vec![cell.expr()]);
        let checked = Checked16 { cell, slot };
        self.checked.push(checked.clone());
        checked
    }

    /// Adds a chip whose windows of `height` rows are marked by a main column of its own.
    pub fn chip<C>(&mut self, name: &'static str, height: usize, build: impl FnOnce(&mut ChipBuilder<'_>) -> C) -> C {
        self.sealed = true;
        self.main.push(format!("selects {name}"));
        self.add_chip(name, height, Selector::Main(self.main.len() - 1), build)
    }

    /// Adds a chip whose windows stand where the fixed column `selector` is one: one after the other from the first row.
    pub fn fixed_chip<C>(
        &mut self,
        name: &'static str,
        height: usize,
        selector: Cell,
        build: impl FnOnce(&mut ChipBuilder<'_>) -> C,
    ) -> C {
        self.sealed = true;
        self.add_chip(name, height, Selector::Fixed(usize::from(selector.column)), build)
    }

    fn add_chip<C>(
        &mut self,
        name: &'static str,
        height: usize,
        selector: Selector,
        build: impl FnOnce(&mut ChipBuilder<'_>) -> C,
    ) -> C {
        assert!(self.chips.iter().all(|chip| chip.name != name), "{}: two chips named {name}", self.name);
        let mut builder = ChipBuilder::new(self, name, height, selector);
        let chip = build(&mut builder);
        let def = builder.finish();
        self.chips.push(def);
        chip
    }

    /// Ends the circuit: adds the constraints on selectors and checks every degree.
    ///
    /// # Panics
    /// If a gate would exceed [`MAX_DEGREE`], two labels of one chip are equal, a consumed fact depends on a multiplicity, or
    /// a chip at fixed rows beside chips that are selected by main columns is not in the [background](Self::background).
    pub fn finish(mut self) -> Circuit {
        let by_main = |chip: &&ChipDef| matches!(chip.selector, Selector::Main(_));
        self.check_background();
        let height = self.chips.iter().filter(by_main).map(|chip| chip.height).max().unwrap_or(1);
        let head = height - 1;
        self.fixed[ACTIVE].values = Arc::new(move |rows| (0..rows.usable).map(|row| flag(row >= head)).collect());
        // A column of zeros would have no commitment that can be hashed.
        let edge = (head > 0).then(|| {
            let begins = move |row: usize, rows: Rows| row >= head && row + head < rows.usable;
            let cell = self.fixed("edge", move |rows| (0..rows.usable).map(|row| flag(!begins(row, rows))).collect());
            usize::from(cell.column)
        });

        let (mut dispatch, mut edges, mut covered) = (Vec::new(), Vec::new(), Expr::zero());
        for chip in self.chips.iter().filter(by_main) {
            let selector = chip.selector.expr();
            dispatch.push(Constraint {
                label: format!("the selector of {} is boolean", chip.name),
                expr: &selector * (Expr::one() - &selector),
            });
            if head > 0 {
                edges.push(Constraint { label: format!("{} stays inside", chip.name), expr: selector.clone() });
            }
            for row in 0..chip.height {
                covered = covered + selector.shifted(-(row as i16));
            }
        }
        let several = self.chips.iter().filter(by_main).count() > 1 || height > 1;
        if several {
            dispatch.push(Constraint {
                label: "windows do not overlap".to_owned(),
                expr: &covered * (Expr::one() - &covered),
            });
        }
        let narrow_tuples = self.slots.iter().map(|slot| NarrowTuple::new(&slot.fields)).collect();
        let slot_programs = self.slots.iter().map(|slot| Program::new(&slot.fields)).collect();
        let circuit = Circuit {
            name: self.name,
            main: self.main,
            fixed: self.fixed,
            edge,
            slots: self.slots,
            chips: self.chips,
            height,
            dispatch,
            edges,
            slot_programs,
            narrow_tuples,
        };
        circuit.check_degrees();
        circuit.check_tags();
        circuit.check_multiplicities();
        circuit
    }
}

impl CircuitBuilder {
    /// The rule against overlaps does not see windows at fixed rows: where chips are selected by main columns, those at
    /// fixed rows are in the background.
    fn check_background(&self) {
        let by_main = |chip: &ChipDef| matches!(chip.selector, Selector::Main(_));
        if !self.chips.iter().any(by_main) {
            return;
        }
        for (index, chip) in self.chips.iter().enumerate().filter(|(_, chip)| !by_main(chip)) {
            let columns = |chip: &ChipDef| chip.cells.iter().map(|cell| cell.column).collect::<BTreeSet<_>>();
            let others = self.chips.iter().enumerate().filter(|(other, _)| *other != index);
            let apart = others.map(|(_, other)| columns(other)).all(|other| other.is_disjoint(&columns(chip)));
            let here = chip.cells.iter().all(|cell| cell.rotation == 0 && cell.turns == 0);
            let everywhere = chip.selector == Selector::Fixed(ACTIVE) && chip.height == 1;
            assert!(apart && here && everywhere, "{}: {} is not in the background", self.name, chip.name);
        }
    }
}

impl Circuit {
    /// The chips that stand in every active row, beside the windows of the others: all at fixed rows, where others are
    /// selected by main columns.
    pub fn background(&self) -> impl Iterator<Item = usize> {
        let fixed = |chip: &ChipDef| matches!(chip.selector, Selector::Fixed(_));
        let mixed = !self.chips.iter().all(fixed);
        self.chips.iter().enumerate().filter(move |(_, chip)| mixed && fixed(chip)).map(|(index, _)| index)
    }

    fn check_degrees(&self) {
        for chip in &self.chips {
            let mut labels = BTreeSet::new();
            // One for the selector, and one for the active rows: a fixed selector is zero in all others.
            let factors = if matches!(chip.selector, Selector::Main(_)) { 2 } else { 1 };
            for constraint in &chip.constraints {
                let degree = constraint.expr.degree() + factors;
                let label = &constraint.label;
                assert!(degree <= MAX_DEGREE, "{}: {}: {label} has degree {degree}", self.name, chip.name);
                assert!(labels.insert(label), "{}: {}: two constraints are labelled {label}", self.name, chip.name);
            }
        }
        for (slot, multiplicity) in self.slots.iter().zip(self.multiplicities()) {
            assert!(multiplicity.degree() <= 2, "{}: slot {} has multiplicities of degree 2", self.name, slot.name);
        }
    }

    fn check_tags(&self) {
        for (slot, other) in self.slots.iter().flat_map(|a| self.slots.iter().map(move |b| (a, b))) {
            assert_eq!(slot.tag.id == other.tag.id, slot.tag == other.tag, "{}: tags are unique", self.name);
        }
        assert!(self.slots.iter().all(|slot| slot.tag.id > 0), "{}: tag 0 is not used", self.name);
    }

    /// What a window consumes does not depend on how often the facts that it provides are: the former is counted first.
    fn check_multiplicities(&self) {
        for chip in &self.chips {
            for multiplicity in chip.messages.iter().filter(|m| m.role == Role::Provide).map(|m| &m.multiplicity) {
                for cell in multiplicity.cells() {
                    let apart = match chip.selector {
                        Selector::Main(_) => !self.consumed_cells(chip).contains(&cell),
                        // Windows at fixed rows may share their rows.
                        Selector::Fixed(_) => {
                            let mut others = self.chips.iter().flat_map(|other| self.consumed_cells(other));
                            others.all(|other| (other.area, other.column) != (cell.area, cell.column))
                        }
                    };
                    assert!(apart, "{}: {}: a consumed fact depends on a multiplicity", self.name, chip.name);
                }
            }
        }
    }

    /// The cells that say what a chip consumes.
    fn consumed_cells(&self, chip: &ChipDef) -> BTreeSet<Cell> {
        let mut cells = BTreeSet::new();
        for message in chip.messages.iter().filter(|m| m.role == Role::Consume) {
            message.multiplicity.collect_cells(&mut cells);
            let fields = &self.slots[message.slot].fields;
            fields.iter().for_each(|field| field.shifted(message.row).collect_cells(&mut cells));
        }
        cells
    }

    /// Whether the circuit provides or consumes any fact.
    pub fn has_facts(&self) -> bool {
        self.slots.iter().any(|slot| slot.tag.class == Class::Fact)
    }
}
