//! The circuits of the state: locations, and the steps that access them.

mod fixture;
mod locations;
mod relabel;
mod steps;
mod store;
mod world;
