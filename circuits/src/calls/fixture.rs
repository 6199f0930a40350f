//! Calls for tests, and the messages that others exchange with them.

use ruint::aliases::U256;
use verbatim_gadgets::expr::F;

use super::head::{CallEvent, EMPTY_CODE};
use super::testing::Trial;
use crate::bus::{
    AccountJob, AccountJobNative, AccountNative, Code, CodeNative, Context, ContextNative, Exec, ExecNative,
    MemoryInit, MemoryInitNative, Opcode, OpcodeNative, Stack, StackNative, Tally, TallyNative,
};
use crate::schedule::Class;
use crate::step::{OperandEvent, StepEvent};

pub(super) const CLOCK: u64 = 1000;
pub(super) const CALL: u64 = 600;
pub(super) const TRANSACTION: u64 = 500;
pub(super) const GAS: i64 = 200_000;
pub(super) const MEMORY: u64 = 2;
pub(super) const HEIGHT: u64 = 10;
pub(super) const PC: u64 = 40;

pub(super) fn word(hi: u128, lo: u128) -> U256 {
    U256::from(hi) << 128 | U256::from(lo)
}

/// The caller.
pub(super) fn own_address() -> U256 {
    word(0xabcd_0123, 0x4567_89ab_cdef_0011_2233_4455_6677_8899)
}

/// The target, as an address.
pub(super) fn target_address() -> U256 {
    word(0x1111_2222, 0x3333_4444_5555_6666_7777_8888_9999_aaaa)
}

pub(super) fn caller_code() -> U256 {
    word(0xc0de, 1)
}

pub(super) fn target_code() -> U256 {
    word(0xc0de, 2)
}

pub(super) fn no_code() -> U256 {
    word(EMPTY_CODE[0], EMPTY_CODE[1])
}

fn operand(value: U256, gap: u16) -> OperandEvent {
    OperandEvent { value, gap }
}

/// A cold call to an account with code, with 64 bytes of input from byte 0 and room for 40 bytes from byte 90, none of
/// it undone: CALL with the parameter 0, STATICCALL with 1, DELEGATECALL with 2.
pub(super) fn call(parameter: u8) -> CallEvent {
    let state =
        ExecNative { clock: CLOCK, call: CALL, code: caller_code(), pc: PC, height: HEIGHT, gas: GAS, memory: MEMORY };
    let opcode = [0xf1, 0xfa, 0xf4][usize::from(parameter)];
    // Bits above the address are ignored.
    let address = target_address() | U256::from(7) << 200;
    CallEvent {
        step: StepEvent { state, opcode, cost: 0, parameter, fault: None },
        gas: operand(U256::from(50_000), 0),
        address: operand(address, 3),
        value: OperandEvent::default(),
        input: [operand(U256::ZERO, 70), operand(U256::from(64), 700)],
        output: [operand(U256::from(90), 2), operand(U256::from(40), 1)],
        context: ContextNative {
            call: CALL,
            transaction: TRANSACTION,
            address: own_address(),
            fixed: false,
            reverted: false,
            scope: 0,
            depth: 2,
            input_call: 510,
            input_offset: 4,
            input_length: 36,
        },
        tally: TallyNative {
            call: CALL,
            clock: 900,
            writes: 5,
            refund: F::from(4800),
            logs: 3,
            returned: 777,
            return_offset: 32,
            return_length: 64,
        },
        target: AccountNative {
            address: target_address(),
            nonce: 1,
            balance: U256::from(10),
            code: target_code(),
            warm: 3,
            clock: 100,
        },
        first: CodeNative { hash: target_code(), pc: 0, opcode: 0x60, push: U256::from(0x80), next: 2 },
    }
}

/// The undo time of write `index` of the caller's scope.
pub(super) fn undo(event: &CallEvent, index: u64) -> u64 {
    if event.context.reverted { event.context.scope - index } else { 0 }
}

/// The touch of the target.
pub(super) fn touch(event: &CallEvent) -> AccountJobNative {
    let AccountNative { address, nonce, balance, code, warm, .. } = event.target;
    AccountJobNative {
        clock: CLOCK,
        reverted: event.context.reverted,
        undo: undo(event, event.tally.writes),
        address,
        nonce,
        balance,
        code,
        warm,
        nonce_after: nonce,
        balance_after: balance,
        code_after: code,
        warm_after: TRANSACTION,
    }
}

impl Trial {
    /// What every step shares, and the operands, without the gas.
    pub(super) fn with_operands(self, event: &CallEvent) -> Self {
        let StepEvent { state, opcode, cost, parameter, .. } = event.step.clone();
        let mut trial = self
            .sent::<Exec>(&state)
            .provided::<Opcode>(&OpcodeNative { opcode, class: Class::Call as u8, gas: cost, parameter })
            .provided::<Code>(&CodeNative {
                hash: state.code,
                pc: state.pc,
                opcode,
                push: U256::ZERO,
                next: state.pc + 1,
            });
        let value = (parameter == 0).then_some(event.value);
        let operands = [Some(event.address), value].into_iter().flatten().chain(event.input).chain(event.output);
        for (depth, operand) in operands.enumerate() {
            trial = trial.with_operand(&state, depth as u64 + 1, &operand);
        }
        trial.provided::<Context>(&event.context)
    }

    pub(super) fn with_operand(self, state: &ExecNative, depth: u64, operand: &OperandEvent) -> Self {
        self.sent::<Stack>(&StackNative {
            call: state.call,
            slot: state.height - 1 - depth,
            value: operand.value,
            clock: state.clock - 1 - u64::from(operand.gap),
        })
    }

    /// The touch of the target and the caller's tally.
    pub(super) fn with_touch(self, event: &CallEvent) -> Self {
        self.sent::<Tally>(&event.tally).received::<AccountJob>(&touch(event))
    }

    /// What every call has that is not a fault; `memory` is its size behind the step.
    pub(super) fn with_call(self, event: &CallEvent, memory: u64) -> Self {
        let state = event.step.state.clone();
        let trial = self
            .with_operands(event)
            .with_touch(event)
            .with_operand(&state, 0, &event.gas)
            .provided::<Code>(&event.first);
        if memory == state.memory {
            return trial;
        }
        let order = MemoryInitNative { call: state.call, from: state.memory, to: memory, clock: state.clock };
        trial.received::<MemoryInit>(&order)
    }
}
