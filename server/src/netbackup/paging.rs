//! Paging by offset: `page[limit]` and `page[offset]`, `meta.pagination` and `links`.

use domain::error::{FieldError, Problem};
use serde_json::{Map, Value, json};

/// The parameter that says how many items a page has.
pub(super) const LIMIT: &str = "page[limit]";
/// The parameter that says how many items come before the page.
pub(super) const OFFSET: &str = "page[offset]";

const DEFAULT_LIMIT: u32 = 10;
const MAX_LIMIT: u32 = 100;
/// Integers on the wire have 32 bits.
const MAX_OFFSET: u32 = i32::MAX.unsigned_abs();

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    /// How many items at most.
    pub(super) limit: u32,
    /// How many items come before.
    pub(super) offset: u32,
}

impl Paging {
    /// Reads the two parameters.
    pub(super) fn parse(
        limit: Option<&str>,
        offset: Option<&str>,
    ) -> Result<Self, Vec<FieldError>> {
        let limit = number(limit, DEFAULT_LIMIT, 1..=MAX_LIMIT).ok_or_else(|| {
            FieldError::new(LIMIT, Problem::malformed("a whole number from 1 to 100"))
        });
        let offset = number(offset, 0, 0..=MAX_OFFSET).ok_or_else(|| {
            FieldError::new(
                OFFSET,
                Problem::malformed("a whole number from 0 to 2147483647"),
            )
        });
        match (limit, offset) {
            (Ok(limit), Ok(offset)) => Ok(Self { limit, offset }),
            (limit, offset) => Err([limit.err(), offset.err()].into_iter().flatten().collect()),
        }
    }

    /// `meta.pagination` of a list of `count` items in all. `first`, `last`, `next` and `prev` are
    /// offsets; `next` is absent on the last page, `prev` on the first.
    pub(super) fn meta(self, count: u64) -> Value {
        let places = self.places(count);
        let mut meta = Map::new();
        for (name, number) in [
            ("count", Some(count)),
            ("pages", Some(self.pages(count))),
            ("page", Some(u64::from(self.offset / self.limit))),
            ("offset", Some(self.offset.into())),
            ("limit", Some(self.limit.into())),
            ("first", Some(0)),
            ("last", Some(places.last)),
            ("next", places.next),
            ("prev", places.prev),
        ] {
            if let Some(number) = number {
                meta.insert(name.to_owned(), number.into());
            }
        }
        json!({ "pagination": meta })
    }

    /// `links` of a list; `href` is its address with these parameters besides its own.
    pub(super) fn links(self, count: u64, href: impl Fn(&[(&str, &str)]) -> String) -> Value {
        let places = self.places(count);
        let mut links = Map::new();
        for (name, offset) in [
            ("self", Some(self.offset.into())),
            ("first", Some(0)),
            ("prev", places.prev),
            ("next", places.next),
            ("last", Some(places.last)),
        ] {
            let Some(offset) = offset else { continue };
            let (limit, offset) = (self.limit.to_string(), offset.to_string());
            let href = href(&[(LIMIT, &limit), (OFFSET, &offset)]);
            links.insert(name.to_owned(), json!({ "href": href }));
        }
        links.into()
    }

    fn pages(self, count: u64) -> u64 {
        count.div_ceil(self.limit.into())
    }

    fn places(self, count: u64) -> Places {
        let (offset, limit) = (u64::from(self.offset), u64::from(self.limit));
        let last = self.pages(count).saturating_sub(1) * limit;
        Places {
            last,
            next: Some(offset + limit).filter(|next| *next < count),
            prev: (offset > 0).then(|| offset.saturating_sub(limit).min(last)),
        }
    }
}

/// Offsets of other pages.
struct Places {
    last: u64,
    next: Option<u64>,
    prev: Option<u64>,
}

fn number(text: Option<&str>, default: u32, allowed: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let Some(text) = text else {
        return Some(default);
    };
    // `u32::from_str` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok())??;
    allowed.contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: u32, offset: u32) -> Paging {
        Paging { limit, offset }
    }

    #[test]
    fn ten_items_from_the_first_unless_asked_otherwise() {
        assert_eq!(Paging::parse(None, None), Ok(page(10, 0)));
        assert_eq!(
            Paging::parse(Some("100"), Some("2147483647")),
            Ok(page(100, 2_147_483_647))
        );
    }

    #[test]
    fn what_is_no_page_is_refused_by_name() {
        for limit in [
            "0",
            "101",
            "-1",
            "+1",
            "1.5",
            "",
            " 1",
            "x",
            "99999999999999999999",
        ] {
            let errors = Paging::parse(Some(limit), None).unwrap_err();
            assert_eq!(
                errors[0].to_string(),
                "page[limit]: Must be a whole number from 1 to 100."
            );
        }
        for offset in ["-1", "2147483648", "1e3", ""] {
            let errors = Paging::parse(Some("x"), Some(offset)).unwrap_err();
            assert_eq!(errors.len(), 2);
            assert_eq!(errors[1].field, "page[offset]");
        }
    }

    #[test]
    fn next_is_absent_on_the_last_page_and_prev_on_the_first() {
        let whole = |count, pages, page, offset, last| json!({"count": count, "pages": pages, "page": page, "offset": offset, "limit": 10, "first": 0, "last": last});
        let with = |mut value: Value, name: &str, offset: u32| {
            value[name] = offset.into();
            json!({ "pagination": value })
        };
        assert_eq!(
            page(10, 0).meta(0),
            json!({ "pagination": whole(0, 0, 0, 0, 0) })
        );
        assert_eq!(
            page(10, 0).meta(10),
            json!({ "pagination": whole(10, 1, 0, 0, 0) })
        );
        assert_eq!(
            page(10, 0).meta(11),
            with(whole(11, 2, 0, 0, 10), "next", 10)
        );
        assert_eq!(
            page(10, 10).meta(11),
            with(whole(11, 2, 1, 10, 10), "prev", 0)
        );
        // Beyond the end one comes back to the last page.
        assert_eq!(
            page(10, 500).meta(11),
            with(whole(11, 2, 50, 500, 10), "prev", 10)
        );
    }

    #[test]
    fn links_lead_to_the_other_pages() {
        let href = |part: &[(&str, &str)]| format!("{part:?}");
        let link = |offset: u32| {
            let part = format!("[(\"page[limit]\", \"2\"), (\"page[offset]\", \"{offset}\")]");
            json!({ "href": part })
        };
        assert_eq!(
            page(2, 2).links(5, href),
            json!({"self": link(2), "first": link(0), "prev": link(0), "next": link(4), "last": link(4)})
        );
    }
}
