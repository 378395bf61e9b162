//! The people and things that the cells act with and on.

use std::{cell::Cell as Counter, fmt::Write};

use domain::{
    approval::KeyAction,
    expiry::Validity,
    key::Tag,
    operation::{Means, Operation},
    permission::{Grants, Whose},
    principal::{DomainType, Principal},
};
use serde_json::json;
use service::{
    Actor,
    keys::NewKey,
    roles::{RoleChange, SelfServiceOf},
    testing::{Harness, PASSWORD, approval, origin},
};

use super::{Cell, Held};
use crate::support::{App, local, login};

/// The role whose grants change from cell to cell.
const ROLE: &str = "Cell";
/// A role that grants nothing, to be given away.
pub(super) const HARMLESS: &str = "Harmless";
/// What is asked for, unless something else is in the way.
pub(super) const DAYS: u64 = 30;

/// Somebody with every means.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) password: String,
    pub(super) cookie: String,
    pub(super) token: String,
    /// The key's value, and a token that was got with it. Empty: no key.
    pub(super) key: String,
    key_token: String,
}

pub(super) struct Stage {
    pub(super) app: App,
    role: i64,
    /// Acts; has a key.
    pub(super) ann: Person,
    /// Acts where a key would be in the way, or sessions end.
    pub(super) abe: Person,
    /// The role that is changed and deleted.
    pub(super) target: i64,
    /// The role that is given away.
    pub(super) harmless: i64,
    /// Whether everything that can need approval does.
    pub(super) approval: bool,
    /// What [`Stage::state`] said last, while it is still so.
    pub(super) seen: Option<Vec<Option<String>>>,
    /// Makes every request differ from the one before.
    count: Counter<u32>,
}

impl Stage {
    /// Ken has a key, kim has none; ann and abe hold [`ROLE`] and nothing else.
    pub(super) async fn set(harness: Harness) -> Self {
        let app = App::on(harness);
        let console = Actor::console();
        let role = |name: &str| RoleChange {
            name: name.to_owned(),
            description: String::new(),
            grants: Grants::NONE,
        };
        let roles = &app.harness.services.roles;
        let cell = roles.add(&console, role(ROLE)).await.unwrap().id;
        let harmless = roles.add(&console, role(HARMLESS)).await.unwrap().id;
        for name in ["ken", "kim"] {
            app.harness.add_user(name, &[]).await;
        }
        for name in ["ann", "abe"] {
            app.harness.add_user(name, &[ROLE]).await;
        }
        let (ann, abe) = (person(&app, "ann").await, person(&app, "abe").await);
        // Whose password somebody may set must not hold more than they do.
        let kim = SelfServiceOf::User(local("kim"));
        let withdrawn = roles.set_self_service(&console, &kim, false).await;
        withdrawn.unwrap();
        let mut stage = Self {
            app,
            role: cell,
            ann,
            abe,
            target: 0,
            harmless,
            approval: false,
            seen: None,
            count: Counter::new(0),
        };
        stage.make_key("ken").await;
        stage.give_ann_a_key().await;
        stage.make_target().await;
        stage
    }

    /// From now on everything that can need approval does. Eve and pat could give it.
    pub(super) async fn switch_approval_on(&mut self) {
        for name in ["eve", "pat"] {
            let role = ["Default Multi-Person Authorization Approver"];
            self.app.harness.add_user(name, &role).await;
        }
        let wanted = approval(&KeyAction::SWITCHED, 72);
        let tickets = &self.app.harness.services.tickets;
        let done = tickets.set_approval(&Actor::console(), wanted).await;
        done.unwrap().done();
        self.approval = true;
    }

    /// How many tickets wait; they wait no more.
    pub(super) async fn take_tickets(&self) -> u64 {
        let waiting = self.app.rows("ticket where state = 'PENDING'").await;
        if waiting > 0 {
            // Without a trace: the trail is looked at afterwards.
            let taken = self.app.select("delete from ticket returning state").await;
            assert_eq!(taken.len(), waiting);
        }
        waiting as u64
    }

    /// Ann and abe hold this from now on.
    pub(super) async fn hold(&mut self, held: Held) {
        self.seen = None;
        let (console, roles) = (Actor::console(), &self.app.harness.services.roles);
        let grants = match held {
            Held::Role(grants) => grants,
            Held::SelfService => Grants::NONE,
        };
        let wanted = RoleChange {
            name: ROLE.to_owned(),
            description: String::new(),
            grants,
        };
        roles.update(&console, self.role, wanted).await.unwrap();
        for name in ["ann", "abe"] {
            let whose = SelfServiceOf::User(local(name));
            let allowed = held == Held::SelfService;
            roles
                .set_self_service(&console, &whose, allowed)
                .await
                .unwrap();
        }
    }

    /// Who plays a cell.
    pub(super) const fn player(&self, cell: Cell) -> &Person {
        let stays = matches!(
            (cell.operation, cell.whose),
            (Operation::CreateKey, Whose::Own)
                | (Operation::ChangeOwnPassword | Operation::EndOwnSessions, _)
        );
        if stays && !cell.means.is_key() {
            &self.abe
        } else {
            &self.ann
        }
    }

    /// The header that the cell's player authenticates with.
    pub(super) fn credential(&self, cell: Cell) -> (&'static str, String) {
        let player = self.player(cell);
        match cell.means {
            Means::Session => ("cookie", format!("latchkey={}", player.cookie)),
            Means::Token => ("authorization", format!("Bearer {}", player.token)),
            Means::Key => ("x-api-key", player.key.clone()),
            Means::KeyToken => ("authorization", player.key_token.clone()),
            Means::Console | Means::Job => unreachable!("they come through no network"),
        }
    }

    /// The actor that the service makes of the cell's credentials.
    pub(super) async fn actor(&self, cell: Cell) -> Actor {
        let (sessions, player) = (&self.app.harness.services.sessions, self.player(cell));
        let actor = match cell.means {
            Means::Console => return Actor::console(),
            Means::Job => return Actor::job(),
            Means::Session => sessions.by_cookie(&player.cookie, origin()).await,
            Means::Token => sessions.by_header(player.token.as_bytes(), origin()).await,
            Means::Key => sessions.by_header(player.key.as_bytes(), origin()).await,
            Means::KeyToken => {
                sessions
                    .by_header(player.key_token.as_bytes(), origin())
                    .await
            }
        };
        let actor = actor.unwrap();
        assert_eq!(actor.via().means(), cell.means);
        actor
    }

    /// The key that the operation is about.
    pub(super) async fn tag(&self, whose: Whose) -> Tag {
        let owner = match whose {
            Whose::Own => "ann",
            Whose::Others => "ken",
        };
        self.tag_of(owner).await.unwrap()
    }

    async fn tag_of(&self, owner: &str) -> Option<Tag> {
        let sql = format!(
            "select k.tag from api_key k join app_user u on u.id = k.user_id \
             where u.name = '{owner}' and k.deleted_at is null"
        );
        let tags = self.app.select(&sql).await;
        assert!(tags.len() < 2);
        Some(Tag::parse(&tags.into_iter().next()??).unwrap())
    }

    /// A number that was not there before.
    pub(super) fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// Puts right what a cell has changed, as far as other cells need it.
    pub(super) async fn put_in_order(&mut self, cell: Cell) {
        let (console, services) = (Actor::console(), self.app.harness.services.clone());
        match (cell.operation, cell.whose) {
            (Operation::CreateKey, Whose::Own) => self.delete_key("abe").await,
            (Operation::CreateKey, Whose::Others) => self.delete_key("kim").await,
            (Operation::DeleteKey | Operation::ReissueKey, Whose::Own) => {
                self.delete_key("ann").await;
                self.give_ann_a_key().await;
            }
            (Operation::DeleteKey | Operation::ReissueKey, Whose::Others) => {
                self.delete_key("ken").await;
                self.make_key("ken").await;
            }
            (Operation::ChangeOwnPassword, _) => {
                let password = self.other_password();
                self.abe.password = password;
                self.abe.sign_in(&self.app).await;
            }
            (Operation::EndOwnSessions, _) => self.abe.sign_in(&self.app).await,
            (Operation::DisableUser, _) => {
                services
                    .users
                    .enable(&console, &local("kim"))
                    .await
                    .unwrap();
            }
            (Operation::DeleteRole, _) => self.make_target().await,
            // There may be so many only.
            (Operation::UpdateNotifying, _) => {
                self.app.select("delete from webhook returning url").await;
            }
            (Operation::AssignRoles, _) => {
                let (kim, take) = (local("kim"), [HARMLESS.to_owned()]);
                services
                    .roles
                    .assign(&console, &kim, &[], &take)
                    .await
                    .unwrap();
            }
            _ => {}
        }
    }

    /// What abe's password is to be next.
    pub(super) fn other_password(&self) -> String {
        let other = "a horse of another colour";
        if self.abe.password == PASSWORD {
            other.to_owned()
        } else {
            PASSWORD.to_owned()
        }
    }

    /// Everything that operations can change, without the trail.
    pub(super) async fn state(&self) -> Vec<Option<String>> {
        let mut sql = String::new();
        for (table, columns) in [
            (
                "api_key",
                &[
                    "tag",
                    "user_id",
                    "description",
                    "expires_at",
                    "modified_at",
                    "version",
                    "retires_at",
                    "deleted_at",
                ][..],
            ),
            ("used_tag", &["tag"]),
            (
                "app_user",
                &[
                    "id",
                    "name",
                    "password_hash",
                    "password_change_needed",
                    "self_service_withdrawn",
                    "disabled_at",
                ],
            ),
            ("self_service_withdrawn_domain", &["domain_type", "domain"]),
            ("role", &["id", "name", "description"]),
            ("role_permission", &["role_id", "namespace", "permission"]),
            ("user_role", &["user_id", "role_id"]),
            (
                "policy",
                &[
                    "max_lifetime_days",
                    "default_lifetime_days",
                    "overlap_hours",
                    "tombstone_days",
                    "self_service",
                ],
            ),
            ("session", &["id", "user_id", "key_tag", "expires_at"]),
            ("reveal", &["session_id", "tag"]),
            ("approval_settings", &["on_create", "expiry_hours"]),
            ("notice_choice", &["user_id", "address"]),
            ("webhook", &["id", "url", "enabled"]),
        ] {
            let union = if sql.is_empty() { "" } else { " union all " };
            write!(sql, "{union}select '{table}'").unwrap();
            for column in columns {
                write!(sql, " || ' ' || coalesce(cast({column} as text), '-')").unwrap();
            }
            write!(sql, " from {table}").unwrap();
        }
        self.app.select(&format!("{sql} order by 1")).await
    }

    /// How long the trail is.
    pub(super) async fn records(&self) -> i64 {
        let height = self
            .app
            .select("select cast(height as text) from chain_head")
            .await;
        height[0].as_ref().unwrap().parse().unwrap()
    }

    /// What was recorded after the first so many records, as `action outcome`.
    pub(super) async fn recorded_since(&self, records: i64) -> Vec<String> {
        let sql = format!(
            "select action || ' ' || outcome from audit_record where id > {records} order by id"
        );
        self.app.select(&sql).await.into_iter().flatten().collect()
    }

    async fn make_target(&mut self) {
        let wanted = RoleChange {
            name: format!("Target {}", self.next()),
            description: String::new(),
            grants: Grants::NONE,
        };
        let roles = &self.app.harness.services.roles;
        self.target = roles.add(&Actor::console(), wanted).await.unwrap().id;
    }

    async fn make_key(&self, owner: &str) -> (String, Tag) {
        let wanted = NewKey {
            owner: Some(Principal::new(DomainType::Unixpwd, "", owner).unwrap()),
            validity: Some(Validity::days(DAYS).unwrap()),
            ..NewKey::default()
        };
        let keys = &self.app.harness.services.keys;
        let made = keys.create(&Actor::console(), wanted).await.unwrap().done();
        (made.value.reveal().to_string(), made.key.tag)
    }

    async fn delete_key(&self, owner: &str) {
        if let Some(tag) = self.tag_of(owner).await {
            let keys = &self.app.harness.services.keys;
            keys.delete(&Actor::console(), &tag, None)
                .await
                .unwrap()
                .done();
        }
    }

    async fn give_ann_a_key(&mut self) {
        let (value, _) = self.make_key("ann").await;
        let body = json!({
            "domainType": "vx", "domainName": "vrts.apikey", "userName": "ann", "password": value,
        });
        let answer = self.app.anonymous().post("/netbackup/login", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        (self.ann.key, self.ann.key_token) = (value, token);
    }
}

impl Person {
    async fn sign_in(&mut self, app: &App) {
        let sessions = &app.harness.services.sessions;
        let credentials = service::testing::credentials(self.name, &self.password);
        let signed_in = sessions.sign_in(credentials, origin()).await.unwrap();
        self.cookie = signed_in.token.reveal().to_string();
        self.token = token(app, self.name, &self.password).await;
    }
}

async fn person(app: &App, name: &'static str) -> Person {
    let mut person = Person {
        name,
        password: PASSWORD.to_owned(),
        cookie: String::new(),
        token: String::new(),
        key: String::new(),
        key_token: String::new(),
    };
    person.sign_in(app).await;
    person
}

async fn token(app: &App, name: &str, password: &str) -> String {
    let answer = app
        .anonymous()
        .post("/netbackup/login", login(name, password))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}
