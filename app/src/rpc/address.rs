//! The address of a page, as the browser tells it to the server functions that fill the page.

use domain::{
    error::{Error, FieldError, Problem},
    key::Tag,
};
use percent_encoding::percent_decode_str;

use crate::query::Query;

/// A path and a query, read.
pub(super) struct Address {
    segments: Vec<String>,
    query: Query,
}

impl Address {
    /// Reads `/path?query`. What cannot be read names nothing.
    pub(super) fn parse(at: &str) -> Self {
        let (path, query) = at.split_once('?').unwrap_or((at, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        Self {
            segments: segments.map(decoded).collect(),
            query: Query::parse(query),
        }
    }

    /// What the query says of `name`; empty is nothing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.get_str(name).filter(|text| !text.is_empty())
    }

    /// The part of the path at that place, counted from 0.
    pub(super) fn segment(&self, place: usize) -> Result<&str, Error> {
        let segment = self.segments.get(place).map(String::as_str);
        segment.ok_or(Error::NotFound)
    }

    /// The tag at that place of the path.
    pub(super) fn tag(&self, place: usize) -> Result<Tag, Error> {
        super::context::named(self.segment(place)?)
    }

    /// The number at that place of the path.
    pub(super) fn number(&self, place: usize) -> Result<i64, Error> {
        self.segment(place)?.parse().map_err(|_| Error::NotFound)
    }

    /// The one of `all` whose word the query says; nothing when it says nothing.
    ///
    /// # Errors
    /// Another word: says which there are.
    pub(super) fn one_of<T: Copy>(
        &self,
        name: &'static str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, FieldError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let found = all.iter().find(|one| word(**one) == text);
        found.copied().map(Some).ok_or_else(|| {
            let words: Vec<_> = all.iter().map(|one| word(*one)).collect();
            let expected = format!("one of {}", words.join(", ")).into();
            FieldError::new(name, Problem::Malformed { expected })
        })
    }

    /// The place in a list that the query says, as a number; nothing when it says nothing.
    ///
    /// # Errors
    /// It says something else.
    pub(super) fn place(&self, name: &'static str) -> Result<Option<i64>, FieldError> {
        let read = |text: &str| {
            let problem = Problem::malformed("a number, as the links below the list have it");
            text.parse().map_err(|_| FieldError::new(name, problem))
        };
        self.get(name).map(read).transpose()
    }
}

/// What a list was refused for, with the search as addresses call it.
pub(super) fn as_in_address(error: Error) -> Error {
    let Error::Invalid(fields) = error else {
        return error;
    };
    let named = |field: FieldError| match &*field.field {
        "search" => field.named("q"),
        _ => field,
    };
    Error::Invalid(fields.into_iter().map(named).collect())
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_any_spelling() {
        let address = Address::parse("/security/api-keys/lky_AAECAwQ%3D/edit?q=a%20b+c&empty=&q=2");
        assert_eq!(address.tag(2).unwrap().as_str(), "lky_AAECAwQ=");
        assert_eq!(address.segment(3), Ok("edit"));
        assert_eq!(address.segment(4), Err(Error::NotFound));
        assert_eq!(address.number(3), Err(Error::NotFound));
        assert_eq!(address.get("q"), Some("a b c"));
        assert_eq!(address.get("empty"), None);
        assert_eq!(address.get("other"), None);
        assert_eq!(Address::parse("/users/1007").number(1), Ok(1007));
        assert!(Address::parse("").segment(0).is_err());
    }

    #[test]
    fn what_is_no_word_or_no_number_is_named_with_what_is_allowed() {
        let address = Address::parse("/?slice=x&after=x");
        let word = |one| if one { "all" } else { "some" };
        assert_eq!(
            address.one_of("slice", &[true, false], word),
            Err(FieldError::new(
                "slice",
                Problem::malformed("one of all, some")
            ))
        );
        assert_eq!(address.one_of("order", &[true], word), Ok(None));
        let all = Address::parse("/?slice=all&after=7&before=");
        assert_eq!(all.one_of("slice", &[false, true], word), Ok(Some(true)));
        assert!(address.place("after").is_err());
        assert_eq!(all.place("after"), Ok(Some(7)));
        assert_eq!(all.place("before"), Ok(None));
    }
}
