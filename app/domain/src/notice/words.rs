//! What a notice says. User names, descriptions and comments stand in sentences only, never in a
//! subject (W10); whoever puts sentences into HTML escapes them (W2). Times are in UTC.

use serde_json::{Value, json};

use super::{About, KeyFacts, Kind, Notice, TicketFacts};
use crate::Instant;

/// Who reads a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whom it is about: the key's owner, the ticket's requester or approver.
    Person,
    /// Others: webhooks, and addresses that are told about tickets.
    Watcher,
}

impl Notice {
    /// What happened, in a line. Our own words only.
    pub fn subject(&self, audience: Audience) -> String {
        let a_key = match audience {
            Audience::Person => "Your API key",
            Audience::Watcher => "An API key",
        };
        match (self.kind, &self.about) {
            (Kind::KeyCreated, _) if audience == Audience::Person => {
                "An API key was created for you".to_owned()
            }
            (Kind::KeyCreated, _) => "An API key was created for somebody".to_owned(),
            (Kind::KeyReissued, _) => format!("{a_key} was reissued"),
            (Kind::KeyUpdated, _) => format!("{a_key} was changed"),
            (Kind::KeyDeleted, _) => format!("{a_key} was deleted"),
            (Kind::KeyEnding, About::Key(key)) => format!("{a_key} {}", ends_in(key.days)),
            (Kind::KeyEnding, _) => format!("{a_key} expires"),
            (Kind::OldKeyUsed, _) if audience == Audience::Person => {
                "Your old API key is still used".to_owned()
            }
            (Kind::OldKeyUsed, _) => "An old API key is still used".to_owned(),
            (kind, About::Ticket(ticket)) => {
                let id = ticket.id;
                match kind {
                    Kind::TicketRequested => format!("Ticket {id} waits for approval"),
                    Kind::TicketApproved => format!("Ticket {id} was approved"),
                    Kind::TicketRejected => format!("Ticket {id} was rejected"),
                    _ => format!("Ticket {id} expires soon"),
                }
            }
            _ => "Notices of Latchkey arrive here".to_owned(),
        }
    }

    /// What there is to know, a sentence or two each.
    pub fn sentences(&self, audience: Audience) -> Vec<String> {
        match &self.about {
            About::Key(key) => about_key(self.kind, key, audience),
            About::Ticket(ticket) => about_ticket(self.kind, ticket),
            About::Nothing => vec![
                "Somebody tries whether notices arrive. Nothing happened to any key.".to_owned(),
            ],
        }
    }

    /// Where more is to be seen, on the server.
    pub fn path(&self, audience: Audience) -> String {
        match (&self.about, audience) {
            (About::Key(_), Audience::Person) => "/profile/key".to_owned(),
            // A tag ends with the one character that stands for something in an address.
            (About::Key(key), Audience::Watcher) => {
                let tag = key.replaced_by.as_ref().unwrap_or(&key.tag);
                format!("/security/api-keys/{}", tag.as_str().replace('=', "%3D"))
            }
            (About::Ticket(ticket), _) => format!("/tickets/{}", ticket.id),
            (About::Nothing, _) => "/".to_owned(),
        }
    }

    /// What a webhook is told. `id` tells deliveries apart: one that came twice has the same.
    /// `server` is the server's public address, without a slash at the end.
    pub fn payload(&self, id: &str, server: &str) -> Value {
        let audience = Audience::Watcher;
        json!({
            "id": id,
            "kind": self.kind.as_str(),
            "at": utc(self.at),
            "subject": self.subject(audience),
            "text": self.sentences(audience).join("\n"),
            "link": format!("{server}{}", self.path(audience)),
            "key": match &self.about {
                About::Key(key) => key_facts(key),
                _ => Value::Null,
            },
            "ticket": match &self.about {
                About::Ticket(ticket) => ticket_facts(ticket),
                _ => Value::Null,
            },
        })
    }
}

fn key_facts(key: &KeyFacts) -> Value {
    json!({
        "tag": key.tag,
        "owner": key.owner.to_string(),
        "description": key.description,
        "expires": utc(key.expires_at),
        "by": key.by,
        "replacedBy": key.replaced_by,
        "days": key.days,
        "usedFrom": key.used_from,
    })
}

fn ticket_facts(ticket: &TicketFacts) -> Value {
    json!({
        "id": ticket.id,
        "action": ticket.action,
        "tag": ticket.tag,
        "owner": ticket.owner.as_ref().map(ToString::to_string),
        "requester": ticket.requester.to_string(),
        "by": ticket.by,
        "comment": ticket.comment,
        "expires": utc(ticket.expires_at),
    })
}

/// For programs.
fn utc(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// For people.
fn day_and_time(at: Instant) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

fn ends_in(days: Option<u32>) -> String {
    match days {
        Some(0) | None => "has expired".to_owned(),
        Some(1) => "expires within a day".to_owned(),
        Some(days) => format!("expires within {days} days"),
    }
}

fn about_key(kind: Kind, key: &KeyFacts, audience: Audience) -> Vec<String> {
    let (tag, owner, until) = (&key.tag, &key.owner, day_and_time(key.expires_at));
    let by = key.by.as_deref().unwrap_or("the server");
    let (whose, to_whom) = match audience {
        Audience::Person => ("your API key".to_owned(), "you".to_owned()),
        Audience::Watcher => (format!("the API key of {owner}"), owner.to_string()),
    };
    let mut told = match kind {
        Kind::KeyCreated => vec![format!(
            "The API key {tag} was created for {to_whom} by {by}. It is valid until {until}."
        )],
        Kind::KeyReissued => {
            let new = key.replaced_by.as_ref().map(ToString::to_string);
            let new = new.unwrap_or_else(|| "another".to_owned());
            vec![format!(
                "{by} replaced {whose}, {tag}, by {new}, which is valid until {until}."
            )]
        }
        Kind::KeyUpdated => vec![format!(
            "{by} changed {whose}, {tag}. It is valid until {until}."
        )],
        Kind::KeyDeleted => vec![format!(
            "{by} deleted {whose}, {tag}. It stopped working at once and for ever."
        )],
        Kind::KeyEnding if matches!(key.days, Some(0)) => {
            vec![format!("{} {tag} expired at {until}.", capital(&whose))]
        }
        Kind::KeyEnding => vec![format!("{} {tag} expires at {until}.", capital(&whose))],
        _ => {
            let from = key.used_from.as_deref().filter(|from| !from.is_empty());
            let from = from.map(|from| format!(", last from {from}"));
            vec![format!(
                "{} {tag} was replaced and is still used{}. It stops working at {until}.",
                capital(&whose),
                from.unwrap_or_default()
            )]
        }
    };
    if !key.description.is_empty() {
        told.push(format!("Its description: {}", key.description));
    }
    match kind {
        Kind::KeyCreated | Kind::KeyReissued | Kind::KeyUpdated | Kind::KeyDeleted
            if audience == Audience::Person =>
        {
            told.push(
                "If you did not expect this, ask the administrators of this server.".to_owned(),
            );
        }
        Kind::KeyEnding if matches!(key.days, Some(0)) => {
            told.push("What uses it is refused. It can be reissued.".to_owned());
        }
        Kind::KeyEnding => {
            told.push("Reissue it in time, and give the new one to what uses it.".to_owned());
        }
        Kind::OldKeyUsed => told.push("Give the new key to what uses the old one.".to_owned()),
        _ => {}
    }
    told
}

fn about_ticket(kind: Kind, ticket: &TicketFacts) -> Vec<String> {
    let TicketFacts { id, requester, .. } = ticket;
    let until = day_and_time(ticket.expires_at);
    let what = {
        let tag = ticket.tag.as_ref().map(|tag| format!(" {tag}"));
        let owner = ticket.owner.as_ref().map(|owner| format!(" of {owner}"));
        format!(
            "{}{}{}",
            ticket.action,
            tag.unwrap_or_default(),
            owner.unwrap_or_default()
        )
    };
    let by = ticket.by.as_deref().unwrap_or("somebody");
    let mut told = vec![format!("Ticket {id}: {what}, requested by {requester}.")];
    match kind {
        Kind::TicketRequested => told.push(format!("It waits for a decision until {until}.")),
        Kind::TicketApproved if ticket.by_hand => {
            told.push(format!("{by} approved it. Execute it before {until}."));
        }
        Kind::TicketApproved => told.push(format!("{by} approved it, and so it was carried out.")),
        Kind::TicketRejected => told.push(format!("{by} rejected it.")),
        _ if ticket.by.is_some() => {
            told.push(format!(
                "It is approved. It expires at {until} unless it is executed."
            ));
        }
        _ => told.push(format!(
            "It expires at {until} unless it is decided and executed."
        )),
    }
    if !ticket.comment.is_empty() {
        told.push(format!("The comment: {}", ticket.comment));
    }
    told
}

/// A sentence's beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::Tag,
        principal::{DomainType, Identity, Principal, UserId},
        ticket::TicketId,
    };

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn identity(id: i64, name: &str) -> Identity {
        Identity {
            id: UserId(id),
            principal: Principal::new(DomainType::Unixpwd, "", name).unwrap(),
        }
    }

    fn key() -> KeyFacts {
        KeyFacts {
            tag: Tag::parse("lky_AAECAwQ=").unwrap(),
            owner: identity(1001, "bob"),
            description: String::new(),
            expires_at: at("2026-12-22T08:28:30Z"),
            by: Some(":admin:unixpwd:1000".to_owned()),
            replaced_by: None,
            days: None,
            used_from: None,
        }
    }

    fn ticket() -> TicketFacts {
        TicketFacts {
            id: TicketId(12),
            action: "Delete API key".to_owned(),
            tag: Some(Tag::parse("lky_AAECAwQ=").unwrap()),
            owner: Some(identity(1001, "bob")),
            requester: identity(1002, "eve"),
            by: None,
            comment: String::new(),
            by_hand: true,
            expires_at: at("2026-11-25T08:28:30Z"),
        }
    }

    fn notice(kind: Kind, about: About) -> Notice {
        Notice {
            kind,
            at: at("2026-11-22T08:28:30.294Z"),
            about,
        }
    }

    fn told(kind: Kind, about: About, audience: Audience) -> (String, String) {
        let notice = notice(kind, about);
        (
            notice.subject(audience),
            notice.sentences(audience).join("\n"),
        )
    }

    #[test]
    fn every_kind_about_keys_is_told_to_its_owner() {
        let until = "22 December 2026, 08:28 UTC";
        let unexpected = "If you did not expect this, ask the administrators of this server.";
        let reissued = KeyFacts {
            replaced_by: Some(Tag::parse("lky_BQYHCAk=").unwrap()),
            ..key()
        };
        let ending = |days| KeyFacts {
            days: Some(days),
            by: None,
            ..key()
        };
        let used = KeyFacts {
            used_from: Some("192.0.2.9".to_owned()),
            ..key()
        };
        let in_time = "Reissue it in time, and give the new one to what uses it.";
        for (kind, facts, subject, text) in [
            (
                Kind::KeyCreated,
                key(),
                "An API key was created for you",
                format!(
                    "The API key lky_AAECAwQ= was created for you by :admin:unixpwd:1000. It is valid until {until}.\n{unexpected}"
                ),
            ),
            (
                Kind::KeyReissued,
                reissued,
                "Your API key was reissued",
                format!(
                    ":admin:unixpwd:1000 replaced your API key, lky_AAECAwQ=, by lky_BQYHCAk=, which is valid until {until}.\n{unexpected}"
                ),
            ),
            (
                Kind::KeyUpdated,
                key(),
                "Your API key was changed",
                format!(
                    ":admin:unixpwd:1000 changed your API key, lky_AAECAwQ=. It is valid until {until}.\n{unexpected}"
                ),
            ),
            (
                Kind::KeyDeleted,
                key(),
                "Your API key was deleted",
                format!(
                    ":admin:unixpwd:1000 deleted your API key, lky_AAECAwQ=. It stopped working at once and for ever.\n{unexpected}"
                ),
            ),
            (
                Kind::KeyEnding,
                ending(30),
                "Your API key expires within 30 days",
                format!("Your API key lky_AAECAwQ= expires at {until}.\n{in_time}"),
            ),
            (
                Kind::KeyEnding,
                ending(1),
                "Your API key expires within a day",
                format!("Your API key lky_AAECAwQ= expires at {until}.\n{in_time}"),
            ),
            (
                Kind::KeyEnding,
                ending(0),
                "Your API key has expired",
                format!(
                    "Your API key lky_AAECAwQ= expired at {until}.\nWhat uses it is refused. It can be reissued."
                ),
            ),
            (
                Kind::OldKeyUsed,
                used,
                "Your old API key is still used",
                format!(
                    "Your API key lky_AAECAwQ= was replaced and is still used, last from 192.0.2.9. It stops working at {until}.\nGive the new key to what uses the old one."
                ),
            ),
        ] {
            let expected = (subject.to_owned(), text);
            assert_eq!(told(kind, About::Key(facts), Audience::Person), expected);
        }
    }

    #[test]
    fn watchers_are_told_whose_key_it_is() {
        let (subject, text) = told(Kind::KeyDeleted, About::Key(key()), Audience::Watcher);
        assert_eq!(subject, "An API key was deleted");
        assert_eq!(
            text,
            ":admin:unixpwd:1000 deleted the API key of :bob:unixpwd:1001, lky_AAECAwQ=. \
             It stopped working at once and for ever."
        );
        let created = told(Kind::KeyCreated, About::Key(key()), Audience::Watcher);
        assert_eq!(created.0, "An API key was created for somebody");
    }

    #[test]
    fn every_kind_about_tickets_says_what_is_to_be_done() {
        let what = "Ticket 12: Delete API key lky_AAECAwQ= of :bob:unixpwd:1001, requested by :eve:unixpwd:1002.";
        let until = "25 November 2026, 08:28 UTC";
        let decided = || TicketFacts {
            by: Some(":ann:unixpwd:1003".to_owned()),
            ..ticket()
        };
        let by_itself = TicketFacts {
            by_hand: false,
            ..decided()
        };
        let rejected = TicketFacts {
            comment: "not on a Friday".to_owned(),
            ..decided()
        };
        for (kind, facts, subject, text) in [
            (
                Kind::TicketRequested,
                ticket(),
                "Ticket 12 waits for approval",
                format!("It waits for a decision until {until}."),
            ),
            (
                Kind::TicketApproved,
                decided(),
                "Ticket 12 was approved",
                format!(":ann:unixpwd:1003 approved it. Execute it before {until}."),
            ),
            (
                Kind::TicketApproved,
                by_itself,
                "Ticket 12 was approved",
                ":ann:unixpwd:1003 approved it, and so it was carried out.".to_owned(),
            ),
            (
                Kind::TicketRejected,
                rejected,
                "Ticket 12 was rejected",
                ":ann:unixpwd:1003 rejected it.\nThe comment: not on a Friday".to_owned(),
            ),
            (
                Kind::TicketEnding,
                ticket(),
                "Ticket 12 expires soon",
                format!("It expires at {until} unless it is decided and executed."),
            ),
            (
                Kind::TicketEnding,
                decided(),
                "Ticket 12 expires soon",
                format!("It is approved. It expires at {until} unless it is executed."),
            ),
        ] {
            let expected = (subject.to_owned(), format!("{what}\n{text}"));
            assert_eq!(told(kind, About::Ticket(facts), Audience::Person), expected);
        }
    }

    /// W10: whatever people wrote, subjects and paths are our own words.
    #[test]
    fn what_people_write_is_in_no_subject_and_no_path() {
        let hostile = "x\r\nBcc: eve@example.org\r\n\r\n<script>";
        let key = KeyFacts {
            owner: identity(1001, "bob-x"),
            description: hostile.to_owned(),
            by: Some(hostile.to_owned()),
            used_from: Some(hostile.to_owned()),
            ..key()
        };
        let ticket = TicketFacts {
            action: hostile.to_owned(),
            by: Some(hostile.to_owned()),
            comment: hostile.to_owned(),
            ..ticket()
        };
        for kind in Kind::ALL {
            for about in [About::Key(key.clone()), About::Ticket(ticket.clone())] {
                for audience in [Audience::Person, Audience::Watcher] {
                    let notice = notice(kind, about.clone());
                    let (subject, path) = (notice.subject(audience), notice.path(audience));
                    assert!(!subject.chars().any(char::is_control), "{subject:?}");
                    assert!(!subject.contains("bob-x") && !path.contains("bob-x"));
                    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path:?}");
                }
            }
        }
    }

    #[test]
    fn a_webhook_is_told_everything_but_a_secret() {
        let deleted = notice(
            Kind::KeyDeleted,
            About::Key(KeyFacts {
                description: "nightly \"build\"".to_owned(),
                ..key()
            }),
        );
        let expected = json!({
            "id": "7-1",
            "kind": "key.deleted",
            "at": "2026-11-22T08:28:30.294000Z",
            "subject": "An API key was deleted",
            "text": ":admin:unixpwd:1000 deleted the API key of :bob:unixpwd:1001, lky_AAECAwQ=. It stopped working at once and for ever.\nIts description: nightly \"build\"",
            "link": "https://keys.example.org/security/api-keys/lky_AAECAwQ%3D",
            "key": {
                "tag": "lky_AAECAwQ=",
                "owner": ":bob:unixpwd:1001",
                "description": "nightly \"build\"",
                "expires": "2026-12-22T08:28:30.000000Z",
                "by": ":admin:unixpwd:1000",
                "replacedBy": null,
                "days": null,
                "usedFrom": null,
            },
            "ticket": null,
        });
        assert_eq!(deleted.payload("7-1", "https://keys.example.org"), expected);
        let asked = notice(Kind::TicketRequested, About::Ticket(ticket()));
        let payload = asked.payload("8-1", "https://keys.example.org");
        assert_eq!(payload["link"], "https://keys.example.org/tickets/12");
        assert_eq!(
            payload["ticket"],
            json!({
                "id": 12,
                "action": "Delete API key",
                "tag": "lky_AAECAwQ=",
                "owner": ":bob:unixpwd:1001",
                "requester": ":eve:unixpwd:1002",
                "by": null,
                "comment": "",
                "expires": "2026-11-25T08:28:30.000000Z",
            })
        );
    }
}
