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
//! | folded sum | 1 | the correction, and that the total is the sum |

use halo2_proofs::halo2curves::bn256::G1Affine;
use verbatim_gadgets::chip::ChipBuilder;
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

    use verbatim_gadgets::expr::F;

    use super::Total;
    use crate::curve::CurveEvent;
    use crate::curve::testing::{Asker, assert_audited, cell, chips, random_terms, windows};

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
}
