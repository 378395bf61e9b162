//! The browser's column: the server functions, called as the application calls them.

use app::rpc::{Fault, KeyPage, packing::unpack};
use domain::{error::Error, operation::Operation, permission::Whose};
use http::Method;

use super::{
    Cell, Offer,
    stage::{DAYS, HARMLESS, Stage},
};

/// Kim's identity; the number only says which page is led to.
const KIM: &str = "%3Akim%3Aunixpwd%3A1001";

/// A server function and its form.
pub(super) struct Call {
    path: &'static str,
    form: String,
}

/// The table: which server function an operation is. A new operation does not compile until it is
/// decided.
pub(super) async fn offer(
    operation: Operation,
    whose: Whose,
    stage: &Stage,
    cell: Cell,
) -> Offer<Call> {
    let function = |path, form: String| Offer::Call(Call { path, form });
    let note = stage.next();
    let about = async || {
        let tag = stage.tag(whose).await;
        let sql = format!("select cast(version as text) from api_key where tag = '{tag}'");
        let version = stage.app.select(&sql).await.pop().flatten().unwrap();
        format!(
            "tag={}&version={version}",
            tag.to_string().replace('=', "%3D")
        )
    };
    match (operation, whose) {
        (Operation::ViewKey, Whose::Own) => function("/api/key_page", String::new()),
        (Operation::CreateKey, Whose::Own) => function(
            "/api/create_key",
            format!("description={note}&validity={DAYS}"),
        ),
        (Operation::UpdateKey, _) => {
            let about = about().await;
            function(
                "/api/update_key",
                format!("{about}&description={note}&validity=keep"),
            )
        }
        (Operation::ReissueKey, _) => {
            let about = about().await;
            function(
                "/api/reissue_key",
                format!("{about}&description={note}&validity={DAYS}"),
            )
        }
        (Operation::DeleteKey, _) => function("/api/delete_key", about().await),
        (Operation::ChangeOwnPassword, _) => {
            let new = stage.other_password();
            let current = &stage.player(cell).password;
            let form = format!("current={current}&new={new}&repeat={new}").replace(' ', "+");
            function("/api/change_password", form)
        }
        (Operation::EndOwnSessions, _) => function("/api/end_other_sessions", String::new()),
        (Operation::ViewPolicy, _) => function("/api/settings_page", String::new()),
        (Operation::UpdatePolicy, _) => {
            let form = format!(
                "max_lifetime_days=365&default_lifetime_days=30&overlap_hours=0&self_service=true\
                 &saml_max_lifetime_hours=24&saml_expiry=session&later_than_saml=warn\
                 &tombstone_days={}",
                1 + note % 300
            );
            function("/api/save_policy", form)
        }
        (Operation::ViewKey | Operation::CreateKey, Whose::Others) => {
            Offer::NotHere("the administrators' pages are not built yet")
        }
        (Operation::RevokeKey, _) => Offer::NotHere("there are no service principals yet"),
        (Operation::ViewUsers, _) => function("/api/users_page", "at=/users".to_owned()),
        (Operation::CreateUser, _) => {
            let new = format!("a+password+of+their+own+{note}");
            let form = format!("name=new{note}&domain_type=unixpwd&password={new}&repeat={new}");
            function("/api/add_user", form)
        }
        (Operation::DisableUser, _) => function("/api/disable_user", format!("who={KIM}")),
        (Operation::SetPassword, _) => {
            let new = format!("a+password+for+kim+{note}");
            let form = format!("who={KIM}&password={new}&repeat={new}");
            function("/api/set_user_password", form)
        }
        (Operation::ViewRoles, _) => function("/api/roles_page", String::new()),
        (Operation::CreateRole, _) => function("/api/save_role", format!("name=Role+{note}")),
        (Operation::UpdateRole, _) => function(
            "/api/save_role",
            format!("id={}&name=Target&description={note}", stage.target),
        ),
        (Operation::DeleteRole, _) => function("/api/delete_role", format!("id={}", stage.target)),
        (Operation::AssignRoles, _) => {
            function("/api/give_role", format!("who={KIM}&role={HARMLESS}"))
        }
        (Operation::ViewAudit, _) => function("/api/audit_page", "at=/security/audit".to_owned()),
        (Operation::UseNotices, _) => function(
            "/api/choose_notices",
            format!("address=ann{note}@example.org"),
        ),
        (Operation::ViewNotifying, _) => function("/api/notifying_page", String::new()),
        (Operation::UpdateNotifying, _) => function(
            "/api/add_webhook",
            "url=https://hooks.example.org/&events%5B%5D=key.deleted".to_owned(),
        ),
        (Operation::ViewTickets, _) => {
            function("/api/tickets_page", "at=/tickets%3Fshow%3Dall".to_owned())
        }
        (Operation::DecideTicket, _) => {
            Offer::NotHere("played in `web::tickets`: it takes tickets of several people")
        }
        (Operation::ViewApproval, _) => function("/api/approval_page", String::new()),
        (Operation::UpdateApproval, _) => {
            let form = format!("expiry_hours={}&purge_days=30", 24 + note % 100);
            function("/api/save_approval", form)
        }
    }
}

/// Calls the function and returns status and error of a refusal.
pub(super) async fn ask(stage: &Stage, cell: Cell, function: Call) -> Result<(), String> {
    let (name, value) = stage.credential(cell);
    let client = stage.app.with_header(name, &value);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("accept", "text/plain"),
    ];
    let answer = client
        .send(Method::POST, function.path, &headers, function.form)
        .await;
    if answer.status == 200 {
        // The page of one's key shows none where one may not view it.
        return match (cell.operation, function.path) {
            (Operation::ViewKey, "/api/key_page") => {
                let page: KeyPage = unpack(&answer.body).unwrap();
                page.key.map(drop).ok_or_else(|| told(&Error::NotFound))
            }
            _ => Ok(()),
        };
    }
    // A10.
    assert_eq!(answer.header("set-cookie"), "", "{cell:?}");
    let fault: Fault = unpack(&answer.body).unwrap();
    Err(format!("{} {:?}", answer.status, fault.error))
}

/// How this door tells a refusal: by the usual statuses, and the error itself.
pub(super) fn told(error: &Error) -> String {
    let status = match error {
        Error::Unauthenticated => 401,
        Error::NotPermitted | Error::Refused(_) => 403,
        Error::NotFound => 404,
        Error::Conflict(_) => 409,
        other => panic!("no cell expects {other:?}"),
    };
    format!("{status} {error:?}")
}
