//! The verifier circuit: all chips that a level is made of, over the same columns.

use std::{borrow::Borrow, sync::Arc};

use verbatim_gadgets::{audit::Exception, chips, circuit::CircuitBuilder, machine::ChipSet};
use verbatim_prover::shards::PlanCircuit;

use crate::{columns::Columns, curve, curve::CurveEvent, processor, range, rom};

/// The circuit's number: no circuit that proves blocks has it.
pub const INDEX: u32 = 64;

/// The smallest size of its shards: the background has that many rows.
pub const LEAST_K: u32 = 16;

/// The sizes of its shards, as base-2 logarithms of their rows.
pub const SIZES: std::ops::RangeInclusive<u32> = LEAST_K..=18;

/// The columns and slots of all chips.
#[derive(Debug)]
pub struct Layout {
    curve: curve::Layout,
    processor: processor::Layout,
    rom: rom::Layout,
    range: range::Layout,
}

/// A chip finds its own columns.
macro_rules! parts {
    ($($part:ident: $layout:ty,)*) => {$(
        impl Borrow<$layout> for Layout {
            fn borrow(&self) -> &$layout {
                &self.$part
            }
        }
    )*};
}

parts! {
    curve: curve::Layout,
    processor: processor::Layout,
    rom: rom::Layout,
    range: range::Layout,
}

fn layout(builder: &mut CircuitBuilder) -> Layout {
    let columns = Columns::new(builder);
    let curve = curve::Layout::over(builder, &columns);
    let processor = processor::Layout::over(builder, &columns, &curve);
    Layout { curve, processor, rom: rom::Layout::new(builder), range: range::Layout::new(builder) }
}

/// What the audit finds in the chips and is right.
const EXCEPTIONS: &[Exception] = &{
    let (curve, processor) = (curve::EXCEPTIONS, processor::EXCEPTIONS);
    let mut all = [curve[0]; curve::EXCEPTIONS.len() + processor::EXCEPTIONS.len()];
    let mut next = 0;
    while next < all.len() {
        all[next] = if next < curve.len() { curve[next] } else { processor[next - curve.len()] };
        next += 1;
    }
    all
};

chips! {
    /// The chips of the circuit.
    pub struct VerifierChips, VerifierEvent = "verifier", layout {
        Add: curve::add::Add,
        Fold: curve::fold::Fold,
        Total: curve::total::Total,
        Point: curve::point::Point,
        Form: processor::form::Form,
        Permute: processor::permute::Permute,
        Read: processor::read::Read,
        Term: processor::term::Term,
        Turn: processor::turn::Turn,
        Level: processor::level::Level,
        Rom: rom::Rom,
        Range: range::Range,
    }
    least LEAST_K;
    exceptions EXCEPTIONS;
}

impl From<CurveEvent> for VerifierEvent {
    fn from(event: CurveEvent) -> Self {
        match event {
            CurveEvent::Add(event) => Self::Add(event),
            CurveEvent::Fold(event) => Self::Fold(event),
            CurveEvent::Total(event) => Self::Total(event),
            CurveEvent::Point(event) => Self::Point(event),
        }
    }
}

/// The circuit with `2^k` rows.
pub fn circuit(k: u32) -> PlanCircuit {
    PlanCircuit::new(Arc::new(VerifierChips::build().0), INDEX, k)
}
