// A sparse Merkle Patricia trie: a root and the nodes that are known, all others standing as hashes.
// It reads and changes what the known nodes reach, and says which node is missing where they do not.
import { decodeRlp, encodeRlp, getBytes, keccak256 } from "ethers";

export const EMPTY_ROOT = keccak256("0x80");

/** The node at `path` of a trie is needed, and the trie has only its hash. */
export class MissingNode extends Error {
  constructor(path) {
    super(`the trie node at [${path}] is missing`);
    this.path = path;
  }
}

export const nibbles = (hex) => [...hex.slice(2)].map((digit) => parseInt(digit, 16));

function shared(a, b) {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) ++length;
  return length;
}

// Nodes are null, {hash}, {path, value} (a leaf), {path, child} (an extension) or {children}. Keys of one trie all have
// the same length, so that a branch never has a value.

function decode(rlp) {
  if (rlp === "0x") return null;
  if (typeof rlp === "string") return { hash: rlp };
  if (rlp.length === 17) return { children: rlp.slice(0, 16).map(decode) };
  const [flag, ...rest] = nibbles(rlp[0]);
  const path = flag & 1 ? rest : rest.slice(1);
  return flag & 2 ? { path, value: rlp[1] } : { path, child: decode(rlp[1]) };
}

function compact(path, leaf) {
  const flag = (leaf ? 2 : 0) + (path.length % 2);
  const digits = path.length % 2 ? [flag, ...path] : [flag, 0, ...path];
  return `0x${digits.map((digit) => digit.toString(16)).join("")}`;
}

function encode(node) {
  if (node.children) return [...node.children.map(reference), "0x"];
  return [compact(node.path, "value" in node), "value" in node ? node.value : reference(node.child)];
}

function reference(node) {
  if (node === null) return "0x";
  if (node.hash) return node.hash;
  const rlp = encodeRlp(encode(node));
  return getBytes(rlp).length < 32 ? encode(node) : keccak256(rlp);
}

/** Puts a path in front of a node, merging what the canonical form does not let stand alone. */
function extend(path, node) {
  if (path.length === 0) return node;
  return node.path ? { ...node, path: [...path, ...node.path] } : { path, child: node };
}

export class Trie {
  /** `nodes` maps hashes to RLP. */
  constructor(root = EMPTY_ROOT, nodes = new Map()) {
    this.nodes = nodes;
    this.top = root === EMPTY_ROOT ? null : { hash: root };
  }

  get root() {
    if (this.top === null) return EMPTY_ROOT;
    return this.top.hash ?? keccak256(encodeRlp(encode(this.top)));
  }

  /** The value of a key, or null. */
  get(key) {
    let node = this.top;
    let at = 0;
    const path = nibbles(key);
    for (;;) {
      node = this.#open(node, path.slice(0, at));
      if (node === null) return null;
      if (node.children) {
        node = node.children[path[at++]];
        continue;
      }
      if (shared(node.path, path.slice(at)) < node.path.length) return null;
      if ("value" in node) return node.value;
      at += node.path.length;
      node = node.child;
    }
  }

  /** Gives a key a value, or takes it away (null). */
  set(key, value) {
    this.top = value === null ? this.#remove(this.top, [], nibbles(key)) : this.#insert(this.top, [], nibbles(key), value);
  }

  #open(node, at) {
    if (!node?.hash) return node;
    const rlp = this.nodes.get(node.hash);
    if (rlp === undefined) throw new MissingNode(at);
    return decode(decodeRlp(rlp));
  }

  #insert(hashed, at, path, value) {
    const node = this.#open(hashed, at);
    if (node === null) return { path, value };
    if (node.children) {
      const [digit, ...rest] = path;
      return { children: node.children.with(digit, this.#insert(node.children[digit], [...at, digit], rest, value)) };
    }
    const common = shared(node.path, path);
    const [before, rest] = [path.slice(0, common), path.slice(common)];
    if (common === node.path.length) {
      return "value" in node ? { path, value } : { ...node, child: this.#insert(node.child, [...at, ...before], rest, value) };
    }
    const children = Array(16).fill(null);
    const [digit, ...tail] = node.path.slice(common);
    children[digit] = "value" in node ? { path: tail, value: node.value } : extend(tail, node.child);
    children[rest[0]] = { path: rest.slice(1), value };
    return extend(before, { children });
  }

  #remove(hashed, at, path) {
    const node = this.#open(hashed, at);
    if (node === null) return null;
    if (node.children) {
      const [digit, ...rest] = path;
      const children = node.children.with(digit, this.#remove(node.children[digit], [...at, digit], rest));
      const left = [...children.keys()].filter((index) => children[index] !== null);
      // A branch of one child is no branch: its child has to be known, to be merged with the path.
      return left.length > 1 ? { children } : extend(left, this.#open(children[left[0]], [...at, ...left]));
    }
    const common = shared(node.path, path);
    if (common < node.path.length) return node;
    if ("value" in node) return null;
    const child = this.#remove(node.child, [...at, ...node.path], path.slice(common));
    return extend(node.path, child);
  }
}

/** The root over a list, keyed by the RLP of the index: transactions, receipts, withdrawals. */
export function listRoot(items) {
  if (items.length > 128) throw new Error("longer lists have keys of two lengths");
  const trie = new Trie();
  items.forEach((item, index) => trie.set(encodeRlp(index ? `0x${index.toString(16).padStart(2, "0")}` : "0x"), item));
  return trie.root;
}
