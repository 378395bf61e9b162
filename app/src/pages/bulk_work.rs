//! What is to be done to many keys, and what of it is left.

use std::collections::{BTreeSet, VecDeque};

use domain::Instant;
use serde::{Deserialize, Serialize};

use super::bulk_results::Became;
use crate::rpc::{
    MAX_STEP, SomeTags, StepResult,
    packing::{pack, unpack},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Deleting.
    Delete,
    /// Giving a new end.
    Extend,
}

impl Kind {
    /// The button that does it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Extend => "Extend",
        }
    }

    /// While it is done.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Delete => "Deleting",
            Self::Extend => "Extending",
        }
    }

    /// When it was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Delete => "deleted",
            Self::Extend => "extended",
        }
    }
}

/// To which keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// To these.
    These(BTreeSet<String>),
    /// To all that a list showed.
    List {
        /// The list's address.
        at: String,
        /// When it was so: what was made later is not meant.
        as_of: Instant,
        /// What is taken out of it.
        out: BTreeSet<String>,
    },
}

/// How many keys came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Done.
    pub done: u64,
    /// Left as they were: they last longer already.
    pub kept: u64,
    /// Refused.
    pub refused: u64,
    /// Those for which approval was asked.
    pub requested: u64,
}

impl Tally {
    /// All of them.
    pub const fn handled(self) -> u64 {
        self.done + self.kept + self.refused + self.requested
    }

    const fn count(&mut self, became: &Became) {
        *match became {
            Became::Done => &mut self.done,
            Became::Kept => &mut self.kept,
            Became::Refused(_) => &mut self.refused,
            Became::Requested(_) => &mut self.requested,
        } += 1;
    }
}

/// A list that is gone through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Source {
    /// Its address.
    at: String,
    /// Microseconds since 1970: what was made later is not meant.
    made_by: i64,
    /// Where in it to go on. `None`: at its beginning.
    after: Option<String>,
}

/// What is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What is done.
    pub kind: Kind,
    /// The new validity, of keys that are extended.
    pub validity: String,
    /// The most keys that it is done to: the number that was typed. `None`: nobody counted them.
    pub most: Option<u64>,
    /// What became of those that were sent.
    pub tally: Tally,
    /// From when the new validity counts, for every key the same: microseconds since 1970. `None`:
    /// the server has not said it yet, and nothing was sent.
    since: Option<i64>,
    /// Known, and not done yet.
    queue: VecDeque<String>,
    /// How many of those were sent, and no answer came.
    sent: usize,
    /// Where to find more. `None`: nowhere.
    source: Option<Source>,
    /// What is not meant, or was seen already: a key that is extended may come again.
    seen: BTreeSet<String>,
}

/// What is to be asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// From when the new validity counts.
    Count,
    /// Which keys a list has.
    Look {
        /// The address.
        at: String,
        /// See [`crate::rpc::LoadBulkTags`].
        made_by: String,
    },
    /// That it be done to a few.
    Send {
        /// Their tags, with spaces between.
        tags: String,
        /// See [`crate::rpc::BulkExtend`].
        since: String,
    },
    /// Nothing: it was done to all.
    Nothing,
}

impl Work {
    /// All of it.
    pub fn of(kind: Kind, which: Which, validity: String, most: Option<u64>) -> Self {
        let (queue, source, seen) = match which {
            Which::These(tags) => (tags.into_iter().collect(), None, BTreeSet::new()),
            Which::List { at, as_of, out } => {
                let source = Source {
                    at,
                    made_by: as_of.timestamp_micros(),
                    after: None,
                };
                (VecDeque::new(), Some(source), out)
            }
        };
        Self {
            kind,
            validity,
            most,
            tally: Tally::default(),
            since: None,
            queue,
            sent: 0,
            source,
            seen,
        }
    }

    /// As the window keeps it, should its page be left: with the page, an answer may be lost.
    pub fn kept(&self) -> Option<String> {
        pack(self).ok()
    }

    /// Reads [`Work::kept`].
    pub fn read(kept: &str) -> Option<Self> {
        unpack(kept.as_bytes()).ok()
    }

    /// What comes next. What is to be sent counts as sent from here on.
    pub fn what_next(&mut self) -> Next {
        let room = self
            .most
            .map_or(u64::MAX, |most| most.saturating_sub(self.tally.handled()));
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        match (&self.source, self.queue.is_empty()) {
            _ if room == 0 => Next::Nothing,
            _ if self.kind == Kind::Extend && self.since.is_none() => Next::Count,
            (None, true) => Next::Nothing,
            (Some(source), true) => Next::Look {
                at: source.address(),
                made_by: source.made_by.to_string(),
            },
            (_, false) => {
                if self.sent == 0 {
                    self.sent = self.queue.len().min(MAX_STEP).min(room);
                }
                let tags: Vec<_> = self
                    .queue
                    .iter()
                    .take(self.sent)
                    .map(|tag| &**tag)
                    .collect();
                Next::Send {
                    tags: tags.join(" "),
                    since: self
                        .since
                        .map(|since| since.to_string())
                        .unwrap_or_default(),
                }
            }
        }
    }

    /// Whether what comes next was sent before, and may have been done.
    pub const fn is_sent(&self) -> bool {
        self.sent > 0
    }

    /// Hears from when the new validity counts.
    pub const fn counts_from(&mut self, since: Instant) {
        self.since = Some(since.timestamp_micros());
    }

    /// Hears which keys the list has next.
    pub fn found(&mut self, found: SomeTags) {
        let tags = found.tags.into_iter().map(|tag| tag.to_string());
        let new = tags.filter(|tag| self.seen.insert(tag.clone()));
        self.queue.extend(new);
        match (&mut self.source, found.after) {
            (Some(source), after @ Some(_)) => source.after = after,
            (source, _) => *source = None,
        }
    }

    /// Hears what became of those that were sent; `again`: not for the first time.
    pub fn heard(&mut self, results: Vec<StepResult>, again: bool) -> Vec<(String, Became)> {
        self.queue.drain(..self.sent.min(self.queue.len()));
        self.sent = 0;
        let kind = self.kind;
        let became = results.into_iter().map(|result| {
            let tag = result.tag.to_string();
            (tag, Became::of(result, kind, again))
        });
        let became: Vec<_> = became.collect();
        for (_, one) in &became {
            self.tally.count(one);
        }
        became
    }
}

impl Source {
    fn address(&self) -> String {
        let Self { at, after, .. } = self;
        let and = if at.contains('?') { '&' } else { '?' };
        match after {
            Some(after) => format!("{at}{and}after={after}"),
            None => at.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        error::{Conflict, Error},
        key::Tag,
        ticket::TicketId,
    };

    use super::*;

    const AS_OF: &str = "2026-11-22T08:00:00.000007Z";

    fn tag(number: u8) -> Tag {
        Tag::parse(&format!("lky_{number:02}ECAwQ=")).unwrap()
    }

    fn tags(numbers: impl IntoIterator<Item = u8>) -> Vec<Tag> {
        numbers.into_iter().map(tag).collect()
    }

    fn list(out: &[u8]) -> Which {
        Which::List {
            at: "/security/api-keys?q=a%20b".to_owned(),
            as_of: AS_OF.parse().unwrap(),
            out: out.iter().map(|number| tag(*number).to_string()).collect(),
        }
    }

    fn these(numbers: impl IntoIterator<Item = u8>) -> Which {
        Which::These(
            numbers
                .into_iter()
                .map(|one| tag(one).to_string())
                .collect(),
        )
    }

    fn result(tag: Tag, refusal: Option<Error>) -> StepResult {
        StepResult {
            tag,
            refusal: refusal.map(Into::into),
            kept: false,
            ticket: None,
        }
    }

    /// What is sent next.
    fn sent(work: &mut Work) -> Vec<Tag> {
        match work.what_next() {
            Next::Send { tags, .. } => {
                let tags = tags.split(' ');
                tags.map(|tag| Tag::parse(tag).unwrap()).collect()
            }
            next => panic!("{next:?}"),
        }
    }

    /// All that are sent are done.
    fn do_all(work: &mut Work) -> usize {
        let results: Vec<_> = sent(work)
            .into_iter()
            .map(|tag| result(tag, None))
            .collect();
        work.heard(results, false).len()
    }

    #[test]
    fn what_a_window_keeps_of_work_is_read_back() {
        let mut begun = Work::of(Kind::Extend, list(&[1]), "30".to_owned(), Some(50));
        begun.counts_from(AS_OF.parse().unwrap());
        begun.found(SomeTags {
            tags: tags(0..30),
            after: Some("there".to_owned()),
        });
        assert_eq!(do_all(&mut begun), 20);
        assert_eq!(sent(&mut begun).len(), 9);
        for work in [
            begun,
            Work::of(Kind::Delete, these([1, 2]), String::new(), Some(2)),
            Work::of(Kind::Delete, list(&[]), String::new(), None),
        ] {
            assert_eq!(Work::read(&work.kept().unwrap()), Some(work));
        }
    }

    #[test]
    fn what_is_no_work_is_none() {
        // The last is how it was kept once.
        for kept in ["", "?", "____", "Delete\n\n/x\n7\n"] {
            assert_eq!(Work::read(kept), None, "{kept:?}");
        }
    }

    #[test]
    fn a_list_is_gone_through_page_by_page_without_what_is_taken_out() {
        let mut work = Work::of(Kind::Delete, list(&[3]), String::new(), None);
        let look = |at: &str| Next::Look {
            at: at.to_owned(),
            made_by: "1795334400000007".to_owned(),
        };
        assert_eq!(work.what_next(), look("/security/api-keys?q=a%20b"));
        work.found(SomeTags {
            tags: tags(0..25),
            after: Some("there".to_owned()),
        });
        assert_eq!((do_all(&mut work), do_all(&mut work)), (20, 4));
        assert_eq!(
            work.what_next(),
            look("/security/api-keys?q=a%20b&after=there")
        );
        // Some come again.
        work.found(SomeTags {
            tags: tags(20..27),
            after: None,
        });
        assert_eq!(sent(&mut work), tags(25..27));
        assert_eq!(do_all(&mut work), 2);
        assert_eq!((work.what_next(), work.tally.done), (Next::Nothing, 26));
    }

    #[test]
    fn no_more_are_sent_than_were_meant() {
        let mut work = Work::of(Kind::Delete, list(&[]), String::new(), Some(22));
        work.what_next();
        work.found(SomeTags {
            tags: tags(0..30),
            after: Some("there".to_owned()),
        });
        assert_eq!(do_all(&mut work), 20);
        let refused: Vec<_> = sent(&mut work)
            .into_iter()
            .map(|tag| result(tag, Some(Error::NotPermitted)))
            .collect();
        assert_eq!(work.heard(refused, false).len(), 2);
        assert_eq!(work.what_next(), Next::Nothing);
    }

    #[test]
    fn an_end_counts_from_the_same_instant_for_all() {
        let mut work = Work::of(Kind::Extend, these(0..30), "30".to_owned(), Some(30));
        assert_eq!(work.what_next(), Next::Count);
        work.counts_from(AS_OF.parse().unwrap());
        for _ in 0..2 {
            let Next::Send { since, .. } = work.what_next() else {
                panic!("{work:?}");
            };
            assert_eq!(since, "1795334400000007");
            do_all(&mut work);
        }
        assert_eq!(work.what_next(), Next::Nothing);
    }

    #[test]
    fn what_was_sent_without_an_answer_is_sent_again_and_counts_once() {
        let mut work = Work::of(Kind::Delete, these(0..30), String::new(), Some(30));
        assert!(!work.is_sent());
        let first = sent(&mut work);
        let mut work = Work::read(&work.kept().unwrap()).unwrap();
        assert!(work.is_sent());
        assert_eq!(sent(&mut work), first);
        let waits = Error::Conflict(Conflict::TicketWaits(TicketId(7)));
        let errors = [Some(Error::NotFound), Some(waits), Some(Error::Internal)];
        let results = || {
            let refused = first.iter().cloned().zip(errors.clone());
            refused.map(|(tag, error)| result(tag, error)).collect()
        };
        let tally = |done, requested, refused| Tally {
            done,
            requested,
            refused,
            kept: 0,
        };
        let mut unsent = work.clone();
        unsent.heard(results(), false);
        assert_eq!(unsent.tally, tally(0, 0, 3));
        work.heard(results(), true);
        assert_eq!(work.tally, tally(1, 1, 1));
        assert_eq!(sent(&mut work), tags(20..30));
        // Whoever extends a key that is not there has not extended it.
        let mut extend = Work::of(Kind::Extend, these([1]), "30".to_owned(), Some(1));
        extend.heard(vec![result(tag(1), Some(Error::NotFound))], true);
        assert_eq!(extend.tally, tally(0, 0, 1));
    }
}
