// The state of a block: from a node's proofs to a witness, and from a witness to the state root after the block.
import { decodeRlp, encodeRlp, keccak256, toBeHex } from "ethers";
import { EMPTY_ROOT, MissingNode, Trie, nibbles } from "./trie.mjs";

export const EMPTY_CODE = keccak256("0x");

/** An integer's RLP payload: big-endian, without leading zeros. */
export const integer = (value) => (BigInt(value) === 0n ? "0x" : toBeHex(BigInt(value)));

function leafOf({ nonce, balance, storageRoot, codeHash }) {
  const empty = integer(nonce) === "0x" && integer(balance) === "0x" && codeHash === EMPTY_CODE;
  return empty ? null : encodeRlp([integer(nonce), integer(balance), storageRoot, codeHash]);
}

const ZERO_LEAF = encodeRlp("0x");
const leafOfSlot = (value) => (integer(value) === "0x" ? null : encodeRlp(integer(value)));

/** Sets what differs, in the given order: deletions first (-1) or last (1). */
function update(trie, owner, values, order) {
  const deletion = ([, value]) => (value === null ? order : 0);
  try {
    for (const [key, value] of [...values].sort((a, b) => deletion(a) - deletion(b))) {
      if (trie.get(key) !== value) trie.set(key, value);
    }
  } catch (error) {
    if (error instanceof MissingNode) error.owner = owner;
    throw error;
  }
  return trie.root;
}

/**
 * The state root once the accounts and slots of `post` have the values that it gives. Slots named in `zeros` stay in the
 * trie with a value of zero, which Ethereum's never do and anvil's may.
 */
export function stateRoot(root, nodes, post, { order = 1, zeros = new Set() } = {}) {
  const state = new Trie(root, nodes);
  const accounts = Object.entries(post).map(([address, account]) => {
    const key = keccak256(address);
    const before = state.get(key);
    const storage = new Trie(before === null ? EMPTY_ROOT : decodeRlp(before)[2], nodes);
    const leaf = (slot, value) => (zeros.has(address + slot) ? ZERO_LEAF : leafOfSlot(value));
    const slots = Object.entries(account.slots).map(([slot, value]) => [keccak256(slot), leaf(slot, value)]);
    return [key, leafOf({ ...account, storageRoot: update(storage, address, slots, order) })];
  });
  return update(state, null, accounts, order);
}

/** Some preimage of a key that begins with `path`: a slot, or an address where `owner` is null. */
function preimage(owner, path) {
  for (let index = 1; ; ++index) {
    const candidate = toBeHex(index, owner === null ? 20 : 32);
    if (path.every((digit, at) => nibbles(keccak256(candidate))[at] === digit)) return candidate;
  }
}

/**
 * The trie nodes and codes before a block, and the values after it, of all that it touches. Deleting may merge a branch
 * with its last child, which no touched key need lie under; which branches, depends on the order of the updates. So the
 * nodes that either order lacks are fetched with proofs of some absent key below them.
 */
export async function collect(node, block, touched) {
  const nodes = new Map();
  const codes = new Map();
  const prove = async (address, slots) => {
    const proof = await node.rpc("eth_getProof", address, slots, block.parent.number);
    const found = [proof.accountProof, ...proof.storageProof.map((slot) => slot.proof)].flat();
    for (const rlp of found) if (rlp !== "0x80") nodes.set(keccak256(rlp), rlp);
  };

  const post = {};
  const zeros = new Set();
  for (const address of [...touched.keys()].sort()) {
    const slots = [...touched.get(address)].sort();
    await prove(address, slots);
    const code = await node.rpc("eth_getCode", address, block.parent.number);
    if (code !== "0x") codes.set(keccak256(code), code);
    const after = await node.rpc("eth_getProof", address, slots, block.number);
    const values = after.storageProof.map(({ value }, index) => [slots[index], toBeHex(BigInt(value))]);
    post[address] = { nonce: after.nonce, balance: after.balance, codeHash: after.codeHash, slots: Object.fromEntries(values) };
    for (const [index, { proof }] of after.storageProof.entries()) {
      const storage = new Trie(after.storageHash, new Map(proof.map((rlp) => [keccak256(rlp), rlp])));
      if (storage.get(keccak256(slots[index])) === ZERO_LEAF) zeros.add(address + slots[index]);
    }
  }

  for (const order of [-1, 1]) {
    for (;;) {
      try {
        stateRoot(block.parent.stateRoot, nodes, post, { order });
        break;
      } catch (error) {
        if (!(error instanceof MissingNode)) throw error;
        const { owner, path } = error;
        const before = nodes.size;
        await (owner === null ? prove(preimage(null, path), []) : prove(owner, [preimage(owner, path)]));
        if (nodes.size === before) throw error;
      }
    }
  }
  if (stateRoot(block.parent.stateRoot, nodes, post, { zeros }) !== block.stateRoot) {
    throw new Error("anvil's state root differs by more than slots of value zero");
  }
  const byHash = (map) => [...map.keys()].sort().map((hash) => map.get(hash));
  const root = stateRoot(block.parent.stateRoot, nodes, post);
  return { state: byHash(nodes), codes: byHash(codes), post, root, zeros: zeros.size };
}
