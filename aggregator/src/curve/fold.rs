//! The fold of a sum's buckets into its total, one bucket at a time.
//!
//! Bucket `b` of a digit counts `2 b + 1` times. With `S_b` for what is in it, `A` for the total of the digits above, and the
//! constants of `constants`, the buckets from the highest, 31, to 0 take
//!
//! ```text
//! T_32 = A,  U_32 = weighted constant,      T_b = T_(b+1) + S_b,      U_b = U_(b+1) + T_b
//! ```
//!
//! so that `U_0 + U_1 = 2 constant + 63 A + the sum of (2 b + 1) S_b`: the total with this digit, in base 63.
//!
//! **Given** `fold(sum, left, b, T_(b+1), U_(b+1))`, four rows **prove** by consumed sums what `T_b`, `U_b` and for bucket 0
//! `U_0 + U_1` are, and sends the next fold: of the next lower bucket, or of the next lower digit's highest. It opens the
//! bucket and closes it, by sending it with its constant and receiving what it has become: a sum's folds pass every bucket
//! of its 43 digits once, so each bucket is opened and closed once.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | lowest is boolean | 2 | |
//! | the lowest bucket is 0 | 2 | |
//! | closed bucket: sum, digit, bucket | 1 | that of the fold |
//! | bucket in row 1 | 1 | the one that is opened: that of the fold, with its constant |
//! | folded sum; in row 1; in row 2 | 1 | `S_b + T_(b+1)`, `T_b + U_(b+1)`, `U_b + U_(b+1)` |
//! | fold in row 3 | 2 | the next fold, by `lowest` |
//!
//! That bucket 0 is the lowest follows from the end: from a bucket below zero, the folds could only go on to lower ones, and
//! there are not as many rows as it takes to come around to 0. The same holds for a digit below 0. Of the digit "-1", which
//! has none left, folds can be proven; the total chip takes none of them, as it asks for the highest bucket.
//!
//! The points of the sums that are consumed are on the curve with x below 2^254, as [`Sum`] asks: they come
//! from constants and from other sums, in the order of the folds and of the bucket's counts, both of which only grow.

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter};

use super::affine::Affine;
use super::constants::constants;
use super::digits::BUCKETS;
use super::layout::Layout;
use crate::bus::{Bucket, BucketNative, Fold as FoldMessage, FoldNative, Sum, SumNative};

/// What a window is filled from.
#[derive(Clone, Debug)]
pub struct FoldEvent {
    /// The fold that it takes up.
    pub(super) fold: FoldNative,
    /// The bucket, closed.
    pub(super) bucket: BucketNative,
    /// The sums, the closing one for bucket 0 only.
    pub(super) sums: [Option<SumNative>; 3],
}

/// The chip.
#[derive(Debug)]
pub struct Fold {
    fold: FoldMessage,
    pub(super) bucket: Bucket,
    sums: [Sum; 3],
    lowest: Bool,
}

/// Consumes the sums, each in the row below the one before.
fn sums(chip: &mut ChipBuilder<'_>, layout: &Layout, fold: &FoldMessage, bucket: &Bucket, lowest: &Bool) -> [Sum; 3] {
    let mut consume = |row: i16, flag: &Bool, first: &Affine, second: &Affine| {
        let third = chip.peek(&layout.folded, row).third;
        let sum = Sum { negative: Bool::constant(false), first: first.clone(), second: second.clone(), third };
        chip.consume_if(&layout.folded, row, flag, &sum);
        sum
    };
    let always = Bool::constant(true);
    let running = consume(0, &always, &bucket.point, &fold.running);
    let weighted = consume(1, &always, &running.third, &fold.weighted);
    let closing = consume(2, lowest, &weighted.third, &fold.weighted);
    [running, weighted, closing]
}

/// The next fold: of the bucket below, or of the digit below's highest.
fn next(fold: &FoldMessage, [running, weighted, closing]: &[Sum; 3], lowest: &Bool) -> FoldMessage {
    let counter = |expr: Expr| Counter::assume(expr, "it falls");
    let begun = Affine::constant(&constants().weighted);
    FoldMessage {
        sum: fold.sum.clone(),
        left: counter(&fold.left - lowest),
        bucket: counter(lowest.select(BUCKETS - 1, &fold.bucket - Expr::one())),
        running: Affine::select(lowest, &closing.third, &running.third),
        weighted: Affine::select(lowest, &begun, &weighted.third),
    }
}

impl Chip for Fold {
    type Layout = Layout;
    type Event = FoldEvent;
    const NAME: &'static str = "fold";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let lowest = chip.bool_at("lowest", layout.lowest);
        let fold = chip.receive(&layout.fold, 0);
        let bucket = chip.receive(&layout.bucket, 0);
        let place = Counter::assume(&fold.left - Expr::one(), "a fold has a digit left");
        let opened = Bucket {
            sum: fold.sum.clone(),
            digit: place.clone(),
            bucket: fold.bucket.clone(),
            count: Counter::constant(0),
            point: Affine::constant(&constants().bucket),
        };
        chip.send(&layout.bucket, 1, &opened);
        let sums = sums(chip, layout, &fold, &bucket, &lowest);
        chip.send(&layout.fold, 3, &next(&fold, &sums, &lowest));
        chip.require_equal("closed bucket: sum", &bucket.sum, &fold.sum);
        chip.require_equal("closed bucket: digit", &bucket.digit, place);
        chip.require_equal("closed bucket: bucket", &bucket.bucket, &fold.bucket);
        chip.require_zero("the lowest bucket is 0", &lowest * &fold.bucket);
        Self { fold, bucket, sums, lowest }
    }

    fn fill(&self, event: &FoldEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.fold, &event.fold);
        row.message(&self.bucket, &event.bucket);
        for (sum, native) in self.sums.iter().zip(&event.sums) {
            native.iter().for_each(|native| row.message(sum, native));
        }
        row.set(&self.lowest, event.sums[2].is_some());
    }
}

/// A fold's sum as the fact says it.
pub(super) fn fact([first, second]: [G1Affine; 2], third: G1Affine) -> SumNative {
    SumNative { negative: false, first, second, third }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use verbatim_gadgets::expr::F;
    use verbatim_gadgets::message::Message;

    use super::{Fold, next};
    use crate::curve::testing::{Asker, Case, assert_audited, cell, chips, random_terms, windows};
    use crate::curve::{CurveEvent, digits};

    fn case() -> Case {
        let mut asker = Asker::default();
        asker.sum(5, &random_terms(3, 2)).expect("a sum");
        asker.case(15)
    }

    #[test]
    fn every_label_refuses() {
        let events = windows(1).into_iter();
        let folds = events.filter(|event| matches!(event, CurveEvent::Fold(_))).enumerate();
        let some = folds.filter(|(index, _)| [0, 7, 31, 63].contains(index)).map(|(_, event)| event);
        assert_audited(some);
    }

    #[test]
    fn every_bucket_is_folded_once() {
        let case = case();
        case.assert_holds();
        assert_eq!(case.rows("fold").len() as u64, digits::DIGITS * digits::BUCKETS);
    }

    /// A fold that is not at bucket 0 goes on to the next digit.
    #[test]
    fn buckets_that_are_left_out_are_refused() {
        let mut case = case();
        let row = case.rows("fold")[30];
        let Fold { fold, sums, lowest, .. } = chips().Fold;
        case.grid.write(cell(&lowest), row, F::one());
        for (place, value) in fold.fields().into_iter().zip(next(&fold, &sums, &lowest).fields()) {
            let value = case.grid.evaluate(&value, row);
            case.grid.write(cell(place).shifted(3), row, value);
        }
        let expected = ["fold: the lowest bucket is 0", "bus: fold of a sum", "bus: sum"].map(str::to_owned);
        assert_eq!(case.objections(&case.grid), BTreeSet::from(expected));
    }

    /// What is closed is not what the last addition left.
    #[test]
    fn a_bucket_without_its_last_points_is_refused() {
        let mut case = case();
        let (count, rows) = (cell(&chips().Fold.bucket.count), case.rows("fold"));
        let row = rows.into_iter().find(|row| case.grid.read(count, *row) != F::zero()).expect("a bucket in use");
        case.grid.write(count, row, F::zero());
        assert!(case.objections(&case.grid).contains("bus: bucket"));
    }

    /// A window of a fold is left out: its bucket is never closed.
    #[test]
    fn a_fold_that_is_left_out_is_missed() {
        let mut case = case();
        let row = case.rows("fold")[77];
        let index = case.grid.circuit.chips.iter().position(|chip| chip.name == "fold").expect("the chip");
        let selector = case.grid.circuit.chips[index].selector.expr().as_cell().expect("a column");
        case.grid.write(selector, row, F::zero());
        let objections = case.objections(&case.grid);
        assert!(objections.contains("bus: fold of a sum") && objections.contains("bus: sum"));
    }
}
