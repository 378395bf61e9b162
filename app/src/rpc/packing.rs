//! How answers travel: postcard in base64url.
//!
//! Both ends are of the same build, so nothing needs to describe itself. Decoding JSON took 30 kB
//! of the application's first load, this takes 5; and text can stand in a page's source and in an
//! address.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

/// Packs what a server function answers.
pub struct Packing;

/// What a server function answers with; asked with a form's encoding all the same.
pub type Packed = Post<Packing>;

/// A text is not what it should be. Why is of no use to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

/// Packs a value.
///
/// # Errors
/// When it is of a kind that cannot travel.
pub fn pack<T: Serialize>(value: &T) -> Result<String, Broken> {
    let bytes = postcard::to_allocvec(value).map_err(|_| Broken)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Unpacks a value.
///
/// # Errors
/// When the text holds no such value.
pub fn unpack<T: DeserializeOwned>(text: &[u8]) -> Result<T, Broken> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Broken)?;
    postcard::from_bytes(&bytes).map_err(|_| Broken)
}

impl ContentType for Packing {
    const CONTENT_TYPE: &'static str = "text/plain";
}

impl FormatType for Packing {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Packing {
    type Error = Broken;

    fn encode(value: &T) -> Result<Bytes, Broken> {
        pack(value).map(Into::into)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Packing {
    type Error = Broken;

    fn decode(text: Bytes) -> Result<T, Broken> {
        unpack(&text)
    }
}

#[cfg(test)]
mod tests {
    use domain::error::{Error, FieldError, Problem};

    use super::*;

    #[test]
    fn what_is_packed_comes_out_whole() {
        let error = Error::Invalid(vec![
            FieldError::new("description", Problem::TooLong { max: 256 }),
            FieldError::new("expireAfterDays", Problem::malformed("a number")),
        ]);
        assert_eq!(unpack(pack(&error).unwrap().as_bytes()), Ok(error));
    }

    #[test]
    fn a_broken_text_is_an_error() {
        for text in ["", "?", "AAAA\n", "____"] {
            assert_eq!(unpack::<Error>(text.as_bytes()), Err(Broken), "{text}");
        }
    }
}
