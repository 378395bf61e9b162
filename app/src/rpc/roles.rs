//! Roles: see them, make them, change them.

use domain::{
    permission::Grants,
    principal::{DomainType, Identity},
    role::Role,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Fault, Packed,
    packing::{pack, unpack},
};

/// What *Roles* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesPage {
    /// The roles and how many hold each, up to one more than [`super::MOST_COUNTED`].
    pub rows: Vec<(Role, u64)>,
    /// Whether whoever looks may add one.
    pub may_add: bool,
    /// What [`super::LoadPulse`] would have answered just before.
    pub pulse: String,
}

/// What the page of one role shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing that the page shows or offers"
)]
pub struct RolePage {
    /// The role.
    pub role: Role,
    /// Some who hold it.
    pub holders: Vec<Identity>,
    /// The holder that the next page comes after.
    pub after: Option<i64>,
    /// Whether these are not the first.
    pub later: bool,
    /// Whether whoever looks may see users.
    pub may_view_users: bool,
    /// Whether they may edit it.
    pub may_edit: bool,
    /// Whether they may delete it.
    pub may_delete: bool,
    /// Why they cannot edit it although they may edit roles.
    pub hindrance: Option<Hindrance>,
    /// The domains that it is withdrawn from, if it is *API Key Self-Service*.
    pub withdrawn: Vec<(DomainType, String)>,
    /// Whether they may withdraw it and give it back.
    pub may_assign: bool,
    /// What [`super::LoadPulse`] would have answered just before.
    pub pulse: String,
}

/// Why a role cannot be edited by somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hindrance {
    /// It came with the product.
    BuiltIn,
    /// It grants what they do not hold.
    GrantsMore,
}

/// What the form for a role needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleForm {
    /// The role. `None`: a new one.
    pub role: Option<Role>,
    /// What whoever asks holds, and so can grant.
    pub held: Grants,
}

/// How many holders are shown at a time.
#[cfg(feature = "ssr")]
const PAGE: u32 = 25;

/// Every role.
#[server(endpoint = "roles_page", output = Packed)]
pub async fn load_roles_page() -> Result<RolesPage, Fault> {
    use domain::operation::Operation;

    super::context::as_actor(async |services, actor| {
        let pulse = services.pulse(&actor).await?;
        Ok(RolesPage {
            rows: services.roles.overview(&actor).await?,
            may_add: actor.is_offered(Operation::CreateRole),
            pulse,
        })
    })
    .await
}

/// One role, whose number stands in the address.
#[server(endpoint = "role_page", output = Packed)]
pub async fn load_role_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<RolePage, Fault> {
    use domain::{operation::Operation, permission::Rights, principal::UserId, role::BuiltInRole};

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let id = at.number(1)?;
        let pulse = services.pulse(&actor).await?;
        let role = services.roles.get(&actor, id).await?;
        let withdrawn = if id == BuiltInRole::ApiKeySelfService.id() {
            services.roles.withdrawn_domains(&actor).await?
        } else {
            Vec::new()
        };
        let start = at.place("after")?;
        let after = UserId(start.unwrap_or_default());
        let (holders, more) = services
            .roles
            .holders_after(&actor, id, after, PAGE)
            .await?;
        let hindrance = if role.built_in {
            Some(Hindrance::BuiltIn)
        } else if !actor.rights().covers(Rights::on_everything(role.grants)) {
            Some(Hindrance::GrantsMore)
        } else {
            None
        };
        let last = holders.last().map(|holder| holder.id.0);
        Ok(RolePage {
            after: last.filter(|_| more),
            later: start.is_some(),
            holders,
            may_view_users: actor.is_offered(Operation::ViewUsers),
            may_edit: actor.is_offered(Operation::UpdateRole),
            may_delete: actor.is_offered(Operation::DeleteRole),
            may_assign: actor.is_offered(Operation::AssignRoles),
            hindrance,
            withdrawn,
            pulse,
            role,
        })
    })
    .await
}

/// What the form for a role needs: of the one whose number stands in the address, or of a new one.
#[server(endpoint = "role_form", output = Packed)]
pub async fn load_role_form(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<RoleForm, Fault> {
    use domain::{
        error::{Error, Refusal},
        operation::Operation,
    };

    let at = super::address::Address::parse(&at);
    super::context::as_actor(async |services, actor| {
        let (role, operation) = match at.segment(1)? {
            "add" => (None, Operation::CreateRole),
            _ => (
                Some(services.roles.get(&actor, at.number(1)?).await?),
                Operation::UpdateRole,
            ),
        };
        if !actor.is_offered(operation) {
            return Err(Error::NotPermitted);
        }
        if role.as_ref().is_some_and(|role| role.built_in) {
            return Err(Error::Refused(Refusal::SystemDefined));
        }
        Ok(RoleForm {
            role,
            held: actor.rights().on_others(),
        })
    })
    .await
}

/// Makes a role, or replaces one's name, description and grants.
#[server(endpoint = "save_role", output = Packed)]
pub async fn save_role(
    /// The role's number. Empty: a new one.
    #[server(default)]
    id: String,
    /// The name.
    #[server(default)]
    name: String,
    /// What it is for.
    #[server(default)]
    description: String,
    /// What it grants, each as `namespace:permission`.
    #[server(default)]
    grants: Vec<String>,
    /// What the form was filled in about, as [`SeenRole`] has it.
    #[server(default)]
    seen_name: String,
    /// The same.
    #[server(default)]
    seen_description: String,
    /// The same.
    #[server(default)]
    seen_grants: String,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};
    use domain::error::Error;
    use service::roles::RoleChange;

    let seen = SeenRole {
        name: seen_name,
        description: seen_description,
        grants: seen_grants,
    };
    let saved = answer(async |scope| {
        let actor = scope.actor()?;
        let roles = &scope.services.roles;
        let wanted = RoleChange {
            name: name.clone(),
            description: description.clone(),
            grants: granted(&grants)?,
        };
        let role = if id.is_empty() {
            roles.add(actor, wanted).await?
        } else {
            let number = id.parse().map_err(|_| Error::NotFound)?;
            let keeping = |role: &Role| {
                seen.check(role)?;
                // What the form does not show stays as it is.
                let hidden = role.grants.iter().filter(|(namespace, permission)| {
                    !crate::ui::powers::is_needed(*namespace, *permission)
                });
                let hidden = hidden.fold(Grants::NONE, |all, (namespace, permission)| {
                    all | Grants::one(namespace, permission)
                });
                Ok(RoleChange {
                    grants: wanted.grants | hidden,
                    ..wanted
                })
            };
            roles.edit(actor, number, keeping).await?
        };
        let notice = if id.is_empty() { "role-added" } else { "saved" };
        leptos_axum::redirect(&format!("/roles/{}?notice={notice}", role.id));
        Ok(())
    })
    .await;
    saved.inspect_err(|fault| {
        let page = if id.is_empty() {
            "/roles/add".to_owned()
        } else {
            format!("/roles/{id}/edit")
        };
        let mut entries = vec![("name", &*name), ("description", &description)];
        entries.extend(seen.all());
        entries.extend(grants.iter().map(|grant| ("grants", &**grant)));
        keep_entries::<SaveRole>(fault, &page, &entries);
    })
}

/// What somebody saw of a role when they began to change it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenRole {
    /// The name. Empty: nothing was seen.
    pub name: String,
    /// What it was for.
    pub description: String,
    /// What it granted, packed.
    pub grants: String,
}

impl SeenRole {
    /// What there is to be seen of a role.
    pub fn of(role: &Role) -> Self {
        Self {
            name: role.name.clone(),
            description: role.description.clone(),
            grants: pack(&role.grants).unwrap_or_default(),
        }
    }

    /// What it granted, unless that cannot be read.
    pub fn grants(&self) -> Option<Grants> {
        unpack(self.grants.as_bytes()).ok()
    }

    /// The names and values in the form.
    pub fn all(&self) -> [(&'static str, &str); 3] {
        [
            ("seen_name", &self.name),
            ("seen_description", &self.description),
            ("seen_grants", &self.grants),
        ]
    }

    /// Refuses to change what is not any more what was seen.
    #[cfg(feature = "ssr")]
    fn check(&self, role: &Role) -> Result<(), domain::error::Error> {
        use domain::error::{Conflict, Error};

        if self.name.is_empty() || *self == Self::of(role) {
            Ok(())
        } else {
            Err(Error::Conflict(Conflict::Stale))
        }
    }
}

/// Reads what a form grants.
#[cfg(feature = "ssr")]
fn granted(texts: &[String]) -> Result<Grants, domain::error::Error> {
    use domain::error::{Error, Problem};

    texts.iter().try_fold(Grants::NONE, |all, text| {
        let one = crate::ui::powers::read_grant(text);
        one.map(|one| all | one)
            .ok_or_else(|| Error::field("grants", Problem::NotAccepted))
    })
}

/// Deletes a role that nobody holds.
#[server(endpoint = "delete_role", output = Packed)]
pub async fn delete_role(
    /// The role's number.
    #[server(default)]
    id: i64,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.roles.delete(&actor, id).await?;
        leptos_axum::redirect("/roles?notice=role-deleted");
        Ok(())
    })
    .await
}

/// Withdraws *API Key Self-Service* from everybody of a domain, or gives it back.
#[server(endpoint = "set_domain_self_service", output = Packed)]
pub async fn set_domain_self_service(
    /// How the domain's users are known.
    #[server(default)]
    domain_type: String,
    /// The domain.
    #[server(default)]
    domain: String,
    /// `true`: it is given back.
    #[server(default)]
    allowed: bool,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};
    use domain::{error::Error, role::BuiltInRole};
    use service::roles::SelfServiceOf;

    let role = BuiltInRole::ApiKeySelfService.id();
    let done = answer(async |scope| {
        let wrong = |problem| Error::field("domain_type", problem);
        let domain_type = domain_type.parse().map_err(wrong)?;
        let whose = SelfServiceOf::Domain(domain_type, domain.trim().to_owned());
        let (actor, roles) = (scope.actor()?, &scope.services.roles);
        roles.set_self_service(actor, &whose, allowed).await?;
        let notice = if allowed { "given" } else { "withdrawn" };
        leptos_axum::redirect(&format!("/roles/{role}?notice=self-service-{notice}"));
        Ok(())
    })
    .await;
    done.inspect_err(|fault| {
        let entries = [("domain_type", &*domain_type), ("domain", &domain)];
        keep_entries::<SetDomainSelfService>(fault, &format!("/roles/{role}"), &entries);
    })
}
