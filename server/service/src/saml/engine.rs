//! The small part of SAML that we need, as a trait: what stands behind it can be replaced.
//!
//! Everything here is a pure computation over texts and keys. What was asked, what was used and
//! who it is are the business of the use cases.

mod errors;
mod library;
mod metadata;
mod peek;

use domain::{
    Instant,
    saml::{Assertion, Cause, Facts, ProviderSettings},
};

pub(crate) use self::{library::SamlRs, metadata::read_facts, peek::Peek};
use super::key::SamlKey;

/// Our own addresses, as providers know them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Us<'a> {
    /// The public address, without a slash at the end.
    pub(crate) base: &'a str,
}

impl Us<'_> {
    /// Our name, which is also where our metadata lies.
    pub(crate) fn entity_id(&self) -> String {
        format!("{}/netbackup/sso/saml2/metadata", self.base)
    }

    /// Where providers send answers to.
    pub(crate) fn consumer(&self) -> String {
        format!("{}/netbackup/sso/saml2/acs", self.base)
    }

    /// Where providers send sign-outs to.
    pub(crate) fn logout(&self) -> String {
        format!("{}/netbackup/sso/saml2/slo", self.base)
    }
}

/// A provider, for one conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) settings: &'a ProviderSettings,
}

/// How a message gets to a provider: by the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispatch {
    /// It is led to this address.
    Redirect(String),
    /// It posts these fields to this address.
    Form {
        /// The address.
        action: String,
        /// Names and values.
        fields: Vec<(String, String)>,
    },
}

/// A message of ours.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Its ID, which the answer names.
    pub(crate) id: String,
    pub(crate) dispatch: Dispatch,
}

/// A message of a provider, as the browser brought it.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// The fields of a posted form.
    Form(Vec<(String, String)>),
    /// The query of an address, as it stands there.
    Query(String),
}

impl Incoming {
    /// The one value of that name. `None`: there is none, or several.
    pub fn value(&self, wanted: &str) -> Option<String> {
        let one = |mut found: Vec<String>| (found.len() == 1).then(|| found.remove(0));
        match self {
            Self::Form(fields) => {
                let found = fields.iter().filter(|(name, _)| name == wanted);
                one(found.map(|(_, value)| value.clone()).collect())
            }
            Self::Query(query) => {
                let found = query.split('&').filter_map(|part| {
                    let (name, value) = part.split_once('=').unwrap_or((part, ""));
                    (name == wanted).then(|| decode_query(value))
                });
                one(found.collect())
            }
        }
    }
}

fn decode_query(value: &str) -> String {
    let spaced = value.replace('+', " ");
    let bytes = spaced.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| spaced.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match escaped {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// IDs that must never be seen again, each until when.
pub(crate) type Seen = Vec<(String, Instant)>;

/// An answer that holds in itself. Whether it was used before is still to be seen.
#[derive(Debug)]
pub(crate) struct Validated {
    pub(crate) assertion: Assertion,
    pub(crate) seen: Seen,
}

/// A provider's wish to sign somebody out.
#[derive(Debug)]
pub(crate) struct LogoutWish {
    pub(crate) id: String,
    pub(crate) name_id: String,
    /// Empty: all of the subject's sessions.
    pub(crate) session_indexes: Vec<String>,
    pub(crate) seen: Seen,
}

/// SAML 2.0, the service provider's part of the browser profiles.
pub(crate) trait Engine: Send + Sync + 'static {
    /// Our metadata.
    fn metadata(&self, us: Us<'_>, key: &SamlKey) -> Result<String, Cause>;

    /// A request that somebody be signed in.
    fn ask(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        relay: &str,
    ) -> Result<Outgoing, Cause>;

    /// Checks an answer. `asked`: the ID of our request and its relay state; `None`: nobody asked.
    fn check(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        asked: Option<(&str, &str)>,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<Validated, Cause>;

    /// A request that somebody be signed out.
    fn ask_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        subject: (&str, Option<&str>),
        relay: &str,
    ) -> Result<Outgoing, Cause>;

    /// Checks the answer to that.
    fn check_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        asked: (&str, &str),
        incoming: &Incoming,
        now: Instant,
    ) -> Result<Seen, Cause>;

    /// Checks a provider's wish to sign somebody out, and says how to answer once it is done.
    fn receive_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<(LogoutWish, Dispatch), Cause>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_none() {
        let form = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            Incoming::Form(pairs.collect())
        };
        assert_eq!(form(&[("a", "1")]).value("a").as_deref(), Some("1"));
        assert_eq!(form(&[("a", "1"), ("a", "1")]).value("a"), None);
        let query = |text: &str| Incoming::Query(text.to_owned()).value("a");
        assert_eq!(query("a=x%2By+z&b=2").as_deref(), Some("x+y z"));
        assert_eq!(query("a=%C3%A9%&b").as_deref(), Some("é%"));
        assert_eq!(query("a=1&a=2"), None);
        assert_eq!(query("aa=1"), None);
    }
}
