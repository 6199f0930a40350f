//! The rom: every address has one operation, and the columns hold them all.

use std::{collections::BTreeMap, sync::Arc};

use verbatim_aggregator::{
    Fr,
    bus::{Instruction, InstructionNative},
    programs::{Entry, programs},
    rom::{self, Kind},
    verifier::VerifierChips,
};
use verbatim_gadgets::{grid::Grid, machine::ChipSet, message::Message};

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
