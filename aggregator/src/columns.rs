//! The main columns that the chips of the verifier machine share.
//!
//! Whoever verifies a proof pays for each column with a commitment: a term of a sum, with 43 additions. So there are few,
//! and chips have windows of several rows. The curve's addition, which is most of what is proven, takes four rows of them
//! and leaves no cell unused.

use verbatim_gadgets::circuit::{Checked16, CircuitBuilder};
use verbatim_gadgets::expr::Cell;

/// Plain columns.
pub const PLAIN: usize = 7;

/// Checked columns.
pub const CHECKED: usize = 32;

/// The shared columns.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Cells of any value.
    pub plain: Vec<Cell>,
    /// Cells that are checked to hold 16 bits where a chip asks for it, and of any value elsewhere.
    pub checked: Vec<Checked16>,
}

impl Columns {
    /// Declares them.
    pub fn new(builder: &mut CircuitBuilder) -> Self {
        let plain = (0..PLAIN).map(|i| builder.main(format!("plain {i}"))).collect();
        let checked = (0..CHECKED).map(|i| builder.checked16(&format!("checked {i}"))).collect();
        Self { plain, checked }
    }
}
