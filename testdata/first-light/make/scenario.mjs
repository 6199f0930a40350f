// The story: what is deployed beforehand, and the transactions of both blocks.
import { readFileSync } from "node:fs";
import { HDNodeWallet, getCreateAddress, parseEther, parseUnits, zeroPadValue } from "ethers";
import { contracts } from "./compile.mjs";
import { CHAIN_ID, MNEMONIC } from "./node.mjs";

const NAMES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
const people = Object.fromEntries(
  NAMES.map((name, index) => [name, HDNodeWallet.fromPhrase(MNEMONIC, "", `m/44'/60'/0'/0/${index}`)]),
);
const { alice, bob, carol, dave, erin, frank, grace } = people;

// The first block pays two accounts that do not exist before it; the second one's coinbase is an old one.
const COINBASE = "0x00000000000000000000000000000000c01bba5e";
const NEWCOMER = "0x00000000000000000000000000000000000a11ce";
const EARLIER_COINBASE = "0x000000000000000000000000000000000badf00d";

/**
 * The code that EIP-7002 and EIP-7251 prescribe, without which a block since Prague is invalid; anvil has none and
 * makes neither call. With empty storage both calls find no requests and change nothing, so that anvil's block is right.
 */
const PREDEPLOYS = JSON.parse(readFileSync(new URL("predeploys.json", import.meta.url), "utf8"));

// The three types of transaction, each with fees that any of these blocks accepts.
const legacy = { type: 0, gasPrice: parseUnits("2", "gwei") };
const dynamic = (tip) => ({ type: 2, maxFeePerGas: parseUnits("3", "gwei"), maxPriorityFeePerGas: parseUnits(tip, "gwei") });
const withList = (accessList) => ({ type: 1, gasPrice: parseUnits("1.5", "gwei"), accessList });

const ether = parseEther;
const slot = (index) => zeroPadValue(`0x0${index}`, 32);

export class Scenario {
  constructor(node) {
    this.node = node;
    this.nonces = new Map();
    this.code = contracts();
  }

  /** Signs a list of [label, sender, fees, gas limit, the rest] and mines it as one block. */
  async #block(coinbase, list) {
    const signed = [];
    for (const [, sender, fees, gasLimit, rest] of list) {
      const nonce = this.nonces.get(sender) ?? 0;
      this.nonces.set(sender, nonce + 1);
      signed.push(await sender.signTransaction({ chainId: CHAIN_ID, nonce, gasLimit, ...fees, ...rest }));
    }
    const block = await this.node.mine(coinbase, signed);
    return { ...block, raw: signed, labels: list.map(([label]) => label) };
  }

  /** Everything that has to exist before the first block. */
  async setup() {
    const { Token, WETH9, Ledger, Rules, Conductor } = this.code;
    for (const [address, code] of Object.entries(PREDEPLOYS)) {
      await this.node.rpc("anvil_setCode", address, code);
      await this.node.rpc("anvil_setNonce", address, "0x1");
    }
    const codes = [WETH9, Ledger, Rules, Conductor].map((contract) => contract.creation());
    codes.push(Token.creation(frank.address, ether("5000")));
    const deploy = (data) => ["deploy", frank, dynamic("1"), 3_000_000, { data }];
    const { receipts } = await this.#block(EARLIER_COINBASE, codes.map(deploy));
    const addresses = receipts.map((receipt) => receipt.contractAddress);
    [this.weth, this.ledger, this.rules, this.conductor, this.medal] = addresses;

    // The first block withdraws all that Bob deposits here, and adds to what the ledger holds.
    await this.#block(EARLIER_COINBASE, [
      ["deposit", bob, dynamic("1"), 100_000, { to: this.weth, value: ether("4"), data: WETH9.call("deposit") }],
      ["deposit", frank, dynamic("1"), 100_000, { to: this.weth, value: ether("1"), data: WETH9.call("deposit") }],
      ["record", frank, dynamic("1"), 200_000, { to: this.ledger, data: Ledger.call("record", 1000) }],
    ]);
  }

  secondLight() {
    const { Token, WETH9 } = this.code;
    return this.#block(EARLIER_COINBASE, [
      ["ERC-20 transfer, Frank to Bob", frank, legacy, 90_000, { to: this.medal, data: Token.call("transfer", bob.address, ether("17")) }],
      ["WETH deposit", erin, dynamic("1"), 90_000, { to: this.weth, value: ether("0.75"), data: WETH9.call("deposit") }],
      ["plain transfer", dave, dynamic("0.25"), 21_000, { to: grace.address, value: ether("2.25") }],
    ]);
  }

  firstLight() {
    const { Token, WETH9, Conductor } = this.code;
    this.token = getCreateAddress({ from: alice.address, nonce: (this.nonces.get(alice) ?? 0) + 1 });
    const token = (...args) => ({ to: this.token, data: Token.call(...args) });
    const weth = (value, ...args) => ({ to: this.weth, value, data: WETH9.call(...args) });
    const conductor = (value, ...args) => ({ to: this.conductor, value, data: Conductor.call(...args) });
    const list = withList([
      { address: this.conductor, storageKeys: [slot(0), slot(1)] },
      { address: this.ledger, storageKeys: [slot(0)] },
    ]);
    return this.#block(COINBASE, [
      ["plain transfer to a new account", alice, legacy, 21_000, { to: NEWCOMER, value: ether("1.5") }],
      ["ERC-20 deployment", alice, dynamic("1"), 1_500_000, { data: Token.creation(alice.address, ether("1000000")) }],
      ["ERC-20 transfer, Alice to Bob", alice, dynamic("0.5"), 90_000, token("transfer", bob.address, ether("250"))],
      ["ERC-20 transfer, Alice to Carol", alice, legacy, 90_000, token("transfer", carol.address, ether("125"))],
      ["ERC-20 transfer, Bob to Carol", bob, dynamic("1"), 90_000, token("transfer", carol.address, ether("50"))],
      ["ERC-20 approve, Alice to Dave", alice, dynamic("1"), 90_000, token("approve", dave.address, ether("10"))],
      ["ERC-20 transferFrom, Dave uses it up", dave, legacy, 90_000, token("transferFrom", alice.address, erin.address, ether("10"))],
      ["WETH deposit", carol, dynamic("2"), 90_000, weth(ether("3"), "deposit")],
      ["WETH withdraw, to zero", bob, legacy, 90_000, weth(0, "withdraw", ether("4"))],
      ["CALL, STATICCALL, DELEGATECALL", dave, list, 600_000, conductor(ether("0.2"), "perform", this.ledger, this.rules, 77, 24)],
      ["reverts with a reason", erin, dynamic("1"), 90_000, conductor(0, "refuse", ether("1"))],
      ["runs out of gas after three writes", erin, legacy, 100_000, conductor(0, "exhaust", 5000)],
      ["inner calls fail, the outer goes on", carol, dynamic("1"), 700_000, conductor(0, "persist", this.ledger, 33)],
    ]);
  }
}
