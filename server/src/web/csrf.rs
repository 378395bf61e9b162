//! Requests that other sites make in somebody's name (W1).
//!
//! `SameSite=Lax` keeps the cookie from most of them. This layer refuses the rest, and those that
//! need no cookie, such as signing somebody in to a stranger's account: every request that changes
//! something must say that it comes from a page of ours. Browsers say so and scripts of other
//! sites cannot make them lie. The doors where credentials stand in a header read no cookie and
//! have no such layer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::error::{Error, Refusal};

use crate::failure::Failure;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origin of this server's pages, as browsers write it.
pub(crate) fn own_origin(public_url: &str) -> Arc<str> {
    let scheme_end = public_url.find("://").map_or(0, |at| at + 3);
    let end = public_url[scheme_end..]
        .find('/')
        .map_or(public_url.len(), |at| scheme_end + at);
    public_url[..end].into()
}

/// Refuses what changes something and does not come from a page of ours.
pub(crate) async fn guard(State(own): State<Arc<str>>, request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reads || is_from_here(request.headers(), &own) {
        next.run(request).await
    } else {
        Failure::Domain(Error::Refused(Refusal::CrossSite)).into_response()
    }
}

/// `Sec-Fetch-Site` says it best. Browsers send it over TLS and to the own machine only; elsewhere
/// `Origin` must be the public address, or the one that the request itself was sent to. Who says
/// nothing is refused.
fn is_from_here(headers: &HeaderMap, own: &str) -> bool {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    if headers.contains_key(SEC_FETCH_SITE) {
        return one(SEC_FETCH_SITE) == Some("same-origin");
    }
    let Some(origin) = one(header::ORIGIN) else {
        return false;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == own || (host.is_some() && host == one(header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        is_from_here(&map, "https://keys.example")
    }

    /// W1.
    #[test]
    fn a_page_of_ours_is_known_by_what_its_browser_says() {
        for headers in [
            &[("sec-fetch-site", "same-origin")][..],
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", "https://keys.example"),
            ],
            &[("origin", "https://keys.example")],
            &[
                ("origin", "http://10.0.0.5:8080"),
                ("host", "10.0.0.5:8080"),
            ],
        ] {
            assert!(allowed(headers), "{headers:?}");
        }
    }

    /// W1.
    #[test]
    fn other_sites_and_those_who_say_nothing_are_refused() {
        for headers in [
            &[][..],
            &[("host", "keys.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "")],
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://keys.example"),
            ],
            &[("origin", "null")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", "https://evil.example"), ("host", "keys.example")],
            &[("origin", "https://keys.example.evil.example")],
            &[
                ("origin", "https://keys.example"),
                ("origin", "https://evil.example"),
            ],
            &[("origin", "http://keys.example")],
        ] {
            assert!(!allowed(headers), "{headers:?}");
        }
    }

    #[test]
    fn the_own_origin_is_the_public_address_without_its_path() {
        assert_eq!(
            &*own_origin("https://keys.example/"),
            "https://keys.example"
        );
        assert_eq!(
            &*own_origin("https://keys.example:8443/a/b"),
            "https://keys.example:8443"
        );
        assert_eq!(
            &*own_origin("http://127.0.0.1:8080"),
            "http://127.0.0.1:8080"
        );
    }
}
