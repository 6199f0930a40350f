//! Operations as rows of field elements, and the chip that holds those of all programs.
//!
//! The chip stands in the background of the verifier circuit. Its fixed columns are one
//! [`Instruction`] in each row; rows without an operation repeat the first one.

use std::sync::LazyLock;

use halo2_proofs::halo2curves::ff::Field;
use verbatim_gadgets::{
    chip::ChipBuilder,
    circuit::{ACTIVE, CircuitBuilder, Rows, Slot},
    expr::{Cell, Expr},
    grid::WindowWriter,
    machine::Chip,
    message::Message,
};

use crate::{
    Fr,
    bus::{Instruction, InstructionNative},
    program::{Absorbed, Address, Form, Op},
    programs::{Entry, programs},
};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The form of what is read is zero. The value is free.
    Free = 0,
    /// The form of what is read is the value.
    Set,
    /// Three values are the permutation of a state that has absorbed two elements.
    Permute,
    /// Two values are the coordinates of a point.
    Read,
    /// A multiple of a point is added to a sum.
    Term,
    /// A program begins.
    Begin,
    /// A program ends.
    End,
}

/// The operation at an address, as the rom has it. What an operation does not use is zero, and the reads that it does not
/// use are of the program's first value.
///
/// | kind | reads | product, factors, constant |
/// |---|---|---|
/// | free, set | values `a`, `b`, `c` | `p a b + f_0 a + f_1 b + f_2 c + k` |
/// | permute | elements `a`, `b`; the state's first | absorbed are `f_0 a + p` and `f_1 b + k` |
/// | read | the second is the operation's own address | |
/// | term | a value `a`; the point's address | of the sum with number `p`, the multiple `f_0 a + k` |
/// | begin | | the phase is `k` |
/// | end | the value that it ends with | the phase is `k` |
pub fn instruction(op: &Op, at: Address, base: Address) -> InstructionNative {
    let mut row = Row { kind: Kind::Set, reads: [0; 3], product: Fr::ZERO, factors: [Fr::ZERO; 3], constant: Fr::ZERO };
    match op {
        Op::Begin(phase) => (row.kind, row.constant) = (Kind::Begin, Fr::from(*phase)),
        Op::Set(form) => row.form(form),
        Op::Assert(form) => {
            row.form(form);
            row.kind = Kind::Free;
        }
        // One less the value, which is read, times the form.
        Op::Invert(form) => {
            row.form(form);
            row = Row {
                kind: Kind::Free,
                reads: [at - base, row.reads[0], 0],
                product: row.factors[0],
                factors: [row.constant, Fr::ZERO, Fr::ZERO],
                constant: -Fr::ONE,
            };
        }
        Op::Scalar => row.kind = Kind::Free,
        Op::Point => (row.kind, row.reads[1]) = (Kind::Read, at - base),
        Op::Permute(state, [first, second]) => {
            (row.kind, row.reads[2]) = (Kind::Permute, *state);
            let mut absorb = |i: usize, absorbed: &Absorbed| {
                (row.factors[i], row.reads[i]) = absorbed.value.unwrap_or_default();
                absorbed.constant
            };
            (row.product, row.constant) = (absorb(0, first), absorb(1, second));
        }
        Op::Term(sum, form, point) => {
            row.form(form);
            (row.kind, row.reads[1], row.product) = (Kind::Term, *point, Fr::from(*sum as u64));
        }
        Op::End(phase, value) => {
            (row.kind, row.reads[0], row.constant) = (Kind::End, *value, Fr::from(*phase));
        }
    }
    row.at(at, base)
}

/// An instruction with addresses counted from the program's first.
struct Row {
    kind: Kind,
    reads: [Address; 3],
    product: Fr,
    factors: [Fr; 3],
    constant: Fr,
}

impl Row {
    fn form(&mut self, form: &Form) {
        let (product, factors, constant) = form.coefficients();
        for (i, (address, factor)) in form.reads().into_iter().zip(factors).enumerate() {
            (self.reads[i], self.factors[i]) = (address, factor);
        }
        (self.product, self.constant) = (product, constant);
    }

    fn at(self, at: Address, base: Address) -> InstructionNative {
        let Self { kind, reads, product, factors, constant } = self;
        let reads = reads.map(|address| u64::from(base + address));
        InstructionNative { pc: u64::from(at), kind: kind as u64, reads, product, factors, constant }
    }
}

impl Entry {
    /// The instructions of the program.
    pub fn instructions(&self) -> impl Iterator<Item = InstructionNative> {
        let mut at = self.base;
        self.program.ops.iter().map(move |op| {
            let instruction = instruction(op, at, self.base);
            at += op.size();
            instruction
        })
    }
}

/// All instructions of all programs, as tuples.
fn tuples() -> &'static [Vec<Fr>] {
    static TUPLES: LazyLock<Vec<Vec<Fr>>> = LazyLock::new(|| {
        let instructions = programs().iter().flat_map(Entry::instructions);
        instructions.map(|instruction| Instruction::tuple(&instruction)).collect()
    });
    &TUPLES
}

/// How many instructions there are.
pub fn len() -> usize {
    tuples().len()
}

/// The rows above the first of the background's contents: no window may begin in some of the circuit's first rows.
pub(crate) const MARGIN: usize = 8;

/// A column of the background: its value in each row, and that of the first where there is no other.
pub(crate) fn background<T>(rows: Rows, entries: usize, value: impl Fn(usize) -> T) -> Vec<T> {
    assert!(entries + MARGIN <= rows.usable, "the background has {entries} rows, a shard {}", rows.usable);
    let entry = |row: usize| row.checked_sub(MARGIN).filter(|entry| *entry < entries).unwrap_or(0);
    (0..rows.usable).map(|row| value(entry(row))).collect()
}

/// The columns and the slot.
#[derive(Debug)]
pub struct Layout {
    multiplicity: Cell,
    slot: Slot<Instruction>,
}

impl Layout {
    /// Declares them.
    pub fn new(builder: &mut CircuitBuilder) -> Self {
        let names = Instruction::names();
        let column = |(i, name): (usize, &String)| -> Expr {
            let values = move |rows| background(rows, len(), |entry| tuples()[entry][i]);
            builder.fixed(format!("rom {name}"), values).expr()
        };
        let fields = names.iter().enumerate().map(column).collect();
        let multiplicity = builder.background("multiplicity of the rom");
        Self { multiplicity, slot: builder.slot("rom", fields) }
    }
}

/// The chip.
#[derive(Debug)]
pub struct Rom;

impl Chip for Rom {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "rom";

    fn selector(_: &Layout) -> Option<Cell> {
        Some(Cell::fixed(ACTIVE))
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let fact = chip.peek(&layout.slot, 0);
        chip.provide(&layout.slot, 0, layout.multiplicity, &fact);
        Self
    }

    fn fill(&self, (): &(), _: &mut WindowWriter<'_>) {}
}
