//! Documents: JSON:API-like envelopes, read strictly and written uniformly.

mod members;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::error::{Error, Problem};
use serde_json::Value;

pub(super) use self::members::Members;

use super::{
    json::{self, BODY},
    media::MEDIA_TYPE,
};
use crate::failure::Failure;

/// An answer; the version is stamped on later (`media::stamp`).
#[derive(Debug)]
pub(super) struct Document(pub(super) Value);

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, MEDIA_TYPE)], self.0.to_string()).into_response()
    }
}

/// A request without a body. Clients that always send one send nothing or `null`.
#[derive(Debug)]
pub(super) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match read(request, state).await?.trim_ascii() {
            b"" | b"null" => Ok(Self),
            _ => Err(Error::field(BODY, Problem::NotAccepted).into()),
        }
    }
}

/// A request's body.
#[derive(Debug)]
pub(super) struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        read(request, state).await.map(Self)
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error)
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Failure::TooLarge
            }
            _ => Error::field(BODY, Problem::malformed("sent to its end")).into(),
        })
}

impl Body {
    /// As it was sent.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The members of a plain object.
    ///
    /// # Errors
    /// When the body is no JSON object.
    pub(super) fn members(&self) -> Result<Members, Failure> {
        match json::parse(&self.0).map_err(Error::from)? {
            Value::Object(members) => Ok(Members::new(String::new(), members)),
            _ => Err(Error::field(BODY, Problem::malformed("a JSON object")).into()),
        }
    }

    /// The attributes of an envelope `{"data":{"type":…,"attributes":{…}}}`.
    ///
    /// # Errors
    /// When the body is no JSON object. Other faults of the envelope are told with those of the
    /// attributes, by [`Members::end`].
    pub(super) fn attributes(&self, kind: &'static str) -> Result<Members, Failure> {
        self.envelope(kind, None)
    }

    /// The attributes of an envelope about a thing that the path names: `data.id` may stand there
    /// and must then be that name.
    ///
    /// # Errors
    /// As [`Body::attributes`].
    pub(super) fn attributes_of(&self, kind: &'static str, id: &str) -> Result<Members, Failure> {
        self.envelope(kind, Some(id))
    }

    /// The things that a body `{"data":[{"type":…,"id":…},…]}` names, by their ids.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn ids(&self, kind: &'static str) -> Result<Vec<String>, Failure> {
        let mut body = self.members()?;
        let mut ids = Vec::new();
        for mut item in body.objects("data") {
            item.kind(kind);
            ids.push(item.required_text("id"));
            body.absorb(item);
        }
        body.end()?;
        Ok(ids)
    }

    fn envelope(&self, kind: &'static str, id: Option<&str>) -> Result<Members, Failure> {
        let mut body = self.members()?;
        let mut data = body.object("data");
        body.refuse_rest();
        data.kind(kind);
        if let Some(id) = id {
            data.same_id(id);
        }
        let mut attributes = data.object("attributes");
        data.refuse_rest();
        attributes.blame_first(data);
        attributes.blame_first(body);
        Ok(attributes)
    }
}

/// A use case's error about attributes, under their paths on the wire.
pub(super) fn under_attributes(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => Error::Invalid(
            fields
                .into_iter()
                .map(|field| {
                    let path = format!("data.attributes.{}", field.field);
                    field.named(path)
                })
                .collect(),
        ),
        other => other,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// The faults of an envelope with a `name` and an optional `note`.
    fn faults(text: &str) -> Vec<String> {
        let read = body(text).attributes("thing").and_then(|mut attributes| {
            attributes.required_text("name");
            attributes.text("note");
            attributes.end()
        });
        match read {
            Ok(()) => Vec::new(),
            Err(Failure::Domain(Error::Invalid(fields))) => {
                fields.iter().map(ToString::to_string).collect()
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_envelope_of_the_right_form_is_read() {
        for attributes in [
            r#"{"name":"a"}"#,
            r#"{"name":"a","note":null}"#,
            r#"{"note":"b","name":"a"}"#,
        ] {
            let text = format!(r#"{{"data":{{"type":"thing","attributes":{attributes}}}}}"#);
            assert_eq!(faults(&text), [""; 0]);
        }
    }

    /// L12.
    #[test]
    fn each_fault_is_told_under_its_path() {
        assert_eq!(
            faults(
                r#"{"data":{"type":"other","attributes":{"note":1,"user_id":7,"hash":"x"},"id":"x"},"meta":{}}"#
            ),
            [
                "meta: This field is not accepted here.",
                "data.type: Must be thing.",
                "data.id: This field is not accepted here.",
                "data.attributes.name: A value is needed.",
                "data.attributes.note: Must be text.",
                "data.attributes.hash: This field is not accepted here.",
                "data.attributes.user_id: This field is not accepted here.",
            ]
        );
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for (text, fault) in [
            ("[]", "body: Must be a JSON object."),
            ("null", "body: Must be a JSON object."),
            (r#"{"data":[]}"#, "data: Must be a JSON object."),
            ("{}", "data: A value is needed."),
            (
                r#"{"data":{"type":"thing","attributes":"x"}}"#,
                "data.attributes: Must be a JSON object.",
            ),
        ] {
            assert_eq!(
                faults(text).first().map(String::as_str),
                Some(fault),
                "{text}"
            );
        }
    }
}
