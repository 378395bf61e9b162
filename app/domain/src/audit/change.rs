//! What a record changed, member by member.

use serde_json::Value;

/// One member of a thing's state that differs before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The member's name.
    pub name: String,
    /// Its text before. `None`: there was none.
    pub old: Option<String>,
    /// Its text after. `None`: there is none.
    pub new: Option<String>,
}

/// The members that differ between two states, in the order of their names.
pub fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let members = |state: Option<&Value>| match state {
        Some(Value::Object(members)) => members.clone(),
        // No state of ours is anything else.
        _ => serde_json::Map::new(),
    };
    let (before, mut after) = (members(before), members(after));
    let mut all: Vec<_> = before
        .iter()
        .map(|(name, old)| {
            (
                name.clone(),
                text(Some(old)),
                text(after.remove(name).as_ref()),
            )
        })
        .collect();
    all.extend(
        after
            .iter()
            .map(|(name, new)| (name.clone(), None, text(Some(new)))),
    );
    all.sort();
    all.into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| Change { name, old, new })
        .collect()
}

/// Text as it is, lists and numbers as JSON.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: Option<&Value>, after: Option<&Value>) -> Vec<(String, String, String)> {
        let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        changes(before, after)
            .into_iter()
            .map(|change| (change.name, shown(change.old), shown(change.new)))
            .collect()
    }

    fn row(name: &str, old: &str, new: &str) -> (String, String, String) {
        (name.to_owned(), old.to_owned(), new.to_owned())
    }

    #[test]
    fn only_what_differs_is_told() {
        assert_eq!(
            told(
                Some(&json!({"b": "x", "same": 1, "gone": true, "list": ["a"]})),
                Some(&json!({"b": "y", "same": 1, "a": 2, "list": []}))
            ),
            [
                row("a", "-", "2"),
                row("b", "x", "y"),
                row("gone", "true", "-"),
                row("list", "[\"a\"]", "[]"),
            ]
        );
    }

    #[test]
    fn what_was_made_or_removed_has_one_side() {
        let state = json!({"name": "CI", "note": null});
        assert_eq!(told(None, Some(&state)), [row("name", "-", "CI")]);
        assert_eq!(told(Some(&state), None), [row("name", "CI", "-")]);
        assert_eq!(told(None, None), []);
        assert_eq!(told(Some(&json!([1])), Some(&json!("x"))), []);
    }
}
