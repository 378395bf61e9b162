//! The past year of the demonstration: every step is a use case, by whoever would do it, at the time
//! when they would.

use std::collections::HashMap;

use chrono::TimeDelta;
use domain::{
    Instant,
    error::Error,
    expiry::Validity,
    key::Tag,
    permission::{Grants, Namespace, Permission},
};

use super::{
    DemoError,
    people::{AUDITOR, By, End, HELP_DESK, KEY_OPERATOR, KeyStory, PASSWORD, Person},
};
use crate::{
    Actor, Origin, Services,
    clock::FakeClock,
    keys::{CreatedKey, NewKey, Reissue},
    roles::RoleChange,
    secret::KeyValue,
    sessions::Credentials,
    users::NewUser,
};

/// Who acts for the administration.
const OLIVIA: &str = "olivia";
/// When it all began, in days before today.
const BEGINNING: u32 = 330;

/// Something that happens.
#[derive(Clone, Copy)]
enum Step {
    Make,
    Use,
    Delete,
    Remove,
    Reissue {
        overlap_hours: u32,
    },
    Disable,
    /// Somebody types the password wrong.
    Mistype,
    /// Somebody tries what they may not.
    Try,
}

/// A key and what is needed to go on with it.
struct Held {
    tag: Tag,
    value: KeyValue,
}

struct Story<'a> {
    services: &'a Services,
    clock: &'a FakeClock,
    actors: HashMap<&'static str, Actor>,
    keys: HashMap<&'static str, Held>,
}

/// Lives through the year.
pub(super) async fn tell(
    services: &Services,
    clock: &FakeClock,
    now: Instant,
    people: &[&Person],
) -> Result<(), DemoError> {
    let mut story = Story {
        services,
        clock,
        actors: HashMap::new(),
        keys: HashMap::new(),
    };
    clock.set(now - TimeDelta::days(BEGINNING.into()));
    story.begin(people).await?;
    for (at, person, step) in steps(now, people) {
        clock.set(at);
        story.step(person, step).await?;
    }
    clock.set(now);
    services.maintain_once().await?;
    Ok(())
}

/// Everything that happens to people and their keys, in the order of time.
fn steps<'a>(now: Instant, people: &[&'a Person]) -> Vec<(Instant, &'a Person, Step)> {
    let mut steps = Vec::new();
    for (index, person) in people.iter().enumerate() {
        // Not everybody at the same time of day.
        let minutes = 5 + i64::try_from(index).unwrap_or(0) * 37 % 600;
        let at = |days: u32| now - TimeDelta::days(days.into()) - TimeDelta::minutes(minutes);
        let Some(key) = &person.key else {
            if person.name == "greta" {
                steps.push((at(16), *person, Step::Mistype));
                steps.push((at(15), *person, Step::Try));
            }
            continue;
        };
        steps.push((at(key.made), *person, Step::Make));
        let later = TimeDelta::minutes(3);
        steps.extend(
            key.used
                .iter()
                .map(|day| (at(*day) + later, *person, Step::Use)),
        );
        let (days, step) = match key.end {
            End::Stays => continue,
            End::Deleted(days) => (days, Step::Delete),
            End::Removed(days) => (days, Step::Remove),
            End::Reissued(days) => (days, Step::Reissue { overlap_hours: 0 }),
            End::Retiring => (0, Step::Reissue { overlap_hours: 24 }),
            End::Disabled(days) => (days, Step::Disable),
        };
        steps.push((at(days) + later, *person, step));
    }
    steps.sort_by_key(|(at, ..)| *at);
    steps
}

impl Story<'_> {
    /// Accounts and roles.
    async fn begin(&mut self, people: &[&Person]) -> Result<(), DemoError> {
        let (officials, others): (Vec<_>, Vec<_>) = people
            .iter()
            .partition(|person| person.role == Some("Administrator"));
        for person in officials {
            self.add(&Actor::console(), person).await?;
        }
        let olivia = self.actor(OLIVIA).await?;
        for (name, description, grants) in roles() {
            self.clock.advance(TimeDelta::minutes(4));
            let role = RoleChange {
                name: name.to_owned(),
                description: description.to_owned(),
                grants,
            };
            self.services.roles.add(&olivia, role).await?;
        }
        for person in others {
            self.clock.advance(TimeDelta::minutes(2));
            self.add(&olivia, person).await?;
        }
        Ok(())
    }

    async fn add(&self, actor: &Actor, person: &Person) -> Result<(), DemoError> {
        let wanted = NewUser {
            principal: person.principal()?,
            roles: person.role.into_iter().map(str::to_owned).collect(),
            password: (!person.saml).then(|| PASSWORD.to_owned().into()),
        };
        self.services.users.add(actor, wanted).await?;
        Ok(())
    }

    /// Somebody, signed in.
    async fn actor(&mut self, name: &'static str) -> Result<Actor, DemoError> {
        if let Some(actor) = self.actors.get(name) {
            return Ok(actor.clone());
        }
        let sessions = &self.services.sessions;
        let signed_in = sessions
            .sign_in(credentials(name, PASSWORD), origin(name))
            .await?;
        self.actors.insert(name, signed_in.actor.clone());
        Ok(signed_in.actor)
    }

    async fn step(&mut self, person: &Person, step: Step) -> Result<(), DemoError> {
        let name = person.name;
        let no_key = DemoError::Broken("somebody has no key");
        match step {
            Step::Make => {
                let story = person.key.as_ref().ok_or(no_key)?;
                return self.make(person, story).await;
            }
            Step::Use => {
                let value = self.keys.get(name).ok_or(no_key)?.value.reveal();
                let verifier = &self.services.verifier;
                verifier.verify(value.as_bytes(), &origin(name)).await?;
                // Writes the use while it is that hour.
                self.services.maintain_once().await?;
            }
            Step::Delete => {
                let actor = self.actor(name).await?;
                let held = self.keys.remove(name).ok_or(no_key)?;
                self.services.keys.delete(&actor, &held.tag, None).await?;
            }
            Step::Remove => {
                let held = self.keys.remove(name).ok_or(no_key)?;
                let hannah = self.actor("hannah").await?;
                self.services
                    .keys
                    .delete(&hannah, &held.tag, None)
                    .await?
                    .at_once()?;
            }
            Step::Reissue { overlap_hours } => {
                let actor = self.actor(name).await?;
                let held = self.keys.get(name).ok_or(no_key)?;
                let wanted = Reissue {
                    validity: Some(Validity::days(180).map_err(Error::from)?),
                    overlap_hours: Some(overlap_hours),
                    ..Reissue::default()
                };
                let keys = &self.services.keys;
                let created = keys.reissue(&actor, &held.tag, wanted).await?.at_once()?;
                self.hold(name, created);
            }
            Step::Disable => {
                let olivia = self.actor(OLIVIA).await?;
                let users = &self.services.users;
                users.disable(&olivia, &person.principal()?).await?;
            }
            Step::Mistype => {
                let sessions = &self.services.sessions;
                let wrong = credentials(name, "correct horse battery");
                // It is refused, and recorded.
                let _ = sessions.sign_in(wrong, origin(name)).await;
            }
            Step::Try => {
                let tag = self.keys.get("bob").map(|held| held.tag.clone());
                let tag = tag.ok_or(no_key)?;
                let actor = self.actor(name).await?;
                // It is refused, and recorded.
                let _ = self.services.keys.delete(&actor, &tag, None).await;
            }
        }
        Ok(())
    }

    async fn make(&mut self, person: &Person, story: &KeyStory) -> Result<(), DemoError> {
        let (actor, owner) = match story.by {
            By::Owner => (self.actor(person.name).await?, None),
            By::Administrator => (self.actor(OLIVIA).await?, Some(person.principal()?)),
        };
        let wanted = NewKey {
            owner,
            description: story.description.to_owned(),
            validity: Some(Validity::days(story.valid_days).map_err(Error::from)?),
        };
        let created = self.services.keys.create(&actor, wanted).await?.at_once()?;
        self.hold(person.name, created);
        Ok(())
    }

    fn hold(&mut self, name: &'static str, created: CreatedKey) {
        let held = Held {
            tag: created.key.tag,
            value: created.value,
        };
        self.keys.insert(name, held);
    }
}

fn roles() -> [(&'static str, &'static str, Grants); 3] {
    use Namespace::{ApiKeys, Audit, Users};
    use Permission::{Create, Delete, Reissue, Update, View};
    let all = |grants: &[(Namespace, Permission)]| {
        let grants = grants.iter().map(|(on, what)| Grants::one(*on, *what));
        grants.fold(Grants::NONE, Grants::and)
    };
    [
        (
            HELP_DESK,
            "Sees everybody's keys and accounts, and deletes keys",
            all(&[(ApiKeys, View), (ApiKeys, Delete), (Users, View)]),
        ),
        (
            AUDITOR,
            "Sees keys, accounts and the audit trail",
            all(&[(ApiKeys, View), (Users, View), (Audit, View)]),
        ),
        (
            KEY_OPERATOR,
            "Makes, changes and reissues other people's keys",
            all(&[
                (ApiKeys, View),
                (ApiKeys, Create),
                (ApiKeys, Update),
                (ApiKeys, Delete),
                (ApiKeys, Reissue),
            ]),
        ),
    ]
}

fn credentials(name: &str, password: &str) -> Credentials {
    Credentials {
        domain_type: None,
        domain: String::new(),
        user_name: name.to_owned(),
        password: password.to_owned().into(),
    }
}

/// An address for documentation (RFC 5737), of one's own.
fn origin(name: &str) -> Origin {
    let number = name
        .bytes()
        .fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    Origin {
        address: format!("192.0.2.{number}"),
        request_id: format!("demo-{name}"),
        user_agent: Some("Mozilla/5.0 (demonstration)".to_owned()),
        ..Origin::default()
    }
}
