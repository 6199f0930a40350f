//! Wide arithmetic and the alignment of words.
//!
//! All chips share 36 columns ([`Layout`]); a chip adds a selector. Operands of a fact are limbs below 2^128, because its
//! consumer says so; results are ranged here. A fact may rest on others, but only on facts of smaller rank, so that none
//! can prove itself:
//!
//! | rank | facts |
//! |---|---|
//! | 0 | range128, words; ADD, SUB, NOT, LT, GT, EQ, ISZERO; AND, OR, XOR; SHL, SHR; MUL, DIV, MOD |
//! | 1 | SLT, SGT, SDIV, SMOD, SAR; ADDMOD, MULMOD; slice |
//! | 2 | BYTE, SIGNEXTEND, byte length; splice |
//! | 3 + exponent | EXP, on the EXP of half the exponent and on MUL |
//!
//! The circuit has 48 main columns (36 shared, 12 selectors), 41 slots and so 15 auxiliary columns: 63 cells a row. The
//! constraints take about 470 multiplications a row, shared parts counted once, and folding them 264 more. Equal requests
//! are answered by one window. With what they rest on:
//!
//! | request | rows | cells |
//! |---|---|---|
//! | ADD, SUB, NOT, LT, GT, EQ, ISZERO | 1 | 63 |
//! | AND with a mask of low ones | 1 | 63 |
//! | two range128 and one words | 1 | 63 |
//! | SHL, SHR | 2 | 126 |
//! | slice of 32 bytes / of fewer | 2 / 3 | 126 / 189 |
//! | MUL, DIV, MOD | 3 | 189 |
//! | SLT, SGT | 3 | 189 |
//! | any AND, OR, XOR | 4 | 252 |
//! | SAR | 4 | 252 |
//! | SDIV, SMOD | 5 | 315 |
//! | splice of 32 bytes / of fewer | 5 / 7 | 315 / 441 |
//! | BYTE | 6 | 378 |
//! | byte length | 7 | 441 |
//! | SIGNEXTEND | 9 | 567 |
//! | ADDMOD, MULMOD | 11 | 693 |
//! | EXP, for each bit of the exponent but the first | 7 or 10 | 441 or 630 |

pub mod bitwise;
pub mod bytes;
#[cfg(test)]
mod classes;
pub mod exponent;
pub mod layout;
pub mod mask;
pub mod modular;
pub mod multiply;
pub mod native;
pub mod product;
pub mod range;
pub mod shift;
pub mod signed;
pub mod slice;
pub mod splice;
pub mod sum;
#[cfg(test)]
mod testing;
pub mod work;

use verbatim_gadgets::chips;

pub use layout::Layout;
pub use native::opcode;
pub use work::ArithWork;

chips! {
    /// The chips of the arith circuit.
    pub struct ArithChips, ArithEvent = "arith", Layout::new {
        Sum: sum::Sum,
        Mask: mask::Mask,
        Bitwise: bitwise::Bitwise,
        Shift: shift::Shift,
        Multiply: multiply::Multiply,
        Signed: signed::Signed,
        Modular: modular::Modular,
        Exponent: exponent::Exponent,
        Bytes: bytes::Bytes,
        Slice: slice::Slice,
        Splice: splice::Splice,
        Range: range::Range,
    }
}

#[cfg(test)]
impl ArithChips {
    fn shift(&self) -> &shift::Shift {
        &self.Shift
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use halo2_proofs::plonk::{Circuit as _, ConstraintSystem};
    use proptest::prelude::*;
    use ruint::aliases::U256;
    use verbatim_gadgets::bus::{Balance, FactCounts};
    use verbatim_gadgets::check::check;
    use verbatim_gadgets::grid::Grid;
    use verbatim_gadgets::halo2::{ShardCircuit, ShardParams};
    use verbatim_gadgets::machine::{ChipSet, Workload};
    use verbatim_gadgets::program::Program;

    use super::opcode::*;
    use super::testing::{Consumer, word};
    use super::*;
    use crate::tables;

    const OPCODES: [u8; 25] = [
        ADD, MUL, SUB, DIV, SDIV, MOD, SMOD, ADDMOD, MULMOD, EXP, SIGNEXTEND, LT, GT, SLT, SGT, EQ, ISZERO, AND, OR,
        XOR, NOT, BYTE, SHL, SHR, SAR,
    ];

    fn operands(opcode: u8, [a, b, c]: [U256; 3]) -> [U256; 3] {
        match opcode {
            ISZERO | NOT => [a, U256::ZERO, U256::ZERO],
            ADDMOD | MULMOD => [a, b, c],
            _ => [a, b, U256::ZERO],
        }
    }

    fn grid(work: &dyn Workload, k: u32) -> Grid {
        work.grid(k, 0..work.len()).expect("the work fits")
    }

    #[test]
    fn arith_and_the_tables_balance() {
        let mut work = ArithWork::new();
        let (a, b, c) = (U256::MAX / U256::from(7), U256::from(77), U256::MAX / U256::from(3));
        for opcode in OPCODES {
            let [a, b, c] = operands(opcode, [a, b, c]);
            work.alu(opcode, a, b, c);
        }
        work.range128(5);
        work.words(77);
        work.byte_length(a);
        work.splice(a, b, 4, 20, c);
        let (arith, tables) = (work.finish(), tables::sheet());
        let (mut arith, mut tables) = (grid(&arith, 9), grid(&tables, tables::K));
        let mut counts = FactCounts::default();
        counts.consume(&arith);
        [&mut arith, &mut tables].into_iter().for_each(|grid| counts.provide(grid));
        let mut balance = Balance::default();
        [&arith, &tables].into_iter().for_each(|grid| balance.add_grid(grid));
        assert!(check(&arith).failures.is_empty() && check(&tables).failures.is_empty());
        assert!(balance.unbalanced().is_empty());
    }

    #[test]
    fn equal_requests_share_a_window() {
        let ask = || {
            let mut work = ArithWork::new();
            for _ in 0..3 {
                work.alu(SDIV, U256::from(9), U256::from(4), U256::ZERO);
                work.alu(DIV, U256::from(9), U256::from(4), U256::ZERO);
                work.words(9);
                work.range128(9);
            }
            work.finish()
        };
        assert_eq!(ask().len(), 3);
        assert_eq!(format!("{:?}", ask().events()), format!("{:?}", ask().events()));
    }

    #[test]
    fn requests_cost_what_is_documented() {
        let (a, b, c) = (U256::MAX / U256::from(7), U256::from(77), U256::MAX / U256::from(3));
        let rows = |ask: &dyn Fn(&mut ArithWork)| {
            let mut work = ArithWork::new();
            ask(&mut work);
            (&work.finish() as &dyn Workload).rows()
        };
        let documented: [(&[u8], usize); 11] = [
            (&[ADD, SUB, NOT, LT, GT, EQ, ISZERO], 1),
            (&[SHL, SHR], 2),
            (&[MUL, DIV, MOD, SLT, SGT], 3),
            (&[AND, OR, XOR], 4),
            (&[SAR], 4),
            (&[SDIV, SMOD], 5),
            (&[BYTE], 3),
            (&[SIGNEXTEND], 3),
            (&[ADDMOD, MULMOD], 11),
            // Seven bits, of which three behind the first are ones.
            (&[EXP], 4 + 6 * 7 + 3 * 3),
            (&[], 0),
        ];
        for (opcodes, expected) in documented {
            for opcode in opcodes {
                let [a, b, c] = operands(*opcode, [a, b, c]);
                assert_eq!(rows(&|work| _ = work.alu(*opcode, a, b, c)), expected, "{opcode:#x}");
            }
        }
        let near = U256::from(3);
        assert_eq!(rows(&|work| _ = work.alu(BYTE, near, a, U256::ZERO)), 6);
        assert_eq!(rows(&|work| _ = work.alu(SIGNEXTEND, near, a, U256::ZERO)), 9);
        assert_eq!(rows(&|work| _ = work.alu(AND, a, native::low_ones(160), U256::ZERO)), 1);
        assert_eq!(rows(&|work| _ = work.byte_length(b)), 7);
        assert_eq!(rows(&|work| _ = work.slice(a, c, 4, 32)), 2);
        assert_eq!(rows(&|work| _ = work.slice(a, c, 4, 20)), 3);
        assert_eq!(rows(&|work| _ = work.splice(a, c, 4, 32, b)), 5);
        assert_eq!(rows(&|work| _ = work.splice(a, c, 4, 20, b)), 7);
    }

    /// The shape of the circuit, which the costs in the module's description follow from.
    #[test]
    fn the_shape_is_as_documented() {
        let (circuit, _) = ArithChips::build();
        let heights: BTreeMap<_, _> = circuit.chips.iter().map(|chip| (chip.name, chip.height)).collect();
        let expressions = circuit.chips.iter().flat_map(|chip| &chip.constraints).chain(&circuit.dispatch);
        let expressions: Vec<_> = expressions.map(|constraint| &constraint.expr).collect();
        let tall = [("bitwise", 4), ("bytes", 3), ("exponent", 4), ("modular", 5), ("multiply", 3)];
        let low = [("mask", 1), ("range", 1), ("shift", 2), ("signed", 2), ("slice", 2), ("splice", 3), ("sum", 1)];
        assert_eq!(heights, tall.into_iter().chain(low).collect());
        let multiplications = Program::new(expressions.iter().copied()).multiplications();
        assert!(multiplications < 480, "{multiplications} multiplications a row");
        assert_eq!(expressions.len(), 264);
        let mut meta = ConstraintSystem::default();
        let aux = circuit.aux_columns();
        let (main, slots) = (circuit.main.len(), circuit.slots.len());
        ShardCircuit::configure_with_params(&mut meta, ShardParams { circuit: Some(circuit.into()), k: 10 });
        assert_eq!(meta.degree(), 5);
        assert_eq!((main, slots, aux), (48, 41, 15));
        assert!(main + aux + 2 + 7 <= 80, "a leaf of the aggregation takes 80 columns");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_mixture_holds(requests in prop::collection::vec((0..OPCODES.len(), [word(), word(), word()]), 1..12)) {
            let mut consumer = Consumer::default();
            for (opcode, words) in requests {
                let opcode = OPCODES[opcode];
                let [a, b, c] = operands(opcode, words);
                let b = if opcode == EXP { b >> 240 } else { b };
                consumer.alu(opcode, a, b, c);
            }
            consumer.case(12).assert_holds();
        }
    }
}
