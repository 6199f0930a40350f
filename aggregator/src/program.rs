//! The engine that records: a verifier as a straight-line program over scalars.
//!
//! Every value has an address, the number of the values before it. What is added and multiplied is gathered into *forms*
//! as long as they fit one operation, and equal operations are recorded once.

use std::collections::{BTreeMap, HashMap};

use verbatim_circuits::poseidon::permute;

use crate::{
    Fr,
    engine::{Engine, Sum, WIDTH},
    native::Refusal,
    witness::Witness,
};

/// The address of a value.
pub type Address = u32;

/// How many values one operation reads.
pub const READS: usize = 3;

/// `product * a * b + sum of factor * value + constant`, where the values, with `a` and `b`, are at most [`READS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Form {
    product: Option<(Fr, Address, Address)>,
    linear: BTreeMap<Address, Fr>,
    constant: Fr,
}

impl Form {
    fn constant(value: Fr) -> Self {
        Self { constant: value, ..Self::default() }
    }

    fn value(address: Address) -> Self {
        Self { linear: BTreeMap::from([(address, Fr::one())]), ..Self::default() }
    }

    /// What is read.
    pub fn reads(&self) -> Vec<Address> {
        let mut reads: Vec<_> = self.linear.keys().copied().collect();
        reads.extend(self.product.iter().flat_map(|(_, a, b)| [*a, *b]));
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    fn as_constant(&self) -> Option<Fr> {
        (self.product.is_none() && self.linear.is_empty()).then_some(self.constant)
    }

    /// A multiple of one value, and a constant.
    fn as_affine(&self) -> Option<(Fr, Address)> {
        let (address, factor) = self.linear.iter().next()?;
        (self.product.is_none() && self.linear.len() == 1).then_some((*factor, *address))
    }

    fn scaled(&self, factor: Fr) -> Self {
        if factor == Fr::zero() {
            return Self::default();
        }
        Self {
            product: self.product.map(|(f, a, b)| (f * factor, a, b)),
            linear: self.linear.iter().map(|(address, f)| (*address, f * factor)).collect(),
            constant: self.constant * factor,
        }
    }

    /// The sum, if it is a form.
    fn plus(&self, other: &Self) -> Option<Self> {
        let product = match (self.product, other.product) {
            (Some((f, a, b)), Some((g, c, d))) if (a, b) == (c, d) => Some((f + g, a, b)).filter(|p| p.0 != Fr::zero()),
            (Some(_), Some(_)) => return None,
            (product, None) | (None, product) => product,
        };
        let mut linear = self.linear.clone();
        for (address, factor) in &other.linear {
            *linear.entry(*address).or_default() += factor;
        }
        linear.retain(|_, factor| *factor != Fr::zero());
        let sum = Self { product, linear, constant: self.constant + other.constant };
        (sum.reads().len() <= READS).then_some(sum)
    }

    fn evaluate(&self, values: &[Fr]) -> Fr {
        let product = self.product.map_or(Fr::zero(), |(f, a, b)| f * values[a as usize] * values[b as usize]);
        self.linear.iter().fold(product + self.constant, |sum, (address, f)| sum + values[*address as usize] * f)
    }
}

/// A point that the program reads, by its number.
pub type PointNumber = u32;

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A value is a form.
    Set(Form),
    /// A value times a form is one.
    Invert(Form),
    /// A form is zero.
    Assert(Form),
    /// A value is the next scalar that is given.
    Scalar,
    /// Two values are the coordinates of the next point that is given.
    Point,
    /// Three values are the permutation of three forms.
    Permute(Box<[Form; WIDTH]>),
    /// A form times a point is added to a sum.
    Term(Sum, Form, PointNumber),
}

impl Op {
    /// How many values it yields.
    pub fn values(&self) -> u32 {
        match self {
            Self::Set(_) | Self::Invert(_) | Self::Scalar => 1,
            Self::Assert(_) | Self::Term(..) => 0,
            Self::Point => 2,
            Self::Permute(_) => 3,
        }
    }
}

/// The engine that records.
#[derive(Debug, Default)]
pub struct Recorder {
    ops: Vec<Op>,
    next: Address,
    points: PointNumber,
    known: HashMap<Form, Address>,
    inverses: HashMap<Form, Address>,
}

/// A straight-line program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The operations, in their order.
    pub ops: Vec<Op>,
}

impl Recorder {
    /// A recorder that has recorded nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was recorded.
    pub fn finish(self) -> Program {
        Program { ops: self.ops }
    }

    fn push(&mut self, op: Op) -> Address {
        let address = self.next;
        self.next += op.values();
        self.ops.push(op);
        address
    }

    /// A form that is a multiple of one value and a constant, or a constant.
    fn affine(&mut self, form: &Form) -> Form {
        if form.as_constant().is_some() || form.as_affine().is_some() { form.clone() } else { self.set(form) }
    }

    fn set(&mut self, form: &Form) -> Form {
        let address = match self.known.get(form) {
            Some(address) => *address,
            None => {
                let address = self.push(Op::Set(form.clone()));
                self.known.insert(form.clone(), address);
                address
            }
        };
        Form::value(address)
    }
}

impl Engine for Recorder {
    type Scalar = Form;
    type Point = PointNumber;

    fn constant(&mut self, value: Fr) -> Form {
        Form::constant(value)
    }

    fn add(&mut self, a: &Form, b: &Form) -> Form {
        if let Some(sum) = a.plus(b) {
            return sum;
        }
        let (wide, narrow) = if a.reads().len() >= b.reads().len() { (a, b) } else { (b, a) };
        let wide = self.set(wide);
        wide.plus(narrow).unwrap_or_else(|| {
            let narrow = self.set(narrow);
            wide.plus(&narrow).expect("two values fit a form")
        })
    }

    fn mul(&mut self, a: &Form, b: &Form) -> Form {
        let (a, b) = (self.affine(a), self.affine(b));
        let (Some((f, left)), Some((g, right))) = (a.as_affine(), b.as_affine()) else {
            return match a.as_constant() {
                Some(factor) => b.scaled(factor),
                None => a.scaled(b.constant),
            };
        };
        let product = Some((f * g, left.min(right), left.max(right)));
        let mut linear = BTreeMap::new();
        *linear.entry(left).or_insert_with(Fr::zero) += f * b.constant;
        *linear.entry(right).or_insert_with(Fr::zero) += g * a.constant;
        linear.retain(|_, factor| *factor != Fr::zero());
        Form { product, linear, constant: a.constant * b.constant }
    }

    fn scale(&mut self, a: &Form, factor: Fr) -> Form {
        a.scaled(factor)
    }

    fn invert(&mut self, a: &Form) -> Form {
        let a = self.affine(a);
        let address = match self.inverses.get(&a) {
            Some(address) => *address,
            None => {
                let address = self.push(Op::Invert(a.clone()));
                self.inverses.insert(a, address);
                address
            }
        };
        Form::value(address)
    }

    fn assert_zero(&mut self, a: &Form) {
        self.push(Op::Assert(a.clone()));
    }

    fn permute(&mut self, state: [Form; WIDTH]) -> [Form; WIDTH] {
        let address = self.push(Op::Permute(Box::new(state)));
        std::array::from_fn(|i| Form::value(address + i as u32))
    }

    fn scalar(&mut self) -> Form {
        let address = self.push(Op::Scalar);
        Form::value(address)
    }

    fn point(&mut self) -> (PointNumber, [Form; 2]) {
        let address = self.push(Op::Point);
        self.points += 1;
        (self.points - 1, [Form::value(address), Form::value(address + 1)])
    }

    fn term(&mut self, sum: Sum, scalar: &Form, point: &PointNumber) {
        self.push(Op::Term(sum, scalar.clone(), *point));
    }
}

/// A program's run: all its values, and the terms of its sums.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The values by address.
    pub values: Vec<Fr>,
    /// The terms in their order: the sum, the scalar, and the number of the point in the witness.
    pub terms: Vec<(Sum, Fr, PointNumber)>,
}

impl Program {
    /// Runs the program on what it is given.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if an assertion does not hold or something is missing.
    pub fn run(&self, witness: &Witness) -> Result<Run, Refusal> {
        let mut run = Run::default();
        let (mut scalars, mut points, mut assertions) = (witness.scalars.iter(), witness.points.iter(), 0);
        for op in &self.ops {
            let values = &run.values;
            match op {
                Op::Set(form) => run.values.push(form.evaluate(values)),
                Op::Invert(form) => {
                    let inverse = Option::from(form.evaluate(values).invert()).ok_or(Refusal::Zero)?;
                    run.values.push(inverse);
                }
                Op::Assert(form) if form.evaluate(values) != Fr::zero() => return Err(Refusal::Assertion(assertions)),
                Op::Assert(_) => assertions += 1,
                Op::Scalar => run.values.push(*scalars.next().ok_or(Refusal::Missing)?),
                Op::Point => {
                    let point = points.next().ok_or(Refusal::Missing)?;
                    run.values.extend(crate::challenge::coordinates(point).ok_or(Refusal::Identity)?);
                }
                Op::Permute(forms) => {
                    let state = permute(&std::array::from_fn(|i| forms[i].evaluate(values)));
                    run.values.extend(state);
                }
                Op::Term(sum, form, point) => run.terms.push((*sum, form.evaluate(values), *point)),
            }
        }
        Ok(run)
    }
}
