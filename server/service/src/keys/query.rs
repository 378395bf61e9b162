//! Which keys, in which order, which part of them.

use domain::filter::{Expr, Field, Kind, SortKey};

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
    field("apiKeyTag", KeyField::Tag, Kind::Text),
    field("id", KeyField::Tag, Kind::Text),
    field("userName", KeyField::UserName, Kind::Text),
    field("userDomain", KeyField::UserDomain, Kind::Text),
    field("userDomainType", KeyField::UserDomainType, Kind::Text),
    field("createdDateTime", KeyField::Created, Kind::Instant),
    field("expiryDateTime", KeyField::Expires, Kind::Instant),
    field("lastModifiedDateTime", KeyField::Modified, Kind::Instant),
    field("description", KeyField::Description, Kind::Text),
    field("samlSessionValidated", KeyField::SamlValidated, Kind::Bool),
    field("issuer/principalName", KeyField::IssuerName, Kind::Text),
    field("issuer/principalDomain", KeyField::IssuerDomain, Kind::Text),
    field(
        "issuer/principalDomainType",
        KeyField::IssuerDomainType,
        Kind::Text,
    ),
    field("state", KeyField::State, Kind::Text),
    field("lastUsedDateTime", KeyField::LastUsed, Kind::Instant),
    field("lastUsedAddress", KeyField::LastUsedAddress, Kind::Text),
];

const fn field(name: &'static str, field: KeyField, kind: Kind) -> Field<KeyField> {
    Field { name, field, kind }
}

/// Which keys, in which order, which part of them.
#[derive(Debug, Clone, Default)]
pub struct KeyQuery {
    /// Which. `None`: all but deleted ones.
    pub filter: Option<Expr<KeyField>>,
    /// The order; the tag decides between equals.
    pub sort: Vec<SortKey<KeyField>>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}
