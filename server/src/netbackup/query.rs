//! What an address says: of a list filter, sort and page, of one of its items the number. Other
//! parameters are ignored.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use domain::{
    error::{Error, FieldError, Problem},
    filter::{self, Expr, Field, SortKey},
};
use form_urlencoded;
use serde_json::{Value, json};
use service::list::Query;

use super::paging::{LIMIT, OFFSET, Paging};
use crate::failure::Failure;

const FILTER: &str = "filter";
const SORT: &str = "sort";

/// What is asked of a list over the fields `F`.
#[derive(Debug)]
pub(super) struct ListQuery<F> {
    filter: Option<Expr<F>>,
    sort: Vec<SortKey<F>>,
    paging: Paging,
    /// The texts of filter and sort, for the links.
    kept: Vec<(&'static str, String)>,
}

impl<F: Copy> ListQuery<F> {
    /// Reads an address's query.
    ///
    /// # Errors
    /// Everything that is wrong, each under its parameter.
    pub(super) fn parse(query: Option<&str>, fields: &'static [Field<F>]) -> Result<Self, Failure> {
        let mut parameters = Parameters::read(query.unwrap_or_default());
        let filter = parameters.with(FILTER, |text| filter::parse(text, fields));
        let sort = parameters.with(SORT, |text| filter::parse_sort(text, fields));
        let limit = parameters.one(LIMIT);
        let offset = parameters.one(OFFSET);
        let paging = Paging::parse(limit.as_deref(), offset.as_deref());
        let mut wrong = parameters.wrong;
        match paging {
            Ok(paging) if wrong.is_empty() => Ok(Self {
                filter,
                sort: sort.unwrap_or_default(),
                paging,
                kept: parameters.kept,
            }),
            paging => {
                wrong.extend(paging.err().into_iter().flatten());
                Err(Error::Invalid(wrong).into())
            }
        }
    }

    /// The same as the use case takes it.
    pub(super) fn wanted(&self) -> Query<F> {
        Query {
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            offset: self.paging.offset,
            limit: self.paging.limit,
        }
    }

    /// The document of a list of `count` items in all, at `path`.
    pub(super) fn document(
        &self,
        path: &str,
        items: impl Iterator<Item = Value>,
        count: u64,
    ) -> Value {
        let kept: Vec<_> = self
            .kept
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        json!({
            "data": items.collect::<Vec<_>>(),
            "meta": self.paging.meta(count),
            "links": self.paging.links(count, path, &kept),
        })
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

    fn parse(query: &str) -> Result<ListQuery<u8>, Vec<String>> {
        ListQuery::parse(Some(query), FIELDS).map_err(|failure| match failure {
            Failure::Domain(Error::Invalid(fields)) => {
                fields.iter().map(ToString::to_string).collect()
            }
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn brackets_may_be_raw_or_encoded_and_the_rest_is_ignored() {
        for query in [
            "page[limit]=3&page[offset]=6",
            "page%5Blimit%5D=3&page%5Boffset%5D=6&x=y&limit=1",
        ] {
            assert_eq!(
                parse(query).unwrap().paging,
                Paging {
                    limit: 3,
                    offset: 6
                }
            );
        }
    }

    #[test]
    fn each_wrong_parameter_is_named() {
        assert_eq!(
            parse("filter=hash+eq+'x'&sort=hash&page[limit]=0&page[offset]=-1").unwrap_err(),
            [
                "filter: Must be right at character 1, where one of userName is expected.",
                "sort: Must be right at character 1, where one of userName is expected.",
                "page[limit]: Must be a whole number from 1 to 100.",
                "page[offset]: Must be a whole number from 0 to 2147483647.",
            ]
        );
        assert_eq!(
            parse("sort=userName&sort=-userName").unwrap_err(),
            ["sort: Must be there once only."]
        );
        assert_eq!(
            parse("filter=userName+eq+'%00'").unwrap_err(),
            ["filter: Must be text without NUL."]
        );
    }

    #[test]
    fn links_repeat_filter_and_sort() {
        let query = parse("sort=-userName&filter=userName+eq+'a'&page[limit]=1&junk=1").unwrap();
        let document = query.document("/x", std::iter::empty(), 0);
        assert_eq!(
            document["links"]["self"]["href"],
            "/x?filter=userName+eq+%27a%27&sort=-userName&page%5Blimit%5D=1&page%5Boffset%5D=0"
        );
    }
}
