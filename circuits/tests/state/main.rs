//! The circuits of the state: locations, and the steps that access them.

mod locations;
mod world;
