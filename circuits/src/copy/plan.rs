//! From an order to the rows that serve it.

use ruint::aliases::U256;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::value::{from_u128, split};

use super::begin_copy::{BeginCopyEvent, CopyOrder};
use super::begin_read::{BeginReadEvent, ReadOrder};
use super::cut::paste;
use super::source::{Fetch, ReadEvent, Turn};
use super::write::WriteEvent;
use super::{CopyEvent, Kind};
use crate::bus::CopyStateNative;

/// A job.
#[derive(Clone, Debug)]
pub enum Order {
    /// Bytes go to memory.
    Copy(CopyOrder),
    /// Bytes are read only.
    Read(ReadOrder),
}

/// What the rows of a job touch, as whoever executes the block keeps it: the words of memory, each with the time of its
/// last access, and the codes.
pub trait Shadow {
    /// Reads the word `index` of the memory of `call` at `clock`, which is now the time of its last access. The gap is
    /// `clock - 1` less the time before; where that is 2^16 or more, or the word's access is not earlier, refreshing it first
    /// is the shadow's affair.
    fn read(&mut self, call: u64, index: u64, clock: u64) -> Fetch;

    /// As [`read`](Self::read), for a word that `change` replaces.
    fn write(&mut self, call: u64, index: u64, clock: u64, change: &mut dyn FnMut(U256) -> U256) -> Fetch;

    /// The word `index` of the code `hash`.
    fn code(&mut self, hash: &[F; 2], index: u64) -> U256;
}

/// The limbs of a word as field elements, the high one first.
pub(super) fn limbs(word: &U256) -> [F; 2] {
    let (hi, lo) = split(word);
    [from_u128(hi), from_u128(lo)]
}

/// The rows that serve `order`, whose length is not zero. All words of the source are read before any is written.
pub fn plan(order: &Order, shadow: &mut impl Shadow) -> Vec<CopyEvent> {
    let mut state = match order {
        Order::Copy(order) => order.begin(),
        Order::Read(order) => order.begin(),
    };
    let mut events = Vec::new();
    let first = (state.available > 0).then(|| fetch(shadow, &state, state.index));
    state.word = first.map_or(U256::ZERO, |fetch| fetch.value);
    events.push(match order {
        Order::Copy(order) => CopyEvent::BeginCopy(BeginCopyEvent { order: order.clone(), first }),
        Order::Read(order) => {
            CopyEvent::BeginRead(BeginReadEvent { order: order.clone(), first: first.unwrap_or_default() })
        }
    });
    let mut rows = Vec::new();
    loop {
        let turn = Turn::of(&state);
        let fetched = turn.fetches.then(|| fetch(shadow, &state, state.index + 1));
        let next = (!turn.last).then(|| turn.next(&state, turn.second(&state, fetched.as_ref())));
        rows.push(ReadEvent { state, fetched });
        match next {
            None => break,
            Some(next) => state = next,
        }
    }
    events.extend(rows.into_iter().map(|row| match order {
        Order::Copy(_) => write(shadow, row),
        Order::Read(ReadOrder::Hash(_)) => CopyEvent::Hash(row),
        Order::Read(ReadOrder::Log(_)) => CopyEvent::Log(row),
        Order::Read(ReadOrder::Deposit(_)) => CopyEvent::Deposit(row),
    }));
    events
}

fn fetch(shadow: &mut impl Shadow, state: &CopyStateNative, index: u64) -> Fetch {
    if state.kind == Kind::Code as u8 {
        Fetch { value: shadow.code(&state.name, index), gap: 0 }
    } else {
        shadow.read(state.source, index, state.clock)
    }
}

fn write(shadow: &mut impl Shadow, row: ReadEvent) -> CopyEvent {
    let ReadEvent { state, fetched } = row;
    let turn = Turn::of(&state);
    let result = turn.result(&state, turn.second(&state, fetched.as_ref()));
    let mut change = |old| paste(old, result, u64::from(state.target_shift), turn.count);
    let Fetch { value: old, gap } = shadow.write(state.target, state.place, state.clock + 1, &mut change);
    let code = state.kind == Kind::Code as u8;
    let event = WriteEvent { state, fetched, old, gap };
    if code { CopyEvent::CopyCode(event) } else { CopyEvent::CopyMemory(event) }
}
