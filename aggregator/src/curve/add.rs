//! The addition of two points, for a digit of a term or as a service.
//!
//! **Given** points `(x_1, y_1)` and `(x_2, y_2)` on the curve, with x below 2^254 and y below 2^256, four rows **prove**
//! `(x_3, y_3) = ±(x_1, y_1) + (x_2, y_2)`, where `-(x, y)` is `(x, q - y)`, provided that `x_1` and `x_2` differ modulo `q`:
//!
//! ```text
//! slope (x_1 - x_2) = ±y_1 - y_2          slope^2 = x_1 + x_2 + x_3          slope (x_2 - x_3) = y_2 + y_3
//! ```
//!
//! modulo `q`, by `field`. The slope and `x_3` are below 2^254, `y_3` is below 2^256: by their cells. The
//! difference `D = x_1 - x_2` is between `-2^254` and `2^254`, and `2^254 < 2 q`: so `x_1` and `x_2` are equal modulo `q`
//! only where `D (D^2 - q^2)` is zero, also modulo `r`. That product is required to have an inverse. (It has none for `D = ±r`
//! and `D = ±(q - r)` either: two points that differ so cannot be added, which nobody will meet.)
//!
//! What is not a multiple of `q`, in the notation of `field`: `slope D` and `slope^2` are at most `2^508`,
//! the sums at most `2^258` in magnitude, and their limbs below `2^66`.
//!
//! The result is provided as a fact. Where `step` is one, the first point is a term's and the second a bucket's, and the
//! window adds a digit: with `magnitude = 2 bucket + 1`, it **proves** `rest = ±magnitude + base * next rest`. It sends the
//! next rest on, or shows that it is zero. (More digits than needed harm nobody; there are buckets for [`DIGITS`] only.)
//!
//! [`DIGITS`]: super::digits::DIGITS
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | negative / step / more is boolean | 2 | |
//! | slope, x and y: low half, high half, modulo r | 2 | the three equations |
//! | slope and x: below 2^254 | 1 | four times the highest cell has 16 bits |
//! | the inverse times the difference | 2 | `v = u D` |
//! | the points differ | 3 | `v (D^2 - q^2) = 1` |
//! | digit | 3 | where `step` is one |
//! | more digits of a term | 2 | `more` implies `step` |
//! | the last rest is zero | 2 | where `step` is one and `more` is not |

use halo2_proofs::halo2curves::bn256::{Fq, G1Affine};
use halo2_proofs::halo2curves::group::prime::PrimeCurveAffine;
use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool};

use super::affine::{Affine, integer};
use super::digits::{BASE, Digit};
use super::field::{Given, LIMBS16, Number, Relation, Supply, order, product, quotient};
use super::layout::{Layout, ROOM};
use crate::bus::{Bucket, BucketNative, Sum, Term, TermNative};

/// The digit of a term that a window adds to a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The sum.
    pub(super) sum: u64,
    /// The digit's place.
    pub(super) place: u64,
    /// The digit.
    pub(super) digit: Digit,
    /// How many points the bucket held before.
    pub(super) count: u64,
    /// What is left of the scalar, before and after.
    pub(super) rest: [F; 2],
    /// Whether there are more digits.
    pub(super) more: bool,
}

/// What a window is filled from.
#[derive(Clone, Copy, Debug)]
pub struct AddEvent {
    /// Whether the first point is subtracted.
    pub(super) negative: bool,
    /// The points.
    pub(super) points: [G1Affine; 2],
    /// The slope of the line through the points.
    pub(super) slope: Fq,
    /// The result.
    pub(super) result: G1Affine,
    /// The digit, if it is one.
    pub(super) step: Option<Step>,
}

/// The chip.
#[derive(Debug)]
pub struct Add {
    fact: Sum,
    term: Term,
    bucket: Bucket,
    next_rest: Any,
    step: Bool,
    more: Bool,
    slope: Given,
    third: [Given; 2],
    quotients: [Given; 3],
}

/// The messages of a digit: the term before and after it, and the bucket.
fn digit(chip: &mut ChipBuilder<'_>, layout: &Layout, [step, more]: [&Bool; 2]) -> ([Term; 2], Bucket) {
    let term = chip.receive_if(&layout.term, 1, step);
    let next_term = chip.peek(&layout.next_term, 1);
    chip.send_if(&layout.next_term, 1, more, &next_term);
    let bucket = chip.receive_if(&layout.bucket, 0, step);
    let next_bucket = chip.peek(&layout.next_bucket, 0);
    chip.send_if(&layout.next_bucket, 0, step, &next_bucket);
    ([term, next_term], bucket)
}

impl Add {
    fn digits(&self, chip: &mut ChipBuilder<'_>) {
        let Self { fact: Sum { negative, .. }, term, bucket, step, more, next_rest, .. } = self;
        chip.require_zero("negative is boolean", negative * negative.not());
        let magnitude = &bucket.bucket * Expr::from(2) + Expr::one();
        let value = negative.select(-&magnitude, &magnitude);
        chip.require_equal_if("digit", step, &term.rest, value + next_rest * Expr::from(BASE));
        chip.require_zero("more digits of a term", more * step.not());
        chip.require_zero("the last rest is zero", (step.expr() - more) * next_rest);
    }

    fn addition(&self, chip: &mut ChipBuilder<'_>, supply: &mut Supply) {
        let Self { fact: Sum { negative, first, second, .. }, slope, third, quotients, .. } = self;
        let slope = slope.number();
        let [x, y] = [third[0].number(), third[1].number()];
        let turned = &Number::constant(order()) - &first.y().scaled(&Expr::from(2));
        let signed = &first.y() + &turned.scaled(&negative.expr());
        let product = |a: &Number, b: Number| vec![(a.clone(), b)];
        let difference = &first.x() - &second.x();
        let relations = [
            ("slope", Relation { products: product(&slope, difference), linear: &second.y() - &signed }),
            ("x", Relation { products: product(&slope, slope.clone()), linear: -&(&(&first.x() + &second.x()) + &x) }),
            ("y", Relation { products: product(&slope, &second.x() - &x), linear: -&(&second.y() + &y) }),
        ];
        for ((label, relation), quotient) in relations.iter().zip(quotients) {
            relation.require(chip, label, quotient, supply);
        }
    }
}

/// Requires that two numbers between 0 and 2^254 differ modulo `q`.
fn require_different(chip: &mut ChipBuilder<'_>, a: &Affine, b: &Affine) {
    let difference = a.x().native() - b.x().native();
    let order = Number::constant(order()).native();
    let others = &difference * &difference - &order * &order;
    let inverse: Cell = chip.any(3).expr().as_cell().expect("a scratch cell");
    chip.derive_inverse(inverse, &difference * &others);
    let part = chip.store("the inverse times the difference", 3, inverse * &difference);
    chip.require_equal("the points differ", part * others, Expr::one());
}

impl Chip for Add {
    type Layout = Layout;
    type Event = AddEvent;
    const NAME: &'static str = "add";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = chip.bool_at("step", layout.step);
        let more = chip.bool_at("more", layout.more);
        let ([term, next_term], bucket) = digit(chip, layout, [&step, &more]);
        let fact = chip.peek(&layout.sum, 0);
        let multiplicity = chip.multiplicity(3);
        chip.provide(&layout.sum, 0, multiplicity, &fact);
        require_different(chip, &fact.first, &fact.second);
        let columns = layout.columns.checked.chunks_exact(LIMBS16);
        let third: Vec<_> = columns.map(|columns| Given::in_columns(chip, columns, 0)).collect();
        let third: [Given; 2] = third.try_into().expect("a row of checked cells holds two numbers");
        // Row 0 is full.
        let mut supply = Supply::new([0, ROOM, ROOM, ROOM]);
        let slope = Given::new(chip, &mut supply);
        third[0].require_below_254_bits(chip, "x", &mut supply);
        slope.require_below_254_bits(chip, "slope", &mut supply);
        let quotients = [(); 3].map(|()| Given::new(chip, &mut supply));
        let this = Self { fact, term, bucket, next_rest: next_term.rest, step, more, slope, third, quotients };
        this.digits(chip);
        this.addition(chip, &mut supply);
        this
    }

    fn fill(&self, event: &AddEvent, row: &mut WindowWriter<'_>) {
        let AddEvent { negative, points: [first, second], slope, result, step } = *event;
        row.set(&self.fact.negative, negative);
        row.set(&self.fact.first, first);
        row.set(&self.fact.second, second);
        let signed = if negative { -first.y } else { first.y };
        let [slope, x_3, y_3] = [slope, result.x, result.y].map(|element| integer(&element));
        self.slope.set(row, slope);
        self.third[0].set(row, x_3);
        self.third[1].set(row, y_3);
        let [x_1, x_2, y_1, y_2] = [first.x, second.x, signed, second.y].map(|element| integer(&element));
        self.set_quotients(row, slope, [x_1, x_2, x_3], [y_1, y_2, y_3]);
        if let Some(step) = step {
            self.fill_step(&step, event, row);
        }
    }
}

impl Add {
    /// Writes the quotients of the three equations over the given coordinates, the first y with its sign.
    fn set_quotients(&self, row: &mut WindowWriter<'_>, slope: U256, x: [U256; 3], y: [U256; 3]) {
        let one = |value| product(value, U256::from(1));
        let quotients = [
            quotient(product(slope, x[0]) + one(y[1]), product(slope, x[1]) + one(y[0])),
            quotient(product(slope, slope), x.into_iter().map(one).sum()),
            quotient(product(slope, x[1]), product(slope, x[2]) + one(y[1]) + one(y[2])),
        ];
        self.quotients.iter().zip(quotients).for_each(|(cells, quotient)| cells.set(row, quotient));
    }

    fn fill_step(&self, step: &Step, event: &AddEvent, row: &mut WindowWriter<'_>) {
        let Step { sum, place, digit, count, rest, more } = *step;
        let [first, second] = event.points;
        row.message(&self.term, &TermNative { sum, digit: place, rest: rest[0], point: first });
        row.message(&self.bucket, &BucketNative { sum, digit: place, bucket: digit.bucket, count, point: second });
        row.set(&self.next_rest, rest[1]);
        row.set(&self.step, true);
        row.set(&self.more, more);
    }
}

/// The sum of two points with its slope; none if one is the identity or their x are equal.
pub(super) fn add(negative: bool, first: &G1Affine, second: &G1Affine) -> Option<AddEvent> {
    if bool::from(first.is_identity() | second.is_identity()) {
        return None;
    }
    let signed = if negative { -first.y } else { first.y };
    let slope = (signed - second.y) * Option::<Fq>::from((first.x - second.x).invert())?;
    let x = slope.square() - first.x - second.x;
    let result = G1Affine { x, y: slope * (second.x - x) - second.y };
    Some(AddEvent { negative, points: [*first, *second], slope, result, step: None })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use halo2_proofs::arithmetic::Field;
    use halo2_proofs::halo2curves::group::Curve;
    use proptest::prelude::*;
    use verbatim_gadgets::grid::Grid;
    use verbatim_gadgets::machine::ChipSet;

    use super::*;
    use crate::curve::digits::DIGITS;
    use crate::curve::testing::{Asker, assert_audited, cell, chips, failures, grid, random_terms, windows};
    use crate::curve::{CurveChips, CurveEvent};

    fn labels<const N: usize>(labels: [&str; N]) -> BTreeSet<String> {
        labels.map(str::to_owned).into()
    }

    /// A digit with more behind it, a last one, one below zero, and a service.
    fn samples() -> Vec<CurveEvent> {
        let events = windows(1);
        let wanted: [fn(&AddEvent) -> bool; 4] = [
            |event| event.step.is_some_and(|step| step.more) && !event.negative,
            |event| event.step.is_some_and(|step| !step.more),
            |event| event.step.is_some_and(|step| step.more) && event.negative,
            |event| event.step.is_none(),
        ];
        let find = |wanted: fn(&AddEvent) -> bool| {
            let mut found = events.iter().filter(|event| matches!(event, CurveEvent::Add(add) if wanted(add)));
            found.next().expect("a sum has such a window").clone()
        };
        wanted.map(find).to_vec()
    }

    fn points(seed: u64) -> [G1Affine; 2] {
        let terms = random_terms(seed, 2);
        [terms[0].1, terms[1].1]
    }

    /// A window of the event, with some cells filled otherwise.
    fn forged(event: &AddEvent, change: impl FnOnce(&Add, &mut WindowWriter<'_>)) -> Grid {
        let (circuit, chips) = CurveChips::build();
        let circuit = Arc::new(circuit);
        let fixed = Arc::new(circuit.fixed_values(9));
        let mut grid = Grid::new(circuit, 9, fixed);
        let fill = |row: &mut WindowWriter<'_>| {
            chips.Add.fill(event, row);
            change(&chips.Add, row);
        };
        grid.place(0, 0, fill).expect("it fits");
        grid
    }

    #[test]
    fn every_label_refuses() {
        let additions = windows(1).into_iter().filter(|event| matches!(event, CurveEvent::Add(_))).enumerate();
        // A whole term, and sums that are services.
        let some = additions.filter(|(index, _)| *index < DIGITS as usize || index % 300 == 0);
        assert_audited(some.map(|(_, event)| event));
    }

    /// A point is added to itself with a slope that the equations leave open.
    #[test]
    fn equal_points_are_refused() {
        let [point, _] = points(2);
        for negative in [false, true] {
            let slope = Fq::from(77);
            let second = if negative { -point } else { point };
            let x = slope.square() - point.x.double();
            let result = G1Affine { x, y: slope * (point.x - x) - second.y };
            let event = AddEvent { negative, points: [point, second], slope, result, step: None };
            assert_eq!(failures(&grid([CurveEvent::Add(event)])), labels(["the points differ"]));
        }
    }

    /// The same, with another form of the same x.
    #[test]
    fn class_61_equal_points_in_two_forms_are_refused() {
        let small = (1..).map(Fq::from).map(|x| (x, Option::<Fq>::from((x.cube() + Fq::from(3)).sqrt())));
        let (x, y) = small.filter_map(|(x, y)| Some((x, y?))).next().expect("every other x has a y");
        let (point, slope) = (G1Affine { x, y }, Fq::from(77));
        let x_3 = slope.square() - x.double();
        let result = G1Affine { x: x_3, y: slope * (x - x_3) - y };
        let event = AddEvent { negative: false, points: [point, point], slope, result, step: None };
        let above = integer(&x) + order();
        assert!(above < U256::from(1) << 254);
        let forged = forged(&event, |chip, row| {
            for (cell, limb) in chip.fact.second.x.iter().zip(above.into_limbs()) {
                row.set(cell, limb);
            }
            let [slope, x, y, x_3, y_3] = [slope, x, y, x_3, result.y].map(|element| integer(&element));
            chip.set_quotients(row, slope, [x, above, x_3], [y, y, y_3]);
        });
        assert_eq!(failures(&forged), labels(["the points differ"]));
    }

    /// Every coordinate in the greatest form that its cells can hold: quotients and carries have room.
    #[test]
    fn points_in_their_greatest_forms_are_added() {
        let [first, second] = points(3);
        let event = add(false, &first, &second).expect("they differ");
        let most = U256::MAX;
        let raise = |value: U256, below: U256| value + (below - value) / order() * order();
        let high = (U256::from(1) << 254) - U256::from(1);
        let coordinates = [first.x, second.x, event.result.x].map(|x| raise(integer(&x), high));
        let ys = [first.y, second.y, event.result.y].map(|y| raise(integer(&y), most));
        let forged = forged(&event, |chip, row| {
            for (point, i) in [(&chip.fact.first, 0), (&chip.fact.second, 1)] {
                point.x.iter().zip(coordinates[i].into_limbs()).for_each(|(cell, limb)| row.set(cell, limb));
                point.y.iter().zip(ys[i].into_limbs()).for_each(|(cell, limb)| row.set(cell, limb));
            }
            chip.third[0].set(row, coordinates[2]);
            chip.third[1].set(row, ys[2]);
            let slope = raise(integer(&event.slope), high);
            chip.slope.set(row, slope);
            chip.set_quotients(row, slope, coordinates, ys);
        });
        assert_eq!(failures(&forged), BTreeSet::new());
    }

    /// The equation that is wrong notices, and no other.
    #[test]
    fn another_result_is_refused() {
        let [first, second] = points(4);
        let mut event = add(true, &first, &second).expect("they differ");
        event.result.y += Fq::ONE;
        let found = failures(&grid([CurveEvent::Add(event)]));
        assert!(found.contains("y: modulo r") && found.iter().all(|label| label.starts_with("y: ")));
        event.result.y -= Fq::ONE;
        event.negative = false;
        let found = failures(&grid([CurveEvent::Add(event)]));
        assert!(found.contains("slope: modulo r") && found.iter().all(|label| label.starts_with("slope: ")));
    }

    /// A slope or an x of 2^254 and more: four times its highest cell is not what is checked, or not ranged.
    #[test]
    fn class_39_a_coordinate_of_2_to_254_is_refused() {
        let mut asker = Asker::default();
        asker.sum(1, &random_terms(5, 1)).expect("a sum");
        let mut case = asker.case(15);
        case.assert_holds();
        let row = case.rows("add")[0];
        let (circuit, CurveChips { Add: add, .. }) = CurveChips::build();
        for (number, label) in [(&add.slope, "slope: below 2^254"), (&add.third[0], "x: below 2^254")] {
            let top = cell(&number.cells[LIMBS16 - 1]);
            let label = format!("add: {label}");
            let constraints = circuit.chips.iter().flat_map(|chip| &chip.constraints);
            let mut found = constraints.filter(|constraint| label.ends_with(&constraint.label));
            let cells = found.next().expect("the constraint").expr.cells();
            let quadruple = *cells.iter().find(|other| **other != top).expect("another cell");
            let values = [top, quadruple].map(|cell| case.grid.read(cell, row));
            case.grid.write(top, row, F::from(1 << 14));
            let objections = case.objections(&case.grid);
            assert!(objections.contains(&label) && !objections.contains("bus: range16"));
            case.grid.write(quadruple, row, F::from(1 << 16));
            let objections = case.objections(&case.grid);
            assert!(!objections.contains(&label) && objections.contains("bus: range16"));
            [top, quadruple].iter().zip(values).for_each(|(cell, value)| case.grid.write(*cell, row, value));
        }
    }

    /// A digit of one sum is added to the same bucket of another.
    #[test]
    fn a_digit_in_another_sum_is_refused() {
        let mut asker = Asker::default();
        for sum in [1, 2] {
            asker.sum(sum, &random_terms(5, 1)).expect("a sum");
        }
        let mut case = asker.case(16);
        case.assert_holds();
        let row = case.rows("add")[9];
        case.grid.write(cell(&chips().Add.term.sum), row, F::from(2));
        assert_eq!(case.objections(&case.grid), labels(["bus: bucket", "bus: term"]));
    }

    /// A digit is taken off but not added: the bucket's number is another.
    #[test]
    fn a_digit_of_another_bucket_is_refused() {
        let [CurveEvent::Add(more), CurveEvent::Add(last), ..] = &samples()[..] else { panic!("two additions") };
        let mut event = *more;
        event.step.iter_mut().for_each(|step| step.digit.bucket ^= 1);
        assert_eq!(failures(&grid([CurveEvent::Add(event)])), labels(["digit"]));
        let mut event = *last;
        event.step.iter_mut().for_each(|step| {
            step.rest[1] += F::ONE;
            step.rest[0] += F::from(BASE);
        });
        assert_eq!(failures(&grid([CurveEvent::Add(event)])), labels(["the last rest is zero"]));
    }

    #[test]
    fn what_cannot_be_added_is_not() {
        let [point, other] = points(6);
        assert!(add(false, &point, &point).is_none() && add(true, &point, &-point).is_none());
        assert!(add(false, &G1Affine::identity(), &point).is_none());
        let event = add(true, &point, &other).expect("they differ");
        assert_eq!(event.result, (other - point).to_affine());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_two_points_are_added(seed: u64, negative: bool) {
            let [first, second] = points(seed);
            let event = add(negative, &first, &second).expect("they differ");
            let signed = if negative { -first } else { first };
            prop_assert_eq!(event.result, (signed + second).to_affine());
            prop_assert_eq!(failures(&grid([CurveEvent::Add(event)])), BTreeSet::new());
        }
    }
}
