//! `/netbackup/access-control` and `/netbackup/rbac`.

mod definitions;
mod principals;
mod roles;

use serde_json::{Value, json};

use crate::support::{App, Client};

const ROLES: &str = "/netbackup/access-control/roles";
const KEYS_NAME: &str = "|SECURITY|USERS|API-KEYS|";

fn wanted_role(attributes: Value) -> Value {
    json!({"data": {"type": "accessControlRole", "attributes": attributes}})
}

/// The document of a role of one's own.
fn role(id: i64, name: &str, description: &str, definitions: Value) -> Value {
    let related =
        |what: &str| json!({"links": {"related": {"href": format!("{ROLES}/{id}/{what}")}}});
    json!({
        "links": {"self": {"href": format!("{ROLES}/{id}")}},
        "type": "accessControlRole",
        "id": id.to_string(),
        "attributes": {
            "name": name,
            "description": description,
            "isSystemDefined": false,
            "accessDefinitions": definitions,
        },
        "relationships": {
            "accessDefinitions": related("access-definitions"),
            "userPrincipals": related("relationships/user-principals"),
        },
    })
}

/// Makes a role that lets its holders see keys; returns its number.
async fn make_viewer(root: &Client) -> i64 {
    let definitions = json!([{"namespace": KEYS_NAME, "operations": ["|OPERATIONS|VIEW|"]}]);
    let wanted = wanted_role(json!({"name": "Viewer", "accessDefinitions": definitions}));
    let answer = root.post(ROLES, wanted).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The trail's last records.
async fn last_records(app: &App, count: usize) -> Vec<String> {
    let trail = app.trail().await;
    trail[trail.len() - count..].to_vec()
}
