//! Every case of SSTORE's gas and refund.

use ruint::aliases::U256;

use crate::fixture::{Case, SSTORE, TRANSACTION, word};

/// A case of a write: three values, whether the slot is warm, and what follows.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    pub(crate) original: U256,
    pub(crate) value: U256,
    pub(crate) new: U256,
    pub(crate) warm: bool,
    pub(crate) gas: i64,
    pub(crate) refund: i64,
}

/// Gas and refund by the words of the EIPs: EIP-2200's cases with the numbers of EIP-2929 and EIP-3529.
fn by_the_eip(original: U256, value: U256, new: U256, warm: bool) -> (i64, i64) {
    let cold = if warm { 0 } else { 2100 };
    let zero = U256::ZERO;
    if value == new {
        return (cold + 100, 0);
    }
    if original == value {
        let refund = if original != zero && new == zero { 4800 } else { 0 };
        return (cold + if original == zero { 20_000 } else { 2900 }, refund);
    }
    let mut refund = 0;
    if original != zero {
        if value == zero {
            refund -= 4800;
        } else if new == zero {
            refund += 4800;
        }
    }
    if original == new {
        refund += if original == zero { 20_000 - 100 } else { 5000 - 2100 - 100 };
    }
    (cold + 100, refund)
}

/// All combinations of four values, which differ in one limb, in the other, or in both; a cold slot's original value is its
/// value.
pub(crate) fn prices() -> Vec<Price> {
    let words = [U256::ZERO, word(1, 0), word(0, 1), word(1, 1)];
    let mut prices = Vec::new();
    for choice in 0..64 {
        let [original, value, new] = [choice / 16, choice / 4 % 4, choice % 4].map(|index: usize| words[index]);
        for warm in [true, false] {
            if warm || original == value {
                let (gas, refund) = by_the_eip(original, value, new, warm);
                prices.push(Price { original, value, new, warm, gas, refund });
            }
        }
    }
    prices
}

/// The step of such a write. A cold slot's record holds another original value, of an earlier transaction.
pub(crate) fn written(price: &Price) -> Case {
    let Price { original, value, new, warm, gas, refund } = price.clone();
    let (warm, original) = if warm { (TRANSACTION, original) } else { (TRANSACTION - 1, word(8, 8)) };
    Case { original, value, new, warm, cost: gas, refund, reverted: refund == 0, ..Case::new(SSTORE) }
}

#[test]
fn every_write_costs_and_refunds_what_the_eips_say() {
    let prices = prices();
    assert_eq!(prices.len(), 64 + 16);
    for price in prices {
        let case = written(&price);
        let left = case.world().unbalanced(&[&case.grid()]);
        assert!(left.is_empty(), "{price:?}: {left:#?}");
    }
}

/// The examples of EIP-3529 (those of EIP-2200 with new numbers): writes to one slot of a transaction, what they use in all,
/// without the pushes of operands, and what they refund.
#[test]
fn the_table_of_eip_3529() {
    let table: [(&[u64], i64, i64); 17] = [
        (&[0, 0, 0], 200, 0),
        (&[0, 0, 1], 20_100, 0),
        (&[0, 1, 0], 20_100, 19_900),
        (&[0, 1, 2], 20_100, 0),
        (&[0, 1, 1], 20_100, 0),
        (&[1, 0, 0], 3000, 4800),
        (&[1, 0, 1], 3000, 2800),
        (&[1, 0, 2], 3000, 0),
        (&[1, 2, 0], 3000, 4800),
        (&[1, 2, 3], 3000, 0),
        (&[1, 2, 1], 3000, 2800),
        (&[1, 2, 2], 3000, 0),
        (&[1, 1, 0], 3000, 4800),
        (&[1, 1, 2], 3000, 0),
        (&[1, 1, 1], 200, 0),
        (&[0, 1, 0, 1], 40_100, 19_900),
        (&[1, 0, 1, 0], 5900, 7600),
    ];
    for (values, gas, refund) in table {
        let original = U256::from(values[0]);
        let mut sum = (0, 0);
        for pair in values.windows(2) {
            let (value, new) = (U256::from(pair[0]), U256::from(pair[1]));
            let (cost, refund) = by_the_eip(original, value, new, true);
            let case = written(&Price { original, value, new, warm: true, gas: cost, refund });
            case.world().holds(&[&case.grid()]);
            sum = (sum.0 + cost, sum.1 + refund);
        }
        assert_eq!(sum, (gas, refund), "{values:?}");
    }
}

/// SOUNDNESS class 35: words that differ by the field's prime, or by a multiple of it, are not equal.
#[test]
fn class_35_equality_is_not_modulo_the_prime() {
    let prime =
        U256::from_limbs([0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029]);
    for times in 1..=4u64 {
        let (value, new) = (word(1, 1), word(1, 1) + prime * U256::from(times));
        for (original, value, new) in [(value, value, new), (new, value, new), (new, value, U256::ZERO)] {
            let (gas, refund) = by_the_eip(original, value, new, true);
            let case = written(&Price { original, value, new, warm: true, gas, refund });
            case.world().holds(&[&case.grid()]);
        }
    }
}
