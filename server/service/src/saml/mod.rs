//! Sign-in by SAML: providers, and what happens between a browser, a provider and us.
//!
//! A sign-in has three steps. [`Saml::begin`] sends the browser to the provider and remembers, under
//! the relay state, which browser it was. [`Saml::consume`] checks the answer that the provider has
//! the browser post, from the provider's site, so without our cookies; it keeps what was validated
//! under a one-time handle. [`Saml::finish`] is a page of ours again, where the browser shows by
//! its cookie that it is the one that began (S25).

#![expect(
    clippy::similar_names,
    clippy::single_match_else,
    reason = "a peer, and a peek at what it says; two ways of equal weight"
)]

mod account;
mod engine;
#[cfg(feature = "testing")]
pub mod fuzzing;
pub mod idp;
pub(crate) mod key;
mod logout;
mod providers;
mod refused;
mod report;
mod sign_in;

use std::sync::Arc;

use domain::saml::{Cause, Facts, ProviderSettings};
use sha2::{Digest, Sha256};

use self::engine::{Engine, Peer, SamlRs, Us};
pub use self::{
    engine::{Dispatch, Incoming},
    logout::{Logout, SignOut},
    providers::{Provider, ProviderChange},
    sign_in::{Arrival, Begun, Finished, Landing},
};
use crate::{core::Core, fault::Fault, store::saml::ProviderRow};

/// The use cases of SAML.
#[derive(Clone)]
pub struct Saml {
    pub(crate) core: Arc<Core>,
    engine: Arc<dyn Engine>,
}

impl Saml {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self {
            core,
            engine: Arc::new(SamlRs),
        }
    }

    /// Our metadata, for providers.
    ///
    /// # Errors
    /// The key cannot be used.
    pub async fn metadata(&self, base: &str) -> Result<String, domain::error::Error> {
        let key = self.core.saml_key().await?;
        let metadata = self.engine.metadata(Us { base }, &key);
        metadata.map_err(|_| Fault::Broken("our SAML metadata cannot be made").into())
    }

    /// Does the costly part of a message aside from the others.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Engine) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let engine = self.engine.clone();
        tokio::task::spawn_blocking(move || work(&*engine))
            .await
            .map_err(|_| Fault::Broken("checking a SAML message panicked"))
    }
}

/// A provider, read.
#[derive(Debug, Clone)]
struct Known {
    id: i64,
    facts: Facts,
    settings: ProviderSettings,
}

impl Known {
    fn of(row: &ProviderRow) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            facts: row.facts()?,
            settings: row.settings()?,
        })
    }

    fn peer(&self) -> Peer<'_> {
        Peer {
            facts: &self.facts,
            settings: &self.settings,
        }
    }
}

/// A failure that administrators are told, or a fault of ours.
#[derive(Debug)]
enum Trouble {
    Cause(Cause),
    Fault(Fault),
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<domain::error::Error> for Trouble {
    fn from(error: domain::error::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// What a message that was used is remembered by.
fn message_hash(provider: i64, key: &str) -> Vec<u8> {
    Sha256::digest(format!("{provider} {key}")).to_vec()
}

/// What a text that only a browser has is remembered by.
fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}
