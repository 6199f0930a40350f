use ruint::aliases::U256;
use verbatim_gadgets::audit::audit;
use verbatim_gadgets::bus::{Balance, FactCounts, Place};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::machine::{ChipSet, Workload};
use verbatim_gadgets::message::Tag;

use super::*;
use crate::bus::{BlockEndNative, PublicLogDataNative, PublicWithdrawalNative};
use crate::poseidon::permute;

const K: u32 = 10;

/// A message as the verifier has it.
#[derive(Clone, Debug, PartialEq)]
struct Listed {
    tag: Tag,
    tuple: Vec<F>,
    multiplicity: i64,
}

fn listed(kind: &Kind, seed: u64) -> Listed {
    let tuple = (0..kind.width as u64).map(|i| F::from(1000 * seed + i)).collect();
    Listed { tag: kind.tag, tuple, multiplicity: if kind.sent { 1 } else { -1 } }
}

/// Two messages of every kind.
fn list() -> Vec<Listed> {
    KINDS
        .iter()
        .enumerate()
        .flat_map(|(i, kind)| [listed(kind, 2 * i as u64), listed(kind, 2 * i as u64 + 1)])
        .collect()
}

fn work(list: &[Listed]) -> StatementWork {
    let mut work = StatementWork::default();
    for (origin, message) in (0..).zip(list) {
        work.push(origin, message.tag.id, message.multiplicity, &message.tuple).expect("a public message");
    }
    work
}

fn chain(list: &[Listed]) -> Chain {
    let mut chain = Chain::default();
    for message in list {
        chain.push(message.tag.id, message.multiplicity, &message.tuple).expect("a public message");
    }
    chain
}

fn grid(work: &dyn Workload) -> Grid {
    work.grid(K, 0..work.len()).expect("there is room")
}

/// What is left on the bus if the verifier adds the two ends of `chain`, and the circuits that `list` is for its partners.
fn left(statement: &Grid, permutations: &Grid, chain: &Chain, list: &[Listed]) -> usize {
    let (mut permutations, mut counts, mut balance) = (permutations.clone(), FactCounts::default(), Balance::default());
    counts.consume(statement);
    counts.provide(&mut permutations);
    balance.add_grid(statement);
    balance.add_grid(&permutations);
    let [first, last] = chain.ends();
    assert_eq!((first.index, first.digest), (0, F::zero()));
    balance.add_public::<Fold>(&first, F::one());
    balance.add_public::<Fold>(&last, -F::one());
    for Listed { tag, tuple, multiplicity } in list {
        let partner = if *multiplicity > 0 { -F::one() } else { F::one() };
        balance.add(*tag, tuple.clone(), partner, || Place::Public);
    }
    balance.unbalanced().len()
}

#[test]
fn messages_are_said_and_folded() {
    let list = list();
    let work = work(&list);
    let (statement, permutations) = (grid(&work.messages), grid(&work.permutations));
    assert!(check(&statement).failures.is_empty() && check(&permutations).failures.is_empty());
    assert_eq!(work.chain, chain(&list));
    assert_eq!(work.chain.count, 2 * KINDS.len() as u64);
    assert_eq!(left(&statement, &permutations, &work.chain, &list), 0);
    assert_eq!(statement.circuit.leaves_usable_rows(K), None);
}

/// The digest as the book says it is computed.
#[test]
fn the_digest_is_the_documented_one() {
    let domain = F::from(0x5665_7262_6174_696d) * F::from(1 << 32) * F::from(1 << 32) + F::from(1 << 32);
    let label = Label { chain_id: 1, fork: 2, parent_hash: [3, 4], block_hash: [5, 6] };
    let mut state = [domain + F::from(1), F::from(0), F::from(0)];
    for two in [[1, 2], [3, 4], [5, 6]] {
        state = permute(&[state[0], state[1] + F::from(two[0]), state[2] + F::from(two[1])]);
    }
    let begin = state[1];
    assert_eq!(label.digest(), begin);
    let mut chain = Chain::new(&label);
    let message = BlockEndNative { count: 3, gas: 5 };
    chain.push(128, -1, &BlockEnd::tuple(&message)).expect("received");
    let state = permute(&[domain + F::from(2 * 128 + 1), begin, F::from(3)]);
    let first = permute(&[state[0], state[1] + F::from(5), state[2]])[1];
    assert_eq!(chain, Chain { begin, digest: first, count: 1 });
    let message = PublicWithdrawalNative { index: 7, address: U256::from(8), amount: 9 };
    chain.push(127, 1, &PublicWithdrawal::tuple(&message)).expect("sent");
    let state = permute(&[domain + F::from(2 * 127), first, F::from(7)]);
    let second = permute(&[state[0], state[1] + F::from(8), state[2] + F::from(9)])[1];
    assert_eq!(chain, Chain { begin, digest: second, count: 2 });
    let state = permute(&[domain, second, F::from(2)]);
    assert_eq!(chain.statement(), permute(&[state[0], state[1] + begin, state[2]])[1]);
}

#[test]
fn what_is_no_public_message_is_not_folded() {
    let honest = listed(&KINDS[0], 1);
    let mut chain = Chain::default();
    assert_eq!(chain.push(honest.tag.id, -1, &honest.tuple), None);
    assert_eq!(chain.push(honest.tag.id, 2, &honest.tuple), None);
    assert_eq!(chain.push(honest.tag.id, 1, &honest.tuple[1..]), None);
    assert_eq!(chain.push(50, 1, &honest.tuple), None);
    assert_eq!(chain, Chain::default());
}

/// Every change of a list changes its digest.
#[test]
fn everything_is_hashed() {
    let data = PublicLogDataNative { transaction: 1, log: 2, index: 3, word: U256::from(4) };
    let data = Listed { tag: PublicLogData::TAG, tuple: PublicLogData::tuple(&data), multiplicity: -1 };
    // The same fields as another kind of message, which goes the other way.
    let input = Listed { tag: PublicInput::TAG, multiplicity: 1, ..data.clone() };
    let end = listed(&KINDS[KINDS.len() - 1], 1);
    let mut lists = vec![
        vec![],
        vec![data.clone()],
        vec![input.clone()],
        vec![data.clone(), data.clone()],
        vec![data.clone(), end.clone()],
        vec![end.clone(), data.clone()],
        vec![end],
    ];
    for field in 0..data.tuple.len() {
        let mut other = data.clone();
        other.tuple[field] += F::one();
        lists.push(vec![other]);
    }
    // Both numbers of the chain's end stand in the statement.
    let ends = lists.iter().map(|list| chain(list)).chain([Chain { count: 9, ..Chain::default() }]);
    let mut statements: Vec<_> = ends.map(|chain| chain.statement()).collect();
    statements.sort();
    statements.dedup();
    assert_eq!(statements.len(), lists.len() + 1);
    let mut capacities: Vec<_> = KINDS.iter().map(Kind::capacity).collect();
    capacities.dedup();
    assert_eq!(capacities.len(), KINDS.len());
}

/// Of other messages than the list's, in whatever order, the digest is another one: the chain does not end where the verifier
/// has it end.
#[test]
fn class_10_messages_are_those_of_the_list_each_once() {
    let honest = list();
    let end = chain(&honest);
    let mut without = honest.clone();
    without.remove(4);
    let mut doubled = honest.clone();
    doubled.insert(4, honest[4].clone());
    let mut swapped = honest.clone();
    swapped.swap(3, 4);
    let mut changed = honest.clone();
    changed[4].tuple[0] += F::one();
    for other in [without, doubled, swapped, changed] {
        let work = work(&other);
        let (statement, permutations) = (grid(&work.messages), grid(&work.permutations));
        assert!(check(&statement).failures.is_empty());
        // Even if somebody takes exactly the messages that are said.
        assert_eq!(left(&statement, &permutations, &work.chain, &other), 0);
        assert_eq!(left(&statement, &permutations, &end, &other), 2);
    }
}

/// The cells of `kind`'s windows that one label alone guards, each with it.
fn guarded(kind: &Kind) -> Vec<(String, Cell)> {
    let circuit = StatementChips::build().0;
    let column = |name: &str| Cell::main(circuit.main.iter().position(|column| column == name).expect("a column"));
    let last = sponge::permutations(kind.width) as i16;
    let mut cells: Vec<_> = [("capacity", "state 0"), ("rate: 0", "state 1"), ("rate: 1", "state 2")]
        .map(|(label, name)| (label.to_owned(), column(name)))
        .to_vec();
    cells.push(("digest".to_owned(), column("input 1").shifted(last)));
    if kind.width.is_multiple_of(2) {
        cells.push(("no more".to_owned(), column("input 1").shifted(last - 1)));
    }
    cells
}

#[test]
fn every_label_is_needed() {
    let work = work(&list());
    let honest = grid(&work.messages);
    for (index, kind) in KINDS.iter().enumerate() {
        let window = honest.windows.iter().find(|window| window.chip == index).expect("a window of each kind");
        let guarded = guarded(kind);
        assert_eq!(honest.circuit.chips[index].constraints.len(), guarded.len());
        for (label, cell) in guarded {
            let mut grid = honest.clone();
            grid.write(cell, window.row, grid.read(cell, window.row) + F::one());
            let failures = check(&grid).failures;
            let failed: Vec<_> = failures.iter().map(|failure| (failure.chip, failure.label.as_str())).collect();
            assert_eq!(failed, [(kind.tag.name, label.as_str())]);
        }
    }
}

#[test]
fn the_audit_finds_nothing() {
    let work = work(&list());
    assert_eq!(audit(&mut grid(&work.messages), 4).matches(StatementChips::EXCEPTIONS), Ok(()));
}
