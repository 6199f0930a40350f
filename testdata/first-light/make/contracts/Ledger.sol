// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The callee: it records amounts, and fails in two ways after having written.
contract Ledger {
    uint256 public total;
    uint256 public count;
    mapping(uint256 index => uint256 amount) public entries;

    event Recorded(uint256 indexed index, uint256 amount, uint256 value);

    /// Adds an entry and keeps the value sent with it.
    function record(uint256 amount) public payable returns (uint256 index) {
        index = count++;
        total += amount;
        entries[index] = amount;
        emit Recorded(index, amount, msg.value);
    }

    /// Writes and logs, then reverts with a reason.
    function refuse(uint256 amount) external {
        record(amount);
        revert("Ledger: refused after writing");
    }

    /// Writes and logs, then burns all of its gas with INVALID.
    function corrupt(uint256 amount) external {
        record(amount);
        assembly {
            invalid()
        }
    }
}
