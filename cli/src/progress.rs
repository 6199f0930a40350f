//! Progress bars.

use std::fmt::Write;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use indicatif::{FormattedDuration, ProgressBar, ProgressState, ProgressStyle};
use verbatim_prover::progress::{Progress, Stage};

/// How often a bar is drawn anew.
const TICK: Duration = Duration::from_millis(250);

/// How many times as long as the first round the second takes: so much is known of the second when its first shard begins.
const SECOND_ROUND: u32 = 10;

/// A bar on standard error for each stage; nothing where standard error is no terminal.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    bar: Mutex<Option<ProgressBar>>,
    /// How long the last first round took.
    commit: Mutex<Duration>,
}

impl Bars {
    fn with(&self, action: impl FnOnce(&mut Option<ProgressBar>)) {
        if let Ok(mut bar) = self.bar.lock() {
            action(&mut bar);
        }
    }

    /// How long a stage takes, if that is known before its first unit is done.
    fn expected(&self, stage: Stage) -> Option<Duration> {
        let commit = *self.commit.lock().ok()?;
        (stage == Stage::Prove).then(|| commit * SECOND_ROUND)
    }
}

/// A bar of `total` units.
pub(crate) fn bar(name: &'static str, total: usize) -> ProgressBar {
    expecting(name, total, None)
}

/// What a bar says is left of work that takes about as long as `expected`: by that until the first unit is done.
fn left(expected: Option<Duration>) -> impl Fn(&ProgressState, &mut dyn Write) + Clone {
    move |state, writer| {
        let left = match expected {
            _ if state.pos() > 0 => Some(state.eta()),
            Some(expected) => Some(expected.saturating_sub(state.elapsed())),
            None => None,
        };
        let _ = match left {
            Some(left) => write!(writer, "about {} left", FormattedDuration(left)),
            None => write!(writer, "..."),
        };
    }
}

/// A bar of `total` units that take about as long as `expected` together.
fn expecting(name: &'static str, total: usize, expected: Option<Duration>) -> ProgressBar {
    let template = "{prefix:>9} {bar:40} {pos}/{len}  {elapsed_precise}, {left}";
    let bar = ProgressBar::new(total as u64).with_prefix(name);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("left", left(expected))),
        Err(_) => bar,
    }
}

/// A sign of life for work without units that takes about this much processor time, if all processors share it.
pub(crate) fn spinner(doing: &'static str, cpu: Duration) -> ProgressBar {
    let expected = cpu / thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let bar = ProgressBar::new_spinner().with_message(doing);
    bar.enable_steady_tick(TICK);
    match ProgressStyle::with_template("{spinner} {msg}  {elapsed_precise}, {left}") {
        Ok(style) => bar.with_style(style.with_key("left", left(Some(expected)))),
        Err(_) => bar,
    }
}

impl Progress for Bars {
    fn started(&self, stage: Stage, total: usize) {
        let name = match stage {
            Stage::Commit => "committing",
            Stage::Prove => "proving",
            Stage::Verify => "verifying",
        };
        let bar = expecting(name, total, self.expected(stage));
        self.with(|place| {
            bar.enable_steady_tick(TICK);
            *place = Some(bar);
        });
    }

    fn advanced(&self, _: Stage) {
        self.with(|bar| bar.iter().for_each(|bar| bar.inc(1)));
    }

    fn finished(&self, stage: Stage) {
        self.with(|place| {
            let Some(bar) = place.take() else { return };
            if let (Stage::Commit, Ok(mut commit)) = (stage, self.commit.lock()) {
                *commit = bar.elapsed();
            }
            bar.finish();
        });
    }
}
