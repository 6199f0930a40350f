//! Linear equations with few terms each, one added at a time.

use std::collections::{BTreeMap, HashMap};

use halo2_proofs::arithmetic::Field;

use crate::expr::F;

/// An equation: coefficients by unknown, solved for one of them, and the right side.
#[derive(Debug)]
struct Row {
    pivot: usize,
    terms: BTreeMap<usize, F>,
    right: F,
}

/// Equations that have a common solution. No row has the pivot of an earlier one.
#[derive(Debug, Default)]
pub(super) struct System {
    rows: Vec<Row>,
}

impl System {
    /// Adds an equation, solved for the unknown of the least `rank`, and answers whether there is still a solution.
    pub(super) fn add(&mut self, terms: impl IntoIterator<Item = (usize, F)>, right: F, rank: &[usize]) -> bool {
        let mut terms: BTreeMap<usize, F> = terms.into_iter().collect();
        let mut right = right;
        for row in &self.rows {
            let Some(factor) = terms.get(&row.pivot).copied() else { continue };
            for (unknown, coefficient) in &row.terms {
                *terms.entry(*unknown).or_insert(F::ZERO) -= factor * coefficient;
            }
            right -= factor * row.right;
            terms.retain(|_, coefficient| !bool::from(coefficient.is_zero()));
        }
        let Some(pivot) = terms.keys().copied().min_by_key(|unknown| rank[*unknown]) else {
            return bool::from(right.is_zero());
        };
        let inverse = Option::<F>::from(terms[&pivot].invert()).expect("zero terms are not kept");
        terms.values_mut().for_each(|coefficient| *coefficient *= inverse);
        self.rows.push(Row { pivot, terms, right: right * inverse });
        true
    }

    /// The solution in which every unknown is zero that no row is solved for.
    pub(super) fn solution(&self) -> HashMap<usize, F> {
        let mut solution = HashMap::new();
        for row in self.rows.iter().rev() {
            let others = row.terms.iter().filter(|(unknown, _)| **unknown != row.pivot);
            let known = others.filter_map(|(unknown, coefficient)| Some(*solution.get(unknown)? * coefficient));
            let value = row.right - known.sum::<F>();
            solution.insert(row.pivot, value);
        }
        solution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let f = F::from;
        let mut system = System::default();
        let rank = [2, 1, 0];
        // x + y + z = 6, y + 2 z = 8, x - z = -2: x = 1, y = 2, z = 3 is one solution; the third follows from the others.
        assert!(system.add([(0, f(1)), (1, f(1)), (2, f(1))], f(6), &rank));
        assert!(system.add([(1, f(1)), (2, f(2))], f(8), &rank));
        assert!(system.add([(0, f(1)), (2, -f(1))], -f(2), &rank));
        let solution = system.solution();
        let at = |unknown: usize| solution.get(&unknown).copied().unwrap_or(f(0));
        assert_eq!(at(0) + at(1) + at(2), f(6));
        assert_eq!(at(1) + at(2) * f(2), f(8));
        assert!(!system.add([(0, f(1)), (2, -f(1))], f(0), &rank), "it has another right side");
    }
}
