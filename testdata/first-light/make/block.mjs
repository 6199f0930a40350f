// The consensus encoding of blocks and receipts, from what a node says about them.
import { concat, decodeRlp, encodeRlp, keccak256 } from "ethers";
import { integer } from "./state.mjs";

/** A header's RLP, with a state root in place of the node's if one is given. */
export function encodeHeader(block, root = block.stateRoot) {
  const { parentHash, sha3Uncles, miner, stateRoot, transactionsRoot, receiptsRoot, logsBloom } = block;
  const { extraData, mixHash, nonce, withdrawalsRoot, parentBeaconBlockRoot, requestsHash } = block;
  const header = [
    ...[parentHash, sha3Uncles, miner, stateRoot, transactionsRoot, receiptsRoot, logsBloom],
    ...[block.difficulty, block.number, block.gasLimit, block.gasUsed, block.timestamp].map(integer),
    ...[extraData, mixHash, nonce, integer(block.baseFeePerGas), withdrawalsRoot],
    ...[integer(block.blobGasUsed), integer(block.excessBlobGas), parentBeaconBlockRoot, requestsHash],
  ];
  // Another hash than the node's would mean that a field is missing or has another form.
  if (keccak256(encodeRlp(header)) !== block.hash) throw new Error("the header does not hash to the block's hash");
  return encodeRlp(header.with(3, root));
}

/** A block's RLP: header, transactions, ommers, withdrawals. Legacy transactions are lists, the others byte strings. */
export function encodeBlock(block, root) {
  const transactions = block.raw.map((rlp) => (BigInt(rlp.slice(0, 4)) >= 0xc0n ? decodeRlp(rlp) : rlp));
  return encodeRlp([decodeRlp(encodeHeader(block, root)), transactions, [], []]);
}

/** A receipt as the receipt trie has it. */
export function encodeReceipt({ type, status, cumulativeGasUsed, logsBloom, logs }) {
  const entries = logs.map(({ address, topics, data }) => [address, topics, data]);
  const rlp = encodeRlp([integer(status), integer(cumulativeGasUsed), logsBloom, entries]);
  return BigInt(type) === 0n ? rlp : concat([`0x0${Number(type)}`, rlp]);
}
