//! All circuits, for tests that look at the whole machine.

use verbatim_circuits::arith::ArithChips;
use verbatim_circuits::bytecode::BytecodeChips;
use verbatim_circuits::calls::CallsChips;
use verbatim_circuits::copy::CopyChips;
use verbatim_circuits::keccak::permutations::PermutationChips;
use verbatim_circuits::keccak::tables::TableChips as KeccakTableChips;
use verbatim_circuits::keccak::work::SpongeChips;
use verbatim_circuits::light::LightChips;
use verbatim_circuits::memory::MemoryChips;
use verbatim_circuits::opcodes::OpcodeChips;
use verbatim_circuits::poseidon::PoseidonChips;
use verbatim_circuits::state::StateChips;
use verbatim_circuits::statement::StatementChips;
use verbatim_circuits::storage::StorageChips;
use verbatim_circuits::tables::TableChips;
use verbatim_circuits::transaction::TransactionChips;
use verbatim_circuits::transfer::TransferChips;
use verbatim_gadgets::audit::Exception;
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::machine::ChipSet;

/// Every circuit, with what its audit excepts, and its size: the one that it has, or else `k`.
pub(crate) fn circuits(k: u32) -> Vec<(Circuit, &'static [Exception], u32)> {
    fn of<S: ChipSet>(k: u32) -> (Circuit, &'static [Exception], u32) {
        (S::build().0, S::EXCEPTIONS, S::SIZE.unwrap_or(k))
    }
    vec![
        of::<LightChips>(k),
        of::<MemoryChips>(k),
        of::<StorageChips>(k),
        of::<TransferChips>(k),
        of::<CallsChips>(k),
        of::<TransactionChips>(k),
        of::<CopyChips>(k),
        of::<StateChips>(k),
        of::<ArithChips>(k),
        of::<BytecodeChips>(k),
        of::<SpongeChips>(k),
        of::<PermutationChips>(k),
        of::<KeccakTableChips>(k),
        of::<TableChips>(k),
        of::<OpcodeChips>(k),
        of::<PoseidonChips>(k),
        of::<StatementChips>(k),
    ]
}
