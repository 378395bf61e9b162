//! Pages between us and a provider. They hold no application: each does one thing, by a button for
//! whoever has no JavaScript, and by itself otherwise.

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use domain::saml::origin_of;

use crate::{html::escape, web::assets};

/// Presses the page's button.
const SCRIPT: &str = "\"use strict\";\nconst go = document.getElementById(\"go\");\n\
    if (go) { go.click(); }\n";

/// `GET /go.js`.
pub(super) async fn script() -> Response {
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], SCRIPT).into_response()
}

/// Posts fields to a provider.
#[expect(clippy::format_collect, reason = "two fields")]
pub(super) fn form(action: &str, fields: &[(String, String)], what: &str) -> Response {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            let (name, value) = (escape(name), escape(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let body = format!(
        "<form method=\"post\" action=\"{}\">{inputs}<button class=\"button button--primary\" \
         id=\"go\" type=\"submit\">{}</button></form>",
        escape(action),
        escape(what)
    );
    onward(action, what, &body)
}

/// Leads to a provider.
pub(super) fn link(address: &str, what: &str) -> Response {
    let body = format!(
        "<a class=\"button button--primary\" id=\"go\" href=\"{}\">{}</a>",
        escape(address),
        escape(what)
    );
    onward(address, what, &body)
}

fn onward(address: &str, what: &str, body: &str) -> Response {
    let content = format!(
        "<h1 class=\"title\">{}</h1><p class=\"lead\">Your browser goes on to your identity \
         provider. If nothing happens, use the button.</p><p>{body}</p>\
         <script src=\"/netbackup/sso/go.js\" defer></script>",
        escape(what)
    );
    // What goes into the policy is of plain characters.
    let origin = origin_of(address).unwrap_or("'none'");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         form-action {origin}; frame-ancestors 'none'; base-uri 'none'"
    );
    with_policy(&document(what, &content), &policy)
}

/// Asks somebody whether they mean to sign in, since nobody here had asked for it.
pub(super) fn confirm(handle: &str, name: &str, provider: &str) -> Response {
    let content = format!(
        "<h1 class=\"title\">Sign in?</h1><p class=\"lead\">{provider} says that you are \
         <bdi><strong>{name}</strong></bdi>.</p><p>If you did not start this, close this page: \
         somebody may be trying to sign you in to an account that is not yours.</p>\
         <form method=\"post\" action=\"/netbackup/sso/finish\">\
         <input type=\"hidden\" name=\"handle\" value=\"{handle}\">\
         <button class=\"button button--primary\" type=\"submit\">Sign in as {name}</button> \
         <a class=\"button\" href=\"/sign-in\">Cancel</a></form>",
        provider = escape(provider),
        name = escape(name),
        handle = escape(handle),
    );
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    with_policy(&document("Sign in?", &content), policy)
}

/// What the person sees who could not be signed in.
pub(super) fn refused(request_id: &str) -> Html<String> {
    let content = format!(
        "<h1 class=\"title\">You could not be signed in</h1><p class=\"lead\">The answer of your \
         identity provider was not accepted. Try again; if it happens again, tell your \
         administrator this request id: the audit trail has the reason.</p>\
         <p>Request id: <code>{}</code></p>\
         <p><a class=\"button button--primary\" href=\"/sign-in\">Go to sign-in</a></p>",
        escape(request_id)
    );
    Html(document("You could not be signed in", &content))
}

fn document(title: &str, content: &str) -> String {
    let style = assets::package();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{} · Latchkey</title>\
         <link rel=\"stylesheet\" href=\"/{style}/latchkey.css\">\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\"></head>\
         <body><main class=\"main\"><div class=\"gate\">{content}</div></main></body></html>",
        escape(title)
    )
}

fn with_policy(document: &str, policy: &str) -> Response {
    let mut response = Html(document.to_owned()).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W2, W3: what a provider or a user is called is text.
    #[test]
    fn pages_hold_what_others_said_as_text() {
        let hostile = "\"><script>alert(1)</script>";
        let fields = vec![(hostile.to_owned(), hostile.to_owned())];
        for response in [
            form("https://idp.example/sso", &fields, hostile),
            link(hostile, hostile),
            confirm(hostile, hostile, hostile),
        ] {
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(
                !policy.contains("alert") && !policy.contains("unsafe"),
                "{policy}"
            );
        }
        assert!(!escape(hostile).contains(['<', '"']));
    }

    #[test]
    fn the_page_that_posts_to_a_provider_allows_that_provider_alone() {
        let response = form("https://idp.example:8443/sso?x", &[], "Sign in");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("form-action https://idp.example:8443; "),
            "{policy}"
        );
    }
}
