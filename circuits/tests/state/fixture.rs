//! One step of the `storage` circuit, and what the rest of the machine says and hears if it is honest.

use ruint::aliases::U256;
use verbatim_circuits::bus::{
    AccountJob, AccountNative, Code, CodeLength, CodeLengthNative, CodeNative, Context, ContextNative, Exec,
    ExecNative, Fault, FaultNative, Opcode, OpcodeNative, Precompile, PrecompileNative, Stack, StackNative, Storage,
    StorageNative, Tally, TallyNative, Untouched, UntouchedNative,
};
use verbatim_circuits::schedule::{Fork, is_precompile, listed_addresses, opcode};
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::step::{OperandEvent, StepEvent};
use verbatim_circuits::storage::{
    AccountEvent, LoadEvent, SelfBalanceEvent, StateStepEvent, StorageChips, StorageEvent, StoreEvent,
};
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;

use crate::world::{World, shard};

pub(crate) const SLOAD: u8 = 0x54;
pub(crate) const SSTORE: u8 = 0x55;
pub(crate) const BALANCE: u8 = 0x31;
pub(crate) const EXTCODESIZE: u8 = 0x3b;
pub(crate) const SELFBALANCE: u8 = 0x47;

pub(crate) const CLOCK: u64 = 70_000;
pub(crate) const CALL: u64 = 900;
pub(crate) const TRANSACTION: u64 = 800;
pub(crate) const SCOPE: u64 = 71_000;
pub(crate) const WRITES: u64 = 17;

pub(crate) fn word(high: u64, low: u64) -> U256 {
    U256::from(high) << 128 | U256::from(low)
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) opcode: u8,
    /// Where precompiles are.
    pub(crate) fork: Fork,
    pub(crate) gas: i64,
    pub(crate) pc: u64,
    pub(crate) height: u64,
    pub(crate) fixed: bool,
    pub(crate) reverted: bool,
    /// The address or the key.
    pub(crate) key: U256,
    /// What SSTORE writes.
    pub(crate) new: U256,
    /// The value, or the balance.
    pub(crate) value: U256,
    pub(crate) original: U256,
    pub(crate) warm: u64,
    /// What the step costs, what it adds to the refund, and what it pushes.
    pub(crate) cost: i64,
    pub(crate) refund: i64,
    pub(crate) pushes: U256,
    /// Whether nobody accesses the location.
    pub(crate) untouched: bool,
    /// The evidence of a fault, and whether it is of the price.
    pub(crate) fault: Option<(i64, bool)>,
}

impl Case {
    /// A step with plenty of gas at a warm location. The caller sets what it costs, refunds and pushes.
    pub(crate) fn new(opcode: u8) -> Self {
        Self {
            opcode,
            fork: Fork::Osaka,
            gas: 30_000,
            pc: 40,
            height: 12,
            fixed: false,
            reverted: false,
            key: word(0xffff_ffff_8765_4321, 77),
            new: word(5, 6),
            value: word(3, 4),
            original: word(1, 2),
            warm: TRANSACTION,
            cost: 100,
            refund: 0,
            pushes: word(3, 4),
            untouched: false,
            fault: None,
        }
    }

    pub(crate) fn touches(&self) -> bool {
        self.fault.is_none_or(|(_, priced)| priced)
    }

    /// The location, as one that nobody accesses.
    pub(crate) fn nobodys(&self) -> UntouchedNative {
        match self.opcode {
            SLOAD => UntouchedNative { address: self.context().address, slot: true, key: self.key },
            _ => UntouchedNative { address: self.address(), slot: false, key: U256::ZERO },
        }
    }

    /// The address that the low 160 bits of the key name.
    pub(crate) fn address(&self) -> U256 {
        self.key & ((U256::from(1) << 160) - U256::from(1))
    }

    /// The address, if it is listed, and whether there is a precompile.
    pub(crate) fn precompile(&self) -> Option<PrecompileNative> {
        let listed = listed_addresses().find(|address| U256::from(*address) == self.address())?;
        Some(PrecompileNative { address: self.address(), present: is_precompile(self.fork, listed) })
    }

    pub(crate) fn context(&self) -> ContextNative {
        ContextNative {
            call: CALL,
            transaction: TRANSACTION,
            address: U256::from(0xacc_u64) << 140,
            fixed: self.fixed,
            reverted: self.reverted,
            scope: if self.reverted { SCOPE } else { 0 },
            depth: 3,
            input_call: 850,
            input_offset: 32,
            input_length: 68,
        }
    }

    pub(crate) fn tally(&self) -> TallyNative {
        TallyNative {
            call: CALL,
            clock: CLOCK - 1 - 333,
            writes: WRITES,
            refund: F::from(4800),
            logs: 2,
            returned: 877,
            return_offset: 64,
            return_length: 96,
        }
    }

    pub(crate) fn step(&self) -> StepEvent {
        let entry = opcode(Fork::Osaka, self.opcode);
        let state = ExecNative {
            clock: CLOCK,
            call: CALL,
            code: word(0xc0de, 9),
            pc: self.pc,
            height: self.height,
            gas: self.gas,
            memory: 7,
        };
        let fault = self.fault.map(|(evidence, _)| evidence);
        StepEvent { state, opcode: self.opcode, cost: entry.gas, parameter: entry.parameter, fault }
    }

    pub(crate) fn slot(&self) -> StorageNative {
        let address = self.context().address;
        let (value, original, warm) = (self.value, self.original, self.warm);
        StorageNative { address, key: self.key, value, original, warm, clock: CLOCK - 1 - 65_535 }
    }

    pub(crate) fn account(&self) -> AccountNative {
        let address = if self.opcode == SELFBALANCE { self.context().address } else { self.address() };
        let (balance, warm) = (self.value, self.warm);
        AccountNative { address, nonce: 9, balance, code: EMPTY_CODE - U256::from(1), warm, clock: 0 }
    }

    /// When the step is undone.
    pub(crate) fn undo(&self) -> u64 {
        SCOPE - WRITES
    }

    pub(crate) fn event(&self) -> StorageEvent {
        let state = StateStepEvent { step: self.step(), context: self.context(), tally: self.tally() };
        let key = OperandEvent { value: self.key, gap: 3 };
        let untouched = self.untouched;
        let slot = (self.touches() && !untouched).then(|| self.slot());
        let undone = self.reverted && self.fault.is_none();
        let undo_gap = if undone { u16::try_from(self.undo() - 1 - CLOCK).expect("in reach") } else { 0 };
        match self.opcode {
            SLOAD => StorageEvent::Load(LoadEvent { state, key, slot, untouched, undo_gap }),
            SSTORE => {
                let value = OperandEvent { value: self.new, gap: 65_535 };
                StorageEvent::Store(StoreEvent { state, key, value, slot, undo_gap })
            }
            SELFBALANCE => {
                let StateStepEvent { step, context, .. } = state;
                StorageEvent::SelfBalance(SelfBalanceEvent { step, context, account: self.account() })
            }
            _ => {
                let account = (self.touches() && !untouched).then(|| self.account());
                let precompile = self.precompile().is_some_and(|fact| fact.present);
                StorageEvent::Account(AccountEvent {
                    state,
                    operand: key,
                    account,
                    untouched,
                    precompile,
                    length: 24_576,
                })
            }
        }
    }

    pub(crate) fn grid(&self) -> Grid {
        shard::<StorageChips>([self.event()])
    }

    /// What the rest of the machine says and hears.
    pub(crate) fn world(&self) -> World {
        let mut world = World::default();
        let StepEvent { state, opcode, cost, parameter, .. } = self.step();
        world.sends::<Exec>(&state);
        world.provides::<Code>(&CodeNative {
            hash: state.code,
            pc: state.pc,
            opcode,
            push: U256::ZERO,
            next: state.pc + 1,
        });
        let class = verbatim_circuits::schedule::opcode(Fork::Osaka, opcode).class as u8;
        world.provides::<Opcode>(&OpcodeNative { opcode, class, gas: cost, parameter });
        world.provides::<Context>(&self.context());
        match self.fault {
            None => self.succeeds(&state, &mut world),
            Some((evidence, _)) => {
                let size = F::from(evidence.unsigned_abs());
                let evidence = if evidence < 0 { -size } else { size };
                world.receives::<Fault>(&FaultNative { clock: CLOCK + 1, call: CALL, evidence });
            }
        }
        if self.touches() {
            self.touch(&mut world);
        }
        world
    }

    fn succeeds(&self, state: &ExecNative, world: &mut World) {
        let change = match self.opcode {
            SSTORE => -2,
            SELFBALANCE => 1,
            _ => 0,
        };
        let height = state.height.saturating_add_signed(change);
        let (clock, pc, gas) = (state.clock + 1, state.pc + 1, state.gas - self.cost);
        world.receives::<Exec>(&ExecNative { clock, pc, height, gas, ..state.clone() });
        if self.opcode != SSTORE {
            let slot = height - 1;
            world.receives::<Stack>(&StackNative { call: CALL, slot, value: self.pushes, clock: CLOCK });
        }
        if self.opcode != SELFBALANCE {
            let tally = self.tally();
            world.sends::<Tally>(&tally);
            let size = F::from(self.refund.unsigned_abs());
            let refund = if self.refund < 0 { tally.refund - size } else { tally.refund + size };
            world.receives::<Tally>(&TallyNative { clock: CLOCK, writes: WRITES + 1, refund, ..tally });
        }
        if self.opcode == EXTCODESIZE {
            world.provides::<CodeLength>(&CodeLengthNative { hash: self.account().code, length: 24_576 });
        }
    }

    /// Operands, and the location.
    fn touch(&self, world: &mut World) {
        let mut pops = |below: u64, value: U256, gap: u64| {
            let slot = self.height.wrapping_sub(1 + below);
            world.sends::<Stack>(&StackNative { call: CALL, slot, value, clock: CLOCK - 1 - gap });
        };
        match self.opcode {
            SSTORE => {
                pops(0, self.key, 3);
                pops(1, self.new, 65_535);
            }
            SELFBALANCE => {}
            _ => pops(0, self.key, 3),
        }
        if self.untouched {
            world.provides::<Untouched>(&self.nobodys());
        }
        match self.event() {
            StorageEvent::Account(event) => {
                event.job().iter().for_each(|job| world.receives::<AccountJob>(job));
                self.precompile().iter().for_each(|fact| world.provides::<Precompile>(fact));
            }
            StorageEvent::SelfBalance(event) => world.receives::<AccountJob>(&event.job().expect("it touches")),
            _ if self.untouched => {}
            _ => self.touch_slot(world),
        }
    }

    fn touch_slot(&self, world: &mut World) {
        let before = self.slot();
        world.sends::<Storage>(&before);
        let after = if self.fault.is_some() {
            StorageNative { clock: CLOCK, ..before }
        } else if self.reverted {
            // The step's own token is received by its undoing.
            StorageNative { clock: self.undo(), ..before }
        } else {
            let value = if self.opcode == SSTORE { self.new } else { self.value };
            let original = if self.warm == TRANSACTION { self.original } else { self.value };
            StorageNative { value, original, warm: TRANSACTION, clock: CLOCK, ..before }
        };
        world.receives::<Storage>(&after);
    }
}
