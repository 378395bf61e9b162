//! What is written into HTML without the framework.

/// A text within HTML, also within an attribute in quotes of either kind (W2).
pub(crate) fn escape(text: &str) -> String {
    html_escape::encode_double_quoted_attribute(text).replace('\'', "&#39;")
}
