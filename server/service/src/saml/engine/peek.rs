//! What an answer says of itself, believed or not: for diagnosis only. Nothing is decided by it but
//! which provider's certificate to check it with, and that it may not name another sender.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat};
use domain::{
    Instant,
    saml::{Assertion, Cause},
};
use saml_rs::xml::{
    XmlLimits,
    dom::{self, Node},
};

use super::library::MAX_XML_BYTES;

/// Values longer than this are cut.
const MAX_CHARS: usize = 200;
/// More values than this are not shown.
const MAX_VALUES: usize = 20;

/// What was read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Peek {
    /// Who says they sent it.
    pub(crate) issuer: String,
    /// When it says that it was made.
    pub(crate) issued_at: Option<Instant>,
    /// Names and values, for administrators.
    pub(crate) said: Vec<(String, String)>,
    /// The signature methods in it, by the last part of their names.
    pub(crate) algorithms: Vec<String>,
    /// Whether an assertion is encrypted.
    pub(crate) encrypted: bool,
    /// Whether a subject is named.
    pub(crate) has_name_id: bool,
    /// The status codes, by their last part.
    pub(crate) codes: Vec<String>,
}

/// The limits of every message that is read.
pub(super) const fn limits() -> XmlLimits {
    XmlLimits {
        max_bytes: MAX_XML_BYTES,
        max_depth: 64,
        max_nodes: 20_000,
        max_attributes_per_element: 32,
        max_attribute_value_bytes: 8 * 1024,
        max_text_bytes: MAX_XML_BYTES,
    }
}

impl Peek {
    /// Reads the message of a posted form.
    ///
    /// # Errors
    /// It is none, or beyond a limit.
    pub(crate) fn at_form(encoded: &str) -> Result<Self, Cause> {
        // Before anything is copied: four characters stand for three bytes.
        if encoded.len() / 4 * 3 > MAX_XML_BYTES * 2 {
            return Err(Cause::TooLarge);
        }
        let bare: String = encoded.split_whitespace().collect();
        let bytes = BASE64_STANDARD
            .decode(bare)
            .map_err(|_| Cause::Unreadable)?;
        let xml = String::from_utf8(bytes).map_err(|_| Cause::Unreadable)?;
        Self::at_xml(&xml)
    }

    /// Reads the message of an address.
    ///
    /// # Errors
    /// It is none, or beyond a limit (S15).
    pub(crate) fn at_query(encoded: &str) -> Result<Self, Cause> {
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| Cause::Unreadable)?;
        let xml = saml_rs::binding::deflate_raw_decode_with_limit(&bytes, MAX_XML_BYTES)
            .map_err(|_| Cause::TooLarge)?;
        let xml = String::from_utf8(xml).map_err(|_| Cause::Unreadable)?;
        Self::at_xml(&xml)
    }

    fn at_xml(xml: &str) -> Result<Self, Cause> {
        if xml.len() > MAX_XML_BYTES {
            return Err(Cause::TooLarge);
        }
        // S14: whatever else reads it, this does not get there.
        if xml.contains("<!") && (xml.contains("<!DOCTYPE") || xml.contains("<!ENTITY")) {
            return Err(Cause::DocumentType);
        }
        let document = dom::parse_with_limits(xml, limits()).map_err(|_| Cause::Unreadable)?;
        Ok(Self::of(&document.root))
    }

    fn of(root: &Node) -> Self {
        let mut peek = Self {
            issuer: child(root, "Issuer").map(text).unwrap_or_default(),
            issued_at: root
                .attr("IssueInstant")
                .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
                .map(|at| at.to_utc()),
            ..Self::default()
        };
        peek.say("Message", &root.local_name);
        for name in ["ID", "InResponseTo", "IssueInstant", "Destination"] {
            if let Some(value) = root.attr(name) {
                peek.say(name, value);
            }
        }
        let issuer = peek.issuer.clone();
        peek.say("Issuer", &issuer);
        peek.walk(root, 0);
        peek
    }

    fn walk(&mut self, node: &Node, depth: usize) {
        if depth > 12 {
            return;
        }
        for child in &node.children {
            match &*child.local_name {
                "StatusCode" => {
                    let code = last_part(child.attr("Value").unwrap_or_default());
                    self.say("Status", &code);
                    self.codes.push(code);
                }
                "EncryptedAssertion" => self.encrypted = true,
                "SignatureMethod" => {
                    let used = last_part(child.attr("Algorithm").unwrap_or_default());
                    self.say("Signed by", &used);
                    self.algorithms.push(used);
                }
                "DigestMethod" => {
                    let used = last_part(child.attr("Algorithm").unwrap_or_default());
                    self.algorithms.push(used);
                }
                "NameID" => {
                    self.has_name_id |= !child.text.trim().is_empty();
                    self.say("NameID", &text(child));
                    if let Some(format) = child.attr("Format") {
                        self.say("NameID format", &last_part(format));
                    }
                }
                "SubjectConfirmationData" => {
                    for name in ["Recipient", "NotOnOrAfter"] {
                        if let Some(value) = child.attr(name) {
                            self.say(&format!("Confirmation {name}"), value);
                        }
                    }
                }
                "Conditions" => {
                    for name in ["NotBefore", "NotOnOrAfter"] {
                        if let Some(value) = child.attr(name) {
                            self.say(&format!("Conditions {name}"), value);
                        }
                    }
                }
                "AuthnStatement" => {
                    for name in ["AuthnInstant", "SessionIndex", "SessionNotOnOrAfter"] {
                        if let Some(value) = child.attr(name) {
                            self.say(name, value);
                        }
                    }
                }
                "Audience" => self.say("Audience", &text(child)),
                "Attribute" => {
                    let values = child.children.iter();
                    let values = values.filter(|value| value.local_name == "AttributeValue");
                    let values: Vec<_> = values.map(text).collect();
                    self.attribute(child.attr("Name").unwrap_or_default(), &values);
                }
                _ => {}
            }
            self.walk(child, depth + 1);
        }
    }

    /// Adds what a validated assertion says that the message had encrypted.
    pub(crate) fn hear(&mut self, assertion: &Assertion) {
        self.say("NameID", &assertion.name_id);
        self.say("NameID format", &last_part(&assertion.name_id_format));
        if let Some(index) = &assertion.session_index {
            self.say("SessionIndex", index);
        }
        if let Some(end) = assertion.not_on_or_after {
            self.say(
                "SessionNotOnOrAfter",
                &end.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            );
        }
        for (name, values) in &assertion.attributes {
            self.attribute(name, values);
        }
    }

    fn attribute(&mut self, name: &str, values: &[String]) {
        let mut shown = values.iter().take(MAX_VALUES).cloned().collect::<Vec<_>>();
        if values.len() > MAX_VALUES {
            shown.push(format!("and {} more", values.len() - MAX_VALUES));
        }
        self.say(&format!("Attribute {name}"), &shown.join(", "));
    }

    fn say(&mut self, name: &str, value: &str) {
        if self.said.len() < 60 {
            self.said.push((harmless(name), harmless(value)));
        }
    }
}

fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.children.iter().find(|child| child.local_name == name)
}

fn text(node: &Node) -> String {
    node.text.trim().to_owned()
}

/// What stands after the last `#`, `:` or `/` of a URI.
fn last_part(uri: &str) -> String {
    uri.rsplit(['#', ':', '/'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Cut, and without what could disguise it (R2, W2).
fn harmless(text: &str) -> String {
    let kept = text.chars().map(|c| {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            ' '
        } else {
            c
        }
    });
    kept.take(MAX_CHARS).collect()
}
