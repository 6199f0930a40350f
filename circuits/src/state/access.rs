//! An access to an account, ordered by a step or a transaction.
//!
//! **Given** an [`AccountJob`](crate::bus::AccountJob), whose sender relates the two records.
//! **Proves** that the account was what the job says before, is what it says after, and, where the job is to be undone, is
//! again what it was before at the job's undo time. The second access is the same row, from the same cells, so that nobody
//! can order one without the other.
//!
//! There is no local constraint: the slots share their cells. Both times of the tokens that are received lie before those
//! of the tokens that are sent, by the range of a gap; the second gap is checked where the access is undone.
//!
//! | Message | When | Time |
//! |---|---|---|
//! | receives the job | always | `clock` |
//! | receives the account before | always | `clock - 1 - gap` |
//! | sends the account after | always | `clock` |
//! | receives the account after | reverted | `undo - 1 - undo gap` |
//! | sends the account before | reverted | `undo` |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::U16;

use super::Layout;
use crate::bus::{AccountJob, AccountJobNative};

/// The chip.
#[derive(Debug)]
pub struct Access {
    job: AccountJob,
    gap: U16,
    undo_gap: U16,
}

/// What an access is filled from.
#[derive(Clone, Debug)]
pub struct AccessEvent {
    /// The job.
    pub job: AccountJobNative,
    /// Ticks between the account's last access and this one, less one.
    pub gap: u16,
    /// Ticks between the account's last access before the undoing and the undoing, less one; zero if it is not undone.
    pub undo_gap: u16,
}

impl Chip for Access {
    type Layout = Layout;
    type Event = AccessEvent;
    const NAME: &'static str = "access";

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let job = chip.receive(&layout.job, 0);
        let gap = chip.checked(&layout.gap, 0);
        chip.receive(&layout.take, 0);
        let after = chip.peek(&layout.give, 0);
        chip.send(&layout.give, 0, &after);
        let undo_gap = chip.checked_if(&layout.undo_gap, 0, &job.reverted);
        chip.receive_if(&layout.take_back, 0, &job.reverted);
        let before = chip.peek(&layout.give_back, 0);
        chip.send_if(&layout.give_back, 0, &job.reverted, &before);
        Self { job, gap, undo_gap }
    }

    fn fill(&self, event: &AccessEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.job, &event.job);
        row.set(&self.gap, event.gap);
        if event.job.reverted {
            row.set(&self.undo_gap, event.undo_gap);
        }
    }
}
