//! Signing in and out.

use leptos::prelude::*;

use super::{Fault, Packed, Secret};

/// Signs in to a browser session and leads to the page that was asked for.
#[server(endpoint = "sign_in", output = Packed)]
pub async fn sign_in(
    /// Who.
    #[server(default)]
    user_name: String,
    /// The password.
    #[server(default)]
    password: Secret,
    /// The page that was asked for.
    #[server(default)]
    next: String,
) -> Result<(), Fault> {
    use super::context::{Scope, answer, set_cookie};
    use secrecy::ExposeSecret;
    use service::sessions::Entered;

    answer(
        async |Scope {
                   services,
                   caller,
                   cookies,
               }| {
            let entered = services
                .sessions
                .enter(credentials(user_name, password), caller.origin)
                .await?;
            let signed_in = match entered {
                Entered::Done(signed_in) => signed_in,
                Entered::CodeNeeded(step) => {
                    set_cookie(cookies.set(cookies.step(), step.token.expose_secret()));
                    leptos_axum::redirect(&match own_path(&next) {
                        Some(next) => format!("/sign-in/code?next={}", within_query(next)),
                        None => "/sign-in/code".to_owned(),
                    });
                    return Ok(());
                }
            };
            if let Some(former) = caller.actor {
                // Whoever signs in anew means to leave the old session (ASVS 5.0 7.2.4).
                let _ = services.sessions.sign_out(&former).await;
            }
            let token = signed_in.token.reveal();
            set_cookie(cookies.set(cookies.session(), &token));
            leptos_axum::redirect(first_page(&signed_in.actor, &next));
            Ok(())
        },
    )
    .await
}

/// The second step: signs in by a code, where one is asked for behind the password.
#[server(endpoint = "sign_in_code", output = Packed)]
pub async fn sign_in_code(
    /// The code.
    #[server(default)]
    code: Secret,
    /// The page that was asked for.
    #[server(default)]
    next: String,
) -> Result<(), Fault> {
    use super::{
        context::{Scope, answer, set_cookie},
        cookies::read,
    };

    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    answer(
        async |Scope {
                   services,
                   caller,
                   cookies,
               }| {
            let step = headers
                .as_ref()
                .and_then(|headers| read(headers, cookies.step()))
                .unwrap_or_default();
            let code = code.into_inner().into();
            let sessions = &services.sessions;
            let signed_in = sessions.enter_code(step, &code, caller.origin).await?;
            if let Some(former) = caller.actor {
                let _ = sessions.sign_out(&former).await;
            }
            let token = signed_in.token.reveal();
            set_cookie(cookies.set(cookies.session(), &token));
            set_cookie(cookies.remove(cookies.step()));
            leptos_axum::redirect(first_page(&signed_in.actor, &next));
            Ok(())
        },
    )
    .await
}

/// Where somebody who has just signed in is led to.
#[cfg(feature = "ssr")]
fn first_page<'a>(actor: &service::Actor, next: &'a str) -> &'a str {
    if actor.password_change_needed() || actor.factor_needed() {
        "/profile/security"
    } else {
        own_path(next).unwrap_or("/profile/key")
    }
}

/// A page that [`own_path`] lets through, within a query: these characters have a meaning there.
#[cfg(feature = "ssr")]
pub fn within_query(page: &str) -> String {
    page.replace('%', "%25")
        .replace('?', "%3F")
        .replace('&', "%26")
        .replace('=', "%3D")
}

/// The page to sign in again once the session has ended, and to come back to `here`: a path with
/// its query, if [`own_path`] lets it through.
pub fn sign_in_again(here: &str) -> String {
    crate::ui::address("/sign-in", &[("notice", "ended"), ("next", here)])
}

/// Ends the session that asks.
#[server(endpoint = "sign_out", output = Packed)]
pub async fn sign_out() -> Result<(), Fault> {
    use super::context::{Scope, answer, set_cookie};

    answer(
        async |Scope {
                   services,
                   caller,
                   cookies,
               }| {
            if let Some(actor) = caller.actor {
                services.sessions.sign_out(&actor).await?;
            }
            for name in [cookies.session(), cookies.reveal()] {
                set_cookie(cookies.remove(name));
            }
            leptos_axum::redirect("/sign-in?notice=signed-out");
            Ok(())
        },
    )
    .await
}

#[cfg(feature = "ssr")]
fn credentials(user_name: String, password: Secret) -> service::sessions::Credentials {
    service::sessions::Credentials {
        domain_type: None,
        domain: String::new(),
        user_name,
        password: password.into_inner().into(),
    }
}

/// Whether a path is that of a page for people who are signed in.
pub fn is_own(path: &str) -> bool {
    const ROOMS: [&str; 6] = [
        "/profile",
        "/security",
        "/users",
        "/roles",
        "/tickets",
        "/settings",
    ];
    ROOMS.iter().any(|room| {
        let below = path.strip_prefix(room);
        below.is_some_and(|below| below.is_empty() || below.starts_with(['/', '?']))
    })
}

/// The page of this application that one may be led to after signing in: `next`, or its path alone
/// when only that is plain. With no way to name another host (W11).
pub fn own_path(next: &str) -> Option<&str> {
    let path = next.split('?').next();
    let pages = [Some(next), path];
    pages.into_iter().flatten().find(|page| is_plain(page))
}

/// Whether it is a page of ours, of plain characters and of escaped ones that are no control
/// characters and cannot lead elsewhere within a path.
fn is_plain(next: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_?=&".contains(byte);
    let mut parts = next.as_bytes().split(|byte| *byte == b'%');
    let first = parts.next().is_some_and(|part| part.iter().all(plain));
    first
        && is_own(next)
        && !next.contains("//")
        && parts.all(|part| is_harmless(part) && part.iter().all(plain))
}

/// Whether the code of two digits that a text begins with is of a character that means nothing in
/// a path.
fn is_harmless(code: &[u8]) -> bool {
    match code {
        [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            let is = |code: &[u8; 2]| [*high, *low].eq_ignore_ascii_case(code);
            *high > b'1' && ![b"2e", b"2f", b"5c", b"7f"].into_iter().any(is)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W11.
    #[test]
    fn one_is_led_to_pages_of_this_application_only() {
        for page in [
            "/profile/key",
            "/profile/key/add",
            "/profile/security?notice=x",
            "/settings",
            "/users?q=a",
            "/security/api-keys?show=expired&sort=expires",
            "/security/api-keys?q=a%20b%C3%BC",
            "/security/api-keys/lky_AAECAwQ%3D",
        ] {
            assert_eq!(own_path(page), Some(page));
        }
        for query in ["q=a.b", "x=http://evil.example", "q=%00", "q=a+b"] {
            let page = format!("/users?{query}");
            assert_eq!(own_path(&page), Some("/users"), "{page}");
        }
        for hostile in [
            "",
            "/settings.evil.example",
            "/usersx",
            "/",
            "//evil.example",
            "/\\evil.example",
            "/profile//evil.example",
            "https://evil.example/profile/",
            "javascript:alert(1)",
            "profile/key",
            "/profile/\r\nSet-Cookie: a=b",
            "/profile/key%0d%0a",
            "/profile/key%",
            "/profile/key%2",
            "/profile/key%zz",
            "/profile/%2e%2E/key",
            "/profile/%2F/key",
            "/profile/%5cevil.example",
            "/profile/key%00%7F",
            "/profile/%25%",
            "/profile/@evil.example",
            "/profile/../sign-in",
            " /profile/key",
            "/sign-in",
            "/api/sign_out",
            "/users.evil.example",
            "/usersx",
        ] {
            assert_eq!(own_path(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn after_signing_in_again_one_is_where_one_was() {
        for (here, next) in [
            ("/users?q=a", "%2Fusers%3Fq%3Da"),
            ("/users?q=a%20b", "%2Fusers%3Fq%3Da%2520b"),
            ("/users/7?q=a.b", "%2Fusers%2F7%3Fq%3Da.b"),
        ] {
            let way = format!("/sign-in?notice=ended&next={next}");
            assert_eq!(sign_in_again(here), way, "{here}");
        }
    }
}
