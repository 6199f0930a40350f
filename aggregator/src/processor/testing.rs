//! What the tests of these chips share: a small level of four runs, without the curve and the rom.

use std::collections::BTreeSet;

use verbatim_gadgets::{
    audit::audit,
    bus::{Balance, FactCounts},
    check::check,
    chips,
    circuit::CircuitBuilder,
    expr::{Cell, F},
    grid::Grid,
    machine::{ChipSet, Sheet, Workload},
    message::{Class, Message},
};

use super::{EXCEPTIONS, Layout, form, level, permute, read, term, turn};
use crate::{
    G1Affine,
    bus::{CurvePoint, Instruction, Outcome, Term, Total},
    columns::Columns,
    curve::{self, testing::random_terms},
    engine::{Engine, Sum},
    program::{Program, Recorder},
    programs::{END, Entry, SHARDS, START},
    verifier::VerifierEvent,
    witness::Witness,
    work::LevelWork,
};

pub(super) use crate::curve::testing::{failures, rows};

chips! {
    /// The chips that run programs, by themselves.
    pub struct ProcessorChips, ProcessorEvent = "processor", layout {
        Form: form::Form,
        Permute: permute::Permute,
        Read: read::Read,
        Term: term::Term,
        Turn: turn::Turn,
        Level: level::Level,
    }
    exceptions EXCEPTIONS;
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let columns = Columns::new(builder);
    let curve = curve::Layout::over(builder, &columns);
    Layout::over(builder, &columns, &curve)
}

/// A program with every operation. It is given two scalars, not zero, and a point.
fn program(begin: u64, end: u64) -> Program {
    let mut recorder = Recorder::new();
    let before = recorder.begin(begin);
    let [a, b] = [(); 2].map(|()| recorder.scalar());
    let [three, seven] = [3, 7].map(|value| recorder.constant(F::from(value)));
    // Forms with all of their terms, a square, and one that a permutation's element is a multiple of.
    let product = recorder.mul(&a, &b);
    let sum = recorder.add(&product, &a);
    let sum = recorder.add(&sum, &before);
    let sum = recorder.add(&sum, &seven);
    let square = recorder.mul(&sum, &sum);
    let inverse = recorder.invert(&a);
    let one = recorder.mul(&inverse, &a);
    let expected = recorder.constant(F::one());
    recorder.assert_equal(&one, &expected);
    let [first, second, third] = recorder.permute([square.clone(), a.clone(), b.clone()]);
    let element = recorder.scale(&b, F::from(5));
    let absorbed = [(&second, &element, &three), (&third, &a, &seven)].map(|(state, element, constant)| {
        let sum = recorder.add(state, element);
        recorder.add(&sum, constant)
    });
    let [element, constant] = absorbed;
    let [digest, ..] = recorder.permute([first, element, constant]);
    let (point, [x, y]) = recorder.point();
    let multiple = recorder.add(&a, &three);
    recorder.term(Sum::Left, &multiple, &point);
    recorder.term(Sum::Right, &x, &point);
    let value = recorder.mul(&digest, &y);
    recorder.end(end, &value)
}

/// The programs of the level, one behind the other.
fn entries() -> [Entry; 3] {
    let mut base = 0;
    [(START, SHARDS), (SHARDS, SHARDS), (SHARDS, END)].map(|(begin, end)| {
        let program = program(begin, end);
        let entry = Entry { name: "test".to_owned(), base, program };
        base += entry.program.len();
        entry
    })
}

/// The windows of the level: its second program runs twice.
fn windows() -> Vec<(u64, ProcessorEvent)> {
    let [first, next, last] = entries();
    let mut work = LevelWork::new();
    for (run, entry) in [&first, &next, &next, &last].into_iter().enumerate() {
        let terms = random_terms(run as u64, 2);
        let witness = Witness { scalars: terms.iter().map(|term| term.0).collect(), points: vec![terms[0].1] };
        work.run(entry, &witness).expect("it holds");
    }
    let (sheet, _) = work.finish().expect("there are totals");
    let own = |event: &VerifierEvent| {
        Some(match event.clone() {
            VerifierEvent::Form(event) => ProcessorEvent::Form(event),
            VerifierEvent::Permute(event) => ProcessorEvent::Permute(event),
            VerifierEvent::Read(event) => ProcessorEvent::Read(event),
            VerifierEvent::Term(event) => ProcessorEvent::Term(event),
            VerifierEvent::Turn(event) => ProcessorEvent::Turn(event),
            VerifierEvent::Level(event) => ProcessorEvent::Level(event),
            _ => return None,
        })
    };
    sheet.events().iter().filter_map(|(run, event)| Some((*run, own(event)?))).collect()
}

/// A shard of these windows, whatever they say to each other. Multiplicities are not filled.
pub(super) fn grid(events: &[(u64, ProcessorEvent)]) -> Grid {
    let mut sheet: Sheet<ProcessorChips> = Sheet::new();
    events.iter().for_each(|(run, event)| sheet.push(*run, event.clone()));
    (&sheet as &dyn Workload).grid(9, 0..sheet.len()).expect("they fit")
}

/// The level, and what the rest of the machine says to it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) events: Vec<(u64, ProcessorEvent)>,
    /// The linear messages of curve and verifier.
    balance: Balance,
    /// The facts that rom and curve provide as often as anybody asks.
    facts: BTreeSet<(u64, Vec<F>)>,
}

impl Case {
    pub(super) fn new() -> Self {
        let events = windows();
        let mut case = Self { balance: Balance::default(), facts: BTreeSet::new(), events };
        let mut names = BTreeSet::new();
        for left in case.balanced(&grid(&case.events)).unbalanced() {
            names.insert(left.tag.name);
            match left.tag.class {
                Class::Fact => drop(case.facts.insert((left.tag.id, left.tuple))),
                Class::Linear => case.balance.add(left.tag, left.tuple, -left.sum, || left.place),
            }
        }
        let others = [CurvePoint::TAG, Instruction::TAG, Outcome::TAG, Term::TAG, Total::TAG];
        assert_eq!(names, others.map(|tag| tag.name).into());
        case
    }

    fn balanced(&self, grid: &Grid) -> Balance {
        let (mut grid, mut counts, mut balance) = (grid.clone(), FactCounts::default(), self.balance.clone());
        counts.consume(&grid);
        counts.provide(&mut grid);
        balance.add_grid(&grid);
        balance
    }

    pub(super) fn grid(&self) -> Grid {
        grid(&self.events)
    }

    /// Everything that speaks against `grid`, with the best multiplicities: labels of constraints, and kinds of messages.
    pub(super) fn objections(&self, grid: &Grid) -> BTreeSet<String> {
        let failures = check(grid).failures.into_iter().map(|failure| format!("{}: {}", failure.chip, failure.label));
        let left = self.balanced(grid).unbalanced().into_iter();
        let left = left.filter(|left| !self.facts.contains(&(left.tag.id, left.tuple.clone())));
        failures.chain(left.map(|left| format!("bus: {}", left.tag.name))).collect()
    }

    /// The first window of a run for which `wanted` finds something.
    pub(super) fn find<T>(&self, run: u64, wanted: impl Fn(&ProcessorEvent) -> Option<T>) -> (usize, T) {
        let mut found = self.events.iter().enumerate().filter(|(_, (origin, _))| *origin == run);
        found.find_map(|(index, (_, event))| Some((index, wanted(event)?))).expect("there is such a window")
    }
}

/// The objections by their names.
pub(super) fn objections<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// The cell where a slot has a field.
pub(super) fn field(slot: &str, field: &str) -> Cell {
    let (circuit, _) = ProcessorChips::build();
    let slot = circuit.slots.iter().find(|known| known.name == slot).expect("the slot exists");
    let place = slot.names.iter().position(|name| name == field).expect("the field exists");
    slot.fields[place].as_cell().expect("a single cell")
}

/// The audit of a chip's honest windows answers nothing that the circuit does not know of.
pub(super) fn assert_audited(chip: usize) {
    let case = Case::new();
    let events = case.events.into_iter().filter(|(_, event)| ProcessorChips::index(event) == chip);
    let mut grid = grid(&events.collect::<Vec<_>>());
    assert_eq!(failures(&grid), BTreeSet::new());
    let found = audit(&mut grid, 6);
    assert!(!found.constraints.is_empty(), "there are windows");
    let name = grid.circuit.chips[chip].name;
    let own: Vec<_> = EXCEPTIONS.iter().filter(|exception| exception.chip == name).copied().collect();
    assert_eq!(found.matches(&own), Ok(()));
}

/// A point that does not occur in the level.
pub(super) fn other_point() -> G1Affine {
    random_terms(99, 1)[0].1
}
