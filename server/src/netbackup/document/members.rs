//! The members of an object, one by one.

use domain::error::{Error, FieldError, Problem};
use serde_json::{Map, Value};

use crate::{failure::Failure, netbackup::json};

/// The most items that a list in a body may have.
const MAX_ITEMS: usize = 100;

/// What a whole number must be, completing "Must be …".
const WHOLE: &str = "a whole number, 0 or more";

/// Integers on the wire have 32 bits. `7.0` is one (JSON Schema 2020-12, validation, 6.1.1).
fn whole(value: &Value) -> Option<u32> {
    match value.as_u64() {
        Some(number) => u32::try_from(number).ok(),
        // Written without a fraction when it has none.
        None => value.as_f64()?.to_string().parse().ok(),
    }
}

/// The members of an object, taken one by one. What is not taken was not asked for, and is refused
/// by name (L12).
#[derive(Debug)]
pub(in crate::netbackup) struct Members {
    /// The path of the object, with a dot at its end.
    prefix: String,
    rest: Map<String, Value>,
    wrong: Vec<FieldError>,
}

impl Members {
    pub(super) const fn new(prefix: String, members: Map<String, Value>) -> Self {
        Self {
            prefix,
            rest: members,
            wrong: Vec::new(),
        }
    }

    /// A text. `None`: absent, `null`, or wrong.
    pub(in crate::netbackup) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.rest.remove(name) {
            None | Some(Value::Null) => None,
            // One of the databases cannot keep NUL.
            Some(Value::String(text)) if text.contains('\0') => {
                self.wrong(name, Problem::malformed("text without NUL"));
                None
            }
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.wrong(name, Problem::malformed("text"));
                None
            }
        }
    }

    /// A whole number, not negative. `None`: absent, `null`, or wrong.
    pub(in crate::netbackup) fn whole_number(&mut self, name: &'static str) -> Option<u32> {
        let value = match self.rest.remove(name) {
            None | Some(Value::Null) => return None,
            Some(value) => value,
        };
        let number = whole(&value);
        if number.is_none() {
            self.wrong(name, Problem::malformed(WHOLE));
        }
        number
    }

    /// A whole number that must be there. 0 when it is not, which [`Members::end`] tells.
    pub(in crate::netbackup) fn required_number(&mut self, name: &'static str) -> u32 {
        if !self.has(name) {
            self.wrong(name, Problem::Required);
        }
        self.whole_number(name).unwrap_or_default()
    }

    /// Yes or no. `None`: absent, `null`, or wrong.
    pub(in crate::netbackup) fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.rest.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(value)) => Some(value),
            Some(_) => {
                self.wrong(name, Problem::malformed("true or false"));
                None
            }
        }
    }

    /// A text that is read later.
    pub(in crate::netbackup) fn peek(&self, name: &str) -> Option<&str> {
        self.rest.get(name).and_then(Value::as_str)
    }

    /// A text that must be there. Empty when it is not, which [`Members::end`] tells.
    pub(in crate::netbackup) fn required_text(&mut self, name: &'static str) -> String {
        let faults = self.wrong.len();
        self.text(name).unwrap_or_else(|| {
            if self.wrong.len() == faults {
                self.wrong(name, Problem::Required);
            }
            String::new()
        })
    }

    /// Whether anything is wrong so far.
    pub(in crate::netbackup) const fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// Notes what is wrong with a member.
    pub(in crate::netbackup) fn wrong(&mut self, name: &str, problem: Problem) {
        let path = format!("{}{name}", self.prefix);
        self.wrong.push(FieldError::new(path, problem));
    }

    /// An object that must be there.
    pub(in crate::netbackup) fn object(&mut self, name: &'static str) -> Self {
        let members = match self.rest.remove(name) {
            Some(Value::Object(members)) => members,
            other => {
                let problem = match other {
                    None | Some(Value::Null) => Problem::Required,
                    Some(_) => Problem::malformed("a JSON object"),
                };
                self.wrong(name, problem);
                Map::new()
            }
        };
        Self::new(format!("{}{name}.", self.prefix), members)
    }

    /// Whether a member is there at all.
    pub(in crate::netbackup) fn has(&self, name: &str) -> bool {
        !matches!(self.rest.get(name), None | Some(Value::Null))
    }

    /// The objects of a list that must be there and have one at least. Give each back to
    /// [`Members::absorb`].
    pub(in crate::netbackup) fn objects(&mut self, name: &'static str) -> Vec<Self> {
        let items = self.items(name);
        self.objects_of(name, items)
    }

    /// The objects of a list that must be there and may be empty. Give each back to
    /// [`Members::absorb`].
    pub(in crate::netbackup) fn objects_or_none(&mut self, name: &'static str) -> Vec<Self> {
        if self.takes_empty_list(name) {
            return Vec::new();
        }
        self.objects(name)
    }

    fn objects_of(&mut self, name: &'static str, items: Vec<Value>) -> Vec<Self> {
        let mut objects = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{name}.[{index}]");
            match item {
                Value::Object(members) => {
                    objects.push(Self::new(format!("{}{path}.", self.prefix), members));
                }
                _ => self.wrong(&path, Problem::malformed("a JSON object")),
            }
        }
        objects
    }

    /// The texts of a list that must be there and have one at least, each with its path.
    pub(in crate::netbackup) fn texts(&mut self, name: &'static str) -> Vec<(String, String)> {
        let items = self.items(name);
        let mut texts = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{name}.[{index}]");
            match item {
                Value::String(text) => texts.push((path, text)),
                _ => self.wrong(&path, Problem::malformed("text")),
            }
        }
        texts
    }

    /// The texts of a list that may be empty or missing, each with its path.
    pub(in crate::netbackup) fn texts_or_none(
        &mut self,
        name: &'static str,
    ) -> Vec<(String, String)> {
        if !self.has(name) || self.takes_empty_list(name) {
            return Vec::new();
        }
        self.texts(name)
    }

    /// The whole numbers of a list that must be there and have one at least.
    pub(in crate::netbackup) fn numbers(&mut self, name: &'static str) -> Vec<i64> {
        let items = self.items(name);
        let mut numbers = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if let Some(number) = whole(&item) {
                numbers.push(number.into());
            } else {
                let path = format!("{name}.[{index}]");
                self.wrong(&path, Problem::malformed(WHOLE));
            }
        }
        numbers
    }

    /// Takes a list that is there and empty.
    fn takes_empty_list(&mut self, name: &str) -> bool {
        let is_empty = matches!(self.rest.get(name), Some(Value::Array(items)) if items.is_empty());
        if is_empty {
            self.rest.remove(name);
        }
        is_empty
    }

    fn items(&mut self, name: &'static str) -> Vec<Value> {
        let problem = match self.rest.remove(name) {
            Some(Value::Array(items)) if items.is_empty() => Problem::Required,
            Some(Value::Array(items)) if items.len() > MAX_ITEMS => {
                Problem::malformed("a list of at most 100 items")
            }
            Some(Value::Array(items)) => return items,
            None | Some(Value::Null) => Problem::Required,
            Some(_) => Problem::malformed("a list"),
        };
        self.wrong(name, problem);
        Vec::new()
    }

    /// Requires `type` to say what the object is.
    pub(in crate::netbackup) fn kind(&mut self, kind: &'static str) {
        match self.rest.remove("type") {
            Some(Value::String(text)) if text == kind => {}
            None => self.wrong("type", Problem::Required),
            Some(_) => self.wrong("type", Problem::malformed(kind)),
        }
    }

    /// Requires `id`, where it stands, to be what the path names.
    pub(super) fn same_id(&mut self, id: &str) {
        match self.rest.remove("id") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text == id => {}
            // Numbers of tickets are sent as numbers too.
            Some(Value::Number(number)) if number.to_string() == id => {}
            Some(_) => self.wrong("id", Problem::malformed("what the path names")),
        }
    }

    /// Ends the reading of an object within this one: what was wrong with it is wrong here.
    pub(in crate::netbackup) fn absorb(&mut self, mut inner: Self) {
        inner.refuse_rest();
        self.wrong.append(&mut inner.wrong);
    }

    /// What was wrong with an object around this one is told first.
    pub(super) fn blame_first(&mut self, mut outer: Self) {
        outer.wrong.append(&mut self.wrong);
        self.wrong = outer.wrong;
    }

    pub(super) fn refuse_rest(&mut self) {
        for (name, _) in std::mem::take(&mut self.rest) {
            self.wrong(&json::shown(&name), Problem::NotAccepted);
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was wrong, each under its path.
    pub(in crate::netbackup) fn end(mut self) -> Result<(), Failure> {
        self.refuse_rest();
        if self.wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.wrong).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction_and_32_bits() {
        for (text, number) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("7e2", Some(700)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("4294967296.0", None),
            ("7.5", None),
            ("-1", None),
            ("-0.0", None),
            ("1e300", None),
            ("\"7\"", None),
            ("null", None),
        ] {
            let value = serde_json::from_str(text).unwrap();
            assert_eq!(whole(&value), number, "{text}");
        }
    }
}
