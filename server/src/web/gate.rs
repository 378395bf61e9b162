//! Which page somebody is led to instead of the one they asked for.

use app::rpc::{context::Caller, is_own, own_path, sign_in::within_query};
use axum::{
    extract::Request,
    http::{Method, Uri},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

const SIGN_IN: &str = "/sign-in";
const SECURITY: &str = "/profile/security";

/// Leads strangers to the sign-in page, and accounts with a first password to the form to change
/// it. The service refuses both regardless; here people are told where to go.
pub(super) async fn lead(request: Request, next: Next) -> Response {
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    let standing = Standing::of(request.extensions().get());
    match way(request.uri(), standing).filter(|_| is_page) {
        Some(way) => Redirect::to(&way).into_response(),
        None => next.run(request).await,
    }
}

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Stranger,
    FirstPassword,
    SignedIn,
}

impl Standing {
    fn of(caller: Option<&Caller>) -> Self {
        match caller.and_then(|caller| caller.actor.as_ref()) {
            None => Self::Stranger,
            Some(actor) if actor.password_change_needed() || actor.factor_needed() => {
                Self::FirstPassword
            }
            Some(_) => Self::SignedIn,
        }
    }
}

/// Where to, if not here.
fn way(asked: &Uri, standing: Standing) -> Option<String> {
    let path = asked.path();
    let own_page = path == "/" || is_own(path);
    match standing {
        Standing::Stranger if own_page => {
            let next = asked.path_and_query().map_or(path, |asked| asked.as_str());
            // What is led to must be a page of ours (W11); the front page needs no naming.
            Some(match own_path(next) {
                Some(next) => format!("{SIGN_IN}?next={}", within_query(next)),
                None => SIGN_IN.to_owned(),
            })
        }
        Standing::FirstPassword if path != SECURITY && (own_page || path == SIGN_IN) => {
            Some(SECURITY.to_owned())
        }
        Standing::SignedIn if path == SIGN_IN => Some("/profile/key".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(path: &str, standing: Standing) -> Option<String> {
        way(&path.parse().unwrap(), standing)
    }

    /// W11.
    #[test]
    fn a_stranger_is_led_to_sign_in_and_back_to_pages_of_ours_only() {
        for (asked, way) in [
            ("/", "/sign-in"),
            ("/profile/key", "/sign-in?next=/profile/key"),
            (
                "/profile/key?notice=deleted",
                "/sign-in?next=/profile/key%3Fnotice%3Ddeleted",
            ),
            ("/profile//evil.example", "/sign-in"),
            (
                "/profile/key?x=http://evil.example",
                "/sign-in?next=/profile/key",
            ),
        ] {
            assert_eq!(
                led(asked, Standing::Stranger).as_deref(),
                Some(way),
                "{asked}"
            );
        }
        assert_eq!(led("/sign-in", Standing::Stranger), None);
        assert_eq!(led("/no-such-page", Standing::Stranger), None);
    }

    #[test]
    fn a_first_password_leads_everywhere_to_its_replacement() {
        for asked in ["/", "/profile/key", "/profile/key/add", "/sign-in"] {
            let way = led(asked, Standing::FirstPassword);
            assert_eq!(way.as_deref(), Some("/profile/security"), "{asked}");
        }
        assert_eq!(led("/profile/security", Standing::FirstPassword), None);
    }

    #[test]
    fn whoever_is_signed_in_goes_where_they_like() {
        for asked in ["/", "/profile/key", "/profile/security", "/no-such-page"] {
            assert_eq!(led(asked, Standing::SignedIn), None, "{asked}");
        }
        assert_eq!(
            led("/sign-in", Standing::SignedIn).as_deref(),
            Some("/profile/key")
        );
    }
}
