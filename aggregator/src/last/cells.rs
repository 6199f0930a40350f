//! Cells of a halo2-base circuit: one gate, `a + b c = d` over four cells below each other, and lookups of small numbers.

use std::collections::BTreeMap;

use halo2_base::{AssignedValue, Context, QuantumCell, gates::circuit::builder::BaseCircuitBuilder};
use halo2_proofs::halo2curves::ff::{Field, FromUniformBytes, PrimeField};
use num_bigint::{BigInt, BigUint, Sign};

use crate::{Fr, native::Refusal};

/// A cell and its value.
pub(super) type Cell = AssignedValue<Fr>;

/// What a cell is filled with: another cell, which it then equals, a constant, or a value that nothing fixes yet.
pub(super) type Filling = QuantumCell<Fr>;

/// What cells are spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Arithmetic of scalars.
    Scalars,
    /// Permutations of Poseidon.
    Poseidon,
    /// Points that are read, and what is exposed of the sums.
    Points,
    /// The tables of the sums' terms.
    Tables,
    /// The digits of the sums' scalars, and the tables' selection.
    Digits,
    /// The sums' additions and doublings.
    Additions,
}

/// The cells of a circuit that is being built.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    builder: &'a mut BaseCircuitBuilder<Fr>,
    lookup_bits: usize,
    part: Part,
    spent: BTreeMap<Part, usize>,
    mark: usize,
    refusal: Option<Refusal>,
}

impl<'a> Cells<'a> {
    /// The cells of a builder that has a lookup table of `2^lookup_bits` rows.
    pub(super) fn new(builder: &'a mut BaseCircuitBuilder<Fr>, lookup_bits: usize) -> Self {
        Self { builder, lookup_bits, part: Part::Scalars, spent: BTreeMap::new(), mark: 0, refusal: None }
    }

    /// The bits of a number that is looked up.
    pub(super) fn lookup_bits(&self) -> usize {
        self.lookup_bits
    }

    /// From here on cells are spent on `part`. Says what they were spent on before.
    pub(super) fn spend_on(&mut self, part: Part) -> Part {
        let cells = self.context().advice.len();
        *self.spent.entry(self.part).or_default() += cells - self.mark;
        self.mark = cells;
        std::mem::replace(&mut self.part, part)
    }

    /// Notes that the witness is none; the constraints do not hold then.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }

    /// The cells by what they were spent on, and the first refusal.
    pub(super) fn finish(mut self) -> (BTreeMap<Part, usize>, Option<Refusal>) {
        self.spend_on(self.part);
        (self.spent, self.refusal)
    }

    fn context(&mut self) -> &mut Context<Fr> {
        self.builder.main(0)
    }

    /// A cell of its own with a constant.
    pub(super) fn constant(&mut self, value: Fr) -> Cell {
        self.context().assign_region_last([QuantumCell::Constant(value)], [])
    }

    /// A cell that nothing fixes yet.
    pub(super) fn free(&mut self, value: Fr) -> Cell {
        self.context().assign_region_last([QuantumCell::Witness(value)], [])
    }

    /// `start + sum of b c`, by one gate for each term. One cell for the start, three for a term.
    pub(super) fn chain(&mut self, start: impl Into<Filling>, terms: &[(Filling, Filling)]) -> Cell {
        self.chain_to(start.into(), terms, None)
    }

    /// As [`Cells::chain`], and the sum after the first term.
    pub(super) fn chain_with_first(&mut self, start: impl Into<Filling>, terms: &[(Filling, Filling)]) -> (Cell, Cell) {
        let sum = self.chain(start, terms);
        (self.context().get(-3 * terms.len() as isize + 2), sum)
    }

    /// As [`Cells::chain`]; the result is asserted to be `end`, if that is given.
    pub(super) fn chain_to(&mut self, start: Filling, terms: &[(Filling, Filling)], end: Option<Fr>) -> Cell {
        let mut sum = *start.value();
        let mut fillings = vec![start];
        for (index, (b, c)) in terms.iter().enumerate() {
            sum += b.value() * c.value();
            let last = end.filter(|_| index + 1 == terms.len());
            fillings.extend([*b, *c, last.map_or(QuantumCell::Witness(sum), QuantumCell::Constant)]);
        }
        if end.is_some_and(|end| end != sum) {
            self.refuse(Refusal::Unsatisfied);
        }
        self.context().assign_region_last(fillings, (0..terms.len()).map(|index| 3 * index as isize))
    }

    /// `a b`.
    pub(super) fn product(&mut self, a: impl Into<Filling>, b: impl Into<Filling>) -> Cell {
        self.chain(zero(), &[(a.into(), b.into())])
    }

    /// Asserts that two cells are equal.
    pub(super) fn equal(&mut self, a: &Cell, b: &Cell) {
        if a.value() != b.value() {
            self.refuse(Refusal::Unsatisfied);
        }
        self.context().constrain_equal(a, b);
    }

    /// Asserts that a cell is a constant.
    pub(super) fn is_constant(&mut self, cell: &Cell, value: Fr) {
        if *cell.value() != value {
            self.refuse(Refusal::Unsatisfied);
        }
        if let Some(at) = cell.cell {
            let manager = &self.context().copy_manager;
            manager.lock().expect("no thread has panicked").constant_equalities.push((value, at));
        }
    }

    /// A cell with `1` or `-1`.
    pub(super) fn sign(&mut self, negative: bool) -> Cell {
        #[cfg(test)]
        let negative = negative ^ tamper::now();
        let value = QuantumCell::Witness(if negative { -Fr::one() } else { Fr::one() });
        let context = self.builder.main(0);
        let row = context.advice.len() as isize;
        context.assign_region([zero(), value], []);
        let cell = context.get(row + 1);
        context.assign_region([cell.into(), one()], [-2]);
        cell
    }

    /// A cell with `0` or `1`.
    pub(super) fn bit(&mut self, value: bool) -> Cell {
        #[cfg(test)]
        let value = value ^ tamper::now();
        let context = self.builder.main(0);
        let row = context.advice.len() as isize;
        context.assign_region([zero(), QuantumCell::Witness(Fr::from(u64::from(value)))], []);
        let cell = context.get(row + 1);
        context.assign_region([cell; 2], [-2]);
        cell
    }

    /// Asserts that a cell is not zero.
    pub(super) fn not_zero(&mut self, cell: &Cell) {
        let inverse = witness(inverse_or_zero(cell.value()));
        self.chain_to(zero(), &[((*cell).into(), inverse)], Some(Fr::one()));
    }

    /// A cell with a number that is asserted to have `bits` bits. Not more than 230 bits.
    ///
    /// If `loose`, its bits are asserted only up to the next multiple of the lookup's.
    pub(super) fn number(&mut self, value: &BigInt, bits: usize, loose: bool) -> Cell {
        #[cfg(test)]
        let value = &tamper::changed(value);
        let step = self.lookup_bits;
        let bytes = value.to_biguint().unwrap_or_default().to_bytes_le();
        let chunks: Vec<Fr> = (0..bits.div_ceil(step)).map(|i| chunk(&bytes, i * step, step)).collect();
        let row = self.context().advice.len() as isize;
        let rest: Vec<_> = (1..chunks.len()).map(|i| (witness(chunks[i]), constant(power(i * step)))).collect();
        let result = self.chain(witness(chunks[0]), &rest);
        let at = |i: usize| if i == 0 { row } else { row + 3 * i as isize - 2 };
        let cells: Vec<Cell> = (0..chunks.len()).map(|i| self.context().get(at(i))).collect();
        cells.iter().for_each(|cell| self.look_up(*cell));
        let top = bits % step;
        if top != 0 && !loose {
            // Both it and this multiple of it are small, so the multiple is one of numbers.
            let last = cells[cells.len() - 1];
            let shifted = self.product(last, constant(power(step - top)));
            self.look_up(shifted);
        }
        if lift(result.value()) != *value {
            self.refuse(Refusal::Unsatisfied);
        }
        result
    }

    fn look_up(&mut self, cell: Cell) {
        let tag = self.context().tag();
        self.builder.lookup_manager()[0].add_lookup(tag, [cell]);
    }
}

/// A constant.
pub(super) fn constant(value: Fr) -> Filling {
    QuantumCell::Constant(value)
}

/// A value that nothing fixes yet.
pub(super) fn witness(value: Fr) -> Filling {
    QuantumCell::Witness(value)
}

/// Zero.
pub(super) fn zero() -> Filling {
    constant(Fr::zero())
}

/// One.
pub(super) fn one() -> Filling {
    constant(Fr::one())
}

/// `2^bits`.
pub(super) fn power(bits: usize) -> Fr {
    Fr::from(2).pow_vartime([bits as u64])
}

/// The element that an integer is.
pub(super) fn element(value: &BigInt) -> Fr {
    let (sign, bytes) = value.to_bytes_le();
    let mut wide = [0; 64];
    let length = bytes.len().min(64);
    wide[..length].copy_from_slice(&bytes[..length]);
    let magnitude = Fr::from_uniform_bytes(&wide);
    if sign == Sign::Minus { -magnitude } else { magnitude }
}

/// The integer of least magnitude that an element is.
pub(super) fn lift(value: &Fr) -> BigInt {
    let positive = BigInt::from_bytes_le(Sign::Plus, value.to_repr().as_ref());
    let negative = BigInt::from_bytes_le(Sign::Plus, (-value).to_repr().as_ref());
    if negative < positive { -negative } else { positive }
}

/// The number of `count` bits from bit `from` on, less than 64, of a number in bytes.
fn chunk(bytes: &[u8], from: usize, count: usize) -> Fr {
    let word = (0..9).fold(0u128, |word, i| word | u128::from(*bytes.get(from / 8 + i).unwrap_or(&0)) << (8 * i));
    Fr::from(((word >> (from % 8)) & ((1 << count) - 1)) as u64)
}

/// The inverse, or zero for zero.
pub(super) fn inverse_or_zero<F: Field>(value: &F) -> F {
    value.invert().unwrap_or(F::ZERO)
}

/// The integer of a field's order.
pub(super) fn order<F: PrimeField>() -> BigUint {
    BigUint::from_bytes_le((-F::ONE).to_repr().as_ref()) + 1u32
}

/// For tests: a prover that gives one value otherwise, and all that follows from it accordingly.
#[cfg(test)]
pub(super) mod tamper {
    use std::cell::{Cell, RefCell};

    use num_bigint::BigInt;

    thread_local! {
        static GIVEN: Cell<usize> = const { Cell::new(0) };
        static AT: Cell<Option<usize>> = const { Cell::new(None) };
        static ELEMENTS: Cell<usize> = const { Cell::new(0) };
        static ELEMENT: RefCell<Option<(usize, BigInt)>> = const { RefCell::new(None) };
    }

    /// From here on this element of the base field has the value of that number. Says how many elements have been given since
    /// the last call.
    pub(in crate::last) fn element_at(number: Option<(usize, BigInt)>) -> usize {
        ELEMENT.set(number);
        ELEMENTS.replace(0)
    }

    /// The value of the next element.
    pub(in crate::last) fn element(value: &BigInt) -> BigInt {
        let given = ELEMENTS.get();
        ELEMENTS.set(given + 1);
        let other = |(number, other): &(usize, BigInt)| (*number == given).then(|| other.clone());
        ELEMENT.with_borrow(|element| element.as_ref().and_then(other)).unwrap_or_else(|| value.clone())
    }

    /// From here on the value of this number is changed. Says how many values have been given since the last call.
    pub(in crate::last) fn at(number: Option<usize>) -> usize {
        AT.set(number);
        GIVEN.replace(0)
    }

    pub(super) fn now() -> bool {
        let given = GIVEN.get();
        GIVEN.set(given + 1);
        AT.get() == Some(given)
    }

    pub(super) fn changed(value: &BigInt) -> BigInt {
        match now() {
            true if *value == BigInt::from(0) => BigInt::from(1),
            true => value - 1,
            false => value.clone(),
        }
    }
}
