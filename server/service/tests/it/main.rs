//! The use cases and the store's contract, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod audit;
mod audit_check;
mod directory;
mod keys;
mod lifecycle;
mod roles;
mod sessions;
mod store;
mod users;
