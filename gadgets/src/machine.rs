//! Chips as types, circuits as lists of them, and the work that fills shards.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use crate::audit::Exception;
use crate::chip::ChipBuilder;
use crate::circuit::{Circuit, CircuitBuilder};
use crate::expr::Cell;
use crate::grid::{Full, Grid, WindowWriter};
use crate::plan::LEAST_K;

/// A chip: built once into its circuit, then filled from one event per window.
pub trait Chip: Sized + Debug + Send + Sync {
    /// The columns and slots of the circuit that it lives in.
    type Layout;
    /// What one window is filled from.
    type Event: Clone + Debug + Send + Sync;
    /// Its name, unique in the circuit.
    const NAME: &'static str;
    /// Rows of its window.
    const HEIGHT: usize = 1;

    /// The fixed column that marks its windows, for chips that stand at fixed rows.
    fn selector(_layout: &Self::Layout) -> Option<Cell> {
        None
    }

    /// Declares constraints and messages. What is returned remembers the cells that [`fill`](Self::fill) sets.
    fn build(chip: &mut ChipBuilder<'_>, layout: &Self::Layout) -> Self;

    /// Sets the cells of a window that nothing else determines.
    fn fill(&self, event: &Self::Event, row: &mut WindowWriter<'_>);

    /// Adds the chip to a circuit.
    fn add_to(builder: &mut CircuitBuilder, layout: &Self::Layout) -> Self {
        match Self::selector(layout) {
            None => builder.chip(Self::NAME, Self::HEIGHT, |chip| Self::build(chip, layout)),
            Some(cell) => builder.fixed_chip(Self::NAME, Self::HEIGHT, cell, |chip| Self::build(chip, layout)),
        }
    }
}

/// The chips of one circuit, as [`chips!`](crate::chips!) declares them.
pub trait ChipSet: Debug + Send + Sync + Sized + 'static {
    /// An event of any of them.
    type Event: Clone + Debug + Send + Sync;

    /// The circuit, and its chips.
    fn build() -> (Circuit, Self);

    /// Which chip an event fills, by its index in the circuit.
    fn index(event: &Self::Event) -> usize;

    /// Fills a window.
    fn fill(&self, event: &Self::Event, row: &mut WindowWriter<'_>);

    /// What fills the windows of a fixed chip that no event needs.
    fn padding() -> Option<Self::Event> {
        None
    }

    /// The one size of the circuit's shards, where its fixed columns ask for one. Such a circuit has exactly one shard.
    const SIZE: Option<u32> = None;

    /// The smallest size of the circuit's shards, where its fixed columns ask for more than [`LEAST_K`].
    const LEAST: u32 = LEAST_K;

    /// What the audit finds in the circuit and is right as it is.
    const EXCEPTIONS: &'static [Exception] = &[];
}

/// Declares the event type of a circuit and the struct of its chips, one line a chip.
///
/// `layout` is a function that lays out the columns: `fn(&mut CircuitBuilder) -> Layout`. `Layout` is the [`Chip::Layout`] of
/// all chips, or [borrows](std::borrow::Borrow) as that of each. After the chips may stand, in this
/// order, `padding`, `size`, `least` and `exceptions`, each as in [`ChipSet`].
#[macro_export]
macro_rules! chips {
    ($(#[$doc:meta])* pub struct $set:ident, $event:ident = $name:literal, $layout:path {
        $($chip:ident: $type:ty,)*
    } $(padding $padding:expr;)? $(size $size:expr;)? $(least $least:expr;)? $(exceptions $exceptions:expr;)?) => {
        $(#[$doc])*
        #[allow(non_snake_case, reason = "the fields are named after the chips")]
        #[derive(Debug)]
        pub struct $set {
            $($chip: $type,)*
        }

        #[doc = concat!("What a window of the ", $name, " circuit is filled from.")]
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "each variant is documented where its chip is")]
        pub enum $event {
            $($chip(<$type as $crate::machine::Chip>::Event),)*
        }

        impl $crate::machine::ChipSet for $set {
            type Event = $event;

            fn build() -> ($crate::circuit::Circuit, Self) {
                let mut builder = $crate::circuit::CircuitBuilder::new($name);
                let layout = $layout(&mut builder);
                let set = Self { $($chip: <$type as $crate::machine::Chip>::add_to(&mut builder, ::std::borrow::Borrow::borrow(&layout)),)* };
                (builder.finish(), set)
            }

            fn index(event: &$event) -> usize {
                #[allow(non_camel_case_types, dead_code, clippy::enum_variant_names, reason = "counts the chips")]
                enum Index { $($chip,)* }
                match event { $($event::$chip(_) => Index::$chip as usize,)* }
            }

            fn fill(&self, event: &$event, row: &mut $crate::grid::WindowWriter<'_>) {
                match event { $($event::$chip(event) => $crate::machine::Chip::fill(&self.$chip, event, row),)* }
            }

            $(fn padding() -> Option<$event> {
                Some($padding)
            })?

            $(const SIZE: Option<u32> = Some($size);)?

            $(const LEAST: u32 = $least;)?

            $(const EXCEPTIONS: &'static [$crate::audit::Exception] = $exceptions;)?
        }
    };
}

/// All that one circuit has to prove: its events in order.
#[derive(Clone, Debug)]
pub struct Sheet<S: ChipSet> {
    circuit: Arc<Circuit>,
    chips: Arc<S>,
    events: Vec<(u64, S::Event)>,
}

impl<S: ChipSet> Default for Sheet<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: ChipSet> Sheet<S> {
    /// A circuit without work.
    pub fn new() -> Self {
        let (circuit, chips) = S::build();
        Self { circuit: Arc::new(circuit), chips: Arc::new(chips), events: Vec::new() }
    }

    /// Adds an event; `origin` is what reports of failures will say of it, usually the number of the execution step.
    pub fn push(&mut self, origin: u64, event: S::Event) {
        self.events.push((origin, event));
    }

    /// The events.
    pub fn events(&self) -> &[(u64, S::Event)] {
        &self.events
    }
}

/// The work of one circuit, whatever its events are.
pub trait Workload: Debug + Send + Sync {
    /// The circuit.
    fn circuit(&self) -> &Arc<Circuit>;
    /// What the audit finds in the circuit and is right as it is.
    fn exceptions(&self) -> &'static [Exception] {
        &[]
    }
    /// How many windows there are to fill.
    fn len(&self) -> usize;
    /// Whether there is nothing to do.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The one size of its shards, if there is only one.
    fn size(&self) -> Option<u32>;
    /// The smallest size of its shards.
    fn least_size(&self) -> u32 {
        LEAST_K
    }
    /// The chip of window `index`.
    fn chip(&self, index: usize) -> usize;
    /// How many windows fit a shard of size `k`, where that is not a matter of their heights: in circuits whose windows do
    /// not stand one after the other.
    fn capacity(&self, _k: u32) -> Option<usize> {
        None
    }
    /// Fills the windows of a shard.
    ///
    /// # Errors
    /// If they do not fit.
    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full>;
}

impl<S: ChipSet> Workload for Sheet<S> {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn exceptions(&self) -> &'static [Exception] {
        S::EXCEPTIONS
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn size(&self) -> Option<u32> {
        S::SIZE
    }

    fn least_size(&self) -> u32 {
        S::LEAST
    }

    fn chip(&self, index: usize) -> usize {
        S::index(&self.events[index].1)
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        for (origin, event) in &self.events[windows] {
            grid.place(S::index(event), *origin, |row| self.chips.fill(event, row))?;
        }
        if let Some(padding) = S::padding() {
            while grid.place(S::index(&padding), u64::MAX, |row| self.chips.fill(&padding, row)).is_ok() {}
        }
        grid.place_background();
        Ok(())
    }
}

impl dyn Workload + '_ {
    /// The rows that all windows take together.
    pub fn rows(&self) -> usize {
        let chips = &self.circuit().chips;
        (0..self.len()).map(|index| chips[self.chip(index)].height).sum()
    }

    /// A shard of size `k` with the given windows.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn grid(&self, k: u32, windows: Range<usize>) -> Result<Grid, Full> {
        let circuit = self.circuit();
        let mut grid = Grid::new(Arc::clone(circuit), k, Arc::new(circuit.fixed_values(k)));
        self.fill(windows, &mut grid)?;
        Ok(grid)
    }
}
