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

    /// One of the names that `read` knows; nothing when the query says nothing.
    pub(super) fn one_of<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        self.get(name)
            .map(|text| read(text).ok_or_else(|| FieldError::new(name, Problem::NotAccepted)))
            .transpose()
    }
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
    fn an_unknown_word_is_named() {
        let address = Address::parse("/?slice=x");
        let read = |text: &str| (text == "all").then_some(1);
        assert_eq!(
            address.one_of("slice", read),
            Err(FieldError::new("slice", Problem::NotAccepted))
        );
        assert_eq!(address.one_of("order", read), Ok(None));
        assert_eq!(
            Address::parse("/?slice=all").one_of("slice", read),
            Ok(Some(1))
        );
    }
}
