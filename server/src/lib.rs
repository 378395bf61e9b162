//! How Latchkey is reached: settings, router, wire API, verification, command line.
//!
//! Doors translate, they do not decide: what a request may do is the business of `service`.

// The types of whole pages, which are made here, nest deeply.
#![recursion_limit = "256"]

pub mod cli;
pub mod config;
pub mod courier;
pub mod credentials;
mod demo_idp;
mod export;
pub mod failure;
mod files;
mod health;
mod html;
pub mod log;
pub mod netbackup;
pub mod network;
pub mod origin;
pub mod router;
pub mod saml;
pub mod serve;
pub mod state;
pub mod tls;
mod verify;
pub mod web;

pub use state::{AppState, RootCertificate};
pub use web::events::Streams;
