//! The ranges that messages promise are shown by somebody, and do not rest on each other.

use verbatim_circuits::arith::ArithChips;
use verbatim_circuits::bytecode::BytecodeChips;
use verbatim_circuits::calls::CallsChips;
use verbatim_circuits::copy::CopyChips;
use verbatim_circuits::keccak::permutations::PermutationChips;
use verbatim_circuits::keccak::tables::TableChips as KeccakTableChips;
use verbatim_circuits::keccak::work::SpongeChips;
use verbatim_circuits::light::LightChips;
use verbatim_circuits::memory::MemoryChips;
use verbatim_circuits::opcodes::OpcodeChips;
use verbatim_circuits::state::StateChips;
use verbatim_circuits::storage::StorageChips;
use verbatim_circuits::tables::TableChips;
use verbatim_circuits::transaction::TransactionChips;
use verbatim_circuits::transfer::TransferChips;
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::machine::ChipSet;
use verbatim_gadgets::ranges::{Answers, Promise, check};

/// A size at which every circuit without one of its own has a window.
const K: u32 = 12;

fn circuits() -> Vec<(Circuit, u32)> {
    fn of<S: ChipSet>() -> (Circuit, u32) {
        (S::build().0, S::SIZE.unwrap_or(K))
    }
    vec![
        of::<LightChips>(),
        of::<MemoryChips>(),
        of::<StorageChips>(),
        of::<TransferChips>(),
        of::<CallsChips>(),
        of::<TransactionChips>(),
        of::<CopyChips>(),
        of::<StateChips>(),
        of::<ArithChips>(),
        of::<BytecodeChips>(),
        of::<SpongeChips>(),
        of::<PermutationChips>(),
        of::<KeccakTableChips>(),
        of::<TableChips>(),
        of::<OpcodeChips>(),
    ]
}

/// Facts whose providers make a key that is greater than those of the facts that they rest on: a callee's name is the clock of
/// its call, and so later than its caller's; the code of a position rests on that of positions beside it, in a closed chain.
const ORDERED: &[&str] = &["context", "environment", "code"];

/// Linear messages whose receivers show ranges: the record before an access is that of the account's token, which is earlier
/// than the access.
const ANSWERED: &[&str] = &["account job"];

/// Promises that the analysis does not show, with the reason why they hold: circuit, chip, the beginning of the slot's name, the
/// beginnings of the fields' names, reason.
type Trust = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);

const TRUSTED: &[Trust] = &[
    ("tables", "fixed", "and ", &["left", "and"], FIXED),
    ("tables", "fixed", "push counter", &["before"], FIXED),
    ("arith", "", "alu", &["opcode", "a.", "b.", "result"], ARITH),
    ("arith", "bytes", "byte length", &["word", "length"], ARITH),
    ("arith", "slice", "slice", &["first", "second", "shift", "keep", "result"], ARITH),
    ("arith", "splice", "splice", &["count", "value"], ARITH),
    ("arith", "range", "words", &["bytes", "rest"], ARITH),
    ("bytecode", "lane", "code at byte", &["hash.hi", "push.hi"], CODE),
    ("bytecode", "past", "code at byte", &["hash.hi", "push.hi"], CODE),
    ("bytecode", "past", "code lane", &["index"], CODE),
    ("keccak-sponge", "block", "short hash", &["data", "digest"], DIGEST),
    ("keccak-sponge", "block", "leave", &["digest"], DIGEST),
    ("keccak", "lanes", "permutation", &["input", "output"], "bits, by the tables of keccak: see its page"),
    ("copy", "hash", "lane", &["digest"], DIGEST),
    ("transfer", "hash long", "push", &["value"], DIGEST),
    ("transfer", "hash long", "hash job", &["digest"], DIGEST),
    ("memory", "return", "halt", &["success"], "the parameter of RETURN and REVERT is one and zero"),
    ("calls", "enter", "frame", &["gas", "memory", "scope"], STEP),
    ("calls", "enter", "context", &["scope"], STEP),
    ("calls", "enter", "environment 4", &["value"], STEP),
    ("calls", "enter", "account", &["undo"], STEP),
    ("calls", "fail", "account", &["reverted", "undo", "warm_after"], STEP),
    ("storage", "account", "push", &["value"], "the parameter of BALANCE and EXTCODESIZE is zero and one"),
    ("copy", "copy code", "", &["value", "shift"], COPY),
    ("copy", "copy memory", "", &["value", "shift"], COPY),
    ("copy", "log", "published", &["transaction", "log", "word"], PUBLIC),
    ("transfer", "log", "public log", &["length"], PUBLIC),
    ("transaction", "begin", "context", &["scope"], STEP),
    ("transaction", "begin", "pending", &["scope", "sender", "coinbase"], "words of the verifier that are addresses"),
    ("transaction", "begin", "account", &["undo", "nonce_after"], STEP),
    ("transaction", "delegation", "delegation", &["address"], "twenty bytes of a word of code"),
];

const FIXED: &str = "fixed columns";
const ARITH: &str = "ranges of operands and results: see the page of arith";
const CODE: &str = "see the page of bytecode";
const DIGEST: &str = "a digest is made of bytes by the sponge, which all who name one ask";
const STEP: &str = "see the page of the circuit";
const COPY: &str = "splice and slice give the word and the shift";
const PUBLIC: &str = "the verifier hears it, and says it itself";

fn trusts(promise: &Promise, trust: &Trust) -> bool {
    let (circuit, chip, slot, fields, _) = trust;
    let begins = fields.iter().any(|field| promise.field.starts_with(field));
    promise.circuit == *circuit
        && (chip.is_empty() || promise.chip == *chip)
        && promise.slot.starts_with(slot)
        && begins
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
