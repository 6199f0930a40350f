//! The beginning of a transaction or a system call.
//!
//! **Given** the cursor, the transaction that the verifier sent under its index, and the block's coinbase.
//! **Proves** that the sender, who has no code but a delegation, had the nonce, which grew by one, and could pay, and paid, what the transaction
//! may cost; that sender, recipient, coinbase and the entries of the access list are warm; that the value has gone from the
//! sender to the recipient; and that the transaction's own call begins with the recipient's code, or a creation's input.
//!
//! A system call has no payment, and no coinbase. A creation requires its account to have neither nonce nor code, and
//! gives it the nonce 1 in its call's scope.
//!
//! Whether the call fails is a guess, as for every call: the end asserts it.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | sender's nonce | 1 | the transaction's |
//! | upfront borrow is boolean | 2 | |
//! | upfront: hi, upfront: lo | 1 | the balance less what the sender must have, both limbs ranged |
//! | pay carry, out carry, in carry is boolean | 2 | |
//! | pay, out, in: balance hi, lo | 1 | the balances behind the three payments |
//! | sender delegates is boolean | 2 | |
//! | sender has no code: hi, lo | 2 | EIP-3607: unless it is a delegation |
//! | high part: ... (3) | 2 | whether the recipient is below 2^128 |
//! | low is boolean | 2 | |
//! | low addresses are looked at | 3 | a recipient from 1 to 2^128 is low |
//! | behind the precompiles | 2 | a low recipient is 18 or more |
//! | not P256VERIFY | 2 | the recipient is not 256 |
//! | account to create: nonce, code hi, code lo | 2 | absent |
//! | code: hi, code: lo | 2 | the recipient's, unless it is a creation |
//! | delegated: ... (3), not delegated | 2 | the recipient's code does not begin with 0xef |
//! | free: ... (3) | 2 | whether there is no value |
//! | succeeds: ... (3) | 2 | whether the call's scope has no end |
//! | reverted | 1 | the opposite |
//! | input of the call | 2 | a creation's call has none |
//! | arrives | 2 | an account is written to: value arrives, or it is created |
//! | account: ... in row 0 to 4 | 1, 2 | the five accesses: see the times of the circuit |
//! | environment 0, environment 4: ... in row 1 to 4 | 1 | the coinbase, and the call's and the transaction's environment |
//! | access: ... in row 2, 4 | 1 | the access list, from its first place to behind its last |
//! | tally: ... in row 2 | 1 | the writes of the transfer |
//! | pending: ... in row 3 | 1 | for the end |
//! | transaction clock: ... in row 4, code length: length in row 4 | 1 | for the input |
//! | creation: call in row 4 | 1 | for the deposit |

use ruint::aliases::U256;
use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::{Cell, Expr};
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Address, Any, Bool, Byte, Counter, Word, split};

use super::change::{self, AccountBefore, Change, Order, Touch};
use super::{Layout, address, range};
use crate::bus::{
    Access, AccountJob, Code, CodeLength, CodeNative, Context, Creation, Cursor, CursorNative, Environment, Pending,
    PublicTransaction, PublicTransactionNative, Tally, TransactionClock,
};
use crate::light::TRANSACTION;
use crate::payment::Direction;
use crate::schedule::{BEHIND_PRECOMPILES, P256_VERIFY};
use crate::state::EMPTY_CODE;

const ADDRESS: u8 = 0x30;
const ORIGIN: u8 = 0x32;
const CALLER: u8 = 0x33;
const CALL_VALUE: u8 = 0x34;
const CALL_DATA_SIZE: u8 = 0x36;
const GAS_PRICE: u8 = 0x3a;
const COINBASE: u8 = 0x41;

/// With which byte a delegation begins, and no other code.
const DELEGATION: u64 = 0xef;

/// The row of the tally and of the first place of the access list; of the coinbase.
const TALLY_ROW: i16 = 2;
/// The row of what waits for the end; of the sender whose value leaves.
const PENDING_ROW: i16 = 3;
/// The row of the last place of the access list and of the transaction's clock; of the recipient at whom value arrives.
const CLOCK_ROW: i16 = 4;

/// The chip.
#[derive(Debug)]
pub struct Begin {
    cursor: Cursor,
    public: PublicTransaction,
    code: Code,
    scope: Counter,
    coinbase: Environment,
    delegate: Address,
    borrow: Bool,
    delegates: Bool,
    low: Bool,
    pay: Change,
    /// Of the recipient and the coinbase.
    touches: [Touch; 2],
    transfer: [Change; 2],
}

/// What the beginning of a transaction is filled from.
#[derive(Clone, Debug)]
pub struct BeginEvent {
    /// The cursor. Its clock names the transaction; one more names its call.
    pub cursor: CursorNative,
    /// The verifier's message.
    pub public: PublicTransactionNative,
    /// How the code that runs begins: the recipient's, or the input of a creation.
    pub code: CodeNative,
    /// The time at which the call has been undone, if it fails: the clock of its end, and its writes, and one. Zero if it
    /// succeeds.
    pub scope: u64,
    /// The block's coinbase.
    pub coinbase: U256,
    /// The account that the sender's code names, if it is a delegation.
    pub delegate: Option<U256>,
    /// The sender at `t`; anything for a system call.
    pub sender: AccountBefore,
    /// The recipient, or the account to create, at `t + 1`.
    pub recipient: AccountBefore,
    /// The coinbase at `t + 2`; anything for a system call.
    pub coinbase_account: AccountBefore,
    /// The sender at `s`; anything if there is no value.
    pub source: AccountBefore,
    /// The recipient at `s + 1`; anything if there is no value, unless it is a creation.
    pub target: AccountBefore,
}

impl Chip for Begin {
    type Layout = Layout;
    type Event = BeginEvent;
    const NAME: &'static str = "begin";
    const HEIGHT: usize = 5;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let cursor = chip.receive(&layout.cursor, 0);
        let public = chip.receive(&layout.transaction, 0);
        let accounts: Vec<AccountJob> = (0..=CLOCK_ROW).map(|row| change::account(chip, layout, row)).collect();
        Self::reserve(chip, layout);
        let code = chip.learn(&layout.code, 1);
        let context = chip.peek(&layout.context, 0);
        let parts = Parts { cursor, public, context };

        let [borrow, delegates] = Self::upfront(chip, layout, &parts, &accounts[0]);
        let low = Self::not_precompile(chip, layout, &parts);
        Self::code(chip, &parts, &accounts, &code);
        let scope = parts.context.scope.clone();
        let free = chip.is_zero("free", 1, &parts.public.value.hi + &parts.public.value.lo);
        Self::context(chip, layout, &parts);
        let paid = free.not();
        let create = &parts.public.create;
        let arrives = chip.store_bool("arrives", CLOCK_ROW, &or(&paid, create));

        let coinbase = Self::environment(chip, layout, &parts);
        let delegate = chip.peek(&layout.delegation, 0).address;
        let (pay, touches) = Self::own_accesses(chip, layout, &parts, &accounts, &coinbase);
        let transfer = Self::transfer(chip, layout, &parts, &accounts, (&paid, &arrives));
        Self::access_list(chip, layout, &parts);
        Self::tally(chip, layout, &parts, &paid + &arrives);
        Self::pending(chip, layout, &parts, &coinbase);
        Self::clock(chip, layout, &parts, &code);
        let creation = Creation { call: parts.context.call.clone(), ..chip.peek(&layout.creation, CLOCK_ROW) };
        // The account is that of the row, at which value arrives.
        chip.send_if(&layout.creation, CLOCK_ROW, create, &creation);
        let Parts { cursor, public, .. } = parts;
        Self { cursor, public, code, scope, coinbase, delegate, borrow, delegates, low, pay, touches, transfer }
    }

    fn fill(&self, event: &BeginEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.cursor, &event.cursor);
        row.message(&self.public, &event.public);
        row.message(&self.code, &event.code);
        row.set(&self.scope, event.scope);
        row.set(&self.coinbase.value, event.coinbase);
        let ((_, balance), (_, upfront)) = (split(&event.sender.balance), split(&event.public.upfront));
        row.set(&self.borrow, balance < upfront);
        row.set(&self.delegates, event.delegate.is_some());
        if let Some(delegate) = event.delegate {
            row.set(&self.delegate, delegate);
        }
        let (hi, lo) = split(&event.public.to);
        row.set(&self.low, hi == 0 && lo != 0);
        self.pay.fill(&event.sender, &event.public.charge, row);
        let [recipient, coinbase] = &self.touches;
        recipient.fill(&event.recipient, row);
        coinbase.fill(&event.coinbase_account, row);
        let [source, target] = &self.transfer;
        source.fill(&event.source, &event.public.value, row);
        target.fill(&event.target, &event.public.value, row);
    }
}

/// What the rest is made of.
#[derive(Debug)]
struct Parts {
    cursor: Cursor,
    public: PublicTransaction,
    /// The call's, as the slot has it.
    context: Context,
}

fn or(a: &Bool, b: &Bool) -> Bool {
    Bool::assume(a + b - a * b, "a disjunction")
}

impl Begin {
    /// Keeps scratch cells away from slots.
    fn reserve(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        chip.peek(&layout.exec, 0);
        chip.peek(&layout.context, 0);
        chip.peek(&layout.delegation, 0);
        for row in 1..=CLOCK_ROW {
            layout.facts.iter().for_each(|slot| drop(chip.peek(slot, row)));
        }
        layout.ranges.iter().for_each(|slot| drop(chip.peek(slot, 1)));
        chip.peek(&layout.ranges[0], TALLY_ROW);
        chip.peek(&layout.tally, TALLY_ROW);
        chip.peek(&layout.access, TALLY_ROW);
        chip.peek(&layout.pending, PENDING_ROW);
        chip.peek(&layout.access, CLOCK_ROW);
        chip.peek(&layout.clock, CLOCK_ROW);
        chip.peek(&layout.code_length, CLOCK_ROW);
        chip.peek(&layout.creation, CLOCK_ROW);
    }

    /// The sender has what the transaction asks for, and its nonce, and no code.
    fn upfront(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts, sender: &AccountJob) -> [Bool; 2] {
        let PublicTransaction { system, nonce, upfront, .. } = &parts.public;
        chip.require_equal("sender's nonce", &sender.nonce, nonce);
        let delegates = chip.bool("sender delegates", 1);
        chip.learn_if(&layout.delegation, 0, &delegates);
        let (empty, plain) = (Word::constant(EMPTY_CODE), system.not() - &delegates);
        for (limb, code, none) in [("hi", &sender.code.hi, empty.hi), ("lo", &sender.code.lo, empty.lo)] {
            chip.require_zero(format!("sender has no code: {limb}"), &plain * (code - none));
        }
        let borrow = chip.bool("upfront borrow", PENDING_ROW);
        let hi = &sender.balance.hi - &upfront.hi - &borrow;
        let lo = &sender.balance.lo - &upfront.lo + &borrow * Expr::power_of_two(128);
        for (slot, (limb, left)) in layout.ranges.iter().zip([("hi", hi), ("lo", lo)]) {
            range(chip, slot, 1, &format!("upfront: {limb}"), left);
        }
        [borrow, delegates]
    }

    /// The recipient is no precompile: those run no code.
    fn not_precompile(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts) -> Bool {
        let to = &parts.public.to;
        let hi_is_zero = chip.is_zero("high part", 1, &to.hi);
        let low = chip.bool("low", TALLY_ROW);
        chip.require_zero("low addresses are looked at", low.not().expr() * &hi_is_zero * &to.lo);
        range(chip, &layout.ranges[0], TALLY_ROW, "behind the precompiles", &low * (&to.lo - BEHIND_PRECOMPILES));
        let inverse = chip.any(TALLY_ROW).expr();
        let distance = &parts.context.address - P256_VERIFY;
        chip.derive_inverse(inverse.as_cell().expect("a scratch cell"), distance.clone());
        chip.require_equal("not P256VERIFY", distance * inverse, Expr::one());
        low
    }

    /// The code that runs, which is no delegation; a creation finds no account.
    fn code(chip: &mut ChipBuilder<'_>, parts: &Parts, accounts: &[AccountJob], code: &Code) {
        let (create, recipient) = (&parts.public.create, &accounts[1]);
        let calls = create.not();
        let empty = Word::constant(EMPTY_CODE);
        let limbs =
            [("hi", &code.hash.hi, &recipient.code.hi, empty.hi), ("lo", &code.hash.lo, &recipient.code.lo, empty.lo)];
        for (limb, code, own, none) in limbs {
            chip.require_equal_if(format!("code: {limb}"), &calls, code, own);
            chip.require_equal_if(format!("account to create: code {limb}"), create, own, none);
        }
        chip.require_zero("account to create: nonce", create * &recipient.nonce);
        let delegated = chip.is_zero("delegated", CLOCK_ROW, &code.opcode - DELEGATION);
        chip.require_zero("not delegated", delegated.and(&calls));
    }

    /// The context of the call, and its first state.
    fn context(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts) {
        let context = &parts.context;
        let succeeds = chip.is_zero("succeeds", 1, &context.scope);
        chip.define("reverted", cell(&context.reverted), succeeds.not());
        let length = parts.public.create.not() * &parts.public.input_length;
        chip.define("input of the call", cell(&context.input_length), length);
        let multiplicity = chip.multiplicity(TALLY_ROW);
        chip.provide(&layout.context, 0, multiplicity, context);
        let exec = chip.peek(&layout.exec, 0);
        chip.send(&layout.exec, 0, &exec);
    }

    /// The environment of the call and of the transaction. Answers the block's coinbase.
    fn environment(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts) -> Environment {
        let [a, b] = &layout.facts;
        let (call, transaction) = (&parts.context.call, &parts.cursor.clock);
        let size = Word::from_low(&parts.context.input_length);
        let time = Word::from_low(transaction);
        let pseudo = u8::try_from(TRANSACTION).expect("a byte");
        let PublicTransaction { sender, to, value, price, .. } = &parts.public;
        let provided = [
            (b, 1, call, ADDRESS, to),
            (a, TALLY_ROW, call, CALLER, sender),
            (b, TALLY_ROW, call, CALL_VALUE, value),
            (a, PENDING_ROW, call, CALL_DATA_SIZE, &size),
            (b, PENDING_ROW, call, pseudo, &time),
            (a, CLOCK_ROW, transaction, ORIGIN, sender),
            (b, CLOCK_ROW, transaction, GAS_PRICE, price),
        ];
        for (slot, row, owner, opcode, value) in provided {
            let multiplicity = chip.multiplicity(row);
            let fact = Environment { owner: owner.clone(), opcode: Byte::constant(opcode), value: value.clone() };
            chip.provide(slot, row, multiplicity, &fact);
        }
        let value = chip.peek(a, 1).value;
        let coinbase = Environment { owner: Counter::constant(0), opcode: Byte::constant(COINBASE), value };
        chip.consume(a, 1, &coinbase);
        coinbase
    }

    /// The accesses that are never undone: the sender pays, recipient and coinbase are touched.
    fn own_accesses(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        parts: &Parts,
        accounts: &[AccountJob],
        coinbase: &Environment,
    ) -> (Change, [Touch; 2]) {
        let pays = parts.public.system.not();
        let order = |row: u64, flag: &Bool, address: Expr, nonce: u64| Order {
            row: row as i16,
            flag: flag.clone(),
            clock: &parts.cursor.clock + row,
            address,
            nonce: nonce.into(),
            warm: Some(parts.cursor.clock.expr()),
            undo: Order::stays(),
        };
        let paying = order(0, &pays, address(&parts.public.sender), 1);
        let charge = (Direction::Out, &parts.public.charge);
        let pay = Change::build(chip, layout, ("pay", PENDING_ROW), (&accounts[0], paying), charge);
        let recipient = order(1, &Bool::constant(true), parts.context.address.expr(), 0);
        let coinbase = order(2, &pays, address(&coinbase.value), 0);
        let recipient = Touch::build(chip, layout, &accounts[1], recipient);
        (pay, [recipient, Touch::build(chip, layout, &accounts[2], coinbase)])
    }

    /// Value leaves the sender, then arrives at the recipient, both in the call's scope.
    fn transfer(
        chip: &mut ChipBuilder<'_>,
        layout: &Layout,
        parts: &Parts,
        accounts: &[AccountJob],
        (paid, arrives): (&Bool, &Bool),
    ) -> [Change; 2] {
        let PublicTransaction { sender, create, accesses, value, .. } = &parts.public;
        let Context { reverted, scope, address: recipient, .. } = &parts.context;
        let start = &parts.cursor.clock + 3 + accesses;
        let order = |row: i16, flag: &Bool, clock: Expr, address: Expr, nonce: Expr, earlier: Expr| Order {
            row,
            flag: flag.clone(),
            clock,
            address,
            nonce,
            warm: None,
            undo: (reverted.clone(), scope - reverted * earlier),
        };
        let out = order(PENDING_ROW, paid, start.clone(), address(sender), Expr::zero(), Expr::zero());
        let into = order(CLOCK_ROW, arrives, start + 1, recipient.expr(), create.expr(), paid.expr());
        let row = |row: i16| accounts.get(row.unsigned_abs() as usize).expect("one for each row");
        [
            Change::build(chip, layout, ("out", CLOCK_ROW), (row(PENDING_ROW), out), (Direction::Out, value)),
            Change::build(chip, layout, ("in", CLOCK_ROW), (row(CLOCK_ROW), into), (Direction::In, value)),
        ]
    }

    /// From before the first entry of the access list to behind the last.
    fn access_list(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts) {
        let place = |position: Counter| Access {
            index: parts.cursor.index.clone(),
            transaction: parts.cursor.clock.clone(),
            clock: Counter::assume(&parts.cursor.clock + 3 + &position, "one tick for each entry"),
            position,
        };
        chip.send(&layout.access, TALLY_ROW, &place(Counter::constant(0)));
        // Received, though it is built like something sent: the slot's cells must hold it.
        let last = chip.receive(&layout.access, CLOCK_ROW);
        let expected = place(parts.public.accesses.clone());
        let fields = [
            ("index", last.index, expected.index),
            ("transaction", last.transaction, expected.transaction),
            ("position", last.position, expected.position),
            ("clock", last.clock, expected.clock),
        ];
        for (field, place, value) in fields {
            let label = format!("access: {field} in row {CLOCK_ROW}");
            chip.define(label, place.expr().as_cell().expect("a cell"), value);
        }
    }

    /// The first tally of the call.
    fn tally(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts, writes: Expr) {
        let call = &parts.context.call;
        let tally = Tally {
            call: call.clone(),
            clock: call.clone(),
            writes: Counter::assume(writes, "at most two"),
            refund: Any::assume(Expr::zero(), "none yet"),
            logs: Counter::constant(0),
            returned: call.clone(),
            return_offset: Counter::constant(0),
            return_length: Counter::constant(0),
        };
        chip.send(&layout.tally, TALLY_ROW, &tally);
    }

    /// What the end must know.
    fn pending(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts, coinbase: &Environment) {
        let PublicTransaction { system, create, sender, gas_limit, floor, price, tip, .. } = parts.public.clone();
        let call = &parts.context.call;
        let pending = Pending {
            index: parts.cursor.index.clone(),
            call: call.clone(),
            halted: Counter::assume(call + create, "a time of the transaction"),
            system,
            scope: parts.context.scope.clone(),
            gas_limit,
            floor,
            sender: Address::assume(address(&sender), "the verifier's word is an address"),
            coinbase: Address::assume(address(&coinbase.value), "the verifier's word is an address"),
            price,
            tip,
            used: parts.cursor.gas.clone(),
        };
        chip.send(&layout.pending, PENDING_ROW, &pending);
    }

    /// What the input must know.
    fn clock(chip: &mut ChipBuilder<'_>, layout: &Layout, parts: &Parts, code: &Code) {
        let multiplicity = chip.multiplicity(CLOCK_ROW);
        let (index, clock) = (parts.cursor.index.clone(), parts.cursor.clock.clone());
        let fact = TransactionClock { index, clock, code: code.hash.clone() };
        chip.provide(&layout.clock, CLOCK_ROW, multiplicity, &fact);
        let PublicTransaction { create, input_length, .. } = &parts.public;
        // The hash stands in the same cells.
        let hash = chip.peek(&layout.code_length, CLOCK_ROW).hash;
        let length = CodeLength { hash, length: input_length.clone() };
        chip.consume_if(&layout.code_length, CLOCK_ROW, create, &length);
    }
}

fn cell(value: impl Into<Expr>) -> Cell {
    value.into().as_cell().expect("a cell")
}
