//! Tests of the engine's parts against what they compute, with a checker of a builder's constraints.

mod forged;

use std::collections::HashMap;

use halo2_base::{Context, ContextCell};
use halo2_proofs::{
    halo2curves::{
        bn256::{Fq, G1},
        ff::Field,
        group::{Curve, Group},
    },
    plonk::Assigned,
};
use num_bigint::BigInt;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use verbatim_prover::setup::Setup;

use super::{
    accumulator,
    cells::{order, tamper},
    circuit::LastCircuit,
    engine::{Halo2Engine, Scalar},
    limbs::integer,
    proof::{Keys, ProofError, verify},
};
use crate::{
    Fr, G1Affine,
    engine::{Engine, Sum},
    native::{Native, Refusal},
    witness::Witness,
};

/// A circuit's constraints, by cell.
struct Constraints {
    values: Vec<Fr>,
    gates: Vec<bool>,
    equal: Vec<(usize, usize)>,
    constants: Vec<(Fr, usize)>,
    lookups: Vec<usize>,
    bits: usize,
}

fn value(cell: &Assigned<Fr>) -> Fr {
    cell.evaluate()
}

impl Constraints {
    fn of(circuit: &LastCircuit) -> Self {
        let threads: &[Context<Fr>] = &circuit.builder.core().phase_manager[0].threads;
        assert_eq!(threads.len(), 1);
        let context = &threads[0];
        let manager = context.copy_manager.lock().expect("no thread has panicked");
        let at = |cell: &ContextCell| cell.offset;
        let lookups = circuit.builder.lookup_manager()[0].cells_to_lookup.lock().expect("no thread has panicked");
        Self {
            values: context.advice.iter().map(value).collect(),
            gates: context.selector.clone(),
            equal: manager.advice_equalities.iter().map(|(a, b)| (at(a), at(b))).collect(),
            constants: manager.constant_equalities.iter().map(|(value, cell)| (*value, at(cell))).collect(),
            lookups: lookups.values().flatten().map(|[cell]| cell.cell.expect("a cell").offset).collect(),
            bits: circuit.params().lookup_bits.expect("lookups"),
        }
    }

    fn gate(&self, row: usize) -> bool {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| self.values[row + i]);
        a + b * c == d
    }

    fn small(&self, value: Fr) -> bool {
        integer_of(value) < BigInt::from(1) << self.bits
    }

    /// What does not hold, at most one of each kind.
    fn broken(&self) -> Vec<&'static str> {
        let gates = (0..self.gates.len()).all(|row| !self.gates[row] || self.gate(row));
        let copies = self.equal.iter().all(|(a, b)| self.values[*a] == self.values[*b]);
        let constants = self.constants.iter().all(|(value, cell)| self.values[*cell] == *value);
        let lookups = self.lookups.iter().all(|cell| self.small(self.values[*cell]));
        let kinds = [(gates, "gate"), (copies, "copy"), (constants, "constant"), (lookups, "lookup")];
        kinds.into_iter().filter(|(holds, _)| !holds).map(|(_, name)| name).collect()
    }

    fn broken_gates(&self) -> usize {
        (0..self.gates.len()).filter(|row| self.gates[*row] && !self.gate(*row)).count()
    }

    fn broken_copies(&self) -> usize {
        self.equal.iter().filter(|(a, b)| self.values[*a] != self.values[*b]).count()
    }

    /// For each cell the first one that it is a copy of.
    fn classes(&self) -> Vec<usize> {
        let mut class: Vec<usize> = (0..self.values.len()).collect();
        let root = |class: &[usize], mut cell: usize| {
            while class[cell] != cell {
                cell = class[cell];
            }
            cell
        };
        for (a, b) in &self.equal {
            let (a, b) = (root(&class, *a), root(&class, *b));
            class[a.max(b)] = a.min(b);
        }
        (0..class.len()).for_each(|cell| class[cell] = class[class[cell]]);
        class
    }

    /// The cells that do not follow from what is looked up, up to a choice between two values, and from constants. A gate says
    /// what a cell is if all others of it are known and it changes with the cell.
    fn unknown(&self) -> Vec<usize> {
        let class = self.classes();
        let mut known = vec![false; class.len()];
        let constants = self.constants.iter().map(|(_, cell)| cell);
        self.lookups.iter().chain(constants).for_each(|cell| known[class[*cell]] = true);
        let mut left: Vec<usize> = (0..self.gates.len()).filter(|row| self.gates[*row]).collect();
        loop {
            let before = left.len();
            left.retain(|row| {
                let cells = [0, 1, 2, 3].map(|i| class[row + i]);
                let Some(next) = cells.into_iter().find(|cell| !known[*cell]) else { return false };
                let [a, b, c, d] = cells.map(|cell| if cell == next { Fr::one() } else { Fr::zero() });
                let slope = a + b * self.values[row + 2] + c * self.values[row + 1] - d;
                known[next] = slope != Fr::zero() && cells.into_iter().all(|cell| known[cell] || cell == next);
                !known[next]
            });
            if left.len() == before {
                return (0..class.len()).filter(|cell| !known[class[*cell]]).collect();
            }
        }
    }

    /// The cells that may be changed alone.
    fn idle(&self) -> Vec<usize> {
        let mut other: HashMap<usize, usize> = HashMap::new();
        self.equal.iter().for_each(|(a, b)| {
            other.extend([(*a, *b), (*b, *a)]);
        });
        let mut bound = vec![false; self.values.len()];
        other.keys().chain(self.constants.iter().map(|(_, cell)| cell)).for_each(|cell| bound[*cell] = true);
        for row in (0..self.gates.len()).filter(|row| self.gates[*row]) {
            let [_, b, c, _] = [0, 1, 2, 3].map(|i| self.values[row + i]);
            bound[row] = true;
            bound[row + 3] = true;
            bound[row + 1] |= c != Fr::zero();
            bound[row + 2] |= b != Fr::zero();
        }
        (0..bound.len()).filter(|cell| !bound[*cell]).collect()
    }
}

fn integer_of(value: Fr) -> BigInt {
    use halo2_proofs::halo2curves::ff::PrimeField;
    BigInt::from_bytes_le(num_bigint::Sign::Plus, value.to_repr().as_ref())
}

fn random() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(3)
}

/// A circuit of a body, whose constraints hold; every cell is bound by one.
fn holding(k: u32, witness: &Witness, body: impl FnOnce(&mut Halo2Engine<'_>) -> Vec<Scalar>) -> LastCircuit {
    let circuit = LastCircuit::mock(k, witness, body);
    let constraints = Constraints::of(&circuit);
    assert_eq!(constraints.broken(), Vec::<&str>::new());
    assert_eq!(circuit.refusal(), None);
    assert_eq!(constraints.idle(), Vec::<usize>::new());
    circuit
}

/// A term in each sum, so that a circuit can end.
fn end(engine: &mut Halo2Engine<'_>) {
    let generator = engine.known_point(&G1Affine::generator());
    let one = engine.constant(Fr::one());
    [Sum::Left, Sum::Right].into_iter().for_each(|sum| engine.term(sum, &one, &generator));
}

/// Scalars with edges, points with repetitions: all terms of one sum.
fn terms(count: usize) -> (Vec<Fr>, Vec<G1Affine>) {
    let mut random = random();
    let edges = [-Fr::one(), Fr::zero(), Fr::one(), Fr::from(2)];
    let scalars = (0..count).map(|i| edges.get(i).copied().unwrap_or_else(|| Fr::random(&mut random))).collect();
    let mut points: Vec<G1Affine> = (0..count).map(|_| G1::random(&mut random).to_affine()).collect();
    if count > 4 {
        points[1] = points[0];
        points[2] = -points[0];
        points[3] = G1Affine::generator();
    }
    (scalars, points)
}

#[test]
fn sums_are_those_of_the_curve_for_all_limbs() {
    for (k, count) in [(12, 1), (17, 2), (18, 5), (20, 3), (21, 4), (22, 7), (23, 6), (18, 41)] {
        let (scalars, points) = terms(count);
        let witness = Witness { scalars, points };
        let circuit = holding(k, &witness, |engine| {
            end(engine);
            let scalars: Vec<_> = (0..count).map(|_| engine.scalar()).collect();
            for scalar in scalars {
                let (point, _) = engine.point();
                engine.term(Sum::Right, &scalar, &point);
            }
            Vec::new()
        });
        let expected = witness.scalars.iter().zip(&witness.points).fold(G1::generator(), |sum, (s, p)| sum + p * s);
        let expected = accumulator(&[G1Affine::generator(), expected.to_affine()]);
        assert_eq!(circuit.instance(), expected, "k = {k}");
        assert_eq!(Constraints::of(&circuit).unknown(), Vec::<usize>::new(), "k = {k}");
        println!("k = {k}, {count}: {:?}", circuit.spent());
    }
}

#[test]
fn scalars_and_permutations_are_those_of_the_native_engine() {
    fn compute<E: Engine>(engine: &mut E) -> Vec<E::Scalar> {
        let [a, b] = [(); 2].map(|()| engine.scalar());
        let three = engine.constant(Fr::from(3));
        let sum = engine.add(&a, &b);
        let affine = engine.scale(&sum, Fr::from(5));
        let affine = engine.add(&affine, &three);
        let product = engine.mul(&affine, &b);
        let square = engine.mul(&affine, &affine);
        let inverse = engine.invert(&affine);
        let one = engine.mul(&inverse, &affine);
        let ended = engine.mul_add(&a, &b, &square);
        let other = engine.mul_add(&affine, &b, &product);
        let difference = engine.sub(&one, &three);
        let two = engine.constant(Fr::from(2));
        let zero = engine.add(&difference, &two);
        engine.assert_zero(&zero);
        let known = engine.mul(&three, &two);
        let nothing = engine.scale(&a, Fr::zero());
        let state = engine.permute([a, affine, known.clone()]);
        let state = engine.permute(state);
        let mut all = vec![sum, product, square, inverse, one, ended, other, difference, known, nothing];
        all.extend(state);
        all
    }
    let mut random = random();
    let witness = Witness { scalars: vec![Fr::random(&mut random), Fr::random(&mut random)], points: Vec::new() };
    let circuit = holding(12, &witness, |engine| {
        end(engine);
        compute(engine)
    });
    let mut native = Native::new(&witness);
    let expected = compute(&mut native);
    assert_eq!(circuit.instance()[..expected.len()], expected);
}

/// The coordinates of a point with a small x: `x + q` is below `2^254`.
fn small_point() -> [BigInt; 2] {
    (1..)
        .find_map(|x| {
            let x = Fq::from(x);
            let y: Option<Fq> = (x.square() * x + Fq::from(3)).sqrt().into();
            y.map(|y| [integer(&x), integer(&y)])
        })
        .expect("a point")
}

/// What breaks, and why a circuit that loads a point of these coordinates is refused.
fn loaded(coordinates: [BigInt; 2]) -> (Vec<&'static str>, Option<Refusal>) {
    let witness = Witness::default();
    let circuit = LastCircuit::mock(18, &witness, |engine| {
        end(engine);
        let (_, natives) = engine.load(&coordinates);
        natives.to_vec()
    });
    (Constraints::of(&circuit).broken(), circuit.refusal())
}

#[test]
fn points_are_on_the_curve_and_canonical() {
    let q = BigInt::from(order::<Fq>());
    let mut random = random();
    let small = small_point();
    let any = G1::random(&mut random).to_affine();
    let any = [any.x, any.y].map(|coordinate| integer(&coordinate));
    for good in [&small, &any] {
        assert_eq!(loaded(good.clone()), (vec![], None));
    }
    let refused = Some(Refusal::Unsatisfied);
    let [x, y] = small;
    let bad = [
        [&x + &q, y.clone()],
        [x.clone(), &y + 1],
        [&x + 1, y.clone()],
        [BigInt::default(), BigInt::default()],
        [q.clone(), BigInt::default()],
        [&x + (BigInt::from(1) << 254), y.clone()],
        [any[0].clone(), -&any[1] + &q + 1],
    ];
    for coordinates in bad {
        let (broken, refusal) = loaded(coordinates.clone());
        assert!(!broken.is_empty() && refusal == refused, "{coordinates:?}");
    }
}

/// Every number and every sign that the prover gives is determined by the others: whoever changes one breaks a constraint. What
/// is computed from the cell follows; the prover's other numbers do not, which is what `forged` is for.
#[test]
fn what_the_prover_gives_is_determined() {
    let mut random = random();
    let (scalars, points) = terms(1);
    let witness = Witness { scalars, points };
    let build = || {
        LastCircuit::mock(21, &witness, |engine| {
            end(engine);
            let (scalar, (point, _)) = (engine.scalar(), engine.point());
            engine.term(Sum::Right, &scalar, &point);
            Vec::new()
        })
    };
    tamper::at(None);
    assert!(Constraints::of(&build()).broken().is_empty());
    let given = tamper::at(None);
    // The last ones are those of what is exposed.
    for number in (given - 20..given).chain((0..30).map(|_| random.gen_range(0..given))) {
        tamper::at(Some(number));
        assert!(!Constraints::of(&build()).broken().is_empty(), "{number} of {given}");
    }
    tamper::at(None);
}

/// A sum that is the identity has no coordinates, and cannot be claimed to have any.
#[test]
fn a_sum_is_not_the_identity() {
    let mut random = random();
    let point = G1::random(&mut random).to_affine();
    let scalar = Fr::from(random.r#gen::<u64>());
    let witness = Witness { scalars: vec![scalar, -scalar], points: vec![point, point] };
    let circuit = LastCircuit::mock(18, &witness, |engine| {
        end(engine);
        for _ in 0..2 {
            let (scalar, (point, _)) = (engine.scalar(), engine.point());
            engine.term(Sum::Left, &scalar, &point);
        }
        let (minus, minus_generator) = (engine.constant(Fr::one()), engine.known_point(&-G1Affine::generator()));
        engine.term(Sum::Left, &minus, &minus_generator);
        Vec::new()
    });
    assert_eq!(circuit.refusal(), Some(Refusal::Unsatisfied));
    assert_eq!(Constraints::of(&circuit).broken(), ["gate"]);
}

/// Two equal points have no line through them: any slope would do, and give any sum.
#[test]
fn equal_points_are_not_added() {
    let witness = Witness::default();
    let circuit = LastCircuit::mock(18, &witness, |engine| {
        end(engine);
        end(engine);
        Vec::new()
    });
    assert_eq!(circuit.refusal(), Some(Refusal::Unsatisfied));
    let constraints = Constraints::of(&circuit);
    assert_eq!(constraints.broken(), ["gate"]);
    assert_eq!(constraints.broken_gates(), 1, "only that the differences are not zero");
}

/// A number's lookups bind: one that is too great, with the next one less by one, gives the same number.
#[test]
fn chunks_are_looked_up() {
    let witness = Witness { scalars: Vec::new(), points: vec![G1::random(&mut random()).to_affine()] };
    let circuit = holding(12, &witness, |engine| {
        end(engine);
        engine.point().1.to_vec()
    });
    let mut constraints = Constraints::of(&circuit);
    // The first two chunks of a number stand in its first gate.
    let looked_up: Vec<usize> = constraints.lookups.clone();
    let pairs = looked_up.windows(2).filter(|pair| pair[0] + 1 == pair[1] && constraints.gates[pair[0]]);
    let pairs: Vec<usize> = pairs.map(|pair| pair[0]).collect();
    assert!(pairs.len() > 10);
    let carried = super::cells::power(constraints.bits);
    for cell in pairs {
        let [low, high] = [constraints.values[cell], constraints.values[cell + 1]];
        let (more, less) = if high == Fr::zero() { (-carried, -Fr::one()) } else { (carried, Fr::one()) };
        constraints.values[cell] = low + more;
        constraints.values[cell + 1] = high - less;
        assert_eq!(constraints.broken(), ["lookup"]);
        constraints.values[cell] = low;
        constraints.values[cell + 1] = high;
    }
}

#[test]
fn assertions_and_inverses_bind() {
    let witness = Witness { scalars: vec![Fr::from(4)], points: Vec::new() };
    let refusal = |body: fn(&mut Halo2Engine<'_>, Scalar)| {
        let circuit = LastCircuit::mock(12, &witness, |engine| {
            end(engine);
            let scalar = engine.scalar();
            body(engine, scalar);
            Vec::new()
        });
        (circuit.refusal(), Constraints::of(&circuit).broken())
    };
    assert_eq!(refusal(|engine, a| engine.assert_zero(&a)), (Some(Refusal::Unsatisfied), vec!["constant"]));
    let of_constant = |engine: &mut Halo2Engine<'_>, _| {
        let one = engine.constant(Fr::one());
        engine.assert_zero(&one);
    };
    assert_eq!(refusal(of_constant), (Some(Refusal::Unsatisfied), vec!["constant"]));
    let zero = |engine: &mut Halo2Engine<'_>, a| {
        let difference = engine.sub(&a, &a);
        engine.invert(&difference);
    };
    assert_eq!(refusal(zero), (Some(Refusal::Zero), vec!["gate"]));
    let missing = |engine: &mut Halo2Engine<'_>, _| {
        engine.point();
    };
    assert_eq!(refusal(missing).0, Some(Refusal::Missing));
}

/// A small circuit, from keys without a witness to a proof under keys that were written and read.
#[test]
fn a_proof_holds_under_keys_that_were_read() {
    let body = |engine: &mut Halo2Engine<'_>| {
        end(engine);
        let scalars = [(); 3].map(|()| engine.scalar());
        let hashed = engine.permute(scalars);
        let (_, [x, y]) = engine.point();
        hashed.into_iter().chain([x, y]).collect()
    };
    let mut random = random();
    let witness = Witness {
        scalars: (0..3).map(|_| Fr::random(&mut random)).collect(),
        points: vec![G1::random(&mut random).to_affine()],
    };
    // One column, and several.
    for k in [13, 11] {
        let setup = Setup::unsafe_development(None);
        let params = setup.params(k).expect("a setup");
        let keys = Keys::new(&params, &LastCircuit::keygen(k, body)).expect("keys");
        let mut written = Vec::new();
        keys.write(&mut written).expect("memory");
        let keys = Keys::read(&mut &written[..]).expect("keys");
        assert!(Keys::read(&mut &written[..20]).is_err());
        assert_eq!(keys.pinning.params.num_advice_per_phase[0] == 1, k == 13);

        let circuit = LastCircuit::prover(&keys.pinning, &witness, body);
        let instance = circuit.instance();
        let proof = keys.prove(&params, circuit, &mut random).expect("a proof");
        verify(&params, keys.key.get_vk(), &instance, &proof).expect("the proof holds");
        let longer = [&proof[..], &[0]].concat();
        let trailing = verify(&params, keys.key.get_vk(), &instance, &longer);
        assert!(matches!(trailing, Err(ProofError::Trailing(1))));
        for place in 0..instance.len() {
            let mut instance = instance.clone();
            instance[place] += Fr::one();
            assert!(verify(&params, keys.key.get_vk(), &instance, &proof).is_err(), "element {place}");
        }
        let refused = LastCircuit::prover(&keys.pinning, &Witness::default(), body);
        assert!(matches!(keys.prove(&params, refused, &mut random), Err(ProofError::Refused(Refusal::Missing))));
    }
}
