//! A step with two ranges of memory, in a circuit of its own: what calls build on. Operands stand in cells of the step.

use verbatim_gadgets::audit::{Exception, Finding, audit};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::CircuitBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::{Chip, ChipSet, Sheet, Workload};
use verbatim_gadgets::value::{Any, Limb, Word};

use super::cases::{Setting, needed};
use super::*;
use crate::memory::expansion::*;
use crate::schedule::Class;
use crate::step::{Needs, Shape, Step, StepEvent, StepSlots};

verbatim_gadgets::chips! {
    /// The chip alone.
    pub struct TwoChips, TwoChipsEvent = "two ranges", lay_out {
        Two: Two,
    }
    exceptions &[
        Exception {
            chip: "two",
            finding: Finding::Open,
            names: &["next pc in row 0"],
            reason: "a fault may name any failure that is true as its evidence",
        },
        Exception { chip: "two", finding: Finding::Choice, names: &["fault"], reason: "as its cell next pc" },
        Exception {
            chip: "two",
            finding: Finding::Redundant,
            names: &["one is of one kind", "two is of one kind"],
            reason: "each of the two follows from the other, as both sums are equal",
        },
    ];
}

/// The columns.
#[derive(Debug)]
pub struct TwoLayout {
    step: StepSlots,
    expansion: ExpansionSlots,
}

fn lay_out(builder: &mut CircuitBuilder) -> TwoLayout {
    let step = StepSlots::popping_on_fault(builder, Shape { ticks: 4, dynamic: true });
    TwoLayout { expansion: ExpansionSlots::new(builder, &step, 1), step }
}

/// A step that asks for two ranges of memory.
#[derive(Debug)]
pub struct Two {
    step: Step,
    operands: [[Word; 2]; 2],
    extents: [Extent; 2],
    words: [crate::bus::Words; 2],
    expansion: Expansion,
    end: Any,
}

/// The step and its ranges.
#[derive(Clone, Debug)]
pub struct TwoEvent {
    step: StepEvent,
    ranges: [Demand; 2],
}

impl Chip for Two {
    type Layout = TwoLayout;
    type Event = TwoEvent;
    const NAME: &'static str = "two";
    const HEIGHT: usize = 4;

    fn build(chip: &mut ChipBuilder<'_>, layout: &TwoLayout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Call);
        let spare = [slots.height, slots.gas, slots.memory, slots.next_height, slots.opcode_cell, slots.cost];
        let mut extents = [("one", 2), ("two", 3)]
            .map(|(label, row)| Extent::any(chip, label, spare.map(|cell: Cell| cell.shifted(row))));
        let operands = [0, 1].map(|row| {
            [slots.a, slots.b].map(|word| {
                let [hi, lo] = word.map(|cell| Limb::assume(chip.reserve(cell.shifted(row)).expr(), "for this test"));
                Word { hi, lo }
            })
        });
        chip.require_equal("both are popped", extents[0].popped(), extents[1].popped());
        let rows = [("one", 1), ("two", 2)];
        let words = [0, 1].map(|i| {
            let [offset, length] = &operands[i];
            let length = Length::Word(length.clone());
            extents[i].constrain(chip, rows[i].0, offset, &length);
            extents[i].needed(chip, &layout.expansion, rows[i].1, offset, &length)
        });
        let payable = extents.each_ref().map(|e| &e.empty + &e.sized);
        chip.require_zero("a success pays for both", &step.ok * (Expr::one() - &payable[0] * &payable[1]));
        let requests = [0, 1].map(|i| Request { flag: extents[i].sized.clone(), words: words[i].words.expr() });
        let cells = ExpansionCells { grows: slots.r[0].shifted(2), creates: slots.r[1].shifted(2) };
        let flags = slots.r.map(|cell| cell.shifted(3));
        let expansion = Expansion::two(
            chip,
            (&layout.expansion, slots),
            &step,
            (cells, flags),
            [&requests[0], &requests[1]],
            [[1, 1, 2], [2, 3, 3]],
            [1, 2],
        );
        chip.define("extra gas", slots.extra.expect("dynamic"), expansion.gas());
        chip.require_equal_if("next pc", &step.ok, slots.next_pc, &step.state.pc + 1);
        let other = evidence(chip, &step, Expr::from(7), 3, &[&extents[0], &extents[1]]);
        step.end(chip, slots, 0, &Needs::Either(other));
        let end = Any::assume(slots.evidence, "constrained above");
        Self { step, operands, extents, words, expansion, end }
    }

    fn fill(&self, event: &TwoEvent, row: &mut WindowWriter<'_>) {
        let state = &event.step.state;
        self.step.fill(&event.step, row);
        let mut other = (state.height < 7).then(|| F::from(7 - state.height - 1));
        let mut requests = [None; 2];
        for (i, demand) in event.ranges.iter().enumerate().filter(|_| state.height >= 7) {
            row.set(&self.operands[i][0], demand.offset);
            row.set(&self.operands[i][1], demand.length);
            self.extents[i].fill(demand, row);
            requests[i] = demand.words();
            if demand.sized() {
                let bytes = (demand.offset + demand.length).as_limbs()[0] + 31;
                row.set(&self.words[i].words, bytes / 32);
                row.set(&self.words[i].rest, (bytes % 32) as u8);
            }
            other = other.or(demand.excess().map(|(low, _)| verbatim_gadgets::value::from_u128(low)));
        }
        let (_, extra) = self.expansion.fill(state.memory, &requests, row);
        let short = verbatim_gadgets::value::from_u128(extra) - F::from(state.gas.unsigned_abs()) - F::from(1);
        let end = if event.step.fault.is_some() { other.unwrap_or(short) } else { F::from(state.pc + 1) };
        row.set(&self.end, end);
    }
}

fn two(height: u64, gas: i64, memory: u8, ranges: [(U256, U256); 2]) -> TwoEvent {
    let ranges = ranges.map(|(offset, length)| Demand { offset, length });
    let setting = Setting::new(0xf1, &[]).height(height).gas(gas).memory(memory);
    let old = u64::from(memory);
    let words: Option<Vec<u64>> = ranges.iter().map(|r| needed(r.offset, r.length)).collect();
    let size = words.and_then(|words| words.into_iter().max()).map(|size| size.max(old));
    let ok = height >= 7 && size.is_some_and(|size| memory_cost(size) - memory_cost(old) <= gas as u128);
    TwoEvent { step: setting.step(ok), ranges }
}

fn events() -> Vec<TwoEvent> {
    let n = |value: u64| U256::from(value);
    let some = |offset, length| (n(offset), n(length));
    let far = (n(1 << 42), n(1));
    let high = (U256::MAX, n(1));
    vec![
        two(9, 1000, 4, [some(0, 64), some(64, 64)]),
        two(9, 1000, 4, [some(100, 32), some(64, 64)]),
        two(9, 1000, 4, [some(64, 64), some(100, 32)]),
        two(9, 1000, 4, [some(100, 100), some(100, 200)]),
        two(9, 1000, 4, [some(100, 200), some(100, 100)]),
        two(9, 1000, 4, [(U256::MAX, n(0)), some(100, 100)]),
        two(9, 1000, 4, [some(1000, 0), some(1000, 0)]),
        two(9, 2, 4, [some(100, 29), some(0, 32)]),
        two(9, 2, 4, [far, some(0, 32)]),
        two(9, 2, 4, [some(0, 500), high]),
        two(9, 2, 4, [(n(0), U256::MAX), some(0, 0)]),
        two(6, 2, 4, [some(0, 0), some(0, 0)]),
    ]
}

fn grid() -> Grid {
    let mut sheet = Sheet::<TwoChips>::new();
    events().into_iter().enumerate().for_each(|(i, event)| sheet.push(i as u64, TwoChipsEvent::Two(event)));
    let work: &dyn Workload = &sheet;
    work.grid(8, 0..work.len()).expect("room for a test")
}

#[test]
fn two_ranges_grow_memory_to_the_greater() {
    let grid = grid();
    assert_eq!(check(&grid).failures, []);
    assert!(mock(&grid));
    let column = |name: &str| grid.circuit.main.iter().position(|main| main == name).expect("a column of that name");
    let [memory, extra, evidence] = ["next memory", "extra gas", "next pc"].map(column);
    for (event, window) in events().iter().zip(&grid.windows) {
        let old = event.step.state.memory;
        if event.step.fault.is_some() {
            assert!(number(&grid.main[evidence][window.row]).is_some(), "{event:?}");
            continue;
        }
        let size = event.ranges.iter().filter_map(|r| needed(r.offset, r.length)).max().unwrap_or(0).max(old);
        assert_eq!(number(&grid.main[memory][window.row]), Some(size.into()), "{event:?}");
        assert_eq!(number(&grid.main[extra][window.row]), Some(memory_cost(size) - memory_cost(old)), "{event:?}");
    }
}

/// A label, an event, and the cells that are set before the others are derived, so that it alone rejects them.
type Forgery = (&'static str, usize, Vec<(&'static str, i16, F)>);

fn forgeries() -> Vec<Forgery> {
    let (one, size) = (F::from(1), F::from(10));
    vec![
        ("memory grows for the first only if it asks", 6, vec![("result.hi", 3, one), ("next pc", 1, size)]),
        ("memory grows for the second only if it asks", 6, vec![("result.lo", 3, one), ("next pc", 2, size)]),
        ("a success pays for both", 8, vec![("ok", 0, one), ("next pc", 0, F::from(6))]),
        ("ok is boolean", 0, vec![("ok", 0, F::from(2)), ("gas", 0, -F::from(7))]),
    ]
}

#[test]
fn every_constraint_of_two_ranges_is_needed() {
    let found = audit(&mut grid(), usize::MAX);
    assert_eq!(found.matches(TwoChips::EXCEPTIONS), Ok(()));
}

#[test]
fn each_label_of_two_ranges_rejects_a_forgery() {
    let (circuit, chips) = TwoChips::build();
    let circuit = Arc::new(circuit);
    let column = |name: &str| circuit.main.iter().position(|main| main == name).expect("a column of that name");
    for (label, event, cells) in forgeries() {
        let mut grid = Grid::new(Arc::clone(&circuit), 8, Arc::new(circuit.fixed_values(8)));
        grid.place(0, 0, |row| {
            chips.fill(&TwoChipsEvent::Two(events()[event].clone()), row);
            for (name, rotation, value) in &cells {
                row.field(&Cell::main(column(name)).shifted(*rotation).expr(), *value);
            }
        })
        .expect("room for a test");
        let failed: Vec<_> = check(&grid).failures.into_iter().map(|f| f.label).collect();
        assert_eq!(failed, [label]);
    }
}
