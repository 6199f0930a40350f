//! Steps that touch memory or end a call, opcodes that are rare, and what serves memory and time.
//!
//! # Time
//! A step owns the ticks `clock` to `clock + 3`. It pops and pushes at `clock`; words that it creates exist from `clock + 1`
//! on; [`Load`](LoadEvent) and [`Store`](StoreEvent), which create none, access memory at `clock + 1`, and all others at
//! `clock + 2`.
//!
//! # Faults
//! A step that fails pops its operands unless the stack has too few, because they may decide what it would have cost. It
//! touches nothing else. [`StepEvent::fault`](crate::step::StepEvent) only says *that* it fails: each chip finds the
//! evidence itself.

mod access;
mod bad_jump;
mod code_size;
mod cost;
mod discard;
mod exp;
pub mod expansion;
mod init;
mod input_load;
mod invalid;
mod load;
mod pair;
mod refresh;
mod return_size;
mod returns;
mod stop;
mod store;
mod ternary;
#[cfg(test)]
mod tests;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::chips;
use verbatim_gadgets::circuit::{Checked16, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, from_u128, inverse_or_zero};

use crate::bus::{
    Alu, ByteLength, CodeLength, Context, Halt, Memory, MemoryInit, NoJumpDest, Range128, Slice, Splice, Tally,
};
use crate::step::{STACK_LIMIT, Shape, Step, StepEvent, StepSlots};
use expansion::{ExpansionSlots, dynamic};

pub use access::AccessEvent;
pub use bad_jump::BadJumpEvent;
pub use code_size::CodeSizeEvent;
pub use cost::CostEvent;
pub use discard::DiscardEvent;
pub use exp::{ExpEvent, GAS_PER_BYTE as EXP_GAS_PER_BYTE};
pub use init::InitEvent;
pub use input_load::InputLoadEvent;
pub use load::LoadEvent;
pub use pair::TokenEvent;
pub use refresh::RefreshEvent;
pub use return_size::ReturnSizeEvent;
pub use returns::ReturnEvent;
pub use store::StoreEvent;
pub use ternary::TernaryEvent;

chips! {
    /// The chips of the circuit.
    pub struct MemoryChips, MemoryEvent = "memory", layout {
        Load: load::Load,
        Store: store::Store,
        Access: access::Access,
        InputLoad: input_load::InputLoad,
        Return: returns::Return,
        Stop: stop::Stop,
        Invalid: invalid::Invalid,
        ReturnSize: return_size::ReturnSize,
        CodeSize: code_size::CodeSize,
        Ternary: ternary::Ternary,
        Exp: exp::Exp,
        BadJump: bad_jump::BadJump,
        Init: init::Init,
        Refresh: refresh::Refresh,
        Discard: discard::Discard,
        Cost: cost::Cost,
    }
    exceptions EXCEPTIONS;
}

const EVIDENCE: &str = "a fault may name any failure, and the fault chip takes the evidence of one that is true";

const fn evidence(chip: &'static str) -> Exception {
    Exception { chip, finding: Finding::Choice, names: &["fault: evidence"], reason: EVIDENCE }
}

const CHAIN: &str = "an order that goes on where it should end starts a chain that nobody can end; one that ends where it \
                     should go on lacks its end";

/// What the audit finds here and is right.
const EXCEPTIONS: &[Exception] = &[
    evidence("ternary"),
    evidence("exp"),
    evidence("code size"),
    evidence("return size"),
    evidence("access"),
    evidence("input load"),
    evidence("return"),
    Exception { chip: "access", finding: Finding::Open, names: &["next pc in row 0"], reason: EVIDENCE },
    Exception { chip: "exp", finding: Finding::Open, names: &["next pc in row 0"], reason: EVIDENCE },
    Exception { chip: "init", finding: Finding::Open, names: &["ok in row 0"], reason: CHAIN },
    Exception { chip: "init", finding: Finding::Choice, names: &["new words: whether"], reason: CHAIN },
];

/// By how much the clock grows in a step of this circuit.
pub const TICKS: u64 = 4;

/// The columns and slots of a row.
#[derive(Debug)]
pub struct Layout {
    step: StepSlots,
    expansion: ExpansionSlots,
    /// How long ago a word of memory was touched.
    gap_c: Checked16,
    /// The word at byte `a.lo` is the result column.
    memory_in: Slot<Memory>,
    /// The word at byte `a.lo` becomes the second operand's.
    memory_out: Slot<Memory>,
    /// Words from one before `memory` on are to be made.
    order_in: Slot<MemoryInit>,
    /// The result is cut from those of the next two rows.
    slice: Slot<Slice>,
    /// The result is written over those of the next two rows, which become the second operands there.
    splice: Slot<Splice>,
    /// The result is the last byte of the second operand, moved to the front.
    last_byte: Slot<Slice>,
    halt: Slot<Halt>,
    tally_in: Slot<Tally>,
    tally_out: Slot<Tally>,
    /// Not for the first row.
    context: Slot<Context>,
    code_length: Slot<CodeLength>,
    no_jump_dest: Slot<NoJumpDest>,
    range128: Slot<Range128>,
    byte_length: Slot<ByteLength>,
    /// The third operand is the first of the next row.
    alu: Slot<Alu>,
}

impl Layout {
    /// The step costs no more than the schedule says, and memory stays as it is.
    fn keep_memory(&self, chip: &mut ChipBuilder<'_>) {
        let (next_memory, extra) = dynamic(&self.step);
        chip.define("extra gas", extra, Expr::zero());
        chip.define("next memory", next_memory, self.step.memory);
    }

    /// Gas left behind a step.
    fn gas_after(&self) -> Expr {
        let (_, extra) = dynamic(&self.step);
        self.step.gas - self.step.cost - extra
    }

    /// A success goes on behind the opcode. Not by a definition: a fault has its evidence there.
    fn next_pc(&self, chip: &mut ChipBuilder<'_>, step: &Step) {
        chip.require_equal_if("next pc", &step.ok, self.step.next_pc, &step.state.pc + 1);
    }
}

/// How a step is filled that ends with [`Layout::next_pc`] or a fault.
#[derive(Debug)]
struct End {
    place: Any,
}

impl End {
    fn new(layout: &Layout) -> Self {
        Self { place: Any::assume(layout.step.evidence, "constrained by the chip") }
    }

    /// Fills the next program counter, or the evidence: `other`, or else that gas is short where `extra` is asked for.
    fn fill(&self, event: &StepEvent, extra: u128, other: Option<F>, row: &mut WindowWriter<'_>) {
        let cost = F::from(u64::from(event.cost)) + from_u128(extra);
        let gas = F::from(event.state.gas.unsigned_abs());
        let value = match (event.fault, other) {
            (None, _) => F::from(event.state.pc + 1),
            (Some(_), Some(other)) => other,
            (Some(_), None) => cost - gas - F::from(1),
        };
        row.set(&self.place, value);
    }
}

/// By how much a stack of `height` words is short of `words`, less one, if it is.
fn short(height: u64, words: u64) -> Option<F> {
    (height < words).then(|| F::from(words - height - 1))
}

/// By how much a stack of `height` words is too high for another one, less one, if it is.
fn room(height: u64) -> Option<F> {
    (height >= STACK_LIMIT).then(|| F::from(height - STACK_LIMIT))
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let step = StepSlots::popping_on_fault(builder, Shape { ticks: TICKS, dynamic: true });
    let gap_c = builder.checked16("gap c");
    let expansion = ExpansionSlots::new(builder, &step, 1);
    let (next_memory, extra) = dynamic(&step);
    let [a, b, r] = [step.a, step.b, step.r].map(|word| word.map(Cell::expr));
    let below = |word: [Cell; 2], rows: i16| word.map(|cell| cell.shifted(rows).expr());
    let (call, clock) = (step.call.expr(), step.clock);
    let code = step.code_cells.map(Cell::expr);
    let index = step.a[1] * inverse_or_zero(F::from(32));
    let memory = |value: &[Expr; 2], time: Expr| [&[call.clone(), index.clone()], &value[..], &[time]].concat();
    let (memory_in, memory_out) = (memory(&r, clock - gap_c.cell), memory(&b, clock + 1));
    let order_in = vec![call.clone(), step.memory - 1, next_memory.expr(), clock + 1];
    let (shift, keep) = (step.class.shifted(1).expr(), step.parameter.shifted(1).expr());
    let aligned = [&below(step.r, 1)[..], &below(step.r, 2), &[shift, keep]].concat();
    let slice = [&aligned[..], &r].concat();
    let splice = [&aligned[..], &r, &below(step.b, 1), &below(step.b, 2)].concat();
    let last_byte = [&b[..], &[0, 0, 31, 1].map(Expr::from), &r].concat();
    let left = step.gas - step.cost - extra;
    let halt = vec![clock + TICKS, call.clone(), r[0].clone(), left, r[1].clone(), b[1].clone()];
    let tally = |time: Expr| [&[call.clone(), time], &a[..], &b, &[step.gap_a.cell.expr(), r[1].clone()]].concat();
    let long_ago = clock - 1 - step.gap_b.cell - gap_c.cell * F::from(1 << 16);
    let (tally_in, tally_out) = (tally(long_ago), tally(clock.expr()));
    let context = [
        [step.height, step.code_cells[0], step.code_cells[1], step.ok, step.opcode_cell],
        [step.gas, step.memory, step.call, step.cost, step.next_height],
    ];
    let context = context.concat().into_iter().map(Cell::expr).collect();
    let alu = [&[step.opcode_cell.expr()][..], &a, &b, &below(step.a, 1), &r].concat();
    Layout {
        memory_in: builder.slot("memory in", memory_in),
        memory_out: builder.slot("memory out", memory_out),
        order_in: builder.slot("order", order_in),
        slice: builder.slot("slice", slice),
        splice: builder.slot("splice", splice),
        last_byte: builder.slot("last byte", last_byte),
        halt: builder.slot("halt", halt),
        tally_in: builder.slot("tally in", tally_in),
        tally_out: builder.slot("tally out", tally_out),
        context: builder.slot("context", context),
        code_length: builder.slot("code length", [&code[..], &[r[1].clone()]].concat()),
        no_jump_dest: builder.slot("no jump destination", [&code[..], &[a[1].clone()]].concat()),
        range128: builder.slot("range128", vec![step.next_pc.expr()]),
        byte_length: builder.slot("byte length", [&b[..], &[extra * inverse_or_zero(F::from(50))]].concat()),
        alu: builder.slot("alu", alu),
        expansion,
        gap_c,
        step,
    }
}
