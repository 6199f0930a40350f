//! The search for ranges that nobody shows, on small machines that have some.

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::circuit::{ACTIVE, Circuit, CircuitBuilder, Slot};
use verbatim_gadgets::expr::{Cell, F};
use verbatim_gadgets::message;
use verbatim_gadgets::message::Message;
use verbatim_gadgets::ranges::{Answers, Report, check};
use verbatim_gadgets::value::{Bool, Counter, Limb, U16};

message! {
    /// A number that is handed on. Sent and received by the chips of the tests.
    pub struct Token, TokenNative = Linear 2 "token" {
        /// When.
        clock: Counter,
        /// The number.
        value: Limb,
    }

    /// One fact about a number.
    pub struct Left, LeftNative = Fact 3 "left" {
        /// The number.
        value: Limb,
    }

    /// Another.
    pub struct Right, RightNative = Fact 4 "right" {
        /// The number.
        value: Limb,
    }
}

const K: u32 = 8;

/// The columns of a circuit that has all of the messages.
struct Layout {
    token: Slot<Token>,
    next: Slot<Token>,
    left: Slot<Left>,
    right: Slot<Right>,
    multiplicity: Cell,
}

type Build = fn(&mut ChipBuilder<'_>, &Layout);

/// A machine of one circuit with the given chips.
fn machine(chips: &[(&'static str, Build)]) -> Circuit {
    let mut builder = CircuitBuilder::new("toy");
    let layout = Layout {
        token: builder.slot_with_columns("token"),
        next: builder.slot_with_columns("next"),
        left: builder.slot_with_columns("left"),
        right: builder.slot_with_columns("right"),
        multiplicity: builder.main("multiplicity"),
    };
    builder.checked16("checked");
    for i in 0..6 {
        builder.main(format!("scratch {i}"));
    }
    for (name, build) in chips {
        builder.chip(name, 1, |chip| build(chip, &layout));
    }
    builder.finish()
}

fn report(chips: &[(&'static str, Build)], ordered: &[&str]) -> Report {
    check(&[(machine(chips), K)], &Answers { ordered, answered: &[], trusted: |_| false })
}

/// The names of chips and fields.
fn names(promises: &[verbatim_gadgets::ranges::Promise]) -> Vec<String> {
    promises.iter().map(|promise| format!("{}: {}: {}", promise.chip, promise.slot, promise.field)).collect()
}

/// Receives a token and sends it one tick later.
fn refresh(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let token = chip.receive(&layout.token, 0);
    let clock = Counter::assume(&token.clock + 1, "one tick later");
    chip.send(&layout.next, 0, &Token { clock, ..token });
}

/// Sends a token of 16 bits.
fn begin(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let free = chip.peek(&layout.next, 0);
    let value = Limb::from(chip.u16(0));
    chip.require_equal("value", &free.value, &value);
    chip.send(&layout.next, 0, &Token { clock: Counter::constant(0), ..free });
}

fn left_of_right(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let value = chip.learn(&layout.right, 0).value;
    chip.provide(&layout.left, 0, layout.multiplicity, &Left { value });
}

fn right_of_left(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let value = chip.learn(&layout.left, 0).value;
    chip.provide(&layout.right, 0, layout.multiplicity, &Right { value });
}

fn left_of_token(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let value = chip.receive(&layout.token, 0).value;
    chip.provide(&layout.left, 0, layout.multiplicity, &Left { value });
}

fn token_of_left(chip: &mut ChipBuilder<'_>, layout: &Layout) {
    let value = chip.learn(&layout.left, 0).value;
    chip.send(&layout.next, 0, &Token { clock: Counter::constant(7), value });
}

#[test]
fn what_is_shown_and_handed_on_is_founded() {
    let report = report(&[("begin", begin), ("refresh", refresh), ("left", left_of_token)], &[]);
    assert_eq!((report.promises, names(&report.unshown), names(&report.circular)), (5, vec![], vec![]));
}

#[test]
fn a_value_that_nobody_ranges_is_unshown() {
    fn free(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let message = chip.peek(&layout.next, 0);
        chip.send(&layout.next, 0, &message);
    }
    let report = report(&[("begin", begin), ("free", free)], &[]);
    assert_eq!(names(&report.unshown), ["free: next: clock", "free: next: value"]);
}

/// `assume` is not believed: 17 bits are not 16, and the sum of two limbs is no limb.
#[test]
fn a_value_that_is_too_wide_is_unshown() {
    fn sum(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let token = chip.receive(&layout.token, 0);
        let value = Limb::assume(&token.value + &token.value, "it is not");
        chip.send(&layout.next, 0, &Token { value, ..token });
    }
    assert_eq!(names(&report(&[("sum", sum)], &[]).unshown), ["sum: next: value"]);
}

/// A range that holds where one flag is one helps only those who say something there.
#[test]
fn a_conditional_range_is_one_where_it_holds() {
    fn send_if(chip: &mut ChipBuilder<'_>, layout: &Layout, same: bool) {
        let cells: Vec<Cell> = layout_bits(layout);
        let (flag, other) = (chip.bool_at("flag", cells[0]), chip.bool_at("other", cells[1]));
        let left = chip.learn_if(&layout.left, 0, &flag);
        let token = chip.receive(&layout.token, 0);
        let condition = if same { &flag } else { &other };
        chip.send_if(&layout.next, 0, condition, &Token { value: left.value, ..token });
    }
    fn same(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        send_if(chip, layout, true);
    }
    fn other(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        send_if(chip, layout, false);
    }
    assert_eq!(names(&report(&[("same", same), ("begin", begin)], &[]).unshown), [""; 0]);
    assert_eq!(names(&report(&[("other", other), ("begin", begin)], &[]).unshown), ["other: next: value"]);
}

/// Two scratch cells that no slot has: those behind the multiplicity and the checked column.
fn layout_bits(layout: &Layout) -> Vec<Cell> {
    (2..4).map(|i| Cell::main(usize::from(layout.multiplicity.column) + i)).collect()
}

/// A selection is one of its branches; a zero test is a flag.
#[test]
fn a_selection_is_shown_by_cases() {
    fn select(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let token = chip.receive(&layout.token, 0);
        let left = chip.learn(&layout.left, 0);
        chip.peek(&layout.next, 0);
        let flag = chip.is_zero("first", 0, &token.clock);
        let value = Limb::assume(flag.select(&left.value, &token.value), "one of two");
        chip.send(&layout.next, 0, &Token { value, ..token });
    }
    let report = report(&[("begin", begin), ("select", select)], &[]);
    assert_eq!((names(&report.unshown), names(&report.circular)), (vec![], vec![]));
}

/// Without the flag's constraints the same is a combination of any two.
#[test]
fn a_selection_by_no_flag_is_unshown() {
    fn select(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let token = chip.receive(&layout.token, 0);
        let left = chip.learn(&layout.left, 0);
        chip.peek(&layout.next, 0);
        let flag = Bool::assume(chip.any(0), "it is not");
        let value = Limb::assume(flag.select(&left.value, &token.value), "it is not");
        chip.send(&layout.next, 0, &Token { value, ..token });
    }
    assert_eq!(names(&report(&[("select", select)], &[]).unshown), ["select: next: value"]);
}

/// Each of two facts is true if the other is: none need be.
#[test]
fn facts_that_rest_on_each_other_are_circular() {
    let chips: [(_, Build); 2] = [("left", left_of_right), ("right", right_of_left)];
    let report = report(&chips, &[]);
    assert_eq!(names(&report.unshown), [""; 0]);
    assert_eq!(names(&report.circular), ["left: left: value", "right: right: value"]);
}

/// A fact has no time, so that a circle through it is one even if it also goes through a linear message.
#[test]
fn a_circle_through_a_fact_is_circular() {
    let chips: [(_, Build); 3] = [("provide", left_of_token), ("send", token_of_left), ("refresh", refresh)];
    let found = report(&chips, &[]);
    assert_eq!(names(&found.unshown), [""; 0]);
    assert_eq!(
        names(&found.circular),
        ["refresh: next: value", "send: next: value", "provide: left: value"],
        "what rests on the circle is not founded either"
    );
    assert_eq!(names(&report(&chips, &["left"]).circular), [""; 0], "facts that have an order");
}

/// A field that those who hear it show is known to those who say it; but not if they show it from the message itself.
#[test]
fn a_key_may_be_shown_by_consumers() {
    fn provide(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let left = chip.peek(&layout.left, 0);
        chip.provide(&layout.left, 0, layout.multiplicity, &left);
    }
    fn consume(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let value = chip.receive(&layout.token, 0).value;
        chip.consume(&layout.left, 0, &Left { value });
    }
    fn believe(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        chip.learn(&layout.left, 0);
    }
    let chips: [(_, Build); 3] = [("provide", provide), ("consume", consume), ("begin", begin)];
    assert_eq!(names(&report(&chips, &[]).unshown), [""; 0]);
    assert_eq!(names(&report(&chips, &[]).circular), [""; 0]);
    let chips: [(_, Build); 4] = [("provide", provide), ("consume", consume), ("believe", believe), ("begin", begin)];
    assert_eq!(names(&report(&chips, &[]).unshown), ["provide: left: value"]);
}

/// What a window sends and another gives back shows nothing, unless somebody answers for the order.
#[test]
fn what_receivers_show_has_an_order_only_if_the_caller_says_so() {
    fn ask(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let next = chip.peek(&layout.next, 0);
        chip.send(&layout.next, 0, &Token { clock: Counter::constant(0), ..next.clone() });
        chip.provide(&layout.left, 0, layout.multiplicity, &Left { value: next.value });
    }
    fn answer(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let token = chip.receive(&layout.token, 0);
        chip.consume(&layout.left, 0, &Left { value: token.value });
    }
    let chips: [(_, Build); 2] = [("ask", ask), ("answer", answer)];
    let found = report(&chips, &[]);
    assert!(!found.circular.is_empty() || !found.unshown.is_empty());
}

/// The flag of a provider may be what shows the range: where the multiplicity must be zero, nothing is said.
#[test]
fn what_is_never_provided_need_not_be_in_range() {
    fn provide(chip: &mut ChipBuilder<'_>, layout: &Layout) {
        let left = chip.peek(&layout.left, 0);
        let value = chip.u16(0);
        chip.require_zero("nothing else", layout.multiplicity * (&left.value - value));
        chip.provide(&layout.left, 0, layout.multiplicity, &left);
    }
    assert_eq!(names(&report(&[("provide", provide)], &[]).unshown), [""; 0]);
}

/// Every kind of message knows its ranges.
#[test]
fn ranges_follow_the_types() {
    use verbatim_gadgets::ranges::Range;
    assert_eq!(Token::ranges(), [Range::Counter, Range::Below(128)]);
    assert_eq!(Token::ranges().len(), Token::names().len());
}

/// A fixed column is what it holds.
#[test]
fn a_fixed_column_has_its_values() {
    fn table(most: u64) -> Circuit {
        let mut builder = CircuitBuilder::new("table");
        let value = builder.fixed("value", move |rows| vec![F::from(most); rows.usable]);
        let multiplicity = builder.main("multiplicity");
        let slot = builder.slot::<verbatim_gadgets::message::Range16>("value", vec![value.expr()]);
        builder.fixed_chip("range", 1, Cell::fixed(ACTIVE), |chip| {
            let value = U16::assume(value, "the fixed column holds it");
            chip.provide(&slot, 0, multiplicity, &verbatim_gadgets::message::Range16 { value });
        });
        builder.finish()
    }
    let nothing = Answers { ordered: &[], answered: &[], trusted: |_| false };
    let unshown = |most| check(&[(table(most), K)], &nothing).unshown.len();
    assert_eq!((unshown((1 << 16) - 1), unshown(1 << 16)), (0, 1));
}
