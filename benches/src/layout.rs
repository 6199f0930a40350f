//! Circuits that are laid out otherwise: chips of several circuits in one, or some of a circuit's chips by themselves.
//!
//! The chips, their constraints and their messages are those of the library; only their columns and slots are moved. Cells are
//! copied from honestly filled shards of the circuits that the chips come from, so that the proofs are valid.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use rayon::prelude::*;
use verbatim_gadgets::{
    chip::ChipDef,
    circuit::{Circuit, CircuitBuilder, Constraint, Rows, Selector, SlotDef},
    expr::{Area, Cell, Expr, F},
    grid::Grid,
    halo2::{Challenges, batch_invert},
    machine::Workload,
};
use verbatim_prover::{Fr, machine::ShardWitness};

/// For each main column of the circuit that a chip comes from: where it lies in the layout, if it is used.
type Columns = Vec<Option<usize>>;

/// A circuit made of chips of others, which are selected by main columns.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The circuit. Its slots are not compiled: it can be proven, but neither filled nor checked.
    pub circuit: Arc<Circuit>,
    /// For each circuit that the chips come from: where its columns lie, once for each time that it has a place in a row.
    columns: Vec<Vec<Columns>>,
}

fn moved(expr: &Expr, columns: &[Option<usize>]) -> Expr {
    expr.map_cells(&mut |cell| match cell.area {
        Area::Main => {
            let place = columns[usize::from(cell.column)].expect("a column that is read is used");
            Cell { column: Cell::main(place).column, ..cell }
        }
        Area::Fixed => cell,
    })
}

fn moved_constraints(constraints: &[Constraint], columns: &[Option<usize>]) -> Vec<Constraint> {
    let constraint = |c: &Constraint| Constraint { label: c.label.clone(), expr: moved(&c.expr, columns) };
    constraints.iter().map(constraint).collect()
}

fn moved_slot(slot: &SlotDef, columns: &[Option<usize>]) -> SlotDef {
    SlotDef { fields: slot.fields.iter().map(|field| moved(field, columns)).collect(), ..slot.clone() }
}

/// Whether two slots are one: they have the same tag and the same tuple.
fn same(a: &SlotDef, b: &SlotDef) -> bool {
    a.tag.id == b.tag.id && a.fields.len() == b.fields.len() && a.fields.iter().zip(&b.fields).all(|(a, b)| a.same(b))
}

/// How many columns stand before a circuit's selectors.
fn shared_columns(circuit: &Circuit) -> usize {
    circuit.main.len() - circuit.chips.len()
}

/// The shared columns that some of a circuit's chips read, with the slots that they use.
fn in_use(circuit: &Circuit, chips: &[&ChipDef]) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let slots: BTreeSet<_> = chips.iter().flat_map(|chip| chip.messages.iter().map(|message| message.slot)).collect();
    let of_slots = slots.iter().flat_map(|slot| circuit.slots[*slot].fields.iter().flat_map(Expr::cells));
    let cells = chips.iter().flat_map(|chip| chip.cells.iter().copied()).chain(of_slots);
    let columns = cells.filter(|cell| cell.area == Area::Main).map(|cell| usize::from(cell.column));
    (columns.filter(|column| *column < shared_columns(circuit)).collect(), slots)
}

impl Layout {
    /// Circuits in one: their first shared columns lie over one another, and so do the next; each chip keeps a selector. Slots
    /// of one tag that come to lie over one another are one slot.
    pub fn together(name: &'static str, circuits: &[&Circuit]) -> Self {
        Self::of(name, circuits, |_| true)
    }

    /// Some chips of a circuit, with the columns and slots that they use.
    pub fn only(name: &'static str, circuit: &Circuit, chips: impl Fn(&str) -> bool) -> Self {
        Self::of(name, &[circuit], chips)
    }

    fn of(name: &'static str, circuits: &[&Circuit], chosen: impl Fn(&str) -> bool) -> Self {
        let chips_of = |circuit: &'_ Circuit| -> Vec<usize> {
            (0..circuit.chips.len()).filter(|chip| chosen(circuit.chips[*chip].name)).collect()
        };
        let uses: Vec<_> = circuits
            .iter()
            .map(|circuit| {
                in_use(circuit, &chips_of(circuit).iter().map(|chip| &circuit.chips[*chip]).collect::<Vec<_>>())
            })
            .collect();
        let mut builder = CircuitBuilder::new(name);
        let shared = uses.iter().map(|(columns, _)| columns.len()).max().unwrap_or(0);
        for column in 0..shared {
            builder.main(format!("shared {column}"));
        }
        // Empty chips of the same heights give the selectors, with the constraints on them, and the fixed columns.
        let mut columns = Vec::new();
        let mut next = shared;
        for (circuit, (used, _)) in circuits.iter().zip(&uses) {
            let mut places = vec![None; circuit.main.len()];
            used.iter().enumerate().for_each(|(place, column)| places[*column] = Some(place));
            for chip in chips_of(circuit) {
                let def = &circuit.chips[chip];
                let Selector::Main(selector) = def.selector else { panic!("{} stands at fixed rows", def.name) };
                builder.chip(format!("{}: {}", circuit.name, def.name).leak(), def.height, |_| ());
                places[selector] = Some(next);
                next += 1;
            }
            columns.push(vec![places]);
        }
        let mut layout = builder.finish();
        let mut chip = 0;
        for ((circuit, (_, slots)), places) in circuits.iter().zip(&uses).zip(&columns) {
            let mut slot_places = vec![usize::MAX; circuit.slots.len()];
            for slot in slots {
                slot_places[*slot] = place_slot(&mut layout.slots, moved_slot(&circuit.slots[*slot], &places[0]));
            }
            for source in chips_of(circuit) {
                fill_chip(&mut layout.chips[chip], &circuit.chips[source], &places[0], &slot_places);
                chip += 1;
            }
        }
        Self { circuit: Arc::new(layout), columns }
    }

    /// Two windows of one row side by side in each row.
    ///
    /// # Panics
    /// If a chip of the circuit has more rows.
    pub fn twice(name: &'static str, circuit: &Circuit) -> Self {
        assert_eq!(circuit.height, 1, "windows of one row stand side by side");
        let Self { circuit: one, columns } = Self::together(name, &[circuit]);
        let mut both = Arc::into_inner(one).expect("nobody else has it");
        let (width, chips, slots) = (both.main.len(), both.chips.len(), both.slots.len());
        let beside: Columns = (width..2 * width).map(Some).collect();
        both.main.extend_from_within(..);
        both.dispatch.extend(moved_constraints(&both.dispatch, &beside));
        for slot in 0..slots {
            both.slots.push(moved_slot(&both.slots[slot], &beside));
        }
        let slot_places: Vec<_> = (slots..2 * slots).collect();
        for chip in 0..chips {
            let mut copy = both.chips[chip].clone();
            fill_chip(&mut copy, &both.chips[chip], &beside, &slot_places);
            let Selector::Main(selector) = copy.selector else { unreachable!("all are selected by main columns") };
            copy.selector = Selector::Main(width + selector);
            both.chips.push(copy);
        }
        let second = columns[0][0].iter().map(|column| column.map(|column| column + width)).collect();
        Self { circuit: Arc::new(both), columns: vec![vec![columns[0][0].clone(), second]] }
    }

    /// A shard of `2^k` rows with the windows of each circuit's workload one after the other; where the circuit has two places
    /// in a row, the windows stand in both.
    ///
    /// # Panics
    /// If they do not fit.
    pub fn shard(&self, k: u32, works: &[&dyn Workload]) -> Shard<'_> {
        let mut main = vec![vec![F::from(0); 1 << k]; self.circuit.main.len()];
        let mut row = self.circuit.first_row();
        for (work, places) in works.iter().zip(&self.columns) {
            let grid = work.grid(k, 0..work.len()).expect("the windows fit a shard of their own");
            let rows = work.circuit().first_row()..grid.used();
            assert!(row + rows.len() + self.circuit.height - 1 <= Rows::new(k).usable, "the windows fit");
            places.iter().for_each(|columns| copy(&grid, rows.clone(), columns, &mut main, row));
            row += rows.len();
        }
        Shard { layout: self, k, main }
    }
}

/// The place of a slot among others, which it joins if none is the same.
fn place_slot(slots: &mut Vec<SlotDef>, slot: SlotDef) -> usize {
    slots.iter().position(|known| same(known, &slot)).unwrap_or_else(|| {
        slots.push(slot);
        slots.len() - 1
    })
}

/// Gives a chip the constraints and messages of another, over other columns and slots.
fn fill_chip(chip: &mut ChipDef, source: &ChipDef, columns: &[Option<usize>], slots: &[usize]) {
    chip.constraints = moved_constraints(&source.constraints, columns);
    chip.messages.clone_from(&source.messages);
    for message in &mut chip.messages {
        message.slot = slots[message.slot];
        message.multiplicity = moved(&message.multiplicity, columns);
    }
}

/// Copies rows of a shard to the columns of a layout, from `row` on.
fn copy(grid: &Grid, rows: Range<usize>, columns: &[Option<usize>], main: &mut [Vec<F>], row: usize) {
    let placed = grid.main.iter().zip(columns).filter_map(|(values, column)| column.map(|column| (values, column)));
    placed.for_each(|(values, column)| main[column][row..row + rows.len()].copy_from_slice(&values[rows.clone()]));
}

/// A filled shard of a layout.
#[derive(Debug)]
pub struct Shard<'l> {
    layout: &'l Layout,
    k: u32,
    /// The main columns.
    pub main: Vec<Vec<F>>,
}

impl Shard<'_> {
    /// The fraction that each group of slots adds in a row.
    fn fractions(&self, row: usize, fixed: &[Vec<F>], multiplicities: &[Expr], challenges: Challenges) -> Vec<F> {
        let circuit = &self.layout.circuit;
        let read = |cell: Cell| {
            let columns = if cell.area == Area::Main { &self.main[..] } else { fixed };
            let row = row.wrapping_add_signed(cell.distance(self.k) as isize) & ((1 << self.k) - 1);
            columns[usize::from(cell.column)][row]
        };
        let values: Vec<F> = multiplicities.iter().map(|multiplicity| multiplicity.evaluate(&read)).collect();
        let denominator = |(slot, value): (&SlotDef, &F)| {
            if *value == F::from(0) {
                return F::from(0);
            }
            let tuple: Vec<F> = slot.fields.iter().map(|field| field.evaluate(&read)).collect();
            challenges.compress(slot.tag.id, tuple.into_iter())
        };
        let mut inverses: Vec<F> = circuit.slots.iter().zip(&values).map(denominator).collect();
        batch_invert(&mut inverses);
        let terms: Vec<F> = values.iter().zip(&inverses).map(|(value, inverse)| value * inverse).collect();
        terms.chunks(Circuit::GROUP).map(|group| group.iter().sum()).collect()
    }
}

impl ShardWitness for Shard<'_> {
    fn main_columns(&self) -> Vec<Vec<Fr>> {
        self.main.clone()
    }

    /// The framework's own, by the definition: the layout has no compiled slots.
    fn aux_columns(&self, _: &[Vec<Fr>], alpha: Fr, gamma: Fr) -> (Vec<Vec<Fr>>, Fr) {
        let circuit = &self.layout.circuit;
        let (fixed, multiplicities) = (circuit.fixed_values(self.k), circuit.multiplicities());
        let rows = circuit.first_row()..Rows::new(self.k).usable;
        let challenges = Challenges { alpha, gamma };
        let fractions: Vec<Vec<F>> =
            rows.clone().into_par_iter().map(|row| self.fractions(row, &fixed, &multiplicities, challenges)).collect();
        let helpers = circuit.aux_columns() - 1;
        let mut columns = vec![vec![F::from(0); 1 << self.k]; helpers + 1];
        let mut sum = F::from(0);
        for (row, fractions) in rows.zip(&fractions).rev() {
            fractions.iter().enumerate().for_each(|(helper, fraction)| columns[helper][row] = *fraction);
            sum += fractions.iter().sum::<F>();
            columns[helpers][row] = sum;
        }
        (columns, sum)
    }
}
