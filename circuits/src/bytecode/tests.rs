//! The circuit as a whole: scenes, in which the tables, keccak and the steps are played by public messages.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use halo2_proofs::dev::MockProver;
use ruint::aliases::U256;
use verbatim_gadgets::audit::Audit;
use verbatim_gadgets::bus::{Balance, FactCounts};
use verbatim_gadgets::check::check;
use verbatim_gadgets::expr::{Cell, Expr, F};
use verbatim_gadgets::grid::Grid;
use verbatim_gadgets::halo2::ShardCircuit;
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};
use verbatim_gadgets::message::{Fact, Message};
use verbatim_gadgets::value::inverse_or_zero;

use super::layout::LANE;
use super::past::PastEvent;
use super::{BytecodeChips, BytecodeError, BytecodeEvent, BytecodeWork, push};
use crate::bus::{
    Code, CodeLength, CodeLengthNative, CodeNative, CodeWord, CodeWordNative, HashEnd, HashEndNative, HashLane,
    HashLaneNative, NoJumpDest, NoJumpDestNative, PushCounter,
};

const K: u32 = 9;

/// What the rest of the machine consumes.
#[derive(Clone, Debug, Default)]
struct Demand {
    counts: FactCounts,
    balance: Balance,
}

impl Demand {
    fn add<M: Fact>(&mut self, fact: &M::Native) {
        self.counts.add::<M>(fact);
        self.balance.add_public::<M>(fact, -F::from(1));
    }
}

/// A filled circuit with everything around it.
#[derive(Clone, Debug)]
struct Scene {
    grid: Grid,
    balance: Balance,
    tables: Arc<HashSet<Vec<[u8; 32]>>>,
}

fn bytes(tag: u64, tuple: &[F]) -> Vec<[u8; 32]> {
    [F::from(tag)].iter().chain(tuple).map(F::to_bytes).collect()
}

fn tables() -> HashSet<Vec<[u8; 32]>> {
    push::counters().map(|fact| bytes(PushCounter::TAG.id, &PushCounter::tuple(&fact))).collect()
}

/// What keccak receives for a code.
fn keccak(balance: &mut Balance, digest: U256, code: &[u8]) {
    for (index, chunk) in code.chunks(8).enumerate() {
        let lane = (0..8).fold(0, |lane, i| lane << 8 | u64::from(chunk.get(i).copied().unwrap_or(0)));
        let lane = HashLaneNative { digest, index: index as u64, lane: F::from(lane) };
        balance.add_public::<HashLane>(&lane, -F::from(1));
    }
    balance.add_public::<HashEnd>(&HashEndNative { digest, length: code.len() as u64 }, -F::from(1));
}

impl Scene {
    fn new(work: &BytecodeWork, codes: &[(U256, &[u8])], demand: Demand) -> Self {
        codes.iter().fold(Self::forged(work.finish(), demand, &[]), |mut scene, (hash, code)| {
            keccak(&mut scene.balance, *hash, code);
            scene
        })
    }

    /// Other cells in the windows of `sheet`: a chip and its first window, the column, the row in the window, the value.
    /// Facts are provided as often as is consumed then. Keccak takes nothing.
    fn forged(sheet: Sheet<BytecodeChips>, demand: Demand, cells: &[(&str, &str, usize, F)]) -> Self {
        let Demand { mut counts, balance } = demand;
        let k = if sheet.len() > 150 { K + 3 } else { K };
        let windows = 0..sheet.len();
        let grid = (&sheet as &dyn Workload).grid(k, windows).expect("the shard is large enough");
        let mut scene = Self { grid, balance, tables: Arc::new(tables()) };
        for (chip, column, row, value) in cells {
            let row = scene.window(chip, 0) + row;
            scene.grid.write(scene.column(column), row, *value);
        }
        counts.consume(&scene.grid);
        counts.provide(&mut scene.grid);
        scene
    }

    /// The labels of the constraints that fail.
    fn failures(&self) -> BTreeSet<String> {
        check(&self.grid).failures.into_iter().map(|f| f.label).collect()
    }

    /// The labels of the constraints that fail, and the names of the tags that do not balance.
    fn objections(&self) -> BTreeSet<String> {
        let mut objections = self.failures();
        let mut balance = self.balance.clone();
        balance.add_grid(&self.grid);
        for left in balance.unbalanced() {
            if !self.tables.contains(&bytes(left.tag.id, &left.tuple)) {
                objections.insert(format!("bus: {}", left.tag.name));
            }
        }
        objections
    }

    /// The first rows of the windows of a chip.
    fn windows(&self, chip: &str) -> impl Iterator<Item = usize> {
        let is = move |chip_index: usize| self.grid.circuit.chips[chip_index].name == chip;
        self.grid.windows.iter().filter(move |w| is(w.chip)).map(|w| w.row)
    }

    /// The first row of window `index` of a chip.
    fn window(&self, chip: &str, index: usize) -> usize {
        self.windows(chip).nth(index).expect("there is such a window")
    }

    fn column(&self, name: &str) -> Cell {
        Cell::main(self.grid.circuit.main.iter().position(|column| column == name).expect("there is such a column"))
    }

    /// The scene with other cells: a column, the row, the value.
    fn with(&self, cells: &[(&str, usize, u64)]) -> Self {
        let mut scene = self.clone();
        for (name, row, value) in cells {
            scene.grid.write(self.column(name), *row, F::from(*value));
        }
        scene
    }

    /// The name of the column of the flag that byte `i` of the last lane is the code's.
    fn flag_inside(&self, i: usize) -> String {
        let label = format!("byte {i} is inside is boolean");
        let chips = &self.grid.circuit.chips;
        let constraint = chips.iter().flat_map(|chip| &chip.constraints).find(|c| c.label == label);
        let cells = constraint.expect("there is such a label").expr.cells();
        self.grid.circuit.main[usize::from(cells.first().expect("a flag").column)].clone()
    }

    /// The names of the columns of the flag and of the inverse of a failed jump.
    fn no_jump_dest_cells(&self) -> [String; 2] {
        let chips = &self.grid.circuit.chips;
        let chip = chips.iter().find(|chip| chip.name == "no jump destination").expect("there is such a chip");
        let flag = *chip.constraints[0].expr.cells().first().expect("a flag");
        let known = [flag, self.column("entry"), self.column("byte 0")];
        let cells = chip.constraints[1].expr.cells();
        let inverse = cells.iter().find(|cell| !known.contains(cell)).expect("an inverse");
        [flag, *inverse].map(|cell| self.grid.circuit.main[usize::from(cell.column)].clone())
    }

    /// The scene without a window, as if it had never been there.
    fn without(&self, chip: &str, index: usize) -> Self {
        self.with(&[(&format!("selects {chip}"), self.window(chip, index), 0)])
    }

    fn mock(&self) -> Result<(), String> {
        let (circuit, sum) = ShardCircuit::for_mock_prover(&self.grid);
        let prover = MockProver::run(self.grid.k, &circuit, vec![vec![sum]]).map_err(|e| e.to_string())?;
        prover.verify().map_err(|failures| format!("{} failures", failures.len()))
    }
}

fn hash(name: u64) -> U256 {
    U256::from(name) << 200 | U256::from(name + 1)
}

/// Demands everything that is true of a code.
fn demand_all(work: &mut BytecodeWork, demand: &mut Demand, hash: U256, code: &[u8]) {
    let length = code.len() as u64;
    demand.add::<CodeLength>(&CodeLengthNative { hash, length });
    for pc in 0..=length + 32 {
        if let Ok(fact) = work.fetch(hash, pc) {
            demand.add::<Code>(&fact);
        }
        if work.no_jump_dest(hash, pc).is_ok() {
            demand.add::<NoJumpDest>(&NoJumpDestNative { hash, pc });
        }
    }
    for index in 0..length.div_ceil(32) {
        let word = work.word(hash, index).expect("the word is not behind the end");
        demand.add::<CodeWord>(&word);
    }
}

/// All that can be asked about a code, asked.
fn full(code: &[u8]) -> Scene {
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), code);
    demand_all(&mut work, &mut demand, hash(7), code);
    Scene::new(&work, &[(hash(7), code)], demand)
}

/// A code with the cases that matter: short and long pushes, within a lane and across, JUMPDEST in data, a cut push.
fn sample() -> Vec<u8> {
    let mut code = vec![0x60, 0x80, 0x5b, 0x61, 0x5b, 0x01, 0x62, 0xaa, 0x5b, 0xcc, 0x00];
    code.push(0x7f);
    code.extend(1..=32);
    code.extend([0x73]);
    code.extend(0xe0..=0xf3);
    code.extend([0x5b, 0x00, 0x63, 0xff, 0xee]);
    code
}

#[test]
fn everything_true_of_a_code_is_proven() {
    for code in [vec![], vec![0], vec![0x5b; 8], vec![0x60], (0..=255).collect(), sample()] {
        let scene = full(&code);
        assert_eq!(scene.objections(), BTreeSet::new(), "{code:?}");
    }
}

#[test]
fn halo2_takes_the_circuit() {
    full(&sample()).mock().expect("the circuit holds");
}

#[test]
fn any_row_may_lie_in_any_shard() {
    let code = sample();
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    demand_all(&mut work, &mut demand, hash(7), &code);
    keccak(&mut demand.balance, hash(7), &code);
    let sheet = work.finish();
    let workload: &dyn Workload = &sheet;
    let cuts: Vec<usize> = (0..=sheet.len()).step_by(7).chain([sheet.len()]).collect();
    let shards = cuts.windows(2).map(|cut| workload.grid(K, cut[0]..cut[1]).expect("the shard is large enough"));
    let mut grids: Vec<Grid> = shards.collect();
    grids.iter().for_each(|grid| demand.counts.consume(grid));
    grids.iter_mut().for_each(|grid| demand.counts.provide(grid));
    grids.iter().for_each(|grid| demand.balance.add_grid(grid));
    let tables = tables();
    assert!(grids.iter().all(|grid| check(grid).failures.is_empty()));
    assert!(demand.balance.unbalanced().iter().all(|left| tables.contains(&bytes(left.tag.id, &left.tuple))));
}

#[test]
fn only_a_push_that_was_asked_for_has_rows() {
    let mut code = vec![0x01; 64];
    code[8..20].fill(0x6f);
    code[30] = 0x60;
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(1), &code);
    work.add_code(hash(1), &code);
    work.add_code(hash(2), &[]);
    assert_eq!(work.codes().count(), 2);
    let fact: CodeNative = work.fetch(hash(1), 8).expect("an opcode");
    assert_eq!((fact.opcode, fact.next), (0x6f, 25));
    demand.add::<Code>(&fact);
    demand.add::<Code>(&work.fetch(hash(1), 7).expect("an opcode"));
    let scene = Scene::new(&work, &[(hash(1), &code), (hash(2), &[])], demand);
    assert_eq!(scene.objections(), BTreeSet::new());
    let count = |chip| scene.windows(chip).count();
    assert_eq!(["lane", "push", "long push", "past"].map(count), [8, 0, 1, 0]);
}

/// A code of which little is asked.
fn quiet() -> Scene {
    let code: Vec<u8> = (0..40).map(|i| [0x60, 0x00, 0x5b, 0x01, 0x01][i % 5]).collect();
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(3), &code);
    work.add_code(hash(4), &[]);
    demand.add::<Code>(&work.fetch(hash(3), 15).expect("an opcode"));
    demand.add::<CodeLength>(&CodeLengthNative { hash: hash(4), length: 0 });
    Scene::new(&work, &[(hash(3), &code), (hash(4), &[])], demand)
}

/// For every label there are wrong cells that no other constraint sees, and nothing is a choice but what is known to be.
#[test]
fn every_constraint_is_needed_and_nothing_is_a_choice() {
    let mut scenes = vec![full(&sample()), quiet(), full(&[0x7f; 33])];
    scenes.extend((1..=8).map(|length| full(&vec![0; length])));
    let mut found = Audit::default();
    scenes.iter().for_each(|scene| found.survey(&mut scene.grid.clone(), 8));
    scenes.iter().for_each(|scene| found.search(&scene.grid, 8));
    assert_eq!(found.matches(BytecodeChips::EXCEPTIONS), Ok(()));
}

/// Every cell that a chip owns is fixed by a constraint or by the bus.
#[test]
fn no_cell_is_free() {
    for scene in [full(&sample()), quiet()] {
        let mut free = BTreeSet::new();
        for window in &scene.grid.windows {
            let chip = &scene.grid.circuit.chips[window.chip];
            for cell in &chip.cells {
                let mut changed = scene.clone();
                let value = changed.grid.read(*cell, window.row) + F::from(1);
                changed.grid.write(*cell, window.row, value);
                if changed.objections().is_empty() {
                    let column = &scene.grid.circuit.main[usize::from(cell.column)];
                    free.insert(format!("{}: {column} in row {}", chip.name, cell.rotation));
                }
            }
        }
        assert_eq!(free, BTreeSet::new());
    }
}

#[test]
fn class_19_nothing_stands_behind_the_end() {
    let (code, longer) = ([0x60, 0x01, 0x00], [0x60, 0x01, 0x00, 0x02]);
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    // Keccak takes the fourth byte although the length is three.
    keccak(&mut demand.balance, hash(7), &longer);
    let length = |length, sum: u64| (HashEndNative { digest: hash(7), length }, F::from(sum));
    let ((four, back), (three, once)) = (length(4, 1), length(3, 1));
    demand.balance.add_public::<HashEnd>(&four, back);
    demand.balance.add_public::<HashEnd>(&three, -once);
    let honest = Scene::new(&work, &[], demand);
    let (lane, end) = (honest.window("lane", 0), honest.window("code", 0) + 1);
    assert_eq!(honest.objections(), BTreeSet::from(["bus: hash lane".to_owned()]));
    let forged = honest.with(&[("byte 3", lane, 2), ("byte 3", end, 2)]);
    assert_eq!(forged.objections(), BTreeSet::from(["byte 3 is zero behind the end".to_owned()]));
    let longer = forged.with(&[(&honest.flag_inside(3), end, 1)]);
    assert_eq!(longer.objections(), BTreeSet::from(["the length".to_owned()]));
}

#[test]
fn class_19_the_last_row_is_checked_as_all_others() {
    let scene = full(&sample());
    let windows = [("lane", 8), ("lane", 0), ("push", 0), ("push", 3), ("long push", 1), ("code", 0), ("past", 0)];
    for (chip, index) in windows.into_iter().chain([("word", 2), ("no jump destination", 9)]) {
        assert_ne!(scene.without(chip, index).objections(), BTreeSet::new(), "without {chip} {index}");
    }
    let quiet = quiet();
    for index in 0..3 {
        assert_ne!(quiet.without("lane", index).objections(), BTreeSet::new(), "without lane {index}");
    }
    let empty = quiet.without("code", 1).objections();
    assert_eq!(empty, ["bus: code length", "bus: hash end"].map(str::to_owned).into());
}

#[test]
fn class_21_selectors_and_the_first_token_are_bound() {
    let scene = quiet();
    let end = scene.window("code", 0);
    for (column, label) in [("index", "chain in: index"), ("entry", "chain in: before")] {
        assert!(scene.with(&[(column, end, 1)]).failures().contains(label), "{label}");
    }
    for chip in ["lane", "push", "long push", "code", "past", "word", "no jump destination"] {
        let row = scene.grid.used() + 3;
        let twice = scene.with(&[(&format!("selects {chip}"), row, 2)]);
        assert!(twice.failures().contains(&format!("the selector of {chip} is boolean")), "{chip}");
        let idle = scene.with(&[(&format!("selects {chip}"), row, 1)]);
        assert_ne!(idle.objections(), BTreeSet::new(), "an empty {chip}");
    }
}

#[test]
fn class_17_the_key_does_not_depend_on_the_witness() {
    use halo2_proofs::halo2curves::bn256::Bn256;
    use halo2_proofs::plonk::keygen_vk;
    use halo2_proofs::poly::kzg::commitment::ParamsKZG;
    use rand::SeedableRng;
    let params = ParamsKZG::<Bn256>::setup(K, rand::rngs::StdRng::seed_from_u64(1));
    let key = |circuit: &ShardCircuit| {
        let key = keygen_vk(&params, circuit).expect("a key");
        key.to_bytes(halo2_proofs::SerdeFormat::RawBytes)
    };
    let scene = full(&sample());
    let empty = ShardCircuit::for_keys(Arc::clone(&scene.grid.circuit), K);
    assert_eq!(key(&empty), key(&ShardCircuit::for_mock_prover(&scene.grid).0));
}

/// Whoever rejects code by its first byte reads it from the first word.
#[test]
fn class_3_the_first_byte_is_bound() {
    let code = [0xef; 4];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    let mut word = work.word(hash(7), 0).expect("a word");
    word.word &= U256::MAX >> 8;
    demand.add::<CodeWord>(&word);
    let scene = Scene::new(&work, &[(hash(7), &code)], demand);
    let row = scene.window("word", 0);
    let forged = scene.with(&[("byte 0", row, 0x00ef_efef_0000_0000)]);
    assert!(forged.objections().contains("bus: code"));
    let lane = scene.window("lane", 0);
    let end = scene.window("code", 0) + 1;
    let forged = forged.with(&[("byte 0", lane, 0), ("byte 0", end, 0)]);
    assert!(forged.objections().contains("bus: hash lane"));
}

#[test]
fn data_is_no_opcode() {
    let code = [0x60, 0x5b, 0x5b];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    assert_eq!(work.fetch(hash(7), 1).err(), Some(BytecodeError::NoOpcode { hash: hash(7), pc: 1 }));
    assert_eq!(work.no_jump_dest(hash(7), 2), Err(BytecodeError::JumpDest { hash: hash(7), pc: 2 }));
    assert_eq!(work.no_jump_dest(hash(7), 3), Err(BytecodeError::JumpDest { hash: hash(7), pc: 3 }));
    assert_eq!(work.fetch(hash(8), 0).err(), Some(BytecodeError::UnknownCode { hash: hash(8) }));
    assert_eq!(work.word(hash(7), 1).err(), Some(BytecodeError::NoWord { hash: hash(7), index: 1 }));
    let wrong = CodeNative { hash: hash(7), pc: 1, opcode: 0x5b, push: U256::ZERO, next: 2 };
    demand.add::<Code>(&wrong);
    let scene = Scene::new(&work, &[(hash(7), &code)], demand);
    assert_eq!(scene.objections(), BTreeSet::from(["bus: code".to_owned()]));
    // The lane's only fact about byte 1 has a mark: to take it away is to say that no data are due.
    let lane = scene.window("lane", 0);
    let forged = scene.with(&[("counter 0", lane, 0)]);
    assert!(forged.objections().contains("bus: push counter"));
}

/// Bytes of a code are not opcodes with a value, whatever a consumer believes of the value.
#[test]
fn a_push_without_its_row_is_not_consumed() {
    let code = [0x60, 0x07, 0x00];
    for push in [U256::ZERO, U256::from(7), U256::from(1) << 128] {
        let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
        work.add_code(hash(7), &code);
        demand.add::<Code>(&CodeNative { hash: hash(7), pc: 0, opcode: 0x60, push, next: 2 });
        let scene = Scene::new(&work, &[(hash(7), &code)], demand);
        assert_eq!(scene.objections(), BTreeSet::from(["bus: code".to_owned()]), "{push}");
    }
}

/// No other value, no other length, no other position, no other opcode, in a row and in four, within a lane and across.
#[test]
fn a_push_has_one_value() {
    let scene = full(&sample());
    for (chip, last) in [("push", 0), ("long push", 3)] {
        for row in scene.windows(chip).map(|row| row + last) {
            for column in ["value.lo", "opcode", "counter 6", "byte 7", "index", "hash.lo"] {
                let cell = scene.column(column);
                let mut forged = scene.clone();
                forged.grid.write(cell, row, scene.grid.read(cell, row) + F::from(1));
                assert_ne!(forged.objections(), BTreeSet::new(), "{chip} in row {row}: {column}");
            }
            // Another last byte, with the value that it makes.
            let mut forged = scene.clone();
            for cell in ["byte 7", "value.lo"].map(|name| scene.column(name)) {
                forged.grid.write(cell, row, scene.grid.read(cell, row) + F::from(1));
            }
            assert_eq!(forged.failures(), BTreeSet::new());
            assert!(forged.objections().contains("bus: code"), "{chip} in row {row}");
        }
    }
}

/// PUSH2 with its data read as a PUSH1 that ends where they end, one byte later, or one byte earlier.
#[test]
fn a_push_has_one_length() {
    let code = [0x61, 0x00, 0x00, 0x00];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    let fact = work.fetch(hash(7), 0).expect("an opcode");
    demand.add::<Code>(&CodeNative { pc: 1, opcode: 0x60, ..fact });
    let scene = Scene::new(&work, &[(hash(7), &code)], demand);
    let row = scene.window("push", 0);
    let mut shorter = scene.with(&[("opcode", row, 0x60), ("counter 5", row, 0)]);
    let selected = scene.grid.circuit.chips.iter().find(|chip| chip.name == "push").expect("a chip");
    let multiplicity = selected.messages.iter().find_map(|m| m.multiplicity.as_cell()).expect("a fact");
    shorter.grid.write(multiplicity, row, F::from(1));
    assert_eq!(shorter.objections(), BTreeSet::from(["bus: code".to_owned()]));
}

#[test]
fn data_behind_the_end_are_zeros() {
    let code = [0x00, 0x63, 0xff];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    let fact = work.fetch(hash(7), 1).expect("an opcode");
    assert_eq!((fact.push, fact.next), (U256::from(0xff00_0000u32), 6));
    demand.add::<Code>(&fact);
    let code_behind = [&[0x00; 5][..], &[0x7f, 0x01]].concat();
    work.add_code(hash(8), &code_behind);
    let fact = work.fetch(hash(8), 5).expect("an opcode");
    assert_eq!((fact.push, fact.next), (U256::from(1) << 248, 38));
    demand.add::<Code>(&fact);
    let scene = Scene::new(&work, &[(hash(7), &code), (hash(8), &code_behind)], demand);
    assert_eq!(scene.objections(), BTreeSet::new());
    assert_eq!(scene.windows("past").count(), 30, "one for each byte behind the last lane");
}

#[test]
fn a_destination_cannot_be_denied() {
    let code = [0x00, 0x5b];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    work.no_jump_dest(hash(7), 0).expect("STOP is no destination");
    demand.add::<NoJumpDest>(&NoJumpDestNative { hash: hash(7), pc: 1 });
    let scene = Scene::new(&work, &[(hash(7), &code)], demand);
    let row = scene.window("no jump destination", 0);
    let label = "the byte is data, or no JUMPDEST".to_owned();
    // As the opcode that it is; as data, of which none are due; as data of a PUSH that is not there.
    let mut there = scene.with(&[("byte 0", row, 0x5b)]);
    there.grid.write(scene.column("index"), row, inverse_or_zero(F::from(8)));
    assert!(there.failures().contains(&label));
    let [flag, inverse] = scene.no_jump_dest_cells().map(|name| scene.column(&name));
    there.grid.write(flag, row, F::from(1));
    assert!(there.failures().contains(&label));
    there.grid.write(inverse, row, F::from(1));
    there.grid.write(scene.column("entry"), row, F::from(1));
    assert_eq!(there.failures(), BTreeSet::new());
    assert!(there.objections().contains("bus: code"));
}

/// Four bytes read as if they were four lanes.
#[test]
fn a_word_is_of_whole_lanes() {
    let code = [0x01, 0x02, 0x03, 0x04];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    let word = work.word(hash(7), 0).expect("a word");
    let bytes = U256::from_limbs([4, 3, 2, 1]);
    demand.add::<CodeWord>(&CodeWordNative { word: bytes, ..word });
    keccak(&mut demand.balance, hash(7), &code);
    let byte = |i: usize| (["byte 0", "byte 1", "byte 2", "byte 3"][i], F::from(u64::from(code[i])));
    let mut cells = vec![("word", "entry", 0, F::from(0))];
    cells.extend((0..4).map(byte).map(|(column, value)| ("word", column, 0, value)));
    let counters = ["counter 0", "counter 1", "counter 2", "counter 3"];
    cells.extend(counters.map(|column| ("word", column, 0, F::from(0))));
    let labels: BTreeSet<String> = (0..4).map(|i| format!("lanes after byte {i}")).collect();
    let labels = &labels | &BTreeSet::from(["lanes before byte 0".to_owned()]);
    assert_eq!(Scene::forged(work.finish(), demand, &cells).objections(), labels);
}

/// A lane's index is no position: lane 1 says nothing of the byte at position 1.
#[test]
fn a_lane_is_no_data() {
    let mut code = [0x5b; 16];
    code[15] = 0x00;
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    work.no_jump_dest(hash(7), 15).expect("STOP is no destination");
    demand.add::<NoJumpDest>(&NoJumpDestNative { hash: hash(7), pc: 1 });
    keccak(&mut demand.balance, hash(7), &code);
    let honest = Scene::forged(work.finish(), demand.clone(), &[]);
    let [flag, inverse] = honest.no_jump_dest_cells();
    let chip = "no jump destination";
    let lane = (chip, "byte 0", 0, F::from(u64::from_be_bytes(code[8..].try_into().expect("eight bytes"))));
    let place = (chip, "index", 0, inverse_or_zero(F::from(8)));
    let counters = ["entry", "counter 0"].map(|column| (chip, column, 0, F::from(LANE)));
    let data = (chip, flag.as_str(), 0, F::from(1));
    let inverse = (chip, inverse.as_str(), 0, inverse_or_zero(F::from(LANE)));
    let cells = [&[lane, place, data, inverse][..], &counters].concat();
    let forged = Scene::forged(work.finish(), demand, &cells);
    assert_eq!(forged.objections(), BTreeSet::from(["bus: push counter".to_owned()]));
}

/// Lanes of zeros behind the end, read as if they were the last bytes.
#[test]
fn a_lane_is_no_byte_of_the_last() {
    let code = [0x01, 0x02];
    let (mut work, mut demand) = (BytecodeWork::new(), Demand::default());
    work.add_code(hash(7), &code);
    keccak(&mut demand.balance, hash(7), &code);
    let length = |length, sum| (HashEndNative { digest: hash(7), length }, sum);
    for (end, sum) in [length(2, F::from(1)), length(1, -F::from(1))] {
        demand.balance.add_public::<HashEnd>(&end, sum);
    }
    let mut sheet = work.finish();
    for lane in 1..8 {
        sheet.push(0, BytecodeEvent::Past(PastEvent { hash: hash(7), length: 1, pc: 8 * lane, due: 0 }));
    }
    let flag = Scene::forged(work.finish(), Demand::default(), &[]).flag_inside(1);
    let columns: Vec<String> = (0..8).map(|i| format!("counter {i}")).chain(["entry".to_owned()]).collect();
    let mut cells: Vec<_> = columns.iter().map(|column| ("code", column.as_str(), 1, F::from(LANE))).collect();
    cells.extend([("code", "byte 0", 1, F::from(0x0102 << 48)), ("code", "byte 1", 1, F::from(0))]);
    cells.extend([("code", flag.as_str(), 1, F::from(0)), ("code", "counter 5", 0, F::from(1))]);
    let forged = Scene::forged(sheet, demand, &cells);
    assert_eq!(forged.objections(), ["bus: code chain", "bus: push counter"].map(str::to_owned).into());
}

#[test]
fn two_chains_of_one_hash_say_the_same() {
    let code = sample();
    let once = full(&code);
    let mut twice = once.clone();
    twice.balance.add_grid(&quiet_chain(&code));
    assert_eq!(twice.objections(), ["bus: hash end", "bus: hash lane"].map(str::to_owned).into());
    keccak(&mut twice.balance, hash(7), &code);
    assert_eq!(twice.objections(), BTreeSet::new());
    let mut other = code.clone();
    other[3] ^= 1;
    let mut forged = once;
    forged.balance.add_grid(&quiet_chain(&other));
    keccak(&mut forged.balance, hash(7), &code);
    assert!(forged.objections().contains("bus: hash lane"));
}

/// A chain under the name of [`full`]'s code that nobody asked for.
fn quiet_chain(code: &[u8]) -> Grid {
    let mut work = BytecodeWork::new();
    work.add_code(hash(7), code);
    Scene::new(&work, &[], Demand::default()).grid
}

#[test]
fn shape() {
    let scene = full(&[0]);
    let circuit = &scene.grid.circuit;
    let constraints = circuit.chips.iter().flat_map(|chip| chip.constraints.iter().map(|c| &c.expr));
    let tuples: Vec<&Expr> = circuit.slots.iter().flat_map(|slot| &slot.fields).collect();
    println!(
        "main {} aux {} fixed {} slots {} tuple fields {} constraints {} multiplications {} in tuples {}",
        circuit.main.len(),
        circuit.aux_columns(),
        circuit.fixed.len(),
        circuit.slots.len(),
        tuples.len(),
        constraints.clone().count(),
        constraints.map(Expr::multiplications).sum::<usize>(),
        tuples.iter().map(|e| e.multiplications()).sum::<usize>(),
    );
    let columns = circuit.main.len() + circuit.aux_columns();
    assert!(columns <= 46, "{columns} columns");
}
