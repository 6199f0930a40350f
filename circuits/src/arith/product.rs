//! Products of words, in columns of 128 bits.
//!
//! A word is four numbers `x0 ... x3` of 64 bits. Column `k` of a product of two collects what counts for `2^(128 k)`:
//! `sum of x_i y_j for i + j = 2k, plus 2^64 times that for i + j = 2k + 1`. It is below 2^195.

use ruint::aliases::U256;
use verbatim_gadgets::expr::Expr;

fn pairs(sum: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..4).filter_map(move |i| sum.checked_sub(i).filter(|j| *j < 4).map(|j| (i, j)))
}

/// Column `k`, from 0 to 3.
pub(super) fn column(x: &[Expr; 4], y: &[Expr; 4], k: usize) -> Expr {
    let diagonal = |sum: usize| -> Expr { pairs(sum).map(|(i, j)| &x[i] * &y[j]).sum() };
    if k == 3 { diagonal(6) } else { diagonal(2 * k) + diagonal(2 * k + 1) * Expr::power_of_two(64) }
}

/// The sum of all products that count for 2^256 and more, whatever for: zero only if the product is below 2^256.
pub(super) fn overflow(x: &[Expr; 4], y: &[Expr; 4]) -> Expr {
    (4..7).flat_map(pairs).map(|(i, j)| &x[i] * &y[j]).sum()
}

/// The same as [`column`], outside of the circuit.
pub(super) fn native_column(x: &U256, y: &U256, k: usize) -> U256 {
    let limb = |word: &U256, i: usize| U256::from(word.as_limbs()[i]);
    let diagonal = |sum: usize| pairs(sum).fold(U256::ZERO, |total, (i, j)| total + limb(x, i) * limb(y, j));
    diagonal(2 * k) + (diagonal(2 * k + 1) << 64)
}
