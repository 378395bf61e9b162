//! What Latchkey does: the use cases, the store and verification. No HTTP.
//!
//! Every use case takes an [`Actor`], authorises it, applies the rule of `domain`, stores the
//! change and its audit record in one transaction.

mod actor;
pub mod audit;
pub mod clock;
mod core;
pub mod demo;
pub mod entropy;
mod fault;
pub mod jobs;
pub mod keys;
pub mod list;
mod maintenance;
pub mod notices;
mod operation;
pub mod password;
mod policy;
pub mod principals;
mod pulse;
mod refusals;
pub mod reveal;
pub mod roles;
pub mod saml;
pub mod second_factor;
pub mod secret;
pub mod secrets;
pub mod sessions;
mod sign_in;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
pub mod tickets;
mod token;
mod usage;
pub mod users;
pub mod verify;

pub use self::{
    actor::{Actor, Lifetime, Origin, Via},
    core::{Limits, Options, Services},
    operation::{Outcome, Waiting},
    store::OpenError,
};
