//! Who asks, and what comes back.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request},
};
use http::{HeaderMap, HeaderName, Method};
use serde_json::Value;
use tower::ServiceExt;

use super::documents::{KEYS, MEDIA_TYPE, REQUEST_ID, wanted};

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    credential: Option<(HeaderName, String)>,
}

impl Client {
    pub(super) const fn new(router: Router, credential: Option<(HeaderName, String)>) -> Self {
        Self { router, credential }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn get_as(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Answer {
        let headers = [("content-type", MEDIA_TYPE)];
        self.send(Method::POST, path, &headers, body.to_owned())
            .await
    }

    /// Makes a key for oneself; returns its value and its tag.
    pub(crate) async fn make_key(&self) -> (String, String) {
        let answer = self.post(KEYS, wanted()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let document = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&document["data"]["attributes"]["apiKey"]),
            text(&document["data"]["id"]),
        )
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let peer: SocketAddr = "192.0.2.7:4711".parse().unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(peer));
        if !headers.iter().any(|(name, _)| *name == "x-request-id") {
            request = request.header("x-request-id", REQUEST_ID);
        }
        if let Some((name, value)) = &self.credential {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {:?}", self.status, self.body))
    }

    /// The ids of a list's items.
    pub(crate) fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", self.text());
        let document = self.json();
        let items = document["data"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A header's text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and `attributeErrors`: what a bad request learns.
    pub(crate) fn faults(&self) -> (u16, Value) {
        (self.status, self.json()["attributeErrors"].clone())
    }
}
