//! Products of words, in columns of 128 bits.
//!
//! A word is four numbers `x0 ... x3` of 64 bits. Column `k` of a product of two collects what counts for `2^(128 k)`:
//! `sum of x_i y_j for i + j = 2k, plus 2^64 times that for i + j = 2k + 1`. It is below 2^195.

use ruint::aliases::U256;
use verbatim_gadgets::expr::Expr;

/// The pairs of limbs whose product counts for `2^(64 sum)`.
fn pairs(sum: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..4).filter_map(move |i| sum.checked_sub(i).filter(|j| *j < 4).map(|j| (i, j)))
}

/// Column `k`, from 0 to 3, with as few products as the limbs of `y` allow.
pub(super) fn column(x: &[Expr; 4], y: &[Expr; 4], k: usize) -> Expr {
    let up = Expr::power_of_two(64);
    let [x0, x1, x2, x3] = x;
    let [y0, y1, y2, y3] = y;
    let (low, middle, high) = (y0 + y1 * &up, y1 + y2 * &up, y2 + y3 * &up);
    match k {
        0 => x0 * low + x1 * (y0 * up),
        1 => x0 * high + x1 * middle + x2 * low + x3 * (y0 * up),
        2 => x1 * y3 + x2 * high + x3 * middle,
        _ => x3 * y3,
    }
}

/// The sum of all products that count for 2^256 and more, whatever for: zero only if the product is below 2^256.
pub(super) fn overflow(x: &[Expr; 4], y: &[Expr; 4]) -> Expr {
    let [_, x1, x2, x3] = x;
    let [_, y1, y2, y3] = y;
    x1 * y3 + x2 * (y2 + y3) + x3 * (y1 + y2 + y3)
}

/// The same as [`column`], outside of the circuit.
pub(super) fn native_column(x: &U256, y: &U256, k: usize) -> U256 {
    let limb = |word: &U256, i: usize| U256::from(word.as_limbs()[i]);
    let diagonal = |sum: usize| pairs(sum).fold(U256::ZERO, |total, (i, j)| total + limb(x, i) * limb(y, j));
    diagonal(2 * k) + (diagonal(2 * k + 1) << 64)
}
