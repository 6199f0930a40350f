//! What the first row of every step shares: where the step stands, what it costs, its operands, and how it ends.
//!
//! A circuit of steps lays out [`StepSlots`] first and whatever else its chips need after. A chip opens with
//! [`Step::begin`], takes operands, and closes with [`Step::end`].

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::message::Range16;
use verbatim_gadgets::value::{Any, Bool, Counter, Gas, Limb, U16, Word};

use crate::bus::{Code, Exec, ExecNative, Fault, Opcode, Stack};
use crate::schedule::Class;

/// The most words that a stack holds.
pub const STACK_LIMIT: u64 = 1024;

/// What differs between circuits of steps.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// By how much the clock grows in a step: one more than the greatest sub-time that any chip of the circuit uses.
    pub ticks: u64,
    /// Whether steps may cost more than the schedule's gas, and change the size of memory.
    pub dynamic: bool,
}

/// The columns and slots of a step.
#[derive(Debug)]
pub struct StepSlots {
    /// The shape that it was laid out with.
    pub shape: Shape,
    /// The time.
    pub clock: Cell,
    /// The call.
    pub call: Cell,
    /// Words on the stack.
    pub height: Cell,
    /// Where the next opcode stands.
    pub next_pc: Cell,
    /// Words on the stack behind the step.
    pub next_height: Cell,
    /// Gas beyond the schedule's; none in circuits whose shape is not dynamic.
    pub extra: Option<Cell>,
    /// Words of memory behind the step; none in circuits whose shape is not dynamic.
    pub next_memory: Option<Cell>,
    /// The opcode's parameter, which is also the depth of the second operand.
    pub parameter: Cell,
    /// The class of the opcode.
    pub class: Cell,
    /// One if the step succeeds.
    pub ok: Cell,
    /// The first operand, two limbs.
    pub a: [Cell; 2],
    /// The second operand.
    pub b: [Cell; 2],
    /// The result.
    pub r: [Cell; 2],
    /// How long ago the first operand was pushed, less one; the evidence of a fault.
    pub gap_a: Checked16,
    /// How long ago the second operand was pushed, less one.
    pub gap_b: Checked16,
    /// The state before.
    pub enter: Slot<Exec>,
    /// The state behind.
    pub leave: Slot<Exec>,
    /// The fault instead of it.
    pub fault: Slot<Fault>,
    /// The opcode at the program counter, without push data.
    pub code: Slot<Code>,
    /// The opcode, as the schedule knows it.
    pub opcode: Slot<Opcode>,
    /// The first operand leaves the top of the stack.
    pub pop_a: Slot<Stack>,
    /// The second operand leaves the slot `parameter` words below.
    pub pop_b: Slot<Stack>,
    /// The result goes to the top.
    pub push: Slot<Stack>,
    /// The stack is not higher than 1024 words.
    pub limit: Slot<Range16>,
    /// The code, two limbs, and the position in it: for circuits that look other positions up.
    pub code_cells: [Cell; 2],
    /// The position in the code.
    pub pc: Cell,
    /// The opcode.
    pub opcode_cell: Cell,
    /// Gas left before the step.
    pub gas: Cell,
    /// The schedule's gas.
    pub cost: Cell,
    /// Words of memory before the step.
    pub memory: Cell,
    /// The evidence of a fault.
    pub evidence: Cell,
}

impl StepSlots {
    /// Lays out the columns and slots of a step.
    pub fn new(builder: &mut CircuitBuilder, shape: Shape) -> Self {
        Self::lay_out(builder, shape, false)
    }

    /// As [`new`](Self::new), for steps that pop operands also where they fail, because the evidence depends on them: it
    /// stands in the column of the next program counter, which a fault does not have. The second operand lies right below
    /// the first, whatever the parameter.
    pub fn popping_on_fault(builder: &mut CircuitBuilder, shape: Shape) -> Self {
        Self::lay_out(builder, shape, true)
    }

    fn lay_out(builder: &mut CircuitBuilder, shape: Shape, pops: bool) -> Self {
        let [clock, call, code_hi, code_lo, pc, height, gas, memory] =
            ["clock", "call", "code.hi", "code.lo", "pc", "height", "gas", "memory"].map(|name| builder.main(name));
        let [next_pc, next_height] = ["next pc", "next height"].map(|name| builder.main(name));
        let extra = shape.dynamic.then(|| builder.main("extra gas"));
        let next_memory = shape.dynamic.then(|| builder.main("next memory"));
        let [opcode, class, cost, parameter] = ["opcode", "class", "cost", "parameter"].map(|name| builder.main(name));
        let ok = builder.main("ok");
        let [a, b, r] =
            ["a", "b", "result"].map(|name| ["hi", "lo"].map(|limb| builder.main(format!("{name}.{limb}"))));
        let (gap_a, gap_b) = (builder.checked16("gap a"), builder.checked16("gap b"));

        let evidence = if pops { next_pc } else { gap_a.cell };
        let depth = if pops { Expr::one() } else { parameter.expr() };
        let after = clock + shape.ticks;
        let spent = extra.map_or(cost.expr(), |extra| cost + extra);
        let enter = [clock, call, code_hi, code_lo, pc, height, gas, memory].map(Cell::expr).to_vec();
        let leave = [call, code_hi, code_lo, next_pc, next_height].map(Cell::expr);
        let leave = [&[after.clone()][..], &leave, &[gas - spent, next_memory.unwrap_or(memory).expr()]].concat();
        let code = [code_hi, code_lo, pc, opcode].map(Cell::expr);
        let code = [&code[..], &[Expr::zero(), Expr::zero(), pc + 1]].concat();
        let mut stack = |name: &str, slot: Expr, value: [Cell; 2], time: Expr| {
            builder.slot::<Stack>(name, vec![call.expr(), slot, value[0].expr(), value[1].expr(), time])
        };
        let pop_a = stack("pop a", height - 1, a, clock - 1 - gap_a.cell);
        let pop_b = stack("pop b", height - 1 - depth, b, clock - 1 - gap_b.cell);
        let push = stack("push", next_height - 1, r, clock.expr());
        Self {
            shape,
            clock,
            call,
            height,
            next_pc,
            next_height,
            extra,
            next_memory,
            parameter,
            class,
            ok,
            a,
            b,
            r,
            enter: builder.slot("enter", enter),
            leave: builder.slot("leave", leave),
            fault: builder.slot("fault", vec![after, call.expr(), evidence.expr()]),
            code: builder.slot("code", code),
            opcode: builder.slot("opcode", [opcode, class, cost, parameter].map(Cell::expr).to_vec()),
            pop_a,
            pop_b,
            push,
            // 64 x 1023 is the greatest multiple of 64 below 2^16.
            limit: builder.slot("stack limit", vec![(next_height - 1) * F::from(64)]),
            gap_a,
            gap_b,
            code_cells: [code_hi, code_lo],
            pc,
            opcode_cell: opcode,
            gas,
            cost,
            memory,
            evidence,
        }
    }
}

/// The part of a step's event that does not depend on its opcode.
#[derive(Clone, Debug)]
pub struct StepEvent {
    /// The state before the step.
    pub state: ExecNative,
    /// The opcode.
    pub opcode: u8,
    /// The gas that the schedule asks for it.
    pub cost: u16,
    /// The schedule's parameter.
    pub parameter: u8,
    /// What the fault's evidence is; none if the step succeeds.
    pub fault: Option<i64>,
}

/// The part of a chip that is the same for every step.
#[derive(Debug)]
pub struct Step {
    /// The state before it.
    pub state: Exec,
    /// What the schedule says.
    pub opcode: Opcode,
    /// Whether it succeeds.
    pub ok: Bool,
    evidence: Cell,
}

/// How high the stack must be for a step.
#[derive(Clone, Debug)]
pub enum Needs {
    /// Any height.
    Nothing,
    /// So many words.
    Words(u64),
    /// The expression is not negative only if there is an underflow or an overflow.
    Either(Any),
}

impl Step {
    /// Receives the state, and shows that an opcode of `class` stands at its program counter.
    pub fn begin(chip: &mut ChipBuilder<'_>, slots: &StepSlots, class: Class) -> Self {
        Self::begin_at(chip, slots, class, &slots.code)
    }

    /// As [`begin`](Self::begin), with another slot for the code fact.
    pub fn begin_at(chip: &mut ChipBuilder<'_>, slots: &StepSlots, class: Class, code: &Slot<Code>) -> Self {
        Self::begin_as(chip, slots, Expr::from(class as u64), code)
    }

    /// As [`begin_at`](Self::begin_at), for chips of several classes: `class` is an expression that is one of them.
    pub fn begin_as(chip: &mut ChipBuilder<'_>, slots: &StepSlots, class: Expr, code: &Slot<Code>) -> Self {
        let step = Self::open(chip, slots, class, code);
        chip.require_zero("ok is boolean", &step.ok * (Expr::one() - &step.ok));
        step
    }

    /// As [`begin_as`](Self::begin_as), for chips whose steps always succeed, or always fail.
    pub fn begin_always(chip: &mut ChipBuilder<'_>, slots: &StepSlots, class: Expr, ok: bool) -> Self {
        let step = Self::open(chip, slots, class, &slots.code);
        chip.define(if ok { "succeeds" } else { "fails" }, slots.ok, u64::from(ok));
        step
    }

    fn open(chip: &mut ChipBuilder<'_>, slots: &StepSlots, class: Expr, code: &Slot<Code>) -> Self {
        let state = chip.receive(&slots.enter, 0);
        let opcode = chip.learn(&slots.opcode, 0);
        chip.learn(code, 0);
        chip.define("class", slots.class, class);
        let ok = Bool::assume(slots.ok, "the caller constrains it");
        Self { state, opcode, ok, evidence: slots.evidence }
    }

    /// The operand from the top of the stack.
    pub fn pop_a(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots) -> Operand {
        self.pop_a_if(chip, slots, &self.ok)
    }

    /// As [`pop_a`](Self::pop_a), where `flag` is one: its range holds only there.
    pub fn pop_a_if(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, flag: &Bool) -> Operand {
        let gap = chip.checked_if(&slots.gap_a, 0, flag);
        Operand { value: chip.receive_if(&slots.pop_a, 0, flag).value, gap }
    }

    /// The operand that lies `parameter` words below the top of the stack.
    pub fn pop_b(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots) -> Operand {
        self.pop_b_if(chip, slots, &self.ok)
    }

    /// As [`pop_b`](Self::pop_b), where `flag` is one: its range holds only there.
    pub fn pop_b_if(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, flag: &Bool) -> Operand {
        let gap = chip.checked_if(&slots.gap_b, 0, flag);
        Operand { value: chip.receive_if(&slots.pop_b, 0, flag).value, gap }
    }

    /// Two more operands, the ones below the first `2 row`, in a further row of the window.
    pub fn pop_pair(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, row: i16, second: bool) -> Vec<Operand> {
        let below = u64::try_from(2 * row).expect("a row below the first");
        let ok = self.ok.clone();
        let gap_a = chip.checked_if(&slots.gap_a, row, &ok);
        let mut operands = vec![Operand { value: chip.receive_if(&slots.pop_a, row, &ok).value, gap: gap_a }];
        if second {
            let gap_b = chip.checked_if(&slots.gap_b, row, &ok);
            operands.push(Operand { value: chip.receive_if(&slots.pop_b, row, &ok).value, gap: gap_b });
            chip.define(format!("depth in row {row}"), slots.parameter.shifted(row), Expr::one());
        }
        chip.define(format!("clock in row {row}"), slots.clock.shifted(row), &self.state.clock);
        chip.define(format!("call in row {row}"), slots.call.shifted(row), &self.state.call);
        chip.define(format!("height in row {row}"), slots.height.shifted(row), &self.state.height - below);
        operands
    }

    /// As [`pop_pair`](Self::pop_pair), each operand where its flag is one; in circuits laid out by
    /// [`popping_on_fault`](StepSlots::popping_on_fault).
    pub fn pop_below(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, row: i16, flags: &[&Bool]) -> Vec<Operand> {
        let below = u64::try_from(2 * row).expect("a row below the first");
        let columns = [(&slots.gap_a, &slots.pop_a), (&slots.gap_b, &slots.pop_b)];
        let mut operands = Vec::new();
        for (flag, (gap, pop)) in flags.iter().zip(columns) {
            let gap = chip.checked_if(gap, row, flag);
            operands.push(Operand { value: chip.receive_if(pop, row, flag).value, gap });
        }
        chip.define(format!("clock in row {row}"), slots.clock.shifted(row), &self.state.clock);
        chip.define(format!("call in row {row}"), slots.call.shifted(row), &self.state.call);
        chip.define(format!("height in row {row}"), slots.height.shifted(row), &self.state.height - below);
        operands
    }

    /// Pushes the result columns; `why` says who constrains and ranges them.
    pub fn push(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, why: &'static str) -> Word {
        let [hi, lo] = slots.r.map(|cell| Limb::assume(cell, why));
        let value = Word { hi, lo };
        let slot = Counter::assume(slots.next_height - 1, "a push leaves at least one word");
        let (call, clock) = (self.state.call.clone(), self.state.clock.clone());
        chip.send_if(&slots.push, 0, &self.ok, &Stack { call, slot, value: value.clone(), clock });
        value
    }

    /// `operand`, put back on the stack: at the depth that the schedule's parameter names.
    pub fn back(&self, operand: &Operand) -> Stack {
        let slot = &self.state.height - 1 - &self.opcode.parameter;
        Stack {
            call: self.state.call.clone(),
            slot: Counter::assume(slot, "a word was popped there"),
            value: operand.value.clone(),
            clock: self.state.clock.clone(),
        }
    }

    /// Gas beyond the schedule's.
    fn spent(&self, slots: &StepSlots) -> Expr {
        slots.extra.map_or(self.opcode.gas.expr(), |extra| &self.opcode.gas + extra)
    }

    /// The state behind the step. `next pc`, and in dynamic circuits `extra gas` and `next memory`, are the chip's to
    /// constrain.
    pub fn after(&self, slots: &StepSlots) -> Exec {
        let memory = slots.next_memory.map_or(self.state.memory.expr(), Cell::expr);
        Exec {
            clock: Counter::assume(&self.state.clock + slots.shape.ticks, "a few ticks a step"),
            pc: Counter::assume(slots.next_pc, "the code's positions are small"),
            height: Counter::assume(slots.next_height, "pops need tokens, pushes are checked"),
            gas: Gas::assume(&self.state.gas - self.spent(slots), "the end of the call checks it"),
            memory: Counter::assume(memory, "the chip shows that it only grows"),
            ..self.state.clone()
        }
    }

    /// Sends the state behind the step, or the fault. `change` is by how much the stack grows.
    pub fn end(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, change: i64, needs: &Needs) {
        self.resize(chip, slots, change);
        chip.send_if(&slots.leave, 0, &self.ok, &self.after(slots));
        self.or_fault(chip, slots, change, needs);
    }

    /// The height of the stack behind the step, within its limit.
    pub fn resize(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, change: i64) {
        let shift = F::from(change.unsigned_abs()) * if change < 0 { -F::from(1) } else { F::from(1) };
        chip.define("stack height", slots.next_height, &self.state.height + shift);
        if change > 0 {
            let value = U16::assume((slots.next_height - 1) * F::from(64), "this message checks it");
            chip.consume_if(&slots.limit, 0, &self.ok, &Range16 { value });
        }
    }

    /// Sends a fault where the step does not succeed: for chips that end their successes in their own way.
    pub fn or_fault(&self, chip: &mut ChipBuilder<'_>, slots: &StepSlots, change: i64, needs: &Needs) {
        let failed = self.ok.not();
        let evidence = Any::assume(self.evidence, "constrained below");
        let after = self.after(slots);
        chip.send_if(&slots.fault, 0, &failed, &Fault { clock: after.clock, call: after.call, evidence });
        let gas = &failed * (self.evidence - (self.spent(slots) - &self.state.gas - 1));
        let stack = match needs {
            Needs::Nothing if change > 0 => Some(slots.next_height - (STACK_LIMIT + 1)),
            Needs::Nothing => None,
            Needs::Words(words) => Some(Expr::from(*words) - &self.state.height - 1),
            Needs::Either(stored) => Some(stored.expr()),
        };
        let expr = stack.map_or(gas.clone(), |stack| gas * (self.evidence - stack));
        chip.require_zero("evidence", expr);
    }

    /// Fills what every step shares.
    pub fn fill(&self, event: &StepEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.state, &event.state);
        row.set(&self.opcode.opcode, event.opcode);
        row.set(&self.opcode.gas, event.cost);
        row.set(&self.opcode.parameter, event.parameter);
        row.set(&self.ok, event.fault.is_none());
        if let Some(evidence) = event.fault {
            row.set(&Gas::assume(self.evidence, "any signed number"), evidence);
        }
    }
}

/// A word popped from the stack.
#[derive(Debug)]
pub struct Operand {
    /// The word. Its range holds where the step succeeds.
    pub value: Word,
    gap: U16,
}

/// What an [`Operand`] is filled from.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperandEvent {
    /// The word.
    pub value: U256,
    /// Ticks since it was pushed, less one.
    pub gap: u16,
}

impl Operand {
    /// Fills the operand of a step that succeeds; leaves that of one that fails empty.
    pub fn fill(&self, step: &StepEvent, event: &OperandEvent, row: &mut WindowWriter<'_>) {
        if step.fault.is_none() {
            self.fill_popped(event, row);
        }
    }

    /// Fills an operand that is popped.
    pub fn fill_popped(&self, event: &OperandEvent, row: &mut WindowWriter<'_>) {
        row.set(&self.value, event.value);
        row.set(&self.gap, event.gap);
    }
}
