//! What roles amount to.

use domain::permission::{BuiltInRole, Rights};

/// The names and the rights of whoever holds these roles. *API Key Self-Service* comes on top:
/// everyone who authenticates holds it.
pub(crate) fn of(role_ids: impl IntoIterator<Item = i64>) -> (Vec<String>, Rights) {
    role_ids
        .into_iter()
        .filter_map(BuiltInRole::from_id)
        .chain([BuiltInRole::ApiKeySelfService])
        .fold((Vec::new(), Rights::NONE), |(mut names, rights), role| {
            names.push(role.name().to_owned());
            (names, rights.and(role.rights()))
        })
}
