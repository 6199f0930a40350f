//! Wall and processor time of a piece of work.

use std::{
    iter::Sum,
    ops::{Add, AddAssign},
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// What a piece of work cost.
///
/// `cpu` is the processor time of the whole process (all threads, user and system), so that it is the work's own only
/// while nothing else runs in the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Elapsed time.
    pub wall: Duration,
    /// Processor time.
    pub cpu: Duration,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

/// Started at the beginning of a piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    /// Starts counting.
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: process_cpu_time() }
    }

    /// The cost since [`Clock::start`].
    pub fn cost(&self) -> Cost {
        Cost { wall: self.wall.elapsed(), cpu: process_cpu_time().saturating_sub(self.cpu) }
    }
}

/// User and system time of the process since it began.
fn process_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
