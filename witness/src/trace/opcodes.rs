//! Which stack items an opcode reads and writes.

use revm::bytecode::opcode::{self, OPCODE_INFO};

/// How many stack items are recorded as the operands of an opcode, the top one first: those that it pops; for DUPn the one
/// item that is copied; for SWAPn two items, the top and the one it changes place with. 0 for an unknown opcode.
pub const fn reads(opcode: u8) -> u8 {
    match opcode {
        opcode::DUP1..=opcode::DUP16 => 1,
        opcode::SWAP1..=opcode::SWAP16 => 2,
        _ => match OPCODE_INFO[opcode as usize] {
            Some(info) => info.inputs(),
            None => 0,
        },
    }
}

/// How many stack items are recorded as the results of an opcode: what it pushes (0 or 1); for DUPn the new top; for SWAPn
/// two, the new top and the item that it changed place with.
pub const fn writes(opcode: u8) -> u8 {
    match opcode {
        opcode::DUP1..=opcode::DUP16 => 1,
        opcode::SWAP1..=opcode::SWAP16 => 2,
        _ => match OPCODE_INFO[opcode as usize] {
            Some(info) => info.outputs(),
            None => 0,
        },
    }
}

/// Whether the opcode begins a frame.
pub(super) const fn begins_frame(opcode: u8) -> bool {
    matches!(
        opcode,
        opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL | opcode::CREATE | opcode::CREATE2
    )
}

/// Operands of an opcode, as indexes from the top of the stack: the first, and how far apart they are.
pub(super) const fn operand_places(opcode: u8) -> (usize, usize) {
    match opcode {
        opcode::DUP1..=opcode::DUP16 => ((opcode - opcode::DUP1) as usize, 1),
        opcode::SWAP1..=opcode::SWAP16 => (0, (opcode - opcode::SWAP1) as usize + 1),
        _ => (0, 1),
    }
}

/// Results of an opcode, as indexes from the top of the stack: how far apart they are.
pub(super) const fn result_distance(opcode: u8) -> usize {
    match opcode {
        opcode::SWAP1..=opcode::SWAP16 => (opcode - opcode::SWAP1) as usize + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (opcode, read, written) in [
            (opcode::STOP, 0, 0),
            (opcode::ADD, 2, 1),
            (opcode::PUSH0, 0, 1),
            (opcode::PUSH32, 0, 1),
            (opcode::DUP16, 1, 1),
            (opcode::SWAP3, 2, 2),
            (opcode::CALL, 7, 1),
            (opcode::STATICCALL, 6, 1),
            (opcode::CREATE2, 4, 1),
            (opcode::LOG4, 6, 0),
            (opcode::EXTCODECOPY, 4, 0),
            (0xef, 0, 0),
        ] {
            assert_eq!((reads(opcode), writes(opcode)), (read, written), "opcode {opcode:#x}");
        }
    }
}
