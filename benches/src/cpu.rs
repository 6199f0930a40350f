//! Processor time as what criterion measures: on a machine with other work it says more than elapsed time.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use verbatim_prover::clock::Clock;

/// The processor time of the process, user and system, of all its threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Clock;
    type Value = Duration;

    fn start(&self) -> Clock {
        Clock::start()
    }

    fn end(&self, clock: Clock) -> Duration {
        clock.cost().cpu
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        // Both are nanoseconds.
        WallTime.formatter()
    }
}
