//! Where a request comes from: its id, the client's address, and what the client says of itself.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use domain::audit::hex;
use percent_encoding::percent_decode;
use service::{Origin, entropy};

use crate::AppState;

/// Names a request, from the client to the audit trail.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REASON: HeaderName = HeaderName::from_static("x-netbackup-audit-reason");
const CLIENT_ID: HeaderName = HeaderName::from_static("x-client-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const MAX_REQUEST_ID_BYTES: usize = 128;
const MAX_REASON_BYTES: usize = 512;
const MAX_CLIENT_ID_BYTES: usize = 128;
const MAX_USER_AGENT_BYTES: usize = 256;

/// Puts the request's [`Origin`] among its extensions, and its id on the answer.
pub async fn attach(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    let headers = request.headers();
    let origin = Origin {
        address: peer.map_or_else(String::new, |peer| {
            client_address(&state, peer, headers).to_string()
        }),
        request_id: request_id(&state, headers),
        reason: headers
            .get(REASON)
            .map(|value| percent_decode(value.as_bytes()).collect::<Vec<_>>())
            .and_then(|decoded| clean(&decoded, MAX_REASON_BYTES)),
        client_id: text(headers, &CLIENT_ID, MAX_CLIENT_ID_BYTES),
        user_agent: text(headers, &header::USER_AGENT, MAX_USER_AGENT_BYTES),
    };
    let echo = HeaderValue::from_str(&origin.request_id);
    request.extensions_mut().insert(origin);
    let mut response = next.run(request).await;
    if let Ok(echo) = echo {
        response.headers_mut().insert(REQUEST_ID, echo);
    }
    response
}

fn client_address(state: &AppState, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let forwarded: Vec<_> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        // What is not text is no address either, and ends the walk.
        .map(|value| value.to_str().unwrap_or("?"))
        .collect();
    state
        .settings
        .trusted_proxies
        .client(peer, forwarded.into_iter())
}

/// The client's id for the request if it is harmless in every place an id goes, else a random one.
fn request_id(state: &AppState, headers: &HeaderMap) -> String {
    let harmless = |id: &&str| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    let mut given = headers.get_all(REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) => id.to_str().ok().filter(harmless).map(str::to_owned),
        _ => None,
    }
    .unwrap_or_else(|| {
        // An id without randomness still joins a log line with its answer.
        let random: [u8; 12] = entropy::random(&*state.entropy).unwrap_or_default();
        hex(&random)
    })
}

fn text(headers: &HeaderMap, name: &HeaderName, max: usize) -> Option<String> {
    clean(headers.get(name)?.as_bytes(), max)
}

/// The first `max` bytes as text, cut between characters. Control characters become spaces: they
/// could forge lines where the text is shown (R2), and one database cannot keep NUL.
fn clean(bytes: &[u8], max: usize) -> Option<String> {
    let mut text: String = String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.truncate(text.floor_char_boundary(max));
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        let euros = "€".repeat(200);
        let cut = clean(euros.as_bytes(), MAX_REASON_BYTES).unwrap();
        assert_eq!(cut, "€".repeat(170));
    }

    /// R2.
    #[test]
    fn text_cannot_forge_a_line() {
        assert_eq!(clean(b"a\r\nb\0c\x1b[31m", 512).unwrap(), "a  b c [31m");
        assert_eq!(clean(b" \t\n", 512), None);
        assert_eq!(clean(b"\xff", 512).unwrap(), "\u{fffd}");
    }
}
