//! For whoever plans a job: what its rows ask of arith.

use ruint::aliases::U256;

use super::CopyEvent;
use super::source::{Fetch, Turn};
use crate::arith::ArithWork;
use crate::bus::CopyStateNative;

impl CopyEvent {
    /// Asks arith for the facts that the row consumes.
    pub fn ask(&self, arith: &mut ArithWork) {
        match self {
            Self::BeginCopy(event) => {
                let state = event.order.begin();
                arith.words(32 * state.index + u64::from(state.shift));
                arith.words(32 * state.place + u64::from(state.target_shift));
            }
            Self::BeginRead(event) => {
                let state = event.order.begin();
                arith.words(32 * state.index + u64::from(state.shift));
            }
            Self::CopyMemory(event) | Self::CopyCode(event) => {
                let (state, count) = (&event.state, Turn::of(&event.state).count);
                let value = cut(arith, state, event.fetched.as_ref());
                if count != 32 {
                    arith.splice(event.old, U256::ZERO, state.target_shift, count as u8, value);
                }
            }
            Self::Hash(event) | Self::Log(event) | Self::Deposit(event) => {
                cut(arith, &event.state, event.fetched.as_ref());
            }
        }
    }
}

/// What a row cuts out of the source, which arith has to know unless it is a whole word or nothing.
fn cut(arith: &mut ArithWork, state: &CopyStateNative, fetched: Option<&Fetch>) -> U256 {
    let turn = Turn::of(state);
    let second = turn.second(state, fetched);
    if turn.slices(state) {
        arith.slice(state.word, second, state.shift, turn.keep as u8);
    }
    turn.result(state, second)
}
