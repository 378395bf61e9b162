//! What a page does, as a call of the REST API.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::IntoWhole;

/// *Show as API call*: the command that does what the present page shows or sends. Server and
/// credential are variables in it, so there is no secret in it.
///
/// A question has it within its dialog: nothing else can be reached while that is open.
///
/// Without JavaScript: the same.
#[component]
pub fn ApiCall(
    /// Whether this is within the dialog of a question.
    #[prop(optional)]
    in_dialog: bool,
) -> AnyView {
    let here = use_location();
    let command = Memo::new(move |_| {
        let path = here.pathname.get();
        let shown = asks(&path) == in_dialog;
        shown.then(|| command(&path, &here.search.get())).flatten()
    });
    (move || command.get().map(block)).whole()
}

/// The same of what is asked without an address of its own: deleting or extending several keys.
///
/// Without JavaScript: not there, as the question.
pub fn call_for_each(act: &str) -> AnyView {
    let call = of_key("$TAG", act).unwrap_or_default();
    let call = call.replace('\n', "\n  ");
    block(format!("for TAG in $TAGS; do\n  {call}\ndone"))
}

fn block(command: String) -> AnyView {
    view! {
        <details class="api-call">
            <summary class="api-call__name">"Show as API call"</summary>
            <pre class="api-call__text" tabindex="0">
                <code>{command}</code>
            </pre>
            <p class="quiet">
                "LATCHKEY_SERVER is this address, LATCHKEY_API_KEY an API key or a token. "
                <a href="/api-docs" rel="external">
                    "All calls"
                </a>
            </p>
        </details>
    }
    .whole()
}

/// Whether the page at that path is a question in a dialog.
fn asks(path: &str) -> bool {
    let question = ["/delete", "/disable", "/enable", "/approve", "/reject"];
    question.iter().any(|end| path.ends_with(end))
}

const KEYS: &str = "security/api-keys";
const ROLES: &str = "access-control/roles";
const TICKETS: &str = "security/mpa-tickets";
const APPROVAL: &str = r#"{"data":{"id":"1","type":"mpaConfigurationUpdateRequest","attributes":{"configuration":{"expirationPeriodInHours":72,"purgePeriodInDays":30},"operations":[{"operationId":"API_KEYS","state":"ENABLED"}],"exemptedUsers":[]}}}"#;
const NEW_KEY: &str = r#"{"data":{"type":"apiKeyCreationRequest","attributes":{"expireAfterDays":"P30D","description":"CI"}}}"#;
const NEW_KEY_FOR: &str = r#"{"data":{"type":"apiKeyCreationRequest","attributes":{"expireAfterDays":"P30D","userName":"bob","userDomain":"","userDomainType":"unixpwd"}}}"#;
const EDIT: &str = r#"{"data":{"type":"apiKeyUpdateRequest","attributes":{"expireAfterDays":"P30D","description":"CI"}}}"#;
const REISSUE: &str = r#"{"data":{"type":"apiKeyReissueRequest","attributes":{"expireAfterDays":"P30D","overlapHours":1}}}"#;
const ROLE: &str = r#"{"data":{"type":"accessControlRole","attributes":{"name":"CI","description":"","accessDefinitions":[{"namespace":"|SECURITY|USERS|API-KEYS|","operations":["|OPERATIONS|VIEW|"]}]}}}"#;

/// The command for the page at that path. `None`: it is no page of that kind.
fn command(path: &str, search: &str) -> Option<String> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    Some(match parts.as_slice() {
        ["sign-in"] => concat!(
            "curl \"$LATCHKEY_SERVER/netbackup/login\" -H \"Content-Type: application/json\" \\\n",
            "  -d '{\"userName\":\"'\"$USER_NAME\"'\",\"password\":\"'\"$PASSWORD\"'\"}'"
        )
        .to_owned(),
        ["profile", "key"] => get(KEYS),
        ["profile", "key", "add"] => send("POST", KEYS, NEW_KEY),
        ["profile", "key", act @ ("edit" | "reissue" | "delete")] => of_key("$TAG", act)?,
        ["profile", "security"] => get("user-sessions"),
        ["security", "api-keys"] => match state(search) {
            Some(state) => filtered(KEYS, &format!("state eq '{state}'")),
            None => get(&format!("{KEYS}?sort=-createdDateTime")),
        },
        ["security", "api-keys", "add"] => send("POST", KEYS, NEW_KEY_FOR),
        ["security", "api-keys", tag] => get(&format!("{KEYS}/{tag}")),
        ["security", "api-keys", tag, act] => of_key(tag, act)?,
        ["security", "audit"] => get("security/auditlogs?sort=-id"),
        ["users"] => get("access-control/user-principals"),
        ["users", "add"] => beside("user add NAME --password-stdin"),
        ["users", _] => filtered("rbac/identities", "startswith(userName,'b')"),
        ["users", _, act @ ("disable" | "enable")] => beside(&format!("user {act} NAME")),
        ["roles"] => get(ROLES),
        ["roles", "add"] => send("POST", ROLES, ROLE),
        ["roles", id] => get(&format!("{ROLES}/{id}")),
        ["roles", id, "edit"] => send("PUT", &format!("{ROLES}/{id}"), ROLE),
        ["roles", id, "delete"] => bare("DELETE", &format!("{ROLES}/{id}")),
        ["tickets"] => get(&format!("{TICKETS}?sort=-id")),
        ["tickets", id] => get(&format!("{TICKETS}/{id}?include=ticketHistory")),
        ["tickets", id, act] => {
            let state = match *act {
                "approve" => "APPROVED",
                "reject" => "REJECTED",
                _ => return None,
            };
            let body = format!(
                r#"{{"data":{{"type":"mpaTicketUpdateRequest","id":{id},"attributes":{{"state":"{state}","ticketComment":"why"}}}}}}"#
            );
            send("PATCH", &format!("{TICKETS}/{id}"), &body)
        }
        ["settings", "approval"] => send("PUT", "security/mpa-configurations/1", APPROVAL),
        ["settings"] => get("security/properties"),
        _ => return None,
    })
}

fn of_key(tag: &str, act: &str) -> Option<String> {
    let path = format!("{KEYS}/{tag}");
    Some(match act {
        "edit" => send("PATCH", &path, EDIT),
        "reissue" => send("POST", &format!("{path}/reissue"), REISSUE),
        "delete" => bare("DELETE", &path),
        _ => return None,
    })
}

/// The state that the list of everybody's keys is narrowed to by its address.
fn state(search: &str) -> Option<&'static str> {
    let mut parts = search.trim_start_matches('?').split('&');
    let shown = parts.find_map(|part| part.strip_prefix("show="))?;
    let states = [
        ("active", "ACTIVE"),
        ("expired", "EXPIRED"),
        ("inactive", "INACTIVE"),
        ("retiring", "RETIRING"),
        ("owner-disabled", "DISABLED"),
        ("deleted", "DELETED"),
    ];
    let found = states.iter().find(|(slice, _)| *slice == shown);
    found.map(|(_, state)| *state)
}

fn get(path: &str) -> String {
    format!(
        "curl \"$LATCHKEY_SERVER/netbackup/{path}\" \\\n  -H \"Authorization: $LATCHKEY_API_KEY\""
    )
}

fn filtered(path: &str, filter: &str) -> String {
    format!(
        "{} \\\n  -G --data-urlencode \"filter={filter}\"",
        get(path)
    )
}

fn bare(method: &str, path: &str) -> String {
    format!("{} \\\n  -X {method}", get(path))
}

fn send(method: &str, path: &str, body: &str) -> String {
    format!(
        "{} \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'",
        bare(method, path)
    )
}

/// What that API has no call for.
fn beside(arguments: &str) -> String {
    format!("# No call: on the server's own command line\nlatchkey {arguments}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K14: variables stand where secrets would.
    #[test]
    fn every_page_has_its_call_and_none_a_secret() {
        for path in [
            "/sign-in",
            "/profile/key",
            "/profile/key/add",
            "/profile/key/edit",
            "/profile/key/reissue",
            "/profile/key/delete",
            "/profile/security",
            "/security/api-keys",
            "/security/api-keys/add",
            "/security/api-keys/lky_AAECAwQ=",
            "/security/api-keys/lky_AAECAwQ=/edit",
            "/security/api-keys/lky_AAECAwQ=/reissue",
            "/security/api-keys/lky_AAECAwQ=/delete",
            "/security/audit",
            "/users",
            "/users/add",
            "/users/1003",
            "/users/1003/disable",
            "/users/1003/enable",
            "/roles",
            "/roles/add",
            "/roles/1000",
            "/roles/1000/edit",
            "/roles/1000/delete",
            "/settings",
            "/settings/approval",
            "/tickets",
            "/tickets/12",
            "/tickets/12/approve",
            "/tickets/12/reject",
        ] {
            let command = command(path, "").unwrap();
            assert!(
                command.contains("curl \"$LATCHKEY_SERVER/netbackup/")
                    || command.contains("\nlatchkey "),
                "{path}"
            );
        }
        for none in [
            "/",
            "/profile/key/reveal",
            "/nothing",
            "/roles/1/x",
            "/tickets/1/x",
        ] {
            assert_eq!(command(none, ""), None, "{none}");
        }
    }

    #[test]
    fn a_question_has_its_call_in_its_dialog() {
        for path in [
            "/profile/key/delete",
            "/security/api-keys/lky_AAECAwQ=/delete",
            "/roles/1000/delete",
            "/users/1003/disable",
            "/users/1003/enable",
            "/tickets/12/approve",
            "/tickets/12/reject",
        ] {
            assert!(asks(path), "{path}");
        }
        for path in ["/profile/key", "/profile/key/edit", "/roles/1000", "/users"] {
            assert!(!asks(path), "{path}");
        }
    }

    #[test]
    fn a_list_s_call_asks_for_what_the_address_shows() {
        let expired = command("/security/api-keys", "?sort=owner&show=expired").unwrap();
        assert!(expired.ends_with("-G --data-urlencode \"filter=state eq 'EXPIRED'\""));
        let all = command("/security/api-keys", "show=all").unwrap();
        assert!(!all.contains("filter"));
    }
}
