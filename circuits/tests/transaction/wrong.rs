//! Blocks that do not hold, by the classes of bugs that audits found.

use halo2_proofs::arithmetic::Field;
use verbatim_gadgets::chip::Derive;
use verbatim_gadgets::expr::F;

use crate::honest::block;
use crate::world::Trial;

/// Derived cells that are equal to an expression follow.
fn follow(trial: &mut Trial, chip: &str, row: usize) {
    let circuit = std::sync::Arc::clone(&trial.grid.circuit);
    let def = circuit.chips.iter().find(|def| def.name == chip).expect("a chip of that name");
    for derive in &def.derived {
        if let Derive::Equal(cell, expr) = derive {
            let value = trial.grid.evaluate(expr, row);
            trial.grid.write(*cell, row, value);
        }
    }
}

/// A zero test that says yes of what is not zero, without an inverse, and everything that follows.
#[test]
fn class_37_a_zero_test_cannot_say_yes_of_another_value() {
    let honest = block();
    let circuit = std::sync::Arc::clone(&honest.grid.circuit);
    let index = circuit.chips.iter().position(|def| def.name == "begin").expect("the chip");
    let mut alone = std::collections::BTreeSet::new();
    for window in honest.grid.windows.iter().filter(|window| window.chip == index) {
        for pair in circuit.chips[index].derived.windows(2) {
            let [Derive::IsZero(flag, _), Derive::Inverse(inverse, _)] = pair else { continue };
            if honest.grid.read(*flag, window.row) == F::ONE {
                continue;
            }
            let mut wrong = honest.clone();
            wrong.grid.write(*flag, window.row, F::ONE);
            wrong.grid.write(*inverse, window.row, F::ZERO);
            follow(&mut wrong, "begin", window.row);
            let labels = wrong.labels();
            assert!(labels.iter().any(|label| label.ends_with("zero has no inverse")), "{labels:?}");
            if labels.len() == 1 {
                alone.extend(labels);
            }
        }
    }
    for label in ["free", "high part", "succeeds"] {
        assert!(alone.contains(&format!("begin: {label}: zero has no inverse")), "{alone:?}");
    }
}

/// Class 44: a rest that is made of numbers which are no flags would let the fifth be anything.
#[test]
fn class_44_a_rest_is_made_of_flags() {
    let honest = block();
    let chip = honest.grid.circuit.chips.iter().find(|def| def.name == "end").expect("the chip");
    let at = |label: &str| {
        let constraint = chip.constraints.iter().find(|c| c.label == label).expect("a constraint of that name");
        *constraint.expr.cells().iter().next().expect("a cell")
    };
    let (_, row) = honest.cell("end", 0, "clock", 0);
    for i in 1..=4 {
        let label = format!("rest {i} is boolean");
        let cell = at(&label);
        let mut wrong = honest.clone();
        wrong.grid.write(cell, row, honest.grid.read(cell, row) + F::from(5));
        let labels = wrong.labels();
        assert!(labels.contains(&format!("end: {label}")), "{labels:?}");
        assert!(!labels.contains(&format!("end: rest {} is boolean", i % 4 + 1)), "{labels:?}");
    }
}
