//! The first and the last row of a batch, a lane in each row.
//!
//! Given the last row of a batch, proves that the columns `input theta`, `input state` and `output` list, in row `t`, what its
//! first and last row hold of lane `t`; and that theta adds nothing in the last row, which so holds the permutation's output.
//!
//! | label | degree | meaning |
//! |---|---|---|
//! | `theta x ends` | 1 | `theta[x] = 0` in the last row |
//! | `input theta t` | 1 | `input theta` in row `t` is `theta[t mod 5]` of the first row |
//! | `input state t` | 1 | `input state` in row `t` is `state[t]` of the first row |
//! | `output t` | 1 | `output` in row `t` is `state[t]` of the last row |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Cell;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;

use super::layout::Layout;

/// The last row of a batch, from which all of it is seen.
#[derive(Clone, Debug)]
pub struct Frame;

impl Chip for Frame {
    type Layout = Layout;
    type Event = ();
    const NAME: &'static str = "frame";

    fn selector(layout: &Layout) -> Option<Cell> {
        Some(layout.marks.end)
    }

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let columns = &layout.columns;
        for (x, theta) in columns.theta.iter().enumerate() {
            chip.require_zero(format!("theta {x} ends"), *theta);
        }
        for (lane, state) in columns.state.iter().enumerate() {
            let row = |cell: Cell| cell.shifted(lane as i16 - 24);
            let first = |cell: Cell| cell.shifted(-24);
            let theta = first(columns.theta[lane % 5]);
            chip.require_equal(format!("input theta {lane}"), row(columns.input_theta), theta);
            chip.require_equal(format!("input state {lane}"), row(columns.input_state), first(*state));
            chip.require_equal(format!("output {lane}"), row(columns.output), *state);
        }
        Self
    }

    fn fill(&self, (): &(), _row: &mut WindowWriter<'_>) {}
}
