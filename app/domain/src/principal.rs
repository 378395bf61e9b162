//! Who acts: principals, their text forms and how names are compared.

use std::{fmt, str::FromStr};

use precis_profiles::{UsernameCaseMapped, precis_core::profile::Profile};
use serde::{Deserialize, Serialize};

use crate::{error::Problem, text::disguises};

/// The longest user name, in characters.
pub const MAX_NAME_CHARS: u32 = 128;
/// The longest domain, in characters.
pub const MAX_DOMAIN_CHARS: u32 = 255;

/// What a local user name must look like, completing "Must be …".
pub const EXPECTED_NAME: &str =
    "a name of letters, digits and punctuation, without spaces, colons and slashes";

/// How a principal is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DomainType {
    /// A local account. The domain is always empty.
    Unixpwd,
    /// A local account under a Windows domain's label.
    Nt,
    /// A local account under a private domain's label.
    Vx,
    /// A local account under a directory's label.
    Ldap,
    /// A person from a SAML identity provider; the domain is the provider's name.
    Saml,
    /// A service principal.
    Nbsp,
}

impl DomainType {
    /// Every domain type.
    pub const ALL: [Self; 6] = [
        Self::Unixpwd,
        Self::Nt,
        Self::Vx,
        Self::Ldap,
        Self::Saml,
        Self::Nbsp,
    ];

    /// What a domain type must be, completing "Must be …".
    pub const EXPECTED: &'static str = "one of unixpwd, nt, vx, ldap, saml, nbsp";

    /// The name on the wire and in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unixpwd => "unixpwd",
            Self::Nt => "nt",
            Self::Vx => "vx",
            Self::Ldap => "ldap",
            Self::Saml => "saml",
            Self::Nbsp => "nbsp",
        }
    }

    /// Whether accounts of this type sign in with a password kept here.
    pub const fn is_local(self) -> bool {
        matches!(self, Self::Unixpwd | Self::Nt | Self::Vx | Self::Ldap)
    }

    /// A whole domain of this type as a caller names it; `unixpwd` has one, without a name.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn domain(self, name: &str) -> Result<String, Problem> {
        match (self, name) {
            (Self::Unixpwd, "") => Ok(String::new()),
            (Self::Unixpwd, _) => Err(Problem::malformed("empty: unixpwd has no domains")),
            (_, "") => Err(Problem::Required),
            (_, name) => check_domain(name),
        }
    }
}

impl fmt::Display for DomainType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scripts write domain types in any case.
impl FromStr for DomainType {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL
            .into_iter()
            .find(|domain_type| domain_type.as_str().eq_ignore_ascii_case(text))
            .ok_or(Problem::malformed(Self::EXPECTED))
    }
}

/// A user's number: from 1000, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A principal's name in the world: domain type, domain, user name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// How the principal is known.
    pub domain_type: DomainType,
    /// Empty for `unixpwd`.
    pub domain: String,
    /// As it was entered when the account was made.
    pub name: String,
}

impl Principal {
    /// Checks a principal as a caller names it.
    ///
    /// `unixpwd` has the empty domain: whatever is sent for it is ignored, since scripts send
    /// their host's name.
    ///
    /// # Errors
    /// The field (`domain` or `name`) and what is wrong with it.
    pub fn new(
        domain_type: DomainType,
        domain: &str,
        name: &str,
    ) -> Result<Self, (&'static str, Problem)> {
        let domain = match domain_type {
            DomainType::Unixpwd => String::new(),
            _ => check_domain(domain).map_err(|problem| ("domain", problem))?,
        };
        fold(domain_type, name).map_err(|problem| ("name", problem))?;
        Ok(Self {
            domain_type,
            domain,
            name: name.to_owned(),
        })
    }
}

fn check_domain(domain: &str) -> Result<String, Problem> {
    if domain.chars().count() > MAX_DOMAIN_CHARS as usize {
        return Err(Problem::TooLong {
            max: MAX_DOMAIN_CHARS,
        });
    }
    if domain.contains([':', '/', '\\']) || domain.chars().any(disguises) {
        return Err(Problem::malformed(
            "a domain name without colons, slashes, control characters and direction marks",
        ));
    }
    Ok(domain.to_owned())
}

/// The form of a user name under which two names are the same: PRECIS `UsernameCaseMapped`
/// (RFC 8265, section 3.3) for local names, byte for byte for SAML subjects.
///
/// # Errors
/// When `name` cannot be a user name of that domain type.
pub fn fold(domain_type: DomainType, name: &str) -> Result<String, Problem> {
    if name.is_empty() {
        return Err(Problem::Required);
    }
    if name.chars().count() > MAX_NAME_CHARS as usize {
        return Err(Problem::TooLong {
            max: MAX_NAME_CHARS,
        });
    }
    if !domain_type.is_local() {
        return if name.chars().any(disguises) {
            Err(Problem::malformed(
                "a name without control characters and direction marks",
            ))
        } else {
            Ok(name.to_owned())
        };
    }
    // The full identity joins with colons, other products write `domain\user`: neither may be
    // forged by a name.
    if name.contains([':', '/', '\\']) {
        return Err(Problem::malformed(EXPECTED_NAME));
    }
    UsernameCaseMapped::new()
        .enforce(name)
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Problem::malformed(EXPECTED_NAME))
}

/// A principal with its number: the *full identity* of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The number.
    pub id: UserId,
    /// The name in the world.
    pub principal: Principal,
}

/// Reads what [`Identity`]'s text form says, without a judgement on the name.
impl FromStr for Identity {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let read = || {
            let (domain, rest) = text.split_once(':')?;
            // A SAML user's name may contain colons, what follows it cannot.
            let (rest, id) = rest.rsplit_once(':')?;
            let (name, domain_type) = rest.rsplit_once(':')?;
            Some(Self {
                id: UserId(id.parse().ok()?),
                principal: Principal {
                    domain_type: domain_type.parse().ok()?,
                    domain: domain.to_owned(),
                    name: name.to_owned(),
                },
            })
        };
        read().ok_or(Problem::malformed("domain:user:domainType:userId"))
    }
}

/// `domain:user:domainType:userId`, e.g. `:bob:unixpwd:1003`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Principal {
            domain_type,
            domain,
            name,
        } = &self.principal;
        write!(f, "{domain}:{name}:{domain_type}:{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bob() -> Identity {
        Identity {
            id: UserId(1003),
            principal: Principal::new(DomainType::Unixpwd, "host.example", "bob").unwrap(),
        }
    }

    #[test]
    fn a_whole_domain_has_a_name_unless_its_type_has_none() {
        assert_eq!(DomainType::Unixpwd.domain(""), Ok(String::new()));
        assert!(DomainType::Unixpwd.domain("host").is_err());
        for domain_type in [DomainType::Saml, DomainType::Nt] {
            assert_eq!(domain_type.domain("corp"), Ok("corp".to_owned()));
            assert_eq!(domain_type.domain(""), Err(Problem::Required));
            assert!(domain_type.domain("a:b").is_err());
        }
    }

    #[test]
    fn the_full_identity_is_domain_user_type_and_number() {
        assert_eq!(bob().to_string(), ":bob:unixpwd:1003");
    }

    #[test]
    fn the_full_identity_reads_back() {
        let named = |domain_type, domain: &str, name: &str| Identity {
            id: UserId(1004),
            principal: Principal::new(domain_type, domain, name).unwrap(),
        };
        for identity in [
            bob(),
            named(DomainType::Nt, "CORP", "zo\u{eb}9"),
            named(DomainType::Saml, "idp", "urn:x:saml:7:"),
        ] {
            assert_eq!(identity.to_string().parse(), Ok(identity));
        }
        for text in ["", "bob", ":bob:unixpwd", ":bob:nis:1", ":bob:unixpwd:x"] {
            assert!(text.parse::<Identity>().is_err(), "{text}");
        }
    }

    #[test]
    fn unixpwd_has_the_empty_domain_whatever_is_sent() {
        assert_eq!(bob().principal.domain, "");
        let corp = Principal::new(DomainType::Nt, "CORP", "bob").unwrap();
        assert_eq!(corp.domain, "CORP");
    }

    #[test]
    fn domains_that_could_forge_an_identity_or_a_log_line_are_refused() {
        let problem = |domain: &str| Principal::new(DomainType::Nt, domain, "bob").err();
        let longest = "é".repeat(255);
        assert_eq!(problem(&longest), None);
        for length in [256, 300] {
            let too_long = Some(("domain", Problem::TooLong { max: 255 }));
            assert_eq!(problem(&"é".repeat(length)), too_long);
        }
        for domain in ["a:b", "a/b", "a\\b", "a\nb", "a\u{0}b", "a\u{2066}b"] {
            assert!(
                matches!(problem(domain), Some(("domain", Problem::Malformed { .. }))),
                "{domain:?}"
            );
        }
    }

    #[test]
    fn domain_types_are_read_in_any_case_and_nothing_else_is() {
        for domain_type in DomainType::ALL {
            assert_eq!(domain_type.as_str().parse(), Ok(domain_type));
            assert_eq!(domain_type.as_str().to_uppercase().parse(), Ok(domain_type));
        }
        for unknown in ["", "root", "unixpwd ", "nis"] {
            assert_eq!(
                unknown.parse::<DomainType>(),
                Err(Problem::malformed(DomainType::EXPECTED))
            );
        }
    }

    #[test]
    fn local_names_fold_and_saml_subjects_do_not() {
        let local = |name| fold(DomainType::Unixpwd, name);
        assert_eq!(local("Bob"), local("bob"));
        // A full-width letter folds to the ASCII one (RFC 8265, width mapping).
        assert_eq!(local("\u{ff42}ob"), local("bob"));
        assert_ne!(fold(DomainType::Saml, "Bob"), fold(DomainType::Saml, "bob"));
    }

    #[test]
    fn names_that_could_forge_an_identity_or_a_log_line_are_refused() {
        for name in [
            "",
            "a b",
            "a:b",
            "corp\\bob",
            "a/b",
            "a\nb",
            "a\u{0}b",
            "a\u{202e}b",
            "a\u{200b}b",
        ] {
            assert!(fold(DomainType::Unixpwd, name).is_err(), "{name:?}");
        }
        assert!(fold(DomainType::Saml, "a\nb").is_err());
        assert!(fold(DomainType::Saml, "a\u{202e}b").is_err());
        assert!(fold(DomainType::Unixpwd, &"a".repeat(129)).is_err());
        assert!(fold(DomainType::Unixpwd, &"a".repeat(128)).is_ok());
    }
}
