//! The approval settings. Once approval is on, changing them needs it too, whoever asks (M9).

use std::collections::BTreeSet;

use domain::{
    Instant,
    approval::{Exemption, KeyAction, Settings},
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    operation::Operation,
    permission::Whose,
    principal::{DomainType, Principal},
    ticket::{Drift, Proposal, SettingsProposal, check_comment},
};
use serde_json::json;

use super::{Tickets, people::require_deciders, told};
use crate::{
    Actor, Outcome, Via,
    fault::Fault,
    operation::Step,
    store::{Conn, Tx, approval as store},
    users::find,
};

/// Settings that somebody wants.
#[derive(Debug, Clone)]
pub struct ApprovalChange {
    /// What needs approval.
    pub actions: BTreeSet<KeyAction>,
    /// How long a ticket waits, in hours.
    pub expiry_hours: u32,
    /// How long a closed ticket is kept, in days.
    pub purge_days: u32,
    /// Whether an update or a deletion is carried out by its approval.
    pub run_on_approval: bool,
    /// Whether tickets are told by mail.
    pub mail: bool,
    /// Whom else they are told to.
    pub mail_to: Vec<String>,
    /// Who needs no approval for what.
    pub exemptions: Vec<NewExemption>,
}

impl ApprovalChange {
    /// Settings as they are. Exemptions that are over go: no settings can have them anew.
    pub fn of(settings: Settings, now: Instant) -> Self {
        let exemptions = settings.exemptions.into_iter();
        let in_force =
            exemptions.filter(|exemption| exemption.until.is_none_or(|until| now < until));
        Self {
            actions: settings.actions,
            expiry_hours: settings.expiry_hours,
            purge_days: settings.purge_days,
            run_on_approval: settings.run_on_approval,
            mail: settings.mail,
            mail_to: settings.mail_to,
            exemptions: in_force
                .map(|exemption| NewExemption {
                    user: exemption.user.principal,
                    action: exemption.action,
                    reason: exemption.reason,
                    until: exemption.until,
                })
                .collect(),
        }
    }
}

/// An exemption that somebody wants.
#[derive(Debug, Clone)]
pub struct NewExemption {
    /// Who.
    pub user: Principal,
    /// For what.
    pub action: KeyAction,
    /// Why.
    pub reason: String,
    /// Until when. `None`: until it is taken away.
    pub until: Option<Instant>,
}

impl Tickets {
    /// The approval settings in force.
    ///
    /// # Errors
    /// No permission.
    pub async fn approval(&self, actor: &Actor) -> Result<Settings, Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewApproval, whose, "approval settings")
            .await?;
        let mut reader = core.db.reader().await?;
        Ok(store::get(&mut reader.conn()).await?)
    }

    /// Replaces the approval settings; once approval is on, by a ticket.
    ///
    /// # Errors
    /// Wrong fields (see [`Settings::checked`]); no permission; [`domain::error::Refusal::TooFewApprovers`];
    /// [`Conflict::TicketWaits`].
    pub async fn set_approval(
        &self,
        actor: &Actor,
        wanted: ApprovalChange,
    ) -> Result<Outcome<()>, Error> {
        self.change_approval(actor, |_| Ok(wanted)).await
    }

    /// The same by what becomes of the settings in force, which nobody else changes meanwhile.
    ///
    /// # Errors
    /// As [`Tickets::set_approval`], and what `change` says.
    pub async fn change_approval(
        &self,
        actor: &Actor,
        change: impl FnOnce(Settings) -> Result<ApprovalChange, Error> + Send,
    ) -> Result<Outcome<()>, Error> {
        let result = self.try_set(actor, change).await;
        self.core
            .recording_refusal(actor, result, Action::ApprovalChanged, "approval settings")
            .await
    }

    async fn try_set(
        &self,
        actor: &Actor,
        change: impl FnOnce(Settings) -> Result<ApprovalChange, Error> + Send,
    ) -> Result<Outcome<()>, Fault> {
        actor.may(Operation::UpdateApproval)?;
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        let before = store::lock(&mut tx.conn()).await?;
        let wanted = change(before.clone())?;
        let after = resolved(&mut tx.conn(), wanted, core.clock.now()).await?;
        let step = self.set_in(&mut tx, actor, before, after).await?;
        core.finish(tx, actor, step).await
    }

    async fn set_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        before: Settings,
        after: Settings,
    ) -> Result<Step<()>, Fault> {
        let core = &*self.core;
        if before == after {
            return Ok(Step::Unchanged(()));
        }
        let on = before.is_on();
        let change = SettingsProposal { before, after };
        if !on {
            let event = self.apply(tx, &change).await?;
            return Ok(Step::Done((), event));
        }
        if change.after.is_on() {
            require_deciders(&mut tx.conn()).await?;
        }
        let settings = change.before.clone();
        let proposal = Proposal::Settings(change);
        core.refuse_beside(&mut tx.conn(), &proposal.subject())
            .await?;
        let (waiting, event) = core
            .ask_approval(tx, actor, &proposal, true, &settings)
            .await?;
        Ok(Step::Asked(waiting, event))
    }

    /// Changes the settings as approved, within a transaction that goes on to record it.
    pub(super) async fn change_settings(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        change: &SettingsProposal,
    ) -> Result<Event, Fault> {
        actor.may(Operation::UpdateApproval)?;
        let present = store::lock(&mut tx.conn()).await?;
        if present != change.before {
            return Err(Error::Conflict(Conflict::Drifted(Drift::Settings)).into());
        }
        self.apply(tx, change).await
    }

    async fn apply(&self, tx: &mut Tx, change: &SettingsProposal) -> Result<Event, Fault> {
        let conn = &mut tx.conn();
        if change.after.is_on() {
            require_deciders(conn).await?;
        }
        store::set(conn, &change.after).await?;
        Ok(Event::done(Action::ApprovalChanged, "approval settings")
            .before(told::settings(&change.before))
            .after(told::settings(&change.after)))
    }

    /// Switches approval off at the console, without approval: for whoever runs the machine, when
    /// nobody is left who could approve. It is recorded as what it is (ADR 23).
    ///
    /// # Errors
    /// Not at the console; `reason` is missing or wrong.
    pub async fn override_approval(&self, actor: &Actor, reason: &str) -> Result<bool, Error> {
        let result = self.try_override(actor, reason).await;
        self.core
            .recording_refusal(
                actor,
                result,
                Action::ApprovalOverridden,
                "approval settings",
            )
            .await
    }

    async fn try_override(&self, actor: &Actor, reason: &str) -> Result<bool, Fault> {
        if actor.via != Via::Console {
            return Err(Error::NotPermitted.into());
        }
        let reason = check_comment(reason).map_err(|error| error.named("reason"))?;
        if reason.is_empty() {
            return Err(FieldError::new("reason", Problem::Required).into());
        }
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let before = store::lock(conn).await?;
        if !before.is_on() {
            return Ok(false);
        }
        let after = Settings {
            actions: BTreeSet::new(),
            ..before.clone()
        };
        store::set(conn, &after).await?;
        let mut told_after = told::settings(&after);
        told_after["reason"] = json!(reason);
        let event = Event::done(Action::ApprovalOverridden, "approval settings")
            .before(told::settings(&before))
            .after(told_after);
        core.commit(tx, actor, &event).await?;
        tracing::warn!("approval by a second person was switched off at the console");
        Ok(true)
    }
}

/// The settings with the accounts that they name.
async fn resolved(
    conn: &mut Conn<'_>,
    wanted: ApprovalChange,
    now: Instant,
) -> Result<Settings, Fault> {
    let wrong = |problem| FieldError::new("exemptedUsers", problem);
    let mut exemptions = Vec::new();
    for exemption in wanted.exemptions {
        let user = find(conn, &exemption.user)
            .await
            .map_err(|fault| match fault {
                Fault::Told(Error::Invalid(_)) => wrong(Problem::Unknown).into(),
                other => other,
            })?;
        let user = user.identity()?;
        if user.principal.domain_type == DomainType::Nbsp {
            return Err(wrong(Problem::malformed("people, not service principals")).into());
        }
        if exemption.until.is_some_and(|until| until <= now) {
            return Err(wrong(Problem::malformed("with an end in the future, or none")).into());
        }
        exemptions.push(Exemption {
            user,
            action: exemption.action,
            reason: exemption.reason,
            until: exemption.until,
        });
    }
    let settings = Settings {
        actions: wanted.actions,
        expiry_hours: wanted.expiry_hours,
        purge_days: wanted.purge_days,
        run_on_approval: wanted.run_on_approval,
        mail: wanted.mail,
        mail_to: wanted.mail_to,
        exemptions,
    };
    Ok(settings.checked().map_err(Error::Invalid)?)
}
