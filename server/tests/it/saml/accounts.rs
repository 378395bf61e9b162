//! Whose account an answer opens, and what a group may give and take.

use domain::{
    principal::{DomainType, Principal},
    saml::{GroupRole, ProviderSettings, TRANSIENT},
};
use service::{Actor, saml::idp::Statement};

use super::{
    Stage,
    stage::{session_of, settings},
};

const ADMINISTRATOR: &str = "Administrator";
const APPROVER: &str = "Default Multi-Person Authorization Approver";

fn by_attribute() -> ProviderSettings {
    ProviderSettings {
        user_attribute: "uid".to_owned(),
        ..settings()
    }
}

/// Anna by her attribute, with that subject.
fn anna_as(name_id: &str, format: Option<&str>) -> impl FnOnce(&mut Statement) {
    let (name_id, format) = (name_id.to_owned(), format.map(str::to_owned));
    move |statement| {
        statement.name_id = name_id;
        if let Some(format) = format {
            statement.name_id_format = format;
        }
        statement.attributes = vec![("uid".to_owned(), vec!["anna".to_owned()])];
    }
}

fn in_groups(groups: &[&str]) -> impl FnOnce(&mut Statement) + use<> {
    let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
    move |statement| statement.attributes.push(("groups".to_owned(), groups))
}

fn mapped() -> ProviderSettings {
    let line = |group: &str, role: &str| GroupRole {
        group: group.to_owned(),
        role: role.to_owned(),
    };
    ProviderSettings {
        group_roles: vec![line("admins", ADMINISTRATOR), line("approvers", APPROVER)],
        ..settings()
    }
}

impl Stage {
    /// What comes of an answer that is changed before it is signed, at the end of its way.
    async fn try_to_sign_in(&self, change: impl FnOnce(&mut Statement)) -> crate::support::Answer {
        let browser = self.begin().await;
        let mut statement = self.statement(&browser.asked);
        change(&mut statement);
        let answer = self.idp.respond(&statement).unwrap();
        let landing = self.answer(&browser, &answer).await;
        self.follow(&landing, &browser.cookie).await
    }

    async fn roles_of(&self, name: &str) -> Vec<String> {
        let held = format!(
            "select r.name from user_role g join role r on r.id = g.role_id \
             join app_user u on u.id = g.user_id where u.name = '{name}' order by r.id"
        );
        self.app.select(&held).await.into_iter().flatten().collect()
    }
}

service::on_both_databases! {
    /// L11: a subject that does not last opens no account that belongs to one that does, and the
    /// first that lasts may come later.
    async fn a_transient_subject_does_not_open_a_bound_account(harness: Harness) {
        let stage = Stage::on(harness, by_attribute()).await;
        session_of(&stage.try_to_sign_in(anna_as("t-1", Some(TRANSIENT))).await);
        session_of(&stage.try_to_sign_in(anna_as("t-2", Some(TRANSIENT))).await);
        session_of(&stage.try_to_sign_in(anna_as("n-1", None)).await);
        for (name_id, format) in [("t-3", Some(TRANSIENT)), ("n-2", None)] {
            let sessions = stage.app.rows("session").await;
            let refused = stage.try_to_sign_in(anna_as(name_id, format)).await;
            assert_eq!(refused.status, 403, "{name_id}");
            let cause = stage.app.latest_record("cause").await.unwrap();
            assert!(cause.contains("belongs to another subject"), "{cause}");
            // Validated, so it may be said whom it names.
            let after = stage.app.latest_record("state_after").await.unwrap();
            assert_eq!(after, format!(r#"{{"nameId":"{name_id}","userName":"anna"}}"#));
            assert_eq!(stage.app.rows("session").await, sessions);
        }
        session_of(&stage.try_to_sign_in(anna_as("n-1", None)).await);
        assert_eq!(stage.app.rows("saml_user").await, 1);
    }

    /// What an administrator decided about a role is no group's to take back.
    async fn an_administrator_s_decision_outlives_the_group(harness: Harness) {
        let stage = Stage::on(harness, mapped()).await;
        let roles = &stage.app.harness.services.roles;
        let anna = Principal::new(DomainType::Saml, "idp", "anna").unwrap();
        let approver = [APPROVER.to_owned()];
        stage.sign_in(in_groups(&["approvers"])).await;
        assert_eq!(stage.roles_of("anna").await, approver);
        // Given once more, by hand.
        roles.assign(&Actor::console(), &anna, &approver, &[]).await.unwrap();
        stage.sign_in(in_groups(&[])).await;
        assert_eq!(stage.roles_of("anna").await, approver);
        // Taken by hand and given by the group again: the group's.
        roles.assign(&Actor::console(), &anna, &[], &approver).await.unwrap();
        stage.sign_in(in_groups(&["approvers"])).await;
        assert_eq!(stage.roles_of("anna").await, approver);
        stage.sign_in(in_groups(&[])).await;
        assert_eq!(stage.roles_of("anna").await, Vec::<String>::new());
    }

    /// A6: two administrators lose their group at the same time; one of them stays one.
    async fn two_who_lose_their_group_at_once_leave_an_administrator(harness: Harness) {
        let stage = Stage::on(harness, mapped()).await;
        let named = |name: &'static str, groups: &[&str]| {
            let group = in_groups(groups);
            move |statement: &mut Statement| {
                statement.name_id = name.to_owned();
                group(statement);
            }
        };
        for _ in 0..5 {
            for name in ["anna", "ben"] {
                stage.sign_in(named(name, &["admins"])).await;
            }
            let (one, other) = tokio::join!(
                stage.sign_in(named("anna", &[])),
                stage.sign_in(named("ben", &[])),
            );
            assert!(stage.actor(&one).await.is_some() && stage.actor(&other).await.is_some());
            let left = [stage.roles_of("anna").await, stage.roles_of("ben").await];
            assert_eq!(left.concat(), [ADMINISTRATOR], "{left:?}");
        }
    }

    /// Two windows of one browser sign in, one after the other.
    async fn another_window_of_the_same_browser_arrives_as_well(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let first = stage.begin().await;
        let path = "/netbackup/sso/login?provider=idp";
        let cookie = [("cookie", &*first.cookie)];
        let second = stage.app.anonymous().send(http::Method::GET, path, &cookie, "").await;
        let kept = second.header("set-cookie");
        assert!(kept.starts_with(&format!("{};", first.cookie)), "{kept}");
        assert!(kept.ends_with("; Max-Age=900"), "{kept}");
        let landing = stage.answer(&first, &stage.good(&first)).await;
        let arrived = stage.follow(&landing, &first.cookie).await;
        session_of(&arrived);
        let changed: Vec<_> = arrived.headers.get_all("set-cookie").iter().collect();
        assert!(changed.iter().all(|cookie| !cookie.to_str().unwrap().starts_with("latchkey-saml=")));
    }

    /// S18: a session that was over when the browser came, though not when the answer did.
    async fn a_session_that_is_over_meanwhile_signs_nobody_in(harness: Harness) {
        let stage = Stage::on(harness, settings()).await;
        let now = stage.app.harness.services.now();
        let browser = stage.begin().await;
        let mut statement = stage.statement(&browser.asked);
        // Past, but within the skew.
        statement.session_end = Some(now - chrono::TimeDelta::seconds(20));
        let landing = stage.answer(&browser, &stage.idp.respond(&statement).unwrap()).await;
        assert_eq!(landing.status, 303, "{}", landing.text());
        let arrived = stage.follow(&landing, &browser.cookie).await;
        stage.is_refused(&arrived, "SessionNotOnOrAfter").await;
    }
}
