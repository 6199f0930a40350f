//! The ranges that messages of the verifier circuit promise are shown by somebody, and do not rest on each other.

use verbatim_aggregator::verifier::VerifierChips;
use verbatim_gadgets::{
    machine::ChipSet,
    ranges::{Answers, Promise, check},
};

/// Kinds of facts that rest on facts of the same kind, with an order.
const ORDERED: &[&str] = &[];

/// Promises that the analysis does not show: chip, slot, fields, and why they hold.
type Trust = (&'static str, &'static str, &'static [&'static str], &'static str);

const TRUSTED: &[Trust] = &[];

fn trusted(promise: &Promise) -> bool {
    let is = |(chip, slot, fields, _): &Trust| {
        (promise.chip, promise.slot.as_str()) == (*chip, *slot) && fields.contains(&promise.field.as_str())
    };
    TRUSTED.iter().any(is)
}

fn names(promises: &[Promise]) -> Vec<String> {
    promises.iter().map(|promise| format!("{}: {}: {}", promise.chip, promise.slot, promise.field)).collect()
}

#[test]
fn every_range_is_founded() {
    let circuit = VerifierChips::build().0;
    let report = check(&[(circuit, VerifierChips::LEAST)], &Answers { ordered: ORDERED, answered: &[], trusted });
    assert!(report.promises > 100, "{}", report.promises);
    assert_eq!(names(&report.unshown), [""; 0], "nobody shows the ranges of these");
    assert_eq!(names(&report.circular), [""; 0], "the ranges of these rest on themselves");
    assert_eq!(names(&report.needless), [""; 0], "these are shown, and need no reason");
}
