//! Lists: which items, in which order, which part of them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use domain::filter::{Expr, Literal, SortKey, order};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::Services;

/// What is asked of a list over the fields `F`.
#[derive(Debug, Clone)]
pub struct Query<F> {
    /// Which items. `None`: the list's own choice.
    pub filter: Option<Expr<F>>,
    /// The order. The list itself decides between equals.
    pub sort: Vec<SortKey<F>>,
    /// How many to leave out; of no matter where there is a place.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
    /// The part before or after a place instead: it takes the same time however far on.
    pub place: Option<Place>,
}

impl<F> Default for Query<F> {
    fn default() -> Self {
        Self {
            filter: None,
            sort: Vec::new(),
            offset: 0,
            limit: 0,
            place: None,
        }
    }
}

/// A place in a list: beside an item, or at one of the list's ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whether the part after it is meant, or the one before.
    pub forward: bool,
    /// What the item has of the order, to its last tie. `None`: the beginning when going forward,
    /// the end when going back.
    pub at: Option<Vec<Literal>>,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all. 0 in a part at a place, where nothing is counted.
    pub count: u64,
    /// Where this part ends towards the beginning. `None`: nothing comes before, or no place was
    /// asked for.
    pub before: Option<Vec<Literal>>,
    /// Where it ends towards the end. `None`: nothing follows, or no place was asked for.
    pub after: Option<Vec<Literal>>,
}

impl<T> Page<T> {
    /// A part by offset, of a list of `count` items.
    pub(crate) const fn of(items: Vec<T>, count: u64) -> Self {
        Self {
            items,
            count,
            before: None,
            after: None,
        }
    }

    /// The part at a place, from up to `limit` + 1 items in the order of walking.
    pub(crate) fn at(
        place: &Place,
        limit: u32,
        mut walked: Vec<T>,
        key: impl Fn(&T) -> Vec<Literal>,
    ) -> Self {
        let more = walked.len() > limit as usize;
        walked.truncate(limit as usize);
        if !place.forward {
            walked.reverse();
        }
        let came_from = place.at.is_some();
        let (earlier, later) = if place.forward {
            (came_from, more)
        } else {
            (more, came_from)
        };
        Self {
            before: walked.first().filter(|_| earlier).map(&key),
            after: walked.last().filter(|_| later).map(&key),
            items: walked,
            count: 0,
        }
    }

    /// With the items turned into something else.
    pub(crate) fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            items: self.items.into_iter().map(f).collect::<Result<_, E>>()?,
            count: self.count,
            before: self.before,
            after: self.after,
        })
    }
}

impl<F: Copy> Query<F> {
    /// The part that is asked for of a list that is at hand, given the fields' values; what is
    /// equal stays as it stands.
    pub fn page_of<T>(&self, mut all: Vec<T>, value: impl Fn(&T, F) -> Literal) -> Page<T> {
        if let Some(filter) = &self.filter {
            all.retain(|item| filter.matches(&|field| value(item, field)));
        }
        all.sort_by(|left, right| {
            let (left, right) = (|field| value(left, field), |field| value(right, field));
            order(&self.sort, &left, &right)
        });
        if let Some(place) = &self.place {
            return self.numbered(all, place);
        }
        let count = all.len() as u64;
        let items = all.into_iter().skip(self.offset as usize);
        Page::of(items.take(self.limit as usize).collect(), count)
    }

    /// In a list that is at hand an item's number is place enough.
    fn numbered<T>(&self, all: Vec<T>, place: &Place) -> Page<T> {
        let number = |index: usize| vec![Literal::Number(i64::try_from(index).unwrap_or(i64::MAX))];
        let given = match place.at.as_deref() {
            Some([Literal::Number(number)]) => usize::try_from(*number).ok(),
            _ => None,
        };
        let limit = self.limit as usize;
        let (from, to) = match (place.forward, given) {
            (true, given) => {
                let from = given
                    .map_or(0, |given| given.saturating_add(1))
                    .min(all.len());
                (from, from.saturating_add(limit).min(all.len()))
            }
            (false, given) => {
                let to = given.unwrap_or(all.len()).min(all.len());
                (to.saturating_sub(limit), to)
            }
        };
        let length = all.len();
        let items: Vec<_> = all.into_iter().skip(from).take(to - from).collect();
        Page {
            before: (from > 0 && from < to).then(|| number(from)),
            after: (to < length && from < to).then(|| number(to - 1)),
            items,
            count: 0,
        }
    }
}

/// The bytes of a cursor's seal.
const SEAL_BYTES: usize = 16;

impl Services {
    /// A place in a list as opaque text. Sealed, so that what comes back is what was given out;
    /// `list` says which list, filter and order it belongs to.
    pub fn seal_place(&self, list: &str, at: &[Literal]) -> String {
        let values: Vec<_> = at.iter().map(written).collect();
        let text = Value::from(values).to_string();
        let mut bytes = self.seal(list, &text).to_vec();
        bytes.extend_from_slice(text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a place that [`Services::seal_place`] wrote for the same list.
    pub fn open_place(&self, list: &str, cursor: &str) -> Option<Vec<Literal>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, text) = bytes.split_at_checked(SEAL_BYTES)?;
        let text = str::from_utf8(text).ok()?;
        if !bool::from(self.seal(list, text).ct_eq(seal)) {
            return None;
        }
        let values: Vec<Value> = serde_json::from_str(text).ok()?;
        values.iter().map(read).collect()
    }

    fn seal(&self, list: &str, text: &str) -> [u8; SEAL_BYTES] {
        let message = json!(["place in a list", list, text]).to_string();
        let mac = self.core.secrets.audit_key.mac(message.as_bytes());
        std::array::from_fn(|index| mac[index])
    }
}

fn written(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => json!({ "t": text }),
        Literal::Instant(instant) => json!({ "i": instant.timestamp_micros() }),
        Literal::Bool(value) => json!(value),
        Literal::Number(number) => json!(number),
    }
}

fn read(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Bool(value) => Literal::Bool(*value),
        Value::Number(number) => Literal::Number(number.as_i64()?),
        value => match value["t"].as_str() {
            Some(text) => Literal::Text(text.to_owned()),
            None => Literal::Instant(DateTime::from_timestamp_micros(value["i"].as_i64()?)?),
        },
    })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::Harness;

    fn part(forward: bool, at: Option<i64>) -> (Vec<u8>, [Option<Vec<Literal>>; 2]) {
        let query = Query::<()> {
            limit: 2,
            place: Some(Place {
                forward,
                at: at.map(|number| vec![Literal::Number(number)]),
            }),
            ..Query::default()
        };
        let page = query.page_of(vec![0, 1, 2, 3, 4], |_, ()| Literal::Bool(true));
        (page.items, [page.before, page.after])
    }

    fn number(number: i64) -> Vec<Literal> {
        vec![Literal::Number(number)]
    }

    #[test]
    fn a_list_at_hand_is_walked_both_ways() {
        for (forward, at, items, before, after) in [
            (true, None, vec![0, 1], None, Some(number(1))),
            (true, Some(1), vec![2, 3], Some(number(2)), Some(number(3))),
            (true, Some(3), vec![4], Some(number(4)), None),
            (true, Some(4), vec![], None, None),
            (true, Some(i64::MAX), vec![], None, None),
            (false, None, vec![3, 4], Some(number(3)), None),
            (false, Some(3), vec![1, 2], Some(number(1)), Some(number(2))),
            (false, Some(1), vec![0], None, Some(number(0))),
        ] {
            assert_eq!(
                part(forward, at),
                (items, [before, after]),
                "{forward} {at:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_cursor_reads_back_for_its_own_list_and_nothing_else_does() {
        let harness = Harness::sqlite().await;
        let services = &harness.services;
        let at = vec![
            Literal::Text("a'b".to_owned()),
            Literal::Instant(harness.services.now()),
            Literal::Bool(true),
            Literal::Number(-1),
        ];
        let cursor = services.seal_place("/x?sort=a", &at);
        assert_eq!(services.open_place("/x?sort=a", &cursor), Some(at));
        assert_eq!(services.open_place("/x?sort=-a", &cursor), None);
        for junk in ["", "x", "AAAA", &cursor[1..], &format!("{cursor}A")] {
            assert_eq!(services.open_place("/x?sort=a", junk), None, "{junk}");
        }
    }
}
