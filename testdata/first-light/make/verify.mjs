// Checks the test blocks from their files alone: `node verify.mjs`.
import { readFileSync } from "node:fs";
import { decodeRlp, encodeRlp, getBytes, hexlify, keccak256 } from "ethers";
import { EMPTY_CODE, stateRoot } from "./state.mjs";
import { Trie, listRoot } from "./trie.mjs";

function same(what, actual, expected) {
  if (String(actual) !== String(expected)) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

function fields(header) {
  const integers = { number: 8, gasLimit: 9, gasUsed: 10, timestamp: 11, baseFee: 15 };
  const roots = { parent: 0, ommers: 1, state: 3, transactions: 4, receipts: 5, bloom: 6, withdrawals: 16 };
  const number = (index) => BigInt(header[index] === "0x" ? 0 : header[index]);
  const read = (names, from) => Object.entries(names).map(([name, index]) => [name, from(index)]);
  return Object.fromEntries([...read(integers, number), ...read(roots, (index) => header[index])]);
}

/** EIP-1559's base fee of a parent's child. */
function nextBaseFee({ gasLimit, gasUsed, baseFee }) {
  const target = gasLimit / 2n;
  const change = (difference) => (baseFee * difference) / target / 8n;
  if (gasUsed === target) return baseFee;
  if (gasUsed < target) return baseFee - change(target - gasUsed);
  return baseFee + (change(gasUsed - target) || 1n);
}

/** Checks one folder, and throws at the first thing that is wrong. */
export function verify(folder) {
  const read = (name) => readFileSync(new URL(name, folder));
  const witness = JSON.parse(read("witness.json"));
  const expected = JSON.parse(read("expected.json"));
  const [rawHeader, transactions, ommers, withdrawals] = decodeRlp(hexlify(read("block.rlp")));
  const header = fields(rawHeader);
  const parent = fields(decodeRlp(witness.headers[0]));

  same("parent hash", header.parent, keccak256(witness.headers[0]));
  same("number", header.number, parent.number + 1n);
  same("base fee", header.baseFee, nextBaseFee(parent));

  const encoded = transactions.map((item) => (typeof item === "string" ? item : encodeRlp(item)));
  same("transactions", header.transactions, listRoot(encoded));
  same("withdrawals", header.withdrawals, listRoot(withdrawals.map((item) => encodeRlp(item))));
  same("ommers", header.ommers, keccak256(encodeRlp(ommers)));

  const receipts = expected.receipts.map((rlp) => decodeRlp(BigInt(rlp.slice(0, 4)) < 0xc0n ? `0x${rlp.slice(4)}` : rlp));
  const bloom = new Uint8Array(256);
  for (const receipt of receipts) getBytes(receipt[2]).forEach((byte, index) => (bloom[index] |= byte));
  same("receipts", header.receipts, listRoot(expected.receipts));
  same("gas used", header.gasUsed, BigInt(receipts.at(-1)[1]));
  same("bloom", header.bloom, hexlify(bloom));

  const nodes = new Map(witness.state.map((rlp) => [keccak256(rlp), rlp]));
  const codes = new Set(witness.codes.map((code) => keccak256(code)));
  const before = new Trie(parent.state, nodes);
  for (const address of Object.keys(expected.post)) {
    const leaf = before.get(keccak256(address));
    const codeHash = leaf === null ? EMPTY_CODE : decodeRlp(leaf)[3];
    if (codeHash !== EMPTY_CODE && !codes.has(codeHash)) throw new Error(`the code of ${address} is missing`);
  }
  for (const order of [-1, 1]) same("state", stateRoot(parent.state, nodes, expected.post, { order }), header.state);
  return { ...header, hash: keccak256(encodeRlp(rawHeader)), parentState: parent.state };
}

if (process.argv[1] === import.meta.filename) {
  const [parent, child] = ["second-light", "first-light"].map((name) => {
    const header = verify(new URL(`../../${name}/`, import.meta.url));
    console.log(`${name}: block ${header.number} is right`);
    return header;
  });
  same("the parent of first-light", child.parent, parent.hash);
  same("the state before first-light", child.parentState, parent.state);
}
