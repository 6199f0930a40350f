//! KECCAK256 of 32 or 64 bytes that are aligned and exist: the frequent case, the slots of mappings and arrays, in one row.
//! It always succeeds; whatever else may happen is another chip's.
//!
//! **Given** an offset and a length on the stack, and the one or two words of memory there.
//! **Proves** that they are replaced by the hash of the words.
//!
//! The first token of memory is found under the index `offset / 32`, a quotient in the field: for an offset that is no
//! multiple of 32 it is far above every index. That the tokens exist shows that their memory is paid for.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | class | 1 | the schedule gives the opcode to this chip |
//! | ok is boolean, succeeds | 2, 1 | |
//! | 32 or 64 bytes | 2 | the length, less 32, over 32 is zero or one |
//! | offset: hi, length: hi | 1 | below 2^128 |
//! | no second word (2) | 2 | it counts as zero where there are 32 bytes |
//! | extra gas | 1 | 6 or 12 |
//! | next memory | 1 | no expansion |
//! | stack height | 1 | one word less |
//! | next pc | 2 | `pc + 1` |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Bool, U16, Word, inverse_or_zero};

use super::End;
use super::layout::{Layout, word};
use crate::copy::Fetch;
use crate::schedule::Class;
use crate::step::{Operand, OperandEvent, Step, StepEvent};

/// Gas for each word that is hashed (Yellow Paper, appendix G).
pub const GAS_PER_WORD: u64 = 6;

/// The chip.
#[derive(Debug)]
pub struct HashPair {
    step: Step,
    offset: Operand,
    length: Operand,
    digest: Word,
    words: [Word; 2],
    gaps: Vec<U16>,
    end: End,
}

/// What a step of `HashPair` is filled from.
#[derive(Clone, Debug)]
pub struct HashPairEvent {
    /// The step, which succeeds.
    pub step: StepEvent,
    /// The top of the stack: a multiple of 32.
    pub offset: OperandEvent,
    /// The word below it: 32 or 64.
    pub length: OperandEvent,
    /// The words, accessed at `clock + 1`: the gap is `clock` less the time of the last access before. The second is not
    /// read if there are 32 bytes.
    pub words: [Fetch; 2],
    /// The hash.
    pub digest: U256,
}

impl Chip for HashPair {
    type Layout = Layout;
    type Event = HashPairEvent;
    const NAME: &'static str = "hash pair";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let slots = &layout.step;
        let step = Step::begin(chip, slots, Class::Hash);
        chip.define("succeeds", slots.ok, Expr::one());
        let offset = step.pop_a(chip, slots);
        let length = step.pop_b(chip, slots);
        let digest = step.push(chip, slots, "keccak's facts hold digests");
        let words = &length.value.lo * inverse_or_zero(F::from(32));
        let two = Bool::assume(&words - Expr::one(), "constrained below");
        let always = Bool::constant(true);
        let mut gaps = Vec::new();
        for (i, (flag, gap)) in [(&always, &layout.gap_c), (&two, &layout.gap_d)].into_iter().enumerate() {
            gaps.push(chip.checked_if(gap, 0, flag));
            chip.receive_if(&layout.found[i], 0, flag);
            let left = chip.peek(&layout.left[i], 0);
            chip.send_if(&layout.left[i], 0, flag, &left);
        }
        chip.learn(&layout.pair, 0);

        chip.require_zero("32 or 64 bytes", &two * two.not());
        chip.require_zero("offset: hi", &offset.value.hi);
        chip.require_zero("length: hi", &length.value.hi);
        for (limb, cell) in ["hi", "lo"].iter().zip(layout.second) {
            chip.require_zero(format!("no second word: {limb}"), two.not() * cell);
        }
        let (extra, memory) = layout.extra_and_memory();
        chip.define("extra gas", extra, words * F::from(GAS_PER_WORD));
        chip.define("next memory", memory, slots.memory);
        layout.next_pc(chip, &step);
        step.resize(chip, slots, -1);
        chip.send(&slots.leave, 0, &step.after(slots));
        let words = [layout.first, layout.second].map(|cells| word(cells, 0));
        Self { step, offset, length, digest, words, gaps, end: End::new(layout) }
    }

    fn fill(&self, event: &HashPairEvent, row: &mut WindowWriter<'_>) {
        self.step.fill(&event.step, row);
        self.offset.fill_popped(&event.offset, row);
        self.length.fill_popped(&event.length, row);
        row.set(&self.digest, event.digest);
        let count = if event.length.value == U256::from(64) { 2 } else { 1 };
        for ((word, gap), fetch) in self.words.iter().zip(&self.gaps).zip(event.words).take(count) {
            row.set(word, fetch.value);
            row.set(gap, fetch.gap);
        }
        self.end.fill(&event.step, 0, None, row);
    }
}
