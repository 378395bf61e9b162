//! The rules of Latchkey.
//!
//! Everything here is a pure function or a plain type: no I/O, no clock, no randomness. The
//! browser calls a rule for the hint it shows, the server calls the same rule for the decision.

pub mod approval;
pub mod audit;
pub mod directory;
pub mod error;
pub mod expiry;
pub mod filter;
pub mod key;
pub mod notice;
pub mod offer;
pub mod operation;
pub mod password;
pub mod permission;
pub mod policy;
pub mod principal;
pub mod role;
pub mod saml;
mod text;
pub mod ticket;

/// An instant in UTC. Services truncate it to microseconds, the precision both databases keep, and
/// so it travels to the browser: reading dates as text would be compiled into the application.
pub type Instant = chrono::DateTime<chrono::Utc>;
