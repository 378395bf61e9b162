//! How Latchkey is reached: settings, router, wire API, verification, command line.
//!
//! Doors translate, they do not decide: what a request may do is the business of `service`.

pub mod cli;
pub mod config;
pub mod credentials;
pub mod failure;
mod health;
pub mod log;
pub mod netbackup;
pub mod network;
pub mod origin;
pub mod router;
pub mod serve;
pub mod state;
mod verify;
// TODO(U): `pub mod web;`, merged in `router`, as soon as it is there.

pub use state::AppState;
