//! The verification of a level: of a whole bundle, shard by shard, for any engine.
//!
//! A level verifies a bundle of the level below: [`block`] or [`verified`] begins, [`Progress::shard`] takes the next shard,
//! [`Progress::close`] ends. What one step needs of those before it is the [`Progress`]. The challenges are claimed at the
//! beginning, used by all shards, and shown to be the right ones at the end, when everything that they are hashed from is
//! known. The engine is given what each function says, in that order, and all that [`shard::verify`] asks for.
//!
//! # What a level shows
//!
//! That there is a bundle of the level below of which everything holds but the pairing: all shards are of keys in a
//! [tree], their challenges are those of the bundle, and the bus sums and the messages of the verifier add up to
//! zero. Of the pairing, the level leaves the two sums: of all shards, each multiplied by a power of a `factor` that is
//! hashed from all proofs, and of the sums that the level below has left.
//!
//! [`Statement`] says which bundle; [`Statement::outcome`] is what is hashed of it.

use verbatim_circuits::{
    bus::Fold,
    statement::{self, Label},
};
use verbatim_gadgets::{message::Message, value::from_u128};
use verbatim_prover::challenge::{Challenges, PROTOCOL_VERSION, coordinates};

use crate::{
    Fr, G1Affine,
    bus::Outcome,
    engine::{Engine, Sum},
    hash::{Domain, hash},
    key::Circuit,
    shard, tree,
};

/// What all levels above a block show: which block's bundle there is, and of which machine.
#[derive(Clone, Debug)]
pub struct Statement<S> {
    /// The digest of the block's [label](verbatim_circuits::statement::Label).
    pub label: S,
    /// The digest of the block's public messages.
    pub digest: S,
    /// Their number.
    pub count: S,
    /// The root of the tree of the keys of the circuits that prove blocks.
    pub block_keys: S,
    /// The root of the tree of the keys of the circuit that verifies.
    pub verifier_keys: S,
}

impl<S: Clone> Statement<S> {
    /// Reads the five.
    fn read<E: Engine<Scalar = S>>(engine: &mut E) -> Self {
        let [label, digest, count, block_keys, verifier_keys] = std::array::from_fn(|_| engine.scalar());
        Self { label, digest, count, block_keys, verifier_keys }
    }

    /// The five, in the order in which they are read.
    pub fn elements(&self) -> [S; 5] {
        let Self { label, digest, count, block_keys, verifier_keys } = self.clone();
        [label, digest, count, block_keys, verifier_keys]
    }

    /// The hash of the five.
    pub fn outcome<E: Engine<Scalar = S>>(&self, engine: &mut E) -> S {
        hash(engine, Domain::Outcome, &self.elements())
    }

    /// What the challenges of the block's bundle are hashed from: see [`statement::Chain::statement`].
    pub fn of_block<E: Engine<Scalar = S>>(&self, engine: &mut E) -> S {
        let domain = engine.constant(from_u128(statement::DOMAIN));
        let [first, second, third] = engine.permute([domain, self.digest.clone(), self.count.clone()]);
        let second = engine.add(&second, &self.label);
        let [_, statement, _] = engine.permute([first, second, third]);
        statement
    }
}

/// The digest of a block's label, of which the engine is given the elements, and these.
pub fn label<E: Engine>(engine: &mut E) -> (E::Scalar, [E::Scalar; Label::WIDTH]) {
    let elements: [E::Scalar; Label::WIDTH] = std::array::from_fn(|_| engine.scalar());
    let mut state = [Label::capacity(), Fr::zero(), Fr::zero()].map(|value| engine.constant(value));
    for two in elements.chunks(2) {
        for (place, element) in state[1..].iter_mut().zip(two) {
            *place = engine.add(place, element);
        }
        state = engine.permute(state);
    }
    (state[1].clone(), elements)
}

/// What the challenges of a bundle of the verifier circuit are hashed from: what it shows, and the two sums that it leaves.
pub fn statement_of_level<E: Engine>(engine: &mut E, outcome: &E::Scalar, sums: &[[E::Scalar; 2]; 2]) -> E::Scalar {
    let [[a, b], [c, d]] = sums.clone();
    hash(engine, Domain::Level, &[outcome.clone(), a, b, c, d])
}

/// How far the verification of a level has come.
#[derive(Clone, Debug)]
pub struct Progress<S> {
    /// What the level shows.
    pub statement: Statement<S>,
    /// The root of the tree in which the keys of its shards lie.
    pub keys: S,
    /// The challenges, as claimed.
    pub shared: Challenges<S>,
    /// What the pairings of the shards are multiplied by, as claimed: the first by it, the next by its square.
    pub factor: S,
    /// The power for the next shard.
    pub power: S,
    /// The chain of the shards' digests.
    pub chain: S,
    /// The number of shards.
    pub shards: S,
    /// The bus sums, and what the verifier adds.
    pub bus_sum: S,
    /// The chain of what the proofs were hashed into.
    pub tail: S,
    /// What the generator is to be multiplied by.
    pub generator: S,
}

/// Begins with the bundle of a block. The engine is given the [`Statement`], then the challenges and the factor.
pub fn block<E: Engine>(engine: &mut E) -> Progress<E::Scalar> {
    let statement = Statement::read(engine);
    let digest = statement.of_block(engine);
    let keys = statement.block_keys.clone();
    let mut progress = Progress::begin(engine, statement, keys, &digest);
    // The beginning of the chain of public messages is sent, its end is received.
    let zero = engine.constant(Fr::zero());
    let [one, minus_one] = [Fr::one(), -Fr::one()];
    let begin = [zero, progress.statement.label.clone()];
    progress.add_message::<Fold, E>(engine, one, &begin);
    let end = [progress.statement.count.clone(), progress.statement.digest.clone()];
    progress.add_message::<Fold, E>(engine, minus_one, &end);
    progress
}

/// Begins with the bundle of a level that verifies. The engine is given the [`Statement`], the challenges and the factor, and
/// the points that the level below has left: left, then right.
pub fn verified<E: Engine>(engine: &mut E) -> Progress<E::Scalar> {
    let statement = Statement::read(engine);
    let claims = Claims::read(engine);
    let [(left, left_at), (right, right_at)] = [(); 2].map(|()| engine.point());
    let one = engine.constant(Fr::one());
    engine.term(Sum::Left, &one, &left);
    engine.term(Sum::Right, &one, &right);
    let outcome = statement.outcome(engine);
    let digest = statement_of_level(engine, &outcome, &[left_at.clone(), right_at.clone()]);
    let keys = statement.verifier_keys.clone();
    let mut progress = Progress::with(engine, statement, keys, &digest, claims);
    let [[a, b], [c, d]] = [left_at, right_at];
    progress.add_message::<Outcome, E>(engine, -Fr::one(), &[outcome, a, b, c, d]);
    progress
}

/// What is claimed at the beginning.
struct Claims<S> {
    shared: Challenges<S>,
    factor: S,
}

impl<S> Claims<S> {
    fn read<E: Engine<Scalar = S>>(engine: &mut E) -> Self {
        let [alpha, gamma, factor] = std::array::from_fn(|_| engine.scalar());
        Self { shared: Challenges { alpha, gamma }, factor }
    }
}

impl<S: Clone> Progress<S> {
    fn begin<E: Engine<Scalar = S>>(engine: &mut E, statement: Statement<S>, keys: S, digest: &S) -> Self {
        let claims = Claims::read(engine);
        Self::with(engine, statement, keys, digest, claims)
    }

    fn with<E: Engine<Scalar = S>>(
        engine: &mut E,
        statement: Statement<S>,
        keys: S,
        digest: &S,
        claims: Claims<S>,
    ) -> Self {
        let version = engine.constant(Fr::from(PROTOCOL_VERSION));
        let chain = hash(engine, Domain::Start, &[version, digest.clone()]);
        let zero = engine.constant(Fr::zero());
        let Claims { shared, factor } = claims;
        Self {
            statement,
            keys,
            shared,
            power: factor.clone(),
            factor,
            chain,
            shards: zero.clone(),
            bus_sum: zero.clone(),
            tail: zero.clone(),
            generator: zero,
        }
    }

    /// Adds the fraction of a message of the verifier's: `multiplicity / (gamma + tag + alpha x_1 + alpha^2 x_2 + ...)`.
    fn add_message<M: Message, E: Engine<Scalar = S>>(&mut self, engine: &mut E, multiplicity: Fr, tuple: &[S]) {
        assert_eq!(tuple.len(), M::WIDTH, "a tuple has the arity of its tag");
        let zero = engine.constant(Fr::zero());
        let folded = tuple.iter().rev().fold(zero, |sum, x| {
            let sum = engine.add(&sum, x);
            engine.mul(&sum, &self.shared.alpha)
        });
        let tag = engine.constant(Fr::from(M::TAG.id));
        let denominator = engine.add(&folded, &self.shared.gamma);
        let denominator = engine.add(&denominator, &tag);
        let inverse = engine.invert(&denominator);
        let fraction = engine.scale(&inverse, multiplicity);
        self.bus_sum = engine.add(&self.bus_sum, &fraction);
    }

    /// Verifies the next shard. The engine is given the shard, then the path of its key in the tree.
    pub fn shard<E: Engine<Scalar = S>>(self, engine: &mut E, circuit: &Circuit) -> Self {
        let verified = shard::verify(engine, circuit, &self.shared, &self.power);
        let root = tree::root(engine, &verified.key);
        engine.assert_equal(&root, &self.keys);
        let one = engine.constant(Fr::one());
        Self {
            power: engine.mul(&self.power, &self.factor),
            chain: shard::chain_step(engine, &self.chain, &verified.digest),
            shards: engine.add(&self.shards, &one),
            bus_sum: engine.add(&self.bus_sum, &verified.bus_sum),
            tail: hash(engine, Domain::Tail, &[self.tail.clone(), verified.tail]),
            generator: engine.add(&self.generator, &verified.generator),
            ..self
        }
    }

    /// Ends the level, and answers what it shows. The engine is given the generator of the first group.
    pub fn close<E: Engine<Scalar = S>>(self, engine: &mut E) -> Statement<S> {
        // There is a shard.
        engine.invert(&self.shards);
        let Challenges { alpha, gamma } = shard::challenges(engine, &self.chain, &self.shards);
        engine.assert_equal(&alpha, &self.shared.alpha);
        engine.assert_equal(&gamma, &self.shared.gamma);
        let factor = factor(engine, &self.tail);
        engine.assert_equal(&factor, &self.factor);
        engine.assert_zero(&self.bus_sum);
        let (generator, at) = engine.point();
        let expected = coordinates(&G1Affine::generator()).expect("it is not the identity");
        for (coordinate, expected) in at.iter().zip(expected) {
            let expected = engine.constant(expected);
            engine.assert_equal(coordinate, &expected);
        }
        engine.term(Sum::Right, &self.generator, &generator);
        self.statement
    }

    /// The hash of all of it, between two programs.
    pub fn digest<E: Engine<Scalar = S>>(&self, engine: &mut E) -> S {
        hash(engine, Domain::Progress, &self.elements())
    }

    /// Reads what was hashed into a digest.
    pub fn read<E: Engine<Scalar = S>>(engine: &mut E, digest: &S) -> Self {
        let statement = Statement::read(engine);
        let mut next = || engine.scalar();
        let keys = next();
        let shared = Challenges { alpha: next(), gamma: next() };
        let [factor, power, chain, shards, bus_sum, tail, generator] = std::array::from_fn(|_| next());
        let this = Self { statement, keys, shared, factor, power, chain, shards, bus_sum, tail, generator };
        let read = this.digest(engine);
        engine.assert_equal(&read, digest);
        this
    }

    /// All elements, in the order in which [`Progress::read`] reads them.
    pub fn elements(&self) -> Vec<S> {
        let Self { statement, keys, shared, factor, power, chain, shards, bus_sum, tail, generator } = self.clone();
        let Challenges { alpha, gamma } = shared;
        let state = [keys, alpha, gamma, factor, power, chain, shards, bus_sum, tail, generator];
        [&statement.elements()[..], &state].concat()
    }
}

/// The factor of a level, from the chain of what its proofs were hashed into.
pub fn factor<E: Engine>(engine: &mut E, tail: &E::Scalar) -> E::Scalar {
    hash(engine, Domain::Factor, std::slice::from_ref(tail))
}

/// What the last circuit verifies: one shard of the verifier circuit, which is a level of its own. Answers what a contract is
/// given: the elements of the block's label, the digest of its public messages, and their number. The roots of both trees
/// of keys are constants.
///
/// The engine is given what [`verified`], [`Progress::shard`] and [`Progress::close`] ask for, then the label.
pub fn last<E: Engine>(engine: &mut E, circuit: &Circuit, [block_keys, verifier_keys]: [Fr; 2]) -> Vec<E::Scalar> {
    let statement = verified(engine).shard(engine, circuit).close(engine);
    for (root, expected) in [(&statement.block_keys, block_keys), (&statement.verifier_keys, verifier_keys)] {
        let expected = engine.constant(expected);
        engine.assert_equal(root, &expected);
    }
    let (digest, elements) = label(engine);
    engine.assert_equal(&digest, &statement.label);
    elements.into_iter().chain([statement.digest, statement.count]).collect()
}
