//! Tuples of small numbers, in machine words: nine of ten messages of a block are lookups of them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::key::{NARROW, small};
use crate::expr::{Area, Cell, Expr, F, Node};
use crate::grid::Grid;
use crate::program::BATCH;

/// What stands for a cell that is not below `2^32 - 1`.
const GREAT: u32 = u32::MAX;

/// Sums have fewer terms than this, each below 2^56: none reaches 2^62.
const TERMS: usize = 1 << 6;

/// A linear expression with small coefficients.
#[derive(Clone, Debug)]
struct Linear {
    terms: Vec<(Cell, i64)>,
    constant: i64,
}

impl Linear {
    /// The expression as a sum over cells, if it is linear and no sum over cells below 2^32 reaches 2^62.
    fn new(expr: &Expr) -> Option<Self> {
        let mut sum = Sum::default();
        sum.add(expr, F::one())?;
        let terms: Option<Vec<_>> = sum.terms.into_iter().map(|(cell, factor)| Some((cell, signed(factor)?))).collect();
        let (terms, constant) = (terms.filter(|terms| terms.len() < TERMS)?, signed(sum.constant)?);
        Some(Self { terms, constant })
    }
}

/// A linear expression over the field.
#[derive(Default)]
struct Sum {
    terms: BTreeMap<Cell, F>,
    constant: F,
}

impl Sum {
    /// Adds `factor` times `expr`; none if that is not linear as it is written.
    fn add(&mut self, expr: &Expr, factor: F) -> Option<()> {
        match expr.node() {
            Node::Constant(value) => self.constant += factor * value,
            Node::Cell(cell) => *self.terms.entry(*cell).or_default() += factor,
            Node::Add(a, b) => {
                self.add(a, factor)?;
                self.add(b, factor)?;
            }
            Node::Mul(a, b) => match (a.as_constant(), b.as_constant()) {
                (Some(value), _) => self.add(b, factor * value)?,
                (_, Some(value)) => self.add(a, factor * value)?,
                _ => return None,
            },
        }
        Some(())
    }
}

/// A field element as a number of at most 24 bits with its sign, if it is one.
fn signed(value: F) -> Option<i64> {
    let below = |value: &F| small(value).filter(|number| *number < 1 << 24).map(i64::from);
    below(&value).or_else(|| below(&-value).map(|number| -number))
}

/// The tuple of a slot, in machine words.
#[derive(Clone, Debug)]
pub(crate) struct NarrowTuple(Vec<Linear>);

/// The elements of a tuple in each row of a batch.
pub(crate) type Numbers = [[i64; NARROW]; BATCH];

impl NarrowTuple {
    /// The tuple, if it may be narrow and can be computed in machine words.
    pub(crate) fn new(fields: &[Expr]) -> Option<Self> {
        let fields = (fields.len() <= NARROW).then_some(fields)?;
        Some(Self(fields.iter().map(Linear::new).collect::<Option<_>>()?))
    }

    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (Area, u16)> {
        self.0.iter().flat_map(|field| field.terms.iter().map(|(cell, _)| (cell.area, cell.column)))
    }

    /// The elements in each of at most [`BATCH`] rows, moved by `distance` and wrapped around; false if a cell is too great.
    ///
    /// What is computed are the elements themselves, in the integers: no sum reaches 2^62, far below the field's order.
    pub(crate) fn run(&self, words: &Words, rows: &[usize], distance: i16, numbers: &mut Numbers) -> bool {
        let mask = (1 << words.k) - 1;
        let mut great = false;
        for (index, field) in self.0.iter().enumerate() {
            let mut sums = [field.constant; BATCH];
            for (cell, factor) in &field.terms {
                let Some(column) = words.column(cell.area, cell.column) else { return false };
                let distance = cell.distance(words.k) as isize + isize::from(distance);
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let word = column[row.wrapping_add_signed(distance) & mask];
                    great |= word == GREAT;
                    *sum += factor * i64::from(word);
                }
            }
            numbers.iter_mut().zip(sums).for_each(|(numbers, sum)| numbers[index] = sum);
        }
        !great
    }
}

/// Columns of a grid, in machine words.
#[derive(Debug)]
pub(crate) struct Words {
    k: u32,
    /// By column; empty where nobody asked for it.
    main: Vec<Vec<u32>>,
    fixed: Vec<Vec<u32>>,
}

impl Words {
    /// The columns of `grid` that `tuples` read.
    pub(crate) fn of<'t>(grid: &Grid, tuples: impl Iterator<Item = &'t NarrowTuple>) -> Self {
        let asked: BTreeSet<(Area, u16)> = tuples.flat_map(NarrowTuple::columns).collect();
        let convert = |area: Area, columns: &[Vec<F>]| {
            let word = |value: &F| small(value).unwrap_or(GREAT);
            let words = |(index, column): (usize, &Vec<F>)| match asked.contains(&(area, index as u16)) {
                true => column.iter().map(word).collect(),
                false => Vec::new(),
            };
            columns.par_iter().enumerate().map(words).collect()
        };
        Self { k: grid.k, main: convert(Area::Main, &grid.main), fixed: convert(Area::Fixed, &grid.fixed) }
    }

    fn column(&self, area: Area, column: u16) -> Option<&[u32]> {
        let columns = match area {
            Area::Main => &self.main,
            Area::Fixed => &self.fixed,
        };
        columns.get(usize::from(column)).map(Vec::as_slice).filter(|column| !column.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linear_with_small_coefficients_is_known() {
        let (x, y) = (Cell::main(0), Cell::main(1));
        let field = (x - y) * F::from(3) - F::from(5) + Expr::from(x);
        let linear = Linear::new(&field).expect("it is");
        assert_eq!((linear.terms, linear.constant), (vec![(x, 4), (y, -3)], -5));
        assert!(Linear::new(&(x * y)).is_none());
        assert!(Linear::new(&(x * F::from(1 << 24))).is_none());
        assert!(Linear::new(&Expr::from(1 << 24)).is_none());
        assert!(NarrowTuple::new(&vec![x.expr(); 3]).is_some_and(|tuple| tuple.len() == 3));
        assert!(NarrowTuple::new(&vec![x.expr(); 4]).is_none());
    }
}
