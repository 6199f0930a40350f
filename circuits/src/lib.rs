//! The circuits of Verbatim.
//!
//! Each folder is a circuit: `mod.rs` lays out its columns and lists its chips, and every other file is one chip, with its
//! columns, constraints, messages, filling and tests. [`bus`] is the inventory of the messages between them.
//!
//! ```
//! use verbatim_circuits::bus::Exec;
//! use verbatim_gadgets::message::Message;
//!
//! assert_eq!(Exec::TAG.name, "exec");
//! assert_eq!(Exec::names()[0], "clock");
//! ```

pub mod arith;
pub mod bus;
pub mod bytecode;
pub mod calls;
pub mod copy;
pub mod keccak;
pub mod light;
pub mod memory;
pub mod opcodes;
mod payment;
pub mod poseidon;
pub mod schedule;
pub mod state;
pub mod statement;
pub mod step;
pub mod storage;
pub mod tables;
pub mod transaction;
pub mod transfer;
