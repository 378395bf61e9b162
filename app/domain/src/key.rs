//! The API key: its format, its states and what people see of it.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    error::{Conflict, Error, FieldError},
    principal::Identity,
    text::check_prose,
};

/// The bytes of a key.
pub const KEY_BYTES: usize = 48;
/// The characters of a key.
pub const KEY_CHARS: usize = 64;
/// What every key starts with, for people and secret scanners.
pub const PREFIX: &str = "lky_";
/// Random bytes that a new key needs: 5 for the tag, 36 (288 bits) for the secret.
pub const RANDOM_BYTES: usize = TAG_RANDOM_BYTES + SECRET_BYTES;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: u32 = 256;

/// The bytes whose base64url text is [`PREFIX`].
const PREFIX_BYTES: [u8; 3] = [0x96, 0x4c, 0xbf];
const TAG_RANDOM_BYTES: usize = 5;
const TAG_BYTES: usize = PREFIX_BYTES.len() + TAG_RANDOM_BYTES;
const SECRET_BYTES: usize = 36;
const CHECKED_BYTES: usize = TAG_BYTES + SECRET_BYTES;

/// Lays out a key: prefix, random tag, random secret, and the CRC-32 (IEEE 802.3) of all before
/// it, big-endian.
///
/// The result is secret: wrap it before it goes anywhere.
pub fn assemble(random: &[u8; RANDOM_BYTES]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..PREFIX_BYTES.len()].copy_from_slice(&PREFIX_BYTES);
    key[PREFIX_BYTES.len()..CHECKED_BYTES].copy_from_slice(random);
    let checksum = crc32fast::hash(&key[..CHECKED_BYTES]);
    key[CHECKED_BYTES..].copy_from_slice(&checksum.to_be_bytes());
    key
}

/// Reads a key: exactly 64 characters of base64url (RFC 4648, section 5) without padding, the
/// fixed start, the right checksum. Junk and typing errors end here, before any look-up.
///
/// # Errors
/// When the text is no key. Nothing is said about why: it would be said about a secret.
pub fn parse(text: &[u8]) -> Result<[u8; KEY_BYTES], NotAKey> {
    if text.len() != KEY_CHARS {
        return Err(NotAKey);
    }
    let mut key = [0; KEY_BYTES];
    let read = BASE64_URL_SAFE_NO_PAD
        .decode_slice(text, &mut key)
        .map_err(|_| NotAKey)?;
    let checksum = crc32fast::hash(&key[..CHECKED_BYTES]).to_be_bytes();
    let valid =
        read == KEY_BYTES && key.starts_with(&PREFIX_BYTES) && key[CHECKED_BYTES..] == checksum;
    valid.then_some(key).ok_or(NotAKey)
}

/// Writes a key as its 64 characters.
pub fn write(key: &[u8; KEY_BYTES]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key)
}

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct NotAKey;

/// A key's public identifier, `lky_…=`, 12 characters. Unique for ever, safe to log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// The tag of a key: padded base64url of its first eight bytes.
    pub fn of(key: &[u8; KEY_BYTES]) -> Self {
        Self(BASE64_URL_SAFE.encode(&key[..TAG_BYTES]))
    }

    /// Reads a tag, as it stands in a path or a document.
    ///
    /// # Errors
    /// When the text cannot be a tag.
    pub fn parse(text: &str) -> Result<Self, NotATag> {
        match BASE64_URL_SAFE.decode(text) {
            Ok(bytes) if bytes.len() == TAG_BYTES && bytes.starts_with(&PREFIX_BYTES) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotATag),
        }
    }

    /// The text of the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key tag")]
pub struct NotATag;

/// Checks a description: 0–256 characters, white space at the ends removed, no control
/// characters other than line breaks and tabs, none that turn the direction of writing.
///
/// # Errors
/// Too long, or with characters that could disguise text.
pub fn check_description(text: &str) -> Result<String, FieldError> {
    check_prose("description", text, MAX_DESCRIPTION_CHARS)
}

/// What decides a key's state. Nothing here is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a key and its owner, not a state machine"
)]
pub struct Facts {
    /// The key was deleted; only its tombstone is left.
    pub deleted: bool,
    /// A service principal's key was revoked.
    pub revoked: bool,
    /// The owner is disabled.
    pub owner_disabled: bool,
    /// Made for a SAML user who has not signed in since.
    pub awaiting_sign_in: bool,
    /// When a replaced key's overlap ends. `None`: not replaced.
    pub retires_at: Option<Instant>,
    /// When the validity ends.
    pub expires_at: Instant,
}

impl Facts {
    /// The state at `now`; where several hold, the first in [`State`]'s order.
    pub fn state(&self, now: Instant) -> State {
        match self {
            Self { deleted: true, .. } => State::Deleted,
            Self {
                retires_at: Some(end),
                ..
            } if now >= *end => State::Deleted,
            Self { revoked: true, .. } => State::Revoked,
            Self {
                owner_disabled: true,
                ..
            } => State::Disabled,
            Self { expires_at, .. } if now >= *expires_at => State::Expired,
            Self {
                awaiting_sign_in: true,
                ..
            } => State::Inactive,
            Self {
                retires_at: Some(_),
                ..
            } => State::Retiring,
            _ => State::Active,
        }
    }
}

/// A key's state. Derived from [`Facts`], never stored; the order is that of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Deleted, or replaced and past its overlap: kept without its hash so that people can see
    /// why automation stopped.
    Deleted,
    /// Revoked (service principals only).
    Revoked,
    /// The owner is disabled.
    Disabled,
    /// The validity has ended.
    Expired,
    /// Waits for the owner's first SAML sign-in.
    Inactive,
    /// Replaced by a reissue, still valid for the overlap.
    Retiring,
    /// In use.
    Active,
}

impl State {
    /// Every state, in order of precedence.
    pub const ALL: [Self; 7] = [
        Self::Deleted,
        Self::Revoked,
        Self::Disabled,
        Self::Expired,
        Self::Inactive,
        Self::Retiring,
        Self::Active,
    ];

    /// Whether a key in this state authenticates.
    pub const fn authenticates(self) -> bool {
        matches!(self, Self::Active | Self::Retiring)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "DELETED",
            Self::Revoked => "REVOKED",
            Self::Disabled => "DISABLED",
            Self::Expired => "EXPIRED",
            Self::Inactive => "INACTIVE",
            Self::Retiring => "RETIRING",
            Self::Active => "ACTIVE",
        }
    }
}

/// What people see of a key. No part of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The public identifier.
    pub tag: Tag,
    /// Whom it identifies.
    pub owner: Identity,
    /// What it is for, in the owner's words.
    pub description: String,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
    /// When its validity ends.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
    /// When the validity was last changed.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub modified_at: Instant,
    /// Who made it.
    pub issuer: Identity,
    /// At the time of reading.
    pub state: State,
    /// Whether the validity comes from a validated SAML session.
    pub saml_validated: bool,
    /// The latest use. `None`: never used.
    pub last_used: Option<LastUse>,
    /// When the overlap of a replaced key ends. `None`: not replaced.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub retires_at: Option<Instant>,
    /// Who deleted it, and when. `None`: not deleted.
    pub deleted: Option<Deletion>,
    /// Counts the changes: whoever changes it names the version they saw.
    pub version: i64,
}

/// Who deleted a key, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// The full identity.
    pub by: String,
}

/// When and from where a key was last used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// The client's address.
    pub address: String,
}

impl ApiKey {
    /// Whether the key is in a state in which its validity and description can be changed.
    ///
    /// # Errors
    /// Why not.
    pub const fn editable(&self) -> Result<(), Error> {
        match self.state {
            State::Expired => Err(Error::Conflict(Conflict::Expired)),
            State::Retiring => Err(Error::Conflict(Conflict::Retiring)),
            State::Revoked => Err(Error::Conflict(Conflict::NotActive)),
            State::Deleted => Err(Error::NotFound),
            State::Active | State::Inactive | State::Disabled => Ok(()),
        }
    }

    /// Whether the key is in a state in which it can be replaced.
    ///
    /// # Errors
    /// Why not.
    pub const fn reissuable(&self) -> Result<(), Error> {
        match self.state {
            State::Retiring => Err(Error::Conflict(Conflict::Retiring)),
            State::Revoked => Err(Error::Conflict(Conflict::NotActive)),
            State::Deleted => Err(Error::NotFound),
            State::Active | State::Inactive | State::Expired | State::Disabled => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Problem;
    use crate::principal::{DomainType, Principal, UserId};

    #[test]
    fn the_prefix_bytes_spell_the_prefix() {
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(PREFIX_BYTES), PREFIX);
    }

    #[test]
    fn a_known_key_has_the_documented_layout() {
        let random: [u8; RANDOM_BYTES] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let key = assemble(&random);
        let text = write(&key);
        assert_eq!(text.len(), KEY_CHARS);
        assert!(text.starts_with(PREFIX));
        assert_eq!(Tag::of(&key).as_str(), "lky_AAECAwQ=");
        assert_eq!(key[3..44], random);
        assert_eq!(key[44..], crc32fast::hash(&key[..44]).to_be_bytes());
        assert_eq!(parse(text.as_bytes()), Ok(key));
    }

    /// CRC-32 as in zlib: the standard's check value.
    #[test]
    fn the_checksum_is_the_ieee_crc() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
    }

    /// K3, K4.
    #[test]
    fn what_is_not_exactly_a_key_is_refused() {
        let text = write(&assemble(&[7; RANDOM_BYTES]));
        let mut hostile = vec![
            String::new(),
            text[..63].to_owned(),
            format!("{text}A"),
            format!("{text}="),
            format!(" {text}"),
            format!("{text} "),
            format!("{text}\r\n"),
            format!("{text}\0"),
            text.replace("lky_", "LKY_"),
            text.to_uppercase(),
            text.to_lowercase(),
            "lky_".repeat(16),
            "é".repeat(32),
            "A".repeat(64),
            "A".repeat(1 << 20),
        ];
        hostile.push(format!("{},{}", &text[..31], &text[..32]));
        for text in hostile {
            assert_eq!(parse(text.as_bytes()), Err(NotAKey), "{text:.80?}");
        }
    }

    #[test]
    fn a_tag_is_read_strictly() {
        assert!(Tag::parse("lky_AAECAwQ=").is_ok());
        for text in [
            "",
            "lky_AAECAwQ",
            "lky_AAECAwR=",
            "LKY_AAECAwQ=",
            "lky_AAECAwQ==",
            "abcdAAECAwQ=",
            "lky_AAECAwQ%3D",
            "lky_AAEC AwQ=",
            "lky_AAECAw==",
        ] {
            assert_eq!(Tag::parse(text), Err(NotATag), "{text}");
        }
    }

    #[test]
    fn descriptions_are_counted_in_characters_and_cannot_disguise() {
        assert_eq!(check_description("  CI  ").unwrap(), "CI");
        assert_eq!(check_description("").unwrap(), "");
        assert!(check_description(&"😀".repeat(256)).is_ok());
        assert_eq!(
            check_description(&"a".repeat(257)).unwrap_err().problem,
            Problem::TooLong { max: 256 }
        );
        for text in ["a\u{0}b", "a\u{202e}b", "a\u{2066}b", "\u{1b}[31m"] {
            assert!(check_description(text).is_err(), "{text:?}");
        }
    }

    /// Every combination of facts, against the order of the states.
    #[test]
    fn the_first_state_that_holds_is_shown() {
        let now: Instant = "2026-11-22T00:00:00Z".parse().unwrap();
        let ms = TimeDelta::milliseconds(1);
        let bools = [false, true];
        for deleted in bools {
            for revoked in bools {
                for owner_disabled in bools {
                    for awaiting_sign_in in bools {
                        for retires_at in [None, Some(now - ms), Some(now), Some(now + ms)] {
                            for expires_at in [now - ms, now, now + ms] {
                                let facts = Facts {
                                    deleted,
                                    revoked,
                                    owner_disabled,
                                    awaiting_sign_in,
                                    retires_at,
                                    expires_at,
                                };
                                let holds = |state| match state {
                                    State::Deleted => {
                                        deleted || retires_at.is_some_and(|end| end <= now)
                                    }
                                    State::Revoked => revoked,
                                    State::Disabled => owner_disabled,
                                    State::Expired => expires_at <= now,
                                    State::Inactive => awaiting_sign_in,
                                    State::Retiring => retires_at.is_some(),
                                    State::Active => true,
                                };
                                let first = State::ALL.into_iter().find(|state| holds(*state));
                                assert_eq!(Some(facts.state(now)), first, "{facts:?}");
                            }
                        }
                    }
                }
            }
        }
    }

    /// A date as text would bring its parser into every browser (6 kB of what it loads first).
    #[test]
    fn no_instant_of_a_key_travels_as_text() {
        let at: Instant = "2026-11-22T00:00:00Z".parse().unwrap();
        let someone = Identity {
            principal: Principal::new(DomainType::Unixpwd, "", "bob").unwrap(),
            id: UserId(1),
        };
        let key = ApiKey {
            tag: Tag::of(&assemble(&[7; RANDOM_BYTES])),
            owner: someone.clone(),
            description: String::new(),
            created_at: at,
            expires_at: at,
            modified_at: at,
            issuer: someone,
            state: State::Active,
            saml_validated: false,
            last_used: Some(LastUse {
                at,
                address: String::new(),
            }),
            retires_at: Some(at),
            deleted: Some(Deletion {
                at,
                by: String::new(),
            }),
            version: 1,
        };
        let text = serde_json::to_string(&key).unwrap();
        assert!(!text.contains("2026"), "{text}");
    }

    #[test]
    fn states_and_tags_are_written_as_on_the_wire() {
        let names = State::ALL.map(State::as_str);
        let expected = [
            "DELETED", "REVOKED", "DISABLED", "EXPIRED", "INACTIVE", "RETIRING", "ACTIVE",
        ];
        assert_eq!(names, expected);
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        let text = "lky_AAECAwQ=";
        assert_eq!(Tag::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn only_active_and_retiring_keys_authenticate() {
        let authenticating: Vec<_> = State::ALL
            .into_iter()
            .filter(|state| state.authenticates())
            .collect();
        assert_eq!(authenticating, [State::Retiring, State::Active]);
    }

    proptest! {
        #[test]
        fn every_key_reads_back(random in proptest::array::uniform32(any::<u8>()), rest in any::<[u8; 9]>()) {
            let mut all = [0; RANDOM_BYTES];
            all[..32].copy_from_slice(&random);
            all[32..].copy_from_slice(&rest);
            let key = assemble(&all);
            let text = write(&key);
            prop_assert_eq!(parse(text.as_bytes()), Ok(key));
            prop_assert_eq!(Tag::parse(Tag::of(&key).as_str()), Ok(Tag::of(&key)));
        }

        /// K3: a CRC-32 finds every single changed bit.
        #[test]
        fn a_flipped_bit_is_no_key(random in proptest::array::uniform32(any::<u8>()), bit in 0_usize..384) {
            let mut all = [0; RANDOM_BYTES];
            all[..32].copy_from_slice(&random);
            let mut key = assemble(&all);
            key[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(parse(write(&key).as_bytes()), Err(NotAKey));
        }
    }
}
