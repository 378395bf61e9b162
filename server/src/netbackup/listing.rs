//! A request for a part of a list, and the document of that part: the one shape of all lists.

use axum::extract::{FromRequest, FromRequestParts, Request};
use domain::filter::Field;
use serde_json::Value;
use service::{
    Actor, Services,
    list::{Page, Query},
};

use super::{
    document::{Document, NoBody},
    query::ListQuery,
};
use crate::{AppState, credentials::Caller, failure::Failure};

/// A request for a part of a list: who asks, and what the address says. It has no body.
pub(super) struct Listing {
    services: Services,
    actor: Actor,
    query: Option<String>,
}

impl FromRequest<AppState> for Listing {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let Caller(actor) = Caller::from_request_parts(&mut parts, state).await?;
        let query = parts.uri.query().map(str::to_owned);
        NoBody::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self {
            services: state.services.clone(),
            actor,
            query,
        })
    }
}

impl Listing {
    /// As the address has it.
    pub(super) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Of the list at `path`, over these fields.
    ///
    /// # Errors
    /// Everything that is wrong with filter, order and part, each under its parameter.
    pub(super) fn of<F: Copy>(
        self,
        path: impl Into<String>,
        fields: &'static [Field<F>],
    ) -> Result<Part<F>, Failure> {
        self.of_with(path, fields, &[])
    }

    /// As [`Listing::of`], of a list that further parameters decide about.
    pub(super) fn of_with<F: Copy>(
        self,
        path: impl Into<String>,
        fields: &'static [Field<F>],
        further: &[&'static str],
    ) -> Result<Part<F>, Failure> {
        let query = self.query.as_deref();
        let query = ListQuery::parse(&self.services, path, query, fields, further)?;
        Ok(Part {
            services: self.services,
            actor: self.actor,
            query,
        })
    }
}

/// What part of a list is asked for, and by whom.
pub(super) struct Part<F> {
    pub(super) services: Services,
    pub(super) actor: Actor,
    query: ListQuery<F>,
}

impl<F: Copy> Part<F> {
    /// As the use case takes it.
    pub(super) const fn wanted(&self) -> &Query<F> {
        self.query.wanted()
    }

    /// The document of that part.
    pub(super) fn document<T>(&self, page: &Page<T>, item: impl FnMut(&T) -> Value) -> Document {
        Document(self.query.document(&self.services, page, item))
    }
}
