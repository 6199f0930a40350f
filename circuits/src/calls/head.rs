//! What CALL, STATICCALL and DELEGATECALL do before it matters how they end: operands, context, the touch of the
//! target, and what it costs.
//!
//! **Given** an opcode of the class. **Proves** that its operands leave the stack, that the target is an account
//! without precompile, which is warm from `clock` on and counted among the writes of the caller's scope, and what the
//! step costs.
//!
//! The constraints, for the tables of the chips that use it:
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | see `step` |
//! | succeeds, or fails | 1 | whether the step is a fault |
//! | static is boolean, delegate is boolean | 2 | |
//! | parameter | 1 | `static + 2 delegate`; the schedule has no 3 |
//! | value popped | 2 | where a flag says whether operands are popped: and it is CALL |
//! | clock, call, height in row 1, 2, 3 | 1 | operands lie in order; only CALL has the third |
//! | no value: hi, no value: lo | 2 | the other opcodes send none |
//! | range 10: value in row 3 | 1 | the bits above the address |
//! | high part: ... | 2 | one exactly if the address is below 2^128 |
//! | low is boolean | 2 | |
//! | low addresses are looked at | 3 | one whose price counts, is not 0 and has no high part |
//! | range 11: value in row 3 | 2 | those are 18 or more |
//! | not P256VERIFY | 2 | nor 256, if its price counts |
//! | tally call, tally time | 1 | the caller's tally, from before |
//! | account: ... | 1, 2 | the target, warm from now on, undone if the caller is |
//! | warm: ... | 2 | one exactly if it was touched in this transaction |
//! | no value is sent: ... | 2 | |
//! | no nonce and balance: ..., code hash hi: ..., code hash lo: ... | 2 | |
//! | empty | 3 | all three: EIP-161 |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::value::{Any, Bool, Counter, Limb, U16, Word, split};

use super::target::Target;
use super::{ADDRESS_ROW, CODE_ROW, INPUT_ROW, Layout, OUTPUT_ROW};
use crate::bus::{AccountJob, AccountNative, Code, CodeNative, Context, ContextNative, Tally, TallyNative};
use crate::schedule::Class;
use crate::step::{OperandEvent, Step, StepEvent};
use crate::storage::{COLD_ACCOUNT as COLD, WARM};

/// The keccak hash of no code.
pub(super) const EMPTY_CODE: [u128; 2] =
    [0xc5d2_4601_86f7_233c_927e_7db2_dcc7_03c0, 0xe500_b653_ca82_273b_7bfa_d804_5d85_a470];

/// The first byte of a delegation's code.
pub const DELEGATION: u64 = 0xef;

/// A call with a value.
pub const VALUE: u64 = 9000;
/// A call with a value to an account that does not exist.
pub const NEW_ACCOUNT: u64 = 25000;

/// What every chip of the calling opcodes is filled from.
#[derive(Clone, Debug)]
pub struct CallEvent {
    /// The step.
    pub step: StepEvent,
    /// The gas that the callee may have. Not looked at in a fault.
    pub gas: OperandEvent,
    /// The target.
    pub address: OperandEvent,
    /// The value of CALL; nothing for the others.
    pub value: OperandEvent,
    /// Offset and length of the input.
    pub input: [OperandEvent; 2],
    /// Offset and length of the room for the output.
    pub output: [OperandEvent; 2],
    /// The caller's context.
    pub context: ContextNative,
    /// The caller's tally before the step.
    pub tally: TallyNative,
    /// The target before the step.
    pub target: AccountNative,
    /// The first position of the target's code. Not looked at in a fault.
    pub first: CodeNative,
}

impl CallEvent {
    /// Gas left when all is paid, `memory` among it.
    pub(super) fn available(&self, memory: u128) -> u64 {
        let access = if self.target.warm == self.context.transaction { WARM } else { COLD };
        let (value, new) = if self.value.value.is_zero() { (0, 0) } else { (VALUE, NEW_ACCOUNT) };
        let [hi, lo] = EMPTY_CODE;
        let empty = self.target.nonce == 0 && self.target.balance.is_zero() && split(&self.target.code) == (hi, lo);
        let cost = u128::from(access + value + if empty { new } else { 0 }) + u128::from(self.step.cost) + memory;
        let gas = u128::from(self.step.state.gas.unsigned_abs());
        u64::try_from(gas.saturating_sub(cost)).unwrap_or(0)
    }
}

/// A word popped from the stack.
#[derive(Debug)]
pub(super) struct Popped {
    pub(super) value: Word,
    gap: U16,
}

impl Popped {
    pub(super) fn fill(&self, event: &OperandEvent, row: &mut WindowWriter<'_>) {
        row.set(&self.value, event.value);
        row.set(&self.gap, event.gap);
    }
}

/// What a chip decides about its head. Constants where it always succeeds.
#[derive(Debug)]
pub(super) struct Plan {
    /// Whether the step succeeds.
    pub(super) succeeds: bool,
    /// Whether operands are popped, and the context is known.
    pub(super) popped: Bool,
    /// Whether the target is touched. Only where operands are popped.
    pub(super) touched: Bool,
    /// Whether the target is taken to be cold, because nobody touches it. Only where operands are popped, and never
    /// where it is touched.
    pub(super) untouched: Bool,
}

impl Plan {
    /// A step that succeeds: it pops its operands and touches the target.
    pub(super) fn proceeds() -> Self {
        let always = || Bool::constant(true);
        Self { succeeds: true, popped: always(), touched: always(), untouched: Bool::constant(false) }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Head {
    pub(super) step: Step,
    pub(super) is_static: Bool,
    pub(super) is_delegate: Bool,
    address: Popped,
    value: Popped,
    pub(super) input: [Popped; 2],
    pub(super) output: [Popped; 2],
    pub(super) context: Context,
    pub(super) tally: Tally,
    pub(super) account: AccountJob,
    pub(super) target: Target,
    touched: Bool,
    untouched: Bool,
    pub(super) warm: Bool,
    /// Whether a value is sent.
    pub(super) has_value: Bool,
    /// Whether the target has no nonce, balance and code.
    pub(super) empty: Any,
}

impl Head {
    /// Keeps scratch cells away from the slots of the head.
    pub(super) fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let step = &layout.step;
        chip.peek(&step.enter, 0);
        chip.peek(&step.opcode, 0);
        chip.peek(&step.leave, 0);
        // No slot of the first row has `ok`, which is the step's.
        chip.peek(&layout.expansion.cost, 0);
        for row in 0..=OUTPUT_ROW {
            chip.peek(&step.pop_a, row);
        }
        for row in ADDRESS_ROW..=OUTPUT_ROW {
            chip.peek(&step.pop_b, row);
        }
        chip.peek(&layout.account, 0);
        chip.peek(&layout.context, ADDRESS_ROW);
        chip.peek(&layout.tally, INPUT_ROW);
        layout.range128.iter().for_each(|slot| drop(chip.peek(slot, OUTPUT_ROW)));
        chip.peek(&layout.limbs[0].slot, ADDRESS_ROW);
        chip.peek(&layout.limbs[1].slot, ADDRESS_ROW);
        chip.peek(&layout.limbs[0].slot, INPUT_ROW);
    }

    pub(super) fn build(chip: &mut ChipBuilder<'_>, layout: &Layout, plan: &Plan) -> Self {
        let class = Expr::from(Class::Call as u64);
        let step = Step::begin_always(chip, &layout.step, class, plan.succeeds);
        let (is_static, is_delegate) = (chip.bool("static", 0), chip.bool("delegate", 0));
        chip.require_equal("parameter", &step.opcode.parameter, &is_static + &is_delegate * F::from(2));
        let is_call = Bool::assume(Expr::one() - &is_static - &is_delegate, "the parameter is 0, 1 or 2");

        let mut popped_value = plan.popped.and(&is_call);
        if popped_value.expr().degree() > 1 {
            popped_value = chip.store_bool("value popped", INPUT_ROW, &popped_value);
        }
        let place = |chip: &mut ChipBuilder<'_>, row, below| place(chip, layout, &step, row, below);
        place(chip, ADDRESS_ROW, Expr::one());
        place(chip, INPUT_ROW, &is_call + 2);
        place(chip, OUTPUT_ROW, &is_call + 4);
        let [address, value] = pop(chip, layout, ADDRESS_ROW, &plan.popped, &popped_value);
        let input = pop(chip, layout, INPUT_ROW, &plan.popped, &plan.popped);
        let output = pop(chip, layout, OUTPUT_ROW, &plan.popped, &plan.popped);
        chip.require_zero("no value: hi", (&is_static + &is_delegate) * &value.value.hi);
        chip.require_zero("no value: lo", (&is_static + &is_delegate) * &value.value.lo);

        let context = chip.learn_if(&layout.context, ADDRESS_ROW, &plan.popped);
        let priced = Bool::assume(&plan.touched + &plan.untouched, "one at most is one");
        let tally = chip.receive_if(&layout.tally, INPUT_ROW, &priced);
        chip.require_equal("tally call", &tally.call, &step.state.call);
        let gap = chip.checked(&layout.limbs[0], INPUT_ROW);
        chip.derive(gap.expr().as_cell().expect("a checked cell"), &step.state.clock - 1 - &tally.clock);
        chip.require_equal("tally time", &tally.clock, &step.state.clock - 1 - &gap);

        let target = Target::build(chip, layout, &address.value, &plan.popped, &priced);
        let account = touch(chip, layout, &step, &context, &tally, &target, &plan.touched);
        let warm = chip.is_equal("warm", OUTPUT_ROW, &account.warm, &context.transaction);
        // Sums of numbers below 2^129 are zero only if both are.
        let no_value = chip.is_zero("no value is sent", CODE_ROW, &value.value.hi + &value.value.lo);
        let record = &account.nonce + &account.balance.hi + &account.balance.lo;
        let unused = chip.is_zero("no nonce and balance", INPUT_ROW, record);
        let [hi, lo] = EMPTY_CODE.map(Limb::constant);
        let hi = chip.is_zero("code hash hi", CODE_ROW, &account.code.hi - hi);
        let lo = chip.is_zero("code hash lo", CODE_ROW, &account.code.lo - lo);
        let empty = chip.store("empty", INPUT_ROW, unused.and(&hi).and(&lo));

        let (touched, untouched, has_value) = (plan.touched.clone(), plan.untouched.clone(), no_value.not());
        Self {
            step,
            is_static,
            is_delegate,
            address,
            value,
            input,
            output,
            context,
            tally,
            account,
            target,
            touched,
            untouched,
            warm,
            has_value,
            empty,
        }
    }

    /// Whether it is CALL.
    pub(super) fn is_call(&self) -> Bool {
        Bool::assume(Expr::one() - &self.is_static - &self.is_delegate, "the parameter is 0, 1 or 2")
    }

    /// The value that is sent.
    pub(super) fn value(&self) -> &Word {
        &self.value.value
    }

    /// Writes of the caller's scope with the touch.
    pub(super) fn writes(&self) -> Counter {
        Counter::assume(&self.tally.writes + 1, "one more")
    }

    /// Words on the stack behind the step, with its result.
    pub(super) fn height_after(&self) -> Counter {
        Counter::assume(&self.step.state.height - 5 - self.is_call(), "operands were popped, and there is a result")
    }

    /// The target's code, in [`CODE_ROW`], is no delegation of EIP-7702: it does not begin with 0xef. The caller says
    /// that the row's code is the target's, and its position 0.
    pub(super) fn not_delegated(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Code {
        let code = chip.learn(&layout.code_push, CODE_ROW);
        let inverse = chip.any(CODE_ROW).expr();
        let difference = &code.opcode - DELEGATION;
        chip.derive_inverse(inverse.as_cell().expect("a scratch cell"), difference.clone());
        chip.require_equal("not delegated", difference * inverse, Expr::one());
        code
    }

    /// What the step costs beside memory and the schedule's gas. Without a touch, the least that it could: for a target
    /// that is warm, unless it is untouched, and that exists.
    pub(super) fn cost(&self) -> Expr {
        let cold = &self.touched * self.warm.not() + &self.untouched;
        let new = &self.touched * &self.has_value * &self.empty;
        cold * F::from(COLD - WARM) + &self.has_value * F::from(VALUE) + new * F::from(NEW_ACCOUNT) + WARM
    }

    /// `priced` says whether the target's record or warmth counts.
    pub(super) fn fill(&self, event: &CallEvent, priced: bool, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        row.set(&self.is_static, event.step.parameter == 1);
        row.set(&self.is_delegate, event.step.parameter == 2);
        self.address.fill(&event.address, row);
        self.value.fill(&event.value, row);
        for (operand, event) in self.input.iter().chain(&self.output).zip(event.input.iter().chain(&event.output)) {
            operand.fill(event, row);
        }
        row.message(&self.context, &event.context);
        row.message(&self.tally, &event.tally);
        fill_record(&self.account, &event.target, row);
        self.target.fill(&event.address.value, priced, row);
    }
}

/// Where the operands of `row` lie: `below` the top of the stack.
fn place(chip: &mut ChipBuilder<'_>, layout: &Layout, step: &Step, row: i16, below: Expr) {
    let slots = &layout.step;
    chip.define(format!("clock in row {row}"), slots.clock.shifted(row), &step.state.clock);
    chip.define(format!("call in row {row}"), slots.call.shifted(row), &step.state.call);
    chip.define(format!("height in row {row}"), slots.height.shifted(row), &step.state.height - below);
}

fn pop(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16, first: &Bool, second: &Bool) -> [Popped; 2] {
    let slots = &layout.step;
    let gaps = [chip.checked_if(&slots.gap_a, row, first), chip.checked_if(&slots.gap_b, row, second)];
    let words = [chip.receive_if(&slots.pop_a, row, first), chip.receive_if(&slots.pop_b, row, second)];
    let [(a, gap_a), (b, gap_b)] = {
        let ([a, b], [gap_a, gap_b]) = (words, gaps);
        [(a.value, gap_a), (b.value, gap_b)]
    };
    [Popped { value: a, gap: gap_a }, Popped { value: b, gap: gap_b }]
}

/// The gas operand, which only a call that begins pops.
pub(super) fn pop_gas(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Popped {
    let gap = chip.checked(&layout.step.gap_a, 0);
    Popped { value: chip.receive(&layout.step.pop_a, 0).value, gap }
}

/// Fills what is not derived of an account.
pub(super) fn fill_record(job: &AccountJob, account: &AccountNative, row: &mut WindowWriter<'_>) {
    row.set(&job.nonce, account.nonce);
    row.set(&job.balance, account.balance);
    row.set(&job.code, account.code);
    row.set(&job.warm, account.warm);
}

/// The target becomes warm: in the caller's scope, and not more than that.
fn touch(
    chip: &mut ChipBuilder<'_>,
    layout: &Layout,
    step: &Step,
    context: &Context,
    tally: &Tally,
    target: &Target,
    touched: &Bool,
) -> AccountJob {
    let record = chip.peek(&layout.account, 0);
    let undo = &context.reverted * (&context.scope - &tally.writes);
    let job = AccountJob {
        clock: step.state.clock.clone(),
        reverted: context.reverted.clone(),
        undo: Counter::assume(undo, "the scope is counted so that this is behind its end"),
        address: target.address(),
        balance_after: record.balance.clone(),
        warm_after: context.transaction.clone(),
        ..record
    };
    chip.send_if(&layout.account, 0, touched, &job);
    job
}
