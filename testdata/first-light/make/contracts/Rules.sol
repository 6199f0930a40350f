// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Score} from "./Score.sol";

/// Delegated code: it works in the caller's context, on the caller's storage.
contract Rules is Score {
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    /// Runs through the arithmetic, reads the environment, and logs with zero to four topics.
    function mix(uint256 seed, uint256 index, uint256 rounds) external payable returns (uint256 accumulator) {
        accumulator = arithmetic(seed, rounds) ^ environment();
        digest = accumulator;
        logs(accumulator, index);
    }

    /// A chain through all arithmetic, comparison and bitwise opcodes, with operands of both signs.
    function arithmetic(uint256 seed, uint256 rounds) private pure returns (uint256 a) {
        a = seed;
        for (uint256 i = 0; i < rounds; ++i) {
            assembly {
                let x := xor(not(a), shl(mul(i, 8), 0xa5a5a5a5a5a5a5))
                a := addmod(a, x, P)
                a := mulmod(a, x, P)
                a := add(a, exp(add(i, 3), and(x, 0xff)))
                a := xor(a, sdiv(x, sub(i, 7)))
                a := xor(a, smod(x, sub(7, i)))
                a := sub(a, div(x, add(shr(248, x), 1)))
                a := add(a, mod(x, or(i, 0x101)))
                a := xor(a, signextend(and(i, 31), x))
                a := xor(a, sar(i, x))
                a := add(a, byte(i, x))
                if slt(a, x) { a := not(a) }
                if sgt(a, seed) { a := add(a, 1) }
                if lt(a, shr(1, x)) { a := sub(a, x) }
                if gt(a, x) { a := xor(a, seed) }
                if eq(and(a, 1), 1) { a := add(a, iszero(x)) }
            }
        }
    }

    /// The hash of what the EVM can say about the call, the transaction and the block.
    function environment() private view returns (uint256 hash) {
        assembly {
            let p := mload(0x40)
            mstore(p, address())
            mstore(add(p, 0x20), balance(caller()))
            mstore(add(p, 0x40), origin())
            mstore(add(p, 0x60), caller())
            mstore(add(p, 0x80), callvalue())
            mstore(add(p, 0xa0), calldatasize())
            mstore(add(p, 0xc0), codesize())
            mstore(add(p, 0xe0), extcodesize(address()))
            mstore(add(p, 0x100), returndatasize())
            mstore(add(p, 0x120), gasprice())
            mstore(add(p, 0x140), balance(coinbase()))
            mstore(add(p, 0x160), timestamp())
            mstore(add(p, 0x180), number())
            mstore(add(p, 0x1a0), prevrandao())
            mstore(add(p, 0x1c0), gaslimit())
            mstore(add(p, 0x1e0), chainid())
            mstore(add(p, 0x200), selfbalance())
            mstore(add(p, 0x220), basefee())
            calldatacopy(add(p, 0x240), 1, calldatasize()) // one byte past the end reads as zero
            codecopy(add(p, 0x2b1), 0, 45) // unaligned in memory
            mstore8(add(p, 0x2de), gas())
            hash := keccak256(p, 0x2df)
        }
    }

    /// Data of length 0, 1, 32, 45 and 96, the fourth one unaligned.
    function logs(uint256 accumulator, uint256 index) private {
        assembly {
            let p := mload(0x40)
            log0(p, 0)
            log1(p, 1, accumulator)
            log2(p, 32, accumulator, index)
            log3(add(p, 0x2b1), 45, accumulator, index, caller())
            log4(p, 96, accumulator, index, caller(), address())
        }
    }
}
