//! Which keys, in which order, which part of them.

use domain::filter::{Field, Kind};

use crate::list::Query;

/// The fields of a key that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyField {
    /// The tag.
    Tag,
    /// The owner's name.
    UserName,
    /// The owner's domain.
    UserDomain,
    /// The owner's domain type.
    UserDomainType,
    /// When it was made.
    Created,
    /// When it ends.
    Expires,
    /// When the validity was last changed.
    Modified,
    /// The description.
    Description,
    /// Whether validated by SAML.
    SamlValidated,
    /// The issuer's name.
    IssuerName,
    /// The issuer's domain.
    IssuerDomain,
    /// The issuer's domain type.
    IssuerDomainType,
    /// The derived state.
    State,
    /// The latest use.
    LastUsed,
    /// The address of the latest use.
    LastUsedAddress,
}

/// The names of the fields on the wire.
pub const KEY_FIELDS: &[Field<KeyField>] = &[
    Field::new("apiKeyTag", KeyField::Tag, Kind::Text),
    Field::new("id", KeyField::Tag, Kind::Text),
    Field::new("userName", KeyField::UserName, Kind::Text),
    Field::new("userDomain", KeyField::UserDomain, Kind::Text),
    Field::new("userDomainType", KeyField::UserDomainType, Kind::Text),
    Field::new("createdDateTime", KeyField::Created, Kind::Instant),
    Field::new("expiryDateTime", KeyField::Expires, Kind::Instant),
    Field::new("lastModifiedDateTime", KeyField::Modified, Kind::Instant),
    Field::new("description", KeyField::Description, Kind::Text),
    Field::new("samlSessionValidated", KeyField::SamlValidated, Kind::Bool),
    Field::new("issuer/principalName", KeyField::IssuerName, Kind::Text),
    Field::new("issuer/principalDomain", KeyField::IssuerDomain, Kind::Text),
    Field::new(
        "issuer/principalDomainType",
        KeyField::IssuerDomainType,
        Kind::Text,
    ),
    Field::new("state", KeyField::State, Kind::Text),
    Field::new("lastUsedDateTime", KeyField::LastUsed, Kind::Instant),
    Field::new("lastUsedAddress", KeyField::LastUsedAddress, Kind::Text),
];

/// Which keys, in which order, which part of them. Without a filter: all but deleted ones. The tag
/// decides between equals.
pub type KeyQuery = Query<KeyField>;
