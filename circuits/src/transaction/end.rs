//! The end of a transaction or a system call.
//!
//! **Given** the halt of the transaction's own call, its tally, and what its beginning left.
//! **Proves** what the transaction used: its gas limit, less the gas that its call left, less a refund of at most a fifth if it
//! succeeded (EIP-3529), but no less than the floor (EIP-7623); that the sender got the price of the rest back, and the coinbase the
//! tip for what was used; and what the receipt says. A system call pays nothing and has no receipt.
//!
//! The beginning has guessed whether the call fails, and it is asserted here, as by the return from any call.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | halted, tally: call in row 1 | 1 | of the call that was waited for |
//! | scope | 2 | `clock + writes + 1` if the call failed, else zero |
//! | gas left | 1 | below 2^128: the steps of a call leave this to its end |
//! | rest 1 to 4 is boolean | 2 | |
//! | fifth | 1 | `gas spent = 5 fifth + rest`, both ranged |
//! | refund counter | 2 | that of the tally, or zero if the call failed; not negative |
//! | capped is boolean | 2 | |
//! | cap | 2 | by how much the fifth or the counter is the greater; not negative |
//! | refund | 2 | the lesser |
//! | floored is boolean | 2 | |
//! | floor | 2 | by how much the floor or the gas is the greater; not negative |
//! | used | 2 | the greater |
//! | product: a.lo, b.hi, b.lo in row 1 and 2 | 1 | gas that is left times the price, gas that is used times the tip |
//! | back carry, reward carry is boolean | 2 | |
//! | back, reward: balance hi, lo | 1 | the balances behind the two payments |
//! | account: ... in row 0, 1 | 1, 2 | the two accesses: see the times of the circuit |
//! | cursor: index, clock, gas in row 2 | 1, 2 | the next item |
//! | receipt: success, logs in row 2 | 1, 2 | the logs of a call that failed are none |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Expr, F};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Bool, Counter, Limb, Word};

use ruint::aliases::U256;

use super::change::{self, AccountBefore, Change, Order};
use super::{Layout, next, range};
use crate::bus::{
    AccountJob, Cursor, Halt, HaltNative, Pending, PendingNative, PublicReceipt, Range128, Tally, TallyNative,
};
use crate::payment::Direction;

/// At most one part in so many of what was spent is refunded (EIP-3529).
pub const REFUND_QUOTIENT: u64 = 5;

/// The row of the tally, the sender's product, and the coinbase.
const TALLY_ROW: i16 = 1;
/// The row of the next cursor, the coinbase's product, and the receipt.
const CURSOR_ROW: i16 = 2;

/// The chip.
#[derive(Debug)]
pub struct End {
    halt: Halt,
    pending: Pending,
    tally: Tally,
    fifth: Limb,
    rest: [Bool; 4],
    capped: Bool,
    floored: Bool,
    products: [Word; 2],
    payments: [Change; 2],
}

/// What the end of a transaction is filled from.
#[derive(Clone, Debug)]
pub struct EndEvent {
    /// The halt of its call, or for a creation that of the deposit.
    pub halt: HaltNative,
    /// What its beginning left.
    pub pending: PendingNative,
    /// The last tally of its call.
    pub tally: TallyNative,
    /// The sender at `e`; anything for a system call.
    pub sender: AccountBefore,
    /// The coinbase at `e + 1`; anything for a system call.
    pub coinbase: AccountBefore,
}

impl EndEvent {
    fn spent(&self) -> u64 {
        self.pending.gas_limit.wrapping_add_signed(-self.halt.gas)
    }

    /// Whether the refund is as much as it may be, or what there is to refund; and the refund.
    fn refund(&self) -> (bool, u64) {
        let fifth = F::from(self.spent() / REFUND_QUOTIENT);
        let counter = if self.halt.success { self.tally.refund } else { F::from(0) };
        let capped = counter > fifth;
        let bytes = if capped { fifth } else { counter }.to_bytes();
        (capped, u64::from_le_bytes(std::array::from_fn(|i| bytes[i])))
    }

    /// What the transaction uses in the end.
    pub fn used(&self) -> u64 {
        self.spent().wrapping_sub(self.refund().1).max(self.pending.floor)
    }

    /// When the sender is paid.
    pub fn clock(&self) -> u64 {
        self.halt.clock + 2 + if self.halt.success { 0 } else { self.tally.writes }
    }
}

impl Chip for End {
    type Layout = Layout;
    type Event = EndEvent;
    const NAME: &'static str = "end";
    const HEIGHT: usize = 3;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let halt = chip.receive(&layout.halt, 0);
        let pending = chip.receive(&layout.pending, 0);
        let tally = chip.receive(&layout.tally, TALLY_ROW);
        let accounts = [0, TALLY_ROW].map(|row| change::account(chip, layout, row));
        Self::reserve(chip, layout);
        let failed = halt.success.not();
        chip.require_equal("halted", &pending.halted, &halt.call);
        chip.require_equal("tally: call in row 1", &pending.call, &tally.call);
        chip.require_equal("scope", &pending.scope, &failed * (&halt.clock + &tally.writes + 1));

        let spent = &pending.gas_limit - &halt.gas;
        range(chip, &layout.ranges[0], 0, "gas left", halt.gas.expr());
        let (fifth, rest) = Self::fifth(chip, layout, &spent);
        let counter = range(chip, &layout.ranges[0], TALLY_ROW, "refund counter", &halt.success * &tally.refund);
        let capped = chip.bool("capped", TALLY_ROW);
        range(chip, &layout.ranges[1], TALLY_ROW, "cap", (&capped * F::from(2) - 1) * (&counter - &fifth));
        let refund = chip.store("refund", CURSOR_ROW, capped.select(&fifth, &counter));
        let net = spent - refund;
        let floored = chip.bool("floored", CURSOR_ROW);
        range(
            chip,
            &layout.balance_ranges[0],
            CURSOR_ROW,
            "floor",
            (&floored * F::from(2) - 1) * (&pending.floor - &net),
        );
        let used = chip.store("used", CURSOR_ROW, floored.select(&pending.floor, net));

        let unused = &pending.gas_limit - &used;
        let products = [
            Self::product(chip, layout, TALLY_ROW, unused, &pending.price),
            Self::product(chip, layout, CURSOR_ROW, used.expr(), &pending.tip),
        ];
        let clock = &halt.clock + 2 + &failed * &tally.writes;
        let payments = Self::payments(chip, layout, (&pending, &clock), &accounts, &products);
        Self::leave(chip, layout, (&pending, &halt, &tally), clock, &used);
        Self { halt, pending, tally, fifth, rest, capped, floored, products, payments }
    }

    fn fill(&self, event: &EndEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.halt, &event.halt);
        row.message(&self.pending, &event.pending);
        row.message(&self.tally, &event.tally);
        let spent = event.spent();
        row.set(&self.fifth, u128::from(spent / REFUND_QUOTIENT));
        for (i, flag) in self.rest.iter().enumerate() {
            row.set(flag, spent % REFUND_QUOTIENT > i as u64);
        }
        let ((capped, refund), used) = (event.refund(), event.used());
        row.set(&self.capped, capped);
        row.set(&self.floored, event.pending.floor > spent.wrapping_sub(refund));
        let unused = event.pending.gas_limit.wrapping_sub(used);
        let amounts = [(unused, event.pending.price), (used, event.pending.tip)];
        let amounts = amounts.map(|(gas, price)| U256::from(gas).wrapping_mul(price));
        let records = [&event.sender, &event.coinbase];
        for (i, (payment, product)) in self.payments.iter().zip(&self.products).enumerate() {
            row.set(product, amounts[i]);
            payment.fill(records[i], &amounts[i], row);
        }
    }
}

impl End {
    /// Keeps scratch cells away from slots.
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        for row in [0, TALLY_ROW] {
            layout.ranges.iter().for_each(|slot| drop(chip.peek(slot, row)));
        }
        chip.peek(&layout.balance_ranges[0], CURSOR_ROW);
        chip.peek(&layout.cursor, CURSOR_ROW);
        chip.peek(&layout.receipt, CURSOR_ROW);
        chip.peek(&layout.product, TALLY_ROW);
        chip.peek(&layout.product, CURSOR_ROW);
    }

    /// A fifth of the gas that was spent, and the rest.
    fn fifth(chip: &mut ChipBuilder<'_>, layout: &Layout, spent: &Expr) -> (Limb, [Bool; 4]) {
        let fifth = chip.peek(&layout.ranges[1], 0).value;
        chip.consume(&layout.ranges[1], 0, &Range128 { value: fifth.clone() });
        let rest: [Bool; 4] = std::array::from_fn(|i| chip.bool(&format!("rest {}", i + 1), CURSOR_ROW));
        let sum: Expr = rest.iter().map(Bool::expr).sum();
        chip.require_equal("fifth", &fifth * F::from(REFUND_QUOTIENT) + sum, spent);
        (fifth, rest)
    }

    /// `gas * price`, which is at most what the sender was charged and so below 2^256.
    fn product(chip: &mut ChipBuilder<'_>, layout: &Layout, row: i16, gas: Expr, price: &Word) -> Word {
        let cells = chip.peek(&layout.product, row);
        let a = Word { lo: Limb::assume(gas, "between zero and the gas limit"), ..cells.a.clone() };
        let product = crate::bus::Alu { a, b: price.clone(), ..cells.clone() };
        chip.consume(&layout.product, row, &product);
        cells.result
    }

    /// The sender gets back what is left, the coinbase its tip.
    fn payments(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        (pending, clock): (&Pending, &Expr),
        accounts: &[AccountJob; 2],
        products: &[Word; 2],
    ) -> [Change; 2] {
        let who = [("back", 0, &pending.sender), ("reward", TALLY_ROW, &pending.coinbase)];
        let mut parts = who.into_iter().zip(accounts).zip(products);
        std::array::from_fn(|_| {
            let (((label, row, address), record), product) = parts.next().expect("two of each");
            let order = Order {
                row,
                flag: pending.system.not(),
                clock: clock + u64::from(row.unsigned_abs()),
                address: address.expr(),
                nonce: Expr::zero(),
                warm: Some(&pending.call - 1),
                undo: Order::stays(),
            };
            Change::build(chip, layout, (label, CURSOR_ROW), (record, order), (Direction::In, product))
        })
    }

    /// The next item, and the receipt.
    fn leave(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        (pending, halt, tally): (&Pending, &Halt, &Tally),
        clock: Expr,
        used: &Any,
    ) {
        let pays = pending.system.not();
        let after = Cursor {
            index: next(&pending.index),
            clock: Counter::assume(clock + 2, "a few ticks"),
            gas: Counter::assume(&pending.used + &pays * used, "at most the gas limit more"),
        };
        chip.send(&layout.cursor, CURSOR_ROW, &after);
        // Index and gas stand in the cursor's cells.
        let receipt = PublicReceipt {
            success: halt.success.clone(),
            logs: Counter::assume(&halt.success * &tally.logs, "a counter or zero"),
            ..chip.peek(&layout.receipt, CURSOR_ROW)
        };
        chip.send_if(&layout.receipt, CURSOR_ROW, &pays, &receipt);
    }
}
