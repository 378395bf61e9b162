//! Deciding in a browser: who somebody is has to be shown once more.

use domain::{
    error::{FieldError, Problem, Refusal},
    ticket::{Again, Move},
};
use secrecy::{ExposeSecret, SecretString};
use service::{
    on_both_databases,
    testing::{PASSWORD, totp},
};

use super::*;
use crate::{audit::records, store::execute};

fn typed(text: &str) -> SecretString {
    text.to_owned().into()
}

fn wrong() -> Error {
    FieldError::new("password", Problem::WrongPassword).into()
}

on_both_databases! {
    /// M1, W13: a session alone decides nothing; wrong passwords count, the right one does not help
    /// once there were too many, and nothing changed.
    async fn a_decision_takes_the_password_once_more(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        assert_eq!(tickets.again(&stage.eve).await, Ok(Again::Password));
        for password in ["", "not the password"] {
            let told = tickets.decide_again(&stage.eve, id, Move::Approve, "", &typed(password)).await;
            assert_eq!(told.unwrap_err(), wrong());
        }
        assert_eq!(stage.state(id).await, TicketState::Pending);
        let trail = records(&stage.harness).await;
        let last = trail.last().unwrap();
        assert_eq!((&*last.action, &*last.outcome), ("ticket.approve", "refused"));
        // What is wrong besides costs no attempt.
        let right = typed(PASSWORD);
        for _ in 0..12 {
            let told = tickets.decide_again(&stage.eve, id, Move::Reject, " ", &right).await;
            let missing = FieldError::new("comment", Problem::Required);
            assert_eq!(told.unwrap_err(), missing.into());
        }
        let done = tickets.decide_again(&stage.eve, id, Move::Approve, "go on", &right).await;
        assert_eq!(done.unwrap().state, TicketState::Approved);
        let said = tickets.history(&stage.bob, id).await.unwrap();
        assert_eq!(said.last().unwrap().comment, "go on");

        let made = stage.services().keys.create(&stage.pat, new_key()).await;
        let other = made.unwrap().ticket();
        for _ in 0..10 {
            let told = tickets.decide_again(&stage.eve, other, Move::Approve, "", &typed("x")).await;
            assert_eq!(told.unwrap_err(), wrong());
        }
        let told = tickets.decide_again(&stage.eve, other, Move::Approve, "", &right).await;
        assert!(matches!(told, Err(Error::TooMany { .. })), "{told:?}");
        assert_eq!(stage.state(other).await, TicketState::Pending);
        // The right password of somebody who may not decide is not even looked at.
        let told = tickets.decide_again(&stage.bob, other, Move::Approve, "", &right).await;
        assert_eq!(told.unwrap_err(), Error::NotPermitted);
    }

    /// A code of the second factor does as well as the password, once.
    async fn a_code_does_as_well_and_once(harness: Harness) {
        let stage = Stage::on(harness).await;
        let (tickets, factors) = (&stage.services().tickets, &stage.services().second_factors);
        let enrolment = factors.begin(&stage.eve).await.unwrap();
        let secret = enrolment.secret.expose_secret().to_owned();
        let code = || totp(&secret, stage.services().now());
        factors.confirm(&stage.eve, &code()).await.unwrap();
        assert_eq!(tickets.again(&stage.eve).await, Ok(Again::PasswordOrCode));
        stage.wait(TimeDelta::minutes(1));
        let id = stage.ask().await;
        let used = code();
        let done = tickets.decide_again(&stage.eve, id, Move::Reject, "no", &typed(&used)).await;
        assert_eq!(done.unwrap().state, TicketState::Rejected);
        let id = stage.ask().await;
        let told = tickets.decide_again(&stage.eve, id, Move::Approve, "", &typed(&used)).await;
        assert_eq!(told.unwrap_err(), wrong());
        let done = tickets.decide_again(&stage.eve, id, Move::Approve, "", &typed(PASSWORD)).await;
        assert_eq!(done.unwrap().state, TicketState::Approved);
    }

    /// M1: who has no password here must have signed in within the last ten minutes.
    async fn a_saml_user_decides_soon_after_a_sign_in_only(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let ida = stage.harness.add_saml_user("ida").await;
        let role = format!("insert into user_role (user_id, role_id) values ({}, 3)", ida.id);
        execute(&stage.harness, &role).await.unwrap();
        let id = stage.ask().await;
        let (_, actor) = stage.harness.saml_session(&ida, None).await;
        stage.wait(TimeDelta::minutes(10));
        assert_eq!(tickets.again(&actor).await, Ok(Again::SignIn));
        let nothing = typed("");
        let told = tickets.decide_again(&actor, id, Move::Approve, "", &nothing).await;
        assert_eq!(told.unwrap_err(), Error::Refused(Refusal::SignInAgain));
        assert_eq!(stage.state(id).await, TicketState::Pending);
        let (_, actor) = stage.harness.saml_session(&ida, None).await;
        assert_eq!(tickets.again(&actor).await, Ok(Again::SignedIn));
        let done = tickets.decide_again(&actor, id, Move::Approve, "", &nothing).await;
        assert_eq!(done.unwrap().state, TicketState::Approved);
    }
}
