//! The book says what the code says: messages, labels of constraints, and names of tests.
//!
//! Where a page differs, the failure shows the lines as they should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use verbatim_aggregator::{bus::INVENTORY as VERIFIER_INVENTORY, verifier::VerifierChips};
use verbatim_circuits::{bus::INVENTORY, schedule::Fork};
use verbatim_gadgets::{
    chip::{ChipDef, Role},
    circuit::Circuit,
    machine::ChipSet,
    message::Kind,
};
use verbatim_prover::block::Machine;
use verbatim_witness::{assemble::Assembly, input::BlockInput};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn circuits() -> Vec<Arc<Circuit>> {
    let assembly = Assembly::empty(Fork::Osaka);
    assembly.workloads().iter().map(|workload| Arc::clone(workload.circuit())).collect()
}

/// The circuit that verifies, on a bus of its own.
fn verifier() -> Arc<Circuit> {
    Arc::new(VerifierChips::build().0)
}

/// The circuits of both machines.
fn all_circuits() -> Vec<Arc<Circuit>> {
    circuits().into_iter().chain([verifier()]).collect()
}

/// The page of a circuit: those of keccak share one.
fn page(circuit: &Circuit) -> String {
    let name = circuit.name.split('-').next().unwrap_or_default();
    read(&format!("docs/src/circuits/{name}.md"))
}

/// A kind of message as its declaration in the source has it.
#[derive(Debug, PartialEq, Eq)]
struct Declaration {
    tag: u64,
    name: String,
    class: String,
    fields: Vec<(String, String)>,
    determined: Vec<String>,
}

impl Declaration {
    /// Reads `pub struct X, XNative = Fact 3 "x"`, whatever may follow on the line.
    fn begin(line: &str) -> Option<Self> {
        let (class, rest) = line.strip_prefix("pub struct ")?.split_once(" = ")?.1.split_once(' ')?;
        let (tag, rest) = rest.split_once(" \"")?;
        let name = rest.split_once('"')?.0;
        let tag = tag.parse().ok()?;
        let (class, name) = (class.to_lowercase(), name.to_owned());
        Some(Self { tag, name, class, fields: Vec::new(), determined: Vec::new() })
    }

    /// The columns of the book's table: tag, name, class, and fields with their ranges.
    fn columns(&self) -> [String; 4] {
        let field = |(name, kind): &(String, String)| {
            let mark = if self.determined.contains(name) { "*" } else { "" };
            format!("{mark}{name}{mark} ({})", range(kind))
        };
        let fields: Vec<_> = self.fields.iter().map(field).collect();
        [self.tag.to_string(), self.name.clone(), self.class.clone(), fields.join(", ")]
    }
}

/// The range of a type, in the book's words.
fn range(kind: &str) -> String {
    if let Some((element, count)) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')?.split_once("; ")) {
        return format!("{count} x {}", range(element));
    }
    match kind {
        "Bool" => "0, 1",
        "Byte" => "< 2^8",
        "U16" => "< 2^16",
        "U64" => "< 2^64",
        "Limb" => "< 2^128",
        "Address" => "< 2^160",
        "Word" => "2 limbs",
        "Affine" => "point",
        "Counter" => "counter",
        "Gas" => "gas",
        "Any" => "any",
        other => panic!("the book has no word for the type {other}"),
    }
    .to_owned()
}

/// The kinds that a source file declares.
fn declarations(source: &str) -> Vec<Declaration> {
    let mut kinds: Vec<Declaration> = Vec::new();
    let mut open = false;
    for line in source.lines().map(str::trim) {
        if let Some(kind) = Declaration::begin(line) {
            kinds.push(kind);
            open = true;
        }
        let Some(kind) = kinds.last_mut().filter(|_| open) else { continue };
        if let Some((_, names)) = line.split_once("determines [") {
            let names = names.split(']').next().unwrap_or_default();
            kind.determined.extend(names.split(", ").map(str::to_owned));
        } else if line == "}" {
            open = false;
        } else if let Some((name, range)) = line.strip_suffix(',').and_then(|line| line.split_once(": ")) {
            kind.fields.push((name.to_owned(), range.to_owned()));
        }
    }
    kinds
}

/// Who has one of `roles` in messages of `tag`: a circuit alone if all of its chips do.
fn parties(circuits: &[Arc<Circuit>], tag: u64, roles: [Role; 2]) -> String {
    let has = |circuit: &Circuit, chip: &ChipDef| {
        let mut messages = chip.messages.iter();
        messages.any(|message| circuit.slots[message.slot].tag.id == tag && roles.contains(&message.role))
    };
    let circuit = |circuit: &Arc<Circuit>| {
        let chips: Vec<_> = circuit.chips.iter().filter(|chip| has(circuit, chip)).map(|chip| chip.name).collect();
        match chips.len() {
            0 => None,
            all if all == circuit.chips.len() => Some(circuit.name.to_owned()),
            _ => Some(format!("{}: {}", circuit.name, chips.join(", "))),
        }
    };
    let parties: Vec<_> = circuits.iter().filter_map(circuit).collect();
    if parties.is_empty() { "the verifier".to_owned() } else { parties.join("; ") }
}

/// A row of the page's table without what it says of the verifier besides.
fn cells(line: &str) -> Vec<&str> {
    let cells = line.trim_matches('|').split(" | ").map(str::trim);
    cells.map(|cell| cell.split_once("; the verifier").map_or(cell, |(chips, _)| chips)).collect()
}

/// The rows of the book's tables that list these kinds.
fn rows(kinds: &[Declaration], circuits: &[Arc<Circuit>]) -> Vec<Vec<String>> {
    let row = |kind: &Declaration| {
        let sent = parties(circuits, kind.tag, [Role::Send, Role::Provide]);
        let received = parties(circuits, kind.tag, [Role::Receive, Role::Consume]);
        kind.columns().into_iter().chain([sent, received]).collect()
    };
    kinds.iter().map(row).collect()
}

/// The sources declare what an inventory has.
fn assert_declared(kinds: &[Declaration], inventory: &[Kind]) {
    let declared: BTreeSet<_> = kinds.iter().map(|kind| (kind.tag, kind.name.as_str())).collect();
    let inventory: BTreeSet<_> = inventory.iter().map(|kind| (kind.tag.id, kind.tag.name)).collect();
    assert_eq!(declared, inventory, "what the source declares was read as it is");
}

#[test]
fn the_bus_is_listed() {
    let files = fs::read_dir(root().join("circuits/src/bus")).expect("a folder");
    let sources = files.map(|file| fs::read_to_string(file.expect("an entry").path()).expect("a source file"));
    let mut kinds: Vec<_> = sources.flat_map(|source| declarations(&source)).collect();
    kinds.sort_by_key(|kind| kind.tag);
    assert_declared(&kinds, INVENTORY);
    kinds.extend(declarations(&read("gadgets/src/message.rs")).into_iter().filter(|kind| kind.name == "range16"));
    let verifiers = declarations(&read("aggregator/src/bus.rs"));
    assert_declared(&verifiers, VERIFIER_INVENTORY);
    let expected = [rows(&kinds, &circuits()), rows(&verifiers, &[verifier()])].concat();

    let page = read("docs/src/bus.md");
    let listed: BTreeMap<&str, Vec<&str>> = page
        .lines()
        .map(cells)
        .filter(|cells| cells.len() == 6 && cells[0].parse::<u64>().is_ok())
        .map(|cells| (cells[0], cells))
        .collect();
    let mut wrong = String::new();
    for row in &expected {
        if listed.get(row[0].as_str()).is_none_or(|listed| listed != row) {
            writeln!(wrong, "| {} |", row.join(" | ")).expect("text");
        }
    }
    assert!(wrong.is_empty(), "docs/src/bus.md should say:\n{wrong}");
    assert_eq!(listed.len(), expected.len(), "a kind that there is not");
}

/// What the verifier says and hears is listed, and of the test blocks there is nothing else.
#[test]
fn the_statement_is_listed() {
    let page = read("docs/src/what-is-proven.md");
    let rows = page.lines().map(cells).filter(|cells| cells.len() == 5 && cells[0].parse::<u64>().is_ok());
    let listed: BTreeMap<(u64, &str), &str> =
        rows.map(|cells| ((cells[0].parse().expect("a tag"), cells[1]), cells[2])).collect();
    let public = INVENTORY.iter().filter(|kind| kind.tag.id >= 120 || kind.tag.name == "cursor");
    let public: BTreeSet<_> = public.map(|kind| (kind.tag.id, kind.tag.name)).collect();
    assert_eq!(listed.keys().copied().collect::<BTreeSet<_>>(), public);

    for (name, steps) in [("first-light", 9020), ("second-light", 605)] {
        let input = BlockInput::load(&root().join("testdata").join(name), None).expect("a block");
        let machine = Machine::new(&input).expect("the block holds");
        let assembly = machine.assembly();
        assert_eq!((assembly.steps().total, assembly.steps().proven), (steps, steps), "{name}");
        assert!(assembly.unproven().is_empty(), "{name}: {}", assembly.unproven()[0]);
        assert_eq!(assembly.public().check_statement(), Ok(()), "{name}");
        for message in assembly.public().iter() {
            let direction = listed[&(message.tag.id, message.tag.name)];
            let says = if direction.starts_with("sent") { 1 } else { -1 };
            assert_eq!(message.multiplicity, says, "{name}: {}: {direction}", message.tag.name);
        }
    }
}

/// A label without its row, and with `#` for its numbers.
fn family(label: &str) -> String {
    let mut family = String::new();
    for character in label.chars() {
        match character.is_ascii_digit() {
            true if family.ends_with('#') => {}
            true => family.push('#'),
            false => family.push(character),
        }
    }
    family
}

/// The constraints of `is_zero`.
const ZERO_TEST: [&str; 3] = ["others have one", "the inverse of zero is zero", "zero has no inverse"];

/// The labels of one chip with one degree: those that differ only in numbers as one, those with a common part before a colon
/// together.
fn compressed(labels: &[&str]) -> String {
    let bare = labels.iter().map(|label| match label.rsplit_once(" in row ") {
        Some((label, row)) if row.bytes().all(|digit| digit.is_ascii_digit()) => label,
        _ => *label,
    });
    let bare: BTreeSet<&str> = bare.collect();
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    bare.iter().for_each(|label| families.entry(family(label)).or_default().push(label));
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (family, members) in &families {
        let label = if members.len() > 1 { family } else { members[0] };
        let (group, rest) = label.split_once(": ").unwrap_or((label, ""));
        groups.entry(group).or_default().push(rest);
    }
    let text = |(group, members): (&&str, &Vec<&str>)| match members.as_slice() {
        [""] => (*group).to_owned(),
        members if *members == ZERO_TEST => format!("{group}: zero test"),
        members => {
            let members = members.iter().filter(|member| !member.is_empty()).copied().collect::<Vec<_>>();
            format!("{group}: {}", members.join(", "))
        }
    };
    groups.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The section of a circuit's page that lists its constraints.
fn labels(circuit: &Circuit) -> String {
    let mut section =
        format!("## Labels of {}\n\n| Chip | Height | Degree | Labels |\n|---|---|---|---|\n", circuit.name);
    for chip in &circuit.chips {
        let mut degrees: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for constraint in &chip.constraints {
            degrees.entry(constraint.expr.degree()).or_default().push(&constraint.label);
        }
        if degrees.is_empty() {
            writeln!(section, "| {} | {} | | none |", chip.name, chip.height).expect("text");
        }
        for (degree, labels) in degrees {
            writeln!(section, "| {} | {} | {degree} | {} |", chip.name, chip.height, compressed(&labels))
                .expect("text");
        }
    }
    section
}

#[test]
fn every_constraint_is_on_its_circuits_page() {
    let mut wrong = String::new();
    for circuit in all_circuits() {
        let section = labels(&circuit);
        if !page(&circuit).contains(&section) {
            writeln!(wrong, "{section}").expect("text");
        }
    }
    assert!(wrong.is_empty(), "pages of docs/src/circuits should say:\n{wrong}");
}

#[test]
fn every_chip_has_a_section() {
    for circuit in all_circuits() {
        let page = page(&circuit);
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        for chip in &circuit.chips {
            let named =
                |heading: &&str| heading.split(", ").flat_map(|part| part.split(" and ")).any(|part| part == chip.name);
            assert!(headings.iter().any(named), "{}: no section about {}", circuit.name, chip.name);
        }
    }
}

#[test]
fn columns_are_counted() {
    let page = read("docs/src/circuits/README.md");
    for circuit in all_circuits() {
        let heights: BTreeSet<usize> = circuit.chips.iter().map(|chip| chip.height).collect();
        let row = page.lines().find(|line| line.starts_with(&format!("| [{}]", circuit.name)));
        let cells = cells(row.unwrap_or_else(|| panic!("{} is not listed", circuit.name)));
        assert_eq!(cells[1], format!("{} + {}", circuit.main.len(), circuit.aux_columns()), "{}", circuit.name);
        let heights: Vec<_> = heights.iter().map(ToString::to_string).collect();
        assert_eq!(cells[2], heights.join(", "), "{}", circuit.name);
    }
}

/// All functions of the workspace's sources.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            let names = source.lines().filter_map(|line| line.trim_start().strip_prefix("fn ")?.split_once('('));
            found.extend(names.map(|(name, _)| name.to_owned()));
        }
    }
}

/// The numbers in the name of a test: `class_22_and_23_...` is of two classes.
fn classes(test: &str) -> Option<Vec<u32>> {
    let parts = test.strip_prefix("class_")?.split('_');
    Some(parts.filter(|part| *part != "and").map_while(|part| part.parse().ok()).collect())
}

#[test]
fn tests_of_soundness_exist_and_are_listed() {
    let mut functions_found = BTreeSet::new();
    functions(&root(), &mut functions_found);
    let page = read("docs/src/soundness.md");
    let code = page.split('`').skip(1).step_by(2);
    let tests = code.filter(|name| name.contains('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    for test in tests {
        assert!(functions_found.contains(test), "{test} is listed, and does not exist");
    }
    let mut missing = String::new();
    for test in &functions_found {
        for class in classes(test).unwrap_or_default() {
            let row = page.lines().find(|line| line.starts_with(&format!("| {class} |")));
            if row.is_none_or(|row| !row.contains(&format!("`{test}`"))) {
                writeln!(missing, "{class}: `{test}`").expect("text");
            }
        }
    }
    assert!(missing.is_empty(), "docs/src/soundness.md should list:\n{missing}");
}
