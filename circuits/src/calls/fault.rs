//! The end of a call by an exceptional halt.
//!
//! **Given** a fault that a step of any circuit sent, with its evidence.
//! **Proves** that the evidence is at least zero, and that the call ends without success, gas and return data.
//!
//! A step sends differences of numbers below 2^66 as evidence; a negative one is far above 2^128 in the field.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | range 10: value | 1 | the evidence is below 2^128 |
//! | halt: clock, halt: call | 1 | those of the fault |
//! | halt: success, halt: gas, halt: offset, halt: length | 1 | zero |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, Counter, Gas, Limb};

use super::{Layout, TICKS};
use crate::bus::{self, FaultNative, Halt, Range128};

/// The chip.
#[derive(Debug)]
pub struct Fault {
    fault: bus::Fault,
    clock: Counter,
}

/// What a fault is filled from.
#[derive(Clone, Debug)]
pub struct FaultEvent {
    /// What the failing step sent.
    pub fault: FaultNative,
}

impl Chip for Fault {
    type Layout = Layout;
    type Event = FaultEvent;
    const NAME: &'static str = "fault";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let fault = chip.receive(&layout.step.fault, 0);
        let value = Limb::assume(fault.evidence.expr(), "this message checks it");
        chip.consume(&layout.range128[0], 0, &Range128 { value });
        let halt = Halt {
            clock: fault.clock.clone(),
            call: fault.call.clone(),
            success: Bool::constant(false),
            gas: Gas::constant(0),
            offset: Counter::constant(0),
            length: Counter::constant(0),
        };
        chip.send(&layout.halt, 0, &halt);
        // The slot adds the ticks of a step of this circuit.
        Self { fault, clock: Counter::assume(layout.step.clock, "filled only") }
    }

    fn fill(&self, event: &FaultEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.fault, &event.fault);
        row.field(&self.clock.expr(), F::from(event.fault.clock) - F::from(TICKS));
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallsEvent;
    use super::super::testing::{Trial, audited};
    use super::*;
    use crate::bus::HaltNative;

    fn event(evidence: i64) -> FaultEvent {
        let magnitude = F::from(evidence.unsigned_abs());
        let evidence = if evidence < 0 { -magnitude } else { magnitude };
        FaultEvent { fault: FaultNative { clock: 500, call: 300, evidence } }
    }

    fn trial(evidence: i64) -> Trial {
        let event = event(evidence);
        let halt = HaltNative { clock: 500, call: 300, success: false, gas: 0, offset: 0, length: 0 };
        Trial::new([CallsEvent::Fault(event.clone())]).sent::<bus::Fault>(&event.fault).received::<Halt>(&halt)
    }

    #[test]
    fn faults_hold() {
        for evidence in [0, 1, i64::MAX] {
            trial(evidence).holds();
            trial(evidence).mock();
        }
    }

    #[test]
    fn no_cell_is_free() {
        assert_eq!(trial(3).free_cells(0), [""; 0]);
    }

    #[test]
    fn every_label_is_needed_and_nothing_is_a_choice() {
        assert_eq!(audited(&[trial(3)]), Ok(()));
    }

    /// Classes 2 and 4: a step that could go on sends negative evidence.
    #[test]
    fn class_2_4_a_fault_that_is_not_true_has_no_partner() {
        let objections = trial(-1).objections();
        assert!(objections.iter().any(|o| o.starts_with("bus: range128")), "{objections:?}");
    }
}
