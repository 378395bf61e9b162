//! An identity provider: the other side, for the demonstration and for tests.
//!
//! It signs whatever it is told to. Nothing of a real server uses it.

use std::{fmt::Write as _, time::SystemTime};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{SecondsFormat, TimeDelta};
use domain::Instant;
use html_escape::encode_double_quoted_attribute as escape;
use saml_rs::{
    AuthnRequest, BrowserInput, CertificatePem, Credentials, EntityId, FormField, Idp, IdpConfig,
    IdpValidationPolicy, LogoutRequest, LogoutSubject, MetadataTrustPolicy, NameId, PrivateKeyPem,
    ReplayCache, ReplayKey, ReplayPolicy, RespondSlo, Saml, SamlError, SamlValidationContext,
    SessionIndex, SloEndpoint, SpDescriptor, SsoEndpoint, StartSlo,
    crypto::{construct_saml_signature, encrypt_assertion, keys::load_private_key},
};
use zeroize::Zeroizing;

use super::{Dispatch, Incoming, key::SamlKey};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// Something that the provider could not do, for whoever runs it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct IdpError(pub(super) String);

impl From<SamlError> for IdpError {
    fn from(error: SamlError) -> Self {
        Self(error.to_string())
    }
}

/// An identity provider with a key of its own.
pub struct Provider {
    /// Its name for itself.
    pub entity_id: String,
    base: String,
    key: SamlKey,
}

/// What it says about somebody.
#[derive(Debug, Clone)]
pub struct Statement {
    /// For whom: the service's name.
    pub audience: String,
    /// Where to.
    pub consumer: String,
    /// The request that it answers. `None`: nobody asked.
    pub in_response_to: Option<String>,
    /// The subject.
    pub name_id: String,
    /// The subject's format, a URI.
    pub name_id_format: String,
    /// Attributes.
    pub attributes: Vec<(String, Vec<String>)>,
    /// The number of its session.
    pub session_index: Option<String>,
    /// When its session ends.
    pub session_end: Option<Instant>,
    /// When it says so.
    pub now: Instant,
    /// For how long the answer counts.
    pub lifetime: TimeDelta,
    /// The IDs of response and assertion.
    pub ids: (String, String),
}

/// What a service asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request's ID.
    pub id: String,
    /// What to send back with the answer.
    pub relay_state: Option<String>,
    /// Where to.
    pub consumer: String,
    /// Who asks.
    pub issuer: String,
}

impl Provider {
    /// A provider whose pages are below `base`.
    ///
    /// # Errors
    /// Its key could not be made.
    pub fn new(base: &str) -> Result<Self, IdpError> {
        let pem = SamlKey::generate().map_err(|error| IdpError(error.to_string()))?;
        Self::with_key(base, &pem)
    }

    /// A provider with that key and certificate (PEM).
    ///
    /// # Errors
    /// They are none.
    pub fn with_key(base: &str, pem: &str) -> Result<Self, IdpError> {
        let key = SamlKey::from_pem(pem);
        Ok(Self {
            entity_id: format!("{base}/metadata"),
            base: base.to_owned(),
            key: key.ok_or_else(|| IdpError("no key".to_owned()))?,
        })
    }

    /// Makes a key and a certificate for [`Provider::with_key`].
    ///
    /// # Errors
    /// The generator failed.
    pub fn make_key() -> Result<Zeroizing<String>, IdpError> {
        SamlKey::generate().map_err(|error| IdpError(error.to_string()))
    }

    /// Its certificate (PEM).
    pub fn certificate(&self) -> &str {
        &self.key.certificate
    }

    fn saml(&self) -> Result<Saml<Idp>, SamlError> {
        let certificate = CertificatePem::new(&*self.key.certificate);
        let config = IdpConfig::builder(EntityId::try_new(&*self.entity_id)?)
            .sso_endpoint(SsoEndpoint::redirect(format!("{}/sso", self.base))?)
            .sso_endpoint(SsoEndpoint::post(format!("{}/sso", self.base))?)
            .slo_endpoint(SloEndpoint::redirect(format!("{}/slo", self.base))?)
            .slo_endpoint(SloEndpoint::post(format!("{}/slo", self.base))?)
            .credentials(Credentials {
                signing_key: Some(PrivateKeyPem::new(&**self.key.private)),
                signing_certificate: Some(certificate),
                ..Credentials::default()
            })
            .validation(IdpValidationPolicy::recommended())
            .build()?;
        Saml::idp(config)
    }

    /// Its metadata.
    ///
    /// # Errors
    /// The library's.
    pub fn metadata(&self) -> Result<String, IdpError> {
        Ok(self.saml()?.metadata_xml().to_owned())
    }

    /// Reads a service's request.
    ///
    /// # Errors
    /// It is none for this provider.
    pub fn read(
        &self,
        service: &str,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<Asked, IdpError> {
        let input = match incoming {
            Incoming::Query(query) => BrowserInput::<AuthnRequest>::redirect(query.clone()),
            Incoming::Form(fields) => BrowserInput::<AuthnRequest>::post(form(fields)),
        };
        let mut cache = Forgetful;
        let request =
            self.saml()?
                .receive_sso(&service_of(service)?, input, context(&mut cache, now))?;
        let message = request.message();
        let consumer = message.acs_url().map(|url| url.as_str().to_owned());
        Ok(Asked {
            id: message.id().as_str().to_owned(),
            relay_state: request.relay_state().as_deref().map(str::to_owned),
            consumer: consumer.ok_or_else(|| IdpError("no consumer".to_owned()))?,
            issuer: message.issuer().as_str().to_owned(),
        })
    }

    /// The response about somebody, with the assertion signed.
    ///
    /// # Errors
    /// The library's.
    pub fn respond(&self, statement: &Statement) -> Result<String, IdpError> {
        self.sign(&self.unsigned(statement), false)
    }

    /// The response as XML, without any signature.
    pub fn unsigned(&self, statement: &Statement) -> String {
        let time = |at: Instant| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (issued, ends) = (
            time(statement.now),
            time(statement.now + statement.lifetime),
        );
        let begins = time(statement.now - TimeDelta::seconds(1));
        let answers = statement
            .in_response_to
            .as_ref()
            .map_or_else(String::new, |id| {
                format!(" InResponseTo=\"{}\"", escape(id))
            });
        let (response, assertion) = &statement.ids;
        let (issuer, consumer) = (escape(&self.entity_id), escape(&statement.consumer));
        let audience = escape(&statement.audience);
        let (name, format) = (
            escape(&statement.name_id),
            escape(&statement.name_id_format),
        );
        let format = if format.is_empty() {
            String::new()
        } else {
            format!(" Format=\"{format}\"")
        };
        let index = statement
            .session_index
            .as_ref()
            .map_or_else(String::new, |index| {
                format!(" SessionIndex=\"{}\"", escape(index))
            });
        let until = statement.session_end.map_or_else(String::new, |end| {
            format!(" SessionNotOnOrAfter=\"{}\"", time(end))
        });
        let mut attributes = String::new();
        for (name, values) in &statement.attributes {
            let _ = write!(attributes, "<saml:Attribute Name=\"{}\">", escape(name));
            for value in values {
                let value = escape(value);
                let _ = write!(
                    attributes,
                    "<saml:AttributeValue>{value}</saml:AttributeValue>"
                );
            }
            attributes.push_str("</saml:Attribute>");
        }
        if !attributes.is_empty() {
            attributes = format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>");
        }
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{response}\" Version=\"2.0\" \
             IssueInstant=\"{issued}\" Destination=\"{consumer}\"{answers}>\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
             <saml:Assertion \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{assertion}\" Version=\"2.0\" IssueInstant=\"{issued}\">\
             <saml:Issuer>{issuer}</saml:Issuer><saml:Subject>\
             <saml:NameID{format}>{name}</saml:NameID><saml:SubjectConfirmation \
             Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData \
             NotOnOrAfter=\"{ends}\" Recipient=\"{consumer}\"{answers}/></saml:SubjectConfirmation>\
             </saml:Subject><saml:Conditions NotBefore=\"{begins}\" NotOnOrAfter=\"{ends}\">\
             <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>\
             </saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement \
             AuthnInstant=\"{issued}\"{index}{until}><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password\
             </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{attributes}\
             </saml:Assertion></samlp:Response>"
        )
    }

    /// Signs a message's assertion, or the whole message.
    ///
    /// # Errors
    /// The library's.
    pub fn sign(&self, xml: &str, whole: bool) -> Result<String, IdpError> {
        self.sign_with(xml, whole, RSA_SHA256)
    }

    /// As [`Provider::sign`], with another algorithm.
    ///
    /// # Errors
    /// The library's.
    pub fn sign_with(&self, xml: &str, whole: bool, algorithm: &str) -> Result<String, IdpError> {
        let key = load_private_key(&self.key.private, None)?;
        let certificate = &self.key.certificate;
        Ok(construct_saml_signature(
            xml,
            whole,
            &key,
            certificate,
            algorithm,
            &[],
            None,
        )?)
    }

    /// Encrypts a response's assertion for a service with that certificate (PEM).
    ///
    /// # Errors
    /// The library's.
    pub fn encrypt(&self, xml: &str, certificate: &str) -> Result<String, IdpError> {
        let (data, key) = (
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        );
        Ok(encrypt_assertion(xml, certificate, data, key, "saml")?)
    }

    /// Takes a service's wish to sign somebody out: the subject and how to answer.
    ///
    /// # Errors
    /// It is none for this provider.
    pub fn sign_out(
        &self,
        service: &str,
        incoming: &Incoming,
        now: Instant,
    ) -> Result<(String, Dispatch), IdpError> {
        let input = match incoming {
            Incoming::Query(query) => BrowserInput::<LogoutRequest>::redirect(query.clone()),
            Incoming::Form(fields) => BrowserInput::<LogoutRequest>::post(form(fields)),
        };
        let (saml, service) = (self.saml()?, service_of(service)?);
        let mut cache = Forgetful;
        let wish = saml.receive_slo(&service, input, context(&mut cache, now))?;
        let name = wish.message().name_id().map(|name| name.value().to_owned());
        let answer = saml.respond_slo(&service, &wish, RespondSlo::redirect())?;
        let address = answer.redirect_url()?.to_owned();
        Ok((name.unwrap_or_default(), Dispatch::Redirect(address)))
    }

    /// The address that tells a service to sign somebody out.
    ///
    /// # Errors
    /// The library's.
    pub fn ask_sign_out(
        &self,
        service: &str,
        name_id: &str,
        index: Option<&str>,
    ) -> Result<String, IdpError> {
        let index = index.map(SessionIndex::try_new).transpose()?;
        let subject = LogoutSubject::new(NameId::new(name_id, None), index.into_iter().collect());
        let started =
            self.saml()?
                .start_slo(&service_of(service)?, subject, StartSlo::redirect())?;
        Ok(started.outbound.redirect_url()?.to_owned())
    }
}

/// A message as a form carries it.
pub fn encode(xml: &str) -> String {
    BASE64_STANDARD.encode(xml)
}

fn service_of(metadata: &str) -> Result<SpDescriptor, SamlError> {
    SpDescriptor::from_metadata_xml(metadata, MetadataTrustPolicy::UnsignedForCompatibility)
}

fn form(fields: &[(String, String)]) -> Vec<FormField> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| FormField::new(name, value))
        .collect()
}

fn context(cache: &mut Forgetful, now: Instant) -> SamlValidationContext<'_> {
    SamlValidationContext::new(SystemTime::from(now), ReplayPolicy::RequireCache(cache))
        .with_replay_retention(std::time::Duration::from_mins(5))
}

/// A demonstration need not remember.
struct Forgetful;

impl ReplayCache for Forgetful {
    fn check_and_store(&mut self, _: ReplayKey, _: SystemTime) -> Result<(), SamlError> {
        Ok(())
    }
}
