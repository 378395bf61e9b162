//! The trait by saml-rs.
//!
//! Its presets are too kind for us (docs/adr/0014): every assertion is signed itself, by RSA with
//! SHA-2, for us as its audience, and never seen before.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta};
use domain::{
    Instant,
    saml::{Assertion, Cause},
};
use saml_rs::{
    AcsEndpoint, AssertionSignaturePolicy, AudienceValidationPolicy, AuthnRequest,
    AuthnRequestSigningPolicy, BrowserInput, CertificatePem, ClockSkew, Credentials, EntityId,
    FormField, IdpDescriptor, LogoutBinding, LogoutPolicy, LogoutRequest, LogoutResponse,
    LogoutSigning, LogoutSubject, MetadataTrustPolicy, NameId, NameIdCreationPolicy, Outbound,
    PendingAuthnRequest, PendingLogoutRequest, PendingSnapshot, PrivateKeyPem, RelayStateParam,
    ReplayCache, ReplayKey, ReplayPolicy, RespondSlo, ResponseSignaturePolicy, Saml, SamlError,
    SamlValidationContext, SessionIndex, SloEndpoint, Sp, SpConfig, SpValidationPolicy,
    SsoResponse, SsoSession, StartSlo, StartSso, XmlEncryptionPolicy, XmlPolicy,
    XmlSignatureProfile,
    constants::Binding,
    metadata::{Endpoint, IdpMetadataConfig, try_generate_idp_metadata},
    util::Value,
};

use super::{
    Dispatch, Engine, Incoming, LogoutWish, Outgoing, Peek, Peer, Seen, Us, Validated,
    errors::cause_of, peek::limits,
};
use crate::saml::{key::SamlKey, sign_in::REQUEST_TIME};

/// The largest message that is read, in bytes of XML (S15).
pub(super) const MAX_XML_BYTES: usize = 384 * 1024;
/// How long a logout message without a time of its own is remembered.
const LOGOUT_MEMORY: Duration = Duration::from_hours(24);

/// How old a wish to be signed out may be: as long as a sign-in may take.
const LOGOUT_AGE: TimeDelta = REQUEST_TIME;

/// The library, with our demands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SamlRs;

impl Engine for SamlRs {
    fn metadata(&self, us: Us<'_>, key: &SamlKey) -> Result<String, Cause> {
        // What providers should do for everybody: sign, and encrypt if they like.
        let sp = ourselves(us, key, true, false).map_err(ours)?;
        Ok(sp.metadata_xml().to_owned())
    }

    fn ask(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        relay: &str,
    ) -> Result<Outgoing, Cause> {
        let sign = peer.facts.wants_signed;
        let ask = || -> Result<Outgoing, SamlError> {
            let sp = ourselves(us, key, sign, peer.settings.encrypted)?;
            let start = if peer.facts.sso_redirect.is_some() {
                StartSso::redirect()
            } else {
                StartSso::post()
            };
            let start = start
                .relay_state(RelayStateParam::try_from_option(Some(relay))?)
                .apply_web_browser_sso_generation_rules();
            let started = sp.start_sso(&descriptor(peer, every_certificate(peer))?, start)?;
            Ok(Outgoing {
                id: started.outbound.id().as_str().to_owned(),
                dispatch: dispatch(&started.outbound)?,
            })
        };
        ask().map_err(ours)
    }

    fn check(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        asked: Option<(&str, &str)>,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<Validated, Cause> {
        let Incoming::Form(fields) = incoming else {
            return Err(Cause::Unreadable);
        };
        let response = incoming.value("SAMLResponse").ok_or(Cause::Unreadable)?;
        let peek = Peek::at_form(&response)?;
        match (peek.encrypted, peer.settings.encrypted) {
            (true, false) => return Err(Cause::Encrypted),
            (false, true) if peek.codes.first().is_none_or(|code| code == "Success") => {
                return Err(Cause::NotEncrypted);
            }
            _ => {}
        }
        let certificates = certificates_at(peer, now)?;
        let mut seen = Collected::default();
        let finish = || -> Result<SsoSession, SamlError> {
            let sp = ourselves(us, key, false, peer.settings.encrypted)?;
            let idp = descriptor(peer, certificates)?;
            let validation = validation(&mut seen, peer, now);
            let input = BrowserInput::<SsoResponse>::post(form_fields(fields));
            match asked {
                None => sp.accept_unsolicited_sso(&idp, input, validation),
                Some((id, relay)) => {
                    let relay = RelayStateParam::try_from_option(Some(relay))?;
                    let (peer_id, acs) = (&peer.facts.entity_id, us.consumer());
                    let snapshot = PendingSnapshot::<AuthnRequest>::authn_request(
                        id, relay, peer_id, "post", acs, "post",
                    );
                    let pending = PendingAuthnRequest::from_snapshot(snapshot)?;
                    sp.finish_sso(&idp, &pending, input, validation)
                }
            }
        };
        let session = finish().map_err(|error| told(&error, &peek, peer, now))?;
        // The library compares the assertion's issuer alone (S17).
        if !peek.issuer.is_empty() && peek.issuer != peer.facts.entity_id {
            return Err(Cause::OtherIssuer);
        }
        let assertions = seen
            .0
            .iter()
            .filter(|(key, _)| key.starts_with("assertion_id:"));
        if assertions.count() != 1 {
            return Err(Cause::SeveralAssertions);
        }
        Ok(Validated {
            assertion: assertion(&session, now)?,
            seen: seen.0,
        })
    }

    fn ask_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        (name_id, index): (&str, Option<&str>),
        relay: &str,
    ) -> Result<Outgoing, Cause> {
        let ask = || -> Result<Outgoing, SamlError> {
            let sp = ourselves(us, key, false, false)?;
            let index = index.map(SessionIndex::try_new).transpose()?;
            let subject =
                LogoutSubject::new(NameId::new(name_id, None), index.into_iter().collect());
            let start = if peer.facts.slo_redirect.is_some() {
                StartSlo::redirect()
            } else {
                StartSlo::post()
            };
            let start = start
                .relay_state(RelayStateParam::try_from_option(Some(relay))?)
                .signing(LogoutSigning::Sign);
            let started =
                sp.start_slo(&descriptor(peer, every_certificate(peer))?, subject, start)?;
            Ok(Outgoing {
                id: started.outbound.id().as_str().to_owned(),
                dispatch: dispatch(&started.outbound)?,
            })
        };
        ask().map_err(ours)
    }

    fn check_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        (id, relay): (&str, &str),
        incoming: &Incoming,
        now: Instant,
    ) -> Result<Seen, Cause> {
        let peek = peek_at(incoming, "SAMLResponse")?;
        let certificates = certificates_at(peer, now)?;
        let mut seen = Collected::default();
        let finish = || -> Result<(), SamlError> {
            let sp = ourselves(us, key, false, false)?;
            let relay = RelayStateParam::try_from_option(Some(relay))?;
            let (input, binding) = match incoming {
                Incoming::Query(query) => (
                    BrowserInput::<LogoutResponse>::redirect(query.clone()),
                    LogoutBinding::Redirect,
                ),
                Incoming::Form(fields) => (
                    BrowserInput::<LogoutResponse>::post(form_fields(fields)),
                    LogoutBinding::Post,
                ),
            };
            let snapshot = PendingSnapshot::<LogoutRequest>::logout_request(
                id,
                relay,
                &peer.facts.entity_id,
                binding,
            );
            let pending = PendingLogoutRequest::from_snapshot(snapshot)?;
            let validation = validation(&mut seen, peer, now);
            sp.finish_slo(
                &descriptor(peer, certificates)?,
                &pending,
                input,
                validation,
            )?;
            Ok(())
        };
        finish().map_err(|error| told(&error, &peek, peer, now))?;
        Ok(seen.0)
    }

    fn receive_logout(
        &self,
        us: Us<'_>,
        key: &SamlKey,
        peer: Peer<'_>,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<(LogoutWish, Dispatch), Cause> {
        let peek = peek_at(incoming, "SAMLRequest")?;
        let certificates = certificates_at(peer, now)?;
        let mut seen = Collected::default();
        let receive = || -> Result<_, SamlError> {
            let sp = ourselves(us, key, false, false)?;
            let idp = descriptor(peer, certificates)?;
            let validation = validation(&mut seen, peer, now);
            let input = match incoming {
                Incoming::Query(query) => BrowserInput::<LogoutRequest>::redirect(query.clone()),
                Incoming::Form(fields) => BrowserInput::<LogoutRequest>::post(form_fields(fields)),
            };
            let received = sp.receive_slo(&idp, input, validation)?;
            let answer = if peer.facts.slo_redirect.is_some() {
                RespondSlo::redirect()
            } else {
                RespondSlo::post()
            };
            let answer = sp.respond_slo(&idp, &received, answer)?;
            Ok((received.into_message(), dispatch(&answer)?))
        };
        let (wish, answer) = receive().map_err(|error| told(&error, &peek, peer, now))?;
        // An old one would stop a key again when its id is forgotten.
        let issued = wish.issue_instant().as_str().parse::<Instant>();
        let issued = issued.map_err(|_| Cause::Unreadable)?;
        let skew = TimeDelta::seconds(peer.settings.clock_skew_seconds.into());
        if issued > now + skew || issued < now - skew - LOGOUT_AGE {
            return Err(Cause::Time {
                ahead_seconds: Some((issued - now).num_seconds()),
            });
        }
        let name_id = wish.name_id().ok_or(Cause::NoNameId)?.value().to_owned();
        let indexes = wish.session_indexes().iter();
        let wish = LogoutWish {
            id: wish.id().as_str().to_owned(),
            name_id,
            session_indexes: indexes.map(|index| index.as_str().to_owned()).collect(),
            seen: seen.0,
        };
        Ok((wish, answer))
    }
}

/// A message of ours that could not be made: nobody else's fault.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn ours(error: SamlError) -> Cause {
    tracing::error!(%error, "a SAML message could not be made");
    Cause::Other
}

fn told(error: &SamlError, peek: &Peek, peer: Peer<'_>, now: Instant) -> Cause {
    tracing::debug!(%error, "a SAML message was refused");
    let skew = TimeDelta::seconds(peer.settings.clock_skew_seconds.into());
    cause_of(error, peek, skew, now)
}

fn peek_at(incoming: &Incoming, name: &str) -> Result<Peek, Cause> {
    let message = incoming.value(name).ok_or(Cause::Unreadable)?;
    match incoming {
        Incoming::Form(_) => Peek::at_form(&message),
        Incoming::Query(_) => Peek::at_query(&message),
    }
}

/// This server, to the library.
fn ourselves(
    us: Us<'_>,
    key: &SamlKey,
    sign_requests: bool,
    encrypted: bool,
) -> Result<Saml<Sp>, SamlError> {
    let certificate = CertificatePem::new(&*key.certificate);
    let config = SpConfig::builder(EntityId::try_new(us.entity_id())?)
        .acs_endpoint(AcsEndpoint::post(us.consumer())?.mark_default())
        .slo_endpoint(SloEndpoint::redirect(us.logout())?)
        .slo_endpoint(SloEndpoint::post(us.logout())?)
        .credentials(Credentials {
            signing_key: Some(PrivateKeyPem::new(&**key.private)),
            signing_certificate: Some(certificate.clone()),
            encryption_certificate: Some(certificate),
            decryption_key: Some(PrivateKeyPem::new(&**key.private)),
            ..Credentials::default()
        })
        .validation(SpValidationPolicy {
            assertions: AssertionSignaturePolicy::RequireSigned,
            responses: ResponseSignaturePolicy::RequireForEncryptedCbc,
            xml_signatures: XmlSignatureProfile::StrictRsaSha2,
            authn_requests: if sign_requests {
                AuthnRequestSigningPolicy::Sign
            } else {
                AuthnRequestSigningPolicy::DoNotSignForCompatibility
            },
            audience: AudienceValidationPolicy::Validate,
            name_id_creation: NameIdCreationPolicy::AllowCreate,
            logout: LogoutPolicy::recommended(),
        })
        .xml(XmlPolicy {
            redirect_inflate_max_bytes: MAX_XML_BYTES,
            limits: limits(),
            encryption: if encrypted {
                XmlEncryptionPolicy::encrypt_assertions()
            } else {
                XmlEncryptionPolicy::default()
            },
            ..XmlPolicy::default()
        })
        .build()?;
    Saml::sp(config)
}

fn every_certificate(peer: Peer<'_>) -> Vec<String> {
    let certificates = peer.facts.certificates.iter();
    certificates
        .map(|certificate| certificate.base64.clone())
        .collect()
}

fn certificates_at(peer: Peer<'_>, now: Instant) -> Result<Vec<String>, Cause> {
    let counting = peer.facts.certificates_at(now)?;
    Ok(counting
        .into_iter()
        .map(|certificate| certificate.base64.clone())
        .collect())
}

/// A provider, to the library: by what we understood of its metadata, not by the text.
fn descriptor(peer: Peer<'_>, certificates: Vec<String>) -> Result<IdpDescriptor, SamlError> {
    let facts = peer.facts;
    let endpoints = |redirect: &Option<String>, post: &Option<String>| {
        let places = [(Binding::Redirect, redirect), (Binding::Post, post)];
        let present = places.into_iter().filter_map(|(binding, place)| {
            place.as_deref().map(|place| Endpoint::new(binding, place))
        });
        present.collect()
    };
    let config = IdpMetadataConfig {
        entity_id: facts.entity_id.clone(),
        signing_certs: certificates,
        want_authn_requests_signed: facts.wants_signed,
        single_sign_on_service: endpoints(&facts.sso_redirect, &facts.sso_post),
        single_logout_service: endpoints(&facts.slo_redirect, &facts.slo_post),
        ..IdpMetadataConfig::default()
    };
    let xml = try_generate_idp_metadata(&config)?;
    let trust = MetadataTrustPolicy::UnsignedForCompatibility;
    IdpDescriptor::from_metadata_xml_for(EntityId::try_new(&*facts.entity_id)?, &xml, trust)
}

fn validation<'a>(
    seen: &'a mut Collected,
    peer: Peer<'_>,
    now: Instant,
) -> SamlValidationContext<'a> {
    let skew = i64::from(peer.settings.clock_skew_seconds) * 1000;
    SamlValidationContext::new(SystemTime::from(now), ReplayPolicy::RequireCache(seen))
        .with_clock_skew(ClockSkew::from_millis(-skew, skew))
        .with_replay_retention(LOGOUT_MEMORY)
}

/// The library asks at once whether an ID was seen; we ask the database afterwards.
#[derive(Debug, Default)]
struct Collected(Seen);

impl ReplayCache for Collected {
    fn check_and_store(&mut self, key: ReplayKey, until: SystemTime) -> Result<(), SamlError> {
        let key = key.cache_key();
        if self.0.iter().any(|(seen, _)| *seen == key) {
            return Err(SamlError::ReplayDetected { key });
        }
        self.0.push((key, DateTime::from(until)));
        Ok(())
    }
}

fn form_fields(fields: &[(String, String)]) -> Vec<FormField> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| FormField::new(name, value))
        .collect()
}

fn dispatch<M>(outbound: &Outbound<M>) -> Result<Dispatch, SamlError> {
    if let Ok(address) = outbound.redirect_url() {
        return Ok(Dispatch::Redirect(address.to_owned()));
    }
    let form = outbound.post_form()?;
    let fields = form.fields().iter();
    Ok(Dispatch::Form {
        action: form.action().as_str().to_owned(),
        fields: fields
            .map(|field| (field.name().to_owned(), field.value().to_owned()))
            .collect(),
    })
}

/// Every text of an attribute. Of one that stands several times, the library nests the values of all
/// but the first, and its own list leaves out what is nested (S22).
fn texts(values: &Value) -> Vec<String> {
    match values {
        Value::Str(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

fn assertion(session: &SsoSession, now: Instant) -> Result<Assertion, Cause> {
    let name_id = session.name_id();
    if name_id.value().trim().is_empty() {
        return Err(Cause::NoNameId);
    }
    let sessions = session.authn_sessions();
    let mut ends = Vec::new();
    for end in sessions.iter().filter_map(|one| one.not_on_or_after()) {
        let end = DateTime::parse_from_rfc3339(end.as_str()).map_err(|_| Cause::Unreadable)?;
        ends.push(end.to_utc());
    }
    let attributes = match session.raw_flow().extract.get("attributes") {
        Some(Value::Object(attributes)) => attributes.as_slice(),
        _ => &[],
    };
    let attributes = attributes
        .iter()
        .map(|(name, values)| (name.clone(), texts(values)));
    let index = sessions.iter().find_map(|one| one.session_index());
    Ok(Assertion {
        name_id: name_id.value().to_owned(),
        name_id_format: name_id
            .format()
            .map(|format| format.as_uri().to_owned())
            .unwrap_or_default(),
        attributes: attributes.collect(),
        session_index: index.map(|index| index.as_str().to_owned()),
        validated_at: now,
        not_on_or_after: ends.into_iter().min(),
    })
}
