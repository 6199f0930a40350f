//! Jobs whose last row says that it is not: one more row, without bytes, may end them.

use verbatim_circuits::bus::CopyStateNative;
use verbatim_circuits::copy::{CopyChips, CopyEvent, Order, ReadEvent, ReadOrder, WriteEvent, plan};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::F;
use verbatim_gadgets::machine::{Sheet, Workload};

use crate::{CLOCK, Run, World, byte, column, copy, deposit, hash, log, unbalanced, word_of};

/// The job with one more row, and a last row that hands on what the job has left: nothing.
fn prolonged(order: &Order) -> Run {
    let mut world = World { code: (0..64).map(|i| byte(9, i)).collect(), ..World::default() };
    if matches!(order, Order::Read(ReadOrder::Deposit(_))) {
        for index in 0..2 {
            let value = word_of(|position| world.code_byte(position), index);
            world.words.insert((3, index), (value, 600));
            world.found.insert((3, index), value);
        }
    }
    let mut events = plan(order, &mut world);
    let more = match events.last().expect("a row") {
        CopyEvent::CopyMemory(row) => {
            let state = behind(&row.state);
            let (fetch, _) = world.touch(state.target, state.place, CLOCK + 1);
            CopyEvent::CopyMemory(WriteEvent { state, fetched: None, old: fetch.value, gap: fetch.gap })
        }
        CopyEvent::Hash(row) => CopyEvent::Hash(ReadEvent { state: behind(&row.state), fetched: None }),
        CopyEvent::Log(row) => CopyEvent::Log(ReadEvent { state: behind(&row.state), fetched: None }),
        CopyEvent::Deposit(row) => CopyEvent::Deposit(ReadEvent { state: behind(&row.state), fetched: None }),
        other => panic!("{other:?} is no row of these jobs"),
    };
    events.push(more);
    let mut sheet = Sheet::<CopyChips>::new();
    events.into_iter().for_each(|event| sheet.push(0, event));
    let workload: &dyn Workload = &sheet;
    let mut grid = workload.grid(9, 0..workload.len()).expect("there is room");
    let row = grid.windows[grid.windows.len() - 2].row;
    grid.write(column(&grid, "last"), row, F::from(0));
    Run { order: order.clone(), world, grid }
}

/// What a whole last row hands on.
fn behind(state: &CopyStateNative) -> CopyStateNative {
    assert_eq!((state.left, state.available, state.target_shift), (32, 32, 0));
    let word = ruint::aliases::U256::ZERO;
    CopyStateNative { index: state.index + 1, word, available: 0, place: state.place + 1, left: 0, ..state.clone() }
}

#[test]
fn a_row_without_bytes_changes_nothing() {
    let copied = prolonged(&copy((3, 64, 500), (4, 32), 64));
    assert!(check(&copied.grid).failures.is_empty());
    assert_eq!(unbalanced(&copied), [""; 0], "the word behind the target is left as it was");
    let logged = prolonged(&log(64, 96));
    assert!(check(&logged.grid).failures.is_empty());
    assert_eq!(unbalanced(&logged), ["public log data"], "the verifier receives no word behind the end");
    let deposited = prolonged(&deposit(0, 64));
    assert!(check(&deposited.grid).failures.is_empty());
    assert_eq!(unbalanced(&deposited), ["code word"], "of zeros, if there is one");
    let hashed = prolonged(&hash(64, 160));
    let failures: Vec<_> = check(&hashed.grid).failures.into_iter().map(|failure| failure.label).collect();
    assert_eq!(failures, ["bytes of the last lane"]);
}
