//! What is to be done to many keys, and what of it is left.

use std::collections::{BTreeSet, VecDeque};

use domain::Instant;
use leptos::server_fn::ServerFn;

use crate::{
    calls::{decode, send},
    rpc::{Fault, LoadBulkTags, SomeTags},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What is left to do.
#[derive(Debug, Clone)]
pub struct Work {
    /// What is done.
    pub kind: Kind,
    /// The new validity, of keys that are extended.
    pub validity: String,
    /// Known, and not done yet.
    pub queue: VecDeque<String>,
    /// Where to find more, and what is not meant there. `None`: nowhere.
    list: Option<(String, Instant)>,
    /// What is taken out of that list.
    out: BTreeSet<String>,
    /// Where in that list to go on. Empty: at its beginning.
    after: String,
    /// What was seen already: a key that is extended may come again.
    seen: BTreeSet<String>,
}

impl Work {
    /// As the window keeps it, should its page be left: a line each for what is done, the validity,
    /// the list, its time, and the keys: those that are left, or those taken out of the list.
    pub fn kept(&self) -> String {
        let (at, made_by) = match &self.list {
            Some((at, as_of)) => (at.as_str(), as_of.timestamp_micros().to_string()),
            None => ("", String::new()),
        };
        let tags: Vec<_> = match self.list {
            Some(_) => self.out.iter().map(String::as_str).collect(),
            None => self.queue.iter().map(String::as_str).collect(),
        };
        let kind = self.kind.label();
        let tags = tags.join(" ");
        [kind, &self.validity, at, &made_by, &tags].join("\n")
    }

    /// Reads [`Work::kept`].
    pub fn read(kept: &str) -> Option<Self> {
        let mut lines = kept.split('\n');
        let kind = lines.next()?;
        let kind = [Kind::Delete, Kind::Extend]
            .into_iter()
            .find(|known| known.label() == kind)?;
        let validity = lines.next()?.to_owned();
        let (at, made_by) = (lines.next()?, lines.next()?);
        let tags = lines.next()?.split_whitespace().map(str::to_owned);
        let which = if at.is_empty() {
            Which::These(tags.collect())
        } else {
            Which::List {
                at: at.to_owned(),
                as_of: Instant::from_timestamp_micros(made_by.parse().ok()?)?,
                out: tags.collect(),
            }
        };
        Some(Self::of(kind, which, validity))
    }

    /// All of it.
    pub fn of(kind: Kind, which: Which, validity: String) -> Self {
        let (queue, list, out) = match which {
            Which::These(tags) => (tags.into_iter().collect(), None, BTreeSet::new()),
            Which::List { at, as_of, out } => (VecDeque::new(), Some((at, as_of)), out),
        };
        Self {
            kind,
            validity,
            queue,
            list,
            after: String::new(),
            seen: out.clone(),
            out,
        }
    }

    /// Fills the queue from the list. False: the list has no more.
    pub async fn find_more(&mut self) -> Result<bool, Fault> {
        while let Some((list, as_of)) = &self.list {
            let at = if self.after.is_empty() {
                list.clone()
            } else {
                format!("{list}&after={}", self.after)
            };
            let found: SomeTags = {
                let made_by = as_of.timestamp_micros().to_string();
                let entries = [("at", &*at), ("made_by", &made_by)];
                decode(&send(LoadBulkTags::PATH, &entries).await)?
            };
            let tags = found.tags.into_iter().map(|tag| tag.to_string());
            let new = tags.filter(|tag| self.seen.insert(tag.clone()));
            self.queue.extend(new);
            match found.after {
                Some(after) => self.after = after,
                None => self.list = None,
            }
            if !self.queue.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_window_keeps_of_work_is_read_back() {
        let tags = || ["lky_AAECAwQ=".to_owned(), "lky_BBECAwQ=".to_owned()].into();
        let as_of = "2026-11-22T08:00:00.000007Z".parse().unwrap();
        let at = "/security/api-keys?q=a%20b".to_owned();
        let out = tags();
        for which in [Which::These(tags()), Which::List { at, as_of, out }] {
            let work = Work::of(Kind::Extend, which, "30".to_owned());
            let read = Work::read(&work.kept()).unwrap();
            assert_eq!(read.kept(), work.kept());
            assert_eq!((read.kind, read.queue), (work.kind, work.queue));
            assert_eq!((read.list, read.seen), (work.list, work.seen));
        }
    }

    #[test]
    fn what_is_no_work_is_none() {
        for kept in [
            "",
            "Delete",
            "Burn\n\n\n\n",
            "Delete\n\n/x\nsoon\n",
            "Delete\n\n/x\n7",
        ] {
            assert!(Work::read(kept).is_none(), "{kept:?}");
        }
    }
}
