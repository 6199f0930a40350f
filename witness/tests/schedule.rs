//! The schedule of opcodes and the prices in the circuits are revm's: class 8 of the list in the book.

use revm::bytecode::{Bytecode, opcode::OPCODE_INFO};
use revm::context::result::{ExecutionResult, HaltReason};
use revm::context::{CfgEnv, TxEnv};
use revm::context_interface::cfg::GasParams;
use revm::database::{CacheDB, EmptyDB};
use revm::interpreter::instructions::gas_table_spec;
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, TxKind};
use revm::state::AccountInfo;
use revm::{Context, ExecuteEvm, MainBuilder, MainContext};
use verbatim_circuits::bus::{MemoryCost, MemoryCostNative, Stack};
use verbatim_circuits::memory::{CostEvent, MemoryChips, MemoryEvent};
use verbatim_circuits::schedule::{Class, Entry, Fork, opcode};
use verbatim_circuits::{calls, light, memory, storage, transaction, transfer};
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::chip::{ChipDef, Role};
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::Message;
use verbatim_witness::chain::spec_id;

fn all() -> impl Iterator<Item = (Fork, u8, Entry)> {
    let opcodes = |fork| (0..=u8::MAX).map(move |byte| (fork, byte, opcode(fork, byte)));
    Fork::ALL.into_iter().flat_map(opcodes)
}

/// Whether revm executes `byte` under `spec` as an instruction, whatever comes of it.
fn exists(spec: SpecId, byte: u8) -> bool {
    // Enough operands for every opcode: zeros.
    let code = [[0x5f_u8; 17].as_slice(), &[byte]].concat();
    let target = Address::repeat_byte(0xcc);
    let mut db = CacheDB::new(EmptyDB::default());
    let code = Bytecode::new_raw(code.into());
    db.insert_account_info(target, AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..Default::default() });
    let mut evm = Context::mainnet().with_db(db).with_cfg(CfgEnv::new_with_spec(spec)).build_mainnet();
    let tx = TxEnv { kind: TxKind::Call(target), gas_limit: 1_000_000, ..Default::default() };
    match evm.transact(tx).expect("a transaction without a price").result {
        ExecutionResult::Halt { reason, .. } => {
            !matches!(reason, HaltReason::OpcodeNotFound | HaltReason::NotActivated | HaltReason::InvalidFEOpcode)
        }
        _ => true,
    }
}

/// An opcode exists from the fork on from which revm executes it. What does not exist, and INVALID, is one class.
#[test]
fn class_8_opcodes_exist_where_revm_executes_them() {
    for (fork, byte, entry) in all() {
        let exists = exists(spec_id(fork), byte);
        assert_eq!(entry.class != Class::Invalid, exists, "{byte:#04x} in {fork:?}");
        assert!(!exists || OPCODE_INFO[usize::from(byte)].is_some(), "{byte:#04x} in {fork:?}");
    }
}

/// What every execution costs. What chips charge for themselves begins with the warm price of EIP-2929, which revm's table
/// holds; topics of a log are in our table, and not in revm's.
#[test]
fn class_8_opcodes_cost_what_they_cost_in_revm() {
    for (fork, byte, entry) in all() {
        let spec = spec_id(fork);
        let (table, params) = (gas_table_spec(spec), GasParams::new_spec(spec));
        let theirs = u64::from(table[usize::from(byte)]);
        let ours = u64::from(entry.gas);
        let name = format!("{byte:#04x} in {fork:?}");
        match entry.class {
            Class::Missing | Class::Invalid => assert_eq!(ours, 0, "{name}"),
            Class::Account | Class::StorageLoad | Class::Call => {
                assert_eq!((ours, theirs), (0, storage::WARM), "{name}");
                assert_eq!(theirs, params.warm_storage_read_cost(), "{name}");
            }
            Class::StorageStore => {
                assert_eq!((ours, theirs), (0, 0), "{name}");
                assert_eq!(params.sstore_static_gas(), storage::WARM, "{name}");
            }
            Class::Log => assert_eq!(ours, theirs + params.log_cost(entry.parameter, 0), "{name}"),
            _ => assert_eq!(ours, theirs, "{name}"),
        }
    }
}

/// The class that a chip's steps have by its constraint, if it is one. Chips of several classes have another expression.
fn class(chip: &ChipDef) -> Option<u64> {
    let class = chip.constraints.iter().find(|constraint| constraint.label == "class")?;
    let cells = class.expr.cells();
    let one: Vec<Cell> = cells.into_iter().collect();
    let [_] = one[..] else { return None };
    // The constraint says `cell - class`.
    let class = -class.expr.evaluate(&|_| F::from(0));
    (0..=255).find(|number| F::from(*number) == class)
}

/// How many messages about words on the stack a chip has, at most.
fn words(circuit: &Circuit, chip: &ChipDef, role: Role) -> u8 {
    let is = |slot: usize| circuit.slots[slot].tag == Stack::TAG;
    chip.messages.iter().filter(|message| message.role == role && is(message.slot)).count() as u8
}

/// What a chip takes from the stack and puts there, if all its flags are one.
fn arities() -> Vec<(Class, &'static str, u8, u8)> {
    let circuits = [
        light::LightChips::build().0,
        memory::MemoryChips::build().0,
        storage::StorageChips::build().0,
        transfer::TransferChips::build().0,
    ];
    let classes: Vec<Class> = all().map(|(_, _, entry)| entry.class).collect();
    let mut arities = Vec::new();
    for (circuit, chip) in circuits.iter().flat_map(|circuit| circuit.chips.iter().map(move |chip| (circuit, chip))) {
        let Some(number) = class(chip) else { continue };
        let class = classes.iter().find(|class| **class as u64 == number).expect("a class of the schedule");
        arities.push((*class, chip.name, words(circuit, chip, Role::Receive), words(circuit, chip, Role::Send)));
    }
    arities
}

/// A chip pops and pushes as many words as revm says of its opcodes. Where a class has opcodes of several arities (LOG), its
/// chip can do what the greatest needs; DUP and SWAP take and give back one and two words, wherever they lie.
#[test]
fn class_8_chips_pop_and_push_as_many_words_as_in_revm() {
    let arities = arities();
    let mut compared = 0;
    for (class, chip, pops, pushes) in &arities {
        let infos = all().filter(|(_, _, entry)| entry.class == *class);
        let infos: Vec<_> = infos.filter_map(|(_, byte, _)| OPCODE_INFO[usize::from(byte)]).collect();
        let most = |count: fn(&revm::bytecode::opcode::OpCodeInfo) -> u8| infos.iter().map(count).max().unwrap_or(0);
        let theirs = match class {
            Class::Dup => (1, 2),
            Class::Swap => (2, 2),
            Class::Invalid => continue,
            _ => (most(|info| info.inputs()), most(|info| info.outputs())),
        };
        assert_eq!((*pops, *pushes), theirs, "{chip}");
        compared += 1;
        let differences: Vec<i16> = infos.iter().map(|info| info.io_diff()).collect();
        let own = i16::from(*pushes) - i16::from(*pops);
        assert!(*class == Class::Log || differences.iter().all(|difference| *difference == own), "{chip}");
    }
    assert!(compared > 20, "{arities:?}");
}

/// Prices that depend on operands and on the state.
#[test]
fn class_8_prices_are_revms() {
    for fork in Fork::ALL {
        let params = GasParams::new_spec(spec_id(fork));
        let same = |name: &str, ours: u64, theirs: u64| assert_eq!(ours, theirs, "{name} in {fork:?}");
        same("warm access", storage::WARM, params.warm_storage_read_cost());
        same("cold account", storage::COLD_ACCOUNT - storage::WARM, params.cold_account_additional_cost());
        same("cold slot, read", storage::COLD_SLOT - storage::WARM, params.cold_storage_additional_cost());
        same("cold slot, written", storage::COLD_SLOT, params.cold_storage_cost());
        same("first change of a slot", storage::RESET, params.sstore_reset_without_cold_load_cost());
        same("first change from zero", storage::RESET + storage::SET, params.sstore_set_without_load_cost());
        same("back to zero", storage::RESET + storage::SET, params.sstore_set_refund());
        same("back to what it was", storage::RESET, params.sstore_reset_refund());
        same("cleared slot", storage::CLEAR, params.sstore_clearing_slot_refund());
        same("least gas of a write", storage::STIPEND, params.call_stipend());
        same("value of a call", calls::VALUE, params.transfer_value_cost());
        same("new account", calls::NEW_ACCOUNT, params.new_account_cost(true, true));
        same("no new account without a value", 0, params.new_account_cost(true, false));
        same("stipend", calls::STIPEND, params.call_stipend());
        for gas in [0, 1, 63, 64, 65, 1 << 40] {
            same("forwarded gas", gas - gas / calls::KEPT_PART, params.call_stipend_reduction(gas));
        }
        same("byte of an exponent", memory::EXP_GAS_PER_BYTE, params.exp_cost(revm::primitives::U256::from(255)));
        same("no byte of an exponent", 0, params.exp_cost(revm::primitives::U256::ZERO));
        for bytes in [0_usize, 1, 31, 32, 33, 1 << 20] {
            let words = bytes.div_ceil(32) as u64;
            same("copied word", transfer::COPY_GAS_PER_WORD * words, params.copy_cost(bytes));
            same("hashed word", transfer::HASH_GAS_PER_WORD * words, params.keccak256_cost(bytes));
            let logged = params.log_cost(0, bytes as u64);
            same("logged byte", transfer::LOG_GAS_PER_BYTE * bytes as u64, logged);
            same("byte of code", transaction::BYTE_GAS * bytes as u64, params.code_deposit_cost(bytes));
        }
        same("refund", transaction::REFUND_QUOTIENT, params.max_refund_quotient());
    }
    assert_eq!(transaction::CODE_LIMIT, revm::primitives::eip170::MAX_CODE_SIZE as u64);
}

/// The facts that the circuit provides about the cost of memory are revm's, and no others.
#[test]
fn class_8_memory_costs_what_it_costs_in_revm() {
    const K: u32 = 9;
    let sizes = [0, 1, 2, 22, 23, 31, 32, 724, 725, 1 << 15, 1 << 20, 1 << 31];
    let mut sheet = Sheet::<MemoryChips>::new();
    (0..).zip(sizes).for_each(|(index, words)| sheet.push(index, MemoryEvent::Cost(CostEvent { words })));
    let unmatched = |fork, more: u128| {
        let mut grid = (&sheet as &dyn Workload).grid(K, 0..sheet.len()).expect("there is room");
        let (mut counts, mut balance) = (FactCounts::default(), Balance::default());
        for words in sizes {
            let gas = u128::from(GasParams::new_spec(spec_id(fork)).memory_cost(words as usize)) + more;
            let fact = MemoryCostNative { words, gas };
            counts.add::<MemoryCost>(&fact);
            balance.add_public::<MemoryCost>(&fact, -F::from(1));
        }
        counts.provide(&mut grid);
        balance.add_grid(&grid);
        balance.unbalanced().iter().filter(|message| message.tag == MemoryCost::TAG).count()
    };
    for fork in Fork::ALL {
        assert_eq!(unmatched(fork, 0), 0, "{fork:?}");
        assert_eq!(unmatched(fork, 1), sizes.len(), "{fork:?}");
    }
}
