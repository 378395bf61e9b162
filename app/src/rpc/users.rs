//! Accounts: find them, add one, change one.

use domain::{
    Instant,
    key::{State, Tag},
    principal::Identity,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret};

/// What *Users* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersPage {
    /// The users of the page.
    pub rows: Vec<UserRow>,
    /// What was searched for.
    pub search: String,
    /// The user that the page before ends before.
    pub before: Option<i64>,
    /// The user that the next page comes after.
    pub after: Option<i64>,
    /// How many there are, up to one more than [`MOST_COUNTED`].
    pub count: u64,
    /// Whether whoever looks may add one.
    pub may_add: bool,
    /// What [`super::LoadPulse`] would have answered just before.
    pub pulse: String,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// Up to how many users are counted.
pub const MOST_COUNTED: u64 = 10_000;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Who.
    pub identity: Identity,
    /// The roles, by number and name. `None`: whoever looks may not see roles.
    pub roles: Option<Vec<(i64, String)>>,
    /// The key.
    pub key: UserKey,
    /// Whether *API Key Self-Service* was withdrawn from this account.
    pub self_service_withdrawn: bool,
    /// Since when it is disabled. `None`: it is not.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub disabled_at: Option<Instant>,
    /// When it was made.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
}

/// A user's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserKey {
    /// Whoever looks may not see keys.
    Hidden,
    /// There is none.
    Absent,
    /// There is one.
    Present(Tag, State),
}

/// What the page of one user shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing that the page shows or offers"
)]
pub struct UserPage {
    /// The user.
    pub user: UserRow,
    /// Whether it is whoever looks.
    pub own: bool,
    /// Whether *API Key Self-Service* is held at present.
    pub self_service: bool,
    /// Whether whoever looks may disable and enable accounts.
    pub may_disable: bool,
    /// Whether they may set this password.
    pub may_set_password: bool,
    /// Whether there is a second factor that they may take away.
    pub may_reset_factor: bool,
    /// Whether they may give and take roles.
    pub may_assign: bool,
    /// Whether they may read the audit trail.
    pub may_audit: bool,
    /// The roles that they can give.
    pub offered: Vec<String>,
    /// The held roles that they can take away.
    pub removable: Vec<String>,
    /// What [`super::LoadPulse`] would have answered just before.
    pub pulse: String,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// What the form for a new user needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserForm {
    /// The roles that can be given.
    pub offered: Vec<String>,
}

/// How many users a page has.
#[cfg(feature = "ssr")]
const PAGE: u32 = 50;

/// A page of the users.
#[server(endpoint = "users_page", output = Packed)]
pub async fn load_users_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<UsersPage, Fault> {
    use domain::{operation::Operation, principal::UserId};
    use service::users::people::PeopleQuery;

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let search = at.get("q").unwrap_or_default().trim().to_owned();
        let wanted = PeopleQuery {
            search: search.clone(),
            after: at.place("after")?.map(UserId),
            before: at.place("before")?.map(UserId),
            limit: PAGE,
        };
        let pulse = services.pulse(&actor).await?;
        let people = services.users.people(&actor, &wanted).await;
        let people = people.map_err(super::address::as_in_address)?;
        let number = |row: Option<&UserRow>| row.map(|row| row.identity.id.0);
        let rows: Vec<UserRow> = people.items.into_iter().map(UserRow::from).collect();
        Ok(UsersPage {
            before: number(rows.first()).filter(|_| people.more_before),
            after: number(rows.last()).filter(|_| people.more_after),
            rows,
            search,
            count: people.count,
            may_add: actor.is_offered(Operation::CreateUser),
            pulse,
            as_of: services.now(),
        })
    })
    .await
}

#[cfg(feature = "ssr")]
impl From<service::users::people::Person> for UserRow {
    fn from(person: service::users::people::Person) -> Self {
        use service::users::people::PersonKey;

        let roles = person.roles.map(|roles| {
            let roles = roles.into_iter();
            roles.map(|role| (role.id, role.name)).collect()
        });
        Self {
            identity: person.identity,
            roles,
            key: match person.key {
                PersonKey::Hidden => UserKey::Hidden,
                PersonKey::Absent => UserKey::Absent,
                PersonKey::Present(tag, state) => UserKey::Present(tag, state),
            },
            self_service_withdrawn: person.self_service_withdrawn,
            disabled_at: person.disabled_at,
            created_at: person.created_at,
        }
    }
}

/// One user, whose number stands in the address.
#[server(endpoint = "user_page", output = Packed)]
pub async fn load_user_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<UserPage, Fault> {
    use domain::{operation::Operation, principal::UserId};

    let id = super::address::Address::parse(&at).number(1);
    super::context::as_actor(async |services, actor| {
        let pulse = services.pulse(&actor).await?;
        let page = services.users.person(&actor, UserId(id?)).await?;
        Ok(UserPage {
            user: page.person.into(),
            own: page.own,
            self_service: page.self_service,
            may_disable: page.may_disable,
            may_set_password: page.may_set_password,
            may_reset_factor: page.may_reset_factor,
            may_assign: page.may_assign,
            may_audit: actor.is_offered(Operation::ViewAudit),
            offered: page.offered,
            removable: page.removable,
            pulse,
            as_of: services.now(),
        })
    })
    .await
}

/// What the form for a new user needs.
#[server(endpoint = "user_form", output = Packed)]
pub async fn load_user_form() -> Result<UserForm, Fault> {
    use domain::{error::Error, operation::Operation};

    super::context::as_actor(async |services, actor| {
        if !actor.is_offered(Operation::CreateUser) {
            return Err(Error::NotPermitted);
        }
        let offered = if actor.is_offered(Operation::AssignRoles) {
            services.roles.giveable(&actor).await?
        } else {
            Vec::new()
        };
        Ok(UserForm { offered })
    })
    .await
}

/// Adds a user: a local account with a password, or a SAML user without.
#[server(endpoint = "add_user", output = Packed)]
pub async fn add_user(
    /// The name.
    #[server(default)]
    name: String,
    /// How the user is known.
    #[server(default)]
    domain_type: String,
    /// The domain's label, or the identity provider.
    #[server(default)]
    domain: String,
    /// The first password.
    #[server(default)]
    password: Secret,
    /// The same once more.
    #[server(default)]
    repeat: Secret,
    /// The roles to give.
    #[server(default)]
    roles: Vec<String>,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};

    let added = answer(async |scope| {
        let wanted = new_user(&name, &domain_type, &domain, (password, repeat), &roles)?;
        let added = scope.services.users.add(scope.actor()?, wanted).await?;
        leptos_axum::redirect(&format!("/users/{}?notice=user-added", added.id));
        Ok(())
    })
    .await;
    added.inspect_err(|fault| {
        let mut entries = vec![
            ("name", &*name),
            ("domain_type", &domain_type),
            ("domain", &domain),
        ];
        entries.extend(roles.iter().map(|role| ("roles", &**role)));
        keep_entries::<AddUser>(fault, "/users/add", &entries);
    })
}

#[cfg(feature = "ssr")]
fn new_user(
    name: &str,
    domain_type: &str,
    domain: &str,
    (password, repeat): (Secret, Secret),
    roles: &[String],
) -> Result<service::users::NewUser, domain::error::Error> {
    use domain::{
        error::{Error, Problem},
        principal::{DomainType, Principal},
    };

    let domain_type: DomainType = domain_type
        .parse()
        .map_err(|problem| Error::field("domain_type", problem))?;
    let (name, domain) = (name.trim(), domain.trim());
    if !matches!(domain_type, DomainType::Unixpwd) && domain.is_empty() {
        return Err(Error::field("domain", Problem::Required));
    }
    let local = domain_type.is_local();
    if local && password != repeat {
        return Err(Error::field("repeat", Problem::Differs));
    }
    Ok(service::users::NewUser {
        principal: Principal::new(domain_type, domain, name)
            .map_err(|(field, problem)| Error::field(field, problem))?,
        roles: roles.to_vec(),
        password: local.then(|| password.into_inner().into()),
    })
}

/// Reads the full identity that a form names.
#[cfg(feature = "ssr")]
fn named(who: &str) -> Result<Identity, domain::error::Error> {
    who.parse().map_err(|_| domain::error::Error::NotFound)
}

#[cfg(feature = "ssr")]
fn lead_back(user: &Identity, notice: &str) {
    leptos_axum::redirect(&format!("/users/{}?notice={notice}", user.id));
}

/// Disables an account.
#[server(endpoint = "disable_user", output = Packed)]
pub async fn disable_user(
    /// The full identity.
    #[server(default)]
    who: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        services.users.disable(&actor, &user.principal).await?;
        lead_back(&user, "user-disabled");
        Ok(())
    })
    .await
}

/// Enables an account.
#[server(endpoint = "enable_user", output = Packed)]
pub async fn enable_user(
    /// The full identity.
    #[server(default)]
    who: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        services.users.enable(&actor, &user.principal).await?;
        lead_back(&user, "user-enabled");
        Ok(())
    })
    .await
}

/// Sets a password, which must be changed at the next sign-in.
#[server(endpoint = "set_user_password", output = Packed)]
pub async fn set_user_password(
    /// The full identity.
    #[server(default)]
    who: String,
    /// The password.
    #[server(default)]
    password: Secret,
    /// The same once more.
    #[server(default)]
    repeat: Secret,
) -> Result<(), Fault> {
    use domain::error::{Error, Problem};

    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        if password != repeat {
            return Err(Error::field("repeat", Problem::Differs));
        }
        let password = password.into_inner().into();
        let users = &services.users;
        users
            .set_password(&actor, &user.principal, password)
            .await?;
        lead_back(&user, "password-set");
        Ok(())
    })
    .await
}

/// Takes a second factor away that somebody lost.
#[server(endpoint = "reset_second_factor", output = Packed)]
pub async fn reset_second_factor(
    /// The full identity.
    #[server(default)]
    who: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        let factors = &services.second_factors;
        factors.reset(&actor, &user.principal).await?;
        lead_back(&user, "factor-reset");
        Ok(())
    })
    .await
}

/// Gives a role.
#[server(endpoint = "give_role", output = Packed)]
pub async fn give_role(
    /// The full identity.
    #[server(default)]
    who: String,
    /// The role's name.
    #[server(default)]
    role: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        let roles = &services.roles;
        roles.assign(&actor, &user.principal, &[role], &[]).await?;
        lead_back(&user, "role-given");
        Ok(())
    })
    .await
}

/// Takes a role away.
#[server(endpoint = "take_role", output = Packed)]
pub async fn take_role(
    /// The full identity.
    #[server(default)]
    who: String,
    /// The role's name.
    #[server(default)]
    role: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        let roles = &services.roles;
        roles.assign(&actor, &user.principal, &[], &[role]).await?;
        lead_back(&user, "role-taken");
        Ok(())
    })
    .await
}

/// Withdraws *API Key Self-Service* from a user, or gives it back.
#[server(endpoint = "set_self_service", output = Packed)]
pub async fn set_self_service(
    /// The full identity.
    #[server(default)]
    who: String,
    /// `true`: it is given back.
    #[server(default)]
    allowed: bool,
) -> Result<(), Fault> {
    use service::roles::SelfServiceOf;

    super::context::as_actor(async |services, actor| {
        let user = named(&who)?;
        let whose = SelfServiceOf::User(user.principal.clone());
        let roles = &services.roles;
        roles.set_self_service(&actor, &whose, allowed).await?;
        lead_back(
            &user,
            if allowed {
                "self-service-given"
            } else {
                "self-service-withdrawn"
            },
        );
        Ok(())
    })
    .await
}
