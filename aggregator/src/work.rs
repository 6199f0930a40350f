//! The work of a level: its runs, as windows of the verifier circuit.

use verbatim_gadgets::machine::Sheet;

use crate::{
    Fr, G1Affine,
    bus::{InstructionNative, OutcomeNative},
    curve::{CurveError, CurveWork, affine::reduced},
    engine::Sum,
    level::statement_of_level,
    native::{Native, Refusal},
    processor::{Step, level::LevelEvent, permute::PermuteEvent, read::ReadEvent, term::TermEvent, turn::TurnEvent},
    program::{Op, Run},
    programs::Entry,
    verifier::{VerifierChips, VerifierEvent},
    witness::Witness,
};

/// Why there is no work that proves a level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// What is verified does not hold.
    #[error("run {run}, of the program {program}: {source}")]
    Refused {
        /// The run: 0 begins the level, the last ends it, and each between takes a shard.
        run: u64,
        /// Its program.
        program: String,
        /// Why.
        source: Refusal,
    },
    /// The sums cannot be proven.
    #[error(transparent)]
    Curve(#[from] CurveError),
    /// No program has been run.
    #[error("a level has at least one run")]
    Empty,
}

/// The runs of a level, in their order.
#[derive(Debug, Default)]
pub struct LevelWork {
    sheet: Sheet<VerifierChips>,
    curve: CurveWork,
    /// The terms of both sums.
    terms: [Vec<(Fr, G1Affine)>; 2],
    /// How many runs there were.
    runs: u64,
    /// The first instruction of the first run.
    begin: Option<InstructionNative>,
    /// The end of the last run.
    last: Option<Step>,
}

impl LevelWork {
    /// Nothing was done.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a program on what it is given.
    ///
    /// # Errors
    /// [`WorkError::Refused`] if something does not hold.
    pub fn run(&mut self, entry: &Entry, witness: &Witness) -> Result<(), WorkError> {
        let before = self.last.as_ref().map_or(Fr::zero(), |step| step.reads[0]);
        let refused = |source| WorkError::Refused { run: self.runs, program: entry.name.clone(), source };
        let run = entry.program.run(before, witness).map_err(refused)?;
        for (op, instruction) in entry.program.ops.iter().zip(entry.instructions()) {
            let at = |address: u64| (address - u64::from(entry.base)) as usize;
            let reads = instruction.reads.map(|address| run.values[at(address)]);
            let value = run.values[at(instruction.pc)];
            let step = Step { run: self.runs, reads, value, instruction };
            self.operation(op, step, entry.base, &run);
        }
        for (sum, scalar, point) in run.terms {
            self.terms[sum as usize].push((scalar, point));
        }
        self.runs += 1;
        Ok(())
    }

    fn operation(&mut self, op: &Op, step: Step, base: u32, run: &Run) {
        let point = |address: &u32| run.points[address];
        let event = match op {
            Op::Begin(_) => {
                let begin = step.instruction;
                match self.last.take() {
                    Some(step) => VerifierEvent::Turn(TurnEvent { step, begin }),
                    None => return self.begin = Some(begin),
                }
            }
            Op::End(..) => return self.last = Some(step),
            Op::Set(_) | Op::Assert(_) | Op::Invert(_) | Op::Scalar => VerifierEvent::Form(step),
            Op::Point => {
                let point = point(&(step.instruction.pc as u32 - base));
                self.curve.point(point);
                VerifierEvent::Read(ReadEvent { step, point })
            }
            Op::Permute(base, _) => {
                let state = [1, 2].map(|i| run.values[*base as usize + i]);
                VerifierEvent::Permute(PermuteEvent { step, state })
            }
            Op::Term(_, _, address) => VerifierEvent::Term(TermEvent { step, point: point(address) }),
        };
        self.sheet.push(self.runs, event);
    }

    /// Ends the level. Answers the work, and what the level shows: both sums, and the value of the last run.
    ///
    /// # Errors
    /// [`WorkError`] if there was no run, or a sum cannot be proven.
    pub fn finish(mut self) -> Result<(Sheet<VerifierChips>, Shown), WorkError> {
        let (begin, step) = self.begin.zip(self.last).ok_or(WorkError::Empty)?;
        let [left, right] = [Sum::Left, Sum::Right].map(|sum| {
            let number = sum as usize;
            self.curve.multiply(number as u64, &self.terms[number])
        });
        let (statement, totals) = (step.reads[0], [left?, right?]);
        for (origin, event) in self.curve.finish().events() {
            self.sheet.push(*origin, event.clone().into());
        }
        self.sheet.push(self.runs, VerifierEvent::Level(LevelEvent { begin, step, totals }));
        Ok((self.sheet, Shown { statement, sums: totals }))
    }
}

/// What a level shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The hash of its [statement](crate::level::Statement).
    pub statement: Fr,
    /// The left sum and the right one, of which the pairing is left.
    pub sums: [G1Affine; 2],
}

impl Shown {
    /// What the challenges of the level's bundle are hashed from.
    pub fn digest(&self) -> Fr {
        let OutcomeNative { statement, left, right } = self.message();
        let nothing = Witness::default();
        statement_of_level(&mut Native::new(&nothing), &statement, &[left, right])
    }

    /// The message that whoever verifies the level receives.
    pub fn message(&self) -> OutcomeNative {
        let [left, right] = self.sums.map(|sum| [reduced(&sum.x), reduced(&sum.y)]);
        OutcomeNative { statement: self.statement, left, right }
    }
}
