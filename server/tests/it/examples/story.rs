//! What was asked of the router and answered, by operation.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use server::netbackup::openapi;

use crate::support::{Client, MEDIA_TYPE};

/// What was asked and answered so far.
pub(super) struct Story {
    /// The operations, as the document has them: method, address and name.
    known: Vec<(Method, String, String)>,
    operations: BTreeMap<String, Value>,
    errors: BTreeMap<u16, Value>,
}

impl Story {
    pub(super) fn new() -> Self {
        let document = openapi();
        let paths = document["paths"].as_object().unwrap();
        let known = paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| {
                let method = method.to_uppercase().parse().unwrap();
                let id = operation["operationId"].as_str().unwrap();
                (method, path.clone(), id.to_owned())
            })
        });
        Self {
            known: known.collect(),
            operations: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// Asks, and keeps question and answer. Returns the answer's document.
    pub(super) async fn ask(
        &mut self,
        client: &Client,
        method: Method,
        at: &str,
        body: Value,
    ) -> Value {
        let text = match &body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let headers: &[_] = match &body {
            Value::Null => &[],
            _ => &[("content-type", MEDIA_TYPE)],
        };
        let answer = client
            .send(method.clone(), at, headers, Body::from(text))
            .await;
        assert!(answer.status < 300, "{method} {at}: {}", answer.text());
        let (id, parameters) = self.operation_of(&method, at);
        let told = self.operations.entry(id).or_insert_with(|| json!({}));
        if !parameters.is_empty() {
            told["parameters"] = parameters.into();
        }
        // The first question is the example.
        if !body.is_null() && told.get("request").is_none() {
            told["request"] = body;
        }
        let plain = answer.header("content-type").starts_with("text/plain");
        let document = match answer.text() {
            "" => Value::Null,
            text if plain => text.into(),
            _ => answer.json(),
        };
        if !document.is_null() {
            told["answers"][answer.status.to_string()] = document.clone();
        }
        document
    }

    pub(super) async fn get(&mut self, client: &Client, at: &str) -> Value {
        self.ask(client, Method::GET, at, Value::Null).await
    }

    /// Asks what is refused, and keeps the error document.
    pub(super) async fn refused(
        &mut self,
        client: &Client,
        (method, at): (Method, &str),
        headers: &[(&str, &str)],
        body: Value,
        status: u16,
    ) {
        let answer = client.send(method, at, headers, body.to_string()).await;
        assert_eq!(answer.status, status, "{at}: {}", answer.text());
        assert_eq!(self.errors.insert(status, answer.json()), None, "{status}");
    }

    /// The operation's name, and the parameters in the address.
    fn operation_of(&self, method: &Method, at: &str) -> (String, Map<String, Value>) {
        let (path, query) = at.split_once('?').unwrap_or((at, ""));
        let fits = |template: &str| -> Option<Map<String, Value>> {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            let mut parameters = Map::new();
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return Some(parameters),
                    (Some(wanted), Some(given)) => {
                        let name = wanted
                            .strip_prefix('{')
                            .and_then(|name| name.strip_suffix('}'));
                        match name {
                            Some(name) => parameters.insert(name.to_owned(), value_of(given)),
                            None if wanted == given => None,
                            None => return None,
                        };
                    }
                    _ => return None,
                }
            }
        };
        let mut found = self.known.iter().filter_map(|(known, template, id)| {
            Some((id, fits(template)?)).filter(|_| known == method)
        });
        let (id, mut parameters) = found.next().unwrap_or_else(|| panic!("{method} {at}"));
        for (name, text) in query.split('&').filter_map(|part| part.split_once('=')) {
            parameters.insert(value_of(name).as_str().unwrap().to_owned(), value_of(text));
        }
        (id.clone(), parameters)
    }

    pub(super) fn told(&self) -> Value {
        json!({ "errors": self.errors, "operations": self.operations })
    }

    /// Every body and every answer of the document was sent here once.
    pub(super) fn assert_whole(&self) {
        let document = openapi();
        for (method, path, id) in &self.known {
            let operation = &document["paths"][path][method.as_str().to_lowercase()];
            let told = self.operations.get(id).cloned().unwrap_or_default();
            let asked = operation.get("requestBody").is_some();
            assert!(!asked || told.get("request").is_some(), "{id}: no request");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let has_body = status.starts_with('2') && answer.get("content").is_some();
                assert!(
                    !has_body || told["answers"].get(status).is_some(),
                    "{id}: no answer {status}"
                );
            }
        }
        let responses = document["components"]["responses"].as_object().unwrap();
        for status in responses.keys().filter(|status| status.starts_with('4')) {
            let status = status.parse().unwrap();
            assert!(self.errors.contains_key(&status), "no error {status}");
        }
    }
}

/// A part of an address as the value that it stands for.
fn value_of(text: &str) -> Value {
    let text = percent_decode_str(text).decode_utf8().unwrap();
    text.parse::<u32>()
        .map_or_else(|_| json!(text), Value::from)
}
