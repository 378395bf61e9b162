//! The use cases' column: what every door calls, with the actor that each means makes; with
//! [`Actor::console`] it is the command line's.

use domain::{
    error::Error,
    expiry::Validity,
    notice::Choice,
    operation::Operation,
    permission::{Grants, Whose},
    policy::Policy,
};
use service::{
    audit::RecordQuery,
    keys::{KeyEdit, NewKey, Reissue},
    roles::RoleChange,
    users::NewUser,
};

use super::{
    Cell, Offer,
    stage::{DAYS, HARMLESS, Stage},
};
use crate::support::local;

/// The table: which use case an operation is. A new operation does not compile until it is
/// decided.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) async fn ask(stage: &Stage, cell: Cell) -> Offer<Result<(), Error>> {
    let actor = &stage.actor(cell).await;
    let services = &stage.app.harness.services;
    let (keys, users, roles) = (&services.keys, &services.users, &services.roles);
    let number = stage.next();
    let validity = Validity::days(DAYS).ok();
    let done = match cell.operation {
        Operation::ViewKey => keys
            .get(actor, &stage.tag(cell.whose).await)
            .await
            .map(drop),
        Operation::CreateKey => {
            let wanted = NewKey {
                owner: (cell.whose == Whose::Others).then(|| local("kim")),
                validity,
                ..NewKey::default()
            };
            keys.create(actor, wanted).await.map(drop)
        }
        Operation::UpdateKey => {
            let edit = KeyEdit {
                description: Some(number.to_string()),
                ..KeyEdit::default()
            };
            keys.update(actor, &stage.tag(cell.whose).await, edit)
                .await
                .map(drop)
        }
        Operation::DeleteKey => keys
            .delete(actor, &stage.tag(cell.whose).await, None)
            .await
            .map(drop),
        Operation::ReissueKey => {
            let wanted = Reissue {
                validity,
                ..Reissue::default()
            };
            keys.reissue(actor, &stage.tag(cell.whose).await, wanted)
                .await
                .map(drop)
        }
        Operation::RevokeKey => keys
            .revoke(actor, &stage.tag(cell.whose).await)
            .await
            .map(drop),
        Operation::ViewUsers => users.list(actor).await.map(drop),
        Operation::CreateUser => {
            let wanted = NewUser {
                principal: local(&format!("user{number}")),
                roles: Vec::new(),
                password: Some("a password of their own".to_owned().into()),
            };
            users.add(actor, wanted).await.map(drop)
        }
        Operation::DisableUser => users.disable(actor, &local("kim")).await,
        Operation::SetPassword => {
            let password = format!("a password for kim {number}").into();
            users.set_password(actor, &local("kim"), password).await
        }
        Operation::ChangeOwnPassword => {
            let current = stage.player(cell).password.clone().into();
            users
                .change_password(actor, current, stage.other_password().into())
                .await
        }
        Operation::EndOwnSessions => services.sessions.end_others(actor).await.map(drop),
        Operation::ViewRoles => roles.list(actor).await.map(drop),
        Operation::CreateRole => roles.add(actor, role(number)).await.map(drop),
        Operation::UpdateRole => roles
            .update(actor, stage.target, role(number))
            .await
            .map(drop),
        Operation::DeleteRole => roles.delete(actor, stage.target).await,
        Operation::AssignRoles => {
            roles
                .assign(actor, &local("kim"), &[HARMLESS.to_owned()], &[])
                .await
        }
        Operation::ViewAudit => {
            let query = RecordQuery {
                limit: 1,
                ..RecordQuery::default()
            };
            services.audit_records(actor, &query).await.map(drop)
        }
        Operation::ViewPolicy => services.view_policy(actor).await.map(drop),
        Operation::UpdatePolicy => services.set_policy(actor, &policy(number)).await,
        Operation::ViewTickets | Operation::DecideTicket => {
            return Offer::NotHere("played in `tickets`: it takes tickets of several people");
        }
        Operation::ViewApproval => services.tickets.approval(actor).await.map(drop),
        Operation::UpdateApproval => {
            let wanted = service::testing::approval(&[], 24 + number % 100);
            services.tickets.set_approval(actor, wanted).await.map(drop)
        }
        Operation::UseNotices => {
            let choice = Choice {
                address: format!("ann{number}@example.org"),
                ..Choice::default()
            };
            services.notices.choose(actor, choice).await
        }
        Operation::ViewNotifying => services.notices.webhooks(actor).await.map(drop),
        Operation::UpdateNotifying => {
            let (url, events) = ("https://hooks.example.org/", ["key.deleted".to_owned()]);
            let added = services.notices.add_webhook(actor, url, &events).await;
            added.map(drop)
        }
    };
    Offer::Call(done)
}

fn policy(number: u32) -> Policy {
    Policy {
        tombstone_days: 1 + number % 300,
        ..Policy::default()
    }
}

fn role(number: u32) -> RoleChange {
    RoleChange {
        name: format!("Role {number}"),
        description: String::new(),
        grants: Grants::NONE,
    }
}
