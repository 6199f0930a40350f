//! Chips: relations over a fixed window of rows.

use std::collections::BTreeSet;

use crate::circuit::{Checked16, CircuitBuilder, Constraint, Selector, Slot};
use crate::expr::{Area, Cell, Expr};
use crate::message::{Fact, Linear, Message};
use crate::program::Program;
use crate::value::{Any, Bool, U16};

/// What a chip does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends a linear message.
    Send,
    /// Receives a linear message.
    Receive,
    /// Provides a fact, as often as others consume it.
    Provide,
    /// Consumes a fact.
    Consume,
}

/// One message of a chip.
#[derive(Clone, Debug)]
pub struct MessageDef {
    /// Index of the slot in the circuit.
    pub slot: usize,
    /// The row of the window.
    pub row: i16,
    /// Its role.
    pub role: Role,
    /// What it adds to the bus: positive for the sending and providing side. Of degree at most 1.
    pub multiplicity: Expr,
}

/// How a cell follows from others. Run in order after a chip has filled its own.
#[derive(Clone, Debug)]
pub enum Derive {
    /// Equal to an expression.
    Equal(Cell, Expr),
    /// The inverse of an expression, or zero.
    Inverse(Cell, Expr),
    /// One where an expression is zero.
    IsZero(Cell, Expr),
    /// The 16-bit limbs of an expression, the lowest first.
    Limbs16(Vec<Cell>, Expr),
    /// One where the first is less than the second.
    Less(Cell, Expr, Expr),
}

/// A finished chip.
#[derive(Clone, Debug)]
pub struct ChipDef {
    /// Its name, unique in its circuit.
    pub name: &'static str,
    /// Rows of its window.
    pub height: usize,
    /// How its windows are marked.
    pub selector: Selector,
    /// Its local constraints, relative to the first row of the window.
    pub constraints: Vec<Constraint>,
    /// Its messages.
    pub messages: Vec<MessageDef>,
    /// Cells that follow from others.
    pub derived: Vec<Derive>,
    /// Main cells that the chip reads or constrains: the ones that its instance owns.
    pub cells: BTreeSet<Cell>,
    /// The constraints, compiled.
    pub(crate) program: Program,
    /// The messages' multiplicities, compiled.
    pub(crate) multiplicities: Program,
}

/// Builds one chip of a circuit.
///
/// Slots come first, scratch cells after: a scratch cell takes any column that no slot of this chip uses in that row.
#[derive(Debug)]
pub struct ChipBuilder<'c> {
    circuit: &'c mut CircuitBuilder,
    def: ChipDef,
    used_slots: BTreeSet<(usize, i16)>,
    taken: BTreeSet<Cell>,
    scratch: BTreeSet<Cell>,
}

impl<'c> ChipBuilder<'c> {
    pub(crate) fn new(circuit: &'c mut CircuitBuilder, name: &'static str, height: usize, selector: Selector) -> Self {
        let def = ChipDef {
            name,
            height,
            selector,
            constraints: Vec::new(),
            messages: Vec::new(),
            derived: Vec::new(),
            cells: BTreeSet::new(),
            program: Program::default(),
            multiplicities: Program::default(),
        };
        Self { circuit, def, used_slots: BTreeSet::new(), taken: BTreeSet::new(), scratch: BTreeSet::new() }
    }

    pub(crate) fn finish(mut self) -> ChipDef {
        let mut cells = BTreeSet::new();
        self.def.constraints.iter().for_each(|c| c.expr.collect_cells(&mut cells));
        for message in &self.def.messages {
            message.multiplicity.collect_cells(&mut cells);
            for field in &self.circuit.slots[message.slot].fields {
                field.shifted(message.row).collect_cells(&mut cells);
            }
        }
        cells.extend(&self.scratch);
        // Windows at fixed rows may see more: `Circuit::leaves_usable_rows` looks at each of them.
        let window = 0..self.def.height as i16;
        let reach = |cell: &Cell| {
            matches!(self.def.selector, Selector::Fixed(_)) || window.contains(&cell.rotation) && cell.turns == 0
        };
        assert!(cells.iter().all(reach), "{}: a cell lies outside of the window", self.def.name);
        self.def.cells = cells.into_iter().filter(|cell| cell.area == Area::Main).collect();
        self.def.program = Program::new(self.def.constraints.iter().map(|c| &c.expr));
        self.def.multiplicities = Program::new(self.def.messages.iter().map(|m| &m.multiplicity));
        self.def
    }

    /// The chip's name.
    pub fn name(&self) -> &'static str {
        self.def.name
    }

    /// Requires that `expr` is zero in every window. No scratch cell takes a cell of `expr` any more.
    pub fn require_zero(&mut self, label: impl Into<String>, expr: impl Into<Expr>) {
        let expr = expr.into();
        expr.collect_cells(&mut self.taken);
        self.def.constraints.push(Constraint { label: label.into(), expr });
    }

    /// Requires that `a` and `b` are equal.
    pub fn require_equal(&mut self, label: impl Into<String>, a: impl Into<Expr>, b: impl Into<Expr>) {
        self.require_zero(label, a.into() - b.into());
    }

    /// Requires that `a` and `b` are equal where `flag` is one.
    pub fn require_equal_if(&mut self, label: impl Into<String>, flag: &Bool, a: impl Into<Expr>, b: impl Into<Expr>) {
        self.require_zero(label, flag * (a.into() - b.into()));
    }

    fn message(&mut self, slot: usize, fields: &[Expr], row: i16, role: Role, multiplicity: Expr) {
        assert!(self.used_slots.insert((slot, row)), "{}: slot {slot} is used twice in row {row}", self.def.name);
        assert!((0..self.def.height as i16).contains(&row), "{}: row {row} is outside", self.def.name);
        let mut cells = BTreeSet::new();
        fields.iter().for_each(|field| field.shifted(row).collect_cells(&mut cells));
        assert!(cells.is_disjoint(&self.scratch), "{}: slots come before scratch cells", self.def.name);
        self.taken.extend(cells);
        self.def.messages.push(MessageDef { slot, row, role, multiplicity });
    }

    /// Receives a linear message in `row` of the window.
    pub fn receive<M: Linear>(&mut self, slot: &Slot<M>, row: i16) -> M {
        self.receive_if(slot, row, &Bool::constant(true))
    }

    /// Receives a linear message where `flag` is one. Its ranges hold only there.
    pub fn receive_if<M: Linear>(&mut self, slot: &Slot<M>, row: i16, flag: &Bool) -> M {
        self.message(slot.index, &slot.fields, row, Role::Receive, -flag.expr());
        slot.at(row)
    }

    /// Sends a linear message in `row` of the window.
    pub fn send<M: Linear>(&mut self, slot: &Slot<M>, row: i16, message: &M) {
        self.send_if(slot, row, &Bool::constant(true), message);
    }

    /// Sends a linear message where `flag` is one. The slot holds the message's fields everywhere.
    pub fn send_if<M: Linear>(&mut self, slot: &Slot<M>, row: i16, flag: &Bool, message: &M) {
        self.message(slot.index, &slot.fields, row, Role::Send, flag.expr());
        self.contents(slot, row, message);
    }

    /// Consumes a fact: `message` is true.
    pub fn consume<M: Fact>(&mut self, slot: &Slot<M>, row: i16, message: &M) {
        self.consume_if(slot, row, &Bool::constant(true), message);
    }

    /// Consumes a fact where `flag` is one. The slot holds the message's fields everywhere.
    pub fn consume_if<M: Fact>(&mut self, slot: &Slot<M>, row: i16, flag: &Bool, message: &M) {
        self.message(slot.index, &slot.fields, row, Role::Consume, -flag.expr());
        self.contents(slot, row, message);
    }

    /// Consumes whatever fact the slot's cells say; the caller fills them. Answers it, with its ranges.
    pub fn learn<M: Fact>(&mut self, slot: &Slot<M>, row: i16) -> M {
        self.learn_if(slot, row, &Bool::constant(true))
    }

    /// As [`learn`](Self::learn), where `flag` is one. The ranges hold only there.
    pub fn learn_if<M: Fact>(&mut self, slot: &Slot<M>, row: i16, flag: &Bool) -> M {
        self.message(slot.index, &slot.fields, row, Role::Consume, -flag.expr());
        slot.at(row)
    }

    /// Provides a fact as often as it is consumed. `multiplicity` is a cell that nothing else constrains; the framework
    /// fills it.
    ///
    /// # Panics
    /// If `multiplicity` is not a main cell.
    pub fn provide<M: Fact>(&mut self, slot: &Slot<M>, row: i16, multiplicity: Cell, message: &M) {
        assert_eq!(multiplicity.area, Area::Main, "{}: a multiplicity is a main cell", self.def.name);
        self.message(slot.index, &slot.fields, row, Role::Provide, multiplicity.expr());
        self.taken.insert(multiplicity);
        self.contents(slot, row, message);
    }

    /// The slot's tuple in `row`, without a message: for a chip that shares the columns. No range is enforced.
    pub fn peek<M: Message>(&mut self, slot: &Slot<M>, row: i16) -> M {
        let message = slot.at(row);
        message.fields().iter().for_each(|field| field.collect_cells(&mut self.taken));
        message
    }

    fn contents<M: Message>(&mut self, slot: &Slot<M>, row: i16, message: &M) {
        let name = self.circuit.slots[slot.index].name.clone();
        let at = if row == 0 { String::new() } else { format!(" in row {row}") };
        for ((place, field), value) in slot.fields.iter().zip(M::names()).zip(message.fields()) {
            let place = place.shifted(row);
            if place.same(&value) {
                continue;
            }
            if let Some(cell) = place.as_cell().filter(|cell| cell.area == Area::Main) {
                self.def.derived.push(Derive::Equal(cell, value.clone()));
            }
            self.require_equal(format!("{name}: {field}{at}"), place, value);
        }
    }

    fn allocate(&mut self, row: i16) -> Cell {
        let free = |column: &&usize| {
            let cell = Cell::main(**column).shifted(row);
            !self.taken.contains(&cell) && !self.circuit.checked.iter().any(|c| c.cell.shifted(row) == cell)
        };
        let plain = self.circuit.shared.iter().find(free);
        let any = || self.circuit.shared.iter().find(|c| !self.taken.contains(&Cell::main(**c).shifted(row)));
        let column = plain.or_else(any).unwrap_or_else(|| panic!("{}: row {row} is full", self.def.name));
        let cell = Cell::main(*column).shifted(row);
        self.taken.insert(cell);
        self.scratch.insert(cell);
        cell
    }

    /// Whether a message, a constraint or a scratch cell of this chip has taken the cell.
    pub fn is_taken(&self, cell: Cell) -> bool {
        self.taken.contains(&cell)
    }

    /// A scratch cell of row `row`, of any value.
    pub fn any(&mut self, row: i16) -> Any {
        Any::assume(self.allocate(row), "any field element")
    }

    /// A given cell, for contents of the chip's own: no slot of this row may use it any more, and no scratch cell takes
    /// it. For flags that slots need, which scratch cells, coming after them, cannot be.
    ///
    /// # Panics
    /// If it is in use.
    pub fn reserve(&mut self, cell: Cell) -> Any {
        assert!(self.taken.insert(cell), "{}: {cell:?} is in use", self.def.name);
        self.scratch.insert(cell);
        Any::assume(cell, "any field element")
    }

    /// A [reserved](Self::reserve) cell that is zero or one.
    pub fn bool_at(&mut self, label: &str, cell: Cell) -> Bool {
        let cell = self.reserve(cell).expr();
        self.require_zero(format!("{label} is boolean"), &cell * (Expr::one() - &cell));
        Bool::assume(cell, "constrained above")
    }

    /// A scratch cell that holds a fact's multiplicity.
    pub fn multiplicity(&mut self, row: i16) -> Cell {
        self.allocate(row)
    }

    /// A scratch cell that is zero or one.
    pub fn bool(&mut self, label: &str, row: i16) -> Bool {
        let cell = self.allocate(row).expr();
        self.require_zero(format!("{label} is boolean"), &cell * (Expr::one() - &cell));
        Bool::assume(cell, "constrained above")
    }

    /// A scratch cell below 2^16.
    ///
    /// # Panics
    /// If every checked column of the row is taken.
    pub fn u16(&mut self, row: i16) -> U16 {
        let free = |c: &&Checked16| !self.taken.contains(&c.cell.shifted(row));
        let checked = self.circuit.checked.iter().find(free).cloned();
        let checked = checked.unwrap_or_else(|| panic!("{}: no checked column is left in row {row}", self.def.name));
        self.checked(&checked, row)
    }

    /// The cell of `checked` in `row`, checked to be below 2^16.
    pub fn checked(&mut self, checked: &Checked16, row: i16) -> U16 {
        self.checked_if(checked, row, &Bool::constant(true))
    }

    /// The cell of `checked` in `row`, checked to be below 2^16 where `flag` is one: the range holds only there.
    pub fn checked_if(&mut self, checked: &Checked16, row: i16, flag: &Bool) -> U16 {
        self.message(checked.slot.index, &checked.slot.fields, row, Role::Consume, -flag.expr());
        U16::assume(checked.cell.shifted(row), "checked by the slot")
    }

    /// Requires that `cell` equals `expr`, and fills it so.
    ///
    /// # Panics
    /// If `cell` is not a main cell.
    pub fn define(&mut self, label: impl Into<String>, cell: Cell, expr: impl Into<Expr>) {
        assert_eq!(cell.area, Area::Main, "{}: only main cells are filled", self.def.name);
        let expr = expr.into();
        self.def.derived.push(Derive::Equal(cell, expr.clone()));
        self.taken.insert(cell);
        self.require_equal(label, cell, expr);
    }

    /// A scratch cell that equals `expr`: its name for later use, at degree 1.
    pub fn store(&mut self, label: &str, row: i16, expr: impl Into<Expr>) -> Any {
        let (cell, expr) = (self.allocate(row), expr.into());
        self.def.derived.push(Derive::Equal(cell, expr.clone()));
        self.require_equal(label, cell, expr);
        Any::assume(cell, "any field element")
    }

    /// As [`store`](Self::store), for an expression that is zero or one by its form.
    pub fn store_bool(&mut self, label: &str, row: i16, expr: &Bool) -> Bool {
        Bool::assume(self.store(label, row, expr), "equal to a boolean")
    }

    /// One where `expr` is zero, else zero. Two cells; both are determined.
    pub fn is_zero(&mut self, label: &str, row: i16, expr: impl Into<Expr>) -> Bool {
        let expr = expr.into();
        let (flag, inverse) = (self.allocate(row), self.allocate(row));
        self.def.derived.push(Derive::IsZero(flag, expr.clone()));
        self.def.derived.push(Derive::Inverse(inverse, expr.clone()));
        self.require_zero(format!("{label}: zero has no inverse"), flag * &expr);
        self.require_equal(format!("{label}: others have one"), &expr * inverse, Expr::one() - flag);
        self.require_zero(format!("{label}: the inverse of zero is zero"), flag * inverse);
        Bool::assume(flag, "the three constraints above leave 0 and 1")
    }

    /// One where `a` and `b` are equal, else zero.
    pub fn is_equal(&mut self, label: &str, row: i16, a: impl Into<Expr>, b: impl Into<Expr>) -> Bool {
        self.is_zero(label, row, a.into() - b.into())
    }

    /// Requires `expr` to lie in `[0, 2^(16 limbs))`, with `limbs` checked cells, and answers them, the lowest first.
    ///
    /// # Panics
    /// If `limbs` exceeds 15: the sum could wrap around the field.
    pub fn require_bits16(&mut self, label: &str, row: i16, limbs: usize, expr: impl Into<Expr>) -> Vec<U16> {
        self.require_limbs16(label, &vec![row; limbs], expr)
    }

    /// As [`require_bits16`](Self::require_bits16), with one limb in each of the given rows.
    ///
    /// # Panics
    /// If there are more than 15.
    pub fn require_limbs16(&mut self, label: &str, rows: &[i16], expr: impl Into<Expr>) -> Vec<U16> {
        assert!(rows.len() <= 15, "{}: {label}: the limbs stay below the field's modulus", self.def.name);
        let expr = expr.into();
        let cells: Vec<U16> = rows.iter().map(|row| self.u16(*row)).collect();
        let places = cells.iter().map(|c| c.expr().as_cell().expect("a checked cell")).collect();
        self.def.derived.push(Derive::Limbs16(places, expr.clone()));
        let sum: Expr = cells.iter().enumerate().map(|(i, c)| c * Expr::power_of_two(16 * i as u32)).sum();
        self.require_equal(label, expr, sum);
        cells
    }

    /// One where `a < b`, else zero, for `a` and `b` in `[0, 2^(16 limbs))`: the caller's types say so.
    pub fn less_than(&mut self, label: &str, row: i16, limbs: usize, a: impl Into<Expr>, b: impl Into<Expr>) -> Bool {
        let (a, b) = (a.into(), b.into());
        let flag = self.bool(&format!("{label}: flag"), row);
        let cell = flag.expr().as_cell().expect("a scratch cell");
        self.def.derived.push(Derive::Less(cell, a.clone(), b.clone()));
        self.require_bits16(label, row, limbs, a - b + &flag * Expr::power_of_two(16 * limbs as u32));
        flag
    }

    /// Fills `cell` with the inverse of `expr`, or zero. The caller constrains it.
    pub fn derive_inverse(&mut self, cell: Cell, expr: impl Into<Expr>) {
        self.taken.insert(cell);
        self.def.derived.push(Derive::Inverse(cell, expr.into()));
    }

    /// Fills `cell` with `expr`. The caller constrains it.
    pub fn derive(&mut self, cell: Cell, expr: impl Into<Expr>) {
        self.taken.insert(cell);
        self.def.derived.push(Derive::Equal(cell, expr.into()));
    }
}
