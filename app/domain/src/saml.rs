//! Sign-in by SAML 2.0: what administrators decide about an identity provider, what an assertion
//! says, and the rules between the two.

mod cause;

use serde::{Deserialize, Serialize};

pub use self::cause::{CHECKS, Cause, Check};
use crate::{
    Instant,
    error::{FieldError, Problem},
    principal::{DomainType, Principal},
    text::disguises,
};

/// The longest name of a provider, in characters: it is the domain of its users.
pub const MAX_PROVIDER_NAME_CHARS: u32 = 64;
/// The longest name of an attribute or a group, in characters.
pub const MAX_ATTRIBUTE_CHARS: u32 = 256;
/// The most clock skew that can be allowed, in seconds.
pub const MAX_CLOCK_SKEW_SECONDS: u32 = 600;
/// The most groups that an assertion may name.
pub const MAX_GROUPS: usize = 1000;
/// The most lines of a group mapping.
pub const MAX_GROUP_ROLES: usize = 200;
/// The largest metadata that is read, in bytes.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;
/// How long before its end an administrator is warned of a certificate, in days.
pub const CERTIFICATE_WARNING_DAYS: i64 = 30;

/// What an administrator decides about an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the page"
)]
pub struct ProviderSettings {
    /// Its name: the domain of its users, on the sign-in page, in the API and in the audit trail.
    pub name: String,
    /// Whether people can sign in by it.
    pub enabled: bool,
    /// Whether an account is made at somebody's first sign-in. Otherwise an administrator makes it
    /// before.
    pub create_users: bool,
    /// Whether sign-ins are taken that nobody here asked for (IdP-initiated).
    pub unsolicited: bool,
    /// Whether its assertions are encrypted: then all of them are.
    pub encrypted: bool,
    /// How much its clock may differ from ours, in seconds.
    pub clock_skew_seconds: u32,
    /// The attribute that is the user name. Empty: the `NameID`.
    pub user_attribute: String,
    /// The attribute that is the mail address. Empty: none.
    pub mail_attribute: String,
    /// The attribute that is the name people are called by. Empty: none.
    pub display_attribute: String,
    /// The attribute that names the groups. Empty: none.
    pub groups_attribute: String,
    /// Which groups give which roles.
    pub group_roles: Vec<GroupRole>,
}

/// A group of the provider that gives a role here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupRole {
    /// The group, as the assertion names it, byte for byte.
    pub group: String,
    /// The role's name.
    pub role: String,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            enabled: true,
            create_users: true,
            unsolicited: false,
            encrypted: false,
            clock_skew_seconds: 60,
            user_attribute: String::new(),
            mail_attribute: String::new(),
            display_attribute: String::new(),
            groups_attribute: String::new(),
            group_roles: Vec::new(),
        }
    }
}

impl ProviderSettings {
    /// Checks every value, white space at the ends removed.
    ///
    /// # Errors
    /// Every field that is wrong, and what is allowed.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let name = self.name.trim().to_owned();
        self.name = name;
        if let Err(problem) = check_provider_name(&self.name) {
            wrong.push(FieldError::new("name", problem));
        }
        let (min, max) = (0, MAX_CLOCK_SKEW_SECONDS);
        if self.clock_skew_seconds > max {
            let problem = Problem::OutOfRange { min, max };
            wrong.push(FieldError::new("clock_skew_seconds", problem));
        }
        for (field, text) in [
            ("user_attribute", &mut self.user_attribute),
            ("mail_attribute", &mut self.mail_attribute),
            ("display_attribute", &mut self.display_attribute),
            ("groups_attribute", &mut self.groups_attribute),
        ] {
            *text = text.trim().to_owned();
            if let Err(problem) = check_line(text) {
                wrong.push(FieldError::new(field, problem));
            }
        }
        self.group_roles.sort();
        self.group_roles.dedup();
        if self.group_roles.len() > MAX_GROUP_ROLES {
            let problem = Problem::malformed("at most 200 lines");
            wrong.push(FieldError::new("group_roles", problem));
        }
        for line in &self.group_roles {
            if line.group.is_empty() || line.role.is_empty() {
                let problem = Problem::malformed(EXPECTED_GROUP_ROLES);
                wrong.push(FieldError::new("group_roles", problem));
                break;
            }
            if let Err(problem) = check_line(&line.group) {
                wrong.push(FieldError::new("group_roles", problem));
                break;
            }
        }
        if !self.group_roles.is_empty() && self.groups_attribute.is_empty() {
            wrong.push(FieldError::new("groups_attribute", Problem::Required));
        }
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(wrong)
        }
    }
}

/// What a group mapping must look like, completing "Must be …".
pub const EXPECTED_GROUP_ROLES: &str = "lines of a group, => and a role, such as Admins => Auditor";

/// Reads a group mapping as it stands in the form: a line each, `group => role`.
///
/// # Errors
/// A line of another form.
pub fn parse_group_roles(text: &str) -> Result<Vec<GroupRole>, FieldError> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (group, role) = line
                .rsplit_once("=>")
                .ok_or_else(|| FieldError::new("group_roles", malformed_mapping()))?;
            Ok(GroupRole {
                group: group.trim().to_owned(),
                role: role.trim().to_owned(),
            })
        })
        .collect()
}

/// Writes a group mapping as the form shows it.
pub fn write_group_roles(lines: &[GroupRole]) -> String {
    let lines = lines
        .iter()
        .map(|line| format!("{} => {}", line.group, line.role));
    lines.collect::<Vec<_>>().join("\n")
}

fn malformed_mapping() -> Problem {
    Problem::malformed(EXPECTED_GROUP_ROLES)
}

fn check_provider_name(name: &str) -> Result<(), Problem> {
    if name.is_empty() {
        return Err(Problem::Required);
    }
    if name.chars().count() > MAX_PROVIDER_NAME_CHARS as usize {
        return Err(Problem::TooLong {
            max: MAX_PROVIDER_NAME_CHARS,
        });
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.chars().all(plain) {
        Ok(())
    } else {
        Err(Problem::malformed(
            "a name of ASCII letters, digits, dots, hyphens and underscores",
        ))
    }
}

fn check_line(text: &str) -> Result<(), Problem> {
    if text.chars().count() > MAX_ATTRIBUTE_CHARS as usize {
        return Err(Problem::TooLong {
            max: MAX_ATTRIBUTE_CHARS,
        });
    }
    if text.chars().any(disguises) {
        return Err(Problem::malformed(
            "text without control characters and direction marks",
        ));
    }
    Ok(())
}

/// What a validated assertion says about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The subject. Never empty.
    pub name_id: String,
    /// Its format, a URI. Empty: not said.
    pub name_id_format: String,
    /// Name and values of each attribute, in the order of the assertion.
    pub attributes: Vec<(String, Vec<String>)>,
    /// The provider's number for the session. `None`: it has none.
    pub session_index: Option<String>,
    /// When the assertion was validated.
    pub validated_at: Instant,
    /// `SessionNotOnOrAfter`, the earliest where there are several. `None`: there is none.
    pub not_on_or_after: Option<Instant>,
}

/// The format of names that are drawn anew at each sign-in: nobody can be known by them.
pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Whom an assertion is about, by what the provider's settings choose from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Provider and user name.
    pub principal: Principal,
    /// What the account is bound to. `None`: the provider's names do not last.
    pub bound_to: Option<String>,
    /// The mail address. Empty: unknown.
    pub mail: String,
    /// What the person is called. Empty: unknown.
    pub display_name: String,
    /// The groups, without repetition.
    pub groups: Vec<String>,
}

/// Chooses from an assertion what the settings name.
///
/// # Errors
/// No user name, several where there must be one (S22), one that cannot be a name, too many groups.
pub fn person(assertion: &Assertion, settings: &ProviderSettings) -> Result<Person, Cause> {
    let name = if settings.user_attribute.is_empty() {
        if assertion.name_id_format == TRANSIENT {
            return Err(Cause::TransientName);
        }
        assertion.name_id.clone()
    } else {
        let name = one_of(assertion, &settings.user_attribute)?;
        name.ok_or(Cause::NoUserAttribute)?
    };
    let principal =
        Principal::new(DomainType::Saml, &settings.name, &name).map_err(|_| Cause::UnusableName)?;
    let groups = groups_of(assertion, &settings.groups_attribute);
    if groups.len() > MAX_GROUPS {
        return Err(Cause::TooManyGroups);
    }
    let lasts = assertion.name_id_format != TRANSIENT;
    Ok(Person {
        principal,
        bound_to: lasts.then(|| assertion.name_id.clone()),
        mail: told(assertion, &settings.mail_attribute)?,
        display_name: told(assertion, &settings.display_attribute)?,
        groups,
    })
}

/// The one value of an attribute. `None`: the attribute is not there, or empty.
fn one_of(assertion: &Assertion, name: &str) -> Result<Option<String>, Cause> {
    let mut values = assertion
        .attributes
        .iter()
        .filter(|(found, _)| found == name)
        .flat_map(|(_, values)| values);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Cause::SeveralValues),
        (value, None) => Ok(value.filter(|value| !value.is_empty()).cloned()),
    }
}

/// A text about somebody, cut to what is kept. Empty: nothing is said.
fn told(assertion: &Assertion, name: &str) -> Result<String, Cause> {
    if name.is_empty() {
        return Ok(String::new());
    }
    let text = one_of(assertion, name)?.unwrap_or_default();
    let harmless = text.chars().filter(|c| !disguises(*c));
    Ok(harmless.take(MAX_ATTRIBUTE_CHARS as usize).collect())
}

fn groups_of(assertion: &Assertion, name: &str) -> Vec<String> {
    if name.is_empty() {
        return Vec::new();
    }
    let values = assertion
        .attributes
        .iter()
        .filter(|(found, _)| found == name)
        .flat_map(|(_, values)| values);
    let mut groups: Vec<_> = values.filter(|group| !group.is_empty()).cloned().collect();
    groups.sort();
    groups.dedup();
    groups
}

/// The roles that these groups give.
pub fn roles_of<'a>(groups: &[String], mapping: &'a [GroupRole]) -> Vec<&'a str> {
    let mut roles: Vec<_> = mapping
        .iter()
        .filter(|line| groups.contains(&line.group))
        .map(|line| &*line.role)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// When the browser session ends that an assertion begins at `now`: no later than the provider's
/// own session.
pub fn session_end(assertion: &Assertion, now: Instant, longest: chrono::TimeDelta) -> Instant {
    let end = now + longest;
    assertion.not_on_or_after.map_or(end, |own| own.min(end))
}

/// How a test of a provider went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Why nobody would be signed in. `None`: somebody would.
    pub cause: Option<Cause>,
    /// What the answer says of itself: names and values, shortened.
    pub said: Vec<(String, String)>,
    /// The user name. `None`: it did not come to that.
    pub principal: Option<String>,
    /// The roles that the groups would give.
    pub roles: Vec<String>,
}

impl Report {
    /// Of an answer that names nobody.
    pub const fn failed(cause: Cause, said: Vec<(String, String)>) -> Self {
        Self {
            cause: Some(cause),
            said,
            principal: None,
            roles: Vec::new(),
        }
    }

    /// Whether a check held. `None`: nobody knows, since another one failed before.
    pub fn outcome(&self, check: Check) -> Option<bool> {
        let Some(cause) = &self.cause else {
            return Some(true);
        };
        if check == cause.check() {
            return Some(false);
        }
        cause.passed().contains(&check).then_some(true)
    }
}

/// A certificate that a provider signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The DER in base64, without white space.
    pub base64: String,
    /// Whom it names.
    pub subject: String,
    /// SHA-256 of the DER, in hexadecimal.
    pub fingerprint: String,
    /// From when it counts.
    pub not_before: Instant,
    /// Until when it counts.
    pub not_after: Instant,
}

impl Certificate {
    /// Whether it counts at `now`.
    pub fn counts(&self, now: Instant) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// What a provider's metadata says, as far as we use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The provider's name for itself.
    pub entity_id: String,
    /// Where sign-in begins, by redirect.
    pub sso_redirect: Option<String>,
    /// Where sign-in begins, by a posted form.
    pub sso_post: Option<String>,
    /// Where sign-out goes, by redirect.
    pub slo_redirect: Option<String>,
    /// Where sign-out goes, by a posted form.
    pub slo_post: Option<String>,
    /// Whether it wants our requests signed.
    pub wants_signed: bool,
    /// What it signs with: two while it changes over.
    pub certificates: Vec<Certificate>,
}

impl Facts {
    /// The certificates that count at `now` (S24).
    ///
    /// # Errors
    /// None does.
    pub fn certificates_at(&self, now: Instant) -> Result<Vec<&Certificate>, Cause> {
        let counting: Vec<_> = self
            .certificates
            .iter()
            .filter(|certificate| certificate.counts(now))
            .collect();
        if counting.is_empty() {
            return Err(Cause::CertificateExpired);
        }
        Ok(counting)
    }

    /// The origins that a browser posts to or is led to: for `form-action`.
    pub fn origins(&self) -> Vec<&str> {
        let places = [
            &self.sso_redirect,
            &self.sso_post,
            &self.slo_redirect,
            &self.slo_post,
        ];
        let mut origins: Vec<_> = places
            .into_iter()
            .flatten()
            .filter_map(|place| origin_of(place))
            .collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }
}

/// Scheme and authority of an address of http or https, if they are of plain characters.
pub fn origin_of(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let ends = address.len() - rest.len() + authority.len();
    (!authority.is_empty() && authority.bytes().all(plain)).then(|| &address[..ends])
}

#[cfg(test)]
mod tests;
