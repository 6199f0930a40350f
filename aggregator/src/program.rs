//! The engine that records: a verifier as a straight-line program over scalars.
//!
//! Every operation has an address, and so has every value: that of the operation that yields it, or one or two behind it
//! where it yields several. What is added and multiplied is gathered into *forms* as long as they fit one operation, and equal
//! operations are recorded once.

use std::collections::{BTreeMap, HashMap, HashSet};

use halo2_proofs::halo2curves::ff::Field;
use verbatim_circuits::poseidon::permute;

use crate::{
    Fr, G1Affine,
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

    /// What is read, each value once, but for the two factors of a square, which are two reads: the factors come first.
    pub fn reads(&self) -> Vec<Address> {
        let mut reads: Vec<_> = self.product.iter().flat_map(|(_, a, b)| [*a, *b]).collect();
        let others = self.linear.keys().copied().filter(|address| !reads.contains(address)).collect::<Vec<_>>();
        reads.extend(others);
        reads
    }

    /// The factor of the product, those of the values in the order of [`Form::reads`], and the constant.
    pub fn coefficients(&self) -> (Fr, Vec<Fr>, Fr) {
        let mut linear = self.linear.clone();
        let factors = self.reads().iter().map(|address| linear.remove(address).unwrap_or_default()).collect();
        (self.product.map_or(Fr::ZERO, |(factor, ..)| factor), factors, self.constant)
    }

    fn as_constant(&self) -> Option<Fr> {
        (self.product.is_none() && self.linear.is_empty()).then_some(self.constant)
    }

    /// One value as it is.
    fn as_value(&self) -> Option<Address> {
        self.as_affine().filter(|(factor, _)| *factor == Fr::ONE && self.constant == Fr::ZERO).map(|(_, at)| at)
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

/// One of the two elements that a permutation absorbs: `factor * value + constant`, or the constant alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// A value and its factor.
    pub value: Option<(Fr, Address)>,
    /// The constant.
    pub constant: Fr,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The program begins in a phase. The value is what the program before it has ended with.
    Begin(u64),
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
    /// Three values are the permutation of the three from this address on, after absorbing two elements into the last two.
    Permute(Address, [Absorbed; WIDTH - 1]),
    /// A form of one value at most, times the point that was read at an address, is added to a sum.
    Term(Sum, Form, Address),
    /// The program ends, in a phase, with a value.
    End(u64, Address),
}

impl Op {
    /// How many addresses it takes.
    pub fn size(&self) -> u32 {
        match self {
            Self::Point => 2,
            Self::Permute(..) => WIDTH as u32,
            _ => 1,
        }
    }
}

/// The engine that records.
#[derive(Debug, Default)]
pub struct Recorder {
    ops: Vec<Op>,
    next: Address,
    known: HashMap<Form, Address>,
    inverses: HashMap<Form, Address>,
    /// Where the states begin that permutations have left.
    states: HashSet<Address>,
    /// Where the state begins that an empty sponge has.
    empty: Option<Address>,
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

    /// A program that goes on in a phase, and what the one before it has ended with. To be called before anything else.
    pub fn begin(&mut self, phase: u64) -> Form {
        assert!(self.ops.is_empty(), "a program begins once");
        Form::value(self.push(Op::Begin(phase)))
    }

    /// Ends the program, in a phase, with a value.
    pub fn end(mut self, phase: u64, value: &Form) -> Program {
        let address = self.address(value);
        self.push(Op::End(phase, address));
        self.finish()
    }

    /// What was recorded.
    pub fn finish(self) -> Program {
        Program { ops: self.ops }
    }

    fn push(&mut self, op: Op) -> Address {
        let address = self.next;
        self.next += op.size();
        self.ops.push(op);
        address
    }

    /// A form that is a multiple of one value and a constant, or a constant.
    fn affine(&mut self, form: &Form) -> Form {
        if form.as_constant().is_some() || form.as_affine().is_some() { form.clone() } else { self.set(form) }
    }

    /// The address of a form's value.
    fn address(&mut self, form: &Form) -> Address {
        let form = match form.as_value() {
            Some(_) => form.clone(),
            None => self.set(form),
        };
        form.as_value().expect("it was set")
    }

    /// Three values one behind the other.
    fn state(&mut self, forms: &[Form; WIDTH]) -> Address {
        let [first, ..] = [0, 1, 2].map(|i| self.push(Op::Set(forms[i].clone())));
        first
    }

    /// The state that a permutation begins from, and what it absorbs into it.
    fn absorb(&mut self, state: &[Form; WIDTH]) -> (Address, [Absorbed; WIDTH - 1]) {
        let [capacity, rate @ ..] = state;
        let left = capacity.as_value().filter(|address| self.states.contains(address));
        let empty = capacity.as_constant() == Some(crate::sponge::capacity());
        let (base, before) = match left {
            Some(base) => (base, [1, 2].map(|i| Form::value(base + i))),
            None if empty => (self.empty(), [(); 2].map(|()| Form::default())),
            None => return (self.state(state), [Absorbed::default(); 2]),
        };
        let absorbed = [0, 1].map(|i| {
            let added = rate[i].plus(&before[i].scaled(-Fr::ONE)).expect("a sponge adds to its state");
            let added = self.affine(&added);
            Absorbed { value: added.as_affine(), constant: added.constant }
        });
        (base, absorbed)
    }

    fn empty(&mut self) -> Address {
        if let Some(address) = self.empty {
            return address;
        }
        let address = self.state(&[crate::sponge::capacity(), Fr::ZERO, Fr::ZERO].map(Form::constant));
        *self.empty.insert(address)
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
    type Point = Address;

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
        let (base, absorbed) = self.absorb(&state);
        let address = self.push(Op::Permute(base, absorbed));
        self.states.insert(address);
        std::array::from_fn(|i| Form::value(address + i as u32))
    }

    fn scalar(&mut self) -> Form {
        let address = self.push(Op::Scalar);
        Form::value(address)
    }

    fn point(&mut self) -> (Address, [Form; 2]) {
        let address = self.push(Op::Point);
        (address, [Form::value(address), Form::value(address + 1)])
    }

    fn term(&mut self, sum: Sum, scalar: &Form, point: &Address) {
        let scalar = self.affine(scalar);
        self.push(Op::Term(sum, scalar, *point));
    }
}

/// A program's run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The values by address. Where no operation yields one there is a zero.
    pub values: Vec<Fr>,
    /// The points, by the addresses at which they were read.
    pub points: BTreeMap<Address, G1Affine>,
    /// The terms in their order.
    pub terms: Vec<(Sum, Fr, G1Affine)>,
}

impl Program {
    /// How many addresses it takes.
    pub fn len(&self) -> Address {
        self.ops.iter().map(Op::size).sum()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Runs the program on what it is given: what the program before it has ended with, and the rest.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if an assertion does not hold or something is missing.
    pub fn run(&self, before: Fr, witness: &Witness) -> Result<Run, Refusal> {
        let mut run = Run::default();
        let (mut scalars, mut points, mut assertions) = (witness.scalars.iter(), witness.points.iter(), 0);
        for op in &self.ops {
            let values = &run.values;
            let value = match op {
                Op::Begin(_) => before,
                Op::Set(form) => form.evaluate(values),
                Op::Invert(form) => Option::from(form.evaluate(values).invert()).ok_or(Refusal::Zero)?,
                Op::Assert(form) if form.evaluate(values) != Fr::ZERO => return Err(Refusal::Assertion(assertions)),
                Op::Assert(_) => {
                    assertions += 1;
                    Fr::ZERO
                }
                Op::Scalar => *scalars.next().ok_or(Refusal::Missing)?,
                Op::End(..) => Fr::ZERO,
                Op::Term(sum, form, point) => {
                    let point = run.points.get(point).ok_or(Refusal::Missing)?;
                    run.terms.push((*sum, form.evaluate(values), *point));
                    Fr::ZERO
                }
                Op::Point => {
                    let point = points.next().ok_or(Refusal::Missing)?;
                    let [x, y] = crate::challenge::coordinates(point).ok_or(Refusal::Identity)?;
                    run.points.insert(values.len() as Address, *point);
                    run.values.push(x);
                    y
                }
                Op::Permute(base, absorbed) => {
                    let [a, b, c] = permute(&input(*base, absorbed, values));
                    run.values.extend([a, b]);
                    c
                }
            };
            run.values.push(value);
        }
        Ok(run)
    }
}

/// What a permutation permutes.
pub fn input(base: Address, absorbed: &[Absorbed; WIDTH - 1], values: &[Fr]) -> [Fr; WIDTH] {
    std::array::from_fn(|i| {
        let state = values[base as usize + i];
        let Some(absorbed) = i.checked_sub(1).map(|i| &absorbed[i]) else { return state };
        let value = absorbed.value.map_or(Fr::ZERO, |(factor, at)| factor * values[at as usize]);
        state + value + absorbed.constant
    })
}
