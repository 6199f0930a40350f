//! The ranges that messages promise are shown by somebody, and do not rest on each other.

mod all;

use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::ranges::{Answers, Promise, check};

/// A size at which every circuit without one of its own has a window.
const K: u32 = 12;

/// All circuits but statement, which stands for the verifier: he checks the ranges of every message that he folds.
fn circuits() -> Vec<(Circuit, u32)> {
    let all = all::circuits(K).into_iter().map(|(circuit, _, k)| (circuit, k));
    all.filter(|(circuit, _)| circuit.name != "statement").collect()
}

/// Kinds of facts that rest on facts of the same kind, with an order. A callee's context and environment rest on its caller's,
/// whose name is an earlier clock; the fact of a PUSH rests on those of its bytes, which rest on no other; a chip of arith asks
/// chips of lower rank only.
const ORDERED: &[&str] = &["context", "environment", "code", "alu"];

/// Linear messages whose receivers show ranges: the record before an access is that of the account's token, which is earlier
/// than the access.
const ANSWERED: &[&str] = &["account job"];

/// Promises that the analysis does not show: circuit, chip, slot, fields, and why they hold. A name that ends in a blank or a
/// bracket stands for those that begin with it.
type Trust = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);

const FIXED: &str = "quotients and complements of fixed columns; intervals do not know that two columns go together";
const ARITH: &str = "products and quotients, argued on the page of arith; operands are words of those who ask, except where \
    one chip of arith asks another, of a lower rank";
const CODE: &str = "bytes between lanes, argued on the page of bytecode; a hash is a word of those who ask";
const LANE: &str =
    "a lane as one number, under a name above 2^128: only words of code consume it, all others have a hash in range";
const BITS: &str = "made of bits that the tables of keccak give, argued on the page of keccak";
const DIGEST: &str = "a digest is made of lanes that the permutation ranges, and passed along one chain";
const PARAMETER: &str = "the schedule gives the opcodes of this class the parameters zero and one";
const SPLICED: &str = "the result of a splice, or the word of the token";
const CARRIED: &str = "the difference of two shifts, or that of a word more";
const PUBLIC: &str = "the verifier hears it, and only from its own list of the block's logs";
const PENDING: &str = "the scope is a guess that the end of the call asserts; the verifier's words are addresses";
const BYTES: &str = "twenty bytes of a word of code";
const FRAME: &str = "what stays of the gas; the greatest of three sizes; the scope, as in the context";
const SCOPE: &str = "zero, or a guess that the end of the call asserts";
const VALUE: &str = "the value of the call, or that of the caller's environment";
const FAIL: &str = "as in the context, which is learned wherever the account is touched";
const BEGIN: &str = "the scope is a guess that the end of the call asserts; a nonce grows by one at most, and the verifier's \
    transaction has the nonce before";

const TRUSTED: &[Trust] = &[
    ("tables", "fixed", "and high", &["left", "and"], FIXED),
    ("tables", "fixed", "and low", &["left"], FIXED),
    ("tables", "fixed", "push counter", &["before"], FIXED),
    ("arith", "shift", "alu", &["opcode", "a.hi", "a.lo", "b.hi", "b.lo", "result.hi", "result.lo"], ARITH),
    ("arith", "signed", "alu", &["opcode", "a.hi", "a.lo", "b.hi", "b.lo"], ARITH),
    ("arith", "bytes", "alu", &["a.hi", "a.lo", "b.hi", "b.lo", "result.hi", "result.lo"], ARITH),
    ("arith", "exponent", "alu", &["a.hi", "a.lo", "b.hi", "b.lo", "result.hi", "result.lo"], ARITH),
    ("arith", "mask", "alu", &["a.hi", "a.lo", "b.hi", "b.lo", "result.lo"], ARITH),
    ("arith", "multiply", "alu", &["a.hi", "a.lo"], ARITH),
    ("arith", "sum", "alu", &["a.hi", "a.lo", "b.hi", "b.lo", "result.lo"], ARITH),
    ("arith", "bitwise", "alu", &["result.hi", "result.lo"], ARITH),
    ("arith", "bytes", "byte length", &["word.hi", "word.lo", "length"], ARITH),
    (
        "arith",
        "slice",
        "slice",
        &["first.hi", "first.lo", "second.hi", "second.lo", "shift", "keep", "result.hi", "result.lo"],
        ARITH,
    ),
    ("arith", "splice", "splice", &["count", "value.hi", "value.lo"], ARITH),
    ("arith", "range", "words", &["bytes", "rest"], ARITH),
    ("bytecode", "lane", "code at byte ", &["hash.hi", "push.hi"], CODE),
    ("bytecode", "past", "code at byte ", &["hash.hi", "push.hi"], CODE),
    ("keccak-sponge", "block", "short hash", &["data[", "digest.hi", "digest.lo"], DIGEST),
    ("copy", "hash", "lane ", &["digest.hi", "digest.lo"], DIGEST),
    ("keccak", "lanes", "permutation", &["input[", "output["], BITS),
    ("keccak-sponge", "block", "leave", &["digest.hi", "digest.lo"], DIGEST),
    ("bytecode", "lane", "lane", &["hash.hi", "push.hi", "opcode"], LANE),
    ("bytecode", "past", "lane", &["hash.hi", "push.hi", "pc", "next"], LANE),
    ("memory", "return", "halt", &["success"], PARAMETER),
    ("calls", "enter", "frame", &["gas in row 3", "memory in row 3", "scope in row 3"], FRAME),
    ("calls", "enter", "context", &["scope in row 5"], SCOPE),
    ("transaction", "begin", "context", &["scope"], SCOPE),
    ("calls", "enter", "environment 4", &["value.hi in row 5", "value.lo in row 5"], VALUE),
    ("storage", "account", "push", &["value.hi", "value.lo"], PARAMETER),
    ("transfer", "hash long", "push", &["value.hi", "value.lo"], DIGEST),
    ("transaction", "begin", "pending", &["scope in row 3", "sender in row 3", "coinbase in row 3"], PENDING),
    ("transaction", "delegation", "delegation", &["address"], BYTES),
    ("copy", "copy code", "give", &["value.hi", "value.lo"], SPLICED),
    ("copy", "copy memory", "give", &["value.hi", "value.lo"], SPLICED),
    ("transfer", "hash long", "hash job", &["digest.hi", "digest.lo"], DIGEST),
    ("copy", "copy code", "leave", &["shift"], CARRIED),
    ("copy", "copy memory", "leave", &["shift"], CARRIED),
    ("calls", "fail", "account", &["reverted", "undo", "warm_after"], FAIL),
    ("calls", "enter", "account", &["undo in row 1", "undo in row 2"], SCOPE),
    (
        "transaction",
        "begin",
        "account",
        &["undo in row 3", "undo in row 4", "nonce_after", "nonce_after in row 4"],
        BEGIN,
    ),
    ("transfer", "log", "public log", &["length"], PUBLIC),
    ("copy", "log", "published", &["transaction", "log", "word.hi", "word.lo"], PUBLIC),
];

fn trusts(promise: &Promise, trust: &Trust) -> bool {
    let (circuit, chip, slot, fields, _) = trust;
    let is = |name: &str, pattern: &&str| match pattern.ends_with([' ', '[']) {
        true => name.starts_with(pattern),
        false => name == *pattern,
    };
    (promise.circuit, promise.chip) == (*circuit, *chip)
        && is(&promise.slot, slot)
        && fields.iter().any(|field| is(&promise.field, field))
}

/// Every range that a message promises is shown by its chips, or listed above, and no facts rest on each other. What is listed
/// above needs to be.
#[test]
fn every_range_is_founded() {
    let trusted = |promise: &Promise| TRUSTED.iter().any(|trust| trusts(promise, trust));
    let report = check(&circuits(), &Answers { ordered: ORDERED, answered: ANSWERED, trusted });
    assert!(report.promises > 1000, "{}", report.promises);
    assert_eq!(names(&report.unshown), [""; 0], "nobody shows the ranges of these");
    assert_eq!(names(&report.circular), [""; 0], "the ranges of these rest on themselves");
    assert_eq!(names(&report.needless), [""; 0], "these are shown, and need no reason");
}

fn names(promises: &[Promise]) -> Vec<String> {
    let name =
        |promise: &Promise| format!("{}: {}: {}: {}", promise.circuit, promise.chip, promise.slot, promise.field);
    promises.iter().map(name).collect()
}
