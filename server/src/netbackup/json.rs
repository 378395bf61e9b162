//! JSON as clients send it, read strictly (W7): a member that stands twice is refused, since two
//! readers could take different ones (RFC 8259, section 4); so is deep nesting.

use std::{cell::RefCell, fmt};

use domain::error::{FieldError, Problem};
use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// What is wrong with the body as a whole is told under this name.
pub(super) const BODY: &str = "body";

/// How deep objects and arrays may nest. The deepest document of the API has four levels.
const MAX_DEPTH: usize = 16;

/// Reads a whole body.
///
/// # Errors
/// Where the text is not JSON, the member that stands twice, or too deep nesting.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, FieldError> {
    let found = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let place = Place {
        path: String::new(),
        depth: 0,
        found: &found,
    };
    let read = place.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    read.map_err(|error| {
        found.take().unwrap_or_else(|| {
            let (line, column) = (error.line(), error.column());
            let expected = format!("JSON; it is not at line {line}, column {column}");
            FieldError::new(
                BODY,
                Problem::Malformed {
                    expected: expected.into(),
                },
            )
        })
    })
}

/// Where in the document a value stands.
struct Place<'a> {
    path: String,
    depth: usize,
    found: &'a RefCell<Option<FieldError>>,
}

impl Place<'_> {
    fn within(&self, member: &str) -> Self {
        let path = match self.path.as_str() {
            "" => member.to_owned(),
            path => format!("{path}.{member}"),
        };
        Self {
            path,
            depth: self.depth + 1,
            found: self.found,
        }
    }

    fn refuse<E: serde::de::Error>(&self, path: String, expected: &'static str) -> E {
        *self.found.borrow_mut() = Some(FieldError::new(path, Problem::malformed(expected)));
        E::custom(expected)
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH {
            Ok(())
        } else {
            Err(self.refuse(BODY.to_owned(), "JSON that nests less deeply"))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut all = Vec::new();
        while let Some(value) = items.next_element_seed(self.within(&format!("[{}]", all.len())))? {
            all.push(value);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = self.within(&shown(&name));
            let path = place.path.clone();
            let value = members.next_value_seed(place)?;
            if all.insert(name, value).is_some() {
                return Err(self.refuse(path, "there once only"));
            }
        }
        Ok(all.into())
    }
}

/// A member's name as errors repeat it: the client's own word, cut to less than a key has.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(text: &str) -> (String, String) {
        let error = parse(text.as_bytes()).unwrap_err();
        (error.field.into_owned(), error.problem.to_string())
    }

    #[test]
    fn json_is_read_as_it_stands() {
        let text = r#" {"a": [1, -2, 2.5, true, null, "é\n"], "b": {"c": {}}} "#;
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            json!({"a": [1, -2, 2.5, true, null, "é\n"], "b": {"c": {}}})
        );
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        assert_eq!(
            wrong("{\"a\":\n 1,}").1,
            "Must be JSON; it is not at line 2, column 4."
        );
        for text in [
            "",
            "{",
            "{} {}",
            "{a:1}",
            "nul",
            "\u{feff}{}",
            "'a'",
            "1e999",
            "\"\u{0}\"",
        ] {
            assert_eq!(wrong(text).0, "body", "{text:?}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    /// W7.
    #[test]
    fn a_member_that_stands_twice_is_named() {
        assert_eq!(
            wrong(r#"{"data":{"attributes":{"userName":"a","userName":"b"}}}"#),
            (
                "data.attributes.userName".to_owned(),
                "Must be there once only.".to_owned()
            )
        );
        assert_eq!(wrong(r#"{"a":1,"\u0061":2}"#).0, "a");
        assert_eq!(wrong(r#"{"a":[{},{"b":1,"b":1}]}"#).0, "a.[1].b");
    }

    /// W7.
    #[test]
    fn deep_nesting_is_refused() {
        for text in [
            "[".repeat(60_000),
            "{\"a\":".repeat(10_000),
            format!("{}{}", "[".repeat(17), "]".repeat(17)),
        ] {
            assert_eq!(
                wrong(&text),
                (
                    "body".to_owned(),
                    "Must be JSON that nests less deeply.".to_owned()
                )
            );
        }
        assert!(parse(format!("{}{}", "[".repeat(16), "]".repeat(16)).as_bytes()).is_ok());
    }

    /// W7: beyond 2^53 integers stay exact or become what no text field takes.
    #[test]
    fn large_integers_are_no_strings() {
        assert_eq!(
            parse(b"9007199254740993").unwrap(),
            json!(9_007_199_254_740_993_u64)
        );
        assert!(parse(b"99999999999999999999999").unwrap().is_f64());
    }
}
