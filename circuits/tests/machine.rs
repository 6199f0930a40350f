//! What holds for all circuits together: their messages, their fixed windows, and the schedule.

use std::collections::{BTreeMap, BTreeSet};

use verbatim_circuits::bus::INVENTORY;
use verbatim_circuits::opcodes::{self, OpcodeChips};
use verbatim_circuits::schedule::{Class, Fork, opcode};
use verbatim_circuits::{
    arith, bytecode, calls, copy, keccak, light, memory, poseidon, state, statement, storage, tables, transaction,
    transfer,
};
use verbatim_gadgets::chip::Role;
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::{ChipSet, Workload};
use verbatim_gadgets::message::{Class as TagClass, Message, Range16};

/// Every circuit, and the one size of its shards if there is only one.
fn circuits() -> Vec<(Circuit, Option<u32>)> {
    fn of<S: ChipSet>() -> (Circuit, Option<u32>) {
        (S::build().0, S::SIZE)
    }
    vec![
        of::<light::LightChips>(),
        of::<memory::MemoryChips>(),
        of::<storage::StorageChips>(),
        of::<calls::CallsChips>(),
        of::<transfer::TransferChips>(),
        of::<copy::CopyChips>(),
        of::<state::StateChips>(),
        of::<transaction::TransactionChips>(),
        of::<arith::ArithChips>(),
        of::<bytecode::BytecodeChips>(),
        of::<keccak::permutations::PermutationChips>(),
        of::<keccak::work::SpongeChips>(),
        of::<keccak::tables::TableChips>(),
        of::<opcodes::OpcodeChips>(),
        of::<tables::TableChips>(),
        of::<poseidon::PoseidonChips>(),
        of::<statement::StatementChips>(),
    ]
}

/// A circuit alone cannot see that another one gives its number to something else.
#[test]
fn class_11_a_tag_means_one_kind_of_message_in_the_whole_machine() {
    let kinds = || INVENTORY.iter().map(|kind| (kind.tag, (kind.names)())).chain([(Range16::TAG, Range16::names())]);
    let by_id: BTreeMap<u64, _> = kinds().map(|(tag, names)| (tag.id, (tag, names))).collect();
    let names: BTreeSet<&str> = kinds().map(|(tag, _)| tag.name).collect();
    assert_eq!((by_id.len(), names.len()), (kinds().count(), kinds().count()), "numbers and names are unique");
    let circuits = circuits();
    let unique: BTreeSet<_> = circuits.iter().map(|(circuit, _)| circuit.name).collect();
    assert_eq!(unique.len(), circuits.len());
    for slot in circuits.iter().flat_map(|(circuit, _)| &circuit.slots) {
        let (tag, names) =
            by_id.get(&slot.tag.id).unwrap_or_else(|| panic!("{} is not in the inventory", slot.tag.name));
        assert_eq!((slot.tag, &slot.names), (*tag, names), "{}", slot.name);
    }
}

/// What has one side only does not balance.
#[test]
fn class_25_every_kind_of_message_has_both_sides() {
    let mut sides: BTreeMap<u64, BTreeSet<bool>> = BTreeMap::new();
    for (circuit, _) in circuits() {
        for message in circuit.chips.iter().flat_map(|chip| &chip.messages) {
            let tag = circuit.slots[message.slot].tag;
            let linear = matches!(message.role, Role::Send | Role::Receive);
            assert_eq!(linear, tag.class == TagClass::Linear, "{}", tag.name);
            sides.entry(tag.id).or_default().insert(matches!(message.role, Role::Send | Role::Provide));
        }
    }
    for kind in INVENTORY {
        let sides = sides.get(&kind.tag.id).map_or(0, BTreeSet::len);
        assert_eq!(sides, 2, "{}", kind.tag.name);
    }
}

#[test]
fn class_20_no_fixed_window_reaches_rows_that_do_not_count() {
    for (circuit, size) in circuits() {
        let sizes = size.map_or_else(|| (9..=16).collect(), |size| vec![size]);
        for k in sizes {
            assert_eq!(circuit.leaves_usable_rows(k), None, "{} of 2^{k} rows", circuit.name);
        }
    }
}

/// The facts that the schedule's circuit can provide in a block of `fork`, as opcode, class, gas and parameter.
fn provided(fork: Fork) -> Vec<[F; 4]> {
    let sheet = opcodes::sheet(fork);
    let workload: &dyn Workload = &sheet;
    let grid = workload.grid(opcodes::K, 0..workload.len()).expect("the schedule fits");
    let slot = grid.circuit.slots.iter().position(|slot| slot.tag.name == "opcode").expect("the slot of opcodes");
    let fields = &grid.circuit.slots[slot].fields;
    let provides = |chip: usize| {
        let mut messages = grid.circuit.chips[chip].messages.iter();
        messages.any(|message| message.slot == slot && matches!(message.role, Role::Provide))
    };
    let fact = |row: usize| std::array::from_fn(|i| grid.evaluate(&fields[i], row));
    grid.windows.iter().filter(|window| provides(window.chip)).map(|window| fact(window.row)).collect()
}

/// A chip takes an opcode because its class is in the fact, so no class but the schedule's may be provable for it.
#[test]
fn class_1_an_opcode_has_the_class_of_the_blocks_fork_alone() {
    assert_eq!(OpcodeChips::SIZE, Some(opcodes::K), "all rows of a shard learn the same fork");
    for fork in Fork::ALL {
        let mut found = BTreeMap::new();
        for [byte, class, gas, parameter] in provided(fork) {
            // Other forks' rows have classes that no chip has.
            if let Some(class) = (0..=255u64).find(|number| F::from(*number) == class) {
                let before = found.insert(byte, [F::from(class), gas, parameter]);
                assert_eq!(before, None, "{byte:?} has two classes in {fork:?}");
            }
        }
        let expected = (0..=u8::MAX).map(|byte| {
            let entry = opcode(fork, byte);
            let entry = [entry.class as u64, u64::from(entry.gas), u64::from(entry.parameter)];
            (F::from(u64::from(byte)), entry.map(F::from))
        });
        assert_eq!(found, expected.collect(), "{fork:?}");
    }
}

/// The block's environment says its fork, and a call's its transaction, under numbers that no opcode may have.
#[test]
fn class_18_no_opcode_reads_the_fork_or_the_transactions_name() {
    for (fork, number) in Fork::ALL.into_iter().flat_map(|fork| [(fork, opcodes::FORK), (fork, light::TRANSACTION)]) {
        let byte = u8::try_from(number).expect("an opcode's number");
        assert_eq!(opcode(fork, byte).class, Class::Invalid);
    }
}
