//! Slices as conditions. Each term that an index's condition has stands here word for word, so that
//! both databases see that the index holds every such key.

use chrono::TimeDelta;
use domain::{
    Instant,
    directory::{Order, Slice},
};

use super::tally::{Grain, day, last_of};

/// A piece of a condition on `api_key k`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Sql(&'static str),
    Now,
    /// So many days from now.
    InDays(i64),
    /// The same as in [`Bound::DaysAgo`].
    DaysAgo(i64),
}
use Part::{DaysAgo, InDays, Now, Sql};

/// A condition, in the order of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    /// Branches of the same section are one list, those of a later one follow.
    pub(super) section: usize,
    pub(super) key: &'static str,
    pub(super) condition: &'static [Part],
}

/// After how many days without a use a key is told as unused.
const UNUSED_DAYS: i64 = 45;

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
/// Replaced keys do not count as unused: they end by themselves.
const NEVER_USED: &[Part] = &[Sql(
    "k.last_used_at is null and k.deleted_at is null and k.retires_at is null",
)];
const LIVE_UNUSED: &[Part] = &[
    Sql(
        "k.last_used_at is null and k.deleted_at is null and (k.retires_at is null or k.retires_at > ",
    ),
    Now,
    Sql(")"),
];
const LIVE_USED: &[Part] = &[
    Sql(
        "k.last_used_at is not null and k.deleted_at is null and (k.retires_at is null or k.retires_at > ",
    ),
    Now,
    Sql(")"),
];
const UNUSED_45: &[Part] = &[
    Sql("k.last_used_at <= "),
    DaysAgo(UNUSED_DAYS),
    Sql(" and k.deleted_at is null and k.retires_at is null"),
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
            branch("k.created_at", LIVE_UNUSED),
            Branch {
                section: 1,
                ..branch("k.last_used_at", LIVE_USED)
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

/// An instant, from now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    Now,
    InDays(i64),
    /// The end of the latest day (UTC) that is over for so many days: up to it only whole days are
    /// summed, and no edge is counted.
    DaysAgo(i64),
    At(Instant),
}

impl Bound {
    pub(super) fn at(self, now: Instant) -> Instant {
        match self {
            Self::Now => now,
            Self::InDays(days) => now + TimeDelta::days(days),
            Self::DaysAgo(days) => last_of(day(now) - days - 1),
            Self::At(at) => at,
        }
    }
}

/// Keys that are tallied: those of some measures, whose time is after one instant and up to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    /// As SQL.
    pub(super) measures: &'static str,
    pub(super) grain: Grain,
    /// `None`: from the beginning.
    pub(super) after: Option<Bound>,
    /// `None`: to the end.
    pub(super) until: Option<Bound>,
    /// The time that the measures go by.
    pub(super) column: &'static str,
    /// Whose keys the measures count, by the index that holds them in the order of `column`.
    pub(super) condition: &'static str,
}

impl Term {
    const fn after(self, bound: Bound) -> Self {
        Self {
            after: Some(bound),
            ..self
        }
    }

    const fn until(self, bound: Bound) -> Self {
        Self {
            until: Some(bound),
            ..self
        }
    }
}

const fn by_the_hour(
    measures: &'static str,
    column: &'static str,
    condition: &'static str,
) -> Term {
    Term {
        measures,
        grain: Grain::Hours,
        after: None,
        until: None,
        column,
        condition,
    }
}

/// Of measures without a time, or whatever the time.
const fn whenever(measures: &'static str) -> Term {
    by_the_hour(measures, "", "")
}

const TALLIED_ACTIVE: Term = by_the_hour(
    "'active'",
    "k.expires_at",
    in_force!("k.awaiting_sign_in = false"),
);
const TALLIED_AWAITING: Term = by_the_hour(
    "'awaiting'",
    "k.expires_at",
    in_force!("k.awaiting_sign_in = true"),
);
const TALLIED_REPLACED: Term = by_the_hour(
    "'replaced', 'replaced-disabled', 'replaced-revoked'",
    "k.retires_at",
    "k.deleted_at is null and k.retires_at is not null",
);
const TALLIED_RETIRING: Term = by_the_hour(
    "'replaced'",
    "k.retires_at",
    "k.deleted_at is null and k.retires_at is not null and k.revoked_at is null \
     and not k.owner_disabled",
);
/// Written so that SQLite does not take the index of disabled owners, which has another order.
const TALLIED_REPLACED_DISABLED: Term = by_the_hour(
    "'replaced-disabled'",
    "k.retires_at",
    "k.deleted_at is null and k.retires_at is not null and k.revoked_at is null \
     and k.owner_disabled = true",
);
const TALLIED_USED: Term = Term {
    grain: Grain::Days,
    ..by_the_hour(
        "'used'",
        "k.last_used_at",
        "k.last_used_at is not null and k.deleted_at is null and k.retires_at is null",
    )
};

/// The measure of [`Slice::Active`].
pub(super) const ACTIVE_MEASURE: &str = TALLIED_ACTIVE.measures;
/// The active keys that end until an instant.
pub(super) const fn ending_until(bound: Bound) -> Term {
    TALLIED_ACTIVE.after(Bound::Now).until(bound)
}

/// What a slice's keys are tallied as.
pub(super) fn tallied(slice: Slice) -> Vec<Term> {
    match slice {
        Slice::All => vec![
            whenever("'active', 'awaiting', 'disabled', 'revoked'"),
            TALLIED_REPLACED.after(Bound::Now),
        ],
        Slice::Active => vec![TALLIED_ACTIVE.after(Bound::Now)],
        Slice::ExpiringIn7Days => vec![ending_until(Bound::InDays(7))],
        Slice::ExpiringIn30Days => vec![ending_until(Bound::InDays(30))],
        Slice::Expired => vec![
            TALLIED_ACTIVE.until(Bound::Now),
            TALLIED_AWAITING.until(Bound::Now),
        ],
        Slice::Inactive => vec![TALLIED_AWAITING.after(Bound::Now)],
        Slice::Retiring => vec![TALLIED_RETIRING.after(Bound::Now)],
        Slice::NeverUsed => vec![whenever("'never'")],
        Slice::UnusedFor45Days => vec![TALLIED_USED.until(Bound::DaysAgo(UNUSED_DAYS))],
        Slice::OwnerDisabled => vec![
            whenever("'disabled'"),
            TALLIED_REPLACED_DISABLED.after(Bound::Now),
        ],
        Slice::Deleted => vec![whenever("'deleted'"), TALLIED_REPLACED.until(Bound::Now)],
    }
}
