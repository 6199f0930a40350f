//! A circuit that halo2-base does not make: lookups of pairs in other columns, an instance in a gate, constants, factors
//! and negations, the row before, and columns that only a lookup reads.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::ff::Field as _,
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance},
    poly::Rotation,
};
use verbatim_aggregator::{
    Fr, G1Affine,
    contract::{Field, Kind, Statement, onchain},
    last::accumulator,
};

use super::keyed::Keyed;

const K: u32 = 6;

/// Rows where the gates hold, from row 1 on.
const ROWS: usize = 9;

/// `b` is the product of `a` and the one before, `c = 5 b - a + 2`, and the pair `(a, b)` is in the table.
#[derive(Clone, Debug)]
struct Products(Vec<Fr>);

#[derive(Clone, Debug)]
struct Config {
    advice: [Column<Advice>; 3],
    /// Whether the gates hold, and whether `c` is the instance.
    flags: [Column<Fixed>; 2],
    table: [Column<Advice>; 2],
    instance: Column<Instance>,
}

impl Circuit<Fr> for Products {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let config = Config {
            advice: [(); 3].map(|()| meta.advice_column()),
            flags: [(); 2].map(|()| meta.fixed_column()),
            table: [(); 2].map(|()| meta.advice_column()),
            instance: meta.instance_column(),
        };
        let ([a, b, c], [on, public]) = (config.advice, config.flags);
        meta.enable_equality(a);
        meta.enable_equality(config.instance);
        meta.create_gate("products", |meta| {
            let [a, b, c] = [a, b, c].map(|column| meta.query_advice(column, Rotation::cur()));
            let before = meta.query_advice(config.advice[0], Rotation::prev());
            let instance = meta.query_instance(config.instance, Rotation::cur());
            let [on, public] = [on, public].map(|column| meta.query_fixed(column, Rotation::cur()));
            let two = Expression::Constant(Fr::from(2));
            [
                on.clone() * (a.clone() * before - b.clone()),
                on * (b * Fr::from(5) + (-a) + two - c.clone()),
                public * (c - instance),
            ]
        });
        meta.lookup_any("pairs", |meta| {
            let on = meta.query_fixed(on, Rotation::cur());
            let mut pair = |column: usize| {
                let input = meta.query_advice(config.advice[column], Rotation::cur());
                (on.clone() * input, meta.query_advice(config.table[column], Rotation::cur()))
            };
            vec![pair(0), pair(1)]
        });
        config
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let a: Vec<Fr> = (0..=ROWS as u64).map(|row| Fr::from(row + 3)).collect();
        let second = layouter.assign_region(
            || "products",
            |mut region| {
                let mut second = None;
                for (row, value) in a.iter().enumerate() {
                    let on = row > 0;
                    let b = if on { value * a[row - 1] } else { Fr::ZERO };
                    let c = if on { b * Fr::from(5) - value + Fr::from(2) } else { self.0[0] };
                    let cells = [*value, b, c].map(Value::known);
                    let cells: Vec<_> = config.advice.iter().zip(cells).collect();
                    for (place, (column, value)) in cells.into_iter().enumerate() {
                        let cell = region.assign_advice(*column, row, value);
                        if (place, row) == (0, 1) {
                            second = Some(cell.cell());
                        }
                    }
                    region.assign_fixed(config.flags[0], row, Fr::from(u64::from(on)));
                    region.assign_fixed(config.flags[1], row, Fr::from(u64::from(!on)));
                    // The table has the rows in the opposite order, and zeros where the gates are off.
                    let entry = a.len() - row;
                    let pair = if on { [*value, b] } else { [Fr::ZERO; 2] };
                    for (column, value) in config.table.iter().zip(pair) {
                        region.assign_advice(*column, entry, Value::known(value));
                    }
                }
                Ok(second)
            },
        )?;
        layouter.constrain_instance(second.expect("there is a row 1"), config.instance, 1);
        Ok(())
    }
}

#[test]
fn another_circuit() {
    let statement = ["first", "second"].map(|name| Field::new(name, Kind::Uint, "")).to_vec();
    let instance = |first: u64, deferred: [G1Affine; 2]| -> Vec<Fr> {
        [Fr::from(first), Fr::from(4)].into_iter().chain(accumulator(&deferred)).collect()
    };
    let keys = Products(instance(0, [G1Affine::default(); 2]));
    let keyed = Keyed::new(&keys, K, &Statement::new(statement).expect("a statement"));
    let instance = instance(77, keyed.deferred(Fr::from(6)));
    let proof = keyed.prove(Products(instance.clone()), &instance);
    let answer = |instance: &[Fr], proof: &[u8]| onchain(&keyed.compiled, instance, proof).expect("a call").valid();
    assert!(answer(&instance, &proof));
    for word in 0..proof.len() / 32 {
        let mut proof = proof.clone();
        proof[32 * word + 31] ^= 1;
        assert!(!answer(&instance, &proof), "word {word}");
    }
    for element in 0..2 {
        let mut instance = instance.clone();
        instance[element] += Fr::ONE;
        assert!(!keyed.native(&instance, &proof) && !answer(&instance, &proof), "element {element}");
    }
}
