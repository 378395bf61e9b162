//! `/access-control` and `/rbac`: roles, what they grant, and who holds them.

mod definitions;
mod names;
mod principals;
mod roles;

use axum::{Router, routing::get};

use super::BASE;
use crate::AppState;

const ROLES: &str = "/access-control/roles";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(ROLES, get(roles::list).post(roles::create))
        .route(
            "/access-control/roles/{id}",
            get(roles::details).put(roles::update).delete(roles::delete),
        )
        .route(
            "/access-control/roles/{id}/access-definitions",
            get(definitions::list).post(definitions::add),
        )
        .route(
            "/access-control/roles/{id}/access-definitions/{namespace}",
            get(definitions::details)
                .put(definitions::replace)
                .delete(definitions::remove),
        )
        .route(
            "/access-control/roles/{id}/relationships/user-principals",
            get(principals::holders)
                .post(principals::give)
                .delete(principals::take),
        )
        .route("/access-control/user-principals", get(principals::list))
        .route("/access-control/operations", get(definitions::operations))
        .route("/rbac/identities", get(principals::identities))
}

fn href(id: i64) -> String {
    format!("{BASE}{ROLES}/{id}")
}
