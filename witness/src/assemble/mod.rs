//! From traces to events: a second execution, by our own rules, that every step of revm's is compared with.
//!
//! The assembler follows a trace step by step, keeps the times of all accesses, and pushes one event for each window that
//! the circuits have to fill. What no circuit proves yet becomes [`PublicMessages`], which the verifier computes in the same
//! way.

mod accounts;
mod boundary;
mod call;
mod calls;
mod copy;
mod error;
mod frames;
mod light;
mod memory;
mod public;
mod state;
mod statement;
mod storage;
mod tally;
mod transaction;
mod transfer;
mod unproven;
mod untouched;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::{B256, Bytes, U256};
use verbatim_circuits::arith::{ArithChips, ArithWork};
use verbatim_circuits::bus::{ContextNative, Environment, EnvironmentNative, Exec, ExecNative, Stack, StackNative};
use verbatim_circuits::bytecode::{BytecodeChips, BytecodeWork};
use verbatim_circuits::calls::CallsChips;
use verbatim_circuits::copy::{CopyChips, CopyEvent};
use verbatim_circuits::keccak::{self, KeccakSheets, KeccakWork};
use verbatim_circuits::light::{LightChips, TRANSACTION};
use verbatim_circuits::memory::{InputLoadEvent, MemoryChips};
use verbatim_circuits::opcodes::{self, OpcodeChips};
use verbatim_circuits::schedule::{Fork, opcode};
use verbatim_circuits::state::StateChips;
use verbatim_circuits::statement::{Label, StatementWork};
use verbatim_circuits::storage::StorageChips;
use verbatim_circuits::tables::{self, TableChips};
use verbatim_circuits::transaction::{BeginEvent, TransactionChips};
use verbatim_circuits::transfer::{TransferChips, TransferEvent};
use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::{Sheet, Workload};
use verbatim_gadgets::value::split;

use crate::execute::BlockOutcome;
use crate::trace::{BlockInfo, Frame, Step, TxTrace};

use call::{Call, Token};
use calls::Calls;
pub use error::{AssembleError, Position};
use memory::Memory;
pub use public::{PublicMessage, PublicMessages};
use state::{State, Waiting};
pub use statement::NoStatement;
use transaction::Chain;
pub use transaction::Excluded;
pub use unproven::{Unproven, UnprovenKind};
use untouched::Fault;

/// The clock at which the execution of a block begins.
const FIRST_CLOCK: u64 = 1;

/// By how much the clock grows in a step that no circuit proves yet.
const PUBLIC_TICKS: u64 = 16;

/// The circuits whose windows are steps.
const STEP_CIRCUITS: [&str; 5] = ["light", "memory", "storage", "calls", "transfer"];

/// Everything that the circuits have to prove of a block.
#[derive(Debug)]
pub struct Assembly {
    light: Sheet<LightChips>,
    opcodes: Sheet<OpcodeChips>,
    tables: Sheet<TableChips>,
    arith: Sheet<ArithChips>,
    bytecode: Sheet<BytecodeChips>,
    keccak: KeccakSheets,
    memory: Sheet<MemoryChips>,
    storage: Sheet<StorageChips>,
    state: Sheet<StateChips>,
    calls: Sheet<CallsChips>,
    copies: Sheet<CopyChips>,
    transfers: Sheet<TransferChips>,
    transaction: Sheet<TransactionChips>,
    statement: StatementWork,
    public: PublicMessages,
    steps: Steps,
    unproven: Vec<Unproven>,
    code_bytes: u64,
    locations: u64,
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
    /// No work: the circuits alone.
    pub fn empty(fork: Fork) -> Self {
        Assembler::open(fork).assembly()
    }

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
            &self.memory,
            &self.storage,
            &self.state,
            &self.calls,
            &self.copies,
            &self.transfers,
            &self.transaction,
            &self.statement.permutations,
            &self.statement.messages,
        ]
    }

    /// What a proof of the block is about: the hash of the public messages.
    pub fn statement(&self) -> F {
        self.statement.chain.statement()
    }

    /// What the verifier knows of the block.
    pub fn public(&self) -> &PublicMessages {
        &self.public
    }

    /// How many steps there were.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    /// What no circuit proves, in the order of the execution: the verifier has to execute it.
    pub fn unproven(&self) -> &[Unproven] {
        &self.unproven
    }

    /// The units of work that costs are counted by.
    pub fn units(&self) -> Units {
        let permutations = self.keccak.permutations.states().len() as u64;
        let circuit = self.keccak.permutations.circuit();
        let cells = circuit.main.len() + circuit.aux_columns();
        let rows = permutations.div_ceil(keccak::layout::SLICES as u64) as usize
            * keccak::layout::HEIGHT
            * keccak::layout::LANE;
        Units {
            step_circuits: &STEP_CIRCUITS,
            code_bytes: self.code_bytes,
            permutations,
            keccak_cells: rows * cells,
            locations: self.locations,
            words: self.copies.events().iter().filter(|(_, event)| !begins(event)).count() as u64,
        }
    }

    /// Where in the block the event was that a window of `circuit` was filled from, if the circuit's windows belong to steps.
    pub fn position(&self, circuit: &str, origin: u64) -> Option<Position> {
        let others = [self.state.circuit().name, self.copies.circuit().name, self.transaction.circuit().name];
        let known = STEP_CIRCUITS.contains(&circuit) || others.contains(&circuit);
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
    /// Accounts and slots that are accessed.
    pub locations: u64,
    /// Words of 32 bytes that are copied, hashed, logged or deposited, the last of each perhaps in part.
    pub words: u64,
}

/// Whether a row of a copy is the order, and not a word.
fn begins(event: &CopyEvent) -> bool {
    matches!(event, CopyEvent::BeginCopy(_) | CopyEvent::BeginRead(_))
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
    keccak: KeccakWork,
    memory: Sheet<MemoryChips>,
    /// The sizes of memory that were paid for.
    sizes: BTreeSet<u64>,
    /// Steps that wait for the end of their transaction.
    inputs: Vec<Waiting<InputLoadEvent>>,
    moves: Vec<Waiting<TransferEvent>>,
    faults: Vec<Waiting<Fault>>,
    copies: Sheet<CopyChips>,
    transfers: Sheet<TransferChips>,
    state: State,
    chain: Chain,
    calls: Calls,
    /// Codes that nobody may have run, by their hashes.
    codes: HashMap<U256, Bytes>,
    public: PublicMessages,
    /// How often each fact about the environment was asked for.
    environment: BTreeMap<(u64, u8), (U256, i64)>,
    /// What is constant in each call that was asked for it, and how often it was.
    contexts: BTreeMap<u64, (ContextNative, i64)>,
    steps: Steps,
    unproven: Vec<Unproven>,
    /// Where the steps of the block are, and the beginnings and ends of its transactions: windows name them by their places
    /// here.
    positions: Vec<Position>,
}

/// What a statement says which block it is about.
fn label(block: &BlockInfo) -> Label {
    let halves = |hash: &B256| split(&number(hash)).into();
    Label {
        chain_id: block.chain_id,
        fork: block.fork as u64,
        parent_hash: halves(&block.parent_hash),
        block_hash: halves(&block.block_hash),
    }
}

impl Assembler {
    /// An assembler for a block.
    pub fn new(block: &BlockInfo) -> Self {
        let mut assembler = Self::open(block.fork);
        assembler.public = PublicMessages::default().labelled(label(block));
        assembler.begin_block(block);
        assembler
    }

    fn open(fork: Fork) -> Self {
        Self {
            fork,
            clock: FIRST_CLOCK,
            open: None,
            light: Sheet::new(),
            arith: ArithWork::new(),
            bytecode: BytecodeWork::new(),
            keccak: KeccakWork::new(),
            memory: Sheet::new(),
            sizes: BTreeSet::new(),
            inputs: Vec::new(),
            moves: Vec::new(),
            faults: Vec::new(),
            copies: Sheet::new(),
            transfers: Sheet::new(),
            state: State::default(),
            chain: Chain::default(),
            calls: Calls::default(),
            codes: HashMap::new(),
            public: PublicMessages::default(),
            environment: BTreeMap::new(),
            contexts: BTreeMap::new(),
            steps: Steps::default(),
            unproven: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// Makes codes known that the block asks about without running them: those of its witness.
    pub fn with_codes<'c>(mut self, codes: impl IntoIterator<Item = (&'c B256, &'c Bytes)>) -> Self {
        self.codes.extend(codes.into_iter().map(|(hash, code)| (number(hash), code.clone())));
        self
    }

    /// Adds a transaction or a system call.
    ///
    /// # Errors
    /// If our rules and revm's disagree about a step.
    pub fn transaction(&mut self, block: &BlockInfo, trace: &TxTrace) -> Result<(), AssembleError> {
        let mut run = Run {
            trace,
            block,
            began: self.clock,
            input: Memory::default(),
            outputs: BTreeMap::new(),
            calls: HashMap::new(),
            ids: HashMap::new(),
            scopes: BTreeMap::new(),
            top: None,
        };
        self.go_to(run.position(0));
        self.name_listed(&run);
        if self.proves(&run) {
            self.begin_proven(&mut run)?;
        } else {
            self.clock += PUBLIC_TICKS;
            self.begin(&run)?;
        }
        for index in 0..trace.steps.len() {
            self.go_to(run.position(index));
            self.step(&mut run, index)?;
            if run.top.is_none() || trace.steps[index].frame > 0 {
                self.leave_frame(&mut run, index)?;
            }
            self.steps.total += 1;
        }
        self.go_to(run.position(trace.steps.len()));
        match run.top.take() {
            Some(top) => self.end_proven(&mut run, top)?,
            None => {
                self.close();
                self.end(&mut run)?;
                self.resume_chain(&run);
            }
        }
        let mut calls: Vec<_> = run.calls.into_iter().collect();
        calls.sort_by_key(|(frame, _)| *frame);
        for (_, call) in calls {
            self.discard(&call);
        }
        self.discard_words(run.began, &run.input);
        for (owner, output) in &run.outputs {
            self.discard_words(*owner, output);
        }
        Ok(())
    }

    /// Ends the block.
    ///
    /// # Errors
    /// If the state after it is not what our rules make of it.
    pub fn finish(mut self, outcome: &BlockOutcome) -> Result<Assembly, AssembleError> {
        self.end_block(outcome)?;
        Ok(self.assembly())
    }

    fn assembly(mut self) -> Assembly {
        self.close();
        for ((owner, opcode), (value, count)) in std::mem::take(&mut self.environment) {
            self.public.add::<Environment>(&EnvironmentNative { owner, opcode, value }, count);
        }
        self.public_contexts();
        self.costs();
        let mut code_bytes = 0;
        for code in self.bytecode.codes() {
            code_bytes += code.len() as u64;
            self.keccak.long(code);
        }
        Assembly {
            light: self.light,
            opcodes: opcodes::sheet(self.fork),
            tables: tables::sheet(),
            arith: self.arith.finish(),
            bytecode: self.bytecode.finish(),
            keccak: self.keccak.finish(),
            memory: self.memory,
            storage: self.state.storage,
            state: self.state.sheet,
            calls: self.calls.sheet,
            copies: self.copies,
            transfers: self.transfers,
            transaction: self.chain.sheet,
            statement: self.public.work(),
            public: self.public,
            steps: self.steps,
            unproven: self.unproven,
            code_bytes,
            locations: self.state.locations,
            positions: self.positions,
        }
    }

    /// Ends a transaction, proven or not: the events that wait for it are complete, and everything is as revm says.
    fn complete(&mut self, run: &Run<'_>) -> Result<(), AssembleError> {
        self.settle_transfers(run);
        self.settle(&run.scopes);
        self.agree(run)
    }

    /// The next events belong to `position`.
    fn go_to(&mut self, position: Position) {
        self.positions.push(position);
        let origin = self.origin();
        self.arith.set_origin(origin);
        self.state.origin = origin;
    }

    /// What windows name the current position by.
    fn origin(&self) -> u64 {
        self.positions.len().saturating_sub(1) as u64
    }

    /// Whoever comes next in the execution is not proven: the verifier receives the state.
    fn close(&mut self) {
        if let Some(state) = self.open.take() {
            self.public.receive::<Exec>(&state);
        }
    }

    fn step(&mut self, run: &mut Run<'_>, index: usize) -> Result<(), AssembleError> {
        let step = &run.trace.steps[index];
        self.enter_frame(run, step)?;
        let entry = opcode(self.fork, step.opcode);
        if light::executes(entry.class, step) {
            self.light(run, index, entry)?;
        } else if memory::executes(entry.class, step) {
            self.memory_step(run, index, entry)?;
        } else if self.storage_executes(run, step, &entry) {
            self.storage(run, index, entry)?;
        } else if let Some(ending) = self.ending(run, step, &entry) {
            self.call_step(run, index, entry, ending)?;
        } else if transfer::executes(entry.class) {
            self.transfer_step(run, index, entry)?;
        } else {
            self.note_step(run, index, &entry);
            return self.public_step(run, index);
        }
        self.steps.proven += 1;
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
        self.public_memory(run, index, clock)?;
        self.public_accesses(run, index, clock)
    }

    /// Asks for what the block, a call or a transaction says of itself.
    fn ask(&mut self, owner: u64, opcode: u8, value: U256) {
        if owner != 0 && !self.calls.begun.contains(&owner) {
            self.environment.entry((owner, opcode)).or_insert((value, 0)).1 += 1;
        }
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
    /// Its input, as the memory of a call that is named by `began`.
    input: Memory,
    /// What precompiles have returned, as the memories of calls that nothing else names.
    outputs: BTreeMap<u64, Memory>,
    /// The calls that have run, by their frames.
    calls: HashMap<u32, Call>,
    /// Their frames, by their ids.
    ids: HashMap<u64, u32>,
    /// When what a failing frame wrote had been undone.
    scopes: BTreeMap<u32, u64>,
    /// Its beginning, if the circuit proves it.
    top: Option<BeginEvent>,
}

impl<'t> Run<'t> {
    fn position(&self, step: usize) -> Position {
        let pc = self.trace.steps.get(step).map_or(0, |step| u64::from(step.pc));
        Position { ordinal: self.trace.ordinal, step, pc }
    }

    fn call(&mut self, step: &Step, index: usize) -> Result<&mut Call, AssembleError> {
        let position = self.position(index);
        self.calls.get_mut(&step.frame).ok_or(AssembleError::Trace { position, what: "call of a step" })
    }

    /// Takes the call of a step out: whoever does puts it back.
    fn take(&mut self, step: &Step, index: usize) -> Result<Call, AssembleError> {
        let position = self.position(index);
        self.calls.remove(&step.frame).ok_or(AssembleError::Trace { position, what: "call of a step" })
    }

    fn frame(&self, frame: u32, position: Position) -> Result<&'t Frame, AssembleError> {
        let frame = self.trace.frames.get(frame as usize);
        frame.ok_or(AssembleError::Trace { position, what: "frame of a step" })
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
