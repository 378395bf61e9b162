//! Statements put together at run time: fixed text of ours, values always bound.

use super::Time;

/// A value to bind.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Text(String),
    Int(i64),
    Time(Time),
    Bool(bool),
}

/// A statement in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    text: String,
    args: Vec<Arg>,
}

impl Sql {
    /// Starts with a text of ours.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            args: Vec::new(),
        }
    }

    /// Whether it has no text yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Goes on with a text of ours: `'static`, so nothing a caller sent can get in.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a value.
    pub(crate) fn bind(&mut self, arg: Arg) -> &mut Self {
        self.args.push(arg);
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }

    /// Goes on with a list of values in brackets, of which there is at least one.
    pub(crate) fn bind_list(&mut self, args: impl IntoIterator<Item = Arg>) -> &mut Self {
        for (index, arg) in args.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " });
            self.bind(arg);
        }
        self.push(")")
    }

    /// Goes on with a number that stands in the text, so that plans are made for it: PostgreSQL
    /// takes a limit that it does not know for a tenth of the rows, and then sorts.
    pub(crate) fn push_number(&mut self, number: u32) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// The text and the values.
    pub(crate) fn into_parts(self) -> (sqlx::AssertSqlSafe<String>, Vec<Arg>) {
        // Safe: built from `&'static str`, numbers and placeholders only, see `push` and `bind`.
        (sqlx::AssertSqlSafe(self.text), self.args)
    }
}

/// Binds every value of an [`Sql`] to a query.
macro_rules! bind_all {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                $crate::store::sql::Arg::Text(value) => query.bind(value),
                $crate::store::sql::Arg::Int(value) => query.bind(value),
                $crate::store::sql::Arg::Time(value) => query.bind(value),
                $crate::store::sql::Arg::Bool(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(crate) use bind_all;
