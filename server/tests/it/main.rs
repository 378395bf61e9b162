//! The whole router, in-process, on both databases; the modules mirror the addresses.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    clippy::format_collect,
    clippy::assigning_clones,
    reason = "a test panics where it fails, and hands over the documents it makes"
)]

mod connections;
mod courier;
mod examples;
mod health;
mod matrix;
mod netbackup;
mod openapi;
mod program;
mod saml;
mod secrecy;
mod support;
mod verify;
mod web;
