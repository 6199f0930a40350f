//! The permutation over field elements, as the paper defines it.

use verbatim_gadgets::expr::F;

use super::constants::{State, constants, mix};
use super::{FULL_ROUNDS, PARTIAL_ROUNDS};

/// The state behind the permutation.
pub fn permute(state: &State) -> State {
    let constants = constants();
    let mut state = *state;
    for (round, added) in constants.rounds.iter().enumerate() {
        state.iter_mut().zip(added).for_each(|(element, constant)| *element += constant);
        let full = !(FULL_ROUNDS / 2..FULL_ROUNDS / 2 + PARTIAL_ROUNDS).contains(&round);
        let boxes = if full { state.len() } else { 1 };
        state[..boxes].iter_mut().for_each(|element| *element = power_5(*element));
        state = mix(&constants.mds, &state);
    }
    state
}

fn power_5(x: F) -> F {
    let square = x * x;
    square * square * x
}
