//! The cells of one shard.

use std::ops::Range;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use rayon::prelude::*;

use crate::chip::Derive;
use crate::circuit::{Circuit, Rows, Selector};
use crate::expr::{Area, Cell, Expr, F};
use crate::message::Message;
use crate::value::{Value, inverse_or_zero};

/// A window in a grid: which chip, where, and what it was filled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Index of the chip in its circuit.
    pub chip: usize,
    /// The first row.
    pub row: usize,
    /// What the filler said of the event: usually the index of the execution step.
    pub origin: u64,
}

/// The main cells of a shard, with the fixed ones of its circuit.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The circuit.
    pub circuit: Arc<Circuit>,
    /// The binary logarithm of the number of rows.
    pub k: u32,
    /// Main columns of `2^k` rows each.
    pub main: Vec<Vec<F>>,
    /// Fixed columns of `2^k` rows each.
    pub fixed: Arc<Vec<Vec<F>>>,
    /// The windows in use, in order of their rows.
    pub windows: Vec<Window>,
    next_row: usize,
}

/// A grid has no room for another window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {circuit} shard of 2^{k} rows is full")]
pub struct Full {
    /// The circuit.
    pub circuit: &'static str,
    /// The size of the shard.
    pub k: u32,
}

impl Grid {
    /// An empty shard of `2^k` rows. `fixed` is what [`Circuit::fixed_values`] gives for the same `k`.
    pub fn new(circuit: Arc<Circuit>, k: u32, fixed: Arc<Vec<Vec<F>>>) -> Self {
        let main = (0..circuit.main.len()).into_par_iter().map(|_| vec![F::ZERO; 1 << k]).collect();
        let next_row = circuit.first_row();
        Self { circuit, k, main, fixed, windows: Vec::new(), next_row }
    }

    /// The rows of this grid.
    pub fn rows(&self) -> Rows {
        Rows::new(self.k)
    }

    /// The first row behind the windows placed so far.
    pub fn used(&self) -> usize {
        self.next_row
    }

    /// The value of `cell` as seen from `row`; rows wrap around.
    pub fn read(&self, cell: Cell, row: usize) -> F {
        let row = row.wrapping_add_signed(cell.distance(self.k) as isize) & ((1 << self.k) - 1);
        let columns = match cell.area {
            Area::Main => &self.main,
            Area::Fixed => &self.fixed,
        };
        columns[usize::from(cell.column)][row]
    }

    /// The column of `cell`.
    pub(crate) fn column(&self, cell: Cell) -> &[F] {
        match cell.area {
            Area::Main => &self.main[usize::from(cell.column)],
            Area::Fixed => &self.fixed[usize::from(cell.column)],
        }
    }

    /// The rows of `range` in which a chip's windows begin, by what the selector cells say.
    pub(crate) fn selected(&self, selector: Selector, range: Range<usize>) -> Vec<usize> {
        let column = self.selector(selector);
        range.filter(|row| column[*row] != F::ZERO).collect()
    }

    /// The column that marks a chip's windows.
    pub fn selector(&self, selector: Selector) -> &[F] {
        match selector {
            Selector::Main(column) => &self.main[column],
            Selector::Fixed(column) => &self.fixed[column],
        }
    }

    /// The value of `expr` at `row`.
    pub fn evaluate(&self, expr: &Expr, row: usize) -> F {
        expr.evaluate(&|cell| self.read(cell, row))
    }

    /// Sets a main cell as seen from `row`.
    ///
    /// # Panics
    /// If the cell is fixed.
    pub fn write(&mut self, cell: Cell, row: usize, value: F) {
        assert_eq!(cell.area, Area::Main, "only main cells are filled");
        let row = row.wrapping_add_signed(cell.distance(self.k) as isize) & ((1 << self.k) - 1);
        self.main[usize::from(cell.column)][row] = value;
    }

    /// Places the next window of `chip`, lets `fill` set the cells that nothing else determines, and derives the others.
    ///
    /// # Errors
    /// If the window does not fit.
    pub fn place(&mut self, chip: usize, origin: u64, fill: impl FnOnce(&mut WindowWriter<'_>)) -> Result<(), Full> {
        let circuit = Arc::clone(&self.circuit);
        let def = &circuit.chips[chip];
        let row = self.next_row;
        if row + def.height.max(circuit.height) > self.rows().usable {
            return Err(Full { circuit: circuit.name, k: self.k });
        }
        match def.selector {
            Selector::Main(column) => self.main[column][row] = F::ONE,
            Selector::Fixed(column) if bool::from(self.fixed[column][row].is_zero()) => {
                return Err(Full { circuit: circuit.name, k: self.k });
            }
            Selector::Fixed(_) => {}
        }
        fill(&mut WindowWriter { grid: self, row });
        def.derived.iter().for_each(|derive| self.derive(derive, row));
        self.windows.push(Window { chip, row, origin });
        self.next_row += def.height;
        Ok(())
    }

    /// Adds the windows of the [background](Circuit::background).
    pub fn place_background(&mut self) {
        let rows = self.circuit.first_row()..self.rows().usable;
        for chip in self.circuit.background() {
            self.windows.extend(rows.clone().map(|row| Window { chip, row, origin: u64::MAX }));
        }
    }

    /// Fills what follows from other cells of the window that begins at `row`.
    pub(crate) fn derive(&mut self, derive: &Derive, row: usize) {
        for (cell, value) in derive.values(|expr| self.evaluate(expr, row)) {
            self.write(cell, row, value);
        }
    }
}

impl Derive {
    /// The cells that it fills, with their values, where `value` answers the values of expressions.
    pub fn values(&self, value: impl Fn(&Expr) -> F) -> Vec<(Cell, F)> {
        match self {
            Self::Equal(cell, expr) => vec![(*cell, value(expr))],
            Self::Inverse(cell, expr) => vec![(*cell, inverse_or_zero(value(expr)))],
            Self::IsZero(cell, expr) => vec![(*cell, F::from(u64::from(bool::from(value(expr).is_zero()))))],
            Self::Limbs16(cells, expr) => {
                let bytes = value(expr).to_bytes();
                let limb = |i: usize| F::from(u64::from(bytes[2 * i]) | u64::from(bytes[2 * i + 1]) << 8);
                cells.iter().enumerate().map(|(i, cell)| (*cell, limb(i))).collect()
            }
            Self::Less(cell, a, b) => vec![(*cell, F::from(u64::from(value(a) < value(b))))],
        }
    }

    /// The same over other cells.
    #[must_use]
    pub(crate) fn map_cells(&self, map: &mut impl FnMut(Cell) -> Cell) -> Self {
        match self {
            Self::Equal(cell, expr) => Self::Equal(map(*cell), expr.map_cells(map)),
            Self::Inverse(cell, expr) => Self::Inverse(map(*cell), expr.map_cells(map)),
            Self::IsZero(cell, expr) => Self::IsZero(map(*cell), expr.map_cells(map)),
            Self::Limbs16(cells, expr) => {
                Self::Limbs16(cells.iter().map(|cell| map(*cell)).collect(), expr.map_cells(map))
            }
            Self::Less(cell, a, b) => Self::Less(map(*cell), a.map_cells(map), b.map_cells(map)),
        }
    }
}

/// Writes the cells of one window.
#[derive(Debug)]
pub struct WindowWriter<'g> {
    grid: &'g mut Grid,
    row: usize,
}

impl WindowWriter<'_> {
    /// Sets a value's cells. Expressions that are more than a cell are left to the constraints that define them.
    pub fn set<V: Value>(&mut self, value: &V, native: V::Native) {
        let (mut expressions, mut values) = (Vec::new(), Vec::new());
        value.push(&mut expressions);
        V::push_native(&native, &mut values);
        self.write_all(&expressions, &values);
    }

    /// Sets a message's cells, as [`set`](Self::set) does.
    pub fn message<M: Message>(&mut self, message: &M, native: &M::Native) {
        self.write_all(&message.fields(), &M::tuple(native));
    }

    /// Sets one cell to a field element.
    ///
    /// # Panics
    /// If `expr` is not a main cell.
    pub fn field(&mut self, expr: &Expr, value: F) {
        let cell = expr.as_cell().expect("a single cell");
        self.grid.write(cell, self.row, value);
    }

    fn write_all(&mut self, expressions: &[Expr], values: &[F]) {
        for (expression, value) in expressions.iter().zip(values) {
            match expression.as_cell() {
                Some(cell) if cell.area == Area::Main => self.grid.write(cell, self.row, *value),
                _ => {}
            }
        }
    }
}
