//! CALL, STATICCALL and DELEGATECALL where the callee begins.
//!
//! **Given** an opcode of the class, and the caller's context and tally. **Proves** that the callee begins with the
//! target's code, the gas that it was given, a context and an environment, and the value on its account; that the
//! caller waits in a frame; and that no rule was broken: no value in a static context, a depth below 1024, a balance
//! that covers the value, no delegated code.
//!
//! What the head and the gadgets for gas, memory and transfers constrain stands there. Of the rest:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | extra gas | 2 | all that the step costs beyond the schedule's gas |
//! | static without value | 2 | |
//! | not too deep | 2 | the depth is not 1024; it grows by one a call from 0, so it is below |
//! | callee succeeds: ... | 2 | one exactly if the callee's own scope has no end |
//! | not delegated | 2 | the code does not begin with 0xef |
//! | new caller: hi, lo; new value: hi, lo | 2 | a delegated call has its caller's caller and value |
//! | frame: ... in row 3 | 1, 2 | the caller behind the step |
//! | enter: ... in row 4 | 1 | the callee's first state |
//! | context: ... in row 5 | 1, 2 | the callee's context |
//! | environment 0, 1: ... in row 3 to 6 | 1, 2 | facts of the caller, and of the callee |
//! | tally: ... in row 6 | 1, 2 | the callee's tally |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Address, Bool, Byte, Counter, Gas, U64, Word};

use super::gas::Forwarded;
use super::head::{CallEvent, Head, Plan, Popped, pop_gas};
use super::ranges::Ranges;
use super::transfer::{Half, Order};
use super::{ADDRESS_ROW, CODE_ROW, CONTEXT_ROW, INPUT_ROW, Layout, OUTPUT_ROW, TALLY_ROW};
use crate::bus::{AccountNative, Code, Context, Environment, Exec, Frame, Tally};
use crate::light::TRANSACTION;
use crate::payment::Direction;

/// The depth in which no call begins.
pub(super) const DEPTH_LIMIT: u64 = 1024;
/// What the callee has more than it was given, if it was sent a value.
pub const STIPEND: u64 = 2300;

const ADDRESS: u8 = 0x30;
const CALLER: u8 = 0x33;
const CALL_VALUE: u8 = 0x34;
const CALL_DATA_SIZE: u8 = 0x36;

/// The chip.
#[derive(Debug)]
pub struct Enter {
    head: Head,
    gas: Popped,
    first: Code,
    ranges: Ranges,
    forwarded: Forwarded,
    scope: Counter,
    /// ADDRESS, CALLER and CALLVALUE of the caller.
    own: [Environment; 3],
    transfer: [Half; 2],
}

/// What a call that begins is filled from.
#[derive(Clone, Debug)]
pub struct EnterEvent {
    /// The operands, the caller and the target.
    pub call: CallEvent,
    /// The time at which the callee has been undone, if it fails itself: the clock of its end, and its writes, and one.
    /// Zero if it succeeds.
    pub scope: u64,
    /// The caller's own address.
    pub address: U256,
    /// The caller's own caller and value, for DELEGATECALL.
    pub inherited: [U256; 2],
    /// The caller's account before the value leaves it, which is behind the touch of the target; anything if there is
    /// none.
    pub sender: AccountNative,
    /// The target's account before the value arrives, which is behind its leaving; anything if there is none.
    pub receiver: AccountNative,
}

impl Chip for Enter {
    type Layout = Layout;
    type Event = EnterEvent;
    const NAME: &'static str = "enter";
    const HEIGHT: usize = 7;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        Self::reserve(chip, layout);
        let head = Head::build(chip, layout, &Plan::proceeds());
        let gas = pop_gas(chip, layout);
        chip.require_zero("static without value", head.context.fixed.and(&head.has_value));
        let inverse = chip.any(CONTEXT_ROW).expr();
        let room = Expr::from(DEPTH_LIMIT) - &head.context.depth;
        chip.derive_inverse(cell(&inverse), room.clone());
        chip.require_equal("not too deep", room * inverse, Expr::one());

        let ranges = Ranges::build(chip, layout, &head, CONTEXT_ROW);
        let extra = layout.step.extra.expect("the shape is dynamic");
        chip.define("extra gas", extra, head.cost() + ranges.gas());
        let available = &head.step.state.gas - &head.step.opcode.gas - extra;
        let forwarded = Forwarded::build(chip, layout, &available, &gas.value);

        let scope = Self::frame(chip, layout, &head, &ranges, available - &forwarded.gas);
        let succeeds = chip.is_zero("callee succeeds", CONTEXT_ROW, &scope);
        let stipend = &head.has_value * F::from(STIPEND);
        Self::first_state(chip, layout, &head, &forwarded.gas + stipend);
        let first = Head::not_delegated(chip, layout);
        let own = Self::environment(chip, layout, &head, &ranges);
        let context = Self::context(chip, layout, &head, &ranges, (&scope, &succeeds));
        let transfer = Self::transfer(chip, layout, &head, &context, &succeeds);
        Self::tally(chip, layout, &head, &succeeds);
        Self { head, gas, first, ranges, forwarded, scope, own, transfer }
    }

    fn fill(&self, event: &EnterEvent, row: &mut WindowWriter<'_>) {
        let call = &event.call;
        self.head.fill(call, true, row);
        self.gas.fill(&call.gas, row);
        row.message(&self.first, &call.first);
        let memory = self.ranges.fill(call, row);
        let available = call.available(memory);
        self.forwarded.fill(available, &call.gas.value, row);
        row.set(&self.scope, event.scope);
        let delegate = call.step.parameter == 2;
        let [caller, value] = if delegate { event.inherited } else { [event.address, call.value.value] };
        for (environment, value) in self.own.iter().zip([event.address, caller, value]) {
            row.set(&environment.value, value);
        }
        if !call.value.value.is_zero() {
            let [sender, receiver] = &self.transfer;
            sender.fill(&event.sender, &call.value.value, row);
            receiver.fill(&event.receiver, &call.value.value, row);
        }
    }
}

fn cell(expr: &Expr) -> Cell {
    expr.as_cell().expect("a scratch cell")
}

impl Enter {
    /// Keeps scratch cells away from slots.
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        Head::reserve(chip, layout);
        Ranges::reserve(chip, layout);
        chip.peek(&layout.account, ADDRESS_ROW);
        chip.peek(&layout.account, INPUT_ROW);
        chip.peek(&layout.frame, OUTPUT_ROW);
        chip.peek(&layout.step.enter, CODE_ROW);
        chip.peek(&layout.code_push, CODE_ROW);
        chip.peek(&layout.range128[0], CODE_ROW);
        chip.peek(&layout.context, CONTEXT_ROW);
        chip.peek(&layout.tally, TALLY_ROW);
        for row in OUTPUT_ROW..=TALLY_ROW {
            layout.environment.iter().for_each(|slot| drop(chip.peek(slot, row)));
        }
    }

    /// The caller behind the step. Answers when the callee's own scope ends.
    fn frame(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, ranges: &Ranges, gas: Expr) -> Counter {
        let state = &head.step.state;
        let scope = chip.peek(&layout.frame, OUTPUT_ROW).scope;
        let frame = Frame {
            callee: state.clock.clone(),
            call: Counter::assume(layout.step.call.shifted(OUTPUT_ROW), "the call, as an operand's row has it"),
            code: state.code.clone(),
            pc: Counter::assume(&state.pc + 1, "the code's positions are small"),
            height: head.height_after(),
            gas: U64::assume(gas, "what a callee gets is at most what there is"),
            memory: ranges.memory(),
            return_offset: ranges.output.offset.clone(),
            return_length: ranges.output.length.clone(),
            create: Bool::constant(false),
            scope: scope.clone(),
            writes: head.writes(),
            refund: head.tally.refund.clone(),
            logs: head.tally.logs.clone(),
        };
        chip.send(&layout.frame, OUTPUT_ROW, &frame);
        scope
    }

    /// The callee begins.
    fn first_state(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, gas: Expr) {
        let zero = || Counter::constant(0);
        let exec = Exec {
            clock: Counter::assume(&head.step.state.clock + layout.step.shape.ticks, "a few ticks a step"),
            call: head.step.state.clock.clone(),
            code: head.account.code.clone(),
            pc: zero(),
            height: zero(),
            gas: Gas::assume(gas, "below 2^64 and the stipend"),
            memory: zero(),
        };
        chip.send(&layout.step.enter, CODE_ROW, &exec);
    }

    /// The environment of the callee, from that of the caller.
    fn environment(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, ranges: &Ranges) -> [Environment; 3] {
        let (call, callee) = (&head.step.state.call, &head.step.state.clock);
        let [a, b] = &layout.environment;
        let delegate = &head.is_delegate;
        let places = [(a, OUTPUT_ROW), (b, OUTPUT_ROW), (a, CODE_ROW)];
        let [own, caller, value] = places.map(|(slot, row)| chip.peek(slot, row).value);
        let known =
            [(ADDRESS, &own, &Bool::constant(true)), (CALLER, &caller, delegate), (CALL_VALUE, &value, delegate)];
        let own_facts = known.map(|(opcode, value, flag)| (fact(call, opcode, value), flag));
        for ((slot, row), (fact, flag)) in places.into_iter().zip(&own_facts) {
            chip.consume_if(slot, row, flag, fact);
        }
        let others = delegate.not();
        for (label, word, alternative) in [("caller", &caller, &own), ("value", &value, head.value())] {
            chip.require_equal_if(format!("new {label}: hi"), &others, &word.hi, &alternative.hi);
            chip.require_equal_if(format!("new {label}: lo"), &others, &word.lo, &alternative.lo);
        }
        let target = Word { hi: head.target.hi.clone(), lo: head.target.lo.clone() };
        let address = Word::select(delegate, &own, &target);
        let size = Word::from_low(&ranges.input.length);
        let transaction = Word::from_low(&head.context.transaction);
        let pseudo = u8::try_from(TRANSACTION).expect("a byte");
        let provided = [
            (b, CODE_ROW, ADDRESS, &address),
            (a, CONTEXT_ROW, CALLER, &caller),
            (b, CONTEXT_ROW, CALL_VALUE, &value),
            (a, TALLY_ROW, CALL_DATA_SIZE, &size),
            (b, TALLY_ROW, pseudo, &transaction),
        ];
        for (slot, row, opcode, value) in provided {
            let multiplicity = chip.multiplicity(row);
            chip.provide(slot, row, multiplicity, &fact(callee, opcode, value));
        }
        own_facts.map(|(fact, _)| fact)
    }

    /// The context of the callee, whose own scope ends at `scope` unless it succeeds.
    fn context(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        head: &Head,
        ranges: &Ranges,
        (scope, succeeds): (&Counter, &Bool),
    ) -> Context {
        let (state, caller) = (&head.step.state, &head.context);
        let address = head.is_delegate.select(&caller.address, head.target.address());
        // An `or` of two flags: one minus the product of their complements.
        let or = |a: &Bool, b: &Bool| Bool::assume(a + b - a * b, "a disjunction");
        let context = Context {
            call: state.clock.clone(),
            transaction: caller.transaction.clone(),
            address: Address::assume(address, "one of two addresses"),
            fixed: or(&caller.fixed, &head.is_static),
            reverted: or(&caller.reverted, &succeeds.not()),
            // It is zero if the callee succeeds.
            scope: Counter::assume(scope + succeeds * &caller.scope, "the callee's, or the caller's"),
            depth: Counter::assume(&caller.depth + 1, "one deeper"),
            input_call: state.call.clone(),
            input_offset: ranges.input.offset.clone(),
            input_length: ranges.input.length.clone(),
        };
        let cells = chip.peek(&layout.context, CONTEXT_ROW);
        let multiplicity = chip.multiplicity(CONTEXT_ROW);
        chip.provide(&layout.context, CONTEXT_ROW, multiplicity, &context);
        cells
    }

    /// Value leaves the caller, then arrives at the target, both in the callee's scope.
    fn transfer(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        head: &Head,
        context: &Context,
        succeeds: &Bool,
    ) -> [Half; 2] {
        let first = succeeds * head.writes();
        let halves = [
            ("sender", ADDRESS_ROW, Direction::Out, 0, head.context.address.clone()),
            ("receiver", INPUT_ROW, Direction::In, 1, head.target.address()),
        ];
        halves.map(|(label, row, direction, index, address)| {
            let order = Order {
                row,
                direction,
                flag: head.has_value.clone(),
                clock: &head.step.state.clock + (index + 1),
                reverted: context.reverted.clone(),
                undo: &context.reverted * (&context.scope - &first - index),
                address,
            };
            Half::build(chip, layout, label, head.value(), order)
        })
    }

    /// The callee's tally: its writes are counted from zero if it has a scope of its own.
    fn tally(chip: &mut ChipBuilder<'_>, layout: &Layout, head: &Head, succeeds: &Bool) {
        let callee = &head.step.state.clock;
        let writes = succeeds * head.writes() + &head.has_value * F::from(2);
        let tally = Tally {
            call: callee.clone(),
            clock: callee.clone(),
            writes: Counter::assume(writes, "a few more"),
            refund: head.tally.refund.clone(),
            logs: head.tally.logs.clone(),
            returned: callee.clone(),
            return_offset: Counter::constant(0),
            return_length: Counter::constant(0),
        };
        chip.send(&layout.tally, TALLY_ROW, &tally);
    }
}

fn fact(owner: &Counter, opcode: u8, value: &Word) -> Environment {
    Environment { owner: owner.clone(), opcode: Byte::constant(opcode), value: value.clone() }
}

#[cfg(test)]
#[path = "enter_tests.rs"]
mod tests;
