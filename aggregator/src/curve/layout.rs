//! Where the messages of the curve stand in the shared columns.
//!
//! The plain columns, as the add chip fills them:
//!
//! | row | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
//! |---|---|---|---|---|---|---|---|
//! | 0 | second point: limbs 0 to 6 | | | | | | |
//! | 1 | first point: limbs 0 to 6 | | | | | | |
//! | 2 | second's limb 7 | first's limb 7 | sum | digit | bucket | count | rest |
//! | 3 | next rest | negative | step | more | multiplicity | inverse | part |
//!
//! A term begins in row 1 of it, a bucket and the result in row 0. The result's limbs are four checked cells each, all in row
//! 0. A curve point and a total stand in two rows, as a term does: the point in the same cells, the total's sum where the
//! term has it, and the coordinates modulo `r` where it has nothing. So a window of two rows can hold all three.
//!
//! Folds stand in checked columns, which are not checked there, in groups of eight:
//!
//! | row | group 0 | group 1 | group 2 | group 3 |
//! |---|---|---|---|---|
//! | a folded sum's first | first point | second point | | |
//! | the next one | the sum | | | |
//! | a fold's | | running | sum, left, bucket | weighted |

use std::array;

use verbatim_gadgets::circuit::{CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::message::Message;
use verbatim_gadgets::value::{Any, Bool, Counter};

use super::affine::Affine;
use crate::bus::{Bucket, CurvePoint, Fold, Sum, Term, Total};
use crate::columns::{CHECKED, Columns, PLAIN};

/// Room for checked cells in a row.
pub(super) const ROOM: usize = CHECKED;

/// Checked columns that the limbs of a point take.
const GROUP: usize = 8;

/// The slots of the curve, and the flags that its messages need.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) columns: Columns,
    pub(super) term: Slot<Term>,
    pub(super) next_term: Slot<Term>,
    pub(super) bucket: Slot<Bucket>,
    pub(super) next_bucket: Slot<Bucket>,
    /// A sum as the add chip has it.
    pub(super) sum: Slot<Sum>,
    /// A sum as the fold and total chips have it.
    pub(super) folded: Slot<Sum>,
    pub(super) fold: Slot<Fold>,
    pub(super) curve_point: Slot<CurvePoint>,
    pub(super) total: Slot<Total>,
    /// Whether an addition adds a digit.
    pub(super) step: Cell,
    /// Whether the digit is not the last.
    pub(super) more: Cell,
    /// Whether a fold is of bucket 0.
    pub(super) lowest: Cell,
}

/// Why a cell holds a value of its type.
const WHY: &str = "the chip that uses the slot says why";

/// The shared columns as expressions of cells.
struct View<'c>(&'c Columns);

impl View<'_> {
    fn plain(&self, column: usize, row: i16) -> Cell {
        self.0.plain[column].shifted(row)
    }

    fn counter(&self, column: usize, row: i16) -> Counter {
        Counter::assume(self.plain(column, row), WHY)
    }

    fn any(&self, column: usize, row: i16) -> Any {
        Any::assume(self.plain(column, row), "any field element")
    }

    /// A point whose last limb stands in the given cell, the others in the plain cells of `row`.
    fn point(&self, row: i16, last: Cell) -> Affine {
        let limb = |i: usize| if i < PLAIN { self.plain(i, row) } else { last };
        Affine::assume(array::from_fn(|i| limb(i).expr()), WHY)
    }

    /// A point in a group of checked columns.
    fn in_group(&self, group: usize, row: i16) -> Affine {
        Affine::assume(array::from_fn(|i| self.0.checked[GROUP * group + i].cell.shifted(row).expr()), WHY)
    }

    /// The point that the checked cells of row 0 make: sixteen for x, then sixteen for y.
    fn result(&self) -> Affine {
        let cell = |i: usize| self.0.checked[i].cell;
        let limb = |i: usize| (0..4).map(|j| cell(4 * i + j) * Expr::power_of_two(16 * j as u32)).sum();
        Affine::assume(array::from_fn(limb), WHY)
    }

    /// A term's point, one row below a bucket's, and the bucket's, with the result.
    fn sum(&self, bucket: &Bucket) -> Sum {
        Sum {
            negative: Bool::assume(self.plain(1, 3), WHY),
            first: self.point(1, self.plain(1, 2)),
            second: bucket.point.clone(),
            third: self.result(),
        }
    }

    /// Two points in a row, and their sum where the first of the next row is.
    fn folded(&self) -> Sum {
        Sum {
            negative: Bool::constant(false),
            first: self.in_group(0, 0),
            second: self.in_group(1, 0),
            third: self.in_group(0, 1),
        }
    }

    fn fold(&self) -> Fold {
        let number = |i: usize| Counter::assume(self.0.checked[2 * GROUP + i].cell, WHY);
        Fold {
            sum: number(0),
            left: number(1),
            bucket: number(2),
            running: self.in_group(1, 0),
            weighted: self.in_group(3, 0),
        }
    }
}

impl Layout {
    /// The columns and slots of a circuit of the curve alone.
    pub(super) fn new(builder: &mut CircuitBuilder) -> Self {
        let columns = Columns::new(builder);
        Self::over(builder, &columns)
    }

    /// Declares the slots over the shared columns.
    pub fn over(builder: &mut CircuitBuilder, columns: &Columns) -> Self {
        let view = View(columns);
        let point = view.point(0, view.plain(1, 1));
        let term = Term { sum: view.counter(2, 1), digit: view.counter(3, 1), rest: view.any(6, 1), point };
        let place = Counter::assume(&term.digit + Expr::one(), WHY);
        let next_term = Term { digit: place, rest: view.any(0, 2), ..term.clone() };
        let bucket = Bucket {
            sum: view.counter(2, 2),
            digit: view.counter(3, 2),
            bucket: view.counter(4, 2),
            count: view.counter(5, 2),
            point: view.point(0, view.plain(0, 2)),
        };
        let count = Counter::assume(&bucket.count + Expr::one(), WHY);
        let next_bucket = Bucket { count, point: view.result(), ..bucket.clone() };
        let curve_point = CurvePoint { x: view.any(4, 1), y: view.any(5, 1), point: term.point.clone() };
        let total = Total { sum: term.sum.clone(), point: term.point.clone() };
        let (sum, folded, fold) = (view.sum(&bucket), view.folded(), view.fold());
        Self {
            term: slot(builder, "term", &term),
            next_term: slot(builder, "next term", &next_term),
            bucket: slot(builder, "bucket", &bucket),
            next_bucket: slot(builder, "next bucket", &next_bucket),
            sum: slot(builder, "sum", &sum),
            folded: slot(builder, "folded sum", &folded),
            fold: slot(builder, "fold", &fold),
            curve_point: slot(builder, "curve point", &curve_point),
            total: slot(builder, "total", &total),
            step: view.plain(2, 3),
            more: view.plain(3, 3),
            lowest: view.plain(1, 3),
            columns: columns.clone(),
        }
    }

    /// The slot of the facts that points are on the curve: the plain columns of two rows.
    pub(crate) fn curve_point(&self) -> &Slot<CurvePoint> {
        &self.curve_point
    }

    /// The slot of terms, likewise.
    pub(crate) fn term(&self) -> &Slot<Term> {
        &self.term
    }

    /// The slot of totals, likewise.
    pub(crate) fn total(&self) -> &Slot<Total> {
        &self.total
    }

    /// Where a term's point stands, in the plain columns of two rows.
    pub(crate) fn term_point(&self) -> Affine {
        let view = View(&self.columns);
        view.point(0, view.plain(1, 1))
    }
}

/// A slot for a message over cells.
fn slot<M: Message>(builder: &mut CircuitBuilder, name: &str, message: &M) -> Slot<M> {
    builder.slot(name, message.fields())
}
