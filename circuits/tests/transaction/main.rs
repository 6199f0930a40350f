//! Everything around the calls: honest blocks hold, every constraint is needed, no cell is free, and relabelled
//! transactions are rejected.

mod honest;
mod machine;
mod trial;
mod tx;
mod world;
mod wrong;
