//! Expressions as sums of monomials.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::arithmetic::Field;

use crate::expr::{Cell, Expr, F, Node};

/// A sum of products of cells, in order, with their coefficients. None is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Polynomial(BTreeMap<Vec<Cell>, F>);

impl Polynomial {
    pub(super) fn new(expr: &Expr) -> Self {
        match expr.node() {
            Node::Constant(value) => Self::constant(*value),
            Node::Cell(cell) => Self::cell(*cell),
            Node::Add(a, b) => Self::new(a).plus(&Self::new(b), F::ONE),
            Node::Mul(a, b) => Self::new(a).times(&Self::new(b)),
        }
    }

    pub(super) fn constant(value: F) -> Self {
        Self::default().with(Vec::new(), value)
    }

    pub(super) fn cell(cell: Cell) -> Self {
        Self::default().with(vec![cell], F::ONE)
    }

    fn with(mut self, monomial: Vec<Cell>, coefficient: F) -> Self {
        self.add(monomial, coefficient);
        self
    }

    fn add(&mut self, monomial: Vec<Cell>, coefficient: F) {
        let entry = self.0.entry(monomial).or_insert(F::ZERO);
        *entry += coefficient;
        if bool::from(entry.is_zero()) {
            self.0.retain(|_, value| !bool::from(value.is_zero()));
        }
    }

    /// This, and `factor` times the other.
    pub(super) fn plus(&self, other: &Self, factor: F) -> Self {
        let mut sum = self.clone();
        other.0.iter().for_each(|(monomial, value)| sum.add(monomial.clone(), *value * factor));
        sum
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (left, a) in &self.0 {
            for (right, b) in &other.0 {
                let mut monomial = [left.as_slice(), right].concat();
                monomial.sort_unstable();
                product.add(monomial, *a * b);
            }
        }
        product
    }

    pub(super) fn squared(&self) -> Self {
        self.times(self)
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = (&[Cell], &F)> {
        self.0.iter().map(|(monomial, coefficient)| (monomial.as_slice(), coefficient))
    }

    pub(super) fn cells(&self) -> BTreeSet<Cell> {
        self.0.keys().flatten().copied().collect()
    }

    /// With known cells replaced by their values.
    pub(super) fn known(&self, value: impl Fn(&Cell) -> Option<F>) -> Self {
        let mut reduced = Self::default();
        for (monomial, coefficient) in &self.0 {
            let (mut rest, mut factor) = (Vec::new(), *coefficient);
            for cell in monomial {
                match value(cell) {
                    Some(known) => factor *= known,
                    None => rest.push(*cell),
                }
            }
            reduced.add(rest, factor);
        }
        reduced
    }

    /// The coefficient of a cell that stands alone in one monomial, and in no other.
    pub(super) fn linear(&self, cell: Cell) -> Option<F> {
        let mut with = self.0.iter().filter(|(monomial, _)| monomial.contains(&cell));
        let (monomial, coefficient) = with.next()?;
        (monomial.len() == 1 && with.next().is_none()).then_some(*coefficient)
    }

    /// What is multiplied by `cell`, if every monomial is.
    pub(super) fn over(&self, cell: Cell) -> Option<Self> {
        let mut quotient = Self::default();
        for (monomial, coefficient) in &self.0 {
            let place = monomial.iter().position(|factor| *factor == cell)?;
            let mut rest = monomial.clone();
            rest.remove(place);
            quotient.add(rest, *coefficient);
        }
        Some(quotient)
    }

    /// The monomial and its coefficient, if there is one only besides a constant; and the constant.
    pub(super) fn single(&self) -> Option<(&[Cell], F, F)> {
        let constant = self.0.get(&[] as &[Cell]).copied().unwrap_or(F::ZERO);
        let mut others = self.0.iter().filter(|(monomial, _)| !monomial.is_empty());
        let (monomial, coefficient) = others.next()?;
        others.next().is_none().then_some((monomial, *coefficient, constant))
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}
