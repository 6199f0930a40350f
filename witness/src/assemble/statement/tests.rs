//! What is a statement, and what is none.

use verbatim_circuits::bus::{
    BlockEndNative, CursorNative, Exec, ExecNative, Fold, PublicAccessNative, PublicAccountNative,
    PublicEnvironmentNative, PublicSlotNative, PublicTransactionNative, PublicUntouchedNative,
};
use verbatim_circuits::statement::KINDS;
use verbatim_gadgets::value::from_u256;

use super::*;
use crate::assemble::PublicMessages;

fn empty_block() -> PublicMessages {
    let mut messages = PublicMessages::default();
    messages.send::<Cursor>(&CursorNative { index: 0, clock: 1, gas: 0 });
    messages.receive::<BlockEnd>(&BlockEndNative { count: 0, gas: 0 });
    messages
}

fn slot(key: u64, after: u64) -> PublicSlotNative {
    let [address, before] = [7u64, 1].map(alloy_primitives::U256::from);
    let [key, after] = [key, after].map(alloy_primitives::U256::from);
    PublicSlotNative { address, key, before, after }
}

#[test]
fn each_thing_is_said_once() {
    let mut messages = empty_block();
    messages.send::<PublicSlot>(&slot(1, 2));
    messages.send::<PublicSlot>(&slot(2, 2));
    assert_eq!(messages.check_statement(), Ok(()));
    messages.send::<PublicSlot>(&slot(1, 3));
    assert_eq!(messages.check_statement(), Err(NoStatement::Twice { index: 4, kind: "public slot" }));
}

/// All kinds of a statement are folded, the same way round.
#[test]
fn a_statement_is_folded() {
    for part in PARTS {
        let folded = KINDS.iter().filter(|kind| kind.tag == part.tag);
        let directions: Vec<_> = folded.map(|kind| kind.sent).collect();
        assert_eq!(directions, [part.multiplicity == 1], "{}", part.tag.name);
    }
    // The book names the kinds in this order.
    let order = [60, 122, 123, 124, 125, 127, 121, 120, 129, 126, 150, 151, 128];
    assert_eq!(KINDS.iter().map(|kind| kind.tag.id).collect::<Vec<_>>(), order);
    let messages = empty_block();
    let chain = messages.fold().expect("a statement");
    assert_eq!(chain.count, 2);
    // It makes no difference in which order they are listed.
    let mut backwards: Vec<_> = messages.iter().cloned().collect();
    backwards.reverse();
    assert_eq!(PublicMessages::from(backwards).fold(), Ok(chain));
    assert_eq!(PublicMessages::default().fold(), Err(NoStatement::Bounds { kind: "cursor" }));
    // Of a statement the verifier adds nothing but the chain's ends.
    let mut balance = messages.balance();
    balance.add_public::<Fold>(&chain.ends()[0], -F::one());
    balance.add_public::<Fold>(&chain.ends()[1], F::one());
    assert!(balance.is_empty());
}

#[test]
fn nothing_else_is_said() {
    let mut messages = empty_block();
    let code = alloy_primitives::U256::ZERO;
    let exec = ExecNative { clock: 1, call: 1, code, pc: 0, height: 0, gas: 1 << 40, memory: 0 };
    messages.send::<Exec>(&exec);
    assert_eq!(messages.check_statement(), Err(NoStatement::Kind { index: 2, kind: "exec" }));
    let mut messages = empty_block();
    messages.add::<PublicSlot>(&slot(1, 2), 2);
    let twice = NoStatement::Multiplicity { index: 2, kind: "public slot", multiplicity: 2 };
    assert_eq!(messages.check_statement(), Err(twice));
    let mut messages = empty_block();
    messages.receive::<PublicSlot>(&slot(1, 2));
    assert!(matches!(messages.check_statement(), Err(NoStatement::Multiplicity { .. })));
}

#[test]
fn a_block_begins_and_ends() {
    assert_eq!(PublicMessages::default().check_statement(), Err(NoStatement::Bounds { kind: "cursor" }));
    let mut messages = PublicMessages::default();
    messages.send::<Cursor>(&CursorNative { index: 1, clock: 1, gas: 0 });
    messages.receive::<BlockEnd>(&BlockEndNative { count: 0, gas: 0 });
    assert_eq!(messages.check_statement(), Err(NoStatement::Bounds { kind: "cursor" }));
    let mut messages = PublicMessages::default();
    messages.send::<Cursor>(&CursorNative { index: 0, clock: 1, gas: 0 });
    assert_eq!(messages.check_statement(), Err(NoStatement::Bounds { kind: "block end" }));
}

fn number(value: u64) -> U256 {
    U256::from(value)
}

fn account(address: u64) -> PublicAccountNative {
    let zero = U256::ZERO;
    PublicAccountNative {
        address: number(address),
        nonce_before: 0,
        balance_before: zero,
        code_before: zero,
        nonce_after: 0,
        balance_after: zero,
        code_after: zero,
    }
}

fn untouched(address: u64, key: Option<u64>) -> PublicUntouchedNative {
    PublicUntouchedNative { address: number(address), slot: key.is_some(), key: number(key.unwrap_or_default()) }
}

fn access(address: u64, key: Option<u64>, absent: bool) -> PublicAccessNative {
    let PublicUntouchedNative { address, slot, key } = untouched(address, key);
    PublicAccessNative { index: 0, position: 0, slot, address, key, absent }
}

/// What of a location, an account or a slot, another message says that somebody touches it.
#[test]
fn class_12_what_somebody_touches_is_not_untouched() {
    type Other = fn(&mut PublicMessages);
    let others: [(Other, PublicUntouchedNative); 6] = [
        (|messages| messages.send::<PublicAccount>(&account(5)), untouched(5, None)),
        (|messages| messages.send::<PublicSlot>(&slot(3, 9)), untouched(7, Some(3))),
        (|messages| messages.send::<PublicAccess>(&access(5, None, true)), untouched(5, None)),
        (|messages| messages.send::<PublicAccess>(&access(7, Some(3), true)), untouched(7, Some(3))),
        (
            |messages| {
                messages.send::<PublicAccess>(&access(5, None, false));
                messages.send::<PublicAccount>(&account(5));
            },
            untouched(5, None),
        ),
        // Zero is a key too.
        (|messages| messages.send::<PublicAccess>(&access(7, Some(0), true)), untouched(7, Some(0))),
    ];
    for (other, location) in others {
        let (mut first, mut last) = (empty_block(), empty_block());
        first.send::<PublicUntouched>(&location);
        assert_eq!(first.check_statement(), Ok(()));
        other(&mut first);
        other(&mut last);
        assert_eq!(last.check_statement(), Ok(()));
        last.send::<PublicUntouched>(&location);
        let index = last.len() - 1;
        assert_eq!(first.check_statement(), Err(NoStatement::Touched { index: 2 }));
        assert_eq!(last.check_statement(), Err(NoStatement::Touched { index }));
    }
}

#[test]
fn untouched_locations_are_told_apart() {
    let mut messages = empty_block();
    messages.send::<PublicAccount>(&account(5));
    messages.send::<PublicSlot>(&slot(3, 9));
    messages.send::<PublicAccess>(&access(8, None, true));
    // An account and its slots are different locations, and so are the slots of two accounts.
    for other in [untouched(7, None), untouched(5, Some(3)), untouched(7, Some(4)), untouched(8, Some(0))] {
        messages.send::<PublicUntouched>(&other);
    }
    assert_eq!(messages.check_statement(), Ok(()));
    messages.send::<PublicUntouched>(&untouched(7, None));
    assert_eq!(messages.check_statement(), Err(NoStatement::Twice { index: 9, kind: "public untouched" }));
    let mut messages = empty_block();
    messages.send::<PublicUntouched>(&PublicUntouchedNative { slot: false, ..untouched(7, Some(4)) });
    assert_eq!(messages.check_statement(), Err(NoStatement::Key { index: 2, kind: "public untouched" }));
    let mut messages = empty_block();
    messages.send::<PublicAccess>(&PublicAccessNative { slot: false, ..access(7, Some(4), true) });
    assert_eq!(messages.check_statement(), Err(NoStatement::Key { index: 2, kind: "public access" }));
}

#[test]
fn entries_are_absent_where_nothing_else_is_said() {
    for (absent, touched) in [(true, true), (false, false)] {
        let mut messages = empty_block();
        messages.send::<PublicAccess>(&access(5, None, absent));
        if touched {
            messages.send::<PublicAccount>(&account(5));
        }
        assert_eq!(messages.check_statement(), Err(NoStatement::Absent { index: 2 }));
        let mut messages = empty_block();
        messages.send::<PublicAccess>(&access(7, Some(3), absent));
        if touched {
            messages.send::<PublicSlot>(&slot(3, 9));
        }
        assert_eq!(messages.check_statement(), Err(NoStatement::Absent { index: 2 }));
    }
}

/// One message of a kind, with the greatest values that are in range, and then each of its fields one greater.
#[test]
fn every_field_is_in_the_range_of_its_type() {
    for part in &PARTS {
        let kind = part.tag.name;
        let names = (part.names)();
        let bits: Vec<_> = (part.ranges)().into_iter().map(Range::bits).collect();
        assert_eq!(names.len(), bits.len(), "{kind}");
        let greatest = |bits: u32| from_u256(&((U256::from(1) << bits as usize) - number(1)));
        let tuple: Vec<F> = bits.iter().map(|bits| bits.map_or(-F::from(1), greatest)).collect();
        let mut message = PublicMessage { tag: part.tag, tuple, multiplicity: part.multiplicity };
        for (field, name) in
            names.iter().enumerate().filter(|(_, name)| part.is_address(&message, name)).collect::<Vec<_>>()
        {
            assert_eq!(part.check(0, &message), range(kind, name, ADDRESS_HIGH));
            message.tuple[field] = greatest(ADDRESS_HIGH);
        }
        assert_eq!(part.check(0, &message), Ok(()), "{kind}");
        for (field, bits) in bits.iter().enumerate().filter_map(|(field, bits)| Some((field, (*bits)?))) {
            for wrong in [from_u256(&(U256::from(1) << bits as usize)), -F::from(1)] {
                let mut wrong_message = message.clone();
                wrong_message.tuple[field] = wrong;
                let bits = if part.is_address(&wrong_message, &names[field]) { ADDRESS_HIGH } else { bits };
                assert_eq!(part.check(0, &wrong_message), range(kind, &names[field], bits), "{kind}");
            }
        }
        message.tuple.push(F::from(0));
        let found = message.tuple.len();
        assert_eq!(part.check(0, &message), Err(NoStatement::Length { index: 0, kind, found }));
    }
}

fn range(kind: &'static str, field: &str, bits: u32) -> Result<(), NoStatement> {
    Err(NoStatement::Range { index: 0, kind, field: field.to_owned(), bits })
}

#[test]
fn words_that_are_addresses_are_in_their_range() {
    let far = U256::from(1) << 160;
    let mut messages = empty_block();
    messages.send::<PublicEnvironment>(&PublicEnvironmentNative { opcode: 0x42, value: far });
    messages.send::<PublicEnvironment>(&PublicEnvironmentNative { opcode: 0x41, value: far - number(1) });
    assert_eq!(messages.check_statement(), Ok(()));
    let mut messages = empty_block();
    messages.send::<PublicEnvironment>(&PublicEnvironmentNative { opcode: 0x41, value: far });
    assert!(matches!(messages.check_statement(), Err(NoStatement::Range { bits: 32, .. })));
    let zero = U256::ZERO;
    let transaction = PublicTransactionNative {
        index: 0,
        system: false,
        create: false,
        sender: far - number(1),
        to: far - number(1),
        nonce: 0,
        value: far,
        gas_limit: 0,
        gas: 0,
        floor: 0,
        charge: zero,
        upfront: zero,
        price: zero,
        tip: zero,
        input_length: 0,
        accesses: 0,
    };
    for (sender, to, right) in [(number(1), number(2), true), (far, number(2), false), (number(1), far, false)] {
        let mut messages = empty_block();
        messages.send::<PublicTransaction>(&PublicTransactionNative { sender, to, ..transaction.clone() });
        assert_eq!(messages.check_statement().is_ok(), right);
    }
}
