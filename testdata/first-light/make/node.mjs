// A node that runs as long as it is needed: anvil on a free loopback port, with everything fixed that it would choose.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const ANVIL = fileURLToPath(new URL("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", import.meta.url));
const GENESIS_TIME = 1_767_225_600;
const BLOCK_TIME = 12;

export const MNEMONIC = "test test test test test test test test test test test junk";
export const CHAIN_ID = 31337;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Node {
  /** Starts anvil and waits until it answers. */
  static async start() {
    const node = new Node();
    const port = await freePort();
    const options = {
      hardfork: "osaka",
      "chain-id": CHAIN_ID,
      timestamp: GENESIS_TIME,
      mnemonic: MNEMONIC,
      order: "fifo",
      port,
    };
    const flags = ["--no-mining", "--steps-tracing", "--enable-tx-gas-limit", "--quiet"];
    const args = [...Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]), ...flags];
    node.url = `http://127.0.0.1:${port}`;
    node.process = spawn(ANVIL, args, { stdio: "inherit" });
    for (let attempt = 0; attempt < 100; ++attempt) {
      try {
        await node.rpc("eth_chainId");
        return node;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    node.stop();
    throw new Error("anvil does not answer");
  }

  stop() {
    this.process.kill("SIGTERM");
  }

  async rpc(method, ...params) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(this.url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = await response.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Mines the signed transactions as one block, in the order given, and returns the block with its receipts. */
  async mine(coinbase, signed) {
    const parent = await this.rpc("eth_getBlockByNumber", "latest", false);
    await this.rpc("anvil_setCoinbase", coinbase);
    await this.rpc("evm_setNextBlockTimestamp", Number(parent.timestamp) + BLOCK_TIME);
    const hashes = [];
    for (const transaction of signed) hashes.push(await this.rpc("eth_sendRawTransaction", transaction));
    await this.rpc("evm_mine");

    const block = await this.rpc("eth_getBlockByNumber", "latest", false);
    if (block.transactions.join() !== hashes.join()) throw new Error("the block has other transactions, or another order");
    const receipts = [];
    for (const hash of hashes) receipts.push(await this.rpc("eth_getTransactionReceipt", hash));
    return { ...block, parent, receipts };
  }
}
