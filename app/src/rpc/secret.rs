//! What must not be printed on its way through a server function.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password on its way in, or a key's value on its way out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text, to be wrapped again at once.
    pub fn into_inner(self) -> String {
        self.0
    }

    /// Overwrites the text. Copies that the browser made are beyond reach.
    pub fn wipe(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

/// Prints nothing of the text (K14).
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K14.
    #[test]
    fn a_secret_does_not_print_itself_and_is_gone_after_wiping() {
        let mut secret = Secret::new("lky_value".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        secret.wipe();
        assert_eq!(secret.expose(), "");
    }
}
