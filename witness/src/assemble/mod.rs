//! From traces to events: a second execution, by our own rules, that every step of revm's is compared with.
//!
//! The assembler follows a trace step by step, keeps the times of all accesses, and pushes one event for each window that
//! the circuits have to fill. What no circuit proves yet becomes [`PublicMessages`], which the verifier computes in the same
//! way.

mod call;
mod error;
mod light;
mod public;

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{B256, U256};
use verbatim_circuits::arith::{ArithChips, ArithWork};
use verbatim_circuits::bus::{Environment, EnvironmentNative, Exec, ExecNative, Stack, StackNative};
use verbatim_circuits::bytecode::{BytecodeChips, BytecodeWork};
use verbatim_circuits::keccak::{self, KeccakSheets, KeccakWork};
use verbatim_circuits::light::{LightChips, TRANSACTION};
use verbatim_circuits::opcodes::{self, OpcodeChips};
use verbatim_circuits::schedule::{Fork, opcode};
use verbatim_circuits::tables::{self, TableChips};
use verbatim_gadgets::machine::{Sheet, Workload};

use crate::trace::{BlockInfo, Step, TxTrace};

use call::{Call, Token};
pub use error::{AssembleError, Position};
pub use public::{PublicMessage, PublicMessages};

/// The clock at which the execution of a block begins.
const FIRST_CLOCK: u64 = 1;

/// By how much the clock grows in a step that no circuit proves yet.
const PUBLIC_TICKS: u64 = 16;

/// Everything that the circuits have to prove of a block.
#[derive(Debug)]
pub struct Assembly {
    light: Sheet<LightChips>,
    opcodes: Sheet<OpcodeChips>,
    tables: Sheet<TableChips>,
    arith: Sheet<ArithChips>,
    bytecode: Sheet<BytecodeChips>,
    keccak: KeccakSheets,
    public: PublicMessages,
    steps: Steps,
    code_bytes: u64,
    positions: Vec<Position>,
}

/// How many steps there were, and of how many the circuits prove the execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// All of them, those of system calls included.
    pub total: u64,
    /// Those that a chip proves.
    pub proven: u64,
}

impl Assembly {
    /// The work of every circuit, in the order of the inventory of circuits: the order is part of the verifying keys.
    pub fn workloads(&self) -> Vec<&dyn Workload> {
        vec![
            &self.light,
            &self.opcodes,
            &self.tables,
            &self.arith,
            &self.bytecode,
            &self.keccak.blocks,
            &self.keccak.permutations,
            &self.keccak.tables,
        ]
    }

    /// What the verifier adds.
    pub fn public(&self) -> &PublicMessages {
        &self.public
    }

    /// How many steps there were.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    /// The units of work that costs are counted by.
    pub fn units(&self) -> Units {
        let permutations = self.keccak.permutations.states().len() as u64;
        let circuit = self.keccak.permutations.circuit();
        let cells = circuit.main.len() + circuit.aux_columns();
        let rows = permutations.div_ceil(keccak::layout::SLICES as u64) as usize
            * keccak::layout::HEIGHT
            * keccak::layout::LANE;
        Units { step_circuits: &["light"], code_bytes: self.code_bytes, permutations, keccak_cells: rows * cells }
    }

    /// Where in the block the event was that a window of `circuit` was filled from, if the circuit's windows are steps.
    pub fn position(&self, circuit: &str, origin: u64) -> Option<Position> {
        let known = circuit == self.light.circuit().name;
        known.then(|| self.positions.get(usize::try_from(origin).ok()?).copied()).flatten()
    }
}

/// How much work of each kind there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// The circuits whose windows are steps.
    pub step_circuits: &'static [&'static str],
    /// Bytes of code that is executed or read.
    pub code_bytes: u64,
    /// Permutations of keccak.
    pub permutations: u64,
    /// Main and auxiliary cells of the batches of permutations.
    pub keccak_cells: usize,
}

/// Turns the traces of one block into an [`Assembly`].
#[derive(Debug)]
pub struct Assembler {
    fork: Fork,
    clock: u64,
    /// The state that a proven step sent and nobody has received yet.
    open: Option<ExecNative>,
    light: Sheet<LightChips>,
    arith: ArithWork,
    bytecode: BytecodeWork,
    public: PublicMessages,
    /// How often each fact about the environment was asked for.
    environment: BTreeMap<(u64, u8), (U256, i64)>,
    steps: Steps,
    /// Where each step of the block is.
    positions: Vec<Position>,
}

impl Assembler {
    /// An assembler for a block of `fork`.
    pub fn new(fork: Fork) -> Self {
        Self {
            fork,
            clock: FIRST_CLOCK,
            open: None,
            light: Sheet::new(),
            arith: ArithWork::new(),
            bytecode: BytecodeWork::new(),
            public: PublicMessages::default(),
            environment: BTreeMap::new(),
            steps: Steps::default(),
            positions: Vec::new(),
        }
    }

    /// Adds a transaction or a system call.
    ///
    /// # Errors
    /// If our rules and revm's disagree about a step.
    pub fn transaction(&mut self, block: &BlockInfo, trace: &TxTrace) -> Result<(), AssembleError> {
        let mut run = Run { trace, block, began: self.clock, calls: HashMap::new(), origin: self.steps.total };
        self.clock += PUBLIC_TICKS;
        for index in 0..trace.steps.len() {
            self.positions.push(run.position(index));
            self.step(&mut run, index)?;
            self.steps.total += 1;
        }
        self.close();
        let mut calls: Vec<_> = run.calls.into_iter().collect();
        calls.sort_by_key(|(frame, _)| *frame);
        for (_, call) in calls {
            self.discard(&call);
        }
        Ok(())
    }

    /// Ends the block.
    pub fn finish(mut self) -> Assembly {
        self.close();
        let fork = U256::from(self.fork as u8);
        let rows = (Fork::ALL.len() * 256) as i64;
        self.public_environment(0, opcodes::FORK as u8, fork, rows);
        for ((owner, opcode), (value, count)) in std::mem::take(&mut self.environment) {
            self.public_environment(owner, opcode, value, count);
        }
        let mut keccak = KeccakWork::new();
        let mut code_bytes = 0;
        for code in self.bytecode.codes() {
            code_bytes += code.len() as u64;
            keccak.long(code);
        }
        Assembly {
            light: self.light,
            opcodes: opcodes::sheet(self.fork),
            tables: tables::sheet(),
            arith: self.arith.finish(),
            bytecode: self.bytecode.finish(),
            keccak: keccak.finish(),
            public: self.public,
            steps: self.steps,
            code_bytes,
            positions: self.positions,
        }
    }

    fn public_environment(&mut self, owner: u64, opcode: u8, value: U256, count: i64) {
        self.public.add::<Environment>(&EnvironmentNative { owner, opcode, value }, count);
    }

    /// Whoever comes next in the execution is not proven: the verifier receives the state.
    fn close(&mut self) {
        if let Some(state) = self.open.take() {
            self.public.receive::<Exec>(&state);
        }
    }

    /// What is left on the stack of a call that has ended.
    fn discard(&mut self, call: &Call) {
        for (slot, token) in call.stack.iter().enumerate() {
            self.public.receive::<Stack>(&stack(call, slot, *token));
        }
    }

    fn step(&mut self, run: &mut Run<'_>, index: usize) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        self.enter_frame(run, step)?;
        let entry = opcode(self.fork, step.opcode);
        self.arith.set_origin(run.origin + index as u64);
        if light::executes(entry.class, step) {
            self.steps.proven += 1;
            return self.light(run, index, entry);
        }
        self.public_step(run, index)
    }

    /// Makes the call of a frame that has not run yet.
    fn enter_frame(&mut self, run: &mut Run<'_>, step: &Step) -> Result<(), AssembleError> {
        if run.calls.contains_key(&step.frame) {
            return Ok(());
        }
        let frame = run.trace.frames.get(step.frame as usize);
        let frame = frame.ok_or_else(|| AssembleError::Trace { position: run.position(0), what: "frame of a step" })?;
        let hash = number(&frame.code_hash);
        self.bytecode.add_code(hash, &frame.code);
        // The frame was made by the step before, or by the beginning of the transaction: both took ticks of their own.
        run.calls.insert(step.frame, Call::new(self.clock - 1, hash));
        Ok(())
    }

    /// A step that no circuit proves yet: the verifier takes its operands and gives its results.
    fn public_step(&mut self, run: &mut Run<'_>, index: usize) -> Result<(), AssembleError> {
        self.close();
        let trace = run.trace;
        let step = &trace.steps[index];
        let clock = self.clock;
        self.clock += PUBLIC_TICKS;
        if step.halt.is_some() {
            return Ok(());
        }
        let position = run.position(index);
        let call = run.call(step, index)?;
        for operand in trace.operands(step) {
            let slot = call.slot(0).ok_or(AssembleError::Trace { position, what: "operand on the stack" })?;
            let token = call.stack[slot];
            same(position, "an operand", &token.value, operand)?;
            self.public.receive::<Stack>(&stack(call, slot, token));
            call.stack.truncate(slot);
        }
        for value in trace.results(step) {
            let token = Token { value: *value, clock };
            call.stack.push(token);
            self.public.send::<Stack>(&stack(call, call.stack.len() - 1, token));
        }
        Ok(())
    }

    /// Asks for what the block, a call or a transaction says of itself.
    fn ask(&mut self, owner: u64, opcode: u8, value: U256) {
        self.environment.entry((owner, opcode)).or_insert((value, 0)).1 += 1;
    }

    /// Asks for the clock at which a call's transaction began.
    fn ask_transaction(&mut self, call: u64, began: u64) {
        self.ask(call, TRANSACTION as u8, U256::from(began));
    }
}

/// A transaction on its way.
struct Run<'t> {
    trace: &'t TxTrace,
    block: &'t BlockInfo,
    /// The clock at which it began.
    began: u64,
    /// The calls that have run, by their frames.
    calls: HashMap<u32, Call>,
    /// The number of its first step in the block.
    origin: u64,
}

impl Run<'_> {
    fn position(&self, step: usize) -> Position {
        let pc = self.trace.steps.get(step).map_or(0, |step| u64::from(step.pc));
        Position { ordinal: self.trace.ordinal, step, pc }
    }

    fn call(&mut self, step: &Step, index: usize) -> Result<&mut Call, AssembleError> {
        let position = self.position(index);
        self.calls.get_mut(&step.frame).ok_or(AssembleError::Trace { position, what: "call of a step" })
    }
}

fn stack(call: &Call, slot: usize, token: Token) -> StackNative {
    StackNative { call: call.id, slot: slot as u64, value: token.value, clock: token.clock }
}

/// Compares what our rules say with what revm says.
fn same<T: PartialEq + std::fmt::Display>(
    position: Position,
    what: &'static str,
    ours: &T,
    revm: &T,
) -> Result<(), AssembleError> {
    if ours == revm {
        return Ok(());
    }
    Err(AssembleError::Divergence { position, what, ours: ours.to_string(), revm: revm.to_string() })
}

/// The number of a hash.
fn number(hash: &B256) -> U256 {
    U256::from_be_bytes(hash.0)
}
