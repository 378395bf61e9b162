//! How client commands write what they found.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::cli::say;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Output {
    /// Lines of columns with tabs between
    #[default]
    Table,
    /// JSON
    Json,
}

/// What is known of one thing, in the order in which people read it.
pub(super) type Fields = Vec<(&'static str, Value)>;

impl Output {
    /// One thing: a line a field.
    pub(super) fn show(self, fields: Fields) -> Result<()> {
        match self {
            Self::Json => say(object(fields)),
            Self::Table => fields
                .iter()
                .try_for_each(|(name, value)| say(format_args!("{name}\t{}", text(value)))),
        }
    }

    /// Several things: a line each, of these columns; JSON has all fields.
    pub(super) fn list(self, things: Vec<Fields>, columns: &[&str]) -> Result<()> {
        if self == Self::Json {
            return say(things.into_iter().map(object).collect::<Value>());
        }
        things.iter().try_for_each(|fields| {
            let column = |wanted: &&str| {
                let field = fields.iter().find(|(name, _)| name == wanted);
                field.map(|(_, value)| text(value)).unwrap_or_default()
            };
            say(columns.iter().map(column).collect::<Vec<_>>().join("\t"))
        })
    }
}

fn object(fields: Fields) -> Value {
    let named = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Value::Object(named.collect::<Map<_, _>>())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        other => plain(&other.to_string()),
    }
}

/// What others wrote cannot command a terminal, nor begin a line or a column.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R2.
    #[test]
    fn a_description_commands_no_terminal_and_forges_no_line() {
        assert_eq!(plain("a\x1b[2J\r\nb\tc\u{9b}d"), "a [2J  b c d");
        assert_eq!(text(&Value::Null), "");
        assert_eq!(text(&serde_json::json!(["a", 1, true])), "a, 1, true");
    }
}
