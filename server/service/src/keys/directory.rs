//! The list of everybody's keys, page by page, and the figures above it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use domain::{
    Instant,
    directory::{
        Count, Cursor, DirectoryPage, DirectoryQuery, MAX_DAYS_AHEAD, MAX_PAGE, MAX_SEARCH_CHARS,
        Order, Slice, Tiles,
    },
    error::{Error, FieldError, Problem},
    key::{ApiKey, Tag},
};
use serde::{Deserialize, Serialize};

use super::Keys;
use crate::{
    Actor,
    fault::Fault,
    store::{
        Conn,
        keys::{
            Visible,
            directory::{self as store, Found, Place, Search, Stretch, Value, Walk},
        },
    },
};

/// The longest cursor that is read, in bytes.
const MAX_CURSOR: usize = 2_000;

impl Keys {
    /// A page of the keys that the caller may view.
    ///
    /// # Errors
    /// Wrong fields (`search`, `order`, `after`, `before`, `limit`).
    pub async fn directory(
        &self,
        actor: &Actor,
        query: &DirectoryQuery,
    ) -> Result<DirectoryPage, Error> {
        let visible = self.visible(actor).await?;
        let list = List::of(query)?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.quick_snapshot().await?;
        let conn = &mut tx.conn();
        let reading = Reading { visible, now };
        let part = list.page(conn, reading, query.limit).await?;
        let count = list.count(conn, reading).await?;
        let items = part.items.into_iter();
        let items = items.map(|found| Ok(self.core.usage.overlay(found.row.into_key(now)?)));
        Ok(DirectoryPage {
            items: items.collect::<Result<Vec<ApiKey>, Fault>>()?,
            before: part.before.map(|place| list.cursor(place)),
            after: part.after.map(|place| list.cursor(place)),
            count,
        })
    }

    /// How many of the keys that the caller may view are in each of the slices of [`Tiles`].
    pub async fn tiles(&self, actor: &Actor) -> Result<Tiles, Error> {
        let visible = self.visible(actor).await?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.quick_snapshot().await?;
        let conn = &mut tx.conn();
        let slices = [
            Slice::Active,
            Slice::ExpiringIn7Days,
            Slice::ExpiringIn30Days,
            Slice::Expired,
            Slice::Inactive,
            Slice::NeverUsed,
            Slice::UnusedFor45Days,
            Slice::OwnerDisabled,
        ];
        let counts = slice_counts(conn, slices, Reading { visible, now }).await?;
        let [
            active,
            expiring_7,
            expiring_30,
            expired,
            inactive,
            never_used,
            unused_45,
            owner_disabled,
        ] = counts;
        Ok(Tiles {
            active,
            expiring_7,
            expiring_30,
            expired,
            inactive,
            never_used,
            unused_45,
            owner_disabled,
        })
    }

    /// How many active keys that the caller may view end on each of the coming days, in UTC, from
    /// today on, which is counted up to [`domain::directory::MAX_COUNT`].
    ///
    /// # Errors
    /// `days` is not from 1 to [`MAX_DAYS_AHEAD`].
    pub async fn expiries(&self, actor: &Actor, days: u32) -> Result<Vec<(NaiveDate, u64)>, Error> {
        let visible = self.visible(actor).await?;
        check_range("days", days, MAX_DAYS_AHEAD)?;
        let now = self.core.clock.now();
        let mut tx = self.core.db.quick_snapshot().await?;
        let ends = store::ends_per_day(&mut tx.conn(), visible, now, days).await?;
        let dates = now.date_naive().iter_days();
        Ok(dates.zip(ends).collect())
    }
}

fn check_range(field: &'static str, value: u32, max: u32) -> Result<(), FieldError> {
    let min = 1;
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(FieldError::new(field, Problem::OutOfRange { min, max }))
    }
}

/// For whom, and when.
#[derive(Clone, Copy)]
struct Reading {
    visible: Visible,
    now: Instant,
}

/// A query whose fields are right.
struct List {
    slice: Slice,
    order: Order,
    descending: bool,
    search: Option<Search>,
    start: Start,
}

/// Where a page begins.
enum Start {
    Beginning,
    After(Place),
    Before(Place),
}

/// A page as it was found.
struct Part {
    items: Vec<Found>,
    before: Option<Place>,
    after: Option<Place>,
}

/// A cursor's text, as JSON.
#[derive(Serialize, Deserialize)]
struct Written(String, String, usize, WrittenValue, String);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenValue {
    Number(i64),
    Text(String),
}

impl List {
    fn of(query: &DirectoryQuery) -> Result<Self, FieldError> {
        check_range("limit", query.limit, MAX_PAGE)?;
        let search = match &query.search {
            Some(text) => check_search(text)?.map(|text| Search::new(query.slice, text)),
            None => None,
        };
        let allowed = query.slice.orders();
        if search.is_none() && !allowed.contains(&query.order) {
            let names: Vec<_> = allowed.iter().map(|order| order.as_str()).collect();
            let expected = format!("one of {}", names.join(", ")).into();
            return Err(FieldError::new("order", Problem::Malformed { expected }));
        }
        let mut list = Self {
            slice: query.slice,
            order: query.order,
            // A search has one order.
            descending: query.descending && search.is_none(),
            search,
            start: Start::Beginning,
        };
        list.start = match (&query.after, &query.before) {
            (None, None) => Start::Beginning,
            (Some(cursor), None) => Start::After(list.place(cursor, "after")?),
            (None, Some(cursor)) => Start::Before(list.place(cursor, "before")?),
            (Some(_), Some(_)) => return Err(FieldError::new("before", Problem::NotAccepted)),
        };
        Ok(list)
    }

    async fn page(&self, conn: &mut Conn<'_>, reading: Reading, limit: u32) -> Result<Part, Fault> {
        let walk = |from, forward: bool, limit| Walk {
            visible: reading.visible,
            now: reading.now,
            descending: self.descending == forward,
            from,
            limit,
        };
        let (mut forward, from) = match &self.start {
            Start::Beginning => (true, None),
            Start::After(place) => (true, Some(place)),
            Start::Before(place) => (false, Some(place)),
        };
        let mut stretch = self.walk(conn, walk(from, forward, limit + 1)).await?;
        if from.is_some() && stretch.found.is_empty() && stretch.cut.is_none() {
            // What was there is gone: the end of the list in that direction.
            forward = !forward;
            stretch = self.walk(conn, walk(None, forward, limit + 1)).await?;
        }
        let Stretch { mut found, cut } = stretch;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let beyond = match (more, found.last()) {
            (true, Some(last)) => Some(last.place.clone()),
            _ => cut,
        };
        // On the other side is what the first item has before it, if anything.
        let first = found.first().map(|found| found.place.clone());
        let edge = first.as_ref().or(from);
        let behind = match edge {
            Some(edge) => {
                let back = self.walk(conn, walk(Some(edge), !forward, 1)).await?;
                let any = !back.found.is_empty() || back.cut.is_some();
                any.then(|| edge.clone())
            }
            None => None,
        };
        if !forward {
            found.reverse();
        }
        let (before, after) = if forward {
            (behind, beyond)
        } else {
            (beyond, behind)
        };
        Ok(Part {
            items: found,
            before,
            after,
        })
    }

    async fn walk(&self, conn: &mut Conn<'_>, walk: Walk<'_>) -> Result<Stretch, Fault> {
        match &self.search {
            Some(search) => store::search_walk(conn, search, walk).await,
            None => store::walk(conn, self.slice, self.order, walk).await,
        }
    }

    async fn count(&self, conn: &mut Conn<'_>, reading: Reading) -> Result<Count, Fault> {
        let Some(search) = &self.search else {
            let [count] = slice_counts(conn, [self.slice], reading).await?;
            return Ok(count);
        };
        let walk = Walk {
            visible: reading.visible,
            now: reading.now,
            descending: false,
            from: None,
            limit: 0,
        };
        let (found, all) = store::search_count(conn, search, walk).await?;
        Ok(told(found, all))
    }

    /// The name of the order in cursors.
    fn order_name(&self) -> &'static str {
        match self.search {
            Some(_) => "search",
            None => self.order.as_str(),
        }
    }

    fn cursor(&self, place: Place) -> Cursor {
        let value = match place.value {
            Value::Number(number) => WrittenValue::Number(number),
            Value::Text(text) => WrittenValue::Text(text),
        };
        let (slice, order) = (self.slice.as_str(), self.order_name());
        let written = Written(
            slice.to_owned(),
            order.to_owned(),
            place.section,
            value,
            place.tag,
        );
        // Texts and numbers always have a JSON.
        let text = serde_json::to_vec(&written).unwrap_or_default();
        Cursor(BASE64_URL_SAFE_NO_PAD.encode(text))
    }

    /// Reads a cursor of this list.
    fn place(&self, cursor: &Cursor, field: &'static str) -> Result<Place, FieldError> {
        let problem = Problem::malformed("a place that came with a page of the same list");
        self.read_place(cursor)
            .ok_or_else(|| FieldError::new(field, problem))
    }

    fn read_place(&self, Cursor(text): &Cursor) -> Option<Place> {
        if text.len() > MAX_CURSOR {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let Written(slice, order, section, value, tag) = serde_json::from_slice(&bytes).ok()?;
        Tag::parse(&tag).ok()?;
        let place = Place {
            section,
            value: match value {
                WrittenValue::Number(number) => Value::Number(number),
                WrittenValue::Text(text) => Value::Text(check_text(&text)?.to_owned()),
            },
            tag,
        };
        let fits = if let Some(search) = &self.search {
            search.has(&place)
        } else {
            let text = matches!(self.order, Order::Owner | Order::Tag);
            section <= 1 && text == matches!(place.value, Value::Text(_))
        };
        (slice == self.slice.as_str() && order == self.order_name() && fits).then_some(place)
    }
}

/// A text that both databases take.
fn check_text(text: &str) -> Option<&str> {
    (!text.contains(char::is_control)).then_some(text)
}

/// `None`: nothing is searched for.
fn check_search(text: &str) -> Result<Option<&str>, FieldError> {
    let text = text.trim();
    let wrong = |problem| Err(FieldError::new("search", problem));
    if text.chars().count() > MAX_SEARCH_CHARS as usize {
        return wrong(Problem::TooLong {
            max: MAX_SEARCH_CHARS,
        });
    }
    let Some(text) = check_text(text) else {
        return wrong(Problem::malformed("text without control characters"));
    };
    Ok((!text.is_empty()).then_some(text))
}

async fn slice_counts<const N: usize>(
    conn: &mut Conn<'_>,
    slices: [Slice; N],
    reading: Reading,
) -> Result<[Count; N], Fault> {
    let counts = store::slice_counts(conn, &slices, reading.visible, reading.now).await?;
    let counts: Vec<_> = counts
        .iter()
        .map(|(count, all)| told(*count, *all))
        .collect();
    counts
        .try_into()
        .map_err(|_| Fault::Broken("a figure is missing"))
}

const fn told(count: u64, all: bool) -> Count {
    if all {
        Count::Exactly(count)
    } else {
        Count::MoreThan(count)
    }
}
