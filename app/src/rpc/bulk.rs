//! One thing done to many keys, a few at a time: the page asks step by step, so that it can show how
//! far it is and stop, and nobody else waits for long.

use domain::{Instant, key::Tag, ticket::TicketId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// The most keys of a step.
pub const MAX_STEP: usize = 20;

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Which.
    pub tag: Tag,
    /// Why it was refused. `None`: it was done.
    pub refusal: Option<Fault>,
    /// It was left as it is: it lasts longer already.
    pub kept: bool,
    /// The ticket that was made instead. `None`: it needed no approval.
    pub ticket: Option<TicketId>,
}

/// Some of the keys that a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SomeTags {
    /// Their tags.
    pub tags: Vec<Tag>,
    /// Where to go on. `None`: these were the last.
    pub after: Option<String>,
}

/// The next keys of the list that an address asks for.
#[server(endpoint = "bulk_tags", output = Packed)]
pub async fn load_bulk_tags(
    /// The list's address.
    #[server(default)]
    at: String,
    /// Microseconds since 1970: keys made later are left out.
    #[server(default)]
    made_by: String,
) -> Result<SomeTags, Fault> {
    super::context::as_actor(async |services, actor| {
        let query = super::directory::asked(&super::address::Address::parse(&at))?;
        let query = domain::directory::DirectoryQuery {
            limit: domain::directory::MAX_PAGE,
            ..query
        };
        let page = services.keys.directory(&actor, &query).await?;
        let made_by: i64 = made_by.parse().unwrap_or(i64::MAX);
        let meant = page.items.into_iter();
        let meant = meant.filter(|key| key.created_at.timestamp_micros() <= made_by);
        Ok(SomeTags {
            tags: meant.map(|key| key.tag).collect(),
            after: page.after.map(|cursor| cursor.0),
        })
    })
    .await
}

/// Deletes some keys, each in a transaction of its own.
#[server(endpoint = "bulk_delete", output = Packed)]
pub async fn bulk_delete(
    /// Their tags, with spaces between; at most [`MAX_STEP`].
    #[server(default)]
    tags: String,
) -> Result<Vec<StepResult>, Fault> {
    super::context::as_actor(async |services, actor| {
        let mut results = Vec::new();
        for tag in named(&tags)? {
            let deleted = services.keys.delete(&actor, &tag, None).await;
            results.push(StepResult::of(tag, deleted));
        }
        Ok(results)
    })
    .await
}

/// What [`bulk_extend`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// From when the validity counts.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub since: Instant,
    /// What became of each key.
    pub results: Vec<StepResult>,
}

/// Gives some keys a new end, each in a transaction of its own. A key that lasts as long already
/// stays as it is, so that a step can be sent twice.
#[server(endpoint = "bulk_extend", output = Packed)]
pub async fn bulk_extend(
    /// Their tags, with spaces between; at most [`MAX_STEP`].
    #[server(default)]
    tags: String,
    /// A number of days.
    #[server(default)]
    validity: String,
    /// From when they count: microseconds since 1970, as [`Extended::since`] said before. Empty:
    /// from now.
    #[server(default)]
    since: String,
) -> Result<Extended, Fault> {
    use domain::{
        error::{FieldError, Problem},
        expiry,
    };
    use service::Outcome;

    super::context::as_actor(async |services, actor| {
        let now = services.now();
        let since = match &*since {
            "" => now,
            text => instant(text)?.min(now),
        };
        let asked = crate::validity::asked(&validity, "", since)?;
        let end = expiry::local_expiry(asked, &services.policy().await?, since)?;
        if end <= now {
            return Err(FieldError::new(expiry::FIELD, Problem::TooEarly).into());
        }
        let mut results = Vec::new();
        for tag in named(&tags)? {
            let edit = service::keys::KeyEdit {
                validity: asked,
                extend_from: Some(since),
                ..service::keys::KeyEdit::default()
            };
            let extended = services.keys.update(&actor, &tag, edit).await;
            let kept = match &extended {
                Ok(Outcome::Done(key)) => key.expires_at > end,
                _ => false,
            };
            results.push(StepResult {
                kept,
                ..StepResult::of(tag, extended)
            });
        }
        Ok(Extended { since, results })
    })
    .await
}

/// An instant that [`Extended`] told.
#[cfg(feature = "ssr")]
fn instant(text: &str) -> Result<Instant, domain::error::FieldError> {
    use domain::error::{FieldError, Problem};

    let micros = text.parse().ok();
    micros
        .and_then(Instant::from_timestamp_micros)
        .ok_or_else(|| FieldError::new("since", Problem::malformed("microseconds since 1970")))
}

#[cfg(feature = "ssr")]
impl StepResult {
    fn of<T>(tag: Tag, ended: Result<service::Outcome<T>, domain::error::Error>) -> Self {
        let (refusal, ticket) = match ended {
            Ok(service::Outcome::Done(_)) => (None, None),
            Ok(service::Outcome::Waits(waiting)) => (None, Some(waiting.ticket)),
            Err(error) => (Some(Fault::new(error)), None),
        };
        Self {
            tag,
            refusal,
            kept: false,
            ticket,
        }
    }
}

/// The keys of a step.
#[cfg(feature = "ssr")]
fn named(tags: &str) -> Result<Vec<Tag>, domain::error::Error> {
    use domain::error::{FieldError, Problem};

    let tags: Vec<_> = tags.split_whitespace().collect();
    if tags.len() > MAX_STEP {
        let problem = Problem::malformed("20 tags at most");
        return Err(FieldError::new("tags", problem).into());
    }
    tags.into_iter().map(super::context::named).collect()
}
