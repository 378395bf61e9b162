//! The list of everybody's keys: which part of it, in which order, how many.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::key::ApiKey;

/// The most keys on a page.
pub const MAX_PAGE: u32 = 100;
/// The longest text to search for, in characters.
pub const MAX_SEARCH_CHARS: u32 = 100;
/// Where figures have to be counted, counting stops here. (Whole hours and days are known without.)
pub const MAX_COUNT: u64 = 10_000;
/// The most days that the figure of keys ending per day looks ahead.
pub const MAX_DAYS_AHEAD: u32 = 90;
/// The longest word that search tells from others, in characters.
const MAX_WORD_CHARS: usize = 64;

/// Which keys. What a state means stands at [`crate::key::State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Slice {
    /// Every key that is not deleted.
    #[default]
    All,
    /// Active.
    Active,
    /// Active, and ending within 7 days.
    ExpiringIn7Days,
    /// Active, and ending within 30 days.
    ExpiringIn30Days,
    /// Expired.
    Expired,
    /// Waiting for the owner's first SAML sign-in.
    Inactive,
    /// Replaced, and still valid for the overlap.
    Retiring,
    /// Never used, whatever the state, except deleted; replaced ones, which end by themselves, are
    /// not among them.
    NeverUsed,
    /// Used, but not for 45 whole days (UTC); otherwise like [`Self::NeverUsed`].
    UnusedFor45Days,
    /// The owner is disabled.
    OwnerDisabled,
    /// Deleted: the tombstones.
    Deleted,
}

/// In which order. The tag decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Order {
    /// The end of the validity; among retiring keys the end of the overlap.
    Expires,
    /// When it was made.
    #[default]
    Created,
    /// The last use; the never used come first, by creation.
    LastUsed,
    /// The owner's name, as it is compared.
    Owner,
    /// The tag.
    Tag,
    /// When it was deleted.
    Deleted,
}

impl Slice {
    /// Every slice.
    pub const ALL: [Self; 11] = [
        Self::All,
        Self::Active,
        Self::ExpiringIn7Days,
        Self::ExpiringIn30Days,
        Self::Expired,
        Self::Inactive,
        Self::Retiring,
        Self::NeverUsed,
        Self::UnusedFor45Days,
        Self::OwnerDisabled,
        Self::Deleted,
    ];

    /// The orders that a slice can be had in, the natural one first: those that an index holds, so
    /// that no page takes a walk through keys that are not shown.
    pub const fn orders(self) -> &'static [Order] {
        match self {
            Self::All => &[
                Order::Created,
                Order::Expires,
                Order::LastUsed,
                Order::Owner,
                Order::Tag,
            ],
            Self::Active
            | Self::ExpiringIn7Days
            | Self::ExpiringIn30Days
            | Self::Expired
            | Self::Inactive
            | Self::Retiring => &[Order::Expires],
            Self::NeverUsed => &[Order::Created],
            Self::UnusedFor45Days => &[Order::LastUsed],
            Self::OwnerDisabled => &[Order::Owner],
            Self::Deleted => &[Order::Deleted],
        }
    }

    /// The order that a slice is read in when nobody asks for another.
    pub const fn natural_order(self) -> Order {
        // Every list of orders has a first; a test holds it.
        match self.orders() {
            [first, ..] => *first,
            [] => Order::Created,
        }
    }

    /// The name in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Active => "active",
            Self::ExpiringIn7Days => "expiring-7",
            Self::ExpiringIn30Days => "expiring-30",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
            Self::Retiring => "retiring",
            Self::NeverUsed => "never-used",
            Self::UnusedFor45Days => "unused-45",
            Self::OwnerDisabled => "owner-disabled",
            Self::Deleted => "deleted",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 6] = [
        Self::Expires,
        Self::Created,
        Self::LastUsed,
        Self::Owner,
        Self::Tag,
        Self::Deleted,
    ];

    /// The name in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expires => "expires",
            Self::Created => "created",
            Self::LastUsed => "last-used",
            Self::Owner => "owner",
            Self::Tag => "tag",
            Self::Deleted => "deleted",
        }
    }
}

/// A place in a list, as opaque text; good for the list (slice, order, search) that it came with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Which keys, in which order, which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryQuery {
    /// Which.
    pub slice: Slice,
    /// Only those whose tag (a text that starts with `lky_`) or whose owner's name begins with
    /// this, or whose description has words that begin with each of its words. A search has an
    /// order of its own: by owner's name where that begins with the text, then by word.
    pub search: Option<String>,
    /// One of [`Slice::orders`]; of no matter in a search.
    pub order: Order,
    /// The last first; of no matter in a search.
    pub descending: bool,
    /// Go on after this place.
    pub after: Option<Cursor>,
    /// Go back from this place.
    pub before: Option<Cursor>,
    /// How many at most, up to [`MAX_PAGE`].
    pub limit: u32,
}

impl DirectoryQuery {
    /// The first page of a slice, in its natural order.
    pub const fn of(slice: Slice) -> Self {
        Self {
            slice,
            search: None,
            order: slice.natural_order(),
            descending: false,
            after: None,
            before: None,
            limit: 50,
        }
    }
}

/// A page of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPage {
    /// The keys. A search within a rare slice may fill a page less than asked and still go on: a
    /// page looks at a bounded number of matches.
    pub items: Vec<ApiKey>,
    /// Where the page before ends. `None`: there is none.
    pub before: Option<Cursor>,
    /// Where the next page begins. `None`: there is none.
    pub after: Option<Cursor>,
    /// How many there are in all.
    pub count: Count,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Count {
    /// So many.
    Exactly(u64),
    /// So many were counted, then counting stopped: see [`MAX_COUNT`]; in a search earlier.
    MoreThan(u64),
}

/// The figures above the list; each is a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiles {
    /// [`Slice::Active`].
    pub active: Count,
    /// [`Slice::ExpiringIn7Days`].
    pub expiring_7: Count,
    /// [`Slice::ExpiringIn30Days`].
    pub expiring_30: Count,
    /// [`Slice::Expired`].
    pub expired: Count,
    /// [`Slice::Inactive`].
    pub inactive: Count,
    /// [`Slice::NeverUsed`].
    pub never_used: Count,
    /// [`Slice::UnusedFor45Days`].
    pub unused_45: Count,
    /// [`Slice::OwnerDisabled`].
    pub owner_disabled: Count,
}

/// The words of a text, as search compares them: runs of letters and digits, in lower case.
pub fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let lower = word.chars().flat_map(char::to_lowercase);
            lower.take(MAX_WORD_CHARS).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slice_has_a_natural_order_and_none_twice() {
        for slice in Slice::ALL {
            let orders = slice.orders();
            assert_eq!(orders.first(), Some(&slice.natural_order()), "{slice:?}");
            for (place, order) in orders.iter().enumerate() {
                assert!(!orders[..place].contains(order), "{slice:?}");
            }
        }
    }

    #[test]
    fn names_read_back() {
        for slice in Slice::ALL {
            assert_eq!(Slice::from_name(slice.as_str()), Some(slice));
        }
        assert_eq!(Slice::from_name("ALL"), None);
    }

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        for (text, expected) in [
            ("", &[][..]),
            ("  %_*\"'-- ", &[]),
            (
                "Nightly backup, host-7",
                &["7", "backup", "host", "nightly"],
            ),
            ("CI ci Ci", &["ci"]),
            ("Zürich ÄRGER Straße", &["straße", "zürich", "ärger"]),
            ("日本語 キー", &["キー", "日本語"]),
            ("a_b NEAR(c)", &["a", "b", "c", "near"]),
        ] {
            let words: Vec<_> = words(text).into_iter().collect();
            assert_eq!(words, expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(200)).pop_first().unwrap().len(), 64);
    }
}
