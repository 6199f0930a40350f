//! The search for a window that differs from an honest one and violates one constraint alone, or none.
//!
//! An attempt changes up to four cells or flags at will, or a row of flags, fills the cells that follow from others anew or leaves them, and then makes
//! all other constraints hold again. For that it takes as unknowns a set of cells of which no two are multiplied by each
//! other in a constraint that has to hold, so that all of these constraints are linear in the unknowns together, and solves
//! for those that a constraint asks for. Constraints come into the system as they fail, so that what is far from the change
//! stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use halo2_proofs::arithmetic::Field;

use super::linear::System;
use super::model::{Model, Subject};
use super::random::Random;
use crate::chip::Role;
use crate::expr::{Cell, F};
use crate::program::Scratch;

/// What an attempt looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// That this constraint, by chip and index, fails alone.
    Violate(usize, usize),
    /// That every constraint holds and all that is heard is the same, but something else is said.
    Choose,
    /// That every constraint holds.
    Move,
}

/// An honest window to start from.
#[derive(Debug)]
pub(super) struct Start<'m> {
    pub(super) model: &'m Model,
    /// Honest values.
    values: Vec<F>,
    /// What each equation's expression is worth in the honest window, where it is about a message.
    expected: Vec<F>,
    /// Whether each equation counts: fields of messages that are not there do not.
    counts: Vec<bool>,
}

/// Cells with other values than in the honest window.
pub(super) type Changes = BTreeMap<usize, F>;

impl<'m> Start<'m> {
    pub(super) fn new(model: &'m Model, values: Vec<F>) -> Self {
        let mut scratch = Scratch::default();
        let mut there = |message: usize| is_there(model, message, &values, &mut scratch);
        let counts = model.equations.iter().map(|equation| match equation.subject {
            Subject::Heard(message, true) | Subject::Said(message, Some(_)) => there(message),
            _ => true,
        });
        let counts = counts.collect();
        let mut scratch = Scratch::default();
        let expected = (0..model.equations.len()).map(|equation| match model.equations[equation].subject {
            Subject::Constraint(..) => F::ZERO,
            _ => model.value(equation, &values, &mut scratch),
        });
        let expected = expected.collect();
        Self { model, values, expected, counts }
    }

    /// Whether an equation has to hold.
    fn binds(&self, equation: usize, goal: &Goal) -> bool {
        match self.model.equations[equation].subject {
            Subject::Constraint(chip, index) => *goal != Goal::Violate(chip, index),
            Subject::Heard(..) => *goal == Goal::Choose && self.counts[equation],
            Subject::Said(..) => false,
        }
    }

    /// The equations one of which should not hold.
    pub(super) fn targets(&self, goal: &Goal) -> Vec<usize> {
        let is_target = |equation: &usize| match &self.model.equations[*equation].subject {
            Subject::Constraint(chip, index) => *goal == Goal::Violate(*chip, *index),
            Subject::Heard(..) => false,
            Subject::Said(..) => *goal == Goal::Choose && self.counts[*equation],
        };
        (0..self.model.equations.len()).filter(is_target).collect()
    }

    /// One attempt to make a target fail and nothing that binds.
    pub(super) fn attempt(&self, goal: &Goal, targets: &[usize], random: &mut Random) -> Option<Changes> {
        let target = random.one_of(targets)?;
        let seeds = self.seeds(target, random);
        let aim = F::from(random.next());
        let wanted = (random.below(2) == 0).then_some((target, aim));
        self.change(goal, &seeds, wanted, random).filter(|changes| self.fails(targets, changes))
    }

    /// One attempt at a window that holds in which somebody notices a change of `cell`.
    pub(super) fn attempt_to_notice(&self, cell: usize, random: &mut Random) -> Option<Changes> {
        let target = random.one_of(&self.model.readers[cell])?;
        let mut seeds = self.seeds(target, random);
        if random.below(2) == 0 {
            seeds.extend(self.whether(target));
        }
        seeds.remove(&cell);
        self.change(&Goal::Move, &seeds, None, random).filter(|changes| self.notices(cell, changes))
    }

    /// Where a message's field is looked at: the cells that say whether the message is there, each the other way.
    fn whether(&self, field: usize) -> Changes {
        let multiplicity = match self.model.equations[field].subject {
            Subject::Heard(message, true) => Subject::Heard(message, false),
            Subject::Said(message, Some(_)) => Subject::Said(message, None),
            _ => return Changes::new(),
        };
        let equation = self.model.equations.iter().find(|equation| equation.subject == multiplicity);
        let cells = equation.map_or(&[][..], |equation| &equation.reads);
        cells.iter().map(|cell| (*cell, F::ONE - self.values[*cell])).collect()
    }

    /// Changes `seeds`, and what follows.
    fn change(&self, goal: &Goal, seeds: &Changes, wanted: Option<(usize, F)>, random: &mut Random) -> Option<Changes> {
        let mut base = self.values.clone();
        seeds.iter().for_each(|(cell, value)| base[*cell] = *value);
        if random.below(2) == 0 {
            for derive in &self.model.derived {
                let filled = derive.values(|expr| expr.evaluate(&|cell| base[usize::from(cell.column)]));
                let free = filled.into_iter().filter(|(cell, _)| !seeds.contains_key(&usize::from(cell.column)));
                free.for_each(|(cell, value)| base[usize::from(cell.column)] = value);
            }
        }
        let ranks = self.ranks(goal, seeds, random);
        self.repair(goal, &base, &ranks, wanted)
    }

    /// Cells that change at will, those of the target first.
    fn seeds(&self, target: usize, random: &mut Random) -> Changes {
        let own = &self.model.equations[target].reads;
        let near: BTreeSet<usize> = own
            .iter()
            .flat_map(|cell| &self.model.readers[*cell])
            .flat_map(|equation| &self.model.equations[*equation].reads)
            .copied()
            .collect();
        let flags: Vec<usize> = near.intersection(&self.model.flags).copied().collect();
        let near: Vec<usize> = near.into_iter().collect();
        let mut seeds = match random.below(4) {
            0 => run(own, &flags, random),
            1 => return self.flips(&flags, random),
            _ => Changes::new(),
        };
        for _ in 0..random.below(5) {
            let from = match random.below(8) {
                0..4 => own,
                4..7 => &flags,
                _ => &near,
            };
            let Some(cell) = random.one_of(from) else { continue };
            let value = self.values[cell];
            let value = match random.below(12) {
                0..3 => F::ONE - value,
                3..6 => self.other_root(cell, random).unwrap_or(F::ONE - value),
                6 => F::from(random.below(4) as u64),
                7 => value + F::ONE,
                8 => value - F::ONE,
                9 => F::ZERO,
                10 => -F::ONE,
                _ => F::from(random.next()),
            };
            seeds.insert(cell, value);
        }
        seeds
    }

    /// Up to four flags, each the other way.
    fn flips(&self, flags: &[usize], random: &mut Random) -> Changes {
        let chosen = (0..=random.below(4)).filter_map(|_| random.one_of(flags)).collect::<BTreeSet<_>>();
        chosen.into_iter().map(|flag| (flag, F::ONE - self.values[flag])).collect()
    }

    /// Where an equation is quadratic in the cell, the other value for which it is what it is.
    fn other_root(&self, cell: usize, random: &mut Random) -> Option<F> {
        let squares = self.model.factors[cell].iter().filter(|(other, _)| *other == cell);
        let equation = random.one_of(&squares.map(|(_, equation)| *equation).collect::<Vec<_>>())?;
        let (mut values, mut scratch) = (self.values.clone(), Scratch::default());
        let mut at = |value: F| {
            values[cell] = value;
            self.model.value(equation, &values, &mut scratch)
        };
        // At -1, 0 and 1, a x^2 + b x + c is a - b + c, c and a + b + c; the roots add up to -b / a.
        let [minus, zero, plus] = [-F::ONE, F::ZERO, F::ONE].map(&mut at);
        let twice_a = plus + minus - zero.double();
        let inverse = Option::<F>::from(twice_a.invert())?;
        Some((minus - plus) * inverse - self.values[cell])
    }

    /// For each variable its rank among the unknowns: the least is solved for first. None if it is not an unknown.
    fn ranks(&self, goal: &Goal, seeds: &Changes, random: &mut Random) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.model.variables).collect();
        random.shuffle(&mut order);
        let mut ranks = vec![usize::MAX; self.model.variables];
        let mut blocked = vec![false; self.model.variables];
        for (rank, cell) in order.into_iter().enumerate() {
            let factors = || self.model.factors[cell].iter().filter(|(_, equation)| self.binds(*equation, goal));
            if blocked[cell] || seeds.contains_key(&cell) || factors().any(|(other, _)| *other == cell) {
                continue;
            }
            ranks[cell] = rank;
            factors().for_each(|(other, _)| blocked[*other] = true);
        }
        ranks
    }

    /// Solves for the unknowns until everything holds that binds.
    fn repair(&self, goal: &Goal, base: &[F], ranks: &[usize], wanted: Option<(usize, F)>) -> Option<Changes> {
        let (mut system, mut scratch) = (System::default(), Scratch::default());
        let mut add = |system: &mut System, equation: usize, aim: F| {
            let read = |cell: Cell| base[usize::from(cell.column)];
            let (value, slopes) = self.model.equations[equation].program.gradient(read, &mut scratch);
            let slopes = slopes.into_iter().map(|(cell, slope)| (usize::from(cell.column), slope));
            let terms = slopes.filter(|(cell, slope)| {
                *cell < ranks.len() && ranks[*cell] != usize::MAX && !bool::from(slope.is_zero())
            });
            system.add(terms, aim - value, ranks)
        };
        if let Some((target, aim)) = wanted {
            // Where the target has no unknown, the cells that were changed are what makes it fail.
            let _ = add(&mut system, target, aim);
        }
        let mut included = BTreeSet::new();
        loop {
            let changes = self.changes(base, &system.solution());
            let failing = self.failing(goal, &changes);
            if failing.is_empty() {
                return Some(changes);
            }
            for equation in failing {
                let old = !included.insert(equation);
                if old || !add(&mut system, equation, self.expected[equation]) {
                    return None;
                }
            }
        }
    }

    fn changes(&self, base: &[F], solution: &HashMap<usize, F>) -> Changes {
        let changed = |cell: usize| {
            let value = solution.get(&cell).map_or(base[cell], |change| base[cell] + change);
            (value != self.values[cell]).then_some((cell, value))
        };
        (0..self.model.variables).filter_map(changed).collect()
    }

    fn apply(&self, changes: &Changes) -> Vec<F> {
        let mut values = self.values.clone();
        changes.iter().for_each(|(cell, value)| values[*cell] = *value);
        values
    }

    /// Whether an equation is not what it is in the honest window.
    fn differs(&self, equation: usize, values: &[F], scratch: &mut Scratch) -> bool {
        self.model.value(equation, values, scratch) != self.expected[equation]
    }

    /// The equations that have to hold and do not. Those that read no changed cell hold as before.
    fn failing(&self, goal: &Goal, changes: &Changes) -> Vec<usize> {
        let touched: BTreeSet<usize> = changes.keys().flat_map(|cell| &self.model.readers[*cell]).copied().collect();
        let (values, mut scratch) = (self.apply(changes), Scratch::default());
        let bound = touched.into_iter().filter(|equation| self.binds(*equation, goal));
        bound.filter(|equation| self.differs(*equation, &values, &mut scratch)).collect()
    }

    fn fails(&self, targets: &[usize], changes: &Changes) -> bool {
        !self.failed(targets, changes).is_empty()
    }

    /// The targets that fail. A field of a message that is not there any more says nothing.
    fn failed(&self, targets: &[usize], changes: &Changes) -> Vec<usize> {
        let (values, mut scratch) = (self.apply(changes), Scratch::default());
        let counts = |target: &usize, scratch: &mut Scratch| match self.model.equations[*target].subject {
            Subject::Said(message, Some(_)) => is_there(self.model, message, &values, scratch),
            _ => true,
        };
        let mut fails = |target: &usize| counts(target, &mut scratch) && self.differs(*target, &values, &mut scratch);
        targets.iter().copied().filter(|target| fails(target)).collect()
    }

    /// Whether a change of `cell` is noticed by a constraint, or in a message that is there.
    fn notices(&self, cell: usize, changes: &Changes) -> bool {
        let (mut values, mut scratch) = (self.apply(changes), Scratch::default());
        let counts =
            |equation: &usize, values: &[F], scratch: &mut Scratch| match self.model.equations[*equation].subject {
                Subject::Heard(message, true) | Subject::Said(message, Some(_)) => {
                    is_there(self.model, message, values, scratch)
                }
                _ => true,
            };
        let readers = self.model.readers[cell].iter().copied();
        let readers: Vec<usize> = readers.filter(|equation| counts(equation, &values, &mut scratch)).collect();
        let value = |values: &[F], scratch: &mut Scratch| -> Vec<F> {
            readers.iter().map(|equation| self.model.value(*equation, values, scratch)).collect()
        };
        let before = value(&values, &mut scratch);
        values[cell] += F::ONE;
        before != value(&values, &mut scratch)
    }

    /// What is said otherwise with these changes.
    pub(super) fn said(&self, changes: &Changes) -> Vec<&'m Subject> {
        let said = self.failed(&self.targets(&Goal::Choose), changes).into_iter();
        said.map(|target| &self.model.equations[target].subject).collect()
    }
}

/// Whether a message is sent, received or consumed; what is provided always counts.
fn is_there(model: &Model, message: usize, values: &[F], scratch: &mut Scratch) -> bool {
    let (role, multiplicity) = &model.messages[message];
    let read = |cell: Cell| values[usize::from(cell.column)];
    *role == Role::Provide || !bool::from(multiplicity.value(read, scratch).is_zero())
}

/// All flags from one of the target's to any other made equal: lengths and positions are often given by flags that are one
/// up to a place.
fn run(own: &[usize], flags: &[usize], random: &mut Random) -> Changes {
    if flags.is_empty() {
        return Changes::new();
    }
    let of_target: Vec<usize> = (0..flags.len()).filter(|index| own.contains(&flags[*index])).collect();
    let one = random.one_of(&of_target).unwrap_or_default();
    let other = random.below(flags.len());
    let value = F::from(random.below(2) as u64);
    flags[one.min(other)..=one.max(other)].iter().map(|flag| (*flag, value)).collect()
}
