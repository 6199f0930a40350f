//! A machine that runs the instructions of the rom whatever they assert: windows as a prover fills them who does not care.

use std::collections::{BTreeMap, BTreeSet};

use verbatim_aggregator::{
    Fr, G1Affine,
    bus::{CurvePointNative, InstructionNative, TermNative},
    curve::affine::reduced,
    processor::{Step, level::LevelEvent, permute::PermuteEvent, read::ReadEvent, term::TermEvent, turn::TurnEvent},
    rom::Kind,
    verifier::VerifierEvent,
    witness::Witness,
};
use verbatim_circuits::poseidon::permute;

/// Runs, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    /// The windows, each with its run.
    pub(crate) events: Vec<(u64, VerifierEvent)>,
    /// The operations whose equation does not hold, by their runs and addresses.
    pub(crate) refused: BTreeSet<(u64, u64)>,
    /// What is sent to the curve.
    pub(crate) terms: Vec<TermNative>,
    /// What is consumed of it.
    pub(crate) points: Vec<CurvePointNative>,
    runs: u64,
    begin: Option<InstructionNative>,
    last: Option<Step>,
}

/// A run: what it has been given, and what its operations have left.
struct Run<'w> {
    scalars: std::slice::Iter<'w, Fr>,
    points: std::slice::Iter<'w, G1Affine>,
    values: BTreeMap<u64, Fr>,
    read: BTreeMap<u64, G1Affine>,
}

impl Run<'_> {
    fn value(&self, address: u64) -> Fr {
        self.values.get(&address).copied().unwrap_or_default()
    }
}

fn is(instruction: &InstructionNative, kind: Kind) -> bool {
    instruction.kind == kind as u64
}

/// `p a b + f_0 a + f_1 b + f_2 c + k`.
fn form(instruction: &InstructionNative, [a, b, c]: [Fr; 3]) -> Fr {
    let InstructionNative { product, factors: [f, g, h], constant, .. } = instruction;
    product * a * b + f * a + g * b + h * c + constant
}

/// A free value: the next scalar where there is no equation; what the equation says of it where it is in it; else any.
fn free(instruction: &InstructionNative, run: &mut Run<'_>) -> Fr {
    let InstructionNative { pc, reads, product, factors, constant, .. } = instruction;
    if [product, constant].into_iter().chain(factors).all(|factor| *factor == Fr::zero()) {
        return *run.scalars.next().expect("the program is given enough scalars");
    }
    if reads[0] != *pc {
        return Fr::zero();
    }
    let slope = product * run.value(reads[1]) + factors[0];
    Option::<Fr>::from(slope.invert()).map_or(Fr::zero(), |inverse| -inverse * constant)
}

impl Machine {
    /// Runs a program. Answers its values by their addresses.
    pub(crate) fn run(
        &mut self,
        instructions: impl Iterator<Item = InstructionNative>,
        witness: &Witness,
    ) -> BTreeMap<u64, Fr> {
        let (values, read) = Default::default();
        let mut run = Run { scalars: witness.scalars.iter(), points: witness.points.iter(), values, read };
        for instruction in instructions {
            self.operation(instruction, &mut run);
        }
        self.runs += 1;
        run.values
    }

    fn operation(&mut self, instruction: InstructionNative, run: &mut Run<'_>) {
        let pc = instruction.pc;
        if is(&instruction, Kind::Begin) {
            let before = self.last.take();
            run.values.insert(pc, before.as_ref().map_or(Fr::zero(), |step| step.reads[0]));
            match before {
                Some(step) => self.push(VerifierEvent::Turn(TurnEvent { step, begin: instruction })),
                None => self.begin = Some(instruction),
            }
            return;
        }
        let state = instruction.reads.map(|address| run.value(address));
        if is(&instruction, Kind::Set) {
            run.values.insert(pc, form(&instruction, state));
        } else if is(&instruction, Kind::Free) {
            let value = free(&instruction, run);
            run.values.insert(pc, value);
        } else if is(&instruction, Kind::Read) {
            let point = *run.points.next().expect("the program is given enough points");
            let [x, y] = [&point.x, &point.y].map(reduced);
            run.values.extend([(pc, x), (pc + 1, y)]);
            run.read.insert(pc, point);
            self.points.push(CurvePointNative { x, y, point });
        }
        let reads = instruction.reads.map(|address| run.value(address));
        let step = Step { run: self.runs, reads, value: run.value(pc), instruction };
        self.execute(step, run);
    }

    /// The window of an operation whose value is there.
    fn execute(&mut self, step: Step, run: &mut Run<'_>) {
        let instruction = step.instruction.clone();
        let InstructionNative { pc, product, factors, constant, reads, .. } = instruction.clone();
        let point = |address: u64| run.read.get(&address).copied().expect("the point was read");
        let is = |kind| is(&instruction, kind);
        let event = if is(Kind::End) {
            self.last = Some(step);
            return;
        } else if is(Kind::Permute) {
            let state = [1, 2].map(|i| run.value(reads[2] + i));
            let [first, second] = [(0, product), (1, constant)].map(|(i, k)| state[i] + factors[i] * step.reads[i] + k);
            run.values.extend((pc..).zip(permute(&[step.reads[2], first, second])));
            VerifierEvent::Permute(PermuteEvent { step, state })
        } else if is(Kind::Read) {
            VerifierEvent::Read(ReadEvent { point: point(pc), step })
        } else if is(Kind::Term) {
            let (point, rest) = (point(reads[1]), factors[0] * step.reads[0] + constant);
            let sum = u64::from(product == Fr::one());
            self.terms.push(TermNative { sum, digit: 0, rest, point });
            VerifierEvent::Term(TermEvent { step, point })
        } else {
            let kind = Fr::from(instruction.kind);
            if form(&instruction, step.reads) != kind * step.value {
                self.refused.insert((step.run, pc));
            }
            VerifierEvent::Form(step)
        };
        self.push(event);
    }

    fn push(&mut self, event: VerifierEvent) {
        self.events.push((self.runs, event));
    }

    /// Ends the level, with these totals.
    pub(crate) fn finish(&mut self, totals: [G1Affine; 2]) {
        let (begin, step) = self.begin.take().zip(self.last.take()).expect("there was a run");
        self.push(VerifierEvent::Level(LevelEvent { begin, step, totals }));
    }
}
