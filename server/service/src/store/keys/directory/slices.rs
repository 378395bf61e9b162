//! Slices as conditions. Each term that an index's condition has stands here word for word, so that
//! both databases see that the index holds every such key.

use domain::directory::{Order, Slice};

/// A piece of a condition on `api_key k`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Sql(&'static str),
    Now,
    /// So many days from now.
    InDays(i64),
}
use Part::{InDays, Now, Sql};

/// A condition, in the order of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    /// Branches of the same section are one list, those of a later one follow.
    pub(super) section: usize,
    pub(super) key: &'static str,
    pub(super) condition: &'static [Part],
}

const OWNER: &str = "k.owner_name";
const TAG: &str = "k.tag";

impl Branch {
    /// Whether it is sorted by a text.
    pub(super) fn is_text(&self) -> bool {
        [OWNER, TAG].contains(&self.key)
    }
}

/// The condition of `api_key_in_force`, and further.
macro_rules! in_force {
    ($rest:literal) => {
        concat!(
            "k.deleted_at is null and k.retires_at is null and k.revoked_at is null ",
            "and not k.owner_disabled and ",
            $rest
        )
    };
}

const LIVE: &[Part] = &[
    Sql("k.deleted_at is null and (k.retires_at is null or k.retires_at > "),
    Now,
    Sql(")"),
];
const ACTIVE: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = false and k.expires_at > ")),
    Now,
];
const EXPIRING_7: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = false and k.expires_at > ")),
    Now,
    Sql(" and k.expires_at <= "),
    InDays(7),
];
const EXPIRING_30: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = false and k.expires_at > ")),
    Now,
    Sql(" and k.expires_at <= "),
    InDays(30),
];
const EXPIRED: &[Part] = &[Sql(in_force!("k.expires_at <= ")), Now];
const EXPIRED_SIGNED_IN: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = false and k.expires_at <= ")),
    Now,
];
const EXPIRED_AWAITING: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = true and k.expires_at <= ")),
    Now,
];
const INACTIVE: &[Part] = &[
    Sql(in_force!("k.awaiting_sign_in = true and k.expires_at > ")),
    Now,
];
/// The overlap never lasts longer than the validity, so these have not expired.
const RETIRING: &[Part] = &[
    Sql("k.deleted_at is null and k.retires_at > "),
    Now,
    Sql(" and k.revoked_at is null and not k.owner_disabled"),
];
const NEVER_USED: &[Part] = &[
    Sql(
        "k.last_used_at is null and k.deleted_at is null and (k.retires_at is null or k.retires_at > ",
    ),
    Now,
    Sql(")"),
];
const USED: &[Part] = &[
    Sql(
        "k.last_used_at is not null and k.deleted_at is null and (k.retires_at is null or k.retires_at > ",
    ),
    Now,
    Sql(")"),
];
const UNUSED_45: &[Part] = &[
    Sql("k.last_used_at <= "),
    InDays(-45),
    Sql(" and k.deleted_at is null and (k.retires_at is null or k.retires_at > "),
    Now,
    Sql(")"),
];
const OWNER_DISABLED: &[Part] = &[
    Sql(
        "k.owner_disabled and k.revoked_at is null and k.deleted_at is null and (k.retires_at is null or k.retires_at > ",
    ),
    Now,
    Sql(")"),
];
const DELETED: &[Part] = &[
    Sql("(k.deleted_at is not null or k.retires_at <= "),
    Now,
    Sql(")"),
];
const TOMBSTONES: &[Part] = &[Sql("k.deleted_at is not null")];
/// Past their overlap, and not yet turned into tombstones: the background work of a minute.
pub(super) const UNBURIED: &[Part] = &[Sql("k.deleted_at is null and k.retires_at <= "), Now];
/// Which keys a slice holds.
pub(super) const fn filter(slice: Slice) -> &'static [Part] {
    match slice {
        Slice::All => LIVE,
        Slice::Active => ACTIVE,
        Slice::ExpiringIn7Days => EXPIRING_7,
        Slice::ExpiringIn30Days => EXPIRING_30,
        Slice::Expired => EXPIRED,
        Slice::Inactive => INACTIVE,
        Slice::Retiring => RETIRING,
        Slice::NeverUsed => NEVER_USED,
        Slice::UnusedFor45Days => UNUSED_45,
        Slice::OwnerDisabled => OWNER_DISABLED,
        Slice::Deleted => DELETED,
    }
}

/// The parts of a slice, each in the order of an index.
pub(super) fn branches(slice: Slice, order: Order) -> Vec<Branch> {
    let branch = |key, condition| Branch {
        section: 0,
        key,
        condition,
    };
    match (slice, order) {
        (Slice::All, Order::LastUsed) => vec![
            branch("k.created_at", NEVER_USED),
            Branch {
                section: 1,
                ..branch("k.last_used_at", USED)
            },
        ],
        (Slice::Expired, _) => vec![
            branch("k.expires_at", EXPIRED_SIGNED_IN),
            branch("k.expires_at", EXPIRED_AWAITING),
        ],
        (Slice::Deleted, _) => vec![
            branch("k.deleted_at", TOMBSTONES),
            // What their time of deletion will be.
            branch("k.retires_at", UNBURIED),
        ],
        (Slice::Retiring, _) => vec![branch("k.retires_at", RETIRING)],
        (slice, order) => vec![branch(key(order), filter(slice))],
    }
}

const fn key(order: Order) -> &'static str {
    match order {
        Order::Expires => "k.expires_at",
        Order::Created => "k.created_at",
        Order::LastUsed => "k.last_used_at",
        Order::Owner => OWNER,
        Order::Tag => TAG,
        Order::Deleted => "k.deleted_at",
    }
}

/// The parts of a slice, each to be counted in an index alone.
pub(super) const fn counted(slice: Slice) -> &'static [&'static [Part]] {
    match slice {
        Slice::All => &[NEVER_USED, USED],
        Slice::Active => &[ACTIVE],
        Slice::ExpiringIn7Days => &[EXPIRING_7],
        Slice::ExpiringIn30Days => &[EXPIRING_30],
        Slice::Expired => &[EXPIRED_SIGNED_IN, EXPIRED_AWAITING],
        Slice::Inactive => &[INACTIVE],
        Slice::Retiring => &[RETIRING],
        Slice::NeverUsed => &[NEVER_USED],
        Slice::UnusedFor45Days => &[UNUSED_45],
        Slice::OwnerDisabled => &[OWNER_DISABLED],
        Slice::Deleted => &[TOMBSTONES, UNBURIED],
    }
}
