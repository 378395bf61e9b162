//! The audit trail: typed events, and the chain that binds their records.

mod change;
mod message;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use self::change::{Change, changes};

/// What happened. Every name is stable: collectors match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// An API key was made.
    KeyCreated,
    /// An API key's validity or description was changed.
    KeyUpdated,
    /// An API key was replaced by a new one.
    KeyReissued,
    /// An API key was deleted.
    KeyDeleted,
    /// Wrong API keys were presented.
    KeyRefused,
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// A session was ended by its owner, another session or an administrator.
    SessionEnded,
    /// An account was made.
    UserCreated,
    /// An account was disabled.
    UserDisabled,
    /// An account was enabled.
    UserEnabled,
    /// A password was set or changed.
    PasswordChanged,
    /// A role was made.
    RoleCreated,
    /// What a role grants was changed.
    RoleUpdated,
    /// A role was deleted.
    RoleDeleted,
    /// Roles were given or taken.
    RolesAssigned,
    /// Self-service was withdrawn or given back.
    SelfServiceChanged,
    /// The policy was changed.
    PolicyChanged,
    /// The audit trail was read, checked or exported.
    AuditRead,
    /// Something was read that may not be.
    Read,
    /// A key began to work with its owner's sign-in.
    KeyActivated,
    /// A key stopped until its owner's next sign-in.
    KeySuspended,
    /// An identity provider was added.
    ProviderCreated,
    /// An identity provider was changed.
    ProviderUpdated,
    /// An identity provider was removed.
    ProviderDeleted,
    /// Tokens are signed with a new key pair.
    TokenKeyRotated,
    /// A service principal was removed.
    PrincipalDeleted,
    /// A second factor was set up, removed, or its recovery codes were made anew.
    SecondFactorChanged,
    /// A request for approval was made.
    TicketRequested,
    /// A request was approved.
    TicketApproved,
    /// A request was rejected.
    TicketRejected,
    /// A request was withdrawn.
    TicketCanceled,
    /// A request waited for too long.
    TicketExpired,
    /// A request that expired was made again.
    TicketRenewed,
    /// A request was executed.
    TicketExecuted,
    /// Something was said about a request.
    TicketCommented,
    /// The approval settings were changed.
    ApprovalChanged,
    /// Approval was switched off at the console, without approval.
    ApprovalOverridden,
    /// A webhook was added.
    WebhookCreated,
    /// A webhook was changed, or switched on or off.
    WebhookUpdated,
    /// A webhook was removed.
    WebhookDeleted,
    /// A notice was sent again.
    DeliveryResent,
    /// A notice was sent to see whether it arrives.
    NoticesTested,
    /// Somebody chose what they are told by mail.
    NoticesChosen,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 44] = [
        Self::KeyCreated,
        Self::KeyUpdated,
        Self::KeyReissued,
        Self::KeyDeleted,
        Self::KeyRefused,
        Self::KeyActivated,
        Self::KeySuspended,
        Self::SignedIn,
        Self::SignedOut,
        Self::SessionEnded,
        Self::UserCreated,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::PasswordChanged,
        Self::RoleCreated,
        Self::RoleUpdated,
        Self::RoleDeleted,
        Self::RolesAssigned,
        Self::SelfServiceChanged,
        Self::PolicyChanged,
        Self::ProviderCreated,
        Self::ProviderUpdated,
        Self::ProviderDeleted,
        Self::AuditRead,
        Self::Read,
        Self::TokenKeyRotated,
        Self::PrincipalDeleted,
        Self::SecondFactorChanged,
        Self::TicketRequested,
        Self::TicketApproved,
        Self::TicketRejected,
        Self::TicketCanceled,
        Self::TicketExpired,
        Self::TicketRenewed,
        Self::TicketExecuted,
        Self::TicketCommented,
        Self::ApprovalChanged,
        Self::ApprovalOverridden,
        Self::WebhookCreated,
        Self::WebhookUpdated,
        Self::WebhookDeleted,
        Self::DeliveryResent,
        Self::NoticesTested,
        Self::NoticesChosen,
    ];

    /// The stable name, `category.what`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.create",
            Self::KeyUpdated => "key.update",
            Self::KeyReissued => "key.reissue",
            Self::KeyDeleted => "key.delete",
            Self::KeyRefused => "key.refused",
            Self::SignedIn => "session.sign-in",
            Self::SignedOut => "session.sign-out",
            Self::SessionEnded => "session.end",
            Self::UserCreated => "user.create",
            Self::UserDisabled => "user.disable",
            Self::UserEnabled => "user.enable",
            Self::PasswordChanged => "user.password",
            Self::RoleCreated => "role.create",
            Self::RoleUpdated => "role.update",
            Self::RoleDeleted => "role.delete",
            Self::RolesAssigned => "role.assign",
            Self::SelfServiceChanged => "role.self-service",
            Self::PolicyChanged => "policy.update",
            Self::AuditRead => "audit.read",
            Self::Read => "read",
            Self::KeyActivated => "key.activate",
            Self::KeySuspended => "key.suspend",
            Self::ProviderCreated => "provider.create",
            Self::ProviderUpdated => "provider.update",
            Self::ProviderDeleted => "provider.delete",
            Self::TokenKeyRotated => "token-key.rotate",
            Self::PrincipalDeleted => "principal.delete",
            Self::SecondFactorChanged => "user.second-factor",
            Self::TicketRequested => "ticket.request",
            Self::TicketApproved => "ticket.approve",
            Self::TicketRejected => "ticket.reject",
            Self::TicketCanceled => "ticket.cancel",
            Self::TicketExpired => "ticket.expire",
            Self::TicketRenewed => "ticket.renew",
            Self::TicketExecuted => "ticket.execute",
            Self::TicketCommented => "ticket.comment",
            Self::ApprovalChanged => "approval.update",
            Self::ApprovalOverridden => "approval.override",
            Self::WebhookCreated => "webhook.create",
            Self::WebhookUpdated => "webhook.update",
            Self::WebhookDeleted => "webhook.delete",
            Self::DeliveryResent => "notice.resend",
            Self::NoticesTested => "notice.test",
            Self::NoticesChosen => "notice.choose",
        }
    }

    /// The category on the wire.
    pub const fn category(self) -> &'static str {
        match self {
            Self::KeyCreated
            | Self::KeyUpdated
            | Self::KeyReissued
            | Self::KeyDeleted
            | Self::KeyRefused
            | Self::KeyActivated
            | Self::KeySuspended => "APIKEY",
            Self::SignedIn | Self::SignedOut | Self::SessionEnded | Self::TokenKeyRotated => {
                "SESSION"
            }
            Self::UserCreated
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::PasswordChanged
            | Self::PrincipalDeleted
            | Self::SecondFactorChanged
            | Self::NoticesChosen => "USER",
            Self::RoleCreated
            | Self::RoleUpdated
            | Self::RoleDeleted
            | Self::RolesAssigned
            | Self::SelfServiceChanged => "ROLE",
            Self::PolicyChanged
            | Self::WebhookCreated
            | Self::WebhookUpdated
            | Self::WebhookDeleted
            | Self::DeliveryResent
            | Self::NoticesTested => "POLICY",
            Self::ProviderCreated | Self::ProviderUpdated | Self::ProviderDeleted => "PROVIDER",
            Self::AuditRead | Self::Read => "AUDIT",
            Self::TicketRequested
            | Self::TicketApproved
            | Self::TicketRejected
            | Self::TicketCanceled
            | Self::TicketExpired
            | Self::TicketRenewed
            | Self::TicketExecuted
            | Self::TicketCommented
            | Self::ApprovalChanged
            | Self::ApprovalOverridden => "TICKET",
        }
    }

    /// The kind of operation on the wire.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::KeyCreated
            | Self::UserCreated
            | Self::RoleCreated
            | Self::ProviderCreated
            | Self::TicketRequested
            | Self::WebhookCreated => "CREATE",
            Self::KeyDeleted
            | Self::RoleDeleted
            | Self::ProviderDeleted
            | Self::PrincipalDeleted
            | Self::WebhookDeleted => "DELETE",
            Self::KeyUpdated
            | Self::KeyReissued
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::PasswordChanged
            | Self::RoleUpdated
            | Self::RolesAssigned
            | Self::SelfServiceChanged
            | Self::PolicyChanged
            | Self::KeyActivated
            | Self::KeySuspended
            | Self::ProviderUpdated
            | Self::TokenKeyRotated
            | Self::SecondFactorChanged
            | Self::TicketApproved
            | Self::TicketRejected
            | Self::TicketCanceled
            | Self::TicketExpired
            | Self::TicketRenewed
            | Self::TicketExecuted
            | Self::TicketCommented
            | Self::ApprovalChanged
            | Self::ApprovalOverridden
            | Self::WebhookUpdated
            | Self::DeliveryResent
            | Self::NoticesTested
            | Self::NoticesChosen => "MODIFY",
            Self::KeyRefused | Self::AuditRead | Self::Read => "ACCESS",
            Self::SignedIn => "LOGIN",
            Self::SignedOut | Self::SessionEnded => "LOGOUT",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It was carried out.
    Done,
    /// It was refused; nothing was changed.
    Refused,
}

impl Outcome {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One event, before it has a place in the chain. Never holds a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// On what: a key's tag, a full identity, a session's number.
    pub object: String,
    /// The state before. `None`: there was none.
    pub before: Option<Value>,
    /// The state after. `None`: there is none.
    pub after: Option<Value>,
    /// Why it was refused, for those who may read the trail. `None`: it was not.
    pub cause: Option<String>,
}

impl Event {
    /// Something was done to `object`.
    pub fn done(action: Action, object: impl Into<String>) -> Self {
        Self {
            action,
            outcome: Outcome::Done,
            object: object.into(),
            before: None,
            after: None,
            cause: None,
        }
    }

    /// Something was refused.
    pub fn refused(action: Action, object: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Refused,
            cause: Some(cause.into()),
            ..Self::done(action, object)
        }
    }

    /// With the state before.
    #[must_use]
    pub fn before(self, value: Value) -> Self {
        Self {
            before: Some(value),
            ..self
        }
    }

    /// With the state after.
    #[must_use]
    pub fn after(self, value: Value) -> Self {
        Self {
            after: Some(value),
            ..self
        }
    }
}

/// The hash before the first record of a chain.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a record: SHA-256, in lower-case hexadecimal, over the compact JSON array of the
/// previous record's hash and the record's columns in the order of the table, NULL as `null`.
///
/// JSON delimits and escapes, so two different records never have the same text.
pub fn chain_hash(previous: &str, columns: &[Option<&str>]) -> String {
    let mut all = Vec::with_capacity(columns.len() + 1);
    all.push(Some(previous));
    all.extend_from_slice(columns);
    let text = Value::from(
        all.into_iter()
            .map(|column| column.map_or(Value::Null, Value::from))
            .collect::<Vec<_>>(),
    )
    .to_string();
    hex(&Sha256::digest(text))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_documented_text() {
        let expected = hex(&Sha256::digest(format!(r#"["{GENESIS}","1",null,"a\"b"]"#)));
        assert_eq!(
            chain_hash(GENESIS, &[Some("1"), None, Some("a\"b")]),
            expected
        );
    }

    /// R1: moving text from one column to the next changes the hash.
    #[test]
    fn columns_cannot_flow_into_each_other() {
        let hashes: BTreeSet<_> = [
            [Some("ab"), Some("c")],
            [Some("a"), Some("bc")],
            [Some("abc"), None],
            [None, Some("abc")],
            [Some("a\",\"b"), Some("c")],
        ]
        .iter()
        .map(|columns| chain_hash(GENESIS, columns))
        .collect();
        assert_eq!(hashes.len(), 5);
    }

    /// Collectors match on these.
    #[test]
    fn every_action_has_its_stable_texts() {
        let texts = Action::ALL
            .map(|action| [action.as_str(), action.category(), action.operation()].join(" "));
        let expected = [
            "key.create APIKEY CREATE",
            "key.update APIKEY MODIFY",
            "key.reissue APIKEY MODIFY",
            "key.delete APIKEY DELETE",
            "key.refused APIKEY ACCESS",
            "key.activate APIKEY MODIFY",
            "key.suspend APIKEY MODIFY",
            "session.sign-in SESSION LOGIN",
            "session.sign-out SESSION LOGOUT",
            "session.end SESSION LOGOUT",
            "user.create USER CREATE",
            "user.disable USER MODIFY",
            "user.enable USER MODIFY",
            "user.password USER MODIFY",
            "role.create ROLE CREATE",
            "role.update ROLE MODIFY",
            "role.delete ROLE DELETE",
            "role.assign ROLE MODIFY",
            "role.self-service ROLE MODIFY",
            "policy.update POLICY MODIFY",
            "provider.create PROVIDER CREATE",
            "provider.update PROVIDER MODIFY",
            "provider.delete PROVIDER DELETE",
            "audit.read AUDIT ACCESS",
            "read AUDIT ACCESS",
            "token-key.rotate SESSION MODIFY",
            "principal.delete USER DELETE",
            "user.second-factor USER MODIFY",
            "ticket.request TICKET CREATE",
            "ticket.approve TICKET MODIFY",
            "ticket.reject TICKET MODIFY",
            "ticket.cancel TICKET MODIFY",
            "ticket.expire TICKET MODIFY",
            "ticket.renew TICKET MODIFY",
            "ticket.execute TICKET MODIFY",
            "ticket.comment TICKET MODIFY",
            "approval.update TICKET MODIFY",
            "approval.override TICKET MODIFY",
            "webhook.create POLICY CREATE",
            "webhook.update POLICY MODIFY",
            "webhook.delete POLICY DELETE",
            "notice.resend POLICY MODIFY",
            "notice.test POLICY MODIFY",
            "notice.choose USER MODIFY",
        ];
        assert_eq!(texts, expected);
        let names = [Outcome::Done, Outcome::Refused].map(Outcome::as_str);
        assert_eq!(names, ["done", "refused"]);
    }

    #[test]
    fn an_event_says_how_it_ended_and_what_changed() {
        let refused = Event::refused(Action::KeyDeleted, "tag", "why");
        let expected = Event {
            action: Action::KeyDeleted,
            outcome: Outcome::Refused,
            object: "tag".to_owned(),
            before: None,
            after: None,
            cause: Some("why".to_owned()),
        };
        assert_eq!(refused, expected);
        let done = Event::done(Action::KeyDeleted, "tag")
            .before(Value::from(1))
            .after(Value::from(2));
        let expected = Event {
            outcome: Outcome::Done,
            before: Some(Value::from(1)),
            after: Some(Value::from(2)),
            cause: None,
            ..expected
        };
        assert_eq!(done, expected);
    }
}
