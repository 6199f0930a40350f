//! What the lanes of a block have in common.
//!
//! Given a row of a block that is not its last, proves that the next row belongs to the same input, one lane further.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `digest.hi` | 1 | the digest is the next row's |
//! | `digest.lo` | 1 | the same |
//! | `index` | 1 | the next row's index is one more |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::sponge_layout::Layout;

/// A row of a block but the last.
#[derive(Clone, Debug)]
pub struct Link;

impl Chip for Link {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "link";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.inner)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        chip.require_equal("digest.hi", layout.digest_hi, layout.digest_hi.shifted(1));
        chip.require_equal("digest.lo", layout.digest_lo, layout.digest_lo.shifted(1));
        chip.require_equal("index", layout.index + 1, layout.index.shifted(1));
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
