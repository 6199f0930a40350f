//! What a circuit answers to what the audit finds.

use std::collections::BTreeMap;

use super::Audit;

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A constraint, by its label, that no change needs.
    Redundant,
    /// A cell, as `column in row r`, or `column` in any row, that changes what a window says although it hears the same.
    Open,
    /// A message, as `slot`, or a field of it, as `slot: field` or `slot: field in row r`, that a window may say otherwise
    /// although it hears the same. The field `whether` is that the message is sent at all.
    Choice,
    /// A cell, as `column in row r`, or `column` in any row, whose change nothing notices.
    Idle,
}

/// A finding that is right as it is, with the reason. Kept beside the circuit.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// The chip.
    pub chip: &'static str,
    /// The kind.
    pub finding: Finding,
    /// What was found.
    pub names: &'static [&'static str],
    /// Why it is right.
    pub reason: &'static str,
}

/// The findings of an audit after the exceptions, each with its chip.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// Findings without an exception.
    pub unsettled: Vec<(Finding, &'static str, String)>,
    /// Findings with an exception, and its reason.
    pub excepted: Vec<(Finding, &'static str, String, &'static str)>,
    /// Exceptions for constraints that are needed: they are wrong.
    pub refuted: Vec<(&'static str, &'static str)>,
    /// Exceptions that no finding asked for, of chips that were looked at. Another block may ask for them.
    pub unused: Vec<(Finding, &'static str, &'static str)>,
}

impl Audit {
    /// Every finding once: its kind, the chip, and the names by which exceptions may know it, the full one last.
    fn findings(&self) -> Vec<(Finding, &'static str, Vec<String>)> {
        let mut findings = Vec::new();
        for (chip, label) in self.redundant() {
            findings.push((Finding::Redundant, *chip, vec![label.clone()]));
        }
        for cell in &self.open {
            findings.push((Finding::Open, cell.chip, vec![cell.column.clone(), cell.to_string()]));
        }
        for choice in &self.choices {
            let field = format!("{}: {}", choice.slot, choice.field());
            findings.push((Finding::Choice, choice.chip, vec![choice.slot.clone(), field, choice.to_string()]));
        }
        for cell in self.idle() {
            findings.push((Finding::Idle, cell.chip, vec![cell.column.clone(), cell.to_string()]));
        }
        findings
    }

    /// Compares what was found with `exceptions`.
    pub fn settle(&self, exceptions: &[Exception]) -> Settlement {
        let mut settlement = Settlement::default();
        let names = |exception: &Exception| exception.names.iter().map(|name| (*name, false)).collect();
        let mut used: Vec<BTreeMap<&str, bool>> = exceptions.iter().map(names).collect();
        for (finding, chip, mut known_as) in self.findings() {
            let of_chip = exceptions.iter().zip(&mut used).filter(|(e, _)| e.chip == chip && e.finding == finding);
            let mut known = of_chip.flat_map(|(exception, names)| names.iter_mut().map(move |name| (exception, name)));
            let found = known.find(|(_, (covered, _))| known_as.iter().any(|name| name == **covered));
            let full = known_as.pop().unwrap_or_default();
            let Some((exception, (_, used))) = found else {
                settlement.unsettled.push((finding, chip, full));
                continue;
            };
            *used = true;
            settlement.excepted.push((finding, chip, full, exception.reason));
        }
        for (exception, names) in exceptions.iter().zip(used) {
            let seen = self.windows.get(exception.chip).is_some_and(|windows| *windows > 0);
            for (name, _) in names.into_iter().filter(|(_, used)| seen && !used) {
                if exception.finding == Finding::Redundant {
                    settlement.refuted.push((exception.chip, name));
                } else {
                    settlement.unused.push((exception.finding, exception.chip, name));
                }
            }
        }
        settlement
    }

    /// Checks that every finding is excepted, and that every exception of a chip that was looked at was found, but for
    /// choices, of which the search makes a sample.
    ///
    /// # Errors
    /// What is not so, one line each: for tests, whose windows show everything.
    pub fn matches(&self, exceptions: &[Exception]) -> Result<(), String> {
        let settlement = self.settle(exceptions);
        let unsettled = settlement.unsettled.iter().map(|(finding, chip, name)| format!("{finding:?} {chip}: {name}"));
        let refuted = settlement.refuted.iter().map(|(chip, name)| format!("needed {chip}: {name}"));
        let unused = settlement.unused.iter().filter(|(finding, ..)| *finding != Finding::Choice);
        let unused = unused.map(|(finding, chip, name)| format!("no {finding:?} {chip}: {name}"));
        let lines: Vec<String> = unsettled.chain(refuted).chain(unused).collect();
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }
}
