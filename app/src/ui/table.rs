//! Rows and columns, and the way to the next page of them.

use leptos::prelude::*;

use super::IntoWhole;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    label: &'static str,
    sort: Option<Sort>,
    /// Whether its cells say by themselves what they are.
    plain: bool,
}

/// How a column is sorted, and what a press on its head leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sort {
    href: String,
    now: &'static str,
}

impl Column {
    /// A column as it is.
    pub const fn new(label: &'static str) -> Self {
        Self {
            label,
            sort: None,
            plain: false,
        }
    }

    /// A column whose cells say by themselves what they are: its label is for screen readers.
    pub fn plain(label: &'static str) -> Self {
        Self {
            plain: true,
            ..Self::new(label)
        }
    }

    /// A column that the rows can be sorted by: `descending` says how they are, `None` that they
    /// are sorted by another; `href` leads to the other way.
    pub fn sorted(label: &'static str, href: String, descending: Option<bool>) -> Self {
        let now = match descending {
            None => "none",
            Some(false) => "ascending",
            Some(true) => "descending",
        };
        Self {
            label,
            sort: Some(Sort { href, now }),
            plain: false,
        }
    }
}

/// A table. On a phone each row stands by itself, its cells below each other with their names.
///
/// Without JavaScript: the same.
#[component]
pub fn Table(
    /// What the table shows, for screen readers.
    #[prop(into)]
    caption: String,
    /// The columns.
    columns: Vec<Column>,
    /// The rows: a cell for each column.
    rows: Vec<Vec<AnyView>>,
    /// Its looks.
    #[prop(default = "table")]
    class: &'static str,
) -> AnyView {
    let labels: Vec<_> = columns.iter().map(|column| column.label).collect();
    let heads = columns.into_iter().map(|column| {
        let label = column.label;
        match column.sort {
            None => {
                let class = column.plain.then_some("visually-hidden");
                view! {
                    <th scope="col">
                        <span class=class>{label}</span>
                    </th>
                }
                .whole()
            }
            Some(sort) => view! {
                <th scope="col" aria-sort=sort.now>
                    <a class="table__sort" href=sort.href>
                        {label}
                    </a>
                </th>
            }
            .whole(),
        }
    });
    let rows = rows.into_iter().map(|cells| {
        let cells = cells.into_iter().zip(&labels).map(|(cell, label)| {
            view! { <td data-label=*label>{cell}</td> }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-box">
            <table class=class>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{heads.collect_view()}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .whole()
}

/// How much there is, and the ways to the page before and after.
///
/// Without JavaScript: the same.
#[component]
pub fn Pager(
    /// How much there is, in words.
    count: String,
    /// The page before. `None`: this is the first.
    before: Option<String>,
    /// The next page. `None`: this is the last.
    after: Option<String>,
    /// What the page before is called.
    #[prop(default = "Previous")]
    before_label: &'static str,
    /// What the next page is called.
    #[prop(default = "Next")]
    after_label: &'static str,
) -> AnyView {
    let way = |href: Option<String>, label: &'static str| {
        href.map(|href| {
            view! {
                <a class="button button--small" href=href>
                    {label}
                </a>
            }
        })
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <p class="quiet" role="status">
                {count}
            </p>
            <div class="actions">{way(before, before_label)} {way(after, after_label)}</div>
        </nav>
    }
    .whole()
}

/// An address of `path` with these entries; empty ones are left out.
pub fn address(path: &str, entries: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let said = entries.iter().filter(|(_, value)| !value.is_empty());
    for (place, (name, value)) in said.enumerate() {
        address.push(if place == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        escape(&mut address, value);
    }
    address
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
pub fn escape(into: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_what_is_said_and_nothing_else() {
        assert_eq!(address("/users", &[]), "/users");
        assert_eq!(address("/users", &[("q", "")]), "/users");
        assert_eq!(
            address(
                "/users",
                &[("q", "a b&c=ä"), ("none", ""), ("after", "x-1_~.")]
            ),
            "/users?q=a%20b%26c%3D%C3%A4&after=x-1_~."
        );
    }
}
