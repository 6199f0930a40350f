//! What the curve is asked, and the windows that answer.

use std::collections::HashSet;

use halo2_proofs::halo2curves::bn256::G1Affine;
use halo2_proofs::halo2curves::group::GroupEncoding;
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::Sheet;
use verbatim_gadgets::value::inverse_or_zero;

use super::add::{Step, add};
use super::constants::constants;
use super::digits::{BASE, BUCKETS, DIGITS, digits};
use super::fold::{FoldEvent, fact};
use super::total::TotalEvent;
use super::{CurveChips, CurveEvent};
use crate::bus::{BucketNative, FoldNative};

/// What the curve cannot prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    /// The identity has no coordinates.
    #[error("term {term} of sum {sum} is a multiple of the identity")]
    Identity {
        /// The sum.
        sum: u64,
        /// The term, by its index.
        term: usize,
    },
    /// Two points to be added have the same x. Nobody knows terms for which this is so.
    #[error("sum {sum} adds a point to itself or to its negative")]
    Exceptional {
        /// The sum.
        sum: u64,
    },
    /// The total is the identity, which has no coordinates.
    #[error("the total of sum {sum} is the identity")]
    NoTotal {
        /// The sum.
        sum: u64,
    },
}

/// Collects what others ask of the curve.
#[derive(Debug, Default)]
pub struct CurveWork {
    points: HashSet<[u8; 32]>,
    sheet: Sheet<CurveChips>,
    /// The sum that reports of failures name.
    origin: u64,
}

/// The buckets of a sum: what is in each, and how many points.
type Buckets = Vec<[(G1Affine, u64); BUCKETS as usize]>;

impl CurveWork {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks that a point be shown to be on the curve, in its one form. Points that were asked for before, or are a total,
    /// share a window.
    pub fn point(&mut self, point: G1Affine) {
        let mut encoding = [0; 32];
        encoding.copy_from_slice(point.to_bytes().as_ref());
        if self.points.insert(encoding) {
            self.sheet.push(self.origin, CurveEvent::Point(point));
        }
    }

    /// Asks for the sum of `scalar * point` over all terms, under the number `sum`, which no other sum may have. Answers it.
    /// Whoever asks sends the terms, consumes the facts that their points are on the curve, for which it asks by
    /// [`point`](Self::point), and receives the total.
    ///
    /// # Errors
    /// If a point or the total is the identity, or two points of an addition have the same x.
    pub fn multiply(&mut self, sum: u64, terms: &[(F, G1Affine)]) -> Result<G1Affine, CurveError> {
        self.origin = sum;
        let mut buckets: Buckets = vec![[(constants().bucket, 0); BUCKETS as usize]; DIGITS as usize];
        for (index, (scalar, point)) in terms.iter().enumerate() {
            if bool::from(point.is_identity()) {
                return Err(CurveError::Identity { sum, term: index });
            }
            self.term(sum, *scalar, point, &mut buckets)?;
        }
        let running = self.folds(sum, &buckets)?;
        self.total(sum, running)
    }

    fn term(&mut self, sum: u64, scalar: F, point: &G1Affine, buckets: &mut Buckets) -> Result<(), CurveError> {
        let down = inverse_or_zero(F::from(BASE));
        let mut rest = scalar;
        for (place, digit) in digits(scalar).into_iter().enumerate() {
            let (bucket, count) = &mut buckets[place][digit.bucket as usize];
            let mut event = add(digit.negative, point, bucket).ok_or(CurveError::Exceptional { sum })?;
            let next = (rest - digit.value()) * down;
            let more = place + 1 < DIGITS as usize;
            event.step = Some(Step { sum, place: place as u64, digit, count: *count, rest: [rest, next], more });
            (*bucket, *count, rest) = (event.result, *count + 1, next);
            self.sheet.push(sum, CurveEvent::Add(event));
        }
        Ok(())
    }

    /// A sum as a service.
    fn add(&mut self, sum: u64, points: [G1Affine; 2]) -> Option<G1Affine> {
        let [first, second] = &points;
        let event = add(false, first, second)?;
        self.sheet.push(sum, CurveEvent::Add(event));
        Some(event.result)
    }

    fn folds(&mut self, sum: u64, buckets: &Buckets) -> Result<G1Affine, CurveError> {
        let mut total = constants().running;
        for (digit, buckets) in buckets.iter().enumerate().rev() {
            let digit = digit as u64;
            let (mut running, mut weighted) = (total, constants().weighted);
            for (bucket, (point, count)) in buckets.iter().enumerate().rev() {
                let bucket = bucket as u64;
                let fold = FoldNative { sum, left: digit + 1, bucket, running, weighted };
                let closed = BucketNative { sum, digit, bucket, count: *count, point: *point };
                let mut add = |points: [G1Affine; 2]| {
                    let third = self.add(sum, points).ok_or(CurveError::Exceptional { sum })?;
                    Ok(fact(points, third))
                };
                let ready = add([*point, running])?;
                let next = add([ready.third, weighted])?;
                let closing = (bucket == 0).then(|| add([next.third, weighted])).transpose()?;
                total = closing.as_ref().map_or(total, |closing| closing.third);
                (running, weighted) = (ready.third, next.third);
                let event = FoldEvent { fold, bucket: closed, sums: [Some(ready), Some(next), closing] };
                self.sheet.push(sum, CurveEvent::Fold(event));
            }
        }
        Ok(total)
    }

    fn total(&mut self, sum: u64, running: G1Affine) -> Result<G1Affine, CurveError> {
        let total = self.add(sum, [constants().correction, running]).ok_or(CurveError::NoTotal { sum })?;
        self.point(total);
        self.sheet.push(sum, CurveEvent::Total(TotalEvent { sum, running, total }));
        Ok(total)
    }

    /// All windows, in the order of the requests.
    pub fn finish(self) -> Sheet<CurveChips> {
        self.sheet
    }
}
