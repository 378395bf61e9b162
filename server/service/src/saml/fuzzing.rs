//! Where a fuzzer enters: everything that reads what a stranger sends, without database and HTTP.

use chrono::{DateTime, TimeDelta};
use domain::{
    Instant,
    saml::{Facts, ProviderSettings},
};

use super::{
    engine::{Engine, Incoming, Peek, Peer, SamlRs, Us, read_facts},
    idp::{IdpError, Provider, Statement, encode},
    key::SamlKey,
};

const BASE: &str = "http://127.0.0.1:8080";
const RELAY: &str = "relay";
const ASKED: &str = "_asked";
const SUBJECT: &str = "anna";

/// A service provider with one identity provider, at a moment that stands still.
pub struct Target {
    ours: SamlKey,
    provider: Provider,
    facts: Facts,
}

impl Target {
    /// With that key and certificate (PEM, [`Provider::make_key`]) on both sides.
    ///
    /// # Errors
    /// They are none.
    pub fn with_key(pem: &str) -> Result<Self, IdpError> {
        let provider = Provider::with_key("https://idp.example", pem)?;
        let wrong = |what: &str| IdpError(what.to_owned());
        Ok(Self {
            ours: SamlKey::from_pem(pem).ok_or_else(|| wrong("no key"))?,
            facts: read_facts(&provider.metadata()?).map_err(|_| wrong("no metadata"))?,
            provider,
        })
    }

    fn now() -> Instant {
        DateTime::UNIX_EPOCH + TimeDelta::days(21_000)
    }

    /// What to begin with: good responses, plain and encrypted, and the provider's metadata.
    ///
    /// # Errors
    /// The library's.
    pub fn seeds(&self) -> Result<Vec<String>, IdpError> {
        let us = Us { base: BASE };
        let plain = self.provider.respond(&Statement {
            audience: us.entity_id(),
            consumer: us.consumer(),
            in_response_to: Some(ASKED.to_owned()),
            name_id: SUBJECT.to_owned(),
            name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            attributes: vec![("mail".to_owned(), vec!["anna@corp.example".to_owned()])],
            session_index: Some("s".to_owned()),
            session_end: None,
            now: Self::now(),
            lifetime: TimeDelta::minutes(5),
            ids: ("_r".to_owned(), "_a".to_owned()),
        })?;
        let sealed = self.provider.encrypt(&plain, &self.ours.certificate)?;
        Ok(vec![plain, sealed, self.provider.metadata()?])
    }

    /// Takes some bytes for a response and for metadata. Returns whether the response holds.
    ///
    /// # Panics
    /// When it says something else than what was signed.
    pub fn run(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        let _ = read_facts(&text);
        let _ = Peek::at_query(&text);
        let encoded = encode(&text);
        let _ = Peek::at_form(&encoded);
        let fields = [("SAMLResponse", &*encoded), ("RelayState", RELAY)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let incoming = Incoming::Form(fields.into());
        let holds = [false, true].map(|encrypted| self.holds(encrypted, &incoming));
        holds.contains(&true)
    }

    fn holds(&self, encrypted: bool, incoming: &Incoming) -> bool {
        let settings = ProviderSettings {
            encrypted,
            ..ProviderSettings::default()
        };
        let peer = Peer {
            facts: &self.facts,
            settings: &settings,
        };
        let asked = Some((ASKED, RELAY));
        let us = Us { base: BASE };
        let checked = SamlRs.check(us, &self.ours, peer, asked, incoming, Self::now());
        if let Ok(validated) = &checked {
            assert_eq!(validated.assertion.name_id, SUBJECT);
        }
        checked.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the fuzzer would never get past the door.
    #[test]
    fn the_seeds_hold() {
        let target = Target::with_key(&Provider::make_key().unwrap()).unwrap();
        let held: Vec<_> = target
            .seeds()
            .unwrap()
            .iter()
            .map(|seed| target.run(seed.as_bytes()))
            .collect();
        assert_eq!(held, [true, true, false]);
    }

    /// What the fuzzer found: dates at which the library multiplies beyond the number's end.
    #[test]
    fn what_broke_it_before_does_so_no_more() {
        let target = Target::with_key(&Provider::make_key().unwrap()).unwrap();
        for found in [
            &include_bytes!("../../fuzz/regressions/date-plain")[..],
            include_bytes!("../../fuzz/regressions/date-encrypted"),
        ] {
            assert!(!target.run(found));
        }
    }
}
