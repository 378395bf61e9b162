//! The use cases and the store's contract, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod audit;
mod audit_check;
mod audit_servers;
mod clock;
mod dashboard;
mod demo;
mod directory;
mod hostile;
mod in_flight;
mod keys;
mod kill;
mod lifecycle;
mod notices;
mod people;
mod reads;
mod roles;
mod saml;
mod sessions;
mod store;
mod tickets;
mod trail;
mod users;
mod writers;
