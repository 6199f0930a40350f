//! Progress bars.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use verbatim_prover::progress::{Progress, Stage};

/// A bar on standard error for each stage; nothing where standard error is no terminal.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    fn with(&self, action: impl FnOnce(&mut Option<ProgressBar>)) {
        if let Ok(mut bar) = self.bar.lock() {
            action(&mut bar);
        }
    }
}

/// A bar of `total` units.
pub(crate) fn bar(name: &'static str, total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>9} {bar:40} {pos}/{len}  {elapsed_precise}, {eta_precise} left");
    let bar = ProgressBar::new(total as u64).with_prefix(name);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A sign of life for work that has no units.
pub(crate) fn spinner(doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(doing);
    bar.enable_steady_tick(std::time::Duration::from_millis(250));
    match ProgressStyle::with_template("{spinner} {msg}  {elapsed_precise}") {
        Ok(style) => bar.with_style(style),
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
        self.with(|place| {
            let bar = bar(name, total);
            bar.enable_steady_tick(std::time::Duration::from_millis(250));
            *place = Some(bar);
        });
    }

    fn advanced(&self, _: Stage) {
        self.with(|bar| bar.iter().for_each(|bar| bar.inc(1)));
    }

    fn finished(&self, _: Stage) {
        self.with(|bar| bar.take().iter().for_each(|bar| bar.finish()));
    }
}
