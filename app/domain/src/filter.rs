//! The filter and sort languages of lists: a subset of OData 4.01 (part 2, section 5.1.1.1).
//!
//! `userName eq 'bob' and expiryDateTime le 2027-01-01T00:00:00Z`: comparisons `eq ne lt le gt
//! ge`, `and`, `or`, `not`, parentheses, `contains(field,'text')`, `startswith(field,'text')`.
//! Strings stand in single quotes, a quote within is doubled; nested names join with `/`.

mod apply;

pub use self::apply::order;
use crate::{Instant, error::Problem};

/// The longest filter, in bytes.
pub const MAX_BYTES: usize = 4096;
/// How deep parentheses and `not` may nest: the parser recurses.
const MAX_DEPTH: usize = 32;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// An instant.
    Instant,
    /// True or false.
    Bool,
    /// A whole number, not negative.
    Number,
}

/// A field that a list can be filtered and sorted by. `F` is how the list's owner names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<F: 'static> {
    /// The name on the wire, nested names joined with `/`.
    pub name: &'static str,
    /// The owner's name for it.
    pub field: F,
    /// What it holds.
    pub kind: Kind,
}

impl<F> Field<F> {
    /// A line of a list's table of fields.
    pub const fn new(name: &'static str, field: F, kind: Kind) -> Self {
        Self { name, field, kind }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `lt`
    Lt,
    /// `le`
    Le,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
}

/// A literal. Those of one field are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    /// A string.
    Text(String),
    /// A date and time.
    Instant(Instant),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
}

/// A filter's syntax tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr<F> {
    /// Both.
    And(Box<Self>, Box<Self>),
    /// Either.
    Or(Box<Self>, Box<Self>),
    /// Not.
    Not(Box<Self>),
    /// A field against a literal of its kind.
    Compare(F, Comparison, Literal),
    /// A text field contains a text.
    Contains(F, String),
    /// A text field starts with a text.
    StartsWith(F, String),
}

/// Where a filter or sort is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {expected} expected")]
pub struct SyntaxError {
    /// The character it was noticed at, from 1.
    pub at: usize,
    /// What would have been right there.
    pub expected: String,
}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Self {
        Self::Malformed {
            expected: format!(
                "right at character {}, where {} is expected",
                error.at, error.expected
            )
            .into(),
        }
    }
}

/// Parses a filter over `fields`.
///
/// # Errors
/// Where it is wrong and what was expected there; never what was written.
pub fn parse<F: Copy>(text: &str, fields: &'static [Field<F>]) -> Result<Expr<F>, SyntaxError> {
    if text.len() > MAX_BYTES {
        return Err(SyntaxError {
            at: MAX_BYTES,
            expected: format!("an end within {MAX_BYTES} bytes"),
        });
    }
    let mut parser = Parser {
        text,
        position: 0,
        depth: 0,
        fields,
    };
    let expr = parser.any_of()?;
    parser.skip_space();
    if parser.rest().is_empty() {
        Ok(expr)
    } else {
        Err(parser.expected("and, or, or the end"))
    }
}

/// One key of a sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey<F> {
    /// By what.
    pub field: F,
    /// From the greatest to the least.
    pub descending: bool,
}

/// Parses `-expiryDateTime,userName`; nested names join with `.`.
///
/// # Errors
/// An unknown field, and where it stands.
pub fn parse_sort<F: Copy>(
    text: &str,
    fields: &'static [Field<F>],
) -> Result<Vec<SortKey<F>>, SyntaxError> {
    let mut at = 1;
    text.split(',')
        .map(|part| {
            let here = at;
            at += part.chars().count() + 1;
            let part = part.trim();
            let (descending, name) = match part.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, part),
            };
            find(fields, &name.replace('.', "/"))
                .map(|field| SortKey {
                    field: field.field,
                    descending,
                })
                .ok_or_else(|| SyntaxError {
                    at: here,
                    expected: one_of(fields),
                })
        })
        .collect()
}

fn find<F: Copy>(fields: &'static [Field<F>], name: &str) -> Option<&'static Field<F>> {
    fields.iter().find(|field| field.name == name)
}

fn one_of<F>(fields: &[Field<F>]) -> String {
    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    format!("one of {}", names.join(", "))
}

struct Parser<'a, F: 'static> {
    text: &'a str,
    position: usize,
    depth: usize,
    fields: &'static [Field<F>],
}

impl<'a, F: Copy> Parser<'a, F> {
    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn expected(&self, what: impl Into<String>) -> SyntaxError {
        SyntaxError {
            at: self.text[..self.position].chars().count() + 1,
            expected: what.into(),
        }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Takes `token` if it stands here.
    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        if found {
            self.position += token.len();
        }
        found
    }

    fn need(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.take(token) {
            Ok(())
        } else {
            Err(self.expected(token))
        }
    }

    /// The word that stands here, without taking it.
    fn peek_word(&mut self) -> &'a str {
        self.skip_space();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '/' || c == '_'))
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        if found {
            self.position += word.len();
        }
        found
    }

    fn any_of(&mut self) -> Result<Expr<F>, SyntaxError> {
        let mut left = self.all_of()?;
        while self.take_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Expr<F>, SyntaxError> {
        let mut left = self.term()?;
        while self.take_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr<F>, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.expected("less nesting"));
        }
        let expr = if self.take_word("not") {
            Expr::Not(Box::new(self.term()?))
        } else if self.take("(") {
            let inner = self.any_of()?;
            self.need(")")?;
            inner
        } else if self.take_word("contains") {
            let (field, text) = self.arguments()?;
            Expr::Contains(field, text)
        } else if self.take_word("startswith") {
            let (field, text) = self.arguments()?;
            Expr::StartsWith(field, text)
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn field(&mut self) -> Result<&'static Field<F>, SyntaxError> {
        let word = self.peek_word();
        let field = find(self.fields, word).ok_or_else(|| self.expected(one_of(self.fields)))?;
        self.position += word.len();
        Ok(field)
    }

    fn arguments(&mut self) -> Result<(F, String), SyntaxError> {
        self.need("(")?;
        self.skip_space();
        let start = self.position;
        let field = self.field()?;
        if field.kind != Kind::Text {
            self.position = start;
            return Err(self.expected("a text field"));
        }
        self.need(",")?;
        let text = self.string()?;
        self.need(")")?;
        Ok((field.field, text))
    }

    fn comparison(&mut self) -> Result<Expr<F>, SyntaxError> {
        let field = self.field()?;
        let word = self.peek_word();
        let comparison = match word {
            "eq" => Comparison::Eq,
            "ne" => Comparison::Ne,
            "lt" => Comparison::Lt,
            "le" => Comparison::Le,
            "gt" => Comparison::Gt,
            "ge" => Comparison::Ge,
            _ => return Err(self.expected("eq, ne, lt, le, gt or ge")),
        };
        self.position += word.len();
        let literal = match field.kind {
            Kind::Text => Literal::Text(self.string()?),
            Kind::Instant => Literal::Instant(self.instant()?),
            Kind::Bool => Literal::Bool(self.boolean()?),
            Kind::Number => Literal::Number(self.number()?),
        };
        Ok(Expr::Compare(field.field, comparison, literal))
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        self.skip_space();
        if !self.rest().starts_with('\'') {
            return Err(self.expected("a string in single quotes"));
        }
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((index, c)) = characters.next() {
            match (c, characters.peek()) {
                ('\'', Some((_, '\''))) => {
                    text.push('\'');
                    characters.next();
                }
                ('\'', _) => {
                    self.position += index + 1;
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        Err(self.expected("a string that ends with a single quote"))
    }

    fn instant(&mut self) -> Result<Instant, SyntaxError> {
        self.unquoted("a date and time such as 2027-01-01T00:00:00Z")
    }

    fn number(&mut self) -> Result<i64, SyntaxError> {
        let expected = "a whole number, 0 or more";
        self.skip_space();
        let place = self.expected(expected);
        let number: i64 = self.unquoted(expected)?;
        if number < 0 { Err(place) } else { Ok(number) }
    }

    /// A literal that needs no quotes. Some clients write them all the same.
    fn unquoted<T: std::str::FromStr>(&mut self, expected: &str) -> Result<T, SyntaxError> {
        self.skip_space();
        let quoted = self.rest().starts_with('\'');
        let start = self.position + usize::from(quoted);
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | ':' | '.')))
            .unwrap_or(rest.len());
        let value = rest[..end].parse().map_err(|_| self.expected(expected))?;
        self.position = start + end;
        if quoted {
            self.need("'")?;
        }
        Ok(value)
    }

    fn boolean(&mut self) -> Result<bool, SyntaxError> {
        if self.take_word("true") {
            Ok(true)
        } else if self.take_word("false") {
            Ok(false)
        } else {
            Err(self.expected("true or false"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: &[Field<u8>] = &[
        Field {
            name: "userName",
            field: 1,
            kind: Kind::Text,
        },
        Field {
            name: "expiryDateTime",
            field: 2,
            kind: Kind::Instant,
        },
        Field {
            name: "validated",
            field: 3,
            kind: Kind::Bool,
        },
        Field {
            name: "issuer/name",
            field: 4,
            kind: Kind::Text,
        },
        Field {
            name: "number",
            field: 5,
            kind: Kind::Number,
        },
    ];

    fn eq(field: u8, text: &str) -> Expr<u8> {
        Expr::Compare(field, Comparison::Eq, Literal::Text(text.to_owned()))
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        let one = || Box::new(eq(1, "a"));
        assert_eq!(
            parse(
                "userName eq 'a' or userName eq 'a' and not userName eq 'a'",
                FIELDS
            ),
            Ok(Expr::Or(
                one(),
                Box::new(Expr::And(one(), Box::new(Expr::Not(one()))))
            ))
        );
        assert_eq!(
            parse(
                "(userName eq 'a' or userName eq 'a') and userName eq 'a'",
                FIELDS
            ),
            Ok(Expr::And(Box::new(Expr::Or(one(), one())), one()))
        );
    }

    #[test]
    fn literals_are_of_the_field_s_kind() {
        assert_eq!(parse("userName eq 'it''s'", FIELDS), Ok(eq(1, "it's")));
        assert_eq!(parse("issuer/name eq 'x'", FIELDS), Ok(eq(4, "x")));
        let instant = "2027-01-01T00:00:00Z".parse().unwrap();
        for text in [
            "2027-01-01T00:00:00Z",
            "2027-01-01T00:00:00.000Z",
            "'2027-01-01T01:00:00+01:00'",
        ] {
            assert_eq!(
                parse(&format!("expiryDateTime le {text}"), FIELDS),
                Ok(Expr::Compare(2, Comparison::Le, Literal::Instant(instant)))
            );
        }
        for text in ["number gt 17", "number gt  '17'"] {
            assert_eq!(
                parse(text, FIELDS),
                Ok(Expr::Compare(5, Comparison::Gt, Literal::Number(17)))
            );
        }
        assert_eq!(
            parse("validated ne true", FIELDS),
            Ok(Expr::Compare(3, Comparison::Ne, Literal::Bool(true)))
        );
        assert_eq!(
            parse(
                "contains(userName,'o') and startswith( issuer/name , 'b' )",
                FIELDS
            ),
            Ok(Expr::And(
                Box::new(Expr::Contains(1, "o".into())),
                Box::new(Expr::StartsWith(4, "b".into()))
            ))
        );
    }

    /// W8 and A7: what is no field is refused, at its place.
    #[test]
    fn errors_point_at_the_place() {
        for (text, at) in [
            ("", 1),
            ("password eq 'x'", 1),
            ("userName eq 'a' and hash eq 'x'", 21),
            ("userName like 'a'", 10),
            ("userName eq a", 13),
            ("userName eq 'a", 13),
            ("userName eq 'a'; drop table x", 16),
            ("userName eq 'a' userName", 17),
            ("(userName eq 'a'", 17),
            ("expiryDateTime le tomorrow", 19),
            ("validated eq 1", 14),
            ("number gt -1", 11),
            ("number gt 1.5", 11),
            ("number gt 9223372036854775808", 11),
            ("number gt 'x'", 11),
            ("number gt '1", 13),
            ("contains(number,'1')", 10),
            ("contains(expiryDateTime,'2')", 10),
            ("USERNAME eq 'a'", 1),
        ] {
            assert_eq!(parse(text, FIELDS).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn deep_nesting_and_long_filters_are_refused() {
        assert!(parse(&"(".repeat(4000), FIELDS).is_err());
        assert!(parse(&"not ".repeat(1000), FIELDS).is_err());
        assert!(parse(&"userName eq 'a' or ".repeat(1000), FIELDS).is_err());
        let many = "userName eq 'a' or ".repeat(100) + "userName eq 'a'";
        assert!(parse(&many, FIELDS).is_ok());
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let long = |bytes| format!("userName eq '{}'", "a".repeat(bytes - 14));
        assert_eq!(long(MAX_BYTES).len(), MAX_BYTES);
        assert!(parse(&long(MAX_BYTES), FIELDS).is_ok());
        let too_long = SyntaxError {
            at: MAX_BYTES,
            expected: "an end within 4096 bytes".to_owned(),
        };
        assert_eq!(parse(&long(MAX_BYTES + 1), FIELDS), Err(too_long));
        // The comparison is the innermost level.
        let nested = |depth| "not ".repeat(depth - 1) + "userName eq 'a'";
        assert!(parse(&nested(MAX_DEPTH), FIELDS).is_ok());
        for depth in [MAX_DEPTH + 1, MAX_DEPTH + 2] {
            let error = parse(&nested(depth), FIELDS).unwrap_err();
            assert_eq!(error.expected, "less nesting");
        }
    }

    #[test]
    fn every_comparison_is_read_as_itself() {
        for (word, comparison) in [
            ("eq", Comparison::Eq),
            ("ne", Comparison::Ne),
            ("lt", Comparison::Lt),
            ("le", Comparison::Le),
            ("gt", Comparison::Gt),
            ("ge", Comparison::Ge),
        ] {
            assert_eq!(
                parse(&format!("userName {word} 'a'"), FIELDS),
                Ok(Expr::Compare(1, comparison, Literal::Text("a".into())))
            );
        }
    }

    #[test]
    fn numbers_are_whole_and_begin_at_0() {
        for number in [0, 1, i64::MAX] {
            assert_eq!(
                parse(&format!("number eq {number}"), FIELDS),
                Ok(Expr::Compare(5, Comparison::Eq, Literal::Number(number)))
            );
        }
    }

    #[test]
    fn an_unknown_field_is_told_which_there_are() {
        let expected = "one of userName, expiryDateTime, validated, issuer/name, number";
        assert_eq!(parse("hash eq 'x'", FIELDS).unwrap_err().expected, expected);
        assert_eq!(parse_sort("hash", FIELDS).unwrap_err().expected, expected);
    }

    #[test]
    fn sorts_name_known_fields() {
        assert_eq!(
            parse_sort("-expiryDateTime,issuer.name", FIELDS),
            Ok(vec![
                SortKey {
                    field: 2,
                    descending: true
                },
                SortKey {
                    field: 4,
                    descending: false
                },
            ])
        );
        assert_eq!(parse_sort("userName,hash", FIELDS).unwrap_err().at, 10);
        assert!(parse_sort("", FIELDS).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_without_a_panic(text in ".{0,200}") {
            let _ = parse(&text, FIELDS);
            let _ = parse_sort(&text, FIELDS);
        }

        #[test]
        fn every_string_can_be_quoted(text in ".{0,100}") {
            let filter = format!("userName eq '{}'", text.replace('\'', "''"));
            prop_assert_eq!(parse(&filter, FIELDS), Ok(eq(1, &text)));
        }
    }
}
