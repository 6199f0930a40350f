//! A small circuit of the kind that the last one is: halo2-base's, with products, ranges, and an instance of a statement
//! and a deferred pairing.

use halo2_base::gates::{
    GateInstructions, RangeInstructions,
    circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
};
use halo2_proofs::halo2curves::ff::{Field as _, PrimeField};
use verbatim_aggregator::{
    Fr, G1Affine,
    contract::{Field, Kind, Statement},
    last::{LIMB_BITS, accumulator},
};

use super::keyed::Keyed;

/// What the circuit's instance is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Public {
    /// Two elements of 128 bits: `bytes32`.
    pub(crate) halves: [Fr; 2],
    /// The product of secret numbers.
    pub(crate) product: Fr,
    /// A small number.
    pub(crate) number: Fr,
    /// Left and right.
    pub(crate) deferred: [G1Affine; 2],
}

impl Public {
    /// All elements in order.
    pub(crate) fn instance(&self) -> Vec<Fr> {
        let statement = [self.halves[0], self.halves[1], self.product, self.number];
        statement.into_iter().chain(accumulator(&self.deferred)).collect()
    }
}

/// The fields of [`Public`].
fn statement() -> Statement {
    Statement::new(vec![
        Field::new("root", Kind::Bytes32, "Two halves."),
        Field::new("product", Kind::Uint, "A product of numbers that nobody tells."),
        Field::new("number", Kind::Uint, ""),
    ])
    .expect("a statement")
}

/// The size of the circuit. It has one more column, for lookups, unless it has one for gates: then lookups are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Advice columns for gates.
    pub(crate) advice: usize,
    /// Base-2 logarithm of the rows.
    pub(crate) k: usize,
}

impl Shape {
    fn params(self) -> BaseCircuitParams {
        BaseCircuitParams {
            k: self.k,
            num_advice_per_phase: vec![self.advice],
            num_fixed: 1,
            num_lookup_advice_per_phase: vec![1],
            lookup_bits: Some(self.k - 1),
            num_instance_columns: 1,
        }
    }

    /// The circuit, with all columns in use.
    fn build(self, stage: CircuitBuilderStage, public: &Public) -> BaseCircuitBuilder<Fr> {
        let mut builder = BaseCircuitBuilder::from_stage(stage).use_params(self.params());
        let range = builder.range_chip();
        let context = builder.main(0);
        let instance = context.assign_witnesses(public.instance());
        for (i, bits) in [(0, 128), (1, 128), (3, 32)] {
            range.range_check(context, instance[i], bits);
        }
        instance[4..].iter().for_each(|limb| range.range_check(context, *limb, LIMB_BITS));
        let mut product = context.load_witness(public.product);
        let secret = context.load_witness(Fr::from(7));
        context.constrain_equal(&product, &instance[2]);
        let rows = self.advice * (1 << self.k);
        while context.advice.len() + 64 < rows {
            product = range.gate().mul(context, product, secret);
        }
        builder.assigned_instances[0] = instance;
        builder
    }
}

/// The circuit of a shape.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) keyed: Keyed,
    pub(crate) shape: Shape,
    breaks: Vec<Vec<usize>>,
}

impl Scene {
    pub(crate) fn new(shape: Shape) -> Self {
        let circuit = shape.build(CircuitBuilderStage::Keygen, &public([G1Affine::default(); 2]));
        let keyed = Keyed::new(&circuit, shape.k as u32, &statement());
        Self { keyed, shape, breaks: circuit.break_points() }
    }

    /// An instance whose deferred pairing holds.
    pub(crate) fn public(&self, scalar: Fr) -> Public {
        public(self.keyed.deferred(scalar))
    }

    /// A proof, which halo2 accepts.
    pub(crate) fn prove(&self, public: &Public) -> Vec<u8> {
        let circuit = self.shape.build(CircuitBuilderStage::Prover, public).use_break_points(self.breaks.clone());
        self.keyed.prove(circuit, &public.instance())
    }
}

fn public(deferred: [G1Affine; 2]) -> Public {
    Public {
        halves: [Fr::from_u128(u128::MAX - 3), Fr::from_u128(5 << 100)],
        product: Fr::from(7).pow([100]),
        number: Fr::from(1_234_567),
        deferred,
    }
}
