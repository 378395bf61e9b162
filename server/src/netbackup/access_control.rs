//! `/access-control` and `/rbac`: roles, what they grant, and who holds them.

mod definitions;
mod described;
mod managed_objects;
mod names;
mod principals;
mod roles;

use super::BASE;

pub(crate) use self::names::{access_definition, namespace_of, permission_of, wanted_definition};
pub(super) use self::{
    definitions::{all as definitions_of, granted, plain},
    described::api,
};

const ROLES: &str = "/access-control/roles";

fn href(id: i64) -> String {
    format!("{BASE}{ROLES}/{id}")
}
