//! What an address says: of a list filter, sort and page, of one of its items the number. Other
//! parameters are ignored.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use domain::{
    error::{Error, FieldError, Problem},
    filter::{self, Field},
};
use form_urlencoded::{self, Serializer};
use serde_json::{Map, Value, json};
use service::{
    Services,
    list::{Page, Place, Query},
};

use super::paging::{LIMIT, OFFSET, Paging};
use crate::failure::Failure;

const FILTER: &str = "filter";
const SORT: &str = "sort";
const AFTER: &str = "page[after]";
const BEFORE: &str = "page[before]";

/// What is asked of a list over the fields `F`.
#[derive(Debug)]
pub(super) struct ListQuery<F> {
    wanted: Query<F>,
    paging: Paging,
    list: List,
}

/// The list itself: its address, and what decides what is in it.
#[derive(Debug)]
struct List {
    path: String,
    /// The texts of filter, sort and the like, for the links.
    kept: Vec<(&'static str, String)>,
}

impl List {
    /// What a cursor belongs to.
    fn name(&self) -> String {
        self.href(&[])
    }

    fn href(&self, part: &[(&str, &str)]) -> String {
        let kept = self.kept.iter().map(|(name, text)| (*name, text.as_str()));
        let query = Serializer::new(String::new())
            .extend_pairs(kept)
            .extend_pairs(part)
            .finish();
        format!("{}?{query}", self.path)
    }
}

impl<F: Copy> ListQuery<F> {
    /// Reads the query of the address of the list at `path`, which `further` parameters may decide
    /// about.
    ///
    /// # Errors
    /// Everything that is wrong, each under its parameter.
    pub(super) fn parse(
        services: &Services,
        path: impl Into<String>,
        query: Option<&str>,
        fields: &'static [Field<F>],
        further: &[&'static str],
    ) -> Result<Self, Failure> {
        let mut parameters = Parameters::read(query.unwrap_or_default());
        let filter = parameters.with(FILTER, |text| filter::parse(text, fields));
        let sort = parameters.with(SORT, |text| filter::parse_sort(text, fields));
        for name in further.iter().copied() {
            parameters.with(name, |_| Ok::<_, Problem>(()));
        }
        let limit = parameters.one(LIMIT);
        let offset = parameters.one(OFFSET);
        let paging = Paging::parse(limit.as_deref(), offset.as_deref());
        let cursors = [(AFTER, true), (BEFORE, false)]
            .map(|(name, forward)| Some((name, forward, parameters.one(name)?)));
        let list = List {
            path: path.into(),
            kept: std::mem::take(&mut parameters.kept),
        };
        let mut place = None;
        for (name, forward, cursor) in cursors.into_iter().flatten() {
            if offset.is_some() || place.is_some() {
                let problem = "alone: without page[offset] and another cursor";
                parameters.refuse(name, problem);
            }
            // Empty: the beginning, or the end.
            let at = match cursor.as_str() {
                "" => None,
                cursor => services.open_place(&list.name(), cursor).or_else(|| {
                    parameters.refuse(name, "a cursor from the links of this list");
                    None
                }),
            };
            place = Some(Place { forward, at });
        }
        let mut wrong = parameters.wrong;
        match paging {
            Ok(paging) if wrong.is_empty() => Ok(Self {
                wanted: Query {
                    filter,
                    sort: sort.unwrap_or_default(),
                    offset: paging.offset,
                    limit: paging.limit,
                    place,
                },
                paging,
                list,
            }),
            paging => {
                wrong.extend(paging.err().into_iter().flatten());
                Err(Error::Invalid(wrong).into())
            }
        }
    }

    /// The same as the use case takes it.
    pub(super) const fn wanted(&self) -> &Query<F> {
        &self.wanted
    }

    /// The document of a part of the list.
    pub(super) fn document<T>(
        &self,
        services: &Services,
        page: &Page<T>,
        item: impl FnMut(&T) -> Value,
    ) -> Value {
        let (meta, links) = match &self.wanted.place {
            Some(place) => (
                json!({ "pagination": { "limit": self.paging.limit } }),
                self.cursors(services, place, page),
            ),
            None => (
                self.paging.meta(page.count),
                self.paging.links(page.count, |part| self.list.href(part)),
            ),
        };
        json!({
            "data": page.items.iter().map(item).collect::<Vec<_>>(),
            "meta": meta,
            "links": links,
        })
    }

    /// Links by cursors. `next` is absent on the last page, `prev` on the first.
    fn cursors<T>(&self, services: &Services, place: &Place, page: &Page<T>) -> Value {
        let sealed = |at: &Vec<_>| services.seal_place(&self.list.name(), at);
        let this = place.at.as_ref().map(sealed).unwrap_or_default();
        let limit = self.paging.limit.to_string();
        let mut links = Map::new();
        for (name, parameter, cursor) in [
            (
                "self",
                if place.forward { AFTER } else { BEFORE },
                Some(this),
            ),
            ("first", AFTER, Some(String::new())),
            ("prev", BEFORE, page.before.as_ref().map(sealed)),
            ("next", AFTER, page.after.as_ref().map(sealed)),
            ("last", BEFORE, Some(String::new())),
        ] {
            if let Some(cursor) = cursor {
                let href = self.list.href(&[(LIMIT, &limit), (parameter, &cursor)]);
                links.insert(name.to_owned(), json!({ "href": href }));
            }
        }
        links.into()
    }
}

/// The number in a path that names an item. What is no number names nothing.
#[derive(Debug)]
pub(super) struct NumberInPath(pub(super) i64);

impl<S: Send + Sync> FromRequestParts<S> for NumberInPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let number = Self::read(&path.map_err(|_| Error::NotFound)?);
        Ok(Self(number.ok_or(Error::NotFound)?))
    }
}

impl NumberInPath {
    /// Reads the one spelling that links have: `parse` would take a sign and zeros in front.
    pub(super) fn read(text: &str) -> Option<i64> {
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    }
}

struct Parameters {
    all: Vec<(String, String)>,
    kept: Vec<(&'static str, String)>,
    wrong: Vec<FieldError>,
}

impl Parameters {
    fn read(query: &str) -> Self {
        Self {
            all: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            kept: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// The parameter's value, if it stands there; once only.
    fn one(&mut self, wanted: &'static str) -> Option<String> {
        let mut values = self.all.iter().filter(|(name, _)| name == wanted);
        let (first, second) = (values.next(), values.next());
        let problem = match (first, second) {
            (_, Some(_)) => Problem::malformed("there once only"),
            // One of the databases cannot look for NUL.
            (Some((_, value)), _) if value.contains('\0') => Problem::malformed("text without NUL"),
            _ => return first.map(|(_, value)| value.clone()),
        };
        self.wrong.push(FieldError::new(wanted, problem));
        None
    }

    fn refuse(&mut self, name: &'static str, expected: &'static str) {
        self.wrong
            .push(FieldError::new(name, Problem::malformed(expected)));
    }

    /// The parameter's value, parsed, and kept for the links.
    fn with<T, E: Into<Problem>>(
        &mut self,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.one(wanted)?;
        match parse(&text) {
            Ok(parsed) => {
                self.kept.push((wanted, text));
                Some(parsed)
            }
            Err(error) => {
                self.wrong.push(FieldError::new(wanted, error.into()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::filter::Kind;

    use super::*;

    const FIELDS: &[Field<u8>] = &[Field {
        name: "userName",
        field: 1,
        kind: Kind::Text,
    }];

    async fn services() -> Services {
        service::testing::Harness::sqlite().await.services
    }

    fn parse(services: &Services, query: &str) -> Result<ListQuery<u8>, Vec<String>> {
        ListQuery::parse(services, "/x", Some(query), FIELDS, &[]).map_err(
            |failure| match failure {
                Failure::Domain(Error::Invalid(fields)) => {
                    fields.iter().map(ToString::to_string).collect()
                }
                other => panic!("{other:?}"),
            },
        )
    }

    #[tokio::test]
    async fn brackets_may_be_raw_or_encoded_and_the_rest_is_ignored() {
        let services = services().await;
        for query in [
            "page[limit]=3&page[offset]=6",
            "page%5Blimit%5D=3&page%5Boffset%5D=6&x=y&limit=1",
        ] {
            assert_eq!(
                parse(&services, query).unwrap().paging,
                Paging {
                    limit: 3,
                    offset: 6
                }
            );
        }
    }

    #[tokio::test]
    async fn each_wrong_parameter_is_named() {
        let services = services().await;
        assert_eq!(
            parse(
                &services,
                "filter=hash+eq+'x'&sort=hash&page[limit]=0&page[offset]=-1"
            )
            .unwrap_err(),
            [
                "filter: Must be right at character 1, where one of userName is expected.",
                "sort: Must be right at character 1, where one of userName is expected.",
                "page[limit]: Must be a whole number from 1 to 100.",
                "page[offset]: Must be a whole number from 0 to 2147483647.",
            ]
        );
        assert_eq!(
            parse(&services, "sort=userName&sort=-userName").unwrap_err(),
            ["sort: Must be there once only."]
        );
        assert_eq!(
            parse(&services, "filter=userName+eq+'%00'").unwrap_err(),
            ["filter: Must be text without NUL."]
        );
        for (query, wrong) in [
            (
                "page[after]=junk",
                "page[after]: Must be a cursor from the links of this list.",
            ),
            (
                "page[before]=AAAA",
                "page[before]: Must be a cursor from the links of this list.",
            ),
            (
                "page[after]=&page[offset]=1",
                "page[after]: Must be alone: without page[offset] and another cursor.",
            ),
            (
                "page[after]=&page[before]=",
                "page[before]: Must be alone: without page[offset] and another cursor.",
            ),
        ] {
            assert_eq!(parse(&services, query).unwrap_err(), [wrong]);
        }
    }

    #[tokio::test]
    async fn links_repeat_filter_and_sort() {
        let services = services().await;
        let query = parse(
            &services,
            "sort=-userName&filter=userName+eq+'a'&page[limit]=1&junk=1",
        )
        .unwrap();
        let nothing = Page::<()> {
            items: Vec::new(),
            count: 0,
            before: None,
            after: None,
        };
        let document = query.document(&services, &nothing, |()| Value::Null);
        assert_eq!(
            document["links"]["self"]["href"],
            "/x?filter=userName+eq+%27a%27&sort=-userName&page%5Blimit%5D=1&page%5Boffset%5D=0"
        );
    }
}
