//! The audit trail: look through it, check it.

use domain::{Instant, principal::Identity};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// What *Audit* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The records, the newest first.
    pub rows: Vec<AuditRow>,
    /// The record that the next page is older than.
    pub older: Option<i64>,
    /// How many there are; up to one more than [`MOST_RECORDS_COUNTED`] when narrowed.
    pub count: u64,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// Up to how many records are counted when the trail is narrowed.
pub const MOST_RECORDS_COUNTED: u64 = 1_000;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number among the records of all servers.
    pub number: i64,
    /// When it was written.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// The action's stable name.
    pub action: String,
    /// What happened, as a sentence.
    pub sentence: String,
    /// Whether it was refused.
    pub refused: bool,
    /// Who acted. `None`: nobody was signed in.
    pub who: Option<Identity>,
    /// By what.
    pub via: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// What it changed: name, old, new.
    pub changes: Vec<(String, String, String)>,
    /// Why it was refused.
    pub cause: Option<String>,
    /// The reason that the client gave.
    pub reason: Option<String>,
    /// What the client called itself.
    pub client_id: Option<String>,
    /// Names the request.
    pub request_id: Option<String>,
    /// Every column, as JSON.
    pub raw: String,
}

/// What a check of the trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// How many chains there are.
    pub chains: u64,
    /// How many records were read.
    pub records: u64,
    /// How many checkpoints were held against them.
    pub checkpoints: u64,
    /// The first trouble of each chain. Empty: the trail is whole.
    pub findings: Vec<Found>,
}

/// Where a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The chain's number.
    pub chain: i64,
    /// The first record that is not as it was. `None`: the chain's head.
    pub record: Option<i64>,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What can be wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the same as the service's, which says what each means"
)]
pub enum Trouble {
    Missing,
    Changed,
    Beyond,
    Head,
    Checkpoint,
    ChainMissing,
    CheckpointSignature,
}

impl Trouble {
    /// Every trouble, with its word in an address.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("missing", Self::Missing),
        ("changed", Self::Changed),
        ("beyond", Self::Beyond),
        ("head", Self::Head),
        ("checkpoint", Self::Checkpoint),
        ("chain-missing", Self::ChainMissing),
        ("signature", Self::CheckpointSignature),
    ];
}

/// How many records a page has.
#[cfg(feature = "ssr")]
const PAGE: u32 = 50;

/// A page of the trail. That it was read is recorded.
#[server(endpoint = "audit_page", output = Packed)]
pub async fn load_audit_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<AuditPage, Fault> {
    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let filter = trail_filter(|name| at.get(name).map(str::to_owned))?;
        let before = at.place("before")?;
        let page = services.trail(&actor, &filter, before, PAGE).await?;
        let last = page.items.last().map(|item| item.record.number);
        Ok(AuditPage {
            older: last.filter(|_| page.more),
            rows: page.items.into_iter().map(AuditRow::from).collect(),
            count: page.count,
            as_of: services.now(),
        })
    })
    .await
}

#[cfg(feature = "ssr")]
impl From<service::audit::TrailItem> for AuditRow {
    fn from(service::audit::TrailItem { record, raw }: service::audit::TrailItem) -> Self {
        let text = Option::unwrap_or_default;
        let changes = record.changes.into_iter();
        Self {
            number: record.number,
            at: record.recorded_at,
            action: record.action,
            sentence: record.message,
            refused: record.outcome == domain::audit::Outcome::Refused.as_str(),
            who: record.who,
            via: record.via,
            address: record.address,
            changes: changes
                .map(|change| (change.name, text(change.old), text(change.new)))
                .collect(),
            cause: record.cause,
            reason: record.reason,
            client_id: record.client_id,
            request_id: record.request_id,
            raw,
        }
    }
}

/// Which records an address asks for; the page and the export read the same entries.
///
/// # Errors
/// `what`, `refused`, `from` or `until` is none.
#[cfg(feature = "ssr")]
pub fn trail_filter(
    get: impl Fn(&str) -> Option<String>,
) -> Result<service::audit::TrailFilter, domain::error::Error> {
    use chrono::{Days, NaiveDate};
    use domain::{
        audit::Action,
        error::{Error, Problem},
    };
    use service::audit::{TrailFilter, What};

    let given = |name| {
        let text = get(name).map(|text| text.trim().to_owned());
        // No record holds such a text, and one database refuses it.
        text.filter(|text| !text.is_empty() && !text.contains('\0'))
    };
    let day = |name: &'static str| {
        let read = |text: String| {
            let day = text.parse::<NaiveDate>();
            day.map_err(|_| Error::field(name, Problem::malformed("a date, such as 2026-11-22")))
        };
        given(name).map(read).transpose()
    };
    let start = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    let what = |text: String| {
        let category = Action::ALL.iter().any(|action| action.category() == text);
        match Action::from_name(&text) {
            _ if category => Ok(What::Category(text)),
            Some(_) => Ok(What::Action(text)),
            None => Err(Error::field(
                "what",
                Problem::malformed("one of what the field \"What happened\" offers"),
            )),
        }
    };
    let refused = match given("refused").as_deref() {
        None => false,
        Some("true") => true,
        Some(_) => return Err(Error::field("refused", Problem::malformed("true"))),
    };
    Ok(TrailFilter {
        user: given("user"),
        what: given("what").map(what).transpose()?,
        object: given("object"),
        address: given("address"),
        refused,
        from: day("from")?.map(start),
        until: day("until")?
            .and_then(|day| day.checked_add_days(Days::new(1)))
            .map(start),
    })
}

/// Checks every chain of the trail. Without JavaScript the answer stands in the page's address,
/// as a word and numbers.
#[server(endpoint = "check_audit", output = Packed)]
pub async fn check_audit() -> Result<Checked, Fault> {
    super::context::as_actor(async |services, actor| {
        let report = services.check_audit(&actor).await?;
        let findings = report.findings.into_iter().map(Found::from);
        let checked = Checked {
            chains: report.chains as u64,
            records: report.records,
            checkpoints: report.checkpoints as u64,
            findings: findings.collect(),
        };
        leptos_axum::redirect(&crate::ui::checked_address(&checked));
        Ok(checked)
    })
    .await
}

#[cfg(feature = "ssr")]
impl From<service::audit::Finding> for Found {
    fn from(finding: service::audit::Finding) -> Self {
        use service::audit::Trouble as Told;

        Self {
            chain: finding.chain,
            record: finding.record,
            trouble: match finding.trouble {
                Told::Missing => Trouble::Missing,
                Told::Changed => Trouble::Changed,
                Told::Beyond => Trouble::Beyond,
                Told::Head => Trouble::Head,
                Told::Checkpoint => Trouble::Checkpoint,
                Told::ChainMissing => Trouble::ChainMissing,
                Told::CheckpointSignature => Trouble::CheckpointSignature,
            },
        }
    }
}
