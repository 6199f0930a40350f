//! Keccak-f\[1600\] and the sponge.
//!
//! Three circuits. [`KeccakWork`] gathers inputs while the other circuits are filled, and makes their sheets.
//!
//! | circuit | a window | provides | receives and consumes | main + auxiliary + fixed columns |
//! |---|---|---|---|---|
//! | `keccak` | a batch of [`SLICES`](layout::SLICES) permutations | [`Permutation`] | [`KeccakTable`] | 39 + 15 + 9 |
//! | `keccak sponge` | a block of 136 bytes, 17 rows | [`ShortHash`] | [`HashLane`], [`HashEnd`], [`Permutation`], [`AndBytes`] | 37 + 6 + 4 |
//! | `keccak tables` | an entry | [`KeccakTable`] | | 1 + 2 + 5 |
//!
//! # The permutation: bits of several permutations in one cell
//!
//! A cell holds the same bit of six permutations as digits to the base 16. Linear functions of bits are then sums of cells, and a function of
//! the sum's digits is one lookup for all six. Two choices make it cheap:
//!
//! - *Rotations are free.* A lane's 64 bits stand in 64 *turns*, `2^(k-6)` rows apart, and rows wrap around at `2^k` as bits do at 64. So a rotation
//!   by `r` bits is a rotation of the column by `r` turns ([`layout`]): no flag for the wrap, and no cell for the rotated bit. To the verifier a turn is the same
//!   64th root of unity for every `k`.
//! - *Theta is folded into chi.* The state is held with theta applied. Chi's lookup adds the next round's theta bits `d` to what it computes:
//!   `a xor (not b and c) xor d` is a function of `2 (a + d) + b - c`, which takes seven values. That the `d` are theta's is then shown by the
//!   evenness of a sum of 13 bits ([`theta`]), of which seven values are even.
//!
//! So a row, one bit position of one round, takes 25 cells of state, 5 of theta, 26 lookups for chi and iota, 5 for evenness, and 3 to
//! show that theta's digits are bits. 25 rows make a permutation: 24 rounds and the output. Lanes enter and leave in columns beside them, a lane in
//! each of the 25 rows, through bytes whose bits a table spreads out ([`mod@bytes`], [`transpose`]).
//!
//! # Why not otherwise
//!
//! Cells, main and auxiliary, for a permutation without lanes in and out; `n` permutations in a cell; the table's size is what bounds `n`:
//!
//! | variant | digits looked up | `n` | table | cells |
//! |---|---|---|---|---|
//! | 64 rows a round with flags for wraps, theta by its own table, chi on `5 a' + 2 b' + c'` of unreduced sums | 17 (the least: searched over all forms with coefficients to 7) | 4 | `17^4`, k = 17 | 26,000 |
//! | the same with turns | 17 | 4 | k = 17 | 15,700 |
//! | turns, theta reduced by lookups of its own, chi on `2 a + b - c` | 6 and 5 | 6 | `6^6`, k = 16 | 20,000 |
//! | turns, theta's column parities in chi: `2 (a + c + c') + b - c` | 9 and 5 | 5 | `9^5`, k = 16 | 13,400 |
//! | **turns, theta's bits in chi** | 7 and 7 | 6 | `2 * 7^6`, k = 18 | 11,500 |
//! | the same | 7 and 7 | 5 | `2 * 7^5`, k = 16 | 13,800 |
//!
//! With lanes in and out it is 14,400 for six and 17,300 for five ([`SLICES`](layout::SLICES) is one constant), before what a shard leaves unused:
//! a tenth at k = 16, 2 percent at k = 18. A block of the sponge adds 731. Halo2's prover takes 0.19 CPU-seconds for a permutation at k = 16
//! (`tests/keccak_proof.rs`). The tables are estimated at a hundred permutations' cost for k = 18 and a quarter of that for k = 16, so five would pay for blocks with
//! fewer than a few hundred permutations, and six for all others.
//!
//! Bits could also move between `keccak` and a circuit for lanes as messages, one for each bit position; but then something must keep the positions of one batch together, a
//! chain of batch numbers; and it costs as much. Blocks of one input could follow each other in the same digit, which would save two columns of bytes; but
//! then an input ties batches together over all shards. So permutations are facts, each by itself.
//!
//! # Ranges
//!
//! By induction over the rows of a batch, every digit of `state` and `theta` is a bit: `state`'s are outputs of tables (`xor` in the first row,
//! chi elsewhere), `theta`'s are looked up as they are. Every sum that is looked up adds at most 13 bits, and the base is 16, so its digits
//! are these sums, and a table's entries, which are listed one by one and not computed from digits, hold nothing else. Outside of batches
//! cells are read by nobody but the lookup `xor`.

#[cfg(doc)]
use crate::bus::{AndBytes, HashEnd, HashLane, KeccakTable, Permutation, ShortHash};

pub mod absorb;
pub mod block;
pub mod bytes;
pub mod frame;
pub mod lane;
pub mod lanes;
pub mod layout;
pub mod link;
pub mod permutations;
pub mod reference;
pub mod round;
pub mod sponge_layout;
pub mod tables;
pub mod theta;
pub mod transpose;
pub mod work;

pub use work::{KeccakSheets, KeccakWork, SHORT_LENGTH};

#[cfg(test)]
mod sponge_tests;
#[cfg(test)]
mod tests;
