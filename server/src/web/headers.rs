//! Headers that keep pages to themselves: what may run in them, who may frame them, what is kept.

use app::calls::BUILD_HEADER;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use leptos::{nonce::use_nonce, prelude::use_context};
use leptos_axum::ResponseOptions;

use super::assets;

/// What every answer says that says nothing else itself.
const COMMON: [(HeaderName, HeaderValue); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(STRICT),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: with it, forms would say `Origin: null`, and be refused.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    // Pages are somebody's own, and one of them shows a key (W5).
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// For answers without scripts.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'";

/// Adds what the answer does not say itself, and which build gave it: a page of another one cannot
/// read it.
pub(crate) async fn add(State(build): State<Build>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    complete(response.headers_mut());
    response.headers_mut().insert(BUILD_HEADER, build.0);
    response
}

/// This build's name, as a header has it.
#[derive(Clone)]
pub(crate) struct Build(HeaderValue);

impl Build {
    pub(crate) fn this() -> Self {
        let name = HeaderValue::try_from(assets::build());
        Self(name.unwrap_or_else(|_| HeaderValue::from_static("none")))
    }
}

fn complete(headers: &mut HeaderMap) {
    for (name, value) in COMMON {
        headers.entry(name).or_insert(value);
    }
}

/// Lets the page that is being made run the application's scripts, and no others (W3).
pub(super) fn allow_own_scripts() {
    let policy = use_nonce().and_then(|nonce| HeaderValue::try_from(policy(&nonce)).ok());
    if let (Some(policy), Some(response)) = (policy, use_context::<ResponseOptions>()) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W3.
    #[test]
    fn no_policy_allows_inline_code_or_other_hosts() {
        for policy in [STRICT, &policy("abc")] {
            assert!(policy.starts_with("default-src 'none';"));
            for hole in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:", "data:"] {
                assert!(!policy.split([' ', ';']).any(|word| word == hole), "{hole}");
            }
        }
        assert!(
            policy("abc").contains("script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval';")
        );
    }

    /// W4: no answer may be framed. W5: nothing is kept that does not say so itself.
    #[test]
    fn an_answer_is_neither_framed_nor_kept() {
        let mut headers = HeaderMap::new();
        complete(&mut headers);
        assert!(
            headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert!(policy("abc").contains("frame-ancestors 'none'"));
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
    }

    #[test]
    fn what_an_answer_says_itself_stands() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        complete(&mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "public");
        assert_eq!(headers.get_all(header::CACHE_CONTROL).iter().count(), 1);
    }
}
