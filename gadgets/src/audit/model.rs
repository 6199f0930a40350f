//! A window, with those that share cells with it, as polynomial equations over numbered cells.

use std::collections::{BTreeMap, BTreeSet};

use super::neighbours::{Position, Readers, Spot, row_of};
use crate::chip::{Derive, Role};
use crate::expr::{Area, Cell, Expr, F, Node};
use crate::grid::Grid;
use crate::program::{Program, Scratch};

/// What an equation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A constraint, by chip and index: its expression is zero.
    Constraint(usize, usize),
    /// Something that the window receives or consumes, or the key of what it provides: its expression stays as it is. The
    /// index of the message, and whether this is a field, which nobody hears of if the message is not there.
    Heard(usize, bool),
    /// Something that it sends or provides, by the index of the message; none if it is whether it says anything.
    Said(usize, Option<usize>),
}

/// An expression that should be zero, or stay as it is.
#[derive(Debug)]
pub(super) struct Equation {
    pub(super) subject: Subject,
    pub(super) program: Program,
    /// The variables that it reads.
    pub(super) reads: Vec<usize>,
}

/// The equations of a window. Main cells are variables, fixed ones, which come after them, are not.
#[derive(Debug)]
pub(super) struct Model {
    /// Where each cell lies.
    places: Vec<(Area, u16, usize)>,
    /// The row of the window that the model was made of.
    row: usize,
    pub(super) variables: usize,
    pub(super) equations: Vec<Equation>,
    /// For each variable, the equations that read it.
    pub(super) readers: Vec<Vec<usize>>,
    /// For each variable, what it is multiplied by, in which equation.
    pub(super) factors: Vec<Vec<(usize, usize)>>,
    /// Variables that are zero or one in honest windows: those that are multiplied by themselves, and zero flags.
    pub(super) flags: BTreeSet<usize>,
    /// How variables follow from others.
    pub(super) derived: Vec<Derive>,
    /// Each message of the window: its role and its multiplicity.
    pub(super) messages: Vec<(Role, Program)>,
}

/// Numbers cells as they lie in the grid.
struct Numbering<'g> {
    grid: &'g Grid,
    numbers: BTreeMap<(Area, u16, usize), usize>,
}

impl Numbering<'_> {
    fn place(&self, cell: Cell, row: usize) -> (Area, u16, usize) {
        (cell.area, cell.column, row_of(self.grid, cell, row))
    }

    fn number(&self, cell: Cell, row: usize) -> Cell {
        Cell::main(self.numbers[&self.place(cell, row)])
    }

    fn expr(&self, expr: &Expr, row: usize) -> Expr {
        expr.map_cells(&mut |cell| self.number(cell, row))
    }
}

impl Model {
    /// The model of the window at `spot`, and with `readers` of those at fixed rows that share cells with it.
    pub(super) fn new(grid: &Grid, spot: Spot, readers: &Readers) -> Self {
        let circuit = &grid.circuit;
        let own = circuit.chips[spot.0].cells.iter().map(|cell| (cell.column, row_of(grid, *cell, spot.1)));
        let spots: Vec<Spot> =
            [spot].into_iter().chain(readers.of(grid, own).into_iter().filter(|s| *s != spot)).collect();
        let numbering = number(grid, &spots);
        let places: Vec<_> = numbering.numbers.keys().copied().collect();
        let variables = places.iter().filter(|(area, ..)| *area == Area::Main).count();
        let mut model = Self {
            row: spot.1,
            variables,
            equations: Vec::new(),
            readers: vec![Vec::new(); variables],
            factors: vec![Vec::new(); variables],
            flags: BTreeSet::new(),
            derived: Vec::new(),
            messages: Vec::new(),
            places,
        };
        for (index, row) in spots {
            let chip = &circuit.chips[index];
            for (constraint, def) in chip.constraints.iter().enumerate() {
                model.add(Subject::Constraint(index, constraint), &numbering.expr(&def.expr, row));
            }
            let local = |derive: &Derive| derive.map_cells(&mut |cell| numbering.number(cell, row));
            model.derived.extend(chip.derived.iter().map(local));
        }
        model.add_messages(&numbering, spot);
        for derive in &model.derived {
            if let Derive::IsZero(cell, _) | Derive::Less(cell, ..) = derive {
                model.flags.insert(usize::from(cell.column));
            }
        }
        model
    }

    fn add(&mut self, subject: Subject, expr: &Expr) {
        let index = self.equations.len();
        let reads: Vec<usize> = expr
            .cells()
            .into_iter()
            .map(|cell| usize::from(cell.column))
            .filter(|cell| *cell < self.variables)
            .collect();
        reads.iter().for_each(|variable| self.readers[*variable].push(index));
        let mut products = BTreeSet::new();
        multiplied(expr, &mut products);
        for (a, b) in products.into_iter().filter(|(a, b)| *a < self.variables && *b < self.variables) {
            self.factors[a].push((b, index));
            if a == b {
                self.flags.insert(a);
            } else {
                self.factors[b].push((a, index));
            }
        }
        self.equations.push(Equation { subject, program: Program::new([expr]), reads });
    }

    fn add_messages(&mut self, numbering: &Numbering<'_>, (chip, row): Spot) {
        let circuit = &numbering.grid.circuit;
        for (index, message) in circuit.chips[chip].messages.iter().enumerate() {
            let multiplicity = numbering.expr(&message.multiplicity, row);
            self.messages.push((message.role, Program::new([&multiplicity])));
            let heard = matches!(message.role, Role::Receive | Role::Consume);
            if heard {
                self.add(Subject::Heard(index, false), &multiplicity);
            } else if message.role == Role::Send {
                self.add(Subject::Said(index, None), &multiplicity);
            }
            let slot = &circuit.slots[message.slot];
            for (field, expr) in slot.fields.iter().enumerate() {
                let key = message.role == Role::Provide && !slot.determined[field];
                let subject =
                    if heard || key { Subject::Heard(index, true) } else { Subject::Said(index, Some(field)) };
                self.add(subject, &numbering.expr(expr, row + message.row as usize));
            }
        }
    }

    /// The values of all cells in the window of the same chip that begins at `row`.
    pub(super) fn read(&self, grid: &Grid, row: usize) -> Vec<F> {
        let read = |(area, column, at): &(Area, u16, usize)| {
            let at = (at + row).wrapping_sub(self.row) & (grid.rows().total - 1);
            let columns = if *area == Area::Main { &grid.main } else { &*grid.fixed };
            columns[usize::from(*column)][at]
        };
        self.places.iter().map(read).collect()
    }

    /// Where a variable lies in the window that begins at `row`.
    pub(super) fn position(&self, grid: &Grid, variable: usize, row: usize) -> Position {
        let (_, column, at) = self.places[variable];
        (column, (at + row).wrapping_sub(self.row) & (grid.rows().total - 1))
    }

    /// The variable that a cell is, as seen from the first row of the window at `row`.
    pub(super) fn variable(&self, grid: &Grid, cell: Cell, row: usize) -> Option<usize> {
        let at = (row_of(grid, cell, row) + self.row).wrapping_sub(row) & (grid.rows().total - 1);
        self.places.binary_search(&(cell.area, cell.column, at)).ok().filter(|variable| *variable < self.variables)
    }

    /// The value of an equation's expression.
    pub(super) fn value(&self, equation: usize, values: &[F], scratch: &mut Scratch) -> F {
        self.equations[equation].program.value(|cell| values[usize::from(cell.column)], scratch)
    }
}

/// Numbers every cell that the windows read, main cells first.
fn number<'g>(grid: &'g Grid, spots: &[Spot]) -> Numbering<'g> {
    let mut numbering = Numbering { grid, numbers: BTreeMap::new() };
    for (index, row) in spots {
        let chip = &grid.circuit.chips[*index];
        let mut cells = chip.cells.clone();
        chip.constraints.iter().for_each(|constraint| constraint.expr.collect_cells(&mut cells));
        chip.messages.iter().for_each(|message| message.multiplicity.collect_cells(&mut cells));
        for message in &chip.messages {
            let fields = &grid.circuit.slots[message.slot].fields;
            fields.iter().for_each(|field| field.shifted(message.row).collect_cells(&mut cells));
        }
        for derive in &chip.derived {
            // What a cell follows from may be a cell that no constraint of the chip reads.
            let _ = derive.map_cells(&mut |cell| {
                cells.insert(cell);
                cell
            });
        }
        for cell in cells {
            let place = numbering.place(cell, *row);
            numbering.numbers.insert(place, 0);
        }
    }
    numbering.numbers.values_mut().enumerate().for_each(|(number, place)| *place = number);
    numbering
}

/// Adds every pair of cells that are multiplied somewhere, the smaller first.
fn multiplied(expr: &Expr, products: &mut BTreeSet<(usize, usize)>) {
    match expr.node() {
        Node::Constant(_) | Node::Cell(_) => {}
        Node::Add(a, b) => [a, b].into_iter().for_each(|term| multiplied(term, products)),
        Node::Mul(a, b) => {
            [a, b].into_iter().for_each(|factor| multiplied(factor, products));
            let numbers = |expr: &Expr| expr.cells().into_iter().map(|cell| usize::from(cell.column));
            for x in numbers(a) {
                products.extend(numbers(b).map(|y| (x.min(y), x.max(y))));
            }
        }
    }
}
