//! Reading a provider's metadata.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::DateTime;
use domain::{
    audit::hex,
    error::Problem,
    saml::{Certificate, Facts, MAX_METADATA_BYTES, origin_of},
};
use saml_rs::{
    constants::Binding,
    xml::{
        XmlLimits,
        dom::{self, Node},
    },
};
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;

/// `rsaEncryption` (RFC 8017): the keys whose signatures are accepted.
const RSA: &str = "1.2.840.113549.1.1.1";

/// What a provider's metadata says, as far as we use it.
///
/// # Errors
/// What is missing or not understood, completing "Must be …".
pub(crate) fn read_facts(xml: &str) -> Result<Facts, Problem> {
    if xml.trim().is_empty() {
        return Err(Problem::Required);
    }
    if xml.len() > MAX_METADATA_BYTES {
        return Err(Problem::malformed(
            "metadata of at most 256 kB, of one provider",
        ));
    }
    let limits = XmlLimits {
        max_bytes: MAX_METADATA_BYTES,
        max_depth: 32,
        max_nodes: 5_000,
        ..XmlLimits::default()
    };
    let document = dom::parse_with_limits(xml.trim(), limits)
        .map_err(|_| Problem::malformed("SAML metadata: an XML document without a DTD"))?;
    let mut entities = Vec::new();
    collect(&document.root, "EntityDescriptor", &mut entities);
    let [entity] = entities[..] else {
        return Err(Problem::malformed(
            "the metadata of one provider: one EntityDescriptor",
        ));
    };
    let role = child(entity, "IDPSSODescriptor").ok_or(Problem::malformed(
        "an identity provider's metadata: IDPSSODescriptor",
    ))?;
    let entity_id = entity.attr("entityID").map(str::trim).unwrap_or_default();
    if entity_id.is_empty() || entity_id.chars().count() > 1024 {
        return Err(Problem::malformed("metadata with an entityID"));
    }
    let place = |name: &str, binding: Binding| place(role, name, binding);
    let facts = Facts {
        entity_id: entity_id.to_owned(),
        sso_redirect: place("SingleSignOnService", Binding::Redirect),
        sso_post: place("SingleSignOnService", Binding::Post),
        slo_redirect: place("SingleLogoutService", Binding::Redirect),
        slo_post: place("SingleLogoutService", Binding::Post),
        wants_signed: matches!(role.attr("WantAuthnRequestsSigned"), Some("true" | "1")),
        certificates: certificates(role)?,
    };
    if facts.sso_redirect.is_none() && facts.sso_post.is_none() {
        return Err(Problem::malformed(
            "metadata with a SingleSignOnService for HTTP-Redirect or HTTP-POST",
        ));
    }
    if facts.certificates.is_empty() {
        return Err(Problem::malformed(
            "metadata with a signing certificate of an RSA key",
        ));
    }
    Ok(facts)
}

fn collect<'a>(node: &'a Node, name: &str, found: &mut Vec<&'a Node>) {
    if node.local_name == name {
        found.push(node);
    }
    for child in &node.children {
        collect(child, name, found);
    }
}

fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.children.iter().find(|child| child.local_name == name)
}

/// Where a service is, if it is at an address of the web.
fn place(role: &Node, name: &str, binding: Binding) -> Option<String> {
    let endpoint = role
        .children
        .iter()
        .find(|child| child.local_name == name && child.attr("Binding") == Some(binding.urn()))?;
    let address = endpoint.attr("Location")?.trim();
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && origin_of(address).is_some()).then(|| address.to_owned())
}

fn certificates(role: &Node) -> Result<Vec<Certificate>, Problem> {
    let keys = role.children.iter().filter(|child| {
        child.local_name == "KeyDescriptor" && child.attr("use") != Some("encryption")
    });
    let mut found = Vec::new();
    for key in keys {
        let mut texts = Vec::new();
        collect(key, "X509Certificate", &mut texts);
        for node in texts {
            let certificate = read_certificate(&node.text).ok_or(Problem::malformed(
                "metadata with readable X.509 certificates",
            ))?;
            if let Some(certificate) = certificate
                && !found.contains(&certificate)
            {
                found.push(certificate);
            }
        }
    }
    Ok(found)
}

/// `Some(None)`: one of another kind of key.
#[expect(
    clippy::option_option,
    reason = "unreadable, of no use, and of use are three things"
)]
fn read_certificate(text: &str) -> Option<Option<Certificate>> {
    let base64: String = text.split_whitespace().collect();
    let der = BASE64_STANDARD.decode(&base64).ok()?;
    let certificate = x509_cert::Certificate::from_der(&der).ok()?.tbs_certificate;
    let key = certificate
        .subject_public_key_info
        .algorithm
        .oid
        .to_string();
    let at = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        DateTime::from_timestamp(seconds, 0)
    };
    let certificate = Certificate {
        subject: certificate.subject.to_string(),
        fingerprint: hex(&Sha256::digest(&der)),
        not_before: at(certificate.validity.not_before)?,
        not_after: at(certificate.validity.not_after)?,
        base64,
    };
    Some((key == RSA).then_some(certificate))
}
