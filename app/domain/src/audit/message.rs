//! What a record says, in a sentence, and the number of that sentence. The REST API and the
//! browser's page show the same ones.

use super::{Action, Outcome};

/// How an action is told: its number, the sentence when it was done and the one when it was
/// refused. `{}` stands for the record's object.
struct Words(u32, &'static str, &'static str);

impl Action {
    /// The action with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// The number of the sentence that [`Action::message`] gives: 1000 and more for what was
    /// done, 2000 and more for what was refused. Stable: collectors match on it.
    pub const fn message_id(self, outcome: Outcome) -> u32 {
        let Words(number, ..) = self.words();
        match outcome {
            Outcome::Done => 1000 + number,
            Outcome::Refused => 2000 + number,
        }
    }

    /// What happened to `object`, as a sentence.
    pub fn message(self, outcome: Outcome, object: &str) -> String {
        let Words(_, done, refused) = self.words();
        let sentence = match outcome {
            Outcome::Done => done,
            Outcome::Refused => refused,
        };
        sentence.replace("{}", object)
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn words(self) -> Words {
        match self {
            Self::KeyCreated => Words(
                1,
                "API key {} was created.",
                "Creating an API key was refused.",
            ),
            Self::KeyUpdated => Words(
                2,
                "API key {} was changed.",
                "Changing API key {} was refused.",
            ),
            Self::KeyReissued => Words(
                3,
                "API key {} was reissued.",
                "Reissuing API key {} was refused.",
            ),
            Self::KeyDeleted => Words(
                4,
                "API key {} was deleted.",
                "Deleting API key {} was refused.",
            ),
            Self::KeyRefused => Words(
                5,
                "An API key was refused: {}.",
                "A request with an API key was refused: {}.",
            ),
            Self::SignedIn => Words(
                6,
                "A sign-in succeeded: session {}.",
                "A sign-in was refused: {}.",
            ),
            Self::SignedOut => Words(
                7,
                "Session {} ended by signing out.",
                "Signing out was refused: session {}.",
            ),
            Self::SessionEnded => Words(
                8,
                "Sessions were ended: {}.",
                "Ending sessions was refused: {}.",
            ),
            Self::UserCreated => Words(9, "User {} was created.", "Creating user {} was refused."),
            Self::UserDisabled => Words(
                10,
                "User {} was disabled.",
                "Disabling user {} was refused.",
            ),
            Self::UserEnabled => Words(11, "User {} was enabled.", "Enabling user {} was refused."),
            Self::PasswordChanged => Words(
                12,
                "The password of user {} was changed.",
                "Changing the password of user {} was refused.",
            ),
            Self::RoleCreated => Words(13, "Role {} was created.", "Creating a role was refused."),
            Self::RoleUpdated => Words(14, "Role {} was changed.", "Changing role {} was refused."),
            Self::RoleDeleted => Words(15, "Role {} was deleted.", "Deleting role {} was refused."),
            Self::RolesAssigned => Words(
                16,
                "The roles of user {} were changed.",
                "Giving or taking roles was refused: {}.",
            ),
            Self::SelfServiceChanged => Words(
                17,
                "API Key Self-Service of {} was changed.",
                "Changing API Key Self-Service was refused.",
            ),
            Self::PolicyChanged => Words(
                18,
                "The policy was changed.",
                "Changing the policy was refused.",
            ),
            Self::AuditRead => Words(
                19,
                "The audit trail was read: {}.",
                "Reading the audit trail was refused: {}.",
            ),
            Self::Read => Words(
                20,
                "Something that is watched was read: {}.",
                "Reading was refused: {}.",
            ),
            Self::KeyActivated => Words(
                41,
                "API key {} began to work with its owner's sign-in.",
                "Activating API key {} was refused.",
            ),
            Self::KeySuspended => Words(
                42,
                "API key {} stopped until its owner's next sign-in.",
                "Suspending API key {} was refused.",
            ),
            Self::ProviderCreated => Words(
                43,
                "Identity provider {} was added.",
                "Adding identity provider {} was refused.",
            ),
            Self::ProviderUpdated => Words(
                44,
                "Identity provider {} was changed.",
                "Changing identity provider {} was refused.",
            ),
            Self::ProviderDeleted => Words(
                45,
                "Identity provider {} was removed.",
                "Removing identity provider {} was refused.",
            ),
            Self::TokenKeyRotated => Words(
                61,
                "Tokens are signed with the new key {}.",
                "Signing tokens with a new key was refused.",
            ),
            Self::PrincipalDeleted => Words(
                62,
                "Service principal {} was removed with its role and key.",
                "Removing service principal {} was refused.",
            ),
            Self::SecondFactorChanged => Words(
                63,
                "The second factor of user {} was changed.",
                "Changing the second factor of user {} was refused.",
            ),
            Self::TicketRequested => Words(
                71,
                "Ticket {} was made: it waits for approval.",
                "Asking for approval was refused: {}.",
            ),
            Self::TicketApproved => Words(
                72,
                "Ticket {} was approved.",
                "Approving ticket {} was refused.",
            ),
            Self::TicketRejected => Words(
                73,
                "Ticket {} was rejected.",
                "Rejecting ticket {} was refused.",
            ),
            Self::TicketCanceled => Words(
                74,
                "Ticket {} was withdrawn.",
                "Withdrawing ticket {} was refused.",
            ),
            Self::TicketExpired => Words(
                75,
                "Ticket {} has expired.",
                "Letting ticket {} expire was refused.",
            ),
            Self::TicketRenewed => Words(
                76,
                "Ticket {} was renewed.",
                "Renewing ticket {} was refused.",
            ),
            Self::TicketExecuted => Words(
                77,
                "Ticket {} was executed.",
                "Executing ticket {} was refused.",
            ),
            Self::TicketCommented => Words(
                78,
                "Something was said about ticket {}.",
                "Commenting on ticket {} was refused.",
            ),
            Self::ApprovalChanged => Words(
                79,
                "The approval settings were changed.",
                "Changing the approval settings was refused.",
            ),
            Self::ApprovalOverridden => Words(
                80,
                "WARNING: approval by a second person was switched off at the console, without approval.",
                "Switching approval off at the console was refused.",
            ),
            Self::WebhookCreated => {
                Words(91, "Webhook {} was added.", "Adding a webhook was refused.")
            }
            Self::WebhookUpdated => Words(
                92,
                "Webhook {} was changed.",
                "Changing webhook {} was refused.",
            ),
            Self::WebhookDeleted => Words(
                93,
                "Webhook {} was removed.",
                "Removing webhook {} was refused.",
            ),
            Self::DeliveryResent => Words(
                94,
                "Notice {} is sent again.",
                "Sending notice {} again was refused.",
            ),
            Self::NoticesTested => Words(
                95,
                "A test notice is sent to {}.",
                "Sending a test notice to {} was refused.",
            ),
            Self::NoticesChosen => Words(
                96,
                "The notices by mail of user {} were changed.",
                "Changing the notices by mail of user {} was refused.",
            ),
        }
    }
}

impl Outcome {
    /// The outcome with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Done, Self::Refused]
            .into_iter()
            .find(|one| one.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_refusal_s_number_is_a_thousand_beyond_the_act_s() {
        for action in Action::ALL {
            let [done, refused] =
                [Outcome::Done, Outcome::Refused].map(|how| action.message_id(how));
            assert_eq!(refused, done + 1000);
        }
    }

    /// What collectors match on, spelled out: none of it may change.
    #[test]
    fn every_action_has_its_place_on_the_wire() {
        let table: Vec<_> = Action::ALL
            .into_iter()
            .map(|action| {
                (
                    action.as_str(),
                    action.category(),
                    action.operation(),
                    action.message_id(Outcome::Done),
                )
            })
            .collect();
        assert_eq!(
            table,
            [
                ("key.create", "APIKEY", "CREATE", 1001),
                ("key.update", "APIKEY", "MODIFY", 1002),
                ("key.reissue", "APIKEY", "MODIFY", 1003),
                ("key.delete", "APIKEY", "DELETE", 1004),
                ("key.refused", "APIKEY", "ACCESS", 1005),
                ("key.activate", "APIKEY", "MODIFY", 1041),
                ("key.suspend", "APIKEY", "MODIFY", 1042),
                ("session.sign-in", "SESSION", "LOGIN", 1006),
                ("session.sign-out", "SESSION", "LOGOUT", 1007),
                ("session.end", "SESSION", "LOGOUT", 1008),
                ("user.create", "USER", "CREATE", 1009),
                ("user.disable", "USER", "MODIFY", 1010),
                ("user.enable", "USER", "MODIFY", 1011),
                ("user.password", "USER", "MODIFY", 1012),
                ("role.create", "ROLE", "CREATE", 1013),
                ("role.update", "ROLE", "MODIFY", 1014),
                ("role.delete", "ROLE", "DELETE", 1015),
                ("role.assign", "ROLE", "MODIFY", 1016),
                ("role.self-service", "ROLE", "MODIFY", 1017),
                ("policy.update", "POLICY", "MODIFY", 1018),
                ("provider.create", "PROVIDER", "CREATE", 1043),
                ("provider.update", "PROVIDER", "MODIFY", 1044),
                ("provider.delete", "PROVIDER", "DELETE", 1045),
                ("audit.read", "AUDIT", "ACCESS", 1019),
                ("read", "AUDIT", "ACCESS", 1020),
                ("token-key.rotate", "SESSION", "MODIFY", 1061),
                ("principal.delete", "USER", "DELETE", 1062),
                ("user.second-factor", "USER", "MODIFY", 1063),
                ("ticket.request", "TICKET", "CREATE", 1071),
                ("ticket.approve", "TICKET", "MODIFY", 1072),
                ("ticket.reject", "TICKET", "MODIFY", 1073),
                ("ticket.cancel", "TICKET", "MODIFY", 1074),
                ("ticket.expire", "TICKET", "MODIFY", 1075),
                ("ticket.renew", "TICKET", "MODIFY", 1076),
                ("ticket.execute", "TICKET", "MODIFY", 1077),
                ("ticket.comment", "TICKET", "MODIFY", 1078),
                ("approval.update", "TICKET", "MODIFY", 1079),
                ("approval.override", "TICKET", "MODIFY", 1080),
                ("webhook.create", "POLICY", "CREATE", 1091),
                ("webhook.update", "POLICY", "MODIFY", 1092),
                ("webhook.delete", "POLICY", "DELETE", 1093),
                ("notice.resend", "POLICY", "MODIFY", 1094),
                ("notice.test", "POLICY", "MODIFY", 1095),
                ("notice.choose", "USER", "MODIFY", 1096),
            ]
        );
    }

    #[test]
    fn numbers_and_sentences_are_each_action_s_own() {
        let both = [Outcome::Done, Outcome::Refused];
        let all = || {
            let pairs = |action| both.map(|outcome| (action, outcome));
            Action::ALL.into_iter().flat_map(pairs)
        };
        let numbers: BTreeSet<_> = all()
            .map(|(one, outcome)| one.message_id(outcome))
            .collect();
        let sentences: BTreeSet<_> = all()
            .map(|(one, outcome)| one.message(outcome, "x"))
            .collect();
        assert_eq!((numbers.len(), sentences.len()), (88, 88));
        for sentence in sentences {
            assert!(
                sentence.ends_with('.') && !sentence.contains('{'),
                "{sentence}"
            );
        }
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.as_str()), Some(action));
        }
        for outcome in both {
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Action::from_name("key"), None);
        assert_eq!(Outcome::from_name("DONE"), None);
    }

    #[test]
    fn the_object_stands_in_the_sentence_as_it_is() {
        assert_eq!(
            Action::KeyDeleted.message(Outcome::Done, "lky_q83vEjQ="),
            "API key lky_q83vEjQ= was deleted."
        );
        assert_eq!(
            Action::UserCreated.message(Outcome::Refused, "{}"),
            "Creating user {} was refused."
        );
    }
}
