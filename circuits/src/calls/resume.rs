//! The return from a call to its caller.
//!
//! **Given** the end of a call, the frame of its caller, and the last tally of the call. **Proves** that the caller
//! goes on behind its call: with 1 on the stack and the call's writes, refund and logs if it succeeded, with 0 and its
//! own if it did not; with the gas that was left, and as much of the return data in its memory as it has room for.
//!
//! Whether the call fails was guessed when it began, and its writes were undone or not by that guess. The frame has the
//! guess, and it is asserted here: `scope` is zero exactly if the call succeeded, and else the time that follows from
//! its end.
//!
//! The tally's time is not looked at: each receiver but this one sends it again, later, so that the one token without a
//! receiver after it is the last.
//!
//! | Label | Degree | Meaning |
//! |---|---|---|
//! | clock | 1 | the time of the end |
//! | callee | 1 | the frame is that of the call that ended |
//! | scope | 2 | `clock + writes + 1` if the call failed, else zero |
//! | gas left | 1 | in [0, 2^64): the steps of a call leave this to its end |
//! | longer: flag is boolean | 2 | |
//! | longer | 1 | one exactly if there is more return data than room |
//! | copied | 2 | the lesser of the two |
//! | nothing: ... | 2 | one exactly if nothing is copied |
//! | push: value.hi, push: value.lo | 1 | whether the call succeeded |
//! | tally: call in row 1 | 1 | the tally is that of the call |
//! | tally b: ... in row 1 | 1, 2 | the caller's tally |
//! | enter: ... in row 1 | 1, 2 | the caller's state |

use verbatim_gadgets::chip::ChipBuilder;
use verbatim_gadgets::expr::Expr;
use verbatim_gadgets::grid::WindowWriter;
use verbatim_gadgets::machine::Chip;
use verbatim_gadgets::value::{Any, Counter, Gas, Limb, Word};

use super::Layout;
use crate::bus::{Exec, Frame, FrameNative, Halt, HaltNative, Stack, Tally, TallyNative};

/// The chip.
#[derive(Debug)]
pub struct Resume {
    halt: Halt,
    frame: Frame,
    tally: Tally,
}

/// What a return is filled from.
#[derive(Clone, Debug)]
pub struct ResumeEvent {
    /// The end of the call.
    pub halt: HaltNative,
    /// The caller.
    pub frame: FrameNative,
    /// The last tally of the call.
    pub tally: TallyNative,
}

impl Chip for Resume {
    type Layout = Layout;
    type Event = ResumeEvent;
    const NAME: &'static str = "resume";
    const HEIGHT: usize = 2;

    fn build(chip: &mut ChipBuilder<'_>, layout: &Layout) -> Self {
        let step = &layout.step;
        let halt = chip.receive(&layout.halt, 0);
        let frame = chip.receive(&layout.frame, 0);
        let tally = chip.receive(&layout.tally, 1);
        chip.peek(&layout.copy, 0);
        chip.peek(&layout.tally_b, 1);
        chip.peek(&step.enter, 1);
        let failed = halt.success.not();

        chip.define("clock", step.clock, &halt.clock);
        chip.require_equal("callee", &frame.callee, &halt.call);
        chip.require_equal("scope", &frame.scope, &failed * (&halt.clock + &tally.writes + 1));
        chip.require_equal("tally: call in row 1", &tally.call, &halt.call);
        chip.require_bits16("gas left", 0, 4, &halt.gas);
        Self::send_caller(chip, layout, &halt, &frame, &tally);

        // Lengths are counters, so below 2^64. The room is longer or as long where the flag is zero.
        let longer = chip.less_than("longer", 1, 4, &frame.return_length, &halt.length);
        chip.define("copied", layout.copied, longer.select(&frame.return_length, &halt.length));
        let nothing = chip.is_zero("nothing", 0, layout.copied);
        // The slot is made of the cells above.
        let copy = chip.peek(&layout.copy, 0);
        chip.send_if(&layout.copy, 0, &nothing.not(), &copy);
        Self { halt, frame, tally }
    }

    fn fill(&self, event: &ResumeEvent, row: &mut WindowWriter<'_>) {
        row.message(&self.halt, &event.halt);
        row.message(&self.frame, &event.frame);
        row.message(&self.tally, &event.tally);
    }
}

impl Resume {
    /// The caller's state, its tally, and the result on its stack.
    fn send_caller(chip: &mut ChipBuilder<'_>, layout: &Layout, halt: &Halt, frame: &Frame, tally: &Tally) {
        let (success, failed) = (halt.success.clone(), halt.success.not());
        let result = Stack {
            call: frame.call.clone(),
            slot: Counter::assume(&frame.height - 1, "the height counts the result"),
            value: Word::from_low(Limb::from(&success)),
            clock: Counter::assume(layout.step.clock, "defined as the end's"),
        };
        chip.send(&layout.step.push, 0, &result);
        let select = |yes: Expr, no: Expr| success.select(yes, no);
        let after = Tally {
            call: frame.call.clone(),
            clock: halt.clock.clone(),
            writes: Counter::assume(select(tally.writes.expr(), frame.writes.expr()), "one of two counters"),
            refund: Any::assume(select(tally.refund.expr(), frame.refund.expr()), "any number"),
            logs: Counter::assume(select(tally.logs.expr(), frame.logs.expr()), "one of two counters"),
            returned: halt.call.clone(),
            return_offset: halt.offset.clone(),
            return_length: halt.length.clone(),
        };
        chip.send(&layout.tally_b, 1, &after);
        let state = Exec {
            clock: Counter::assume(
                &halt.clock + 2 + &failed * &tally.writes,
                "two ticks, and one for each undone write",
            ),
            call: frame.call.clone(),
            code: frame.code.clone(),
            pc: frame.pc.clone(),
            height: frame.height.clone(),
            gas: Gas::assume(&frame.gas + &halt.gas, "the first is below 2^64, the second was checked"),
            memory: frame.memory.clone(),
        };
        chip.send(&layout.step.enter, 1, &state);
    }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;
    use verbatim_gadgets::expr::F;

    use super::super::CallsEvent;
    use super::super::testing::{Trial, audited};
    use super::*;
    use crate::bus::{CopyJob, CopyJobNative, ExecNative, StackNative};

    const CODE: u64 = 77;

    /// A call that ends at clock 500 and was made at clock 300 by call 20.
    fn event(success: bool, length: u64, room: u64) -> ResumeEvent {
        let writes = 3;
        let scope = if success { 0 } else { 500 + writes + 1 };
        let frame = FrameNative {
            callee: 300,
            call: 20,
            code: U256::from(CODE),
            pc: 9,
            height: 4,
            gas: 10_000,
            memory: 8,
            return_offset: if room == 0 { 0 } else { 64 },
            return_length: room,
            create: false,
            scope,
            writes: 2,
            refund: F::from(4800),
            logs: 1,
        };
        let tally = TallyNative {
            call: 300,
            clock: 450,
            writes,
            refund: F::from(9600),
            logs: 2,
            returned: 300,
            return_offset: 0,
            return_length: 0,
        };
        let halt = HaltNative { clock: 500, call: 300, success, gas: 1234, offset: 5, length };
        ResumeEvent { halt, frame, tally }
    }

    fn trial(event: &ResumeEvent) -> Trial {
        let (success, length, room) = (event.halt.success, event.halt.length, event.frame.return_length);
        let (writes, refund, logs) = if success { (3, 9600, 2) } else { (2, 4800, 1) };
        let tally = TallyNative {
            call: 20,
            clock: 500,
            writes,
            refund: F::from(refund),
            logs,
            returned: 300,
            return_offset: 5,
            return_length: length,
        };
        let exec = ExecNative {
            clock: if success { 502 } else { 505 },
            call: 20,
            code: U256::from(CODE),
            pc: 9,
            height: 4,
            gas: 11_234,
            memory: 8,
        };
        let stack = StackNative { call: 20, slot: 3, value: U256::from(u64::from(success)), clock: 500 };
        let trial = Trial::new([CallsEvent::Resume(event.clone())])
            .sent::<Halt>(&event.halt)
            .sent::<Frame>(&event.frame)
            .sent::<Tally>(&event.tally)
            .received::<Tally>(&tally)
            .received::<Exec>(&exec)
            .received::<Stack>(&stack);
        let copied = length.min(room);
        if copied == 0 {
            return trial;
        }
        trial.received::<CopyJob>(&CopyJobNative {
            clock: 500,
            source: 300,
            source_offset: 5,
            source_end: 5 + length,
            target: 20,
            target_offset: 64,
            length: copied,
        })
    }

    fn trials() -> Vec<Trial> {
        let cases = [(true, 40, 32), (true, 32, 32), (true, 7, 32), (false, 40, 0), (false, 0, 64), (false, 90, 64)];
        cases.map(|(success, length, room)| trial(&event(success, length, room))).to_vec()
    }

    #[test]
    fn returns_hold() {
        for trial in trials() {
            trial.holds();
            trial.mock();
        }
    }

    #[test]
    fn no_cell_is_free() {
        for trial in trials() {
            assert_eq!(trial.free_cells(0), [""; 0]);
        }
    }

    #[test]
    fn every_label_is_needed_and_nothing_is_a_choice() {
        assert_eq!(audited(&trials()), Ok(()));
    }

    /// Classes 2 and 10: a call that was guessed to fail cannot return as a success, nor the other way round.
    #[test]
    fn class_2_success_and_failure_are_disjoint() {
        for success in [true, false] {
            let mut wrong = event(success, 40, 32);
            wrong.halt.success = !success;
            let trial = Trial::new([CallsEvent::Resume(wrong)]);
            assert!(trial.labels().contains("scope"), "{success}");
        }
    }

    /// Class 10: the writes that are undone are those that were counted.
    #[test]
    fn class_10_a_scope_ends_behind_all_its_writes() {
        for scope in [503, 505, 0] {
            let mut wrong = event(false, 40, 32);
            wrong.frame.scope = scope;
            assert!(Trial::new([CallsEvent::Resume(wrong)]).labels().contains("scope"), "{scope}");
        }
    }

    /// Class 44: a call cannot end with less than no gas.
    #[test]
    fn class_44_gas_left_is_not_negative() {
        let mut wrong = event(true, 40, 32);
        wrong.halt.gas = -1;
        assert!(Trial::new([CallsEvent::Resume(wrong)]).labels().contains("gas left"));
    }
}
