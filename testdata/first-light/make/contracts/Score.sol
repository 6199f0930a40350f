// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The storage that Conductor shares with the Rules that it delegates to.
abstract contract Score {
    uint256 public digest;
    uint256 public failures;
    mapping(uint256 index => uint256 mark) public marks;
}
