// Compiles the contracts of the test blocks and encodes calls to them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Interface } from "ethers";

const require = createRequire(import.meta.url);
const solc = require("solc");

/**
 * solc's settings. From cancun on, solc copies memory with MCOPY, which the first circuits do not have, so the code is
 * shanghai's. No metadata hash, so that the code does not depend on how the sources are laid out.
 */
const SETTINGS = {
  evmVersion: "shanghai",
  optimizer: { enabled: true, runs: 200 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
};

const OWN = ["Token", "Ledger", "Rules", "Conductor"];

function source(path) {
  const file = path.startsWith("@") ? require.resolve(path) : new URL(`contracts/${path}`, import.meta.url);
  return readFileSync(file, "utf8");
}

/** A contract as the scenario uses it: its ABI and its creation code, constructor arguments included. */
class Contract {
  constructor(abi, bytecode) {
    this.abi = new Interface(abi);
    this.bytecode = bytecode;
  }
  creation(...args) {
    return this.bytecode + this.abi.encodeDeploy(args).slice(2);
  }
  call(name, ...args) {
    return this.abi.encodeFunctionData(name, args);
  }
}

/** All contracts by name. WETH9 is its package's own artifact, as solc 0.5.0 compiled it without optimizer. */
export function contracts() {
  const sources = Object.fromEntries(OWN.map((name) => [`${name}.sol`, { content: source(`${name}.sol`) }]));
  const input = { language: "Solidity", sources, settings: SETTINGS };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: source(path) }) }));
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));

  const weth = JSON.parse(readFileSync(require.resolve("canonical-weth/build/contracts/WETH9.json"), "utf8"));
  const compiled = OWN.map((name) => {
    const { abi, evm } = output.contracts[`${name}.sol`][name];
    return [name, new Contract(abi, `0x${evm.bytecode.object}`)];
  });
  return Object.fromEntries([...compiled, ["WETH9", new Contract(weth.abi, weth.bytecode)]]);
}
