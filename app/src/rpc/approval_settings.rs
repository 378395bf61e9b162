//! What needs approval by a second person, on *Settings*.

#[cfg(feature = "ssr")]
use domain::error::{Error, FieldError, Problem};
use domain::{Instant, approval::Settings, ticket::TicketId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use service::tickets::{ApprovalChange, NewExemption};

use super::{Fault, Packed};

/// What the page of the approval settings shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalPage {
    /// The settings in force.
    pub settings: Settings,
    /// The ticket that waits about them. `None`: none does.
    pub waiting: Option<TicketId>,
    /// Whether whoever looks at them may change them.
    pub may_update: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// Where the page is.
#[cfg(feature = "ssr")]
const PAGE: &str = "/settings/approval";

/// The approval settings in force.
#[server(endpoint = "approval_page", output = Packed)]
pub async fn load_approval_page() -> Result<ApprovalPage, Fault> {
    use domain::operation::Operation;

    super::context::as_actor(async |services, actor| {
        let tickets = &services.tickets;
        Ok(ApprovalPage {
            settings: tickets.approval(&actor).await?,
            waiting: tickets.about_settings(&actor).await?,
            may_update: actor.is_offered(Operation::UpdateApproval),
            as_of: services.now(),
        })
    })
    .await
}

/// The settings as a form sends them. A box that is not ticked is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "what needs approval, and the fields of Settings"
)]
pub struct ApprovalEntries {
    pub create: String,
    pub update: String,
    pub delete: String,
    pub reissue: String,
    pub expiry_hours: String,
    pub purge_days: String,
    pub run_on_approval: String,
    pub mail: String,
    pub mail_to: String,
    pub reason: String,
}

/// Replaces what needs approval, for how long tickets are kept and who is told; who is exempt stays
/// as it is.
#[server(endpoint = "save_approval", output = Packed)]
pub async fn save_approval(
    /// What the form says.
    #[server(flatten)]
    entries: ApprovalEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};

    let saved = answer(async |scope| {
        let actor = scope.actor_for(&entries.reason)?;
        let now = scope.services.now();
        let change = |present: Settings| -> Result<ApprovalChange, Error> {
            let mut wanted = ApprovalChange::of(present, now);
            entries.enter(&mut wanted).map_err(Error::Invalid)?;
            Ok(wanted)
        };
        let changed = scope.services.tickets.change_approval(&actor, change);
        tell(
            &changed
                .await
                .map_err(|error| named_here(error, "emailTo", "mail_to"))?,
        );
        Ok(())
    })
    .await;
    saved.inspect_err(|fault| keep_entries::<SaveApproval>(fault, PAGE, &entries.all()))
}

#[cfg(feature = "ssr")]
impl ApprovalEntries {
    fn all(&self) -> [(&'static str, &str); 10] {
        [
            ("create", &self.create),
            ("update", &self.update),
            ("delete", &self.delete),
            ("reissue", &self.reissue),
            ("expiry_hours", &self.expiry_hours),
            ("purge_days", &self.purge_days),
            ("run_on_approval", &self.run_on_approval),
            ("mail", &self.mail),
            ("mail_to", &self.mail_to),
            ("reason", &self.reason),
        ]
    }

    /// Enters what these stand for, or tells everything that stands for nothing.
    fn enter(&self, into: &mut ApprovalChange) -> Result<(), Vec<FieldError>> {
        use domain::approval::{EXPIRY_HOURS, KeyAction, PURGE_DAYS, mail_addresses};

        let mut wrong = Vec::new();
        let mut number = |field, text: &str, range: std::ops::RangeInclusive<u32>| {
            let number = text.trim().parse().ok();
            number
                .filter(|number| range.contains(number))
                .unwrap_or_else(|| {
                    let (min, max) = (*range.start(), *range.end());
                    wrong.push(FieldError::new(field, Problem::OutOfRange { min, max }));
                    min
                })
        };
        into.expiry_hours = number("expiry_hours", &self.expiry_hours, EXPIRY_HOURS);
        into.purge_days = number("purge_days", &self.purge_days, PURGE_DAYS);
        into.run_on_approval = self.run_on_approval == "true";
        into.mail = self.mail == "true";
        into.mail_to = mail_addresses(&self.mail_to);
        let actions = [
            (&self.create, KeyAction::Create),
            (&self.update, KeyAction::Update),
            (&self.delete, KeyAction::Delete),
            (&self.reissue, KeyAction::Reissue),
        ];
        let ticked = actions.into_iter().filter(|(ticked, _)| *ticked == "true");
        into.actions = ticked.map(|(_, action)| action).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// An exemption as a form sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExemptionEntries {
    /// Who: the name.
    pub user_name: String,
    /// The domain. Empty: a local account without one.
    pub domain: String,
    /// How they sign in.
    pub domain_type: String,
    /// For what.
    pub action: String,
    /// Why.
    pub why: String,
    /// The last day, UTC. Empty: until it is taken away.
    pub until: String,
    /// Why it is asked for, for whoever approves it.
    pub reason: String,
}

/// Exempts somebody; once approval is on, by a ticket.
#[server(endpoint = "exempt_user", output = Packed)]
pub async fn exempt_user(
    /// What the form says.
    #[server(flatten)]
    entries: ExemptionEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};

    let exempted = answer(async |scope| {
        let actor = scope.actor_for(&entries.reason)?;
        let now = scope.services.now();
        let change = |present: Settings| -> Result<ApprovalChange, Error> {
            let mut wanted = ApprovalChange::of(present, now);
            let exemption = entries.exemption(now).map_err(Error::Invalid)?;
            wanted.exemptions.push(exemption);
            Ok(wanted)
        };
        let changed = scope.services.tickets.change_approval(&actor, change);
        tell(
            &changed
                .await
                .map_err(|error| named_here(error, "exemptedUsers", "user_name"))?,
        );
        Ok(())
    })
    .await;
    exempted.inspect_err(|fault| keep_entries::<ExemptUser>(fault, PAGE, &entries.all()))
}

#[cfg(feature = "ssr")]
impl ExemptionEntries {
    fn all(&self) -> [(&'static str, &str); 7] {
        [
            ("user_name", &self.user_name),
            ("domain", &self.domain),
            ("domain_type", &self.domain_type),
            ("action", &self.action),
            ("why", &self.why),
            ("until", &self.until),
            ("reason", &self.reason),
        ]
    }

    /// The exemption that these stand for, or everything that stands for nothing.
    fn exemption(&self, now: Instant) -> Result<NewExemption, Vec<FieldError>> {
        use domain::{
            approval::{KeyAction, check_reason},
            principal::{DomainType, Principal},
        };

        let mut wrong = Vec::new();
        let domain_type = self.domain_type.parse().unwrap_or(DomainType::Unixpwd);
        let user = Principal::new(domain_type, &self.domain, &self.user_name)
            .map_err(|(_, problem)| wrong.push(FieldError::new("user_name", problem)));
        let action = KeyAction::from_name(&self.action);
        if action.is_none() {
            wrong.push(FieldError::new("action", Problem::NotAccepted));
        }
        let reason = check_reason(&self.why).map_err(|error| wrong.push(error.named("why")));
        let until = match crate::validity::end_of_day(&self.until) {
            Some(end) if end > now => Ok(Some(end)),
            None if self.until.is_empty() => Ok(None),
            _ => {
                let expected = Problem::malformed("a date from today on");
                wrong.push(FieldError::new("until", expected));
                Err(())
            }
        };
        match (user, action, reason, until) {
            (Ok(user), Some(action), Ok(reason), Ok(until)) => Ok(NewExemption {
                user,
                action,
                reason,
                until,
            }),
            _ => Err(wrong),
        }
    }
}

/// Takes an exemption away; once approval is on, by a ticket.
#[server(endpoint = "end_exemption", output = Packed)]
pub async fn end_exemption(
    /// Whose: the number of the account.
    #[server(default)]
    user: String,
    /// For what.
    #[server(default)]
    action: String,
) -> Result<(), Fault> {
    super::context::answer(async |scope| {
        let now = scope.services.now();
        let change = |mut present: Settings| {
            let before = present.exemptions.len();
            present.exemptions.retain(|exemption| {
                exemption.user.id.to_string() != user || exemption.action.as_str() != action
            });
            if present.exemptions.len() == before {
                return Err(Error::NotFound);
            }
            Ok(ApprovalChange::of(present, now))
        };
        let tickets = &scope.services.tickets;
        let changed = tickets.change_approval(scope.actor()?, change);
        tell(&changed.await?);
        Ok(())
    })
    .await
}

/// Leads on to what has become of a change.
#[cfg(feature = "ssr")]
fn tell(outcome: &service::Outcome<()>) {
    match outcome {
        service::Outcome::Done(()) => leptos_axum::redirect(&format!("{PAGE}?notice=saved")),
        service::Outcome::Waits(waiting) => super::context::tell_request(*waiting),
    }
}

/// What is wrong with all of them, under the name of the form's field: with exemptions, it is wrong
/// with the one that is new.
#[cfg(feature = "ssr")]
fn named_here(error: Error, all: &str, here: &'static str) -> Error {
    match error {
        Error::Invalid(fields) => {
            let fields = fields.into_iter().map(|field| {
                if field.field == all {
                    field.named(here)
                } else {
                    field
                }
            });
            Error::Invalid(fields.collect())
        }
        other => other,
    }
}
