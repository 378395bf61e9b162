//! The whole router, in-process, on both databases; the modules mirror the addresses.

mod connections;
mod health;
mod netbackup;
mod program;
mod secrecy;
mod support;
mod verify;
