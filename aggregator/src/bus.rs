//! The inventory of the bus between the circuits that verify proofs.
//!
//! As `verbatim_circuits::bus`, with tags from 200. `range16` (tag 1) is the tables' fact, as everywhere.

use verbatim_gadgets::message;
use verbatim_gadgets::value::{Any, Bool, Counter};

use crate::curve::affine::Affine;

message! {
    inventory INVENTORY;

    /// A term of a sum, `scalar * point`, on its way through the digits of its scalar: what is left to add is
    /// `rest * base^digit * point`, with the base of [`crate::curve::digits`].
    ///
    /// Whoever wants a term in a sum sends this once, with digit 0 and the whole scalar as the rest, and guarantees that the
    /// point is canonical and on the curve: it is that of a [`CurvePoint`]. Received by the curve's add chip, which sends
    /// the next one until the rest is zero.
    pub struct Term, TermNative = Linear 200 "term" {
        /// The sum that it belongs to.
        sum: Counter,
        /// How many digits of the scalar have been added.
        digit: Counter,
        /// What is left of the scalar.
        rest: Any,
        /// The point, canonical and on the curve.
        point: Affine,
    }

    /// What has been added to a bucket of a sum: the points whose scalars have a digit of the bucket's magnitude at the
    /// bucket's place. Opened and closed by the curve's fold chip, once each; received and sent by its add chip.
    pub struct Bucket, BucketNative = Linear 201 "bucket" {
        /// The sum.
        sum: Counter,
        /// The digit's place: 0 for the lowest.
        digit: Counter,
        /// The bucket: `b` is that of the digits `2 b + 1` and `-(2 b + 1)`.
        bucket: Counter,
        /// How many points have been added. It grows, so that no chain closes on itself.
        count: Counter,
        /// The sum, the buckets' constant included: on the curve, x below 2^254.
        point: Affine,
    }

    /// How far the buckets of a sum have been folded, from the highest digit's highest bucket down. Begun and ended by the
    /// curve's total chip; received and sent by its fold chip.
    pub struct Fold, FoldNative = Linear 202 "fold of a sum" {
        /// The sum.
        sum: Counter,
        /// How many digits are left, the one that is being folded among them. It falls, or `bucket` does.
        left: Counter,
        /// The bucket that is next.
        bucket: Counter,
        /// The digits above, and the buckets of this digit above this one, added up. On the curve, x below 2^254.
        running: Affine,
        /// What `running` was at each bucket above, added up. On the curve, x below 2^254.
        weighted: Affine,
    }

    /// Two points of the curve with different x, and their sum: `±first + second = third`. Provided by the curve's add chip;
    /// consumed by its fold and total chips.
    ///
    /// The consumer guarantees that `first` and `second` are on the curve and their x below 2^254. Then so is `third`.
    /// What is between the points are equations modulo the base field's order, which do not see whether coordinates are
    /// canonical: `third` is one of the forms of the sum.
    pub struct Sum, SumNative = Fact 203 "sum" {
        /// Whether `first` is subtracted.
        negative: Bool,
        /// A point.
        first: Affine,
        /// Another.
        second: Affine,
        /// The second plus or minus the first.
        third: Affine,
    }

    /// A point of the curve, not the identity, in the one form with coordinates below the base field's order `q`. Provided
    /// by the curve's point chip; consumed by whoever reads a point of a proof, and by the total chip.
    ///
    /// `x` and `y` are the coordinates modulo the order `r` of the cells' field: what transcripts hash. They follow from the
    /// point, and the point from them: no two points of the curve have the same residues (`tests/residues.rs`).
    pub struct CurvePoint, CurvePointNative = Fact 204 "curve point"
        determines [x, y] {
        /// The point's x, modulo the order of the cells' field.
        x: Any,
        /// The point's y, likewise.
        y: Any,
        /// The point, canonical and on the curve.
        point: Affine,
    }

    /// The sum of all terms that were sent for `sum`. Sent by the curve's total chip; received by whoever sent the terms,
    /// once for each sum: this is what makes the sum's chain of folds exist once.
    pub struct Total, TotalNative = Linear 205 "total" {
        /// The sum.
        sum: Counter,
        /// Its value, canonical and on the curve.
        point: Affine,
    }

    /// What a level shows. Sent by the verifier circuit's level chip, once a level; received by who verifies the level.
    pub struct Outcome, OutcomeNative = Linear 206 "outcome" {
        /// The hash of the [statement](crate::level::Statement) that the last program has shown.
        statement: Any,
        /// The left sum's coordinates, modulo the order of the cells' field.
        left: [Any; 2],
        /// The right sum's.
        right: [Any; 2],
    }

    /// Which operation a run is at. Begun by the level chip for run 0, and by the turn chip for each other; received and sent
    /// by the operations; received by the turn chip and, of the last run, by the level chip.
    ///
    /// Within a run `pc` grows, and each run begins once: so each operation of a run is executed at most once.
    pub struct Execution, ExecutionNative = Linear 207 "execution" {
        /// The run.
        run: Counter,
        /// The address of the operation.
        pc: Counter,
    }

    /// The operation at an address. Provided by the rom, from fixed columns; consumed by the operations.
    pub struct Instruction, InstructionNative = Fact 208 "instruction"
        determines [kind, reads, product, factors, constant] {
        /// Its address.
        pc: Counter,
        /// What it does: see [`crate::rom::Kind`].
        kind: Counter,
        /// The addresses of what it reads.
        reads: [Counter; 3],
        /// A factor of the first two values' product.
        product: Any,
        /// Factors of the values.
        factors: [Any; 3],
        /// A constant.
        constant: Any,
    }

    /// The value at an address of a run. Provided by the operation at that address, or one or two before it; consumed by
    /// operations of the run.
    pub struct RunValue, RunValueNative = Fact 209 "value of a run"
        determines [value] {
        /// The run.
        run: Counter,
        /// The address.
        address: Counter,
        /// The value.
        value: Any,
    }

    /// The point that the operation at an address of a run has read. Provided by the read chip; consumed by the term chip.
    pub struct RunPoint, RunPointNative = Fact 210 "point of a run"
        determines [point] {
        /// The run.
        run: Counter,
        /// The address.
        address: Counter,
        /// The point, canonical and on the curve.
        point: Affine,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use verbatim_gadgets::chip::Role;
    use verbatim_gadgets::circuit::Circuit;
    use verbatim_gadgets::machine::ChipSet;
    use verbatim_gadgets::message::{Message, Range16};

    use super::INVENTORY;
    use crate::curve::CurveChips;
    use crate::verifier::VerifierChips;

    #[test]
    fn a_tag_means_one_kind_of_message() {
        let kinds: BTreeMap<u64, _> = INVENTORY.iter().map(|kind| (kind.tag.id, kind)).collect();
        let others = verbatim_circuits::bus::INVENTORY.iter().map(|kind| kind.tag);
        let (ids, names): (BTreeSet<u64>, BTreeSet<&str>) = others.map(|tag| (tag.id, tag.name)).unzip();
        assert_eq!(kinds.len(), INVENTORY.len());
        assert!(INVENTORY.iter().all(|kind| kind.tag.id >= 200 && !ids.contains(&kind.tag.id)));
        assert!(INVENTORY.iter().all(|kind| !names.contains(kind.tag.name)));
        let circuit = VerifierChips::build().0;
        for slot in circuit.slots.iter().filter(|slot| slot.tag != Range16::TAG) {
            let kind = kinds.get(&slot.tag.id).expect("the slot's kind is in the inventory");
            assert_eq!((slot.tag, &slot.names), (kind.tag, &(kind.names)()));
        }
        let used: BTreeSet<u64> = circuit.slots.iter().map(|slot| slot.tag.id).collect();
        assert!(kinds.keys().all(|kind| used.contains(kind)), "a kind that no slot has");
    }

    /// The kinds of which all messages of the circuit go one way.
    fn one_sided(circuit: &Circuit) -> Vec<&'static str> {
        let mut sides: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
        for message in circuit.chips.iter().flat_map(|chip| &chip.messages) {
            let says = matches!(message.role, Role::Send | Role::Provide);
            sides.entry(circuit.slots[message.slot].tag.name).or_default().insert(says);
        }
        sides.into_iter().filter(|(_, sides)| sides.len() == 1).map(|(name, _)| name).collect()
    }

    /// What the rest of the machine has to do: it sends terms, receives totals and consumes points.
    #[test]
    fn what_the_curve_leaves_open_is_what_others_send() {
        assert_eq!(one_sided(&CurveChips::build().0), [Range16::TAG.name, "total"]);
    }

    /// Whoever verifies a level receives what it shows, and adds nothing else.
    #[test]
    fn a_level_leaves_its_outcome_alone() {
        assert_eq!(one_sided(&VerifierChips::build().0), ["outcome"]);
    }
}
