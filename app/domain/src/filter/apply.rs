//! Filters and orders applied to lists that are at hand, as the databases apply them to tables.

use std::cmp::Ordering;

use super::{Comparison, Expr, Literal, SortKey};

impl<F: Copy> Expr<F> {
    /// Whether an item matches, given its fields' values.
    pub fn matches(&self, value: &impl Fn(F) -> Literal) -> bool {
        match self {
            Self::And(left, right) => left.matches(value) && right.matches(value),
            Self::Or(left, right) => left.matches(value) || right.matches(value),
            Self::Not(inner) => !inner.matches(value),
            Self::Compare(field, comparison, literal) => {
                let ordering = value(*field).cmp(literal);
                match comparison {
                    Comparison::Eq => ordering.is_eq(),
                    Comparison::Ne => ordering.is_ne(),
                    Comparison::Lt => ordering.is_lt(),
                    Comparison::Le => ordering.is_le(),
                    Comparison::Gt => ordering.is_gt(),
                    Comparison::Ge => ordering.is_ge(),
                }
            }
            Self::Contains(field, text) => {
                matches!(value(*field), Literal::Text(whole) if whole.contains(text))
            }
            Self::StartsWith(field, text) => {
                matches!(value(*field), Literal::Text(whole) if whole.starts_with(text))
            }
        }
    }
}

/// Which of two items comes first. Equal: the list decides.
pub fn order<F: Copy>(
    sort: &[SortKey<F>],
    left: &impl Fn(F) -> Literal,
    right: &impl Fn(F) -> Literal,
) -> Ordering {
    sort.iter().fold(Ordering::Equal, |so_far, key| {
        so_far.then_with(|| {
            let ordering = left(key.field).cmp(&right(key.field));
            if key.descending {
                ordering.reverse()
            } else {
                ordering
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Field, Kind, parse, parse_sort},
        *,
    };

    const FIELDS: &[Field<bool>] = &[
        Field::new("name", true, Kind::Text),
        Field::new("number", false, Kind::Number),
    ];

    fn item(name: &'static str, number: i64) -> impl Fn(bool) -> Literal {
        move |is_name| {
            if is_name {
                Literal::Text(name.to_owned())
            } else {
                Literal::Number(number)
            }
        }
    }

    #[test]
    fn a_filter_lets_through_what_it_says() {
        for (filter, matches) in [
            ("name eq 'bob'", true),
            ("name eq 'Bob'", false),
            ("name ne 'bob'", false),
            ("number gt 7", false),
            ("number ge 7", true),
            ("number lt 8", true),
            ("number le 6", false),
            ("name lt 'c' and number eq 7", true),
            ("name lt 'c' and number eq 8", false),
            ("name lt 'b' and number eq 7", false),
            ("name lt 'b' or number eq 8", false),
            ("name lt 'c' or number eq 8", true),
            ("name lt 'b' or number eq 7", true),
            ("not name eq 'bob'", false),
            ("contains(name,'o')", true),
            ("contains(name,'')", true),
            ("startswith(name,'o')", false),
            ("startswith(name,'bo')", true),
        ] {
            let expr = parse(filter, FIELDS).unwrap();
            assert_eq!(expr.matches(&item("bob", 7)), matches, "{filter}");
        }
    }

    #[test]
    fn the_first_key_that_differs_decides() {
        for (sort, ordering) in [
            ("name", Ordering::Equal),
            ("name,number", Ordering::Less),
            ("name,-number", Ordering::Greater),
            ("-number,name", Ordering::Greater),
        ] {
            let sort = parse_sort(sort, FIELDS).unwrap();
            assert_eq!(order(&sort, &item("bob", 7), &item("bob", 8)), ordering);
        }
    }
}
