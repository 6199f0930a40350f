//! The framework of Verbatim: typed cells, messages, chips, circuits, and the checker.
//!
//! A [`chip`] is a relation over a window of rows. It is written once, as expressions over the cells of its window and
//! as messages on a bus, and everything else reads that: the halo2 circuit, the [checker](check), the statistics, and the
//! audit harness. A [`circuit`] is a list of chips that share columns.
//!
//! ```
//! use std::sync::Arc;
//! use verbatim_gadgets::{check::check, circuit::CircuitBuilder, grid::Grid};
//!
//! // One chip: `product` is the product of `left` and `right`.
//! let mut builder = CircuitBuilder::new("products");
//! let (left, right, product) = (builder.main("left"), builder.main("right"), builder.main("product"));
//! builder.chip("product", 1, |chip| chip.require_equal("product", product, left * right));
//! let circuit = Arc::new(builder.finish());
//!
//! let fixed = Arc::new(circuit.fixed_values(8));
//! let mut grid = Grid::new(circuit, 8, fixed);
//! grid.place(0, 0, |row| {
//!     for (cell, value) in [(left, 6), (right, 7), (product, 42)] {
//!         row.field(&cell.expr(), value.into());
//!     }
//! })?;
//! assert!(check(&grid).failures.is_empty());
//!
//! grid.write(product, 0, 41.into());
//! assert_eq!(check(&grid).failures[0].label, "product");
//! # Ok::<(), verbatim_gadgets::grid::Full>(())
//! ```

pub mod audit;
pub mod bus;
pub mod check;
pub mod chip;
pub mod circuit;
pub mod expr;
pub mod grid;
pub mod halo2;
pub mod machine;
pub mod message;
pub mod plan;
pub mod program;
pub mod ranges;
pub mod stats;
pub mod value;
