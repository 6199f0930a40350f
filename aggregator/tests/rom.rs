//! The rom: the instructions say what the programs do, and the columns hold them all.

#[path = "common/machine.rs"]
mod machine;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::group::{Curve, Group},
};
use machine::Machine;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use verbatim_aggregator::{
    Fr, G1,
    bus::{Instruction, InstructionNative},
    program::{Op, Program},
    programs::{Entry, programs},
    rom::{self, Kind},
    verifier::VerifierChips,
    witness::Witness,
};
use verbatim_gadgets::{grid::Grid, machine::ChipSet, message::Message};

/// What a program is given, at random: nothing that holds.
fn witness(program: &Program, seed: u64) -> Witness {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut witness = Witness::default();
    for op in &program.ops {
        match op {
            Op::Scalar => witness.scalars.push(Fr::random(&mut random)),
            Op::Point => witness.points.push(G1::random(&mut random).to_affine()),
            _ => {}
        }
    }
    witness
}

/// The program with values in place of its assertions, so that a run of it does not end at the first that does not hold.
fn without_assertions(program: &Program) -> (Program, BTreeSet<u64>) {
    let (mut next, mut assertions, mut ops) = (0, BTreeSet::new(), Vec::new());
    for op in &program.ops {
        ops.push(match op {
            Op::Assert(form) => {
                assertions.insert(next);
                Op::Set(form.clone())
            }
            op => op.clone(),
        });
        next += u64::from(op.size());
    }
    (Program { ops }, assertions)
}

/// Each program, run by its instructions alone: the same values, the same terms, and the assertions that do not hold.
#[test]
fn instructions_compute_what_programs_do() {
    for (seed, entry) in (0..).zip(programs().iter()) {
        let (witness, base) = (witness(&entry.program, seed), u64::from(entry.base));
        let (program, assertions) = without_assertions(&entry.program);
        let run = program.run(Fr::zero(), &witness).expect("nothing is asserted");
        let mut machine = Machine::default();
        let values = machine.run(entry.instructions(), &witness);
        for (address, expected) in (0..).zip(&run.values) {
            let value = values.get(&(base + address)).copied().unwrap_or_default();
            if assertions.contains(&address) {
                assert_eq!(machine.refused.contains(&(0, base + address)), *expected != Fr::zero());
            } else {
                assert_eq!(value, *expected, "address {address} of the program at {base}");
            }
        }
        assert!(machine.refused.iter().all(|(_, pc)| assertions.contains(&(pc - base))));
        let terms = machine.terms.iter().map(|term| (term.sum, term.rest, term.point));
        let expected = run.terms.iter().map(|(sum, scalar, point)| (*sum as u64, *scalar, *point));
        assert_eq!(terms.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

fn size(instruction: &InstructionNative) -> u64 {
    match instruction.kind {
        kind if kind == Kind::Permute as u64 => 3,
        kind if kind == Kind::Read as u64 => 2,
        _ => 1,
    }
}

/// Every address has one operation at most, programs begin and end as they should, and nothing is read before it is there.
#[test]
fn addresses_are_unique() {
    let mut next = 0;
    for entry in programs().iter() {
        let (begin, instructions) = (next, entry.instructions().collect::<Vec<_>>());
        assert_eq!(u64::from(entry.base), begin);
        for instruction in &instructions {
            assert_eq!(instruction.pc, next);
            next += size(instruction);
            assert!(instruction.reads.iter().all(|read| (begin..next).contains(read)));
        }
        let kinds: Vec<u64> = instructions.iter().map(|instruction| instruction.kind).collect();
        let ends = |kind: Kind| kinds.iter().filter(|known| **known == kind as u64).count();
        assert_eq!((ends(Kind::Begin), ends(Kind::End)), (1, 1));
        assert_eq!((kinds[0], kinds[kinds.len() - 1]), (Kind::Begin as u64, Kind::End as u64));
    }
}

/// The rows of the rom are the instructions, each once, and further ones of the first.
#[test]
fn columns_hold_every_instruction_and_nothing_else() {
    let circuit = Arc::new(VerifierChips::build().0);
    let fixed = Arc::new(circuit.fixed_values(VerifierChips::LEAST));
    let grid = Grid::new(Arc::clone(&circuit), VerifierChips::LEAST, fixed);
    let slot = circuit.slots.iter().find(|slot| slot.name == "rom").expect("the slot exists");
    let mut rows: BTreeMap<Vec<Fr>, usize> = BTreeMap::new();
    for row in 0..grid.rows().usable {
        *rows.entry(slot.fields.iter().map(|field| grid.evaluate(field, row)).collect()).or_default() += 1;
    }
    let instructions: Vec<_> = programs().iter().flat_map(Entry::instructions).collect();
    assert_eq!(instructions.len(), rom::len());
    for (index, instruction) in instructions.iter().enumerate() {
        let expected = if index == 0 { grid.rows().usable - instructions.len() + 1 } else { 1 };
        assert_eq!(rows.remove(&Instruction::tuple(instruction)), Some(expected));
    }
    assert!(rows.is_empty());
}
