//! CALL, STATICCALL and DELEGATECALL that halt exceptionally.
//!
//! **Given** an opcode of the class. **Proves** one of these: the stack has too few operands; a value is sent in a
//! static context; a range of memory is larger than any gas pays for; the gas does not suffice.
//!
//! Where too few operands are the reason, none is popped. Where it is gas, the target is touched if the proof needs to
//! know that it was cold or that it does not exist; otherwise the step is taken to cost the least that it could. A
//! touch counts as a write of the caller's scope, which ends with the fault. The record of a cold target need not have
//! been looked up, and be known to nobody: then an [`Untouched`](crate::bus::Untouched) fact shows that it was cold, in
//! place of the touch, and is counted as one. What such a target costs besides, its record would say: it is taken to exist.
//!
//! What the head and the gadgets for memory constrain stands there. Of the rest:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | poor in gas, in a static context, input too large, output too large, touched, untouched is boolean | 2 | |
//! | one reason | 1 | those four and the lack of operands |
//! | output is popped | 1 | both ranges are popped or none |
//! | touched or untouched, for gas | 2 | one of them at most, and only if gas is the reason |
//! | a value in a static context | 3 | if that is the reason |
//! | input is too large, output is too large | 2 | if that is the reason |
//! | extra gas | 3 | what the step costs, or less |
//! | evidence | 3 | of the reason |
//! | tally b: ... in row 3 | 1 | the caller's tally |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool};

use super::head::{CallEvent, Head, Plan};
use super::{ADDRESS_ROW, CODE_ROW, INPUT_ROW, Layout, OUTPUT_ROW};
use crate::bus::{Fault, Tally, TallyNative, Words};
use crate::memory::expansion::{Demand, Expansion, ExpansionCells, Extent, Length, Request};
use crate::step::OperandEvent;

/// Why a call halts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The stack has fewer than seven words, or six.
    Stack,
    /// A value is sent in a static context.
    Static,
    /// A range of memory does not end below 2^42.
    Memory,
    /// There is less gas than it costs.
    Gas(Price),
}

/// From what the price follows that the gas does not suffice for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// It is the least that the step could cost: for a target that is warm, and exists.
    Least,
    /// From the target's record, which the step touches.
    Record,
    /// From the target's being cold, because nobody in the block touches it.
    Untouched,
}

/// The chip.
#[derive(Debug)]
pub struct Fail {
    head: Head,
    extents: [Extent; 2],
    words: [Words; 2],
    expansion: Expansion,
    /// Gas, static context, input, output.
    reasons: [Bool; 4],
    touched: Bool,
    untouched: Bool,
}

/// What a call that halts is filled from.
#[derive(Clone, Debug)]
pub struct FailEvent {
    /// The operands, the caller and the target, as far as the reason needs them. The fault of the step is some number.
    pub call: CallEvent,
    /// Why it halts.
    pub reason: Reason,
}

impl Chip for Fail {
    type Layout = Layout;
    type Event = FailEvent;
    const NAME: &'static str = "fail";
    const HEIGHT: usize = 5;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let steps = &layout.step;
        Self::reserve(chip, layout);
        let [input, output] = extent_cells(layout);
        let mut extents = [Extent::any(chip, "input", input), Extent::any(chip, "output", output)];
        let popped = extents[0].popped();
        chip.require_equal("output is popped", extents[1].popped(), &popped);
        let names = ["poor in gas", "in a static context", "input too large", "output too large"];
        let reasons = names.map(|name| chip.bool(name, CODE_ROW));
        let [poor, fixed, large @ ..] = &reasons;
        chip.require_equal("one reason", poor + fixed + &large[0] + &large[1], &popped);
        let [touched, untouched] = ["touched", "untouched"].map(|name| chip.bool(name, CODE_ROW));
        let priced = Bool::assume(&touched + &untouched, "constrained here");
        chip.require_zero("touched or untouched, for gas", &priced * (&priced - poor));

        let plan =
            Plan { succeeds: false, popped: popped.clone(), touched: touched.clone(), untouched: untouched.clone() };
        let head = Head::build(chip, layout, &plan);
        chip.learn_if(&layout.untouched, 0, &untouched);
        chip.require_zero("a value in a static context", fixed * (Expr::one() - &head.context.fixed * &head.has_value));
        let (words, expansion) = Self::memory(chip, layout, &head, &mut extents);
        for (label, (extent, reason)) in ["input", "output"].iter().zip(extents.iter().zip(large)) {
            chip.require_zero(format!("{label} is too large"), reason * (&extent.empty + &extent.sized));
        }
        let extra = steps.extra.expect("the shape is dynamic");
        chip.define("extra gas", extra, head.cost() + expansion.gas());

        let state = &head.step.state;
        let short = (Expr::one() - &popped) * (head.is_call() + 5 - &state.height);
        let unpaid = poor * (&head.step.opcode.gas + extra - &state.gas - 1);
        let excess = &large[0] * extents[0].excess() + &large[1] * extents[1].excess();
        chip.derive(steps.evidence, &short + &unpaid + &excess);
        chip.require_equal("evidence", steps.evidence, short + unpaid + excess);
        let after = head.step.after(steps);
        let evidence = Any::assume(steps.evidence, "constrained above");
        chip.send(&steps.fault, 0, &Fault { clock: after.clock, call: after.call, evidence });
        let tally = Tally { clock: state.clock.clone(), writes: head.writes(), ..head.tally.clone() };
        chip.send_if(&layout.tally_b, OUTPUT_ROW, &priced, &tally);
        Self { head, extents, words, expansion, reasons, touched, untouched }
    }

    fn fill(&self, event: &FailEvent, row: &mut WindowWriter<'_>) {
        let mut call = event.call.clone();
        let [touched, untouched] = [Price::Record, Price::Untouched].map(|price| event.reason == Reason::Gas(price));
        let priced = touched || untouched;
        if !priced {
            let state = &call.step.state;
            // The columns of a tally that is not received; its time must be a possible one all the same.
            call.tally = TallyNative { call: state.call, clock: state.clock - 1, ..call.tally };
        }
        self.head.fill(&call, priced, row);
        row.set(&self.touched, touched);
        row.set(&self.untouched, untouched);
        if event.reason == Reason::Stack {
            return;
        }
        let demands = [&call.input, &call.output]
            .map(|[offset, length]: &[OperandEvent; 2]| Demand { offset: offset.value, length: length.value });
        for ((extent, words), demand) in self.extents.iter().zip(&self.words).zip(&demands) {
            extent.fill(demand, row);
            if demand.sized() {
                let bytes = (demand.offset + demand.length).as_limbs()[0] + 31;
                row.set(&words.words, bytes / 32);
                row.set(&words.rest, (bytes % 32) as u8);
            }
        }
        self.expansion.fill(call.step.state.memory, &demands.map(|demand| demand.words()), row);
        let large = demands.map(|demand| demand.excess().is_some());
        let reason = match event.reason {
            Reason::Gas(_) => 0,
            Reason::Static => 1,
            Reason::Memory if large[0] => 2,
            _ => 3,
        };
        row.set(&self.reasons[reason], true);
    }
}

/// The flags of the two extents: columns of the step, in a row where no step begins.
fn extent_cells(layout: &Layout) -> [[Cell; 6]; 2] {
    let step = &layout.step;
    let [code_hi, code_lo] = step.code_cells;
    let first = [step.clock, step.call, code_hi, code_lo, step.pc, step.height];
    let second = [step.gas, step.memory, step.next_pc, step.next_height, step.opcode_cell, step.cost];
    [first, second].map(|cells| cells.map(|cell| cell.shifted(CODE_ROW)))
}

impl Fail {
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        Head::reserve(chip, layout);
        chip.peek(&layout.step.fault, 0);
        chip.peek(&layout.tally_b, OUTPUT_ROW);
        for row in [INPUT_ROW, OUTPUT_ROW] {
            chip.peek(&layout.expansion.words, row);
        }
        for row in [ADDRESS_ROW, CODE_ROW] {
            chip.peek(&layout.expansion.cost, row);
        }
    }

    /// What memory the operands ask for, and what it would cost.
    fn memory(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        head: &Head,
        extents: &mut [Extent; 2],
    ) -> ([Words; 2], Expansion) {
        let ranges = [("input", &head.input, INPUT_ROW), ("output", &head.output, OUTPUT_ROW)];
        let [input, output] = extents;
        let words = [(input, ranges[0]), (output, ranges[1])].map(|(extent, (label, [offset, length], row))| {
            let length = Length::Word(length.value.clone());
            extent.constrain(chip, label, &offset.value, &length);
            extent.needed(chip, &layout.expansion, row, &offset.value, &length)
        });
        let request = |i: usize| Request { flag: extents[i].sized.clone(), words: words[i].words.expr() };
        let requests = [request(0), request(1)];
        let [first, second, grows, creates] = layout.spare.map(|cell| cell.shifted(CODE_ROW));
        let expansion = Expansion::two(
            chip,
            (&layout.expansion, &layout.step),
            &head.step,
            (ExpansionCells { grows, creates }, [first, second]),
            [&requests[0], &requests[1]],
            [[0, 0, 0], [INPUT_ROW, OUTPUT_ROW, OUTPUT_ROW]],
            [CODE_ROW, ADDRESS_ROW],
        );
        (words, expansion)
    }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;
    use verbatim_gadgets::expr::F;

    use verbatim_gadgets::machine::ChipSet;

    use super::super::fixture::{CALL, CLOCK, TRANSACTION, call};
    use super::super::testing::{Trial, audited};
    use super::super::{CallsChips, CallsEvent};
    use super::*;
    use crate::bus::{Code, CodeNative, Exec, FaultNative, Opcode, OpcodeNative, Untouched, UntouchedNative};
    use crate::schedule::Class;

    #[derive(Clone, Debug)]
    struct Case {
        event: FailEvent,
        evidence: F,
    }

    fn case(parameter: u8, reason: Reason, evidence: u64, change: impl FnOnce(&mut CallEvent)) -> Case {
        let mut call = call(parameter);
        call.step.fault = Some(0);
        change(&mut call);
        Case { event: FailEvent { call, reason }, evidence: F::from(evidence) }
    }

    fn trial(case: &Case) -> Trial {
        let call = &case.event.call;
        let fault = FaultNative { clock: CLOCK + 3, call: CALL, evidence: case.evidence };
        let trial = Trial::new([CallsEvent::Fail(case.event.clone())]).received::<Fault>(&fault);
        if case.event.reason == Reason::Stack {
            let step = &call.step;
            let (opcode, parameter, state) = (step.opcode, step.parameter, &step.state);
            let (hash, pc) = (state.code, state.pc);
            return trial
                .sent::<Exec>(state)
                .provided::<Opcode>(&OpcodeNative { opcode, class: Class::Call as u8, gas: 0, parameter })
                .provided::<Code>(&CodeNative { hash, pc, opcode, push: U256::ZERO, next: pc + 1 });
        }
        let trial = trial.with_operands(call);
        let trial = match case.event.reason {
            Reason::Gas(Price::Record) => trial.with_touch(call),
            Reason::Gas(Price::Untouched) => trial.sent::<Tally>(&call.tally).provided::<Untouched>(&nobodys(call)),
            _ => return trial,
        };
        let tally = TallyNative { clock: CLOCK, writes: call.tally.writes + 1, ..call.tally.clone() };
        trial.received::<Tally>(&tally)
    }

    /// That nobody touches the target.
    fn nobodys(call: &CallEvent) -> UntouchedNative {
        UntouchedNative { address: call.target.address, slot: false, key: U256::ZERO }
    }

    fn cases() -> Vec<Case> {
        let memory = 3 * 3;
        let untouched = Reason::Gas(Price::Untouched);
        let undone = |c: &mut CallEvent| (c.context.reverted, c.context.scope) = (true, 9000);
        vec![
            case(0, Reason::Stack, 0, |c| c.step.state.height = 6),
            case(2, Reason::Stack, 5, |c| c.step.state.height = 0),
            case(0, Reason::Static, 0, |c| (c.context.fixed, c.value.value) = (true, U256::from(1))),
            case(0, Reason::Gas(Price::Record), 2600 + memory - 2000 - 1, |c| {
                undone(c);
                c.step.state.gas = 2000;
            }),
            case(0, Reason::Gas(Price::Record), 34_000 + 2600 + memory - 30_000 - 1, |c| {
                undone(c);
                c.target.code = super::super::fixture::no_code();
                (c.target.nonce, c.target.balance) = (0, U256::ZERO);
                (c.step.state.gas, c.value.value) = (30_000, U256::from(1) << 200);
            }),
            case(1, Reason::Gas(Price::Record), 0, |c| {
                undone(c);
                c.target.warm = TRANSACTION;
                c.step.state.gas = 100 + memory as i64 - 1;
            }),
            case(2, Reason::Gas(Price::Record), 2600 + memory - 2000 - 1, |c| {
                c.address.value = U256::from(0x99);
                c.target.address = U256::from(0x99);
                c.step.state.gas = 2000;
            }),
            case(1, Reason::Gas(Price::Least), 100 + memory - 50 - 1, |c| {
                c.address.value = U256::from(4);
                c.step.state.gas = 50;
            }),
            case(2, Reason::Gas(Price::Least), 100 + memory - 50 - 1, |c| c.step.state.gas = 50),
            case(0, Reason::Gas(Price::Least), 9000 + 100 + memory - 8000 - 1, |c| {
                (c.step.state.gas, c.value.value) = (8000, U256::from(1));
            }),
            case(0, untouched, 9000 + 2600 + memory - 11_000 - 1, |c| {
                undone(c);
                (c.step.state.gas, c.value.value) = (11_000, U256::from(1) << 140);
            }),
            case(2, untouched, 2600 + memory - 2000 - 1, |c| {
                (c.address.value, c.target.address) = (U256::from(0x99), U256::from(0x99));
                c.step.state.gas = 2000;
            }),
            case(1, Reason::Memory, 4, |c| c.input[1].value = U256::from(5) << 128),
            case(2, Reason::Memory, 4 + 40, |c| c.output[0].value = U256::from((1u64 << 42) + 4)),
        ]
    }

    #[test]
    fn faults_hold() {
        for case in cases() {
            trial(&case).holds();
        }
        trial(&cases()[3]).mock();
    }

    #[test]
    fn no_range_is_too_large_to_fail() {
        for length in [U256::ZERO, U256::MAX, U256::from(u128::MAX), U256::from(1) << 128] {
            let mut case = case(0, Reason::Memory, 0, |c| {
                c.input.iter_mut().for_each(|operand| operand.value = U256::MAX);
                (c.output[0].value, c.output[1].value) = (U256::MAX, length);
            });
            // 2^129 - 3, less 2^128.
            case.evidence = -F::from(3) + verbatim_gadgets::value::from_u128(u128::MAX) + F::from(1);
            trial(&case).holds();
        }
    }

    /// Class 2: a step that could go on has no evidence.
    #[test]
    fn class_2_no_fault_without_a_reason() {
        let rejected = |case: &Case, objection: &str| {
            let objections = Trial::new([CallsEvent::Fail(case.event.clone())]).objections();
            assert!(objections.iter().any(|o| o.starts_with(objection)), "{objection}: {objections:?}");
        };
        let free = case(0, Reason::Static, 0, |c| c.value.value = U256::from(1));
        rejected(&free, "a value in a static context");
        let nothing = case(0, Reason::Static, 0, |c| c.context.fixed = true);
        rejected(&nothing, "a value in a static context");
        rejected(&case(0, Reason::Memory, 0, |_| ()), "output is too large");
        // Enough gas, or enough words: the fault chip does not take less than nothing.
        let negative = [
            case(0, Reason::Gas(Price::Record), 0, |c| c.step.state.gas = 2609),
            case(1, Reason::Gas(Price::Least), 0, |c| c.step.state.gas = 109),
            case(0, Reason::Stack, 0, |c| c.step.state.height = 7),
            case(1, Reason::Stack, 0, |c| c.step.state.height = 6),
        ];
        for mut case in negative {
            case.evidence = -F::from(1);
            trial(&case).holds();
        }
    }

    /// Class 12: a fault for the price of a cold account is about one that is.
    #[test]
    fn class_12_a_warm_target_is_not_cold() {
        let chip = CallsChips::build().1.Fail;
        for (case, cold) in [(&cases()[3], true), (&cases()[5], false)] {
            let labels = trial(case).labels_with(0, &[(chip.head.warm.expr(), F::from(u64::from(cold)))]);
            assert!(labels.iter().any(|label| label.starts_with("warm")), "{labels:?}");
        }
    }

    /// A fact shows what it says of one account, where gas is the reason, and in place of a touch.
    #[test]
    fn class_12_untouched_is_the_target() {
        let chip = CallsChips::build().1.Fail;
        let untouched = case(1, Reason::Gas(Price::Untouched), 2600 + 9 - 2000 - 1, |c| c.step.state.gas = 2000);
        trial(&untouched).holds();
        // That of another account, and of a slot.
        for other in [
            UntouchedNative { address: super::super::fixture::own_address(), ..nobodys(&untouched.event.call) },
            UntouchedNative { slot: true, ..nobodys(&untouched.event.call) },
        ] {
            let call = &untouched.event.call;
            let fault = FaultNative { clock: CLOCK + 3, call: CALL, evidence: untouched.evidence };
            let trial = Trial::new([CallsEvent::Fail(untouched.event.clone())]).received::<Fault>(&fault);
            let objections = trial.with_operands(call).provided::<Untouched>(&other).objections();
            assert!(objections.iter().any(|o| o.starts_with("bus: untouched")), "{objections:?}");
        }
        // Neither without want of gas, nor for a target that is touched.
        let label = ["touched or untouched, for gas"];
        for case in [&cases()[2], &cases()[3]] {
            let one = [(chip.untouched.expr(), F::from(1))];
            assert!(trial(case).labels_with(0, &one).iter().any(|found| *found == label[0]));
        }
        let two = [(chip.untouched.expr(), F::from(2)), (chip.touched.expr(), -F::from(1))];
        let found = trial(&untouched).labels_with(0, &two);
        assert!(found.iter().any(|label| label == "untouched is boolean"), "{found:?}");
    }

    /// No fault takes the price of a precompile for that of a cold account.
    #[test]
    fn precompiles_are_not_touched() {
        let prices = [Price::Record, Price::Untouched];
        for (address, price) in (1..=0x11).chain([0x100]).flat_map(|address| prices.map(|price| (address, price))) {
            let case = case(1, Reason::Gas(price), 2600 + 9 - 2000 - 1, |c| {
                (c.address.value, c.target.address) = (U256::from(address), U256::from(address));
                c.step.state.gas = 2000;
            });
            let objections = trial(&case).objections();
            let rejects = |o: &String| o.starts_with("bus: range128") || o == "not P256VERIFY";
            assert!(objections.iter().any(rejects), "{address:#x}: {objections:?}");
        }
    }

    #[test]
    fn no_cell_is_free() {
        for case in cases() {
            // What is carried counts only where a range is too large: the fifth of each extent's cells.
            let carries = ["pc in row 4", "opcode in row 4"];
            let free = trial(&case).free_cells(0);
            let other: Vec<_> = free.iter().filter(|cell| !carries.contains(&cell.as_str())).collect();
            assert_eq!(other, [""; 0], "{:?}", case.event.reason);
        }
    }

    #[test]
    fn every_label_is_needed_and_nothing_is_a_choice() {
        let trials: Vec<Trial> = cases().iter().map(trial).collect();
        assert_eq!(audited(&trials), Ok(()));
    }

    #[test]
    fn two_reasons_and_less_than_none_are_not_one() {
        let (_, chips) = CallsChips::build();
        let [poor, fixed, large, _] = &chips.Fail.reasons;
        let input = &chips.Fail.extents[0];
        let wrong = [(fixed, -F::from(1)), (poor, F::from(1)), (large, F::from(1))];
        let flags = [(&input.sized, F::from(0)), (&input.high, F::from(1))];
        let cells: Vec<_> = wrong.into_iter().chain(flags).map(|(flag, value)| (flag.expr(), value)).collect();
        assert_eq!(trial(&cases()[2]).labels_with(0, &cells), ["in a static context is boolean"]);
    }
}
