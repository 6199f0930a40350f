//! What differs from fork to fork, as data: which opcodes exist, what they cost, and which chip executes them.

use serde::{Deserialize, Serialize};

/// A fork of Ethereum's execution layer that blocks can be proven under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fork {
    /// From block 17,034,870.
    Shanghai = 1,
    /// From block 19,426,587.
    Cancun = 2,
    /// From block 22,431,084.
    Prague = 3,
    /// From block 23,935,694.
    Osaka = 4,
}
