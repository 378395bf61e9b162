//! Refused keys, recorded in sums: they come in floods, and verification waits for no database. And
//! the messages of identity providers that are too many to be recorded each.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    audit::{Action, Event},
    key::Tag,
};
use serde_json::json;

use crate::{Origin, audit::Who, core::Core, fault::Fault};

/// How many kinds are told apart in a minute. Further ones are counted together, so that a flood
/// of different keys fills neither the memory nor the trail.
const MAX_KINDS: usize = 1000;

/// What was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Presented {
    /// A key. `None`: what was presented is no key, or several together.
    Key(Option<Tag>),
    /// A message of an identity provider, or so it says.
    SamlMessage,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    /// Empty: several, together.
    address: String,
    presented: Presented,
    reason: &'static str,
}

/// Counts what was refused.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<Kind, Count>>);

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    /// Not recorded yet.
    unrecorded: u64,
    /// Whether the first of the kind is recorded.
    announced: bool,
}

impl Refusals {
    /// Counts what was refused.
    pub(crate) fn note(&self, address: &str, presented: Presented, reason: &'static str) {
        let kind = Kind {
            address: address.to_owned(),
            presented,
            reason,
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = if counts.len() < MAX_KINDS || counts.contains_key(&kind) {
            kind
        } else {
            Kind {
                address: String::new(),
                presented: match kind.presented {
                    Presented::Key(_) => Presented::Key(None),
                    saml @ Presented::SamlMessage => saml,
                },
                reason: "further ones",
            }
        };
        counts.entry(kind).or_default().unrecorded += 1;
    }

    /// Takes what is to be recorded: new kinds at once, the others when the minute is over.
    fn take(&self, minute_is_over: bool) -> Vec<(Kind, u64)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<_> = counts
            .iter_mut()
            .filter(|(_, count)| count.unrecorded > 0)
            .filter(|(_, count)| minute_is_over || !count.announced)
            .map(|(kind, count)| {
                count.announced = true;
                (kind.clone(), std::mem::take(&mut count.unrecorded))
            })
            .collect();
        if minute_is_over {
            // What was silent for a minute counts as new again.
            counts.retain(|kind, _| due.iter().any(|(seen, _)| seen == kind));
        }
        due
    }
}

impl Core {
    /// Records what was refused, off the request path.
    pub(crate) async fn record_refusals(&self, minute_is_over: bool) -> Result<(), Fault> {
        for (kind, count) in self.refusals.take(minute_is_over) {
            let origin = Origin {
                address: kind.address,
                ..Origin::default()
            };
            let (action, object) = match kind.presented {
                Presented::Key(None) => (Action::KeyRefused, "no key".to_owned()),
                Presented::Key(Some(tag)) => (Action::KeyRefused, tag.to_string()),
                Presented::SamlMessage => (Action::SignedIn, "identity providers".to_owned()),
            };
            let event =
                Event::refused(action, object, kind.reason).after(json!({ "count": count }));
            self.record(Who::anonymous(&origin), &event).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(refusals: &Refusals, minute_is_over: bool) -> Vec<(String, &'static str, u64)> {
        let mut due: Vec<_> = refusals
            .take(minute_is_over)
            .into_iter()
            .map(|(kind, count)| (kind.address, kind.reason, count))
            .collect();
        due.sort();
        due
    }

    #[test]
    fn the_first_of_a_kind_is_due_at_once_and_the_rest_by_the_minute() {
        let refusals = Refusals::default();
        let note = || refusals.note("a", Presented::Key(None), "malformed");
        note();
        assert_eq!(counts(&refusals, false), [("a".to_owned(), "malformed", 1)]);
        note();
        note();
        assert_eq!(counts(&refusals, false), []);
        assert_eq!(counts(&refusals, true), [("a".to_owned(), "malformed", 2)]);
        // A silent minute, then it is new again.
        assert_eq!(counts(&refusals, true), []);
        note();
        assert_eq!(counts(&refusals, false), [("a".to_owned(), "malformed", 1)]);
    }

    /// K9.
    #[test]
    fn a_flood_of_different_keys_is_bounded() {
        let refusals = Refusals::default();
        for n in 0..10_000 {
            refusals.note(&n.to_string(), Presented::Key(None), "malformed");
        }
        let due = counts(&refusals, false);
        assert_eq!(due.len(), MAX_KINDS + 1);
        assert!(due.contains(&(String::new(), "further ones", 9000)));
    }
}
