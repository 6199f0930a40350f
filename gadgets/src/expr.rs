//! Polynomial expressions over the cells of a row and its neighbours.
//!
//! An [`Expr`] is written once, by a chip. The halo2 circuit, the fast checker, the statistics and the audit harness all
//! read the same expression, so they cannot disagree about what is constrained.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use halo2_proofs::halo2curves::bn256::Fr;

/// The scalar field that every cell lives in: BN254's, about 2^254.
pub type F = Fr;

/// Which columns a cell belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// Committed before the bus challenges are drawn. The only cells that chips see.
    Main,
    /// Part of the verifying key.
    Fixed,
}

/// A cell, named by its column and its distance in rows from the row where an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The kind of column.
    pub area: Area,
    /// Index of the column among the columns of its kind.
    pub column: u16,
    /// Rows below (positive) or above (negative) the current one.
    pub rotation: i16,
    /// Sixty-fourths of the grid's height below (positive) or above (negative), in addition to `rotation`. Rows wrap around,
    /// so 64 of them are none: the chips of bit-sliced circuits rotate words this way.
    pub turns: i8,
}

impl Cell {
    /// A main cell of the current row.
    pub fn main(column: usize) -> Self {
        Self {
            area: Area::Main,
            column: u16::try_from(column).expect("fewer than 2^16 columns"),
            rotation: 0,
            turns: 0,
        }
    }

    /// A fixed cell of the current row.
    pub fn fixed(column: usize) -> Self {
        Self { area: Area::Fixed, ..Self::main(column) }
    }

    /// The same column, `rows` further down.
    #[must_use]
    pub fn shifted(self, rows: i16) -> Self {
        Self { rotation: self.rotation + rows, ..self }
    }

    /// The same column, `turns` sixty-fourths of the grid's height further down.
    #[must_use]
    pub fn turned(self, turns: i8) -> Self {
        // Sixty-four turns are none; one name for each cell, so that equal ones are seen to be equal.
        let turns = (i16::from(self.turns) + i16::from(turns) + 32).rem_euclid(64) - 32;
        Self { turns: turns as i8, ..self }
    }

    /// The distance in rows from the current one, in a grid of `2^k` rows.
    ///
    /// # Panics
    /// If the cell lies turns away and the grid has fewer than 64 rows.
    pub fn distance(self, k: u32) -> i32 {
        let turn = if self.turns == 0 { 0 } else { 1i32 << k.checked_sub(6).expect("a grid with turns has 64 rows") };
        i32::from(self.rotation) + i32::from(self.turns) * turn
    }

    /// The expression that reads this cell.
    pub fn expr(self) -> Expr {
        Expr(Arc::new(Node::Cell(self)))
    }
}

/// One node of an expression tree.
#[derive(Debug)]
pub enum Node {
    /// A constant.
    Constant(F),
    /// The value of a cell.
    Cell(Cell),
    /// A sum.
    Add(Expr, Expr),
    /// A product.
    Mul(Expr, Expr),
}

/// A polynomial in the cells around a row. Cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Node>);

impl Expr {
    /// The constant `value`.
    pub fn constant(value: F) -> Self {
        Self(Arc::new(Node::Constant(value)))
    }

    /// Zero.
    pub fn zero() -> Self {
        Self::constant(F::ZERO)
    }

    /// One.
    pub fn one() -> Self {
        Self::constant(F::ONE)
    }

    /// The constant `2^bits`.
    pub fn power_of_two(bits: u32) -> Self {
        Self::constant(F::from(2).pow([u64::from(bits)]))
    }

    /// The root of the tree.
    pub fn node(&self) -> &Node {
        &self.0
    }

    /// The cell that this expression is, if it is nothing else.
    pub fn as_cell(&self) -> Option<Cell> {
        match self.node() {
            Node::Cell(cell) => Some(*cell),
            _ => None,
        }
    }

    /// The constant that this expression is, if it is nothing else.
    pub fn as_constant(&self) -> Option<F> {
        match self.node() {
            Node::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// The total degree, cells counting one each.
    pub fn degree(&self) -> usize {
        match self.node() {
            Node::Constant(_) => 0,
            Node::Cell(_) => 1,
            Node::Add(a, b) => a.degree().max(b.degree()),
            Node::Mul(a, b) => a.degree() + b.degree(),
        }
    }

    /// How many multiplications of two non-constant factors, or by a constant, an evaluation takes.
    pub fn multiplications(&self) -> usize {
        match self.node() {
            Node::Constant(_) | Node::Cell(_) => 0,
            Node::Add(a, b) => a.multiplications() + b.multiplications(),
            Node::Mul(a, b) => {
                let trivial = [a, b].iter().any(|e| e.as_constant() == Some(-F::ONE));
                a.multiplications() + b.multiplications() + usize::from(!trivial)
            }
        }
    }

    /// Adds every cell that the expression reads to `cells`.
    pub fn collect_cells(&self, cells: &mut BTreeSet<Cell>) {
        match self.node() {
            Node::Constant(_) => {}
            Node::Cell(cell) => {
                cells.insert(*cell);
            }
            Node::Add(a, b) | Node::Mul(a, b) => {
                a.collect_cells(cells);
                b.collect_cells(cells);
            }
        }
    }

    /// The cells that the expression reads.
    pub fn cells(&self) -> BTreeSet<Cell> {
        let mut cells = BTreeSet::new();
        self.collect_cells(&mut cells);
        cells
    }

    /// The same expression, `rows` further down.
    #[must_use]
    pub fn shifted(&self, rows: i16) -> Self {
        if rows == 0 { self.clone() } else { self.map_cells(&mut |cell| cell.shifted(rows)) }
    }

    /// The same expression over other cells.
    #[must_use]
    pub fn map_cells(&self, map: &mut impl FnMut(Cell) -> Cell) -> Self {
        match self.node() {
            Node::Constant(_) => self.clone(),
            Node::Cell(cell) => map(*cell).expr(),
            Node::Add(a, b) => Self(Arc::new(Node::Add(a.map_cells(map), b.map_cells(map)))),
            Node::Mul(a, b) => Self(Arc::new(Node::Mul(a.map_cells(map), b.map_cells(map)))),
        }
    }

    /// Evaluates the expression, reading cells through `read`.
    pub fn evaluate(&self, read: &impl Fn(Cell) -> F) -> F {
        match self.node() {
            Node::Constant(value) => *value,
            Node::Cell(cell) => read(*cell),
            Node::Add(a, b) => a.evaluate(read) + b.evaluate(read),
            Node::Mul(a, b) => a.evaluate(read) * b.evaluate(read),
        }
    }

    /// Whether two expressions are the same tree.
    pub fn same(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        match (self.node(), other.node()) {
            (Node::Constant(a), Node::Constant(b)) => a == b,
            (Node::Cell(a), Node::Cell(b)) => a == b,
            (Node::Add(a, b), Node::Add(c, d)) | (Node::Mul(a, b), Node::Mul(c, d)) => a.same(c) && b.same(d),
            _ => false,
        }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::Constant(value) => write!(f, "{value:?}"),
            Node::Cell(Cell { area, column, rotation, turns }) => {
                let letter = if *area == Area::Main { 'm' } else { 'f' };
                write!(f, "{letter}{column}")?;
                if *rotation != 0 {
                    write!(f, "@{rotation}")?;
                }
                if *turns != 0 { write!(f, "@{turns}/64") } else { Ok(()) }
            }
            Node::Add(a, b) => write!(f, "({a:?} + {b:?})"),
            Node::Mul(a, b) => write!(f, "{a:?} * {b:?}"),
        }
    }
}

impl From<F> for Expr {
    fn from(value: F) -> Self {
        Self::constant(value)
    }
}

impl From<u64> for Expr {
    fn from(value: u64) -> Self {
        Self::constant(F::from(value))
    }
}

impl From<Cell> for Expr {
    fn from(cell: Cell) -> Self {
        cell.expr()
    }
}

impl From<&Self> for Expr {
    fn from(expr: &Self) -> Self {
        expr.clone()
    }
}

fn add(a: Expr, b: Expr) -> Expr {
    match (a.as_constant(), b.as_constant()) {
        (Some(x), Some(y)) => Expr::constant(x + y),
        (Some(x), _) if x == F::ZERO => b,
        (_, Some(y)) if y == F::ZERO => a,
        _ => Expr(Arc::new(Node::Add(a, b))),
    }
}

fn mul(a: Expr, b: Expr) -> Expr {
    match (a.as_constant(), b.as_constant()) {
        (Some(x), Some(y)) => Expr::constant(x * y),
        (Some(x), _) if x == F::ZERO => a,
        (_, Some(y)) if y == F::ZERO => b,
        (Some(x), _) if x == F::ONE => b,
        (_, Some(y)) if y == F::ONE => a,
        _ => Expr(Arc::new(Node::Mul(a, b))),
    }
}

fn neg(a: Expr) -> Expr {
    mul(Expr::constant(-F::ONE), a)
}

macro_rules! operators {
    ($($left:ty),*) => {$(
        impl<T: Into<Expr>> Add<T> for $left {
            type Output = Expr;
            fn add(self, other: T) -> Expr {
                add(self.into(), other.into())
            }
        }
        impl<T: Into<Expr>> Sub<T> for $left {
            type Output = Expr;
            fn sub(self, other: T) -> Expr {
                add(self.into(), neg(other.into()))
            }
        }
        impl<T: Into<Expr>> Mul<T> for $left {
            type Output = Expr;
            fn mul(self, other: T) -> Expr {
                mul(self.into(), other.into())
            }
        }
        impl Neg for $left {
            type Output = Expr;
            fn neg(self) -> Expr {
                neg(self.into())
            }
        }
    )*};
}
pub(crate) use operators;
operators!(Expr, &Expr, Cell);

impl Sum for Expr {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::zero(), |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_evaluates_as_written() {
        let (x, y) = (Cell::main(0), Cell::main(1).shifted(1));
        let e = (x + 3) * y - x * F::from(2);
        let read = |cell: Cell| F::from(if cell == x { 5 } else { 7 });
        assert_eq!(e.evaluate(&read), F::from(8 * 7 - 10));
        assert_eq!(e.degree(), 2);
        assert_eq!(e.cells().len(), 2);
    }

    #[test]
    fn shifting_moves_every_cell() {
        let e = Cell::main(0) * Cell::fixed(2).shifted(-1);
        let moved: Vec<_> = e.shifted(2).cells().into_iter().map(|c| c.rotation).collect();
        assert_eq!(moved, [2, 1]);
    }

    #[test]
    fn turns_are_fractions_of_the_height() {
        let cell = Cell::main(0).shifted(-1).turned(-62);
        assert_eq!(cell.turns, 2);
        assert_eq!(cell.distance(10), 31);
        assert_eq!(Cell::main(0).turned(40).turned(24), Cell::main(0));
        assert_eq!(Cell::main(0).turned(32).distance(6), -32);
        assert_eq!(Cell::main(0).shifted(3).distance(2), 3, "no turn, no matter how few rows");
    }

    #[test]
    fn constants_fold() {
        assert_eq!((Expr::from(2) * F::from(3) + 4).as_constant(), Some(F::from(10)));
        assert_eq!((Cell::main(0).expr() * Expr::zero()).degree(), 0);
    }
}
