//! `/access-control/roles/{id}/access-definitions` and `/access-control/operations`.

use http::Method;
use serde_json::{Value, json};
use service::on_both_databases;

use super::{KEYS_NAME, ROLES, make_viewer};
use crate::support::{App, list_at, not_found};

fn definition(role: i64, namespace: &str, operations: &[&str]) -> Value {
    let encoded = namespace.replace('|', "%7C");
    let related: Vec<_> = operations
        .iter()
        .map(|operation| json!({"type": "accessControlOperation", "id": operation}))
        .collect();
    json!({
        "links": {"self": {"href": format!("{ROLES}/{role}/access-definitions/{encoded}")}},
        "type": "accessDefinition",
        "id": format!("{role}{namespace}"),
        "attributes": {
            "namespace": namespace,
            "operations": operations,
            "propagation": "OBJECT_AND_CHILDREN",
        },
        "relationships": {
            "role": {"data": {"type": "accessControlRole", "id": role.to_string()}},
            "operations": {"data": related},
            "managedObject": {"data": {"type": "managedObject", "id": namespace}},
        },
    })
}

fn wanted(attributes: Value) -> Value {
    json!({"data": {"type": "accessDefinition", "attributes": attributes}})
}

on_both_databases! {
    async fn definitions_are_added_replaced_and_removed(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        let path = format!("{ROLES}/{viewer}/access-definitions");
        let (view, add, audit) = ("|OPERATIONS|VIEW|", "|OPERATIONS|ADD|", "|SECURITY|AUDIT-LOGS|");
        assert_eq!(root.get(&path).await.json(), list_at(&path, &[definition(viewer, KEYS_NAME, &[view])], ""));
        // Adding leaves what is there.
        let more = json!({"namespace": KEYS_NAME, "operations": [add], "propagation": "OBJECT_AND_CHILDREN"});
        let answer = root.post(&path, wanted(more)).await;
        assert_eq!((answer.status, answer.json()), (201, json!({"data": definition(viewer, KEYS_NAME, &[view, add])})));
        let one = format!("{path}/%7CSECURITY%7CUSERS%7CAPI-KEYS%7C");
        assert_eq!(answer.header("location"), one);
        assert_eq!(root.get(&one).await.json(), answer.json());
        let answer = root.post(&path, wanted(json!({"namespace": audit, "operations": [view]}))).await;
        assert_eq!(answer.json()["data"], definition(viewer, audit, &[view]));
        let replaced = wanted(json!({"operations": [add]})).to_string();
        let answer = root.send(Method::PUT, &one, &[], replaced).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"data": definition(viewer, KEYS_NAME, &[add])})));
        assert_eq!(
            root.get(&path).await.json(),
            list_at(&path, &[definition(viewer, KEYS_NAME, &[add]), definition(viewer, audit, &[view])], "")
        );
        // The name as it is does as well.
        let answer = root.delete(&format!("{path}/{KEYS_NAME}")).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_eq!(root.get(&one).await.json(), not_found());
        assert_eq!(root.get(&path).await.json(), list_at(&path, &[definition(viewer, audit, &[view])], ""));
    }

    async fn a_wrong_definition_names_its_faults(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let viewer = make_viewer(&root).await;
        let path = format!("{ROLES}/{viewer}/access-definitions");
        let before = root.get(&path).await.json();
        for (attributes, fields) in [
            (json!({}), &["namespace", "operations"][..]),
            (json!({"namespace": "|X|", "operations": ["|OPERATIONS|VIEW|"]}), &["namespace"]),
            (json!({"namespace": KEYS_NAME, "operations": []}), &["operations"]),
            (json!({"namespace": KEYS_NAME, "operations": ["VIEW"]}), &["operations.[0]"]),
            (
                json!({"namespace": KEYS_NAME, "operations": ["|OPERATIONS|VIEW|"], "propagation": "OBJECT"}),
                &["propagation"],
            ),
        ] {
            let (status, faults) = root.post(&path, wanted(attributes.clone())).await.faults();
            let expected: Vec<_> = fields.iter().map(|field| format!("data.attributes.{field}")).collect();
            let named: Vec<_> = faults.as_object().unwrap().keys().cloned().collect();
            assert_eq!((status, named), (400, expected), "{attributes}");
        }
        let other = wanted(json!({"namespace": "|SECURITY|USERS|", "operations": ["|OPERATIONS|VIEW|"]}));
        let answer = root.send(Method::PUT, &format!("{path}/{KEYS_NAME}"), &[], other.to_string()).await;
        assert_eq!(answer.faults(), (400, json!({"data.attributes.namespace": "Must be what the path names."})));
        for path in [format!("{path}/api-keys"), format!("{path}/%7CX%7C"), format!("{ROLES}/99999/access-definitions")] {
            assert_eq!(root.get(&path).await.json(), not_found(), "{path}");
        }
        assert_eq!(root.get(&path).await.json(), before);
        let built_in = root.delete(&format!("{ROLES}/2/access-definitions/{KEYS_NAME}")).await;
        assert_eq!(built_in.status, 403);
    }

    async fn operations_say_where_they_mean_something(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let path = "/netbackup/access-control/operations";
        let answer = root.get(&format!("{path}?filter=contains(id,'REISSUE')")).await.json();
        let item = json!({
            "type": "accessControlOperation",
            "id": "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|",
            "attributes": {"namespaces": [KEYS_NAME]},
        });
        assert_eq!(answer, list_at(path, &[item], "filter=contains%28id%2C%27REISSUE%27%29&"));
        let all = root.get(path).await.json();
        let ids: Vec<_> = all["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(
            ids,
            ["|OPERATIONS|VIEW|", "|OPERATIONS|ADD|", "|OPERATIONS|UPDATE|", "|OPERATIONS|DELETE|",
             "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|", "|OPERATIONS|MANAGE-ACCESS|"]
        );
        assert_eq!(all["data"][0]["attributes"]["namespaces"].as_array().unwrap().len(), 7);
    }
}
