//! The addresses of the API, each with what the OpenAPI document says of it: no address without
//! its words, so the document cannot fall behind the code.

mod document;
pub(super) mod schema;

use axum::{
    Router,
    handler::Handler,
    http::{Method, StatusCode},
    routing::{MethodFilter, on},
};
use domain::filter::Field;
use serde_json::{Value, json};

pub(super) use self::document::document;
use super::paging::{LIMIT, OFFSET};
use crate::AppState;

/// Addresses and what is said of them.
pub(super) struct Api {
    router: Router<AppState>,
    described: Vec<Described>,
}

/// An operation at its address.
pub(super) struct Described {
    method: Method,
    path: &'static str,
    operation: Operation,
}

impl Api {
    pub(super) fn new() -> Self {
        Self {
            router: Router::new(),
            described: Vec::new(),
        }
    }

    /// Adds an operation at an address.
    pub(super) fn at<H, T>(
        mut self,
        method: MethodFilter,
        path: &'static str,
        handler: H,
        operation: Operation,
    ) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.router = self.router.route(path, on(method, handler));
        self.described.push(Described {
            method: name_of(method),
            path,
            operation,
        });
        self
    }

    /// Both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.described.extend(other.described);
        Self {
            router: self.router.merge(other.router),
            ..self
        }
    }

    /// The router, and what is said of its addresses.
    pub(super) fn into_parts(self) -> (Router<AppState>, Vec<Described>) {
        (self.router, self.described)
    }
}

fn name_of(filter: MethodFilter) -> Method {
    let known = [
        (MethodFilter::GET, Method::GET),
        (MethodFilter::POST, Method::POST),
        (MethodFilter::PUT, Method::PUT),
        (MethodFilter::PATCH, Method::PATCH),
        (MethodFilter::DELETE, Method::DELETE),
    ];
    let found = known.into_iter().find(|(one, _)| *one == filter);
    found.map_or(Method::GET, |(_, method)| method)
}

/// What is said of an operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    id: &'static str,
    summary: &'static str,
    /// What it says besides.
    description: String,
    /// Whether it takes credentials.
    authenticated: bool,
    parameters: Vec<Value>,
    /// The schema of the body.
    body: Option<Value>,
    answers: Vec<(StatusCode, Answer)>,
    /// Statuses beside those that every operation can have.
    errors: Vec<u16>,
}

#[derive(Debug, Clone)]
enum Answer {
    /// A document of this schema.
    Document(Value),
    /// Text.
    Text,
    /// No body.
    Empty,
}

impl Operation {
    pub(super) const fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            description: String::new(),
            authenticated: true,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// For everyone.
    pub(super) const fn open(mut self) -> Self {
        self.authenticated = false;
        self
    }

    pub(super) fn says(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// A part of the path.
    pub(super) fn path(mut self, name: &str, schema: &Value) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "schema": schema,
        }));
        self.errors.push(404);
        self
    }

    pub(super) fn query(mut self, name: &str, about: &str, schema: &Value) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "query", "description": about, "schema": schema,
        }));
        self
    }

    pub(super) fn header(mut self, name: &str, about: &str) -> Self {
        self.parameters.push(json!({
            "name": name, "in": "header", "description": about, "schema": { "type": "string" },
        }));
        self
    }

    /// Filter, order and part of a list over these fields; the answer's items have this schema.
    pub(super) fn lists<F: 'static>(self, fields: &[Field<F>], item: &Value) -> Self {
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        let (names, sorts) = (names.join(", "), names.join(", ").replace('/', "."));
        let whole = |max: u32, min: u32| json!({"type": "integer", "minimum": min, "maximum": max});
        self.query(
            "filter",
            &format!("OData subset over {names}"),
            &schema::text(),
        )
        .query(
            "sort",
            &format!("Fields separated by commas, - in front: descending. Of {sorts}"),
            &schema::text(),
        )
        .query(
            LIMIT,
            "How many items, 10 unless asked otherwise",
            &whole(100, 1),
        )
        .query(
            OFFSET,
            "How many items to leave out",
            &whole(i32::MAX.unsigned_abs(), 0),
        )
        .query(
            "page[after]",
            "Instead of the offset: the part after a cursor from the links; empty: the beginning",
            &schema::text(),
        )
        .query(
            "page[before]",
            "Instead of the offset: the part before a cursor from the links; empty: the end",
            &schema::text(),
        )
        .answers(200, &schema::list_document(item))
    }

    pub(super) fn takes(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Answers a document.
    pub(super) fn answers(mut self, status: u16, schema: &Value) -> Self {
        self.push(status, Answer::Document(schema.clone()));
        self
    }

    /// Answers without a body.
    pub(super) fn answers_nothing(mut self, status: u16) -> Self {
        self.push(status, Answer::Empty);
        self
    }

    /// Answers plain text.
    pub(super) fn answers_text(mut self) -> Self {
        self.push(200, Answer::Text);
        self
    }

    fn push(&mut self, status: u16, answer: Answer) {
        if let Ok(status) = StatusCode::from_u16(status) {
            self.answers.push((status, answer));
        }
    }

    /// Fails with these statuses, besides those that every operation can have.
    pub(super) fn fails(mut self, statuses: &[u16]) -> Self {
        self.errors.extend_from_slice(statuses);
        self
    }

    /// May wait for approval by a second person.
    pub(super) fn may_wait(mut self) -> Self {
        self.push(202, Answer::Empty);
        self
    }
}
