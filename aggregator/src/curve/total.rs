//! The total of a sum.
//!
//! **Given** nothing but the number of a sum, two rows **prove** the sum of its terms: row 1 begins the folds of its buckets
//! with the highest bucket of the highest digit, row 0 takes up what is left when no digit is, `(T, U)`, and adds the
//! correction to `T`: what the constants have added. The result is a point in its one form by a consumed fact.
//!
//! Whoever sent the terms receives the total, once; so there is one window for each sum that has terms, and none for
//! another. All terms are in it: a term is on the bus until its last digit has been added to a bucket of the sum, and the
//! buckets are opened and closed once.
//!
//! A total that is the identity cannot be proven: it has no coordinates.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | fold in row 1 | 1 | the first fold |
//! | one sum | 1 | the folds and the total are of one sum |
//! | no digit is left | 1 | in the last fold |
//! | no bucket is folded of the next digit | 1 | the last fold's bucket is the highest: folds behind it would add constants |
//! | folded sum | 1 | the correction, and that the total is the sum |

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter};

use super::affine::{Affine, reduced};
use super::constants::constants;
use super::digits::{BUCKETS, DIGITS};
use super::layout::Layout;
use crate::bus::{CurvePoint, CurvePointNative, Fold, FoldNative, Sum, Total as TotalMessage, TotalNative};

/// What a window is filled from.
#[derive(Clone, Copy, Debug)]
pub struct TotalEvent {
    /// The sum.
    pub(super) sum: u64,
    /// What the last fold leaves.
    pub(super) running: G1Affine,
    /// The total.
    pub(super) total: G1Affine,
}

/// The chip.
#[derive(Debug)]
pub struct Total {
    last: Fold,
    total: TotalMessage,
    on_curve: CurvePoint,
}

impl Chip for Total {
    type Layout = Layout;
    type Event = TotalEvent;
    const NAME: &'static str = "total";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let last = chip.receive(&layout.fold, 0);
        let total = chip.peek(&layout.total, 0);
        chip.send(&layout.total, 0, &total);
        let on_curve = chip.learn(&layout.curve_point, 0);
        let added = Sum {
            negative: Bool::constant(false),
            first: Affine::constant(&constants().correction),
            second: last.running.clone(),
            third: total.point.clone(),
        };
        chip.consume(&layout.folded, 0, &added);
        let first = Fold {
            sum: total.sum.clone(),
            left: Counter::constant(DIGITS),
            bucket: Counter::constant(BUCKETS - 1),
            running: Affine::constant(&constants().running),
            weighted: Affine::constant(&constants().weighted),
        };
        chip.send(&layout.fold, 1, &first);
        chip.require_equal("one sum", &last.sum, &total.sum);
        chip.require_zero("no digit is left", &last.left);
        chip.require_equal("no bucket is folded of the next digit", &last.bucket, Expr::from(BUCKETS - 1));
        Self { last, total, on_curve }
    }

    fn fill(&self, event: &TotalEvent, row: &mut WindowWriter<'_>) {
        let TotalEvent { sum, running, total } = *event;
        let weighted = constants().weighted;
        row.message(&self.last, &FoldNative { sum, left: 0, bucket: BUCKETS - 1, running, weighted });
        row.message(&self.total, &TotalNative { sum, point: total });
        let [x, y] = [&total.x, &total.y].map(reduced);
        row.message(&self.on_curve, &CurvePointNative { x, y, point: total });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use halo2_proofs::halo2curves::bn256::G1Affine;
    use halo2_proofs::halo2curves::group::Curve;
    use verbatim_gadgets::bus::{Balance, FactCounts};
    use verbatim_gadgets::expr::F;
    use verbatim_gadgets::machine::{Sheet, Workload};
    use verbatim_gadgets::value::Value;

    use super::{Affine, BUCKETS, Total, TotalEvent, constants};
    use crate::bus::{BucketNative, FoldNative, SumNative, Total as TotalMessage, TotalNative};
    use crate::curve::add::add;
    use crate::curve::fold::{Fold, FoldEvent, fact};
    use crate::curve::testing::{Asker, Case, assert_audited, cell, chips, expected, random_terms, rows, windows};
    use crate::curve::{CurveChips, CurveEvent};

    #[test]
    fn every_label_refuses() {
        assert_audited(windows(1).into_iter().filter(|event| matches!(event, CurveEvent::Total(_))));
    }

    /// The folds of a sum are begun, and those of another ended.
    #[test]
    fn totals_of_two_sums_cannot_be_exchanged() {
        let mut asker = Asker::default();
        for sum in [1, 2] {
            asker.sum(sum, &random_terms(sum, 1)).expect("a sum");
        }
        let mut case = asker.case(16);
        case.assert_holds();
        let Total { last, total, .. } = chips().Total;
        let begun = cell(&last.sum).shifted(1);
        let [first, second] = case.rows("total")[..] else { panic!("two totals") };
        for (row, value) in [(first, 2), (second, 1)] {
            for sum in [begun, cell(&total.sum)] {
                case.grid.write(sum, row, F::from(value));
            }
        }
        let expected = ["total: one sum", "bus: total"].map(str::to_owned);
        assert_eq!(case.objections(&case.grid), BTreeSet::from(expected));
    }

    /// A second total of the same sum has nobody who receives it.
    #[test]
    fn a_sum_has_one_total() {
        let mut asker = Asker::default();
        let terms = random_terms(4, 1);
        asker.sum(1, &terms).expect("a sum");
        asker.work.multiply(1, &terms).expect("another");
        let case = asker.case(16);
        let objections = case.objections(&case.grid);
        assert!(objections.contains("bus: total") && objections.contains("bus: term"));
    }

    /// The sum of two points: the window that proves it, and what it proves.
    fn sum(points: [G1Affine; 2]) -> (CurveEvent, SumNative) {
        let event = add(false, &points[0], &points[1]).expect("their x differ");
        (CurveEvent::Add(event), fact(points, event.result))
    }

    /// The windows of a sum that goes on behind its last digit: by one bucket of the digit "-1", empty but for its constant,
    /// which the total so has once too often. Answers the false total, too, and the weighted sum that the last fold leaves.
    fn folded_once_more(windows: Vec<CurveEvent>) -> (Vec<CurveEvent>, [G1Affine; 2]) {
        let (totals, mut events): (Vec<_>, Vec<_>) =
            windows.into_iter().partition(|event| matches!(event, CurveEvent::Total(_)));
        let [CurveEvent::Total(TotalEvent { sum: number, running, .. })] = totals[..] else { panic!("one total") };
        let (constants, highest) = (constants(), BUCKETS - 1);
        let (closing, ready) = sum([constants.bucket, running]);
        let (weighing, next) = sum([ready.third, constants.weighted]);
        let (correcting, total) = sum([constants.correction, ready.third]);
        let fold = FoldNative { sum: number, left: 0, bucket: highest, running, weighted: constants.weighted };
        // The digit follows: the test writes it.
        let bucket = BucketNative { sum: number, digit: 0, bucket: highest, count: 0, point: constants.bucket };
        let event = TotalEvent { sum: number, running: ready.third, total: total.third };
        events.extend([closing, weighing, correcting, CurveEvent::Point(total.third)]);
        events.push(CurveEvent::Fold(FoldEvent { fold, bucket, sums: [Some(ready), Some(next.clone()), None] }));
        events.push(CurveEvent::Total(event));
        (events, [total.third, next.third])
    }

    /// No digit is left, but a bucket has been folded all the same: the total is not that of the terms.
    #[test]
    fn nothing_is_folded_behind_the_last_digit() {
        let mut asker = Asker::default();
        let terms = random_terms(5, 1);
        let right = asker.sum(7, &terms).expect("a sum");
        let windows = asker.work.finish().events().iter().map(|(_, event)| event.clone()).collect();
        let (events, [wrong, weighted]) = folded_once_more(windows);
        assert_eq!(right, expected(&terms));
        assert_eq!(wrong, (right + constants().bucket).to_affine());
        let mut balance: Balance = asker.balance;
        balance.add_public::<TotalMessage>(&TotalNative { sum: 7, point: right }, F::one());
        balance.add_public::<TotalMessage>(&TotalNative { sum: 7, point: wrong }, -F::one());

        let mut sheet: Sheet<CurveChips> = Sheet::new();
        events.into_iter().for_each(|event| sheet.push(0, event));
        let mut grid = (&sheet as &dyn Workload).grid(15, 0..sheet.len()).expect("they fit");
        let Total { last, .. } = chips().Total;
        let Fold { bucket, .. } = chips().Fold;
        let fold = *rows(&grid, "fold").last().expect("the fold behind the last digit");
        let [total] = rows(&grid, "total")[..] else { panic!("one total") };
        grid.write(cell(&bucket.digit), fold, -F::one());
        grid.write(cell(&last.bucket), total, F::from(BUCKETS - 2));
        let (mut places, mut limbs) = (Vec::new(), Vec::new());
        last.weighted.push(&mut places);
        Affine::push_native(&weighted, &mut limbs);
        places.into_iter().zip(limbs).for_each(|(place, limb)| grid.write(cell(place), total, limb));
        let mut counts: FactCounts = asker.counts;
        counts.consume(&grid);
        counts.provide(&mut grid);
        let case = Case { grid, balance };
        assert_eq!(
            case.objections(&case.grid),
            BTreeSet::from(["total: no bucket is folded of the next digit".to_owned()])
        );
    }
}
