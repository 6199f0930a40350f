//! What differs from fork to fork, as data: which opcodes exist, what they cost, which chip executes them, and where
//! precompiles are.

use serde::{Deserialize, Serialize};

/// A fork of Ethereum's execution layer that blocks can be proven under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fork {
    /// From block 17,034,870.
    Shanghai = 1,
    /// From block 19,426,587.
    Cancun = 2,
    /// From block 22,431,084.
    Prague = 3,
    /// From block 23,935,694.
    Osaka = 4,
}

impl Fork {
    /// Every fork, oldest first.
    pub const ALL: [Self; 4] = [Self::Shanghai, Self::Cancun, Self::Prague, Self::Osaka];
}

/// Which chip executes an opcode. Zero is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Two operands, one result.
    Binary = 1,
    /// One operand, one result.
    Unary = 2,
    /// PUSH0 to PUSH32. The parameter is not used.
    Push = 3,
    /// POP.
    Pop = 4,
    /// DUP1 to DUP16. The parameter is the depth of the slot: 0 to 15.
    Dup = 5,
    /// SWAP1 to SWAP16. The parameter is the depth of the lower slot: 1 to 16.
    Swap = 6,
    /// JUMP.
    Jump = 7,
    /// JUMPI.
    JumpIf = 8,
    /// JUMPDEST.
    JumpDest = 9,
    /// PC, MSIZE and GAS, with the parameters 0, 1 and 2.
    Counter = 10,
    /// What the block (parameter 0), the call (1) or the transaction (2) says of itself.
    Environment = 11,
    /// INVALID, and every opcode that the fork does not have.
    Invalid = 12,
    /// ADDMOD and MULMOD.
    Ternary = 13,
    /// EXP.
    Exp = 14,
    /// CODESIZE.
    CodeSize = 15,
    /// KECCAK256.
    Hash = 16,
    /// MLOAD.
    Load = 17,
    /// MSTORE and MSTORE8, with the parameters 32 and 1.
    Store = 18,
    /// CALLDATALOAD.
    InputLoad = 19,
    /// CALLDATACOPY, CODECOPY and RETURNDATACOPY, with the parameters 0, 1 and 2.
    Copy = 20,
    /// RETURNDATASIZE.
    ReturnSize = 21,
    /// SLOAD.
    StorageLoad = 22,
    /// SSTORE.
    StorageStore = 23,
    /// BALANCE and EXTCODESIZE, with the parameters 0 and 1.
    Account = 24,
    /// SELFBALANCE.
    SelfBalance = 25,
    /// LOG0 to LOG4. The parameter is the number of topics.
    Log = 26,
    /// CALL, STATICCALL and DELEGATECALL, with the parameters 0, 1 and 2.
    Call = 27,
    /// STOP.
    Stop = 28,
    /// RETURN and REVERT, with the parameters 1 and 0.
    Return = 29,
    /// An opcode of the fork that no chip executes yet.
    Missing = 255,
}

/// What the schedule says of one opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The chip.
    pub class: Class,
    /// The gas that every execution costs.
    pub gas: u16,
    /// What the class needs to know.
    pub parameter: u8,
}

/// What `fork` says of `opcode`. Gas is that of the Yellow Paper's appendix G as changed by EIP-2929 and EIP-3860; costs
/// that depend on operands or state are the chips' own.
pub fn opcode(fork: Fork, opcode: u8) -> Entry {
    let entry = |class, gas, parameter| Entry { class, gas, parameter };
    match opcode {
        0x00 => entry(Class::Stop, 0, 0),
        0x01 | 0x03 | 0x10..=0x14 | 0x16..=0x18 | 0x1a..=0x1d => entry(Class::Binary, 3, 1),
        0x02 | 0x04..=0x07 | 0x0b => entry(Class::Binary, 5, 1),
        0x08 | 0x09 => entry(Class::Ternary, 8, 1),
        0x0a => entry(Class::Exp, 10, 1),
        0x15 | 0x19 => entry(Class::Unary, 3, 0),
        0x20 => entry(Class::Hash, 30, 1),
        0x30 | 0x33 | 0x34 | 0x36 => entry(Class::Environment, 2, 1),
        0x31 => entry(Class::Account, 0, 0),
        0x32 | 0x3a => entry(Class::Environment, 2, 2),
        0x35 => entry(Class::InputLoad, 3, 0),
        0x37 => entry(Class::Copy, 3, 0),
        0x38 => entry(Class::CodeSize, 2, 0),
        0x39 => entry(Class::Copy, 3, 1),
        0x3b => entry(Class::Account, 0, 1),
        0x3d => entry(Class::ReturnSize, 2, 0),
        0x3e => entry(Class::Copy, 3, 2),
        0x41..=0x46 | 0x48 => entry(Class::Environment, 2, 0),
        0x4a if fork >= Fork::Cancun => entry(Class::Environment, 2, 0),
        0x47 => entry(Class::SelfBalance, 5, 0),
        0x50 => entry(Class::Pop, 2, 0),
        0x51 => entry(Class::Load, 3, 32),
        0x52 => entry(Class::Store, 3, 32),
        0x53 => entry(Class::Store, 3, 1),
        0x54 => entry(Class::StorageLoad, 0, 0),
        0x55 => entry(Class::StorageStore, 0, 0),
        0x56 => entry(Class::Jump, 8, 0),
        0x57 => entry(Class::JumpIf, 10, 1),
        0x58 => entry(Class::Counter, 2, 0),
        0x59 => entry(Class::Counter, 2, 1),
        0x5a => entry(Class::Counter, 2, 2),
        0x5b => entry(Class::JumpDest, 1, 0),
        0x5f => entry(Class::Push, 2, 0),
        0x60..=0x7f => entry(Class::Push, 3, 0),
        0x80..=0x8f => entry(Class::Dup, 3, opcode - 0x80),
        0x90..=0x9f => entry(Class::Swap, 3, opcode - 0x8f),
        0xa0..=0xa4 => entry(Class::Log, 375 * (1 + u16::from(opcode - 0xa0)), opcode - 0xa0),
        0xf1 => entry(Class::Call, 0, 0),
        0xf3 => entry(Class::Return, 0, 1),
        0xf4 => entry(Class::Call, 0, 2),
        0xfa => entry(Class::Call, 0, 1),
        0xfd => entry(Class::Return, 0, 0),
        _ if exists(fork, opcode) => entry(Class::Missing, 0, 0),
        _ => entry(Class::Invalid, 0, 0),
    }
}

/// Whether `fork` has the opcode, for those that no chip executes yet.
fn exists(fork: Fork, opcode: u8) -> bool {
    match opcode {
        0x3c | 0x3f | 0x40 | 0xf0 | 0xf2 | 0xf5 | 0xff => true,
        0x49 | 0x5c..=0x5e => fork >= Fork::Cancun,
        0x1e => fork >= Fork::Osaka,
        _ => false,
    }
}

/// The first address behind the precompiles that lie together, from 1 on, in any fork.
pub const BEHIND_PRECOMPILES: u64 = 0x12;
/// The precompile that lies alone: that of EIP-7951.
pub const P256_VERIFY: u64 = 0x100;

/// Where some fork has a precompile, and zero, where none has.
pub fn listed_addresses() -> impl Iterator<Item = u64> + Clone {
    (0..BEHIND_PRECOMPILES).chain([P256_VERIFY])
}

/// Whether `fork` has a precompile there.
pub fn is_precompile(fork: Fork, address: u64) -> bool {
    let last = match fork {
        Fork::Shanghai => 9,
        Fork::Cancun => 10,
        Fork::Prague | Fork::Osaka => 17,
    };
    (1..=last).contains(&address) || fork >= Fork::Osaka && address == P256_VERIFY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_add_precompiles() {
        let count = |fork| listed_addresses().filter(|address| is_precompile(fork, *address)).count();
        assert_eq!(Fork::ALL.map(count), [9, 10, 17, 18]);
        assert!(Fork::ALL.into_iter().all(|fork| !is_precompile(fork, 0)));
    }

    #[test]
    fn forks_add_opcodes() {
        assert_eq!(opcode(Fork::Shanghai, 0x5e).class, Class::Invalid);
        assert_eq!(opcode(Fork::Cancun, 0x5e).class, Class::Missing);
        assert_eq!(opcode(Fork::Prague, 0x1e).class, Class::Invalid);
        assert_eq!(opcode(Fork::Osaka, 0x1e).class, Class::Missing);
        assert_eq!(opcode(Fork::Osaka, 0xfe).class, Class::Invalid);
    }

    #[test]
    fn depths_follow_from_the_opcode() {
        assert_eq!(opcode(Fork::Osaka, 0x80), Entry { class: Class::Dup, gas: 3, parameter: 0 });
        assert_eq!(opcode(Fork::Osaka, 0x9f), Entry { class: Class::Swap, gas: 3, parameter: 16 });
        assert_eq!(opcode(Fork::Osaka, 0xa4), Entry { class: Class::Log, gas: 1875, parameter: 4 });
    }
}
