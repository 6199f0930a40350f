//! Sums of multiples of points of BN254's first group, in the cells of its scalar field.
//!
//! **Given** terms `(sum, scalar, point)` on the bus, the circuit **proves** for each sum the total of `scalar * point`, in its
//! one form; and of any point that it is on the curve and in its one form. Coordinates are residues modulo `q`, the order of
//! the base field, which is not that of the cells: the module `field` says how they are computed with.
//!
//! # A sum
//!
//! By buckets. A scalar is 43 odd signed [`digits`] in base 63. For each, a window of the [`add`] chip takes the term and a
//! bucket from the bus, adds the point or its negative to the bucket, and puts both back. The [`fold`] chip opens and closes
//! the buckets and adds them up with their weights; its additions are windows of the same chip, consumed as facts. The
//! [`total`] chip begins and ends the folds.
//!
//! | message | chain |
//! |---|---|
//! | [`Term`](crate::bus::Term) | sent by the asker; 43 times received and sent by `add`, or fewer; the digit grows |
//! | [`Bucket`](crate::bus::Bucket) | sent by `fold`; received and sent by `add` for each of its points, the count grows; received by the same window of `fold` |
//! | [`Fold`](crate::bus::Fold) | sent by `total`; 1376 times received and sent by `fold`, digits and buckets fall; received by the same window of `total` |
//! | [`Total`](crate::bus::Total) | sent by `total`; received by the asker |
//!
//! So nobody chooses what is in a sum. A term that is sent has to be received, and is on the bus until its scalar is used
//! up; what takes it also takes a bucket of its sum, and there are no others than the folds open, each once; and a chain of
//! folds exists for each total that the asker receives, which is one for each sum. There is no need for the terms to have
//! numbers, or for their number to be known: they are a multiset. What a prover may choose is the digits (any that add up to
//! the scalar modulo `r`, the group's order), the order of additions, and which form a point of a bucket has modulo `q`.
//!
//! Terms in the same bucket may be equal or opposite: buckets begin with constants, so that no honest sum adds a point to
//! itself. Where it would, the window cannot be filled. Scalars may be zero.
//!
//! # Cells
//!
//! The chips stand over the [shared columns](crate::columns) of the verifier machine, with the slots of [`Layout`]. A circuit
//! of them alone has 43 main columns (39 shared, 4 selectors), 41 slots (32 of checked columns, 9 of messages) and so 15
//! auxiliary columns: 58 cells a row. The constraints and tuples take about 740 multiplications a row.
//!
//! | window | rows | cells |
//! |---|---|---|
//! | an addition | 4 | 232 |
//! | a point in its one form | 4 | 232 |
//! | a fold, beside its two additions (three for bucket 0) | 4 | 232 |
//! | a total, beside its addition | 2 | 116 |
//!
//! A sum of `n` terms takes `43 (n + 65) + 1` additions, 1376 folds and `n + 1` points. For digits of `w` bits with the sign
//! (base `2^w - 1`) in place of 6, cells for each term:
//!
//! | w | digits | n = 100 | n = 400 | n = 800 | n = 2000 |
//! |---|---|---|---|---|---|
//! | 5 | 52 | 18,213 | 13,775 | 13,035 | 12,591 |
//! | **6** | 43 | **19,890** | **12,628** | **11,418** | **10,692** |
//! | 7 | 37 | 25,388 | 12,959 | 10,887 | 9,644 |
//! | 8 | 32 | 36,244 | 14,803 | 11,229 | 9,085 |
//!
//! Two rows of 111 columns would take 222 cells for an addition in place of 232, and nearly twice as many commitments: each is a
//! term for whoever verifies the proof.
//!
//! A shard of 275 terms (`k` = 16, 3.8 million cells in use) was proven in 11.1 CPU-microseconds a cell
//! (`tests/proof.rs`), on a machine with other work.

pub mod add;
pub mod affine;
mod constants;
pub mod digits;
mod field;
pub mod fold;
pub mod layout;
pub mod point;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod total;
pub mod work;

use verbatim_gadgets::audit::{Exception, Finding};
use verbatim_gadgets::chips;

pub use layout::Layout;
pub use work::{CurveError, CurveWork};

chips! {
    /// The chips of the curve circuit.
    pub struct CurveChips, CurveEvent = "curve", Layout::new {
        Add: add::Add,
        Fold: fold::Fold,
        Total: total::Total,
        Point: point::Point,
    }
    exceptions EXCEPTIONS;
}

/// What the audit finds in these chips and is right.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        chip: "add",
        finding: Finding::Choice,
        names: &["next term: whether"],
        reason: "a term of which nothing is left may go on: its further digits must add up to zero",
    },
    Exception {
        chip: "add",
        finding: Finding::Open,
        names: &["plain 3 in row 3"],
        reason: "the flag of the same choice",
    },
];
