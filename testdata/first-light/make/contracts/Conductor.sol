// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";
import {Rules} from "./Rules.sol";
import {Score} from "./Score.sol";

/// The caller: every way to call that the block needs, and every way for a call to fail.
contract Conductor is Score {
    /// CALL with value, STATICCALL, and DELEGATECALL in one transaction.
    function perform(Ledger ledger, address rules, uint256 amount, uint256 rounds) external payable {
        uint256 index = ledger.record{value: msg.value / 2}(amount);
        uint256 total = ledger.total();
        (bool success, bytes memory result) = rules.delegatecall(abi.encodeCall(Rules.mix, (total, index, rounds)));
        require(success, "Conductor: rules failed");
        marks[index] = abi.decode(result, (uint256));
    }

    /// Writes, then reverts with a reason.
    function refuse(uint256 limit) external {
        failures += 1;
        require(msg.sender.balance < limit, "Conductor: the sender is too rich");
    }

    /// Writes new slots until the gas is gone.
    function exhaust(uint256 start) external {
        for (uint256 slot = start; ; ++slot) marks[slot] = block.number;
    }

    /// Four inner calls: a revert with a reason, a success inside a revert, an INVALID, and a success.
    /// The first three are caught, and all that they wrote is undone.
    function persist(Ledger ledger, uint256 amount) external {
        uint256 failed;
        try ledger.refuse(amount) {} catch Error(string memory reason) {
            marks[uint256(keccak256(bytes(reason)))] = block.number;
            ++failed;
        }
        try this.undo(ledger, amount) {} catch {
            ++failed;
        }
        try ledger.corrupt{gas: 120_000}(amount) {} catch {
            ++failed;
        }
        failures += failed;
        marks[failed] = ledger.record(amount);
    }

    /// Makes a call that succeeds, writes, and reverts all of it without a reason.
    function undo(Ledger ledger, uint256 amount) external {
        marks[type(uint256).max] = ledger.record(amount);
        revert();
    }
}
