//! The tables of ranges, bytes and powers.
//!
//! **Given** the fixed columns `i` (the row below 2^15), `right = i mod 256`, `and = floor(i / 256) & right`, and the limbs
//! of `2^right`, this chip **proves** by its columns alone:
//!
//! | fact | tuple | why it is true |
//! |---|---|---|
//! | range16 | `i` | the row is below 2^15 |
//! | range16 | `i + 2^15` | the same |
//! | and bytes | `(i - right) / 256`, `right`, `and` | by definition; the left byte is below 128 |
//! | and bytes | `255 - left`, `right`, `right - and` | the complement of `left` keeps the bits of `right` that `left` does not |
//! | power of two | `right`, `2^right` | by definition; every exponent occurs 128 times and the first occurrence is used |
//! | push counter | `left`, `right`, what is due after | by definition, for the counts 0 to 127; no code has more than 32 |
//!
//! There are no constraints and no cells but the multiplicities, which are free: every tuple is true in every row.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::ACTIVE;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::Layout;

/// The chip.
#[derive(Debug)]
pub struct Fixed;

impl Chip for Fixed {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "fixed";

    fn selector(_: &Layout) -> Option<Cell> {
        Some(Cell::fixed(ACTIVE))
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let [range_low, range_high, and_low, and_high, power, push_counter] = layout.multiplicities;
        for (slot, multiplicity) in layout.range.iter().zip([range_low, range_high]) {
            let fact = chip.peek(slot, 0);
            chip.provide(slot, 0, multiplicity, &fact);
        }
        for (slot, multiplicity) in layout.and.iter().zip([and_low, and_high]) {
            let fact = chip.peek(slot, 0);
            chip.provide(slot, 0, multiplicity, &fact);
        }
        let fact = chip.peek(&layout.power, 0);
        chip.provide(&layout.power, 0, power, &fact);
        let fact = chip.peek(&layout.push_counter, 0);
        chip.provide(&layout.push_counter, 0, push_counter, &fact);
        Self
    }

    fn fill(&self, (): &(), _: &mut WindowWriter<'_>) {}
}

#[cfg(test)]
mod tests {
    use halo2_proofs::dev::MockProver;
    use ruint::aliases::U256;
    use verbatim_gadgets::bus::{Balance, FactCounts, Place};
    use verbatim_gadgets::expr::F;
    use verbatim_gadgets::grid::Grid;
    use verbatim_gadgets::halo2::ShardCircuit;
    use verbatim_gadgets::machine::Workload;
    use verbatim_gadgets::message::{Fact, Message};

    use crate::bus::{
        AndBytes, AndBytesNative, PowerOfTwo, PowerOfTwoNative, PushCounter, PushCounterNative, Range16, Range16Native,
    };
    use crate::bytecode::push;
    use crate::tables::{K, ROWS, sheet};

    #[derive(Default)]
    struct Consumer {
        counts: FactCounts,
        balance: Balance,
    }

    impl Consumer {
        fn consume<M: Fact>(&mut self, fact: &M::Native) {
            self.counts.add::<M>(fact);
            self.balance.add_public::<M>(fact, -F::from(1));
        }

        fn against(mut self, k: u32) -> (Grid, Balance) {
            let sheet = sheet();
            let rows = ROWS.min((1 << k) - verbatim_gadgets::circuit::BLINDING_ROWS);
            let mut grid = (&sheet as &dyn Workload).grid(k, 0..rows).expect("the tables fit");
            self.counts.provide(&mut grid);
            self.balance.add_grid(&grid);
            (grid, self.balance)
        }
    }

    fn power(exponent: u8) -> PowerOfTwoNative {
        PowerOfTwoNative { exponent, power: U256::from(1) << usize::from(exponent) }
    }

    #[test]
    fn every_true_fact_has_a_provider() {
        let mut consumer = Consumer::default();
        for value in 0..=u16::MAX {
            consumer.consume::<Range16>(&Range16Native { value });
            let [left, right] = value.to_be_bytes();
            consumer.consume::<AndBytes>(&AndBytesNative { left, right, and: left & right });
        }
        (0..=255).for_each(|exponent| consumer.consume::<PowerOfTwo>(&power(exponent)));
        push::counters().for_each(|fact| consumer.consume::<PushCounter>(&fact));
        let (_, balance) = consumer.against(K);
        assert!(balance.unbalanced().is_empty());
    }

    #[test]
    fn a_false_fact_has_none() {
        let mut consumer = Consumer::default();
        consumer.consume::<AndBytes>(&AndBytesNative { left: 3, right: 5, and: 2 });
        consumer.consume::<AndBytes>(&AndBytesNative { left: 200, right: 255, and: 72 });
        consumer.consume::<PowerOfTwo>(&PowerOfTwoNative { exponent: 0, power: U256::ZERO });
        // A PUSH1 without push data, and a count that no row has.
        consumer.consume::<PushCounter>(&PushCounterNative { before: 0, byte: 0x60, after: 0 });
        consumer.consume::<PushCounter>(&PushCounterNative { before: push::COUNTS, byte: 0, after: push::COUNTS - 1 });
        let (_, mut balance) = consumer.against(K);
        balance.add(Range16::TAG, vec![F::from(1 << 16)], -F::from(1), || Place::Public);
        assert_eq!(balance.unbalanced().len(), 6);
    }

    #[test]
    fn the_rows_behind_the_tables_repeat_the_first() {
        let (grid, _) = Consumer::default().against(K);
        for slot in &grid.circuit.slots {
            for field in &slot.fields {
                assert_eq!(grid.evaluate(field, 0), grid.evaluate(field, ROWS), "{}", slot.name);
                assert_eq!(grid.evaluate(field, 0), grid.evaluate(field, grid.rows().usable - 1), "{}", slot.name);
            }
        }
    }

    #[test]
    fn the_circuit_holds() {
        let mut consumer = Consumer::default();
        (0..20).for_each(|value| consumer.consume::<Range16>(&Range16Native { value }));
        consumer.consume::<PowerOfTwo>(&power(200));
        let (grid, balance) = consumer.against(10);
        assert!(balance.unbalanced().is_empty());
        let (circuit, sum) = ShardCircuit::for_mock_prover(&grid);
        let prover = MockProver::run(grid.k, &circuit, vec![vec![sum]]).expect("it runs");
        prover.verify().expect("it holds");
    }
}
