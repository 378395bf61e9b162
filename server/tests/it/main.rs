//! The whole router, in-process, on both databases; the modules mirror the addresses.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test panics where it fails, and hands over the documents it makes"
)]

mod connections;
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
