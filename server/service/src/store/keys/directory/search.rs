//! Search: candidates from an index in its order, then the slice's condition on each. At most
//! [`DEPTH`] candidates are looked at for a page, so that a text that many keys match does not cost
//! more within a slice where few of them are.

use domain::{
    directory::{Slice, words},
    key,
    principal::{DomainType, fold},
};
use sqlx::FromRow;

use super::{
    FoundRow, Place, Stretch, Value, Walk, fetch_all, push_order, push_parts, push_place,
    push_visible, slices,
};
use crate::{
    fault::Fault,
    store::{
        Conn, Sql,
        keys::{Visible, key_columns},
        sql::{Arg, bind_all},
    },
};

/// How many candidates a page looks at.
const DEPTH: u32 = 1_000;
/// How many candidates a count looks at.
const COUNT_DEPTH: u32 = 150;
/// Sorts behind everything that continues a text.
const BEHIND: char = char::MAX;

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    slice: Slice,
    sections: Vec<Section>,
}

/// Keys that match in one way, in the order of what matches.
#[derive(Debug, Clone)]
enum Section {
    /// The tag begins so.
    Tag(String),
    /// The owner's name begins so.
    Owner(String),
    /// The same among deleted keys that are not yet tombstones.
    OwnerOfUnburied(String),
    /// A word of the description begins with the first, others with the others.
    Words(String, Vec<String>),
}

impl Section {
    fn prefix(&self) -> &str {
        match self {
            Self::Tag(prefix)
            | Self::Owner(prefix)
            | Self::OwnerOfUnburied(prefix)
            | Self::Words(prefix, _) => prefix,
        }
    }
}

impl Search {
    /// A search for a text within a slice.
    pub(crate) fn new(slice: Slice, text: &str) -> Self {
        let mut sections = Vec::new();
        if text.starts_with(key::PREFIX) {
            sections.push(Section::Tag(text.to_owned()));
            return Self { slice, sections };
        }
        // SAML names are compared as they are, local ones folded.
        let folded = fold(DomainType::Unixpwd, text).ok();
        let folded = folded.filter(|folded| folded != text);
        for name in [Some(text.to_owned()), folded].into_iter().flatten() {
            sections.push(Section::Owner(name.clone()));
            if slice == Slice::Deleted {
                sections.push(Section::OwnerOfUnburied(name));
            }
        }
        let mut words: Vec<_> = words(text).into_iter().collect();
        // The longest word is likely to have the fewest keys.
        words.sort_by_key(|word| word.chars().count());
        if let Some(longest) = words.pop() {
            sections.push(Section::Words(longest, words));
        }
        Self { slice, sections }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sections.len()
    }

    /// Whether the place can be one of this search's.
    pub(crate) fn has(&self, place: &Place) -> bool {
        let section = self.sections.get(place.section);
        section.is_some_and(|section| match &place.value {
            Value::Text(text) => text.starts_with(section.prefix()),
            Value::Number(_) => false,
        })
    }

    /// Pushes the candidates of a section: `term` and `tag`, in this order.
    fn push_candidates(&self, sql: &mut Sql, section: &Section, walk: Walk<'_>) {
        let (term, tag, from) = match (section, walk.visible) {
            (Section::Tag(_), _) => ("k.tag", "k.tag", "api_key k where true"),
            (Section::Owner(_) | Section::OwnerOfUnburied(_), _) => {
                ("k.owner_name", "k.tag", "api_key k where ")
            }
            (Section::Words(..), Visible::Own(_)) => (
                "w.word",
                "w.tag",
                "api_key k cross join api_key_word w where w.tag = k.tag",
            ),
            (Section::Words(..), _) => ("w.word", "w.tag", "api_key_word w where true"),
        };
        sql.push("select ").push(term).push(" as term, ").push(tag);
        sql.push(" as tag from ").push(from);
        match section {
            Section::Owner(_) => {
                sql.push(match self.slice {
                    Slice::Deleted => "k.deleted_at is not null",
                    _ => "k.deleted_at is null",
                });
            }
            Section::OwnerOfUnburied(_) => push_parts(sql, slices::UNBURIED, walk.now),
            Section::Tag(_) | Section::Words(..) => {}
        }
        // Candidates that are not shown must not count: they could be told by the page's end.
        push_visible(sql, walk.visible);
        // The place before the range, as for slices.
        if let Some(place) = walk.from {
            sql.push(" and (").push(term).push(", ").push(tag);
            sql.push(if walk.descending { ") < (" } else { ") > (" });
            push_place(sql, place);
            sql.push(")");
        }
        push_range(sql, term, section.prefix());
        push_order(sql, term, tag, walk);
    }

    /// Pushes what a candidate `c` of a section must have besides, as a condition on `k`.
    fn push_condition(&self, sql: &mut Sql, index: usize, walk: Walk<'_>) {
        push_parts(sql, slices::filter(self.slice), walk.now);
        let section = &self.sections[index];
        for earlier in &self.sections[..index] {
            let apart = matches!(section, Section::OwnerOfUnburied(_));
            if apart && earlier.prefix() == section.prefix() {
                continue;
            }
            sql.push(" and not (true");
            push_range(sql, "k.owner_name", earlier.prefix());
            sql.push(")");
        }
        if let Section::Words(first, others) = section {
            // A key is listed once, by the first of its words.
            sql.push(" and not exists (select 1 from api_key_word o where o.tag = c.tag and o.word < c.term");
            push_range(sql, "o.word", first);
            sql.push(")");
            for other in others {
                sql.push(" and exists (select 1 from api_key_word o where o.tag = c.tag");
                push_range(sql, "o.word", other);
                sql.push(")");
            }
        }
    }
}

/// Pushes that a column begins with a text, as a range: a pattern's signs are signs like others.
fn push_range(sql: &mut Sql, column: &'static str, prefix: &str) {
    sql.push(" and ").push(column).push(" >= ");
    sql.bind(Arg::Text(prefix.to_owned()));
    sql.push(" and ").push(column).push(" < ");
    sql.bind(Arg::Text(format!("{prefix}{BEHIND}")));
}

/// Walks along the results of a search: section by section, each in the order of what matches.
pub(crate) async fn search_walk(
    conn: &mut Conn<'_>,
    search: &Search,
    walk: Walk<'_>,
) -> Result<Stretch, Fault> {
    let mut stretch = Stretch::default();
    if matches!(walk.visible, Visible::Nothing) {
        return Ok(stretch);
    }
    let mut indexes: Vec<_> = (0..search.sections.len()).collect();
    if walk.descending {
        indexes.reverse();
    }
    for index in indexes {
        let Some(here) = walk.within(index) else {
            continue;
        };
        let left = walk.limit as usize - stretch.found.len();
        let here = Walk {
            limit: u32::try_from(left).unwrap_or(0),
            ..here
        };
        section_walk(conn, search, index, here, &mut stretch).await?;
        if stretch.found.len() >= walk.limit as usize || stretch.cut.is_some() {
            break;
        }
    }
    Ok(stretch)
}

async fn section_walk(
    conn: &mut Conn<'_>,
    search: &Search,
    index: usize,
    walk: Walk<'_>,
    stretch: &mut Stretch,
) -> Result<(), Fault> {
    let rows: Vec<FoundRow> = fetch_all!(conn, section_sql(search, index, walk));
    let full = rows.len() >= walk.limit as usize;
    for row in rows {
        stretch.found.push(row.found(index, true)?);
    }
    if !full {
        stretch.cut = last_candidate(conn, search, index, walk).await?;
    }
    Ok(())
}

pub(super) fn section_sql(search: &Search, index: usize, walk: Walk<'_>) -> Sql {
    let section = &search.sections[index];
    let candidates = Walk {
        limit: DEPTH,
        ..walk
    };
    let mut sql = Sql::new(concat!(
        "select ",
        key_columns!(),
        ", cast(c.term as text) as place from ("
    ));
    search.push_candidates(&mut sql, section, candidates);
    sql.push(") c cross join api_key k cross join app_user u ");
    sql.push("where k.tag = c.tag and u.id = k.user_id and ");
    search.push_condition(&mut sql, index, walk);
    let term = match section {
        Section::Tag(_) => "c.tag",
        _ => "c.term",
    };
    push_order(&mut sql, term, "c.tag", walk);
    sql
}

#[derive(FromRow)]
struct CandidateRow {
    term: String,
    tag: String,
}

/// The last candidate that a page looked at, if there may be further ones.
async fn last_candidate(
    conn: &mut Conn<'_>,
    search: &Search,
    index: usize,
    walk: Walk<'_>,
) -> Result<Option<Place>, Fault> {
    let mut sql = Sql::new("");
    search.push_candidates(&mut sql, &search.sections[index], Walk { limit: 1, ..walk });
    sql.push(" offset ").push_number(DEPTH - 1);
    let rows: Vec<CandidateRow> = fetch_all!(conn, sql);
    Ok(rows.into_iter().next().map(|row| Place {
        section: index,
        value: Value::Text(row.term),
        tag: row.tag,
    }))
}

#[derive(FromRow)]
struct SeenRow {
    seen: i64,
    found: i64,
}

/// How many keys a search finds, and `true`; or `false`, and a number that it finds more than (unless
/// none of those that were looked at is one).
pub(crate) async fn search_count(
    conn: &mut Conn<'_>,
    search: &Search,
    walk: Walk<'_>,
) -> Result<(u64, bool), Fault> {
    let mut total = 0;
    if matches!(walk.visible, Visible::Nothing) {
        return Ok((0, true));
    }
    let walk = Walk {
        from: None,
        limit: COUNT_DEPTH + 1,
        ..walk
    };
    for (index, section) in search.sections.iter().enumerate() {
        let mut sql = Sql::new("select count(*) as seen, coalesce(sum(case when ");
        search.push_condition(&mut sql, index, walk);
        sql.push(" then 1 else 0 end), 0) as found from (");
        search.push_candidates(&mut sql, section, walk);
        sql.push(") c cross join api_key k where k.tag = c.tag");
        let rows: Vec<SeenRow> = fetch_all!(conn, sql);
        let Some(row) = rows.first() else { continue };
        total += u64::try_from(row.found).unwrap_or(0);
        if row.seen > COUNT_DEPTH.into() {
            return Ok((total.saturating_sub(1), false));
        }
    }
    Ok((total, true))
}
