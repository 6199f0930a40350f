// Makes testdata/first-light and testdata/second-light: `npm ci && node make.mjs`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { getBytes } from "ethers";
import { encodeBlock, encodeHeader, encodeReceipt } from "./block.mjs";
import { CHAIN_ID, Node } from "./node.mjs";
import { Scenario } from "./scenario.mjs";
import { collect } from "./state.mjs";
import { trace } from "./trace.mjs";
import { verify } from "./verify.mjs";

const README = new URL("../README.md", import.meta.url);
const json = (value) => `${JSON.stringify(value, null, 1)}\n`;
const sum = (counts) => [...counts.values()].reduce((total, count) => total + count, 0);

/** Writes one block's folder, checks it, and returns its tables for the README. */
async function write(node, name, block) {
  const { transactions, system, touched } = await trace(node, block);
  const { state, codes, post, root } = await collect(node, block, touched);
  const steps = transactions.map(({ counts }) => sum(counts));

  const folder = new URL(`../../${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = (path, content) => writeFileSync(new URL(path, folder), content);
  file("block.rlp", getBytes(encodeBlock(block, root)));
  file("witness.json", json({ state, codes, keys: [], headers: [encodeHeader(block.parent)] }));
  file("chain.json", json({ chainId: CHAIN_ID, fork: "osaka" }));
  file("expected.json", json({ steps, receipts: block.receipts.map(encodeReceipt), post }));
  verify(folder);
  return tables(name, block, transactions, system);
}

/** Steps by transaction and system call, and executions by opcode. */
function tables(name, block, transactions, system) {
  const outcome = ({ status }) => (BigInt(status) ? "success" : "failure");
  const rows = transactions.map(({ label, counts }, index) => {
    const receipt = block.receipts[index];
    return `| ${index} | ${label} | ${Number(receipt.type)} | ${outcome(receipt)} | ${Number(receipt.gasUsed)} | ${sum(counts)} |`;
  });
  const calls = system.map(({ label, counts }) => `| | system call: ${label} | | | | ${sum(counts)} |`);
  const total = new Map();
  for (const { counts } of [...transactions, ...system]) {
    for (const [opcode, count] of counts) total.set(opcode, (total.get(opcode) ?? 0) + count);
  }
  const histogram = [...total].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([op, n]) => `| ${op} | ${n} |`);
  const inTransactions = transactions.reduce((steps, { counts }) => steps + sum(counts), 0);
  return [
    `### ${name}: block ${Number(block.number)}, ${Number(block.gasUsed)} gas\n`,
    "| | transaction | type | outcome | gas | steps |\n|---|---|---|---|---|---|",
    ...rows,
    `| | all transactions | | | ${Number(block.gasUsed)} | ${inTransactions} |`,
    ...calls,
    `\n${sum(total)} steps, system calls included, of ${total.size} opcodes:\n`,
    "| opcode | executions |\n|---|---|",
    ...histogram,
  ].join("\n");
}

const node = await Node.start();
try {
  const scenario = new Scenario(node);
  await scenario.setup();
  // The second light is the first one's parent: nothing can follow the first, whose state root is not anvil's.
  const second = await write(node, "second-light", await scenario.secondLight());
  const first = await write(node, "first-light", await scenario.firstLight());
  const [text] = readFileSync(README, "utf8").split("<!-- tables -->");
  writeFileSync(README, `${text}<!-- tables -->\n\n${first}\n\n${second}\n`);
} finally {
  node.stop();
}
