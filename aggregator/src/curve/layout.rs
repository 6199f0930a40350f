//! The columns that the chips of the curve share.

use std::array;

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::message::{Message, Range16};
use verbatim_gadgets::value::{Any, Bool, Counter, U16};

use super::affine::Affine;
use super::constants::constants;
use super::digits::BUCKETS;
use super::field::{LIMBS16, Number};
use crate::bus::{Bucket, CurvePoint, Fold, Sum, Term, Total};

/// Checked columns.
pub(super) const CHECKED: usize = 72;

/// Checked columns that messages with two points and a rest use.
const CARRIED: usize = 18;

/// Checked columns that a result uses.
const RESULT: usize = 2 * LIMBS16;

/// Room for checked cells in a row that has no messages.
pub(super) const ROOM: usize = CHECKED;

/// Room for checked cells in a row that has two points and a rest, the result's among them.
pub(super) const ROOM_BESIDE_POINTS: usize = CHECKED - CARRIED;

/// The columns and slots of the curve circuit.
///
/// 77 columns for all chips: five plain ones, and 72 that are checked to hold 16 bits where a chip asks for it. Of these, 18
/// hold two points and what is left of a scalar before and after a digit; 32 hold the sixteen cells of each coordinate of a
/// result, or four points of eight limbs.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The number of a sum.
    pub(super) sum: Cell,
    /// A digit's place.
    pub(super) digit: Cell,
    /// A bucket.
    pub(super) bucket: Cell,
    /// How many points it holds.
    pub(super) count: Cell,
    /// Whether the first point is subtracted.
    pub(super) negative: Cell,
    /// What is left of a scalar, before and after a digit.
    pub(super) rest: [Cell; 2],
    /// The cells of a result: x, then y.
    pub(super) result: Vec<Checked16>,
}

/// The columns, and what stands in them.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) columns: Columns,
    pub(super) term: Slot<Term>,
    pub(super) next_term: Slot<Term>,
    pub(super) bucket: Slot<Bucket>,
    pub(super) next_bucket: Slot<Bucket>,
    pub(super) open_bucket: Slot<Bucket>,
    pub(super) sum: Slot<Sum>,
    pub(super) sums: [Slot<Sum>; 3],
    pub(super) fold: Slot<Fold>,
    pub(super) next_fold: Slot<Fold>,
    pub(super) next_digit: Slot<Fold>,
    pub(super) curve_point: Slot<CurvePoint>,
    pub(super) total: Slot<Total>,
    /// The last of the result's x, times four.
    pub(super) top: Slot<Range16>,
    /// The first point.
    pub(super) first: Affine,
}

/// The points that stand in the columns.
struct Places {
    first: Affine,
    second: Affine,
    /// The result, its limbs made of four cells each.
    result: Affine,
    /// The same columns as four points.
    points: [Affine; 4],
}

/// The range that a column holds.
const WHY: &str = "the chip that uses the slot says why";

impl Layout {
    /// Declares the columns and slots.
    pub(crate) fn new(builder: &mut CircuitBuilder) -> Self {
        let [sum, digit, bucket, count, negative] =
            ["sum", "digit", "bucket", "count", "negative"].map(|name| builder.main(name));
        let mut checked = |name: String| builder.checked16(&name);
        let mut point = |name: &str| -> [Expr; 8] {
            let name = |i: usize| format!("{name}.{}[{}]", if i < 4 { "x" } else { "y" }, i % 4);
            array::from_fn(|i| checked(name(i)).cell.expr())
        };
        let (first, second) = (point("first"), point("second"));
        let rest = ["rest", "next rest"].map(|name| checked(name.to_owned()).cell);
        let name = |i: usize| format!("result.{} {}", if i < LIMBS16 { "x" } else { "y" }, i % LIMBS16);
        let result: Vec<_> = (0..RESULT).map(|i| checked(name(i))).collect();
        for i in 0..CHECKED - CARRIED - RESULT {
            let _ = checked(format!("limb {i}"));
        }
        let limb = |i: usize| (0..4).map(|j| result[4 * i + j].cell * Expr::power_of_two(16 * j as u32)).sum();
        let points = |p: usize| array::from_fn(|i| result[8 * p + i].cell.expr());
        let places = Places {
            first: Affine::assume(first, WHY),
            second: Affine::assume(second, WHY),
            result: Affine::assume(array::from_fn(limb), WHY),
            points: array::from_fn(|p| Affine::assume(points(p), WHY)),
        };
        let columns = Columns { sum, digit, bucket, count, negative, rest, result };
        Self::slots(builder, columns, places)
    }

    fn slots(builder: &mut CircuitBuilder, columns: Columns, places: Places) -> Self {
        let counter = |expr: Expr| Counter::assume(expr, WHY);
        let [sum, digit, bucket, count] =
            [columns.sum, columns.digit, columns.bucket, columns.count].map(|cell| counter(cell.expr()));
        let [rest, next_rest] = columns.rest.map(|cell| Any::assume(cell, "any field element"));
        let Places { first, second, result, points: [ready, weighted, next, closed] } = places;
        let (negative, top) = (Bool::assume(columns.negative, WHY), &columns.result[LIMBS16 - 1]);
        let left = counter(&digit + Expr::one());

        let term = Term { sum: sum.clone(), digit: digit.clone(), rest, point: first.clone() };
        let next_term = Term { digit: left.clone(), rest: next_rest, ..term.clone() };
        let filled = Bucket {
            sum: sum.clone(),
            digit: digit.clone(),
            bucket: bucket.clone(),
            count: count.clone(),
            point: second.clone(),
        };
        let next_filled = Bucket { count: counter(count + Expr::one()), point: result.clone(), ..filled.clone() };
        let open = Affine::constant(&constants().bucket);
        let open = Bucket { count: Counter::constant(0), point: open, ..filled.clone() };
        let fold = Fold { sum: sum.clone(), left, bucket, running: first.clone(), weighted: weighted.clone() };
        let lower = counter(&fold.bucket - Expr::one());
        let next_fold = Fold { bucket: lower, running: ready.clone(), weighted: next.clone(), ..fold.clone() };
        let next_digit = Fold {
            left: digit,
            bucket: Counter::constant(BUCKETS - 1),
            running: closed.clone(),
            weighted: Affine::constant(&constants().weighted),
            ..fold.clone()
        };
        let fact = Sum { negative, first: first.clone(), second: second.clone(), third: result };
        let added = |a: &Affine, b: &Affine, c: &Affine| Sum {
            negative: Bool::constant(false),
            first: a.clone(),
            second: b.clone(),
            third: c.clone(),
        };
        let residue = |number: &Number| Any::assume(number.native(), "any field element");
        let point = CurvePoint { x: residue(&ready.x()), y: residue(&ready.y()), point: ready.clone() };
        Self {
            term: slot(builder, "term", &term),
            next_term: slot(builder, "next term", &next_term),
            bucket: slot(builder, "bucket", &filled),
            next_bucket: slot(builder, "next bucket", &next_filled),
            open_bucket: slot(builder, "open bucket", &open),
            sum: slot(builder, "sum", &fact),
            sums: [
                slot(builder, "running sum", &added(&first, &second, &ready)),
                slot(builder, "weighted sum", &added(&weighted, &ready, &next)),
                slot(builder, "closing sum", &added(&next, &weighted, &closed)),
            ],
            fold: slot(builder, "fold", &fold),
            next_fold: slot(builder, "next fold", &next_fold),
            next_digit: slot(builder, "next digit", &next_digit),
            curve_point: slot(builder, "curve point", &point),
            total: slot(builder, "total", &Total { sum, point: ready }),
            first,
            top: builder.slot("top of x", vec![top.cell * Expr::from(4)]),
            columns,
        }
    }

    /// The columns that chips of other kinds may share: first those that the slots for terms, points and totals leave alone.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let all = (0..5 + CHECKED).map(Cell::main);
        all.clone().skip(5 + CARRIED + RESULT).chain(all.take(5 + CARRIED + RESULT)).collect()
    }

    /// The slot of the facts that points are on the curve.
    pub(crate) fn curve_point(&self) -> &Slot<CurvePoint> {
        &self.curve_point
    }

    /// The slot in which terms are sent. What it says of the digit is one more than what the [digit's cell](Self::digit) holds.
    pub(crate) fn next_term(&self) -> &Slot<Term> {
        &self.next_term
    }

    /// The slot of totals.
    pub(crate) fn total(&self) -> &Slot<Total> {
        &self.total
    }

    /// The digit's cell.
    pub(crate) fn digit(&self) -> Expr {
        self.columns.digit.expr()
    }

    /// Where a term's point stands.
    pub(crate) fn term_point(&self) -> Affine {
        self.first.clone()
    }

    /// The cells of one coordinate of a result in `row`, checked: 0 for x, 1 for y.
    pub(super) fn result(&self, chip: &mut ChipBuilder<'_>, coordinate: usize, row: i16) -> Vec<U16> {
        let columns = &self.columns.result[LIMBS16 * coordinate..LIMBS16 * (coordinate + 1)];
        columns.iter().map(|column| chip.checked(column, row)).collect()
    }

    /// Requires that the number in the columns of the result's x in `row` is below 2^254: four times its highest cell is
    /// below 2^16.
    pub(super) fn check_top(&self, chip: &mut ChipBuilder<'_>, row: i16) {
        let _ = chip.learn(&self.top, row);
    }
}

/// A slot for a message over cells.
fn slot<M: Message>(builder: &mut CircuitBuilder, name: &str, message: &M) -> Slot<M> {
    builder.slot(name, message.fields())
}
