// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// The ERC-20 that the first block deploys: OpenZeppelin's, with nothing added but a first holder.
contract Token is ERC20 {
    constructor(address holder, uint256 supply) ERC20("First Light", "LIGHT") {
        _mint(holder, supply);
    }
}
