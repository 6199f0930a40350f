//! Whether the ranges that messages promise are shown by somebody.
//!
//! A message's field has a type, and the type a range that its receivers rely on. This module looks at each chip that sends
//! or provides a message, and asks whether what the chip itself constrains, together with the ranges of what it hears,
//! leaves the field in its range. It reads the finished constraints and nothing else: no type, and no
//! [`assume`](crate::value::Limb::assume), is believed.
//!
//! What a chip hears must not rest on what it says. A linear message is sent before it is received, since its chain has a
//! field that grows: if all senders pass on ranges that they received, and all others make values that are in range, all
//! are, by induction over time. Facts have no time. So the fields of all messages are founded in steps: those linear fields
//! together whose senders need nothing but each other and what is founded, then those facts whose providers need nothing but
//! what is founded, and so on. What is left in the end rests on itself.
//!
//! Where those who say a field do not show its range, all who hear it may: the key of a fact about arithmetic is a word that
//! its consumers have. Then those who say it know it as well, since what nobody hears does no harm. Such a field is founded
//! only by what was founded before it, or, in the kinds of linear messages that the caller names, together with the others: the
//! caller answers for it that what its receivers show it from is earlier.
//!
//! Some facts have an order as chains have, because a provider makes a key that is greater than the keys it heard; the
//! caller names them and answers for it, too. [`Counter`](crate::value::Counter)s are not bounded by a range but by how often they can
//! grow: they are taken to be below `2^60` where they are heard, and to be bounded (by `2^72`, in absolute value) where they are
//! said, so that no free cell is a counter.

mod interval;
mod polynomial;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::arithmetic::Field;
use rayon::prelude::*;

use self::interval::Interval;
use self::polynomial::Polynomial;
use self::window::{Heard, Relation, Window};
use crate::chip::{ChipDef, MessageDef, Role};
use crate::circuit::{Circuit, Selector};
use crate::expr::{Area, Cell, Expr, F};
use crate::message::Class;

/// The range of a field element of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Below two to this power.
    Below(u32),
    /// Bounded by how often it grows.
    Counter,
    /// Any field element.
    Any,
}

/// The bits that a receiver may assume a counter to fit.
const COUNTER_BITS: u32 = 60;

impl Range {
    /// The number of bits that a receiver may assume; nothing if it may assume no range.
    pub fn bits(self) -> Option<u32> {
        match self {
            Self::Below(bits) => Some(bits),
            Self::Counter => Some(COUNTER_BITS),
            Self::Any => None,
        }
    }

    /// What a receiver knows.
    fn heard(self) -> Option<Interval> {
        self.bits().map(Interval::below)
    }

    /// What a sender must show.
    fn said(self) -> Option<Interval> {
        match self {
            Self::Below(bits) => Some(Interval::below(bits)),
            Self::Counter => Some(Interval::within(72)),
            Self::Any => None,
        }
    }
}

/// A field of a message that a chip says, by the names of circuit, chip, slot and field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Promise {
    /// The circuit.
    pub circuit: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// The slot.
    pub slot: String,
    /// The field.
    pub field: String,
}

/// What is not founded.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many fields were looked at, of all chips that say them.
    pub promises: usize,
    /// What its chip does not show to be in range, even if everything that it hears is.
    pub unshown: Vec<Promise>,
    /// What its chip shows, but only from what rests on it in turn.
    pub circular: Vec<Promise>,
    /// What the caller answers for although it is shown.
    pub needless: Vec<Promise>,
}

/// A kind of message and the index of one of its fields.
type Place = (u64, usize);

/// Who shows that a field is in its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// All who send or provide it.
    Said,
    /// All who receive or consume it.
    Heard,
}

/// A message of a chip: what is to be shown of it, if its side shows it.
struct Part<'m> {
    chip: usize,
    message: &'m MessageDef,
    side: Side,
    fields: Vec<(Place, Promise, Polynomial, Interval)>,
}

/// A message of a chip, and what its fields say if they are founded.
struct Known {
    side: Side,
    multiplicity: Polynomial,
    fields: Vec<(Place, Relation)>,
}

/// A chip in terms of polynomials.
struct Model {
    constraints: Vec<Relation>,
    messages: Vec<Known>,
    ranges: BTreeMap<Cell, Interval>,
}

/// What the caller answers for.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// The kinds of facts that have an order.
    pub ordered: &'a [&'a str],
    /// The kinds of linear messages whose receivers show ranges from what is earlier than the message.
    pub answered: &'a [&'a str],
    /// Whether a promise is true for a reason that its chip's window does not show.
    pub trusted: fn(&Promise) -> bool,
}

/// Looks at every field that the chips of `circuits`, in shards of the given sizes, say.
pub fn check(circuits: &[(Circuit, u32)], answers: &Answers<'_>) -> Report {
    let mut checker = Checker::new(answers);
    for (circuit, k) in circuits {
        for chip in &circuit.chips {
            let index = checker.models.len();
            checker.parts.extend(chip.messages.iter().map(|message| part(circuit, chip, index, message)));
            checker.models.push(Model::new(circuit, chip, *k));
        }
        let named = |names: &[&str]| {
            let tags = circuit.slots.iter().map(|slot| slot.tag).filter(|tag| names.contains(&tag.name));
            tags.map(|tag| tag.id).collect::<Vec<_>>()
        };
        let linear = circuit.slots.iter().map(|slot| slot.tag).filter(|tag| tag.class == Class::Linear);
        checker.timed.extend(linear.map(|tag| tag.id).chain(named(answers.ordered)));
        checker.answered.extend(named(answers.answered));
    }
    checker.report()
}

fn part<'m>(circuit: &Circuit, chip: &ChipDef, index: usize, message: &'m MessageDef) -> Part<'m> {
    let slot = &circuit.slots[message.slot];
    let fields = slot.fields.iter().zip(&slot.names).zip(&slot.ranges).enumerate();
    let fields = fields.filter_map(|(field, ((expr, name), range))| {
        let row = if message.row == 0 { String::new() } else { format!(" in row {}", message.row) };
        let (slot_name, field_name) = (slot.name.clone(), format!("{name}{row}"));
        let promise = Promise { circuit: circuit.name, chip: chip.name, slot: slot_name, field: field_name };
        Some(((slot.tag.id, field), promise, Polynomial::new(&expr.shifted(message.row)), range.said()?))
    });
    Part { chip: index, message, side: side(message), fields: fields.collect() }
}

fn side(message: &MessageDef) -> Side {
    match message.role {
        Role::Send | Role::Provide => Side::Said,
        Role::Receive | Role::Consume => Side::Heard,
    }
}

impl Model {
    fn new(circuit: &Circuit, chip: &ChipDef, k: u32) -> Self {
        let constraints: Vec<Polynomial> = chip.constraints.iter().map(|c| Polynomial::new(&c.expr)).collect();
        let mut ranges = fixed_ranges(circuit, chip, k);
        ranges.extend(zero_tests(&constraints).map(|cell| (cell, Interval::new(0, 1))));
        let messages = chip.messages.iter().map(|message| {
            let slot = &circuit.slots[message.slot];
            let fields = slot.fields.iter().zip(&slot.ranges).enumerate();
            let fields = fields.filter_map(|(field, (expr, range))| {
                let polynomial = Polynomial::new(&expr.shifted(message.row));
                Some(((slot.tag.id, field), Relation { polynomial, interval: range.heard()? }))
            });
            let multiplicity = Polynomial::new(&message.multiplicity);
            Known { side: side(message), multiplicity, fields: fields.collect() }
        });
        Self {
            messages: messages.collect(),
            constraints: constraints.into_iter().map(Relation::zero).collect(),
            ranges,
        }
    }
}

/// The flags of zero tests: `x e = 0` and `e y + x = 1` leave zero and one to `x`, whatever `e` and `y` are.
fn zero_tests(constraints: &[Polynomial]) -> impl Iterator<Item = Cell> {
    let one = Polynomial::constant(F::ONE);
    let flags = constraints.iter().flat_map(|product| {
        let quotients = product.cells().into_iter().filter_map(|cell| Some((cell, product.over(cell)?)));
        quotients.collect::<Vec<_>>()
    });
    flags.filter_map(move |(flag, tested)| {
        let mut others =
            constraints.iter().map(|other| other.plus(&Polynomial::cell(flag), -F::ONE).plus(&one, F::ONE));
        others
            .any(|other| other.cells().into_iter().any(|cell| other.over(cell).as_ref() == Some(&tested)))
            .then_some(flag)
    })
}

/// The ranges of the fixed cells that a chip reads, over all rows where its windows may begin.
fn fixed_ranges(circuit: &Circuit, chip: &ChipDef, k: u32) -> BTreeMap<Cell, Interval> {
    let mut cells = BTreeSet::new();
    chip.constraints.iter().for_each(|constraint| constraint.expr.collect_cells(&mut cells));
    for message in &chip.messages {
        let fields = circuit.slots[message.slot].fields.iter();
        fields.for_each(|field: &Expr| field.shifted(message.row).collect_cells(&mut cells));
        message.multiplicity.collect_cells(&mut cells);
    }
    cells.retain(|cell| cell.area == Area::Fixed);
    if cells.is_empty() {
        return BTreeMap::new();
    }
    let columns = circuit.fixed_values(k);
    let begins = |row: &usize| match chip.selector {
        Selector::Main(_) => true,
        Selector::Fixed(column) => !bool::from(columns[column][*row].is_zero()),
    };
    let rows: Vec<usize> = (0..1 << k).filter(begins).collect();
    let range = |cell: Cell| {
        let at = |row: &usize| row.wrapping_add_signed(cell.distance(k) as isize) & ((1 << k) - 1);
        let values = rows.iter().map(|row| Interval::point(&columns[usize::from(cell.column)][at(row)]));
        values.reduce(|all, one| Interval { low: all.low.min(one.low), high: all.high.max(one.high) })
    };
    cells.into_iter().filter_map(|cell| Some((cell, range(cell)?.narrow()?))).collect()
}

/// The fields that are founded, each with who shows it.
type Founded = BTreeMap<Place, Side>;

struct Checker<'m, 'a> {
    models: Vec<Model>,
    parts: Vec<Part<'m>>,
    /// The kinds of messages that have an order.
    timed: BTreeSet<u64>,
    answered: BTreeSet<u64>,
    answers: &'a Answers<'a>,
}

impl<'a> Checker<'_, 'a> {
    fn new(answers: &'a Answers<'a>) -> Self {
        Self { models: Vec::new(), parts: Vec::new(), timed: BTreeSet::new(), answered: BTreeSet::new(), answers }
    }

    fn report(&self) -> Report {
        let said = self.parts.iter().filter(|part| part.side == Side::Said);
        let (sides, unshown) = self.sides();
        let founded = self.found(&sides);
        let unfounded: Founded = sides.into_iter().filter(|(place, _)| !founded.contains_key(place)).collect();
        let circular = self.failures(&founded, &unfounded).into_iter().map(|(_, promise)| promise);
        let circular = circular.filter(|promise| !unshown.contains(promise)).collect();
        let promises: Vec<_> = said.flat_map(|part| part.fields.iter().map(|(_, promise, ..)| promise)).collect();
        let needed = self.failures_if(&founded, &founded, true).into_iter().map(|(_, promise)| promise);
        let needed: BTreeSet<Promise> = needed.collect();
        let needless = promises.iter().filter(|promise| (self.answers.trusted)(promise) && !needed.contains(promise));
        let needless = needless.map(|promise| (*promise).clone()).collect();
        Report { promises: promises.len(), unshown, circular, needless }
    }

    /// Who shows each field, if all others are founded: who says it, or, if one of them does not, who hears it. And what
    /// neither shows.
    fn sides(&self) -> (Founded, Vec<Promise>) {
        let fields = self.parts.iter().flat_map(|part| part.fields.iter().map(|(place, ..)| *place));
        let mut sides: Founded = fields.map(|place| (place, Side::Said)).collect();
        let missing: BTreeSet<Place> = self.failures(&sides, &sides).into_iter().map(|(place, _)| place).collect();
        let heard = self.parts.iter().filter(|part| part.side == Side::Heard);
        let heard: BTreeSet<Place> = heard.flat_map(|part| part.fields.iter().map(|(place, ..)| *place)).collect();
        let mut others: Founded = missing.intersection(&heard).map(|place| (*place, Side::Heard)).collect();
        loop {
            let mut known = sides.clone();
            known.extend(others.clone());
            let failed = self.failures(&known, &others);
            if failed.is_empty() {
                break;
            }
            failed.iter().for_each(|(place, _)| others.retain(|other, _| other != place));
        }
        sides.extend(others);
        let asked: Founded = missing.iter().map(|place| (*place, sides[place])).collect();
        let unshown = self.failures(&sides, &asked).into_iter().map(|(_, promise)| promise).collect();
        (sides, unshown)
    }

    /// The fields among `asked` that somebody on their side does not show from the `founded` ones.
    fn failures(&self, founded: &Founded, asked: &Founded) -> Vec<(Place, Promise)> {
        self.failures_if(founded, asked, false)
    }

    /// As [`failures`](Self::failures), of what is trusted, or of what is not.
    fn failures_if(&self, founded: &Founded, asked: &Founded, trusted: bool) -> Vec<(Place, Promise)> {
        let failures = self.parts.par_iter().flat_map_iter(|part| self.failures_of(part, founded, asked, trusted));
        let mut failures: Vec<_> = failures.collect();
        failures.sort();
        failures
    }

    fn failures_of(&self, part: &Part<'_>, founded: &Founded, asked: &Founded, trusted: bool) -> Vec<(Place, Promise)> {
        let is_asked = |place: &Place| asked.get(place) == Some(&part.side);
        let is_trusted = |promise: &Promise| part.side == Side::Said && (self.answers.trusted)(promise);
        let asked = part.fields.iter().filter(|(place, promise, ..)| is_asked(place) && is_trusted(promise) == trusted);
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Vec::new();
        }
        let model = &self.models[part.chip];
        let known: Vec<Heard> =
            model.messages.iter().map(|known| known.relations(founded, part.side, &is_asked)).collect();
        let mut window = Window::new(&model.constraints, &known, model.ranges.clone());
        said(part, model).into_iter().for_each(|relation| window.assume(relation));
        if window.conclude().is_err() {
            return Vec::new();
        }
        let unshown = asked.into_iter().filter(|(_, _, polynomial, range)| !window.shows(polynomial, range));
        unshown.map(|(place, promise, ..)| (*place, promise.clone())).collect()
    }

    /// The fields that are founded, in the order that the module's documentation gives.
    fn found(&self, sides: &Founded) -> Founded {
        let mut founded = Founded::new();
        loop {
            let before = founded.len();
            // The most fields with an order that need nothing but each other and what is founded.
            let in_time = |(tag, _): &Place, side: Side| match side {
                Side::Said => self.timed.contains(tag),
                Side::Heard => self.answered.contains(tag),
            };
            let open = sides.iter().filter(|(place, _)| !founded.contains_key(place));
            let mut together: Founded = open.map(|(place, side)| (*place, *side)).collect();
            together.retain(|place, side| in_time(place, *side));
            loop {
                let mut known = founded.clone();
                known.extend(together.clone());
                let failed = self.failures(&known, &together);
                if failed.is_empty() {
                    break;
                }
                failed.iter().for_each(|(place, _)| together.retain(|other, _| other != place));
            }
            founded.extend(together);
            let open = sides.iter().filter(|(place, _)| !founded.contains_key(place));
            let mut next: Founded = open.map(|(place, side)| (*place, *side)).collect();
            let failed = self.failures(&founded, &next);
            failed.iter().for_each(|(place, _)| next.retain(|other, _| other != place));
            next.retain(|(tag, _), side| !self.timed.contains(tag) || *side == Side::Heard);
            founded.extend(next);
            if founded.len() == before {
                return founded;
            }
        }
    }
}

impl Known {
    /// What is known of the message's fields. A window knows of what it says only what others show; and who shows what it
    /// hears does not know that.
    fn relations(&self, founded: &Founded, asking: Side, is_asked: &impl Fn(&Place) -> bool) -> Heard {
        let known = self.fields.iter().filter(|(place, _)| match self.side {
            Side::Said => founded.get(place) == Some(&Side::Heard),
            Side::Heard => founded.contains_key(place) && !(asking == Side::Heard && is_asked(place)),
        });
        Heard {
            multiplicity: self.multiplicity.clone(),
            relations: known.map(|(_, relation)| relation.clone()).collect(),
        }
    }
}

/// What holds where a message is said or heard: its multiplicity is one, or minus one, or, for what is provided, not zero.
fn said(part: &Part<'_>, model: &Model) -> Vec<Relation> {
    let multiplicity = Polynomial::new(&part.message.multiplicity);
    match (part.message.role, part.message.multiplicity.as_cell()) {
        (Role::Provide, Some(cell)) => {
            let quotients = model.constraints.iter().filter_map(|constraint| constraint.polynomial.over(cell));
            quotients.map(Relation::zero).collect()
        }
        _ => {
            let sign = if part.side == Side::Said { -F::ONE } else { F::ONE };
            vec![Relation::zero(multiplicity.plus(&Polynomial::constant(F::ONE), sign))]
        }
    }
}
