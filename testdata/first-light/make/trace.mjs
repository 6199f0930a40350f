// What a block executed and touched, from the traces of its transactions and of its system calls.
import { getAddress, toBeHex } from "ethers";

/** The opcodes that the first circuits have. The blocks execute no other. */
const ALLOWED = new Set(
  `STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR
   KECCAK256 ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE
   EXTCODESIZE RETURNDATASIZE RETURNDATACOPY COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE
   POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST CALL RETURN DELEGATECALL STATICCALL REVERT INVALID`
    .split(/\s+/)
    .concat([...Array(33).keys()].map((n) => `PUSH${n}`))
    .concat([...Array(16).keys()].flatMap((n) => [`DUP${n + 1}`, `SWAP${n + 1}`]))
    .concat([...Array(5).keys()].map((n) => `LOG${n}`)),
);
const ALIASES = { SHA3: "KECCAK256", DIFFICULTY: "PREVRANDAO" };
const LAST_PRECOMPILE = 0x1ffn;

const SYSTEM = "0xfffffffffffffffffffffffffffffffffffffffe";
const HISTORY = "0x0000f90827f1c53a10cb7a02335b175320002935";
const BEACON_ROOTS = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";
const WITHDRAWALS = "0x00000961ef480eb55e80d19ad83579a64c007002";
const CONSOLIDATIONS = "0x0000bbddc7ce488642fb579f8b00f3a590007251";

/** The protocol's calls of a block, in order: before the transactions, and after them. */
const systemCalls = (block) => [
  ["EIP-2935, parent hash", HISTORY, block.parentHash],
  ["EIP-4788, beacon root", BEACON_ROOTS, block.parentBeaconBlockRoot],
  ["EIP-7002, withdrawal requests", WITHDRAWALS, "0x"],
  ["EIP-7251, consolidation requests", CONSOLIDATIONS, "0x"],
];

const word = (hex) => toBeHex(BigInt(hex), 32);
const lower = (address) => getAddress(address).toLowerCase();
const asAddress = (hex) => `0x${word(hex).slice(26)}`;

/** The accounts and slots that a block touches, as a map from address to a set of slots. */
class Touched extends Map {
  account(address) {
    if (!this.has(lower(address))) this.set(lower(address), new Set());
    return this.get(lower(address));
  }
  slot(address, slot) {
    this.account(address).add(word(slot));
  }
}

/** Goes through one trace, adding to what is touched, and counts its opcodes. */
function walk(logs, target, touched) {
  const counts = new Map();
  const storage = [];
  let entering = target;
  for (const { op, depth, stack } of logs) {
    if (depth > storage.length) storage.push(entering);
    storage.length = depth;
    const here = storage.at(-1);
    const top = (index) => stack.at(-1 - index);
    const name = ALIASES[op] ?? op;
    if (!ALLOWED.has(name)) throw new Error(`the block executes ${op}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name === "SLOAD" || name === "SSTORE") touched.slot(here, top(0));
    if (name === "BALANCE" || name === "EXTCODESIZE") touched.account(asAddress(top(0)));
    if (["CALL", "STATICCALL", "DELEGATECALL"].includes(name)) {
      const callee = asAddress(top(1));
      if (BigInt(callee) <= LAST_PRECOMPILE) throw new Error(`the block calls the precompile ${callee}`);
      touched.account(callee);
      entering = name === "DELEGATECALL" ? here : callee;
    }
  }
  return counts;
}

/** Traces a mined block: rows of {label, counts} for its transactions and system calls, and what it touches. */
export async function trace(node, block) {
  const touched = new Touched();
  const options = { disableStorage: true, enableMemory: false, enableReturnData: false };
  const transactions = [];
  for (const [index, hash] of block.transactions.entries()) {
    const { from, to, accessList } = await node.rpc("eth_getTransactionByHash", hash);
    const target = to ?? block.receipts[index].contractAddress;
    touched.account(from);
    touched.account(target);
    for (const { address, storageKeys } of accessList ?? []) {
      touched.account(address);
      for (const key of storageKeys) touched.slot(address, key);
    }
    const { structLogs } = await node.rpc("debug_traceTransaction", hash, options);
    transactions.push({ label: block.labels[index], counts: walk(structLogs, target, touched) });
  }

  // anvil traces no system calls, and makes only the first; here they run as calls on the parent's state, which is what
  // the first two see, and for the other two differs in nothing that they read.
  const system = [];
  for (const [label, to, data] of systemCalls(block)) {
    touched.account(to);
    const call = { from: SYSTEM, to, data, gas: "0x1c9c380" };
    const { structLogs } = await node.rpc("debug_traceCall", call, block.parent.number, options);
    system.push({ label, counts: walk(structLogs, to, touched) });
  }
  // The history contract's slot follows from the block's number, which a call on the parent may see as one less.
  touched.slot(HISTORY, (BigInt(block.number) - 1n) % 8191n);
  touched.account(SYSTEM);
  touched.account(block.miner);
  return { transactions, system, touched };
}
