//! The REST API's column.

use domain::{
    error::{Conflict, Error, Refusal},
    operation::Operation,
    permission::Whose,
};
use http::Method;
use serde_json::{Value, json};

use super::{
    Cell, Offer,
    stage::{DAYS, Stage},
};
use crate::support::{KEYS, MEDIA_TYPE};

const API: &str = "/netbackup";

/// A request; `{tag}` in its path stands for the key in question. Where there are several paths,
/// all of them answer alike.
pub(super) struct Call {
    method: Method,
    paths: Vec<String>,
    body: Value,
    /// What a good answer contains.
    shows: Option<&'static str>,
}

/// The table: which call an operation is. A new operation does not compile until it is decided.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn offer(operation: Operation, whose: Whose, stage: &Stage) -> Offer<Call> {
    let key = format!("{KEYS}/{{tag}}");
    let days = format!("P{DAYS}D");
    let note = stage.next().to_string();
    let role = format!("/access-control/roles/{}", stage.target);
    let call = |method, path: &str, body| {
        Offer::Call(Call {
            method,
            paths: vec![path.to_owned()],
            body,
            shows: None,
        })
    };
    match operation {
        Operation::ViewKey => shows("{tag}", call(Method::GET, &key, Value::Null)),
        Operation::CreateKey => {
            let mut attributes = json!({"expireAfterDays": days, "description": note});
            if whose == Whose::Others {
                attributes["userName"] = json!("kim");
                attributes["userDomain"] = json!("");
                attributes["userDomainType"] = json!("unixpwd");
            }
            call(
                Method::POST,
                KEYS,
                document("apiKeyCreationRequest", attributes),
            )
        }
        Operation::UpdateKey => {
            let body = document("apiKeyUpdateRequest", json!({"description": note}));
            call(Method::PATCH, &key, body)
        }
        Operation::DeleteKey => call(Method::DELETE, &key, Value::Null),
        Operation::ReissueKey => {
            let body = document("apiKeyReissueRequest", json!({"expireAfterDays": days}));
            call(Method::POST, &format!("{key}/reissue"), body)
        }
        Operation::RevokeKey => {
            let body = document("apiKeyRevokeRequest", json!({}));
            call(Method::PATCH, &format!("{key}/revoke"), body)
        }
        Operation::ViewAudit => {
            let path = "/netbackup/security/auditlogs";
            shows("\"type\":\"audit\"", call(Method::GET, path, Value::Null))
        }
        Operation::ViewUsers => views(&[
            "/access-control/user-principals",
            "/security/service-principal-configs",
        ]),
        Operation::ViewRoles => views(&[
            "/access-control/roles",
            &role,
            &format!("{role}/access-definitions"),
            "/access-control/roles/1/access-definitions/%7CSECURITY%7CUSERS%7C",
            &format!("{role}/relationships/user-principals"),
            "/access-control/operations",
            "/access-control/managed-objects/%7CSECURITY%7CUSERS%7C/access-definitions",
        ]),
        Operation::CreateRole => {
            let body = document("accessControlRole", json!({"name": format!("Role {note}")}));
            call(Method::POST, &format!("{API}/access-control/roles"), body)
        }
        Operation::UpdateRole => {
            let attributes = json!({"name": "Target", "description": note});
            let body = document("accessControlRole", attributes);
            call(Method::PUT, &format!("{API}{role}"), body)
        }
        Operation::DeleteRole => call(Method::DELETE, &format!("{API}{role}"), Value::Null),
        Operation::AssignRoles => {
            let path = format!(
                "{API}/access-control/roles/{}/relationships/user-principals",
                stage.harmless
            );
            let body = json!({"data": [{"type": "userPrincipal", "id": ":kim:unixpwd"}]});
            call(Method::POST, &path, body)
        }
        Operation::CreateUser | Operation::DisableUser | Operation::SetPassword => {
            Offer::NotHere("that API has no accounts of its own: the command line has")
        }
        Operation::ChangeOwnPassword => Offer::NotHere("in the browser and on the command line"),
        Operation::EndOwnSessions => call(Method::DELETE, "/netbackup/user-sessions", Value::Null),
        Operation::ViewPolicy | Operation::UpdatePolicy => {
            Offer::NotHere("in the browser and on the command line")
        }
        Operation::UseNotices | Operation::ViewNotifying | Operation::UpdateNotifying => {
            Offer::NotHere("in the browser")
        }
        Operation::ViewTickets | Operation::DecideTicket => {
            Offer::NotHere("played in `tickets`: it takes tickets of several people")
        }
        Operation::ViewApproval => views(&["/security/mpa-configurations"]),
        Operation::UpdateApproval => {
            let attributes = json!({
                "configuration": {
                    "expirationPeriodInHours": 24 + stage.next() % 100, "purgePeriodInDays": 30,
                },
                "operations": [],
                "exemptedUsers": [],
            });
            let body = document("mpaConfigurationUpdateRequest", attributes);
            let path = format!("{API}/security/mpa-configurations/1");
            call(Method::PUT, &path, body)
        }
    }
}

fn views(paths: &[&str]) -> Offer<Call> {
    Offer::Call(Call {
        method: Method::GET,
        paths: paths.iter().map(|path| format!("{API}{path}")).collect(),
        body: Value::Null,
        shows: None,
    })
}

fn shows(what: &'static str, offer: Offer<Call>) -> Offer<Call> {
    match offer {
        Offer::Call(call) => Offer::Call(Call {
            shows: Some(what),
            ..call
        }),
        Offer::NotHere(reason) => Offer::NotHere(reason),
    }
}

fn document(kind: &str, attributes: Value) -> Value {
    json!({"data": {"type": kind, "attributes": attributes}})
}

/// Sends the call and returns status and error code of a refusal.
pub(super) async fn ask(stage: &Stage, cell: Cell, request: Call) -> Result<(), String> {
    let (name, value) = stage.credential(cell);
    let client = stage.app.with_header(name, &value);
    let tag = if request.paths.iter().any(|path| path.contains("{tag}")) {
        stage.tag(cell.whose).await.to_string()
    } else {
        String::new()
    };
    let body = match &request.body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let headers = [("content-type", MEDIA_TYPE)];
    let mut told = Vec::new();
    for path in request.paths {
        let (method, path) = (request.method.clone(), path.replace("{tag}", &tag));
        let answer = client.send(method, &path, &headers, body.clone()).await;
        told.push(if (200..300).contains(&answer.status) {
            if let Some(shown) = request.shows {
                let shown = shown.replace("{tag}", &tag);
                assert!(answer.text().contains(&shown), "{cell:?}");
            }
            Ok(())
        } else {
            // A1, A7: a refusal shows nothing of the thing.
            assert!(tag.is_empty() || !answer.text().contains(&tag), "{cell:?}");
            Err(format!("{} {}", answer.status, answer.json()["errorCode"]))
        });
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{cell:?}: {told:?}");
    told.remove(0)
}

/// How this door tells a refusal, spelled out (wire.md): 401 also for a missing permission, 404
/// for what one may not view.
pub(super) fn told(error: &Error) -> String {
    let (status, code) = match error {
        Error::Unauthenticated => (401, 5930),
        Error::NotPermitted => (401, 8000),
        Error::NotFound => (404, 227),
        Error::Refused(Refusal::NotWithAKey | Refusal::NotRevocable) => (403, 19_403),
        Error::Conflict(Conflict::HasKey) => (409, 19_409),
        other => panic!("no cell expects {other:?}"),
    };
    format!("{status} {code}")
}
