//! What a server function says when it could not do what was asked.

use domain::error::Error;
use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use super::Packing;

/// [`Error`] on its way to the browser, with the request's id where somebody will want to look
/// into the log. Never the text of a library's error.
///
/// It may also come out of an address (that is how a form learns of its error without
/// JavaScript), so pages say it in their own words and never print a text from within.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What went wrong.
    pub error: Error,
    /// Names the request in the server's log. Empty where the log has nothing to add.
    request_id: String,
}

impl Fault {
    /// A fault without a request to look up.
    pub const fn new(error: Error) -> Self {
        Self {
            error,
            request_id: String::new(),
        }
    }

    /// A fault that happened in this request.
    #[must_use]
    pub fn in_request(error: Error, request_id: &str) -> Self {
        let request_id = match error {
            Error::Internal | Error::Unavailable => request_id.to_owned(),
            _ => String::new(),
        };
        Self { error, request_id }
    }

    /// The request's id, if there is one that looks like one.
    pub fn request_id(&self) -> Option<&str> {
        let id = self.request_id.as_str();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        ((1..=128).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}

/// The framework's own errors lose their text: it quotes what was sent.
impl FromServerFnError for Fault {
    type Encoder = Packing;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::new(match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Serialization(_) => Error::Invalid(Vec::new()),
            ServerFnErrorErr::Request(_) => Error::Unavailable,
            _ => Error::Internal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frameworks_errors_lose_their_text() {
        for error in [
            ServerFnErrorErr::Args("hunter2".to_owned()),
            ServerFnErrorErr::ServerError("hunter2".to_owned()),
            ServerFnErrorErr::Deserialization("hunter2".to_owned()),
        ] {
            let text = String::from_utf8(Fault::from_server_fn_error(error).ser().to_vec());
            assert!(!text.unwrap().contains("hunter2"));
        }
    }

    #[test]
    fn only_faults_of_ours_name_the_request() {
        assert_eq!(
            Fault::in_request(Error::Internal, "0193-ab").request_id(),
            Some("0193-ab")
        );
        assert_eq!(
            Fault::in_request(Error::NotFound, "0193-ab").request_id(),
            None
        );
    }

    /// W2: an address can carry a made-up fault.
    #[test]
    fn a_request_id_that_is_none_is_not_shown() {
        for id in ["", "call 0900 555", "<b>", &"a".repeat(129)] {
            assert_eq!(Fault::in_request(Error::Internal, id).request_id(), None);
        }
    }
}
