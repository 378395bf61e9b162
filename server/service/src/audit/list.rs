//! Reading the trail: which records, in which order, which part of them.

use domain::{
    Instant,
    audit::{Action, Change, Outcome, changes},
    error::Error,
    filter::{Comparison, Expr, Field, Kind, Literal},
    principal::Identity,
};

use crate::{
    Actor, Services,
    fault::Fault,
    list::{Page, Query},
    store::audit::{self as store, ChainRow, RecordRow},
};

/// How many numbers each server's chain has to itself. The records of the first have their place
/// in the chain as their number, and no number needs more than 53 bits.
const NUMBERS_PER_CHAIN: i64 = 1_000_000_000_000;

/// The fields of a record that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordField {
    /// The number.
    Number,
    /// The category.
    Category,
    /// The kind of operation.
    Operation,
    /// The name of who acted; empty when nobody was signed in.
    UserName,
    /// Their domain.
    DomainName,
    /// When.
    Time,
}

/// The names of the fields on the wire.
pub const RECORD_FIELDS: &[Field<RecordField>] = &[
    Field::new("id", RecordField::Number, Kind::Number),
    Field::new("category", RecordField::Category, Kind::Text),
    Field::new("operation", RecordField::Operation, Kind::Text),
    Field::new("userName", RecordField::UserName, Kind::Text),
    Field::new("domainName", RecordField::DomainName, Kind::Text),
    Field::new("auditDateTime", RecordField::Time, Kind::Instant),
];

/// Which records, in which order, which part of them. The number decides between equals: reading
/// is itself recorded, and what is appended must not move the pages.
pub type RecordQuery = Query<RecordField>;

/// A record as people and collectors read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number among the records of all servers.
    pub number: i64,
    /// When it was written.
    pub recorded_at: Instant,
    /// The action's stable name.
    pub action: String,
    /// The action's category.
    pub category: String,
    /// The kind of operation.
    pub operation: String,
    /// How it ended.
    pub outcome: String,
    /// The number of the sentence.
    pub message_id: u32,
    /// What happened, as a sentence.
    pub message: String,
    /// Who acted. `None`: nobody was signed in.
    pub who: Option<Identity>,
    /// By what.
    pub via: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// On what.
    pub object: String,
    /// What it changed.
    pub changes: Vec<Change>,
    /// Why it was refused.
    pub cause: Option<String>,
    /// The reason that the client gave.
    pub reason: Option<String>,
    /// What the client called itself.
    pub client_id: Option<String>,
    /// Names the request.
    pub request_id: Option<String>,
}

impl Record {
    /// What the record has of the order.
    fn key(&self, query: &RecordQuery) -> Vec<Literal> {
        let text = |text: &str| Literal::Text(text.to_owned());
        let who = self.who.as_ref().map(|who| &who.principal);
        let value = |field| match field {
            RecordField::Number => Literal::Number(self.number),
            RecordField::Category => text(&self.category),
            RecordField::Operation => text(&self.operation),
            RecordField::UserName => text(who.map_or("", |who| &who.name)),
            RecordField::DomainName => text(who.map_or("", |who| &who.domain)),
            RecordField::Time => Literal::Instant(self.recorded_at),
        };
        let sorted = query.sort.iter().map(|key| value(key.field));
        sorted.chain([Literal::Number(self.number)]).collect()
    }
}

impl TryFrom<RecordRow> for Record {
    type Error = Fault;

    fn try_from(row: RecordRow) -> Result<Self, Fault> {
        let recorded_at = row.recorded_at.parse();
        let state = |text: &Option<String>| {
            let text = text.as_deref()?;
            serde_json::from_str(text).ok()
        };
        let (before, after) = (state(&row.state_before), state(&row.state_after));
        // A newer version beside this one may know more actions.
        let known = Action::from_name(&row.action).zip(Outcome::from_name(&row.outcome));
        Ok(Self {
            number: number_of(row.chain, row.id),
            recorded_at: recorded_at.map_err(|_| Fault::Broken("a record has no time"))?,
            message_id: known.map_or(0, |(action, outcome)| action.message_id(outcome)),
            message: match known {
                Some((action, outcome)) => action.message(outcome, &row.object),
                None => format!("{} {}: {}.", row.action, row.outcome, row.object),
            },
            who: row.actor.and_then(|actor| actor.parse().ok()),
            changes: changes(before.as_ref(), after.as_ref()),
            action: row.action,
            category: row.category,
            operation: row.operation,
            outcome: row.outcome,
            via: row.via,
            address: row.address,
            object: row.object,
            cause: row.cause,
            reason: row.reason,
            client_id: row.client_id,
            request_id: row.request_id,
        })
    }
}

impl Services {
    /// The records that match; that they were read is recorded before.
    ///
    /// # Errors
    /// No permission, or the database fails.
    pub async fn audit_records(
        &self,
        actor: &Actor,
        query: &RecordQuery,
    ) -> Result<Page<Record>, Error> {
        self.reading_audit(actor, "a list").await?;
        let mut tx = self.core.db.snapshot().await?;
        let conn = &mut tx.conn();
        let rows = store::list(conn, query).await?;
        let items = rows.into_iter().map(Record::try_from);
        let items = items.collect::<Result<_, Fault>>()?;
        if let Some(place) = &query.place {
            return Ok(Page::at(place, query.limit, items, |record| {
                record.key(query)
            }));
        }
        let heads = store::heads(conn).await?;
        let count = match count_by_heads(query.filter.as_ref(), &heads) {
            Some(count) => count,
            None => store::count(conn, query).await?,
        };
        Ok(Page::of(items, count))
    }

    /// One record; that it was read is recorded before.
    ///
    /// # Errors
    /// No permission, or there is none of that number.
    pub async fn audit_record(&self, actor: &Actor, number: i64) -> Result<Record, Error> {
        self.reading_audit(actor, &format!("record {number}"))
            .await?;
        let mut reader = self.core.db.reader().await?;
        let row = store::by_number(&mut reader.conn(), number).await?;
        Ok(row.ok_or(Error::NotFound)?.try_into()?)
    }
}

/// The number of the record at that place of that chain.
pub(super) const fn number_of(chain: i64, id: i64) -> i64 {
    first_number(chain) + id
}

/// The number before a chain's first.
const fn first_number(chain: i64) -> i64 {
    (chain - 1) * NUMBERS_PER_CHAIN
}

/// How many records match, without looking at any: chains have no gaps, so their heads tell how
/// many numbers lie in a stretch. `None`: the filter asks for more than a stretch of numbers.
fn count_by_heads(filter: Option<&Expr<RecordField>>, heads: &[ChainRow]) -> Option<u64> {
    let (low, high) = match filter {
        None => (0, i64::MAX),
        Some(filter) => stretch(filter)?,
    };
    let counts = heads.iter().map(|head| {
        let first = first_number(head.chain);
        let (low, high) = (low.max(first + 1), high.min(first + head.height));
        u64::try_from(high - low + 1).unwrap_or(0)
    });
    Some(counts.sum())
}

/// The first and last number that a filter lets through, if numbers are all it asks about.
fn stretch(filter: &Expr<RecordField>) -> Option<(i64, i64)> {
    match filter {
        Expr::And(left, right) => {
            let (left, right) = (stretch(left)?, stretch(right)?);
            Some((left.0.max(right.0), left.1.min(right.1)))
        }
        Expr::Compare(RecordField::Number, comparison, Literal::Number(number)) => {
            let number = *number;
            Some(match comparison {
                Comparison::Eq => (number, number),
                Comparison::Gt => (number.saturating_add(1), i64::MAX),
                Comparison::Ge => (number, i64::MAX),
                Comparison::Lt => (0, number - 1),
                Comparison::Le => (0, number),
                Comparison::Ne => return None,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::filter;

    use super::*;

    /// How many of 10 records of the first server and 5 of the third match.
    fn count(filter: &str) -> Option<u64> {
        let head = |chain, height| ChainRow {
            chain,
            height,
            hash: String::new(),
            mac: String::new(),
        };
        let filter = filter::parse(filter, RECORD_FIELDS).unwrap();
        count_by_heads(Some(&filter), &[head(1, 10), head(2, 0), head(3, 5)])
    }

    #[test]
    fn a_stretch_of_numbers_is_counted_by_the_heads() {
        for (filter, expected) in [
            ("id gt 0", 15),
            ("id gt 7", 8),
            ("id ge 7", 9),
            ("id eq 7", 1),
            ("id eq 11", 0),
            ("id eq 0", 0),
            ("id lt 1", 0),
            ("id lt 0", 0),
            ("id le 10", 10),
            ("id gt 2000000000002", 3),
            ("id gt 2 and id lt 5", 2),
            ("id gt 5 and id lt 2", 0),
            ("id gt 8 and id le 2000000000001", 3),
            ("id gt 9223372036854775807", 0),
        ] {
            assert_eq!(count(filter), Some(expected), "{filter}");
        }
        assert_eq!(count_by_heads(None, &[]), Some(0));
    }

    #[test]
    fn what_asks_for_more_is_counted_by_the_database() {
        for filter in [
            "id ne 3",
            "id gt 3 or id lt 2",
            "not id gt 3",
            "id gt 3 and category eq 'AUDIT'",
            "userName eq 'bob'",
        ] {
            assert_eq!(count(filter), None, "{filter}");
        }
    }
}
