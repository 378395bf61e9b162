//! What a ticket is about: exactly what would be done, as the approver sees it, and the digest that
//! binds the ticket to it (M4, M14).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Instant,
    approval::{KeyAction, Settings},
    audit::hex,
    expiry::Validity,
    key::{ApiKey, State, Tag},
    permission::Rights,
    principal::{Identity, UserId},
};

/// Stands before what is digested: another form of it gets another one.
const FORM: &str = "latchkey ticket 1\n";

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proposal {
    /// Something to a key.
    Key(KeyProposal),
    /// Other approval settings.
    Settings(SettingsProposal),
}

/// What would be done to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProposal {
    /// What.
    pub action: KeyAction,
    /// Whose key it is, or will be.
    pub owner: Identity,
    /// What a new key would carry, as it was then: names for people.
    pub owner_roles: Vec<String>,
    /// The same, as it is compared. `None`: no key is made.
    pub owner_rights: Option<Rights>,
    /// The key that there is. `None`: a new one is to be made.
    pub before: Option<KeyBefore>,
    /// What the key, or the new one, will be. `None`: there will be none that works.
    pub after: Option<KeyAfter>,
}

/// A key before something is done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBefore {
    /// Which.
    pub tag: Tag,
    /// What it is for.
    pub description: String,
    /// When it ends.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
    /// In which state it is.
    pub state: State,
    /// Counts its changes.
    pub version: i64,
}

impl KeyBefore {
    /// What of a key a ticket is bound to.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            tag: key.tag.clone(),
            description: key.description.clone(),
            expires_at: key.expires_at,
            state: key.state,
            version: key.version,
        }
    }
}

/// A key after something was done to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAfter {
    /// What it is for.
    pub description: String,
    /// When it ends.
    pub end: End,
    /// How long the old key goes on working, in hours. `None`: there is no other.
    pub overlap_hours: Option<u32>,
    /// Whether it waits for its owner's sign-in by SAML.
    pub awaiting_sign_in: bool,
}

/// When a key ends that waits for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// As it is.
    Unchanged,
    /// So many days of 24 hours after the approval.
    Days(u64),
    /// As the owner's sign-in by SAML gives it, when the ticket is executed.
    SamlSession,
}

impl End {
    /// What was asked for.
    pub const fn of(asked: Option<Validity>, otherwise: Self) -> Self {
        match asked {
            Some(validity) => Self::Days(validity.as_days()),
            None => otherwise,
        }
    }

    /// The same as it was asked for.
    pub fn asked(self) -> Option<Validity> {
        match self {
            Self::Days(days) => Validity::days(days).ok(),
            Self::Unchanged | Self::SamlSession => None,
        }
    }

    /// The end that an approval at that instant fixes, if it fixes one.
    pub fn approved_at(self, approval: Instant) -> Option<Instant> {
        let days = i64::try_from(self.asked()?.as_days()).ok()?;
        approval.checked_add_signed(TimeDelta::try_days(days)?)
    }
}

/// Other approval settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsProposal {
    /// Those in force.
    pub before: Settings,
    /// Those that are wanted.
    pub after: Settings,
}

/// The kind of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TicketAction {
    /// Something to a key.
    Key(KeyAction),
    /// Other approval settings.
    Settings,
}

impl TicketAction {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Key(KeyAction::Create),
        Self::Key(KeyAction::Update),
        Self::Key(KeyAction::Delete),
        Self::Key(KeyAction::Reissue),
        Self::Key(KeyAction::Revoke),
        Self::Settings,
    ];

    /// The name on the wire and in the database (`requestAction`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key(action) => action.as_str(),
            Self::Settings => "MPA_CONFIGURATION_UPDATE",
        }
    }

    /// The kind with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The family on the wire (`operationId`).
    pub const fn family(self) -> &'static str {
        match self {
            Self::Key(_) => "API_KEYS",
            Self::Settings => "MPA_CONFIGURATION",
        }
    }

    /// In words (`operationName`).
    pub const fn words(self) -> &'static str {
        match self {
            Self::Key(action) => action.words(),
            Self::Settings => "Change approval settings",
        }
    }
}

/// What is no more as the approver saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Drift {
    /// The key is another, or in another state.
    #[error("the API key was changed")]
    Key,
    /// The owner holds other roles.
    #[error("the owner's roles were changed")]
    Owner,
    /// The rules would make something else of it.
    #[error("the policy was changed")]
    Policy,
    /// The approval settings are others.
    #[error("the approval settings were changed")]
    Settings,
}

impl Proposal {
    /// What a ticket is bound to: SHA-256, in lower-case hexadecimal, over the compact JSON of the
    /// whole, members in the order of declaration.
    pub fn digest(&self) -> String {
        // Plain data: this cannot fail, and an empty text would match no other.
        let text = serde_json::to_string(self).unwrap_or_default();
        hex(&Sha256::digest(format!("{FORM}{text}")))
    }

    /// The kind.
    pub const fn action(&self) -> TicketAction {
        match self {
            Self::Key(proposal) => TicketAction::Key(proposal.action),
            Self::Settings(_) => TicketAction::Settings,
        }
    }

    /// What it blocks while it waits: the key, the owner's next key, or the settings.
    pub fn subject(&self) -> String {
        match self {
            Self::Key(proposal) => proposal.subject(),
            Self::Settings(_) => "settings".to_owned(),
        }
    }

    /// What differs between what was approved and what it would be now. `None`: nothing.
    pub fn drift(&self, now: &Self) -> Option<Drift> {
        match (self, now) {
            (then, now) if then == now => None,
            (Self::Key(then), Self::Key(now)) => Some(then.drift(now)),
            (Self::Settings(_), Self::Settings(_)) => Some(Drift::Settings),
            _ => Some(Drift::Key),
        }
    }
}

/// What a ticket about a key blocks while it waits.
pub fn subject_of_key(tag: &Tag) -> String {
    format!("key {tag}")
}

/// What a ticket about somebody's next key blocks while it waits.
pub fn subject_of_creation(owner: UserId) -> String {
    format!("owner {owner}")
}

impl KeyProposal {
    /// What it blocks while it waits.
    pub fn subject(&self) -> String {
        match &self.before {
            Some(key) => subject_of_key(&key.tag),
            None => subject_of_creation(self.owner.id),
        }
    }

    fn drift(&self, now: &Self) -> Drift {
        if self.before != now.before || self.action != now.action || self.owner.id != now.owner.id {
            Drift::Key
        } else if self.after != now.after {
            Drift::Policy
        } else {
            Drift::Owner
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::assemble,
        permission::Grants,
        principal::{DomainType, Principal, UserId},
    };

    fn bob() -> Identity {
        Identity {
            id: UserId(1003),
            principal: Principal::new(DomainType::Unixpwd, "", "bob").unwrap(),
        }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn reissue() -> KeyProposal {
        KeyProposal {
            action: KeyAction::Reissue,
            owner: bob(),
            owner_roles: vec!["API Key Self-Service".to_owned()],
            owner_rights: Some(Rights::on_own(Grants::ALL)),
            before: Some(KeyBefore {
                tag: Tag::of(&assemble(&[7; 41])),
                description: "CI".to_owned(),
                expires_at: at("2026-12-22T08:00:00Z"),
                state: State::Active,
                version: 3,
            }),
            after: Some(KeyAfter {
                description: "CI 2".to_owned(),
                end: End::Days(30),
                overlap_hours: Some(1),
                awaiting_sign_in: false,
            }),
        }
    }

    fn create() -> KeyProposal {
        KeyProposal {
            action: KeyAction::Create,
            before: None,
            ..reissue()
        }
    }

    fn settings(hours: u32) -> Proposal {
        Proposal::Settings(SettingsProposal {
            before: Settings::default(),
            after: Settings {
                expiry_hours: hours,
                ..Settings::default()
            },
        })
    }

    #[test]
    fn the_digest_is_that_of_the_documented_text() {
        let proposal = Proposal::Key(create());
        let text = r#"{"Key":{"action":"Create","owner":{"id":1003,"principal":{"domain_type":"unixpwd","domain":"","name":"bob"}},"owner_roles":["API Key Self-Service"],"owner_rights":{"all":0,"own":4398046511103},"before":null,"after":{"description":"CI 2","end":{"Days":30},"overlap_hours":1,"awaiting_sign_in":false}}}"#;
        assert_eq!(serde_json::to_string(&proposal).unwrap(), text);
        let expected = hex(&Sha256::digest(format!("latchkey ticket 1\n{text}")));
        assert_eq!(proposal.digest(), expected);
    }

    fn before(proposal: &mut KeyProposal) -> &mut KeyBefore {
        proposal.before.as_mut().unwrap()
    }

    fn after(proposal: &mut KeyProposal) -> &mut KeyAfter {
        proposal.after.as_mut().unwrap()
    }

    /// M4: nothing of it can change without its digest, and it reads back whole.
    #[test]
    fn every_part_is_in_the_digest() {
        let change = |change: fn(&mut KeyProposal)| {
            let mut proposal = reissue();
            change(&mut proposal);
            Proposal::Key(proposal)
        };
        let all = [
            (None, Proposal::Key(reissue())),
            (Some(Drift::Key), change(|p| p.action = KeyAction::Update)),
            (Some(Drift::Key), change(|p| p.owner.id = UserId(1004))),
            (
                Some(Drift::Owner),
                change(|p| p.owner_roles.push("Administrator".to_owned())),
            ),
            (
                Some(Drift::Owner),
                change(|p| p.owner_rights = Some(Rights::on_everything(Grants::ALL))),
            ),
            (Some(Drift::Key), change(|p| p.before = None)),
            (
                Some(Drift::Key),
                change(|p| before(p).tag = Tag::of(&assemble(&[8; 41]))),
            ),
            (
                Some(Drift::Key),
                change(|p| before(p).description.push('x')),
            ),
            (
                Some(Drift::Key),
                change(|p| before(p).expires_at = at("2026-12-22T08:00:00.000001Z")),
            ),
            (
                Some(Drift::Key),
                change(|p| before(p).state = State::Expired),
            ),
            (Some(Drift::Key), change(|p| before(p).version += 1)),
            (Some(Drift::Policy), change(|p| p.after = None)),
            (
                Some(Drift::Policy),
                change(|p| after(p).description.push('x')),
            ),
            (
                Some(Drift::Policy),
                change(|p| after(p).end = End::Days(31)),
            ),
            (
                Some(Drift::Policy),
                change(|p| after(p).overlap_hours = Some(0)),
            ),
            (
                Some(Drift::Policy),
                change(|p| after(p).awaiting_sign_in = true),
            ),
            (Some(Drift::Key), settings(100)),
        ];
        let digests: std::collections::BTreeSet<_> =
            all.iter().map(|(_, one)| one.digest()).collect();
        assert_eq!(digests.len(), all.len());
        for (drift, one) in &all {
            assert_eq!(all[0].1.drift(one), *drift, "{one:?}");
            let text = serde_json::to_string(one).unwrap();
            assert_eq!(serde_json::from_str::<Proposal>(&text).unwrap(), *one);
        }
        assert_eq!(settings(100).drift(&settings(101)), Some(Drift::Settings));
    }

    /// M7.
    #[test]
    fn a_ticket_blocks_the_key_or_the_owner_s_next_one() {
        let tag = Tag::of(&assemble(&[7; 41]));
        assert_eq!(Proposal::Key(reissue()).subject(), format!("key {tag}"));
        assert_eq!(Proposal::Key(create()).subject(), "owner 1003");
        assert_eq!(settings(100).subject(), "settings");
    }

    /// M14: the end is fixed by the approval, to the microsecond and across a leap day.
    #[test]
    fn the_approval_fixes_the_end() {
        let approval = at("2028-02-28T23:00:00.000001Z");
        let end = |end: End| end.approved_at(approval);
        assert_eq!(end(End::Days(2)), Some(at("2028-03-01T23:00:00.000001Z")));
        assert_eq!(end(End::Unchanged), None);
        assert_eq!(end(End::SamlSession), None);
        assert_eq!(end(End::Days(u64::MAX)), None);
        let asked = Validity::days(7).ok();
        assert_eq!(End::of(asked, End::Unchanged), End::Days(7));
        assert_eq!(End::of(None, End::SamlSession), End::SamlSession);
        assert_eq!(End::Days(7).asked(), asked);
        assert_eq!(End::SamlSession.asked(), None);
    }

    #[test]
    fn kinds_have_their_names_on_the_wire() {
        let told = TicketAction::ALL.map(|one| [one.as_str(), one.family(), one.words()].join(" "));
        assert_eq!(
            told,
            [
                "API_KEY_CREATE API_KEYS Create API key",
                "API_KEY_UPDATE API_KEYS Edit API key",
                "API_KEY_DELETE API_KEYS Delete API key",
                "API_KEY_REISSUE API_KEYS Reissue API key",
                "API_KEY_REVOKE API_KEYS Revoke API key",
                "MPA_CONFIGURATION_UPDATE MPA_CONFIGURATION Change approval settings",
            ]
        );
        for one in TicketAction::ALL {
            assert_eq!(TicketAction::from_name(one.as_str()), Some(one));
        }
        assert_eq!(TicketAction::from_name("API_KEY"), None);
        assert_eq!(settings(72).action(), TicketAction::Settings);
        assert_eq!(
            Proposal::Key(create()).action(),
            TicketAction::Key(KeyAction::Create)
        );
    }
}
