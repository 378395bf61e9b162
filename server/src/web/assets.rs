//! The files of the browser application, embedded in the program.

use std::borrow::Cow;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::failure::Failure;

/// What `cargo xtask build` left. Empty when the site was not built: enough to compile and to
/// test everything else.
#[derive(RustEmbed)]
#[folder = "$LATCHKEY_SITE"]
#[allow_missing = true]
struct Site;

/// Names that stay the same although the content changes.
const LOOSE: [&str; 2] = ["favicon.svg", "robots.txt"];

/// What names this build: the same application has the same.
pub(super) fn build() -> String {
    let build = Site::get("build");
    let build = build
        .as_ref()
        .and_then(|file| str::from_utf8(&file.data).ok());
    build.unwrap_or("none").trim().to_owned()
}

/// The folder of this build's files, relative to the root.
pub(crate) fn package() -> String {
    format!("pkg/{}", build())
}

/// The addresses of all files.
pub(super) fn routes() -> Router {
    let packaged = get(async |Path(path): Path<String>, headers: HeaderMap| {
        serve(&format!("pkg/{path}"), &headers, IMMUTABLE)
    });
    LOOSE.iter().fold(
        Router::new().route("/pkg/{*path}", packaged),
        |router, name| {
            router.route(
                &format!("/{name}"),
                get(async move |headers: HeaderMap| serve(name, &headers, REVALIDATED)),
            )
        },
    )
}

/// The address names the build: what is there never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATED: HeaderValue = HeaderValue::from_static("public, no-cache");

fn serve(path: &str, asked: &HeaderMap, cache: HeaderValue) -> Response {
    let Some((file, encoding)) = find(path, asked) else {
        return Failure::NoRoute.into_response();
    };
    let etag = etag(&file);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(&etag) {
        headers.insert(header::ETAG, etag);
    }
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    if known
        .filter_map(|tags| tags.to_str().ok())
        .any(|tags| tags.contains(&etag))
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, content_type(path));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    (headers, body(file.data)).into_response()
}

/// The smallest copy that the browser can read. The compressed copies have no address of their
/// own.
fn find(path: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let whole = Site::get(path).filter(|_| !is_copy(path))?;
    let copy = [("br", "br"), ("gz", "gzip")]
        .into_iter()
        .find_map(|(ending, encoding)| {
            accepts(asked, encoding).then_some(())?;
            Some((Site::get(&format!("{path}.{ending}"))?, Some(encoding)))
        });
    Some(copy.unwrap_or((whole, None)))
}

fn is_copy(path: &str) -> bool {
    matches!(ending(path), Some("br" | "gz"))
}

/// Whether `Accept-Encoding` names the encoding, and not with a weight of 0.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lists = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().trim_end_matches(['0', '.']) == "q=";
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

/// Of the copy that is sent, so that no cache takes one for the other.
fn etag(file: &EmbeddedFile) -> String {
    format!(
        "\"{}\"",
        domain::audit::hex(&file.metadata.sha256_hash()[..16])
    )
}

fn content_type(path: &str) -> HeaderValue {
    HeaderValue::from_static(match ending(path) {
        Some("wasm") => "application/wasm",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    })
}

fn ending(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, ending)| ending)
}

fn body(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn asking(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_encoding_is_used_when_it_is_asked_for() {
        for (list, br) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("BR", true),
            ("gzip", false),
            ("br;q=0", false),
            ("br; q=0.000", false),
            ("brotli", false),
            ("", false),
        ] {
            assert_eq!(
                accepts(&asking(header::ACCEPT_ENCODING, list), "br"),
                br,
                "{list}"
            );
        }
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[test]
    fn files_say_what_they_are() {
        assert_eq!(content_type("pkg/1/latchkey_bg.wasm"), "application/wasm");
        assert_eq!(
            content_type("pkg/1/latchkey.js"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(content_type("build"), "application/octet-stream");
    }

    #[test]
    fn copies_and_unknown_files_have_no_address() {
        for path in ["favicon.svg.br", "no-such-file", "../Cargo.toml", ""] {
            assert_eq!(
                serve(path, &HeaderMap::new(), IMMUTABLE).status(),
                StatusCode::NOT_FOUND
            );
        }
    }

    /// Every file of this build, if there is one: found, cached by its kind, and not sent twice.
    #[test]
    fn every_file_is_served_compressed_and_once() {
        for name in Site::iter().filter(|name| !is_copy(name)) {
            let asked = asking(header::ACCEPT_ENCODING, "br");
            let first = serve(&name, &asked, IMMUTABLE);
            assert_eq!(first.status(), StatusCode::OK, "{name}");
            if name.ends_with(".wasm") {
                assert_eq!(first.headers()[header::CONTENT_ENCODING], "br");
            }
            let mut again = asked.clone();
            again.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
            assert_eq!(
                serve(&name, &again, IMMUTABLE).status(),
                StatusCode::NOT_MODIFIED
            );
        }
    }
}
