//! What is known of the cells of one chip's window.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::arithmetic::Field;

use super::interval::Interval;
use super::polynomial::Polynomial;
use crate::expr::{Cell, F};

/// How often everything is looked at, at most, for what follows from it.
const ROUNDS: usize = 24;
/// How many bits are tried with both values, at most, to show one range.
const SPLITS: usize = 5;

/// Something that holds in a window: the polynomial is congruent to an integer of the interval.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) polynomial: Polynomial,
    pub(super) interval: Interval,
}

impl Relation {
    pub(super) fn zero(polynomial: Polynomial) -> Self {
        Self { polynomial, interval: Interval::new(0, 0) }
    }
}

/// Relations that hold where a polynomial is not zero: the ranges of a message.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) multiplicity: Polynomial,
    pub(super) relations: Vec<Relation>,
}

/// What is known of the cells of a window.
#[derive(Clone, Debug)]
pub(super) struct Window<'c> {
    constraints: &'c [Relation],
    heard: &'c [Heard],
    assumed: Vec<Relation>,
    ranges: BTreeMap<Cell, Interval>,
}

/// Nothing satisfies what is known.
#[derive(Debug)]
pub(super) struct Impossible;

impl<'c> Window<'c> {
    pub(super) fn new(constraints: &'c [Relation], heard: &'c [Heard], ranges: BTreeMap<Cell, Interval>) -> Self {
        Self { constraints, heard, assumed: Vec::new(), ranges }
    }

    pub(super) fn assume(&mut self, relation: Relation) {
        self.assumed.push(relation);
    }

    /// Draws conclusions until there are no more.
    pub(super) fn conclude(&mut self) -> Result<(), Impossible> {
        for _ in 0..ROUNDS {
            let before = self.ranges.clone();
            for relation in self.relations() {
                self.learn(&relation)?;
            }
            if self.ranges == before {
                break;
            }
        }
        Ok(())
    }

    /// Every relation that holds, with the known cells replaced by their values.
    fn relations(&self) -> Vec<Relation> {
        let certain = |heard: &&Heard| self.reduce(&heard.multiplicity).cells().is_empty();
        let nonzero = |heard: &&Heard| !self.reduce(&heard.multiplicity).is_zero();
        let heard = self.heard.iter().filter(certain).filter(nonzero).flat_map(|heard| &heard.relations);
        let all = self.constraints.iter().chain(&self.assumed).chain(heard);
        let reduced = all.map(|r| Relation { polynomial: self.reduce(&r.polynomial), interval: r.interval.clone() });
        reduced.filter(|relation| !relation.polynomial.is_zero()).collect()
    }

    fn reduce(&self, polynomial: &Polynomial) -> Polynomial {
        polynomial.known(|cell| self.ranges.get(cell).and_then(Interval::as_point))
    }

    fn learn(&mut self, relation: &Relation) -> Result<(), Impossible> {
        let Relation { polynomial, interval } = relation;
        let cells = polynomial.cells();
        if cells.is_empty() {
            let constant = polynomial.terms().map(|(_, value)| *value).sum::<F>();
            return if Interval::point(&constant).is_in(interval) { Ok(()) } else { Err(Impossible) };
        }
        if self.evaluate(polynomial).is_some_and(|range| range.meet(interval).is_empty()) {
            return Err(Impossible);
        }
        if *interval == Interval::new(0, 0) {
            self.learn_of_factors(polynomial)?;
        }
        for cell in cells {
            if let Some(range) = polynomial.linear(cell).and_then(|slope| self.solve(relation, cell, slope)) {
                self.narrow(cell, &range)?;
            }
        }
        Ok(())
    }

    /// What follows from a polynomial that is zero if it is `x (x - 1)`, or a product besides a constant.
    fn learn_of_factors(&mut self, polynomial: &Polynomial) -> Result<(), Impossible> {
        if let [cell] = polynomial.cells().into_iter().collect::<Vec<_>>()[..] {
            let square = polynomial.terms().find(|(cells, _)| cells.len() == 2).map_or(F::ZERO, |(_, factor)| *factor);
            let bit = Polynomial::default().plus(&Polynomial::cell(cell).squared(), square);
            if !bool::from(square.is_zero()) && *polynomial == bit.plus(&Polynomial::cell(cell), -square) {
                return self.narrow(cell, &Interval::new(0, 1));
            }
        }
        let Some((cells, factor, constant)) = polynomial.single() else { return Ok(()) };
        // A product of bits is one only if each of them is.
        let bits = cells.iter().all(|cell| self.ranges.get(cell).is_some_and(Interval::is_bit));
        if bits && constant == -factor {
            for cell in cells {
                self.narrow(*cell, &Interval::new(1, 1))?;
            }
        }
        Ok(())
    }

    /// The range of a cell that a relation is linear in.
    fn solve(&self, relation: &Relation, cell: Cell, slope: F) -> Option<Interval> {
        let inverse = slope.invert().unwrap_or(F::ZERO);
        let rest = relation.polynomial.plus(&Polynomial::cell(cell), -slope);
        let rest = self.evaluate(&Polynomial::default().plus(&rest, -inverse))?;
        rest.plus(&scaled(&relation.interval, inverse)?).narrow()
    }

    fn narrow(&mut self, cell: Cell, range: &Interval) -> Result<(), Impossible> {
        let known = self.ranges.get(&cell).map_or_else(|| range.clone(), |known| known.meet(range));
        if known.is_empty() {
            return Err(Impossible);
        }
        self.ranges.insert(cell, known);
        Ok(())
    }

    /// The range of a polynomial by the ranges of its cells.
    fn evaluate(&self, polynomial: &Polynomial) -> Option<Interval> {
        let mut sum = Interval::new(0, 0);
        for (cells, coefficient) in polynomial.terms() {
            let mut term = Interval::point(coefficient);
            for cell in cells {
                term = term.times(self.ranges.get(cell)?).narrow()?;
            }
            sum = sum.plus(&term).narrow()?;
        }
        Some(sum)
    }

    /// Whether a polynomial is in `range`, by the ranges of its cells or with one relation's help.
    fn is_in(&self, polynomial: &Polynomial, range: &Interval) -> bool {
        let polynomial = self.reduce(polynomial);
        if self.evaluate(&polynomial).is_some_and(|found| found.is_in(range)) {
            return true;
        }
        let helped = |relation: &Relation| {
            let mut common = polynomial.terms().filter_map(|(cells, own)| {
                let [cell] = cells else { return None };
                let slope = relation.polynomial.linear(*cell)?;
                Some(*own * slope.invert().unwrap_or(F::ZERO))
            });
            common.any(|factor| {
                let rest = self.evaluate(&polynomial.plus(&relation.polynomial, -factor));
                let more = scaled(&relation.interval, factor);
                rest.zip(more).is_some_and(|(rest, more)| rest.plus(&more).is_in(range))
            })
        };
        self.relations().iter().any(helped)
    }

    /// Whether a polynomial is in `range` in every window: bits that are not known may be either.
    pub(super) fn shows(&self, polynomial: &Polynomial, range: &Interval) -> bool {
        self.shows_with(polynomial, range, SPLITS)
    }

    fn shows_with(&self, polynomial: &Polynomial, range: &Interval, splits: usize) -> bool {
        if self.is_in(polynomial, range) {
            return true;
        }
        let Some(bit) = self.bit_near(polynomial).filter(|_| splits > 0) else { return false };
        [0, 1].into_iter().all(|value| {
            let mut case = self.clone();
            let possible = case.narrow(bit, &Interval::new(value, value)).and_then(|()| case.conclude());
            possible.is_err() || case.shows_with(polynomial, range, splits - 1)
        })
    }

    /// A bit that is not known, in the polynomial, or as near to it as relations and messages are.
    fn bit_near(&self, polynomial: &Polynomial) -> Option<Cell> {
        let is_bit = |cell: &&Cell| self.ranges.get(*cell).is_some_and(Interval::is_bit);
        let mut near = self.reduce(polynomial).cells();
        let mut relations: Vec<BTreeSet<Cell>> = self.relations().iter().map(|r| r.polynomial.cells()).collect();
        // What would be known if a message were heard, together with what says whether it is.
        relations.extend(self.heard.iter().filter_map(|heard| {
            let condition = self.reduce(&heard.multiplicity).cells();
            let fields = heard.relations.iter().flat_map(|relation| self.reduce(&relation.polynomial).cells());
            (!condition.is_empty()).then(|| condition.iter().copied().chain(fields).collect())
        }));
        for _ in 0..3 {
            if let Some(bit) = near.iter().find(is_bit) {
                return Some(*bit);
            }
            let touching = relations.iter().filter(|cells| !cells.is_disjoint(&near));
            let more: BTreeSet<Cell> = touching.flatten().copied().collect();
            near.extend(more);
        }
        None
    }
}

fn scaled(interval: &Interval, factor: F) -> Option<Interval> {
    interval.times(&Interval::point(&factor)).narrow()
}
