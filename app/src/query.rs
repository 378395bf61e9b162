//! What an address says after its `?`.
//!
//! The router decodes a query twice: what it makes of `%2541` is `A`, not `%41`. So everything that
//! reads one reads the address's own text, once, here; on both sides by the same code.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The entries of a query, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `name=value&…`, with or without `?` before it (the URL standard, section 5.1). What is
    /// no UTF-8 becomes U+FFFD.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        let said = text.split('&').filter(|said| !said.is_empty());
        Self(
            said.map(|said| {
                let (name, value) = said.split_once('=').unwrap_or((said, ""));
                (decoded(name), decoded(value))
            })
            .collect(),
        )
    }

    /// What is said of `name` first.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// As [`Query::get_str`].
    pub fn get(&self, name: &str) -> Option<String> {
        self.get_str(name).map(str::to_owned)
    }

    /// Whether a box was ticked before its form was refused: what is kept of one that was not is
    /// empty. `present`: nothing was refused.
    pub fn ticked(&self, name: &str, present: bool) -> bool {
        self.get_str(name).map_or(present, |said| said == "true")
    }

    /// Everything that is said of `name`.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        bytes.push(match (byte, code(after)) {
            (b'+', _) => b' ',
            (b'%', Some(meant)) => {
                rest = &after[2..];
                meant
            }
            _ => *byte,
        });
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The byte that the next two digits stand for.
const fn code(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    match (digit(*high), digit(*low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

const fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => return None,
    })
}

/// The query of the page that is being shown.
#[derive(Debug, Clone, Copy)]
pub struct Here(Memo<String>);

impl Here {
    /// What it says now, and again whenever it changes.
    pub fn get(self) -> Query {
        self.0.with(|search| Query::parse(search))
    }

    /// What it says now.
    pub fn get_untracked(self) -> Query {
        self.0.with_untracked(|search| Query::parse(search))
    }
}

/// The address of the page that is being shown, without its origin; to be asked for whenever it is
/// needed.
pub fn use_address() -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let here = use_location();
    let (path, search) = (here.pathname, here.search);
    move || {
        let (path, search) = (path.get_untracked(), search.get_untracked());
        match search.trim_start_matches('?') {
            "" => path,
            search => format!("{path}?{search}"),
        }
    }
}

/// The query of the page that is being shown.
pub fn use_query() -> Here {
    Here(use_location().search)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once() {
        let query = Query::parse("?q=a%20b+c%2Bd&who=%2541&empty=&bare&q=2&%71%75=%c3%A4");
        assert_eq!(query.get_str("q"), Some("a b c+d"));
        assert_eq!(query.get("who").as_deref(), Some("%41"));
        assert_eq!(query.get_str("empty"), Some(""));
        assert_eq!(query.get_str("bare"), Some(""));
        assert_eq!(query.get_str("none"), None);
        assert_eq!(query.get_str("qu"), Some("ä"));
        assert_eq!(query.get_all("q").collect::<Vec<_>>(), ["a b c+d", "2"]);
        assert_eq!(Query::parse(""), Query::default());
    }

    #[test]
    fn a_box_is_as_it_was_sent_or_as_it_stands() {
        let query = Query::parse("?on=true&off=&other=yes");
        for present in [true, false] {
            assert!(query.ticked("on", present));
            assert!(!query.ticked("off", present));
            assert!(!query.ticked("other", present));
            assert_eq!(query.ticked("none", present), present);
        }
    }

    /// W8: what is broken is a text, too.
    #[test]
    fn what_is_no_code_stays_as_it_is() {
        for (text, read) in [
            ("100%", "100%"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%%41", "%A"),
            ("%ff", "\u{fffd}"),
            ("a=b", "a=b"),
            ("😀", "😀"),
        ] {
            let query = Query::parse(&format!("q={text}"));
            assert_eq!(query.get_str("q"), Some(read), "{text}");
        }
    }

    /// What `ui::address` writes is read back as it was.
    #[test]
    fn an_address_of_ours_is_read_as_it_was_written() {
        for text in ["a&b=c", "%41", "<script>", "ä + 😀", "a\u{202e}b\n", "?#/"] {
            let address = crate::ui::address("/users", &[("q", text)]);
            let (_, query) = address.split_once('?').unwrap();
            assert_eq!(Query::parse(query).get_str("q"), Some(text));
        }
    }
}
