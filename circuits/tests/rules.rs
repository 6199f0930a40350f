//! What holds of all circuits together. Names with a number are classes of the soundness list.

mod all;

use std::collections::{BTreeMap, BTreeSet};

use verbatim_circuits::bus::{Code, Environment, Exec, INVENTORY, Opcode};
use verbatim_gadgets::audit::Exception;
use verbatim_gadgets::chip::{ChipDef, MessageDef, Role};
use verbatim_gadgets::circuit::{Circuit, Selector};
use verbatim_gadgets::expr::{Area, Expr, F};
use verbatim_gadgets::message::{Class, Message, Tag};

/// A size at which every circuit whose size is not given has a window.
const K: u32 = 14;

/// Every circuit, with what its audit excepts.
fn circuits() -> Vec<(Circuit, &'static [Exception])> {
    all::circuits(K).into_iter().map(|(circuit, exceptions, _)| (circuit, exceptions)).collect()
}

fn messages(circuit: &Circuit) -> impl Iterator<Item = (&ChipDef, &MessageDef, Tag)> {
    let messages = circuit.chips.iter().flat_map(|chip| chip.messages.iter().map(move |message| (chip, message)));
    messages.map(|(chip, message)| (chip, message, circuit.slots[message.slot].tag))
}

fn is_always(message: &MessageDef) -> bool {
    message.multiplicity.as_constant() == Some(-F::one())
}

/// Whoever receives the state of an execution learns, always and in the same row, what opcode stands there and which class
/// the fork gives it, and has a constraint on the class.
#[test]
fn class_1_a_step_is_tied_to_its_opcode() {
    let mut steps = 0;
    for (circuit, _) in &circuits() {
        for chip in &circuit.chips {
            let with = |tag: Tag, role: Role| {
                let of_tag =
                    move |message: &&MessageDef| circuit.slots[message.slot].tag == tag && message.role == role;
                chip.messages.iter().filter(of_tag).collect::<Vec<_>>()
            };
            // The end of a call receives the frame, and does not execute: it sends a state but receives none.
            let receives = with(Exec::TAG, Role::Receive);
            if receives.is_empty() {
                continue;
            }
            let name = format!("{}: {}", circuit.name, chip.name);
            assert!(receives.iter().all(|message| is_always(message)), "{name}");
            for tag in [Opcode::TAG, Code::TAG] {
                assert!(with(tag, Role::Consume).iter().any(|message| is_always(message)), "{name}: {}", tag.name);
            }
            let class = chip.constraints.iter().find(|constraint| constraint.label == "class");
            let class = class.unwrap_or_else(|| panic!("{name}: no constraint on the class"));
            // What is learned of the opcode has the class that is constrained.
            let learned = with(Opcode::TAG, Role::Consume);
            let field = &circuit.slots[learned[0].slot].fields[1].shifted(learned[0].row);
            assert!(class.expr.cells().is_superset(&field.cells()), "{name}");
            steps += 1;
        }
    }
    assert!(steps > 30, "{steps}");
}

/// The opcode in the environment's fact is that of the step: no value can be asked for under another's name.
#[test]
fn class_18_49_the_environment_is_asked_by_opcode() {
    let (circuit, _) = circuits().swap_remove(0);
    let slot = |tag: Tag| circuit.slots.iter().find(|slot| slot.tag == tag).expect("a slot of the tag");
    let opcode = |tag: Tag, field: usize| format!("{:?}", slot(tag).fields[field]);
    assert_eq!(opcode(Environment::TAG, 1), opcode(Opcode::TAG, 0));
    assert_eq!(opcode(Environment::TAG, 1), opcode(Code::TAG, 3));
}

/// Multiplicities are built of main cells; linear ones of what is zero or one, facts' of a cell of their own.
#[test]
fn messages_hold_main_cells_and_facts_have_multiplicities_of_their_own() {
    for (circuit, _) in circuits() {
        for (chip, message, tag) in messages(&circuit) {
            let name = format!("{}: {}: {}", circuit.name, chip.name, circuit.slots[message.slot].name);
            let main = |expr: &Expr| expr.cells().iter().all(|cell| cell.area == Area::Main);
            let fact = matches!(message.role, Role::Provide | Role::Consume);
            assert_eq!(fact, tag.class == Class::Fact, "{name}");
            let fields = &circuit.slots[message.slot].fields;
            // Chips at fixed rows may also say, and ask by, what their fixed columns hold.
            let at_fixed_rows = matches!(chip.selector, Selector::Fixed(_));
            assert!(at_fixed_rows || fields.iter().all(main) && main(&message.multiplicity), "{name}");
            assert!(message.multiplicity.degree() <= 1, "{name}");
            if message.role == Role::Provide {
                let cell = message.multiplicity.as_cell().expect("a cell");
                assert_eq!(cell.area, Area::Main, "{name}");
                let reads = |expr: &Expr| expr.cells().contains(&cell);
                assert!(!fields.iter().any(|field| reads(&field.shifted(message.row))), "{name}");
            }
        }
    }
}

/// A tag is of one class and one arity in all circuits, and in the inventory.
#[test]
fn tags_are_the_inventorys() {
    let mut known: BTreeMap<u64, (Tag, usize)> = BTreeMap::new();
    let range16 = verbatim_gadgets::message::Range16::TAG;
    known.insert(range16.id, (range16, 1));
    for kind in INVENTORY {
        assert!(known.insert(kind.tag.id, (kind.tag, (kind.names)().len())).is_none(), "{}", kind.tag.name);
    }
    let names: BTreeSet<&str> = known.values().map(|(tag, _)| tag.name).collect();
    assert_eq!(names.len(), known.len(), "names are unique");
    for (circuit, _) in circuits() {
        for slot in &circuit.slots {
            assert_eq!(
                known.get(&slot.tag.id),
                Some(&(slot.tag, slot.fields.len())),
                "{}: {}",
                circuit.name,
                slot.name
            );
        }
    }
}

/// A kind that only one side knows could be said, or believed, by anybody.
#[test]
fn class_25_every_kind_has_two_sides() {
    let mut sides: BTreeMap<u64, [bool; 2]> = BTreeMap::new();
    for (circuit, _) in circuits() {
        for (_, message, tag) in messages(&circuit) {
            let side = usize::from(matches!(message.role, Role::Receive | Role::Consume));
            sides.entry(tag.id).or_default()[side] = true;
        }
    }
    let name = |id: &u64| INVENTORY.iter().find(|kind| kind.tag.id == *id).map_or("range16", |kind| kind.tag.name);
    let one_sided: Vec<&str> = sides.iter().filter(|(_, sides)| **sides != [true; 2]).map(|(id, _)| name(id)).collect();
    assert_eq!(one_sided, ONE_SIDED);
    let silent: Vec<&str> =
        INVENTORY.iter().filter(|kind| !sides.contains_key(&kind.tag.id)).map(|kind| kind.tag.name).collect();
    assert_eq!(silent, SILENT, "kinds that nobody uses");
}

const ONE_SIDED: [&str; 0] = [];
const SILENT: [&str; 0] = [];

/// Fixed columns are functions of the number of rows: two builds, which know no witness, agree.
#[test]
fn class_17_fixed_columns_do_not_depend_on_the_witness() {
    for ((circuit, _, k), (again, ..)) in all::circuits(K).into_iter().zip(all::circuits(K)) {
        assert_eq!(circuit.fixed_values(k), again.fixed_values(k), "{}", circuit.name);
        let labels: Vec<_> = circuit.labels().collect();
        assert_eq!(labels, again.labels().collect::<Vec<_>>(), "{}", circuit.name);
    }
}

/// An exception names a chip, and for constraints and messages something that the chip has.
#[test]
fn exceptions_name_what_there_is() {
    use verbatim_gadgets::audit::Finding;
    for (circuit, exceptions) in circuits() {
        for exception in exceptions {
            let chip = circuit.chips.iter().find(|chip| chip.name == exception.chip).expect("an exception's chip");
            assert!(!exception.reason.is_empty());
            for name in exception.names {
                let known = match exception.finding {
                    Finding::Redundant => chip.constraints.iter().any(|constraint| constraint.label == *name),
                    Finding::Choice => {
                        let slot = name.split(": ").next();
                        chip.messages.iter().any(|m| Some(circuit.slots[m.slot].name.as_str()) == slot)
                    }
                    Finding::Open | Finding::Idle => chip.cells.iter().any(|cell| {
                        let column = &circuit.main[usize::from(cell.column)];
                        column == name || format!("{column} in row {}", cell.rotation) == *name
                    }),
                };
                assert!(known, "{}: {}: {name}", circuit.name, chip.name);
            }
        }
    }
}
