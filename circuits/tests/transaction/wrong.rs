//! Windows and blocks that do not hold, by the classes of bugs that audits found.

use std::collections::BTreeSet;
use std::sync::Arc;

use halo2_proofs::arithmetic::Field;
use ruint::aliases::U256;
use verbatim_circuits::transaction::{AccessAbsentEvent, Outcome, TransactionEvent};
use verbatim_gadgets::chip::{ChipDef, Derive};
use verbatim_gadgets::expr::{Cell, F};

use crate::honest::{block, items};
use crate::trial::Trial;
use crate::tx::{address, plain, word};
use crate::world::World;

fn chip<'t>(trial: &'t Trial, name: &str) -> (usize, &'t ChipDef) {
    let found = trial.grid.circuit.chips.iter().enumerate().find(|(_, def)| def.name == name);
    found.expect("a chip of that name")
}

/// The rows of a chip's windows.
fn rows(trial: &Trial, name: &str) -> Vec<usize> {
    let (index, _) = chip(trial, name);
    trial.grid.windows.iter().filter(|window| window.chip == index).map(|window| window.row).collect()
}

/// The cell that a chip's constraint makes a flag.
fn flag(trial: &Trial, name: &str, flag: &str) -> Cell {
    let label = format!("{flag} is boolean");
    let constraint = chip(trial, name).1.constraints.iter().find(|constraint| constraint.label == label);
    *constraint.expect("a flag of that name").expr.cells().first().expect("a cell")
}

/// Sets cells of a window; those that are equal to an expression follow.
fn changed(honest: &Trial, name: &str, row: usize, cells: &[(Cell, F)]) -> Trial {
    let mut wrong = honest.clone();
    cells.iter().for_each(|(cell, value)| wrong.grid.write(*cell, row, *value));
    let circuit = Arc::clone(&wrong.grid.circuit);
    let def = circuit.chips.iter().find(|def| def.name == name).expect("a chip of that name");
    for derive in &def.derived {
        if let Derive::Equal(cell, expr) = derive {
            let value = wrong.grid.evaluate(expr, row);
            wrong.grid.write(*cell, row, value);
        }
    }
    wrong
}

/// Which constraints reject what [`changed`] makes.
fn labels_with(honest: &Trial, name: &str, row: usize, cells: &[(Cell, F)]) -> BTreeSet<String> {
    changed(honest, name, row, cells).labels()
}

fn only(label: &str) -> BTreeSet<String> {
    [label.to_owned()].into()
}

/// A zero test that says yes of what is not zero, without an inverse, and everything that follows.
#[test]
fn class_37_a_zero_test_cannot_say_yes_of_another_value() {
    let honest = block();
    for (name, labels) in [("begin", &["free", "high part", "succeeds"][..]), ("deposit", &["empty"])] {
        let mut alone = BTreeSet::new();
        for row in rows(&honest, name) {
            for pair in chip(&honest, name).1.derived.windows(2) {
                let [Derive::IsZero(flag, _), Derive::Inverse(inverse, _)] = pair else { continue };
                if honest.grid.read(*flag, row) == F::ONE {
                    continue;
                }
                let found = labels_with(&honest, name, row, &[(*flag, F::ONE), (*inverse, F::ZERO)]);
                assert!(found.iter().any(|label| label.ends_with("zero has no inverse")), "{found:?}");
                if found.len() == 1 {
                    alone.extend(found);
                }
            }
        }
        for label in labels {
            assert!(alone.contains(&format!("{name}: {label}: zero has no inverse")), "{alone:?}");
        }
    }
}

/// Class 44: a rest that is made of numbers which are no flags would let the fifth be less than it is.
#[test]
fn class_44_the_rest_of_the_refund_cap_is_made_of_flags() {
    let honest = block();
    // The window whose refund is capped, with a rest of two.
    let row = rows(&honest, "end")[3];
    let fifth = chip(&honest, "end").1.constraints.iter().find(|constraint| constraint.label == "fifth");
    let fifth = *fifth.expect("the constraint").expr.cells().last().expect("a cell");
    assert_eq!(honest.grid.read(fifth, row), F::from(39_997 / 5));
    for i in 1..=4 {
        let cell = flag(&honest, "end", &format!("rest {i}"));
        let more = (cell, honest.grid.read(cell, row) + F::from(5));
        let less = (fifth, honest.grid.read(fifth, row) - F::ONE);
        let label = format!("end: rest {i} is boolean");
        assert_eq!(labels_with(&honest, "end", row, &[more, less]), only(&label));
    }
}

/// Classes 2 and 58: what becomes of a creation's data is one of five, though minus one, one and one make one too.
#[test]
fn class_58_a_deposit_has_one_outcome() {
    let honest = block();
    let rows = rows(&honest, "deposit");
    let cases = [
        ("stored", ["poor", "large"], 0),
        ("poor", ["stored", "large"], 0),
        ("large", ["stored", "poor"], 0),
        ("invalid", ["poor", "large"], 7),
    ];
    for (name, others, window) in cases {
        let zero = ["stored", "poor", "large", "invalid"].map(|other| (flag(&honest, "deposit", other), F::ZERO));
        let ones = others.map(|other| (flag(&honest, "deposit", other), F::ONE));
        let wrong = [&zero[..], &ones, &[(flag(&honest, "deposit", name), -F::ONE)]].concat();
        let label = format!("deposit: {name} is boolean");
        assert_eq!(labels_with(&honest, "deposit", rows[window], &wrong), only(&label));
    }
}

/// Code that begins with 0xef is neither called nor stored.
#[test]
fn marked_code_is_rejected() {
    let mut world = World::new(address(5));
    world.transaction(&plain().with(|tx| tx.first = 0xef));
    assert_eq!(world.finish().labels(), only("begin: not delegated"));
    let mut world = World::new(address(5));
    world.transaction(&plain().with(|tx| {
        (tx.public.create, tx.public.to, tx.deposited.1) = (true, address(10), 0xef);
        tx.outcome.deposit = Outcome::Stored;
    }));
    assert_eq!(world.finish().labels(), only("deposit: stored is not marked"));
}

/// A block of one transaction, changed.
fn one(change: impl FnOnce(&mut crate::tx::Tx)) -> Trial {
    let mut world = World::new(address(5));
    world.transaction(&plain().with(change));
    world.finish()
}

#[test]
fn precompiles_have_no_code_to_run() {
    for to in [1, 0x0a, 0x11] {
        let mut world = World::new(address(5));
        let to = U256::from(to);
        world.transaction(&plain().with(|tx| tx.public.to = to));
        let kinds = world.finish().alone();
        assert!(kinds.iter().any(|kind| kind.starts_with("range128")), "{kinds:?}");
    }
    assert_eq!(one(|tx| tx.public.to = U256::from(0x100)).labels(), only("begin: not P256VERIFY"));
}

#[test]
fn a_created_account_is_absent() {
    for (nonce, hash, labels) in [
        (1, None, &["begin: account to create: nonce"][..]),
        (0, Some(word(1, 2)), &["begin: account to create: code hi", "begin: account to create: code lo"]),
    ] {
        let mut world = World::new(address(5));
        let account = world.account(address(10));
        account.nonce = nonce;
        account.code = hash.unwrap_or(account.code);
        world.transaction(&plain().with(|tx| (tx.public.create, tx.public.to) = (true, address(10))));
        assert_eq!(world.finish().labels(), labels.iter().map(|label| (*label).to_owned()).collect());
    }
}

#[test]
fn eip_3607_a_sender_has_no_code() {
    let mut world = World::new(address(5));
    world.transaction(&plain().with(|tx| tx.public.sender = address(4)));
    let labels = world.finish().labels();
    assert!(
        labels.iter().all(|label| label.starts_with("begin: sender has no code")) && labels.len() == 2,
        "{labels:?}"
    );
}

/// A delegation is 23 bytes that begin with 0xef0100; nothing else lets an account with code send.
#[test]
fn eip_7702_a_delegation_is_marked() {
    let honest = block();
    let row = rows(&honest, "delegation")[0];
    let column = |name: &str| honest.grid.circuit.main.iter().position(|other| other == name).expect("a column");
    let power = |bits: u64| F::from(2).pow([bits]);
    // The marker one more or less; something behind the address.
    for (name, change) in [("shared 13", power(104)), ("shared 13", -power(104)), ("shared 14", power(71))] {
        let cell = Cell::main(column(name));
        let value = honest.grid.read(cell, row) + change;
        let wrong = changed(&honest, "delegation", row, &[(cell, value)]);
        assert_eq!(wrong.labels(), BTreeSet::new());
        rejected(&wrong, "range128");
    }
}

/// The block, with one event changed.
fn with(change: impl Fn(&mut TransactionEvent) -> bool) -> Trial {
    let mut world = items();
    assert!(world.events.iter_mut().any(change), "nothing was changed");
    world.finish()
}

/// The block, with the end of its third item changed: a call with three logs, a refund and five writes.
fn with_end(change: impl Fn(&mut verbatim_circuits::transaction::EndEvent)) -> Trial {
    with(|event| match event {
        TransactionEvent::End(end) if end.pending.index == 2 => {
            change(end);
            true
        }
        _ => false,
    })
}

fn with_begin(change: impl Fn(&mut verbatim_circuits::transaction::BeginEvent)) -> Trial {
    with(|event| match event {
        TransactionEvent::Begin(begin) if begin.cursor.index == 2 => {
            change(begin);
            true
        }
        _ => false,
    })
}

/// That some constraint rejects the block, or some message of the kind has no partner.
fn rejected(trial: &Trial, by: &str) {
    let (labels, alone) = (trial.labels(), trial.alone());
    let found = labels.iter().chain(&alone).any(|objection| objection.starts_with(by));
    assert!(found, "{by} does not object, but {labels:?} {alone:?}");
}

/// Class 5: every field of what links the beginning to the end, and one item to the next, is the sender's.
#[test]
fn class_5_no_field_between_two_rows_is_free() {
    rejected(&with_end(|end| end.pending.index += 1), "pending");
    rejected(&with_end(|end| end.pending.system = true), "pending");
    rejected(&with_end(|end| end.pending.scope += 1), "pending");
    rejected(&with_end(|end| end.pending.gas_limit += 1), "pending");
    rejected(&with_end(|end| end.pending.floor += 1), "pending");
    rejected(&with_end(|end| end.pending.sender = address(4)), "pending");
    rejected(&with_end(|end| end.pending.coinbase = address(4)), "pending");
    rejected(&with_end(|end| end.pending.price += U256::from(1)), "pending");
    rejected(&with_end(|end| end.pending.tip = U256::ZERO), "pending");
    rejected(&with_end(|end| end.pending.used = 0), "pending");
    rejected(&with_end(|end| end.pending.call -= 1), "pending");
    rejected(&with_end(|end| end.pending.halted += 1), "pending");
    rejected(&with_begin(|begin| begin.cursor.gas += 1), "cursor");
    rejected(&with_begin(|begin| begin.cursor.clock += 1), "cursor");
    rejected(&with_begin(|begin| begin.public.index += 1), "cursor");
}

/// Class 2: a call that failed does not end as a success, nor the other way round.
#[test]
fn class_2_the_guess_is_asserted() {
    rejected(&with_end(|end| end.halt.success = false), "end: scope");
    rejected(&with_begin(|begin| begin.scope = 500), "pending");
}

/// Class 10: the writes of a failed call are all undone, and behind its end.
#[test]
fn class_10_a_scope_ends_behind_all_its_writes() {
    let trial = with(|event| match event {
        TransactionEvent::End(end) if !end.halt.success => {
            end.tally.writes -= 1;
            true
        }
        _ => false,
    });
    rejected(&trial, "end: scope");
}

/// Class 10: a transaction writes to accounts at its own times, as often as it should.
#[test]
fn class_10_accesses_have_jobs() {
    rejected(&with_begin(|begin| begin.recipient.warm = 12), "account job");
    rejected(&with_end(|end| end.sender.balance += U256::from(1)), "account job");
}

/// Class 44: refunds are at most a fifth of what was spent, nothing for a call that failed, and the gas left is not negative.
#[test]
fn class_44_refunds_are_capped() {
    let honest = block();
    let row = rows(&honest, "end")[3];
    for window in [2, 3] {
        let row = rows(&honest, "end")[window];
        let capped = flag(&honest, "end", "capped");
        let other = F::ONE - honest.grid.read(capped, row);
        let mut wrong = honest.clone();
        wrong.grid.write(capped, row, other);
        rejected(&wrong, "end: ");
        assert_eq!(labels_with(&honest, "end", row, &[(capped, other)]), BTreeSet::new(), "what follows follows");
    }
    // A fifth that is one more, with a rest that is five less.
    let fifth = chip(&honest, "end").1.constraints.iter().find(|constraint| constraint.label == "fifth");
    let fifth = *fifth.expect("the constraint").expr.cells().last().expect("a cell");
    let more = honest.grid.read(fifth, row) + F::ONE;
    assert_eq!(labels_with(&honest, "end", row, &[(fifth, more)]), only("end: fifth"));
    rejected(&with_end(|end| end.halt.gas = -1), "range128");
    // A counter of any size is only capped.
    one(|tx| (tx.outcome.gas, tx.outcome.refund) = (60_001, u64::MAX / 2)).holds();
}

/// Class 45: the sender is the one that the verifier recovered.
#[test]
fn class_45_nobody_else_sends() {
    rejected(&with_begin(|begin| begin.public.sender = address(4)), "public transaction");
}

/// Class 46: the items are those of the verifier, from the first to the last.
#[test]
fn class_46_no_item_is_left_out_or_doubled() {
    let mut without = items();
    without.events.retain(|event| !matches!(event, TransactionEvent::End(end) if end.pending.index == 2));
    rejected(&without.finish(), "pending");
    let mut doubled = items();
    let again = doubled.events.iter().find(|event| matches!(event, TransactionEvent::Withdrawal(_))).cloned();
    doubled.events.extend(again);
    rejected(&doubled.finish(), "public withdrawal");
    rejected(
        &with(|event| match event {
            TransactionEvent::BlockEnd(_) => false,
            TransactionEvent::Withdrawal(withdrawal) => {
                withdrawal.public.index += 1;
                true
            }
            _ => false,
        }),
        "cursor",
    );
}

/// Class 12: an entry of an access list is passed over only where the verifier says that it is absent.
#[test]
fn class_12_entries_of_the_block_are_not_passed_over() {
    let passed = |key: bool, lies: bool| {
        let mut world = items();
        for event in &mut world.events {
            let (access, mut public) = match event {
                TransactionEvent::AccessAddress(entry) if !key => (entry.access.clone(), entry.public.clone()),
                TransactionEvent::AccessSlot(entry) if key => (entry.access.clone(), entry.public.clone()),
                _ => continue,
            };
            public.absent = lies;
            *event = TransactionEvent::AccessAbsent(AccessAbsentEvent { access, public });
            break;
        }
        world.finish()
    };
    for key in [false, true] {
        rejected(&passed(key, false), "access absent: absent");
        rejected(&passed(key, true), "public access");
    }
}

/// Classes 47 and 48: the input is that of the transaction, and a creation runs it.
#[test]
fn class_47_input_belongs_to_its_transaction() {
    let input = |change: fn(&mut verbatim_circuits::transaction::InputEvent)| {
        with(|event| match event {
            TransactionEvent::Input(input) if input.public.code => {
                change(input);
                true
            }
            _ => false,
        })
    };
    rejected(&input(|input| input.clock += 1), "transaction clock");
    rejected(&input(|input| input.code = word(7, 7)), "transaction clock");
    rejected(&input(|input| input.public.value = word(7, 7)), "public input");
    rejected(&input(|input| input.public.word = 1), "public input");
    rejected(&input(|input| input.public.code = false), "public input");
    rejected(&with_begin(|begin| begin.public.input_length += 1), "public transaction");
}

/// Classes 18, 49, 50 and 56: what the block says of itself is what the verifier said, each under its own opcode.
#[test]
fn class_50_the_environment_is_the_verifiers() {
    let environment = |change: fn(&mut verbatim_circuits::transaction::EnvironmentEvent)| {
        with(|event| match event {
            TransactionEvent::Environment(environment) => {
                change(environment);
                true
            }
            _ => false,
        })
    };
    rejected(&environment(|event| event.public.opcode = 0x43), "public environment");
    rejected(&environment(|event| event.public.value = address(4)), "public environment");
}

/// Class 56: the coinbase that is paid is the block's.
#[test]
fn class_56_the_coinbase_is_public() {
    rejected(&with_begin(|begin| begin.coinbase = address(4)), "environment");
}

/// Class 54: an address is one field element below 2^160, for the verifier's words are.
#[test]
fn class_54_addresses_are_the_verifiers() {
    let too_high = word(1 << 32, 0);
    rejected(&with_begin(|begin| begin.public.to += too_high), "public transaction");
    rejected(&with_begin(|begin| begin.public.sender += too_high), "public transaction");
    // The same field element, from another high limb: the facts are about words, and the verifier's is another.
    let alias = |begin: &mut verbatim_circuits::transaction::BeginEvent| {
        begin.public.to -= word(1, 0);
    };
    rejected(&with_begin(alias), "public transaction");
}

/// Class 55: what was before and what is after are not mixed up.
#[test]
fn class_55_nonces_grow_and_balances_suffice() {
    rejected(&with_begin(|begin| begin.sender.nonce += 1), "begin: sender's nonce");
    let mut world = World::new(address(5));
    let charge = plain().public.charge;
    world.account(address(1)).balance = charge;
    world.transaction(&plain());
    world.finish().holds();
    let mut world = World::new(address(5));
    world.account(address(1)).balance = charge;
    // The charge is there, one more is not.
    let mut tx = plain();
    tx.public.upfront = charge + U256::from(1);
    world.transaction(&tx);
    rejected(&world.finish(), "range128");
}
