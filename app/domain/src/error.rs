//! The one error that crosses the wire: stable, small, without secrets and without user text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    ticket::{Drift, TicketId, TicketState},
};

/// Why a request was not carried out.
///
/// The browser shows its sentence; the REST API maps it to a status and an error code. It never
/// repeats what the caller sent, so it can be logged and rendered as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    /// One or more fields are wrong; nothing was changed.
    #[error("{}", sentence_of(.0))]
    Invalid(Vec<FieldError>),
    /// The thing does not exist, or the caller may not know that it does.
    #[error("Nothing was found under that name.")]
    NotFound,
    /// No credentials, or wrong ones. The same for every reason.
    #[error("Sign in with a valid user name and password.")]
    Unauthenticated,
    /// The caller is known, but lacks the permission.
    #[error("You do not have the permission for this.")]
    NotPermitted,
    /// A rule forbids it, whatever the permissions.
    #[error("{0}")]
    Refused(Refusal),
    /// The present state does not allow it.
    #[error("{0}")]
    Conflict(Conflict),
    /// A limit was reached.
    #[error("Too many attempts. Try again in {}.", minutes(*.retry_after_seconds))]
    TooMany {
        /// Seconds until another attempt is worth making.
        retry_after_seconds: u32,
    },
    /// The database did not answer.
    #[error("The service is not available at the moment. Nothing was changed; try again shortly.")]
    Unavailable,
    /// A fault of ours. The log has the cause under the request id.
    #[error("Something went wrong on our side. Nothing was changed.")]
    Internal,
}

/// So many seconds in words: as whole minutes, that none is too early.
fn minutes(seconds: u32) -> String {
    match seconds.div_ceil(60) {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

impl Error {
    /// An error about a single field.
    pub fn field(field: impl Into<Cow<'static, str>>, problem: Problem) -> Self {
        Self::Invalid(vec![FieldError::new(field, problem)])
    }

    /// What is wrong with `field`, if this error is about it.
    pub fn about(&self, field: &str) -> Option<&Problem> {
        match self {
            Self::Invalid(fields) => fields
                .iter()
                .find(|error| error.field == field)
                .map(|error| &error.problem),
            _ => None,
        }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

fn sentence_of(fields: &[FieldError]) -> String {
    match fields {
        [] => "The request is not valid.".to_owned(),
        fields => fields
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The field as the caller knows it, e.g. `description`.
    pub field: Cow<'static, str>,
    /// What is wrong, and what is allowed.
    pub problem: Problem,
}

impl FieldError {
    /// Says that `field` has `problem`.
    pub fn new(field: impl Into<Cow<'static, str>>, problem: Problem) -> Self {
        Self {
            field: field.into(),
            problem,
        }
    }

    /// The same problem under another door's name for the field.
    #[must_use]
    pub fn named(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: field.into(),
            ..self
        }
    }
}

/// What can be wrong with a value. Each sentence names what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Problem {
    /// There is no value.
    #[error("A value is needed.")]
    Required,
    /// Longer than allowed, in characters.
    #[error("At most {max} characters are allowed.")]
    TooLong {
        /// The longest that is allowed.
        max: u32,
    },
    /// Shorter than allowed, in characters.
    #[error("At least {min} characters are needed.")]
    TooShort {
        /// The shortest that is allowed.
        min: u32,
    },
    /// Not of the form that is allowed.
    #[error("Must be {expected}.")]
    Malformed {
        /// The form, completing the sentence "Must be …".
        expected: Cow<'static, str>,
    },
    /// A date beyond what the policy allows.
    #[error("The latest date allowed is {}.", .latest.format("%Y-%m-%dT%H:%M:%SZ"))]
    TooLate {
        /// The latest end of validity, which is itself allowed.
        #[serde(with = "chrono::serde::ts_microseconds")]
        latest: Instant,
    },
    /// A number outside of what is allowed.
    #[error("A whole number from {min} to {max} is allowed.")]
    OutOfRange {
        /// The least that is allowed.
        min: u32,
        /// The greatest that is allowed.
        max: u32,
    },
    /// A date that is not in the future.
    #[error("The date must be in the future, at least one day from today.")]
    TooEarly,
    /// The field does not belong here.
    #[error("This field is not accepted here.")]
    NotAccepted,
    /// Among the passwords that attackers try first.
    #[error("This password is too common. Choose one that others would not.")]
    CommonPassword,
    /// The present password was not given correctly.
    #[error("This is not your present password.")]
    WrongPassword,
    /// The new password is the present one.
    #[error("The new password must differ from the present one.")]
    SamePassword,
    /// Two entries that must agree do not.
    #[error("The two entries differ.")]
    Differs,
    /// No such user, role or the like.
    #[error("There is none of that name.")]
    Unknown,
    /// The name is taken.
    #[error("There is one of that name already.")]
    Taken,
    /// A name that several have.
    #[error("Several have that name; name the domain too.")]
    Ambiguous,
}

impl Problem {
    /// Shorthand for [`Problem::Malformed`].
    pub const fn malformed(expected: &'static str) -> Self {
        Self::Malformed {
            expected: Cow::Borrowed(expected),
        }
    }
}

/// What no permission can buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Withheld from requests that an API key authenticated.
    #[error("This cannot be done with an API key. Sign in with your password.")]
    NotWithAKey,
    /// The account's first password must be replaced first.
    #[error("Choose your own password first.")]
    PasswordChangeNeeded,
    /// The policy asks for a second factor, and there is none yet.
    #[error("Set up a second factor first.")]
    SecondFactorNeeded,
    /// The request did not come from this application.
    #[error("The request did not come from this application. Reload the page and try again.")]
    CrossSite,
    /// Nobody would be left to administer.
    #[error("The last administrator cannot be disabled or removed.")]
    LastAdministrator,
    /// The owner signs in by SAML, which sets the expiry.
    #[error("The key of a user who signs in by SAML takes its expiry from that sign-in.")]
    SamlOwner,
    /// An administrator chose a later end for a SAML user's key than the sign-in would give.
    #[error("The policy does not allow a later end than the owner's SAML sign-in would give.")]
    LaterThanSaml,
    /// A SAML owner's key takes its expiry from a session at the web application.
    #[error("Sign in to the web application by SAML for this: the expiry comes from that session.")]
    NeedsSamlSession,
    /// The owner may do more than whoever asks.
    #[error(
        "The owner of this key may do more than you: only somebody with the same permissions can do this."
    )]
    OwnerMayDoMore,
    /// Nobody hands out what they do not hold.
    #[error("You cannot give a permission that you do not hold.")]
    RoleExceedsOwn,
    /// Nobody raises their own rights.
    #[error("You cannot change your own roles.")]
    OwnRoles,
    /// A message of an identity provider that does not hold.
    #[error(
        "The identity provider's message was not accepted. Your administrator finds the reason in the audit trail."
    )]
    SamlMessage,
    /// Users' keys are deleted, not revoked.
    #[error("Only the keys of service principals can be revoked. Delete this key instead.")]
    NotRevocable,
    /// Built in, not to be changed.
    #[error("This is system-defined and cannot be changed.")]
    SystemDefined,
    /// Nobody decides about what they asked for, under whatever name.
    #[error("Somebody else has to decide about this request.")]
    OwnTicket,
    /// Who asks, or who asked, cannot be made out.
    #[error("It is not known for sure that two different people are at work here.")]
    UnknownPerson,
    /// Fewer than two people could decide about requests.
    #[error(
        "At least two enabled users must be able to decide about requests. Give the approver's role to somebody first."
    )]
    TooFewApprovers,
    /// This takes approval, which cannot be asked for by this way.
    #[error("This needs the approval of a second person, which cannot be asked for here.")]
    NeedsApproval,
    /// Who has no password here decides soon after a sign-in only.
    #[error("Sign in again first: deciding takes a sign-in of the last ten minutes.")]
    SignInAgain,
}

impl Refusal {
    /// Whether it goes by what somebody holds or who they are, as a permission does.
    pub const fn is_permission(self) -> bool {
        matches!(
            self,
            Self::OwnerMayDoMore
                | Self::RoleExceedsOwn
                | Self::OwnRoles
                | Self::OwnTicket
                | Self::UnknownPerson
        )
    }
}

/// Which state stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Conflict {
    /// One key per user at a time.
    #[error("There is an API key already. Delete or reissue it instead of adding another.")]
    HasKey,
    /// An expired key is not editable.
    #[error("The API key has expired. Reissue it instead.")]
    Expired,
    /// A retiring key can only end.
    #[error("This API key was replaced and is about to end. Change the new one instead.")]
    Retiring,
    /// The key is not in a state that this can be done in.
    #[error("The API key is not active.")]
    NotActive,
    /// Somebody changed the thing since the caller looked at it.
    #[error("It was changed in the meantime. Look at the present state and decide again.")]
    Stale,
    /// A role that somebody holds is not deleted.
    #[error("The role is still given to somebody. Take it away first.")]
    RoleInUse,
    /// An identity provider by which somebody has an account is not removed.
    #[error("Somebody has an account by this identity provider. Switch it off instead.")]
    ProviderInUse,
    /// There is one of that name.
    #[error("There is one of that name already.")]
    NameTaken,
    /// There is a second factor.
    #[error("A second factor is set up already. Remove it first.")]
    FactorSetUp,
    /// The value was shown already, or too long ago.
    #[error("The value was shown already, or waited too long. It cannot be shown again.")]
    RevealGone,
    /// Something waits for approval; nothing else happens to the same thing meanwhile.
    #[error("Ticket {0} waits about this. Nothing else can be done until it is closed.")]
    TicketWaits(TicketId),
    /// The ticket is not in a state in which this can be done.
    #[error("The ticket is {}.", .0.as_str())]
    TicketIs(TicketState),
    /// What was approved is not what would be done now.
    #[error("It is not as it was when approval was asked for: {0}. Ask again.")]
    Drifted(Drift),
    /// The validity that was approved has ended before it began.
    #[error("The validity that was approved has ended already. Ask again.")]
    ApprovedEndPassed,
    /// Whoever asked is disabled or gone.
    #[error("Whoever asked for this has no account that works any more.")]
    RequesterGone,
    /// There are as many webhooks as there may be.
    #[error("There are as many webhooks as there may be. Remove one first.")]
    TooManyWebhooks,
    /// Nothing is sent by mail.
    #[error("No mail server is configured, so nothing is sent by mail.")]
    NoMailServer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire_whole() {
        let error = Error::Invalid(vec![
            FieldError::new("description", Problem::TooLong { max: 256 }),
            FieldError::new("expireAfterDays", Problem::malformed("P and days and D")),
        ]);
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<Error>(&text).unwrap(), error);
    }

    #[test]
    fn the_sentence_names_each_field_and_what_is_allowed() {
        let error = Error::field("description", Problem::TooLong { max: 256 });
        assert_eq!(
            error.to_string(),
            "description: At most 256 characters are allowed."
        );
        assert_eq!(
            error.about("description"),
            Some(&Problem::TooLong { max: 256 })
        );
        assert_eq!(error.about("expireAfterDays"), None);
    }

    #[test]
    fn a_problem_keeps_its_kind_under_another_name() {
        let problem = Problem::TooLong { max: 256 };
        let renamed = FieldError::new("description", problem.clone()).named("/data/description");
        assert_eq!(renamed, FieldError::new("/data/description", problem));
    }
}
